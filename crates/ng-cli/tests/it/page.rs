//! The page of `ng describe --html`.

use std::fs;
use std::path::{Path, PathBuf};

use ng_dataset::Dataset;
use ng_store::{CreateOptions, VecStore};
use ng_synth::Synth;
use ng_token::{EntityType, Space, SystemFlags, Token};
use roxmltree::{Document, Node};

use crate::harness::{BLOCK, COUNT, Place, Ran, command, damage, json, ng};

fn saved(place: &Place, name: &str, tokens: &[Token]) -> PathBuf {
    let path = place.named(name);
    let store = VecStore::from_vec(tokens.to_vec());
    store.save(&path, &CreateOptions::new()).unwrap();
    path
}

fn varied_tokens() -> Vec<Token> {
    let synth = Synth::clustered(1);
    (0..COUNT as u64).map(|index| synth.token(index)).collect()
}

pub(crate) fn varied(place: &Place, name: &str) -> PathBuf {
    saved(place, name, &varied_tokens())
}

/// Five tokens, most with something wrong.
pub(crate) fn odd(place: &Place, name: &str) -> PathBuf {
    let mut tokens: Vec<Token> = (0..5).map(|id| Token::new(id).with_weight(0.25)).collect();
    tokens[0] = tokens[0].with_weight(f32::NAN);
    tokens[1] = tokens[1].with_weight(f32::INFINITY);
    tokens[2] = tokens[2].with_weight(-3e38);
    tokens[3] = tokens[3].with_timestamp(u32::MAX);
    tokens[4] = tokens[4].with_id(3);
    saved(place, name, &tokens)
}

fn describe(path: &Path, page: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(&[&"describe", &path, &"--html", &page]);
    command.args(arguments).output().unwrap().into()
}

/// The page of a file, beside it.
pub(crate) fn written(path: &Path, arguments: &[&str]) -> PathBuf {
    let page = path.with_extension("html");
    let ran = describe(path, &page, &[arguments, &["-q"]].concat());
    assert!(page.is_file(), "{ran:?}");
    page
}

#[track_caller]
fn with_page(page: &Path, check: impl FnOnce(&Document<'_>)) {
    let text = fs::read_to_string(page).unwrap();
    let xml = text.strip_prefix("<!DOCTYPE html>\n").unwrap();
    check(&Document::parse(xml).unwrap());
}

fn text_of(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter_map(|node| match node.is_text() {
        true => node.text(),
        false => None,
    });
    texts.collect()
}

fn by_id<'d>(document: &'d Document<'d>, id: &str) -> Option<Node<'d, 'd>> {
    let mut all = document.descendants();
    all.find(|node| node.attribute("id") == Some(id))
}

/// The panel of a plot that has this title.
#[track_caller]
fn panel<'d>(document: &'d Document<'d>, plot: &str, title: &str) -> Node<'d, 'd> {
    let plots = document.descendants();
    let mut plots = plots.filter(|node| node.attribute("data-plot") == Some(plot));
    let title_of = |node: &Node<'_, '_>| node.first_element_child().map(text_of);
    let found = plots.find(|node| title_of(node).is_some_and(|it| it.starts_with(title)));
    found.unwrap_or_else(|| panic!("no {title} in {plot}"))
}

fn values(node: Node<'_, '_>) -> Vec<u64> {
    let values = node.descendants();
    let values = values.filter_map(|node| node.attribute("data-value"));
    values.map(|value| value.parse().unwrap()).collect()
}

/// Each bar: the first and the last value, and how many tokens.
fn bars(node: Node<'_, '_>) -> Vec<(f64, f64, u64)> {
    let bars = node.descendants().filter(|it| it.has_attribute("data-bin"));
    let bars = bars.map(|bar| {
        let hint = text_of(bar);
        let (range, count) = hint.split_once(": ").unwrap();
        let (from, to) = range.split_once(" to ").unwrap_or((range, range));
        assert_eq!(bar.attribute("data-value"), Some(count));
        let [from, to] = [from, to].map(|end| end.parse().unwrap());
        (from, to, count.parse().unwrap())
    });
    bars.collect()
}

#[test]
fn histograms_have_each_token_once_and_where_it_is() {
    let place = Place::new();
    let tokens = varied_tokens();
    let page = written(&varied(&place, "a.ngt"), &[]);
    let each = |value: fn(&Token) -> f64| tokens.iter().map(value).collect::<Vec<_>>();
    let mut columns = vec![
        ("id".to_owned(), each(|token| token.id().raw().into())),
        (
            "local_id".to_owned(),
            each(|token| token.id().local().into()),
        ),
        (
            "radius".to_owned(),
            each(|token| f64::from(token.radius_raw()) / 100.0),
        ),
        (
            "strength".to_owned(),
            each(|token| f64::from(token.strength_raw()) / 255.0),
        ),
    ];
    for space in Space::ALL {
        for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
            let steps = tokens
                .iter()
                .map(|token| f64::from(token.steps(space)[axis]));
            let values = steps.map(|steps| steps / f64::from(space.scale()));
            columns.push((format!("{space}_{name}"), values.collect()));
        }
    }
    with_page(&page, |document| {
        for (name, values) in &columns {
            let bars = bars(panel(document, "values", name));
            assert!(bars.len() > 20, "{name}");
            for (from, to, count) in bars {
                // Six decimals of both ends, which are values themselves.
                let ends = from - 1e-6..to + 1e-6;
                let inside = values.iter().filter(|value| ends.contains(*value));
                assert_eq!(count, inside.count() as u64, "{name} {from} to {to}");
            }
        }
        // For times and weights the ends are rounded in words.
        for (plot, title) in [("time", "tokens by timestamp"), ("values", "weight")] {
            let counts = values(panel(document, plot, title));
            assert_eq!(counts.iter().sum::<u64>(), COUNT as u64, "{title}");
        }
        let of_time = text_of(panel(document, "time", "tokens by timestamp"));
        assert!(of_time.contains("2023-11-14T22:13:20Z"), "{of_time}");
    });
}

/// The cells of a map from its shapes: the least and the greatest count of each, by its place from
/// the left and from below.
fn cells(map: Node<'_, '_>, rows: usize) -> Vec<((usize, usize), (u64, u64))> {
    let paths = map.descendants().filter(|node| node.has_tag_name("path"));
    let mut cells = Vec::new();
    for path in paths {
        let end = |name| path.attribute(name).unwrap().parse::<u64>().unwrap();
        let counts = (end("data-least"), end("data-most"));
        for run in path.attribute("d").unwrap().split('M').skip(1) {
            let parts: Vec<&str> = run.split([' ', 'h', 'v']).collect();
            let [x, y, width] = [0, 1, 2].map(|at| parts[at].parse::<usize>().unwrap());
            cells.extend((x..x + width).map(|x| ((x, rows - 1 - y), counts)));
        }
    }
    cells.sort_unstable();
    cells
}

#[test]
fn a_map_has_each_cell_with_the_colour_of_its_count() {
    let place = Place::new();
    // As many steps on each axis as a map has cells.
    let point = |index: u32| {
        let [x, y] = [index % 64, index * index % 64];
        [x as i16, y as i16 - 40, (index / 64 % 64) as i16]
    };
    let token = |index| Token::new(index).with_coordinate(Space::Motor, point(index));
    let tokens: Vec<Token> = (0..9000)
        .map(token)
        .chain((0..700).map(|_| token(5)))
        .collect();
    let page = written(&saved(&place, "a.ngt", &tokens), &["--columns", "motor"]);
    with_page(&page, |document| {
        let planes = [("x", "y", 0, 1), ("x", "z", 0, 2), ("y", "z", 1, 2)];
        for (across, up, one, other) in planes {
            let title = format!("motor_{across} across, motor_{up} up");
            let mut counts = vec![0_u64; 64 * 64];
            for token in &tokens {
                let steps = token.steps(Space::Motor).map(i32::from);
                let steps = [steps[0], steps[1] + 40, steps[2]];
                counts[(steps[one] + 64 * steps[other]) as usize] += 1;
            }
            // y has fewer values than cells, and they may not begin at -40.
            let least = tokens
                .iter()
                .map(|it| it.steps(Space::Motor)[1])
                .min()
                .unwrap();
            assert_eq!(least, -40);
            let filled = (0..64 * 64).filter(|at| counts[*at] > 0);
            let expected = filled.map(|at| ((at % 64, at / 64), counts[at]));
            let mut expected: Vec<_> = expected.collect();
            expected.sort_unstable();
            let map = panel(document, "maps", &title);
            let rows = map
                .descendants()
                .find_map(|it| it.attribute("viewBox"))
                .unwrap();
            let rows: usize = rows.rsplit(' ').next().unwrap().parse().unwrap();
            // Only of y some coordinates are below 0.
            let words = |beside: bool| {
                let all = map.descendants().filter(|it| it.has_tag_name("text"));
                all.filter(move |it| it.has_attribute("dy") == beside)
                    .map(text_of)
            };
            let is_negative = |words: String| words.starts_with('-');
            assert_eq!(words(false).any(is_negative), across == "y", "{title}");
            assert_eq!(words(true).any(is_negative), up == "y", "{title}");
            let painted = cells(map, rows);
            assert_eq!(painted.len(), expected.len(), "{title}");
            for ((at, (least, most)), (place, count)) in painted.iter().zip(&expected) {
                assert_eq!(at, place, "{title}");
                assert!(
                    (least..=most).contains(&count),
                    "{title}: {count} at {at:?}"
                );
            }
        }
        assert!(by_id(document, "time").is_none() && by_id(document, "kinds").is_some());
    });
}

#[test]
fn kinds_are_counted_each() {
    let place = Place::new();
    let tokens = varied_tokens();
    let page = written(&varied(&place, "a.ngt"), &[]);
    with_page(&page, |document| {
        let sum = |title| values(panel(document, "kinds", title)).iter().sum::<u64>();
        assert_eq!(sum("entity types"), COUNT as u64);
        assert_eq!(sum("domains"), COUNT as u64);
        let flags = tokens.iter().map(|token| {
            let set = token.flags().system().bits().count_ones();
            u64::from(set) + u64::from(token.flags().user().count_ones())
        });
        assert_eq!(sum("flags"), flags.sum::<u64>());
        let kinds = text_of(by_id(document, "kinds").unwrap());
        let buffers = tokens.iter();
        let buffers = buffers.filter(|it| it.id().entity_type() == EntityType::Buffer);
        assert!(
            kinds.contains(&format!("buffer: {} (", buffers.count())),
            "{kinds}"
        );
        let locked = |token: &&Token| token.flags().system().contains(SystemFlags::LOCKED);
        let locked = tokens.iter().filter(locked).count();
        assert!(kinds.contains(&format!("locked: {locked} (")), "{kinds}");
    });
}

#[test]
fn bad_blocks_are_named_and_marked_and_fail_it() {
    let place = Place::new();
    let path = varied(&place, "a.ngt");
    let page = path.with_extension("html");
    damage(&path, 1);
    let ran = describe(&path, &page, &["--json"]);
    let told = json(&ran.bad());
    assert_eq!(told["bad"][0]["block"], 1, "{told}");
    assert_eq!(told["html"], page.display().to_string());
    assert_eq!(told["described"], COUNT);
    with_page(&page, |document| {
        let warnings = by_id(document, "warnings").unwrap();
        assert_eq!(warnings.attribute("class"), Some("warn"));
        let said = text_of(warnings);
        assert!(
            said.contains("warning: block 1 (tokens 4096..8192)"),
            "{said}"
        );
        assert!(said.contains("--skip-damaged"), "{said}");
        let blocks = by_id(document, "blocks").unwrap();
        let marks = blocks
            .descendants()
            .filter_map(|it| it.attribute("data-block"));
        assert_eq!(marks.collect::<Vec<_>>(), ["1"]);
        assert!(text_of(blocks).contains("1 bad of 4"));
    });
    let skipping = ["--replace", "--verified", "--skip-damaged"];
    let ran = describe(&path, &page, &skipping);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stdout
            .contains(&format!("page       {}\n", page.display())),
        "{ran:?}"
    );
    with_page(&page, |document| {
        let said = text_of(by_id(document, "warnings").unwrap());
        assert!(
            said.contains("left out: 4096 tokens of 1 damaged block"),
            "{said}"
        );
        let counts = values(panel(document, "values", "weight"));
        assert_eq!(counts.iter().sum::<u64>(), (COUNT - BLOCK) as u64);
    });
    // If a damaged block makes it fail, no page is left.
    let other = place.named("other.html");
    let ran = describe(&path, &other, &["--verified"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("\nerror: "), "{ran:?}");
    assert!(
        !place.names().iter().any(|name| name.contains("other")),
        "{:?}",
        place.names()
    );
}

#[test]
fn the_page_of_a_dataset_is_about_all_its_shards() {
    let place = Place::new();
    let (file, path) = (varied(&place, "a.ngt"), place.named("b.ngd"));
    ng(&[
        &"dataset", &"create", &path, &"--from", &file, &"--roll", &"8192", &"-q",
    ])
    .ok();
    let [of_file, of_dataset] = [&file, &path].map(|path| written(path, &[]));
    let weights = |page: &Path| {
        let mut found = Vec::new();
        with_page(page, |document| {
            found = values(panel(document, "values", "weight"));
        });
        found
    };
    assert_eq!(weights(&of_dataset), weights(&of_file));
    with_page(&of_dataset, |document| {
        let section = |id| text_of(by_id(document, id).unwrap());
        assert!(section("blocks").contains("0 bad of 4"));
        assert!(section("index").contains("3 of 4 blocks"));
        assert!(section("index").contains("2 of 2"));
        assert!(section("about").starts_with("Dataset"));
        let warnings = by_id(document, "warnings").unwrap();
        assert!(text_of(warnings).contains("no id occurs twice"));
    });
    // The third block of all is the first of its shard.
    let snapshot = Dataset::open(&path).unwrap().snapshot().unwrap();
    let shard = snapshot.shards()[1].file();
    damage(&path.join(format!("shards/{shard}.ngt")), 0);
    let ran = describe(&path, &of_dataset, &["--replace", "--json"]);
    let told = json(&ran.bad());
    assert_eq!(told["bad"][0]["block"], 0, "{told}");
    assert_eq!(told["bad"][0]["shard"], shard.to_string());
    with_page(&of_dataset, |document| {
        let said = text_of(by_id(document, "warnings").unwrap());
        assert!(
            said.contains(&format!("shard {shard}: block 0 (tokens ")),
            "{said}"
        );
        let blocks = by_id(document, "blocks").unwrap();
        let all = blocks.descendants();
        let marks = all.filter_map(|it| it.attribute("data-block"));
        assert_eq!(marks.collect::<Vec<_>>(), ["2"]);
        assert!(text_of(blocks).contains("1 bad of 4"));
    });
}

#[test]
fn what_the_index_covers_is_told() {
    let place = Place::new();
    let path = varied(&place, "a.ngt");
    let index = |page: &Path| {
        let mut told = String::new();
        with_page(page, |document| {
            told = text_of(by_id(document, "index").unwrap());
        });
        told
    };
    assert!(index(&written(&path, &[])).contains("no index"));
    ng(&[&"index", &path, &"--columns", &"weight,physical", &"-q"]).ok();
    let told = index(&written(&path, &["--replace"]));
    for part in [
        "3 of 4 blocks: 12288 tokens (99.2 %)",
        "weight, physical_x, physical_y, physical_z",
    ] {
        assert!(told.contains(part), "no {part} in {told}");
    }
}

#[test]
fn what_is_wrong_with_tokens_is_said_first() {
    let place = Place::new();
    with_page(&written(&odd(&place, "odd.ngt"), &[]), |document| {
        let said = text_of(by_id(document, "warnings").unwrap());
        for part in [
            "not valid by the strict rules: 3 tokens (60.0 %)",
            "1 token with a weight that is NaN",
            "1 token with a weight below 0",
            "1 token with a timestamp in the future",
            "1 id that more than one token has: 1 token too many",
        ] {
            assert!(said.contains(part), "no {part} in {said}");
        }
    });
    let good = varied(&place, "good.ngt");
    for (arguments, knows_ids) in [
        (&[][..], true),
        (&["--columns", "weight", "--replace"], false),
    ] {
        with_page(&written(&good, arguments), |document| {
            let warnings = by_id(document, "warnings").unwrap();
            let said = text_of(warnings);
            assert_eq!(warnings.attribute("class"), Some("good"), "{said}");
            assert_eq!(said.contains("no id occurs twice"), knows_ids, "{said}");
        });
    }
}

#[test]
fn names_and_filters_add_no_element_and_nothing_is_loaded() {
    let place = Place::new();
    let hostile = "a\"><script>alert(1)<b>'&amp;\u{202e}.ngt";
    let path = odd(&place, hostile);
    let page = place.named("page.html");
    describe(
        &path,
        &page,
        &["--where", "weight < 9 and weight > -9", "-q"],
    )
    .ok();
    let text = fs::read_to_string(&page).unwrap();
    for outside in [
        "http:",
        "https:",
        "url(",
        "@import",
        "<link",
        "<img",
        "<b>",
        "alert(1)<",
    ] {
        let own = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains(outside), "{outside}");
    }
    with_page(&page, |document| {
        let count = |name| {
            document
                .descendants()
                .filter(|it| it.has_tag_name(name))
                .count()
        };
        assert_eq!((count("script"), count("style"), count("h1")), (1, 1, 1));
        let heading = document.descendants().find(|it| it.has_tag_name("h1"));
        let shown = hostile.replace('\u{202e}', "\\u{202e}");
        assert_eq!(text_of(heading.unwrap()), shown);
        let lead = document
            .descendants()
            .find(|it| it.has_tag_name("header"))
            .unwrap();
        let lead = text_of(lead);
        assert!(lead.contains("where weight < 9 and weight > -9"), "{lead}");
        assert!(lead.contains("<script>alert(1)"), "{lead}");
    });
}

#[test]
fn without_tokens_there_is_a_page_of_the_file() {
    let place = Place::new();
    let empty = saved(&place, "empty.ngt", &[]);
    for (path, arguments) in [
        (empty, &[][..]),
        (
            odd(&place, "none.ngt"),
            &["--where", "weight > 9 and weight < 10"],
        ),
    ] {
        with_page(&written(&path, arguments), |document| {
            for there in ["warnings", "blocks", "index", "about"] {
                assert!(by_id(document, there).is_some(), "{there}");
            }
            for absent in ["time", "values", "columns", "maps", "kinds"] {
                assert!(by_id(document, absent).is_none(), "{absent}");
            }
        });
    }
}

#[test]
fn links_lead_to_sections() {
    let place = Place::new();
    with_page(&written(&varied(&place, "a.ngt"), &[]), |document| {
        let links = document.descendants().filter_map(|it| it.attribute("href"));
        let links: Vec<&str> = links.map(|it| it.strip_prefix('#').unwrap()).collect();
        assert_eq!(
            links,
            [
                "time", "values", "columns", "maps", "kinds", "blocks", "index", "about"
            ]
        );
        assert!(links.iter().all(|id| by_id(document, id).is_some()));
    });
}

#[test]
fn a_name_that_is_taken_or_the_files_own_is_refused_and_nothing_is_asked() {
    let place = Place::new();
    let path = odd(&place, "a.ngt");
    let page = written(&path, &[]);
    let before = fs::read(&page).unwrap();
    let ran = describe(&path, &page, &[]);
    ran.failed(&["a.html", "--replace replaces it"]);
    fs::write(&page, "kept?").unwrap();
    describe(&path, &page, &["--replace", "-q"]).ok();
    assert_eq!(fs::read(&page).unwrap(), before);
    let whole = fs::read(&path).unwrap();
    describe(&path, &path, &["--replace"]).failed(&["is the input itself"]);
    assert_eq!(fs::read(&path).unwrap(), whole);
    let ran = ng(&[&"describe", &path, &"--replace"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}
