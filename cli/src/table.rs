//! Tables for people: a header, and columns of equal width.

use crate::output::single_line;

/// Two spaces between columns: a cell may contain single ones.
const GAP: &str = "  ";

/// The lines of a table: the header, then one line for each row, as long as the longest cell of each column needs.
///
/// Cells come from devices: control characters are escaped. A column that is empty in all rows is left out. Without rows
/// there is no header either.
pub(crate) fn lines(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| single_line(cell).into_owned()).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let columns: Vec<(usize, usize)> = header
        .iter()
        .enumerate()
        .map(|(column, name)| (column, width(column), name.chars().count()))
        .filter(|(_, widest, _)| *widest > 0)
        .map(|(column, widest, name)| (column, widest.max(name)))
        .collect();
    let line = |cell: &dyn Fn(usize) -> String| {
        let cells = columns.iter().map(|(column, width)| format!("{:width$}", cell(*column)));
        cells.collect::<Vec<String>>().join(GAP).trim_end().to_owned()
    };
    let head = line(&|column| header.get(column).copied().unwrap_or_default().to_owned());
    let body = rows.iter().map(|row| line(&|column| row.get(column).cloned().unwrap_or_default()));
    std::iter::once(head).chain(body).collect()
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
