//! NeuroGraph tokens: 64-byte fixed records, their checks and their bytes.
//!
//! A [`Token`] is one cache line: a point in eight 3-D semantic spaces
//! ([`Space`]), an id made of domain, entity type and local part ([`TokenId`]),
//! sixteen [`Flags`], a weight, a field (radius and strength) and a time. The
//! bytes are those of NeuroGraph Token V2.0, little-endian and without padding,
//! so a slice of tokens *is* its stored form.
//!
//! It is not a container, a file format or an index. The crate does no I/O, reads no clock,
//! starts no thread, allocates nothing and needs no `std`.
//!
//! ```
//! use ng_token::{EntityType, Space, SystemFlags, Token, TokenId};
//!
//! // A fresh token is pure and valid; the clock is the caller's to read.
//! let fresh = Token::new(7).with_timestamp(1_700_000_000);
//! assert_eq!(fresh.id().local(), 7);
//!
//! // The builder checks every value against its field.
//! let id = TokenId::new(1, EntityType::Concept, 42)?;
//! let token = Token::builder(id.raw())
//!     .coordinate(Space::Physical, [1.5, -2.25, 0.0])
//!     .weight(0.5)
//!     .system(SystemFlags::ACTIVE | SystemFlags::DIRTY)
//!     .build()?;
//! assert_eq!(token.coordinate(Space::Physical), [1.5, -2.25, 0.0]);
//!
//! // Slices of tokens and slices of bytes are two views of one memory.
//! let tokens = [fresh, token];
//! let bytes = ng_token::as_bytes(&tokens);
//! assert_eq!(ng_token::try_tokens(bytes)?, tokens);
//!
//! // Bytes from elsewhere are always tokens, but not always sensible ones.
//! token.validate(1_700_000_000)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Start reading at `token.rs`: the record, its offsets and its accessors. The modules
//! beside it are the types of the fields (`id`, `flags`, `entity`, `space`, `field`),
//! checked construction (`builder`, `error`, `encode_errors`), checks on tokens from
//! elsewhere (`validate`), casts (`bytes`) and distances between tokens (`distance`).
//!
//! With the feature `serde` the public types serialise; [`Token`] documents the
//! shape.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(target_endian = "big")]
compile_error!(
    "ng-token keeps tokens in their stored, little-endian form; this target is big-endian"
);

mod builder;
mod bytes;
mod distance;
mod encode_errors;
mod entity;
mod error;
mod field;
mod flags;
mod id;
mod round;
#[cfg(feature = "serde")]
mod serde;
mod space;
mod token;
mod validate;

pub use builder::TokenBuilder;
pub use bytes::{
    BytesError, UnalignedTokens, as_bytes, as_bytes_mut, read_unaligned, try_tokens, try_tokens_mut,
};
pub use encode_errors::{EncodeErrors, EncodeErrorsIter};
pub use entity::EntityType;
pub use error::EncodeError;
pub use flags::{Flags, SystemFlags};
pub use id::TokenId;
pub use space::{Axis, Space};
pub use token::Token;
pub use validate::{Invalid, Validation};

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
