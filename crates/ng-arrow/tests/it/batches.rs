use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
    UInt8Array, UInt32Array, UInt64Array,
};
use ng_arrow::{Column, Form, Import, Positions, ReadError, batch_of, batch_with, schema};
use ng_token::{EntityType, Flags, Space, SystemFlags, Token};
use proptest::prelude::*;

use crate::harness::{any_bytes, stored_columns, varied};

fn import(batch: &RecordBatch) -> Result<Vec<Token>, ReadError> {
    let mut tokens = Vec::new();
    Import::of_schema(&batch.schema())?.read(batch, 0, &mut tokens)?;
    Ok(tokens)
}

#[track_caller]
fn comes_back(tokens: &[Token], columns: &[Column], form: Form) {
    let batch = batch_of(tokens, 7, columns, form);
    assert_eq!(batch.num_rows(), tokens.len());
    assert_eq!(batch.schema(), schema(columns, form));
    assert_eq!(import(&batch).unwrap(), tokens);
}

proptest! {
    #[test]
    fn any_64_bytes_come_back_from_columns(
        bytes in prop::collection::vec(prop::array::uniform32(any::<[u8; 2]>()), 1..20)
    ) {
        let bytes: Vec<u8> = bytes.into_iter().flatten().flatten().collect();
        let mut tokens = vec![Token::ZERO; bytes.len() / Token::SIZE];
        ng_token::as_bytes_mut(&mut tokens).copy_from_slice(&bytes);
        for form in [Form::Units, Form::Raw] {
            comes_back(&tokens, &stored_columns(), form);
            comes_back(&tokens, &Column::ALL, form);
        }
    }
}

#[test]
fn more_rows_than_are_turned_at_once_come_back() {
    for count in [0, 1, 4095, 4096, 4097, 20_000] {
        comes_back(&any_bytes(count, 3), &Column::DEFAULT, Form::Raw);
        comes_back(&any_bytes(count, 4), &Column::DEFAULT, Form::Units);
    }
}

#[test]
fn positions_are_where_tokens_stand() {
    let tokens = varied(3);
    let columns = [Column::Position];
    let batch = batch_of(&tokens, 40, &columns, Form::Units);
    assert_eq!(**batch.column(0), UInt64Array::from(vec![40, 41, 42]));
    let (form, schema) = (Form::Raw, schema(&columns, Form::Raw));
    let positions = Positions::Each(&[9, 4, 700]);
    let batch = batch_with(&tokens, positions, &columns, form, &schema);
    assert_eq!(**batch.column(0), UInt64Array::from(vec![9, 4, 700]));
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn whole(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn units(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

#[test]
fn an_id_alone_makes_fresh_tokens() {
    let tokens = import(&batch(vec![("id", whole(&[7, 0x0200_0001]))])).unwrap();
    assert_eq!(tokens, [Token::new(7), Token::new(0x0200_0001)]);
}

#[test]
fn an_id_may_be_given_in_parts() {
    let tokens = import(&batch(vec![
        ("local_id", whole(&[5])),
        ("entity_type", whole(&[2])),
        ("domain", whole(&[15])),
    ]));
    assert_eq!(tokens.unwrap(), [Token::new(0xF200_0005)]);
    let tokens = import(&batch(vec![("local_id", whole(&[5]))])).unwrap();
    assert_eq!(tokens, [Token::new(5)]);
}

#[test]
fn the_entity_type_of_the_flags_is_applied_where_there_are_none() {
    let tokens = import(&batch(vec![
        ("flags_entity_type", whole(&[3])),
        ("id", whole(&[0x0200_0001])),
    ]));
    let flags = Flags::new(SystemFlags::ACTIVE, EntityType::State, 0).unwrap();
    assert_eq!(tokens.unwrap(), [Token::new(0x0200_0001).with_flags(flags)]);
}

/// Flags are processed before the columns checked against them, in any column order.
#[test]
fn the_order_of_columns_means_nothing() {
    let tokens = any_bytes(500, 9);
    let mut columns = Column::ALL;
    columns.reverse();
    let batch = batch_of(&tokens, 0, &columns, Form::Raw);
    assert_eq!(import(&batch).unwrap(), tokens);
}

#[test]
fn types_that_hold_the_values_will_do() {
    let tokens = import(&batch(vec![
        ("id", units(&[7.0])),
        ("physical_x", units(&[0.29])),
        ("physical_y", whole(&[-29])),
        ("physical_z", Arc::new(Float32Array::from(vec![-327.68]))),
        ("weight", units(&[0.1])),
        ("radius", units(&[2.55])),
        ("strength", Arc::new(UInt8Array::from(vec![51]))),
        (
            "timestamp",
            Arc::new(TimestampMicrosecondArray::from(vec![5_000_000])),
        ),
    ]));
    let token = Token::new(7)
        .with_coordinate(Space::Physical, [29, -29, i16::MIN])
        .with_weight(0.1)
        .with_radius_raw(255)
        .with_strength_raw(51)
        .with_timestamp(5);
    assert_eq!(tokens.unwrap(), [token]);
}

/// The first value that does not fit is reported with its row and column.
#[track_caller]
fn check_value(column: &str, values: ArrayRef, told: &str) {
    let ids: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..values.len() as u32));
    let error = match column {
        "id" => import(&batch(vec![("id", values)])).unwrap_err(),
        _ => import(&batch(vec![("id", ids), (column, values)])).unwrap_err(),
    };
    assert_eq!(error.to_string(), told);
}

#[test]
fn values_that_do_not_fit_are_named() {
    let steps = "expected whole steps from -32768 to 32767";
    let column = |row: u64, name| format!("row {row}, column {name}: ");
    let check =
        |name, values, row, rest: String| check_value(name, values, &(column(row, name) + &rest));
    check(
        "id",
        whole(&[0, -1]),
        1,
        "-1, expected a whole number from 0 to 4294967295".into(),
    );
    check(
        "id",
        units(&[0.0, 1.0, 1.5]),
        2,
        "1.5, expected a whole number from 0 to 4294967295".into(),
    );
    check(
        "flags",
        whole(&[65_536]),
        0,
        "65536, expected a whole number from 0 to 65535".into(),
    );
    check(
        "flags_entity_type",
        whole(&[16]),
        0,
        "16, expected a whole number from 0 to 15".into(),
    );
    check(
        "motor_x",
        whole(&[32_767, 32_768]),
        1,
        format!("32768, {steps}"),
    );
    check(
        "motor_x",
        units(&[32.767, 32.768]),
        1,
        "32.768, expected -32.768 to 32.767".into(),
    );
    check(
        "motor_x",
        units(&[f64::NAN]),
        0,
        "NaN, expected -32.768 to 32.767".into(),
    );
    check(
        "radius",
        units(&[2.56]),
        0,
        "2.56, expected 0.0 to 2.55".into(),
    );
    check(
        "radius",
        whole(&[256]),
        0,
        "256, expected a whole number from 0 to 255".into(),
    );
    check(
        "strength",
        units(&[-0.1]),
        0,
        "-0.1, expected 0.0 to 1.0".into(),
    );
    let time = "expected a whole second from 1970-01-01T00:00:00Z to 2106-02-07T06:28:15Z";
    check("timestamp", whole(&[-1]), 0, format!("-1, {time}"));
    let micros = Arc::new(TimestampMicrosecondArray::from(vec![1_500_000]));
    check("timestamp", micros, 0, format!("1500000, {time}"));
    let weight = format!("1e300, expected NaN, or {:?} to {:?}", f32::MIN, f32::MAX);
    check("weight", units(&[f64::INFINITY, 1e300]), 1, weight);
    check(
        "entity_type",
        whole(&[0, 2]),
        1,
        "2, expected 0, as column id has it".into(),
    );
    check(
        "domain",
        whole(&[1]),
        0,
        "1, expected 0, as column id has it".into(),
    );
    check(
        "local_id",
        whole(&[1]),
        0,
        "1, expected 0, as column id has it".into(),
    );
    check(
        "local_id",
        whole(&[1 << 24]),
        0,
        "16777216, expected a whole number from 0 to 16777215".into(),
    );
}

#[test]
fn an_entity_type_that_is_not_that_of_the_flags_is_named() {
    let columns = vec![
        ("id", whole(&[1])),
        ("flags_entity_type", whole(&[3])),
        ("flags", whole(&[0x0200])),
    ];
    let error = import(&batch(columns)).unwrap_err();
    let told = "row 0, column flags_entity_type: 3, expected 2, as column flags has it";
    assert_eq!(error.to_string(), told);
}

#[test]
fn a_row_is_counted_from_the_first_of_all_batches() {
    let batch = batch(vec![("id", whole(&[0, 1, -1]))]);
    let import = Import::of_schema(&batch.schema()).unwrap();
    let mut tokens = vec![Token::ZERO];
    let error = import.read(&batch, 1_000_000, &mut tokens).unwrap_err();
    assert!(
        error.to_string().starts_with("row 1000002, column id: -1,"),
        "{error}"
    );
    assert_eq!(tokens, [Token::ZERO]);
}

#[test]
fn nulls_are_named() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let error = import(&batch(vec![("id", ids)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 1, column id: null, expected a value"
    );
}
