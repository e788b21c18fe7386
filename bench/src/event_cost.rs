//! The CPU time of one event, from the gateway's JSON to decoded pictures, record and message, without a network.

use std::path::{Path, PathBuf};

use camhook_ingest::Adapter;
use camhook_ports::Message;
use camhook_viewtron::Viewtron;
use camhook_xprotect::Xprotect;
use serde::Serialize;

use crate::contenders::{Allocator, Contender, costs};
use crate::error::Error;
use crate::in_memory::InMemory;
use crate::posts::Posts;
use crate::python;
use crate::rivals::{body, picture_ranges, tutorial};
use crate::statistics::{microseconds, ratio};

/// What an event of half a megabyte costs, in microseconds of CPU time.
#[derive(Debug, Serialize)]
pub(crate) struct ViewtronCost {
    /// The length of the gateway's JSON.
    pub(crate) bytes: usize,
    /// camhook's whole pipeline.
    pub(crate) camhook_us: f64,
    /// The typed envelope, one `memchr` pass, the decoded pictures.
    pub(crate) floor_us: f64,
    /// camhook by the floor.
    pub(crate) ratio_to_floor: f64,
    /// The same work on `lambda_http`'s own deserializer with the `base64` crate.
    pub(crate) lambda_http_us: f64,
    /// The same with the settings of the allocator that camhook's template has.
    pub(crate) lambda_http_same_allocator_us: f64,
    /// `lambda_http` by camhook.
    pub(crate) lambda_http_ratio: f64,
    /// The same work by the vendor's Python SDK.
    pub(crate) python_us: f64,
    /// Python by camhook.
    pub(crate) python_ratio: f64,
}

/// What an event of 100 kB costs, in microseconds of CPU time.
#[derive(Debug, Serialize)]
pub(crate) struct XprotectCost {
    /// The length of the gateway's JSON.
    pub(crate) bytes: usize,
    /// camhook's whole pipeline.
    pub(crate) camhook_us: f64,
    /// The typed envelope, one HMAC pass, one `memchr` pass, the decoded picture.
    pub(crate) floor_us: f64,
    /// camhook by the floor.
    pub(crate) ratio_to_floor: f64,
}

/// Events a second of one core, with S3 and SQS in the process itself.
#[derive(Debug, Serialize)]
pub(crate) struct Throughput {
    /// Posts of positions, which are dropped.
    pub(crate) tracking: f64,
    /// Alarms without a picture.
    pub(crate) small: f64,
    /// Intrusions with two pictures.
    pub(crate) event_510kb: f64,
}

/// One Viewtron event of half a megabyte.
pub(crate) fn viewtron(posts: &Posts, interpreter: &Path, output: &Path) -> Result<ViewtronCost, Error> {
    use Allocator::{AsCamhook, AsItIs};
    let event = posts.intrusion.as_slice();
    let (pictures, _) = check(&Viewtron, event)?;
    let other = tutorial(event)?;
    let same = other.pictures.len() == pictures && !other.record.is_empty() && !other.message.is_empty();
    if !same {
        return Err(Error::Contender {
            contender: "the handler on lambda_http",
            what: "pictures are missing".to_owned(),
        });
    }
    let file = write(output, "event.json", event)?;
    let contenders = [
        (Contender::Viewtron, AsCamhook),
        (Contender::Floor, AsCamhook),
        (Contender::LambdaHttp, AsItIs),
        (Contender::LambdaHttp, AsCamhook),
    ];
    let measured = costs(contenders, &file)?.map(microseconds);
    let [camhook_us, floor_us, lambda_http_us, lambda_http_same_allocator_us] = measured;
    let python_us = microseconds(python::event_cost(interpreter, &file, pictures)?);
    Ok(ViewtronCost {
        bytes: event.len(),
        camhook_us,
        floor_us,
        ratio_to_floor: ratio(camhook_us, floor_us),
        lambda_http_us,
        lambda_http_same_allocator_us,
        lambda_http_ratio: ratio(lambda_http_us, camhook_us),
        python_us,
        python_ratio: ratio(python_us, camhook_us),
    })
}

/// One signed XProtect event of 100 kB.
pub(crate) fn xprotect(posts: &Posts, output: &Path) -> Result<XprotectCost, Error> {
    let event = posts.analytics.as_slice();
    check(&Xprotect, event)?;
    let file = write(output, "xprotect.json", event)?;
    let contenders =
        [(Contender::Xprotect, Allocator::AsCamhook), (Contender::SignedFloor, Allocator::AsCamhook)];
    let [camhook_us, floor_us] = costs(contenders, &file)?.map(microseconds);
    Ok(XprotectCost { bytes: event.len(), camhook_us, floor_us, ratio_to_floor: ratio(camhook_us, floor_us) })
}

/// Whether camhook does with an event what is measured; how many pictures it has, and its messages.
fn check(adapter: &dyn Adapter, event: &[u8]) -> Result<(usize, Vec<Message>), Error> {
    let pictures = picture_ranges(&body(event)?).len();
    Ok((pictures, InMemory::new()?.check(adapter, event, pictures)?))
}

/// The message that the queues get of the intrusion: what the consumers are measured with.
pub(crate) fn message(posts: &Posts) -> Result<String, Error> {
    let (_, messages) = check(&Viewtron, &posts.intrusion)?;
    let none = || Error::Contender { contender: "camhook", what: "it sends nothing".to_owned() };
    messages.into_iter().next().map(|message| message.body).ok_or_else(none)
}

/// How many events of each kind one core takes in a second.
pub(crate) fn throughput(posts: &Posts, output: &Path) -> Result<Throughput, Error> {
    let per_second = |name: &str, event: &[u8]| -> Result<f64, Error> {
        let file = write(output, name, event)?;
        let [cost] = costs([(Contender::Viewtron, Allocator::AsCamhook)], &file)?;
        Ok((1.0 / cost.as_secs_f64()).round())
    };
    Ok(Throughput {
        tracking: per_second("tracking.json", &posts.tracking)?,
        small: per_second("small.json", &posts.alarm)?,
        event_510kb: per_second("event.json", &posts.intrusion)?,
    })
}

/// An event in a file, for the processes that are measured.
fn write(output: &Path, name: &str, event: &[u8]) -> Result<PathBuf, Error> {
    let path = output.join(name);
    std::fs::write(&path, event).map_err(|source| Error::File { path: path.clone(), source })?;
    Ok(path)
}
