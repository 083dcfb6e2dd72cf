//! `ng query`.

use std::ffi::OsStr;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ng_query::ng_arrow::{Form, Format, TableReader};
use ng_store::{CreateOptions, VecStore};
use ng_synth::Synth;
use ng_token::{EntityType, Space, SystemFlags, Token};
use serde_json::Value;

use crate::harness::{BLOCK, COUNT, Place, Ran, command, damage, json, keys, ng, signal, wait_for};

/// A file of varied tokens, three blocks and a part of one, and its tokens.
fn varied(place: &Place) -> (PathBuf, Vec<Token>) {
    let path = place.named("a.ngt");
    let count = COUNT.to_string();
    ng(&[
        &"create",
        &path,
        &"--tokens",
        &count,
        &"--like",
        &"clustered",
        &"--seed",
        &"1",
        &"-q",
    ])
    .ok();
    let synth = Synth::clustered(1);
    let tokens = (0..COUNT as u64).map(|index| synth.token(index));
    (path, tokens.collect())
}

fn ask(path: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(&[&"query", &path]);
    command.args(arguments).output().unwrap().into()
}

/// The answer to a question with nothing wrong.
#[track_caller]
fn answer(path: &Path, arguments: &[&str]) -> String {
    ask(path, &[arguments, &["--quiet"]].concat()).ok()
}

/// The objects of an answer in lines of JSON.
#[track_caller]
fn rows(path: &Path, arguments: &[&str]) -> Vec<Value> {
    let text = answer(path, &[arguments, &["--format", "jsonl"]].concat());
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// The positions of an answer.
#[track_caller]
fn positions(path: &Path, arguments: &[&str]) -> Vec<u64> {
    let rows = rows(path, &[arguments, &["--select", "position"]].concat());
    let positions = rows.iter().map(|row| row["position"].as_u64());
    positions.collect::<Option<_>>().unwrap()
}

/// The tokens of a file of columns.
fn tokens_of(path: &Path, format: Format, form: Option<Form>) -> Vec<Token> {
    let file = File::open(path).unwrap();
    let mut reader = TableReader::of_file(file, format, form).unwrap();
    let mut tokens = Vec::new();
    while reader.read(&mut tokens).unwrap() {}
    tokens
}

/// The positions of the tokens that a predicate selects.
fn matching(tokens: &[Token], is_asked: impl Fn(&Token) -> bool) -> Vec<u64> {
    let all = (0..).zip(tokens);
    all.filter(|(_, token)| is_asked(token))
        .map(|(position, _)| position)
        .collect()
}

const HEAVY_OBJECTS: &str = "weight > 0.9 and object";

fn is_heavy_object(token: &Token) -> bool {
    token.weight() > 0.9 && token.id().entity_type() == EntityType::Object
}

#[test]
fn a_count_and_a_yes_or_no_are_a_row() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let expected = matching(&tokens, is_heavy_object).len();
    assert!(expected > 10);
    for (arguments, told) in [
        (&["--where", HEAVY_OBJECTS, "--count"][..], expected),
        (&["--count"], COUNT),
        (&["--where", "weight > 1", "--count"], 0),
    ] {
        let csv = answer(&path, &[arguments, &["--format", "csv"]].concat());
        assert_eq!(csv, format!("count\n{told}\n"));
        let table = answer(&path, arguments);
        assert_eq!(
            table.split_whitespace().collect::<Vec<_>>(),
            ["count", &told.to_string()]
        );
    }
    for (filter, told) in [(HEAVY_OBJECTS, true), ("weight > 1", false)] {
        let rows = rows(&path, &["--where", filter, "--any"]);
        assert_eq!(rows[0]["any"], told, "{filter}");
    }
}

#[test]
fn tokens_come_in_order_and_whole_in_every_format() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let expected: Vec<Token> = tokens.iter().copied().filter(is_heavy_object).collect();
    for (name, format) in [
        ("csv", Format::Csv),
        ("jsonl", Format::JsonLines),
        ("arrow", Format::ArrowStream),
        ("parquet", Format::Parquet),
    ] {
        for raw in [&[][..], &["--raw"]] {
            let mut command = command(&[&"query", &path, &"--where", &HEAVY_OBJECTS]);
            let command = command.args(["--format", name, "--quiet"]).args(raw);
            let output = command.output().unwrap();
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{output:?}"
            );
            let out = place.named("out");
            fs::write(&out, &output.stdout).unwrap();
            // Lines do not show it.
            let form = (!raw.is_empty()).then_some(Form::Raw);
            let back = tokens_of(&out, format, form);
            assert!(back == expected, "{name} {raw:?}");
        }
    }
}

#[test]
fn columns_are_those_that_are_selected_in_their_order() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let [x, y, z] = tokens[0].steps(ng_token::Space::Physical);
    let id = tokens[0].id().raw();
    let csv = |arguments: &[&str]| {
        let arguments = [arguments, &["--format", "csv", "--limit", "1"]].concat();
        answer(&path, &arguments)
    };
    assert_eq!(
        csv(&["--select", "physical,id", "--raw"]),
        format!("physical_x,physical_y,physical_z,id\n{x},{y},{z},{id}\n")
    );
    let units = csv(&["--select", "physical_x"]);
    let units: f32 = units.lines().nth(1).unwrap().parse().unwrap();
    assert_eq!(units, f32::from(x) / 100.0);
    let table = answer(&path, &["--select", "id,entity_type", "--limit", "1"]);
    let words: Vec<_> = table.split_whitespace().map(str::to_owned).collect();
    let kind = tokens[0].id().entity_type().to_string();
    assert_eq!(words, ["id", "entity_type", &id.to_string(), &kind]);
}

#[test]
fn a_table_has_twenty_tokens_or_as_many_as_are_asked_for() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let columns = ["--select", "position"];
    let ran = ask(&path, &[&columns[..], &["-q"]].concat());
    assert_eq!(ran.stdout.lines().count(), 21);
    let told = ran.found(0);
    assert!(told.contains("20 tokens"), "{told}");
    assert!(told.contains("--limit"), "{told}");
    for (limit, lines) in [("3", 4), ("5k", 5001), ("20k", COUNT + 1)] {
        let text = answer(&path, &[&columns[..], &["--limit", limit]].concat());
        // Each block would have a table of its own.
        let rows = text.lines().filter(|line| !line.contains("position"));
        assert_eq!(rows.count() + 1, lines);
    }
    assert_eq!(positions(&path, &["--limit", "3"]), [0, 1, 2]);
    assert_eq!(positions(&path, &[]).len(), COUNT);
    let only = ask(&path, &["--where", "position < 5", "-q"]).ok();
    assert!(only.trim_start().starts_with("index"), "{only}");
}

/// Each piece of the file once had a table of its own, mostly empty.
#[test]
fn tokens_that_are_far_from_each_other_are_in_one_table() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let far = "position in (5, 5000, 12387)";
    let select = ["--select", "position", "-q"];
    let table = ask(&path, &[&["--where", far], &select[..]].concat()).ok();
    let words: Vec<_> = table.split_whitespace().collect();
    assert_eq!(words, ["position", "5", "5000", "12387"]);
    let none = ask(&path, &[&["--where", "weight > 2"], &select[..]].concat()).ok();
    assert_eq!(none.trim(), "position");
    let none = answer(
        &path,
        &[
            "--where",
            "weight > 2",
            "--select",
            "id,weight",
            "--format",
            "csv",
        ],
    );
    assert_eq!(none, "id,weight\n");
    let none = [
        "--where",
        "weight > 2",
        "--histogram",
        "weight",
        "--format",
        "csv",
    ];
    assert_eq!(answer(&path, &none), "from,to,count\n");
}

#[test]
fn what_is_asked_for_goes_to_a_file_by_its_extension() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let expected: Vec<Token> = tokens.iter().copied().filter(is_heavy_object).collect();
    for (name, format) in [
        ("out.csv", Format::Csv),
        ("out.jsonl", Format::JsonLines),
        ("out.arrow", Format::Arrow),
        ("out.parquet", Format::Parquet),
    ] {
        let out = place.named(name);
        let out = out.to_str().unwrap();
        let question = ["--where", HEAVY_OBJECTS, "-o", out];
        assert_eq!(answer(&path, &question), "");
        assert_eq!(tokens_of(Path::new(out), format, None), expected, "{name}");
        ask(&path, &question).failed(&[name, "exists", "--replace"]);
        let replaced = ["--where", "position < 3", "-o", out, "--replace"];
        answer(&path, &replaced);
        assert_eq!(tokens_of(Path::new(out), format, None), tokens[..3]);
    }
    let out = place.named("groups.txt");
    let groups = [
        "--group-by",
        "domain",
        "--format",
        "csv",
        "-o",
        out.to_str().unwrap(),
    ];
    answer(&path, &groups);
    let csv = fs::read_to_string(&out).unwrap();
    assert_eq!(csv.lines().count(), 17, "{csv}");
}

#[test]
fn a_file_of_nothing_has_its_columns_and_one_that_failed_is_not_there() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let out = place.named("out.parquet");
    let out = out.to_str().unwrap();
    answer(&path, &["--where", "weight > 2", "-o", out]);
    assert!(tokens_of(Path::new(out), Format::Parquet, None).is_empty());
    fs::remove_file(out).unwrap();
    damage(&path, 3);
    ask(&path, &["--verified", "-o", out]).failed(&["block 3 at"]);
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn an_interrupted_query_leaves_no_file() {
    let place = Place::new();
    let source = place.named("a.ngt");
    let create: [&dyn AsRef<OsStr>; 7] = [
        &"create",
        &source,
        &"--tokens",
        &"1M",
        &"--like",
        &"uniform",
        &"-q",
    ];
    ng(&create).ok();
    let out = place.named("out.csv");
    let mut command = command(&[&"query", &source, &"-o", &out]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    wait_for("temporary file", || {
        let names = place.names();
        names
            .iter()
            .any(|name| name.starts_with(".ng-tmp-"))
            .then_some(())
    });
    signal(child.id(), "INT");
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(
        (ran.code, &*ran.stderr),
        (Some(130), "error: interrupted\n")
    );
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn measures_are_those_of_each_group() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let arguments = ["--group-by", "entity_type", "--agg", "count,mean(weight)"];
    let groups = rows(&path, &arguments);
    assert_eq!(groups.len(), 16);
    for (group, kind) in groups.iter().zip(EntityType::ALL) {
        let of_kind = tokens
            .iter()
            .filter(|token| token.id().entity_type() == kind);
        let weights: Vec<f64> = of_kind.map(|token| token.weight().into()).collect();
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        assert_eq!(group["entity_type"], kind.bits());
        assert_eq!(group["count"], weights.len());
        assert!((group["mean(weight)"].as_f64().unwrap() - mean).abs() < 1e-12);
    }
    let counts = rows(&path, &["--group-by", "active,domain"]);
    assert_eq!(keys(&counts[0]), ["active", "count", "domain"]);
    let total: u64 = counts
        .iter()
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert_eq!((counts.len(), total), (32, COUNT as u64));
    let all = rows(
        &path,
        &["--agg", "min(timestamp),distinct(id),median(radius)"],
    );
    assert_eq!(all[0]["min(timestamp)"], 1_700_000_000);
    assert_eq!(all[0]["distinct(id)"], COUNT);
    let mut radii: Vec<u8> = tokens.iter().map(Token::radius_raw).collect();
    radii.sort_unstable();
    let index = (0.5 * (COUNT - 1) as f64).round() as usize;
    let median = all[0]["quantile(radius, 0.5)"].as_f64().unwrap();
    assert_eq!(median, f64::from(radii[index]) / 100.0);
}

#[test]
fn the_top_is_that_of_a_stable_sort() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let mut order: Vec<u64> = (0..COUNT as u64).collect();
    order.sort_by_key(|position| u8::MAX - tokens[*position as usize].radius_raw());
    let top = positions(&path, &["--top", "100", "--by", "radius"]);
    assert_eq!(top, order[..100]);
    order.sort_by_key(|position| (tokens[*position as usize].radius_raw(), *position));
    let top = positions(&path, &["--top", "100", "--by", "radius", "--least"]);
    assert_eq!(top, order[..100]);
    let few = positions(
        &path,
        &["--where", "position < 3", "--top", "9", "--by", "id"],
    );
    assert_eq!(few.len(), 3);
}

/// Tokens, every third with a weight that is NaN.
fn with_nan(place: &Place) -> PathBuf {
    let path = place.named("nan.ngt");
    let weight = |index: u32| {
        if index.is_multiple_of(3) {
            f32::NAN
        } else {
            index as f32
        }
    };
    let token = |index| Token::new((index % 2) << 24 | index).with_weight(weight(index));
    let store = VecStore::from_iter((0..9000).map(token));
    store.save(&path, &CreateOptions::new()).unwrap();
    path
}

#[test]
fn weights_that_are_nan_are_left_out_and_counted() {
    let place = Place::new();
    let path = with_nan(&place);
    let top = ["--top", "2", "--by", "weight", "--select", "weight"];
    let ran = ask(&path, &[&top[..], &["-q"]].concat());
    let words: Vec<_> = ran.stdout.split_whitespace().collect();
    assert_eq!(words, ["weight", "8999.0", "8998.0"]);
    assert_eq!(
        ran.found(0),
        "left out: 3000 tokens with a weight that is NaN\n"
    );
    let ran = ask(&path, &[&top[..], &["--json"]].concat());
    assert_eq!(json(&ran.stderr)["nan_weights"], 3000);
    let by_id = ask(&path, &["--top", "2", "--by", "id", "--json"]);
    assert_eq!(json(&by_id.stderr)["nan_weights"], 0);
    let groups = ["--group-by", "entity_type", "--agg", "max(weight)"];
    let table = answer(&path, &groups);
    let words: Vec<_> = table.split_whitespace().collect();
    assert_eq!(
        words,
        [
            "entity_type",
            "max(weight)",
            "nan_weights",
            "undefined",
            "8998.0",
            "1500",
            "object",
            "8999.0",
            "1500"
        ]
    );
    let ran = ask(&path, &[&groups[..], &["--json"]].concat());
    let rows: Vec<Value> = ran
        .stdout
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    assert_eq!(rows[1]["nan_weights"], 1500);
    assert_eq!(json(&ran.stderr)["nan_weights"], 3000);
    // People are not told about empty things; programs have the same columns.
    let none = ["--where", "weight > 0", "--agg", "min(weight)"];
    assert!(!answer(&path, &none).contains("nan_weights"));
    assert_eq!(self::rows(&path, &none)[0]["nan_weights"], 0);
    assert!(!answer(&path, &["--agg", "sum(weight)"]).contains("nan_weights"));
}

#[test]
fn groups_by_a_flag_of_the_user_are_those_of_its_filter() {
    let place = Place::new();
    let (path, _) = varied(&place);
    for flag in ["user_0", "user_3", "locked"] {
        let groups = rows(&path, &["--group-by", flag]);
        assert_eq!(
            (&groups[0][flag], &groups[1][flag]),
            (&false.into(), &true.into())
        );
        let count = rows(&path, &["--where", flag, "--count"]);
        assert_eq!(groups[1]["count"], count[0]["count"], "{flag}");
    }
}

/// The tokens shown were read for the answer, but not counted.
#[test]
fn what_is_read_of_the_rows_is_part_of_what_it_took() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    ng(&[&"index", &path, &"--ids", &"-q"]).ok();
    let id = tokens[5000].id().raw().to_string();
    let ran = ask(&path, &["--id", &id, "--json"]);
    let told = json(&ran.stderr);
    // A piece of sorted ids, or two where it is the first of one, and a token.
    let pieces = (told["bytes_read"].as_u64().unwrap() - 64) / (12 * 4096);
    assert!(pieces == 1 || pieces == 2, "{told}");
    assert_eq!(told["source"], "records and columns");
    // The last block has no index.
    assert!(told["blocks_looked_at"].as_u64() >= Some(1), "{told}");
    let ran = ask(
        &path,
        &["--sample", "3", "--json", "--where", "position < 4096"],
    );
    let told = json(&ran.stderr);
    assert_eq!(
        (&told["bytes_read"], &told["source"]),
        (&192.into(), &"records".into())
    );
}

#[test]
fn ids_are_looked_up_in_the_order_in_which_they_are_asked_for() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let id = |position: usize| tokens[position].id().raw();
    let ids = format!("{},{:#x}", id(9000), id(17));
    assert_eq!(positions(&path, &["--id", &ids]), [9000, 17]);
    let among = [
        "--id",
        &ids,
        "--where",
        "position > 20",
        "--select",
        "position",
    ];
    let ran = ask(&path, &[&among[..], &["--format", "csv", "-q"]].concat());
    assert_eq!(ran.stdout, "position\n9000\n");
    assert_eq!(ran.found(0), format!("no token has the id {}\n", id(17)));
    let taken: std::collections::HashSet<u32> =
        tokens.iter().map(|token| token.id().raw()).collect();
    let free = (0..).find(|id| !taken.contains(id)).unwrap().to_string();
    let ran = ask(
        &path,
        &["--id", &format!("{free},{}", id(3)), "--select", "position"],
    );
    assert!(ran.stdout.contains('3'), "{ran:?}");
    let told = ran.found(0);
    assert!(
        told.contains(&format!("no token has the id {free}\n")),
        "{told}"
    );
}

/// Sorted ids answered, and no block was read that could have been left out.
#[test]
fn a_look_up_leaves_a_block_out_that_was_damaged_after_it_was_indexed() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    ng(&[&"index", &path, &"--ids", &"-q"]).ok();
    damage(&path, 1);
    let at = |position: usize| crate::harness::token(position).id().raw().to_string();
    let ids = format!("{},{}", at(7), at(BLOCK + 7));
    let way = [
        "--id",
        &ids,
        "--verified",
        "--skip-damaged",
        "--select",
        "position",
    ];
    let ran = ask(&path, &[&way[..], &["--format", "csv"]].concat());
    assert_eq!((ran.code, &*ran.stdout), (Some(1), "position\n7\n"));
    assert!(
        ran.stderr
            .contains("left out: 4096 tokens of 1 damaged block"),
        "{}",
        ran.stderr
    );
}

#[test]
fn bins_count_every_value_once() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let bins = [
        "--histogram",
        "weight",
        "--bins",
        "4",
        "--range",
        "0.25..0.75",
    ];
    let rows = rows(&path, &bins);
    let expected = [0.25, 0.375, 0.5, 0.625].map(|low| {
        let within = |token: &&Token| (low..low + 0.125).contains(&f64::from(token.weight()));
        tokens.iter().filter(within).count() as u64
    });
    let counts: Vec<u64> = rows
        .iter()
        .map(|row| row["count"].as_u64().unwrap())
        .collect();
    assert_eq!(rows.len(), 6);
    // A weight of 0.75 is within the last bin.
    assert!(counts[4] - expected[3] <= 1);
    assert_eq!(counts[1..4], expected[..3]);
    assert_eq!(counts.iter().sum::<u64>(), COUNT as u64);
    assert!(rows[0]["from"].is_null() && rows[5]["to"].is_null());
    assert_eq!(
        (rows[2]["from"].as_f64(), rows[2]["to"].as_f64()),
        (Some(0.375), Some(0.5))
    );
    let negative = [
        "--histogram",
        "physical_x",
        "--range",
        "-1.5..2",
        "--bins",
        "1",
    ];
    let counts = answer(&path, &[&negative[..], &["--format", "csv"]].concat());
    let within = matching(&tokens, |token| {
        (-150..=200).contains(&token.steps(ng_token::Space::Physical)[0])
    });
    assert_eq!(
        counts.lines().nth(2),
        Some(&*format!("-1.5,2.0,{}", within.len()))
    );
    let table = answer(&path, &["--histogram", "radius"]);
    assert_eq!(table.lines().count(), 23);
}

#[test]
fn a_sample_is_drawn_by_its_seed() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let draw = |seed: &str| {
        positions(
            &path,
            &["--sample", "50", "--seed", seed, "--where", "active"],
        )
    };
    let drawn = draw("1");
    let active = matching(&tokens, |token| {
        token.flags().system().contains(SystemFlags::ACTIVE)
    });
    assert_eq!(drawn.len(), 50);
    assert!(drawn.iter().all(|position| active.contains(position)));
    assert_eq!(drawn, draw("1"));
    assert_ne!(drawn, draw("2"));
}

#[test]
fn ids_that_come_twice_are_named_with_their_places() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let tokens = [7, 3, 7, 1, 3, 7].map(Token::new);
    let store = VecStore::from_vec(tokens.to_vec());
    store.save(&path, &CreateOptions::new()).unwrap();
    let csv = answer(&path, &["--duplicates", "--format", "csv"]);
    assert_eq!(csv, "id,position\n3,1\n3,4\n7,0\n7,2\n7,5\n");
    let ran = ask(
        &path,
        &["--duplicates", "--limit", "1", "--format", "csv", "-q"],
    );
    assert_eq!(ran.stdout, "id,position\n3,1\n3,4\n");
    let told = ran.found(0);
    assert!(told.contains("1 of 2 ids"), "{told}");
}

#[test]
fn a_plan_comes_before_the_answer() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let filter = "weight > 0.9 and position >= 5000";
    let arguments = ["--where", filter, "--count", "--explain", "--threads", "3"];
    let ran = ask(&path, &arguments);
    assert!(
        ran.stdout.starts_with("count") || ran.stdout.contains("count"),
        "{ran:?}"
    );
    let told = ran.found(0);
    for part in [
        "12388 tokens in 4 blocks of up to 4096: mapped tokens, not verified\n",
        "3 blocks to search, 0 of which all tokens match, 1 skipped of which none can\n",
        ": reads weight of the records\n",
        "weight",
        "3 threads",
        "no index",
    ] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
    let ran = ask(&path, &[&arguments[..], &["--json"]].concat());
    let plan = ran.stderr.lines().next().unwrap();
    let plan: Value = serde_json::from_str(plan).unwrap();
    assert!(plan["plan"].as_str().unwrap().starts_with("12388 tokens"));
}

/// The whole filter was repeated, however long.
#[test]
fn of_a_long_filter_the_part_is_shown_that_is_wrong() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let filter = format!("{}wieght > 0.5 and active", "id != 7 and ".repeat(2_000));
    let ran = ask(&path, &["--where", &filter]);
    assert_eq!(ran.code, Some(2));
    let told = ran.stderr;
    assert!(
        told.contains("'id != 7 and ") && told.contains("...' for '--where"),
        "{told}"
    );
    assert!(
        told.contains("id != 7 and wieght > 0.5 and active\n"),
        "{told}"
    );
    assert!(told.contains("the nearest is `weight`"), "{told}");
    assert!(told.len() < 1_000, "{told}");
    // A short one is repeated as it is.
    let told = ask(&path, &["--where", "wieght > 0.5"]).stderr;
    assert!(told.contains("'wieght > 0.5' for '--where"), "{told}");
}

#[test]
fn what_was_looked_at_is_told_aside() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let ran = ask(&path, &["--where", "position < 4096", "--count"]);
    // Its position alone counts the block.
    let told = ran.found(0);
    assert!(told.starts_with("read nothing in "), "{told}");
    let blocks = ": 0 of 4 blocks, 3 skipped, 1 answered unread\n";
    assert!(told.ends_with(blocks), "{told}");
    let ran = ask(&path, &["--where", "weight > 0.9", "--count"]);
    let told = ran.found(0);
    assert!(told.ends_with(": 4 of 4 blocks\n"), "{told}");
    assert!(told.starts_with("read 792.8 kB of records in "), "{told}");
    let ran = ask(&path, &["--where", "weight > 0.9", "--count", "--json"]);
    assert_eq!(keys(&json(&ran.stdout)), ["count"]);
    let told = json(&ran.stderr);
    assert_eq!(
        keys(&told),
        [
            "blocks",
            "blocks_looked_at",
            "blocks_skipped",
            "blocks_unread",
            "bytes_read",
            "damaged_blocks",
            "damaged_tokens",
            "elapsed_ns",
            "findings",
            "index_warnings",
            "nan_weights",
            "path",
            "source",
        ]
    );
    assert_eq!(told["bytes_read"], 64 * COUNT);
}

#[test]
fn every_way_has_the_same_answer() {
    let place = Place::new();
    let (path, _) = varied(&place);
    for question in [
        &[
            "--agg",
            "mean(weight),stddev(weight),sum(physical_x),quantile(id,0.3)",
        ][..],
        &["--where", HEAVY_OBJECTS, "--select", "all"],
        &[
            "--group-by",
            "cell(physical,10)",
            "--agg",
            "count,sum(weight)",
        ],
        &["--histogram", "timestamp"],
        &["--sample", "9"],
    ] {
        let csv = |way: &[&str]| answer(&path, &[question, &["--format", "csv"], way].concat());
        let expected = csv(&["--threads", "1"]);
        assert!(expected.lines().count() > 1);
        for way in [
            &["--threads", "2"][..],
            &["--threads", "7", "--no-index"],
            &["--verified"],
            &["--verified", "--skip-damaged", "--threads", "2"],
        ] {
            assert_eq!(csv(way), expected, "{question:?} {way:?}");
        }
    }
}

#[test]
fn questions_that_make_no_sense_are_usage_errors() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let nested = "(".repeat(1000) + "active" + &")".repeat(1000);
    for (arguments, parts) in [
        (
            &["--where", "wieght > 1", "--count"][..],
            &["wieght", "`weight`", "^"][..],
        ),
        (&["--where", "weight > red"], &["red"]),
        (&["--where", "radius > 0.5 and"], &["radius > 0.5 and"]),
        (&["--where", "object = 5"], &["object"]),
        (&["--where", "physical in ball(0, 0, 0; -1)"], &["-1"]),
        (&["--where", "physical in ball(0, 0, 0; nan)"], &["nan"]),
        (&["--where", &nested], &["levels"]),
        (&["--select", "id,wieght"], &["wieght", "`weight`"]),
        (&["--select", "id,id"], &["`id` comes twice"]),
        (&["--agg", "mean(wieght)"], &["wieght", "`weight`"]),
        (&["--agg", "mode(weight)"], &["mode(weight)"]),
        (&["--agg", "quantile(weight, 1.5)"], &["1.5"]),
        (&["--agg", "distinct(weight)"], &["distinct(weight)"]),
        (&["--agg", "min(position)"], &["min(position)"]),
        (&["--group-by", "colour"], &["colour"]),
        (&["--group-by", "time(0)"], &["time(0)"]),
        (
            &["--group-by", "cell(physical,0.01),cell(motor,0.001)"],
            &["bits", "64"],
        ),
        (&["--top", "0", "--by", "weight"], &["'0'", "from 1 on"]),
        (&["--top", "5"], &["--by <COLUMN>"]),
        (&["--by", "weight"], &["--top <K>"]),
        (&["--top", "5", "--by", "position"], &["position"]),
        (&["--sample", "0"], &["'0'", "from 1 on"]),
        (&["--seed", "1"], &["--sample <N>"]),
        (&["--id", "42,many"], &["many"]),
        (&["--id", "4294967296"], &["4294967296"]),
        (&["--histogram", "position"], &["position"]),
        (&["--histogram", "weight", "--bins", "0"], &["'0'"]),
        (
            &["--histogram", "weight", "--bins", "17M"],
            &["17000000 bins"],
        ),
        (
            &["--histogram", "weight", "--bins", "99999999999G"],
            &["--bins"],
        ),
        (&["--histogram", "weight", "--range", "2..1"], &["'2..1'"]),
        (
            &["--histogram", "weight", "--range", "nan..1"],
            &["'nan..1'"],
        ),
        (
            &["--histogram", "weight", "--range", "0..inf"],
            &["'0..inf'"],
        ),
        (&["--count", "--any"], &["--count", "--any"]),
        (
            &["--count", "--group-by", "domain"],
            &["--count", "--group-by"],
        ),
        (&["--format", "xml"], &["xml", "parquet"]),
        (&["-o", "x.csv", "--format", "table"], &["--format table"]),
        (&["-o", "out"], &["extension of FILE", "parquet"]),
        (&["--replace"], &["--out <FILE>"]),
        (&["--skip-damaged"], &["--verified"]),
        (&["--threads", "0"], &["--threads"]),
        (&["--limit", "-1"], &["'-1'", "expected a whole number"]),
        (
            &["--json", "--format", "csv"],
            &["--json cannot be used with --format csv"],
        ),
        (
            &["--count", "--json", "--format", "table"],
            &["--json cannot be used with --format table"],
        ),
        (&["--count", "--select", "id"], &["--select", "--count"]),
        (&["--any", "--raw"], &["--any", "--raw"]),
        (&["--group-by", "domain", "--raw"], &["--group-by", "--raw"]),
        (
            &["--histogram", "weight", "--select", "id"],
            &["--histogram", "--select"],
        ),
        (&["--duplicates", "--raw"], &["--duplicates", "--raw"]),
        (
            &["--density", "physical: 0, 0, 0; 1", "--select", "id"],
            &["--density", "--select"],
        ),
        (
            &["--top", "3", "--by", "weight", "--limit", "2"],
            &["cannot be used with", "--limit"],
        ),
    ] {
        let ran = ask(&path, arguments);
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(2), ""),
            "{arguments:?} {ran:?}"
        );
        for part in parts {
            assert!(ran.stderr.contains(part), "no {part:?} in {ran:?}");
        }
        let ran = ask(&path, &[arguments, &["--json"]].concat());
        assert_eq!(
            (ran.code, &*ran.stdout),
            (Some(2), ""),
            "{arguments:?} {ran:?}"
        );
        assert_eq!(json(&ran.stderr)["kind"], "usage", "{ran:?}");
    }
}

#[test]
fn a_filter_that_cannot_be_read_has_a_caret_under_the_place() {
    let place = Place::new();
    let (path, _) = varied(&place);
    let told = ask(&path, &["--where", "active and wieght > 1"]).found(2);
    let lines: Vec<_> = told.lines().collect();
    // The first line repeats the filter, as clap does with each value.
    let at = 1 + lines[1..]
        .iter()
        .position(|line| line.contains("active and wieght"))
        .unwrap();
    let column = lines[at].find("wieght").unwrap();
    assert_eq!(lines[at + 1].find('^'), Some(column), "{told}");
}

#[test]
fn what_is_no_token_file_is_not_asked() {
    let place = Place::new();
    let raw = place.raw("raw", 5000);
    let missing = place.named("missing");
    for (path, part, kind) in [
        (&raw, "not a token file", "not_a_token_file"),
        (&missing, "No such file", "not_found"),
    ] {
        for way in [&[][..], &["--verified"]] {
            let arguments = [&["--count"], way].concat();
            ask(path, &arguments).failed(&[part]);
            let ran = ask(path, &[&arguments[..], &["--json"]].concat());
            assert_eq!(json(&ran.stderr)["kind"], kind);
        }
    }
}

/// What each operation does, with an index and without one.
#[test]
fn a_plan_tells_what_the_operation_does() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let sorted = place.named("sorted.ngt");
    ng(&[&"sort", &path, &sorted, &"--by", &"physical", &"-q"]).ok();
    ng(&[&"index", &sorted, &"--ids", &"-q"]).ok();
    let id = tokens[7].id().raw().to_string();
    let ball = "physical: 0, 0, 0; 0.5";
    let no_index = ["--no-index"];
    for (question, way, parts) in [
        (
            &["--id", &id][..],
            &[][..],
            &[
                "1 block to search",
                "look-up of 1 id: in sorted ids of the index for 3 blocks",
            ][..],
        ),
        (
            &["--id", &id],
            &no_index,
            &[
                "4 blocks to search",
                "by a search of 4 blocks: there is no index",
            ],
        ),
        (
            &["--id", &id, "--where", "active"],
            &[],
            &["by a search of", "the filter has to look at the tokens"],
        ),
        (
            &["--nearest", "physical: -300, -300, -300"],
            &[],
            &[
                "at most 4 blocks to search, 4 of which all",
                "from box to box: 1 block visited first",
                "by the boxes of their pages",
            ],
        ),
        (
            &["--nearest", "motor: 0, 0, 0"],
            &[],
            &["a pass: the point is in the boxes of 3 blocks, and more than 2"],
        ),
        (
            &["--nearest", "physical: 0, 0, 0"],
            &no_index,
            &["a pass: without an index"],
        ),
        (
            &["--within", ball],
            &[],
            &["physical within the square root of 2500 steps", "skipped"],
        ),
        (
            &["--density", "physical: -300, 0, 0; 0.5"],
            &[],
            &["at most 4 blocks", "the ball touches 1 block at most"],
        ),
        (
            &["--density", ball],
            &no_index,
            &["a pass: boxes are missing"],
        ),
        (&["--influence", ball], &[], &["how far fields reach"]),
        (
            &["--top", "3", "--by", "physical_x"],
            &[],
            &["reads physical_x of the index"],
        ),
        (
            &["--top", "3", "--by", "weight"],
            &[],
            &["reads weight of the records"],
        ),
        (&["--sample", "3"], &[], &["draws positions"]),
        (
            &["--duplicates"],
            &[],
            &["one pass over id of the records", "where the least"],
        ),
    ] {
        let arguments = [question, way, &["--explain", "-q"]].concat();
        let told = ask(&sorted, &arguments).found(0);
        for part in parts {
            assert!(told.contains(part), "no {part:?} of {question:?} in {told}");
        }
    }
}

#[test]
fn a_damaged_block_fails_what_is_verified_or_is_left_out_and_told() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    damage(&path, 1);
    let question = ["--where", "active", "--count", "--verified"];
    for filter in [
        &question[..],
        &["--agg", "quantile(weight,0.5)", "--verified"],
    ] {
        ask(&path, filter).failed(&["block 1 at", "`ng verify FILE`"]);
        let ran = ask(&path, &[filter, &["--json"]].concat());
        assert_eq!(json(&ran.stderr)["kind"], "damaged", "{ran:?}");
    }
    let whole = (0..)
        .zip(&tokens)
        .filter(|(position, _)| position / BLOCK != 1);
    let is_active = |token: &Token| token.flags().system().contains(SystemFlags::ACTIVE);
    let active = whole.filter(|(_, token)| is_active(token)).count();
    let csv = ["--skip-damaged", "--format", "csv"];
    let ran = ask(&path, &[&question[..], &csv].concat());
    assert_eq!(ran.stdout, format!("count\n{active}\n"));
    let told = ran.found(1);
    assert!(
        told.contains("left out: 4096 tokens of 1 damaged block,"),
        "{told}"
    );
    // What was left out is reported, quiet or not.
    let quiet = ask(&path, &[&question[..], &["--skip-damaged", "-q"]].concat()).found(1);
    assert!(
        quiet.contains("left out: 4096 tokens of 1 damaged block,"),
        "{quiet}"
    );
    // Two passes leave the same block out.
    let two = [
        "--agg",
        "quantile(weight,0.5)",
        "--verified",
        "--skip-damaged",
    ];
    let ran = ask(&path, &[&two[..], &["--json"]].concat());
    assert_eq!(ran.code, Some(1));
    let told = json(&ran.stderr);
    assert_eq!(
        (&told["damaged_blocks"], &told["damaged_tokens"]),
        (&1.into(), &4096.into())
    );
    assert_eq!(told["blocks_looked_at"], 4);
}

#[test]
fn damage_elsewhere_is_nothing_to_a_question_that_does_not_come_there() {
    let place = Place::new();
    let (path, _) = varied(&place);
    damage(&path, 1);
    let question = [
        "--where",
        "position < 4096 and weight >= 0",
        "--count",
        "--format",
        "csv",
    ];
    let csv = answer(&path, &[&question[..], &["--verified"]].concat());
    assert_eq!(csv, "count\n4096\n");
}

/// What zones or columns answer is not read, verified or not; without an index all of it is.
#[test]
fn damage_after_indexing_is_met_where_records_are_looked_at() {
    let place = Place::new();
    let (path, _) = varied(&place);
    ng(&[&"index", &path, &"--columns", &"weight", &"-q"]).ok();
    damage(&path, 1);
    for unread in ["timestamp > 0", "weight >= 0"] {
        let question = [
            "--where",
            unread,
            "--count",
            "--format",
            "csv",
            "--verified",
        ];
        assert_eq!(answer(&path, &question), format!("count\n{COUNT}\n"));
        ask(&path, &[&question[..], &["--no-index"]].concat()).failed(&["block 1 at"]);
    }
    let rows = ask(
        &path,
        &["--where", "weight >= 0", "--verified", "-o", "out.csv"],
    );
    rows.failed(&["block 1 at"]);
    ask(&path, &["--agg", "mean(radius)", "--verified"]).failed(&["block 1 at"]);
}

#[test]
fn an_older_commit_is_asked_told_and_a_failure() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10_000);
    let raw = place.raw("raw", 1_000);
    ng(&[&"append", &path, &"--from", &raw]).ok();
    let told = json(&ng(&[&"info", &path, &"--json"]).ok());
    let slot = told["generation"].as_u64().unwrap() & 1;
    crate::harness::write(&path, [0x1000, 0x3000][slot as usize], &[0; 0x1000]);
    for way in [&[][..], &["--verified"]] {
        let question = ["--count", "--format", "csv"];
        let ran = ask(&path, &[&question[..], way].concat());
        assert_eq!(ran.stdout, "count\n10000\n");
        let told = ran.found(1);
        assert!(told.contains("may have held the newest commit"), "{told}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let create: [&dyn AsRef<OsStr>; 7] = [
        &"create",
        &path,
        &"--tokens",
        &"200k",
        &"--like",
        &"uniform",
        &"-q",
    ];
    ng(&create).ok();
    for format in ["csv", "jsonl", "arrow", "parquet", "table"] {
        let mut command = command(&[&"query", &path, &"--limit", &"200k"]);
        let mut child = command
            .args(["--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut start = [0; 4];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut start).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert!(output.stderr.is_empty(), "{format}: {output:?}");
    }
}

fn squared_steps(token: &Token, centre: [i64; 3]) -> i64 {
    let steps = token.steps(Space::Physical);
    let axes = steps.iter().zip(centre);
    axes.map(|(steps, centre)| (i64::from(*steps) - centre).pow(2))
        .sum()
}

/// For a file as it is, one with boxes, and a sorted one.
#[test]
fn the_nearest_are_those_of_a_look_at_each_token() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let point = "physical: 1.0, -2.25, 0";
    let mut near = matching(&tokens, is_heavy_object);
    let away = |position: &u64| squared_steps(&tokens[*position as usize], [100, -225, 0]);
    near.sort_by_key(away);
    near.truncate(7);
    let asked = ["--nearest", point, "-k", "7", "--where", HEAVY_OBJECTS];
    assert_eq!(positions(&path, &asked), near);
    ng(&[
        &"index",
        &path,
        &"--columns",
        &"physical",
        &"--boxes",
        &"physical",
    ])
    .ok();
    assert_eq!(positions(&path, &asked), near);
    for row in rows(&path, &asked) {
        let position = row["position"].as_u64().unwrap();
        let distance = (away(&position) as f64).sqrt() / 100.0;
        assert_eq!(row["distance"], distance);
    }
    let sorted = place.named("b.ngt");
    ng(&[&"sort", &path, &sorted, &"--by", &"physical"]).ok();
    let distances = |path: &Path| -> Vec<Value> {
        rows(path, &asked)
            .into_iter()
            .map(|row| row["distance"].clone())
            .collect()
    };
    assert_eq!(distances(&sorted), distances(&path));
    let few = ask(
        &path,
        &["--nearest", point, "-k", "9999", "--where", "position < 3"],
    );
    assert!(
        few.stderr.contains("9996 tokens fewer than asked for"),
        "{few:?}"
    );
}

#[test]
fn a_ball_has_the_tokens_within_and_what_comes_of_them() {
    let place = Place::new();
    let (path, tokens) = varied(&place);
    let is_within = |token: &Token| squared_steps(token, [0, 0, 0]) <= 9_000 * 9_000;
    let within = matching(&tokens, is_within);
    assert!(within.len() > 100);
    assert_eq!(
        positions(&path, &["--within", "physical: 0, 0, 0; 90"]),
        within
    );
    let few = ask(
        &path,
        &["--within", "physical: 0, 0, 0; 90", "--select", "position"],
    );
    assert_eq!(few.stdout.lines().count(), 21, "{few:?}");
    assert!(few.stderr.contains("these are 20 tokens"), "{few:?}");
    let density = rows(&path, &["--density", "physical: 0, 0, 0; 90"]);
    let volume = 4.0 / 3.0 * std::f64::consts::PI * 90.0 * 90.0 * 90.0;
    assert_eq!(density[0]["density"], within.len() as f64 / volume);
    let influence = rows(&path, &["--influence", "physical: 0, 0, 0; 2.55"]);
    assert!(influence[0]["influence"].as_f64().unwrap() >= 0.0);
}

#[test]
fn places_that_make_no_sense_are_usage_errors() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    for (arguments, told) in [
        (
            ["--nearest", "physical: 400, 0, 0"],
            "physical 400, expected -327.68 to 327.67",
        ),
        (["--nearest", "phys: 0, 0, 0"], "unknown space"),
        (["--within", "physical: 0, 0, 0; -1"], "radius"),
        (["--within", "physical: 0, 0, 0; nan"], "radius"),
        (["--density", "physical: 0, 0, 0; 0"], "radius"),
    ] {
        let ran = ask(&path, &arguments);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    let none = ask(&path, &["--nearest", "physical: 0, 0, 0", "-k", "0"]);
    assert_eq!(none.code, Some(2), "{none:?}");
}

/// The ends are not floats, and compared as such they were outside.
#[test]
fn the_ends_of_every_space_are_centres() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    for (space, (low, high), (below, above)) in [
        ("physical", ("-327.68", "327.67"), ("-327.69", "327.68")),
        ("sensory", ("-3.2768", "3.2767"), ("-3.2769", "3.2768")),
        ("motor", ("-32.768", "32.767"), ("-32.769", "32.768")),
        ("emotional", ("-3.2768", "3.2767"), ("-3.2769", "3.2768")),
        ("cognitive", ("-3.2768", "3.2767"), ("-3.2769", "3.2768")),
        ("social", ("-3.2768", "3.2767"), ("-3.2769", "3.2768")),
        ("temporal", ("-327.68", "327.67"), ("-327.69", "327.68")),
        ("abstract", ("-3.2768", "3.2767"), ("-3.2769", "3.2768")),
    ] {
        for (option, radius) in [
            ("--nearest", ""),
            ("--within", "; 1"),
            ("--density", "; 1"),
            ("--influence", "; 1"),
        ] {
            let at = |value: &str| format!("{space}: {value}, 0, {value}{radius}");
            for end in [low, high] {
                answer(&path, &[option, &at(end)]);
            }
            for beyond in [below, above] {
                let ran = ask(&path, &[option, &at(beyond)]);
                assert_eq!(ran.code, Some(2), "{ran:?}");
                let told = format!("{space} {beyond}, expected {low} to {high} units");
                assert!(ran.stderr.contains(&told), "no {told:?} in {ran:?}");
            }
        }
    }
}

#[test]
fn a_filter_may_begin_with_a_minus() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 10);
    let filter = "-0.5 < weight";
    assert_eq!(
        answer(&path, &["--where", filter, "--count", "--format", "csv"]),
        "count\n10\n"
    );
    ng(&[&"describe", &path, &"--where", &filter, &"-q"]).ok();
    let out = place.named("a.csv");
    ng(&[&"export", &path, &out, &"--where", &filter, &"-q"]).ok();
    assert_eq!(fs::read_to_string(out).unwrap().lines().count(), 11);
}

/// What `ng query` writes in lines is what `ng export` writes, and is read back whole.
#[test]
fn weights_that_are_no_numbers_are_written_as_an_export_writes_them() {
    let place = Place::new();
    let path = place.named("a.ngt");
    let bits = [
        0x7FC0_0000,
        0x7FC0_0001,
        0xFFC0_0000,
        0x7F80_0000,
        0xFF80_0000,
        0x3F00_0000,
    ];
    let tokens: Vec<Token> = (0_u32..)
        .zip(bits)
        .map(|(id, bits)| Token::new(id).with_weight(f32::from_bits(bits)))
        .collect();
    let store = VecStore::from_vec(tokens.clone());
    store.save(&path, &CreateOptions::new()).unwrap();
    for name in ["csv", "jsonl"] {
        for raw in [&[][..], &["--raw"]] {
            let mut exported = command(&[&"export", &path, &"-", &"--format", &name, &"-q"]);
            let exported = exported
                .args(["--columns", "id,weight"])
                .args(raw)
                .output()
                .unwrap();
            let select = ["--select", "id,weight", "--format", name];
            let asked = answer(&path, &[&select[..], raw].concat());
            assert_eq!(
                asked,
                String::from_utf8(exported.stdout).unwrap(),
                "{name} {raw:?}"
            );
        }
        // Also with another column beside those of the tokens.
        for more in [
            &[][..],
            &[
                "--nearest",
                "physical: 0, 0, 0",
                "-k",
                "6",
                "--select",
                "id,weight",
            ],
        ] {
            let text = answer(&path, &[&["--raw", "--format", name], more].concat());
            assert!(
                text.contains("0x7fc00001") && text.contains("0xffc00000"),
                "{text}"
            );
            assert!(text.contains("NaN") && text.contains("-inf"), "{text}");
        }
        let out = place.named(name);
        fs::write(&out, answer(&path, &["--raw", "--format", name])).unwrap();
        let format = name.parse().unwrap();
        assert!(tokens_of(&out, format, Some(Form::Raw)) == tokens, "{name}");
    }
}

#[test]
fn a_minus_as_a_new_file_is_standard_output() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 3);
    for arguments in [
        &["--select", "id", "--format", "csv", "--quiet"][..],
        &["--count", "--quiet"],
        &["--count", "--json", "--quiet"],
    ] {
        let run = |extra: &[&str]| {
            let mut command = command(&[&"query", &path]);
            command.args(arguments).args(extra);
            command.current_dir(place.path()).output().unwrap()
        };
        let (there, here) = (run(&["-o", "-"]), run(&[]));
        assert!(there.status.success(), "{there:?}");
        assert_eq!(there.stdout, here.stdout, "{arguments:?}");
    }
    assert_eq!(place.names(), ["a.ngt"]);
    let ran = ask(&path, &["-o", "-", "--replace", "--format", "csv"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.stderr
            .contains("--replace cannot be used with `-` as FILE"),
        "{ran:?}"
    );
}

#[test]
fn a_file_of_no_format_is_told_those_that_there_are() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 3);
    let ran = ask(&path, &["-o", "a.foo"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let told = "the extension of FILE names no format; --format does: csv, jsonl, arrow, parquet\n";
    assert!(ran.stderr.contains(told), "{ran:?}");
    assert!(
        ran.stderr.contains("\nUsage: ng query [OPTIONS] <FILE>"),
        "{ran:?}"
    );
    for name in ["csv", "jsonl", "arrow", "parquet"] {
        let out = place.named(name);
        let out = out.to_str().unwrap();
        answer(&path, &["-o", out, "--format", name]);
    }
}

#[test]
fn a_radius_is_refused_as_it_was_written() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 3);
    for option in ["--within", "--density", "--influence"] {
        let ran = ask(&path, &[option, "physical: 0, 0, 0; -1.25"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.stderr.contains("radius -1.25, expected 0 or more"),
            "{ran:?}"
        );
    }
}

#[test]
fn a_missing_id_is_named_once() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 3);
    let ran = ask(
        &path,
        &[
            "--id",
            "42,1,42,43",
            "--select",
            "id",
            "--format",
            "csv",
            "-q",
        ],
    );
    assert_eq!(ran.stderr, "no token has the id 42, 43\n", "{ran:?}");
}
