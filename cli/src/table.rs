//! Tables for people: a header, and columns of equal width.

use crate::output::single_line;

/// Two spaces between columns: a cell may contain single ones.
const GAP: &str = "  ";

/// One line for each row, whose cells begin in the same columns. Rows have the same number of cells.
pub(crate) fn aligned<R: AsRef<[String]>>(rows: &[R]) -> Vec<String> {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The lines of a table: the header, then one line for each row.
///
/// Cells come from devices: control characters are escaped. A column that is empty in all rows is left out. Without rows
/// there is no header either.
pub(crate) fn lines(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let is_used =
        |column: &usize| rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()));
    let columns: Vec<usize> = (0..header.len()).filter(is_used).collect();
    let cells = |cell: &dyn Fn(usize) -> String| columns.iter().map(|column| cell(*column)).collect();
    let head: Vec<String> = cells(&|column| header.get(column).copied().unwrap_or_default().to_owned());
    let body = rows.iter().map(|row| {
        cells(&|column| row.get(column).map(|cell| single_line(cell).into_owned()).unwrap_or_default())
    });
    aligned(&std::iter::once(head).chain(body).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: [&str; 4]) -> Vec<String> {
        cells.map(str::to_owned).to_vec()
    }

    #[test]
    fn columns_are_aligned_below_their_header_and_empty_ones_left_out() {
        let rows = [row(["IB36NL", "2", "", "gate"]), row(["ÄÖ 1", "10", "", "Einfahrt Süd"])];
        assert_eq!(
            lines(&["plate", "events", "person", "source"], &rows),
            ["plate   events  source", "IB36NL  2       gate", "ÄÖ 1    10      Einfahrt Süd"]
        );
    }

    #[test]
    fn a_cell_of_a_device_stays_in_its_place() {
        let rows = [row(["a\u{1b}[2J\nb", "", "x", ""]), row(["c", "", "y", ""])];
        assert_eq!(
            lines(&["plate", "events", "person", "source"], &rows),
            ["plate          person", "a\\u{1b}[2J\\nb  x", "c              y"]
        );
    }

    #[test]
    fn without_rows_there_is_no_header() {
        assert_eq!(lines(&["plate"], &[]), Vec::<String>::new());
    }
}
