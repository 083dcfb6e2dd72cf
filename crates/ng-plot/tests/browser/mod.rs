//! A page in a browser, for the tests of all crates that make pages.

pub(crate) mod devtools;
pub(crate) mod layout;
