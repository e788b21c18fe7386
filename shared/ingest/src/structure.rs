//! The structure of a post without its values: names, types and lengths.
//!
//! It is kept in the quarantine for sources whose faces are not stored, where any value may be a name or a picture.

use std::fmt::Write;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

/// The most that is kept of a structure, in bytes.
const LIMIT: usize = 64 * 1024;

/// The longest member, element or parameter name that is kept.
const NAME_LENGTH: usize = 64;

/// A structure is longer than [`LIMIT`].
struct TooLong;

/// The structure of a body: of JSON, XML or a form; of anything else its length.
pub(crate) fn of_body(body: &[u8]) -> String {
    let text = body.trim_ascii();
    match text.first() {
        None => String::new(),
        Some(b'{' | b'[') => of_json(text),
        Some(b'<') => of_xml(text),
        Some(_) => match std::str::from_utf8(text) {
            Ok(form) if form.contains('=') && !form.contains(char::is_whitespace) => of_query(form),
            Ok(_) => format!("text({})", text.len()),
            Err(_) => format!("bytes({})", text.len()),
        },
    }
}

/// The structure of a query or a form.
pub(crate) fn of_query(query: &str) -> String {
    let mut output = String::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if output.len() > LIMIT {
            output.push_str("&…");
            break;
        }
        if !output.is_empty() {
            output.push('&');
        }
        match pair.split_once('=') {
            Some((key, value)) => {
                output.push_str(&name(key));
                output.push('=');
                output.push_str(&length(value.len()));
            }
            None => output.push_str(&length(pair.len())),
        }
    }
    output
}

/// A segment of a path; one that holds a query is kept as its length.
pub(crate) fn of_segment(segment: &str) -> String {
    name(segment)
}

/// A sentence about a post whose names stand in backticks. Each segment of a name with slashes, a topic, is one.
pub(crate) fn of_sentence(sentence: &str) -> String {
    let mut output = String::new();
    for (number, part) in sentence.split('`').enumerate() {
        match number % 2 {
            0 => output.push_str(part),
            _ => {
                let _ = write!(output, "`{}`", of_topic(part));
            }
        }
    }
    output
}

/// A topic.
pub(crate) fn of_topic(topic: &str) -> String {
    topic
        .split('/')
        .map(|segment| if segment.is_empty() { String::new() } else { name(segment) })
        .collect::<Vec<_>>()
        .join("/")
}

fn of_json(text: &[u8]) -> String {
    let mut output = String::new();
    match serde_json::from_slice::<Value>(text) {
        Ok(value) => {
            if let Err(TooLong) = write_json(&value, &mut output) {
                output.push('…');
            }
        }
        Err(_) => {
            let _ = write!(output, "unreadable JSON({})", text.len());
        }
    }
    output
}

fn write_json(value: &Value, output: &mut String) -> Result<(), TooLong> {
    if output.len() > LIMIT {
        return Err(TooLong);
    }
    match value {
        Value::Null => output.push_str("null"),
        Value::Bool(_) => output.push_str("\"boolean\""),
        Value::Number(number) => {
            let _ = write!(output, "\"number({})\"", number.to_string().len());
        }
        Value::String(text) => {
            let _ = write!(output, "\"{}\"", length(text.len()));
        }
        Value::Array(values) => {
            output.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    output.push(',');
                }
                write_json(value, output)?;
            }
            output.push(']');
        }
        Value::Object(members) => {
            output.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    output.push(',');
                }
                let _ = write!(output, "\"{}\":", name(key));
                write_json(value, output)?;
            }
            output.push('}');
        }
    }
    Ok(())
}

fn of_xml(text: &[u8]) -> String {
    let mut output = String::new();
    let mut reader = Reader::from_reader(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    while output.len() <= LIMIT {
        match reader.read_event() {
            Ok(Event::Eof) => return output,
            Ok(event) => write_xml(&event, &mut output),
            Err(_) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(text.len());
                let _ = write!(output, "<!--unreadable({})-->", text.len().saturating_sub(at));
                return output;
            }
        }
    }
    output.push('…');
    output
}

fn write_xml(event: &Event<'_>, output: &mut String) {
    match event {
        Event::Start(tag) => write_tag(tag, ">", output),
        Event::Empty(tag) => write_tag(tag, "/>", output),
        Event::End(tag) => {
            let _ = write!(output, "</{}>", name(tag.name().as_ref()));
        }
        Event::Text(text) if !text.trim_ascii().is_empty() => output.push_str(&length(text.len())),
        Event::CData(data) => {
            let _ = write!(output, "<![CDATA[{}]]>", length(data.len()));
        }
        Event::GeneralRef(_) => output.push_str("&…;"),
        Event::Decl(_) => output.push_str("<?xml?>"),
        Event::DocType(text) => {
            let _ = write!(output, "<!DOCTYPE {}>", length(text.len()));
        }
        Event::Text(_) | Event::Comment(_) | Event::PI(_) | Event::Eof => {}
    }
}

fn write_tag(tag: &BytesStart<'_>, end: &str, output: &mut String) {
    let _ = write!(output, "<{}", name(tag.name().as_ref()));
    for attribute in tag.attributes().with_checks(false).flatten() {
        let _ = write!(output, " {}=\"{}\"", name(attribute.key.as_ref()), length(attribute.value.len()));
    }
    output.push_str(end);
}

/// A name, where it has the form of one: a device may send a value in place of a name.
fn name(text: &str) -> String {
    let in_name =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.' | b':' | b'@');
    if !text.is_empty() && text.len() <= NAME_LENGTH && text.bytes().all(in_name) {
        return text.to_owned();
    }
    format!("name({})", text.len())
}

fn length(length: usize) -> String {
    format!("text({length})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_types_and_lengths_are_kept_and_no_value() {
        for (body, structure) in [
            (
                r#"{"face":{"id":17,"known":true,"list":["a",null],"name":"Ann"}}"#,
                r#"{"face":{"id":"number(2)","known":"boolean","list":["text(1)",null],"name":"text(3)"}}"#,
            ),
            (
                "<a who=\"Ann\"><n>Ann &amp; Bob</n><p><![CDATA[/9j/4AAQ]]></p><e/><!-- Ann --></a>",
                "<a who=\"text(3)\"><n>text(4)&…;text(4)</n><p><![CDATA[text(8)]]></p><e/></a>",
            ),
            (
                "cam=1&face=Ann%20B&Ann&=Ann&Ann%20B=2",
                "cam=text(1)&face=text(7)&text(3)&name(0)=text(3)&name(7)=text(1)",
            ),
            ("Ann was here", "text(12)"),
            (r#"{"face":"Ann"#, "unreadable JSON(12)"),
            ("", ""),
        ] {
            let found = of_body(body.as_bytes());
            assert_eq!(found.replace(' ', ""), structure.replace(' ', ""), "{body}");
            assert!(!found.contains("Ann"));
        }
        assert_eq!(of_body(&[0xFF, 0xD8, 0xFF]), "bytes(3)");
    }

    #[test]
    fn what_is_cut_off_in_xml_keeps_what_came_before() {
        let found = of_body(b"<config><name>Ann</name><face who=\"An");
        assert!(found.starts_with("<config><name>text(3)</name>"), "{found}");
        assert!(!found.contains("An\""), "{found}");
    }

    #[test]
    fn of_a_sentence_the_names_in_backticks_are_kept_where_they_have_the_form_of_one() {
        for (sentence, kept) in [
            ("it has `zone`, `Ann Example` and 3 more", "it has `zone`, `name(11)` and 3 more"),
            ("the value at `alarm/Ann Example` is no number", "the value at `alarm/name(11)` is no number"),
            ("it has `Ünal`; it has nothing", "it has `name(5)`; it has nothing"),
            ("the body is empty", "the body is empty"),
        ] {
            assert_eq!(of_sentence(sentence), kept);
        }
        assert_eq!(of_topic("/cameras/115/status/Ann Example"), "/cameras/115/status/name(11)");
    }

    #[test]
    fn a_structure_is_bounded() {
        for (head, item) in [("[", "\"Ann\","), ("<a>", "<b>Ann</b>"), ("a=1", "&b=Ann")] {
            let body = format!("{head}{}", item.repeat(400_000));
            assert!(of_body(body.as_bytes()).len() < LIMIT + 1024, "{head}");
        }
    }
}
