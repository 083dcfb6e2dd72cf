//! Partial answers: what is refused of them, and of their bytes.

use ng_query::ng_parallel::Workers;
use ng_query::ng_token::{Flags, Space, Token};
use ng_query::{GroupBy, Measure, Partial, PartialError, Query, QueryError, QuestionError};

const GROUPS: &str = "entity_type, time(100), cell(physical, 50), active";
const MEASURES: &str = "count, sum(weight), stddev(weight), min(weight), distinct(timestamp), \
                        median(radius), max(physical_x), sum(id), stddev(flags)";

fn tokens(count: u32) -> Vec<Token> {
    let token = |number: u32| {
        let mixed = number.wrapping_mul(0x9E37_79B9);
        Token::new(mixed)
            .with_weight(number as f32 * 0.37)
            .with_timestamp(mixed >> 20)
            .with_radius_raw(mixed as u8)
            .with_flags(Flags::from_bits((mixed >> 9) as u16))
            .with_coordinate(Space::Physical, [(mixed >> 16) as i16, 0, 9])
    };
    (0..count).map(token).collect()
}

fn partial(group_by: &str, measures: &str, count: u32) -> Partial {
    let group_by = match group_by {
        "" => Vec::new(),
        text => GroupBy::list(text).unwrap(),
    };
    let measures = Measure::list(measures).unwrap();
    let (tokens, workers) = (tokens(count), Workers::new(1).unwrap());
    let query = Query::new(&tokens, &workers);
    query.aggregate_partial(&group_by, &measures).unwrap().value
}

#[test]
fn answers_to_other_questions_are_not_merged() {
    let mut counted = partial("domain", "count", 10);
    assert_eq!(counted.token_count(), 10);
    for other in [
        partial("entity_type", "count", 1),
        partial("domain", "max(id)", 1),
    ] {
        let refused = counted.merge(other).unwrap_err();
        assert!(matches!(refused, PartialError::OtherQuestion), "{refused}");
    }
    let mut folded = partial("domain", "count", 5);
    folded.fold().unwrap();
    let refused = counted.merge(folded).unwrap_err();
    assert!(matches!(refused, PartialError::Folded), "{refused}");
}

#[test]
fn a_quantile_that_takes_two_passes_is_refused() {
    let (tokens, workers) = (tokens(3), Workers::new(1).unwrap());
    let query = Query::new(&tokens, &workers);
    for measure in [
        "median(weight)",
        "quantile(id, 0.1)",
        "median(timestamp)",
        "median(local_id)",
    ] {
        let measures = Measure::list(measure).unwrap();
        let refused = query.aggregate_partial(&[], &measures).unwrap_err();
        let is_told = matches!(&refused, QueryError::Question(QuestionError::TwoPasses { measure: told }) if *told == measures[0].to_string());
        assert!(is_told, "{refused}");
    }
}

#[test]
fn bytes_that_end_too_soon_or_go_on_are_refused() {
    for group_by in ["", "domain", GROUPS] {
        let mut answer = partial(group_by, MEASURES, 300);
        for is_folded in [false, true] {
            if is_folded {
                answer.fold().unwrap();
            }
            let bytes = answer.to_bytes();
            for len in (0..bytes.len()).step_by(1 + bytes.len() / 400) {
                let refused = Partial::from_bytes(&bytes[..len]).unwrap_err();
                assert_eq!(
                    matches!(refused, PartialError::Version { .. }),
                    len < 8,
                    "{len}"
                );
            }
            let more = [&bytes[..], &[0]].concat();
            let refused = Partial::from_bytes(&more).unwrap_err();
            assert!(matches!(refused, PartialError::Flaw { .. }), "{refused}");
        }
    }
}

/// Whatever is believed of changed bytes, it can be merged and finished.
#[test]
fn no_bytes_make_a_merge_fail_badly() {
    let mut random = 7_u64;
    let mut drawn = |most: usize| {
        random = random
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        (random >> 33) as usize % most
    };
    let (mut believed, mut refused) = (0, 0);
    for group_by in ["", "domain", GROUPS] {
        let whole = partial(group_by, MEASURES, 40).to_bytes();
        for _ in 0..3_000 {
            let mut bytes = whole.clone();
            for _ in 0..=drawn(2) {
                let at = drawn(bytes.len());
                bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, drawn(256) as u8][drawn(6)];
            }
            let (Ok(mut one), Ok(other)) =
                (Partial::from_bytes(&bytes), Partial::from_bytes(&bytes))
            else {
                refused += 1;
                continue;
            };
            believed += 1;
            assert_eq!(one.to_bytes().len(), bytes.len());
            if one.merge(other).is_ok() {
                one.finish().unwrap();
            }
        }
    }
    assert!(
        believed > 500 && refused > 500,
        "{believed} believed, {refused} refused"
    );
}

#[test]
fn each_impossible_number_is_refused() {
    let whole = partial("domain", "count, max(radius)", 9).to_bytes();
    // Magic, version, two texts with their lengths, then the groups.
    let groups = 8 + 8 + "domain".len() + 8 + "count, max(radius)".len();
    for (what, at, bytes) in [
        ("magic", 0, &[0][..]),
        ("version", 4, &[2]),
        ("a long text", 8, &[0xFF; 8]),
        ("another text", 16, b"damain"),
        ("more groups than are allowed", groups, &[0, 0, 0, 1]),
        ("a domain that cannot be", groups + 8, &[16]),
        ("a group of none", groups + 16, &[0]),
        ("a group of too many", groups + 16, &[0xFF; 8]),
        ("neither 0 nor 1", groups + 24, &[2]),
        ("extremes the wrong way round", groups + 25, &[0xFF; 4]),
        ("more NaN than tokens", groups + 33, &[0xFF; 8]),
        ("a sum that is too large", groups + 41, &[0x7F; 16]),
        ("squares that are too large", groups + 57, &[0x7F; 16]),
    ] {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        assert!(Partial::from_bytes(&changed).is_err(), "{what}");
    }
    assert!(Partial::from_bytes(&whole).is_ok());
}
