//! File systems of a test's own.

use std::path::Path;
use std::process::Command;

use crate::amount::skipped;
use crate::harness::Place;

/// A file system in memory, of a given size, until it is dropped.
pub(crate) struct Mounted(Place);

impl Mounted {
    /// `None` if nothing can be mounted, which is reported for `what`.
    pub(crate) fn new(size: &str, what: &str) -> Option<Self> {
        let place = Place::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(place.path())
            .output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self(place)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        skipped(what, &format!("nothing can be mounted here: {why}"));
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
