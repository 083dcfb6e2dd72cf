//! The roles that this program can play.

use crate::actor::number;
use crate::{forks, full_disk, kills, limits, overlay, places, races, refreshes, replacing};

/// What the actor does, in its own process.
pub(crate) fn play(role: &str, arguments: &[String]) {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match (role, &words[..]) {
        ("append", [path, seed]) => kills::append(path.as_ref(), number(seed)),
        ("race", [path, own]) => races::race(path.as_ref(), number(own) as u32),
        ("write", [path, commits]) => refreshes::write(path.as_ref(), number(commits)),
        ("read", [path, last]) => refreshes::read(path.as_ref(), number(last)),
        ("fork", [folder]) => forks::fork(folder.as_ref()),
        ("fork with its number", [folder]) => forks::fork_with_its_number(folder.as_ref()),
        ("pass over", [folder]) => overlay::pass_over(folder.as_ref()),
        ("copy up", [folder]) => overlay::copy_up(folder.as_ref()),
        ("grow", []) => limits::grow(),
        ("fill", [folder]) => full_disk::fill(folder.as_ref()),
        ("fill-late", [folder]) => full_disk::fill_late(folder.as_ref()),
        ("wander", [folder]) => places::wander(folder.as_ref()),
        ("lose-rights", [folder]) => places::lose_rights(folder.as_ref()),
        ("replace", [path, rounds]) => replacing::replace(path.as_ref(), number(rounds)),
        ("reopen", [path, rounds]) => replacing::reopen(path.as_ref(), number(rounds)),
        _ => panic!("no role {role} of {words:?}"),
    }
}
