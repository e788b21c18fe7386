//! Faults of the devices of every driver: no answer, half an answer, a late one, or another one.

use std::time::Duration;

use camhook_outbound::test_server::{Reply, TestServer};
use camhook_ports::Queue;
use camhook_relay::handle;

use crate::support::record_of;
use crate::world::{PULSE, World, half};

/// Every driver as far as the device behind it is concerned; `{url}` is its address.
const DRIVERS: &[&str] = &[
    "driver = \"shelly-gen1\"\nurl = \"{url}\"",
    "driver = \"shelly-gen2\"\nurl = \"{url}\"",
    "driver = \"shelly-cloud\"\nserver = \"{url}\"\ndevice = \"b48a0a1cd978\"\nkey = \"secret\"",
    "driver = \"webrelay\"\nurl = \"{url}\"",
    "driver = \"2n\"\nurl = \"{url}\"\nmode = \"bistable\"",
    "driver = \"viewtron\"\nurl = \"{url}\"",
    "driver = \"http\"\nurl = \"{url}\"\non = { path = \"/on\" }\noff = { path = \"/off\" }",
];

async fn each(reply: Reply, check: impl AsyncFn(&str, &TestServer, World)) {
    for driver in DRIVERS {
        let answer = reply.clone();
        let server = TestServer::start(move |_| answer.clone()).await.unwrap();
        let url = server.url("/").unwrap();
        check(driver, &server, World::of(&driver.replace("{url}", url.as_str()), PULSE)).await;
    }
}

#[tokio::test]
async fn silence_half_an_answer_and_a_closed_connection_are_unknown_and_never_retried() {
    let login_page =
        Reply::Answer { status: 302, headers: vec![("location", "/login".to_owned())], body: "".into() };
    for reply in [Reply::Silence, Reply::Close, half("{\"ison\":true}"), login_page] {
        Box::pin(each(reply.clone(), async |driver, server, world| {
            // The status of half an answer is known, and is all that this driver is configured to look at.
            if driver.contains("\"http\"") && matches!(reply, Reply::Bare(_)) {
                return;
            }
            assert_eq!(world.decide().await.0, "unknown", "{driver} {reply:?}");
            world.ports.clock.advance(Duration::from_secs(2));
            assert_eq!(world.deliver(2).await, 0);
            assert_eq!(server.received().len(), 1, "{driver} {reply:?}: one request");
            assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1, "{driver}: people are alerted");
        }))
        .await;
    }
}

/// The login of each driver's device, where it documents one.
fn challenge(driver: &str) -> &'static str {
    if driver.contains("shelly-gen2") || driver.contains("\"http\"") {
        return "Digest realm=\"device\", nonce=\"1\", qop=\"auth\", algorithm=SHA-256";
    }
    "Basic realm=\"device\""
}

#[tokio::test]
async fn a_status_of_400_or_more_proves_nothing_and_is_never_retried() {
    for status in [400, 401, 403, 404, 409, 500, 502, 503, 504] {
        Box::pin(each(Reply::status(status), async |driver, server, world| {
            // The cloud of Shelly documents that its status 401 is a refusal.
            if driver.contains("shelly-cloud") && status == 401 {
                return;
            }
            let (decision, text) = world.decide().await;
            assert_eq!(decision, "unknown", "{driver} {status}");
            assert!(text.contains(&format!("status {status}")), "{driver}: {text}");
            world.ports.clock.advance(Duration::from_secs(2));
            assert_eq!(world.deliver(2).await, 0);
            assert_eq!(server.received().len(), 1, "{driver} {status}: one request");
            assert_eq!(
                world.ports.queues.sent(Queue::Alerts).len(),
                1,
                "{driver} {status}: people are alerted"
            );
        }))
        .await;
    }
}

#[tokio::test]
async fn a_device_without_a_timer_is_released_whatever_it_answers() {
    for status in [404, 500, 504] {
        Box::pin(each(Reply::status(status), async |driver, server, world| {
            let has_timer = !["2n", "viewtron", "\"http\""].iter().any(|name| driver.contains(name));
            if has_timer {
                return;
            }
            assert_eq!(world.decide().await.0, "unknown", "{driver} {status}");
            let release = world.ports.queues.take(Queue::Releases).remove(0);
            world.ports.clock.advance(Duration::from_secs(5));
            let release = record_of("release", release.body, 1);
            let outcome = handle(&world.ports, &world.site, &world.client, &[release]).await;
            assert_eq!(outcome.failed.len(), 1, "{driver} {status}: it is not confirmed");
            assert_eq!(server.received().len(), 2, "{driver} {status}: on, and off");
        }))
        .await;
    }
}

#[tokio::test]
async fn a_documented_login_is_no_execution_and_is_retried() {
    for driver in DRIVERS {
        if driver.contains("shelly-cloud") {
            continue;
        }
        let asked = challenge(driver);
        let server =
            TestServer::start(move |_| Reply::with_header(401, "www-authenticate", asked)).await.unwrap();
        let world = World::of(&driver.replace("{url}", server.url("/").unwrap().as_str()), PULSE);
        assert_eq!(world.deliver(1).await, 1, "{driver}");
        assert!(world.audit().is_empty(), "{driver}");
    }
}
