//! What `docs/query.md` says about filters.

use std::fs;
use std::path::Path;

use ng_query::Filter;
use ng_query::ng_token::Token;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/query.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text between two headings.
pub(crate) fn chapter(heading: &str) -> String {
    let document = document();
    let (_, rest) = document
        .split_once(&format!("# {heading}\n"))
        .expect(heading);
    rest.split("\n#").next().unwrap().to_owned()
}

/// The cells of every row of every table.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// The text between backquotes.
pub(crate) fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_column_is_in_the_table() {
    let columns = chapter("The columns");
    for column in ng_query::Column::ALL {
        let name = column.name();
        let axis = |axis| {
            name.strip_suffix(axis)
                .map(|space| format!("| `{space}_x`, "))
        };
        let row = axis("_x")
            .or(axis("_y"))
            .or(axis("_z"))
            .unwrap_or(format!("| `{name}` |"));
        assert!(columns.contains(&row), "{row}");
    }
}

#[test]
fn every_example_of_the_grammar_is_a_filter() {
    let grammar = chapter("The grammar");
    let examples: Vec<&str> = rows(&grammar)
        .filter_map(|row| row.get(2).copied())
        .flat_map(quoted)
        .collect();
    assert!(examples.len() >= 14, "{examples:?}");
    for example in examples {
        let filter: Filter = example.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(filter.to_string().parse(), Ok(filter));
    }
}

#[test]
fn weights_that_are_nan_pass_what_is_said() {
    let meaning = chapter("What a filter holds for");
    let (_, table) = meaning
        .split_once("| condition | holds for a weight of NaN |")
        .unwrap();
    let table = table.split("\n\n").next().unwrap();
    let token = Token::new(1).with_weight(f32::NAN);
    let mut passed = 0;
    for row in rows(table) {
        let expected = row[1].starts_with("yes");
        assert_eq!(!expected, row[1] == "no", "{row:?}");
        for condition in quoted(row[0]) {
            let filter: Filter = condition.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(filter.matches(&token, 0, 0), expected, "{condition}");
            passed += 1;
        }
    }
    assert_eq!(passed, 7);
}

#[test]
fn every_message_is_what_is_shown() {
    let refused = chapter("What is refused");
    let blocks: Vec<&str> = refused.split("```").skip(1).step_by(2).collect();
    assert_eq!(blocks.len(), 6);
    for block in blocks {
        let shown = block.strip_prefix("text\n").unwrap().trim_end();
        let text = shown.lines().nth(1).unwrap().trim_start();
        let error = text.parse::<Filter>().unwrap_err();
        assert_eq!(error.to_string(), shown);
    }
}
