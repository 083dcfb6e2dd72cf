//! What is measured, how often, and what does not fit.

use std::ops::RangeInclusive;
use std::time::Duration;

use ng_lab::{Cell, Scenario};
use ng_token::Token;

use crate::who::Who;
use crate::works::{REGISTRY, WRITING, variant};

/// Memory and disk left for everything else.
const SPARE_MEMORY_BYTES: u64 = 256 << 20;
const SPARE_DISK_BYTES: u64 = 1 << 30;

/// Rounds of slow stores: what an interval needs.
const SLOW_ROUNDS: u32 = 6;

/// The files to be read, and the largest one that a worker makes beside them: bytes for each token,
/// and the size of an empty file. As measured, a token takes 71 bytes in redb and 79 in LMDB.
const KEPT_BYTES: u64 = 3 * Token::SIZE as u64 + 80 + 90;
const NEW_BYTES: u64 = 2 * 90;
const EMPTY_BYTES: u64 = 64 << 20;

/// The available room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) memory_bytes: u64,
    pub(crate) disk_bytes: u64,
}

/// A cell, and its number of rounds.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCell {
    pub(crate) cell: Cell,
    pub(crate) who: Who,
    pub(crate) rounds: u32,
    /// Why it is not measured, if so.
    pub(crate) skipped: Option<String>,
}

/// Everything that a run measures.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) tokens: u64,
    pub(crate) rounds: u32,
    pub(crate) cells: Vec<PlannedCell>,
}

impl Plan {
    /// Plans every work of every store.
    pub(crate) fn new(tokens: u64, rounds: u32, threads: &[usize], room: Room) -> Self {
        let mut cells = Vec::new();
        for scenario in REGISTRY {
            for variant in scenario.variants(threads) {
                let cell = Cell {
                    scenario: scenario.name().to_owned(),
                    variant,
                    items: tokens,
                };
                cells.extend(planned(scenario, cell, rounds, room));
            }
        }
        Self {
            tokens,
            rounds,
            cells,
        }
    }

    /// The cells that are measured.
    pub(crate) fn measured(&self) -> impl Iterator<Item = &PlannedCell> {
        self.cells
            .iter()
            .filter(|planned| planned.skipped.is_none())
    }

    /// The cells that make the files that others read.
    pub(crate) fn preparation(&self) -> Vec<Cell> {
        let makes = |who: Who| self.measured().any(|planned| planned.reads_file_of(who));
        let makers = Who::ALL.into_iter().filter(|who| makes(*who));
        let cells = makers.map(|who| Cell {
            scenario: WRITING.name().to_owned(),
            variant: variant(who, 1),
            items: self.tokens,
        });
        cells.collect()
    }

    /// The disk space of the files.
    pub(crate) fn disk_bytes(&self) -> u64 {
        disk_bytes(self.tokens)
    }

    /// How long everything takes: a rough figure, from one machine.
    pub(crate) fn estimate(&self) -> Duration {
        let files = self.preparation();
        let files = files.iter().filter_map(|cell| {
            let who = Who::named(&cell.variant.name)?;
            Some(cost(cell, who))
        });
        self.estimate_of(1..=self.rounds) + files.sum::<Duration>()
    }

    /// How long those rounds take.
    pub(crate) fn estimate_of(&self, rounds: RangeInclusive<u32>) -> Duration {
        let due = rounds.flat_map(|round| {
            let cells = self.measured();
            cells.filter(move |planned| planned.is_due(round, self.rounds))
        });
        due.map(|planned| cost(&planned.cell, planned.who)).sum()
    }
}

impl PlannedCell {
    /// Whether it reads a file that `who` must make first.
    pub(crate) fn reads_file_of(&self, who: Who) -> bool {
        self.who.is_durable() && !self.writes() && self.who.reads_from() == who
    }

    /// Whether it makes a file.
    pub(crate) fn writes(&self) -> bool {
        self.cell.scenario == WRITING.name()
    }

    /// Whether it is measured in `round` of `rounds`: its own rounds are spread evenly.
    pub(crate) fn is_due(&self, round: u32, rounds: u32) -> bool {
        let done = |round: u32| u64::from(round) * u64::from(self.rounds) / u64::from(rounds);
        done(round) > done(round - 1)
    }
}

fn planned(scenario: &dyn Scenario, cell: Cell, rounds: u32, room: Room) -> Option<PlannedCell> {
    let who = Who::named(&cell.variant.name)?;
    let slow = who.is_slow() && cost(&cell, who) > cost_of_a_process();
    Some(PlannedCell {
        who,
        rounds: if slow {
            rounds.min(SLOW_ROUNDS)
        } else {
            rounds
        },
        skipped: no_room(scenario.needs_bytes(&cell), who, cell.items, room),
        cell,
    })
}

/// Returns what is lacking, if anything.
fn no_room(needs_bytes: u64, who: Who, tokens: u64, room: Room) -> Option<String> {
    let (mut memory_bytes, mut disk) = (needs_bytes + SPARE_MEMORY_BYTES, 0);
    if who.is_durable() {
        // Files are read from the page cache, one after the other.
        memory_bytes += KEPT_BYTES * tokens;
        disk = disk_bytes(tokens) + SPARE_DISK_BYTES;
    }
    let short = [
        ("memory", memory_bytes, room.memory_bytes),
        ("disk", disk, room.disk_bytes),
    ];
    let (what, needed, there) = short
        .into_iter()
        .find(|(_, needed, there)| needed > there)?;
    let [needed, there] = [needed, there].map(|bytes| bytes >> 20);
    Some(format!(
        "needs {needed} MiB of {what}, spare room included, and {there} MiB are free"
    ))
}

fn disk_bytes(tokens: u64) -> u64 {
    (KEPT_BYTES + NEW_BYTES) * tokens + EMPTY_BYTES
}

fn cost_of_a_process() -> Duration {
    Duration::from_millis(25)
}

/// The memory of a cell, including what surrounds the timed part.
fn cost(cell: &Cell, who: Who) -> Duration {
    let ns_of_token = match (cell.scenario.as_str(), who) {
        ("reopen", _) => 0,
        ("durable_create", Who::RedbInsert) => 900,
        ("durable_create", Who::Redb | Who::Lmdb | Who::LmdbWriteMap) => 400,
        ("durable_create", _) => 120,
        ("verify", Who::Redb) => 120,
        (_, Who::Redb | Who::Lmdb | Who::LmdbWriteMap) => 200,
        (_, Who::Vec | Who::NgVec | Who::RawLoop) => 55,
        _ => 25,
    };
    cost_of_a_process() + Duration::from_nanos(ns_of_token * cell.items)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: Room = Room {
        memory_bytes: u64::MAX,
        disk_bytes: u64::MAX,
    };

    fn names(plan: &Plan, work: &str) -> Vec<String> {
        plan.measured()
            .filter(|planned| planned.cell.scenario == work)
            .map(|planned| format!("{}x{}", planned.who.name(), planned.cell.variant.threads))
            .collect()
    }

    #[test]
    fn everybody_does_what_they_can() {
        let plan = Plan::new(1_000, 6, &[1, 2], ENDLESS);
        let mut readers = vec![
            "vecx1",
            "ng-vecx1",
            "ng-vecx2",
            "ng-mmapx1",
            "ng-mmapx2",
            "memmap2x1",
            "redbx1",
            "lmdbx1",
            "arrow-ipcx1",
        ];
        for work in ["filter", "random_read"] {
            assert_eq!(names(&plan, work), readers, "{work}");
        }
        readers.push("raw-loopx1");
        assert_eq!(names(&plan, "scan"), readers);
        assert_eq!(names(&plan, "create"), ["vecx1", "ng-vecx1", "ng-vecx2"]);
        assert_eq!(names(&plan, "clone"), ["vecx1", "ng-vecx1"]);
        assert_eq!(
            names(&plan, "reopen"),
            ["ng-mmapx1", "memmap2x1", "redbx1", "lmdbx1", "arrow-ipcx1"]
        );
        assert_eq!(
            names(&plan, "verify"),
            [
                "ng-mmapx1",
                "ng-mmapx2",
                "redbx1",
                "full-readx1",
                "map-readx1"
            ]
        );
        let writers = names(&plan, "durable_create");
        for who in [
            "ng-mmap",
            "memmap2",
            "bufwriter",
            "redb",
            "redb-insert",
            "lmdb",
            "lmdb-write-map",
            "arrow-ipc",
        ] {
            assert!(
                writers.contains(&format!("{who}x1")),
                "{who} in {writers:?}"
            );
        }
    }

    #[test]
    fn files_are_made_for_those_who_read_them() {
        let plan = Plan::new(1_000, 6, &[1], ENDLESS);
        let made: Vec<String> = plan
            .preparation()
            .into_iter()
            .map(|cell| cell.variant.name)
            .collect();
        assert_eq!(made, ["ng-mmap", "memmap2", "redb", "lmdb", "arrow-ipc"]);
    }

    #[test]
    fn slow_ones_have_the_rounds_of_an_interval_spread_evenly() {
        let plan = Plan::new(10_000_000, 10, &[1], ENDLESS);
        for planned in plan.measured() {
            let due = |round: &u32| planned.is_due(*round, plan.rounds);
            assert_eq!((1..=10).filter(due).count() as u32, planned.rounds);
            let slow = planned.who.is_slow() && planned.cell.scenario != "reopen";
            assert_eq!(planned.rounds, if slow { 6 } else { 10 });
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_skipped_with_the_figures() {
        let room = |memory_gib: u64, disk_gib: u64| Room {
            memory_bytes: memory_gib << 30,
            disk_bytes: disk_gib << 30,
        };
        let measured = |room| Plan::new(10_000_000, 6, &[1], room).measured().count();
        let all = measured(ENDLESS);
        assert_eq!(measured(room(16, 16)), all);
        assert_eq!(measured(room(0, 16)), 0);
        // No disk: only works in memory are left.
        let plan = Plan::new(10_000_000, 6, &[1], room(16, 2));
        assert!(plan.measured().all(|planned| !planned.who.is_durable()));
        assert!(plan.measured().count() > 0 && plan.preparation().is_empty());
        let reason = plan.cells.iter().find_map(|cell| cell.skipped.clone());
        let reason = reason.unwrap();
        assert!(
            reason.starts_with("needs ")
                && reason.contains("of disk")
                && reason.contains("2048 MiB"),
            "{reason}"
        );
    }

    #[test]
    fn ten_million_tokens_take_minutes() {
        let plan = Plan::new(10_000_000, 10, &[1, 2], ENDLESS);
        let minutes = plan.estimate().as_secs() / 60;
        assert!((3..=12).contains(&minutes), "{minutes} minutes");
    }
}
