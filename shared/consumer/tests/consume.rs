//! Batches on the ports in memory.

use std::sync::Mutex;
use std::time::Duration;

use camhook_consumer::{Backoff, BatchOutcome, Concurrency, Disposition, Policy, Retry, consume, process};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Queue, QueueRecord};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::{dead_letter, retry};
use jiff::Timestamp;

const POLICY: Policy = Policy {
    queue: Queue::Relay,
    max_receive_count: 4,
    backoff: Backoff::exponential(Duration::from_secs(2), 2, Duration::from_secs(16)),
    retries: "RelayRetries",
    concurrency: Concurrency::Parallel,
};

fn ports() -> MemoryPorts {
    MemoryPorts::new(Timestamp::constant(1_800_000_000, 0))
}

fn record(id: &str, receive_count: u32) -> QueueRecord {
    QueueRecord {
        message_id: id.to_owned(),
        receipt_handle: format!("receipt of {id}"),
        body: id.to_owned(),
        receive_count,
        replay: None,
    }
}

fn seconds(delays: &[(Queue, String, Duration)]) -> Vec<(&str, u64)> {
    delays.iter().map(|(_, receipt, delay)| (receipt.as_str(), delay.as_secs())).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("the table is away")]
struct TableError;

/// Does what the body of the message says.
#[expect(clippy::panic, reason = "a message that makes its processing panic is what is tested")]
async fn obey(record: &QueueRecord) -> Result<(), Retry> {
    match record.body.as_str() {
        "error" => Err(TableError)?,
        "panic" => std::panic::panic_any("plate B-AN 4711".to_owned()),
        "wait" => Err(Retry::waiting("pause").after(Duration::from_secs(7))),
        "soon" => Err(Retry::waiting("foreign").exactly_after(Duration::from_secs(1))),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn one_message_that_fails_or_panics_costs_no_other_its_delivery() {
    let ports = ports();
    let records = ["good", "error", "panic", "wait", "soon", "fine"].map(|id| record(id, 2));
    let outcome = consume(&ports, &POLICY, &records, obey).await;
    assert_eq!(
        outcome,
        BatchOutcome { failed: ["error", "panic", "wait", "soon"].map(str::to_owned).to_vec() }
    );
    assert_eq!(
        seconds(&ports.queues.retried()),
        [("receipt of error", 4), ("receipt of panic", 4), ("receipt of wait", 7), ("receipt of soon", 1)]
    );
    for reason in ["error", "panic", "pause", "foreign"] {
        assert_eq!(ports.metrics.counted_with("RelayRetries", reason), 1, "{reason}");
    }
    assert_eq!(dead_letter::find(&ports.state, Queue::Relay, "error").await.unwrap(), None);
}

#[tokio::test]
async fn the_last_delivery_records_why_a_message_is_dead_lettered() {
    let ports = ports();
    let records = ["error", "panic", "wait"].map(|id| record(id, 4));
    let outcome = consume(&ports, &POLICY, &records, obey).await;
    assert_eq!(outcome.failed.len(), 3);
    let reasons =
        async |id| dead_letter::find(&ports.state, Queue::Relay, id).await.unwrap().unwrap().reasons;
    assert_eq!(reasons("error").await, ["the table is away"]);
    assert_eq!(reasons("panic").await, ["processing the message panicked"], "not what the panic says");
    assert_eq!(reasons("wait").await, ["still waiting: pause"]);
}

#[tokio::test]
async fn a_table_and_a_queue_that_fail_cost_no_redelivery() {
    let ports = ports();
    ports.state.fail("dead#");
    ports.queues.fail(Queue::Relay);
    let outcome = consume(&ports, &POLICY, &[record("error", 4)], obey).await;
    assert_eq!(outcome.failed, ["error"]);
}

#[tokio::test]
async fn a_policy_without_backoff_leaves_the_delay_to_the_queue() {
    let ports = ports();
    let policy = Policy { backoff: Backoff::VisibilityTimeout, ..POLICY };
    let outcome = consume(&ports, &policy, &[record("error", 1), record("wait", 1)], obey).await;
    assert_eq!(outcome.failed, ["error", "wait"]);
    assert_eq!(seconds(&ports.queues.retried()), [("receipt of wait", 7)], "what is asked for is granted");
}

#[tokio::test]
async fn messages_overlap_unless_the_policy_says_one_after_the_other() {
    for (concurrency, expected) in [
        (Concurrency::Parallel, ["a begins", "b begins", "a ends", "b ends"]),
        (Concurrency::Sequential, ["a begins", "a ends", "b begins", "b ends"]),
    ] {
        let steps = Mutex::new(Vec::new());
        let note = |record: &QueueRecord, step: &str| {
            steps.lock().unwrap().push(format!("{} {step}", record.body));
        };
        let policy = Policy { concurrency, ..POLICY };
        let outcome = consume(&ports(), &policy, &[record("a", 1), record("b", 1)], async |record| {
            note(record, "begins");
            tokio::task::yield_now().await;
            note(record, "ends");
            Ok(())
        })
        .await;
        assert_eq!(outcome, BatchOutcome::default());
        assert_eq!(*steps.lock().unwrap(), expected);
    }
}

#[tokio::test]
async fn a_single_message_is_processed_by_the_same_rules() {
    let ports = ports();
    let (good, bad) = (record("good", 1), record("error", 1));
    assert_eq!(process(&ports, &POLICY, &good, obey(&good)).await, Disposition::Delete);
    assert_eq!(process(&ports, &POLICY, &bad, obey(&bad)).await, Disposition::Redeliver);
    assert_eq!(seconds(&ports.queues.retried()), [("receipt of error", 2)]);
}

#[tokio::test]
async fn a_failing_message_is_listed_with_its_next_attempt_and_alerts_at_the_last_one() {
    let ports = ports();
    let now = Timestamp::constant(1_800_000_000, 0);
    let listed = async || retry::all(&ports.state, Queue::Relay, now).await.unwrap();
    for (count, delay) in [(1, 2), (2, 4), (3, 8)] {
        consume(&ports, &POLICY, &[record("error", count)], obey).await.failed.clear();
        let listed = listed().await;
        assert_eq!(listed.len(), 1);
        let (id, failure) = &listed[0];
        assert_eq!((id.as_str(), failure.attempt), ("error", count));
        assert_eq!(failure.next_at, now.checked_add(Duration::from_secs(delay)).ok());
        assert_eq!(failure.reasons, ["the table is away"]);
        assert!(ports.queues.sent(Queue::Alerts).is_empty(), "delivery {count}");
    }
    consume(&ports, &POLICY, &[record("error", 4), record("panic", 4)], obey).await.failed.clear();
    assert!(listed().await.is_empty(), "a dead letter is not retried");
    let alerts = ports.queues.take(Queue::Alerts);
    assert_eq!(alerts.len(), 2);
    assert!(alerts[0].body.contains("failed 4 times") && alerts[0].body.contains("the table is away"));

    // One that succeeds later is not listed any more.
    consume(&ports, &POLICY, &[record("error", 1)], obey).await.failed.clear();
    let recovered = QueueRecord { body: "good".to_owned(), ..record("error", 2) };
    assert_eq!(consume(&ports, &POLICY, &[recovered], obey).await, BatchOutcome::default());
    assert!(listed().await.is_empty());
}

#[tokio::test]
async fn a_dead_letter_alerts_by_what_it_is_and_not_by_its_queue() {
    let policy = Policy { queue: Queue::Alerts, ..POLICY };
    let now = Timestamp::constant(1_800_000_000, 0);
    let alert = Alert::new(AlertSubject::Configuration, "line 3 is wrong".to_owned(), now);
    let group = r#"{"type":"camhook.flush.v1"}"#.to_owned();
    for (body, alerts) in [(alert.message().unwrap().body, 0), (group, 1)] {
        let ports = ports();
        let record = QueueRecord { body, ..record("one", 4) };
        let failing = async { Err(Retry::failed("refused", "the channel family: 503")) };
        assert_eq!(process(&ports, &policy, &record, failing).await, Disposition::Redeliver);
        assert_eq!(ports.queues.sent(Queue::Alerts).len(), alerts);
    }
}
