//! A forward-only cursor over the elements of a post.
//!
//! Tags are read by quick-xml, which checks that they match. Text is taken from the post itself: it is neither
//! copied nor checked to be UTF-8, since nearly all of it is the base64 text of pictures. Names are compared by
//! their local part and without case; namespaces say nothing in this dialect.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::{memchr, memchr_iter, memchr2, memmem};
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesStart, Event};

use crate::text::Text;

/// The deepest nesting; the dialect needs nine levels.
pub(crate) const DEPTH_LIMIT: usize = 64;
/// The most elements in a post; the fullest known has about 300.
pub(crate) const ELEMENTS_LIMIT: usize = 4096;
/// The longest tag, attributes included, in bytes; the longest known has 60.
pub(crate) const TAG_LIMIT: usize = 4096;
/// The longest character reference: `&#x10FFFF;`.
const REFERENCE_LIMIT: usize = 10;

/// Why the XML of a post cannot be read. Positions are bytes from the post's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("the post ends before its XML does: it was cut off on the way")]
    Truncated,
    #[error("the post does not begin with an XML element")]
    NotXml,
    #[error("the XML at byte {0} is not well-formed")]
    IllFormed(usize),
    #[error("a document type at byte {0}: no device sends one, and it is never read")]
    Doctype(usize),
    #[error("the entity at byte {0} is none of the five predefined ones")]
    Entity(usize),
    #[error("elements are nested deeper than {DEPTH_LIMIT} at byte {0}")]
    TooDeep(usize),
    #[error("more than {ELEMENTS_LIMIT} elements")]
    TooManyElements,
    #[error("the tag that ends at byte {0} is longer than {TAG_LIMIT} bytes")]
    TagTooLong(usize),
}

impl XmlError {
    /// The short name for metrics.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Truncated => "truncated_xml",
            Self::NotXml => "not_xml",
            Self::IllFormed(_) => "ill_formed_xml",
            Self::Doctype(_) => "doctype",
            Self::Entity(_) => "entity",
            Self::TooDeep(_) => "too_deep",
            Self::TooManyElements => "too_many_elements",
            Self::TagTooLong(_) => "tag_too_long",
        }
    }
}

/// What stands next in a post.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// An element begins.
    Open(Tag<'a>),
    /// The element that was opened last and not yet closed ends.
    Close,
}

/// The opening tag of an element.
#[derive(Debug)]
pub(crate) struct Tag<'a> {
    /// The name without its prefix.
    pub(crate) name: &'a str,
    start: BytesStart<'a>,
}

impl Tag<'_> {
    /// Whether the element has this name, in any case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of an attribute without its white space; `None` when it is absent or empty.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        let attribute = self.start.try_get_attribute(name).ok().flatten()?;
        let value = quick_xml::escape::unescape(&attribute.value).unwrap_or(Cow::Borrowed(&attribute.value));
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }
}

/// A position in a post.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    reader: Reader<&'a [u8]>,
    length: usize,
    depth: usize,
    elements: usize,
    /// The element that was opened last is already closed: `<item/>`.
    is_empty: bool,
    text: Text<'a>,
}

impl<'a> Cursor<'a> {
    /// Begins at the first element, and gives its tag.
    ///
    /// A byte order mark and white space before the XML declaration are passed over, which strict parsers refuse.
    pub(crate) fn at_root(post: &'a [u8]) -> Result<(Self, Tag<'a>), XmlError> {
        let post = post.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(post);
        let mut cursor = Self {
            reader: Reader::from_reader(post),
            length: post.len(),
            depth: 0,
            elements: 0,
            is_empty: false,
            text: Text::default(),
        };
        match cursor.next() {
            _ if !cursor.text.is_blank() => Err(XmlError::NotXml),
            Ok(Node::Open(tag)) => Ok((cursor, tag)),
            Ok(_) => Err(XmlError::NotXml),
            // There was not even the beginning of an element.
            Err(XmlError::Truncated)
                if cursor.elements == 0 && !post.trim_ascii_start().starts_with(b"<") =>
            {
                Err(XmlError::NotXml)
            }
            Err(error) => Err(error),
        }
    }

    /// The next child of the element that is open, or `None` at its end.
    pub(crate) fn child(&mut self) -> Result<Option<Tag<'a>>, XmlError> {
        match self.next()? {
            Node::Open(tag) => Ok(Some(tag)),
            Node::Close => Ok(None),
        }
    }

    /// Goes to the end of the element that is open, and gives its text; its children are passed over.
    pub(crate) fn text(&mut self) -> Result<Text<'a>, XmlError> {
        while self.child()?.is_some() {
            self.skip()?;
        }
        Ok(self.take_text())
    }

    /// Goes to the end of the element that is open, without looking at the names of what is in it: a third of the
    /// tags of a smart event are in a block that only lists words.
    pub(crate) fn skip(&mut self) -> Result<(), XmlError> {
        let mut inside = 0_usize;
        while !self.is_empty {
            self.text = Text::default();
            self.read_text()?;
            let rest = *self.reader.get_ref();
            match rest.get(1) {
                Some(b'/') if inside == 0 => break,
                Some(b'/') => inside -= 1,
                Some(b'?') => {}
                Some(_) if is_self_closing(rest) => self.count_element(self.depth + inside + 1)?,
                Some(_) => {
                    inside += 1;
                    self.count_element(self.depth + inside)?;
                }
                None => return Err(XmlError::Truncated),
            }
            let length = tag_length(rest).ok_or(XmlError::Truncated)?;
            self.consume(length);
        }
        // Its own closing tag must match again.
        self.next().map(|_| ())
    }

    fn count_element(&mut self, depth: usize) -> Result<(), XmlError> {
        self.elements += 1;
        if depth > DEPTH_LIMIT {
            return Err(XmlError::TooDeep(self.position()));
        }
        if self.elements > ELEMENTS_LIMIT {
            return Err(XmlError::TooManyElements);
        }
        Ok(())
    }

    /// The text that stands before the tag that was read last.
    pub(crate) fn take_text(&mut self) -> Text<'a> {
        std::mem::take(&mut self.text)
    }

    /// What stands next.
    pub(crate) fn next(&mut self) -> Result<Node<'a>, XmlError> {
        self.text = Text::default();
        if std::mem::take(&mut self.is_empty) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(Node::Close);
        }
        loop {
            self.read_text()?;
            let rest = *self.reader.get_ref();
            match self.reader.read_event() {
                Ok(Event::Start(start)) => return self.open(rest, start),
                Ok(Event::Empty(start)) => {
                    self.is_empty = true;
                    return self.open(rest, start);
                }
                Ok(Event::End(_)) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Node::Close);
                }
                Ok(Event::Eof) => return Err(XmlError::Truncated),
                Ok(Event::DocType(_)) => return Err(XmlError::Doctype(self.position())),
                // Declarations and processing instructions; text was read before.
                Ok(_) => {}
                // Something was begun and not ended.
                Err(Error::Syntax(_)) => return Err(XmlError::Truncated),
                Err(_) => return Err(XmlError::IllFormed(self.position())),
            }
        }
    }

    /// `rest` is the post from the tag on.
    fn open(&mut self, rest: &'a [u8], start: BytesStart<'a>) -> Result<Node<'a>, XmlError> {
        self.depth += 1;
        self.count_element(self.depth)?;
        if start.len() > TAG_LIMIT {
            return Err(XmlError::TagTooLong(self.position()));
        }
        let qualified = rest.get(1..).and_then(|tag| tag.get(..start.name().into_inner().len()));
        let Some(qualified) = qualified.and_then(|name| str::from_utf8(name).ok()) else {
            return Err(XmlError::IllFormed(self.position()));
        };
        let name = qualified.split_once(':').map_or(qualified, |(_, local)| local);
        Ok(Node::Open(Tag { name, start }))
    }

    /// Collects text and CDATA sections up to the next tag, and passes over comments.
    fn read_text(&mut self) -> Result<(), XmlError> {
        loop {
            let rest = *self.reader.get_ref();
            if let Some(section) = rest.strip_prefix(b"<![CDATA[") {
                let (text, _) = split_at(section, end_of_section(section))?;
                self.text.push(text);
                self.consume(text.len() + b"<![CDATA[]]>".len());
            } else if let Some(comment) = rest.strip_prefix(b"<!--") {
                let (text, _) = split_at(comment, memmem::find(comment, b"-->"))?;
                self.consume(text.len() + b"<!---->".len());
            } else if rest.starts_with(b"<!") && (b"<!--".starts_with(rest) || b"<![CDATA[".starts_with(rest))
            {
                return Err(XmlError::Truncated);
            } else if rest.starts_with(b"<!") {
                // Refused before anything of it is read.
                return Err(XmlError::Doctype(self.position()));
            } else if rest.is_empty() || rest.starts_with(b"<") {
                return Ok(());
            } else if rest.starts_with(b"&") {
                self.read_reference(rest)?;
            } else {
                let end = memchr2(b'<', b'&', rest);
                if end.is_none() && self.depth == 0 && !rest.trim_ascii_start().is_empty() {
                    return Err(XmlError::NotXml);
                }
                let (text, _) = split_at(rest, end)?;
                self.text.push(text);
                self.consume(text.len());
            }
        }
    }

    /// Reads what begins with `&`. An ampersand that begins no reference stands for itself: not every firmware
    /// escapes the names that people give.
    fn read_reference(&mut self, rest: &'a [u8]) -> Result<(), XmlError> {
        let within = rest.get(..REFERENCE_LIMIT.min(rest.len())).unwrap_or_default();
        let reference = within.iter().position(|&octet| octet == b';').and_then(|end| rest.get(1..end));
        let Some(reference) =
            reference.and_then(|name| str::from_utf8(name).ok()).filter(|name| is_name(name))
        else {
            self.text.push(rest.get(..1).unwrap_or_default());
            self.consume(1);
            return Ok(());
        };
        let character = match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => character(reference).ok_or(XmlError::Entity(self.position()))?,
        };
        self.text.push_character(character);
        self.consume(reference.len() + b"&;".len());
        Ok(())
    }

    fn consume(&mut self, length: usize) {
        self.reader.stream().consume(length);
    }

    fn position(&self) -> usize {
        self.length - self.reader.get_ref().len()
    }
}

/// Where the `]]>` of a CDATA section is. Base64 text has no bracket: one search for a single byte finds the end of
/// a picture twice as fast as one for all three.
fn end_of_section(section: &[u8]) -> Option<usize> {
    memchr_iter(b']', section).find(|&at| section.get(at..).is_some_and(|rest| rest.starts_with(b"]]>")))
}

/// Text that has no end was cut off.
fn split_at(bytes: &[u8], end: Option<usize>) -> Result<(&[u8], &[u8]), XmlError> {
    bytes.split_at_checked(end.ok_or(XmlError::Truncated)?).ok_or(XmlError::Truncated)
}

/// The length of the tag or instruction that `rest` begins with. A `>` may stand within quotes.
fn tag_length(rest: &[u8]) -> Option<usize> {
    let mut length = memchr(b'>', rest)? + 1;
    // Nearly no tag has a quote before its end that does not close there.
    let mut quote = None;
    let mut at = 0;
    loop {
        for &octet in rest.get(at..length)? {
            match (quote, octet) {
                (None, b'"' | b'\'') => quote = Some(octet),
                (Some(open), _) if open == octet => quote = None,
                _ => {}
            }
        }
        if quote.is_none() {
            return Some(length);
        }
        at = length;
        length += memchr(b'>', rest.get(length..)?)? + 1;
    }
}

fn is_self_closing(rest: &[u8]) -> bool {
    tag_length(rest).and_then(|length| rest.get(..length)).is_some_and(|tag| tag.ends_with(b"/>"))
}

fn is_name(reference: &str) -> bool {
    !reference.is_empty() && reference.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'#')
}

/// The character of `#38` or `#x26`; U+FFFD for a number that is none. `None` for a name.
fn character(reference: &str) -> Option<char> {
    let number = reference.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    let character = code.ok().and_then(char::from_u32).filter(|character| *character != '\0');
    Some(character.unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every leaf of a post with its text.
    fn leaves(post: &[u8]) -> Result<Vec<(String, String)>, XmlError> {
        let (mut cursor, root) = Cursor::at_root(post)?;
        let mut open = vec![root.name.to_owned()];
        let mut leaves = Vec::new();
        let mut is_leaf = true;
        while let Some(name) = open.pop() {
            match cursor.next()? {
                Node::Open(tag) => {
                    open.push(name);
                    open.push(tag.name.to_owned());
                    is_leaf = true;
                }
                Node::Close => {
                    if is_leaf {
                        leaves.push((name, cursor.take_text().to_scalar().into_owned()));
                    }
                    is_leaf = false;
                }
            }
        }
        Ok(leaves)
    }

    fn texts(post: &str) -> Result<Vec<String>, XmlError> {
        Ok(leaves(post.as_bytes())?.into_iter().map(|(_, text)| text).collect())
    }

    #[test]
    fn text_may_be_plain_or_cdata_or_both_and_comments_stand_anywhere() {
        let post = "\u{feff}\n <?xml version=\"1.0\" encoding=\"UTF-8\" ?><!-- a <config> --><r>\
            <a> plain </a><b><![CDATA[ <x>&amp; ]]></b><c>one<!-- - --><![CDATA[ two]]>\n</c>\
            <d/><e></e><deviceNo.>1</deviceNo.><n:f xmlns:n=\"u\">6</n:f ></r>\0\0 garbage";
        let expected = [
            ("a", "plain"),
            ("b", "<x>&amp;"),
            ("c", "one two"),
            ("d", ""),
            ("e", ""),
            ("deviceNo.", "1"),
            ("f", "6"),
        ];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(leaves(post.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn only_predefined_entities_and_characters_are_read() {
        let post = "<r>&lt;A&amp;B&gt; &quot;&apos; &#65;&#x42; &#0;&#xD800; C & D &; &x</r>";
        assert_eq!(texts(post).unwrap(), ["<A&B> \"' AB \u{fffd}\u{fffd} C & D &; &x"]);
        assert_eq!(texts("<r>a &xxe; b</r>"), Err(XmlError::Entity(5)));
        assert_eq!(texts("<r>&#;</r>").unwrap(), ["\u{fffd}"]);
    }

    #[test]
    fn a_document_type_is_refused_before_it_is_read() {
        for post in
            ["<!DOCTYPE r [<!ENTITY a \"b\">]><r>&a;</r>", "<!doctype r>", "<r><!ELEMENT a></r>", "<!D"]
        {
            assert!(matches!(texts(post), Err(XmlError::Doctype(_))), "{post}");
        }
    }

    #[test]
    fn what_was_cut_off_is_told_from_what_is_wrong() {
        let whole = "<?xml version=\"1.0\"?><!-- c --><r a=\"b\"><a>text</a><b><![CDATA[x]]></b></r>";
        for end in 1..whole.len() {
            assert_eq!(texts(&whole[..end]), Err(XmlError::Truncated), "cut after {end}");
        }
        for post in ["", "  \n", "text", "{\"a\":1}", "TVT\0", "/9j/4AAQ", "x<r/>", "\0<r/>"] {
            assert_eq!(texts(post), Err(XmlError::NotXml), "{post:?}");
        }
        assert_eq!(texts("<?xml version=\"1.0\"?>/9j/4AAQ"), Err(XmlError::NotXml));
        assert_eq!(texts("<?xml version=\"1.0\"?>/9j/4AAQ<r/>"), Err(XmlError::NotXml));
        assert!(matches!(texts("<r><a></b></r>"), Err(XmlError::IllFormed(_))));
        assert!(matches!(texts("</r>"), Err(XmlError::IllFormed(_))));
    }

    #[test]
    fn invalid_utf8_is_replaced_in_text_and_reported_in_tags() {
        assert_eq!(leaves(b"<r>caf\xe9<!-- \xe9 --></r>").unwrap()[0].1, "caf\u{fffd}");
        assert!(matches!(leaves(b"<r><caf\xe9/></r>"), Err(XmlError::IllFormed(_))));
        assert!(matches!(leaves(b"<r><a b=\"\xe9\"/></r>"), Err(XmlError::IllFormed(_))));
    }

    #[test]
    fn nesting_elements_and_tags_have_limits() {
        assert!(matches!(texts(&"<a>".repeat(10_000)), Err(XmlError::TooDeep(_))));
        let many = format!("<r>{}</r>", "<a/>".repeat(ELEMENTS_LIMIT));
        assert_eq!(texts(&many), Err(XmlError::TooManyElements));
        let attributes: String = (0..1_000_000).map(|number| format!(" a{number}=\"\"")).collect();
        assert!(matches!(texts(&format!("<r{attributes}/>")), Err(XmlError::TagTooLong(_))));
    }

    #[test]
    fn what_is_skipped_is_skipped_whole() {
        for inside in [
            "",
            "text",
            "<a/>",
            "<a b=\"/>\" c='</skip>'>x</a>",
            "<skip><skip/></skip>",
            "<![CDATA[</skip>]]>",
            "<!-- </skip> -->",
            "<?a </skip> ?>",
        ] {
            let post = format!("<r><skip a='>'>{inside}</skip><next/></r>");
            let (mut cursor, _) = Cursor::at_root(post.as_bytes()).unwrap();
            assert!(cursor.child().unwrap().unwrap().is("skip"), "{inside}");
            cursor.skip().unwrap();
            assert!(cursor.child().unwrap().unwrap().is("next"), "{inside}");
            cursor.skip().unwrap();
            assert!(cursor.child().unwrap().is_none(), "{inside}");
        }
    }

    #[test]
    fn what_is_skipped_has_the_same_limits() {
        let skip = |inside: &str| {
            let post = format!("<r><skip>{inside}");
            let (mut cursor, _) = Cursor::at_root(post.as_bytes())?;
            cursor.child()?;
            cursor.skip()
        };
        assert!(matches!(skip(&"<a>".repeat(10_000)), Err(XmlError::TooDeep(_))));
        assert_eq!(skip(&"<a/>".repeat(ELEMENTS_LIMIT)), Err(XmlError::TooManyElements));
        assert!(matches!(skip("<!DOCTYPE a>"), Err(XmlError::Doctype(_))));
        for cut in ["", "<", "<a", "<a b=\"></skip>", "</", "</skip"] {
            assert_eq!(skip(cut), Err(XmlError::Truncated), "{cut}");
        }
        assert!(matches!(skip("</r>"), Err(XmlError::IllFormed(_))));
    }

    #[test]
    fn the_text_of_a_picture_is_borrowed() {
        for post in ["<r>\n<![CDATA[/9j/4AAQ]]>\n</r>", "<r>/9j/4AAQ</r>"] {
            let (mut cursor, _) = Cursor::at_root(post.as_bytes()).unwrap();
            let text = cursor.text().unwrap().into_bytes();
            assert!(matches!(text, Cow::Borrowed(b"/9j/4AAQ")), "{text:?}");
        }
    }

    #[test]
    fn attributes_are_found_by_name() {
        let (_, tag) =
            Cursor::at_root(b"<r type=\"list\" count=' 4 ' name=\"A &amp; B\" empty=\"\">").unwrap();
        assert_eq!(tag.attribute("count").as_deref(), Some("4"));
        assert_eq!(tag.attribute("name").as_deref(), Some("A & B"));
        assert_eq!(tag.attribute("empty"), None);
        assert_eq!(tag.attribute("absent"), None);
    }
}
