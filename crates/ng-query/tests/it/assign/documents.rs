//! What `docs/query.md` says about assignments.

use ng_query::Assignments;
use ng_query::ng_token::{Space, Token};

use crate::filter::documents::{chapter, quoted, rows};

#[test]
fn every_example_of_the_grammar_is_an_assignment() {
    let grammar = chapter("The grammar of assignments");
    let examples: Vec<&str> = rows(&grammar)
        .filter_map(|row| row.get(2).copied())
        .flat_map(quoted)
        .collect();
    assert!(examples.len() >= 10, "{examples:?}");
    for example in examples {
        let set: Assignments = example.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(set.to_string().parse(), Ok(set));
    }
}

#[test]
fn every_message_about_assignments_is_what_is_shown() {
    let refused = chapter("What assignments refuse");
    let blocks = refused.split("```").skip(1).step_by(2);
    let blocks: Vec<&str> = blocks
        .filter_map(|block| block.strip_prefix("text\n"))
        .collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let shown = block.trim_end();
        let text = shown.lines().nth(1).unwrap().trim_start();
        let error = text.parse::<Assignments>().unwrap_err();
        assert_eq!(error.to_string(), shown);
    }
    let set: Assignments = "physical_x = physical_x + 300".parse().unwrap();
    let token = Token::new(1).with_coordinate(Space::Physical, [15_000, 0, 0]);
    let error = set.apply(&mut [token], 7).unwrap_err();
    assert!(refused.contains(&format!("`{error}`")), "{error}");
}
