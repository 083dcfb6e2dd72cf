use ng_query::Assignments;
use ng_query::ng_token::Token;

/// A quarter of what a thread has by default.
const STACK: usize = 512 << 10;

fn parsed(text: &str) -> Assignments {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Each text is shown as the first one of its row.
fn check(texts: &[&str]) {
    let first = parsed(texts[0]);
    assert_eq!(first.to_string(), texts[0]);
    for text in texts {
        assert_eq!(parsed(text), first, "{text}");
        assert_eq!(parsed(&text.to_uppercase()), first, "{text}");
    }
}

#[test]
fn expressions_are_shown_with_as_few_brackets_as_possible() {
    for texts in [
        &[
            "weight = weight * 0.5",
            "weight=weight*.5",
            "weight = (weight) * (5e-1)",
        ][..],
        &[
            "weight = weight - 1 - 2",
            "weight = (weight - 1) - 2",
            "weight=weight-1-2",
        ],
        &["weight = weight - (1 - 2)"],
        &["weight = weight + (1 + 2)"],
        &["weight = (weight + 1) * 2", "weight = ((weight + 1)) * 2"],
        &["weight = weight + 1 * 2", "weight = weight + (1 * 2)"],
        &["weight = weight / 1 / 2", "weight = (weight / 1) / 2"],
        &["weight = weight / (1 / 2)"],
        &[
            "weight = -weight * 2",
            "weight = (-weight) * 2",
            "weight = - weight*2",
        ],
        &["weight = -(weight * 2)"],
        &[
            "weight = weight - -1",
            "weight = weight - (-1)",
            "weight=weight--1",
        ],
        &["weight = --weight", "weight = -(-weight)"],
        &[
            "weight = min(weight + 1, (2 + weight) * 3)",
            "weight=min((weight+1),(2+weight)*3)",
        ],
        &["weight = max(abs(-weight), floor(radius) * round(radius / 2))"],
        &["weight = inf", "weight = infinity"],
        &["weight = weight * 1e-30"],
        &["id = 257, weight = 1000", "id = 0x101 , \n weight = 1_000"],
    ] {
        check(texts);
    }
}

#[test]
fn types_flags_and_times_are_written_in_every_way() {
    check(&["entity_type = event", "entity_type = 2"]);
    check(&["flags_entity_type = entity_type"]);
    check(&[
        "entity_type = max(entity_type, 2)",
        "entity_type = max(entity_type, event)",
    ]);
    check(&[
        "timestamp = 1700000000",
        "timestamp = 2023-11-14T22:13:20Z",
        "timestamp = '2023-11-14 22:13:20'",
    ]);
    check(&["timestamp = 1699920000 + 60", "timestamp = 2023-11-14 + 60"]);
    check(&[
        "timestamp = timestamp - 1699920000",
        "timestamp = timestamp - 2023-11-14",
    ]);
    check(&[
        "active = false",
        "active=not true",
        "active = not not false",
    ]);
    check(&[
        "active = not dirty, dirty = user_0",
        "active = not not not dirty,dirty=user_0",
    ]);
    check(&["local_id = position"]);
}

#[test]
fn a_long_chain_is_used_in_every_way_on_a_small_stack() {
    let used = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let text = format!(
            "weight = weight{}",
            " + 1".repeat(Assignments::OPERANDS_MAX - 1)
        );
        let set = parsed(&text);
        assert_eq!(set.clone(), set);
        assert_eq!(set.to_string(), text);
        assert!(format!("{set:?}").len() > text.len());
        let mut tokens = [Token::new(1)];
        assert_eq!(set.apply(&mut tokens, 0), Ok(1));
        assert_eq!(tokens[0].weight(), 16_383.0);
    });
    used.unwrap().join().unwrap();
}

#[test]
fn the_deepest_expression_is_used_in_every_way_on_a_small_stack() {
    let used = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let depth = Assignments::DEPTH_MAX;
        let text = format!(
            "weight = {}weight{}",
            "1 + 1 * (".repeat(depth),
            ")".repeat(depth)
        );
        let mut tokens = [Token::new(1)];
        assert_eq!(parsed(&text).apply(&mut tokens, 0), Ok(1));
        assert_eq!(tokens[0].weight(), 64.0);
        let shown = parsed(&text).to_string();
        assert_eq!(parsed(&shown), parsed(&text));
    });
    used.unwrap().join().unwrap();
}
