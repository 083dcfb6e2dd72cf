use std::panic::catch_unwind;
use std::thread;

use ng_query::ng_token::{Axis, Space, Token};
use ng_query::{Column, Comparison, Decimal, Filter, FilterError};

/// A quarter of what a thread has by default.
const STACK: usize = 512 << 10;

fn light() -> Filter {
    Filter::compare(Column::Weight, Comparison::Less, 0.5).unwrap()
}

/// `not (... and ...) or ...` at the greatest depth, and whether it holds for a token without
/// weight.
fn deepest() -> (Filter, bool) {
    let heavy = || !light();
    let (mut filter, mut holds) = (light(), true);
    while filter.depth() < Filter::DEPTH_MAX {
        (filter, holds) = match filter.depth() % 3 {
            0 => (!filter, !holds),
            1 => (light() & filter, holds),
            _ => (filter | heavy(), holds),
        };
    }
    (filter, holds)
}

#[test]
fn the_deepest_tree_can_be_used_in_every_way_on_a_small_stack() {
    let used = thread::Builder::new().stack_size(STACK).spawn(|| {
        let (filter, holds) = deepest();
        assert_eq!(filter.depth(), Filter::DEPTH_MAX);
        let text = filter.to_string();
        assert_eq!(text.parse::<Filter>().as_ref(), Ok(&filter));
        assert!(format!("{filter:?}").len() > text.len());
        assert_eq!(filter.matches(&Token::new(1), 0, 0), holds);
        drop(filter.clone());
    });
    used.unwrap().join().unwrap();
}

#[test]
fn a_tree_that_would_be_deeper_is_refused() {
    for deeper in [
        || !deepest().0,
        || Filter::all_of([!light(), light() | deepest().0]),
        || light() | (light() & deepest().0),
    ] {
        let panic = catch_unwind(deeper).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(
            message.starts_with("filter with more than 64 levels"),
            "{message}"
        );
    }
}

#[test]
fn a_row_may_be_as_long_as_it_likes() {
    let one = |id: u32| Filter::compare(Column::Id, Comparison::Equal, id).unwrap();
    let any = (0..100_000)
        .map(one)
        .reduce(|any, filter| any | filter)
        .unwrap();
    assert_eq!(any.depth(), 2);
    assert!(any.matches(&Token::new(99_999), 0, 0));
    assert!(!any.matches(&Token::new(100_000), 0, 0));
}

#[test]
fn values_of_every_number_are_taken() {
    let of = |value: Result<Filter, FilterError>| value.unwrap().to_string();
    let compare = |value: Decimal| Filter::compare(Column::Weight, Comparison::Less, value);
    assert_eq!(of(compare((-1_i64).into())), "weight < -1");
    assert_eq!(
        of(compare(u64::MAX.into())),
        "weight < 18446744073709551615"
    );
    assert_eq!(of(compare(7_usize.into())), "weight < 7");
    let less = Comparison::Less;
    assert_eq!(
        of(Filter::compare(Column::Weight, less, 0.29_f32)),
        "weight < 0.29"
    );
    assert_eq!(
        of(Filter::compare(Column::Weight, less, 1e300)),
        "weight < 1e300"
    );
}

#[test]
fn what_is_no_value_is_refused() {
    let centre = [0.0, f64::INFINITY, f64::NEG_INFINITY];
    let refused = Filter::in_ball(Space::Motor, centre, 1.0).unwrap_err();
    let (space, axis, value) = (Space::Motor, Axis::Y, Decimal::INFINITY);
    assert_eq!(refused, FilterError::Centre { space, axis, value });
    let refused = Filter::in_ball(Space::Motor, [0.0; 3], -0.5).unwrap_err();
    let radius = "-0.5".parse().unwrap();
    assert_eq!(refused, FilterError::Radius { space, radius });
    assert_eq!(
        refused.to_string(),
        "motor ball with radius -0.5, expected 0 or greater"
    );
    assert!(Filter::in_ball(Space::Motor, [0.0; 3], -0.0).is_ok());
    let nan = [
        Filter::in_ball(Space::Motor, [0.0; 3], f64::NAN),
        Filter::in_ball(Space::Motor, [0.0, f64::NAN, 0.0], 1.0),
        Filter::in_box(Space::Motor, [0.0; 3], [0.0, 0.0, f64::NAN]),
        Filter::compare(Column::Weight, Comparison::NotEqual, f32::NAN),
        Filter::between(Column::Weight, f32::NAN, 0.0),
        Filter::one_of(Column::Weight, [0.0, f32::NAN]),
    ];
    for refused in nan {
        assert_eq!(refused, Err(FilterError::Nan));
    }
    assert_eq!(Filter::one_of(Column::Id, [0_u32; 0]), Ok(Filter::Nothing));
}
