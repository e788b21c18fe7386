//! Dead letters and retried messages as text for people.

use camhook_operations::dead_letters::{ActionState, DeadLetter, Retrying};
use camhook_state::claim::ClaimState;
use jiff::{SpanRound, Timestamp, Unit};

use crate::moment::Times;
use crate::output::single_line;

/// A dead letter.
pub(super) fn letter_text(letter: &DeadLetter, now: Timestamp) -> String {
    let age = letter.sent.map_or_else(|| "unknown age".to_owned(), |sent| age(sent, now));
    let (queue, message) = (letter.queue, &letter.message);
    let mut lines = vec![format!("{queue}  {message}  {age}  {}", single_line(&letter.about))];
    lines.extend(letter.event.map(|event| format!("    event {event}")));
    if letter.reasons.is_empty() {
        lines.push("    no reason recorded; see the log of the function".to_owned());
    }
    lines.extend(letter.reasons.iter().map(|reason| format!("    {}", single_line(reason))));
    for ActionState { rule, action, state, outcome } in &letter.actions {
        let state = match state {
            ClaimState::Done => "done",
            ClaimState::Taken => "pending",
            ClaimState::Unknown => "unknown",
        };
        let outcome =
            outcome.as_ref().map(|outcome| format!(": {}", single_line(outcome))).unwrap_or_default();
        lines.push(format!("    {rule}, action {action}: {state}{outcome}"));
    }
    lines.join("\n")
}

/// A message that is retried.
pub(super) fn retrying_text(message: &Retrying, now: Timestamp, times: &Times) -> String {
    let next = match message.next_at {
        Some(next_at) if next_at > now => format!("next attempt at {}", times.show(next_at)),
        Some(_) => "next attempt now".to_owned(),
        None => "next attempt after the visibility timeout of the queue".to_owned(),
    };
    let Retrying { queue, message: id, attempt, .. } = message;
    let mut lines =
        vec![format!("{queue}  {id}  retrying, attempt {attempt} failed {}, {next}", age(message.at, now))];
    lines.extend(message.reasons.iter().map(|reason| format!("    {}", single_line(reason))));
    lines.join("\n")
}

/// The time since `then`, in its two largest units.
fn age(then: Timestamp, now: Timestamp) -> String {
    let elapsed = now.duration_since(then);
    let smallest = match elapsed.as_secs().abs() {
        0..120 => Unit::Second,
        120..7200 => Unit::Minute,
        _ => Unit::Hour,
    };
    let round = SpanRound::new().smallest(smallest).largest(Unit::Hour);
    let rounded = now.since(then).and_then(|span| span.round(round));
    rounded.map_or_else(|_| "unknown age".to_owned(), |span| format!("{span:#} ago"))
}

#[cfg(test)]
mod tests {
    use camhook_ports::Queue;

    use super::*;

    #[test]
    fn ages_are_rounded() {
        let then: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let at = |text: &str| age(then, text.parse().unwrap());
        assert_eq!(at("2026-11-23T08:00:42Z"), "42s ago");
        assert_eq!(at("2026-11-23T08:05:20Z"), "5m ago");
        assert_eq!(at("2026-11-25T08:05:00Z"), "48h ago");
    }

    #[test]
    fn a_retried_message_shows_its_attempt_reason_and_next_attempt() {
        let at: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let now: Timestamp = "2026-11-23T08:00:10Z".parse().unwrap();
        let mut message = Retrying {
            queue: Queue::Notify,
            message: "m-1".to_owned(),
            attempt: 3,
            reasons: vec!["channel garden: 503\u{1b}[2J".to_owned()],
            at,
            next_at: "2026-11-23T08:00:45Z".parse().ok(),
        };
        let text = retrying_text(&message, now, &Times::UTC);
        assert!(
            text.starts_with(
                "notify  m-1  retrying, attempt 3 failed 10s ago, next attempt at 2026-11-23 08:00:45+00:00"
            ),
            "{text}"
        );
        assert!(text.ends_with("\n    channel garden: 503\\u{1b}[2J"), "{text}");
        message.next_at = None;
        assert!(retrying_text(&message, now, &Times::UTC).contains("visibility timeout"));
    }
}
