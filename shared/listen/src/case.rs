//! A request written down as a fixture.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{CapturedRequest, Interpretation};

/// Header fields that hold credentials, or that the connection sets.
const OMITTED: [&str; 7] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "proxy-authorization",
    "transfer-encoding",
];

/// Writes `request.http`, and `source.toml` where the dialect needs a setting, into a new folder below `folder`,
/// named `{vendor}-{number}`. The path becomes `{{path}}` with what stands below the source's path; credentials in
/// header fields are omitted. The body is written as it arrived: it may hold personal data.
///
/// # Errors
///
/// When the folder cannot be written.
pub fn write(
    folder: &Path,
    request: &CapturedRequest,
    interpretation: &Interpretation,
) -> io::Result<PathBuf> {
    let vendor = interpretation.dialect.map_or("unknown", |dialect| dialect.vendor.name());
    let case = new_folder(folder, vendor)?;
    fs::write(case.join("request.http"), text(request, vendor))?;
    if let Some(setting) = interpretation.dialect.and_then(|dialect| dialect.setting) {
        fs::write(case.join("source.toml"), format!("dialect = \"{setting}\"\n"))?;
    }
    Ok(case)
}

/// The first of `{vendor}-1`, `{vendor}-2` and so on that does not exist yet.
fn new_folder(folder: &Path, vendor: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let mut number = 1;
    loop {
        let case = folder.join(format!("{vendor}-{number}"));
        match fs::create_dir(&case) {
            Ok(()) => return Ok(case),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn text(request: &CapturedRequest, vendor: &str) -> Vec<u8> {
    let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
    let below = if segments.first() == Some(&vendor) { segments.get(3..) } else { segments.get(..) };
    let mut target = "{{path}}".to_owned();
    for segment in below.unwrap_or_default() {
        target.push('/');
        target.push_str(segment);
    }
    if !request.query.is_empty() {
        target.push('?');
        target.push_str(&request.query);
    }
    let mut text = format!("{} {target} HTTP/1.1\n", request.method);
    for (name, value) in &request.headers {
        if !OMITTED.contains(&name.as_str()) {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
    }
    text.push('\n');
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}
