use ng_token::{Axis, EncodeError, Space};
use proptest::prelude::*;
use proptest::sample::select;

use crate::any;

/// The format's table: name, steps per unit, range in units.
const TABLE: [(Space, &str, u16, f32, f32); 8] = [
    (Space::Physical, "physical", 100, -327.68, 327.67),
    (Space::Sensory, "sensory", 10_000, -3.2768, 3.2767),
    (Space::Motor, "motor", 1_000, -32.768, 32.767),
    (Space::Emotional, "emotional", 10_000, -3.2768, 3.2767),
    (Space::Cognitive, "cognitive", 10_000, -3.2768, 3.2767),
    (Space::Social, "social", 10_000, -3.2768, 3.2767),
    (Space::Temporal, "temporal", 100, -327.68, 327.67),
    (Space::Abstract, "abstract", 10_000, -3.2768, 3.2767),
];

/// The simplest way to encode: the library's `f64::round`, then a clamp.
fn oracle(space: Space, value: f32) -> i16 {
    let steps = (f64::from(value) * f64::from(space.scale())).round();
    steps.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

#[test]
fn order_names_scales_and_ranges_are_those_of_the_format() {
    for (index, (space, name, scale, min, max)) in TABLE.into_iter().enumerate() {
        assert_eq!(space as usize, index);
        assert_eq!(Space::ALL[index], space);
        assert_eq!(space.name(), name);
        assert_eq!(format!("{space:>10}"), format!("{name:>10}"));
        assert_eq!(space.scale(), scale);
        assert_eq!((space.min(), space.max()), (min, max));
    }
}

#[test]
fn every_step_of_every_space_and_axis_comes_back() {
    for space in Space::ALL {
        for step in i16::MIN..=i16::MAX {
            // Three different values, so that swapped axes show.
            let steps = [step, !step, step.wrapping_add(1)];
            let point = space.decode(steps);
            assert_eq!(space.encode(point), Ok(steps));
            assert_eq!(space.encode_saturating(point), steps);
        }
    }
}

#[test]
fn decoding_divides_by_the_scale() {
    assert_eq!(Space::Physical.decode([150, -1, 0]), [1.5, -0.01, 0.0]);
    assert_eq!(Space::Motor.decode([150, -1, 0]), [0.15, -0.001, 0.0]);
    assert_eq!(Space::Social.decode([150, -1, 0]), [0.015, -0.0001, 0.0]);
}

#[test]
fn ties_go_away_from_zero() {
    // Eighths and sixteenths are exact in an f32, and so are these ties.
    let point = [0.125, -0.125, 0.375];
    assert_eq!(Space::Physical.encode(point), Ok([13, -13, 38]));
    let point = [0.0625, -0.0625, 0.1875];
    assert_eq!(Space::Motor.encode(point), Ok([63, -63, 188]));
}

#[track_caller]
fn check_refused(space: Space, point: [f32; 3], bad_axis: Axis, message: &str) {
    let error = space.encode(point).unwrap_err();
    let EncodeError::Coordinate {
        space: named,
        axis,
        value,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((named, axis), (space, bad_axis));
    assert_eq!(value.to_bits(), point[bad_axis as usize].to_bits());
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_coordinate_outside_its_space_is_refused_with_field_value_and_range() {
    check_refused(
        Space::Physical,
        [327.68, 0.0, 0.0],
        Axis::X,
        "physical coordinate x 327.68, expected -327.68 to 327.67",
    );
    check_refused(
        Space::Motor,
        [0.0, -40.0, f32::NAN],
        Axis::Y,
        "motor coordinate y -40.0, expected -32.768 to 32.767",
    );
    check_refused(
        Space::Abstract,
        [3.2767, -3.2768, f32::NAN],
        Axis::Z,
        "abstract coordinate z NaN, expected -3.2768 to 3.2767",
    );
    check_refused(
        Space::Sensory,
        [f32::NEG_INFINITY, 0.0, 0.0],
        Axis::X,
        "sensory coordinate x -inf, expected -3.2768 to 3.2767",
    );
}

#[test]
fn the_range_ends_exactly_where_it_says() {
    for space in Space::ALL {
        let (min, max) = (space.min(), space.max());
        assert_eq!(space.encode([min, max, 0.0]), Ok([i16::MIN, i16::MAX, 0]));
        assert!(space.encode([min.next_down(), 0.0, 0.0]).is_err());
        assert!(space.encode([0.0, max.next_up(), 0.0]).is_err());
    }
}

#[test]
fn saturating_takes_the_nearer_end_and_nan_as_zero() {
    for space in Space::ALL {
        let far = [f32::MAX, f32::MIN, f32::NAN];
        assert_eq!(space.encode_saturating(far), [i16::MAX, i16::MIN, 0]);
        let far = [f32::INFINITY, f32::NEG_INFINITY, -f32::NAN];
        assert_eq!(space.encode_saturating(far), [i16::MAX, i16::MIN, 0]);
    }
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn encoding_agrees_with_the_oracle(
        space in select(Space::ALL.as_slice()),
        // A little beyond the widest range, so that both outcomes are drawn.
        point in prop::array::uniform3(-400.0_f32..400.0),
        shrink in select([1.0_f32, 0.1, 0.01].as_slice()),
    ) {
        let point = point.map(|value| value * shrink);
        let expected = point.map(|value| oracle(space, value));
        prop_assert_eq!(space.encode_saturating(point), expected);
        let fits = point.iter().all(|value| (space.min()..=space.max()).contains(value));
        prop_assert_eq!(space.encode(point).ok(), fits.then_some(expected));
    }

    #[test]
    fn encoding_near_ties_agrees_with_the_oracle(
        space in select(Space::ALL.as_slice()),
        steps: i16,
        off_by in -4..=4_i32,
    ) {
        let tie = (f32::from(steps) + 0.5) / f32::from(space.scale());
        let value = f32::from_bits(tie.to_bits().wrapping_add_signed(off_by));
        prop_assert_eq!(space.encode_saturating([value; 3]), [oracle(space, value); 3]);
    }

    #[test]
    fn any_bit_pattern_is_encoded_or_refused_without_a_panic(bits in any::weight_bits()) {
        let value = f32::from_bits(bits);
        for space in Space::ALL {
            let fits = (space.min()..=space.max()).contains(&value);
            prop_assert_eq!(space.encode([value; 3]).is_ok(), fits);
            prop_assert_eq!(space.encode_saturating([value; 3]), [oracle(space, value); 3]);
        }
    }
}
