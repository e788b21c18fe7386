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
    let is_formula = text.starts_with(['=', '+', '-', '@']);
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
}
