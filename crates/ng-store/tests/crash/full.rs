use ng_store::disk::sim::SimFs;

use crate::accident::cut;
use crate::amount::count;
use crate::check::check;
use crate::session::{Failed, Session};
use crate::workload::{STEPS, Step, Workload};

const SEEDS: u64 = 40;

/// The space added each time the disk is full: a quarter of a file's smallest growth step.
const STEP_SECTORS: u64 = 512;

#[test]
fn a_full_disk_is_an_error_and_the_store_goes_on_when_there_is_room() {
    let mut times_full = 0;
    for seed in 0..SEEDS {
        for can_allocate in [true, false] {
            times_full += Filling::new(seed, can_allocate).run();
        }
    }
    count("simulated disks: times full", times_full);
    assert!(times_full > 2 * SEEDS, "{times_full}");
}

#[test]
fn what_was_reserved_fits_on_a_disk_that_is_full_since() {
    for can_allocate in [true, false] {
        let mut filling = Filling::new(0, can_allocate);
        filling.fs.set_capacity(None);
        filling.create();
        filling.run_step(&Step::ReserveExact(10_000));
        let used = filling.fs.used_sectors();
        filling.fs.set_capacity(Some(used));
        for tag in [1, 2] {
            filling.run_step(&Step::Append(5_000));
            filling.run_step(&Step::Commit { tag });
        }
        assert_eq!(filling.times_full, 0, "{}", filling.context);
    }
}

/// A workload on a disk that starts full, and gains a little space each time it reports so.
struct Filling {
    fs: SimFs,
    session: Session,
    workload: Workload,
    times_full: u64,
    context: String,
}

impl Filling {
    fn new(seed: u64, can_allocate: bool) -> Self {
        let fs = SimFs::with_capacity(0);
        if !can_allocate {
            fs.refuse_allocation();
        }
        Self {
            session: Session::new(&fs),
            fs,
            workload: Workload::random(seed, STEPS),
            times_full: 0,
            context: format!("seed {seed}, allocation {can_allocate}"),
        }
    }

    /// Returns how often the disk was full.
    fn run(mut self) -> u64 {
        self.create();
        let mut steps = self.workload.steps.clone();
        steps.push(Step::Commit { tag: 77 });
        for step in steps {
            self.run_step(&step);
        }
        let cut = cut(&self.fs, &self.session, 4, 0);
        cut.unwrap_or_else(|fault| panic!("{}: {fault}", self.context));
        self.times_full
    }

    fn create(&mut self) {
        while let Err(failed) = self.session.create(&self.workload) {
            self.make_room(&failed);
        }
    }

    fn run_step(&mut self, step: &Step) {
        while let Err(failed) = self.session.step(step) {
            let poisoned = self.session.writer().is_poisoned();
            assert!(!poisoned, "{}: {step:?}: {failed:?}", self.context);
            self.make_room(&failed);
        }
    }

    fn make_room(&mut self, failed: &Failed) {
        assert!(failed.is_no_room(), "{}: {failed:?}", self.context);
        let allowed = self.session.allowed();
        let checked = check(&self.fs, &allowed);
        checked.unwrap_or_else(|fault| panic!("{}: {fault}", self.context));
        self.times_full += 1;
        assert!(self.times_full < 1_000, "{}: never enough", self.context);
        let capacity = self.times_full * STEP_SECTORS;
        self.fs.set_capacity(Some(capacity));
    }
}
