use std::sync::Arc;

use ng_store::BLOCK_TOKENS;
use ng_store::disk::sim::{Atomicity, Failure, Fault, Seeded, SimFs, When};

use crate::check::check_with;
use crate::session::{Allowed, Content, Failed, Session};
use crate::workload::{Step, Workload};

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Step(Step),
    /// Something goes wrong this many operations from now.
    Fault(u64, Fault),
    /// The power fails; the seed decides which unsynced writes survive.
    Cut(u64),
    /// The disk gets room for this many sectors more than are used, or unlimited room.
    Room(Option<u64>),
    /// The file system cannot allocate from now on.
    RefuseAllocation,
}

impl Action {
    pub(crate) fn of([what, a, b, c]: [u8; 4]) -> Self {
        let number = u64::from(a) | u64::from(b) << 8;
        // Mostly few tokens; at most a little more than a mebibyte.
        let count = match c % 4 {
            0 => u64::from(a),
            1 => number % (BLOCK_TOKENS as u64 + 2),
            2 => number % 300,
            _ => number % (5 * BLOCK_TOKENS as u64),
        };
        let ahead = u64::from(a);
        match what % 15 {
            0 => Self::Step(Step::Append(count as usize)),
            1 => Self::Step(Step::AppendWith(count as usize)),
            2 => Self::Step(Step::AppendHashed(count as usize)),
            3 => Self::Step(Step::Reserve(count)),
            4 => Self::Step(Step::ReserveExact(count)),
            5 => Self::Step(Step::Commit { tag: ahead }),
            6 => Self::Step(Step::Reopen),
            7 => Self::Cut(number),
            8 => Self::Fault(ahead, Fault::Kill(u64::from(b) << (c % 8))),
            9 => Self::Fault(ahead, Fault::Fail(failure(b))),
            10 => Self::Fault(ahead, Fault::FailForgetting(failure(b))),
            11 => Self::Fault(ahead, Fault::Fail(Failure::Interrupted)),
            12 => Self::Fault(ahead, Fault::Short(u64::from(b) << (c % 8))),
            13 => Self::Room((c % 2 == 0).then_some(number)),
            _ => Self::RefuseAllocation,
        }
    }
}

fn failure(number: u8) -> Failure {
    match number % 2 {
        0 => Failure::Io,
        _ => Failure::NoSpace,
    }
}

/// A program, the disk that it runs on, and what the file may hold.
pub(crate) struct Machine {
    fs: SimFs,
    session: Option<Session>,
    allowed: Allowed,
    /// How many programs were started.
    started: u64,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            fs: SimFs::new(),
            session: None,
            allowed: Allowed::default(),
            started: 0,
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::Step(step) => self.step(&step),
            Action::Fault(ahead, fault) => {
                let operation = self.fs.operations() + ahead;
                self.fs.inject(When::Operation(operation), fault);
            }
            Action::Cut(seed) => self.cut(seed),
            Action::Room(sectors) => {
                let used = self.fs.used_sectors();
                self.fs.set_capacity(sectors.map(|sectors| used + sectors));
            }
            Action::RefuseAllocation => self.fs.refuse_allocation(),
        }
    }

    /// Gives the disk room and ends all faults: the program goes on.
    pub(crate) fn end(mut self) {
        self.fs.set_capacity(None);
        if self.fs.pending_faults() > 0 {
            self.fs = self.fs.fork();
            self.die();
        }
        let steps = [Step::Append(3), Step::Commit { tag: 1 }];
        steps.iter().for_each(|step| self.step(step));
        if self.session.is_none() {
            // It was killed in an operation whose failure is ignored, like giving back room, and
            // has noticed only now.
            steps.iter().for_each(|step| self.step(step));
        }
        assert!(self.session.is_some(), "it failed with nothing wrong");
        self.check(&self.fs);
    }

    fn step(&mut self, step: &Step) {
        let Some(session) = self.running() else {
            return;
        };
        let outcome = session.step(step);
        let poisoned = session.has_writer() && session.writer().is_poisoned();
        self.allowed = session.allowed();
        match outcome {
            Ok(()) => assert!(!poisoned, "{step:?} went well and poisoned"),
            // Nothing has changed, and the program goes on.
            Err(failed) if failed.is_no_room() => {
                assert!(!poisoned, "{step:?}: {failed:?}");
            }
            Err(failed) => self.fail(step, &failed),
        }
    }

    /// The disk failed the program. If its writer lives it refuses, and readers see what they saw.
    fn fail(&mut self, step: &Step, failed: &Failed) {
        self.check(&self.fs);
        if let Some(mut session) = self.session.take()
            && session.has_writer()
        {
            assert!(session.writer().is_poisoned(), "{step:?}: {failed:?}");
            assert!(session.step(&Step::Append(1)).is_err());
        }
    }

    /// The running program, started if there is none; none if that fails.
    fn running(&mut self) -> Option<&mut Session> {
        if self.session.is_none() {
            let content = self.check(&self.fs);
            self.start(content);
        }
        self.session.as_mut()
    }

    fn start(&mut self, content: Option<Arc<Content>>) {
        let is_there = content.is_some();
        let found = Allowed {
            acked: content,
            next: Vec::new(),
        };
        let mut session = Session::after(&self.fs, found);
        self.started += 1;
        let started = match is_there {
            true => session.reopen(),
            false => session.create(&workload(self.started)),
        };
        match started {
            Ok(()) => {
                self.allowed = session.allowed();
                self.session = Some(session);
            }
            // After a power cut, findings may be gone; what a failed creation or opening wrote may
            // be there.
            Err(_) => self.allowed.next.extend(session.allowed().next),
        }
    }

    fn cut(&mut self, seed: u64) {
        self.fs = self.fs.crash(&mut Seeded::new(seed), Atomicity::Sector);
        self.die();
    }

    /// Ends the program. The next one finds an allowed state, and may rely on it only after making
    /// it durable.
    fn die(&mut self) {
        self.session = None;
        let found = self.check(&self.fs);
        // After a power cut, what is there is on the disk.
        self.allowed = Allowed {
            acked: found,
            next: Vec::new(),
        };
    }

    /// Compares the file with what is allowed, without triggering a fault.
    fn check(&self, fs: &SimFs) -> Option<Arc<Content>> {
        let checked = check_with(&fs.fork(), &self.allowed, |_| true);
        checked.unwrap_or_else(|why| panic!("{why}"))
    }
}

/// The options for creating a file. The seed gives the file its id: no two of one folder have the
/// same, nor the same temporary names.
fn workload(seed: u64) -> Workload {
    Workload {
        seed,
        reserve: 100,
        first: 50,
        commit_first: true,
        replace: false,
        steps: Vec::new(),
    }
}
