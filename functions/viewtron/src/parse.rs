//! From the bytes of a post to its message.

use std::borrow::Cow;

use camhook_event::Kind;
use camhook_ingest::Malformed;

use crate::message::{
    Alarm, Block, Content, Item, Model, Picture, Place, PlateMatch, Post, Sender, Smart, Times, Tracks,
};
use crate::scalars::Scalars;
use crate::words;
use crate::xml::{Cursor, Node, Tag, XmlError};

/// The most entries in all lists of a post. A crowded frame has some tens.
const ITEMS_LIMIT: usize = 256;
/// The most alarms in a post. The fullest known has seven, a recorder has 128 channels.
const ALARMS_LIMIT: usize = 128;

/// The most licence plates in a post: each becomes an event with the pictures of the frame. Cameras read one.
const PLATES_LIMIT: usize = 16;

/// Why a post cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    #[error("the root element is neither `config` nor `DeviceInfo`")]
    UnknownRoot,
    #[error("neither a heartbeat, nor an alarm's level, nor a smart event, nor positions")]
    UnknownMessage,
    #[error("more than {ALARMS_LIMIT} alarms, {ITEMS_LIMIT} targets and events, or {PLATES_LIMIT} plates")]
    TooMany,
}

impl From<ParseError> for Malformed {
    fn from(error: ParseError) -> Self {
        let code = match error {
            ParseError::Xml(error) => error.code(),
            ParseError::UnknownRoot => "unknown_root",
            ParseError::UnknownMessage => "unknown_message",
            ParseError::TooMany => "too_many",
        };
        Self::new(code, error.to_string())
    }
}

/// What is to become of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TracksWanted {
    /// They are read.
    Yes,
    /// The post need not be read on once it is known to hold them.
    No,
}

/// Reads a post.
pub(crate) fn parse(body: &[u8], tracks_wanted: TracksWanted) -> Result<Post<'_>, ParseError> {
    let (cursor, root) = Cursor::at_root(body)?;
    let mut parser = Parser::new(cursor);
    if root.is("DeviceInfo") {
        parser.device_info()?;
        return Ok(parser.into_post(Content::Keepalive));
    }
    if !root.is("config") {
        return Err(ParseError::UnknownRoot);
    }
    while let Some(tag) = parser.cursor.child()? {
        if tracks_wanted == TracksWanted::No && parser.begins_tracks(&tag) {
            return Ok(parser.into_post(Content::UnwantedTracks));
        }
        parser.root_entry(&tag)?;
    }
    let content = parser.content()?;
    Ok(parser.into_post(content))
}

/// What has been read of a post.
struct Parser<'a> {
    cursor: Cursor<'a>,
    sender: Sender<'a>,
    times: Times<'a>,
    message_type: Option<Cow<'a, str>>,
    /// How many device blocks there were: a post with nothing else is a heartbeat.
    devices: usize,
    alarms: Option<Vec<Alarm<'a>>>,
    tracks: Option<(&'a str, Vec<Item<'a>>)>,
    smart: Smart<'a>,
    scalars: Scalars<'a>,
    items: usize,
}

/// Where in a post an element stands.
#[derive(Debug, Clone, Copy)]
struct Scope {
    block: Block,
    place: Place,
}

/// Where in an item an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Directly in it.
    Item,
    /// In the picture's block, whose width and height are the picture's.
    Image,
}

/// Numbers by name.
type Numbers<'a> = Vec<(&'a str, f64)>;

impl<'a> Parser<'a> {
    fn new(cursor: Cursor<'a>) -> Self {
        Self {
            cursor,
            sender: Sender::default(),
            times: Times::default(),
            message_type: None,
            devices: 0,
            alarms: None,
            tracks: None,
            smart: Smart::default(),
            scalars: Scalars::default(),
            items: 0,
        }
    }

    fn into_post(self, content: Content<'a>) -> Post<'a> {
        Post { sender: self.sender, times: self.times, content }
    }

    fn message_type_is(&self, name: &str) -> bool {
        self.message_type.as_ref().is_some_and(|message_type| message_type.eq_ignore_ascii_case(name))
    }

    /// Whether the post is known to hold positions, before anything of them is read. `trajectory` is the name in
    /// the second version of the protocol: taken from another receiver's code, never seen in a post.
    fn begins_tracks(&self, tag: &Tag<'_>) -> bool {
        match &self.message_type {
            None => tag.is("traject"),
            Some(_) => self.message_type_is("trajectory") || self.message_type_is("traject"),
        }
    }

    /// What the post says, by the blocks that were there.
    fn content(&mut self) -> Result<Content<'a>, ParseError> {
        if self.message_type_is("keepalive") {
            return Ok(Content::Keepalive);
        }
        let mut smart = std::mem::take(&mut self.smart);
        let scalars = std::mem::take(&mut self.scalars);
        match self.tracks.take() {
            Some((name, targets)) if !self.message_type_is("alarmData") => {
                return Ok(Content::Tracks(Tracks { name, targets, scalars }));
            }
            Some((_, mut targets)) => smart.targets.append(&mut targets),
            None => {}
        }
        let has_smart = smart.smart_type.is_some()
            || self.message_type_is("alarmData")
            || !(smart.events.is_empty() && smart.targets.is_empty() && smart.pictures.is_empty());
        let kind = smart.smart_type.as_deref().map_or(Kind::Other, words::smart_kind);
        if smart.targets.iter().filter(|item| item.is_plate(kind)).count() > PLATES_LIMIT {
            return Err(ParseError::TooMany);
        }
        if self.alarms.is_some() || has_smart {
            let alarms = self.alarms.take().unwrap_or_default();
            return Ok(Content::Reports { alarms, smart: has_smart.then(|| Box::new(smart)), scalars });
        }
        if self.devices > 0 && self.message_type.is_none() {
            return Ok(Content::Keepalive);
        }
        Err(ParseError::UnknownMessage)
    }

    /// A direct child of the root. Only here is `smartType` the event's: cameras of 2022 also have an element of
    /// that name within `types`, which lists every word that there is.
    fn root_entry(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        match tag.name.to_ascii_lowercase().as_str() {
            "types" => self.cursor.skip()?,
            "messagetype" => self.message_type = self.value(tag)?,
            "smarttype" => self.smart.smart_type = self.value(tag)?,
            "currenttime" => self.times.current = self.value(tag)?,
            "snaptime" => self.times.snap = self.value(tag)?,
            "datatime" => self.times.local = self.value(tag)?,
            "deviceinfo" => self.device_info()?,
            "alarmstatusinfo" => self.alarm_status()?,
            "traject" | "trajectory" => {
                let mut targets = Vec::new();
                while let Some(child) = self.cursor.child()? {
                    if child.is("item") {
                        targets.extend(self.item(Block::Target)?);
                    } else {
                        self.cursor.skip()?;
                    }
                }
                self.tracks.get_or_insert((tag.name, Vec::new())).1.append(&mut targets);
            }
            "mac" | "sn" | "devicename" | "channelid" | "ip" => self.device_entry(tag)?,
            _ => self.entry(tag, Scope { block: Block::Event, place: Place::Target })?,
        }
        Ok(())
    }

    /// The device's block. A recorder's names the channel: name and addresses are then the recorder's.
    fn device_info(&mut self) -> Result<(), ParseError> {
        self.devices += 1;
        while let Some(tag) = self.cursor.child()? {
            if tag.is("channelId") {
                self.sender.model = Model::Recorder;
            }
            self.device_entry(&tag)?;
        }
        Ok(())
    }

    fn device_entry(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        let Some(value) = self.value(tag)? else { return Ok(()) };
        let field = match tag.name.to_ascii_lowercase().as_str() {
            "devicename" => &mut self.sender.name,
            "mac" | "macaddress" => &mut self.sender.mac,
            "sn" => &mut self.sender.serial,
            "ip" | "ipaddress" => &mut self.sender.address,
            "channelid" => &mut self.sender.channel,
            _ => {
                self.scalars.push(tag.name, value);
                return Ok(());
            }
        };
        *field = Some(value);
        Ok(())
    }

    /// The levels of alarms, in their three shapes: `<a id="1">true</a>`, and a list of `item` with or without
    /// types and counts.
    fn alarm_status(&mut self) -> Result<(), ParseError> {
        let mut alarms = self.alarms.take().unwrap_or_default();
        while let Some(tag) = self.cursor.child()? {
            match self.cursor.next()? {
                Node::Close => {
                    let value = self.cursor.take_text().to_scalar();
                    keep_alarm(&mut alarms, tag.name, &tag, value)?;
                }
                Node::Open(first) => {
                    let mut next = Some(first);
                    while let Some(child) = next {
                        let value = self.cursor.text()?.to_scalar();
                        if child.is("item") {
                            keep_alarm(&mut alarms, tag.name, &child, value)?;
                        }
                        next = self.cursor.child()?;
                    }
                }
            }
        }
        self.alarms = Some(alarms);
        Ok(())
    }

    /// An element of a smart event, at any depth outside an item.
    fn entry(&mut self, tag: &Tag<'a>, scope: Scope) -> Result<(), ParseError> {
        let name = tag.name.to_ascii_lowercase();
        match name.as_str() {
            "item" => {
                let item = self.item(scope.block)?;
                match scope.block {
                    Block::Perimeter | Block::Tripwire | Block::Event => self.smart.events.extend(item),
                    Block::Target | Block::Plate | Block::Face => self.smart.targets.extend(item),
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
                self.count_item()?;
                let mut item = Item::new(Block::Target);
                self.item_entries(&mut item, Level::Image)?;
                if !item.is_empty() {
                    self.smart.targets.push(item);
                }
            }
            "albuminfo" | "snapinfo" => {
                let mut person = Scalars::default();
                self.leaves(&mut person)?;
                self.smart.person.append(person);
            }
            "entercarcount" | "enterpersoncount" | "enterbikecount" | "leavecarcount"
            | "leavepersoncount" | "leavebikecount" | "existcarcount" | "existpersoncount"
            | "existbikecount" => {
                // An empty counter counts nothing.
                let value = self.value(tag)?.unwrap_or(Cow::Borrowed("0"));
                self.smart.counters.push(tag.name, value);
            }
            _ if is_picture(&name) => {
                self.picture(scope.place)?;
            }
            _ if is_picture_length(&name) => self.cursor.skip()?,
            _ => match self.cursor.next()? {
                Node::Close => self.keep_leaf(tag),
                Node::Open(first) => {
                    self.entry(&first, scope)?;
                    self.entries(scope)?;
                }
            },
        }
        Ok(())
    }

    fn entries(&mut self, scope: Scope) -> Result<(), ParseError> {
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
            self.scalars.push(tag.name, value);
        }
        if let Some(frame) = width.zip(height).filter(|(width, height)| *width > 0.0 && *height > 0.0) {
            self.smart.frame = Some(frame);
        }
        Ok(())
    }

    /// The picture in the element that is open: its place in the post's pictures, unless it is empty.
    fn picture(&mut self, place: Place) -> Result<Option<usize>, ParseError> {
        let base64 = self.cursor.text()?.into_bytes();
        if base64.iter().all(|octet| octet.is_ascii_whitespace() || *octet == 0) {
            return Ok(None);
        }
        if self.smart.pictures.len() >= ITEMS_LIMIT {
            return Err(ParseError::TooMany);
        }
        self.smart.pictures.push(Picture { place, base64 });
        Ok(Some(self.smart.pictures.len() - 1))
    }

    fn count_item(&mut self) -> Result<(), ParseError> {
        self.items += 1;
        if self.items > ITEMS_LIMIT { Err(ParseError::TooMany) } else { Ok(()) }
    }

    /// An entry of a list; `None` when there is nothing in it.
    fn item(&mut self, block: Block) -> Result<Option<Item<'a>>, ParseError> {
        self.count_item()?;
        let mut item = Item::new(block);
        self.item_entries(&mut item, Level::Item)?;
        Ok((!item.is_empty()).then_some(item))
    }

    fn item_entries(&mut self, item: &mut Item<'a>, level: Level) -> Result<(), ParseError> {
        while let Some(tag) = self.cursor.child()? {
            self.item_entry(item, &tag, level)?;
        }
        Ok(())
    }

    fn item_entry(&mut self, item: &mut Item<'a>, tag: &Tag<'a>, level: Level) -> Result<(), ParseError> {
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
            "targetimagedata" | "imagedata" => self.item_entries(item, Level::Image)?,
            "carattr" | "carattribute" => self.leaves(&mut item.car)?,
            "licenseplateattribute" => self.leaves(&mut item.plate)?,
            "licenseplatematchinfo" => {
                item.plate_match = PlateMatch::Found;
                self.leaves(&mut item.plate)?;
            }
            "width" | "height" if level == Level::Item => {
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
                    self.item_entry(item, &first, level)?;
                    self.item_entries(item, level)?;
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

    /// The text of a leaf, or the number in its `count` attribute: some firmware puts the values of empty elements
    /// there. A list's `count` is the number of its entries.
    fn value(&mut self, tag: &Tag<'a>) -> Result<Option<Cow<'a, str>>, ParseError> {
        let value = leaf(tag, self.cursor.text()?.to_scalar());
        Ok((!value.is_empty()).then_some(value))
    }

    fn keep_leaf(&mut self, tag: &Tag<'a>) {
        let value = leaf(tag, self.cursor.take_text().to_scalar());
        self.scalars.push(tag.name, value);
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

    /// Every number below the element that is open. An empty element is 0.
    fn numbers(&mut self) -> Result<Numbers<'a>, ParseError> {
        let mut numbers = Vec::new();
        self.number_entries(&mut numbers)?;
        Ok(numbers)
    }

    fn number_entries(&mut self, into: &mut Numbers<'a>) -> Result<(), ParseError> {
        while let Some(tag) = self.cursor.child()? {
            self.number_entry(into, &tag)?;
        }
        Ok(())
    }

    fn number_entry(&mut self, into: &mut Numbers<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        match self.cursor.next()? {
            Node::Close => {
                let value = leaf(tag, self.cursor.take_text().to_scalar());
                let value = if value.is_empty() { Some(0.0) } else { number(&value) };
                into.extend(value.map(|value| (tag.name, value)));
            }
            Node::Open(first) => {
                self.number_entry(into, &first)?;
                self.number_entries(into)?;
            }
        }
        Ok(())
    }
}

fn keep_alarm<'a>(
    alarms: &mut Vec<Alarm<'a>>,
    name: &'a str,
    tag: &Tag<'_>,
    value: Cow<'a, str>,
) -> Result<(), ParseError> {
    if value.is_empty() {
        return Ok(());
    }
    if alarms.len() >= ALARMS_LIMIT {
        return Err(ParseError::TooMany);
    }
    alarms.push(Alarm { name, id: tag.attribute("id"), label: tag.attribute("name"), value });
    Ok(())
}

fn leaf<'a>(tag: &Tag<'_>, text: Cow<'a, str>) -> Cow<'a, str> {
    let is_list = || tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("list"));
    if !text.is_empty() || is_list() {
        return text;
    }
    tag.attribute("count").map_or(text, Cow::Owned)
}

/// `sourceBase64Data`, `targetBase64Data` and whatever else ends like them.
fn is_picture(lower_case_name: &str) -> bool {
    lower_case_name.ends_with("base64data")
}

/// The length that goes with a picture. It often is not the picture's, and is not read.
fn is_picture_length(lower_case_name: &str) -> bool {
    lower_case_name.ends_with("base64length")
}

/// A finite number.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The points of a run of `x` and `y`.
fn points(numbers: &Numbers<'_>) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    let mut left = None;
    for &(name, value) in numbers {
        if name.eq_ignore_ascii_case("x") {
            left = Some(value);
        } else if let ("y" | "Y", Some(x)) = (name, left.take()) {
            points.push((x, value));
        }
    }
    points
}

/// `x1`, `y1`, `x2`, `y2`, when all are there.
fn sides(numbers: &Numbers<'_>) -> Option<[f64; 4]> {
    let side = |wanted: &str| {
        numbers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
    };
    Some([side("x1")?, side("y1")?, side("x2")?, side("y2")?])
}
