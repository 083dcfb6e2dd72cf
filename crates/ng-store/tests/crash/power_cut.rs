use std::sync::Arc;

use ng_store::disk::sim::{CallKind, Moment, SimFs};

use crate::accident::another;
use crate::amount::{count, scale};
use crate::check::{check, check_with};
use crate::images::images;
use crate::session::{Content, Session};
use crate::size::{IMAGES, until};
use crate::workload::{STEPS, Step, Workload};

/// The number of images per moment.
const PER_MOMENT: usize = 8;

/// The number of images per moment of a recovery.
const PER_RECOVERY_MOMENT: usize = 4;

/// One image in this many is recovered, and cut again at every operation.
const RECOVERED: u64 = 48;

#[test]
fn a_power_cut_at_any_operation_leaves_the_last_commit_or_the_next() {
    let target = IMAGES * scale();
    let (images, _) = until(target, cut_everywhere);
    assert!(images >= target);
}

/// Runs a workload and checks images of every moment of it. Returns how many.
fn cut_everywhere(seed: u64) -> u64 {
    let fs = SimFs::new();
    if seed % 8 == 5 {
        fs.refuse_allocation();
    }
    // With or without, the large workloads among them.
    if seed & 16 != 0 {
        fs.refuse_uncached();
    }
    fs.record_moments();
    let mut session = Session::new(&fs);
    session.run(&Workload::random(seed, STEPS));
    if seed % 4 == 1 {
        replace(&mut session, seed);
    }
    check_untouched(&fs, &session).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    let (mut first, mut second, mut recoveries) = (0, 0, 0);
    for moment in fs.take_moments() {
        let allowed = session.allowed_at(moment.operations());
        let choice_seed = seed << 32 | moment.operations() << 8;
        for (index, image) in images(&moment, PER_MOMENT, choice_seed).iter().enumerate() {
            let content = check(image, &allowed)
                .unwrap_or_else(|fault| fail(seed, &moment, index, "", &fault));
            first += 1;
            if (first + second + seed).is_multiple_of(RECOVERED) {
                second += cut_recovery(image, content, choice_seed)
                    .unwrap_or_else(|fault| fail(seed, &moment, index, "second cut: ", &fault));
                recoveries += 1;
            }
        }
    }
    for (what, kind) in [
        ("uncached writes", CallKind::WriteUncached),
        (
            "ranges that were dropped from the page cache",
            CallKind::DropCached,
        ),
    ] {
        count(&format!("power cuts: {what}"), fs.operations_of(kind));
    }
    count("crash images: first power cut", first);
    count("crash images: second power cut", second);
    count("recoveries that were cut everywhere", recoveries);
    first + second
}

/// A file without a cut since its last commit has no findings.
fn check_untouched(fs: &SimFs, session: &Session) -> Result<(), String> {
    check_with(fs, &session.allowed(), |_| false).map(drop)
}

/// Replaces the file by another.
fn replace(session: &mut Session, seed: u64) {
    let acked = session.allowed().acked;
    // A new file has generation 0 or 1, which distinguishes it from the old one.
    if acked.is_some_and(|content| content.generation > 1) {
        let mut other = Workload::random(seed, 0);
        other.replace = true;
        session.run(&other);
    }
}

fn fail(seed: u64, moment: &Moment, image: usize, which: &str, fault: &str) -> ! {
    panic!(
        "seed {seed}, cut after operation {} ({:?}), image {image}: {which}{fault}",
        moment.operations(),
        moment.call()
    )
}

/// Opens the file again, or creates it if it is not there, appends and commits,
/// and cuts the power at every operation of that.
fn cut_recovery(
    image: &SimFs,
    content: Option<Arc<Content>>,
    choice_seed: u64,
) -> Result<u64, String> {
    let fs = image.fork();
    fs.record_moments();
    let mut session = another(&fs, content, &Workload::random(choice_seed, STEPS))?;
    for step in [Step::Append(70), Step::Commit { tag: choice_seed }] {
        let done = session.step(&step);
        done.map_err(|error| format!("{error:?}"))?;
    }
    let mut checked = 0;
    for moment in fs.take_moments() {
        let allowed = session.allowed_at(moment.operations());
        for image in images(&moment, PER_RECOVERY_MOMENT, choice_seed) {
            check(&image, &allowed).map_err(|fault| format!("{:?}: {fault}", moment.call()))?;
            checked += 1;
        }
    }
    check_untouched(&fs, &session)?;
    Ok(checked)
}
