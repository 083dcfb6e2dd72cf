//! Which entries of a block table are rotten, if blocks and entries disagree: those whose
//! replacement by the hash of their tokens restores the chain.

use std::ops::Range;

use crate::format::chain;

/// The table entries of a sector, which a device writes whole or not at all.
pub(super) const SECTOR_ENTRIES: usize = 64;

/// The number of groups up to which every combination is tried.
const GROUPS_MAX: usize = 8;

/// A block that fails its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspect {
    /// The position of its entry.
    pub(super) at: usize,
    /// The hash of its tokens.
    pub(super) found: u64,
}

/// A table, the blocks that disagree with it, and its committed chain.
///
/// Damage comes in runs: a sector or a page of entries at once, and blocks one by one. So
/// the suspects in one sector are assumed to have one cause, and those of neighbouring
/// sectors, too, if all of their entries are suspect; then all but one of them.
pub(super) struct Search<'a> {
    /// The chain before the first entry.
    pub(super) start: u64,
    /// From the first entry of a sector on.
    pub(super) entries: &'a [u64],
    /// In entry order.
    pub(super) suspects: &'a [Suspect],
    /// The chain after the last entry.
    pub(super) end: u64,
    /// How many entries may still be hashed.
    pub(super) budget: u64,
}

impl Search<'_> {
    /// Decides for each suspect whether its entry is rotten; `None` if no tried choice
    /// gives the chain.
    pub(super) fn run(&mut self) -> Option<Vec<bool>> {
        let suspects = 0..self.suspects.len();
        let together = std::slice::from_ref(&suspects);
        if let Some(rotten) = self.choose(together, 0) {
            return Some(rotten);
        }
        if suspects.len() <= GROUPS_MAX {
            let each: Vec<_> = suspects.map(|suspect| suspect..suspect + 1).collect();
            return self.choose(&each, 0);
        }
        let groups = self.groups();
        if groups.len() > GROUPS_MAX {
            return self.choose(together, 1);
        }
        (0..=1).find_map(|exceptions| self.choose(&groups, exceptions))
    }

    fn choose(&mut self, groups: &[Range<usize>], exceptions: usize) -> Option<Vec<bool>> {
        let mut rotten = vec![false; self.suspects.len()];
        let found = self.descend(groups, self.start, 0, exceptions, &mut rotten);
        found.then_some(rotten)
    }

    /// Tries both causes for the first group, given the chain over the entries before it,
    /// which all choices for the rest share; with up to this many exceptions.
    fn descend(
        &mut self,
        groups: &[Range<usize>],
        chain: u64,
        at: usize,
        exceptions: usize,
        rotten: &mut [bool],
    ) -> bool {
        let Some((group, rest)) = groups.split_first() else {
            let end = self.entries.len();
            return self.chained(chain, at..end) == Some(self.end);
        };
        for cause in [false, true] {
            let (mut chain, mut at) = (chain, at);
            rotten[group.clone()].fill(cause);
            for suspect in group.clone().filter(|_| exceptions > 0) {
                let Some(before) = self.chained(chain, at..self.suspects[suspect].at) else {
                    return false;
                };
                (chain, at) = self.take(suspect, before, cause);
                rotten[suspect] = !cause;
                let (other, next) = self.take(suspect, before, !cause);
                let others = suspect + 1..group.end;
                if let Some((other, next)) = self.take_all(others, other, next, cause)
                    && self.descend(rest, other, next, exceptions - 1, rotten)
                {
                    return true;
                }
                rotten[group.clone()].fill(cause);
            }
            if exceptions == 0 {
                let Some(taken) = self.take_all(group.clone(), chain, at, cause) else {
                    return false;
                };
                (chain, at) = taken;
            }
            if self.descend(rest, chain, at, exceptions, rotten) {
                return true;
            }
        }
        false
    }

    /// Chains the entries up to the last suspect of a range, all with one cause.
    fn take_all(
        &mut self,
        suspects: Range<usize>,
        mut chain: u64,
        mut at: usize,
        rotten: bool,
    ) -> Option<(u64, usize)> {
        for suspect in suspects {
            let before = self.chained(chain, at..self.suspects[suspect].at)?;
            (chain, at) = self.take(suspect, before, rotten);
        }
        Some((chain, at))
    }

    /// Chains the entry of a suspect, or its hash if that entry is rotten.
    fn take(&self, suspect: usize, before: u64, rotten: bool) -> (u64, usize) {
        let Suspect { at, found } = self.suspects[suspect];
        let entry = match rotten {
            true => found,
            false => self.entries[at],
        };
        (chain(before, &[entry.to_le_bytes()]), at + 1)
    }

    /// Chains entries unchanged; `None` once the work limit is reached.
    fn chained(&mut self, before: u64, range: Range<usize>) -> Option<u64> {
        // One more for the suspect that follows.
        self.budget = self.budget.checked_sub(range.len() as u64 + 1)?;
        let entries = self.entries[range].iter();
        Some(entries.fold(before, |sum, entry| chain(sum, &[entry.to_le_bytes()])))
    }

    fn groups(&self) -> Vec<Range<usize>> {
        let sector = |suspect: usize| self.suspects[suspect].at / SECTOR_ENTRIES;
        let mut groups: Vec<Range<usize>> = Vec::new();
        for suspect in 0..self.suspects.len() {
            match groups.last_mut() {
                Some(last) if sector(last.start) == sector(suspect) => last.end += 1,
                _ => groups.push(suspect..suspect + 1),
            }
        }
        let mut merged: Vec<Range<usize>> = Vec::new();
        for group in groups {
            match merged.last_mut() {
                Some(last)
                    if last.end == group.start
                        && self.is_sector_full_of(last.end - 1, last)
                        && self.is_sector_full_of(group.start, &group)
                        && sector(group.start) == sector(last.end - 1) + 1 =>
                {
                    last.end = group.end;
                }
                _ => merged.push(group),
            }
        }
        merged
    }

    /// Whether all entries of the sector of `suspect` are suspects of `group`.
    fn is_sector_full_of(&self, suspect: usize, group: &Range<usize>) -> bool {
        let sector = self.suspects[suspect].at / SECTOR_ENTRIES;
        let first = sector * SECTOR_ENTRIES;
        let end = self.entries.len().min(first + SECTOR_ENTRIES);
        let of_it = self.suspects[group.clone()]
            .iter()
            .filter(|suspect| suspect.at / SECTOR_ENTRIES == sector);
        of_it.count() == end - first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: u64 = 1 << 22;

    /// The content at a position, of either kind.
    fn number(kind: u64, at: usize) -> u64 {
        (kind << 32 | at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn every(step: usize, range: Range<usize>) -> Vec<usize> {
        range.step_by(step).collect()
    }

    /// Searches a table whose entries at `rotten` are damaged, and blocks at `data`.
    fn search(count: usize, rotten: &[usize], data: &[usize]) -> (Option<Vec<usize>>, u64) {
        let sound: Vec<_> = (0..count).map(|at| number(1, at)).collect();
        let bytes: Vec<_> = sound.iter().map(|entry| entry.to_le_bytes()).collect();
        let mut entries = sound.clone();
        for &at in rotten {
            entries[at] = number(2, at);
        }
        let suspects: Vec<_> = (0..count)
            .filter(|at| rotten.contains(at) || data.contains(at))
            .map(|at| Suspect {
                at,
                found: match data.contains(&at) {
                    true => number(3, at),
                    false => sound[at],
                },
            })
            .collect();
        let mut search = Search {
            start: 7,
            entries: &entries,
            suspects: &suspects,
            end: chain(7, &bytes),
            budget: BUDGET,
        };
        let found = search.run().map(|rotten| {
            let chosen = suspects.iter().zip(rotten).filter(|(_, rotten)| *rotten);
            chosen.map(|(suspect, _)| suspect.at).collect()
        });
        (found, BUDGET - search.budget)
    }

    #[test]
    fn rotten_entries_are_told_from_damaged_blocks() {
        let page: Vec<_> = (512..1024).collect();
        let sector: Vec<_> = (64..128).collect();
        for (rotten, data) in [
            (vec![], vec![]),
            (vec![], every(3, 0..1100)),
            (every(3, 0..1100), vec![]),
            (vec![1, 64, 65], vec![0, 66, 1099]),
            // A lost page or sector, and blocks elsewhere.
            (page.clone(), vec![5]),
            (page.clone(), vec![511]),
            (page.clone(), vec![1024]),
            (page.clone(), vec![5, 100, 200, 201, 1030]),
            (sector.clone(), vec![63]),
            (sector.clone(), vec![128]),
            // Torn inside a sector, and a block in the intact part.
            ((64..100).collect(), vec![120]),
            ((64..100).collect(), vec![120, 300]),
            (every(2, 64..128), vec![300, 301]),
            // All but one, and one alone, wherever they are.
            (every(70, 0..1100), vec![3]),
            (vec![3], every(70, 0..1100)),
            (every(70, 0..1100), vec![1099]),
        ] {
            let (found, work) = search(1100, &rotten, &data);
            assert_eq!(found, Some(rotten), "{data:?}");
            assert!(work < BUDGET);
        }
    }

    #[test]
    fn what_no_choice_explains_is_given_up() {
        // A block and its own entry; too many of both.
        for (rotten, data) in [
            (vec![5], vec![5]),
            ((512..1024).collect(), vec![600]),
            (every(70, 0..1100), every(70, 1..1100)),
        ] {
            assert_eq!(search(1100, &rotten, &data).0, None);
        }
    }

    #[test]
    fn the_work_has_a_bound() {
        let count = 1 << 14;
        let (found, work) = search(count, &every(70, 0..count), &every(64, 5..count));
        assert_eq!(found, None);
        assert!(work <= BUDGET, "{work}");
    }
}
