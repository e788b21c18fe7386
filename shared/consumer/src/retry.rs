//! Why a message has to be delivered again.

use std::error::Error;
use std::time::Duration;

/// Why a message has to be delivered again, and when.
///
/// Every error converts into one, with the reason `error`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Retry {
    pub(crate) cause: Cause,
    pub(crate) reason: &'static str,
    pub(crate) details: Vec<String>,
    pub(crate) delay: Delay,
}

/// Whether anything failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Failed,
    Waiting,
}

/// When the message is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    Backoff,
    AtLeast(Duration),
    Exactly(Duration),
}

impl Retry {
    /// Processing failed. `reason` is the value in metrics; `detail` says what failed, for a person, without
    /// secrets, plates or bodies: it is logged, and recorded when the message is dead-lettered.
    pub fn failed(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { cause: Cause::Failed, reason, details: vec![detail.into()], delay: Delay::Backoff }
    }

    /// Nothing failed, but the message cannot be processed yet: another delivery is at work, say.
    pub fn waiting(reason: &'static str) -> Self {
        Self { cause: Cause::Waiting, reason, details: Vec::new(), delay: Delay::Backoff }
    }

    /// Not before this time is over, where the backoff is shorter; at most an hour.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay: Delay::AtLeast(delay), ..self }
    }

    /// After this time, whatever the backoff is.
    pub fn exactly_after(self, delay: Duration) -> Self {
        Self { delay: Delay::Exactly(delay), ..self }
    }

    /// Combines the retries of two parts of one message: a failure wins over a wait, the longer delay over the
    /// shorter one.
    pub fn and(self, other: Self) -> Self {
        let delay = match (self.delay, other.delay) {
            (Delay::AtLeast(left), Delay::AtLeast(right)) => Delay::AtLeast(left.max(right)),
            (Delay::Exactly(left), Delay::Exactly(right)) => Delay::Exactly(left.max(right)),
            (Delay::Backoff, delay) | (delay, Delay::Backoff) => delay,
            (Delay::AtLeast(left), Delay::Exactly(right)) | (Delay::Exactly(left), Delay::AtLeast(right)) => {
                Delay::AtLeast(left.max(right))
            }
        };
        self.joined(other, delay)
    }

    /// Combines the retries of two parts of one message that do not depend on each other: the message is delivered
    /// again at the earlier of both times, and the part that is not due by then has to wait by itself. An exact time
    /// wins over any other.
    pub fn and_independent(self, other: Self) -> Self {
        let delay = match (self.delay, other.delay) {
            (Delay::Exactly(left), Delay::Exactly(right)) => Delay::Exactly(left.min(right)),
            (exact @ Delay::Exactly(_), _) | (_, exact @ Delay::Exactly(_)) => exact,
            (Delay::AtLeast(left), Delay::AtLeast(right)) => Delay::AtLeast(left.min(right)),
            (Delay::Backoff, _) | (_, Delay::Backoff) => Delay::Backoff,
        };
        self.joined(other, delay)
    }

    fn joined(mut self, other: Self, delay: Delay) -> Self {
        let (cause, reason) = match (self.cause, other.cause) {
            (Cause::Waiting, Cause::Failed) => (other.cause, other.reason),
            _ => (self.cause, self.reason),
        };
        self.details.extend(other.details);
        Self { cause, reason, details: self.details, delay }
    }

    /// What failed; empty when the message only waits.
    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.details
    }
}

impl<E: Error> From<E> for Retry {
    fn from(error: E) -> Self {
        Self::failed("error", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_failure_wins_over_a_wait_and_the_longer_delay_over_the_shorter() {
        let wait = Retry::waiting("cooldown").after(SECOND * 5);
        let failure = Retry::failed("refused", "the channel family: 401");
        let other = Retry::failed("timeout", "the channel phone: no answer").after(SECOND * 2);
        let both = wait.and(failure).and(other);
        assert_eq!((both.cause, both.reason), (Cause::Failed, "refused"));
        assert_eq!(both.details, ["the channel family: 401", "the channel phone: no answer"]);
        assert_eq!(both.delay, Delay::AtLeast(SECOND * 5));
    }

    #[test]
    fn of_independent_parts_the_earlier_one_decides_when() {
        let hour = Retry::failed("refused", "the channel chat: 429").after(SECOND * 3600);
        let minute = Retry::waiting("busy").after(SECOND * 60);
        let backoff = Retry::failed("refused", "the channel phone: 503");
        let both = minute.clone().and_independent(hour.clone());
        assert_eq!((both.cause, both.delay), (Cause::Failed, Delay::AtLeast(SECOND * 60)));
        for both in [hour.clone().and_independent(backoff.clone()), backoff.and_independent(hour.clone())] {
            assert_eq!((both.details.len(), both.delay), (2, Delay::Backoff));
        }
        let exactly = Retry::waiting("turn").exactly_after(SECOND);
        assert_eq!(hour.and_independent(exactly).delay, Delay::Exactly(SECOND));
    }

    #[test]
    fn two_waits_stay_a_wait() {
        let both =
            Retry::waiting("turn").exactly_after(SECOND).and(Retry::waiting("pause").after(SECOND * 3));
        assert_eq!(
            (both.cause, both.reason, both.delay),
            (Cause::Waiting, "turn", Delay::AtLeast(SECOND * 3))
        );
        assert!(both.details().is_empty());
    }
}
