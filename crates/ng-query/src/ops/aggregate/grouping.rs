use std::collections::HashMap;

use ng_store::BLOCK_TOKENS;

use super::{GROUPS, GroupBy};
use crate::QueryError;
use crate::memory::{push, room_for_one};
use crate::scan::Stage;

/// The number of values of four bits; a forged column may hold others.
const KINDS: u32 = 16;
/// Groups of at most this many bits are found by their code alone.
pub(super) const FEW_BITS: u32 = 8;

/// Which group each token is in: a number from 0 on, by a code shared by all workers.
pub(super) struct Grouping<'g> {
    group_by: &'g [GroupBy],
    codes: Box<[u64; BLOCK_TOKENS]>,
    /// By code, if there are many.
    known: HashMap<u64, u32>,
    /// The code of each group.
    pub(super) group_codes: Vec<u64>,
    pub(super) groups: Box<[u32; BLOCK_TOKENS]>,
}

impl<'g> Grouping<'g> {
    pub(super) fn new(group_by: &'g [GroupBy]) -> Self {
        let few = bits_of(group_by) <= FEW_BITS;
        Self {
            group_by,
            codes: Box::new([0; BLOCK_TOKENS]),
            known: HashMap::new(),
            group_codes: match few {
                true => (0..1 << bits_of(group_by)).collect(),
                false => Vec::new(),
            },
            groups: Box::new([0; BLOCK_TOKENS]),
        }
    }

    /// The groups of a block's tokens, if they are the values of one column of four bits.
    pub(super) fn kinds<'s>(&self, stage: &'s Stage<'_>) -> Option<&'s [u8]> {
        match self.group_by {
            [by] => by.kind().map(|column| stage.lanes.u8(column)),
            _ => None,
        }
    }

    /// Finds the group of each selected token of a block.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`].
    pub(super) fn find(&mut self, stage: &Stage<'_>) -> Result<(), QueryError> {
        if self.group_by.is_empty() {
            return Ok(());
        }
        if let Some(kinds) = self.kinds(stage) {
            for (group, &kind) in self.groups.iter_mut().zip(kinds) {
                *group = u32::from(kind) % KINDS;
            }
            return Ok(());
        }
        let len = stage.len();
        self.codes[..len].fill(0);
        for by in self.group_by {
            by.append_to(&mut self.codes[..len], stage);
        }
        if bits_of(self.group_by) <= FEW_BITS {
            for (group, &code) in self.groups.iter_mut().zip(&self.codes[..len]) {
                *group = code as u32;
            }
            return Ok(());
        }
        let Self {
            codes,
            known,
            group_codes,
            groups,
            ..
        } = self;
        let mut done = Ok(());
        stage.for_each_selected(|place| {
            let code = codes[place];
            if let Some(&group) = known.get(&code) {
                groups[place] = group;
            } else if done.is_ok() {
                groups[place] = group_codes.len() as u32;
                done = room_for_one(known, GROUPS).and_then(|()| push(group_codes, code, GROUPS));
                if done.is_ok() {
                    known.insert(code, groups[place]);
                }
            }
        });
        done
    }
}

/// The number of bits of a group's code.
pub(super) fn bits_of(group_by: &[GroupBy]) -> u32 {
    group_by.iter().map(|by| by.bits()).sum()
}
