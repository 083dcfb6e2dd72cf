//! The end of the last block is damaged, and the appender that restores it suffers a power
//! cut or a disk failure at every operation.

use std::path::Path;

use ng_store::disk::sim::{Failure, Fault, SimFs, When};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Stamp, Writer};
use ng_store::ng_token::Token;
use ng_store::{AppendOptions, BLOCK_TOKENS, BlockReader, VerifyBlocks};

use crate::accident::another;
use crate::amount::{count, scale};
use crate::check::check_with;
use crate::images::{Cut, images};
use crate::session::{Allowed, NAME, Session};
use crate::size::all;
use crate::workload::{STEPS, Step, Workload};

const SEEDS: u64 = 24;

/// The number of images per moment.
const PER_MOMENT: usize = 8;

const FAULTS: [Fault; 3] = [
    Fault::Fail(Failure::Io),
    Fault::FailForgetting(Failure::Io),
    Fault::Short(0),
];

#[test]
fn a_restored_tail_stays_whole_whatever_becomes_of_its_restorer() {
    all(SEEDS * scale(), |seed| {
        let (fs, allowed) = damaged(seed);
        let cut = cut_everywhere(&fs, &allowed, seed);
        let failed = fail_everywhere(&fs, &allowed, seed);
        let images = cut.and_then(|cut| Ok(cut + failed?));
        let images = images.unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        count("crash images: while a tail is restored", images);
    });
}

/// A file whose last page, which is not full, lost some bytes after its commit.
fn damaged(seed: u64) -> (SimFs, Allowed) {
    let fs = SimFs::new();
    let mut session = Session::new(&fs);
    session.run(&Workload::random(seed, STEPS));
    let odd = 1 + (seed % 63) as usize;
    let full = session.writer().appended_tokens().next_multiple_of(64) as usize;
    let missing = full - session.writer().appended_tokens() as usize;
    for step in [Step::Append(missing + odd), Step::Commit { tag: 3 }] {
        session.step(&step).unwrap();
    }
    let allowed = session.allowed();
    drop(session);
    let file = fs.dir().open(NAME, true).unwrap();
    let info = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), Path::new(NAME));
    let page = info.unwrap().info().data_offset + 64 * full as u64;
    file.write_at(&[0xA5; 40], page).unwrap();
    file.sync().unwrap();
    (fs, allowed)
}

/// Opens the file for appending, appends, and cuts the power everywhere.
fn cut_everywhere(damaged: &SimFs, allowed: &Allowed, seed: u64) -> Result<u64, String> {
    let fs = damaged.fork();
    fs.record_moments();
    let mut session = another(&fs, allowed.acked.clone(), &Workload::random(seed, 0))?;
    for step in [Step::Append(70), Step::Commit { tag: seed }] {
        let done = session.step(&step);
        done.map_err(|error| format!("{error:?}"))?;
    }
    let mut checked = 0;
    for moment in fs.take_moments() {
        let allowed = session.allowed_at(moment.operations());
        let cut = recovered(&moment, &allowed, seed << 8);
        checked += cut.map_err(|fault| format!("{:?}: {fault}", moment.call()))?;
    }
    Ok(checked)
}

/// Lets each operation of the opening fail, and cuts the power after it.
fn fail_everywhere(damaged: &SimFs, allowed: &Allowed, seed: u64) -> Result<u64, String> {
    let first = damaged.operations();
    let whole = damaged.fork();
    another(&whole, allowed.acked.clone(), &Workload::random(seed, 0))?;
    let mut checked = 0;
    for operation in first..whole.operations() {
        for fault in FAULTS {
            let fs = damaged.fork();
            fs.inject(When::Operation(operation), fault);
            let mut session = Session::after(&fs, allowed.clone());
            // A fault that does not apply to this operation has no effect.
            let _ = session.reopen();
            drop(session);
            let cut = recovered(&fs, allowed, seed << 8);
            checked += cut.map_err(|why| format!("operation {operation}, {fault:?}: {why}"))?;
        }
    }
    Ok(checked)
}

/// Lets the next appender open each image: it must find everything acknowledged, and leave
/// no findings.
fn recovered(of: &impl Cut, allowed: &Allowed, seed: u64) -> Result<u64, String> {
    let images = images(of, PER_MOMENT, seed);
    for image in &images {
        let mut session = Session::after(image, allowed.clone());
        let opened = session.reopen();
        opened.map_err(|error| format!("{error:?}"))?;
        check_with(image, &session.allowed(), |_| true)?;
    }
    Ok(images.len() as u64)
}

/// The last block is damaged beyond its image, and the appender that closes it is cut at
/// every operation: the block stays the only bad one, however far the closing got.
#[test]
fn a_closed_tail_is_the_only_bad_block_whatever_becomes_of_its_closer() {
    all(SEEDS * scale(), |seed| {
        let (fs, bad_block) = damaged_beyond_its_image(seed);
        fs.record_moments();
        let dir = fs.dir();
        let options = AppendOptions::new().damaged_tail(true);
        let file = dir.open(NAME, true).unwrap();
        let mut writer = Writer::open_with(&dir, file, NAME, &options).unwrap();
        writer.append(&[Token::new(7); 100]).unwrap();
        writer.commit(Stamp::default()).unwrap();
        drop(writer);
        let mut images_checked = 0;
        for moment in fs.take_moments() {
            for image in images(&moment, PER_MOMENT, seed << 8) {
                let checked = check_closed(&image, bad_block, &options);
                checked.unwrap_or_else(|why| panic!("seed {seed}, {:?}: {why}", moment.call()));
                images_checked += 1;
            }
        }
        count("crash images: while a tail is closed", images_checked);
    });
}

/// A file whose last block, which is not full, is damaged before its last page.
fn damaged_beyond_its_image(seed: u64) -> (SimFs, u64) {
    let fs = SimFs::new();
    let mut session = Session::new(&fs);
    session.run(&Workload::random(seed, STEPS));
    let appended = session.writer().appended_tokens();
    let block = appended.div_ceil(BLOCK_TOKENS as u64);
    let missing = (block * BLOCK_TOKENS as u64 - appended) as usize;
    let odd = 65 + (seed % 1000) as usize;
    for step in [Step::Append(missing + odd), Step::Commit { tag: 3 }] {
        session.step(&step).unwrap();
    }
    drop(session);
    let reader = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    let start = reader.info().data_offset + block * (BLOCK_TOKENS * Token::SIZE) as u64;
    let file = fs.dir().open(NAME, true).unwrap();
    file.write_at(&[0xA5; 40], start).unwrap();
    file.sync().unwrap();
    (fs, block)
}

fn check_closed(fs: &SimFs, bad_block: u64, options: &AppendOptions) -> Result<(), String> {
    let bad = || -> Result<Vec<u64>, String> {
        let file = fs
            .dir()
            .open(NAME, false)
            .map_err(|error| error.to_string())?;
        let reader = BlockReader::of_disk(file, NAME).map_err(|error| error.to_string())?;
        let report = reader.verify().map_err(|error| error.to_string())?;
        match report.table_matches {
            true => Ok(report.bad.iter().map(|bad| bad.block).collect()),
            false => Err(format!("{report:?}")),
        }
    };
    let before = bad()?;
    let dir = fs.dir();
    let file = dir.open(NAME, true).map_err(|error| error.to_string())?;
    let writer = Writer::open_with(&dir, file, NAME, options);
    drop(writer.map_err(|error| error.to_string())?);
    match (before, bad()?) {
        (before, after) if before == [bad_block] && after == before => Ok(()),
        found => Err(format!("bad blocks {found:?}, expected {bad_block}")),
    }
}
