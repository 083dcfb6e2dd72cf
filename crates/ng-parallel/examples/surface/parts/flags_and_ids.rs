//! Coordinates, ids and flags.

use ng_token::*;

use crate::Outcome;
use crate::place::Place;

pub(super) fn run(_: &Place) -> Outcome {
    let id = TokenId::new(1, EntityType::Concept, 42)?;
    let token = Token::new(7)
        .with_id(id.raw())
        .with_coordinate(Space::Motor, [150, 0, -1])
        .try_with_coordinate(Space::Physical, [1.5, -2.25, 0.004])?
        .with_system_set(SystemFlags::DIRTY | SystemFlags::LOCKED)
        .with_system_cleared(SystemFlags::LOCKED)
        .try_with_user(9)?;
    token.validate(0)?;
    assert_eq!(token.id(), id);
    assert_eq!(token.steps(Space::Motor), [150, 0, -1]);
    assert_eq!(token.steps(Space::Physical), [150, -225, 0]);
    let flags = Flags::new(SystemFlags::ACTIVE, EntityType::Concept, 0)?
        .with_system_set(SystemFlags::DIRTY)
        .try_with_user(9)?;
    assert_eq!(token.flags(), flags);

    // In the id and in the flags; the rest of the id stays.
    let event = token.with_entity_type(EntityType::Event);
    assert_eq!(event.id(), TokenId::new(1, EntityType::Event, 42)?);
    assert_eq!(event.id(), id.with_entity_type(EntityType::Event));
    assert_eq!(event.flags(), flags.with_entity_type(EntityType::Event));
    refused(token)
}

fn refused(token: Token) -> Outcome {
    let too_far = EncodeError::Coordinate {
        space: Space::Motor,
        axis: Axis::Y,
        value: 40.0,
    };
    let point = [0.0, 40.0, 0.0];
    assert_eq!(token.try_with_coordinate(Space::Motor, point), Err(too_far));
    let clamped = token.with_coordinate(Space::Motor, Space::Motor.encode_saturating(point));
    assert_eq!(clamped.coordinate(Space::Motor)[1], Space::Motor.max());

    let user = EncodeError::UserFlags { value: 16 };
    assert_eq!(token.try_with_user(16), Err(user));
    assert_eq!(token.flags().try_with_user(16), Err(user));
    Ok(())
}
