//! `ng describe`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use ng_store::{CreateOptions, VecStore};
use ng_synth::Synth;
use ng_token::{EntityType, Flags, Space, SystemFlags, Token, TokenId};
use serde_json::{Value, json as object};

use crate::harness::{BLOCK, COUNT, Place, Ran, command, damage, json, keys, ng};

fn saved(place: &Place, name: &str, tokens: &[Token]) -> PathBuf {
    let path = place.named(name);
    let options = CreateOptions::new().tag(7);
    VecStore::from_vec(tokens.to_vec())
        .save(&path, &options)
        .unwrap();
    path
}

fn varied() -> Vec<Token> {
    let synth = Synth::clustered(1);
    (0..COUNT as u64).map(|index| synth.token(index)).collect()
}

fn describe(path: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(&[&"describe", &path]);
    command.args(arguments).output().unwrap().into()
}

#[track_caller]
fn told(path: &Path, arguments: &[&str]) -> Value {
    json(&describe(path, &[arguments, &["--json"]].concat()).ok())
}

fn column<'v>(told: &'v Value, name: &str) -> &'v Value {
    let columns = told["columns"].as_array().unwrap();
    let found = columns.iter().find(|column| column["column"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {told}"))
}

/// Compares the description of a column with its values, in any order.
#[track_caller]
fn check_column(told: &Value, name: &str, mut values: Vec<f64>) {
    let column = column(told, name);
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let at = |share: f64| values[(share * last as f64).round() as usize];
    for (key, expected) in [
        ("min", values[0]),
        ("p5", at(0.05)),
        ("median", at(0.5)),
        ("p95", at(0.95)),
        ("max", values[last]),
    ] {
        assert_eq!(column[key].as_f64(), Some(expected), "{name} {key}");
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let stddev = (squares / (count - 1.0)).sqrt();
    for (key, expected) in [("mean", mean), ("stddev", stddev)] {
        let found = column[key].as_f64().unwrap();
        let is_near = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
        assert!(is_near, "{name} {key}: {found}, expected {expected}");
    }
    let mut bins = [0_u64; 20];
    for value in &values {
        let share = (value - values[0]) / (values[last] - values[0]);
        bins[((share * 20.0) as usize).min(19)] += 1;
    }
    assert_eq!(column["histogram"]["counts"], object!(bins), "{name}");
}

fn number_of(rows: &Value, key: &str, name: impl Into<Value>) -> u64 {
    let name = name.into();
    let rows = rows.as_array().unwrap();
    let row = rows.iter().find(|row| row[key] == name).unwrap();
    row["count"].as_u64().unwrap()
}

#[test]
fn every_number_is_that_of_the_tokens() {
    let place = Place::new();
    let tokens = varied();
    let path = saved(&place, "a.ngt", &tokens);
    let told = told(&path, &[]);
    let each = |value: fn(&Token) -> f64| tokens.iter().map(value).collect::<Vec<_>>();
    check_column(&told, "id", each(|token| token.id().raw().into()));
    check_column(&told, "local_id", each(|token| token.id().local().into()));
    check_column(&told, "weight", each(|token| token.weight().into()));
    check_column(&told, "timestamp", each(|token| token.timestamp().into()));
    check_column(
        &told,
        "radius",
        each(|token| f64::from(token.radius_raw()) / 100.0),
    );
    check_column(
        &told,
        "strength",
        each(|token| f64::from(token.strength_raw()) / 255.0),
    );
    for space in Space::ALL {
        for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
            let steps = tokens.iter().map(|token| token.steps(space)[axis]);
            let values = steps.map(|steps| f64::from(steps) / f64::from(space.scale()));
            check_column(&told, &format!("{space}_{name}"), values.collect());
        }
    }
    assert_eq!(told["columns"].as_array().unwrap().len(), 30);
}

#[test]
fn kinds_are_counted_each() {
    let place = Place::new();
    let tokens = varied();
    let path = saved(&place, "a.ngt", &tokens);
    let told = told(&path, &["--columns", "all"]);
    let count = |is_one: &dyn Fn(&Token) -> bool| {
        tokens.iter().filter(|token| is_one(token)).count() as u64
    };
    for kind in EntityType::ALL {
        let expected = count(&|token| token.id().entity_type() == kind);
        for rows in ["entity_types", "flags_entity_types"] {
            let found = number_of(&told[rows], "entity_type", kind.to_string());
            assert_eq!(found, expected, "{kind}");
        }
    }
    for domain in 0..16_u8 {
        let expected = count(&|token| token.id().domain() == domain);
        assert_eq!(number_of(&told["domains"], "domain", domain), expected);
    }
    for (name, flag) in SystemFlags::all().iter_names() {
        let expected = count(&|token| token.flags().system().contains(flag));
        let found = number_of(&told["flags"], "flag", name.to_lowercase());
        assert_eq!(found, expected, "{name}");
    }
    for user in 0..4 {
        let expected = count(&|token| token.flags().user() >> user & 1 != 0);
        let found = number_of(&told["flags"], "flag", format!("user_{user}"));
        assert_eq!(found, expected, "user_{user}");
    }
}

/// Twelve tokens, most with something wrong.
fn odd() -> Vec<Token> {
    let mut tokens: Vec<Token> = (0..12).map(|id| Token::new(id).with_weight(0.25)).collect();
    tokens[0] = tokens[0].with_weight(f32::NAN);
    tokens[1] = tokens[1].with_weight(f32::NAN);
    tokens[2] = tokens[2].with_weight(-1.0);
    tokens[3] = tokens[3].with_timestamp(u32::MAX);
    let flags = Flags::new(SystemFlags::LOCKED, EntityType::Goal, 0).unwrap();
    tokens[4] = tokens[4].with_flags(flags);
    let id = TokenId::new(0, EntityType::Undefined, 5).unwrap();
    tokens[6] = tokens[6].with_id(id.raw());
    tokens[7] = tokens[7].with_id(id.raw());
    for token in &mut tokens[..3] {
        *token = token.with_coordinate(Space::Motor, [0, 0, -1]);
    }
    tokens
}

#[test]
fn what_is_wrong_with_tokens_is_counted() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &odd());
    let told = told(&path, &[]);
    assert_eq!(
        told["not_valid"],
        object!({
            "count": 5,
            "nan_weight": 2,
            "negative_weight": 1,
            "future_timestamp": 1,
            "other_entity_type_alone": 1,
        })
    );
    assert_eq!(told["duplicates"], object!({ "ids": 1, "tokens": 2 }));
    assert_eq!(number_of(&told["at_origin"], "space", "motor"), 9);
    assert_eq!(number_of(&told["at_origin"], "space", "abstract"), 12);
    let weight = column(&told, "weight");
    assert_eq!(weight["nan"], 2);
    // NaN is left out of the mean, too.
    assert_eq!(weight["mean"].as_f64(), Some((9.0 * 0.25 - 1.0) / 10.0));
    assert_eq!(weight["min"].as_f64(), Some(-1.0));
    let text = describe(&path, &["-q"]).ok();
    for line in [
        "not valid  5 tokens (41.7 %) by the strict rules",
        "           2 tokens with a weight that is NaN, left out above",
        "           1 token with a weight below 0",
        "           1 token with a timestamp in the future",
        "           1 token with another entity type in the flags than in the id",
        "duplicates 1 id that more than one token has: 2 tokens too many",
    ] {
        assert!(
            text.lines().any(|told| told == line),
            "no {line:?} in {text}"
        );
    }
}

#[test]
fn a_page_has_80_columns_and_everything_that_is_asked_for() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &varied());
    let ran = describe(&path, &[]);
    let looked = ran.stderr.lines().collect::<Vec<_>>();
    assert!(looked[0].ends_with(": 4 of 4 blocks"), "{looked:?}");
    let text = ran.stdout;
    // The name of the file is shown in full.
    for line in text.lines().skip(1) {
        assert!(line.chars().count() <= 80, "{line:?}");
        assert_eq!(line.trim_end(), line);
    }
    for part in [
        "holds      12388 tokens in 4 blocks, 11.3 MB\n",
        ", generation 1, tag 7\n",
        "2023-11-14T22:13:20Z",
        "\nemotional_z ",
        "\n  controller ",
        "\n  synchronized ",
        "█",
        "▃",
        "not valid  0 tokens (0.0 %) by the strict rules\n",
        "duplicates 0 ids that more than one token has: 0 tokens too many\n",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let synth: Vec<_> = varied();
    let kind = EntityType::Buffer;
    let count = synth
        .iter()
        .filter(|token| token.id().entity_type() == kind)
        .count();
    let bar = text
        .lines()
        .find(|line| line.starts_with("  buffer"))
        .unwrap();
    let words: Vec<_> = bar.split_whitespace().collect();
    let share = format!("{:.1}", 100.0 * count as f64 / COUNT as f64);
    assert_eq!(words[..4], ["buffer", &count.to_string(), &share, "%"]);
}

#[test]
fn the_tokens_and_columns_that_are_asked_for_are_described_and_no_others() {
    let place = Place::new();
    let tokens = varied();
    let path = saved(&place, "a.ngt", &tokens);
    let heavy: Vec<_> = tokens.iter().filter(|token| token.weight() > 0.9).collect();
    let arguments = [
        "--where",
        "weight > 0.9",
        "--columns",
        "physical,weight,domain",
    ];
    let described = told(&path, &arguments);
    assert_eq!(described["described"], heavy.len());
    assert_eq!(described["where"], "weight > 0.9");
    let names: Vec<_> = described["columns"].as_array().unwrap().iter().collect();
    let names: Vec<_> = names
        .iter()
        .map(|column| column["column"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["weight", "physical_x", "physical_y", "physical_z"]);
    let weights = heavy.iter().map(|token| token.weight().into());
    check_column(&described, "weight", weights.collect());
    assert_eq!(described["at_origin"].as_array().unwrap().len(), 1);
    for absent in ["entity_types", "flags_entity_types", "flags", "duplicates"] {
        assert!(described[absent].is_null(), "{absent}");
    }
    let text = describe(&path, &[&arguments[..], &["-q"]].concat()).ok();
    let share = 100.0 * heavy.len() as f64 / COUNT as f64;
    let line = format!(
        "described  {} tokens ({share:.1} %)\nwhere      weight > 0.9\n",
        heavy.len()
    );
    assert!(text.contains(&line), "no {line:?} in {text}");
    let long = ["weight > 0.9"; 9].join(" or ");
    let text_of_long = describe(&path, &["--where", &long, "-q"]).ok();
    let filter = text_of_long
        .lines()
        .skip_while(|line| !line.starts_with("where "));
    let lines: Vec<_> = filter.take_while(|line| !line.is_empty()).collect();
    assert!(
        lines.len() > 1 && lines.iter().all(|line| line.chars().count() <= 80),
        "{lines:?}"
    );
    assert!(
        text.contains("\ndomains\n") && !text.contains("entity types"),
        "{text}"
    );
}

#[test]
fn a_description_says_everything_about_the_file_as_json() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &varied());
    let told = told(&path, &[]);
    assert_eq!(
        keys(&told),
        [
            "at_origin",
            "blocks",
            "bytes_read",
            "columns",
            "committed",
            "created",
            "damaged_blocks",
            "damaged_tokens",
            "described",
            "domains",
            "duplicates",
            "elapsed_ns",
            "entity_types",
            "file_id",
            "findings",
            "flags",
            "flags_entity_types",
            "generation",
            "index_warnings",
            "length",
            "not_valid",
            "path",
            "tag",
            "tokens",
            "where",
        ]
    );
    let info = json(&ng(&[&"info", &path, &"--json"]).ok());
    for key in [
        "file_id",
        "generation",
        "tag",
        "created",
        "committed",
        "length",
        "tokens",
    ] {
        assert_eq!(told[key], info[key], "{key}");
    }
    assert_eq!(
        (&told["described"], &told["where"]),
        (&COUNT.into(), &Value::Null)
    );
    assert_eq!(
        keys(column(&told, "weight")),
        [
            "column",
            "histogram",
            "max",
            "mean",
            "median",
            "min",
            "nan",
            "p5",
            "p95",
            "stddev"
        ]
    );
}

#[test]
fn a_file_without_tokens_and_a_filter_that_matches_none_are_described() {
    let place = Place::new();
    let empty = saved(&place, "empty.ngt", &[]);
    let one = saved(&place, "one.ngt", &[Token::new(1)]);
    for (path, arguments) in [(&empty, &[][..]), (&one, &["--where", "weight > 5"])] {
        let text = describe(path, &[arguments, &["-q"]].concat()).ok();
        assert!(
            text.ends_with("\n\nThere is no token to describe.\n"),
            "{text}"
        );
        let told = told(path, arguments);
        assert_eq!(told["described"], 0);
        assert!(column(&told, "weight")["min"].is_null());
        assert!(column(&told, "id")["histogram"].is_null());
    }
    let alone = describe(&one, &["-q"]).ok();
    assert!(alone.contains("not valid  0 tokens (0.0 %)"), "{alone}");
}

#[test]
fn every_way_describes_the_same() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &varied());
    let expected = describe(&path, &["-q", "--threads", "1"]).ok();
    for way in [
        &["--threads", "7", "--no-index"][..],
        &["--verified"],
        &["--verified", "--skip-damaged", "--threads", "2"],
    ] {
        assert_eq!(
            describe(&path, &[way, &["-q"]].concat()).ok(),
            expected,
            "{way:?}"
        );
    }
}

#[test]
fn an_index_answers_the_same_and_a_rotten_one_is_put_aside_with_a_warning() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &varied());
    let expected = describe(&path, &["-q"]).ok();
    ng(&[
        &"index",
        &path,
        &"--columns",
        &"weight,physical,timestamp",
        &"-q",
    ])
    .ok();
    assert_eq!(describe(&path, &["-q"]).ok(), expected);
    let looked = describe(&path, &[]).found(0);
    assert!(looked.contains("of records and columns"), "{looked}");
    let folder = place.named("a.ngt.index");
    let names = crate::harness::names(&folder);
    let columns = names.iter().find(|name| name.contains("columns")).unwrap();
    let columns = folder.join(columns);
    let middle = std::fs::metadata(&columns).unwrap().len() / 2;
    crate::harness::flip(&columns, middle);
    let ran = describe(&path, &["-q"]);
    assert_eq!(ran.stdout, expected);
    let told = ran.found(0);
    let advice = "(`ng index FILE --rebuild` makes it anew); the records answered\n";
    assert!(told.contains(advice), "{told}");
    let told = json(&describe(&path, &["--json"]).ok());
    assert_eq!(
        told["index_warnings"].as_array().unwrap().len(),
        1,
        "{told}"
    );
}

#[test]
fn a_damaged_block_fails_what_is_verified_or_is_left_out_and_told() {
    let place = Place::new();
    let tokens = varied();
    let path = saved(&place, "a.ngt", &tokens);
    damage(&path, 1);
    describe(&path, &["--verified"]).failed(&["block 1 at", "`ng verify FILE`"]);
    let ran = describe(&path, &["--verified", "--json"]);
    assert_eq!(json(&ran.stderr)["kind"], "damaged");
    let skipping = ["--verified", "--skip-damaged"];
    let ran = describe(&path, &[&skipping[..], &["-q"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let line = "left out   4096 tokens of 1 damaged block\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    let told = json(&describe(&path, &[&skipping[..], &["--json"]].concat()).bad());
    assert_eq!(
        (&told["damaged_blocks"], &told["damaged_tokens"]),
        (&1.into(), &4096.into())
    );
    assert_eq!(told["described"], COUNT - BLOCK);
    let whole = (0..)
        .zip(&tokens)
        .filter(|(position, _)| position / BLOCK != 1);
    check_column(
        &told,
        "weight",
        whole.map(|(_, token)| token.weight().into()).collect(),
    );
}

#[test]
fn questions_that_make_no_sense_are_usage_errors() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &odd());
    for (arguments, parts) in [
        (&["--columns", "wieght"][..], &["wieght", "`weight`"][..]),
        (&["--columns", "weight,position"], &["position", "stored"]),
        (&["--where", "wieght > 1"], &["wieght", "`weight`", "^"]),
        (&["--skip-damaged"], &["--verified"]),
        (&["--threads", "0"], &["--threads"]),
    ] {
        let ran = describe(&path, arguments);
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(2), ""),
            "{arguments:?} {ran:?}"
        );
        for part in parts {
            assert!(ran.stderr.contains(part), "no {part:?} in {ran:?}");
        }
    }
    let raw = place.raw("raw", 5000);
    describe(&raw, &[]).failed(&["not a token file"]);
}

#[test]
fn a_reader_that_is_gone_ends_it_quietly() {
    let place = Place::new();
    let path = saved(&place, "a.ngt", &odd());
    let mut child = command(&[&"describe", &path, &"-q"]);
    let mut child = child
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
