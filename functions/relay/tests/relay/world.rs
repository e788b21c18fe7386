//! The function with one relay on the loopback interface and one rule that switches it.

use std::time::Duration;

use camhook_event::Kind;
use camhook_outbound::test_server::{Received, Reply};
use camhook_outbound::{Client, Limits, Stack};
use camhook_ports::memory::MemoryPorts;
use camhook_relay::handle;
use camhook_site::Site;
use serde_json::Value;

use crate::support::{NOW, event, record, rule, site};

/// What most tests ask for.
pub(crate) const PULSE: &str = r#"action = "pulse", seconds = 5"#;

fn client() -> Client {
    // Shorter than in the function, so that silence does not make a test long.
    let limits =
        Limits { connect: Duration::from_millis(500), total: Duration::from_millis(500), answer: 1024 };
    Client::new(Stack::Local, limits)
}

pub(crate) struct World {
    pub(crate) ports: MemoryPorts,
    pub(crate) site: Site,
    pub(crate) client: Client,
}

impl World {
    /// With a relay of these keys, and a rule that executes this action on motion.
    pub(crate) fn of(keys: &str, action: &str) -> Self {
        let relay = format!("\n[[relay]]\nid = \"gate\"\nnetwork = \"loopback\"\n{keys}\n");
        let then = format!("{{ relay = \"gate\", {action} }}");
        let site = site(&[relay, rule("open", r#"{ kind = "motion" }"#, &then, "")]);
        Self { ports: MemoryPorts::new(NOW), site, client: client() }
    }

    /// Delivers one event, and another time later; how many of the deliveries have to come again.
    pub(crate) async fn deliver(&self, receive_count: u32) -> usize {
        let event = event(1, Kind::Motion, NOW);
        handle(&self.ports, &self.site, &self.client, &[record(&event, receive_count)]).await.failed.len()
    }

    pub(crate) fn audit(&self) -> Vec<Value> {
        let keys = self.ports.objects.keys();
        let objects = keys.iter().map(|key| self.ports.objects.object(key).unwrap());
        objects.map(|object| serde_json::from_slice(&object.bytes).unwrap()).collect()
    }

    /// Delivers once, to a device that gets no second delivery: the decision, and why.
    pub(crate) async fn decide(&self) -> (String, String) {
        assert_eq!(self.deliver(1).await, 0, "the delivery has to come again");
        let audit = self.audit();
        let text = |key: &str| audit[0][key].as_str().unwrap().to_owned();
        (text("decision"), text("text"))
    }
}

/// An answer of 200 with a body.
pub(crate) fn answer(body: &str) -> Reply {
    Reply::Answer { status: 200, headers: vec![], body: body.to_owned().into_bytes().into() }
}

/// Bytes that are the beginning of an answer, and no more comes.
pub(crate) fn half(body: &str) -> Reply {
    Reply::Bare(
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 10).into_bytes().into(),
    )
}

/// The credentials of Basic that a request shows.
pub(crate) fn authorization(request: &Received) -> &str {
    request.headers.get("authorization").map_or("", |value| value.to_str().unwrap())
}
