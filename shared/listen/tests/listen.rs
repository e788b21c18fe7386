//! Samples of every vendor, and what else arrives at an open port.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use camhook_ingest::Sample;
use camhook_listen::{
    Access, BindError, CapturedRequest, DIALECTS, Dialect, Listener, Observation, Outcome, Received,
    interpret, source_block,
};
use camhook_picture::{Context, SamplePost, render};
use camhook_vendors::guide;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn captured(sample: &Sample, path: &str) -> CapturedRequest {
    let context = Context { path: path.to_owned(), now: NOW, timezone: TimeZone::UTC, seed: 0, plate: None };
    let text = render(sample.request, &context).unwrap();
    let post = SamplePost::parse(text.as_bytes()).unwrap();
    let (path, query) = post.path_and_query();
    let headers = post.headers.iter();
    CapturedRequest {
        method: post.method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect(),
        body: Bytes::copy_from_slice(post.body),
        peer: "127.0.0.1:4000".parse().unwrap(),
        received_at: NOW,
    }
}

/// The samples of a dialect.
fn samples(dialect: &Dialect) -> &'static [Sample] {
    let source = source_block(dialect, "gate").replace("<token_sha256>", &"0".repeat(64));
    let (site, _) = camhook_site::read(&format!("timezone = \"UTC\"\n{source}"), "test").unwrap();
    guide(dialect.vendor, site.source("gate").cloned()).unwrap().samples
}

/// The dialect that is displayed with this name.
fn named(name: &str) -> &'static Dialect {
    DIALECTS.iter().find(|dialect| dialect.to_string() == name).unwrap()
}

#[tokio::test]
async fn every_sample_is_recognized_at_any_path() {
    let mut wrong = Vec::new();
    for dialect in DIALECTS {
        let (expected, vendor) = (dialect.to_string(), dialect.vendor);
        for sample in samples(dialect) {
            for path in ["", "/hook", &format!("/{vendor}/front-door/aaaaaaaaaaaaaaaaaaaaaa")] {
                let interpretation = interpret(&captured(sample, path)).await;
                let dialect = interpretation.dialect.map(ToString::to_string).unwrap_or_default();
                let is_understood =
                    !matches!(interpretation.outcome, Outcome::Unreadable(_) | Outcome::Visit);
                if dialect != expected || !is_understood {
                    wrong.push(format!("{expected} {} at `{path}`: {dialect}", sample.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn pictures_come_with_their_events() {
    let sample = samples(named("viewtron")).iter().find(|sample| sample.request.contains("{{jpeg")).unwrap();
    let interpretation = interpret(&captured(sample, "/")).await;
    let Outcome::Events { events, pictures, .. } = interpretation.outcome else { panic!("no events") };
    assert!(!events.is_empty());
    assert!(pictures.iter().all(|picture| picture.bytes.starts_with(&[0xff, 0xd8])), "JPEG");
    assert!(!pictures.is_empty());
    assert_eq!(interpretation.reply.status, 200);
}

#[tokio::test]
async fn what_nobody_reads_names_the_likely_vendor_and_every_reason() {
    let post = |body: &'static str| CapturedRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: Vec::new(),
        body: Bytes::from_static(body.as_bytes()),
        peer: "127.0.0.1:4000".parse().unwrap(),
        received_at: NOW,
    };
    for (body, vendor) in [("<html><body>", "viewtron"), ("{\"weather\": \"fine\"}", "ivsec")] {
        let interpretation = interpret(&post(body)).await;
        let Outcome::Unreadable(attempts) = &interpretation.outcome else { panic!("{interpretation:?}") };
        assert_eq!(attempts.len(), 6, "one for each dialect");
        assert_eq!(interpretation.dialect.unwrap().vendor.name(), vendor);
        assert_eq!(attempts.first().unwrap().dialect.vendor.name(), vendor, "the likely one comes first");
    }
}

#[tokio::test]
async fn the_part_that_was_not_understood_is_named_beside_the_events() {
    let level = "<config><alarmStatusInfo><motionAlarm id=\"3\"/><fireAlarm id=\"4\">true</fireAlarm></alarmStatusInfo></config>";
    let flags = "{\"data\":{\"alarm_list\":[{\"time\":\"2026-11-23T08:00:00Z\",\"channel_alarm\":[\
                 {\"channel\":\"CH1\",\"motion_alarm\":true},{\"channel\":\"CH2\",\"sound_alarm\":2}]}]}}";
    for (body, expected) in [
        (level.to_owned(), Some(("alarm_without_level", "motionAlarm"))),
        (flags.to_owned(), Some(("unknown_content", "sound_alarm"))),
        (level.replace("<motionAlarm id=\"3\"/>", ""), None),
    ] {
        let request = CapturedRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::from(body.clone()),
            peer: "127.0.0.1:4000".parse().unwrap(),
            received_at: NOW,
        };
        let interpretation = interpret(&request).await;
        let Outcome::Events { events, remainder, .. } = interpretation.outcome else {
            panic!("{body}: {interpretation:?}")
        };
        assert!(!events.is_empty(), "{body}");
        let part = expected.map(|(_, part)| part).unwrap_or_default();
        let found = remainder.map(|remainder| (remainder.code, remainder.detail.contains(part)));
        assert_eq!(found, expected.map(|(code, _)| (code.to_owned(), true)), "{body}");
    }
}

#[tokio::test]
async fn where_the_path_names_a_vendor_no_other_dialect_decides() {
    let request = |method: &str, path: &str, query: &str, body: &'static str| CapturedRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: Bytes::from_static(body.as_bytes()),
        peer: "127.0.0.1:4000".parse().unwrap(),
        received_at: NOW,
    };
    for (method, path, query, vendor) in [
        ("GET", "/instar/gate/tok/%3Factive=1", "", "instar"),
        ("GET", "/instar/gate/tok/%253Factive%3D1", "", "instar"),
        ("POST", "/instar/gate/tok/%3Factive=1", "", "instar"),
        ("GET", "/instar/gate", "active=1%26object%3D1", "instar"),
        ("GET", "/xprotect/vms", "alert_type=motion&zone=parking_lot", "xprotect"),
    ] {
        let interpretation = interpret(&request(method, path, query, "")).await;
        assert!(
            matches!(interpretation.outcome, Outcome::Unreadable(_)),
            "{path}?{query}: {interpretation:?}"
        );
        assert_eq!(interpretation.dialect.unwrap().vendor.name(), vendor);
        let Outcome::Unreadable(attempts) = interpretation.outcome else { unreachable!() };
        assert!(attempts.iter().all(|attempt| attempt.dialect.vendor.name() == vendor), "{attempts:?}");
    }
    let visit = interpret(&request("GET", "/instar/gate/tok", "", "")).await;
    assert!(matches!(visit.outcome, Outcome::Visit), "{visit:?}");
    let alarm = interpret(&request("GET", "/instar/gate/tok", "", "active=1")).await;
    assert!(matches!(alarm.outcome, Outcome::Events { .. }), "{alarm:?}");
}

struct Running {
    address: SocketAddr,
    observations: mpsc::Receiver<Observation>,
}

impl Running {
    async fn start() -> Self {
        let listener = Listener::bind(Access::Loopback, 0).await.unwrap();
        let address = listener.address();
        let (sender, observations) = mpsc::channel(16);
        tokio::spawn(listener.run(sender));
        Self { address, observations }
    }

    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may have answered and closed before all was sent.
        let _ = stream.write_all(bytes).await;
        stream
    }

    async fn next(&mut self) -> Observation {
        let next = tokio::time::timeout(Duration::from_secs(30), self.observations.recv());
        next.await.unwrap().unwrap()
    }
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut text)).await;
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_post_is_answered_as_by_the_deployed_function() {
    let mut running = Running::start().await;
    let stream =
        running.send(b"GET /any/path?&active=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let text = answer(stream).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let Observation::Received(received) = running.next().await else { panic!("not received") };
    let Received { request, interpretation } = *received;
    assert_eq!((request.path.as_str(), request.query.as_str()), ("/any/path", "&active=1"));
    assert!(matches!(interpretation.outcome, Outcome::Events { .. }), "{interpretation:?}");
}

#[tokio::test]
async fn what_is_no_request_is_reported_and_the_port_stays_open() {
    let mut running = Running::start().await;
    let _tls = running.send(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).await;
    assert!(matches!(running.next().await, Observation::TlsHandshake(_)));

    let garbage = running.send(b"\x00\x01\x02 garbage\r\n\r\n").await;
    assert!(matches!(running.next().await, Observation::Broken { .. }));
    drop(garbage);

    let cut = running.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n<xml").await;
    drop(cut);
    let Observation::Broken { reason, .. } = running.next().await else { panic!("not reported") };
    assert!(reason.contains("body") || reason.contains("closed"), "{reason}");

    let quote = running.send(b"GET /a\"b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let answered = answer(quote).await;
    assert!(answered.starts_with("HTTP/1.1 "), "{answered}");
    match running.next().await {
        Observation::Received(received) => assert_eq!(received.request.path, "/a\"b"),
        other => assert!(matches!(other, Observation::Broken { .. }), "{other:?}"),
    }

    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        6 * 1024 * 1024
    );
    let mut large = head.into_bytes();
    large.resize(large.len() + 6 * 1024 * 1024, b'x');
    let _large = running.send(&large).await;
    let Observation::Received(received) = running.next().await else { panic!("not received") };
    assert!(
        matches!(received.interpretation.outcome, Outcome::TooLarge { size } if size == 6 * 1024 * 1024),
        "{:?}",
        received.interpretation
    );
}

#[tokio::test]
async fn a_flood_of_connections_is_turned_away() {
    let mut running = Running::start().await;
    let mut open = Vec::new();
    for _ in 0..70 {
        open.push(running.send(b"POST / HTTP/1.1\r\n").await);
    }
    assert!(matches!(running.next().await, Observation::Overloaded(_)));
    drop(open);
    // Once they are closed, and somebody reads the observations, a camera is served again.
    let Running { address, mut observations } = running;
    let reading = tokio::spawn(async move { while observations.recv().await.is_some() {} });
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        assert!(tokio::time::Instant::now() < deadline, "the port stays closed");
        let mut camera = TcpStream::connect(address).await.unwrap();
        let _ = camera.write_all(b"GET /camera HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        if answer(camera).await.starts_with("HTTP/1.1 ") {
            break;
        }
    }
    reading.abort();
}

#[tokio::test]
async fn a_flood_of_posts_is_answered_while_somebody_reads_the_observations() {
    const POSTS: usize = 100;
    let mut running = Running::start().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let post = b"POST /camera HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx".repeat(POSTS);
    let sending = tokio::spawn(async move {
        stream.write_all(&post).await.unwrap();
        stream
    });
    for _ in 0..POSTS {
        assert!(matches!(running.next().await, Observation::Received(_)));
    }
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let first = Listener::bind(Access::Loopback, 0).await.unwrap();
    let port = first.address().port();
    let second = Listener::bind(Access::Loopback, port).await.unwrap_err();
    assert!(matches!(second, BindError::InUse(busy) if busy == port));
    assert!(second.to_string().contains("--port"));
}

#[tokio::test]
async fn a_case_folder_gives_the_same_interpretation_again() {
    let folder = tempfile::tempdir().unwrap();
    let sample = samples(named("instar (camera-v2)")).first().unwrap();
    let mut request = captured(sample, "/instar/yard/aaaaaaaaaaaaaaaaaaaaaa");
    request.headers.push(("authorization".to_owned(), "Basic c2VjcmV0".to_owned()));
    let interpretation = interpret(&request).await;
    let case = camhook_listen::case::write(folder.path(), &request, &interpretation).unwrap();
    let second = camhook_listen::case::write(folder.path(), &request, &interpretation).unwrap();
    assert_ne!(case, second);
    let text = std::fs::read_to_string(case.join("request.http")).unwrap();
    assert!(!text.contains("c2VjcmV0"), "credentials are omitted");
    assert!(text.contains(" {{path}}"), "{text}");
    assert_eq!(std::fs::read_to_string(case.join("source.toml")).unwrap(), "dialect = \"camera-v2\"\n");
}
