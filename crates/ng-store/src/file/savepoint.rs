use ng_token::Token;

use super::Writer;
use crate::WriteError;
use crate::disk::Disk;
use crate::format::BLOCK;

/// A writer's position to roll back to, if one part of a multi-part append fails.
///
/// It holds the tokens of the partial block, at most 256 KiB.
#[derive(Clone, Debug)]
pub struct Savepoint {
    generation: u64,
    appended: u64,
    begun: Vec<Token>,
}

impl Savepoint {
    /// Returns how many tokens were appended.
    pub fn appended_tokens(&self) -> u64 {
        self.appended
    }
}

impl<D: Disk> Writer<D> {
    /// Returns the writer's current position.
    pub fn savepoint(&self) -> Savepoint {
        let appended = self.appended_tokens();
        let begun = (appended % BLOCK) as usize;
        Savepoint {
            generation: self.generation(),
            appended,
            // The partial block is at the buffer's end.
            begun: self.buffer[self.buffer.len() - begun..].to_vec(),
        }
    }

    /// Rolls back to a savepoint. Earlier appends stay.
    ///
    /// # Errors
    ///
    /// [`WriteError::Forked`] and [`WriteError::Poisoned`].
    ///
    /// # Panics
    ///
    /// If a commit was made since, or the savepoint is from another writer.
    pub fn go_back_to(&mut self, savepoint: &Savepoint) -> Result<(), WriteError> {
        self.check_sound()?;
        let now = (self.generation(), self.appended_tokens());
        assert!(
            now.0 == savepoint.generation && now.1 >= savepoint.appended,
            "generation {} and {} tokens, the savepoint has {} and {}",
            now.0,
            now.1,
            savepoint.generation,
            savepoint.appended
        );
        self.mark = savepoint.appended;
        self.saved.clone_from(&savepoint.begun);
        self.go_back();
        Ok(())
    }
}
