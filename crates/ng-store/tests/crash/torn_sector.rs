//! Devices that tear a sector, or spoil the page around it, when the power
//! fails: more than the format promises to survive, and still survived where it
//! keeps two copies.

use ng_store::disk::sim::{Atomicity, Moment, Seeded, SimFs};
use ng_store::{AppendOptions, BLOCK_TOKENS, OpenError};

use crate::amount::{count, scale};
use crate::check::check_with;
use crate::session::{Allowed, Content, Failed, Session};
use crate::size::until;
use crate::workload::{STEPS, Workload};

const IMAGES: u64 = 4_000;

/// The images that are made of one moment.
const PER_MOMENT: u64 = 6;

#[test]
fn a_split_sector_leaves_the_last_commit_or_the_next() {
    let target = IMAGES * scale();
    let (images, _) = until(target, |seed| {
        for_each_image(seed, Atomicity::Split, |image, allowed| {
            check_with(image, allowed, |_| true).map(drop)
        })
    });
    count("crash images: split sectors", images);
}

/// Of files that have no full block, since a page of the block table has no copy.
///
/// Nothing that was acknowledged is ever in a page that is being written: an
/// opening to append, too, makes the newest commit once more in the other slot.
/// Where the slot under way is spoiled, nobody can tell that it was not
/// acknowledged, and the appender must be told to take the older commit.
#[test]
fn a_spoiled_page_is_restored_by_the_next_appender() {
    let target = IMAGES * scale();
    let (images, _) = until(target, |seed| {
        for_each_image(seed, Atomicity::Scramble, |image, allowed| {
            if image
                .names()
                .iter()
                .all(|name| name != crate::session::NAME)
            {
                return match allowed.acked {
                    Some(_) => Err("no file".to_owned()),
                    None => Ok(()),
                };
            }
            let mut session = Session::after(image, allowed.clone());
            let options = AppendOptions::new().older_commit(true);
            let opened = match session.reopen() {
                Err(Failed::Open(OpenError::SlotLost { .. })) => session.reopen_with(&options),
                opened => opened,
            };
            opened.map_err(|error| format!("{error:?}"))?;
            check_with(image, &session.allowed(), |_| true).map(drop)
        })
    });
    count("crash images: spoiled pages", images);
}

/// Runs a workload and checks images of every moment of it. Returns how many.
fn for_each_image(
    seed: u64,
    atomicity: Atomicity,
    check: impl Fn(&SimFs, &Allowed) -> Result<(), String>,
) -> u64 {
    let fs = SimFs::new();
    fs.record_moments();
    let mut session = Session::new(&fs);
    session.run(&Workload::random(seed, STEPS));
    let mut images = 0;
    for moment in fs.take_moments() {
        let allowed = session.allowed_at(moment.operations());
        if atomicity == Atomicity::Scramble && has_full_block(&allowed) {
            break;
        }
        for image in 0..PER_MOMENT {
            let mut choices = Seeded::new(seed << 32 | moment.operations() << 8 | image);
            let checked = check(&moment.crash(&mut choices, atomicity), &allowed);
            checked.unwrap_or_else(|fault| fail(seed, &moment, image, &fault));
            images += 1;
        }
    }
    images
}

fn has_full_block(allowed: &Allowed) -> bool {
    let full = |content: &Content| content.tokens.len() >= BLOCK_TOKENS;
    allowed.contents().any(|content| full(content))
}

fn fail(seed: u64, moment: &Moment, image: u64, fault: &str) -> ! {
    panic!(
        "seed {seed}, cut after operation {} ({:?}), image {image}: {fault}",
        moment.operations(),
        moment.call()
    )
}
