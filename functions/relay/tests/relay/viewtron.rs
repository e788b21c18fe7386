//! A simulated Viewtron camera: a level, which somebody has to take back.

use std::time::Duration;

use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_ports::{Queue, QueueRecord};
use camhook_relay::handle;

use crate::support::record_of;
use crate::world::{World, answer, authorization};

fn camera(request: &Received) -> Reply {
    // `admin:open sesame`
    if authorization(request) != "Basic YWRtaW46b3BlbiBzZXNhbWU=" {
        return Reply::with_header(401, "www-authenticate", "Basic realm=\"camera\"");
    }
    let body = std::str::from_utf8(&request.body).unwrap();
    let is_read = request.method == "POST"
        && request.target == "/ManualAlarmOut"
        && request.headers["content-type"] == "application/xml"
        && body.starts_with("<?xml")
        && (body.contains("<status>true</status>") || body.contains("<status>false</status>"));
    if is_read {
        return answer("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config status=\"success\"/>");
    }
    answer(
        "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<config status=\"failed\" errorCode=\"1\" errorDesc=\"Invalid Request\"/>",
    )
}

fn world(server: &TestServer, more: &str, action: &str) -> World {
    let url = server.url("/").unwrap();
    let keys = format!(
        "driver = \"viewtron\"\nurl = \"{url}\"\nbasic = {{ user = \"admin\", password = \"open sesame\" }}\n{more}"
    );
    World::of(&keys, action)
}

/// The levels that the device was set to, in their order.
fn levels(server: &TestServer) -> Vec<bool> {
    let bodies = server.received().into_iter().map(|request| request.body);
    bodies.map(|body| String::from_utf8_lossy(&body).contains("<status>true</status>")).collect()
}

/// The release that the queue holds, as it delivers it.
fn release(world: &World) -> QueueRecord {
    let sent = world.ports.queues.take(Queue::Releases);
    assert_eq!(sent.len(), 1);
    record_of("release", sent[0].body.clone(), 1)
}

#[tokio::test]
async fn a_pulse_is_on_and_then_off_by_the_release_that_the_queue_held() {
    let server = TestServer::start(camera).await.unwrap();
    let world = world(&server, "", r#"action = "pulse", seconds = 5"#);
    assert_eq!(world.decide().await.0, "done");
    assert_eq!(levels(&server), [true]);
    let release = release(&world);
    world.ports.clock.advance(Duration::from_secs(6));
    assert!(handle(&world.ports, &world.site, &world.client, &[release]).await.failed.is_empty());
    assert_eq!(levels(&server), [true, false]);
    let decisions: Vec<_> = world.audit().iter().map(|record| record["decision"].clone()).collect();
    assert_eq!(decisions, ["done", "released"]);
}

#[tokio::test]
async fn a_release_that_the_device_does_not_confirm_is_retried() {
    let server = TestServer::start(move |request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if body.contains("false") { answer("<config/>") } else { camera(request) }
    });
    let server = server.await.unwrap();
    let world = world(&server, "", r#"action = "pulse", seconds = 5"#);
    world.decide().await;
    let release = release(&world);
    world.ports.clock.advance(Duration::from_secs(6));
    assert_eq!(handle(&world.ports, &world.site, &world.client, &[release]).await.failed.len(), 1);
    let retried = world.ports.queues.retried();
    assert_eq!((retried[0].0, retried[0].2), (Queue::Releases, Duration::from_secs(10)));
}

#[tokio::test]
async fn a_refusal_under_a_status_of_200_had_no_effect() {
    let server = TestServer::start(camera).await.unwrap();
    let world = world(&server, "channel = 3", r#"action = "on""#);
    assert_eq!(world.deliver(1).await, 1, "refused: it may be tried again");
    world.ports.clock.advance(Duration::from_secs(31));
    assert_eq!(world.deliver(2).await, 0);
    let audit = world.audit();
    assert_eq!(audit[0]["decision"], "failed");
    assert!(audit[0]["text"].as_str().unwrap().contains("Invalid Request"), "{audit:?}");
}
