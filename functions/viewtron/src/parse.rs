//! From the bytes of a post to its message.
//!
//! Whatever an element is called and wherever it stands, it ends up in an event, or its name in the reason of the
//! quarantine. What holds nothing is named here: the vocabulary in `types`, an empty list, a picture's length.

mod channel;
mod level;
mod number;
mod smart;

use std::borrow::Cow;
use std::fmt;

use camhook_event::Kind;
use camhook_ingest::Malformed;

pub(crate) use self::number::number;
use crate::message::{
    Alarm, Block, Content, Item, Model, NamePlace, Place, Post, Sender, Smart, Times, Tracks, names_of_plate,
};
use crate::scalars::Scalars;
use crate::suspicion::{self, Suspicion};
use crate::text::Text;
use crate::vocabulary;
use crate::xml::{Cursor, Mismatch, Node, Tag, XmlError};

/// The most entries in all lists of a post. A crowded frame has some tens.
const ITEMS_LIMIT: usize = 256;

/// The most attributes of a post that are values. No device was seen to send any but those of levels.
const ATTRIBUTES_LIMIT: usize = 512;

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
    #[error("a part of the post that may be an alarm is not understood; found {0}")]
    UnknownPart(Names),
    #[error("text that belongs to no XML document; words of alarms in it: {0}")]
    StrayText(Names),
    #[error("a query that is not understood; found {0}")]
    UnknownQuery(Names),
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
            ParseError::UnknownPart(_) => "unknown_part",
            ParseError::StrayText(_) => "stray_text",
            ParseError::UnknownQuery(_) => "unknown_query",
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

    pub(crate) fn push(&mut self, name: &str) {
        let name: String =
            name.chars().filter(|character| !character.is_control()).take(Self::LENGTH_LIMIT).collect();
        if self.0.len() < Self::LIMIT && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn extend(&mut self, names: &Self) {
        for name in &names.0 {
            self.push(name);
        }
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
    let mut parser = Parser {
        cursor,
        tracks_wanted,
        document: Document::default(),
        items: 0,
        attributes: 0,
        remainder: None,
    };
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
    if let Some(text) = parser.cursor.stray_text() {
        let mut names = Names::default();
        suspicion::words_of_alarm(&text.to_scalar()).for_each(|word| names.push(word));
        // What a buffer held before the post was written into it is none of the post, unless it reports an alarm.
        if !names.is_empty() || !text.begins_with_zero() {
            parser.leave_out(ParseError::StrayText(names));
        }
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
    /// How many attributes were kept as values.
    attributes: usize,
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
    /// The smart events before the one that is being read.
    finished: Vec<Smart<'a>>,
    /// The one that is being read. The numbers of pictures of its items, and of those of `tracks`, count the pictures of
    /// the finished ones too: an item may begin before the event does that it turns out to be in.
    smart: Smart<'a>,
    /// How many pictures the finished ones have.
    finished_pictures: usize,
    /// How many elements were open around the word of the smart event that is being read.
    word_depth: usize,
    /// The channel that the block names that is open.
    block_channel: Option<Cow<'a, str>>,
    /// Its `id`, which is that of the levels in it.
    block_id: Option<Cow<'a, str>>,
    /// Values that belong to no smart event.
    scalars: Scalars<'a>,
    suspects: Suspects,
    /// Names that are neither the envelope's nor a block's: they may be an alarm that is not understood.
    unknown: Names,
    /// Alarms with a number and without a level.
    levelless: Names,
    /// Alarms with neither.
    empty_alarms: Names,
}

/// Names beside what was understood that may be alarms of their own. Which of them are, only the whole document tells.
#[derive(Default)]
struct Suspects {
    certain: Names,
    /// By the kind of the alarm that they are called after: an event's own block is called after it, too.
    by_kind: Vec<(Kind, Names)>,
    /// Properties that smart events may have.
    properties: Names,
}

impl Suspects {
    fn push(&mut self, name: &str, suspicion: Option<Suspicion>) {
        match suspicion {
            None => {}
            Some(Suspicion::Alarm | Suspicion::Level) => self.certain.push(name),
            Some(Suspicion::PropertyLevel) => self.properties.push(name),
            Some(Suspicion::Word(kind)) => self.push_word(name, kind),
        }
    }

    fn push_word(&mut self, name: &str, kind: Kind) {
        match self.by_kind.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, names)) => names.push(name),
            None => {
                let mut names = Names::default();
                names.push(name);
                self.by_kind.push((kind, names));
            }
        }
    }

    /// The names that none of a document's smart events explains.
    fn unexplained(&self, smart: &[Smart<'_>]) -> Names {
        let explains = |event: &Smart<'_>, kind: Kind| {
            event.smart_type.as_deref().is_none_or(|word| are_akin(vocabulary::kind(word), kind))
        };
        let mut names = self.certain.clone();
        for (kind, of_kind) in &self.by_kind {
            if !smart.iter().any(|event| explains(event, *kind)) {
                names.extend(of_kind);
            }
        }
        if smart.is_empty() {
            names.extend(&self.properties);
        }
        names
    }
}

/// Whether two words may be for one thing that happened.
fn are_akin(one: Kind, other: Kind) -> bool {
    const ZONES: [Kind; 3] = [Kind::Perimeter, Kind::Intrusion, Kind::LineCrossing];
    const FACES: [Kind; 2] = [Kind::Face, Kind::FaceMatch];
    one == other
        || [&ZONES[..], &FACES[..]].iter().any(|group| group.contains(&one) && group.contains(&other))
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

/// An element of which nothing is known.
#[derive(Debug)]
enum Unknown<'a> {
    /// It was read: a level of its own.
    Level,
    /// It holds this value.
    Leaf(Cow<'a, str>),
    /// It holds elements, of which this is the first and is open.
    Block(Tag<'a>),
}

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
            self.attributes(root, Part::Device);
            while let Some(tag) = self.child(root.name)? {
                self.root_entry(&tag)?;
            }
        } else {
            self.cursor.skip()?;
            let mut names = Names::default();
            names.push(root.name);
            return Err(ParseError::UnknownRoot(names));
        }
        let mut document = std::mem::take(&mut self.document);
        let times = std::mem::take(&mut document.times);
        let (sender, content) = self.content(document)?;
        Ok(Post { sender, times, content })
    }

    /// What a document reports, by the blocks that were there.
    fn content(&mut self, mut document: Document<'a>) -> Result<(Sender<'a>, Content<'a>), ParseError> {
        let message_type = document.message_type.take();
        let message_is =
            |name: &str| message_type.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let mut tracks = document.tracks.take();
        let is_of_tracks = message_is("trajectory") || message_is("traject");
        if is_of_tracks && document.smart.smart_type.is_none() && document.finished.is_empty() {
            // The newer protocol's name; no such post was ever seen, so that its list may have any name.
            let smart = &mut document.smart;
            let targets = smart.events.drain(..).chain(smart.targets.drain(..));
            tracks
                .get_or_insert_with(|| Tracks { name: "trajectory", ..Tracks::default() })
                .targets
                .extend(targets);
        }
        let mut smart = document.take_smart(message_type.as_deref(), tracks.as_mut());
        self.limit_plates(&mut smart);
        let Document { mut sender, devices, alarms, scalars, suspects, unknown, .. } = document;
        let (levelless, empty_alarms) = (document.levelless, document.empty_alarms);
        if smart.is_empty() {
            sender.channel = sender.channel.take().or(document.smart.channel);
        }
        let suspicious = suspects.unexplained(&smart);
        let has_level = alarms.as_ref().is_some_and(|alarms| !alarms.is_empty());
        if has_level || !smart.is_empty() {
            if !levelless.is_empty() {
                self.leave_out(ParseError::NoLevel(levelless));
            }
            self.leave_out_suspicious(suspicious, &unknown);
            let tracks = tracks.filter(|tracks| !tracks.targets.is_empty());
            let alarms = alarms.unwrap_or_default();
            return Ok((sender, Content::Reports { alarms, smart, tracks, scalars }));
        }
        for names in [levelless, empty_alarms] {
            if !names.is_empty() {
                return Err(ParseError::NoLevel(names));
            }
        }
        let is_heartbeat = match &message_type {
            Some(_) => message_is("keepalive"),
            None => devices > 0,
        };
        let mut not_understood = suspicious.clone();
        if let Some(message_type) = &message_type {
            let is_of_alarms = alarms.is_some() && tracks.is_none();
            if !is_heartbeat && !is_of_alarms && !is_of_tracks {
                not_understood.push("messageType");
                not_understood.push(message_type);
            }
        }
        if let Some(mut tracks) = tracks {
            let is_wanted = self.tracks_wanted == TracksWanted::Yes;
            if is_wanted && !tracks.targets.is_empty() {
                self.leave_out_suspicious(suspicious, &unknown);
                tracks.scalars = scalars;
                return Ok((sender, Content::Tracks(tracks)));
            }
            // They come ten times a second: what is neither called as an alarm nor on or off is no reason to keep them.
            if not_understood.is_empty() {
                let content = if is_wanted { Content::Tracks(tracks) } else { Content::UnwantedTracks };
                return Ok((sender, content));
            }
        }
        not_understood.extend(&unknown);
        if !not_understood.is_empty() {
            return Err(ParseError::UnknownMessage(not_understood));
        }
        if alarms.is_some() {
            return Ok((sender, Content::NoAlarm));
        }
        if is_heartbeat {
            return Ok((sender, Content::Keepalive));
        }
        Err(ParseError::UnknownMessage(not_understood))
    }

    /// Leaves out what may be an alarm, if there is anything. Its block is named too, where nothing is known of that.
    fn leave_out_suspicious(&mut self, mut names: Names, unknown: &Names) {
        if !names.is_empty() {
            names.extend(unknown);
            self.leave_out(ParseError::UnknownPart(names));
        }
    }

    /// Joins what is about one plate, and leaves out the plates that are more than a post may have.
    fn limit_plates(&mut self, smart: &mut [Smart<'a>]) {
        let mut plates = 0;
        for event in smart {
            let kind = event.smart_type.as_deref().map_or(Kind::Other, vocabulary::kind);
            event.join_plates(kind, PLATES_LIMIT);
            event.targets.retain(|item| {
                plates += usize::from(item.is_plate(kind));
                !item.is_plate(kind) || plates <= PLATES_LIMIT
            });
        }
        if plates > PLATES_LIMIT {
            self.leave_out(ParseError::TooManyEvents);
        }
    }

    /// A direct child of the root. Only here do `mac`, `sn` and their like name the device.
    fn root_entry(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        match tag.name.to_ascii_lowercase().as_str() {
            "mac" | "sn" | "devicename" | "ip" => self.device_entry(tag, NamePlace::Root),
            name if channel::is_named_by(name) => self.device_entry(tag, NamePlace::Root),
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
            "smarttype" => self.smart_type(tag)?,
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

    /// The word of a smart event. Another one begins another event, unless the same word stands again within the event's
    /// own blocks.
    fn smart_type(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        let depth = self.cursor.depth();
        let channel = tag.attributes().find(|(name, value)| channel::is_told_by(name, value));
        let channel = channel.map(|(_, value)| Cow::Owned(value));
        let Some(word) = self.value(tag)? else {
            self.document.unknown.push(tag.name);
            self.document.suspects.certain.push(tag.name);
            return Ok(());
        };
        let is_repeated = |known: &Cow<'_, str>| known.eq_ignore_ascii_case(&word);
        let is_within = depth > self.document.word_depth;
        match &self.document.smart.smart_type {
            Some(known) if is_repeated(known) && is_within => {}
            Some(_) => self.finish_smart(self.next_picture()),
            None => {}
        }
        self.begin_smart(word, depth);
        if channel.is_some() {
            self.document.smart.channel = channel;
        }
        Ok(())
    }

    fn begin_smart(&mut self, word: Cow<'a, str>, depth: usize) {
        if self.document.smart.smart_type.is_none() {
            self.document.smart.smart_type = Some(word);
            self.document.word_depth = depth;
        }
    }

    /// The number of the next picture.
    fn next_picture(&self) -> usize {
        self.document.finished_pictures + self.document.smart.pictures.len()
    }

    /// Ends the smart event that is being read: what follows is another one's, and so are the pictures from the number
    /// `first` on, with the items that show them.
    fn finish_smart(&mut self, first: usize) {
        let document = &mut self.document;
        let mut smart = std::mem::take(&mut document.smart);
        let is_next = |item: &mut Item<'_>| !item.pictures.is_empty() && item.pictures.start >= first;
        let of_smart = first.saturating_sub(document.finished_pictures).min(smart.pictures.len());
        document.smart.pictures = smart.pictures.split_off(of_smart);
        document.smart.events = smart.events.extract_if(.., is_next).collect();
        document.smart.targets = smart.targets.extract_if(.., is_next).collect();
        if let Some(tracks) = &mut document.tracks {
            let is_shown = |item: &mut Item<'_>| !item.pictures.is_empty() && item.pictures.start < first;
            smart.targets.extend(tracks.targets.extract_if(.., is_shown));
        }
        let before = document.finished_pictures;
        smart.shift_pictures(|number| number.saturating_sub(before));
        document.finished_pictures += of_smart;
        if document.finished.len() < EVENTS_LIMIT {
            document.finished.push(smart);
        } else {
            self.leave_out(ParseError::TooManyEvents);
        }
    }

    fn tracks(&mut self, tag: &Tag<'a>) -> Result<(), ParseError> {
        let outer_channel = self.document.block_channel.take();
        self.attributes(tag, Part::Message);
        let mut targets = Vec::new();
        while let Some(child) = self.child(tag.name)? {
            if child.is("item") {
                targets.extend(self.item(&child, Block::Target)?);
            } else {
                self.entry(&child, Scope { block: Block::Target, ..MESSAGE })?;
            }
        }
        if let Some(channel) = std::mem::replace(&mut self.document.block_channel, outer_channel) {
            for target in &mut targets {
                target.channel.get_or_insert_with(|| channel.clone());
            }
        }
        if self.tracks_wanted == TracksWanted::No {
            targets.clear();
        }
        let tracks =
            self.document.tracks.get_or_insert_with(|| Tracks { name: tag.name, ..Tracks::default() });
        tracks.targets.append(&mut targets);
        Ok(())
    }

    /// The device's block. A recorder's names the channel: name and addresses are then the recorder's.
    fn device_info(&mut self, block: &Tag<'a>) -> Result<(), ParseError> {
        self.document.devices += 1;
        self.attributes(block, Part::Device);
        while let Some(tag) = self.child(block.name)? {
            match tag.name.to_ascii_lowercase().as_str() {
                "devicename" | "mac" | "macaddress" | "sn" | "ip" | "ipaddress" => {
                    self.device_entry(&tag, NamePlace::DeviceInfo)?;
                }
                name if channel::is_named_by(name) => {
                    self.document.sender.model = Model::Recorder;
                    self.device_entry(&tag, NamePlace::DeviceInfo)?;
                }
                _ => self.entry(&tag, Scope { part: Part::Device, ..MESSAGE })?,
            }
        }
        Ok(())
    }

    fn device_entry(&mut self, tag: &Tag<'a>, place: NamePlace) -> Result<(), ParseError> {
        let Some(value) = self.value(tag)? else { return Ok(()) };
        let sender = &mut self.document.sender;
        let field = match tag.name.to_ascii_lowercase().as_str() {
            "devicename" => {
                sender.name_place = place;
                &mut sender.name
            }
            "mac" | "macaddress" => &mut sender.mac,
            "sn" => &mut sender.serial,
            "ip" | "ipaddress" => &mut sender.address,
            name if channel::is_told_by(name, &value) => &mut sender.channel,
            // What is called a channel and is none: whether it is on, how many there are.
            _ => {
                let part = match place {
                    NamePlace::Root => Part::Message,
                    NamePlace::DeviceInfo => Part::Device,
                };
                self.note(tag.name, &value, part);
                self.document.smart.scalars.push(tag.name, value);
                return Ok(());
            }
        };
        *field = Some(value);
        Ok(())
    }

    /// The next child of the element that is open. Text beside children has no meaning in this dialect: that there is
    /// some is noted.
    fn child(&mut self, around: &str) -> Result<Option<Tag<'a>>, ParseError> {
        let child = self.cursor.child()?;
        let text = self.cursor.take_text();
        self.note_text(around, &text);
        Ok(child)
    }

    /// Notes text that is the value of nothing, by the element around it and the words of alarms in it.
    fn note_text(&mut self, around: &str, text: &Text<'a>) {
        if text.is_blank() {
            return;
        }
        let text = text.to_scalar();
        // An ellipsis or a stray bracket says nothing.
        if text.contains(char::is_alphanumeric) {
            let suspects = &mut self.document.suspects;
            suspects.certain.push(around);
            suspicion::words_of_alarm(&text).for_each(|word| suspects.certain.push(word));
        }
    }

    /// Takes the attributes of an element that holds others: the channel, values of a plate, and the names of those that
    /// may be an alarm.
    fn attributes(&mut self, tag: &Tag<'_>, part: Part) {
        for (name, value) in own_attributes(tag) {
            let document = &mut self.document;
            if channel::is_told_by(name, &value) {
                let field = match part {
                    Part::Device => &mut document.sender.channel,
                    Part::Message => &mut document.block_channel,
                };
                *field = Some(Cow::Owned(value));
                continue;
            }
            if suspicion::may_be_alarm_of_device(name, &value) {
                document.unknown.push(name);
                document.suspects.push(name, suspicion::suspicion(name, &value));
            }
            if is_of_plate(name, &value) && self.has_room_for_attribute() {
                self.document.smart.scalars.push_owned(name, Cow::Owned(value));
            }
        }
    }

    /// The text of a leaf, or what stands in an attribute instead.
    fn value(&mut self, tag: &Tag<'a>) -> Result<Option<Cow<'a, str>>, ParseError> {
        self.attributes(tag, Part::Message);
        let text = self.text(tag)?;
        let value = leaf(tag, text.to_scalar());
        Ok((!value.is_empty()).then_some(value))
    }

    /// Begins to read an element of which nothing is known.
    fn unknown(&mut self, tag: &Tag<'a>) -> Result<Unknown<'a>, ParseError> {
        let node = self.cursor.next()?;
        let text = self.cursor.take_text();
        match node {
            Node::Close => {
                let text = text.to_scalar();
                let is_level = self.lone_level(tag, &text);
                Ok(if is_level { Unknown::Level } else { Unknown::Leaf(leaf(tag, text)) })
            }
            Node::Open(first) => {
                self.note_text(tag.name, &text);
                Ok(Unknown::Block(first))
            }
        }
    }

    /// Keeps a leaf of which nothing is known, and notes its name.
    fn keep_leaf(&mut self, tag: &Tag<'a>, value: Cow<'a, str>, part: Part) {
        for (name, value) in own_attributes(tag) {
            self.note(name, &value, part);
            if self.has_room_for_attribute() {
                let name = format!("{}.{name}", tag.name);
                self.document.smart.scalars.push_owned(&name, Cow::Owned(value));
            }
        }
        self.note(tag.name, &value, part);
        self.document.smart.scalars.push(tag.name, value);
    }

    /// Counts an attribute that is kept as a value; whether it may be.
    fn has_room_for_attribute(&mut self) -> bool {
        self.attributes += 1;
        if self.attributes > ATTRIBUTES_LIMIT {
            self.leave_out(ParseError::TooMany("attributes"));
        }
        self.attributes <= ATTRIBUTES_LIMIT
    }

    /// Notes the name of a value of which nothing is known.
    fn note(&mut self, name: &str, value: &str, part: Part) {
        let is_unknown = match part {
            Part::Device => suspicion::may_be_alarm_of_device(name, value),
            Part::Message => {
                (!value.is_empty() || suspicion::may_be_alarm_of_device(name, "")) && !is_of_header(name)
            }
        };
        if is_unknown {
            self.document.unknown.push(name);
        }
        self.document.suspects.push(name, suspicion::suspicion(name, value));
    }
}

impl<'a> Document<'a> {
    /// The smart events of the document. It is one if its `messageType` says so, even where it holds nothing of it.
    fn take_smart(&mut self, message_type: Option<&str>, tracks: Option<&mut Tracks<'a>>) -> Vec<Smart<'a>> {
        let is_alarm_data = message_type.is_some_and(|name| name.eq_ignore_ascii_case("alarmData"));
        let is_event = self.smart.smart_type.is_some() || !self.smart.is_empty();
        if self.finished.is_empty() {
            // The values of the only event are those of the document.
            self.scalars.append(std::mem::take(&mut self.smart.scalars));
            if !is_event && !is_alarm_data {
                return Vec::new();
            }
        }
        if let Some(tracks) = tracks {
            self.smart.targets.append(&mut tracks.targets);
        }
        let before = self.finished_pictures;
        self.smart.shift_pictures(|number| number.saturating_sub(before));
        let mut smart = std::mem::take(&mut self.finished);
        let behind = std::mem::take(&mut self.smart);
        match smart.last_mut() {
            // What stands behind the last event belongs to it.
            Some(last) if behind.smart_type.is_none() => last.append(behind),
            Some(_) => smart.push(behind),
            // No larger than it must be: a post may hold thousands of documents.
            None => return vec![behind],
        }
        smart
    }
}

/// Whether an attribute says something of a plate. The `image` of anything may be something else.
fn is_of_plate(name: &str, value: &str) -> bool {
    vocabulary::may_name_list(name, value)
        || names_of_plate().any(|known| known.eq_ignore_ascii_case(name) && known != "image")
}

/// Values that the header of a post has whatever it reports.
fn is_of_header(name: &str) -> bool {
    ["subscribeOption", "subscribeRelation", "subscribeRelationV1", "relativeTime", "plateCount", "snapPicId"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// Attributes that are values of their own: neither do they describe the element, nor do they hold its value.
fn own_attributes<'t>(tag: &'t Tag<'_>) -> impl Iterator<Item = (&'t str, String)> {
    let is_own = |name: &str| !level::is_decoration(name) && !name.eq_ignore_ascii_case("value");
    tag.attributes().filter(move |(name, _)| is_own(name))
}

/// The text of a leaf, or the value in its `value` or `count` attribute: some firmware puts the numbers of empty elements
/// into the latter. A list's `count` is the number of its entries, and that of a text is none of its value.
fn leaf<'a>(tag: &Tag<'_>, text: Cow<'a, str>) -> Cow<'a, str> {
    let is_list = || tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("list"));
    if !text.is_empty() || is_list() {
        return text;
    }
    let count = || tag.attribute("count").filter(|_| !is_text(tag));
    tag.attribute("value").or_else(count).map_or(text, Cow::Owned)
}

/// Whether a leaf holds a text and no number, by its type or by what it is called.
fn is_text(tag: &Tag<'_>) -> bool {
    let name = tag.name.to_ascii_lowercase();
    let ends = ["platenumber", "platetext", "licenseplate", "name", "listtype", "list", "owner"];
    tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("string"))
        || ends.iter().any(|end| name.ends_with(end))
}
