use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::volume::Volume;
use super::{Call, CallKind, Fault, Killed, Moment, PowerCut, When};
use crate::disk::lock::Lock;

/// The volume and what runs on it: processes, power, the log and the faults.
#[derive(Debug, Default)]
pub(super) struct Machine {
    pub(super) volume: Volume,
    pub(super) can_allocate: bool,
    pub(super) goes_uncached: bool,
    pub(super) tells_cached: bool,
    pub(super) writes_in_place: bool,
    pub(super) process: u64,
    pub(super) log: Vec<Call>,
    pub(super) faults: Vec<(When, Fault)>,
    pub(super) moments: Option<Vec<Moment>>,
    power_is_off: bool,
    counts: BTreeMap<CallKind, u64>,
    /// How often a file's pages were dropped by a failed sync; each opener is notified
    /// once.
    failures: BTreeMap<u64, u64>,
    handles: BTreeMap<u64, usize>,
    next_handle: u64,
    /// Who holds the locks of a file.
    locks: BTreeMap<u64, Vec<Holder>>,
}

/// An open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) file: u64,
    number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    process: u64,
    handle: Handle,
    lock: Lock,
}

/// How far an operation may go.
pub(super) const WHOLE: u64 = u64::MAX;

impl Machine {
    pub(super) fn new(volume: Volume) -> Self {
        Self {
            volume,
            can_allocate: true,
            goes_uncached: true,
            writes_in_place: true,
            tells_cached: true,
            ..Self::default()
        }
    }

    /// Runs one operation, or what a fault leaves of it. `act` gets the number of bytes it
    /// may read, write or allocate.
    pub(super) fn operate<T>(
        &mut self,
        process: u64,
        call: Call,
        act: impl FnOnce(&mut Self, u64) -> io::Result<T>,
    ) -> io::Result<T> {
        self.check_alive(process)?;
        let kind = call.kind();
        let fault = self.take_fault(kind);
        *self.counts.entry(kind).or_default() += 1;
        self.log.push(call.clone());
        let result = match fault {
            None => act(self, WHOLE),
            Some(fault) => self.strike(fault, &call, act),
        };
        if kind.mutates() {
            self.remember(call);
        }
        result
    }

    fn strike<T>(
        &mut self,
        fault: Fault,
        call: &Call,
        act: impl FnOnce(&mut Self, u64) -> io::Result<T>,
    ) -> io::Result<T> {
        match fault {
            Fault::Fail(failure) => Err(failure.to_error()),
            Fault::FailForgetting(failure) => {
                self.forget(call);
                Err(failure.to_error())
            }
            Fault::Short(bytes) => act(self, bytes),
            Fault::PowerCut => {
                if call.kind().changes() {
                    // Whether it failed no longer matters.
                    drop(act(self, WHOLE));
                }
                self.power_is_off = true;
                Err(io::Error::other(PowerCut))
            }
            Fault::Kill(bytes) => {
                let partly = [CallKind::Write, CallKind::WriteUncached, CallKind::Allocate];
                if partly.contains(&call.kind()) {
                    drop(act(self, bytes));
                }
                self.process += 1;
                Err(io::Error::other(Killed))
            }
        }
    }

    pub(super) fn check_alive(&self, process: u64) -> io::Result<()> {
        if self.power_is_off {
            return Err(io::Error::other(PowerCut));
        }
        if process != self.process {
            return Err(io::Error::other(Killed));
        }
        Ok(())
    }

    pub(super) fn check_goes_uncached(&self) -> io::Result<()> {
        match self.goes_uncached {
            true => Ok(()),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) fn count_of(&self, kind: CallKind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    pub(super) fn failures_of(&self, file: u64) -> u64 {
        self.failures.get(&file).copied().unwrap_or(0)
    }

    pub(super) fn open(&mut self, file: u64) -> Handle {
        *self.handles.entry(file).or_default() += 1;
        self.next_handle += 1;
        Handle {
            file,
            number: self.next_handle,
        }
    }

    /// Takes a lock of a file; killed processes hold none.
    pub(super) fn try_lock(&mut self, process: u64, handle: Handle, lock: Lock) -> io::Result<()> {
        self.check_alive(process)?;
        let holders = self.locks.entry(handle.file).or_default();
        holders.retain(|it| it.process == process);
        let own = holders.iter().find(|it| it.handle == handle);
        if lock.is_covered_by(own.map(|it| it.lock))? {
            return Ok(());
        }
        if !holders.iter().all(|other| lock.agrees_with(other.lock)) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        holders.push(Holder {
            process,
            handle,
            lock,
        });
        Ok(())
    }

    pub(super) fn unlock(&mut self, handle: Handle) {
        if let Some(holders) = self.locks.get_mut(&handle.file) {
            holders.retain(|it| it.handle != handle);
        }
    }

    pub(super) fn forget_locks(&mut self) {
        self.locks.clear();
    }

    pub(super) fn close(&mut self, handle: Handle) {
        let file = handle.file;
        self.unlock(handle);
        if let Some(count) = self.handles.get_mut(&file) {
            *count -= 1;
            if *count == 0 {
                self.handles.remove(&file);
                self.volume.drop_unreachable(&self.open_files());
            }
        }
    }

    pub(super) fn open_files(&self) -> BTreeSet<u64> {
        self.handles.keys().copied().collect()
    }

    fn take_fault(&mut self, kind: CallKind) -> Option<Fault> {
        let index = self.log.len() as u64;
        let index_of_kind = self.count_of(kind);
        let strikes = |(when, _): &(When, Fault)| match *when {
            When::Operation(at) => at == index,
            When::Nth(of, at) => of == kind && at == index_of_kind,
        };
        let at = self.faults.iter().position(strikes)?;
        Some(self.faults.remove(at).1)
    }

    fn forget(&mut self, call: &Call) {
        let (file, bytes) = match *call {
            Call::Sync { file } => (file, 0..WHOLE),
            Call::StartWriteback { file, offset, len }
            | Call::FinishWriteback { file, offset, len } => {
                (file, offset..offset.saturating_add(len))
            }
            _ => return,
        };
        self.volume.file_mut(file).forget(bytes);
        *self.failures.entry(file).or_default() += 1;
    }

    fn remember(&mut self, call: Call) {
        let operations = self.log.len() as u64;
        if let Some(moments) = &mut self.moments {
            moments.push(Moment {
                operations,
                call,
                volume: self.volume.clone(),
            });
        }
    }
}
