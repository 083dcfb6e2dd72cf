//! Points and balls as options: `physical: 1.0, -2.25, 0` and `physical: 1.0, -2.25, 0; 0.5`.

use ng_query::{Ball, Points, QuestionError};
use ng_token::Space;
use thiserror::Error;

/// The point of a nearest search: a place in each of some spaces.
#[derive(Clone, Debug)]
pub(crate) struct NearPoint {
    pub(crate) points: Points,
    pub(crate) spaces: Vec<Space>,
}

/// Why a text is not a point or ball.
#[derive(Debug, Error)]
pub(crate) enum PlaceError {
    #[error(
        "unknown space {name:?}, expected physical, sensory, motor, emotional, cognitive, social, temporal or abstract"
    )]
    Space { name: String },
    #[error("{found:?}, expected {expected}")]
    Form {
        found: String,
        expected: &'static str,
    },
    #[error("{space} {value}, expected {} to {} units", space.min(), space.max())]
    Outside { space: Space, value: f64 },
    #[error(transparent)]
    Question(#[from] QuestionError),
}

const POINT: &str = "a space and three coordinates in units, such as `physical: 1.0, -2.25, 0`, and more of them \
     behind `;`, each with a weight if it counts otherwise, such as `motor * 0.5: 0, 0, 1`";
const BALL: &str =
    "a space, a centre and a radius in units, such as `physical: 1.0, -2.25, 0; 0.5`";

/// Parses a point, which tokens must be able to have: others are usually meant as steps.
pub(super) fn parse_point(text: &str) -> Result<NearPoint, PlaceError> {
    let mut weights = Vec::new();
    let mut places = Vec::new();
    for part in text.split(';') {
        let (head, place) = split_at_colon(part, POINT)?;
        let (name, weight) = match head.split_once('*') {
            Some((name, weight)) => (name, Some(number(weight, POINT)?)),
            None => (head, None),
        };
        let space = space(name)?;
        weights.push((space, weight));
        places.push(coordinates(space, place, POINT)?);
    }
    let mut points = match weights[..] {
        [(space, None)] => Points::in_space(space),
        _ => {
            let weights = weights
                .iter()
                .map(|(space, weight)| (*space, weight.unwrap_or(1.0)));
            Points::weighted(&weights.collect::<Vec<_>>())?
        }
    };
    points.add_units(&places)?;
    Ok(NearPoint {
        points,
        spaces: weights.into_iter().map(|(space, _)| space).collect(),
    })
}

pub(super) fn parse_ball(text: &str) -> Result<Ball, PlaceError> {
    let (name, rest) = split_at_colon(text, BALL)?;
    let space = space(name)?;
    let (centre, radius) = rest.split_once(';').ok_or_else(|| no(rest, BALL))?;
    let centre = coordinates(space, centre, BALL)?;
    Ok(Ball::of_units(space, centre, number(radius, BALL)?)?)
}

fn split_at_colon<'t>(
    text: &'t str,
    expected: &'static str,
) -> Result<(&'t str, &'t str), PlaceError> {
    text.split_once(':').ok_or_else(|| no(text, expected))
}

fn no(found: &str, expected: &'static str) -> PlaceError {
    PlaceError::Form {
        found: found.trim().to_owned(),
        expected,
    }
}

fn space(name: &str) -> Result<Space, PlaceError> {
    let name = name.trim();
    let space = Space::ALL.into_iter().find(|space| space.name() == name);
    space.ok_or_else(|| PlaceError::Space {
        name: name.to_owned(),
    })
}

fn number(text: &str, expected: &'static str) -> Result<f64, PlaceError> {
    text.trim().parse().map_err(|_| no(text, expected))
}

fn coordinates(space: Space, text: &str, expected: &'static str) -> Result<[f64; 3], PlaceError> {
    let numbers = text.split(',').map(|part| number(part, expected));
    let numbers: Vec<f64> = numbers.collect::<Result<_, _>>()?;
    let place: [f64; 3] = numbers.try_into().map_err(|_| no(text, expected))?;
    // As tokens are encoded: the value nearest to an end, as a float, is that end.
    let holds = |value: &f64| (space.min()..=space.max()).contains(&(*value as f32));
    match place.into_iter().find(|value| !holds(value)) {
        Some(value) => Err(PlaceError::Outside { space, value }),
        None => Ok(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse_point(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn points_are_of_one_space_or_of_several_with_weights() {
        assert_eq!(
            parse_point("physical: 1.0, -2.25, 0").unwrap().spaces,
            [Space::Physical]
        );
        let of_two = parse_point("physical: 1, 2, 3; motor * 0.5: 0, 0, 1").unwrap();
        assert_eq!(of_two.spaces, [Space::Physical, Space::Motor]);
        assert_eq!(of_two.points.space_count(), 2);
    }

    #[test]
    fn what_is_no_point_is_named() {
        assert!(refused("physica: 0, 0, 0").starts_with("unknown space \"physica\", expected"));
        assert!(refused("physical: 0, 0").starts_with("\"0, 0\", expected a space"));
        assert!(refused("physical 0, 0, 0").contains("expected a space"));
        assert!(refused("physical: 0, x, 0").starts_with("\"x\", expected"));
        assert_eq!(
            refused("physical: 0, 400, 0"),
            "physical 400, expected -327.68 to 327.67 units"
        );
        assert!(refused("physical: 0, nan, 0").starts_with("physical NaN, expected"));
        assert!(refused("physical * -1: 0, 0, 0").contains("-1"));
    }

    #[test]
    fn balls_have_a_radius_of_0_or_more() {
        let ball = parse_ball("physical: 1.0, -2.25, 0; 0.5").unwrap();
        assert_eq!((ball.centre(), ball.radius()), ([100.0, -225.0, 0.0], 50.0));
        for text in [
            "physical: 0, 0, 0",
            "physical: 0, 0, 0; -1",
            "physical: 0, 0, 0; nan",
        ] {
            assert!(parse_ball(text).is_err(), "{text}");
        }
    }
}
