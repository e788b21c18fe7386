//! What systems write in place of a plate or a name that they do not know.

/// Words for something unknown. Sorted.
const WORDS: &[&str] = &[
    "a",
    "detected",
    "face",
    "false",
    "found",
    "identified",
    "match",
    "matched",
    "n",
    "na",
    "nil",
    "no",
    "nobody",
    "none",
    "noplate",
    "not",
    "notrecognised",
    "notrecognized",
    "null",
    "plate",
    "read",
    "readable",
    "recognised",
    "recognized",
    "stranger",
    "true",
    "unbekannt",
    "undefined",
    "unidentified",
    "unknown",
    "unnamed",
    "unread",
    "unreadable",
    "unrecognised",
    "unrecognized",
];

/// Whether the text of a plate or the name of a face says that it is not known: it has neither a digit nor a letter, or
/// nothing but words like `unknown`, `N/A` or `Not recognized`.
///
/// ```
/// use camhook_ingest::names_nobody;
/// assert!(names_nobody("N/A") && names_nobody("---") && names_nobody("Not recognized"));
/// assert!(!names_nobody("AB 123") && !names_nobody("Unknown Ann"));
/// ```
#[must_use]
pub fn names_nobody(text: &str) -> bool {
    let mut words = text.split(|character: char| !character.is_alphanumeric());
    words.all(|word| word.is_empty() || WORDS.binary_search(&word.to_lowercase().as_str()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_something_unknown_name_nobody() {
        assert!(WORDS.is_sorted());
        for text in [
            "",
            " ",
            "---",
            "?",
            "N/A",
            "null",
            "Unknown",
            "NO PLATE",
            "Not recognised",
            "undefined",
            "Unknown face",
        ] {
            assert!(names_nobody(text), "{text}");
        }
        for text in ["0", "NA 1", "京A12345", "Ann", "No One", "Ünbekannt"] {
            assert!(!names_nobody(text), "{text}");
        }
    }
}
