//! Whatever happens to the files of an index, every operation answers what the records say.

use std::fs;
use std::path::PathBuf;

use ng_query::Source;
use ng_query::index::{Index, index_folder};

use crate::amount::{count, scale};
use crate::filters::{Meant, WHOLE};
use crate::place::{Place, Way, everything};
use crate::questions::{self, Questions, Selected};
use crate::reply::Reply;
use crate::tokens;
use crate::whole::{ask, looked_at, tell, told};

/// Two blocks that are indexed, and a part of one.
const COUNT: usize = 2 * 4096 + 77;

/// How often each file is broken, each time somewhere else.
const ROUNDS: u64 = if cfg!(debug_assertions) { 5 } else { 20 };

/// Each broken index gets every n-th query, each time different ones.
const STEP: usize = if cfg!(debug_assertions) { 17 } else { 5 };

#[test]
fn over_a_broken_index_every_operation_says_what_the_records_say() {
    let tokens = tokens::tokens(COUNT);
    let place = Place::of(&tokens);
    drop(place.index(&everything()));
    let asked: Vec<(Meant, Questions, Vec<Reply>)> = WHOLE
        .into_iter()
        .map(|meant| {
            let questions = questions::all(&tokens);
            let replies = looked_at(&questions, &Selected::of(&tokens, meant));
            (meant, questions, replies)
        })
        .collect();
    let files = files(&place);
    let whole: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    let (mut random, mut broken) = (Random(12), 0);
    for (path, bytes) in files.iter().zip(&whole) {
        for round in 0..ROUNDS * scale() {
            let other = &whole[random.below(whole.len())];
            let (how, bytes) = breaks(round, bytes, other, &mut random);
            fs::write(path, bytes).unwrap();
            let index = Index::load(&place.reader);
            let name = format!("{} {how}", path.file_name().unwrap().display());
            let source = ("verified reader", Source::from(&place.reader));
            let way = Way::new(source, (&name, index.as_ref()), 2);
            let skip = random.below(STEP);
            for (meant, questions, replies) in &asked {
                let chosen = questions.iter().zip(replies).skip(skip).step_by(STEP);
                for (question, expected) in chosen {
                    let reply = ask(question.as_ref(), *meant, &way);
                    if let Err(why) = expected.check(&reply, false) {
                        panic!("{}", told(question.as_ref(), *meant, &way, &why));
                    }
                    tell(question.as_ref(), 1);
                }
            }
            broken += 1;
        }
        fs::write(path, bytes).unwrap();
    }
    count("query: broken indexes that were asked", broken);
}

/// The files of the index, except the lock, which is empty.
fn files(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(index_folder(&place.file())).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.filter(|path| !path.ends_with("lock")).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    files
}

/// A bit flipped, all bytes from one on inverted, a cut, or another file's bytes.
fn breaks(round: u64, bytes: &[u8], other: &[u8], random: &mut Random) -> (String, Vec<u8>) {
    let mut broken = bytes.to_vec();
    let at = random.below(bytes.len());
    let how = match round % 5 {
        0..=1 => {
            broken[at] ^= 1 << random.below(8);
            format!("with a bit of byte {at} flipped")
        }
        2 => {
            broken[at..].iter_mut().for_each(|byte| *byte ^= 0x10);
            format!("with every byte from {at} on flipped")
        }
        3 => {
            broken.truncate(at);
            format!("cut to {at} bytes")
        }
        _ => {
            broken = other.to_vec();
            format!("swapped for one of {} bytes", other.len())
        }
    };
    (how, broken)
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) % end as u64) as usize
    }
}
