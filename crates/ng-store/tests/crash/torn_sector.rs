//! Devices that tear a sector, or spoil the page around it, when the power
//! fails: more than the format promises to survive, and still survived where it
//! keeps two copies.

use std::ops::Range;
use std::path::Path;

use ng_store::disk::sim::{Atomicity, Moment, Seeded, SimFs};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Identity, Stamp, repair};
use ng_store::{
    AppendOptions, BLOCK_TOKENS, BlockReader, Cause, CreateOptions, OpenError, ReadError,
    RepairOptions, VerifyBlocks,
};
use ng_token::{Token, as_bytes};

use crate::amount::{count, scale};
use crate::check::check_with;
use crate::session::{Allowed, Content, Failed, NAME, Session};
use crate::size::until;
use crate::workload::{STEPS, Workload};

const IMAGES: u64 = 4_000;

/// The number of images per moment.
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

/// For files without a full block, since a page of the block table has no copy.
///
/// No acknowledged commit is ever in a page being written: an opening to append also
/// repeats the newest commit in the other slot. If the slot being written is spoiled,
/// nothing shows that it was not acknowledged, so the appender must be allowed to use the
/// older commit.
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

/// The page of the newest slot is lost after any power cut: the intent beside its
/// tail image was synced before it.
#[test]
fn a_repair_recovers_any_commit_whose_slot_is_lost() {
    let target = IMAGES * scale();
    let (images, _) = until(target, |seed| {
        for_each_image(seed, Atomicity::Sector, check_recovered)
    });
    count("crash images: lost slots, repaired", images);
}

fn check_recovered(image: &SimFs, allowed: &Allowed) -> Result<(), String> {
    let Some((generation, recovered)) = recover(image)? else {
        return Ok(());
    };
    let mut contents = allowed.contents();
    let content = contents.find(|content| content.generation == generation);
    let content = content.ok_or("an unknown commit")?;
    match as_bytes(&recovered) == as_bytes(&content.tokens) {
        true => Ok(()),
        false => Err(format!("{}, not {content:?}", recovered.len())),
    }
}

/// Destroys the slot of the newest commit, and returns its number and the result of a
/// repair. `None` if there is no commit.
fn recover(image: &SimFs) -> Result<Option<(u64, Vec<Token>)>, String> {
    let Ok(file) = image.dir().open(NAME, true) else {
        return Ok(None);
    };
    let generation = open(&file)?.info().generation;
    if generation == 0 {
        return Ok(None);
    }
    let slot = SLOTS[(generation & 1) as usize];
    file.write_at(&[0; 4096], slot).map_err(text)?;
    let out = draft(image, "out.ngt", 2);
    let report = repair(&open(&file)?, out, &RepairOptions::new(), Stamp::default());
    let report = report.map_err(text)?;
    if !report.is_whole() {
        return Err(format!("{report:?}"));
    }
    let out = image.dir().open("out.ngt", false).map_err(text)?;
    let mut tokens = Vec::new();
    let out = open(&out)?;
    let read = out.for_each(0..out.len(), |block| {
        tokens.extend_from_slice(block);
        Ok::<_, ReadError>(())
    });
    read.map_err(text)?;
    Ok(Some((generation, tokens)))
}

fn open<D: Disk>(file: &D) -> Result<BlockReader<&D>, String> {
    BlockReader::of_disk(file, NAME).map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

const SLOTS: [u64; 2] = [0x1000, 0x3000];

/// Where the second sector of the block table begins, and its entries: those of
/// the blocks 64 to 127.
const TABLE_SECTOR: u64 = 0x10000 + 512;
const DATA: u64 = 2 << 20;
const BLOCK_BYTES: u64 = 256 << 10;
const TABLE_BLOCKS: usize = 140;

fn identity(file_id: u8) -> Identity {
    Identity {
        file_id: [file_id; 16],
        created_ns: 1,
    }
}

fn draft(fs: &SimFs, name: &str, file_id: u8) -> Draft<impl Dir<File = impl Disk>> {
    let options = CreateOptions::new().max_tokens(1 << 20);
    let identity = identity(file_id);
    Draft::begin(fs.dir(), name, Path::new(name), &options, identity).unwrap()
}

/// The sector is lost, or torn: noise in its first or second half. It has no copy, and its
/// entries are rebuilt from the tokens, whatever else is damaged except their own blocks.
#[test]
fn a_torn_sector_of_the_table_costs_no_token_beside_a_damaged_block() {
    let fs = SimFs::new();
    let mut draft = draft(&fs, "a.ngt", 1);
    let tokens = |index: usize| Token::new(index as u32);
    let writer = draft.writer();
    writer
        .append_with(TABLE_BLOCKS * BLOCK_TOKENS, tokens)
        .unwrap();
    writer.commit(Stamp::default()).unwrap();
    draft.publish().unwrap();
    for (torn, damaged) in [
        (0..512, None),
        (0..512, Some(3)),
        (0..512, Some(63)),
        (0..512, Some(128)),
        (256..512, Some(139)),
        (256..512, Some(70)),
        (0..256, Some(127)),
    ] {
        check_torn(&fs.fork(), torn, damaged);
    }
    count("torn sectors of the table", 7);
}

/// Tears bytes of the sector, damages a block, and expects that no other is lost.
fn check_torn(image: &SimFs, torn: Range<u64>, damaged: Option<u64>) {
    let file = image.dir().open("a.ngt", true).unwrap();
    let noise: Vec<u8> = torn.clone().map(|byte| (byte * 7 + 1) as u8).collect();
    file.write_at(&noise, TABLE_SECTOR + torn.start).unwrap();
    if let Some(block) = damaged {
        file.write_at(&[!0; 64], DATA + block * BLOCK_BYTES)
            .unwrap();
    }
    let reader = BlockReader::of_disk(file, "a.ngt").unwrap();
    let report = reader.verify().unwrap();
    let rotten = (64 + torn.start / 8)..(64 + torn.end / 8);
    let mut expected: Vec<_> = rotten.map(|block| (block, Cause::Table)).collect();
    expected.extend(damaged.map(|block| (block, Cause::Data)));
    expected.sort_unstable_by_key(|bad| bad.0);
    let bad: Vec<_> = report
        .bad
        .iter()
        .map(|bad| (bad.block, bad.cause))
        .collect();
    assert_eq!(bad, expected, "{torn:?}, {damaged:?}");
    let out = draft(image, "out.ngt", 2);
    let report = repair(&reader, out, &RepairOptions::new(), Stamp::default()).unwrap();
    let block = BLOCK_TOKENS as u64;
    let lost: Vec<_> = damaged
        .map(|at| at * block..(at + 1) * block)
        .into_iter()
        .collect();
    assert_eq!(report.lost, lost, "{torn:?}, {damaged:?}");
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
