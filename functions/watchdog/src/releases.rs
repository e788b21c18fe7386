//! Restores lost releases.
//!
//! A relay without a timer is switched off by a message that its queue holds before it is switched on, and that comes
//! again until the device confirms. Should it get lost all the same (a queue that was purged, a dead letter that was
//! dropped, the 14 days for which SQS keeps a message), the relay would stay on for ever. Its item says since when it
//! should be off, when that was last tried, and when it is tried next.
//!
//! Reports relays that may still be on. The age of their messages shows nothing: SQS leaves a message that was received
//! three times out of the age of a queue, and a release is received again after seconds.

use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue, QueueError};
use camhook_site::{DeviceTimer, Relay, Site, Via};
use camhook_state::Error as StateError;
use camhook_state::relay::{self, EndedBy, RelayRecord};
use camhook_state::release::{ReleaseMessage, neglected_since, next_generation, queued_again};
use jiff::Timestamp;

/// A release that was due for this long without an attempt is lost.
const MISSED_AFTER: Duration = Duration::from_secs(60);

/// The same for a relay on site, whose agent may be offline: the messages then wait in the queue.
const MISSED_AFTER_ON_SITE: Duration = Duration::from_secs(900);

/// How many relays should be off, and were not confirmed to be: once a tick each.
pub const RELEASES_UNCONFIRMED: &str = "ReleasesUnconfirmed";

/// A release that is due for this long without a confirmation is reported. It has been tried five times by then, unless
/// nobody tries: its agent is offline, or the function does not run.
const UNCONFIRMED_AFTER: Duration = Duration::from_secs(300);

/// Why a release could not be restored.
#[derive(Debug, thiserror::Error)]
enum ReleaseError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("failed to write the release as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
}

/// The result of checking a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checked {
    /// It is off, or its release is in progress.
    AllRight,
    /// Its release is in the queue again.
    Restored,
}

/// Sends the release again of every relay that a release has to switch off, that should be off, and that has no release
/// under way.
pub async fn restore_releases<P: Ports>(ports: &P, site: &Site) {
    for relay in site.relays() {
        let id = relay.id.as_str();
        match look(ports, relay).await {
            Ok(Checked::AllRight) => {}
            Ok(Checked::Restored) => {
                tracing::warn!(relay = id, "restored the release of a relay that should be off");
                ports.metrics().count("ReleasesRestored", [("Relay", id)]);
            }
            Err(error) => {
                tracing::error!(relay = id, %error, "failed to check whether the relay should be off");
                ports.metrics().count("ReleasesFailed", [("Relay", id)]);
            }
        }
    }
}

async fn look<P: Ports>(ports: &P, relay: &Relay) -> Result<Checked, ReleaseError> {
    let (id, now) = (relay.id.as_str(), ports.clock().now());
    let (queue, missed_after) = match relay.via {
        Via::Cloud => (Queue::Releases, MISSED_AFTER),
        Via::Agent => (Queue::ReleasesLan, MISSED_AFTER_ON_SITE),
    };
    let state = relay::read(ports.state(), id).await?;
    let by_driver = match relay.driver.timer() {
        DeviceTimer::Own => EndedBy::Timer,
        DeviceTimer::None => EndedBy::Release,
    };
    if state.record().ended_by.unwrap_or(by_driver) == EndedBy::Timer {
        return Ok(Checked::AllRight);
    }
    if is_unconfirmed(state.record(), now) {
        ports.metrics().count(RELEASES_UNCONFIRMED, [("Relay", id)]);
    }
    let Some(since) = neglected_since(state.record(), now) else { return Ok(Checked::AllRight) };
    if now.duration_since(since).unsigned_abs() <= missed_after {
        return Ok(Checked::AllRight);
    }
    // First the queue, then the item: what stands there is then never a promise that nobody keeps. When somebody
    // is faster at the item, there is a message too many, which finds nothing to do.
    let message = ReleaseMessage::new(id, next_generation(state.record())).message(Duration::ZERO)?;
    ports.queues().send(queue, message).await?;
    relay::write(ports.state(), &state, queued_again(state.record(), now), now).await?;
    Ok(Checked::Restored)
}

/// Whether a relay may still be on although its time has been over for a while, or nobody confirmed that it is off.
fn is_unconfirmed(relay: &RelayRecord, now: Timestamp) -> bool {
    let failing = relay.release_failures.as_ref().map(|failures| failures.since);
    let due = failing.into_iter().chain(relay.on_until).min();
    due.is_some_and(|due| now > due && now.duration_since(due).unsigned_abs() > UNCONFIRMED_AFTER)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_state::relay::ReleaseFailures;
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn site() -> Site {
        let toml = "[[relay]]\nid = \"siren\"\ndriver = \"viewtron\"\nurl = \"https://camera.example.org\"\n\
                    [[relay]]\nid = \"inside\"\ndriver = \"viewtron\"\nurl = \"http://10.0.0.1\"\n\
                    network = \"lan\"\nvia = \"agent\"\n\
                    [[relay]]\nid = \"light\"\ndriver = \"shelly-gen2\"\nurl = \"https://light.example.org\"\n";
        camhook_site::read(toml, "test").unwrap().0
    }

    fn ago(seconds: i64) -> Option<Timestamp> {
        Some(NOW - SignedDuration::from_secs(seconds))
    }

    async fn remember(ports: &MemoryPorts, id: &str, record: RelayRecord) {
        let state = relay::read(&ports.state, id).await.unwrap();
        relay::write(&ports.state, &state, record, NOW).await.unwrap().unwrap();
    }

    async fn counted_by_a_tick(ports: &MemoryPorts, name: &str) -> usize {
        let before = ports.metrics.counted(name);
        restore_releases(ports, &site()).await;
        ports.metrics.counted(name) - before
    }

    fn on_until(seconds_ago: i64) -> RelayRecord {
        RelayRecord { on_until: ago(seconds_ago), generation: 3, ..RelayRecord::default() }
    }

    /// A release that failed and is tried again so many seconds ago.
    fn next_attempt(seconds_ago: i64) -> Option<ReleaseFailures> {
        let since = NOW - SignedDuration::from_secs(3000);
        Some(ReleaseFailures { count: 9, since, alerted: None, next: ago(seconds_ago)? })
    }

    #[tokio::test]
    async fn a_release_that_waits_for_its_next_attempt_is_lost_only_when_nobody_makes_it() {
        let ports = MemoryPorts::new(NOW);
        let record =
            RelayRecord { release_tried: ago(961), release_failures: next_attempt(61), ..on_until(3600) };
        remember(&ports, "siren", record).await;
        assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 1);
    }

    #[tokio::test]
    async fn a_lost_release_is_sent_again_once_and_supersedes_the_old_one() {
        let ports = MemoryPorts::new(NOW);
        remember(&ports, "siren", on_until(61)).await;
        assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 1);
        let sent = ports.queues.take(Queue::Releases);
        assert_eq!(sent.len(), 1);
        let message: ReleaseMessage = serde_json::from_str(&sent[0].body).unwrap();
        assert_eq!(message, ReleaseMessage::new("siren", 4));
        assert_eq!(sent[0].delay, Duration::ZERO);
        let state = relay::read(&ports.state, "siren").await.unwrap();
        assert_eq!((state.record().generation, state.record().release_queued), (4, Some(4)));
        assert_eq!(state.record().on_until, ago(61), "it is owed until the device confirms");

        assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 0);
        ports.clock.advance(Duration::from_secs(61));
        assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 1, "lost again");
    }

    #[tokio::test]
    async fn what_is_not_over_or_at_work_or_timed_by_the_device_is_left_alone() {
        for (id, record) in [
            ("siren", RelayRecord::default()),
            ("siren", on_until(60)),
            ("siren", on_until(-5)),
            ("siren", RelayRecord { release_tried: ago(14), ..on_until(3600) }),
            ("siren", RelayRecord { release_failures: next_attempt(-600), ..on_until(3600) }),
            ("siren", RelayRecord { release_failures: next_attempt(60), ..on_until(3600) }),
            ("siren", RelayRecord { busy_until: ago(-3), ..on_until(3600) }),
            ("inside", on_until(900)),
            ("light", on_until(3600)),
        ] {
            let ports = MemoryPorts::new(NOW);
            remember(&ports, id, record.clone()).await;
            assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 0, "{id} {record:?}");
            assert!(
                ports.queues.sent(Queue::Releases).is_empty()
                    && ports.queues.sent(Queue::ReleasesLan).is_empty()
            );
        }
    }

    #[tokio::test]
    async fn what_ends_the_time_of_a_relay_counts_and_not_what_its_driver_has_by_now() {
        for (id, ended_by, restored) in [("light", EndedBy::Release, 1), ("siren", EndedBy::Timer, 0)] {
            let ports = MemoryPorts::new(NOW);
            remember(&ports, id, RelayRecord { ended_by: Some(ended_by), ..on_until(301) }).await;
            assert_eq!(counted_by_a_tick(&ports, RELEASES_UNCONFIRMED).await, restored, "{id}");
            assert_eq!(ports.metrics.counted("ReleasesRestored"), restored, "{id}");
            assert_eq!(ports.queues.sent(Queue::Releases).len(), restored, "{id}");
        }
    }

    #[tokio::test]
    async fn a_relay_inside_a_house_gets_it_on_the_queue_of_its_agent() {
        let ports = MemoryPorts::new(NOW);
        remember(&ports, "inside", on_until(901)).await;
        assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 1);
        assert_eq!(ports.queues.sent(Queue::ReleasesLan).len(), 1);
    }

    #[tokio::test]
    async fn a_relay_is_reported_while_nobody_confirms_that_it_is_off() {
        let failing = |since: i64| {
            let (since, next) = (ago(since).unwrap(), ago(-600).unwrap());
            Some(ReleaseFailures { count: 9, since, alerted: None, next })
        };
        for (id, record, reported) in [
            ("siren", on_until(299), 0),
            ("siren", on_until(301), 1),
            // Of the agent, which may be offline.
            ("inside", on_until(301), 1),
            ("siren", RelayRecord { release_failures: failing(299), ..on_until(299) }, 0),
            ("siren", RelayRecord { release_failures: failing(301), ..on_until(301) }, 1),
            // Switched on again in the meantime.
            ("siren", RelayRecord { release_failures: failing(301), ..on_until(-60) }, 1),
            ("siren", on_until(-60), 0),
            ("siren", RelayRecord::default(), 0),
            ("light", on_until(301), 0),
        ] {
            let ports = MemoryPorts::new(NOW);
            remember(&ports, id, record.clone()).await;
            assert_eq!(counted_by_a_tick(&ports, RELEASES_UNCONFIRMED).await, reported, "{id} {record:?}");
        }
    }

    #[tokio::test]
    async fn a_relay_is_reported_with_each_tick_until_it_is_confirmed() {
        let ports = MemoryPorts::new(NOW);
        remember(&ports, "siren", on_until(301)).await;
        for _ in 0..3 {
            assert_eq!(counted_by_a_tick(&ports, RELEASES_UNCONFIRMED).await, 1);
        }
        remember(&ports, "siren", RelayRecord { generation: 9, ..RelayRecord::default() }).await;
        assert_eq!(counted_by_a_tick(&ports, RELEASES_UNCONFIRMED).await, 0);
    }

    #[tokio::test]
    async fn while_the_queue_refuses_nothing_is_promised() {
        let ports = MemoryPorts::new(NOW);
        remember(&ports, "siren", on_until(61)).await;
        ports.queues.fail(Queue::Releases);
        assert_eq!(counted_by_a_tick(&ports, "ReleasesFailed").await, 1);
        ports.queues.heal();
        assert_eq!(counted_by_a_tick(&ports, "ReleasesRestored").await, 1);
    }
}
