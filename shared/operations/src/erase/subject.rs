//! What is to be erased.

use camhook_event::Event;
use camhook_site::PlateText;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::naming::{is_about, is_within, names_person};

/// The members of an event's data that may name a plate or person.
const NAMING: [&str; 4] = ["plate", "face", "targets", "vendor_data"];

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What is stored about a plate, whatever the spaces, hyphens and case.
    Plate(PlateText),
    /// What is stored about a person, by the name or id of the device's album.
    Person(PlateText),
    /// All events of a source.
    Source(String),
    /// All events before this time.
    Before(Timestamp),
}

/// Text in which no letter or digit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plate or name needs at least one letter or digit")]
pub struct InvalidSubject;

impl Subject {
    /// A plate.
    ///
    /// # Errors
    ///
    /// When the text has no letter or digit.
    pub fn plate(text: &str) -> Result<Self, InvalidSubject> {
        PlateText::new(text).map(Self::Plate).ok_or(InvalidSubject)
    }

    /// A person by name or id.
    ///
    /// # Errors
    ///
    /// When the text has no letter or digit.
    pub fn person(text: &str) -> Result<Self, InvalidSubject> {
        PlateText::new(text).map(Self::Person).ok_or(InvalidSubject)
    }

    /// The letters and digits of the plate or name.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Plate(text) | Self::Person(text) => Some(text.as_str()),
            Self::Source(_) | Self::Before(_) => None,
        }
    }

    /// Where an event names the plate or person: one of the values that a device sent about plate, face and targets, or in
    /// the vendor's own data, is the plate or name. `None` where it does not. The id of a person counts only in members that
    /// name a person.
    pub(super) fn mention_in(&self, event: &Event) -> Option<Mention> {
        let wanted = self.text()?;
        let data = serde_json::to_value(&event.data).unwrap_or_default();
        let search = Search { wanted, members: self.members() };
        let found = NAMING.iter().find_map(|member| search.find(data.get(*member)?, &mut vec![*member]));
        found.or_else(|| search.find_id_of_face(&data))
    }

    /// Whether a text mentions the plate or name as words of their own, also percent-encoded; the id of a person behind a
    /// name that names a person.
    pub(super) fn is_mentioned(&self, text: &str) -> bool {
        let Some(wanted) = self.text() else { return false };
        let members = self.members();
        mentions(text, wanted, members) || mentions(&percent_decoded(text), wanted, members)
    }

    fn members(&self) -> Members {
        match self {
            Self::Person(text) if !text.as_str().contains(char::is_alphabetic) => Members::OfPersons,
            _ => Members::All,
        }
    }
}

/// Where a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Members {
    /// In every member.
    All,
    /// In those that name a person.
    OfPersons,
}

/// What names a plate or person in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// The member, as a path: `face.name`.
    pub member: String,
    /// Its value, as the device sent it.
    pub value: String,
}

/// A search in the data of an event.
struct Search<'a> {
    wanted: &'a str,
    members: Members,
}

impl Search<'_> {
    /// The first value at or below this one that has these letters and digits and no others. Numbers count as text.
    fn find<'a>(&self, value: &'a Value, path: &mut Vec<&'a str>) -> Option<Mention> {
        match value {
            Value::String(text) => self.mention(path, text),
            Value::Number(number) => self.mention(path, &number.to_string()),
            Value::Array(values) => values.iter().find_map(|value| self.find(value, path)),
            Value::Object(members) => members.iter().find_map(|(name, value)| {
                // What a face or person has as a value is who it is, and its number is that of a track.
                let class = members.get("class").and_then(Value::as_str).filter(|_| name == "attributes");
                let length = path.len();
                path.extend(class.filter(|class| matches!(*class, "face" | "person")));
                path.push(name);
                let found = self.find(value, path);
                path.truncate(length);
                found
            }),
            Value::Null | Value::Bool(_) => None,
        }
    }

    fn mention(&self, path: &[&str], text: &str) -> Option<Mention> {
        let is_searched = match self.members {
            Members::All => true,
            Members::OfPersons => names_person(path) && path != ["targets", "id"],
        };
        let is_found = is_searched && self.is_same(text);
        is_found.then(|| Mention { member: path.join("."), value: text.to_owned() })
    }

    fn is_same(&self, text: &str) -> bool {
        PlateText::new(text).is_some_and(|text| text.as_str() == self.wanted)
    }

    /// The `id` of a face that is compared with an album and has no `person_id`: that of the person it may be.
    fn find_id_of_face(&self, data: &Value) -> Option<Mention> {
        let face = data.get("face")?;
        if face.get("person_id").is_some() {
            return None;
        }
        let (name, value) =
            data.get("vendor_data")?.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case("id"))?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.is_same(&text).then(|| Mention { member: format!("vendor_data.{name}"), value: text })
    }
}

/// Whether a text has these letters and digits in a row, with at most one other character between two of them, and no
/// letter or digit on either side.
fn mentions(text: &str, wanted: &str, members: Members) -> bool {
    let characters: Vec<char> = text.chars().flat_map(char::to_uppercase).collect();
    let is_word = |at: Option<&char>| at.is_some_and(|character| character.is_alphanumeric());
    (0..characters.len()).any(|start| {
        let begins = is_word(characters.get(start))
            && !is_word(start.checked_sub(1).and_then(|before| characters.get(before)));
        if !begins {
            return false;
        }
        let Some(length) = length_of_match(characters.get(start..).unwrap_or_default(), wanted) else {
            return false;
        };
        members == Members::All || is_id_of_person(&characters, start, start + length)
    })
}

/// How many characters at the beginning are the wanted ones, if no letter or digit follows.
fn length_of_match(characters: &[char], wanted: &str) -> Option<usize> {
    let mut rest = characters.iter().enumerate().peekable();
    let mut length = 0;
    for wanted in wanted.chars() {
        if rest.peek().is_some_and(|(_, character)| !character.is_alphanumeric()) {
            rest.next();
        }
        let (at, _) = rest.next().filter(|(_, character)| **character == wanted)?;
        length = at + 1;
    }
    rest.next().is_none_or(|(_, character)| !character.is_alphanumeric()).then_some(length)
}

/// How many characters before an id may say that it is a person's.
const CONTEXT: usize = 300;

/// Whether what stands from `start` to `end` in JSON, XML, a form or a query is in a member that names a person.
fn is_id_of_person(characters: &[char], start: usize, end: usize) -> bool {
    let id = characters.get(start..end).unwrap_or_default();
    // A separator inside of an id is a hyphen or space; anything else parts two numbers.
    if id.iter().any(|character| !character.is_alphanumeric() && !matches!(character, '-' | ' ')) {
        return false;
    }
    let before: String =
        characters.get(start.saturating_sub(CONTEXT)..start).unwrap_or_default().iter().collect();
    let after: String = characters.iter().skip(end).take(CONTEXT).collect();
    let name = if before.ends_with(['>', '[']) { name_of_element(&after) } else { None };
    let Some(name) = name.or_else(|| name_before(&before)) else { return false };
    names_person(&[name]) || (is_within(name) && is_about(&before))
}

/// The name of the XML element that ends here.
fn name_of_element(after: &str) -> Option<&str> {
    let end = after.trim_start_matches("]]>").trim_start().strip_prefix("</")?;
    let name = end.split(|character: char| !is_of_name(character) && character != ':').next()?;
    Some(name.rsplit(':').next().unwrap_or(name))
}

/// The name that a value belongs to which begins here: `NAME=`, `"NAME": `, `"NAME": [1, `.
fn name_before(before: &str) -> Option<&str> {
    let mut rest = before;
    loop {
        let end = rest
            .trim_end_matches(|character: char| character.is_whitespace() || "\"':=[({,".contains(character));
        let begin = end.rfind(|character| !is_of_name(character)).map_or(0, |at| {
            at + end.get(at..).and_then(|last| last.chars().next()).map_or(1, char::len_utf8)
        });
        let name = end.get(begin..).filter(|name| !name.is_empty())?;
        // An earlier element of a list.
        if end.len() < rest.len() && name.chars().all(|character| character.is_ascii_digit()) {
            rest = end.get(..begin)?;
            continue;
        }
        return Some(name);
    }
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// Forms and queries as text: `+` is a space, and `%C3%BC` an ü.
fn percent_decoded(text: &str) -> String {
    let octets = text.as_bytes();
    let mut decoded = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        let pair = octets.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = pair.filter(|_| octet == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        decoded.push(match (value, octet) {
            (Some(value), _) => value,
            (None, b'+') => b' ',
            (None, other) => other,
        });
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_or_name_is_mentioned_as_words_of_its_own() {
        let plate = Subject::plate("ib-36 nl").unwrap();
        for text in ["<plate>IB36NL</plate>", "plate=IB-36+NL&x=1", "ib 36 nl", "x=%49B36NL"] {
            assert!(plate.is_mentioned(text), "{text}");
        }
        for text in ["IB36NLX", "XIB36NL", "IB--36NL", "IB36", ""] {
            assert!(!plate.is_mentioned(text), "{text}");
        }
        let person = Subject::person("Jürgen Example").unwrap();
        for text in ["{\"name\":\"jürgen example\"}", "name=J%C3%BCrgen%20Example", "JÜRGEN_EXAMPLE"] {
            assert!(person.is_mentioned(text), "{text}");
        }
        assert!(!person.is_mentioned("Jürgen Examples"));
        assert_eq!(Subject::person(" - "), Err(InvalidSubject));
    }
    #[test]
    fn the_id_of_a_person_is_mentioned_only_where_a_person_is_named() {
        let person = Subject::person("3").unwrap();
        for text in [
            "<personId type=\"tint32\">3</personId>",
            "<tvt:personId><![CDATA[3]]></tvt:personId>",
            "<face id=\"3\"/>",
            "{\"PersonId\": 3}",
            "{\"FaceInfo\": [{\"Id\": \"3\", \"Name\": \"\"}]}",
            "{\"personIds\": [1, 2, 3]}",
            "cam=7&face=3&x=1",
            "cam%3D7%26employee_no%3D3",
        ] {
            assert!(person.is_mentioned(text), "{text}");
        }
        for text in [
            "<channelId>3</channelId>",
            "<personCount>3</personCount>",
            "<point><x>3</x></point>",
            "{\"Id\": 3, \"SnapId\": 3}",
            "{\"faceScore\": 3, \"widths\": [1, 3]}",
            "{\"PersonId\": 33, \"FaceId\": \"3a\"}",
            "cam=3&face=Ann",
            "{\"personId\": 1, \"x\": 3}",
            "3",
            "",
        ] {
            assert!(!person.is_mentioned(text), "{text}");
        }
        assert!(Subject::person("12").unwrap().is_mentioned("person_id=1-2"));
        assert!(!Subject::person("12").unwrap().is_mentioned("face_rect_no=1,2"));
    }
}
