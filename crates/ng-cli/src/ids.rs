//! How the index of a generated token becomes its id.

use clap::ValueEnum;
use ng_token::{Token, TokenId};
use serde::Serialize;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ids {
    /// The low 24 bits of the index as local id, again from 0 after 2^24 tokens; no entity
    /// type, domain 0
    Local,
    /// The low 32 bits of the index as they are: from 2^24 on they include an entity type
    /// and a domain, and after 2^32 tokens they begin again
    #[default]
    Raw,
}

/// How many indices fit a local id, and an id.
const LOCAL: u64 = TokenId::LOCAL_MAX as u64 + 1;
const ALL: u64 = u32::MAX as u64 + 1;

impl Ids {
    /// Makes the token at an index.
    pub(crate) fn token(self, index: usize) -> Token {
        let index = index as u32;
        Token::new(match self {
            Self::Local => index & TokenId::LOCAL_MAX,
            Self::Raw => index,
        })
    }

    /// The warning about the ids of a number of tokens, if none were chosen.
    pub(crate) fn unasked(tokens: u64) -> Option<&'static str> {
        const RUN_OVER: &str = "ids from index 16777216 on have an entity type and a domain, made \
                                of the index; --ids raw accepts this, --ids local keeps to the \
                                local id";
        const BEGIN_AGAIN: &str = "ids from index 16777216 on have an entity type and a domain, \
                                   made of the index, and from index 4294967296 on they begin \
                                   again; --ids raw accepts this, --ids local keeps to the local \
                                   id";
        if tokens > ALL {
            Some(BEGIN_AGAIN)
        } else {
            (tokens > LOCAL).then_some(RUN_OVER)
        }
    }
}

#[cfg(test)]
mod tests {
    use ng_token::EntityType;

    use super::*;

    #[track_caller]
    fn check(index: u64, local: u32, raw: u32, entity_type: EntityType, domain: u8) {
        let index = index as usize;
        let tokens = [Ids::Local.token(index), Ids::Raw.token(index)];
        assert_eq!(tokens, [Token::new(local), Token::new(raw)], "{index}");
        let id = tokens[1].id();
        assert_eq!((id.entity_type(), id.domain()), (entity_type, domain));
        let id = tokens[0].id();
        assert_eq!((id.entity_type(), id.domain()), (EntityType::Undefined, 0));
    }

    #[test]
    fn local_ids_wrap_at_2_to_24_and_raw_ones_at_2_to_32() {
        check(0, 0, 0, EntityType::Undefined, 0);
        let last = LOCAL - 1;
        check(last, 0xFF_FFFF, 0xFF_FFFF, EntityType::Undefined, 0);
        check(LOCAL, 0, 0x100_0000, EntityType::Object, 0);
        check(LOCAL + 7, 7, 0x100_0007, EntityType::Object, 0);
        check(1 << 28, 0, 0x1000_0000, EntityType::Undefined, 1);
        check(ALL - 1, 0xFF_FFFF, u32::MAX, EntityType::Reserved, 15);
        check(ALL, 0, 0, EntityType::Undefined, 0);
        check(ALL + 7, 7, 7, EntityType::Undefined, 0);
    }

    #[test]
    fn a_warning_begins_with_the_first_id_that_is_not_its_local_part() {
        for tokens in [0, 1, LOCAL - 1, LOCAL] {
            assert_eq!(Ids::unasked(tokens), None, "{tokens}");
        }
        for (tokens, wraps) in [
            (LOCAL + 1, false),
            (ALL, false),
            (ALL + 1, true),
            (u64::MAX, true),
        ] {
            let told = Ids::unasked(tokens).unwrap_or_default();
            assert!(told.contains(&format!("from index {LOCAL} on")), "{told}");
            let again = format!("from index {ALL} on they begin again");
            assert_eq!(told.contains(&again), wraps, "{tokens}: {told}");
        }
    }
}
