//! Smart events: blocks of events, lists of targets, pictures.

use std::borrow::Cow;

use super::number::{number, points, sides};
use super::{ITEMS_LIMIT, ParseError, Parser, Scope, leaf};
use crate::message::{Block, Item, Picture, Place, PlateMatch};
use crate::scalars::Scalars;
use crate::xml::{Node, Tag};

/// Where in an item an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Directly in it.
    Item,
    /// In the picture's block, whose width and height are the picture's.
    Image,
}

impl<'a> Parser<'a> {
    /// An element of a smart event, at any depth outside an item.
    pub(super) fn entry(&mut self, tag: &Tag<'a>, scope: Scope) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        if self.envelope_entry(&name, tag)? {
            return Ok(());
        }
        match name.as_str() {
            "item" => {
                let item = self.item(scope.block)?;
                let smart = &mut self.document.smart;
                match scope.block {
                    Block::Perimeter | Block::Tripwire | Block::Event => smart.events.extend(item),
                    Block::Target | Block::Plate | Block::Face => smart.targets.extend(item),
                }
            }
            "perimeter" => self.entries(Scope { block: Block::Perimeter, ..scope })?,
            "tripwire" => self.entries(Scope { block: Block::Tripwire, ..scope })?,
            "listinfo" | "targetlistinfo" => self.entries(Scope { block: Block::Target, ..scope })?,
            "licenseplatelistinfo" => self.entries(Scope { block: Block::Plate, ..scope })?,
            "facelistinfo" => self.entries(Scope { block: Block::Face, ..scope })?,
            "sourcedatainfo" => self.source()?,
            "sourcedata" => self.entries(Scope { place: Place::Source, ..scope })?,
            "snapdata" => self.entries(Scope { place: Place::Snap, ..scope })?,
            "albumdata" => self.entries(Scope { place: Place::Album, ..scope })?,
            // A target that stands alone, as in `vsd`.
            "targetimagedata" => {
                let mut item = Item::new(Block::Target);
                self.item_entries(&mut item, Within::Image)?;
                let item = self.counted(item);
                self.document.smart.targets.extend(item);
            }
            "albuminfo" | "snapinfo" => {
                let mut person = Scalars::default();
                self.leaves(&mut person)?;
                self.document.smart.person.append(person);
            }
            "entercarcount" | "enterpersoncount" | "enterbikecount" | "leavecarcount"
            | "leavepersoncount" | "leavebikecount" | "existcarcount" | "existpersoncount"
            | "existbikecount" => {
                // An empty counter counts nothing.
                let value = self.value(tag)?.unwrap_or(Cow::Borrowed("0"));
                self.document.smart.counters.push(tag.name, value);
            }
            _ if is_picture(&name) => {
                self.picture(scope.place)?;
            }
            _ if is_picture_length(&name) => self.cursor.skip()?,
            _ => match self.cursor.next()? {
                Node::Close => self.keep_leaf(tag, scope.part),
                Node::Open(first) => {
                    self.document.unknown.push(tag.name);
                    self.entry(&first, scope)?;
                    self.entries(scope)?;
                }
            },
        }
        Ok(())
    }

    pub(super) fn entries(&mut self, scope: Scope) -> Result<(), ParseError> {
        while let Some(tag) = self.cursor.child()? {
            self.entry(&tag, scope)?;
        }
        Ok(())
    }

    /// `sourceDataInfo`: the frame's picture and its size.
    fn source(&mut self) -> Result<(), ParseError> {
        let (mut width, mut height) = (None, None);
        while let Some(tag) = self.cursor.child()? {
            let name = tag.name.to_ascii_lowercase();
            if is_picture(&name) {
                self.picture(Place::Source)?;
                continue;
            }
            if is_picture_length(&name) {
                self.cursor.skip()?;
                continue;
            }
            let Some(value) = self.value(&tag)? else { continue };
            match name.as_str() {
                "width" => width = number(&value),
                "height" => height = number(&value),
                _ => {}
            }
            self.document.scalars.push(tag.name, value);
        }
        if let Some(frame) = width.zip(height).filter(|(width, height)| *width > 0.0 && *height > 0.0) {
            self.document.smart.frame = Some(frame);
        }
        Ok(())
    }

    /// The picture in the element that is open: its place in the post's pictures, unless it is empty.
    fn picture(&mut self, place: Place) -> Result<Option<usize>, ParseError> {
        let base64 = self.cursor.text()?.into_bytes();
        if base64.iter().all(|octet| octet.is_ascii_whitespace() || *octet == 0) {
            return Ok(None);
        }
        if self.document.smart.pictures.len() >= ITEMS_LIMIT {
            self.leave_out(ParseError::TooMany("pictures"));
            return Ok(None);
        }
        self.document.smart.pictures.push(Picture { place, base64 });
        Ok(Some(self.document.smart.pictures.len() - 1))
    }

    /// An entry of a list; `None` when there is nothing in it, or when there are too many.
    pub(super) fn item(&mut self, block: Block) -> Result<Option<Item<'a>>, ParseError> {
        let mut item = Item::new(block);
        self.item_entries(&mut item, Within::Item)?;
        Ok(self.counted(item))
    }

    /// The entry, unless there is nothing in it or there are too many.
    fn counted(&mut self, item: Item<'a>) -> Option<Item<'a>> {
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

    fn item_entries(&mut self, item: &mut Item<'a>, within: Within) -> Result<(), ParseError> {
        while let Some(tag) = self.cursor.child()? {
            self.item_entry(item, &tag, within)?;
        }
        Ok(())
    }

    fn item_entry(&mut self, item: &mut Item<'a>, tag: &Tag<'a>, within: Within) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        match name.as_str() {
            "rect" => {
                let numbers = self.numbers()?;
                match sides(&numbers) {
                    Some(rect) => item.rect = Some(rect),
                    None if numbers.is_empty() => {}
                    None => item.raw.push((tag.name, numbers)),
                }
            }
            // The corners of an area, or the word for the zone's form.
            "boundary" => match self.cursor.next()? {
                Node::Close => {
                    let word = self.cursor.take_text().to_scalar();
                    item.scalars.push(tag.name, word);
                }
                Node::Open(first) => {
                    let mut numbers = Vec::new();
                    self.number_entry(&mut numbers, &first)?;
                    self.number_entries(&mut numbers)?;
                    item.points = points(&numbers);
                }
            },
            "pointgroup" => item.points = points(&self.numbers()?),
            "line" | "directionline" => {
                while let Some(child) = self.cursor.child()? {
                    self.line_entry(item, &child)?;
                }
            }
            "startpoint" | "endpoint" => self.line_entry(item, tag)?,
            "lefttop" | "righttop" | "leftbottom" | "rightbottom" => {
                item.corners.extend(points(&self.numbers()?));
            }
            "carrect" | "point" | "posfaceimage" => {
                let numbers = self.numbers()?;
                if !numbers.is_empty() {
                    item.raw.push((tag.name, numbers));
                }
            }
            "targetimagedata" | "imagedata" => self.item_entries(item, Within::Image)?,
            "carattr" | "carattribute" => self.leaves(&mut item.car)?,
            "licenseplateattribute" => self.leaves(&mut item.plate)?,
            "licenseplatematchinfo" => {
                item.plate_match = PlateMatch::Found;
                self.leaves(&mut item.plate)?;
            }
            "width" | "height" if within == Within::Item => {
                let Some(value) = self.value(tag)? else { return Ok(()) };
                if let Some(side) = number(&value) {
                    let (width, height) = item.frame.unwrap_or_default();
                    item.frame = Some(if name == "width" { (side, height) } else { (width, side) });
                }
                item.scalars.push(tag.name, value);
            }
            _ if is_picture(&name) => {
                let picture = self.picture(Place::Target)?;
                item.picture = item.picture.or(picture);
            }
            _ if is_picture_length(&name) => self.cursor.skip()?,
            _ => match self.cursor.next()? {
                Node::Close => {
                    let value = leaf(tag, self.cursor.take_text().to_scalar());
                    item.scalars.push(tag.name, value);
                }
                Node::Open(first) => {
                    self.item_entry(item, &first, within)?;
                    self.item_entries(item, within)?;
                }
            },
        }
        Ok(())
    }

    /// An end of a line, in any of its shapes, or the direction in which it is watched.
    fn line_entry(&mut self, item: &mut Item<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        match name.as_str() {
            "startpoint" => item.line.start = points(&self.numbers()?).first().copied(),
            "endpoint" => item.line.end = points(&self.numbers()?).first().copied(),
            "x1" | "y1" | "x2" | "y2" => {
                let value = self.value(tag)?.map_or(Some(0.0), |value| number(&value)).unwrap_or_default();
                let end = if name.ends_with('1') { &mut item.line.start } else { &mut item.line.end };
                let (x, y) = end.unwrap_or_default();
                *end = Some(if name.starts_with('x') { (value, y) } else { (x, value) });
            }
            _ => self.leaf_entry(&mut item.scalars, tag)?,
        }
        Ok(())
    }

    /// Every leaf below the element that is open.
    fn leaves(&mut self, into: &mut Scalars<'a>) -> Result<(), ParseError> {
        while let Some(tag) = self.cursor.child()? {
            self.leaf_entry(into, &tag)?;
        }
        Ok(())
    }

    fn leaf_entry(&mut self, into: &mut Scalars<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        if is_picture(&name) {
            self.picture(Place::Target)?;
            return Ok(());
        }
        if is_picture_length(&name) {
            return Ok(self.cursor.skip()?);
        }
        match self.cursor.next()? {
            Node::Close => into.push(tag.name, leaf(tag, self.cursor.take_text().to_scalar())),
            Node::Open(first) => {
                self.leaf_entry(into, &first)?;
                self.leaves(into)?;
            }
        }
        Ok(())
    }
}

/// `sourceBase64Data`, `targetBase64Data` and whatever else ends like them.
fn is_picture(lower_case_name: &str) -> bool {
    lower_case_name.ends_with("base64data")
}

/// The length that goes with a picture. It often is not the picture's, and is not read.
fn is_picture_length(lower_case_name: &str) -> bool {
    lower_case_name.ends_with("base64length")
}
