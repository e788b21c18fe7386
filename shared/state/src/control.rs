//! What people set: the stop switch of all relays, and the mode of each area.
//!
//! They have partition keys of their own, so that a role that may set a mode may not touch the stop switch.

use std::fmt;

use camhook_event::EventId;
use camhook_ports::{Condition, Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, encode, update};

const CONTROL: &str = "control";

/// Whether relays may be switched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopSwitch {
    /// They may.
    #[default]
    Running,
    /// They may only be released.
    Stopped,
}

/// How the stop switch was set last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRecord {
    /// How it stands.
    pub switch: StopSwitch,
    /// When it was set.
    pub since: Timestamp,
    /// Who set it, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// How the mode of an area was set last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeRecord {
    /// The mode.
    pub mode: String,
    /// Since when it counts.
    pub since: Timestamp,
    /// Who set it; unknown for a mode that an older version stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SetBy>,
    /// The event that set it; absent when a person or a request did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<EventChange>,
}

/// The change of a mode by an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventChange {
    /// The event.
    pub event: EventId,
    /// The mode before the event; absent when none was ever set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// The mode of an area, for programs: commands, the console and replies to requests. `By` is who set it, as parts
/// ([`SetBy`]) or in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaMode<By = SetBy> {
    /// The area.
    pub area: String,
    /// Its mode.
    pub mode: String,
    /// Since when; `None` for an area whose mode was never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Who set it, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

impl AreaMode {
    /// The mode of an area by what is recorded; `default` where it was never set.
    #[must_use]
    pub fn new(area: &str, record: Option<ModeRecord>, default: &str) -> Self {
        let area = area.to_owned();
        match record {
            None => Self { area, mode: default.to_owned(), since: None, by: None },
            Some(ModeRecord { mode, since, by, .. }) => Self { area, mode, since: Some(since), by },
        }
    }

    /// The same with who set it in words: `source phone`.
    #[must_use]
    pub fn in_words(self) -> AreaMode<String> {
        let Self { area, mode, since, by } = self;
        AreaMode { area, mode, since, by: by.map(|by| by.to_string()) }
    }
}

/// Who set a mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// A request of this control source.
    Source(String),
    /// An event that this rule matched.
    Rule(String),
    /// A person with the command line, by name.
    Person(String),
}

impl fmt::Display for SetBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => write!(formatter, "source {source}"),
            Self::Rule(rule) => write!(formatter, "rule {rule}"),
            Self::Person(name) => formatter.write_str(name),
        }
    }
}

pub(crate) fn stop_key() -> Key {
    Key::new(CONTROL, "stop")
}

pub(crate) fn mode_key(area: &str) -> Key {
    Key::new(format!("mode#{area}"), "-")
}

/// Where version 0.1 and older stored the mode: in the partition of the stop switch. It counts until the mode is set
/// again.
pub(crate) fn old_mode_key(area: &str) -> Key {
    Key::new(CONTROL, format!("mode#{area}"))
}

/// Reads the stop switch, strongly consistently. One that was never touched is running.
///
/// # Errors
///
/// When the table fails; nothing may be switched then.
pub async fn stop_switch<S: State>(state: &S) -> Result<StopSwitch, Error> {
    Ok(stop_record(state).await?.map_or_else(StopSwitch::default, |record| record.switch))
}

/// How the stop switch was set last; `None` when it was never touched.
///
/// # Errors
///
/// When the table fails.
pub async fn stop_record<S: State>(state: &S) -> Result<Option<StopRecord>, Error> {
    state.get(&stop_key()).await?.map(|item| decode(&item)).transpose()
}

/// Sets the stop switch. `by` says who does, for whoever looks at it later.
///
/// # Errors
///
/// When the table fails.
pub async fn set_stop_switch<S: State>(
    state: &S,
    switch: StopSwitch,
    now: Timestamp,
    by: &str,
) -> Result<(), Error> {
    let key = stop_key();
    let data = encode(&key, &StopRecord { switch, since: now, by: Some(by.to_owned()) })?;
    state.put(&key, data, None, Condition::None).await?;
    Ok(())
}

/// Reads the mode of an area (`home`, `away`, `off` or a name of the user's), strongly consistently; `None`
/// when it was never set.
///
/// # Errors
///
/// When the table fails.
pub async fn mode<S: State>(state: &S, area: &str) -> Result<Option<String>, Error> {
    Ok(mode_record(state, area).await?.map(|record| record.mode))
}

/// The mode of an area under which an event is evaluated: as in [`mode`], but the one before it where the event itself
/// set the mode. Several functions evaluate an event, and one of them sets modes; the order in which they run must not
/// matter.
///
/// # Errors
///
/// When the table fails.
pub async fn mode_before<S: State>(state: &S, area: &str, event: EventId) -> Result<Option<String>, Error> {
    let Some(record) = mode_record(state, area).await? else { return Ok(None) };
    Ok(match record.change {
        Some(change) if change.event == event => change.before,
        _ => Some(record.mode),
    })
}

/// How the mode of an area was set last; `None` when it was never set.
///
/// # Errors
///
/// When the table fails.
pub async fn mode_record<S: State>(state: &S, area: &str) -> Result<Option<ModeRecord>, Error> {
    let item = match state.get(&mode_key(area)).await? {
        Some(item) => Some(item),
        None => state.get(&old_mode_key(area)).await?,
    };
    item.map(|item| decode(&item)).transpose()
}

/// Sets the mode of an area.
///
/// # Errors
///
/// When the table fails.
pub async fn set_mode<S: State>(
    state: &S,
    area: &str,
    mode: &str,
    by: SetBy,
    now: Timestamp,
) -> Result<ModeRecord, Error> {
    let key = mode_key(area);
    let record = ModeRecord { mode: mode.to_owned(), since: now, by: Some(by), change: None };
    state.put(&key, encode(&key, &record)?, None, Condition::None).await?;
    Ok(record)
}

/// Whether an event set a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeChange {
    /// The area has the mode.
    Set,
    /// The mode was set after the event happened, by a person or a later event, and stays.
    Newer,
}

/// A rule that matched an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchedBy<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The event.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
}

/// Sets the mode of an area because a rule matched an event, unless the mode was set after the event happened.
///
/// # Errors
///
/// When the table fails.
pub async fn set_mode_by_event<S: State>(
    state: &S,
    area: &str,
    mode: &str,
    by: MatchedBy<'_>,
) -> Result<ModeChange, Error> {
    let MatchedBy { rule, event, at } = by;
    let key = mode_key(area);
    // Also where an older version stored it.
    let old = mode_record(state, area).await?;
    if old.as_ref().is_some_and(|record| record.since > at) {
        return Ok(ModeChange::Newer);
    }
    let updated = update(state, Update { key: &key, now: at, begin: Begin::Reading }, |present| {
        let present = present.map(|present: Present<ModeRecord>| present.record).or_else(|| old.clone());
        if present.as_ref().is_some_and(|record| record.since > at) {
            return Ok(Change::Keep(ModeChange::Newer));
        }
        let before = match present {
            // The event sets the mode for the second time.
            Some(ModeRecord { change: Some(change), .. }) if change.event == event => change.before,
            present => present.map(|record| record.mode),
        };
        let by = Some(SetBy::Rule(rule.to_owned()));
        let change = Some(EventChange { event, before });
        let record = ModeRecord { mode: mode.to_owned(), since: at, by, change };
        Ok(Change::Write { record, expires: None, result: ModeChange::Set })
    });
    Ok(updated.await?.result)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn ann() -> SetBy {
        SetBy::Person("ann".to_owned())
    }

    fn leaving(sequence: &str, at: Timestamp) -> MatchedBy<'static> {
        MatchedBy { rule: "leave", event: EventId::of_sender_id("gate", sequence), at }
    }

    #[tokio::test]
    async fn an_event_is_evaluated_under_the_mode_before_its_own_change() {
        let state = MemoryState::default();
        let (first, second) = (leaving("1", NOW), leaving("2", NOW));
        let before = async |by: MatchedBy<'_>| mode_before(&state, "yard", by.event).await.unwrap();
        assert_eq!(before(first).await, None);
        set_mode_by_event(&state, "yard", "away", first).await.unwrap();
        assert_eq!((before(first).await, before(second).await.as_deref()), (None, Some("away")));
        // The same event sets it a second time: what was before the event stays.
        set_mode_by_event(&state, "yard", "off", first).await.unwrap();
        assert_eq!((before(first).await, before(second).await.as_deref()), (None, Some("off")));
        set_mode_by_event(&state, "yard", "home", second).await.unwrap();
        assert_eq!(before(second).await.as_deref(), Some("off"));
        set_mode(&state, "yard", "away", ann(), NOW).await.unwrap();
        assert_eq!(before(second).await.as_deref(), Some("away"), "a person set it after the event");
    }

    #[test]
    fn the_mode_of_an_area_has_one_form_as_parts_and_one_in_words() {
        let by = Some(SetBy::Source("phone".to_owned()));
        let record = ModeRecord { mode: "away".to_owned(), since: NOW, by, change: None };
        let mode = AreaMode::new("yard", Some(record), "home");
        let expected = serde_json::json!({
            "area": "yard", "mode": "away", "since": "2027-01-15T08:00:00Z", "by": { "source": "phone" },
        });
        assert_eq!(serde_json::to_value(&mode).unwrap(), expected);
        assert_eq!(serde_json::to_value(mode.in_words()).unwrap()["by"], "source phone");
        let never = serde_json::to_value(AreaMode::new("barn", None, "home")).unwrap();
        assert_eq!(never, serde_json::json!({ "area": "barn", "mode": "home" }));
    }

    #[tokio::test]
    async fn the_switch_runs_until_it_is_stopped() {
        let state = MemoryState::default();
        assert_eq!(stop_switch(&state).await.unwrap(), StopSwitch::Running);
        set_stop_switch(&state, StopSwitch::Stopped, NOW, "ann").await.unwrap();
        assert_eq!(stop_switch(&state).await.unwrap(), StopSwitch::Stopped);
        assert_eq!(stop_record(&state).await.unwrap().unwrap().by.as_deref(), Some("ann"));
        set_stop_switch(&state, StopSwitch::Running, NOW, "ben").await.unwrap();
        assert_eq!(stop_switch(&state).await.unwrap(), StopSwitch::Running);
    }

    #[tokio::test]
    async fn a_switch_that_cannot_be_read_is_no_permission() {
        let state = MemoryState::default();
        state.fail("control");
        assert!(stop_switch(&state).await.is_err());
    }

    #[tokio::test]
    async fn each_area_has_its_mode() {
        let state = MemoryState::default();
        set_mode(&state, "yard", "away", ann(), NOW).await.unwrap();
        assert_eq!(mode(&state, "yard").await.unwrap().as_deref(), Some("away"));
        assert_eq!(mode(&state, "house").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_mode_that_an_older_version_stored_counts_until_it_is_set_again() {
        let state = MemoryState::default();
        let later = NOW.checked_add(std::time::Duration::from_secs(10)).unwrap();
        let old = old_mode_key("yard");
        let record = ModeRecord { mode: "away".to_owned(), since: later, by: None, change: None };
        let data = encode(&old, &record).unwrap();
        state.put(&old, data, None, Condition::None).await.unwrap();
        assert_eq!(mode(&state, "yard").await.unwrap().as_deref(), Some("away"));
        let early = set_mode_by_event(&state, "yard", "home", leaving("1", NOW)).await.unwrap();
        assert_eq!(early, ModeChange::Newer);
        assert_eq!(mode(&state, "yard").await.unwrap().as_deref(), Some("away"));
        let latest = later.checked_add(std::time::Duration::from_secs(10)).unwrap();
        let late = leaving("2", latest);
        assert_eq!(set_mode_by_event(&state, "yard", "home", late).await.unwrap(), ModeChange::Set);
        assert_eq!(mode(&state, "yard").await.unwrap().as_deref(), Some("home"));
        assert_eq!(mode_before(&state, "yard", late.event).await.unwrap().as_deref(), Some("away"));
    }

    #[tokio::test]
    async fn a_mode_says_who_set_it() {
        let state = MemoryState::default();
        let by = async || mode_record(&state, "yard").await.unwrap().unwrap().by.unwrap().to_string();
        set_mode(&state, "yard", "away", SetBy::Source("phone".to_owned()), NOW).await.unwrap();
        assert_eq!(by().await, "source phone");
        set_mode_by_event(&state, "yard", "home", leaving("1", NOW)).await.unwrap();
        assert_eq!(by().await, "rule leave");
    }

    #[tokio::test]
    async fn modes_are_not_in_the_partition_of_the_stop_switch() {
        let state = MemoryState::default();
        set_mode(&state, "yard", "away", ann(), NOW).await.unwrap();
        assert!(state.query(CONTROL).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_older_event_changes_no_mode() {
        let state = MemoryState::default();
        let after = |seconds| NOW.checked_add(std::time::Duration::from_secs(seconds)).unwrap();
        let set = |mode: &'static str, at| set_mode_by_event(&state, "yard", mode, leaving("1", at));
        assert_eq!(set("away", after(10)).await.unwrap(), ModeChange::Set);
        assert_eq!(set("home", after(5)).await.unwrap(), ModeChange::Newer);
        assert_eq!(mode(&state, "yard").await.unwrap().as_deref(), Some("away"));
        set_mode(&state, "yard", "off", ann(), after(20)).await.unwrap();
        assert_eq!(set("away", after(10)).await.unwrap(), ModeChange::Newer);
        assert_eq!(set("home", after(20)).await.unwrap(), ModeChange::Set);
        assert_eq!(mode(&state, "yard").await.unwrap().as_deref(), Some("home"));
    }
}
