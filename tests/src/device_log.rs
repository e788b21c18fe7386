//! What the simulated devices of the deployed stack received: infra/local/devices.py writes it down.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::stack::Stack;

/// A request to one of the devices.
#[derive(Debug, Clone, Deserialize)]
pub struct Logged {
    /// The method.
    #[serde(default)]
    pub method: String,
    /// Path and query; empty for what a device did by itself.
    #[serde(default)]
    pub path: String,
    /// The status that was answered.
    #[serde(default)]
    pub status: u16,
    /// The header fields by their names in lower case, credentials left out.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The scheme of the credentials: `Digest`, or `none`.
    #[serde(default)]
    pub authorization: String,
    /// The fields of a messenger's form.
    #[serde(default)]
    pub fields: Value,
    body: Option<PathBuf>,
    #[serde(default)]
    files: Vec<PathBuf>,
}

impl Logged {
    /// The body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        self.body.as_ref().map(|path| std::fs::read(path).unwrap()).unwrap_or_default()
    }

    /// The files of a messenger's form.
    #[must_use]
    pub fn files(&self) -> Vec<Vec<u8>> {
        self.files.iter().map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body()).unwrap()
    }

    /// A header field, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What arrived by now under a path that begins so, in its order.
#[must_use]
pub fn received(stack: &Stack, path: &str) -> Vec<Logged> {
    let log = std::fs::read_to_string(&stack.devices.requests).unwrap_or_default();
    // What stands behind the last line break is still being written.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let requests = whole.lines().map(|line| serde_json::from_str::<Logged>(line).unwrap());
    requests.filter(|request| request.path.starts_with(path)).collect()
}
