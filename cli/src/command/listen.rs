//! `camhook listen`

use std::fs;
use std::path::{Path, PathBuf};

use camhook_event::Event;
use camhook_listen::{
    Access, CapturedRequest, Dialect, Interpretation, Listener, Observation, Outcome as Meaning, Picture,
    Received, case, source_block,
};
use camhook_operations::events::Summary;
use serde::Serialize;
use tokio::sync::mpsc;

use super::Outcome;
use crate::arguments::Listen;
use crate::error::Error;
use crate::event_line::event_line;
use crate::moment::Times;
use crate::output::{Output, single_line};

/// The most that `--save` and `--case` write together, in bytes.
const DISK_LIMIT: usize = 1024 * 1024 * 1024;

/// Observations that wait to be shown; the port waits for them.
const BACKLOG: usize = 64;

/// An observation in JSON.
#[derive(Serialize)]
#[serde(tag = "observation", rename_all = "snake_case")]
enum Shown<'a> {
    Received {
        #[serde(flatten)]
        request: ShownRequest<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        dialect: Option<ShownDialect>,
        outcome: &'static str,
        status: u16,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        events: &'a [Event],
        #[serde(skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<String>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        saved: &'a [PathBuf],
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<&'a str>,
    },
    NotReceived {
        peer: String,
        reason: &'a str,
    },
}

#[derive(Serialize)]
struct ShownRequest<'a> {
    peer: String,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    bytes: usize,
}

#[derive(Serialize)]
struct ShownDialect {
    vendor: camhook_event::Vendor,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<&'static str>,
}

pub(super) async fn run(arguments: &Listen, output: &Output) -> Result<Outcome, Error> {
    let access = if arguments.lan { Access::Lan } else { Access::Loopback };
    let listener = Listener::bind(access, arguments.port).await?;
    let address = listener.address();
    output.note(format_args!(
        "Listening on http://{address}. Enter this address, with any path, in the camera's menu for HTTP push.\n{}\n\
         Cameras over MQTT are not received here. Stop with Ctrl-C.",
        match access {
            Access::Loopback => "Only this machine is accepted; --lan accepts the local network.",
            Access::Lan => "Peers with private addresses are accepted. Credentials are not checked.",
        }
    ));
    let (sender, mut observations) = mpsc::channel(BACKLOG);
    tokio::spawn(listener.run(sender));
    let mut recorder = Recorder::new(arguments);
    loop {
        let observation = tokio::select! {
            observation = observations.recv() => observation,
            stopped = tokio::signal::ctrl_c() => {
                stopped.map_err(Error::Signal)?;
                return Ok(Outcome::Done);
            }
        };
        match observation {
            Some(Observation::Received(received)) => recorder.show(&received, output),
            Some(Observation::TlsHandshake(peer)) => not_received(
                peer,
                "it speaks TLS and this port does not: choose HTTP instead of HTTPS in the camera's menu",
                output,
            ),
            Some(Observation::PeerRefused(peer)) => {
                not_received(peer, "its address is not a private one: the connection was closed", output);
            }
            Some(Observation::Overloaded(peer)) => {
                not_received(peer, "too many connections are open: the connection was closed", output);
            }
            Some(Observation::Broken { peer, reason }) => not_received(peer, &reason, output),
            None => return Ok(Outcome::Done),
        }
    }
}

fn not_received(peer: std::net::SocketAddr, reason: &str, output: &Output) {
    let peer = peer.ip().to_string();
    let text = format!("{}  {peer}  nothing received: {}", now(), single_line(reason));
    output.result(&Shown::NotReceived { peer, reason }, text);
}

fn now() -> String {
    shown(camhook_ports::Clock::now(&camhook_ports::SystemClock::start()))
}

fn shown(at: jiff::Timestamp) -> String {
    Times::UTC.show(at)
}

/// Shows requests, and saves what the options ask for.
struct Recorder<'a> {
    arguments: &'a Listen,
    /// Dialects whose `[[source]]` table was printed.
    introduced: Vec<String>,
    written: usize,
}

impl<'a> Recorder<'a> {
    fn new(arguments: &'a Listen) -> Self {
        Self { arguments, introduced: Vec::new(), written: 0 }
    }

    fn show(&mut self, received: &Received, output: &Output) {
        let Received { request, interpretation } = received;
        let Interpretation { dialect, outcome, reply } = interpretation;
        let (events, pictures): (&[Event], &[Picture]) = match outcome {
            Meaning::Events { events, pictures, .. } => (events, pictures),
            _ => (&[], &[]),
        };
        let saved = self.record(received, events, pictures, output);
        let source = dialect.filter(|_| !matches!(outcome, Meaning::Unreadable(_)));
        let source = source.and_then(|dialect| self.introduce(dialect));
        let text = text(request, interpretation, &saved, source.as_deref());
        let shown = Shown::Received {
            request: ShownRequest {
                peer: request.peer.ip().to_string(),
                method: &request.method,
                path: &request.path,
                query: &request.query,
                bytes: request.body.len(),
            },
            dialect: dialect.map(|dialect| ShownDialect { vendor: dialect.vendor, setting: dialect.setting }),
            outcome: name(outcome),
            status: reply.status,
            events,
            reasons: reasons(outcome),
            saved: &saved,
            source: source.as_deref(),
        };
        output.result(&shown, text);
    }

    /// The `[[source]]` table of a dialect, the first time that it is seen.
    fn introduce(&mut self, dialect: &Dialect) -> Option<String> {
        let name = dialect.to_string();
        if self.introduced.contains(&name) {
            return None;
        }
        self.introduced.push(name);
        Some(source_block(dialect, "camera"))
    }

    fn record(
        &mut self,
        received: &Received,
        events: &[Event],
        pictures: &[Picture],
        output: &Output,
    ) -> Vec<PathBuf> {
        let mut saved = Vec::new();
        if let Some(folder) = &self.arguments.case
            && self.has_room(received.request.body.len(), output)
        {
            match case::write(folder, &received.request, &received.interpretation) {
                Ok(case) => saved.push(case),
                Err(error) => {
                    output.note(format_args!("failed to write below {}: {error}", folder.display()));
                }
            }
        }
        let Some(folder) = &self.arguments.save else { return saved };
        let records = events.iter().filter_map(|event| {
            let json = serde_json::to_vec_pretty(event).ok()?;
            Some((format!("{}-{}.json", event.data.source, event.id), json.into()))
        });
        let pictures = pictures.iter().map(|picture| (picture.name.clone(), picture.bytes.clone()));
        for (name, bytes) in records.chain(pictures).collect::<Vec<(String, bytes::Bytes)>>() {
            if !self.has_room(bytes.len(), output) {
                break;
            }
            match save(folder, &name, &bytes) {
                Ok(path) => saved.push(path),
                Err(error) => {
                    output.note(format_args!("failed to write below {}: {error}", folder.display()));
                    break;
                }
            }
        }
        saved
    }

    /// Whether so many bytes may still be written; if so, they count as written.
    fn has_room(&mut self, bytes: usize, output: &Output) -> bool {
        if self.written.saturating_add(bytes) > DISK_LIMIT {
            output.note("1 GiB was saved: nothing more is written");
            return false;
        }
        self.written += bytes;
        true
    }
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(name);
    fs::write(&path, bytes)?;
    Ok(path)
}

fn name(outcome: &Meaning) -> &'static str {
    match outcome {
        Meaning::Events { .. } => "events",
        Meaning::Heartbeat => "heartbeat",
        Meaning::Ignored(_) => "ignored",
        Meaning::Visit => "visit",
        Meaning::TooLarge { .. } => "too_large",
        Meaning::Unreadable(_) => "unreadable",
    }
}

/// Why a request, or a part of it, gives no event.
fn reasons(outcome: &Meaning) -> Vec<String> {
    match outcome {
        Meaning::Events { remainder, .. } => remainder.iter().map(ToString::to_string).collect(),
        Meaning::Heartbeat | Meaning::Visit => Vec::new(),
        Meaning::Ignored(ignored) => vec![ignored.name().to_owned()],
        Meaning::TooLarge { size } => vec![format!("the body has {size} bytes; at most 4 MiB are accepted")],
        Meaning::Unreadable(attempts) => {
            attempts.iter().map(|attempt| format!("{}: {}", attempt.dialect, attempt.malformed)).collect()
        }
    }
}

fn text(
    request: &CapturedRequest,
    interpretation: &Interpretation,
    saved: &[PathBuf],
    source: Option<&str>,
) -> String {
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let head = format!("{} {}{query}", request.method, request.path);
    let mut lines = vec![format!(
        "{}  {}  {}  {} bytes",
        shown(request.received_at),
        request.peer.ip(),
        single_line(&head),
        request.body.len()
    )];
    let dialect = interpretation.dialect.map(ToString::to_string).unwrap_or_default();
    match &interpretation.outcome {
        Meaning::Events { events, remainder, .. } => {
            lines.extend(
                events
                    .iter()
                    .map(|event| format!("  {dialect}: {}", event_line(&Summary::of(event), &Times::UTC))),
            );
            if let Some(remainder) = remainder {
                lines.push(
                    "  a part was not understood; the deployed function would quarantine it, too:".to_owned(),
                );
                lines.push(format!("    {}", single_line(&remainder.to_string())));
            }
        }
        Meaning::Heartbeat => lines.push(format!("  {dialect}: heartbeat, the device is alive")),
        Meaning::Ignored(ignored) => {
            lines.push(format!("  {dialect}: understood, no event ({})", ignored.name()));
        }
        Meaning::Visit => lines.push("  a browser or a test button: the address is reachable".to_owned()),
        Meaning::TooLarge { .. } => lines.extend(reasons(&interpretation.outcome)),
        Meaning::Unreadable(_) => {
            lines.push("  no dialect can read this; the deployed function would quarantine it:".to_owned());
            let reasons = reasons(&interpretation.outcome);
            lines.extend(reasons.iter().map(|reason| format!("    {}", single_line(reason))));
        }
    }
    if request.header("authorization").is_some() {
        lines.push("  it sent a user name and password, which `auth = { basic = … }` can require".to_owned());
    }
    lines.extend(saved.iter().map(|path| format!("    {}", path.display())));
    if let Some(source) = source {
        lines.push(format!("\n  This table in camhook.toml receives it:\n\n{source}"));
    }
    lines.join("\n")
}
