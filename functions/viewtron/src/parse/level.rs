//! `alarmStatusInfo`: the levels of alarms.
//!
//! Devices write a level as `<motionAlarm id="1">true</motionAlarm>` or as a list of such `item`s. Other firmware puts the
//! level, its number or both into attributes or child elements: `<item id="1" value="true"/>`,
//! `<item><id>1</id><status>true</status></item>`. An element is read by what is in it, whatever its parts are called.

use std::borrow::Cow;

use super::{ParseError, Parser, leaf};
use crate::message::Alarm;
use crate::scalars::Scalars;
use crate::vocabulary::truth;
use crate::xml::{Node, Tag};

/// The most levels in a post: a recorder has 128 channels.
const LEVELS_LIMIT: usize = 128;

/// An element of a level, as far as it was read.
#[derive(Debug)]
struct Level<'a> {
    alarm: &'a str,
    id: Option<Cow<'a, str>>,
    label: Option<Cow<'a, str>>,
    value: Option<Cow<'a, str>>,
    others: Scalars<'a>,
}

impl<'a> Level<'a> {
    fn new(alarm: &'a str, tag: &Tag<'_>) -> Self {
        let mut level = Self { alarm, id: None, label: None, value: None, others: Scalars::default() };
        for (name, value) in tag.attributes() {
            if !is_decoration(name) {
                level.member(&name.to_ascii_lowercase(), Cow::Owned(value));
            }
        }
        level
    }

    /// Takes an attribute or a child element.
    fn member(&mut self, lower_case_name: &str, value: Cow<'a, str>) {
        let field = match lower_case_name {
            "id" | "index" | "no" | "number" | "channel" | "channelid" | "chn" => &mut self.id,
            "name" | "label" | "alias" => &mut self.label,
            "value" | "status" | "state" | "level" | "on" | "alarm" if truth(&value).is_some() => {
                &mut self.value
            }
            _ => {
                self.others.push_owned(lower_case_name, value);
                return;
            }
        };
        if field.is_none() && !value.is_empty() {
            *field = Some(value);
        }
    }

    /// The level itself: by a name that means one, else the first value that is one.
    fn take_value(&mut self) -> Option<Cow<'a, str>> {
        self.value.take().or_else(|| self.others.take_first(|value| truth(value).is_some()))
    }
}

impl<'a> Parser<'a> {
    /// The block of all levels.
    pub(super) fn levels(&mut self, block: &Tag<'a>) -> Result<(), ParseError> {
        self.document.alarms.get_or_insert_default();
        for (name, value) in block.attributes() {
            if !is_decoration(name) && truth(&value).is_some() {
                self.push_alarm(Alarm {
                    name: Cow::Owned(name.to_owned()),
                    id: None,
                    label: None,
                    value: Cow::Owned(value),
                    others: Scalars::default(),
                });
            }
        }
        while let Some(tag) = self.cursor.child()? {
            self.level(tag.name, &tag, None)?;
        }
        Ok(())
    }

    /// An alarm's element, or an entry of its list; whether a level was in it.
    fn level(
        &mut self,
        alarm: &'a str,
        tag: &Tag<'a>,
        around: Option<&Level<'a>>,
    ) -> Result<Found, ParseError> {
        let mut level = Level::new(alarm, tag);
        let found = match self.cursor.next()? {
            Node::Open(first) => self.level_members(&mut level, first)?,
            Node::Close => {
                let text = self.cursor.take_text().to_scalar();
                if !text.is_empty() {
                    level.value = Some(text);
                }
                Found::Nothing
            }
        };
        Ok(self.finish_level(level, tag, around, found))
    }

    fn level_members(&mut self, level: &mut Level<'a>, first: Tag<'a>) -> Result<Found, ParseError> {
        let mut found = Found::Nothing;
        let mut next = Some(first);
        while let Some(child) = next {
            if child.is("itemType") {
                self.cursor.skip()?;
            } else if child.is("item") || child.attribute("id").is_some() {
                found = found.or(self.level(level.alarm, &child, Some(level))?);
            } else {
                match self.cursor.next()? {
                    Node::Close => {
                        let value = leaf(&child, self.cursor.take_text().to_scalar());
                        level.member(&child.name.to_ascii_lowercase(), value);
                    }
                    Node::Open(first) => {
                        let mut inner = Level::new(level.alarm, &child);
                        let within = self.level_members(&mut inner, first)?;
                        found = found.or(self.finish_level(inner, &child, Some(level), within));
                    }
                }
            }
            next = self.cursor.child()?;
        }
        Ok(found)
    }

    fn finish_level(
        &mut self,
        mut level: Level<'a>,
        tag: &Tag<'_>,
        around: Option<&Level<'a>>,
        found: Found,
    ) -> Found {
        let value = level.take_value();
        let is_list = found == Found::Level && value.is_none();
        if is_list {
            // Values of the list itself.
            self.document.scalars.append(level.others);
            return found;
        }
        if value.is_none() && level.others.is_empty() {
            if !is_empty_list(tag) {
                let document = &mut self.document;
                let names =
                    if level.id.is_some() { &mut document.levelless } else { &mut document.empty_alarms };
                names.push(level.alarm);
            }
            return found;
        }
        self.push_alarm(Alarm {
            name: Cow::Borrowed(level.alarm),
            id: level.id.or_else(|| around.and_then(|around| around.id.clone())),
            label: level.label.or_else(|| around.and_then(|around| around.label.clone())),
            value: value.unwrap_or_default(),
            others: level.others,
        });
        Found::Level
    }

    fn push_alarm(&mut self, alarm: Alarm<'a>) {
        if self.document.alarms.as_ref().is_some_and(|alarms| alarms.len() >= LEVELS_LIMIT) {
            self.leave_out(ParseError::TooMany("levels of alarms"));
            return;
        }
        self.document.alarms.get_or_insert_default().push(alarm);
    }
}

/// Whether an element held a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Level,
}

impl Found {
    fn or(self, other: Self) -> Self {
        if self == Self::Level { self } else { other }
    }
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
