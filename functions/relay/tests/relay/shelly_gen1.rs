//! A simulated Shelly of the first generation, with restricted login.

use std::time::Duration;

use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_ports::Queue;
use camhook_relay::handle;

use crate::support::record_of;
use crate::world::{World, answer, authorization};

/// `admin:open sesame`.
const AUTHORIZATION: &str = "Basic YWRtaW46b3BlbiBzZXNhbWU=";

fn shelly(request: &Received) -> Reply {
    if authorization(request) != AUTHORIZATION {
        return Reply::with_header(401, "www-authenticate", "Basic realm=\"shelly1-camhook\"");
    }
    let is_on = request.target.contains("turn=on") || request.target.contains("turn=toggle");
    let has_timer = request.target.contains("timer=");
    let (path, _) = request.target.split_once('?').unwrap();
    match path {
        "/relay/0" | "/light/1" => answer(&format!(
            r#"{{"ison":{is_on},"has_timer":{has_timer},"timer_started":0,"timer_duration":0,"timer_remaining":0,"source":"http"}}"#
        )),
        _ => Reply::status(404),
    }
}

async fn world(server: &TestServer, password: &str, more: &str, action: &str) -> World {
    let url = server.url("/").unwrap();
    let keys = format!(
        "driver = \"shelly-gen1\"\nurl = \"{url}\"\nbasic = {{ user = \"admin\", password = \"{password}\" }}\n{more}"
    );
    World::of(&keys, action)
}

#[tokio::test]
async fn each_action_is_the_devices_own_call() {
    let light = "output = \"light\"\nchannel = 1\nbrightness = 60";
    for (more, action, target) in [
        ("", r#"action = "on""#, "/relay/0?turn=on"),
        ("", r#"action = "off""#, "/relay/0?turn=off"),
        ("", r#"action = "toggle""#, "/relay/0?turn=toggle"),
        ("", r#"action = "pulse", seconds = 5"#, "/relay/0?turn=on&timer=5"),
        (light, r#"action = "hold", seconds = 90"#, "/light/1?turn=on&brightness=60&timer=90"),
    ] {
        let server = TestServer::start(shelly).await.unwrap();
        let world = world(&server, "open sesame", more, action).await;
        let (decision, text) = world.decide().await;
        assert_eq!(decision, "done", "{action}: {text}");
        assert!(text.contains("\"ison\""), "{text}");
        let targets: Vec<String> = server.received().into_iter().map(|request| request.target).collect();
        assert_eq!(targets, [target], "asked once, with the password");
    }
}

#[tokio::test]
async fn a_wrong_password_has_no_effect_and_is_not_shown() {
    let server = TestServer::start(shelly).await.unwrap();
    let world = world(&server, "not the password", "", r#"action = "toggle""#).await;
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "failed");
    assert!(text.contains("status 401") && !text.contains("not the password"), "{text}");
}

#[tokio::test]
async fn a_device_that_ignores_the_timer_is_unknown_and_switched_off_by_camhook() {
    let server = TestServer::start(|request| {
        let is_on = request.target.contains("turn=on");
        answer(&format!(r#"{{"ison":{is_on},"has_timer":false}}"#))
    });
    let server = server.await.unwrap();
    let world = world(&server, "open sesame", "", r#"action = "pulse", seconds = 5"#).await;
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("camhook switches it off"), "{text}");
    let release = record_of("release", world.ports.queues.take(Queue::Releases).remove(0).body, 1);
    world.ports.clock.advance(Duration::from_secs(5));
    assert!(handle(&world.ports, &world.site, &world.client, &[release]).await.failed.is_empty());
    let targets: Vec<String> = server.received().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/relay/0?turn=on&timer=5", "/relay/0?turn=off"]);
}

#[tokio::test]
async fn a_device_that_stays_off_is_unknown() {
    let server = TestServer::start(|_| answer(r#"{"ison":false,"overpower":true}"#)).await.unwrap();
    let world = world(&server, "open sesame", "", r#"action = "pulse", seconds = 5"#).await;
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("overpower"), "{text}");
}
