//! A forward-only cursor over the elements of a post.
//!
//! quick-xml reads the tags. Text is taken from the post itself: it is neither copied nor checked to be UTF-8, since
//! nearly all of it is the base64 text of pictures. Names are compared by their local part and without case;
//! namespaces carry no meaning in this dialect.
//!
//! Some firmware writes end tags that close nothing. The cursor passes over these, and lets an end tag that closes an
//! outer element close the elements within it, too; [`Cursor::mismatch`] holds which of the two it met.

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
        let mut attributes = self.attributes();
        attributes.find(|(present, _)| present.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Local names and values of the attributes that are not empty, without those that declare a namespace.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, String)> {
        let mut attributes = self.start.attributes();
        attributes.with_checks(false);
        attributes.flatten().filter_map(|attribute| {
            let qualified = attribute.key.into_inner();
            let value =
                quick_xml::escape::unescape(&attribute.value).unwrap_or(Cow::Borrowed(&attribute.value));
            let trimmed = value.trim();
            let name = qualified.split_once(':').map_or(qualified, |(_, local)| local);
            (!qualified.starts_with("xmlns") && !trimmed.is_empty()).then(|| (name, trimmed.to_owned()))
        })
    }
}

/// End tags that do not match the start tags before them. Positions are bytes from the post's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// An end tag closes no element. Nothing is lost by passing over it.
    StrayEndTag(usize),
    /// An end tag closes an outer element: where the ones within it end can only be assumed.
    Unclosed(usize),
}

/// A position in a post.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    reader: Reader<&'a [u8]>,
    length: usize,
    /// The qualified names of the elements that are open.
    open: Vec<&'a str>,
    /// How many of them the tag that was read last has closed and [`Cursor::next`] has not yet reported.
    closing: usize,
    elements: usize,
    mismatch: Option<Mismatch>,
    text: Text<'a>,
    /// The first text between or behind documents that is more than filling.
    stray_text: Option<Text<'a>>,
}

impl<'a> Cursor<'a> {
    /// Begins at the first element, and gives its tag.
    ///
    /// A byte order mark and white space before the XML declaration are passed over, which strict parsers refuse.
    pub(crate) fn at_root(post: &'a [u8]) -> Result<(Self, Tag<'a>), XmlError> {
        let post = post.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(post);
        let mut reader = Reader::from_reader(post);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        let mut cursor = Self {
            reader,
            length: post.len(),
            open: Vec::new(),
            closing: 0,
            elements: 0,
            mismatch: None,
            text: Text::default(),
            stray_text: None,
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
    #[cfg(test)]
    pub(crate) fn text(&mut self) -> Result<Text<'a>, XmlError> {
        while self.child()?.is_some() {
            self.skip()?;
        }
        Ok(self.take_text())
    }

    /// Goes to the end of the element that is open.
    pub(crate) fn skip(&mut self) -> Result<(), XmlError> {
        let depth = self.open.len();
        while self.open.len() >= depth {
            self.next()?;
        }
        Ok(())
    }

    /// The root of another document behind the one that was read, or `None`. Text that stands before it, or behind the
    /// last one, is passed over; [`Cursor::stray_text`] holds the first.
    pub(crate) fn next_document(&mut self) -> Result<Option<Tag<'a>>, XmlError> {
        let rest = *self.reader.get_ref();
        let markup = memchr(b'<', rest);
        self.keep_stray(Text::of(rest.get(..markup.unwrap_or(rest.len())).unwrap_or_default()));
        let Some(markup) = markup else { return Ok(None) };
        self.consume(markup);
        let node = self.next();
        let text = self.take_text();
        self.keep_stray(text);
        match node {
            Ok(Node::Open(tag)) => Ok(Some(tag)),
            Ok(Node::Close) => Ok(None),
            Err(XmlError::NotXml) => {
                self.keep_stray(Text::of(self.reader.get_ref()));
                Ok(None)
            }
            // Comments, instructions and stray end tags were all that was left.
            Err(XmlError::Truncated) if self.reader.get_ref().trim_ascii().is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first text between or behind documents, unless all of it is filling. One that begins with a zero, as what a
    /// buffer held before does, gives way to any other.
    pub(crate) fn stray_text(&self) -> Option<&Text<'a>> {
        self.stray_text.as_ref()
    }

    fn keep_stray(&mut self, text: Text<'a>) {
        let is_better = self.stray_text.as_ref().is_none_or(Text::begins_with_zero);
        if is_better && !text.is_filling() {
            self.stray_text = Some(text);
        }
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The worst mismatch of tags so far.
    pub(crate) fn mismatch(&self) -> Option<Mismatch> {
        self.mismatch
    }

    /// Counts an element, or an end tag that closes none.
    fn count_element(&mut self) -> Result<(), XmlError> {
        self.elements += 1;
        if self.open.len() >= DEPTH_LIMIT {
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
        if self.closing > 0 {
            return Ok(self.close());
        }
        loop {
            self.read_text()?;
            let rest = *self.reader.get_ref();
            match self.reader.read_event() {
                Ok(Event::Start(start)) => return self.open(rest, start),
                Ok(Event::Empty(start)) => {
                    let node = self.open(rest, start)?;
                    self.closing = 1;
                    return Ok(node);
                }
                Ok(Event::End(end)) => {
                    self.end(end.name().into_inner().as_bytes())?;
                    if self.closing > 0 {
                        return Ok(self.close());
                    }
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

    fn close(&mut self) -> Node<'a> {
        self.closing -= 1;
        self.open.pop();
        Node::Close
    }

    /// Finds what an end tag closes.
    fn end(&mut self, qualified: &[u8]) -> Result<(), XmlError> {
        let Some(at) = self.open.iter().rposition(|open| open.as_bytes() == qualified) else {
            self.count_element()?;
            self.mismatch = self.mismatch.or(Some(Mismatch::StrayEndTag(self.position())));
            return Ok(());
        };
        self.closing = self.open.len() - at;
        if self.closing > 1 {
            self.mismatch = Some(Mismatch::Unclosed(self.position()));
        }
        Ok(())
    }

    /// `rest` is the post from the tag on.
    fn open(&mut self, rest: &'a [u8], start: BytesStart<'a>) -> Result<Node<'a>, XmlError> {
        self.count_element()?;
        if start.len() > TAG_LIMIT {
            return Err(XmlError::TagTooLong(self.position()));
        }
        let qualified = rest.get(1..).and_then(|tag| tag.get(..start.name().into_inner().len()));
        let Some(qualified) = qualified.and_then(|name| str::from_utf8(name).ok()) else {
            return Err(XmlError::IllFormed(self.position()));
        };
        self.open.push(qualified);
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
                if end.is_none() && self.open.is_empty() && !rest.trim_ascii_start().is_empty() {
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
        assert_eq!(texts("</r>"), Err(XmlError::Truncated));
        assert!(matches!(texts("<r><a b='c></a></r>"), Err(XmlError::Truncated)));
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
        assert_eq!(skip("</r>"), Ok(()), "its end is assumed at the end of the element around it");
    }

    /// The texts of a post, and what was wrong with its tags.
    fn mismatch(post: &str) -> (Vec<String>, Option<Mismatch>) {
        let (mut cursor, _) = Cursor::at_root(post.as_bytes()).unwrap();
        let mut texts = Vec::new();
        while let Some(tag) = cursor.child().unwrap() {
            let text = cursor.text().unwrap().to_scalar().into_owned();
            texts.push(format!("{}={text}", tag.name));
        }
        (texts, cursor.mismatch())
    }

    #[test]
    fn an_end_tag_that_closes_nothing_is_passed_over() {
        for (post, position) in [
            ("<r><a>1</a></x><b>2</b></r>", 15),
            ("<r></a><a>1</a><b>2</b></r>", 7),
            ("<r><a>1</b></a><b>2</b></r>", 11),
        ] {
            let (texts, mismatch) = mismatch(post);
            assert_eq!(texts, ["a=1", "b=2"], "{post}");
            assert_eq!(mismatch, Some(Mismatch::StrayEndTag(position)), "{post}");
        }
        assert_eq!(mismatch("<r><a>1</a><b>2</b></r>").1, None);
    }

    #[test]
    fn the_end_of_an_element_is_that_of_the_elements_within_it() {
        let (mut cursor, _) = Cursor::at_root(b"<r><list><item><a>1</list><b>2</b></r>").unwrap();
        assert!(cursor.child().unwrap().unwrap().is("list"));
        assert!(cursor.child().unwrap().unwrap().is("item"));
        assert!(cursor.child().unwrap().unwrap().is("a"));
        assert_eq!(cursor.text().unwrap().to_scalar(), "1");
        assert!(cursor.child().unwrap().is_none(), "item");
        assert!(cursor.child().unwrap().is_none(), "list");
        assert!(cursor.child().unwrap().unwrap().is("b"));
        assert_eq!(cursor.mismatch(), Some(Mismatch::Unclosed(26)));
    }

    #[test]
    fn documents_behind_the_first_are_found_whatever_stands_between() {
        let roots = |post: &str| {
            let (mut cursor, root) = Cursor::at_root(post.as_bytes()).unwrap();
            let mut roots = vec![root.name.to_owned()];
            cursor.skip().unwrap();
            while let Some(root) = cursor.next_document()? {
                roots.push(root.name.to_owned());
                cursor.skip()?;
            }
            Ok::<_, XmlError>(roots.join(" "))
        };
        for between in ["", "\n", "\0\0", "text", "<?xml version=\"1.0\"?>", "<!-- c -->", "\u{feff}", "</a>"]
        {
            assert_eq!(roots(&format!("<a/>{between}<b/>")).unwrap(), "a b", "{between:?}");
            assert_eq!(roots(&format!("<a/>{between}")).unwrap(), "a", "{between:?}");
        }
        assert_eq!(roots("<a/><b>"), Err(XmlError::Truncated));
        assert_eq!(roots("<a/><!-- c"), Err(XmlError::Truncated));
        let many = "<a/>".repeat(ELEMENTS_LIMIT + 1);
        assert_eq!(roots(&many), Err(XmlError::TooManyElements));
    }

    #[test]
    fn text_between_documents_is_kept_unless_it_is_filling() {
        let stray = |post: &str| {
            let (mut cursor, _) = Cursor::at_root(post.as_bytes()).unwrap();
            cursor.skip().unwrap();
            while cursor.next_document().unwrap().is_some() {
                cursor.skip().unwrap();
            }
            cursor.stray_text().map(|text| text.to_scalar().into_owned())
        };
        for filling in ["", "\n", "\0\0", "\u{feff}", " <!-- c --> \0", "<?a?>", "</a>"] {
            assert_eq!(stray(&format!("<a/>{filling}")), None, "{filling:?}");
            assert_eq!(stray(&format!("<a/>{filling}<b/>")), None, "{filling:?}");
        }
        for text in ["x", "<!-- c -->x", "<?a?>x", "<![CDATA[x]]>", "</a>x"] {
            assert_eq!(stray(&format!("<a/>{text}")).as_deref(), Some("x"), "{text:?}");
            assert_eq!(stray(&format!("<a/>{text}<b/>")).as_deref(), Some("x"), "{text:?}");
        }
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
