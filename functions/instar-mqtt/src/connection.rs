//! Whether a camera is connected, as its last wills and their revocations say.
//!
//! What was said is kept in the order in which IoT received it. Words in a row that say the same are one state, which
//! is told once, by its first word. So it does not matter in which order a queue delivers: a last will that comes late
//! is told, and so is that the camera was back before anybody had heard that it was gone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many words are kept of one camera: more than it can say while a queue hides one that failed the first times.
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

/// A last will, or its revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// When IoT received it.
    pub at: Timestamp,
    /// What it says.
    pub connection: Connection,
    /// In which word, verbatim.
    pub word: String,
    /// Its topic.
    pub topic: String,
    /// What names its delivery.
    pub delivery: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<Told>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    /// By this delivery: when it comes again, it tells again.
    By(String),
    /// By a word before it that said the same and is not kept any more.
    Before,
}

impl Word {
    /// A word as it is heard.
    #[must_use]
    pub fn new(at: Timestamp, connection: Connection, word: String, topic: String, delivery: String) -> Self {
        Self { at, connection, word, topic, delivery, told: None }
    }
}

/// What was said of a camera's connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Connections {
    said: Vec<Word>,
}

impl Connections {
    /// Hears a word; what is to be told because of it, in the order in which it was said.
    ///
    /// The same delivery, heard again, tells the same again.
    pub(crate) fn hear(&mut self, word: Word) -> Vec<Word> {
        let delivery = word.delivery.clone();
        if self.said.iter().all(|said| said.delivery != delivery) {
            let position = self.said.partition_point(|said| said.at <= word.at);
            self.said.insert(position, word);
            for state in self.said.chunk_by_mut(|one, next| one.connection == next.connection) {
                let is_told = state.iter().any(|word| word.told.is_some());
                if let Some(first) = state.first_mut().filter(|_| !is_told) {
                    first.told = Some(Told::By(delivery.clone()));
                }
            }
        }
        let by_it = Some(Told::By(delivery));
        let tellings = self.said.iter().filter(|word| word.told == by_it).cloned().collect();
        self.forget();
        tellings
    }

    fn forget(&mut self) {
        while self.said.len() > CAPACITY {
            let oldest = self.said.remove(0);
            let next = self.said.first_mut().filter(|next| next.connection == oldest.connection);
            if let Some(next) = next.filter(|next| next.told.is_none()) {
                next.told = Some(Told::Before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Connection::{Offline, Online};
    use proptest::prelude::*;

    fn word(at: i64, connection: Connection) -> Word {
        let at = Timestamp::from_second(1_800_000_000 + at).unwrap();
        Word::new(at, connection, format!("{connection:?}"), "testament".to_owned(), at.to_string())
    }

    /// What is told when words are heard in this order: for each, its time and what it says.
    fn told(words: &[(i64, Connection)]) -> Vec<(i64, Connection)> {
        let mut connections = Connections::default();
        let tellings = words.iter().flat_map(|(at, connection)| connections.hear(word(*at, *connection)));
        tellings.map(|told| (told.at.as_second() - 1_800_000_000, told.connection)).collect()
    }

    #[test]
    fn a_state_is_told_when_it_changes() {
        let words = [(0, Online), (1, Online), (5, Offline), (6, Offline), (9, Online)];
        assert_eq!(told(&words), [(0, Online), (5, Offline), (9, Online)]);
    }

    #[test]
    fn a_delivery_that_comes_again_tells_the_same_again() {
        let words = [(0, Online), (5, Offline), (5, Offline), (0, Online)];
        assert_eq!(told(&words), [(0, Online), (5, Offline), (5, Offline), (0, Online)]);
        assert_eq!(told(&[(0, Online), (1, Online), (1, Online)]), [(0, Online)]);
    }

    #[test]
    fn a_camera_that_was_gone_for_a_moment_is_told_as_gone_and_back_in_any_order() {
        let words = [(0, Online), (6, Online), (5, Offline)];
        assert_eq!(told(&words), [(0, Online), (5, Offline), (6, Online)]);
        let words = [(0, Offline), (9, Offline), (5, Online)];
        assert_eq!(told(&words), [(0, Offline), (5, Online), (9, Offline)]);
    }

    #[test]
    fn a_word_that_is_said_again_and_again_is_told_once() {
        let words: Vec<(i64, Connection)> = (0..3 * CAPACITY as i64).map(|at| (at, Online)).collect();
        assert_eq!(told(&words), [(0, Online)]);
    }

    proptest! {
        /// However a queue mixes what is said, each state is told once, and none that there was not.
        #[test]
        fn each_state_is_told_once(
            (connections, order) in prop::collection::vec(prop::bool::ANY, 1..CAPACITY).prop_flat_map(|all| {
                let numbered = all.iter().copied().enumerate().collect::<Vec<_>>();
                (Just(all), Just(numbered).prop_shuffle())
            }),
        ) {
            let connection = |is_online: bool| if is_online { Online } else { Offline };
            let states = connections.chunk_by(|one, next| one == next).count();
            let mixed: Vec<(i64, Connection)> =
                order.iter().map(|(at, is_online)| (*at as i64, connection(*is_online))).collect();
            prop_assert_eq!(told(&mixed).len(), states, "{:?}", mixed);
        }
    }
}
