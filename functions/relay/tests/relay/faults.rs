//! What no device may do to a relay of any driver: say nothing, half of it, too late, or something else.

use std::time::Duration;

use camhook_outbound::test_server::{Reply, TestServer};
use camhook_ports::Queue;

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
async fn silence_half_an_answer_and_a_closed_connection_are_unknown_and_never_tried_again() {
    let login_page =
        Reply::Answer { status: 302, headers: vec![("location", "/login".to_owned())], body: "".into() };
    for reply in [Reply::Silence, Reply::Close, half("{\"ison\":true}"), login_page] {
        each(reply.clone(), async |driver, server, world| {
            assert_eq!(world.decide().await.0, "unknown", "{driver} {reply:?}");
            world.ports.clock.advance(Duration::from_secs(2));
            assert_eq!(world.deliver(2).await, 0);
            assert_eq!(server.received().len(), 1, "{driver} {reply:?}: asked once");
            assert_eq!(world.ports.queues.sent(Queue::Notify).len(), 1, "{driver}: people are told");
        })
        .await;
    }
}

#[tokio::test]
async fn a_status_of_400_or_more_had_no_effect_and_is_tried_again() {
    for status in [400, 401, 404, 500, 503] {
        each(Reply::status(status), async |driver, server, world| {
            assert_eq!(world.deliver(1).await, 1, "{driver} {status}");
            assert_eq!(server.received().len(), 1, "{driver} {status}");
            assert!(world.audit().is_empty());
        })
        .await;
    }
}
