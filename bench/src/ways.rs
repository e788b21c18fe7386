//! The ways that are compared, each in a process of its own.
//!
//! A function has its process for itself, and what an event costs in it depends on what was done with the memory of the
//! event before: where glibc handed it back, fetching it anew takes longer than all else together. In one process with
//! others, a way would use what these have left.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use camhook_ingest::Adapter;
use camhook_viewtron::Viewtron;
use camhook_xprotect::Xprotect;
use cpu_time::ThreadTime;

use crate::allocator;
use crate::error::Error;
use crate::in_memory::InMemory;
use crate::posts::SIGNING_KEY;
use crate::process::output_of;
use crate::rivals::{body, floor, picture_ranges, signed_floor, tutorial};
use crate::statistics::median;

/// The argument by which this program is told to go a way: `way NAME EVENT`.
pub(crate) const COMMAND: &str = "way";

/// How often a process goes its way before and while it measures.
const WARM_UP: usize = 30;
const ROUNDS: usize = 80;

/// How many processes measure each way. The ways take turns, so that a busy moment of the machine meets all of them.
const TURNS: usize = 5;

/// A way from the gateway's JSON to what is to be kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// camhook's, for a post of Viewtron.
    Viewtron,
    /// camhook's, for a post of XProtect.
    Xprotect,
    /// The least that has to be done.
    Floor,
    /// The least for a signed post.
    SignedFloor,
    /// A tutorial's handler on `lambda_http`.
    LambdaHttp,
}

/// What the allocator of a way's process is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocator {
    /// What camhook's template tells it.
    AsCamhook,
    /// Nothing.
    AsItIs,
}

impl Way {
    const ALL: [Self; 5] = [Self::Viewtron, Self::Xprotect, Self::Floor, Self::SignedFloor, Self::LambdaHttp];

    fn name(self) -> &'static str {
        match self {
            Self::Viewtron => "viewtron",
            Self::Xprotect => "xprotect",
            Self::Floor => "floor",
            Self::SignedFloor => "signed-floor",
            Self::LambdaHttp => "lambda-http",
        }
    }
}

/// Goes a way again and again; the nanoseconds of CPU time that each round took, as JSON.
pub(crate) fn go(name: &str, event: &Path) -> Result<String, Error> {
    let way = Way::ALL.into_iter().find(|way| way.name() == name);
    let way = way.ok_or_else(|| Error::Way { way: "a way", what: format!("`{name}` is none") })?;
    let event = std::fs::read(event).map_err(|source| Error::File { path: event.to_owned(), source })?;
    let event = event.as_slice();
    let times = match way {
        Way::Viewtron => camhook(&Viewtron, event),
        Way::Xprotect => camhook(&Xprotect, event),
        Way::Floor => {
            let pictures = picture_ranges(&body(event)?);
            times(|| floor(event, &pictures, b'<'), || ())
        }
        Way::SignedFloor => {
            let pictures = picture_ranges(&body(event)?);
            times(|| signed_floor(event, &pictures, SIGNING_KEY), || ())
        }
        Way::LambdaHttp => times(|| tutorial(event), || ()),
    };
    Ok(serde_json::to_string(&times?)?)
}

fn camhook(adapter: &dyn Adapter, event: &[u8]) -> Result<Vec<u64>, Error> {
    let camhook = InMemory::new()?;
    times(|| camhook.take(adapter, event), || drop(camhook.outcome()))
}

/// The CPU time of each round. What the work gives is dropped within: an answer that was made has to be freed too.
fn times<T>(work: impl Fn() -> Result<T, Error>, between: impl Fn()) -> Result<Vec<u64>, Error> {
    let mut times = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let started = ThreadTime::now();
        drop(std::hint::black_box(work()?));
        let took = started.elapsed();
        between();
        if round >= WARM_UP {
            times.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
    }
    Ok(times)
}

/// The CPU time that an event takes on each of some ways, in the median.
pub(crate) fn costs<const N: usize>(
    ways: [(Way, Allocator); N],
    event: &Path,
) -> Result<[Duration; N], Error> {
    let mut all: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..TURNS {
        for ((way, allocator), times) in ways.iter().zip(&mut all) {
            times.extend(measure(*way, *allocator, event)?);
        }
    }
    Ok(all.map(median))
}

fn measure(way: Way, allocator: Allocator, event: &Path) -> Result<Vec<Duration>, Error> {
    let program =
        std::env::current_exe().map_err(|source| Error::File { path: "this program".into(), source })?;
    let mut command = Command::new(&program);
    command.args([COMMAND, way.name()]).arg(event);
    if allocator == Allocator::AsCamhook {
        command.envs(allocator::settings());
    }
    let times: Vec<u64> = serde_json::from_str(&output_of(&mut command, &program)?)?;
    Ok(times.into_iter().map(Duration::from_nanos).collect())
}
