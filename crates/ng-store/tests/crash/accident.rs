use std::sync::Arc;

use ng_store::Finding;
use ng_store::disk::sim::{Call, CallKind, Fault, SimFs, When};

use crate::check::{check_with, of_a_cut};
use crate::images::images;
use crate::session::{Allowed, Content, Failed, Session};
use crate::workload::{Step, Workload};

/// A workload, and its calls when nothing fails.
pub(crate) struct Rehearsal {
    pub(crate) workload: Workload,
    pub(crate) calls: Vec<Call>,
    session: Session,
}

impl Rehearsal {
    pub(crate) fn of(workload: Workload) -> Self {
        let fs = SimFs::new();
        let mut session = Session::new(&fs);
        session.run(&workload);
        Self {
            workload,
            calls: fs.log(),
            session,
        }
    }

    pub(crate) fn kind(&self, operation: u64) -> CallKind {
        self.calls[operation as usize].kind()
    }

    /// Whether a failure of this operation goes unreported.
    pub(crate) fn is_quiet(&self, operation: u64) -> bool {
        self.session.is_quiet(operation)
    }

    /// Runs the workload with a fault, up to the step that it hits.
    pub(crate) fn run_to(&self, operation: u64, fault: Fault) -> Accident {
        let fs = SimFs::new();
        fs.inject(When::Operation(operation), fault);
        let mut session = Session::new(&fs);
        let mut outcome = session.create(&self.workload);
        let mut steps = self.workload.steps.iter();
        let mut step = None;
        while fs.pending_faults() > 0
            && let Some(next) = steps.next()
        {
            step = Some(*next);
            outcome = session.step(next);
        }
        assert_eq!(fs.pending_faults(), 0, "{fault:?} never struck");
        Accident {
            fs,
            session,
            failed: outcome.err(),
            step,
            later: steps.copied().collect(),
        }
    }
}

/// A program whose disk failed it.
pub(crate) struct Accident {
    pub(crate) fs: SimFs,
    pub(crate) session: Session,
    pub(crate) failed: Option<Failed>,
    /// The failed step; `None` if it was the creation.
    pub(crate) step: Option<Step>,
    /// The steps after it.
    pub(crate) later: Vec<Step>,
}

/// Cuts the power, and returns how many images were checked.
pub(crate) fn cut(fs: &SimFs, session: &Session, count: usize, seed: u64) -> Result<u64, String> {
    cut_with(fs, session, count, seed, of_a_cut)
}

/// As [`cut`], but allows findings at open beyond those of a cut.
pub(crate) fn cut_with(
    fs: &SimFs,
    session: &Session,
    count: usize,
    seed: u64,
    may_find: impl Fn(&Finding) -> bool,
) -> Result<u64, String> {
    let allowed = session.allowed();
    let images = images(fs, count, seed);
    for image in &images {
        check_with(image, &allowed, &may_find)?;
    }
    Ok(images.len() as u64)
}

/// Lets another program open the file, which holds `content` or does not exist, and returns
/// what it reported.
pub(crate) fn another(
    fs: &SimFs,
    content: Option<Arc<Content>>,
    workload: &Workload,
) -> Result<Session, String> {
    let is_there = content.is_some();
    let holds = Allowed {
        acked: content,
        next: Vec::new(),
    };
    let mut session = Session::after(fs, holds);
    let opened = match is_there {
        true => session.reopen(),
        false => session.create(workload),
    };
    opened.map_err(|error| format!("another appender: {error:?}"))?;
    Ok(session)
}
