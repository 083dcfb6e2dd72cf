//! `ng create --from` and `ng append --from` of columns.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use ng_token::{Space, Token};

use crate::harness::{COUNT, Place, Ran, command, json, load, ng, tokens};

/// Creates `b.ngt` from a text in a file of this name.
fn create(place: &Place, name: &str, text: &str, options: &[&str]) -> Ran {
    let from = place.named(name);
    fs::write(&from, text).unwrap();
    let path = place.named("b.ngt");
    let mut create = command(&[&"create", &path, &"--replace", &"--from", &from]);
    create.args(options).output().unwrap().into()
}

#[test]
fn a_table_that_somebody_wrote_becomes_tokens() {
    let place = Place::new();
    let text = "weight,local_id,entity_type,physical_x\n0.5,7,1,-2.25\n1,8,0,0.5\n";
    create(&place, "t.csv", text, &[]).ok();
    let expected = [
        Token::new(0x0100_0007)
            .with_weight(0.5)
            .with_coordinate(Space::Physical, [-225, 0, 0]),
        Token::new(8)
            .with_weight(1.0)
            .with_coordinate(Space::Physical, [50, 0, 0]),
    ];
    assert_eq!(load(&place.named("b.ngt")), expected);
}

#[test]
fn the_first_bad_value_is_named_and_nothing_is_written() {
    let place = Place::new();
    for (name, text, told) in [
        (
            "t.csv",
            "id,motor_x\n1,0.5\n2,33.0\n",
            "t.csv: row 1 (line 3), column motor_x: 33.0, expected -32.768 to 32.767",
        ),
        (
            "t.csv",
            "id,wieght\n1,0.5\n",
            "t.csv: no column `wieght`, did you mean `weight`?",
        ),
        (
            "t.csv",
            "weight\n0.5\n",
            "t.csv: no column id, expected id or local_id",
        ),
        (
            "t.jsonl",
            "{\"id\":1}\n{\"id\":-1}\n",
            "t.jsonl: row 1 (line 2), column id: -1, expected a whole number",
        ),
        (
            "t.csv",
            "id,entity_type\n16777217,2\n",
            "t.csv: row 0, column entity_type: 2, expected 1, as column id has it",
        ),
        (
            "t.csv",
            "id,motor_x\n1,2\n",
            "stored steps; `--units` takes them for units, `--raw` for stored steps",
        ),
    ] {
        create(&place, name, text, &[]).failed(&[told]);
        assert_eq!(place.names(), [name], "{text}");
        fs::remove_file(place.named(name)).unwrap();
    }
}

#[test]
fn a_bad_value_far_behind_leaves_the_file_as_it_was() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let before = fs::read(&path).unwrap();
    let mut text = "id\n".to_owned();
    (0..50_000).for_each(|id| text += &format!("{id}\n"));
    text += "4294967296\n";
    let from = place.named("t.csv");
    fs::write(&from, text).unwrap();
    let told = "row 50000 (line 50002), column id: 4294967296,";
    ng(&[&"append", &path, &"--from", &from]).failed(&[told]);
    assert_eq!(load(&path), tokens(0..10));
    assert_eq!(before[..0x1000], fs::read(&path).unwrap()[..0x1000]);
    ng(&[&"create", &path, &"--replace", &"--from", &from]).failed(&[told]);
    assert_eq!(load(&path), tokens(0..10));
}

#[test]
fn whole_numbers_of_text_are_what_is_told() {
    let place = Place::new();
    let text = "{\"id\":1,\"motor_x\":2}\n";
    let steps = |options: &[&str]| {
        create(&place, "t.jsonl", text, options).ok();
        load(&place.named("b.ngt"))[0].steps(Space::Motor)
    };
    assert_eq!(steps(&["--units"]), [2_000, 0, 0]);
    assert_eq!(steps(&["--raw"]), [2, 0, 0]);
}

#[test]
fn options_that_cannot_be_meant_are_usage_errors() {
    let place = Place::new();
    for (options, told) in [
        (
            &["--from", "t.parquet", "--raw"][..],
            "--raw is for CSV and JSON lines",
        ),
        (
            &["--from", "t.raw", "--units"],
            "--units is for CSV and JSON lines",
        ),
        (
            &["--from", "t.csv", "--units", "--raw"],
            "cannot be used with",
        ),
        (&["--tokens", "5", "--format", "csv"], "--from"),
        (
            &["--from", "t", "--format", "xls"],
            "[possible values: raw, parquet, arrow, arrows, csv, jsonl]",
        ),
    ] {
        let output = command(&[&"create", &place.named("b.ngt")])
            .args(options)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {stderr}");
        assert!(stderr.contains(told), "{options:?}: {stderr}");
    }
}

#[test]
fn rows_are_validated_and_counted_like_records() {
    let place = Place::new();
    let text = "id,weight\n1,0.5\n2,-0.5\n";
    create(&place, "t.csv", text, &["--expect", "2"]).ok();
    create(&place, "t.csv", text, &["--validate"]).failed(&["t.csv: record 1: weight -0.5"]);
    create(&place, "t.csv", text, &["--expect", "3"]).failed(&["2 records, expected 3"]);
    create(&place, "t.csv", text, &["--expect", "1"]).failed(&["at least 2 records, expected 1"]);
    create(&place, "t.csv", text, &["--expect", "0"]).failed(&["at least 1 record, expected 0"]);
}

#[test]
fn columns_are_appended() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    for format in ["parquet", "arrow", "csv"] {
        let out = place.named(&format!("t.{format}"));
        ng(&[&"export", &path, &out, &"--replace", &"--range", &"5..8"]).ok();
        ng(&[&"append", &path, &"--from", &out]).ok();
    }
    let appended = load(&path);
    assert_eq!(appended.len(), COUNT + 9);
    for start in [COUNT, COUNT + 3, COUNT + 6] {
        assert_eq!(appended[start..start + 3], tokens(5..8));
    }
}

/// Sends bytes through a pipe.
fn piped(place: &Place, bytes: &[u8], format: &str) -> Ran {
    let path = place.named("b.ngt");
    let mut child = command(&[
        &"create",
        &path,
        &"--replace",
        &"--from",
        &"-",
        &"--format",
        &format,
    ])
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    // It may not read all of it.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    child.wait_with_output().unwrap().into()
}

#[test]
fn pipes_will_do_but_for_parquet() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    for format in ["arrow", "arrows", "csv", "jsonl", "parquet"] {
        let out = place.named("t");
        ng(&[&"export", &path, &out, &"--replace", &"--format", &format]).ok();
        let bytes = fs::read(&out).unwrap();
        let ran = piped(&place, &bytes, format);
        if format == "parquet" {
            ran.failed(&[
                "standard input: Parquet cannot be read here: its end must be read first",
            ]);
            continue;
        }
        ran.ok();
        assert!(load(&place.named("b.ngt")) == tokens(0..COUNT), "{format}");
        if format.starts_with("arrow") {
            let cut = &bytes[..bytes.len() / 2];
            piped(&place, cut, format).failed(&["standard input: "]);
            assert!(load(&place.named("b.ngt")) == tokens(0..COUNT), "{format}");
        }
    }
}

#[test]
fn damaged_files_are_refused_in_one_line() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 100);
    let bad = place.named("bad");
    for format in ["parquet", "arrow"] {
        let out = place.named(&format!("t.{format}"));
        ng(&[&"export", &path, &out]).ok();
        let whole = fs::read(&out).unwrap();
        let create = || {
            ng(&[
                &"create",
                &place.named("b.ngt"),
                &"--from",
                &bad,
                &"--format",
                &format,
            ])
        };
        for end in [0, 3, 9, whole.len() / 2, whole.len() - 1] {
            fs::write(&bad, &whole[..end]).unwrap();
            create().failed(&["bad: "]);
        }
        // Where lengths and offsets are, in both.
        for place in (whole.len().saturating_sub(2_000)..whole.len()).step_by(97) {
            let mut bytes = whole.clone();
            bytes[place] = 0xFF;
            fs::write(&bad, bytes).unwrap();
            let ran = create();
            match ran.code {
                Some(0) => fs::remove_file(path.with_file_name("b.ngt")).unwrap(),
                _ => ran.failed(&["bad: "]),
            }
        }
    }
}

#[test]
fn a_token_file_is_no_table() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let from = place.named("t.csv");
    fs::copy(&path, &from).unwrap();
    ng(&[&"create", &place.named("b.ngt"), &"--from", &from]).failed(&["is a token file"]);
    let error = ng(&[
        &"create",
        &place.named("b.ngt"),
        &"--from",
        &place.named("x.csv"),
        &"--json",
    ]);
    assert_eq!(json(&error.stderr)["kind"], "not_found");
}
