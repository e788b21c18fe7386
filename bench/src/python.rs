//! The vendor's Python SDK doing the same work.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::process::output_of;

const SCRIPT: &str = include_str!("../python/event_cost.py");
const ROUNDS: &str = "100";

#[derive(Debug, Deserialize)]
struct Measured {
    us: f64,
    pictures: usize,
}

/// The CPU time that the SDK takes for an event, in the median.
pub(crate) fn event_cost(interpreter: &Path, event: &Path, pictures: usize) -> Result<Duration, Error> {
    let mut command = Command::new(interpreter);
    let text = output_of(command.args(["-c", SCRIPT]).arg(event).arg(ROUNDS), interpreter)?;
    let measured: Measured = serde_json::from_str(&text)?;
    if measured.pictures != pictures {
        let what = format!("it decodes {} of {pictures} pictures", measured.pictures);
        return Err(Error::Contender { contender: "the Python SDK", what });
    }
    Ok(Duration::from_secs_f64(measured.us / 1e6))
}

/// Packs a bootstrap as it is deployed, and gives the length of the zip.
pub(crate) fn zip(interpreter: &Path, bootstrap: &Path, zip: &Path) -> Result<u64, Error> {
    const PACK: &str = "import sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED) as file: file.write(sys.argv[1], 'bootstrap')";
    let mut command = Command::new(interpreter);
    output_of(command.args(["-c", PACK]).arg(bootstrap).arg(zip), interpreter)?;
    let packed = std::fs::metadata(zip).map_err(|source| Error::File { path: zip.to_owned(), source })?;
    Ok(packed.len())
}
