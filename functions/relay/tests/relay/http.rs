//! The driver `http`: requests and answers as defined in camhook.toml.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_ports::Queue;
use camhook_relay::handle;

use crate::support::record_of;
use crate::world::{World, answer, authorization, half};

fn world(server: &TestServer, more: &str, action: &str) -> World {
    let url = server.url("/").unwrap();
    World::of(&format!("driver = \"http\"\nurl = \"{url}\"\n{more}"), action)
}

const REQUESTS: &str = r#"
on = { path = "/{{ relay }}/on" }
off = { method = "PUT", path = "/state", body = '{"on": false, "by": "{{ action }}"}' }
pulse = { path = "/state?on=1", headers = { X-Seconds = "{{ seconds }}", X-Key = "ssm:/camhook/key", Content-Type = "text/plain" }, body = "{{ milliseconds }}" }
toggle = { method = "DELETE", path = "/state" }
"#;

#[tokio::test]
async fn each_action_is_the_request_of_the_configuration() {
    for (action, method, target, body) in [
        (r#"action = "on""#, "GET", "/gate/on", ""),
        (r#"action = "off""#, "PUT", "/state", r#"{"on": false, "by": "off"}"#),
        (r#"action = "pulse", seconds = 1.5"#, "POST", "/state?on=1", "1500"),
        (r#"action = "toggle""#, "DELETE", "/state", ""),
    ] {
        let server = TestServer::start(|_| answer("switched")).await.unwrap();
        let world = world(&server, REQUESTS, action);
        world.ports.secrets.set("ssm:/camhook/key", "open sesame");
        let (decision, text) = world.decide().await;
        assert_eq!(decision, "done", "{text}");
        assert!(text.contains("status 200 switched") && !text.contains("sesame"), "{text}");
        let received = &server.received()[0];
        assert_eq!((received.method.as_str(), received.target.as_str()), (method, target));
        assert_eq!(received.body, body);
        if method == "POST" {
            let header = |name: &str| received.headers[name].to_str().unwrap().to_owned();
            assert_eq!([header("x-seconds"), header("x-key")], ["1.5", "open sesame"]);
            assert_eq!(header("content-type"), "text/plain");
        }
        assert!(world.ports.queues.sent(Queue::Releases).is_empty(), "the device has its own timer");
    }
}

#[tokio::test]
async fn a_device_without_a_request_for_pulses_is_switched_off_by_camhook() {
    let server = TestServer::start(|_| Reply::status(204)).await.unwrap();
    let requests = "on = { path = \"/on\" }\noff = { path = \"/off\" }";
    let world = world(&server, requests, r#"action = "pulse", seconds = 5"#);
    assert_eq!(world.decide().await.0, "done");
    assert_eq!(server.received()[0].target, "/on");
    assert_eq!(world.ports.queues.sent(Queue::Releases).len(), 1);
}

#[tokio::test]
async fn a_success_is_defined_by_the_configuration() {
    let server = TestServer::start(|_| answer(r#"{"success": false}"#)).await.unwrap();
    let requests = "on = { path = \"/on\" }\nconfirmation = '\"success\": true'";
    let (decision, text) = world(&server, requests, r#"action = "on""#).decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("does not match `success`"), "{text}");
}

/// A board that switches at each request, and answers 404 to it.
fn board(is_on: Arc<AtomicBool>) -> impl Fn(&Received) -> Reply {
    move |request| {
        is_on.store(request.target == "/FF0101", Ordering::SeqCst);
        Reply::Answer { status: 404, headers: vec![], body: "<html><body>Not found</body></html>".into() }
    }
}

const BOARD: &str = "on = { path = \"/FF0101\" }\noff = { path = \"/FF0100\" }";

#[tokio::test]
async fn a_board_that_switches_and_answers_404_receives_one_command_and_is_released() {
    let is_on = Arc::new(AtomicBool::default());
    let server = TestServer::start(board(Arc::clone(&is_on))).await.unwrap();
    let world = world(&server, BOARD, r#"action = "pulse", seconds = 5"#);
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("add this answer to `success`"), "{text}");
    assert!(is_on.load(Ordering::SeqCst));
    for receive_count in 2..=5 {
        world.ports.clock.advance(Duration::from_secs(1));
        assert_eq!(world.deliver(receive_count).await, 0);
    }
    let release = record_of("r", world.ports.queues.take(Queue::Releases).remove(0).body, 1);
    world.ports.clock.advance(Duration::from_secs(1));
    assert_eq!(handle(&world.ports, &world.site, &world.client, &[release]).await.failed.len(), 1);
    assert!(!is_on.load(Ordering::SeqCst), "it is off, though nothing confirms it");
    let targets: Vec<String> = server.received().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/FF0101", "/FF0100"]);
}

#[tokio::test]
async fn a_board_whose_404_is_named_as_its_success_is_done_and_released() {
    let server = TestServer::start(board(Arc::default())).await.unwrap();
    let success = format!("{BOARD}\nsuccess = {{ status = [200, 404] }}");
    let world = world(&server, &success, r#"action = "pulse", seconds = 5"#);
    assert_eq!(world.decide().await.0, "done");
    let release = record_of("r", world.ports.queues.take(Queue::Releases).remove(0).body, 1);
    world.ports.clock.advance(Duration::from_secs(5));
    assert!(handle(&world.ports, &world.site, &world.client, &[release]).await.failed.is_empty());
    let decisions: Vec<_> = world.audit().iter().map(|record| record["decision"].clone()).collect();
    assert_eq!(decisions, ["done", "released"]);
}

#[tokio::test]
async fn success_and_refused_decide_and_any_other_answer_is_unknown() {
    let keys = r#"on = { path = "/on" }
success = { status = [200, 404], body = "switched" }
refused = { status = [409, 503], body = "locked" }"#;
    for (status, body, expected) in [
        (200, "switched", "done"),
        (404, "switched", "done"),
        (200, "ok", "unknown"),
        (202, "switched", "unknown"),
        (409, "locked", "failed"),
        (409, "busy", "unknown"),
        (503, "", "unknown"),
        (500, "locked", "unknown"),
    ] {
        let server = TestServer::start(move |_| Reply::Answer { status, headers: vec![], body: body.into() });
        let server = server.await.unwrap();
        let world = world(&server, keys, r#"action = "on""#);
        // A refusal is tried again as long as the event is young enough.
        let is_retried = world.deliver(1).await == 1;
        assert_eq!(is_retried, expected == "failed", "{status} {body}");
        if is_retried {
            world.ports.clock.advance(Duration::from_secs(31));
            assert_eq!(world.deliver(2).await, 0);
        }
        assert_eq!(world.audit()[0]["decision"], expected, "{status} {body}");
        assert_eq!(server.received().len(), 1, "{status} {body}");
    }
}

/// A page that is longer than what is read of an answer (1 KiB in these tests), with a word at its beginning.
fn long(word: &str) -> Reply {
    answer(&format!("{word}{}", " ".repeat(4096)))
}

#[tokio::test]
async fn a_long_or_broken_answer_is_judged_by_its_status_and_what_arrived() {
    let by_word =
        "on = { path = \"/on\" }\nsuccess = { body = \"switched\" }\nrefused = { body = \"locked\" }";
    let by_status = "on = { path = \"/on\" }";
    for (keys, reply, expected) in [
        (by_status, long("anything"), "done"),
        (by_status, half("anything"), "done"),
        (by_word, long("switched"), "done"),
        (by_word, half("switched"), "done"),
        (by_word, long("anything"), "unknown"),
        (by_word, half("anything"), "unknown"),
    ] {
        let sent = reply.clone();
        let server = TestServer::start(move |_| sent.clone()).await.unwrap();
        let (decision, text) = world(&server, keys, r#"action = "on""#).decide().await;
        assert_eq!(decision, expected, "{keys} {reply:?}: {text}");
        assert_eq!(server.received().len(), 1);
    }
    let server = TestServer::start(|_| long("locked")).await.unwrap();
    assert_eq!(world(&server, by_word, r#"action = "on""#).deliver(1).await, 1, "a refusal is tried again");
}

#[tokio::test]
async fn a_refusal_with_retry_after_is_retried_even_a_toggle() {
    let count = AtomicUsize::default();
    let server = TestServer::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::with_header(503, "retry-after", "7"),
        _ => answer("ok"),
    });
    let server = server.await.unwrap();
    let keys = "toggle = { path = \"/toggle\" }\nrefused = { status = 503 }";
    let world = world(&server, keys, r#"action = "toggle""#);
    assert_eq!(world.deliver(1).await, 1);
    assert_eq!(world.ports.queues.retried()[0].2, Duration::from_secs(7));
    world.ports.clock.advance(Duration::from_secs(7));
    assert_eq!(world.deliver(2).await, 0);
    assert_eq!(world.audit()[0]["decision"], "done");
}

#[tokio::test]
async fn every_kind_of_login_is_shown() {
    for (login, expected) in [
        (r#"bearer = "tk_gate""#, "Bearer tk_gate"),
        (r#"basic = { user = "a", password = "b" }"#, "Basic YTpi"),
        (r#"digest = { user = "a", password = "b" }"#, ""),
        ("", ""),
    ] {
        let server = TestServer::start(|_| answer("")).await.unwrap();
        let world = world(&server, &format!("on = {{ path = \"/on\" }}\n{login}"), r#"action = "on""#);
        assert_eq!(world.decide().await.0, "done");
        assert_eq!(authorization(&server.received()[0]), expected);
    }
}

#[tokio::test]
async fn an_invalid_template_sends_nothing() {
    let server = TestServer::start(|_| answer("")).await.unwrap();
    let world = world(&server, "toggle = { path = \"/{{ plate }}\" }", r#"action = "toggle""#);
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "failed");
    assert!(text.contains("the template of `path` is invalid"), "{text}");
    assert!(server.received().is_empty());
}
