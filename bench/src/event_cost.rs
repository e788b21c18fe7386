//! The CPU time of one event, from the gateway's JSON to decoded pictures, record and message, without a network.

use std::path::Path;
use std::time::Duration;

use camhook_ingest::{Adapter, Instance, handle};
use camhook_invocation::HttpApiEvent;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Message, Queue};
use cpu_time::ThreadTime;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::error::Error;
use crate::posts::{Posts, SIGNING_KEY, received_at};
use crate::python;
use crate::rivals::{Envelope, floor, picture_ranges, signed_floor, tutorial};
use crate::statistics::{median, microseconds, ratio};

/// How often each way is gone before any is measured.
const WARM_UP: usize = 30;

/// How often each way is measured. The ways take turns, so that a busy moment of the machine meets all of them.
const ROUNDS: usize = 400;

/// What an event of half a megabyte costs, in microseconds of CPU time.
#[derive(Debug, Serialize)]
pub(crate) struct ViewtronCost {
    /// The length of the gateway's JSON.
    pub(crate) bytes: usize,
    /// The whole way of camhook.
    pub(crate) camhook_us: f64,
    /// The typed envelope, one `memchr` pass, the decoded pictures.
    pub(crate) floor_us: f64,
    /// camhook by the floor.
    pub(crate) ratio_to_floor: f64,
    /// The same work on `lambda_http`'s own deserializer with the `base64` crate.
    pub(crate) lambda_http_us: f64,
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
    /// The whole way of camhook.
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

/// The whole way of camhook with the world outside in memory.
struct Way<'a> {
    posts: &'a Posts,
    runtime: Runtime,
    ports: MemoryPorts,
    instance: Instance,
}

impl<'a> Way<'a> {
    fn new(posts: &'a Posts) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| Error::Way { way: "camhook", what: error.to_string() })?;
        Ok(Self { posts, runtime, ports: MemoryPorts::new(received_at()), instance: Instance::default() })
    }

    fn walk<A: Adapter>(&self, adapter: &A, event: &[u8]) -> Result<(), Error> {
        let failed = |what: String| Error::Way { way: "camhook", what };
        let event: HttpApiEvent = serde_json::from_slice(event).map_err(|error| failed(error.to_string()))?;
        let request = event.into_request(received_at(), None);
        let handled =
            self.runtime.block_on(handle(&self.ports, &self.posts.site, adapter, &self.instance, request));
        match handled.reply.status {
            200 => Ok(()),
            status => Err(failed(format!("it answers {status}"))),
        }
    }

    /// What came of an event: how many pictures are stored, and its message to each queue.
    fn outcome(&self) -> (usize, Vec<Message>) {
        let pictures = self.ports.objects.keys().iter().filter(|key| key.starts_with("images/")).count();
        let queues = [Queue::Notify, Queue::Relay].into_iter();
        (pictures, queues.flat_map(|queue| self.ports.queues.take(queue)).collect())
    }
}

/// The CPU time of something. What it gives is dropped within: an answer that was made has to be freed too.
fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<Duration, Error> {
    let started = ThreadTime::now();
    drop(std::hint::black_box(work()?));
    Ok(started.elapsed())
}

fn body(event: &[u8]) -> Result<String, Error> {
    let envelope: Envelope = serde_json::from_slice(event)?;
    Ok(envelope.body)
}

/// One Viewtron event of half a megabyte.
pub(crate) fn viewtron(posts: &Posts, interpreter: &Path, output: &Path) -> Result<ViewtronCost, Error> {
    let event = posts.intrusion.as_slice();
    let pictures = picture_ranges(&body(event)?);
    let adapter = camhook_viewtron::Viewtron;
    let way = Way::new(posts)?;
    check(&way, &adapter, event, pictures.len())?;
    let other = tutorial(event)?;
    let same =
        other.pictures.len() == pictures.len() && !other.record.is_empty() && !other.message.is_empty();
    if !same {
        return Err(Error::Way {
            way: "the handler on lambda_http",
            what: "pictures are missing".to_owned(),
        });
    }
    let (mut floors, mut camhooks, mut tutorials) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        let floor = timed(|| floor(event, &pictures, b'<'))?;
        let camhook = timed(|| way.walk(&adapter, event))?;
        let tutorial = timed(|| tutorial(event))?;
        way.outcome();
        if round >= WARM_UP {
            floors.push(floor);
            camhooks.push(camhook);
            tutorials.push(tutorial);
        }
    }
    let python = python::event_cost(interpreter, event, pictures.len(), output)?;
    let (camhook_us, floor_us) = (microseconds(median(camhooks)), microseconds(median(floors)));
    let (lambda_http_us, python_us) = (microseconds(median(tutorials)), microseconds(python));
    Ok(ViewtronCost {
        bytes: event.len(),
        camhook_us,
        floor_us,
        ratio_to_floor: ratio(camhook_us, floor_us),
        lambda_http_us,
        lambda_http_ratio: ratio(lambda_http_us, camhook_us),
        python_us,
        python_ratio: ratio(python_us, camhook_us),
    })
}

/// One signed XProtect event of 100 kB.
pub(crate) fn xprotect(posts: &Posts) -> Result<XprotectCost, Error> {
    let event = posts.analytics.as_slice();
    let pictures = picture_ranges(&body(event)?);
    let adapter = camhook_xprotect::Xprotect;
    let way = Way::new(posts)?;
    check(&way, &adapter, event, pictures.len())?;
    let (mut floors, mut camhooks) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        let floor = timed(|| signed_floor(event, &pictures, SIGNING_KEY))?;
        let camhook = timed(|| way.walk(&adapter, event))?;
        way.outcome();
        if round >= WARM_UP {
            floors.push(floor);
            camhooks.push(camhook);
        }
    }
    let (camhook_us, floor_us) = (microseconds(median(camhooks)), microseconds(median(floors)));
    Ok(XprotectCost { bytes: event.len(), camhook_us, floor_us, ratio_to_floor: ratio(camhook_us, floor_us) })
}

/// What is measured has to be the work: every picture stored, a message in each queue.
fn check<A: Adapter>(way: &Way<'_>, adapter: &A, event: &[u8], pictures: usize) -> Result<(), Error> {
    way.walk(adapter, event)?;
    let (stored, messages) = way.outcome();
    if pictures == 0 || stored != pictures || messages.len() != 2 {
        let what = format!("{stored} of {pictures} pictures stored, {} messages sent", messages.len());
        return Err(Error::Way { way: "camhook", what });
    }
    Ok(())
}

/// The message that the queues get of the intrusion: what the consumers are measured with.
pub(crate) fn message(posts: &Posts) -> Result<String, Error> {
    let way = Way::new(posts)?;
    way.walk(&camhook_viewtron::Viewtron, &posts.intrusion)?;
    let message = way.outcome().1.into_iter().next();
    message
        .map(|message| message.body)
        .ok_or_else(|| Error::Way { way: "camhook", what: "it sends nothing".to_owned() })
}

/// How many events of each kind one core takes in a second.
pub(crate) fn throughput(posts: &Posts) -> Result<Throughput, Error> {
    let per_second = |event: &[u8]| -> Result<f64, Error> {
        let way = Way::new(posts)?;
        let mut times = Vec::new();
        for round in 0..WARM_UP + ROUNDS {
            let time = timed(|| way.walk(&camhook_viewtron::Viewtron, event))?;
            way.outcome();
            if round >= WARM_UP {
                times.push(time);
            }
        }
        Ok((1.0 / median(times).as_secs_f64()).round())
    };
    Ok(Throughput {
        tracking: per_second(&posts.tracking)?,
        small: per_second(&posts.alarm)?,
        event_510kb: per_second(&posts.intrusion)?,
    })
}
