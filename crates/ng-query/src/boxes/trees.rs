use std::sync::OnceLock;

use ng_token::Space;

use super::Tree;

/// The tree of each space, made on first use.
#[derive(Debug, Default)]
pub(crate) struct Trees([OnceLock<Tree>; 8]);

impl Trees {
    pub(crate) fn get(&self, space: Space, make: impl FnOnce() -> Tree) -> &Tree {
        self.0[space as usize].get_or_init(make)
    }
}
