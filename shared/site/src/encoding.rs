//! The encoding of a camhook.toml.

use crate::Problem;
use crate::problem::Lines;

/// The text of a file, which has to be UTF-8. `name` stands for the file in the problem.
///
/// ```
/// let problem = camhook_site::text_of(b"# Stra\xdfe", "camhook.toml").unwrap_err();
/// assert_eq!(problem.to_string(), "camhook.toml:1:7: this is not UTF-8: save the file as UTF-8");
/// ```
///
/// # Errors
///
/// Where the file is not UTF-8, as editors on Windows save it, and what to do.
pub fn text_of<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Problem> {
    // With such a mark nothing before the first line can be read.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let finding = Lines::of("").finding(
            name,
            0,
            "this is UTF-16, not UTF-8",
            "save the file as UTF-8; in PowerShell: Out-File -Encoding utf8",
        );
        return Err(Problem(finding));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let readable = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let before = std::str::from_utf8(readable).unwrap_or_default();
        let finding =
            Lines::of(before).finding(name, before.len(), "this is not UTF-8", "save the file as UTF-8");
        Problem(finding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_another_encoding_is_named_with_line_and_column() {
        for (bytes, expected) in [
            (&b"# one\nname = \"Stra\xdfe\"\n"[..], "2:13: this is not UTF-8: save the file as UTF-8"),
            (&b"\xff\xfei\0d\0"[..], "1:1: this is UTF-16, not UTF-8: save"),
            (&b"\xfe\xff\0i\0d"[..], "1:1: this is UTF-16, not UTF-8: save"),
        ] {
            let problem = text_of(bytes, "camhook.toml").unwrap_err().to_string();
            assert!(problem.starts_with(&format!("camhook.toml:{expected}")), "{problem}");
        }
    }

    #[test]
    fn utf8_is_read_with_and_without_a_byte_order_mark() {
        let text = "# Straße\ntimezone = \"UTC\"\n";
        assert_eq!(text_of(text.as_bytes(), "").unwrap(), text);
        let marked = format!("\u{feff}{text}");
        assert!(crate::read(text_of(marked.as_bytes(), "").unwrap(), "").is_ok());
    }
}
