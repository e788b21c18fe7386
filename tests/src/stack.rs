//! The stack that the tests run against: what `stack.json` says.

#![expect(clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// A deployed stack on the local cloud.
#[derive(Debug, Clone, Deserialize)]
pub struct Stack {
    /// What stands before `/{vendor}/{source}` in a webhook's address.
    pub api_url: String,
    /// Where the local cloud answers the SDKs.
    pub endpoint_url: String,
    /// The region.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// The table's name.
    pub table: String,
    /// The name of the event index's table.
    pub index_table: String,
    /// The queues' URLs by name.
    pub queues: BTreeMap<String, String>,
    /// The full webhook address of each source.
    pub sources: BTreeMap<String, String>,
    /// The MQTT broker that stands in for AWS IoT.
    pub iot: Iot,
    /// The simulated receivers and relays.
    pub devices: SimulatedDevices,
    /// The functions' bootstraps by name, as deployed.
    pub binaries: BTreeMap<String, PathBuf>,
    /// The log of the AWS calls of functions, beside stack.json.
    #[serde(skip)]
    pub calls: PathBuf,
}

/// An MQTT broker and the certificate of a device that may publish there.
#[derive(Debug, Clone, Deserialize)]
pub struct Iot {
    /// Its host.
    pub host: String,
    /// Its port: TLS with a client certificate.
    pub port: u16,
    /// The authority of its certificate, as a file.
    pub ca: PathBuf,
    /// The device's certificate.
    pub cert: PathBuf,
    /// The device's key.
    pub key: PathBuf,
}

/// What infra/local/devices.py wrote down.
#[derive(Debug, Clone, Deserialize)]
pub struct SimulatedDevices {
    /// Where they are.
    pub url: String,
    /// Each request as a line of JSON.
    pub requests: PathBuf,
}

impl Stack {
    /// The stack that `make test` started; the test fails when there is none.
    #[must_use]
    pub fn given() -> Self {
        let Some(path) = given_path() else {
            panic!(
                "this test needs the local cloud: run `make test`, which starts one and names it in CAMHOOK_STACK"
            );
        };
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        match read.and_then(|json| serde_json::from_slice::<Self>(&json).map_err(|error| error.to_string())) {
            Ok(stack) => Self { calls: path.with_file_name("calls.jsonl"), ..stack },
            Err(error) => panic!("{} (CAMHOOK_STACK) is not a stack.json: {error}", path.display()),
        }
    }

    /// The stack.json.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.calls.with_file_name("stack.json")
    }

    /// The full webhook address of a source.
    #[must_use]
    pub fn webhook(&self, source: &str) -> &str {
        match self.sources.get(source) {
            Some(url) => url,
            None => panic!(
                "the stack has no source `{source}`: deploy it with tests/camhook.toml, as `make test` does"
            ),
        }
    }

    /// The bootstrap of a function.
    #[must_use]
    pub fn bootstrap(&self, function: &str) -> &PathBuf {
        match self.binaries.get(function) {
            Some(path) => path,
            None => panic!("the stack was deployed without the function `{function}`: run `make test`"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment of a test names its stack")]
fn given_path() -> Option<PathBuf> {
    std::env::var_os("CAMHOOK_STACK").map(PathBuf::from)
}
