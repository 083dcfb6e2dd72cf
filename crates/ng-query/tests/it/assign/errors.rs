use ng_query::{Assignments, AssignmentsError, FilterError};

/// A text, its error, and the line of carets.
fn check(cases: &[(&str, &str, &str)]) {
    for (text, cause, carets) in cases {
        let error = text.parse::<Assignments>().expect_err(text);
        let expected = format!("{cause}\n  {}\n  {carets}", text.trim_end());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.cause().to_string(), *cause);
    }
}

#[test]
fn an_unknown_name_has_the_nearest_one() {
    check(&[
        (
            "wieght = 1",
            "unknown column or flag `wieght`, the nearest is `weight`",
            "^^^^^^",
        ),
        (
            "activ = true",
            "unknown column or flag `activ`, the nearest is `active`",
            "^^^^^",
        ),
        (
            "weight = wieght * 2",
            "unknown column or function `wieght`, the nearest is `weight`",
            "         ^^^^^^",
        ),
        (
            "weight = rond(weight)",
            "unknown column or function `rond`, the nearest is `round`",
            "         ^^^^",
        ),
        (
            "entity_type = evnt",
            "unknown column, function or entity type `evnt`, the nearest is `event`",
            "              ^^^^",
        ),
        (
            "active = not lockd",
            "unknown flag `lockd`, the nearest is `locked`",
            "             ^^^^^",
        ),
        (
            "physical = 3",
            "unknown column or flag `physical`, the nearest is `physical_x`",
            "^^^^^^^^",
        ),
    ]);
}

#[test]
fn what_cannot_be_assigned_is_refused() {
    check(&[
        (
            "position = 3",
            "position cannot be assigned: it is not stored in the token",
            "^^^^^^^^",
        ),
        (
            "weight = 1, weight = 2",
            "weight is assigned twice",
            "            ^^^^^^",
        ),
        (
            "dirty = true, active = false, dirty = false",
            "dirty is assigned twice",
            "                              ^^^^^",
        ),
        (
            "id = 1, entity_type = event",
            "entity_type overlaps id, which is assigned already",
            "        ^^^^^^^^^^^",
        ),
        (
            "domain = 1, local_id = 2, id = 1",
            "id overlaps domain, which is assigned already",
            "                          ^^",
        ),
        (
            "user_3 = true, flags = 0",
            "flags overlaps user_3, which is assigned already",
            "               ^^^^^",
        ),
        (
            "flags = 0, flags_entity_type = event",
            "flags_entity_type overlaps flags, which is assigned already",
            "           ^^^^^^^^^^^^^^^^^",
        ),
    ]);
    for text in [
        "domain = 1, entity_type = 1, local_id = 1, flags_entity_type = 1, active = true",
        "id = 1, flags = 1, motor_x = 1, motor_y = 1, social_x = 1",
    ] {
        assert!(text.parse::<Assignments>().is_ok(), "{text}");
    }
}

#[test]
fn a_constant_that_does_not_fit_is_refused_at_its_place() {
    check(&[
        (
            "radius = 3",
            "radius 3.0, expected 0.0 to 2.55",
            "         ^",
        ),
        (
            "active = true, physical_x = 300 * 2 , dirty = true",
            "physical_x 600.0, expected -327.68 to 327.67",
            "                            ^^^^^^^",
        ),
        (
            "timestamp = 2023-11-14T22:13:20.5Z",
            "timestamp 1700000000.5, expected a whole number from 0 to 4294967295",
            "            ^^^^^^^^^^^^^^^^^^^^^^",
        ),
        (
            "weight = -1",
            "weight -1.0, expected 0.0 to 3.4028235e38, or inf",
            "         ^^",
        ),
        (
            "weight = (inf - inf)",
            "weight NaN, expected 0.0 to 3.4028235e38, or inf",
            "         ^^^^^^^^^^^",
        ),
        (
            "entity_type = 16",
            "entity_type 16.0, expected a whole number from 0 to 15",
            "              ^^",
        ),
    ]);
}

#[test]
fn what_stands_in_the_wrong_place_is_shown_with_what_may() {
    const OPERAND: &str = "a number, a column, a function, `-` or `(`";
    const LOGIC: &str = "`true`, `false`, a flag or `not`";
    check(&[
        ("", "found the end, expected a column or flag", "^"),
        (
            "weight = 1,",
            "found the end, expected a column or flag",
            "           ^",
        ),
        ("3 = weight", "found `3`, expected a column or flag", "^"),
        ("weight", "found the end, expected `=`", "      ^"),
        ("weight == 1", "found `==`, expected `=`", "       ^^"),
        ("active", "found the end, expected `=`", "      ^"),
        (
            "weight =",
            &format!("found the end, expected {OPERAND}"),
            "        ^",
        ),
        (
            "weight = 1 +",
            &format!("found the end, expected {OPERAND}"),
            "            ^",
        ),
        (
            "weight = * 2",
            &format!("found `*`, expected {OPERAND}"),
            "         ^",
        ),
        (
            "weight = active",
            &format!("found `active`, expected {OPERAND}"),
            "         ^^^^^^",
        ),
        (
            "weight = event",
            &format!("found `event`, expected {OPERAND}"),
            "         ^^^^^",
        ),
        (
            "weight = true",
            &format!("found `true`, expected {OPERAND}"),
            "         ^^^^",
        ),
        (
            "weight = 1 2",
            "found `2`, expected an operator, `,` or the end",
            "           ^",
        ),
        (
            "weight = weight ^ 2",
            "found `^`, expected an operator, `,` or the end",
            "                ^",
        ),
        (
            "active = dirty and locked",
            "found `and`, expected `,` or the end",
            "               ^^^",
        ),
        (
            "active = 1",
            &format!("found `1`, expected {LOGIC}"),
            "         ^",
        ),
        (
            "active = not",
            &format!("found the end, expected {LOGIC}"),
            "            ^",
        ),
        (
            "active = weight",
            &format!("found `weight`, expected {LOGIC}"),
            "         ^^^^^^",
        ),
        (
            "weight = (1",
            "found the end, expected an operator or `)`",
            "           ^",
        ),
        (
            "weight = abs 1",
            "found `1`, expected `(`",
            "             ^",
        ),
        (
            "weight = min(1)",
            "found `)`, expected an operator, or `,` and the second value",
            "              ^",
        ),
        (
            "weight = abs(1, 2)",
            "found `,`, expected an operator or `)`",
            "              ^",
        ),
        (
            "weight = 'a",
            &format!("found an unclosed quote, expected {OPERAND}"),
            "         ^",
        ),
    ]);
}

#[test]
fn numbers_and_times_are_those_of_filters() {
    check(&[
        (
            "weight = 1.2.3",
            "number `1.2.3`, expected one such as -0.5, 1e3, 1_000, 0x101 or inf",
            "         ^^^^^",
        ),
        (
            "weight = nan",
            "value nan, expected a number",
            "         ^^^",
        ),
        (
            "weight = weight - NaN",
            "value nan, expected a number",
            "                  ^^^",
        ),
        (
            "id = 2023-11-14",
            "`'2023-11-14'` is not a value of id, expected a number",
            "     ^^^^^^^^^^",
        ),
        (
            "timestamp = 2023-02-30",
            "time `2023-02-30`, expected one in UTC such as 2023-11-14 or 2023-11-14T22:13:20Z, 1970 to 9999, of at most nine decimals",
            "            ^^^^^^^^^^",
        ),
        (
            "weight = 1e401",
            "exponent 401 behind the last digit, expected -400 to 400",
            "         ^^^^^",
        ),
    ]);
}

fn refused(text: &str) -> AssignmentsError {
    let error = text.parse::<Assignments>().expect_err("refused");
    error.cause().clone()
}

#[test]
fn a_thousand_levels_are_refused() {
    for text in [
        format!("weight = {}1{}", "(".repeat(1000), ")".repeat(1000)),
        format!("weight = {}", "(".repeat(1 << 19)),
        format!("weight = {}1", "-".repeat(1000)),
        format!("weight = {}1", "- ".repeat(1 << 18)),
        format!("weight = {}1", "abs(-".repeat(1000)),
        format!("weight = {}", "min(1, (".repeat(40)),
    ] {
        assert_eq!(refused(&text), AssignmentsError::TooDeep, "{text:.40}");
    }
    let nested = |levels| format!("weight = {}1{}", "(".repeat(levels), ")".repeat(levels));
    let error = nested(65).parse::<Assignments>().unwrap_err();
    assert_eq!(error.span(), 73..74);
    let message = "more than 64 levels of brackets, functions and signs";
    assert_eq!(error.cause().to_string(), message);
    assert!(nested(64).parse::<Assignments>().is_ok());
    // A `not` is no level.
    assert!(
        format!("active = {} dirty", "not ".repeat(10_000))
            .parse::<Assignments>()
            .is_ok()
    );
}

#[test]
fn long_texts_are_refused() {
    let text = format!("weight = 1{}", " ".repeat(1 << 20));
    let cause = FilterError::TooLong { bytes: text.len() };
    assert_eq!(refused(&text), AssignmentsError::Text(cause));
    assert!(text[..1 << 20].parse::<Assignments>().is_ok());
    let many = |count| format!("weight = {}", vec!["1"; count].join(" + "));
    assert_eq!(refused(&many(16_385)), AssignmentsError::TooMany);
    assert_eq!(
        AssignmentsError::TooMany.to_string(),
        "more than 16384 numbers and columns"
    );
    assert!(many(16_384).parse::<Assignments>().is_ok());
    let long = format!("weight = {}", "x".repeat(1 << 19));
    let error = long.parse::<Assignments>().unwrap_err();
    assert!(error.to_string().len() < 300, "{error}");
}
