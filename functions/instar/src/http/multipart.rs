//! The parts of a multipart form (RFC 7578), as far as parameters may stand in them.

/// The longest delimiter, in bytes: two hyphens and a boundary of up to 70 characters (RFC 2046).
const DELIMITER_LENGTH: usize = 72;

/// The longest text that is read, in bytes. What is longer is a file.
const TEXT_LENGTH: usize = 4096;

/// A part of a multipart form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Its name; `None` where it has none that is UTF-8.
    pub(super) name: Option<&'a str>,
    content: Content<'a>,
}

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content<'a> {
    /// A value, as far as its header fields say.
    Value(&'a [u8]),
    /// A file: it has a file name.
    File,
}

impl<'a> Part<'a> {
    /// The name and the text of a part that is a parameter.
    pub(super) fn text(self) -> Option<(&'a str, &'a str)> {
        let Content::Value(value) = self.content else { return None };
        let text = std::str::from_utf8(value).ok().filter(|text| !text.contains('\0'))?;
        let name = self.name.filter(|name| !name.is_empty())?;
        (text.len() <= TEXT_LENGTH).then_some((name, text))
    }
}

/// The line that stands before each part of a body, where that is a multipart form: header fields follow it.
pub(super) fn delimiter(body: &[u8]) -> Option<&[u8]> {
    if !body.starts_with(b"--") {
        return None;
    }
    let mut lines = lines(body);
    let first = trimmed(lines.next()?);
    let second = lines.next()?;
    let field = b"content-";
    let is_field = second.get(..field.len()).is_some_and(|start| start.eq_ignore_ascii_case(field));
    (is_field && (3..=DELIMITER_LENGTH).contains(&first.len())).then_some(first)
}

/// The parts of a body, in one pass over its lines. One that is cut off ends where the body does.
pub(super) fn parts<'a>(body: &'a [u8], delimiter: &'a [u8]) -> impl Iterator<Item = Part<'a>> {
    // The offset of the line, and the line.
    let lines = lines(body).scan(0_usize, |offset, line| {
        let start = *offset;
        *offset += line.len();
        Some((start, line))
    });
    let is_delimiter = move |line: &[u8]| {
        let rest = line.strip_prefix(delimiter).map(trimmed);
        rest.is_some_and(|rest| rest.is_empty() || rest == b"--")
    };
    let mut delimiters: Vec<(usize, usize)> = lines
        .filter(|(_, line)| is_delimiter(line))
        .map(|(start, line)| (start, start + line.len()))
        .collect();
    if !delimiters
        .last()
        .is_some_and(|(start, end)| body.get(*start..*end).is_some_and(|line| trimmed(line).ends_with(b"--")))
    {
        delimiters.push((body.len(), body.len()));
    }
    let between: Vec<&[u8]> = delimiters
        .windows(2)
        .filter_map(|pair| match pair {
            [(_, begin), (end, _)] => body.get(*begin..*end),
            _ => None,
        })
        .collect();
    between.into_iter().map(part)
}

/// Reads header fields and content.
fn part(whole: &[u8]) -> Part<'_> {
    let mut disposition = None;
    let mut offset = 0;
    for line in lines(whole) {
        offset += line.len();
        let line = trimmed(line);
        if line.is_empty() {
            break;
        }
        let field = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':'));
        if let Some((name, value)) = field
            && name.trim().eq_ignore_ascii_case("content-disposition")
        {
            disposition = Some(value);
        }
    }
    let content = whole.get(offset..).unwrap_or_default();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    let is_file = disposition.is_some_and(|value| parameter(value, "filename").is_some());
    Part {
        name: disposition.and_then(|value| parameter(value, "name")),
        content: if is_file { Content::File } else { Content::Value(content) },
    }
}

/// A parameter of a header field's value: `form-data; name="active"`.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let parameters = value.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut named =
        parameters.filter(|(present, _)| present.trim().trim_end_matches('*').eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim().trim_matches('"'))
}

/// The lines of a body, each with its line feed.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split_inclusive(|octet| *octet == b'\n')
}

/// A line without the white space at its end.
fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii_end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(body: &[u8]) -> Vec<(&str, Option<&str>)> {
        let delimiter = delimiter(body).unwrap();
        parts(body, delimiter)
            .map(|part| (part.name.unwrap_or("?"), part.text().map(|(_, text)| text)))
            .collect()
    }

    #[test]
    fn texts_and_files_are_told_apart() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"active\"\r\n\r\n1\r\n\
            --X\r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name=cam\r\n\r\nDrive\r\nway\r\n\
            --X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\0--X\r\n--X--\r\n";
        assert_eq!(texts(body), [("active", Some("1")), ("cam", Some("Drive\r\nway")), ("image", None)]);
    }

    #[test]
    fn a_body_that_is_cut_off_has_the_parts_before() {
        let body = b"--X\nContent-Disposition: form-data; name=\"active\"\n\n1\n--X\nContent-Disposition: form-data; na";
        assert_eq!(texts(body), [("active", Some("1")), ("?", None)]);
    }

    #[test]
    fn what_is_no_multipart_form_has_no_delimiter() {
        for body in [&b""[..], b"active=1", b"--", b"--X", b"--X\r\nactive=1", b"--\ncontent-type: a"] {
            assert_eq!(delimiter(body), None, "{}", String::from_utf8_lossy(body));
        }
        let long = format!("--{}\ncontent-disposition: a", "x".repeat(100));
        assert_eq!(delimiter(long.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            let body = [b"--X\ncontent-disposition: form-data".as_slice(), &rest, b"\n--X\n\n--X"].concat();
            if let Some(delimiter) = delimiter(&body) {
                parts(&body, delimiter).for_each(|part| { let _ = part.text(); });
            }
        }
    }
}
