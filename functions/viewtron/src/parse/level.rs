//! `alarmStatusInfo`: the levels of alarms.
//!
//! Devices write a level as `<motionAlarm id="1">true</motionAlarm>` or as a list of such `item`s. Other firmware puts the
//! level, its number or both into attributes or child elements: `<item id="1" value="true"/>`,
//! `<item><id>1</id><status>true</status></item>`, `<motionAlarm><ch1>false</ch1><ch2>true</ch2></motionAlarm>`. An element
//! is read by what is in it, whatever its parts are called; where several of them are levels, each is an alarm of its own.
//! What an element that no alarm is called after says of its type or name names the alarm: `<alarm type="fire">true</alarm>`.

use std::borrow::Cow;

use camhook_event::Kind;

use super::channel::{is_named_by_level, number_in};
use super::{ParseError, Parser, leaf, own_attributes};
use crate::message::{Alarm, Scope};
use crate::scalars::Scalars;
use crate::suspicion::is_called_alarm;
use crate::text::Text;
use crate::vocabulary::{alarm_state, is_word, kind};
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
    alarm: Cow<'a, str>,
    /// What the element is called, where one of its members names the alarm.
    element: Option<Cow<'a, str>>,
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
        Alarm::new(self.alarm.clone(), value)
    }

    /// Takes the word that names the alarm of an element which is called after none; whether it was one.
    fn take_word(&mut self, name: &str, value: &str) -> bool {
        let is_open = kind(&self.alarm) == Kind::Other;
        // The name that a person gives to a known alarm is none of its words.
        let is_generic = self.alarm.eq_ignore_ascii_case("alarm") || !names_alarm(&self.alarm);
        let is_word =
            is_open && (is_generic || !names_label(name)) && names_word(name) && kind(value) != Kind::Other;
        if is_word {
            let element = std::mem::replace(&mut self.alarm, cut(Cow::Owned(value.to_owned())));
            self.element = Some(element);
        }
        is_word
    }
}

/// What the block of all levels says of a level of its own.
#[derive(Debug, Default)]
struct BlockLevel<'a> {
    /// The alarm.
    word: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    channel: Option<Cow<'a, str>>,
    /// The attribute with the level, and its value.
    level: Option<(String, Cow<'a, str>)>,
    text: Text<'a>,
}

impl<'a> Parser<'a> {
    /// The block of all levels.
    pub(super) fn levels(&mut self, block: &Tag<'a>) -> Result<(), ParseError> {
        let first = self.document.alarms.get_or_insert_default().len();
        let mut own = self.block_attributes(block);
        loop {
            let child = self.cursor.child()?;
            let text = self.cursor.take_text();
            if own.text.is_blank() {
                own.text = text;
            } else {
                self.note_text(block.name, &text);
            }
            let Some(tag) = child else { break };
            let word = own.word.as_ref().filter(|_| !names_alarm(tag.name));
            let alarm = word.map_or(Cow::Borrowed(tag.name), Cow::clone);
            self.level(alarm, &tag)?;
        }
        let channel = own.channel.take();
        self.finish_block(own, block, first);
        for alarm in self.alarms_from(first) {
            alarm.channel = alarm.channel.take().or_else(|| channel.clone());
        }
        Ok(())
    }

    /// Reads the attributes of the block: some are alarms, others say of the block what those of an alarm's element do.
    fn block_attributes(&mut self, block: &Tag<'a>) -> BlockLevel<'a> {
        let mut own = BlockLevel::default();
        for (name, value) in block.attributes() {
            let lower_case_name = name.to_ascii_lowercase();
            if names_word(&lower_case_name) && kind(&value) != Kind::Other {
                own.word = Some(cut(Cow::Owned(value)));
            } else if is_decoration(name) {
                // It says nothing of a level.
            } else if is_named_by_level(&lower_case_name) && !is_word(&value) {
                own.channel = Some(cut(Cow::Owned(value)));
            } else if rank(&lower_case_name) == Rank::Named && alarm_state(&value).is_some() {
                own.level = Some((name.to_owned(), Cow::Owned(value)));
            } else if is_word(&value) || names_alarm(name) {
                self.push_alarm(Alarm::new(Cow::Owned(name.to_owned()), Cow::Owned(value)));
            } else if lower_case_name == "id" {
                own.id = Some(cut(Cow::Owned(value)));
            } else {
                self.document.scalars.push_owned(name, Cow::Owned(value));
            }
        }
        own
    }

    /// Takes the block's own level, or notes what of it is no alarm.
    fn finish_block(&mut self, own: BlockLevel<'a>, block: &Tag<'a>, first: usize) {
        let BlockLevel { word, id, level, text, channel: _ } = own;
        let value = text.to_scalar();
        let of_text = (alarm_state(&value).is_some() && word.is_some()).then_some(value);
        if of_text.is_none() {
            self.note_text(block.name, &text);
        }
        match (word, of_text.or_else(|| level.as_ref().map(|(_, value)| value.clone()))) {
            (Some(word), Some(value)) => self.push_alarm(Alarm { id, ..Alarm::new(word, value) }),
            (Some(word), None) => {
                if self.alarms_from(first).is_empty() {
                    self.document.levelless.push(&word);
                }
            }
            (None, _) => {
                self.document.scalars.push_owned("id", id.unwrap_or_default());
                match level {
                    Some((name, value)) if is_word(&value) => {
                        self.push_alarm(Alarm::new(Cow::Owned(name), value));
                    }
                    Some((name, value)) => {
                        self.document.suspects.certain.push(&name);
                        self.document.scalars.push_owned(&name, value);
                    }
                    None => {}
                }
            }
        }
    }

    /// An alarm's element, or an entry of its list.
    pub(super) fn level(&mut self, alarm: Cow<'a, str>, tag: &Tag<'a>) -> Result<(), ParseError> {
        let mut level = self.begin_level(alarm, tag);
        match self.cursor.next()? {
            Node::Open(first) => self.level_members(&mut level, first)?,
            Node::Close => self.level_text(&mut level),
        }
        self.finish_level(level, tag);
        Ok(())
    }

    /// A leaf outside of the block of levels that is called as an alarm is and holds a level; whether it was one.
    pub(super) fn lone_level(&mut self, tag: &Tag<'a>, text: &str) -> bool {
        let is_level = |name: &str, value: &str| {
            rank(&name.to_ascii_lowercase()) != Rank::Word && alarm_state(value).is_some()
        };
        let is_alarm = is_called_alarm(tag.name)
            && (alarm_state(text).is_some()
                || tag.attribute("value").is_some_and(|value| alarm_state(&value).is_some())
                || own_attributes(tag).any(|(name, value)| is_level(name, &value)));
        if is_alarm {
            let mut level = self.begin_level(Cow::Borrowed(tag.name), tag);
            level.text = (!text.is_empty()).then(|| Cow::Owned(text.to_owned()));
            self.finish_level(level, tag);
        }
        is_alarm
    }

    fn begin_level(&mut self, alarm: Cow<'a, str>, tag: &Tag<'_>) -> Level<'a> {
        let mut level = Level {
            alarm,
            element: None,
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
            } else if name.eq_ignore_ascii_case("type") {
                level.take_word("type", &value);
            }
        }
        level.channel = level.channel.or_else(|| number_in(tag.name).map(Cow::Owned));
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
        let is_alarm = names_alarm(tag.name) && !names_alarm(&level.alarm);
        self.begin_level(if is_alarm { Cow::Borrowed(tag.name) } else { level.alarm.clone() }, tag)
    }

    /// Takes an attribute or a child element.
    fn member(&mut self, level: &mut Level<'a>, name: Cow<'a, str>, value: Cow<'a, str>) {
        if value.is_empty() {
            return;
        }
        let lower_case_name = name.to_ascii_lowercase();
        if level.take_word(&lower_case_name, &value) {
            return;
        }
        let rank = rank(&lower_case_name);
        let is_level = match rank {
            Rank::Named | Rank::Akin => alarm_state(&value).is_some(),
            Rank::Word => is_word(&value),
        };
        if let Some(number) = number_in(&name)
            && alarm_state(&value).is_some()
        {
            self.push_alarm(Alarm { channel: Some(Cow::Owned(number)), ..level.alarm(value) });
            return;
        }
        if is_level && rank != Rank::Named && names_alarm(&name) && !names_alarm(&level.alarm) {
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
            if level.element.as_ref().is_some_and(|element| alarm.name == *element) {
                alarm.name = level.alarm.clone();
            }
            let is_own = alarm.name == level.alarm;
            let around = if is_own { Cow::Borrowed(tag.name) } else { level.alarm.clone() };
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
        names.push(&level.alarm);
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
            name if is_named_by_level(name) => Some(&mut self.channel),
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

/// Whether a member may say which alarm it is.
fn names_word(lower_case_name: &str) -> bool {
    matches!(lower_case_name, "type" | "kind" | "event" | "alarm")
        || lower_case_name.ends_with("type")
        || names_label(lower_case_name)
}

/// Whether a member may hold the name that a person gave.
fn names_label(lower_case_name: &str) -> bool {
    lower_case_name == "label" || lower_case_name.ends_with("name")
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

/// Whether an element without children is a level of its own, and no member of the element around it.
fn is_entry(tag: &Tag<'_>, text: &str) -> bool {
    if tag.is("item") {
        return true;
    }
    let name = tag.name.to_ascii_lowercase();
    let is_number_or_name =
        matches!(name.as_str(), "id" | "index" | "no" | "number" | "name" | "label" | "alias")
            || is_named_by_level(&name);
    if is_number_or_name && !text.is_empty() && !is_word(text) {
        return false;
    }
    let is_level = |name: &str, value: &str| match rank(&name.to_ascii_lowercase()) {
        Rank::Named | Rank::Akin => alarm_state(value).is_some(),
        Rank::Word => is_word(value),
    };
    let is_own = |name: &str| !is_decoration(name) && !name.eq_ignore_ascii_case("value");
    let mut own = tag.attributes().filter(|(name, _)| is_own(name)).peekable();
    let has_word = tag.attribute("type").is_some_and(|word| kind(&word) != Kind::Other);
    tag.attribute("id").is_some()
        || (has_word && alarm_state(text).is_some())
        || (own.peek().is_some()
            && (alarm_state(text).is_some() || own.any(|(name, value)| is_level(name, &value))))
}

/// Attributes that describe the element and not the level.
pub(super) fn is_decoration(name: &str) -> bool {
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
