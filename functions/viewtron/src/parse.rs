//! From the bytes of a post to its message.
//!
//! Whatever an element is called and wherever it stands, it ends up in an event, or its name in the reason of the
//! quarantine. What holds nothing is named here: the vocabulary in `types`, an empty list, a picture's length.

mod level;
mod number;
mod smart;

use std::borrow::Cow;
use std::fmt;

use camhook_event::Kind;
use camhook_ingest::Malformed;

pub(crate) use self::number::number;
use crate::message::{Alarm, Block, Content, Model, Place, Post, Sender, Smart, Times, Tracks};
use crate::scalars::Scalars;
use crate::vocabulary;
use crate::xml::{Cursor, Mismatch, Tag, XmlError};

/// The most entries in all lists of a post. A crowded frame has some tens.
const ITEMS_LIMIT: usize = 256;

/// The most events that a post becomes.
pub(crate) const EVENTS_LIMIT: usize = 64;

/// The most licence plates in a post: each becomes an event with the pictures of the frame. Cameras read one.
const PLATES_LIMIT: usize = 16;

/// Why a post, or a part of it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    #[error("the end tag at byte {0} closes an element around the ones that are open")]
    Unclosed(usize),
    #[error("the root element is neither `config` nor `DeviceInfo`; found {0}")]
    UnknownRoot(Names),
    #[error("neither a heartbeat, nor an alarm's level, nor a smart event, nor positions; found {0}")]
    UnknownMessage(Names),
    #[error("an alarm without a level; found {0}")]
    NoLevel(Names),
    #[error("more {0} than a post may have")]
    TooMany(&'static str),
    #[error("more than {EVENTS_LIMIT} events or {PLATES_LIMIT} licence plates in a post")]
    TooManyEvents,
}

impl From<ParseError> for Malformed {
    fn from(error: ParseError) -> Self {
        let code = match error {
            ParseError::Xml(error) => error.code(),
            ParseError::Unclosed(_) => "ill_formed_xml",
            ParseError::UnknownRoot(_) => "unknown_root",
            ParseError::UnknownMessage(_) => "unknown_message",
            ParseError::NoLevel(_) => "alarm_without_level",
            ParseError::TooMany(_) => "too_many",
            ParseError::TooManyEvents => "too_many_events",
        };
        Self::new(code, error.to_string())
    }
}

/// Names of elements and attributes that a post holds, for whoever looks into the quarantine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// The most names, and the most characters of one.
    const LIMIT: usize = 8;
    const LENGTH_LIMIT: usize = 64;

    fn push(&mut self, name: &str) {
        let name: String =
            name.chars().filter(|character| !character.is_control()).take(Self::LENGTH_LIMIT).collect();
        if self.0.len() < Self::LIMIT && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("nothing");
        }
        for (index, name) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}`{name}`")?;
        }
        Ok(())
    }
}

/// What is to become of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TracksWanted {
    /// They are read.
    Yes,
    /// They are passed over.
    No,
}

/// All of a post.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// The documents that were read, at least one.
    pub(crate) posts: Vec<Post<'a>>,
    /// Why a part of the post was not read.
    pub(crate) remainder: Option<ParseError>,
    /// Where an end tag stood that closed nothing.
    pub(crate) stray_end_tag: Option<usize>,
}

/// Reads a post: one XML document, or several in a row.
///
/// # Errors
///
/// When none of them can be read.
pub(crate) fn parse(body: &[u8], tracks_wanted: TracksWanted) -> Result<Reading<'_>, ParseError> {
    let (cursor, root) = Cursor::at_root(body)?;
    let mut parser =
        Parser { cursor, tracks_wanted, document: Document::default(), items: 0, remainder: None };
    let mut posts = Vec::new();
    let mut next = Some(root);
    while let Some(root) = next {
        next = match parser.document(&root) {
            Ok(post) => {
                posts.push(post);
                parser.next_document()
            }
            Err(ParseError::Xml(error)) => {
                parser.leave_out(error.into());
                None
            }
            Err(error) => {
                parser.leave_out(error);
                parser.next_document()
            }
        };
    }
    let Parser { cursor, mut remainder, .. } = parser;
    let mut stray_end_tag = None;
    match cursor.mismatch() {
        Some(Mismatch::StrayEndTag(position)) => stray_end_tag = Some(position),
        Some(Mismatch::Unclosed(position)) => remainder = remainder.or(Some(ParseError::Unclosed(position))),
        None => {}
    }
    match remainder {
        Some(error) if posts.is_empty() => Err(error),
        remainder => Ok(Reading { posts, remainder, stray_end_tag }),
    }
}

/// Reads a post's documents one after the other.
struct Parser<'a> {
    cursor: Cursor<'a>,
    tracks_wanted: TracksWanted,
    document: Document<'a>,
    /// How many entries of lists there were in all documents.
    items: usize,
    remainder: Option<ParseError>,
}

/// What has been read of a document.
#[derive(Default)]
struct Document<'a> {
    sender: Sender<'a>,
    times: Times<'a>,
    message_type: Option<Cow<'a, str>>,
    /// How many device blocks there were: a post with nothing else is a heartbeat.
    devices: usize,
    alarms: Option<Vec<Alarm<'a>>>,
    tracks: Option<Tracks<'a>>,
    smart: Smart<'a>,
    scalars: Scalars<'a>,
    /// Names that are neither the envelope's nor a block's: they may be an alarm that is not understood.
    unknown: Names,
    /// Alarms with a number and without a level.
    levelless: Names,
    /// Alarms with neither.
    empty_alarms: Names,
}

/// Where in a post an element stands.
#[derive(Debug, Clone, Copy)]
struct Scope {
    part: Part,
    block: Block,
    place: Place,
}

/// Which part of a document an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The device's own block. Its firmware may have more properties than are known.
    Device,
    /// Anything else.
    Message,
}

const MESSAGE: Scope = Scope { part: Part::Message, block: Block::Event, place: Place::Target };

impl<'a> Parser<'a> {
    /// Notes why a part of the post is left out; the first reason stays.
    fn leave_out(&mut self, reason: ParseError) {
        self.remainder.get_or_insert(reason);
    }

    fn next_document(&mut self) -> Option<Tag<'a>> {
        match self.cursor.next_document() {
            Ok(root) => root,
            Err(error) => {
                self.leave_out(error.into());
                None
            }
        }
    }

    /// The document whose root is open.
    fn document(&mut self, root: &Tag<'a>) -> Result<Post<'a>, ParseError> {
        self.document = Document::default();
        if root.is("DeviceInfo") {
            self.device_info(root)?;
        } else if root.is("config") {
            self.attributes(root);
            while let Some(tag) = self.cursor.child()? {
                self.root_entry(&tag)?;
            }
        } else {
            self.cursor.skip()?;
            let mut names = Names::default();
            names.push(root.name);
            return Err(ParseError::UnknownRoot(names));
        }
        let document = std::mem::take(&mut self.document);
        let (sender, times) = (document.sender.clone(), document.times.clone());
        let content = self.content(document)?;
        Ok(Post { sender, times, content })
    }

    /// What a document reports, by the blocks that were there.
    fn content(&mut self, document: Document<'a>) -> Result<Content<'a>, ParseError> {
        let Document { message_type, devices, alarms, tracks, mut smart, scalars, mut unknown, .. } =
            document;
        let (levelless, empty_alarms) = (document.levelless, document.empty_alarms);
        let message_is =
            |name: &str| message_type.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let mut tracks = tracks;
        let is_of_tracks = message_is("trajectory") || message_is("traject");
        if is_of_tracks && smart.smart_type.is_none() {
            // The newer protocol's name; no such post was ever seen, so that its list may have any name.
            let targets = smart.events.drain(..).chain(smart.targets.drain(..));
            tracks
                .get_or_insert_with(|| Tracks { name: "trajectory", ..Tracks::default() })
                .targets
                .extend(targets);
        }
        let has_smart = smart.smart_type.is_some() || message_is("alarmData") || !smart.is_empty();
        if let (true, Some(tracks)) = (has_smart, &mut tracks) {
            smart.targets.append(&mut tracks.targets);
        }
        let kind = smart.smart_type.as_deref().map_or(Kind::Other, vocabulary::kind);
        let mut plates = 0;
        smart.targets.retain(|item| {
            plates += usize::from(item.is_plate(kind));
            !item.is_plate(kind) || plates <= PLATES_LIMIT
        });
        if plates > PLATES_LIMIT {
            self.leave_out(ParseError::TooManyEvents);
        }
        let has_level = alarms.as_ref().is_some_and(|alarms| !alarms.is_empty());
        if has_level || has_smart {
            if !levelless.is_empty() {
                self.leave_out(ParseError::NoLevel(levelless));
            }
            let tracks = tracks.filter(|tracks| !tracks.targets.is_empty());
            let smart = has_smart.then(|| Box::new(smart));
            return Ok(Content::Reports { alarms: alarms.unwrap_or_default(), smart, tracks, scalars });
        }
        for names in [levelless, empty_alarms] {
            if !names.is_empty() {
                return Err(ParseError::NoLevel(names));
            }
        }
        if let Some(mut tracks) = tracks {
            if self.tracks_wanted == TracksWanted::No {
                return Ok(Content::UnwantedTracks);
            }
            if !tracks.targets.is_empty() || unknown.is_empty() {
                tracks.scalars = scalars;
                return Ok(Content::Tracks(tracks));
            }
        }
        let is_heartbeat = match &message_type {
            Some(_) => message_is("keepalive"),
            None => devices > 0,
        };
        if let (Some(message_type), false, false) = (&message_type, is_heartbeat, alarms.is_some()) {
            unknown.push("messageType");
            unknown.push(message_type);
        }
        if !unknown.is_empty() {
            return Err(ParseError::UnknownMessage(unknown));
        }
        if alarms.is_some() {
            return Ok(Content::NoAlarm);
        }
        if is_heartbeat { Ok(Content::Keepalive) } else { Err(ParseError::UnknownMessage(unknown)) }
    }

    /// A direct child of the root. Only here do `mac`, `sn` and their like name the device.
    fn root_entry(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        match tag.name.to_ascii_lowercase().as_str() {
            "mac" | "sn" | "devicename" | "channelid" | "ip" => self.device_entry(tag),
            _ => self.entry(tag, MESSAGE),
        }
    }

    /// An element of the envelope or the beginning of a block; whether it was one.
    ///
    /// `smartType` also is an element within the `types` of cameras of 2022, which list every word that there is.
    fn envelope_entry(&mut self, lower_case_name: &str, tag: &Tag<'a>) -> Result<bool, ParseError> {
        match lower_case_name {
            "types" => self.cursor.skip()?,
            "messagetype" => self.document.message_type = self.value(tag)?,
            "smarttype" => match self.value(tag)? {
                Some(word) => self.document.smart.smart_type = Some(word),
                None => self.document.unknown.push(tag.name),
            },
            "currenttime" => self.document.times.current = self.value(tag)?,
            "snaptime" => self.document.times.snap = self.value(tag)?,
            "datatime" => self.document.times.local = self.value(tag)?,
            "deviceinfo" => self.device_info(tag)?,
            "alarmstatusinfo" => self.levels(tag)?,
            "traject" | "trajectory" => self.tracks(tag)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn tracks(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        let mut targets = Vec::new();
        if self.tracks_wanted == TracksWanted::No {
            self.cursor.skip()?;
        } else {
            while let Some(child) = self.cursor.child()? {
                if child.is("item") {
                    targets.extend(self.item(Block::Target)?);
                } else {
                    self.entry(&child, Scope { block: Block::Target, ..MESSAGE })?;
                }
            }
        }
        let tracks =
            self.document.tracks.get_or_insert_with(|| Tracks { name: tag.name, ..Tracks::default() });
        tracks.targets.append(&mut targets);
        Ok(())
    }

    /// The device's block. A recorder's names the channel: name and addresses are then the recorder's.
    fn device_info(&mut self, block: &Tag<'a>) -> Result<(), ParseError> {
        self.document.devices += 1;
        self.attributes(block);
        while let Some(tag) = self.cursor.child()? {
            if tag.is("channelId") {
                self.document.sender.model = Model::Recorder;
            }
            match tag.name.to_ascii_lowercase().as_str() {
                "devicename" | "mac" | "macaddress" | "sn" | "ip" | "ipaddress" | "channelid" => {
                    self.device_entry(&tag)?;
                }
                _ => self.entry(&tag, Scope { part: Part::Device, ..MESSAGE })?,
            }
        }
        Ok(())
    }

    fn device_entry(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        let Some(value) = self.value(tag)? else { return Ok(()) };
        let sender = &mut self.document.sender;
        let field = match tag.name.to_ascii_lowercase().as_str() {
            "devicename" => &mut sender.name,
            "mac" | "macaddress" => &mut sender.mac,
            "sn" => &mut sender.serial,
            "ip" | "ipaddress" => &mut sender.address,
            _ => &mut sender.channel,
        };
        *field = Some(value);
        Ok(())
    }

    /// Notes attributes of the envelope that may be an alarm.
    fn attributes(&mut self, tag: &Tag<'_>) {
        for (name, value) in tag.attributes() {
            if may_be_alarm(name, &value) {
                self.document.unknown.push(name);
            }
        }
    }

    /// The text of a leaf, or what stands in an attribute instead.
    fn value(&mut self, tag: &Tag<'a>) -> Result<Option<Cow<'a, str>>, ParseError> {
        let value = leaf(tag, self.cursor.text()?.to_scalar());
        Ok((!value.is_empty()).then_some(value))
    }

    /// Keeps the leaf that was read last, and notes that nothing is known of it.
    fn keep_leaf(&mut self, tag: &Tag<'a>, part: Part) {
        let value = leaf(tag, self.cursor.take_text().to_scalar());
        let is_unknown = match part {
            Part::Device => may_be_alarm(tag.name, &value),
            Part::Message => {
                let has_attributes = || tag.attributes().any(|(name, _)| !["type", "count"].contains(&name));
                !value.is_empty() || has_attributes() || may_be_alarm(tag.name, "")
            }
        };
        if is_unknown {
            self.document.unknown.push(tag.name);
        }
        self.document.scalars.push(tag.name, value);
    }
}

/// Whether a property of the device may be an alarm: it is on or off, or is called so.
fn may_be_alarm(name: &str, value: &str) -> bool {
    let is_level = !value.bytes().all(|octet| octet.is_ascii_digit()) && vocabulary::truth(value).is_some();
    let name = name.to_ascii_lowercase();
    is_level || ["alarm", "event", "smart", "message"].iter().any(|part| name.contains(part))
}

/// The text of a leaf, or the value in its `value` or `count` attribute: some firmware puts the values of empty elements
/// there. A list's `count` is the number of its entries.
fn leaf<'a>(tag: &Tag<'_>, text: Cow<'a, str>) -> Cow<'a, str> {
    let is_list = || tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("list"));
    if !text.is_empty() || is_list() {
        return text;
    }
    tag.attribute("value").or_else(|| tag.attribute("count")).map_or(text, Cow::Owned)
}
