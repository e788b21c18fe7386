//! Brackets and quotation marks without an end. A parser that has met one rejects every line that follows.

use std::ops::Range;

/// What was opened and has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub(super) mark: Mark,
    /// The byte of the file that a finding names: the bracket, or the end of the line where a quotation mark is missing.
    pub(super) offset: usize,
    /// The bytes that cannot be read because of it.
    region: Range<usize>,
    /// What can stand in place of these bytes.
    substitute: &'static str,
}

/// A value.
const VALUE: &str = "0";

/// An element of a list or table that goes on in the next line.
const ELEMENT: &str = "0,";

/// What encloses something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `{`
    Brace,
    /// `[`
    Bracket,
    /// `"` or `'`, within brackets: outside of them the parser itself goes on behind the line.
    Quote,
    /// `"""`
    BasicLines,
    /// `'''`
    LiteralLines,
}

impl Mark {
    /// What begins it.
    pub(super) fn opening(self) -> &'static str {
        match self {
            Self::Brace => "{",
            Self::Bracket => "[",
            Self::Quote => "\"",
            Self::BasicLines => "\"\"\"",
            Self::LiteralLines => "'''",
        }
    }

    /// What ends it.
    pub(super) fn closing(self) -> &'static str {
        match self {
            Self::Brace => "}",
            Self::Bracket => "]",
            other => other.opening(),
        }
    }
}

/// Where a string ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StringEnd {
    /// Behind its closing quotation mark.
    Closed(usize),
    /// Nowhere: at this byte the line or the text is over.
    Missing(usize),
}

/// Everything in a text that has no end, in the order in which that is noticed.
pub(super) fn unclosed(text: &str) -> Vec<Unclosed> {
    let bytes = text.as_bytes();
    let mut scan = Scan::default();
    let mut at = 0;
    let mut line_start = Some(0);
    while let Some(&byte) = bytes.get(at) {
        if line_start == Some(at) {
            let line = line_at(text, at);
            // Outside of brackets, whatever begins with one is a header, even a wrong one.
            if is_header(line) || scan.open.is_empty() && line.trim_start().starts_with('[') {
                scan.end_all(at);
                at += line.len();
                line_start = None;
                continue;
            }
        }
        match byte {
            b'\n' => {
                line_start = Some(at + 1);
                at += 1;
            }
            b'#' => at += line_at(text, at).len(),
            b'"' | b'\'' => match string_end(text, at) {
                StringEnd::Closed(end) => at = end,
                StringEnd::Missing(end) => {
                    scan.end_string(text, at, end);
                    at = end;
                }
            },
            b'{' | b'[' => {
                let mark = if byte == b'{' { Mark::Brace } else { Mark::Bracket };
                scan.open.push((mark, at));
                at += 1;
            }
            b'}' | b']' => {
                scan.close(if byte == b'}' { Mark::Brace } else { Mark::Bracket }, at);
                at += 1;
            }
            _ => at += 1,
        }
    }
    scan.end_all(text.len());
    scan.found
}

/// The text with something else in place of whatever has no end: each other byte keeps its place.
pub(super) fn without(text: &str, unclosed: &[Unclosed]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for Unclosed { region, substitute, .. } in unclosed {
        let Some(region) = bytes.get_mut(region.clone()) else { continue };
        let mut substitute = substitute.bytes();
        for byte in region.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
            *byte = substitute.next().unwrap_or(b' ');
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Where the string ends that begins at a byte.
pub(super) fn string_end(text: &str, start: usize) -> StringEnd {
    let rest = text.get(start..).unwrap_or_default();
    let quote = if rest.starts_with('"') { "\"" } else { "'" };
    let lines = quote.repeat(3);
    let is_several_lines = rest.starts_with(&lines);
    let closing = if is_several_lines { lines.as_str() } else { quote };
    let bytes = rest.as_bytes();
    let mut at = closing.len();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' if !is_several_lines => return StringEnd::Missing(start + at),
            b'\\' if quote == "\"" && bytes.get(at + 1) != Some(&b'\n') => at += 2,
            _ if bytes.get(at..).is_some_and(|rest| rest.starts_with(closing.as_bytes())) => {
                return StringEnd::Closed(start + at + closing.len());
            }
            _ => at += 1,
        }
    }
    StringEnd::Missing(text.len())
}

fn line_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    rest.split('\n').next().unwrap_or_default()
}

/// Whether a line is `[table]` or `[[table]]`, which is no value: `[true]` is one.
fn is_header(line: &str) -> bool {
    let content = line.split('#').next().unwrap_or_default().trim();
    let name = match content.strip_prefix("[[") {
        Some(rest) => rest.strip_suffix("]]"),
        None => content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')),
    };
    let is_key = |key: &str| {
        let key = key.trim();
        key.starts_with(|first: char| first.is_ascii_alphabetic())
            && key.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
    };
    name.is_some_and(|name| {
        name.split('.').all(is_key) && !matches!(name.trim(), "true" | "false" | "inf" | "nan")
    })
}

/// What is open, and what was found.
#[derive(Debug, Default)]
struct Scan {
    open: Vec<(Mark, usize)>,
    found: Vec<Unclosed>,
}

impl Scan {
    /// A header or the end of the text: nothing can be open there.
    fn end_all(&mut self, at: usize) {
        if let (Some((_, outermost)), Some((mark, offset))) = (self.open.first(), self.open.last()) {
            self.found.push(Unclosed {
                mark: *mark,
                offset: *offset,
                region: *outermost..at,
                substitute: VALUE,
            });
        }
        self.open.clear();
    }

    fn close(&mut self, mark: Mark, at: usize) {
        let Some(position) = self.open.iter().rposition(|(open, _)| *open == mark) else { return };
        // What was opened later has no end: `{ token = ["a" }`.
        if let Some((inner, offset)) = self.open.get(position + 1) {
            self.found.push(Unclosed {
                mark: *inner,
                offset: *offset,
                region: *offset..at,
                substitute: VALUE,
            });
        }
        self.open.truncate(position);
    }

    fn end_string(&mut self, text: &str, start: usize, end: usize) {
        let rest = text.get(start..).unwrap_or_default();
        let several_lines = [Mark::BasicLines, Mark::LiteralLines];
        if let Some(mark) = several_lines.into_iter().find(|mark| rest.starts_with(mark.opening())) {
            self.open.clear();
            self.found.push(Unclosed { mark, offset: start, region: start..end, substitute: VALUE });
            return;
        }
        if self.open.is_empty() {
            return;
        }
        // The brackets of this line are closed within what was taken for text.
        let line_start =
            text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let of_line = self.open.iter().position(|(_, offset)| *offset >= line_start);
        let begin = match of_line.and_then(|position| self.open.get(position)) {
            Some((_, offset)) => *offset,
            None => start,
        };
        self.open.truncate(of_line.unwrap_or(self.open.len()));
        let substitute = if self.open.is_empty() { VALUE } else { ELEMENT };
        self.found.push(Unclosed { mark: Mark::Quote, offset: end, region: begin..end, substitute });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<(&'static str, usize)> {
        unclosed(text).iter().map(|unclosed| (unclosed.mark.opening(), unclosed.offset)).collect()
    }

    #[test]
    fn what_is_closed_is_not_reported() {
        for text in [
            "",
            "[[source]]\nid = \"a\"\n",
            "a = [\n  [1, 2], # ]\n  [true],\n]\n[b]\n",
            "a = { b = \"}\", c = '{', d = \"\\\"{\" }\n",
            "a = \"\"\"\n{ [ \"\n\"\"\"\nb = '''\n\\ '''\n",
            "# { [\na = 1 }\n",
            "[[source]\nid = 1\n",
        ] {
            assert_eq!(marks(text), [], "{text}");
        }
    }

    #[test]
    fn what_has_no_end_is_reported_once_where_it_begins() {
        for (text, expected) in [
            ("a = { b = 1\nc = 2\n[[d]]\ne = { f = 1 }\n", vec![("{", 4)]),
            ("a = [{ b = 1 }\nc = 2\n", vec![("[", 4)]),
            ("a = { b = [1, 2 }\nc = 2\n", vec![("[", 10)]),
            ("a = [{ b = 1 ]\nc = 2\n", vec![("{", 5)]),
            ("a = [{ b = 1\n[c]\n", vec![("{", 5)]),
            ("a = { b = 1\n[c]\nd = [1\n[[e]]\n", vec![("{", 4), ("[", 20)]),
            ("a = { b = \"c }\nd = 1\n", vec![("\"", 14)]),
            ("a = [\n  \"b,\n  \"c\",\n]\n", vec![("\"", 11)]),
            ("a = \"\"\"b\nc = 1\n", vec![("\"\"\"", 4)]),
        ] {
            assert_eq!(marks(text), expected, "{text}");
        }
    }

    #[test]
    fn the_rest_of_the_text_keeps_its_place() {
        let text = "a = { b = 1\nc = 2\n[[d]]\ne = ü\n";
        let without = without(text, &unclosed(text));
        assert_eq!(without, "a = 0      \n     \n[[d]]\ne = ü\n");
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in "[a=\\[\\]{}\"'#\\\\\n ü]{0,60}") {
            let unclosed = unclosed(&text);
            proptest::prop_assert_eq!(without(&text, &unclosed).len(), text.len());
        }
    }
}
