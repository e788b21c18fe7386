//! Channels: which of a device's cameras something is about.

use crate::vocabulary::is_word;

/// The longest number of a channel, in characters, where nothing but `channel` or its like says that it is one.
const NUMBER_LIMIT: usize = 16;

/// Whether a member's value is the number of a channel. `lower_case_name` of a level may also be `channelNum`.
pub(super) fn is_named_by_level(lower_case_name: &str) -> bool {
    suffixes(lower_case_name).any(|suffix| matches!(suffix, "" | "id" | "no" | "num" | "number" | "index"))
}

/// Whether an element or attribute outside of the levels is called as a channel's number. `channelNum` is how many
/// there are.
pub(super) fn is_named_by(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    suffixes(&name).any(|suffix| matches!(suffix, "" | "id" | "no" | "index"))
}

/// Whether an element or attribute outside of the levels holds a channel's number.
pub(super) fn is_told_by(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has_number = value.len() <= NUMBER_LIMIT && value.bytes().any(|octet| octet.is_ascii_digit());
    let is_number = suffixes(&name).any(|suffix| match suffix {
        "" => has_number,
        "id" | "no" | "index" => true,
        _ => false,
    });
    is_number && !value.is_empty() && !is_word(value)
}

/// What follows the word for a channel: nothing but `o` in `chNo` where the word is `chn`.
fn suffixes(lower_case_name: &str) -> impl Iterator<Item = &str> {
    ["channel", "camera", "chan", "chl", "chn", "cam", "ch"]
        .iter()
        .filter_map(|word| lower_case_name.strip_prefix(word))
}

/// The number in the name of a channel's own member: `ch2`, `channel_02`.
pub(super) fn number_in(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let is_number = |digits: &&str| {
        !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|octet| octet.is_ascii_digit())
    };
    let digits = suffixes(&name).map(|suffix| suffix.trim_start_matches(['_', '-', '.'])).find(is_number)?;
    let number = digits.trim_start_matches('0');
    Some(if number.is_empty() { "0" } else { number }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_told_by_its_name_and_its_number() {
        for (name, value) in
            [("channelId", "5"), ("chlId", "5"), ("channel", "CH5"), ("camera", "5"), ("chNo", "05")]
        {
            assert!(is_told_by(name, value), "{name} {value}");
        }
        for (name, value) in [
            ("channelNum", "16"),
            ("channels", "16"),
            ("channel", "Drive"),
            ("channelId", "true"),
            ("channelId", ""),
            ("chroma", "5"),
            ("camera", "58:5b:69:11:22:33:44"),
        ] {
            assert!(!is_told_by(name, value), "{name} {value}");
        }
    }
}
