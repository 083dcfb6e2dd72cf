use ng_arrow::{Column, Form, Format, Layout, TableReader};
use ng_token::{Space, Token};

use crate::harness::{read, refusal, written};

fn told(tokens: &[Token], format: Format, columns: &str, form: Form) -> String {
    let layout = Layout::new(Column::list(columns).unwrap(), form);
    String::from_utf8(written(tokens, format, &layout)).unwrap()
}

fn token() -> Token {
    Token::new(0x0100_0007)
        .with_coordinate(Space::Physical, [150, -5, 0])
        .with_weight(f32::from_bits(0x7FC0_0001))
        .with_radius_raw(5)
        .with_strength_raw(255)
        .with_timestamp(1_700_000_000)
}

const COLUMNS: &str = "position,id,entity_type,weight,radius,strength,timestamp,physical";

#[test]
fn lines_are_what_people_expect() {
    let names = COLUMNS.replace("physical", "physical_x,physical_y,physical_z");
    let csv = |form| told(&[token()], Format::Csv, COLUMNS, form);
    let line = "0,16777223,1,NaN,0.05,1.0,2023-11-14T22:13:20Z,1.50,-0.05,0.00";
    assert_eq!(csv(Form::Units), format!("{names}\n{line}\n"));
    let line = "0,16777223,1,0x7fc00001,5,255,1700000000,150,-5,0";
    assert_eq!(csv(Form::Raw), format!("{names}\n{line}\n"));
    let json = told(
        &[token()],
        Format::JsonLines,
        "id,weight,timestamp,physical_x",
        Form::Units,
    );
    let line =
        r#"{"id":16777223,"weight":"NaN","timestamp":"2023-11-14T22:13:20Z","physical_x":1.50}"#;
    assert_eq!(json, format!("{line}\n"));
}

#[test]
fn csv_of_others_is_taken() {
    let text =
        "\u{feff}\"weight\", id ,timestamp\r\n\r\n\"0.5\", 7 ,2023-11-14 22:13:20+00\r\n1e-3,8,5";
    let tokens = read(text.as_bytes(), Format::Csv, None).unwrap();
    let expected = [
        Token::new(7).with_weight(0.5).with_timestamp(1_700_000_000),
        Token::new(8).with_weight(1e-3).with_timestamp(5),
    ];
    assert_eq!(tokens, expected);
}

#[test]
fn json_lines_of_others_are_taken() {
    let text = "{\"id\": 7, \"weight\": 0.5}\n\n { \"w\\u0065ight\" : \"inf\", \"id\": 8.0 }";
    let tokens = read(text.as_bytes(), Format::JsonLines, None).unwrap();
    let expected = [
        Token::new(7).with_weight(0.5),
        Token::new(8).with_weight(f32::INFINITY),
    ];
    assert_eq!(tokens, expected);
}

#[test]
fn nothing_but_names_is_no_token() {
    assert_eq!(read(b"id,weight\n", Format::Csv, None).unwrap(), []);
    assert_eq!(read(b"", Format::JsonLines, None).unwrap(), []);
    assert_eq!(
        refusal(b"", Format::Csv, None),
        "no column id, expected id or local_id"
    );
}

#[track_caller]
fn check(text: &str, form: Option<Form>, expected: Result<[i16; 3], &str>) {
    let text = format!("id,motor_x,motor_y,motor_z\n7,{text}\n");
    match (read(text.as_bytes(), Format::Csv, form), expected) {
        (Ok(tokens), Ok(steps)) => assert_eq!(tokens[0].steps(Space::Motor), steps),
        (Err(error), Err(told)) => assert_eq!(error.to_string(), told),
        (read, _) => panic!("{text}: {read:?}"),
    }
}

#[test]
fn a_whole_number_is_units_or_steps_only_where_that_is_told() {
    let at = "row 0 (line 2), column";
    let point =
        "expected a decimal point, or a stated form: whole numbers may be units or stored steps";
    check("1.5,-2.0,0", None, Ok([1_500, -2_000, 0]));
    check("1e1,0,-0", None, Ok([10_000, 0, 0]));
    check("+1.5,+0,0", None, Ok([1_500, 0, 0]));
    check(
        "1.5,+2,0",
        None,
        Err(&format!("{at} motor_y: `+2`, {point}")),
    );
    check("1.5,+2,0", Some(Form::Units), Ok([1_500, 2_000, 0]));
    check("+15,2,0", Some(Form::Raw), Ok([15, 2, 0]));
    check("1.5,2,0", None, Err(&format!("{at} motor_y: `2`, {point}")));
    check("1.5,2,0", Some(Form::Units), Ok([1_500, 2_000, 0]));
    check("15,2,-32768", Some(Form::Raw), Ok([15, 2, i16::MIN]));
    let steps = "expected whole steps from -32768 to 32767";
    check(
        "15,2.0,0",
        Some(Form::Raw),
        Err(&format!("{at} motor_y: `2.0`, {steps}")),
    );
    check(
        "15,2,32768",
        Some(Form::Raw),
        Err(&format!("{at} motor_z: 32768, {steps}")),
    );
    let range = "expected -32.768 to 32.767";
    check(
        "33.0,0,0",
        None,
        Err(&format!("{at} motor_x: 33.0, {range}")),
    );
    check("0,nan,0", None, Err(&format!("{at} motor_y: nan, {range}")));
    check(
        "0,1.5m,0",
        None,
        Err(&format!("{at} motor_y: `1.5m`, expected a number")),
    );
    check(
        "0,,0",
        None,
        Err("row 0 (line 2), column motor_y: null, expected a value"),
    );
}

#[test]
fn bad_cells_are_named_with_row_and_line() {
    let csv = |text: &str| refusal(text.as_bytes(), Format::Csv, None);
    let long = "7".repeat(100);
    for (text, told) in [
        (
            "id\n7\n\n-1\n",
            "row 1 (line 4), column id: -1, expected a whole number from 0 to 4294967295",
        ),
        (
            "id\n7\n99999999999999999999\n",
            "row 1 (line 3), column id: 99999999999999999999, expected a whole number from 0 to 4294967295",
        ),
        (
            "id,weight\n7,1e39\n",
            "row 0 (line 2), column weight: `1e39`, expected NaN, or -3.4028235e38 to 3.4028235e38",
        ),
        (
            "id,timestamp\n7,2023-02-30T00:00:00Z\n",
            "row 0 (line 2), column timestamp: `2023-02-30T00:00:00Z`, expected a whole second from 1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z",
        ),
        (
            "id,timestamp\n7,2023-11-14\n",
            "row 0 (line 2), column timestamp: `2023-11-14`, expected a time of day after the date, such as T00:00:00Z",
        ),
        (
            "id,physical_x\n7,327.674\n",
            "row 0 (line 2), column physical_x: 327.674, expected -327.68 to 327.67",
        ),
        ("id,weight\n7\n", "line 2: 1 cell, expected 2"),
        (
            "id,wieght\n7\n",
            "no column `wieght`, did you mean `weight`?",
        ),
        ("id,weight,id\n", "duplicate column id"),
        ("weight\n0.5\n", "no column id, expected id or local_id"),
        (
            "id\n\u{1b}[31m\n",
            "row 0 (line 2), column id: `\\u{1b}[31m`, expected a number",
        ),
    ] {
        assert_eq!(csv(text), told);
    }
    assert!(csv(&format!("id,weight\n1,{long}x\n")).len() < 200);
}

#[test]
fn lines_that_are_no_objects_of_the_first_ones_columns_are_named() {
    let json = |text: &str| refusal(text.as_bytes(), Format::JsonLines, None);
    for (text, told) in [
        (
            "{\"id\":1,\"weight\":0.5}\n{\"id\":2}\n",
            "line 2: no weight, which the first line has",
        ),
        (
            "{\"id\":1}\n{\"id\":2,\"weight\":1}\n",
            "line 2: weight is duplicated, or missing from the first line",
        ),
        (
            "{\"id\":1}\n{\"id\":2,\"id\":3}\n",
            "line 2: id is duplicated, or missing from the first line",
        ),
        ("{\"id\":1,\"id\":2}\n", "duplicate column id"),
        (
            "{\"id\":null}\n",
            "row 0 (line 1), column id: null, expected a value",
        ),
        (
            "{\"id\":[1]}\n",
            "row 0 (line 1), column id: `[1]`, expected a number",
        ),
        (
            "{\"id\":{\"a\":1}}\n",
            "row 0 (line 1), column id: `{\"a\":1}`, expected a number",
        ),
        ("{\"ID\":1}\n", "no column `ID`, did you mean `id`?"),
    ] {
        assert_eq!(json(text), told);
    }
    for text in ["[1]\n", "7\n", "{\"id\":1\n", "{\"id\":1}}\n", "\u{0}"] {
        assert!(json(text).starts_with("line 1: no JSON object: "), "{text}");
    }
    let nested = "{\"id\":".repeat(10_000);
    assert!(json(&nested).starts_with("line 1: no JSON object: "));
}

/// A file of one endless line takes no more memory than the maximum line.
#[test]
fn a_line_without_an_end_is_refused() {
    for format in [Format::Csv, Format::JsonLines] {
        let text = "\"".repeat(1 << 20);
        let told = refusal(text.as_bytes(), format, None);
        assert_eq!(told, "line 1: longer than 65536 bytes");
    }
    let cells = ",".repeat(5_000);
    let told = refusal(format!("id\n{cells}\n").as_bytes(), Format::Csv, None);
    assert!(told.starts_with("line 2: "), "{told}");
}

#[test]
fn a_quoted_cell_may_hold_what_ends_others() {
    let text = "\"position\",id,weight\r\n\"a, b\r\n\r\n\"\"c\"\"\n\",7,\"0.5\"\r\n\"\",\"8\" ,1e-3\n\"\n\n\",\"\n9\",0.25";
    for capacity in [1, 2, 3, 7, 64] {
        let input = std::io::BufReader::with_capacity(capacity, text.as_bytes());
        let mut reader = TableReader::of_stream(input, Format::Csv, None).unwrap();
        let mut tokens = Vec::new();
        while reader.read(&mut tokens).unwrap() {}
        let expected = [(7, 0.5), (8, 1e-3), (9, 0.25)];
        let expected = expected.map(|(id, weight)| Token::new(id).with_weight(weight));
        assert_eq!(tokens, expected);
    }
}

#[test]
fn broken_quotes_are_no_rows() {
    let csv = |text: &str| refusal(text.as_bytes(), Format::Csv, None);
    let open = "an unclosed quote, or one longer than 65536 bytes";
    let behind = "text after a closing quote, expected a comma or the end of the line";
    let stray = "a quote inside an unquoted cell";
    for (text, told) in [
        ("id\n\"5\n\"6\n", format!("line 3: {behind}")),
        ("id,weight\n1,\"0.5\n", format!("line 2: {open}")),
        ("id,weight\n1,\"0.5", format!("line 2: {open}")),
        (
            "id,weight\n\n\"1\n\",\"0.5\n\n2,1.0\n",
            format!("line 4: {open}"),
        ),
        ("id,weight\n1,\"0.5\"\"\n", format!("line 2: {open}")),
        ("id\n\"5\"6\n", format!("line 2: {behind}")),
        ("id\n\"5\" \"6\"\n", format!("line 2: {behind}")),
        ("id\n5\"\n", format!("line 2: {stray}")),
        ("id\n \"5\"\n", format!("line 2: {stray}")),
        ("\"id\n7\n", format!("line 1: {open}")),
    ] {
        assert_eq!(csv(text), told, "{text:?}");
    }
    let told = csv("id,weight\n1,\"0.5\n2,0.5\n\"");
    assert_eq!(
        told,
        "row 0 (line 2), column weight: `0.5\\n2,0.5`, expected a number"
    );
    // Text after a quoted line end is on the next line.
    assert_eq!(
        csv("id\n\"\n7\"\n5x\n"),
        "row 1 (line 4), column id: `5x`, expected a number"
    );
    // A lone carriage return does not end a line: the rest would be lost.
    assert!(csv("id\n7\r8\n").starts_with("row 0 (line 2), column id: "));
}

/// An unclosed quote takes no more memory than the maximum cell.
#[test]
fn a_quoted_cell_without_an_end_is_refused() {
    let lines = "7,0.5\n".repeat(1 << 16);
    let told = refusal(
        format!("id,weight\n8,\"{lines}").as_bytes(),
        Format::Csv,
        None,
    );
    assert_eq!(
        told,
        "line 2: an unclosed quote, or one longer than 65536 bytes"
    );
    let cell = "\n".repeat(65_000);
    let text = format!("position,id\n\"{cell}\",7\n\"{cell}\",8\n");
    assert_eq!(read(text.as_bytes(), Format::Csv, None).unwrap().len(), 2);
}
