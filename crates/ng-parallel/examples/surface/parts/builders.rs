//! A builder that starts from a token.

use ng_token::*;

use crate::Outcome;
use crate::place::Place;

pub(super) fn run(_: &Place) -> Outcome {
    let token = Token::builder(7)
        .steps(Space::Physical, [150, -225, 0])
        .weight(0.5)
        .system_set(SystemFlags::DIRTY)
        .timestamp(1_700_000_000)
        .build()?;
    assert_eq!(token.to_builder().build()?, token);

    let other = TokenBuilder::from(token)
        .id(8)
        .entity_type(EntityType::Goal)
        .system_cleared(SystemFlags::DIRTY)
        .build_all()?;
    assert_eq!(other.id(), TokenId::new(0, EntityType::Goal, 8)?);
    assert_eq!(other.flags().entity_type(), EntityType::Goal);
    assert_eq!(other.flags().system(), SystemFlags::ACTIVE);
    assert_eq!((other.weight(), other.timestamp()), (0.5, 1_700_000_000));
    all_at_once(token);
    Ok(())
}

/// `first` is the earliest error; the others are in record order.
fn all_at_once(token: Token) {
    let builder = token
        .to_builder()
        .radius(3.0)
        .weight(-1.0)
        .coordinate(Space::Motor, [40.0, 0.0, 0.0]);
    let errors = builder.errors();
    assert_eq!(builder.clone().build_all(), Err(errors));
    assert_eq!(errors.len(), 3);
    assert_eq!(errors.first(), Some(EncodeError::Radius { value: 3.0 }));
    assert_eq!(builder.build().err(), errors.first());

    let motor = EncodeError::Coordinate {
        space: Space::Motor,
        axis: Axis::X,
        value: 40.0,
    };
    let weight = EncodeError::Weight { value: -1.0 };
    let radius = EncodeError::Radius { value: 3.0 };
    assert!(errors.iter().eq([motor, weight, radius]));
    assert_eq!(errors.to_string(), format!("{motor}; {weight}; {radius}"));
    assert!(token.to_builder().errors().is_empty());
}
