//! A simulated 2N intercom: MD5 Digest, Basic, and errors with a status of 200.

use camhook_outbound::test_server::{Received, Reply, TestServer};

use crate::world::{World, answer, authorization};

fn ctrl(request: &Received) -> Reply {
    match request.target.as_str() {
        "/api/switch/ctrl?switch=1&action=on"
        | "/api/switch/ctrl?switch=1&action=off"
        | "/api/switch/ctrl?switch=1&action=trigger" => answer(r#"{"success": true}"#),
        _ => answer(
            r#"{"success": false, "error": {"code": 12, "param": "switch", "description": "invalid parameter value"}}"#,
        ),
    }
}

/// Asks for Digest with MD5 as RFC 2617 has it; what the answer to it is worth, `camhook-outbound` tests.
fn with_digest(request: &Received) -> Reply {
    if authorization(request).starts_with("Digest username=\"camhook\"") {
        return ctrl(request);
    }
    let challenge = r#"Digest realm="HTTP API", qop="auth", nonce="5d0a", opaque="6e1b", algorithm="MD5""#;
    Reply::with_header(401, "www-authenticate", challenge)
}

fn with_basic(request: &Received) -> Reply {
    // `camhook:open sesame`
    if authorization(request) == "Basic Y2FtaG9vazpvcGVuIHNlc2FtZQ==" {
        return ctrl(request);
    }
    answer(r#"{"success": false, "error": {"code": 9, "description": "authorization required"}}"#)
}

fn world(server: &TestServer, more: &str, action: &str) -> World {
    let url = server.url("/").unwrap();
    World::of(&format!("driver = \"2n\"\nurl = \"{url}\"\n{more}"), action)
}

const BISTABLE: &str = "mode = \"bistable\"";
const MONOSTABLE: &str = "mode = \"monostable\"\nlength = \"5s\"";

#[tokio::test]
async fn each_action_is_the_devices_own_call() {
    for (mode, action, asked) in [
        (BISTABLE, r#"action = "on""#, "on"),
        (BISTABLE, r#"action = "off""#, "off"),
        (BISTABLE, r#"action = "toggle""#, "trigger"),
        (BISTABLE, r#"action = "pulse", seconds = 5"#, "on"),
        (MONOSTABLE, r#"action = "pulse", seconds = 5"#, "on"),
        (MONOSTABLE, r#"action = "off""#, "off"),
    ] {
        let server = TestServer::start(ctrl).await.unwrap();
        let (decision, text) = world(&server, mode, action).decide().await;
        assert_eq!((decision.as_str(), text.contains("\"success\": true")), ("done", true), "{text}");
        assert!(server.received()[0].target.ends_with(&format!("switch=1&action={asked}")), "{action}");
    }
}

#[tokio::test]
async fn only_a_bistable_switch_needs_a_release() {
    for (mode, releases) in [(BISTABLE, 1), (MONOSTABLE, 0)] {
        let server = TestServer::start(ctrl).await.unwrap();
        let world = world(&server, mode, r#"action = "pulse", seconds = 5"#);
        world.decide().await;
        assert_eq!(world.ports.queues.sent(camhook_ports::Queue::Releases).len(), releases, "{mode}");
    }
}

#[tokio::test]
async fn the_login_of_the_service_is_used() {
    let login = |kind| format!("{kind} = {{ user = \"camhook\", password = \"open sesame\" }}\n{BISTABLE}");
    let server = TestServer::start(with_digest).await.unwrap();
    assert_eq!(world(&server, &login("digest"), r#"action = "on""#).decide().await.0, "done");
    assert_eq!(server.received().len(), 2, "the question and the answer to the challenge");
    assert_eq!(authorization(&server.received()[0]), "", "no password before it is asked for");

    let server = TestServer::start(with_basic).await.unwrap();
    assert_eq!(world(&server, &login("basic"), r#"action = "on""#).decide().await.0, "done");
}

#[tokio::test]
async fn an_error_under_a_status_of_200_had_no_effect_and_says_what_to_do() {
    let server = TestServer::start(with_basic).await.unwrap();
    let (decision, text) = world(&server, BISTABLE, r#"action = "toggle""#).decide().await;
    assert_eq!(decision, "failed");
    assert!(text.contains("error 9, the service requires a user: add `basic` or `digest`"), "{text}");

    let server = TestServer::start(ctrl).await.unwrap();
    let world = world(&server, &format!("switch = 9\n{BISTABLE}"), r#"action = "on""#);
    assert_eq!(world.deliver(1).await, 1, "refused: it may be tried again");
}

#[tokio::test]
async fn an_intercom_that_redirects_to_https_says_so() {
    let server = TestServer::start(|_| Reply::with_header(301, "location", "https://192.168.85.20/api"))
        .await
        .unwrap();
    let (decision, text) = world(&server, BISTABLE, r#"action = "on""#).decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("use https in `url`"), "{text}");
}
