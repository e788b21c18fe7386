//! `alarmStatusInfo`: the levels of alarms.
//!
//! Devices write a level as `<motionAlarm id="1">true</motionAlarm>` or as a list of such `item`s. Other firmware puts the
//! level, its number or both into attributes or child elements: `<item id="1" value="true"/>`,
//! `<item><id>1</id><status>true</status></item>`, `<motionAlarm><ch1>false</ch1><ch2>true</ch2></motionAlarm>`. An element
//! is read by what is in it, whatever its parts are called; where several of them are levels, each is an alarm of its own.

use std::borrow::Cow;

use camhook_event::Kind;

use super::{ParseError, Parser, leaf};
use crate::message::{Alarm, Scope};
use crate::scalars::Scalars;
use crate::vocabulary::{alarm_state, kind, truth};
use crate::xml::{Node, Tag};

/// The most levels in a post: a recorder has 128 channels.
const LEVELS_LIMIT: usize = 128;

/// The most that is kept of a number or name of a level, in bytes: each entry of a list has those of the list.
const NAME_LIMIT: usize = 256;

/// How clearly the name of a member says that its value is a level, the clearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It is a word for a level: `status`.
    Named,
    /// It ends with one: `motionStatus`.
    Akin,
    /// It is not, but the value is a word such as `true`. A number may mean anything then.
    Word,
}

/// A member whose value may be the level.
#[derive(Debug)]
struct Candidate<'a> {
    rank: Rank,
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

/// An element of a level, as far as it was read.
#[derive(Debug)]
struct Level<'a> {
    alarm: &'a str,
    id: Option<Cow<'a, str>>,
    channel: Option<Cow<'a, str>>,
    label: Option<Cow<'a, str>>,
    scope: Scope,
    text: Option<Cow<'a, str>>,
    candidates: Vec<Candidate<'a>>,
    /// Whether a word for a level is there with a value that is none.
    is_unclear: bool,
    others: Scalars<'a>,
    /// How many alarms there were when it began: those behind them belong to it.
    first: usize,
}

impl<'a> Level<'a> {
    /// What the members say, as alarms without the numbers and names that all of them share.
    fn take_alarms(&mut self) -> Vec<Alarm<'a>> {
        let best = self.candidates.iter().map(|candidate| candidate.rank).min();
        if let Some(text) = self.text.take() {
            let is_level = alarm_state(&text).is_some() || best.is_none_or(|best| best == Rank::Word);
            if is_level {
                self.keep_candidates(|_| true);
                return vec![self.alarm(text)];
            }
            self.others.push_owned("text", text);
        }
        let Some(best) = best.filter(|best| *best != Rank::Word || !self.is_unclear) else {
            self.keep_candidates(|_| true);
            return Vec::new();
        };
        self.keep_candidates(|rank| rank != best);
        let candidates = std::mem::take(&mut self.candidates);
        let mut states = candidates.iter().map(|candidate| alarm_state(&candidate.value));
        let first = states.next().flatten();
        let says_one_thing = best != Rank::Word && states.all(|state| state == first);
        let is_one = candidates.len() == 1;
        if says_one_thing {
            return candidates.into_iter().take(1).map(|candidate| self.alarm(candidate.value)).collect();
        }
        let part = |Candidate { name, value, .. }| {
            let mut alarm = self.alarm(value);
            alarm.scope.add("part", &name);
            alarm.part = (!is_one).then_some(name);
            alarm
        };
        candidates.into_iter().map(part).collect()
    }

    /// Keeps candidates of some ranks as values beside the level.
    fn keep_candidates(&mut self, is_kept: impl Fn(Rank) -> bool) {
        for Candidate { name, value, .. } in
            self.candidates.extract_if(.., |candidate| is_kept(candidate.rank))
        {
            self.others.push_owned(&name, value);
        }
    }

    fn alarm(&self, value: Cow<'a, str>) -> Alarm<'a> {
        Alarm::new(Cow::Borrowed(self.alarm), value)
    }
}

impl<'a> Parser<'a> {
    /// The block of all levels.
    pub(super) fn levels(&mut self, block: &Tag<'a>) -> Result<(), ParseError> {
        let first = self.document.alarms.get_or_insert_default().len();
        let mut channel = None;
        for (name, value) in block.attributes() {
            if is_decoration(name) {
                continue;
            }
            if names_channel(&name.to_ascii_lowercase()) && !is_word(&value) {
                channel = Some(cut(Cow::Owned(value)));
            } else if is_word(&value) || names_alarm(name) {
                self.push_alarm(Alarm::new(Cow::Owned(name.to_owned()), Cow::Owned(value)));
            } else {
                self.document.scalars.push_owned(name, Cow::Owned(value));
            }
        }
        while let Some(tag) = self.cursor.child()? {
            self.level(tag.name, &tag)?;
        }
        for alarm in self.alarms_from(first) {
            alarm.channel = alarm.channel.take().or_else(|| channel.clone());
        }
        Ok(())
    }

    /// An alarm's element, or an entry of its list.
    fn level(&mut self, alarm: &'a str, tag: &Tag<'a>) -> Result<(), ParseError> {
        let mut level = self.begin_level(alarm, tag);
        match self.cursor.next()? {
            Node::Open(first) => self.level_members(&mut level, first)?,
            Node::Close => self.level_text(&mut level),
        }
        self.finish_level(level, tag);
        Ok(())
    }

    fn begin_level(&mut self, alarm: &'a str, tag: &Tag<'_>) -> Level<'a> {
        let mut level = Level {
            alarm,
            id: None,
            channel: None,
            label: None,
            scope: Scope::default(),
            text: None,
            candidates: Vec::new(),
            is_unclear: false,
            others: Scalars::default(),
            first: self.document.alarms.as_ref().map_or(0, Vec::len),
        };
        for (name, value) in tag.attributes() {
            if !is_decoration(name) {
                self.member(&mut level, Cow::Owned(name.to_owned()), Cow::Owned(value));
            }
        }
        level.channel = level.channel.or_else(|| numbered_channel(tag.name).map(Cow::Owned));
        level
    }

    /// Takes the text that stands before the tag that was read last.
    fn level_text(&mut self, level: &mut Level<'a>) {
        let text = self.cursor.take_text().to_scalar();
        if !text.is_empty() {
            level.text = Some(text);
        }
    }

    fn level_members(&mut self, level: &mut Level<'a>, first: Tag<'a>) -> Result<(), ParseError> {
        let mut next = Some(first);
        while let Some(child) = next {
            self.level_text(level);
            if child.is("itemType") {
                self.cursor.skip()?;
            } else {
                self.level_member(level, &child)?;
            }
            next = self.cursor.child()?;
        }
        self.level_text(level);
        Ok(())
    }

    /// A child of an alarm's element: a member of it, or an entry with members of its own.
    fn level_member(&mut self, level: &mut Level<'a>, child: &Tag<'a>) -> Result<(), ParseError> {
        let node = self.cursor.next()?;
        if let Node::Close = node {
            let text = self.cursor.take_text().to_scalar();
            if !is_entry(child, &text) {
                self.member(level, Cow::Borrowed(child.name), leaf(child, text));
                return Ok(());
            }
            let mut entry = self.begin_entry(level, child);
            entry.text = (!text.is_empty()).then_some(text);
            self.finish_level(entry, child);
            return Ok(());
        }
        let mut entry = self.begin_entry(level, child);
        if let Node::Open(first) = node {
            self.level_members(&mut entry, first)?;
        }
        self.finish_level(entry, child);
        Ok(())
    }

    /// An entry of an alarm's list. Where an element that is no alarm holds ones that are, the entry's name is the alarm's.
    fn begin_entry(&mut self, level: &Level<'a>, tag: &Tag<'a>) -> Level<'a> {
        let is_alarm = names_alarm(tag.name) && !names_alarm(level.alarm);
        self.begin_level(if is_alarm { tag.name } else { level.alarm }, tag)
    }

    /// Takes an attribute or a child element.
    fn member(&mut self, level: &mut Level<'a>, name: Cow<'a, str>, value: Cow<'a, str>) {
        if value.is_empty() {
            return;
        }
        let lower_case_name = name.to_ascii_lowercase();
        let rank = rank(&lower_case_name);
        let is_level = match rank {
            Rank::Named | Rank::Akin => alarm_state(&value).is_some(),
            Rank::Word => is_word(&value),
        };
        if let Some(number) = numbered_channel(&name)
            && alarm_state(&value).is_some()
        {
            self.push_alarm(Alarm { channel: Some(Cow::Owned(number)), ..level.alarm(value) });
            return;
        }
        if is_level && rank != Rank::Named && names_alarm(&name) && !names_alarm(level.alarm) {
            self.push_alarm(Alarm::new(name, value));
            return;
        }
        if let Some(field) = level.field(&lower_case_name)
            && !is_word(&value)
            && field.is_none()
        {
            *field = Some(cut(value));
        } else if is_level {
            level.candidates.push(Candidate { rank, name: Cow::Owned(lower_case_name), value });
        } else {
            level.is_unclear |= rank == Rank::Named && value.parse::<f64>().is_err();
            level.others.push_owned(&lower_case_name, value);
        }
    }

    fn finish_level(&mut self, mut level: Level<'a>, tag: &Tag<'a>) {
        let has_entries = !self.alarms_from(level.first).is_empty();
        let alarms = level.take_alarms();
        for (name, value) in level.others.iter() {
            level.scope.add_value(name, value);
        }
        if alarms.is_empty() && !has_entries {
            if level.others.is_empty() {
                self.note_empty(&level, tag);
                return;
            }
            let others = std::mem::take(&mut level.others);
            self.push_alarm(Alarm { others, ..level.alarm(Cow::Borrowed("")) });
        }
        let is_only = alarms.len() == 1 && !has_entries;
        for alarm in alarms {
            let others = if is_only { std::mem::take(&mut level.others) } else { Scalars::default() };
            self.push_alarm(Alarm { others, ..alarm });
        }
        for alarm in self.alarms_from(level.first) {
            alarm.join(level.id.as_ref(), level.channel.as_ref(), level.label.as_ref());
            alarm.scope.join(level.scope);
            let around = if alarm.name == level.alarm { tag.name } else { level.alarm };
            if alarm.name != around {
                alarm.set_element(around);
            }
        }
        // What several of them share.
        self.document.scalars.append(level.others);
    }

    /// Notes an element without a level, unless it is a list that says that nothing is in it.
    fn note_empty(&mut self, level: &Level<'a>, tag: &Tag<'_>) {
        if is_empty_list(tag) {
            return;
        }
        let is_numbered = level.id.is_some() || level.channel.is_some();
        let document = &mut self.document;
        let names = if is_numbered { &mut document.levelless } else { &mut document.empty_alarms };
        names.push(level.alarm);
    }

    /// The alarms behind the first ones.
    fn alarms_from(&mut self, first: usize) -> &mut [Alarm<'a>] {
        self.document.alarms.get_or_insert_default().get_mut(first..).unwrap_or_default()
    }

    fn push_alarm(&mut self, alarm: Alarm<'a>) {
        if self.document.alarms.as_ref().is_some_and(|alarms| alarms.len() >= LEVELS_LIMIT) {
            self.leave_out(ParseError::TooMany("levels of alarms"));
            return;
        }
        self.document.alarms.get_or_insert_default().push(alarm);
    }
}

impl<'a> Level<'a> {
    /// Where the number or name of a level is kept that a member holds.
    fn field(&mut self, lower_case_name: &str) -> Option<&mut Option<Cow<'a, str>>> {
        match lower_case_name {
            "id" | "index" | "no" | "number" => Some(&mut self.id),
            "name" | "label" | "alias" => Some(&mut self.label),
            name if names_channel(name) => Some(&mut self.channel),
            _ => None,
        }
    }
}

/// The beginning of a value, as far as it is kept.
fn cut(value: Cow<'_, str>) -> Cow<'_, str> {
    let end = value.floor_char_boundary(NAME_LIMIT);
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(value.get(..end).unwrap_or_default()),
        Cow::Owned(mut value) => {
            value.truncate(end);
            Cow::Owned(value)
        }
    }
}

/// Whether a member's value is the number of a channel.
fn names_channel(lower_case_name: &str) -> bool {
    channel_suffix(lower_case_name)
        .is_some_and(|suffix| matches!(suffix, "" | "id" | "no" | "num" | "number" | "index"))
}

/// What follows the word for a channel.
fn channel_suffix(lower_case_name: &str) -> Option<&str> {
    ["channel", "camera", "chan", "chl", "chn", "cam", "ch"]
        .iter()
        .find_map(|word| lower_case_name.strip_prefix(word))
}

/// The number in the name of a channel's own member: `ch2`, `channel_02`.
fn numbered_channel(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let digits = channel_suffix(&name)?.trim_start_matches(['_', '-', '.']);
    let is_number =
        !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|octet| octet.is_ascii_digit());
    let number = digits.trim_start_matches('0');
    is_number.then(|| if number.is_empty() { "0" } else { number }.to_owned())
}

fn rank(lower_case_name: &str) -> Rank {
    let terms =
        ["value", "val", "status", "state", "level", "alarm", "active", "on", "triggered", "detected"];
    let is_akin = || {
        ["status", "state", "alarm", "active", "triggered", "detected"]
            .iter()
            .any(|word| lower_case_name.ends_with(word))
    };
    let name = lower_case_name.strip_prefix("is").unwrap_or(lower_case_name);
    if terms.contains(&name) {
        Rank::Named
    } else if is_akin() {
        Rank::Akin
    } else {
        Rank::Word
    }
}

/// Whether a name is that of an alarm.
fn names_alarm(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    kind(&name) != Kind::Other || name.ends_with("alarm") || name.ends_with("alarmin")
}

/// Whether a value is a level whatever it is called.
fn is_word(value: &str) -> bool {
    truth(value).is_some() && !value.bytes().all(|octet| octet.is_ascii_digit())
}

/// Whether an element without children is a level of its own, and no member of the element around it.
fn is_entry(tag: &Tag<'_>, text: &str) -> bool {
    if tag.is("item") {
        return true;
    }
    let name = tag.name.to_ascii_lowercase();
    let is_number_or_name =
        matches!(name.as_str(), "id" | "index" | "no" | "number" | "name" | "label" | "alias")
            || names_channel(&name);
    if is_number_or_name && !text.is_empty() && !is_word(text) {
        return false;
    }
    let is_level = |name: &str, value: &str| match rank(&name.to_ascii_lowercase()) {
        Rank::Named | Rank::Akin => alarm_state(value).is_some(),
        Rank::Word => is_word(value),
    };
    let is_own = |name: &str| !is_decoration(name) && !name.eq_ignore_ascii_case("value");
    let mut own = tag.attributes().filter(|(name, _)| is_own(name)).peekable();
    tag.attribute("id").is_some()
        || (own.peek().is_some()
            && (alarm_state(text).is_some() || own.any(|(name, value)| is_level(name, &value))))
}

/// Attributes that describe the element and not the level.
fn is_decoration(name: &str) -> bool {
    ["type", "count", "version"].iter().any(|decoration| name.eq_ignore_ascii_case(decoration))
}

/// A list that says that nothing is in it.
fn is_empty_list(tag: &Tag<'_>) -> bool {
    let is_list = tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("list"));
    match tag.attribute("count") {
        Some(count) => count == "0",
        None => is_list,
    }
}
