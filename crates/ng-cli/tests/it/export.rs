//! `ng export`.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::harness::{
    BLOCK, COUNT, Place, command, damage, json, keys, load, names, ng, signal, tokens, wait_for,
};

const FORMATS: [&str; 5] = ["parquet", "arrow", "arrows", "csv", "jsonl"];

#[test]
fn every_format_comes_back_and_is_the_same_for_any_number_of_threads() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let back = place.named("back.ngt");
    for format in FORMATS {
        let out = place.named(&format!("a.{format}"));
        let mut first = Vec::new();
        for threads in ["1", "2", "5"] {
            ng(&[&"export", &path, &out, &"--replace", &"--threads", &threads]).ok();
            let bytes = fs::read(&out).unwrap();
            match first.is_empty() {
                true => first = bytes,
                false => assert!(bytes == first, "{format}, {threads} threads"),
            }
        }
        ng(&[&"create", &back, &"--replace", &"--from", &out]).ok();
        assert!(load(&back) == tokens(0..COUNT), "{format}");
    }
}

#[test]
fn the_stored_values_come_back_from_every_format() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let back = place.named("back.ngt");
    for format in FORMATS {
        let out = place.named(&format!("a.{format}"));
        ng(&[&"export", &path, &out, &"--raw"]).ok();
        let is_text = ["csv", "jsonl"].contains(&format);
        let told: &[&str] = if is_text { &["--raw"] } else { &[] };
        let mut create = command(&[&"create", &back, &"--replace", &"--from", &out]);
        let created = create.args(told).output().unwrap();
        assert!(created.status.success(), "{format}: {created:?}");
        assert!(load(&back) == tokens(0..COUNT), "{format}");
    }
}

#[test]
fn what_a_filter_matches_is_exported_with_its_positions() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let back = place.named("back.ngt");
    let expected: Vec<_> = tokens(100..COUNT)
        .into_iter()
        .filter(|token| token.id().raw() >= 5_000 && token.id().raw() != 9_000)
        .collect();
    let filter = "id >= 5000 and id != 9000";
    for format in FORMATS {
        let out = place.named(&format!("a.{format}"));
        let export: &[&dyn AsRef<std::ffi::OsStr>] = &[
            &"export", &path, &out, &"--where", &filter, &"--range", &"100..", &"--json",
        ];
        let told = json(&ng(export).ok());
        assert_eq!(told["tokens"], expected.len(), "{format}");
        ng(&[&"create", &back, &"--replace", &"--from", &out]).ok();
        assert!(load(&back) == expected, "{format}");
    }
    let columns = [
        "--columns",
        "position",
        "--format",
        "csv",
        "--where",
        "position in (7, 9)",
    ];
    let mut export = command(&[&"export", &path, &"-"]);
    let output = export.args(columns).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "position\n7\n9\n");
}

#[test]
fn a_damaged_block_ends_what_a_filter_exports() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 1);
    let out = place.named("a.parquet");
    let ran = ng(&[&"export", &path, &out, &"--where", &"active"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("block 1"), "{ran:?}");
    assert!(!out.exists());
}

#[test]
fn a_range_may_begin_and_end_within_blocks_and_be_empty() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let back = place.named("back.ngt");
    for format in FORMATS {
        let out = place.named(&format!("a.{format}"));
        for (text, range) in [
            ("0..0", 0..0),
            ("5..6", 5..6),
            ("4095..8193", 4095..8193),
            ("4096..8192", 4096..8192),
            ("100..", 100..COUNT),
        ] {
            ng(&[&"export", &path, &out, &"--replace", &"--range", &text]).ok();
            ng(&[&"create", &back, &"--replace", &"--from", &out]).ok();
            assert!(load(&back) == tokens(range), "{format} {text}");
        }
    }
}

/// A row group ends within a piece if the range does not begin with a block.
#[test]
fn tokens_beyond_a_row_group_go_into_the_next() {
    let place = Place::new();
    let (path, out, back) = (
        place.named("a.ngt"),
        place.named("a.parquet"),
        place.named("back.ngt"),
    );
    let count = (1 << 20) + 5_100;
    ng(&[&"create", &path, &"--tokens", &count.to_string()]).ok();
    let columns = ["--columns", "id,flags", "--range", "100.."];
    let mut export = command(&[&"export", &path, &out]);
    assert!(export.args(columns).output().unwrap().status.success());
    ng(&[&"create", &back, &"--from", &out]).ok();
    let back = load(&back);
    assert_eq!(back.len(), count - 100);
    let expected = |index: usize| ng_token::Token::new(100 + index as u32);
    assert!(
        back.iter()
            .enumerate()
            .all(|(index, token)| *token == expected(index))
    );
}

#[test]
fn standard_output_takes_columns_and_standard_error_the_report() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let columns = "--columns=position,id,motor";
    let ran = ng(&[
        &"export",
        &path,
        &"-",
        &"--format",
        &"csv",
        &columns,
        &"--range=7..9",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines =
        "position,id,motor_x,motor_y,motor_z\n7,7,0.007,0.001,-0.001\n8,8,0.008,0.001,-0.001\n";
    assert_eq!(ran.stdout, lines);
    assert!(
        ran.stderr
            .ends_with("exported to -, 2 tokens in 5 columns, 82 bytes\n"),
        "{ran:?}"
    );
    for format in FORMATS {
        let out = place.named(&format!("a.{format}"));
        ng(&[&"export", &path, &out]).ok();
        let piped = command(&[&"export", &path, &"-", &"--format", &format])
            .output()
            .unwrap();
        assert!(piped.stdout == fs::read(&out).unwrap(), "{format}");
    }
}

#[test]
fn a_reader_that_goes_is_no_error() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 20 * BLOCK);
    for format in FORMATS {
        let mut child = command(&[&"export", &path, &"-", &"--quiet", &"--format", &format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 4]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn a_bad_block_is_named_and_there_is_no_file() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 1);
    for format in FORMATS {
        let out = place.named(&format!("a.{format}"));
        ng(&[&"export", &path, &out]).failed(&["block 1", "ng verify"]);
        assert_eq!(place.names(), ["a.ngt"], "{format}");
        // The others are given.
        ng(&[&"export", &path, &out, &"--range", &"8192.."]).ok();
        fs::remove_file(out).unwrap();
    }
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let out = place.named("a.csv");
    fs::write(&out, "mine").unwrap();
    ng(&[&"export", &path, &out]).failed(&["a.csv", "--replace"]);
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    ng(&[&"export", &path, &out, &"--replace"]).ok();
    assert!(fs::read(&out).unwrap().starts_with(b"id,domain,"));
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    for (arguments, told) in [
        (&["a.xyz"][..], "names no format; --format does: parquet"),
        (&["-"], "names no format"),
        (
            &["a.csv", "--columns", "id,wieght"],
            "no column `wieght`, did you mean `weight`?",
        ),
        (
            &["a.csv", "--columns", "motor,motor_x"],
            "column `motor_x` comes twice",
        ),
        (
            &["a.csv", "--format", "xls"],
            "[possible values: parquet, arrow, arrows, csv, jsonl]",
        ),
        (
            &["a.parquet", "--compression", "zstd"],
            "[possible values: snappy, none]",
        ),
        (&["a.csv", "--threads", "0"], "from 1 to"),
        (
            &["a.csv", "--compression", "none"],
            "--compression is for Parquet, and cannot be used with CSV",
        ),
        (
            &["-", "--format", "csv", "--replace"],
            "--replace cannot be used with `-`",
        ),
    ] {
        let mut export = command(&[&"export", &path]);
        let output = export
            .args(arguments)
            .current_dir(place.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
    ng(&[
        &"export",
        &path,
        &place.named("a.csv"),
        &"--range",
        &"5..11",
    ])
    .failed(&["5..11"]);
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn the_report_has_what_was_written() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let out = place.named("a.parquet");
    let columns = "--columns=id,weight";
    let told = json(&ng(&[&"export", &path, &out, &"--json", &columns]).ok());
    let expected = [
        "bytes",
        "columns",
        "destination",
        "end_token",
        "findings",
        "first_token",
        "format",
        "raw",
        "source",
        "table_matches",
        "tokens",
    ];
    assert_eq!(keys(&told), expected);
    assert_eq!(told["bytes"], fs::metadata(&out).unwrap().len());
    assert_eq!(told["columns"], serde_json::json!(["id", "weight"]));
    assert_eq!(told["tokens"], COUNT);
}

#[test]
fn an_interrupted_export_leaves_no_file() {
    let place = Place::new();
    let out = tempfile::tempdir().unwrap();
    let path = place.named("a.ngt");
    ng(&[&"create", &path, &"--tokens", &"1500k"]).ok();
    for format in ["jsonl", "parquet"] {
        let export = command(&[
            &"export",
            &path,
            &out.path().join("a"),
            &"--format",
            &format,
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
        let child = export.unwrap();
        let begun = |name: &String| name.starts_with(".ng-tmp-");
        wait_for("temporary file", || {
            names(out.path()).iter().any(begun).then_some(())
        });
        signal(child.id(), "INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert_eq!(names(out.path()), [""; 0]);
    }
}
