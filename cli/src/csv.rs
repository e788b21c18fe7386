//! Comma-separated values: RFC 4180.

use crate::output::single_line;

/// A row. Cells come from devices: control characters are escaped, and what a spreadsheet would take for a formula
/// begins with an apostrophe.
pub(crate) fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell_of(cell.as_ref())).collect();
    cells.join(",")
}

fn cell_of(text: &str) -> String {
    let text = single_line(text);
    // The full-width forms, too, which some spreadsheets take for the same.
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text.into_owned() };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        let row = row(["gate", "a,b", "the \"gate\"", "=HYPERLINK(\"x\")", "+1", "line\nbreak", ""]);
        assert_eq!(row, "gate,\"a,b\",\"the \"\"gate\"\"\",\"'=HYPERLINK(\"\"x\"\")\",'+1,line\\nbreak,");
    }

    #[test]
    fn formulas_are_recognized_behind_spaces_and_in_full_width() {
        for text in [" =1+1", "\u{3000}@SUM(A1)", "＝1", "－1", "\t+1"] {
            assert!(cell_of(text).starts_with('\'') || cell_of(text).starts_with("\\t"), "{text:?}");
        }
        assert_eq!(cell_of("IB-36 NL"), "IB-36 NL");
    }
}
