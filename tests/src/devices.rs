//! Simulated devices of a site: a receiver of notifications, and a Shelly of the second generation.
//!
//! They note what they receive and can kill the process that speaks to them in the middle of it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::http_server::{HttpServer, Reply, header};
use crate::process::KillSwitch;

/// The only user that the relay knows.
const USER: &str = "admin";

/// The relay's password.
pub const PASSWORD: &str = "simulated-shelly";

/// What the relay calls itself, the realm of its challenge.
const REALM: &str = "shellyplus1-test";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: String,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The status that was answered, or would have been if the sender had lived.
    pub status: u16,
}

impl Received {
    /// The value of a header field, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        header(&self.headers, name)
    }
}

#[derive(Debug, Default)]
struct Notes {
    received: Vec<Received>,
    nonces: BTreeMap<String, BTreeSet<String>>,
    interruption: Option<Interruption>,
    refusal: Option<(String, u16)>,
}

/// Whom to kill when a request arrives, instead of answering it.
#[derive(Debug)]
struct Interruption {
    path: String,
    status: u16,
    process: KillSwitch,
}

/// The receivers and the relay, on a free port: `/ntfy/{topic}`, `/webhook/{name}` and `/rpc/{method}`.
#[derive(Debug)]
pub struct Devices {
    server: HttpServer,
    notes: Arc<Mutex<Notes>>,
}

impl Devices {
    /// Starts them.
    pub async fn start() -> Self {
        let notes: Arc<Mutex<Notes>> = Arc::default();
        let kept = Arc::clone(&notes);
        let server = HttpServer::start(move |request| {
            let (reply, killed) = kept.lock().unwrap().answer(&request);
            async move {
                match killed {
                    None => reply,
                    Some(process) => {
                        process.kill().await;
                        Reply::Close
                    }
                }
            }
        })
        .await;
        Self { server, notes }
    }

    /// Their address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What arrived under a path that begins so, in its order.
    #[must_use]
    pub fn received(&self, path: &str) -> Vec<Received> {
        let received = self.notes.lock().unwrap().received.clone();
        received.into_iter().filter(|request| request.path.starts_with(path)).collect()
    }

    /// What the relay carried out, as method and query: requests that answered its challenge.
    #[must_use]
    pub fn switched(&self) -> Vec<String> {
        let carried_out = self.received("/rpc/").into_iter().filter(|request| request.status == 200);
        carried_out.map(|request| format!("{}?{}", &request.path["/rpc/".len()..], request.query)).collect()
    }

    /// The next request below a path that is answered with this status kills a process instead; what was asked
    /// is done all the same.
    pub fn kill_instead_of(&self, status: u16, path: &str, process: KillSwitch) {
        let interruption = Interruption { path: path.to_owned(), status, process };
        self.notes.lock().unwrap().interruption = Some(interruption);
    }

    /// The next request below a path is refused with this status.
    pub fn refuse_once(&self, path: &str, status: u16) {
        self.notes.lock().unwrap().refusal = Some((path.to_owned(), status));
    }
}

impl Notes {
    fn answer(&mut self, request: &Request<Bytes>) -> (Reply, Option<KillSwitch>) {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let refusal = self.refusal.take_if(|(refused, _)| path.starts_with(&**refused));
        let reply = match (refusal, path.trim_start_matches('/').split('/').next()) {
            (Some((_, status)), _) => Reply::json(status, &json!({ "error": "refused by the test" })),
            (None, Some("ntfy")) => Reply::json(200, &json!({ "id": "1", "event": "message" })),
            (None, Some("webhook")) => Reply::json(200, &json!({ "received": true })),
            (None, Some("rpc")) => self.shelly(request),
            (None, _) => Reply::json(404, &json!({ "error": "no such device" })),
        };
        let status = match &reply {
            Reply::Answer(response) => response.status().as_u16(),
            Reply::Silence | Reply::Close => 0,
        };
        self.received.push(Received {
            method: request.method().to_string(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: request.headers().clone(),
            body: request.body().clone(),
            status,
        });
        let due = |wanted: &mut Interruption| wanted.status == status && path.starts_with(&wanted.path);
        let killed = self.interruption.take_if(due).map(|interruption| interruption.process);
        (reply, killed)
    }

    fn shelly(&mut self, request: &Request<Bytes>) -> Reply {
        if self.has_answered_the_challenge(request) {
            return Reply::json(200, &json!({ "was_on": false }));
        }
        let nonce = format!("{:032x}", getrandom::u64().unwrap());
        let challenge =
            format!("Digest qop=\"auth\", realm=\"{REALM}\", nonce=\"{nonce}\", algorithm=SHA-256");
        self.nonces.insert(nonce, BTreeSet::new());
        Reply::text(401, "").with_header("www-authenticate", &challenge)
    }

    /// RFC 7616 with SHA-256 and `qop=auth`, as the device asks for it; a count of a nonce is good once.
    fn has_answered_the_challenge(&mut self, request: &Request<Bytes>) -> bool {
        let Some(fields) = header(request.headers(), "authorization").strip_prefix("Digest ") else {
            return false;
        };
        let fields: BTreeMap<&str, &str> = fields
            .split(", ")
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        let uri = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let user = hash(&format!("{USER}:{REALM}:{PASSWORD}"));
        let resource = hash(&format!("{}:{uri}", request.method()));
        let (nonce, count) = (field("nonce"), field("nc"));
        let expected = hash(&format!("{user}:{nonce}:{count}:{}:auth:{resource}", field("cnonce")));
        let as_asked = field("username") == USER
            && field("algorithm") == "SHA-256"
            && field("qop") == "auth"
            && field("uri") == uri
            && field("response") == expected;
        as_asked && self.nonces.get_mut(nonce).is_some_and(|used| used.insert(count.to_owned()))
    }
}

fn hash(text: &str) -> String {
    camhook_fixture::hex(&Sha256::digest(text.as_bytes()))
}
