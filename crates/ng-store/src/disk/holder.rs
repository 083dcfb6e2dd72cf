//! Who holds a file's lock, if the system says.

use std::fs::File;

/// How often the lock table is read until it shows the lock.
#[cfg(target_os = "linux")]
const READS: usize = 4;

/// Returns the process that took the lock of `file`, if the system names one. A
/// child of it may hold the lock by now.
#[cfg(target_os = "linux")]
pub(super) fn lock_holder(file: &File) -> Option<u32> {
    use rustix::fs::{major, minor};
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata().ok()?;
    let (device, inode) = (metadata.dev(), metadata.ino());
    let name = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
    // The table comes in pieces, and a lock released between two of them makes the next
    // piece start a line too late.
    (0..READS).find_map(|_| {
        let table = std::fs::read_to_string("/proc/locks").ok()?;
        holder_in(&table, &name)
    })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn lock_holder(_file: &File) -> Option<u32> {
    None
}

/// Finds who holds the file of that name, device and inode, in a table like
/// `1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF`. A waiter has an arrow there, and a
/// process in another namespace a 0.
#[cfg(any(target_os = "linux", test))]
fn holder_in(table: &str, name: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_lock = fields.next() == Some("FLOCK");
        let process = fields.nth(2)?;
        let is_its = fields.next() == Some(name);
        let process = process.parse().ok().filter(|&process| process != 0);
        process.filter(|_| is_lock && is_its)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
1: POSIX  ADVISORY  WRITE 11 fe:00:77 0 EOF
1: -> FLOCK  ADVISORY  WRITE 12 fe:00:77 0 EOF
2: FLOCK  ADVISORY  WRITE 13 fe:00:777 0 EOF
3: FLOCK  ADVISORY  WRITE 0 fe:00:78 0 EOF
4: OFDLCK ADVISORY  WRITE -1 fe:00:77 0 EOF

5: FLOCK
6: FLOCK  ADVISORY  WRITE 14 fe:00:77 0 EOF
";

    #[test]
    fn the_holder_is_who_has_that_lock_on_that_file() {
        for (name, holder) in [
            ("fe:00:77", Some(14)),
            ("fe:00:777", Some(13)),
            ("fe:00:78", None),
            ("fe:01:77", None),
        ] {
            assert_eq!(holder_in(TABLE, name), holder, "{name}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_holder_of_a_lock_is_named_and_nobody_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("a")).unwrap();
        assert_eq!(lock_holder(&file), None);
        file.lock().unwrap();
        let told = std::fs::read_to_string("/proc/locks").unwrap_or_default();
        if !told.contains("FLOCK") {
            eprintln!("skipped: the system tells nothing of locks");
            return;
        }
        assert_eq!(lock_holder(&file), Some(std::process::id()));
    }
}
