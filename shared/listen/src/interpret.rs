//! What a request means: the dialect that reads it, and what the pipeline makes of it.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use camhook_event::{Event, Image, Vendor};
use camhook_ingest::{BODY_LIMIT, Ignored, Instance, Malformed, Parsed, Reason, Reply, Request, handle};
use camhook_ports::memory::MemoryPorts;
use camhook_site::{Site, Source};
use camhook_vendors::{DIALECTS, Dialect};
use serde::de::DeserializeOwned;

use crate::dialect::affinity;
use crate::request::CapturedRequest;

/// The source that every request is attributed to.
const SOURCE: &str = "camera";

/// What a request means.
#[derive(Debug)]
pub struct Interpretation {
    /// The dialect that reads it, or, where none does, the most likely one.
    pub dialect: Option<&'static Dialect>,
    /// What it says.
    pub outcome: Outcome,
    /// What the device gets, as from the deployed function.
    pub reply: Reply,
}

/// What a request says.
#[derive(Debug)]
pub enum Outcome {
    /// One or more events.
    Events {
        /// The events as they would be stored.
        events: Vec<Event>,
        /// Their pictures.
        pictures: Vec<Picture>,
        /// Why a part of the request is no event, where there is one. The request would be quarantined, too.
        remainder: Option<Remainder>,
    },
    /// The device is alive.
    Heartbeat,
    /// It was understood and gives no event.
    Ignored(Ignored),
    /// A person with a browser, or a test button.
    Visit,
    /// The body exceeds [`BODY_LIMIT`].
    TooLarge {
        /// The size of the body, in bytes.
        size: usize,
    },
    /// No dialect reads it. It would be quarantined.
    Unreadable(Vec<Attempt>),
}

/// Why a part of a request could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remainder {
    /// The short name that the quarantine and the metrics have.
    pub code: String,
    /// What was wrong, and where.
    pub detail: String,
}

impl fmt::Display for Remainder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.detail)
    }
}

/// Why a dialect cannot read a request.
#[derive(Debug)]
pub struct Attempt {
    /// Which dialect.
    pub dialect: &'static Dialect,
    /// Why.
    pub malformed: Malformed,
}

/// A stored picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its file name: `{source}-{event id}-{index}-{role}.jpg`.
    pub name: String,
    /// The JPEG.
    pub bytes: Bytes,
}

/// Interprets a request. Nothing is kept between two requests.
///
/// Where the path names a vendor, as that of a deployed function does, only the vendor's dialects are asked: no other
/// function would get the request.
pub async fn interpret(request: &CapturedRequest) -> Interpretation {
    if request.body.len() > BODY_LIMIT {
        return Interpretation {
            dialect: None,
            outcome: Outcome::TooLarge { size: request.body.len() },
            reply: Reply::empty(413),
        };
    }
    let mut readable = Vec::new();
    let mut attempts = Vec::new();
    let named = named_vendor(request);
    let asked = |dialect: &Dialect| named.is_none_or(|vendor| dialect.vendor == vendor);
    for (index, dialect) in DIALECTS.iter().enumerate().filter(|(_, dialect)| asked(dialect)) {
        let Some(receiver) = Receiver::new(dialect) else { continue };
        match receiver.parse(request) {
            Outcome::Unreadable(failed) => attempts.extend(failed),
            outcome => {
                let rank = (rank(&outcome), affinity(dialect, request), std::cmp::Reverse(index));
                readable.push((rank, receiver));
            }
        }
    }
    if let Some((_, receiver)) = readable.into_iter().max_by_key(|(rank, _)| *rank) {
        return receiver.receive(request).await;
    }
    let closest = closest(request);
    let is_closest =
        |attempt: &Attempt| closest.is_some_and(|closest| std::ptr::eq(attempt.dialect, closest));
    attempts.sort_by_key(|attempt| !is_closest(attempt));
    let reply = match closest.and_then(Receiver::new) {
        Some(receiver) => receiver.receive(request).await.reply,
        None => Reply::empty(400),
    };
    Interpretation { dialect: closest, outcome: Outcome::Unreadable(attempts), reply }
}

/// How much a dialect made of a request. Larger is more.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Unreadable(_) | Outcome::TooLarge { .. } => 0,
        Outcome::Visit => 1,
        Outcome::Ignored(_) => 2,
        Outcome::Heartbeat => 3,
        Outcome::Events { .. } => 4,
    }
}

/// The dialect that an unreadable request most likely is in, by its path and the first character of its body.
fn closest(request: &CapturedRequest) -> Option<&'static Dialect> {
    let by_content = || match request.body.iter().find(|octet| !octet.is_ascii_whitespace()) {
        Some(b'<') => Vendor::Viewtron,
        Some(b'{') if request.headers.iter().any(|(name, _)| name.contains("signature")) => Vendor::Xprotect,
        Some(_) => Vendor::Ivsec,
        None => Vendor::Instar,
    };
    let last_of = |vendor| DIALECTS.iter().rev().find(|dialect| dialect.vendor == vendor);
    named_vendor(request).and_then(last_of).or_else(|| last_of(by_content()))
}

/// The vendor whose function the path names, if a dialect is that vendor's.
fn named_vendor(request: &CapturedRequest) -> Option<Vendor> {
    let path = request.decoded_path();
    let name = path.split('/').find(|segment| !segment.is_empty())?;
    let vendor = name.parse().ok()?;
    DIALECTS.iter().any(|dialect| dialect.vendor == vendor).then_some(vendor)
}

/// A site with one source of one dialect.
struct Receiver {
    dialect: &'static Dialect,
    site: Site,
    source: Arc<Source>,
    token: String,
}

impl Receiver {
    /// `None` when the machine has no random numbers, or the dialect's settings are not accepted.
    fn new(dialect: &'static Dialect) -> Option<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let token = BASE64_URL_SAFE_NO_PAD.encode(random);
        let mut toml = format!(
            "timezone = \"UTC\"\n[[source]]\nid = \"{SOURCE}\"\nvendor = \"{}\"\nauth = {{ token = \"{token}\" }}\n",
            dialect.vendor
        );
        if let Some(setting) = dialect.setting {
            let _ = writeln!(toml, "dialect = \"{setting}\"");
        }
        let (site, _) = camhook_site::read(&toml, "listen").ok()?;
        let source = Arc::clone(site.source(SOURCE)?);
        Some(Self { dialect, site, source, token })
    }

    /// The segments of the path below the source: what follows `/{vendor}/{source}/{token}`, or, at any other path,
    /// the last two, which is as deep as a device's own paths are.
    fn rest(&self, request: &CapturedRequest) -> Vec<String> {
        let path = request.decoded_path();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let own = if segments.first() == Some(&self.dialect.vendor.name()) {
            segments.get(3..).or_else(|| segments.get(segments.len()..))
        } else {
            segments.get(segments.len().saturating_sub(2)..)
        };
        own.unwrap_or_default().iter().map(|segment| (*segment).to_owned()).collect()
    }

    /// What the dialect reads in a request. Events are counted only: the pipeline makes them.
    fn parse(&self, request: &CapturedRequest) -> Outcome {
        let unverified = request.at_path(request.decoded_path());
        let verified = Request::assume_verified(unverified, Arc::clone(&self.source), self.rest(request));
        if self.dialect.adapter.is_visit(&verified) {
            return Outcome::Visit;
        }
        match self.dialect.adapter.parse(&verified) {
            Ok(Parsed::Events(_) | Parsed::Partly { .. }) => {
                Outcome::Events { events: Vec::new(), pictures: Vec::new(), remainder: None }
            }
            Ok(Parsed::Heartbeat) => Outcome::Heartbeat,
            Ok(Parsed::Ignored(ignored)) => Outcome::Ignored(ignored),
            Err(malformed) => Outcome::Unreadable(vec![Attempt { dialect: self.dialect, malformed }]),
        }
    }

    /// Runs the pipeline of the deployed function.
    async fn receive(&self, request: &CapturedRequest) -> Interpretation {
        let ports = MemoryPorts::new(request.received_at);
        let mut path = format!("/{}/{SOURCE}/{}", self.dialect.vendor, self.token);
        for segment in self.rest(request) {
            path.push('/');
            path.push_str(&segment);
        }
        let adapter = self.dialect.adapter;
        let reply = handle(&ports, &self.site, adapter, &Instance::default(), request.at_path(path)).await;
        let outcome = match self.parse(request) {
            Outcome::Events { .. } => stored(&ports),
            other => other,
        };
        Interpretation { dialect: Some(self.dialect), outcome, reply }
    }
}

/// The events and pictures in the bucket, and why the request is in the quarantine, too.
fn stored(ports: &MemoryPorts) -> Outcome {
    let mut events: Vec<Event> = objects(ports, "events/", ".json");
    events.sort_by_key(|event| event.time);
    let pictures = events.iter().flat_map(|event| pictures(ports, event)).collect();
    let remainder = objects(ports, "quarantine/", "/reason.json")
        .pop()
        .map(|Reason { reason, detail, .. }| Remainder { code: reason, detail });
    if events.is_empty() && remainder.is_none() {
        return Outcome::Ignored(Ignored::Tracking);
    }
    Outcome::Events { events, pictures, remainder }
}

/// The objects whose keys begin and end so.
fn objects<T: DeserializeOwned>(ports: &MemoryPorts, beginning: &str, end: &str) -> Vec<T> {
    let is_wanted = |key: &&String| key.starts_with(beginning) && key.ends_with(end);
    let keys = ports.objects.keys();
    let read = |key: &String| serde_json::from_slice(&ports.objects.object(key)?.bytes).ok();
    keys.iter().filter(is_wanted).filter_map(read).collect()
}

fn pictures<'a>(ports: &'a MemoryPorts, event: &'a Event) -> impl Iterator<Item = Picture> + 'a {
    event.data.images.iter().filter_map(Image::stored).enumerate().filter_map(|(index, image)| {
        let object = ports.objects.object(image.key.as_str())?;
        let name = format!("{}-{}-{index}-{}.jpg", event.data.source, event.id, image.role);
        Some(Picture { name, bytes: object.bytes })
    })
}
