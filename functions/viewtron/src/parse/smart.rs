//! Smart events: blocks of events, lists of targets, pictures.

use std::borrow::Cow;

use camhook_event::Kind;

use super::channel::is_told_by;
use super::number::{number, points, sides};
use super::{ITEMS_LIMIT, MESSAGE, ParseError, Parser, Part, Scope, Unknown, own_attributes};
use crate::message::{Block, Depth, Item, PLATE_TEXTS, Person, PersonBlock, Picture, Place, PlateMatch};
use crate::scalars::Scalars;
use crate::suspicion::{self, Suspicion};
use crate::text::Text;
use crate::vocabulary;
use crate::xml::{Node, Tag};

/// Where in an item an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    within: Within,
    /// What its pictures show.
    place: Place,
}

/// Which part of an item an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The item itself.
    Item,
    /// The picture's block, whose width and height are the picture's.
    Image,
}

const ITEM: Position = Position { within: Within::Item, place: Place::Target };

/// How far the document was read when a block began.
#[derive(Debug, Clone)]
struct BlockStart<'a> {
    finished: usize,
    events: usize,
    targets: usize,
    alarms: usize,
    word: WordBefore,
    name: &'a str,
    /// Channel and `id` of the block around it.
    outer_channel: Option<Cow<'a, str>>,
    outer_id: Option<Cow<'a, str>>,
}

/// Whether the word of the smart event stood before a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordBefore {
    Absent,
    Present,
}

/// An element that is the same wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anywhere {
    /// A picture: its place among those of the event, unless it is empty.
    Picture(Option<usize>),
    /// Something else, which was read.
    Read,
    /// None of these. Nothing of it was read.
    Unknown,
}

impl<'a> Parser<'a> {
    /// An element of a smart event, at any depth outside an item.
    pub(super) fn entry(&mut self, tag: &Tag<'a>, scope: Scope) -> Result<(), ParseError> {
        self.entry_beside(tag, scope, None)
    }

    /// An element of a smart event. In a list, values beside the items are those of `loose`, an item without an element.
    fn entry_beside(
        &mut self,
        tag: &Tag<'a>,
        scope: Scope,
        loose: Option<&mut Item<'a>>,
    ) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        if self.envelope_entry(&name, tag)? {
            return Ok(());
        }
        match name.as_str() {
            "item" => self.listed_item(tag, scope.block)?,
            "perimeter" => self.block(tag, Scope { block: Block::Perimeter, ..scope })?,
            "tripwire" => self.block(tag, Scope { block: Block::Tripwire, ..scope })?,
            "listinfo" | "targetlistinfo" => self.list(tag, Scope { block: Block::Target, ..scope })?,
            "licenseplatelistinfo" => self.list(tag, Scope { block: Block::Plate, ..scope })?,
            "facelistinfo" => self.list(tag, Scope { block: Block::Face, ..scope })?,
            "sourcedatainfo" => self.source(tag)?,
            "sourcedata" => self.block(tag, Scope { place: Place::Source, ..scope })?,
            "snapdata" => self.block(tag, Scope { place: Place::Snap, ..scope })?,
            "albumdata" => self.block(tag, Scope { place: Place::Album, ..scope })?,
            // A target that stands alone, as in `vsd`.
            "targetimagedata" => {
                let mut item = self.begin_item(Block::Target);
                self.item_attributes(&mut item, tag);
                self.item_entries(&mut item, tag, Position { within: Within::Image, ..ITEM })?;
                let item = self.counted(item);
                self.document.smart.targets.extend(item);
            }
            // A plate's entry in the database that stands beside the plate.
            "licenseplatematchinfo" => {
                let mut item = self.begin_item(Block::Plate);
                self.item_entry(&mut item, tag, ITEM)?;
                let item = self.counted(item);
                self.document.smart.targets.extend(item);
            }
            "albuminfo" | "snapinfo" | "facematchinfo" => {
                let person = self.person(&name, tag, scope.place)?;
                self.document.smart.person.append(person);
            }
            "entercarcount" | "enterpersoncount" | "enterbikecount" | "leavecarcount"
            | "leavepersoncount" | "leavebikecount" | "existcarcount" | "existpersoncount"
            | "existbikecount" => {
                // An empty counter counts nothing.
                let value = self.value(tag)?.unwrap_or(Cow::Borrowed("0"));
                self.document.smart.counters.push(tag.name, value);
            }
            _ => {
                if self.known_anywhere(&name, tag, scope.place)? == Anywhere::Unknown {
                    self.unknown_entry(tag, scope, loose)?;
                }
            }
        }
        Ok(())
    }

    /// Reads an element that is the same wherever it stands in a smart event: a picture, its length, and the level of an
    /// alarm that is known.
    fn known_anywhere(
        &mut self,
        lower_case_name: &str,
        tag: &Tag<'a>,
        place: Place,
    ) -> Result<Anywhere, ParseError> {
        if is_picture(lower_case_name) {
            return Ok(Anywhere::Picture(self.picture(tag, place)?));
        }
        if is_picture_length(lower_case_name) {
            self.value(tag)?;
            return Ok(Anywhere::Read);
        }
        if is_level_of_known_alarm(lower_case_name) {
            self.level(Cow::Borrowed(tag.name), tag)?;
            return Ok(Anywhere::Read);
        }
        Ok(Anywhere::Unknown)
    }

    /// An element that nothing is known of: a value, or a block.
    fn unknown_entry(
        &mut self,
        tag: &Tag<'a>,
        scope: Scope,
        loose: Option<&mut Item<'a>>,
    ) -> Result<(), ParseError> {
        match self.unknown(tag)? {
            Unknown::Level => {}
            Unknown::Leaf(value) => {
                if let Some(item) = loose {
                    self.item_leaf(item, tag, value);
                    return Ok(());
                }
                if tag.is("id") && !value.is_empty() {
                    self.document.block_id = Some(value.clone());
                }
                if !is_told_by(tag.name, &value) {
                    self.keep_leaf(tag, value, scope.part);
                } else if scope.part == Part::Device {
                    self.document.sender.channel = Some(value);
                } else {
                    self.document.block_channel = Some(value);
                }
            }
            Unknown::Block(first) => {
                self.document.unknown.push(tag.name);
                if let Some(word @ Suspicion::Word(_)) = suspicion::suspicion(tag.name, "") {
                    self.document.suspects.push(tag.name, Some(word));
                }
                let start = self.begin_block(tag);
                self.entry(&first, scope)?;
                self.block_entries(tag, scope)?;
                self.end_block(start);
            }
        }
        Ok(())
    }

    /// A block whose elements are read by their names.
    fn block(&mut self, tag: &Tag<'a>, scope: Scope) -> Result<(), ParseError> {
        let start = self.begin_block(tag);
        self.block_entries(tag, scope)?;
        self.end_block(start);
        Ok(())
    }

    fn block_entries(&mut self, tag: &Tag<'a>, scope: Scope) -> Result<(), ParseError> {
        while let Some(child) = self.child(tag.name)? {
            self.entry(&child, scope)?;
        }
        Ok(())
    }

    fn begin_block(&mut self, tag: &Tag<'a>) -> BlockStart<'a> {
        let document = &mut self.document;
        let has_word = document.smart.smart_type.is_some();
        let start = BlockStart {
            finished: document.finished.len(),
            events: document.smart.events.len(),
            targets: document.smart.targets.len(),
            alarms: document.alarms.as_ref().map_or(0, Vec::len),
            word: if has_word { WordBefore::Present } else { WordBefore::Absent },
            name: tag.name,
            outer_channel: document.block_channel.take(),
            outer_id: document.block_id.take(),
        };
        self.attributes(tag, Part::Message);
        self.document.block_id = tag.attribute("id").map(Cow::Owned);
        start
    }

    /// Gives the channel that a block names to its levels and items, or to its event. A block that holds the word of an event and what
    /// was detected is all of that event.
    fn end_block(&mut self, start: BlockStart<'a>) {
        let BlockStart { finished, events, targets, alarms, word, name, outer_channel, outer_id } = start;
        let document = &mut self.document;
        let channel = std::mem::replace(&mut document.block_channel, outer_channel);
        let id = std::mem::replace(&mut document.block_id, outer_id);
        let levels = document.alarms.as_deref_mut().and_then(|all| all.get_mut(alarms..)).unwrap_or_default();
        for alarm in &mut *levels {
            alarm.join(id.as_ref(), channel.as_ref(), None);
            alarm.set_element(Cow::Borrowed(name));
        }
        let is_same_event = document.finished.len() == finished;
        let (events, targets) = if is_same_event { (events, targets) } else { (0, 0) };
        let smart = &mut document.smart;
        if let Some(channel) = channel {
            let events = smart.events.get_mut(events..).unwrap_or_default();
            let targets = smart.targets.get_mut(targets..).unwrap_or_default();
            if events.is_empty() && targets.is_empty() && levels.is_empty() {
                smart.channel.get_or_insert_with(|| channel.clone());
            }
            for item in events.iter_mut().chain(targets) {
                item.channel.get_or_insert_with(|| channel.clone());
            }
        }
        let begins_here = !is_same_event || word == WordBefore::Absent;
        if begins_here && smart.smart_type.is_some() && !smart.is_empty() {
            self.finish_smart(self.next_picture());
        }
    }

    /// A list of targets. Firmware that leaves out the items writes the members of the only one into the list.
    fn list(&mut self, tag: &Tag<'a>, scope: Scope) -> Result<(), ParseError> {
        let start = self.begin_block(tag);
        let mut loose = self.begin_item(scope.block);
        while let Some(child) = self.child(tag.name)? {
            if is_member_of_item(&child.name.to_ascii_lowercase()) {
                self.item_entry(&mut loose, &child, ITEM)?;
            } else {
                self.entry_beside(&child, scope, Some(&mut loose))?;
            }
        }
        let is_target = loose.picture.is_some()
            || loose.rect.is_some()
            || !loose.corners.is_empty()
            || !loose.car.is_empty()
            || !loose.plate.is_empty()
            || loose.plate_match == PlateMatch::Found
            || !loose.person.is_empty()
            || loose.scalars.get("targetId").is_some()
            || loose.scalars.get_any(&PLATE_TEXTS).is_some();
        if is_target {
            let item = self.counted(loose);
            self.document.smart.targets.extend(item);
        } else {
            for (name, value) in loose.scalars.iter() {
                self.note(name, value, scope.part);
            }
            self.document.smart.scalars.append(loose.scalars);
            if let Some(channel) = loose.channel {
                self.document.block_channel = Some(channel);
            }
        }
        self.end_block(start);
        Ok(())
    }

    /// `sourceDataInfo`: the frame's picture and its size.
    fn source(&mut self, block: &Tag<'a>) -> Result<(), ParseError> {
        self.attributes(block, Part::Message);
        let (mut width, mut height) = (None, None);
        while let Some(tag) = self.child(block.name)? {
            let name = tag.name.to_ascii_lowercase();
            if is_picture(&name) {
                self.picture(&tag, Place::Source)?;
                continue;
            }
            if is_level_of_known_alarm(&name) {
                self.level(Cow::Borrowed(tag.name), &tag)?;
                continue;
            }
            let Some(value) = self.value(&tag)? else { continue };
            if is_picture_length(&name) || self.lone_level(&tag, &value) {
                continue;
            }
            match name.as_str() {
                "width" => width = number(&value),
                "height" => height = number(&value),
                "datatype" => {}
                _ => self.document.suspects.push(tag.name, suspicion::suspicion(tag.name, &value)),
            }
            self.document.smart.scalars.push(tag.name, value);
        }
        if let Some(frame) = width.zip(height).filter(|(width, height)| *width > 0.0 && *height > 0.0) {
            self.document.smart.frame = Some(frame);
        }
        Ok(())
    }

    /// The picture in the element that is open: its place in the event's pictures, unless it is empty.
    fn picture(&mut self, tag: &Tag<'a>, place: Place) -> Result<Option<usize>, ParseError> {
        let base64 = self.text(tag)?.into_bytes();
        if base64.iter().all(|octet| octet.is_ascii_whitespace() || *octet == 0) {
            return Ok(None);
        }
        if self.document.smart.pictures.len() >= ITEMS_LIMIT {
            self.leave_out(ParseError::TooMany("pictures"));
            return Ok(None);
        }
        let number = self.next_picture();
        self.document.smart.pictures.push(Picture { place, base64 });
        Ok(Some(number))
    }

    /// An item of a list. One with a word of its own is another event than the one that is being read.
    fn listed_item(&mut self, tag: &Tag<'a>, block: Block) -> Result<(), ParseError> {
        let Some(mut item) = self.item(tag, block)? else { return Ok(()) };
        if let Some(word) = item.scalars.take("smartType") {
            let smart = &self.document.smart;
            let first = item.pictures.start;
            let has_pictures = first > self.document.finished_pictures;
            let is_other = match &smart.smart_type {
                Some(known) => !known.eq_ignore_ascii_case(&word),
                None => has_pictures || !smart.events.is_empty() || !smart.targets.is_empty(),
            };
            if is_other {
                self.finish_smart(first);
            }
            self.begin_smart(word, self.cursor.depth());
        }
        let smart = &mut self.document.smart;
        match block {
            Block::Perimeter | Block::Tripwire | Block::Event => smart.events.push(item),
            Block::Target | Block::Plate | Block::Face => smart.targets.push(item),
        }
        Ok(())
    }

    /// An entry of a list; `None` when there is nothing in it, or when there are too many.
    pub(super) fn item(&mut self, tag: &Tag<'a>, block: Block) -> Result<Option<Item<'a>>, ParseError> {
        let alarms = self.document.alarms.as_ref().map_or(0, Vec::len);
        let mut item = self.begin_item(block);
        self.item_attributes(&mut item, tag);
        self.item_entries(&mut item, tag, ITEM)?;
        let id = item.scalars.get("id").map(|id| Cow::Owned(id.to_owned()));
        for alarm in self.document.alarms.iter_mut().flatten().skip(alarms) {
            alarm.join(id.as_ref(), item.channel.as_ref(), None);
        }
        Ok(self.counted(item))
    }

    fn begin_item(&self, block: Block) -> Item<'a> {
        let first = self.next_picture();
        Item { pictures: first..first, ..Item::new(block) }
    }

    /// The entry, unless there is nothing in it or there are too many.
    fn counted(&mut self, mut item: Item<'a>) -> Option<Item<'a>> {
        // Those in front of an entry that began another event belong to the event before.
        item.pictures = item.pictures.start.max(self.document.finished_pictures)..self.next_picture();
        item.picture = item.picture.filter(|picture| item.pictures.contains(picture));
        if item.is_empty() {
            return None;
        }
        if self.items >= ITEMS_LIMIT {
            self.leave_out(ParseError::TooMany("targets and events"));
            return None;
        }
        self.items += 1;
        Some(item)
    }

    /// Takes the attributes of an item, or of a block in it, as if they were its children.
    fn item_attributes(&mut self, item: &mut Item<'a>, tag: &Tag<'_>) {
        for (name, value) in own_attributes(tag) {
            if is_told_by(name, &value) {
                item.channel.get_or_insert(Cow::Owned(value));
            } else {
                self.suspect_in_item(name, &value);
                if self.has_room_for_attribute() {
                    item.scalars.push_owned(name, Cow::Owned(value));
                }
            }
        }
    }

    /// Notes a value of an item that may be an alarm beside what was detected.
    fn suspect_in_item(&mut self, name: &str, value: &str) {
        if vocabulary::alarm_state(value).is_none() {
            return;
        }
        let suspicion = suspicion::suspicion(name, value);
        if let Some(Suspicion::Alarm | Suspicion::Word(_)) = suspicion {
            self.document.suspects.push(name, suspicion);
        }
    }

    fn item_entries(
        &mut self,
        item: &mut Item<'a>,
        around: &Tag<'a>,
        position: Position,
    ) -> Result<(), ParseError> {
        while let Some(tag) = self.child(around.name)? {
            self.item_entry(item, &tag, position)?;
        }
        Ok(())
    }

    fn item_entry(
        &mut self,
        item: &mut Item<'a>,
        tag: &Tag<'a>,
        position: Position,
    ) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        let image = |place| Position { within: Within::Image, place };
        match name.as_str() {
            "rect" => {
                let numbers = self.numbers(tag)?;
                match sides(&numbers) {
                    Some(rect) => item.rect = Some(rect),
                    None if numbers.is_empty() => {}
                    None => item.raw.push((tag.name, numbers)),
                }
            }
            "boundary" => self.boundary(item, tag)?,
            "pointgroup" => item.points = points(&self.numbers(tag)?),
            "line" | "directionline" => {
                while let Some(child) = self.child(tag.name)? {
                    self.line_entry(item, &child)?;
                }
            }
            "startpoint" | "endpoint" => self.line_entry(item, tag)?,
            "lefttop" | "righttop" | "leftbottom" | "rightbottom" => {
                item.corners.extend(points(&self.numbers(tag)?));
            }
            "carrect" | "point" | "posfaceimage" => {
                let numbers = self.numbers(tag)?;
                if !numbers.is_empty() {
                    item.raw.push((tag.name, numbers));
                }
            }
            "alarmstatusinfo" => self.levels(tag)?,
            "sourcedatainfo" => self.source(tag)?,
            "sourcedata" => self.item_entries(item, tag, image(Place::Source))?,
            "snapdata" => self.item_entries(item, tag, image(Place::Snap))?,
            "albumdata" => self.item_entries(item, tag, image(Place::Album))?,
            "targetimagedata" | "imagedata" => {
                self.item_attributes(item, tag);
                self.item_entries(item, tag, image(position.place))?;
            }
            "albuminfo" | "snapinfo" | "facematchinfo" => {
                item.person.append(self.person(&name, tag, position.place)?);
            }
            "carattr" | "carattribute" => self.leaves(&mut item.car, tag, position.place)?,
            "licenseplateattribute" => self.leaves(&mut item.plate, tag, position.place)?,
            "licenseplatematchinfo" => {
                item.plate_match = PlateMatch::Found;
                self.leaves(&mut item.plate, tag, position.place)?;
            }
            "width" | "height" if position.within == Within::Item => {
                let Some(value) = self.value(tag)? else { return Ok(()) };
                if let Some(side) = number(&value) {
                    let (width, height) = item.frame.unwrap_or_default();
                    item.frame = Some(if name == "width" { (side, height) } else { (width, side) });
                }
                item.scalars.push(tag.name, value);
            }
            _ => match self.known_anywhere(&name, tag, position.place)? {
                Anywhere::Picture(picture) if matches!(position.place, Place::Target | Place::Snap) => {
                    item.picture = item.picture.or(picture);
                }
                Anywhere::Picture(_) | Anywhere::Read => {}
                Anywhere::Unknown => self.unknown_item_entry(item, tag, position)?,
            },
        }
        Ok(())
    }

    /// An element of an item that nothing is known of: a value, or a block.
    fn unknown_item_entry(
        &mut self,
        item: &mut Item<'a>,
        tag: &Tag<'a>,
        position: Position,
    ) -> Result<(), ParseError> {
        match self.unknown(tag)? {
            Unknown::Level => {}
            Unknown::Leaf(value) => self.item_leaf(item, tag, value),
            Unknown::Block(first) => {
                if let Some(Suspicion::Word(kind)) = suspicion::suspicion(tag.name, "")
                    && !describes_target(kind)
                {
                    self.document.suspects.push(tag.name, Some(Suspicion::Word(kind)));
                }
                self.item_attributes(item, tag);
                self.item_entry(item, &first, position)?;
                self.item_entries(item, tag, position)?;
            }
        }
        Ok(())
    }

    /// A value of an item.
    fn item_leaf(&mut self, item: &mut Item<'a>, tag: &Tag<'a>, value: Cow<'a, str>) {
        if item.channel.is_none() && is_told_by(tag.name, &value) {
            item.channel = Some(value);
            return;
        }
        self.suspect_in_item(tag.name, &value);
        item.scalars.push(tag.name, value);
        self.leaf_attributes(&mut item.scalars, tag);
    }

    /// Keeps attributes of a leaf beside its value.
    fn leaf_attributes(&mut self, into: &mut Scalars<'a>, tag: &Tag<'a>) {
        for (name, value) in own_attributes(tag) {
            self.suspect_in_item(name, &value);
            if self.has_room_for_attribute() {
                into.push_owned(&format!("{}.{name}", tag.name), Cow::Owned(value));
            }
        }
    }

    /// The corners of an area, or the word for the zone's form.
    fn boundary(&mut self, item: &mut Item<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        let node = self.cursor.next()?;
        let text = self.cursor.take_text();
        match node {
            Node::Close => item.scalars.push(tag.name, text.to_scalar()),
            Node::Open(first) => {
                self.note_text(tag.name, &text);
                let mut numbers = Vec::new();
                self.number_entry(&mut numbers, &first)?;
                self.number_entries(&mut numbers, tag)?;
                item.points = points(&numbers);
            }
        }
        Ok(())
    }

    /// An end of a line, in any of its shapes, or the direction in which it is watched.
    fn line_entry(&mut self, item: &mut Item<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        match name.as_str() {
            "startpoint" => item.line.start = points(&self.numbers(tag)?).first().copied(),
            "endpoint" => item.line.end = points(&self.numbers(tag)?).first().copied(),
            "x1" | "y1" | "x2" | "y2" => {
                let value = self.value(tag)?.map_or(Some(0.0), |value| number(&value)).unwrap_or_default();
                let end = if name.ends_with('1') { &mut item.line.start } else { &mut item.line.end };
                let (x, y) = end.unwrap_or_default();
                *end = Some(if name.starts_with('x') { (value, y) } else { (x, value) });
            }
            _ => {
                self.leaf_entry(&mut item.scalars, tag, Place::Target)?;
            }
        }
        Ok(())
    }

    /// The attributes of a block, as values.
    fn values_of_attributes(&mut self, into: &mut Scalars<'a>, tag: &Tag<'a>) {
        for (name, value) in own_attributes(tag) {
            self.suspect_in_item(name, &value);
            if self.has_room_for_attribute() {
                into.push_owned(name, Cow::Owned(value));
            }
        }
    }

    /// Every leaf below the element that is open, and its attributes.
    fn leaves(&mut self, into: &mut Scalars<'a>, tag: &Tag<'a>, place: Place) -> Result<(), ParseError> {
        self.values_of_attributes(into, tag);
        while let Some(child) = self.child(tag.name)? {
            self.leaf_entry(into, &child, place)?;
        }
        Ok(())
    }

    /// A block of a person.
    fn person(
        &mut self,
        lower_case_name: &str,
        tag: &Tag<'a>,
        place: Place,
    ) -> Result<Person<'a>, ParseError> {
        let (block, place) = match lower_case_name {
            "albuminfo" => (PersonBlock::Known, Place::Album),
            "snapinfo" => (PersonBlock::Seen, Place::Snap),
            _ => (PersonBlock::Known, place),
        };
        let mut person = Person::default();
        let mut attributes = Scalars::default();
        self.values_of_attributes(&mut attributes, tag);
        person.add(block, Depth::Member, attributes);
        while let Some(child) = self.child(tag.name)? {
            let mut values = Scalars::default();
            let depth = self.leaf_entry(&mut values, &child, place)?;
            person.add(block, depth, values);
        }
        Ok(person)
    }

    /// A leaf, or all below a block: whether they stand in the block around this element or in one in it.
    fn leaf_entry(
        &mut self,
        into: &mut Scalars<'a>,
        tag: &Tag<'a>,
        place: Place,
    ) -> Result<Depth, ParseError> {
        let name = tag.name.to_ascii_lowercase();
        let picture = match name.as_str() {
            "sourcedata" | "sourcedatainfo" => Some(Place::Source),
            "snapdata" => Some(Place::Snap),
            "albumdata" => Some(Place::Album),
            _ => None,
        };
        if let Some(place) = picture {
            self.leaves(into, tag, place)?;
            return Ok(Depth::Nested);
        }
        if self.known_anywhere(&name, tag, place)? != Anywhere::Unknown {
            return Ok(Depth::Member);
        }
        match self.unknown(tag)? {
            Unknown::Level => {}
            Unknown::Leaf(value) => {
                self.suspect_in_item(tag.name, &value);
                into.push(tag.name, value);
                self.leaf_attributes(into, tag);
            }
            Unknown::Block(first) => {
                self.leaf_entry(into, &first, place)?;
                self.leaves(into, tag, place)?;
                return Ok(Depth::Nested);
            }
        }
        Ok(Depth::Member)
    }

    /// The text of a leaf. One that has child elements is a block, too.
    pub(super) fn text(&mut self, tag: &Tag<'a>) -> Result<Text<'a>, ParseError> {
        let mut text = Text::default();
        let mut block = None;
        loop {
            let node = self.cursor.next()?;
            let piece = self.cursor.take_text();
            if text.is_blank() {
                text = piece;
            } else {
                self.note_text(tag.name, &piece);
            }
            match node {
                Node::Open(child) => {
                    block.get_or_insert_with(|| self.begin_block(tag));
                    self.entry(&child, MESSAGE)?;
                }
                Node::Close => break,
            }
        }
        if let Some(block) = block {
            self.end_block(block);
        }
        Ok(text)
    }
}

/// What the pictures in a person's block show.
/// Whether an element of a list can only be a member of an item.
fn is_member_of_item(lower_case_name: &str) -> bool {
    matches!(
        lower_case_name,
        "rect"
            | "lefttop"
            | "righttop"
            | "leftbottom"
            | "rightbottom"
            | "carrect"
            | "carattr"
            | "carattribute"
            | "licenseplateattribute"
            | "licenseplatematchinfo"
            | "targetimagedata"
            | "imagedata"
    )
}

/// Whether an element is called as the level of an alarm that the vocabulary knows: it is one wherever it stands.
fn is_level_of_known_alarm(lower_case_name: &str) -> bool {
    suspicion::is_called_alarm(lower_case_name) && vocabulary::kind(lower_case_name) != Kind::Other
}

/// Whether blocks of an item are called by an alarm's word because they describe what was detected.
fn describes_target(kind: Kind) -> bool {
    matches!(kind, Kind::Plate | Kind::Face | Kind::FaceMatch | Kind::Object | Kind::Motion | Kind::Counting)
}

/// `sourceBase64Data`, `targetBase64Data` and whatever else ends like them.
fn is_picture(lower_case_name: &str) -> bool {
    lower_case_name.ends_with("base64data")
}

/// The length that goes with a picture. It often is not the picture's, and is not read.
fn is_picture_length(lower_case_name: &str) -> bool {
    lower_case_name.ends_with("base64length")
}
