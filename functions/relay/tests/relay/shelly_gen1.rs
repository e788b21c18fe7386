//! A simulated Shelly of the first generation, with restricted login.

use camhook_outbound::test_server::{Received, Reply, TestServer};

use crate::world::{World, answer, authorization};

/// `admin:open sesame`.
const AUTHORIZATION: &str = "Basic YWRtaW46b3BlbiBzZXNhbWU=";

fn shelly(request: &Received) -> Reply {
    if authorization(request) != AUTHORIZATION {
        return Reply::with_header(401, "www-authenticate", "Basic realm=\"shelly1-camhook\"");
    }
    let is_on = request.target.contains("turn=on") || request.target.contains("turn=toggle");
    let (path, _) = request.target.split_once('?').unwrap();
    match path {
        "/relay/0" | "/light/1" => answer(&format!(
            r#"{{"ison":{is_on},"has_timer":false,"timer_started":0,"timer_duration":0,"timer_remaining":0,"source":"http"}}"#
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
async fn a_device_that_stays_off_is_unknown() {
    let server = TestServer::start(|_| answer(r#"{"ison":false,"overpower":true}"#)).await.unwrap();
    let world = world(&server, "open sesame", "", r#"action = "pulse", seconds = 5"#).await;
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "unknown");
    assert!(text.contains("overpower"), "{text}");
}
