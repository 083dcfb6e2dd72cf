//! Columns that are a part of another one.

use arrow_array::ArrayRef;
use ng_token::{EntityType, Token, TokenId};

use super::NoFit;
use super::numbers::{Refused, numbers};
use crate::{Column, Expected, Value};

/// Which wholes are present, with which their parts must agree.
pub(super) struct Parts {
    has_id: bool,
    has_flags: bool,
}

impl Parts {
    pub(super) fn new(has_id: bool, has_flags: bool) -> Self {
        Self { has_id, has_flags }
    }

    /// Takes a part of the id, or checks it against the whole id.
    pub(super) fn of_id(
        &self,
        column: Column,
        array: &ArrayRef,
        tokens: &mut [Token],
    ) -> Result<(), Refused> {
        let (shift, most) = match column {
            Column::LocalId => (0, TokenId::LOCAL_MAX),
            Column::EntityType => (24, ENTITY_TYPE_MAX),
            _ => (28, TokenId::DOMAIN_MAX.into()),
        };
        numbers(array, tokens, |token, value| {
            let value = value.whole(most)?;
            let id = token.id().raw();
            match self.has_id {
                true => agree(value, id >> shift & most, Column::Id),
                false => {
                    *token = token.with_id(id | value << shift);
                    Ok(())
                }
            }
        })
    }

    /// Takes the entity type of the flags, or checks it against the whole flags.
    pub(super) fn of_flags(&self, array: &ArrayRef, tokens: &mut [Token]) -> Result<(), Refused> {
        numbers(array, tokens, |token, value| {
            let value = value.whole(ENTITY_TYPE_MAX)?;
            let flags = token.flags();
            match self.has_flags {
                true => agree(value, flags.entity_type().bits().into(), Column::Flags),
                false => {
                    let entity_type = EntityType::ALL[value as usize];
                    *token = token.with_flags(flags.with_entity_type(entity_type));
                    Ok(())
                }
            }
        })
    }
}

const ENTITY_TYPE_MAX: u32 = EntityType::ALL.len() as u32 - 1;

/// Refuses a part that differs from the whole, if that is a column as well.
fn agree(part: u32, whole: u32, column: Column) -> Result<(), NoFit> {
    match part == whole {
        true => Ok(()),
        false => Err((
            Value::Whole(part.into()),
            Expected::Same {
                value: whole,
                column,
            },
        )),
    }
}
