//! Several events of one source become one message.
//!
//! The first event that matches a rule with `coalesce` opens a group for its source, and further ones join it. A
//! message on the notification queue, delayed until the group's time is over ([`crate::flush`]), closes the group,
//! and one message about all its events is delivered. Whoever joins makes sure that this message is queued, so that
//! no crash between two writes leaves a group without a message; the message may therefore be queued twice.
//!
//! While a closed group is being delivered, under its own key, the next one can already be open.

use std::time::Duration;

use camhook_event::{Event, EventId, Fraction};
use camhook_ports::{Condition, Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, update};

/// How long a group that could not be delivered is kept: as long as the claims of its messages.
const GROUP_LIFETIME: Duration = crate::claim::CLAIM_LIFETIME;

/// How many events a group knows by their ids; more are counted, and counted again when they are delivered again.
const KNOWN_IDS: usize = 1000;

/// How many labels a group keeps.
const KNOWN_LABELS: usize = 100;

/// A group this much older than its time has lost its message: it gets another one.
const OVERDUE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Queueing {
    #[serde(rename = "owed")]
    Pending,
    Queued,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct GroupRecord {
    group: EventId,
    phase: Phase,
    queueing: Queueing,
    count: u64,
    first: Timestamp,
    last: Timestamp,
    opened: Timestamp,
    flush_at: Timestamp,
    ids: Vec<EventId>,
    /// What its events are about, each once, at most [`KNOWN_LABELS`].
    #[serde(default)]
    labels: Vec<String>,
    /// The ids of the group before this one: an event that is delivered again belongs to that one.
    before: Vec<EventId>,
    best: Box<Event>,
}

/// Which groups: of a rule, for a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupKey<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The source's id.
    pub source: &'a str,
}

impl GroupKey<'_> {
    /// `coalesce#{rule}`, `{source}`
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(format!("coalesce#{}", self.rule), self.source)
    }

    /// `coalesce#{rule}`, `{source}#{group}`
    fn closed_key(&self, group: EventId) -> Key {
        Key::new(format!("coalesce#{}", self.rule), format!("{}#{group}", self.source))
    }
}

/// What a group gathered.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Names the group: the id of its first event.
    pub id: EventId,
    /// How many events it gathered.
    pub count: u64,
    /// When the first of them happened.
    pub first: Timestamp,
    /// When the last of them happened.
    pub last: Timestamp,
    /// What its events are about, as the caller of [`join`] labels them, each once.
    pub labels: Vec<String>,
    /// When it was opened.
    pub opened: Timestamp,
    /// The one that shows most.
    pub best: Event,
}

/// The result of joining a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// The group's message must be queued with this delay, and then recorded with [`mark_queued`].
    Pending {
        /// Which group.
        group: EventId,
        /// When it is to be delivered, from now.
        delay: Duration,
    },
    /// The group's message is queued; nothing is left to do.
    Queued,
}

/// The state of a group whose time may be over.
#[derive(Debug, Clone, PartialEq)]
pub enum Closing {
    /// Its time is not over: try again after this long.
    Early(Duration),
    /// It takes no more events and must be delivered. [`mark_delivered`] then removes it.
    Closed(Box<Group>),
    /// It was delivered.
    Delivered,
}

/// Adds an event to the open group of its source, and opens one where there is none. An event that has joined
/// already changes nothing.
///
/// # Errors
///
/// When the table fails.
pub async fn join<S: State>(
    state: &S,
    group: GroupKey<'_>,
    event: &Event,
    label: &str,
    window: Duration,
    now: Timestamp,
) -> Result<Joined, Error> {
    let key = group.key();
    let expires = now.checked_add(GROUP_LIFETIME).ok();
    let updated = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let present = present.map(|present: Present<GroupRecord>| present.record);
        Ok(match joined(present, event, label, window, now) {
            Step::Write(record) => Change::Write { result: queueing(&record, now), record: *record, expires },
            Step::Nothing(joined) => Change::Keep(joined),
        })
    });
    Ok(updated.await?.result)
}

enum Step {
    Write(Box<GroupRecord>),
    Nothing(Joined),
}

fn joined(
    present: Option<GroupRecord>,
    event: &Event,
    label: &str,
    window: Duration,
    now: Timestamp,
) -> Step {
    let opened = |before| {
        let at = event.time.timestamp();
        Box::new(GroupRecord {
            group: event.id,
            phase: Phase::Open,
            queueing: Queueing::Pending,
            count: 1,
            first: at,
            last: at,
            opened: now,
            flush_at: now.checked_add(window).unwrap_or(Timestamp::MAX),
            ids: vec![event.id],
            labels: vec![label.to_owned()],
            before,
            best: Box::new(event.clone()),
        })
    };
    let Some(mut record) = present else { return Step::Write(opened(vec![])) };
    if record.ids.contains(&event.id) {
        return Step::Nothing(match record.phase {
            Phase::Open => queueing(&record, now),
            Phase::Closed => Joined::Queued,
        });
    }
    if record.before.contains(&event.id) {
        return Step::Nothing(Joined::Queued);
    }
    if record.phase == Phase::Closed {
        return Step::Write(opened(record.ids));
    }
    let at = event.time.timestamp();
    record.count += 1;
    record.first = record.first.min(at);
    record.last = record.last.max(at);
    if record.ids.len() < KNOWN_IDS {
        record.ids.push(event.id);
    }
    if record.labels.len() < KNOWN_LABELS && !record.labels.iter().any(|known| known == label) {
        record.labels.push(label.to_owned());
    }
    if shows_more(event, &record.best) {
        *record.best = event.clone();
    }
    Step::Write(Box::new(record))
}

fn queueing(record: &GroupRecord, now: Timestamp) -> Joined {
    let delay = Duration::try_from(record.flush_at.duration_since(now)).unwrap_or_default();
    let overdue = Duration::try_from(now.duration_since(record.flush_at)).unwrap_or_default() > OVERDUE;
    if record.queueing == Queueing::Pending || overdue {
        return Joined::Pending { group: record.group, delay };
    }
    Joined::Queued
}

/// Whether an event shows more than another one: a picture first, then how sure the device is.
fn shows_more(event: &Event, than: &Event) -> bool {
    let shows = |event: &Event| (event.data.best_image().is_some(), confidence(event));
    let (mine, its) = (shows(event), shows(than));
    mine.0.cmp(&its.0).then(mine.1.total_cmp(&its.1)).is_gt()
}

/// How sure the device is of what it saw, 0 to 1; 0 when it does not say.
fn confidence(event: &Event) -> f64 {
    let data = &event.data;
    let plate = data.plate.as_ref().and_then(|plate| plate.confidence);
    let face = data.face.as_ref().and_then(|face| face.similarity);
    let targets = data.targets.iter().filter_map(|target| target.confidence);
    targets.chain(plate).chain(face).map(Fraction::value).fold(0.0, f64::max)
}

/// Records that the message of a group is queued. A group that is closed meanwhile is left as it is.
///
/// # Errors
///
/// When the table fails; the message is then queued a second time.
pub async fn mark_queued<S: State>(state: &S, group: GroupKey<'_>, id: EventId) -> Result<(), Error> {
    let key = group.key();
    // A group that has expired meanwhile is marked, too: it may still be delivered.
    let change = Update { key: &key, now: Timestamp::MIN, begin: Begin::Reading };
    let updated = update(state, change, |present: Option<Present<GroupRecord>>| {
        let present = present.filter(|present| present.record.group == id);
        Ok(match present {
            Some(Present { mut record, expires, .. }) if record.queueing == Queueing::Pending => {
                record.queueing = Queueing::Queued;
                Change::Write { record, expires, result: () }
            }
            _ => Change::Keep(()),
        })
    });
    updated.await?;
    Ok(())
}

/// Closes a group whose time is over.
///
/// # Errors
///
/// When the table fails.
pub async fn close<S: State>(
    state: &S,
    group: GroupKey<'_>,
    id: EventId,
    now: Timestamp,
) -> Result<Closing, Error> {
    let key = group.key();
    // A group that nobody closed in time is closed late.
    let change = Update { key: &key, now: Timestamp::MIN, begin: Begin::Reading };
    let updated = update(state, change, |present: Option<Present<GroupRecord>>| {
        let open = present
            .map(|present| present.record)
            .filter(|record| record.group == id && record.phase == Phase::Open);
        let Some(mut record) = open else { return Ok(Change::Keep(None)) };
        if let Ok(left) = Duration::try_from(record.flush_at.duration_since(now))
            && !left.is_zero()
        {
            return Ok(Change::Keep(Some(Closing::Early(left))));
        }
        record.phase = Phase::Closed;
        // The copy first: from the moment at which the next group can open, this one is safe.
        Ok(Change::WriteAfterCopy {
            copy: group.closed_key(id),
            result: Some(Closing::Closed(Box::new(gathered(record.clone())))),
            record,
            expires: now.checked_add(GROUP_LIFETIME).ok(),
        })
    });
    if let Some(closing) = updated.await?.result {
        return Ok(closing);
    }
    Ok(match state.get(&group.closed_key(id)).await? {
        Some(closed) => Closing::Closed(Box::new(gathered(decode(&closed)?))),
        None => Closing::Delivered,
    })
}

fn gathered(record: GroupRecord) -> Group {
    let GroupRecord { group, count, first, last, opened, best, labels, .. } = record;
    Group { id: group, count, first, last, labels, opened, best: *best }
}

/// Removes a group that was delivered.
///
/// # Errors
///
/// When the table fails; its claims then prevent a second delivery.
pub async fn mark_delivered<S: State>(state: &S, group: GroupKey<'_>, id: EventId) -> Result<(), Error> {
    state.delete(&group.closed_key(id), Condition::None).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_431_600, 0);
    const WINDOW: Duration = Duration::from_secs(10);
    const GATE: GroupKey<'static> = GroupKey { rule: "people", source: "gate" };

    fn after(seconds: u64) -> Timestamp {
        NOW.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    /// An event so many seconds after the first, of whose one target the device is so sure.
    fn event(digit: char, seconds: u64, confidence: f64) -> Event {
        serde_json::from_value(json!({
            "specversion": "1.0", "id": id(digit).to_string(), "source": "/viewtron/gate",
            "type": "camhook.event.v1", "subject": "intrusion", "time": after(seconds).to_string(),
            "datacontenttype": "application/json",
            "data": {
                "vendor": "viewtron", "source": "gate", "kind": "intrusion", "report": "detection",
                "received_at": after(seconds).to_string(), "clock": "server",
                "targets": [{ "class": "person", "confidence": confidence }],
            },
        }))
        .unwrap()
    }

    fn id(digit: char) -> EventId {
        digit.to_string().repeat(32).parse().unwrap()
    }

    async fn joins(state: &MemoryState, event: &Event, at: u64) -> Joined {
        join(state, GATE, event, "Gate", WINDOW, after(at)).await.unwrap()
    }

    async fn closed(state: &MemoryState, digit: char, at: u64) -> Group {
        match close(state, GATE, id(digit), after(at)).await.unwrap() {
            Closing::Closed(group) => *group,
            other => panic!("not closed: {other:?}"),
        }
    }

    #[tokio::test]
    async fn events_within_the_time_are_one_group_with_the_best_of_them() {
        let state = MemoryState::default();
        let pending = Joined::Pending { group: id('a'), delay: WINDOW };
        assert_eq!(joins(&state, &event('a', 0, 0.5), 0).await, pending);
        mark_queued(&state, GATE, id('a')).await.unwrap();
        assert_eq!(joins(&state, &event('b', 3, 0.9), 3).await, Joined::Queued);
        assert_eq!(joins(&state, &event('c', 5, 0.7), 5).await, Joined::Queued);

        let early = close(&state, GATE, id('a'), after(9)).await.unwrap();
        assert_eq!(early, Closing::Early(Duration::from_secs(1)));
        let group = closed(&state, 'a', 10).await;
        assert_eq!((group.id, group.count, group.first, group.last), (id('a'), 3, after(0), after(5)));
        assert_eq!(group.best.id, id('b'));
        assert_eq!(group.labels, ["Gate"]);
    }

    #[tokio::test]
    async fn an_event_that_is_delivered_again_counts_once() {
        let state = MemoryState::default();
        let first = event('a', 0, 0.5);
        joins(&state, &first, 0).await;
        joins(&state, &first, 1).await;
        assert_eq!(closed(&state, 'a', 10).await.count, 1);
        // The group is closed, and then the next one open: it still belongs to the first.
        assert_eq!(joins(&state, &first, 11).await, Joined::Queued);
        assert_eq!(
            joins(&state, &event('b', 12, 0.5), 12).await,
            Joined::Pending { group: id('b'), delay: WINDOW }
        );
        assert_eq!(joins(&state, &first, 13).await, Joined::Queued);
        assert_eq!(closed(&state, 'b', 22).await.count, 1);
    }

    #[tokio::test]
    async fn a_crash_before_the_message_is_queued_leaves_it_pending() {
        let state = MemoryState::default();
        joins(&state, &event('a', 0, 0.5), 0).await;
        let left = Duration::from_secs(6);
        assert_eq!(
            joins(&state, &event('b', 4, 0.5), 4).await,
            Joined::Pending { group: id('a'), delay: left }
        );
        assert_eq!(
            joins(&state, &event('a', 0, 0.5), 30).await,
            Joined::Pending { group: id('a'), delay: Duration::ZERO }
        );
    }

    #[tokio::test]
    async fn a_group_whose_message_is_lost_gets_another() {
        let state = MemoryState::default();
        joins(&state, &event('a', 0, 0.5), 0).await;
        mark_queued(&state, GATE, id('a')).await.unwrap();
        assert_eq!(joins(&state, &event('b', 70, 0.5), 70).await, Joined::Queued);
        let pending = Joined::Pending { group: id('a'), delay: Duration::ZERO };
        assert_eq!(joins(&state, &event('c', 71, 0.5), 71).await, pending);
    }

    #[tokio::test]
    async fn a_closed_group_waits_for_its_delivery_while_the_next_is_open() {
        let state = MemoryState::default();
        joins(&state, &event('a', 0, 0.5), 0).await;
        closed(&state, 'a', 10).await;
        joins(&state, &event('b', 11, 0.5), 11).await;
        joins(&state, &event('c', 12, 0.5), 12).await;
        assert_eq!(closed(&state, 'a', 15).await.count, 1);
        mark_delivered(&state, GATE, id('a')).await.unwrap();
        assert_eq!(close(&state, GATE, id('a'), after(16)).await.unwrap(), Closing::Delivered);
        assert_eq!(closed(&state, 'b', 21).await.count, 2);
    }

    #[tokio::test]
    async fn what_joins_while_a_group_is_being_closed_is_in_it() {
        // The closing delivery read the group, wrote its own item and died; then another event joined.
        let state = MemoryState::default();
        joins(&state, &event('a', 0, 0.5), 0).await;
        let item = state.get(&GATE.key()).await.unwrap().unwrap();
        state.put(&GATE.closed_key(id('a')), item.data, None, Condition::None).await.unwrap();
        joins(&state, &event('b', 9, 0.5), 10).await;
        assert_eq!(closed(&state, 'a', 11).await.count, 2);
    }

    #[tokio::test]
    async fn each_rule_and_source_has_groups_of_its_own() {
        let state = MemoryState::default();
        joins(&state, &event('a', 0, 0.5), 0).await;
        let other = GroupKey { rule: "cars", source: "gate" };
        let joined = join(&state, other, &event('b', 1, 0.5), "Gate", WINDOW, after(1)).await.unwrap();
        assert_eq!(joined, Joined::Pending { group: id('b'), delay: WINDOW });
    }
}
