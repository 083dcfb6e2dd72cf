//! What cells need, and what the machine has.

use crate::worker::scenario::{Cell, Scenario};

/// Memory, and disk, that a cell leaves to the rest of the machine.
pub(super) const SPARE_BYTES: u64 = 256 << 20;

/// What the machine can give to cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Disk space for data files in bytes.
    pub disk_bytes: u64,
    /// Why no worker can be confined to less memory, if none can.
    pub confinement: Result<(), String>,
}

impl Available {
    /// Unlimited: for a machine that does not report what it has.
    pub const EVERYTHING: Self = Self {
        memory_bytes: u64::MAX,
        disk_bytes: u64::MAX,
        confinement: Ok(()),
    };

    /// Whether that much memory is available.
    pub(super) fn has_memory(&self, bytes: u64) -> bool {
        !too_much(bytes, self.memory_bytes)
    }

    /// Why a cell with these needs is not measured, if it is not.
    pub(super) fn lacks(&self, needs: &Needs) -> Option<String> {
        if too_much(needs.memory_bytes, self.memory_bytes) {
            return Some(too_large("memory", needs.memory_bytes, self.memory_bytes));
        }
        if needs.disk_bytes > 0 && too_much(needs.disk_bytes, self.disk_bytes) {
            return Some(too_large("disk", needs.disk_bytes, self.disk_bytes));
        }
        needs.memory_limit_bytes?;
        self.confinement.clone().err()
    }
}

/// What a cell needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) memory_bytes: u64,
    pub(super) disk_bytes: u64,
    pub(super) memory_limit_bytes: Option<u64>,
    /// None if limits are probed over the bytes of the items.
    pub(super) limit_bytes: Option<u64>,
}

impl Needs {
    pub(super) fn of(scenario: &dyn Scenario, cell: &Cell) -> Self {
        Self {
            memory_bytes: scenario.needs_bytes(cell),
            disk_bytes: scenario.needs_disk_bytes(cell),
            memory_limit_bytes: scenario.memory_limit_bytes(cell),
            limit_bytes: scenario.limit_bytes(cell),
        }
    }
}

fn too_much(needs: u64, available: u64) -> bool {
    needs.saturating_add(SPARE_BYTES) > available
}

fn too_large(what: &str, needs: u64, available: u64) -> String {
    format!(
        "needs {} MiB of {what} plus {} MiB to spare, {} MiB available",
        needs >> 20,
        SPARE_BYTES >> 20,
        available >> 20
    )
}
