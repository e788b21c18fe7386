//! The implementations that are compared, each in a process of its own.
//!
//! A function has its process for itself, and what an event costs in it depends on what was done with the memory of the
//! event before: where glibc handed it back, fetching it anew takes longer than all else together. In one process with
//! others, one would reuse the memory that these have left.

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

/// The subcommand that runs one of them: `contender NAME EVENT`.
pub(crate) const COMMAND: &str = "contender";

/// How many rounds a process runs before and while it measures.
const WARM_UP: usize = 30;
const ROUNDS: usize = 80;

/// How many processes measure each contender. They take turns, so that a busy moment of the machine affects all.
const TURNS: usize = 5;

/// An implementation that gets the gateway's JSON and produces what is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
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

/// The allocator settings of a contender's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allocator {
    /// Those of camhook's template.
    AsCamhook,
    /// The defaults.
    AsItIs,
}

impl Contender {
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

/// Runs a contender repeatedly; returns the nanoseconds of CPU time of each round as JSON.
pub(crate) fn run(name: &str, event: &Path) -> Result<String, Error> {
    let contender = Contender::ALL.into_iter().find(|contender| contender.name() == name);
    let contender = contender
        .ok_or_else(|| Error::Contender { contender: "bench", what: format!("no contender `{name}`") })?;
    let event = std::fs::read(event).map_err(|source| Error::File { path: event.to_owned(), source })?;
    let event = event.as_slice();
    let times = match contender {
        Contender::Viewtron => camhook(&Viewtron, event),
        Contender::Xprotect => camhook(&Xprotect, event),
        Contender::Floor => {
            let pictures = picture_ranges(&body(event)?);
            times(|| floor(event, &pictures, b'<'), || ())
        }
        Contender::SignedFloor => {
            let pictures = picture_ranges(&body(event)?);
            times(|| signed_floor(event, &pictures, SIGNING_KEY), || ())
        }
        Contender::LambdaHttp => times(|| tutorial(event), || ()),
    };
    Ok(serde_json::to_string(&times?)?)
}

fn camhook(adapter: &dyn Adapter, event: &[u8]) -> Result<Vec<u64>, Error> {
    let camhook = InMemory::new()?;
    times(|| camhook.take(adapter, event), || drop(camhook.outcome()))
}

/// The CPU time of each round, which includes dropping the result.
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

/// The median CPU time of an event for each contender.
pub(crate) fn costs<const N: usize>(
    contenders: [(Contender, Allocator); N],
    event: &Path,
) -> Result<[Duration; N], Error> {
    let mut all: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..TURNS {
        for ((contender, allocator), times) in contenders.iter().zip(&mut all) {
            times.extend(measure(*contender, *allocator, event)?);
        }
    }
    Ok(all.map(median))
}

fn measure(contender: Contender, allocator: Allocator, event: &Path) -> Result<Vec<Duration>, Error> {
    let program =
        std::env::current_exe().map_err(|source| Error::File { path: "this program".into(), source })?;
    let mut command = Command::new(&program);
    command.args([COMMAND, contender.name()]).arg(event);
    if allocator == Allocator::AsCamhook {
        command.envs(allocator::settings());
    }
    let times: Vec<u64> = serde_json::from_str(&output_of(&mut command, &program)?)?;
    Ok(times.into_iter().map(Duration::from_nanos).collect())
}
