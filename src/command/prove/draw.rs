//! Draws the kill matrix, for a terminal and as JSON. Decides nothing.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table};

use super::matrix::{Cell, Matrix, Row};
use crate::command::Refusal;

/// The matrix as JSON, with a newline at its end.
pub(super) fn json(matrix: &Matrix) -> Result<Vec<u8>, Refusal> {
    #[derive(serde::Serialize)]
    struct Document<'a> {
        schema: &'static str,
        proven: bool,
        #[serde(flatten)]
        matrix: &'a Matrix,
    }
    let document = Document { schema: "gonogo.matrix/1", proven: matrix.is_proven(), matrix };
    let mut bytes = serde_json::to_vec_pretty(&document).map_err(Refusal::internal)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The matrix as a table: a column per invariant, its number in the head, its name below the table.
pub(super) fn terminal(matrix: &Matrix, width: u16) -> Vec<u8> {
    let names: Vec<&str> = matrix.rows.first().map(names).unwrap_or_default();
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED).set_width(width);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let numbers = (1..=names.len()).map(|number| number.to_string());
    let head = ["fault".to_owned()].into_iter().chain(numbers);
    table.set_header(head.chain(["caught by".to_owned(), String::new()]));
    for row in &matrix.rows {
        let cells = row.invariants.iter().map(|(_, cell)| mark(*cell).to_owned());
        let end = [caught_by(row), if row.proven { "proven" } else { "NOT PROVEN" }.to_owned()];
        table.add_row([row.fault.to_owned()].into_iter().chain(cells).chain(end));
    }
    let mut text = format!("{table}\n\n");
    // Writing to a string cannot fail.
    for (number, name) in (1..).zip(names) {
        let _ = writeln!(text, "{number:>3} {name}");
    }
    text.push_str("\n  ✗ violated, as expected   ! violated, unexpected   ? expected, and not violated   · not shown\n\n");
    for row in matrix.rows.iter().filter(|row| !row.proven) {
        let _ = writeln!(text, "NOT PROVEN {}: {}{}", row.fault, row.what, complaints(row));
    }
    let proven = matrix.rows.iter().filter(|row| row.proven).count();
    let _ = writeln!(text, "unbroken app: {}", matrix.unbroken.verdict);
    for blocker in matrix.unbroken.blockers.iter().filter(|_| !matrix.unbroken.green) {
        let _ = writeln!(text, "  {blocker}");
    }
    let _ = writeln!(text, "{proven} of {} faults caught by exactly the expected checks", matrix.rows.len());
    text.into_bytes()
}

fn names(row: &Row) -> Vec<&str> {
    row.invariants.iter().map(|(name, _)| name.as_str()).collect()
}

fn mark(cell: Cell) -> &'static str {
    match cell {
        Cell::Unchanged => "",
        Cell::Killed => "✗",
        Cell::Unexpected => "!",
        Cell::Missed => "?",
        Cell::Unshown => "·",
    }
}

fn caught_by(row: &Row) -> String {
    let tags: Vec<&str> = row.tags.iter().filter(|(_, failed)| *failed).map(|(tag, _)| *tag).collect();
    let scenarios = match row.red.len() {
        0 => String::new(),
        1 => "1 scenario".to_owned(),
        count => format!("{count} scenarios"),
    };
    let parts = [tags.join(" "), scenarios];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn complaints(row: &Row) -> String {
    let mut text = String::new();
    for (name, cell) in &row.invariants {
        let complaint = match cell {
            Cell::Missed => "should be violated and is not",
            Cell::Unexpected => "is violated and should not be",
            _ => continue,
        };
        let _ = write!(text, "\n    {name} {complaint}");
    }
    for (tag, _) in row.tags.iter().filter(|(_, failed)| !failed) {
        let _ = write!(text, "\n    no scenario tagged @{tag} fails");
    }
    if row.verdict == "UNCONDITIONAL GO" {
        text.push_str("\n    the verdict is still UNCONDITIONAL GO");
    }
    text
}
