//! What `tail` sees between two polls.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::time::Duration;

use camhook_event::EventId;
use camhook_operations::tail::{Happening, Tail};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, EventIndex, IndexItem, IndexKeys, IndexPorts, Position};
use camhook_state::decision::{self, ActionDecision, ActionOutcome, Decision, FirstWrite, NOTIFY};
use camhook_state::presence;
use jiff::Timestamp;
use serde_json::json;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

async fn index(ports: &MemoryPorts, number: &str) -> EventId {
    let id = EventId::of_sender_id("gate", number);
    let time = ports.clock.now();
    let position = Position { time, id: id.to_string() };
    let data = json!({
        "id": id.to_string(), "time": time.to_string(), "vendor": "viewtron", "source": "gate", "kind": "motion",
        "report": "detection", "received_at": time.to_string(), "pictures": 0, "rejected_pictures": 0,
    });
    let item = IndexItem { position, expires: Timestamp::MAX, data };
    let keys = IndexKeys { source: "gate".to_owned(), camera: None, area: None, plate: None };
    ports.index().put(item, &keys).await.unwrap();
    id
}

async fn decide(ports: &MemoryPorts, event: EventId, outcome: ActionOutcome) {
    let at = ports.clock.now();
    let action = ActionDecision { rule: "r".to_owned(), action: 0, at, attempt: 1, outcome };
    let decision = Decision { event_time: at, at, basis: None, actions: vec![action] };
    decision::record(&ports.state, event, NOTIFY, &decision, FirstWrite::Unlikely).await.unwrap();
}

fn names(happened: &[Happening]) -> Vec<&'static str> {
    let name = |happening: &Happening| match happening {
        Happening::Event(_) => "event",
        Happening::Refusal { .. } => "refusal",
        Happening::Decision { .. } => "decision",
    };
    happened.iter().map(name).collect()
}

#[tokio::test]
async fn each_event_refusal_and_outcome_is_seen_once_and_nothing_from_before_the_start() {
    let ports = MemoryPorts::new(NOW);
    let before = index(&ports, "1").await;
    presence::record_refusal(&ports.state, "door", NOW, "token").await.unwrap();
    let mut tail = Tail::default();
    assert!(tail.poll(&ports).await.unwrap().is_empty());
    decide(&ports, before, ActionOutcome::Quiet).await;
    assert!(tail.poll(&ports).await.unwrap().is_empty());

    ports.clock.advance(Duration::from_secs(2));
    let event = index(&ports, "2").await;
    presence::record_refusal(&ports.state, "door", ports.clock.now(), "basic").await.unwrap();
    decide(&ports, event, ActionOutcome::Waiting).await;
    assert_eq!(names(&tail.poll(&ports).await.unwrap()), ["event", "refusal", "decision"]);
    assert!(tail.poll(&ports).await.unwrap().is_empty());

    decide(&ports, event, ActionOutcome::Delivered { caveat: None }).await;
    let happened = tail.poll(&ports).await.unwrap();
    let [Happening::Decision { event: of, part, action }] = &happened[..] else { panic!("{happened:?}") };
    assert_eq!((*of, part.as_str()), (event, NOTIFY));
    assert_eq!(action.outcome, ActionOutcome::Delivered { caveat: None });
}

#[tokio::test]
async fn what_happened_while_the_table_failed_is_seen_afterwards() {
    let ports = MemoryPorts::new(NOW);
    let mut tail = Tail::default();
    tail.poll(&ports).await.unwrap();
    index(&ports, "1").await;
    ports.state.fail("presence");
    assert!(tail.poll(&ports).await.is_err());
    ports.state.heal();
    assert_eq!(names(&tail.poll(&ports).await.unwrap()), ["event"]);
}
