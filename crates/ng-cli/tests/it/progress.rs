//! The bar on a terminal.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::harness::{Place, ng, on_terminal};

const MIB: usize = 1 << 20;

/// How long the other end of a pipe takes for each MiB, until the bar is seen.
const PACE: Duration = Duration::from_millis(50);

/// For this many MiB the other end of a pipe is slow: 0.8 s.
const PACED_MIB: usize = 16;

/// A run on a terminal, whose output is searched for a rate.
struct Watched {
    seen: Receiver<()>,
    told: JoinHandle<String>,
}

impl Watched {
    fn start(line: &str, place: &Place) -> Option<Self> {
        let mut child = on_terminal(line, place.path())?;
        let mut stdout = child.stdout.take().unwrap();
        let (sender, seen) = channel();
        let told = thread::spawn(move || {
            let mut told = Vec::new();
            let mut piece = [0; 4096];
            loop {
                match stdout.read(&mut piece) {
                    Ok(0) => break,
                    Ok(count) => told.extend_from_slice(&piece[..count]),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
                }
                if String::from_utf8_lossy(&told).contains("B/s") {
                    let _ = sender.send(());
                }
            }
            assert!(child.wait().unwrap().success());
            String::from_utf8_lossy(&told).into_owned()
        });
        Some(Self { seen, told })
    }

    /// Waits a while, and tells whether the bar was seen.
    fn pass(&self) -> bool {
        self.seen.recv_timeout(PACE).is_ok()
    }

    fn told(self) -> String {
        self.told.join().unwrap()
    }
}

fn fifo(place: &Place) -> std::path::PathBuf {
    let path = place.named("fifo");
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

/// Copies tokens to a slow reader.
fn copy_slowly(tokens: &str, extra: &str) -> Option<String> {
    let place = Place::new();
    let path = place.named("a.ngt");
    ng(&[&"create", &path, &"--tokens", &tokens, &"-q"]).ok();
    let fifo = fifo(&place);
    let line = format!("\"$NG\" copy a.ngt - --raw {extra} >fifo");
    let watched = Watched::start(&line, &place)?;
    let mut reader = File::open(fifo).unwrap();
    let mut piece = vec![0; MIB];
    for _ in 0..PACED_MIB {
        let done = reader.read_exact(&mut piece).is_err();
        if watched.pass() || done {
            break;
        }
    }
    reader.read_to_end(&mut piece).unwrap();
    Some(watched.told())
}

#[test]
fn a_bar_has_tokens_a_rate_and_the_time_that_is_left() {
    let Some(told) = copy_slowly("1M", "") else {
        return;
    };
    for part in [
        "copying",
        "/1,000,000 tokens, ",
        " tokens/s, ",
        "B/s, ",
        " left",
    ] {
        assert!(told.contains(part), "no {part:?} in {told:?}");
    }
}

#[test]
fn a_bar_is_drawn_where_the_end_is_not_known() {
    let place = Place::new();
    let fifo = fifo(&place);
    let line = "\"$NG\" create a.ngt --from fifo";
    let Some(watched) = Watched::start(line, &place) else {
        return;
    };
    let mut writer = File::options().write(true).open(fifo).unwrap();
    for _ in 0..2 * PACED_MIB {
        writer.write_all(&vec![0; MIB]).unwrap();
        if watched.pass() {
            break;
        }
    }
    drop(writer);
    let told = watched.told();
    for part in ["creating", " tokens/s, ", "B/s"] {
        assert!(told.contains(part), "no {part:?} in {told:?}");
    }
}

/// 15 MB, however long they take.
#[test]
fn no_bar_is_drawn_for_a_tiny_file_and_where_none_is_wanted() {
    for (tokens, extra) in [("240k", ""), ("1M", "--json"), ("1M", "--quiet")] {
        let Some(told) = copy_slowly(tokens, extra) else {
            return;
        };
        let is_drawn = told.contains("copying") || told.contains("/s");
        assert!(!is_drawn, "{tokens} {extra}: {told:?}");
    }
}

/// `ok` checks that standard error, a pipe here, is empty.
#[test]
fn no_bar_is_drawn_into_a_pipe() {
    let place = Place::new();
    let path = place.named("a.ngt");
    ng(&[&"create", &path, &"--tokens", &"4M"]).ok();
    ng(&[&"verify", &path]).ok();
}
