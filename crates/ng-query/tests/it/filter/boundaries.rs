//! Every form of a condition at every end of every column, beside it, and half a step from it.

use ng_query::ng_token::{Flags, Token};
use ng_query::{Column, Comparison, Filter};
use num_bigint::BigInt;
use num_rational::BigRational;

use super::any::decimal_of_steps;
use super::oracle::{Number, fraction, ordered};
use crate::ends::{WEIGHT_TEXTS, WEIGHTS, ends, steps, values, with_step};

fn number(text: &str) -> Number {
    match text {
        "inf" => Number::Greatest,
        "-inf" => Number::Least,
        _ => Number::Finite(fraction(text)),
    }
}

fn check(text: &str, tokens: &[(Token, u64, bool)]) {
    let filter: Filter = text.parse().unwrap_or_else(|error| panic!("{error}"));
    for (token, position, expected) in tokens {
        let found = filter.matches(token, *position, 0);
        assert_eq!(found, *expected, "{text}: {token:?} at {position}");
        let found = (!filter.clone()).matches(token, *position, 0);
        assert_eq!(found, !*expected, "not {text}: {token:?} at {position}");
    }
}

/// Checks a text at each step of a column against a predicate on the stored number.
fn check_steps(column: Column, text: &str, holds: impl Fn(&Number) -> bool) {
    let (_, _, scale) = ends(column);
    let tokens = steps(column).into_iter().map(|step| {
        let (token, position) = with_step(column, step);
        let exact = BigRational::new(BigInt::from(step), BigInt::from(scale));
        (token, position, holds(&Number::Finite(exact)))
    });
    check(text, &tokens.collect::<Vec<_>>());
}

fn columns_of_steps() -> impl Iterator<Item = Column> {
    Column::ALL
        .into_iter()
        .filter(|column| *column != Column::Weight)
}

#[test]
fn comparisons_hold_exactly_where_they_hold_in_units() {
    for column in columns_of_steps() {
        for text in values(column) {
            let value = number(&text);
            for comparison in Comparison::ALL {
                let symbol = comparison.symbol();
                let holds = |stored: &Number| ordered(stored, comparison, &value);
                check_steps(column, &format!("{column} {symbol} {text}"), holds);
                let holds = |stored: &Number| ordered(&value, comparison, stored);
                check_steps(column, &format!("{text} {symbol} {column}"), holds);
            }
        }
    }
}

#[test]
fn ranges_hold_at_both_ends_and_empty_ones_for_nothing() {
    for column in columns_of_steps() {
        let values = values(column);
        for (index, low) in values.iter().enumerate() {
            // Neighbours in the list are near each other in both orders; some are far.
            for high in values
                .iter()
                .skip(index.saturating_sub(4))
                .take(9)
                .chain([&values[2]])
            {
                let ends = (number(low), number(high));
                let holds = |stored: &Number| ends.0 <= *stored && *stored <= ends.1;
                check_steps(column, &format!("{column} between {low} and {high}"), holds);
                let text = format!("{column} not between {low} and {high}");
                check_steps(column, &text, |stored| !holds(stored));
            }
        }
    }
}

#[test]
fn lists_hold_for_what_is_one_of_them() {
    for column in columns_of_steps() {
        for values in values(column).windows(7) {
            let numbers: Vec<Number> = values.iter().map(|value| number(value)).collect();
            let list = values.join(", ");
            let holds = |stored: &Number| numbers.contains(stored);
            check_steps(column, &format!("{column} in ({list})"), holds);
            check_steps(column, &format!("{column} not in ({list})"), |stored| {
                !holds(stored)
            });
        }
    }
}

#[test]
fn boxes_hold_at_both_ends_of_each_axis() {
    for column in Column::ALL {
        let Column::Coordinate(space, axis) = column else {
            continue;
        };
        for pair in values(column).windows(3) {
            for (low, high) in [
                (&pair[0], &pair[2]),
                (&pair[2], &pair[0]),
                (&pair[1], &pair[1]),
            ] {
                let mut ends = [["-1", "-1", "-1"], ["1", "1", "1"]];
                ends[0][axis as usize] = low;
                ends[1][axis as usize] = high;
                let [low_ends, high_ends] = ends.map(|ends| ends.join(", "));
                let text = format!("{space} in box({low_ends}; {high_ends})");
                let (low, high) = (number(low), number(high));
                check_steps(column, &text, |stored| low <= *stored && *stored <= high);
            }
        }
    }
}

/// One axis is off the origin: the distance is its step's distance from the centre.
#[test]
fn balls_on_the_grid_hold_on_their_surface() {
    for column in Column::ALL {
        let Column::Coordinate(space, axis) = column else {
            continue;
        };
        let (min, max, scale) = ends(column);
        let unit = |thousandths: i128| {
            format!("{}e-15", thousandths * 10_i128.pow(12) / i128::from(scale))
        };
        for centre in [
            min - 1000,
            min - 1,
            min,
            min + 1,
            0,
            max - 1,
            max,
            max + 1,
            1 << 31,
        ] {
            for step in steps(column) {
                let apart = (step - centre).abs() * 1000;
                for radius in [apart - 1000, apart - 1, apart, apart + 1, apart + 500, 0] {
                    if radius < 0 {
                        continue;
                    }
                    let mut point = ["0".to_owned(), "0".to_owned(), "0".to_owned()];
                    point[axis as usize] = unit(centre * 1000);
                    let text = format!("{space} in ball({}; {})", point.join(", "), unit(radius));
                    let (token, position) = with_step(column, step);
                    // 2^31 is one step beyond what is exact, and so far away that an `f64`'s
                    // squares cannot resolve thousandths of a step.
                    if centre == 1 << 31 && [apart - 1, apart + 1].contains(&radius) {
                        continue;
                    }
                    check(&text, &[(token, position, apart <= radius)]);
                }
            }
        }
    }
}

/// The centre lies between steps, in tenths; a surface exactly through a step is left to the rule
/// in `f64`.
#[test]
fn balls_off_the_grid_hold_for_the_steps_around_the_centre() {
    for column in Column::ALL {
        let Column::Coordinate(space, axis) = column else {
            continue;
        };
        let (min, max, scale) = ends(column);
        let unit = |tenths: i128| decimal_of_steps(tenths / 10, tenths % 10, scale);
        for (step, part) in [min, 0, max - 1]
            .into_iter()
            .flat_map(|step| [1, 5, 9].map(|part| (step, part)))
        {
            let mut centre = [unit(0); 3];
            centre[axis as usize] = unit(step * 10 + part);
            let [x, y, z] = centre;
            for radius in 0..25 {
                let text = format!("{space} in ball({x}, {y}, {z}; {})", unit(radius));
                let near = (step - 1).max(min)..=(step + 2).min(max);
                let apart = near.map(|near| (near, (near * 10 - step * 10 - part).abs()));
                let clear = apart.filter(|(_, apart)| *apart != radius);
                let tokens = clear.map(|(near, apart)| {
                    let (token, position) = with_step(column, near);
                    (token, position, apart < radius)
                });
                check(&text, &tokens.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn flags_hold_for_each_bit() {
    let names = [
        ("active", 0),
        ("persistent", 1),
        ("mutable", 2),
        ("synchronized", 3),
        ("compressed", 4),
        ("encrypted", 5),
        ("dirty", 6),
        ("locked", 7),
        ("user_0", 12),
        ("user_1", 13),
        ("user_2", 14),
        ("user_3", 15),
    ];
    let cases = |holds: &dyn Fn(u16) -> bool| -> Vec<_> {
        let bits = (0..16)
            .map(|bit| 1 << bit)
            .chain([0, u16::MAX, 0x8001, 0x0041]);
        bits.map(|bits| {
            (
                Token::ZERO.with_flags(Flags::from_bits(bits)),
                0,
                holds(bits),
            )
        })
        .collect()
    };
    for (name, bit) in names {
        let mask = 1_u16 << bit;
        check(name, &cases(&|bits| bits & mask != 0));
        check(
            &format!("flags none ({name})"),
            &cases(&|bits| bits & mask == 0),
        );
        let both = mask | 1 << 15;
        check(
            &format!("flags all ({name}, user_3)"),
            &cases(&|bits| bits & both == both),
        );
        check(
            &format!("flags any ({name}, user_3)"),
            &cases(&|bits| bits & both != 0),
        );
        check(
            &format!("flags none ({name}, user_3)"),
            &cases(&|bits| bits & both == 0),
        );
    }
}

fn check_weights(text: &str, holds: impl Fn(f32) -> bool) {
    let tokens = WEIGHTS.map(|weight| (Token::ZERO.with_weight(weight), 0, holds(weight)));
    check(text, &tokens);
}

#[test]
fn weights_compare_as_floats_do() {
    for (text, value) in WEIGHT_TEXTS {
        for comparison in Comparison::ALL {
            let symbol = comparison.symbol();
            let holds = |weight: f32| ordered(&weight, comparison, &value);
            check_weights(&format!("weight {symbol} {text}"), holds);
        }
        for (other, high) in WEIGHT_TEXTS {
            let holds = |weight: f32| value <= weight && weight <= high;
            check_weights(&format!("weight between {text} and {other}"), holds);
            let holds = |weight: f32| weight == value || weight == high;
            check_weights(&format!("weight in ({text}, {other}, {text})"), holds);
        }
    }
    check_weights("not weight <= inf", f32::is_nan);
    check_weights(
        "weight != 0 and not weight > 0 and not weight < 0",
        f32::is_nan,
    );
}

#[test]
fn validity_is_that_of_the_record_at_the_time_of_the_query() {
    use ng_query::ng_token::Validation;
    for (text, validation) in [
        ("valid", Validation::Strict),
        ("valid(upstream)", Validation::Upstream),
    ] {
        let filter: Filter = text.parse().unwrap();
        for weight in WEIGHTS
            .into_iter()
            .chain([100.0_f32.next_up(), 100.0_f32.next_down()])
        {
            for now in [0, 1, 3600, u32::MAX - 3600, u32::MAX - 1, u32::MAX] {
                for timestamp in [0, 1, 2, 3600, 3601, 7200, 7201, u32::MAX - 1, u32::MAX] {
                    for flags in [0_u16, 0x0100] {
                        let token = Token::new(0x0100_0000).with_flags(Flags::from_bits(flags));
                        let token = token.with_weight(weight).with_timestamp(timestamp);
                        let expected = token.validate_with(validation, now).is_ok();
                        assert_eq!(filter.matches(&token, 0, now), expected, "{token:?} {now}");
                    }
                }
            }
        }
    }
}
