//! The whole function against a simulated Shelly on the loopback interface: challenge, refusals, silence.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camhook_event::Kind;
use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_outbound::{Client, Limits, Stack};
use camhook_ports::Queue;
use camhook_relay::handle;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{NOW, event, record};
use crate::world::{PULSE, World};

const REALM: &str = "shellyplus1-camhook";
const NONCE: &str = "60dc59c6";
const PASSWORD: &str = "open sesame";

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn challenge() -> Reply {
    let value = format!(r#"Digest qop="auth", realm="{REALM}", nonce="{NONCE}", algorithm=SHA-256"#);
    Reply::with_header(401, "www-authenticate", &value)
}

/// The value of a field of an `Authorization` header.
fn field(header: &str, name: &str) -> String {
    let fields = header.strip_prefix("Digest ").unwrap().split(", ");
    let mut values = fields.filter_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    values.next().unwrap().trim_matches('"').to_owned()
}

/// Whether a request answers the challenge, by RFC 7616 and not by the client's own code.
fn is_authorized(request: &Received) -> bool {
    let Some(header) = request.headers.get("authorization") else { return false };
    let header = header.to_str().unwrap();
    let of = |name| field(header, name);
    let first = hash(&format!("admin:{REALM}:{PASSWORD}"));
    let second = hash(&format!("{}:{}", request.method, request.target));
    let expected = hash(&format!("{first}:{NONCE}:{}:{}:auth:{second}", of("nc"), of("cnonce")));
    of("username") == "admin" && of("uri") == request.target && of("response") == expected
}

fn switched(_: &Received) -> Reply {
    Reply::Answer { status: 200, headers: vec![], body: br#"{"was_on":false}"#.to_vec().into() }
}

fn behind_a_password(request: &Received) -> Reply {
    if is_authorized(request) { switched(request) } else { challenge() }
}

fn world_of(address: &str, password: &str, action: &str) -> World {
    let keys = format!("driver = \"shelly-gen2\"\nurl = \"{address}\"\npassword = \"{password}\"");
    World::of(&keys, action)
}

fn world_with(server: &TestServer) -> World {
    world_of(server.url("/").unwrap().as_str(), PASSWORD, PULSE)
}

#[tokio::test]
async fn a_pulse_goes_through_the_challenge_and_is_timed_by_the_device() {
    let server = TestServer::start(behind_a_password).await.unwrap();
    let world = world_with(&server);
    assert_eq!(world.deliver(1).await, 0);
    let received = server.received();
    assert_eq!(received.len(), 2, "the question and the answer to the challenge");
    assert!(received[0].headers.get("authorization").is_none(), "no password before it is asked for");
    assert_eq!(received[1].method, "GET");
    assert_eq!(received[1].target, "/rpc/Switch.Set?id=0&on=true&toggle_after=5");
    let audit = world.audit();
    assert_eq!(audit[0]["decision"], "done");
    assert!(audit[0]["text"].as_str().unwrap().contains(r#"{"was_on":false}"#), "{audit:?}");
    assert!(!audit[0].to_string().contains(PASSWORD));
}

#[tokio::test]
async fn each_action_is_the_devices_own_call() {
    for (action, target) in [
        (r#"action = "on""#, "/rpc/Switch.Set?id=0&on=true"),
        (r#"action = "off""#, "/rpc/Switch.Set?id=0&on=false"),
        (r#"action = "toggle""#, "/rpc/Switch.Toggle?id=0"),
        (r#"action = "hold", seconds = 90"#, "/rpc/Switch.Set?id=0&on=true&toggle_after=90"),
    ] {
        let server = TestServer::start(behind_a_password).await.unwrap();
        let world = world_of(server.url("/").unwrap().as_str(), PASSWORD, action);
        assert_eq!(world.deliver(1).await, 0);
        assert_eq!(server.received().last().unwrap().target, target);
        assert_eq!(world.audit()[0]["decision"], "done");
    }
}

#[tokio::test]
async fn a_wrong_password_had_no_effect_and_is_not_shown() {
    let server = TestServer::start(behind_a_password).await.unwrap();
    let wrong = "not the password";
    let world = world_of(server.url("/").unwrap().as_str(), wrong, PULSE);
    assert_eq!(world.deliver(1).await, 1, "refused: it may be tried again");
    world.ports.clock.advance(Duration::from_secs(31));
    assert_eq!(world.deliver(2).await, 0);
    let audit = world.audit();
    assert_eq!(audit[0]["decision"], "failed");
    assert!(audit[0]["text"].as_str().unwrap().contains("status 401"), "{audit:?}");
    let alerts = world.ports.queues.sent(Queue::Alerts);
    assert_eq!(alerts.len(), 1);
    assert!(!alerts[0].body.contains(wrong));
}

#[tokio::test]
async fn a_refused_connection_is_retried() {
    let address = {
        let server = TestServer::start(behind_a_password).await.unwrap();
        server.url("/").unwrap()
    };
    let world = world_of(address.as_str(), PASSWORD, PULSE);
    // The port is free once the server's task has ended.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while tokio::net::TcpStream::connect((address.host_str().unwrap(), address.port().unwrap())).await.is_ok()
    {
        assert!(tokio::time::Instant::now() < deadline, "the server does not end");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.deliver(1).await, 1);
    assert!(world.audit().is_empty());
    assert_eq!(world.ports.queues.retried()[0].2, Duration::from_secs(2));
}

#[tokio::test]
async fn an_rpc_error_is_retried() {
    let count = AtomicUsize::new(0);
    let server = TestServer::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Answer {
            status: 500,
            headers: vec![],
            body: r#"{"code":-114,"message":"Resource unavailable"}"#.into(),
        },
        _ => switched(request),
    });
    let server = server.await.unwrap();
    let world = world_with(&server);
    assert_eq!(world.deliver(1).await, 1);
    world.ports.clock.advance(Duration::from_secs(2));
    assert_eq!(world.deliver(2).await, 0);
    assert_eq!(server.received().len(), 2);
    assert_eq!(world.audit()[0]["decision"], "done");
    assert_eq!(world.audit()[0]["attempt"], 2);
}

/// Firmware 2 has a small table of nonces; while it is full, the device answers 429 to requests for a new one.
#[tokio::test]
async fn a_device_out_of_nonces_is_retried_after_its_delay() {
    for (reply, delay) in [(Reply::status(429), 2), (Reply::with_header(429, "retry-after", "3"), 3)] {
        for action in [PULSE, r#"action = "toggle""#] {
            let (count, first) = (AtomicUsize::new(0), reply.clone());
            let server = TestServer::start(move |request| match count.fetch_add(1, Ordering::SeqCst) {
                0 => first.clone(),
                _ => behind_a_password(request),
            });
            let server = server.await.unwrap();
            let world = world_of(server.url("/").unwrap().as_str(), PASSWORD, action);
            assert_eq!(world.deliver(1).await, 1, "{action}");
            assert_eq!(world.ports.queues.retried()[0].2, Duration::from_secs(delay));
            world.ports.clock.advance(Duration::from_secs(delay));
            assert_eq!(world.deliver(2).await, 0, "{action}");
            assert_eq!(world.audit()[0]["decision"], "done", "{action}");
        }
    }
}

#[tokio::test]
async fn the_last_nonce_is_used_again_with_a_growing_count() {
    let server = TestServer::start(behind_a_password).await.unwrap();
    let world = world_with(&server);
    for number in 1..=3 {
        let event = event(number, Kind::Motion, NOW);
        let outcome = handle(&world.ports, &world.site, &world.client, &[record(&event, 1)]).await;
        assert!(outcome.failed.is_empty());
        world.ports.clock.advance(Duration::from_secs(10));
    }
    let received = server.received();
    assert_eq!(received.len(), 4, "one challenge, and each command");
    let counts: Vec<String> = received[1..]
        .iter()
        .map(|request| field(request.headers["authorization"].to_str().unwrap(), "nc"))
        .collect();
    assert_eq!(counts, ["00000001", "00000002", "00000003"]);
    let client_nonces: std::collections::BTreeSet<String> = received[1..]
        .iter()
        .map(|request| field(request.headers["authorization"].to_str().unwrap(), "cnonce"))
        .collect();
    assert_eq!(client_nonces.len(), 3);
}

#[tokio::test]
async fn a_challenge_with_md5_is_not_answered() {
    let server = TestServer::start(|_| {
        let value = r#"Digest qop="auth", realm="shellyplus1-camhook", nonce="1", algorithm=MD5"#;
        Reply::with_header(401, "www-authenticate", value)
    });
    let server = server.await.unwrap();
    let world = world_of(server.url("/").unwrap().as_str(), PASSWORD, r#"action = "toggle""#);
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "failed");
    assert!(text.contains("SHA-256"), "{text}");
    let received = server.received();
    assert!(received.iter().all(|request| request.headers.get("authorization").is_none()), "{received:?}");
}

#[tokio::test]
async fn silence_and_a_closed_connection_are_unknown_and_never_retried() {
    for reply in [Reply::Silence, Reply::Close] {
        let answer = reply.clone();
        let server = TestServer::start(
            move |request| {
                if is_authorized(request) { answer.clone() } else { challenge() }
            },
        );
        let server = server.await.unwrap();
        let world = world_with(&server);
        assert_eq!(world.deliver(1).await, 0, "{reply:?}");
        world.ports.clock.advance(Duration::from_secs(2));
        assert_eq!(world.deliver(2).await, 0);
        assert_eq!(server.received().len(), 2, "{reply:?}: asked once");
        assert_eq!(world.audit()[0]["decision"], "unknown", "{reply:?}");
        assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1);
    }
}

#[tokio::test]
async fn an_answer_after_the_limit_is_unknown_though_the_device_did_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (given_up, wait) = tokio::sync::oneshot::channel::<()>();
    let device = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        wait.await.unwrap();
        // Nobody listens any more; whether this works is the network's business.
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.ok();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let world = world_of(&address, PASSWORD, PULSE);
    assert_eq!(world.deliver(1).await, 0);
    given_up.send(()).unwrap();
    let request = device.await.unwrap();
    assert!(request.starts_with("GET /rpc/Switch.Set?id=0&on=true&toggle_after=5 "), "{request}");
    assert_eq!(world.audit()[0]["decision"], "unknown");
    assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1);
}

#[tokio::test]
async fn loopback_is_refused_where_the_stack_is_deployed() {
    let server = TestServer::start(switched).await.unwrap();
    let mut world = world_with(&server);
    world.client = Client::new(Stack::Deployed, Limits::default());
    assert_eq!(world.deliver(1).await, 0);
    assert!(server.received().is_empty());
    let audit = world.audit();
    assert_eq!(
        (audit[0]["decision"].as_str(), audit[0]["reason"].as_str()),
        (Some("refused"), Some("forbidden"))
    );
    assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1);
}

#[tokio::test]
async fn a_secret_that_is_not_available_sends_nothing() {
    let server = TestServer::start(behind_a_password).await.unwrap();
    let address = server.url("/").unwrap();
    let world = world_of(address.as_str(), "ssm:/camhook/gate", PULSE);
    assert_eq!(world.deliver(1).await, 1);
    assert!(server.received().is_empty());
    world.ports.secrets.set("ssm:/camhook/gate", PASSWORD);
    world.ports.clock.advance(Duration::from_secs(2));
    assert_eq!(world.deliver(2).await, 0);
    assert_eq!(world.audit()[0]["decision"], "done");
}

/// A device that checks all that it sent: nonces that end with `==`, an empty `opaque`, the count and the algorithm. Its
/// first nonce is stale, in a `stale` without quotes.
fn strict_device(request: &Received) -> Reply {
    const STALE: &str = "c3RhbGUgbm9uY2U==";
    const FRESH: &str = "ZnJlc2ggbm9uY2U==";
    let challenge = |nonce: &str, rest: &str| {
        let value = format!(
            "Digest qop=\"auth\", realm=\"{REALM}\", nonce=\"{nonce}\", opaque=\"\", algorithm=SHA-256{rest}"
        );
        Reply::with_header(401, "www-authenticate", &value)
    };
    let Some(header) = request.headers.get("authorization") else { return challenge(STALE, "") };
    let header = header.to_str().unwrap();
    let of = |name| field(header, name);
    let first = hash(&format!("admin:{REALM}:{PASSWORD}"));
    let second = hash(&format!("{}:{}", request.method, request.target));
    let expected = hash(&format!("{first}:{}:00000001:{}:auth:{second}", of("nonce"), of("cnonce")));
    let is_right = of("nc") == "00000001"
        && of("algorithm") == "SHA-256"
        && header.contains("opaque=\"\"")
        && of("response") == expected;
    match of("nonce").as_str() {
        STALE if is_right => challenge(FRESH, ", stale=true"),
        FRESH if is_right => switched(request),
        _ => challenge("", ""),
    }
}

#[tokio::test]
async fn a_device_that_checks_its_whole_challenge_is_switched_by_the_third_request() {
    for action in [PULSE, r#"action = "toggle""#] {
        let server = TestServer::start(strict_device).await.unwrap();
        let world = world_of(server.url("/").unwrap().as_str(), PASSWORD, action);
        assert_eq!(world.deliver(1).await, 0);
        assert_eq!(world.audit()[0]["decision"], "done", "{:?}", world.audit());
        assert_eq!(server.received().len(), 3);
    }
}
