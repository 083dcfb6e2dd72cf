//! The lab's table of flags, compared with the schema and the docs.

use std::fs;
use std::path::Path;

use ng_lab::model::Flag;

use crate::harness::schema;

#[test]
fn the_schema_has_every_flag_in_its_order() {
    let names = Flag::ALL.map(Flag::name);
    assert_eq!(schema()["$defs"]["flag"]["enum"], serde_json::json!(names));
}

#[test]
fn the_docs_describe_every_flag_as_the_table_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/measuring.md");
    let docs = fs::read_to_string(path).unwrap();
    for flag in Flag::ALL {
        let row = format!("| `{flag}` | {} |", flag.text());
        let found = docs.lines().any(|line| line.starts_with(&row));
        assert!(found, "docs/measuring.md has no row {row}");
    }
}
