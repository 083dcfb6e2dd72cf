//! `ng head`.

use ng_store::{CreateOptions, VecStore};
use ng_token::{EntityType, Flags, Space, SystemFlags, Token, TokenId};
use serde_json::{Value, json};

use crate::harness::{COUNT, Place, damage, ng, tokens};

/// A token whose every field has something to show.
fn rich() -> Token {
    let id = TokenId::new(3, EntityType::Concept, 42).unwrap();
    Token::builder(id.raw())
        .coordinate(Space::Physical, [1.5, -2.25, 0.0])
        .coordinate(Space::Abstract, [0.0, 0.0, 1.0])
        .weight(0.5)
        .radius(1.25)
        .strength(1.0)
        .system(SystemFlags::ACTIVE | SystemFlags::DIRTY)
        .user(9)
        .timestamp(1_700_000_000)
        .build()
        .unwrap()
}

fn shown(place: &Place, tokens: Vec<Token>) -> String {
    let path = place.named("shown.ngt");
    let options = CreateOptions::new().replace(true);
    VecStore::from_vec(tokens).save(&path, &options).unwrap();
    ng(&[&"head", &path]).ok()
}

#[test]
fn a_token_is_shown_in_the_units_of_its_fields() {
    let told = shown(&Place::new(), vec![Token::ZERO, rich()]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    let words =
        |line: &str| -> Vec<String> { line.split_ascii_whitespace().map(str::to_owned).collect() };
    assert_eq!(
        words(lines[0]),
        [
            "index",
            "local/type/domain",
            "flags",
            "user",
            "weight",
            "field",
            "time",
            "coordinates"
        ]
    );
    let zero = [
        "0",
        "0/Undefined/0",
        "-",
        "0",
        "0",
        "0",
        "at",
        "0",
        "-",
        "-",
    ];
    assert_eq!(words(lines[1]), zero);
    let rich = "1 42/Concept/3 ACTIVE DIRTY 9 0.5 1 at 1.25 2023-11-14T22:13:20Z \
                physical 1.5 -2.25 0";
    assert_eq!(words(lines[2]).join(" "), rich);
    assert_eq!(words(lines[3]).join(" "), "abstract 0 0 1");
}

#[test]
fn flags_of_another_entity_type_are_shown() {
    let flags = Flags::new(SystemFlags::LOCKED, EntityType::Goal, 0).unwrap();
    let told = shown(&Place::new(), vec![Token::new(1).with_flags(flags)]);
    assert!(told.contains("LOCKED Goal"), "{told}");
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn any_part_of_a_file_is_shown() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let expected = tokens(0..COUNT);
    for (from, count, range) in [
        ("0", "10", 0..10),
        ("0", "0", 0..0),
        ("4090", "10", 4090..4100),
        ("12k", "5k", 12_000..COUNT),
        ("12388", "10", COUNT..COUNT),
    ] {
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 7] =
            [&"head", &path, &"-n", &count, &"--from", &from, &"--json"];
        let told = lines(&ng(&arguments).ok());
        assert_eq!(told.len(), range.len());
        for (line, index) in told.iter().zip(range) {
            assert_eq!(line["index"], index);
            let mut token = line.clone();
            token.as_object_mut().unwrap().remove("index");
            let token: Token = serde_json::from_value(token).unwrap();
            assert_eq!(token, expected[index]);
        }
    }
    assert_eq!(lines(&ng(&[&"head", &path, &"--json"]).ok()).len(), 10);
}

#[test]
fn a_line_of_json_is_a_token_with_its_index() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let store = VecStore::from_vec(vec![rich()]);
    store.save(&path, &CreateOptions::new()).unwrap();
    let told = &lines(&ng(&[&"head", &path, &"--json"]).ok())[0];
    assert_eq!(told["index"], 0);
    assert_eq!(told["id"], rich().id().raw());
    assert_eq!(told["coordinates"]["physical"], json!([150, -225, 0]));
    assert_eq!(told["flags"]["system"], "ACTIVE | DIRTY");
    assert_eq!(told["timestamp"], 1_700_000_000);
}

#[test]
fn a_first_index_beyond_the_end_is_refused() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 100);
    ng(&[&"head", &path, &"--from", &"101"])
        .failed(&["a.ngt: has 100 tokens, --from 101 is beyond its end"]);
}

#[test]
fn no_token_of_a_bad_block_is_shown() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 1);
    ng(&[&"head", &path, &"--from", &"5000"]).failed(&["block 1 at", "expected"]);
    assert!(ng(&[&"head", &path]).ok().contains("0/Undefined/0"));
}
