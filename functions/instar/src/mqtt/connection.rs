//! Whether a camera is connected, as its last wills and their withdrawals say.
//!
//! Reports are kept in the order in which IoT received them. Reports in a row that say the same are one state, which is
//! emitted once, by its first report. So the order in which a queue delivers does not matter: a last will that is
//! delivered late is emitted, and so is the return of a camera whose absence nobody had noticed.

use camhook_ingest::MqttMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many reports are kept of one camera: more than it can send while a queue hides one that failed the first times.
const CAPACITY: usize = 16;

/// Whether a camera is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// It is.
    Online,
    /// It is not.
    Offline,
}

/// A last will, or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// When IoT received it.
    #[serde(rename = "at")]
    pub received_at: Timestamp,
    /// What it says.
    pub connection: Connection,
    /// In which word, verbatim.
    pub word: String,
    /// Its topic.
    pub topic: String,
    /// Names the message in each of its deliveries.
    #[serde(rename = "delivery")]
    pub message: String,
    /// Whether the state that it says was emitted, and by which message.
    #[serde(default, rename = "told", skip_serializing_if = "Option::is_none")]
    emitted: Option<Emitted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Emitted {
    /// When this message arrived: each delivery of it emits again.
    By(String),
    /// By an earlier report of the same state, which is not kept any more.
    Before,
}

impl ConnectionReport {
    /// What a message reports.
    #[must_use]
    pub fn new(connection: Connection, word: String, message: &MqttMessage<'_>) -> Self {
        Self {
            received_at: message.received_at,
            connection,
            word,
            topic: message.topic.to_owned(),
            message: message.id.to_owned(),
            emitted: None,
        }
    }
}

/// The reports about a camera's connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Connections {
    reports: Vec<ConnectionReport>,
}

impl Connections {
    /// Adds a report; those to be emitted because of it, in the order in which they were published.
    ///
    /// The same message, delivered again, emits the same again.
    pub(super) fn observe(&mut self, report: ConnectionReport) -> Vec<ConnectionReport> {
        let message = report.message.clone();
        if self.reports.iter().all(|known| known.message != message) {
            let position = self.reports.partition_point(|known| known.received_at <= report.received_at);
            self.reports.insert(position, report);
            for state in self.reports.chunk_by_mut(|one, next| one.connection == next.connection) {
                let is_emitted = state.iter().any(|report| report.emitted.is_some());
                if let Some(first) = state.first_mut().filter(|_| !is_emitted) {
                    first.emitted = Some(Emitted::By(message.clone()));
                }
            }
        }
        let by_it = Some(Emitted::By(message));
        let emitted = self.reports.iter().filter(|report| report.emitted == by_it).cloned().collect();
        self.forget();
        emitted
    }

    fn forget(&mut self) {
        while self.reports.len() > CAPACITY {
            let oldest = self.reports.remove(0);
            let next = self.reports.first_mut().filter(|next| next.connection == oldest.connection);
            if let Some(next) = next.filter(|next| next.emitted.is_none()) {
                next.emitted = Some(Emitted::Before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Connection::{Offline, Online};
    use proptest::prelude::*;

    fn report(seconds: i64, connection: Connection) -> ConnectionReport {
        let received_at = Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let id = seconds.to_string();
        let message = MqttMessage { topic: "testament", payload: b"", received_at, id: &id };
        ConnectionReport::new(connection, format!("{connection:?}"), &message)
    }

    /// What is emitted when reports are delivered in this order: the time of each, and what it says.
    fn emitted(reports: &[(i64, Connection)]) -> Vec<(i64, Connection)> {
        let mut connections = Connections::default();
        let emitted = reports
            .iter()
            .flat_map(|(seconds, connection)| connections.observe(report(*seconds, *connection)));
        emitted.map(|report| (report.received_at.as_second() - 1_800_000_000, report.connection)).collect()
    }

    #[test]
    fn a_state_is_emitted_when_it_changes() {
        let reports = [(0, Online), (1, Online), (5, Offline), (6, Offline), (9, Online)];
        assert_eq!(emitted(&reports), [(0, Online), (5, Offline), (9, Online)]);
    }

    #[test]
    fn a_message_that_is_delivered_again_emits_the_same_again() {
        let reports = [(0, Online), (5, Offline), (5, Offline), (0, Online)];
        assert_eq!(emitted(&reports), [(0, Online), (5, Offline), (5, Offline), (0, Online)]);
        assert_eq!(emitted(&[(0, Online), (1, Online), (1, Online)]), [(0, Online)]);
    }

    #[test]
    fn a_short_absence_is_emitted_with_its_end_in_any_order() {
        let reports = [(0, Online), (6, Online), (5, Offline)];
        assert_eq!(emitted(&reports), [(0, Online), (5, Offline), (6, Online)]);
        let reports = [(0, Offline), (9, Offline), (5, Online)];
        assert_eq!(emitted(&reports), [(0, Offline), (5, Online), (9, Offline)]);
    }

    #[test]
    fn a_state_that_is_reported_again_and_again_is_emitted_once() {
        let reports: Vec<(i64, Connection)> =
            (0..3 * CAPACITY as i64).map(|seconds| (seconds, Online)).collect();
        assert_eq!(emitted(&reports), [(0, Online)]);
    }

    proptest! {
        /// However a queue mixes reports, each state is emitted once, and none that there was not.
        #[test]
        fn each_state_is_emitted_once(
            (connections, order) in prop::collection::vec(prop::bool::ANY, 1..CAPACITY).prop_flat_map(|all| {
                let numbered = all.iter().copied().enumerate().collect::<Vec<_>>();
                (Just(all), Just(numbered).prop_shuffle())
            }),
        ) {
            let connection = |is_online: bool| if is_online { Online } else { Offline };
            let states = connections.chunk_by(|one, next| one == next).count();
            let mixed: Vec<(i64, Connection)> =
                order.iter().map(|(at, is_online)| (*at as i64, connection(*is_online))).collect();
            prop_assert_eq!(emitted(&mixed).len(), states, "{:?}", mixed);
        }
    }
}
