use ng_query::{Column, Filter, FilterError};

/// A text, its error, and the line of carets.
fn check(cases: &[(&str, &str, &str)]) {
    for (text, cause, carets) in cases {
        let error = text.parse::<Filter>().expect_err(text);
        let expected = format!("{cause}\n  {}\n  {carets}", text.trim_end());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.cause().to_string(), *cause);
    }
}

#[test]
fn an_unknown_name_has_the_nearest_one() {
    check(&[
        (
            "wieght >= 0.5",
            "unknown column, flag or entity type `wieght`, the nearest is `weight`",
            "^^^^^^",
        ),
        (
            "active and temprature > 3",
            "unknown column, flag or entity type `temprature`",
            "           ^^^^^^^^^^",
        ),
        (
            "physical_w > 3",
            "unknown column, flag or entity type `physical_w`, the nearest is `physical_x`",
            "^^^^^^^^^^",
        ),
        (
            "entity_type in (object, evnt)",
            "unknown entity type `evnt`, the nearest is `event`",
            "                        ^^^^",
        ),
        (
            "flags any (activ)",
            "unknown flag `activ`, the nearest is `active`",
            "           ^^^^^",
        ),
        (
            "0.5 < wieght",
            "unknown column `wieght`, the nearest is `weight`",
            "      ^^^^^^",
        ),
    ]);
}

#[test]
fn a_value_that_does_not_fit_is_named_with_its_column() {
    check(&[
        (
            "weight > object",
            "`object` is not a value of weight, expected a number",
            "         ^^^^^^",
        ),
        (
            "id = '7'",
            "`'7'` is not a value of id, expected a number",
            "     ^^^",
        ),
        (
            "2023-11-14 < id",
            "`'2023-11-14'` is not a value of id, expected a number",
            "^^^^^^^^^^",
        ),
        (
            "flags = active",
            "`active` is not a value of flags, expected a number; flags by name are `flags all (active, dirty)`",
            "        ^^^^^^",
        ),
        (
            "timestamp < yesterday",
            "`yesterday` is not a value of timestamp, expected seconds since 1970, or a time such as 2023-11-14T22:13:20Z",
            "            ^^^^^^^^^",
        ),
        (
            "entity_type = 'object'",
            "`'object'` is not a value of entity_type, expected an entity type or its number, 0 to 15",
            "              ^^^^^^^^",
        ),
        (
            "physical in box(0, object, 0; 1, 1, 1)",
            "`object` is not a value of physical_y, expected a number",
            "                   ^^^^^^",
        ),
        (
            "timestamp >= 2023-02-30",
            "time `2023-02-30`, expected one in UTC such as 2023-11-14 or 2023-11-14T22:13:20Z, 1970 to 9999, of at most nine decimals",
            "             ^^^^^^^^^^",
        ),
        (
            "timestamp >= 2023-11-14T22:13:20+02:00",
            "time `2023-11-14T22:13:20+02:00`, expected one in UTC such as 2023-11-14 or 2023-11-14T22:13:20Z, 1970 to 9999, of at most nine decimals",
            "             ^^^^^^^^^^^^^^^^^^^^^^^^^",
        ),
    ]);
}

#[test]
fn a_number_that_is_none_is_shown_whole() {
    const EXPECTED: &str = "expected one such as -0.5, 1e3, 1_000, 0x101 or inf";
    check(&[
        (
            "weight > 1.2.3",
            &format!("number `1.2.3`, {EXPECTED}"),
            "         ^^^^^",
        ),
        (
            "weight > 1kg",
            &format!("number `1kg`, {EXPECTED}"),
            "         ^^^",
        ),
        (
            "weight > -1e+",
            &format!("number `-1e+`, {EXPECTED}"),
            "         ^^^^",
        ),
        (
            "weight > 1e-5.5",
            &format!("number `1e-5.5`, {EXPECTED}"),
            "         ^^^^^^",
        ),
        (
            "weight != nan",
            "value nan, expected a number; `not weight <= inf` holds where the weight is nan",
            "          ^^^",
        ),
        (
            "id in (5, nan)",
            "value nan, expected a number",
            "          ^^^",
        ),
        (
            "weight < 0.12345678901234567890123456789012345",
            "number of 35 digits, expected at most 34",
            "         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        ),
        (
            "weight < 1e401",
            "exponent 401 behind the last digit, expected -400 to 400",
            "         ^^^^^",
        ),
    ]);
}

#[test]
fn a_ball_that_is_none_is_refused_at_its_place() {
    check(&[
        (
            "physical in ball(0, 0, 0; -0.5)",
            "physical ball with radius -0.5, expected 0 or greater",
            "                          ^^^^",
        ),
        (
            "physical in ball(0, 0, 0; nan)",
            "value nan, expected a number",
            "                          ^^^",
        ),
        (
            "physical in ball(0, nan, 0; 1)",
            "value nan, expected a number",
            "                    ^^^",
        ),
        (
            "physical in box(0, 0, 0; nan, 1, 1)",
            "value nan, expected a number",
            "                         ^^^",
        ),
        (
            "motor in ball(0, -inf, 0; 1)",
            "motor ball with centre y -inf, expected a finite number",
            "                 ^^^^",
        ),
        (
            "motor in ball(0, 1; 1)",
            "found `;`, expected `,` and three coordinates, x, y, z",
            "                  ^",
        ),
        (
            "motor in ball(0, 1, 2, 1)",
            "found `,`, expected `;` and the radius",
            "                     ^",
        ),
        (
            "motor in box(0, 1, 2)",
            "found `)`, expected `;` and the other end",
            "                    ^",
        ),
        (
            "motor in ball(0, 1, 2; x)",
            "found `x`, expected a number",
            "                       ^",
        ),
        (
            "motor > 3",
            "found `>`, expected `in ball(x, y, z; radius)` or `in box(x, y, z; x, y, z)`",
            "      ^",
        ),
        (
            "motor in (1, 2)",
            "found `(`, expected `in ball(x, y, z; radius)` or `in box(x, y, z; x, y, z)`",
            "         ^",
        ),
    ]);
}

#[test]
fn what_stands_in_the_wrong_place_is_shown_with_what_may() {
    check(&[
        ("", "found the end, expected a condition, `not` or `(`", "^"),
        (
            "active and",
            "found the end, expected a condition, `not` or `(`",
            "          ^",
        ),
        (
            "active && dirty",
            "found `&`, expected `and`, `or` or the end",
            "       ^",
        ),
        (
            "active dirty",
            "found `dirty`, expected `and`, `or` or the end",
            "       ^^^^^",
        ),
        (
            "active)",
            "found `)`, expected `and`, `or` or the end",
            "      ^",
        ),
        (
            "(active",
            "found the end, expected `)`, `and` or `or`",
            "       ^",
        ),
        (
            "weight",
            "found the end, expected a comparison, `in` or `between`",
            "      ^",
        ),
        (
            "weight not > 3",
            "found `>`, expected `in` or `between`",
            "           ^",
        ),
        (
            "weight > ",
            "found the end, expected a number",
            "         ^",
        ),
        ("weight in 3", "found `3`, expected `(`", "          ^"),
        (
            "weight in ()",
            "found `)`, expected a number",
            "           ^",
        ),
        (
            "weight in (1 2)",
            "found `2`, expected `)`",
            "             ^",
        ),
        (
            "weight between 1 or 2",
            "found `or`, expected `and`",
            "                 ^^",
        ),
        ("0.5", "found the end, expected a comparison", "   ^"),
        ("0.5 < 0.7", "found `0.7`, expected a column", "      ^^^"),
        (
            "'2023",
            "found an unclosed quote, expected a condition, `not` or `(`",
            "^",
        ),
        (
            "flags each (active)",
            "found `each`, expected `all`, `any`, `none`, a comparison, `in` or `between`",
            "      ^^^^",
        ),
        (
            "flags (active)",
            "found `(`, expected `all`, `any`, `none`, a comparison, `in` or `between`",
            "      ^",
        ),
        (
            "flags all (65536)",
            "found `65536`, expected a flag, or the number of some, 0 to 65535",
            "           ^^^^^",
        ),
        (
            "flags all (0.5)",
            "found `0.5`, expected a flag, or the number of some, 0 to 65535",
            "           ^^^",
        ),
        (
            "valid(mine)",
            "found `mine`, expected `strict` or `upstream`",
            "      ^^^^",
        ),
        (
            "valid(strict",
            "found the end, expected `)`",
            "            ^",
        ),
        (
            "größe > 3",
            "unknown column, flag or entity type `größe`",
            "^^^^^",
        ),
    ]);
}

fn refused(text: &str) -> FilterError {
    text.parse::<Filter>().expect_err("refused").cause().clone()
}

#[test]
fn a_thousand_nested_brackets_are_refused() {
    for text in [
        format!("{}active{}", "(".repeat(1000), ")".repeat(1000)),
        "(".repeat(1 << 20),
        format!("{}active", "not ".repeat(1000)),
        format!("{}active{}", "not(".repeat(1000), ")".repeat(1000)),
        format!(
            "{}active{}",
            "(dirty or active and ".repeat(40),
            ")".repeat(40)
        ),
    ] {
        assert_eq!(refused(&text), FilterError::TooDeep, "{text:.40}");
    }
    let nested = |levels| format!("{}active{}", "(".repeat(levels), ")".repeat(levels));
    let error = nested(65).parse::<Filter>().unwrap_err();
    assert_eq!(error.span(), 64..65);
    let message = "more than 64 levels of brackets, `and`, `or` and `not`";
    assert_eq!(error.cause().to_string(), message);
    assert!(nested(64).parse::<Filter>().is_ok());
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let text = format!("active{}", " ".repeat(1_048_571));
    let error = text.parse::<Filter>().unwrap_err();
    assert_eq!(*error.cause(), FilterError::TooLong { bytes: 1_048_577 });
    let message = "text of 1048577 bytes, expected at most 1048576";
    assert_eq!(error.cause().to_string(), message);
    assert!(text[1..].parse::<Filter>().is_err());
    assert!(text[..1_048_576].parse::<Filter>().is_ok());
}

#[test]
fn a_text_of_too_many_conditions_is_refused() {
    let many = |count| vec!["active"; count].join(" or ");
    let error = many(16_385).parse::<Filter>().unwrap_err();
    assert_eq!(*error.cause(), FilterError::TooMany);
    assert_eq!(error.cause().to_string(), "more than 16384 conditions");
    assert!(many(16_384).parse::<Filter>().is_ok());
}

/// A list that is not a set costs as much as that many conditions.
#[test]
fn a_list_is_one_condition() {
    let list = |column: &str, count: usize| {
        let values: Vec<String> = (0..count).map(|value| value.to_string()).collect();
        format!("{column} in ({})", values.join(", "))
    };
    let most = Filter::CONDITIONS_MAX;
    for column in Column::ALL {
        let parsed = list(column.name(), most + 1).parse::<Filter>();
        assert!(parsed.is_ok(), "{column}");
    }
}

#[test]
fn of_a_long_text_the_place_is_shown() {
    let text = format!(
        "active or\n{} and wieght > 3 and {}",
        vec!["dirty"; 40].join(" and "),
        "dirty"
    );
    let shown = text.parse::<Filter>().unwrap_err().to_string();
    let [_, line, carets] = *shown.lines().collect::<Vec<_>>() else {
        panic!("{shown}");
    };
    let start = carets.find('^').unwrap();
    assert_eq!(&line[start..start + 6], "wieght");
    assert_eq!(line, &line.replace('\n', " "));
    assert!(line.len() < 110, "{line}");
}

#[test]
fn control_characters_reach_no_terminal() {
    let error = "weight > \u{1b}[2J\t\u{7}".parse::<Filter>().unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.chars().all(|c| c == '\n' || !c.is_control()),
        "{shown:?}"
    );
    let long = format!("id = '{}'", "x".repeat(1 << 19));
    let message = long.parse::<Filter>().unwrap_err().to_string();
    assert!(message.len() < 250, "{message}");
}
