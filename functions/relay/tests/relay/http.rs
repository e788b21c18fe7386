//! Devices that take HTTP requests as camhook.toml words them.

use camhook_outbound::test_server::{Reply, TestServer};
use camhook_ports::Queue;

use crate::world::{World, answer, authorization};

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
async fn each_action_is_the_request_that_the_configuration_words() {
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
        assert!(world.ports.queues.sent(Queue::Relay).is_empty(), "the device has its own timer");
    }
}

#[tokio::test]
async fn a_device_without_a_request_for_pulses_is_switched_off_by_camhook() {
    let server = TestServer::start(|_| Reply::status(204)).await.unwrap();
    let requests = "on = { path = \"/on\" }\noff = { path = \"/off\" }";
    let world = world(&server, requests, r#"action = "pulse", seconds = 5"#);
    assert_eq!(world.decide().await.0, "done");
    assert_eq!(server.received()[0].target, "/on");
    assert_eq!(world.ports.queues.sent(Queue::Relay).len(), 1);
}

#[tokio::test]
async fn a_success_is_what_the_configuration_waits_for() {
    let server = TestServer::start(|_| answer(r#"{"success": false}"#)).await.unwrap();
    let requests = "on = { path = \"/on\" }\nconfirmation = '\"success\": true'";
    let (decision, text) = world(&server, requests, r#"action = "on""#).decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("lacks"), "{text}");
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
async fn a_template_that_cannot_be_used_sends_nothing() {
    let server = TestServer::start(|_| answer("")).await.unwrap();
    let world = world(&server, "toggle = { path = \"/{{ plate }}\" }", r#"action = "toggle""#);
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "failed");
    assert!(text.contains("the template of `path` cannot be used"), "{text}");
    assert!(server.received().is_empty());
}
