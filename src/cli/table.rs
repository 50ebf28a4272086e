//! Columns that line up.

/// Rows of cells as lines; each column is as wide as its widest cell. Nothing trails.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let rows = [["PORT", "ADDRESS"], ["lan1", ""], ["网口", "10.0.0.1/8"]].map(|r| r.map(str::to_owned));
        assert_eq!(aligned(&rows), "PORT  ADDRESS\nlan1\n网口    10.0.0.1/8\n");
        assert_eq!(aligned::<2>(&[]), "");
    }
}
