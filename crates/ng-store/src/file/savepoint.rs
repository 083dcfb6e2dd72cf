use ng_token::Token;

use super::Writer;
use crate::WriteError;
use crate::disk::Disk;
use crate::format::BLOCK;

/// How far a writer was, to be gone back to: what an append in many parts is taken back to
/// when one of them fails.
///
/// It holds the tokens of the block that was begun, 256 KiB at most.
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
    /// Returns how far the writer is.
    pub fn savepoint(&self) -> Savepoint {
        let appended = self.appended_tokens();
        let begun = (appended % BLOCK) as usize;
        Savepoint {
            generation: self.generation(),
            appended,
            // The block that is not full is in the buffer's end.
            begun: self.buffer[self.buffer.len() - begun..].to_vec(),
        }
    }

    /// Takes back what was appended after a savepoint. What was appended before stands.
    ///
    /// # Errors
    ///
    /// [`WriteError::Forked`] and [`WriteError::Poisoned`].
    ///
    /// # Panics
    ///
    /// When a commit was made since, or the savepoint is of another writer.
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
