//! Levels of alarms that devices report again and again.
//!
//! A recorder repeats the levels of all its alarms while one of them lasts. Only a level that differs from what was
//! stored before is an event. One item per source and device holds the levels of its last report, and those that ended
//! before: what has ended does not end again.
//!
//! [`observe`] compares a report and announces its levels as not yet stored; when the events are stored, [`confirm`]
//! completes the item. A level whose event was not stored, because the function ended in between, is an event again with
//! the next report. A function that handles the opposite level meanwhile sees the announcement.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camhook_event::State as Level;
use camhook_ports::{Condition, Key, State};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, encode, update};

/// For how long after a report a level that is on is a repetition. Devices report every 10 to 120 s while an alarm lasts;
/// many never report its end.
pub const REPEAT_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// How old the time of the last report may become before a repetition renews it.
const REFRESH_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// For how long a silent device's item is kept: over a weekend without an alarm.
const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// The most levels that an item holds; a report has 128 at most.
const LEVELS_LIMIT: usize = 384;

/// The levels of one device as it reports them at one time.
#[derive(Debug, Clone)]
pub struct LevelReport<'a> {
    /// The source's id.
    pub source: &'a str,
    /// The device, or its channel, that speaks.
    pub device: &'a str,
    /// When it was received.
    pub received_at: Timestamp,
    /// Each level by its name, in the order of the report. What stands before a `#` names what it is a level of, where a
    /// device has several of one thing or does not always give them the same name.
    pub levels: &'a [(String, Level)],
}

/// What a report says that is new.
#[derive(Debug)]
pub struct Observation {
    /// For each level of the report, whether it differs from what was stored before.
    pub is_new: Vec<bool>,
    /// What to [`confirm`] once the events of the new levels are stored.
    pub announcement: Option<Announcement>,
}

/// Levels that are announced and whose events are not yet known to be stored.
#[derive(Debug)]
pub struct Announcement {
    key: Key,
    record: Record,
    revision: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    /// When the report was received.
    at: Timestamp,
    progress: Progress,
    levels: BTreeMap<String, Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Progress {
    Announced,
    Stored,
}

/// Compares a report with the one before it.
///
/// A level that is on and that a report leaves out is forgotten: newer firmware lists only what is on, so that it has ended;
/// other firmware lists only what has changed, and reports its end later. One that was off stays off, however long ago that
/// was reported, until a report has a level of the same thing that is on.
///
/// # Errors
///
/// When the table fails, or other reports are faster each time. Every level then has to be taken for new.
pub async fn observe<S: State>(state: &S, report: LevelReport<'_>) -> Result<Observation, Error> {
    let key = Key::new(format!("level#{}", report.source), report.device);
    let now = report.received_at;
    let expires = now.checked_add(LIFETIME).ok();
    let changed = update(state, Update { key: &key, now, begin: Begin::Reading }, |present| {
        let before = present.and_then(|present| still_known(present.record, now));
        let is_new = compare(before.as_ref(), report.levels);
        Ok(match next(before, &report, is_new.contains(&true)) {
            Some(record) => Change::Write { record: record.clone(), expires, result: (is_new, Some(record)) },
            None => Change::Keep((is_new, None)),
        })
    })
    .await?;
    let (is_new, record) = changed.result;
    let announcement = record
        .filter(|record| record.progress == Progress::Announced)
        .zip(changed.revision)
        .map(|(record, revision)| Announcement { key, record, revision });
    Ok(Observation { is_new, announcement })
}

/// Records that the last levels of a device are not known: every level of its next report is new.
///
/// For a report that could not be compared. Its levels are events, and the item still holds those before it.
///
/// # Errors
///
/// When the table fails.
pub async fn forget<S: State>(state: &S, source: &str, device: &str, now: Timestamp) -> Result<(), Error> {
    let key = Key::new(format!("level#{source}"), device);
    let expires = now.checked_add(LIFETIME).ok();
    update(state, Update { key: &key, now, begin: Begin::Reading }, |_: Option<Present<Record>>| {
        let record = Record { at: now, progress: Progress::Announced, levels: BTreeMap::new() };
        Ok(Change::Write { record, expires, result: () })
    })
    .await?;
    Ok(())
}

/// Records that the events of a report are stored. A newer report that was stored before is kept.
///
/// # Errors
///
/// When the table fails: the same levels are then events again with the next report.
pub async fn confirm<S: State>(state: &S, announcement: Announcement) -> Result<(), Error> {
    let Announcement { key, record, revision } = announcement;
    let expires = record.at.checked_add(LIFETIME).ok();
    let record = Record { progress: Progress::Stored, ..record };
    state.put(&key, encode(&key, &record)?, expires, Condition::Revision(revision)).await?;
    Ok(())
}

/// What of an item counts at a time: of one that is older than the last repetition, only what had ended.
fn still_known(mut record: Record, now: Timestamp) -> Option<Record> {
    if record.at.duration_since(now) > REPEAT_WINDOW {
        return None;
    }
    if now.duration_since(record.at) > REPEAT_WINDOW {
        record.levels.retain(|_, level| *level == Level::Stop);
    }
    Some(record)
}

/// Which levels differ from what was stored before, or from one of the same name earlier in the report.
fn compare(before: Option<&Record>, levels: &[(String, Level)]) -> Vec<bool> {
    let stored = before.filter(|record| record.progress == Progress::Stored);
    let mut known = stored.map(|record| record.levels.clone()).unwrap_or_default();
    levels.iter().map(|(name, level)| known.insert(name.clone(), *level) != Some(*level)).collect()
}

/// What the item holds after a report; `None` when it can stay as it is.
fn next(before: Option<Record>, report: &LevelReport<'_>, has_new: bool) -> Option<Record> {
    let mut levels: BTreeMap<String, Level> = report.levels.iter().cloned().collect();
    let at = report.received_at;
    if let Some(before) =
        before.as_ref().filter(|before| before.progress == Progress::Stored && before.at <= at)
    {
        keep_ended(&mut levels, before);
    }
    match before {
        // A later report was faster. What contradicts it is forgotten, so that the next report of either level counts.
        Some(mut later) if later.at > at => {
            let contradicted =
                |name: &String, level: &Level| levels.get(name).is_some_and(|other| other != level);
            later.levels.retain(|name, level| !contradicted(name, level));
            has_new.then_some(later)
        }
        _ if has_new => Some(Record { at, progress: Progress::Announced, levels }),
        Some(before) if before.levels == levels && at.duration_since(before.at) < REFRESH_INTERVAL => None,
        _ => Some(Record { at, progress: Progress::Stored, levels }),
    }
}

/// Adds what had ended before a report and is not in it. Where the report says that the same thing is on, under whatever
/// name, its end is news again.
fn keep_ended(levels: &mut BTreeMap<String, Level>, before: &Record) {
    let begun: BTreeSet<String> = levels
        .iter()
        .filter(|(_, level)| **level == Level::Start)
        .map(|(name, _)| thing(name).to_owned())
        .collect();
    let ended = before.levels.iter().filter(|(name, level)| {
        **level == Level::Stop && !levels.contains_key(*name) && !begun.contains(thing(name))
    });
    let ended: Vec<_> = ended.map(|(name, level)| (name.clone(), *level)).collect();
    if levels.len() + ended.len() <= LEVELS_LIMIT {
        levels.extend(ended);
    }
}

/// What a name is a level of.
fn thing(name: &str) -> &str {
    name.split_once('#').map_or(name, |(thing, _)| thing)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn after(seconds: i64) -> Timestamp {
        NOW.checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    fn levels(text: &str) -> Vec<(String, Level)> {
        let level = |word: &str| if word.starts_with('-') { Level::Stop } else { Level::Start };
        text.split_whitespace().map(|word| (word.trim_start_matches('-').to_owned(), level(word))).collect()
    }

    async fn announce(state: &MemoryState, at: Timestamp, text: &str) -> Observation {
        let levels = levels(text);
        let report = LevelReport { source: "yard", device: "recorder", received_at: at, levels: &levels };
        observe(state, report).await.unwrap()
    }

    /// The names of the levels that are new in a report, whose events are then stored.
    async fn report(state: &MemoryState, at: Timestamp, text: &str) -> String {
        let Observation { is_new, announcement } = announce(state, at, text).await;
        if let Some(announcement) = announcement {
            confirm(state, announcement).await.unwrap();
        }
        let new = text.split_whitespace().zip(is_new).filter(|(_, is_new)| *is_new);
        new.map(|(word, _)| word).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn a_level_counts_once_and_again_when_it_changes() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "motion/3 -fire/1").await, "motion/3 -fire/1");
        assert_eq!(report(&state, after(10), "motion/3 -fire/1").await, "");
        assert_eq!(report(&state, after(20), "motion/3 fire/1").await, "fire/1");
        assert_eq!(report(&state, after(30), "-motion/3 fire/1").await, "-motion/3");
        assert_eq!(report(&state, after(40), "motion/3 fire/1").await, "motion/3");
    }

    #[tokio::test]
    async fn a_level_that_is_left_out_has_ended() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "motion/3").await, "motion/3");
        assert_eq!(report(&state, after(10), "motion/3").await, "");
        assert_eq!(report(&state, after(20), "motion/5").await, "motion/5");
        assert_eq!(report(&state, after(30), "motion/3 motion/5").await, "motion/3");
    }

    #[tokio::test]
    async fn repetitions_are_recognized_for_as_long_as_they_come_and_not_longer() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "motion/3").await, "motion/3");
        for minutes in 1..30 {
            assert_eq!(report(&state, after(minutes * 120), "motion/3").await, "", "{minutes}");
        }
        assert_eq!(report(&state, after(29 * 120 + 301), "motion/3").await, "motion/3");
    }

    #[tokio::test]
    async fn what_has_ended_does_not_end_again_until_it_begins() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "-motion/3 -fire/1").await, "-motion/3 -fire/1");
        assert_eq!(report(&state, after(301), "-motion/3 -fire/1").await, "", "later than any repetition");
        assert_eq!(report(&state, after(86_400), "-motion/3 -fire/1").await, "", "a day later");
        assert_eq!(report(&state, after(86_410), "motion/3").await, "motion/3");
        assert_eq!(report(&state, after(86_420), "-fire/1").await, "", "it was left out meanwhile");
        assert_eq!(report(&state, after(90_000), "-motion/3 -fire/1").await, "-motion/3");
        assert_eq!(report(&state, after(93_000), "fire/1").await, "fire/1");
        assert_eq!(report(&state, after(96_000), "fire/1").await, "fire/1");
        assert_eq!(report(&state, after(96_010), "-fire/1").await, "-fire/1");
    }

    #[tokio::test]
    async fn posts_of_one_level_each_end_once() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "motion/3").await, "motion/3");
        assert_eq!(report(&state, after(10), "motion/5").await, "motion/5");
        assert_eq!(report(&state, after(20), "-motion/3").await, "-motion/3");
        assert_eq!(report(&state, after(30), "-motion/5").await, "-motion/5");
        for seconds in (40..100).step_by(20) {
            assert_eq!(report(&state, after(seconds), "-motion/3").await, "", "{seconds}");
            assert_eq!(report(&state, after(seconds + 10), "-motion/5").await, "", "{seconds}");
        }
        assert_eq!(report(&state, after(100), "motion/3").await, "motion/3");
    }

    #[tokio::test]
    async fn the_end_of_a_thing_under_another_name_is_an_end() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "-motion/3").await, "-motion/3");
        assert_eq!(report(&state, after(10), "motion/3#a").await, "motion/3#a");
        assert_eq!(report(&state, after(20), "-motion/3").await, "-motion/3");
        assert_eq!(report(&state, after(30), "-motion/3").await, "");
    }

    #[tokio::test]
    async fn an_end_that_was_not_stored_is_an_end_again() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "motion/3").await, "motion/3");
        assert_eq!(announce(&state, after(10), "-motion/3").await.is_new, [true]);
        assert_eq!(report(&state, after(20), "motion/5").await, "motion/5");
        assert_eq!(report(&state, after(30), "-motion/3").await, "-motion/3");
    }

    #[tokio::test]
    async fn an_item_stays_small_whatever_names_a_device_invents() {
        let state = MemoryState::default();
        for seconds in 0..500 {
            let text = format!("-motion/3#{seconds}");
            assert_eq!(report(&state, after(seconds), &text).await, text);
        }
        let fire = levels("fire/1");
        let report =
            LevelReport { source: "yard", device: "recorder", received_at: after(500), levels: &fire };
        let announcement = observe(&state, report).await.unwrap().announcement.unwrap();
        assert!(announcement.record.levels.len() <= LEVELS_LIMIT);
    }

    #[tokio::test]
    async fn a_repetition_costs_one_read_and_a_write_a_minute() {
        let state = MemoryState::default();
        report(&state, NOW, "motion/3").await;
        let calls = state.calls();
        for seconds in (10..60).step_by(10) {
            report(&state, after(seconds), "motion/3").await;
        }
        assert_eq!(state.calls(), calls + 5);
        report(&state, after(60), "motion/3").await;
        assert_eq!(state.calls(), calls + 7);
    }

    #[tokio::test]
    async fn a_level_whose_event_was_not_stored_is_new_again() {
        let state = MemoryState::default();
        assert_eq!(announce(&state, NOW, "motion/3").await.is_new, [true]);
        assert_eq!(report(&state, after(1), "motion/3").await, "motion/3");
        assert_eq!(report(&state, after(2), "motion/3").await, "");
    }

    #[tokio::test]
    async fn the_opposite_level_counts_while_the_first_is_still_being_stored() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "-motion/3").await, "-motion/3");
        let first = announce(&state, after(10), "motion/3").await;
        assert_eq!(report(&state, after(11), "-motion/3").await, "-motion/3");
        confirm(&state, first.announcement.unwrap()).await.unwrap();
        assert_eq!(report(&state, after(12), "-motion/3").await, "", "the late confirmation changes nothing");
        assert_eq!(report(&state, after(13), "motion/3").await, "motion/3");
    }

    #[tokio::test]
    async fn an_older_report_that_comes_late_loses_nothing() {
        let state = MemoryState::default();
        assert_eq!(report(&state, after(10), "motion/3 fire/1").await, "motion/3 fire/1");
        assert_eq!(report(&state, NOW, "-motion/3 fire/1").await, "-motion/3");
        assert_eq!(report(&state, after(20), "motion/3 fire/1").await, "motion/3");
    }

    #[tokio::test]
    async fn a_name_twice_in_a_report_is_compared_in_order() {
        let state = MemoryState::default();
        assert_eq!(report(&state, NOW, "motion/3 motion/3 -motion/3").await, "motion/3 -motion/3");
        assert_eq!(report(&state, after(1), "-motion/3").await, "");
    }

    #[tokio::test]
    async fn devices_and_sources_have_levels_of_their_own() {
        let state = MemoryState::default();
        let levels = levels("motion/3");
        for (source, device) in [("yard", "a"), ("yard", "b"), ("gate", "a")] {
            let report = LevelReport { source, device, received_at: NOW, levels: &levels };
            assert_eq!(observe(&state, report).await.unwrap().is_new, [true], "{source} {device}");
        }
    }
}
