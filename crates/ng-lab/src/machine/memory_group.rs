//! Memory cgroups of both versions, which confine a worker to less memory than its
//! files take.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::machine::kernel::named;

/// A killed worker leaves its group with a short delay.
const REMOVALS: usize = 500;
const REMOVAL_POLL: Duration = Duration::from_millis(2);

/// A group with a limit for one worker, removed on drop.
#[derive(Debug)]
pub(crate) struct MemoryGroup {
    path: PathBuf,
}

impl MemoryGroup {
    /// Makes a group called `name` below or beside this process's own, and limits its
    /// memory, page cache included, to `limit_bytes`, with no swap where the kernel
    /// accounts for it.
    ///
    /// # Errors
    /// The machine has no memory cgroups, or this process may not make one.
    pub(crate) fn make(name: &str, limit_bytes: u64) -> io::Result<Self> {
        let hierarchy = Hierarchy::of_this_process()?;
        let path = hierarchy.parent()?.join(name);
        fs::create_dir(&path).map_err(named(&path))?;
        let group = Self { path };
        hierarchy.version.limit(&group.path, limit_bytes)?;
        Ok(group)
    }

    /// The file to which a process writes its id to join the group.
    pub(crate) fn door(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        for _ in 0..REMOVALS {
            match fs::remove_dir(&self.path) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy => sleep(REMOVAL_POLL),
                // A group that remains is empty and costs almost nothing.
                _ => return,
            }
        }
    }
}

/// Moves this process into the group with this `door`.
///
/// # Errors
/// The group is gone, or refuses.
pub(crate) fn enter(door: &Path) -> io::Result<()> {
    fs::write(door, std::process::id().to_string()).map_err(named(door))
}

/// Checks that a group can be made.
///
/// # Errors
/// Why none can be made here.
pub(crate) fn try_one(limit_bytes: u64) -> Result<(), String> {
    let name = format!("ng-lab-{}-try", std::process::id());
    match MemoryGroup::make(&name, limit_bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("no memory cgroup can be made: {error}")),
    }
}

/// Removes the group that a dead run left, if there is one.
pub(crate) fn sweep(name: &str) {
    let parent = Hierarchy::of_this_process().and_then(|hierarchy| hierarchy.parent());
    if let Ok(parent) = parent {
        // Fails, as it should, while a process is in it.
        let _ = fs::remove_dir(parent.join(name));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

impl Version {
    fn limit(self, group: &Path, bytes: u64) -> io::Result<()> {
        let write = |name: &str, value: String| {
            let path = group.join(name);
            fs::write(&path, value).map_err(named(&path))
        };
        let (limit, swap, most) = match self {
            Self::V1 => (
                "memory.limit_in_bytes",
                "memory.memsw.limit_in_bytes",
                bytes,
            ),
            Self::V2 => ("memory.max", "memory.swap.max", 0),
        };
        write(limit, bytes.to_string())?;
        // The kernel may not account for swap; swapped bytes show elsewhere.
        let _ = write(swap, most.to_string());
        Ok(())
    }
}

/// The memory controller, as this process sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    /// Where it is mounted.
    root: PathBuf,
    /// This process's own group, at or below `root`.
    own: PathBuf,
}

impl Hierarchy {
    fn of_this_process() -> io::Result<Self> {
        let read = |path: &'static str| fs::read_to_string(path).map_err(named(path));
        let groups = read("/proc/self/cgroup")?;
        let mounts = read("/proc/self/mountinfo")?;
        let found = Self::v1(&groups, &mounts).or_else(|| Self::v2(&groups, &mounts));
        found.ok_or_else(|| {
            let what = "no cgroup of this process has a memory controller";
            io::Error::new(ErrorKind::Unsupported, what)
        })
    }

    /// A line `4:memory:/path`, and a `cgroup` mount with the option `memory`.
    fn v1(groups: &str, mounts: &str) -> Option<Self> {
        let path = groups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            has_word(controllers, ',', "memory").then_some(path)
        })?;
        let of_memory =
            |mount: &Mount<'_>| mount.kind == "cgroup" && has_word(mount.options, ',', "memory");
        Self::at(Version::V1, path, mounts, of_memory)
    }

    /// The line `0::/path`, and a `cgroup2` mount.
    fn v2(groups: &str, mounts: &str) -> Option<Self> {
        let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
        let found = Self::at(Version::V2, path, mounts, |mount| mount.kind == "cgroup2")?;
        let controllers = fs::read_to_string(found.root.join("cgroup.controllers")).ok()?;
        has_word(&controllers, ' ', "memory").then_some(found)
    }

    fn at(
        version: Version,
        path: &str,
        mounts: &str,
        fits: impl Fn(&Mount<'_>) -> bool,
    ) -> Option<Self> {
        let mount = mounts
            .lines()
            .filter_map(Mount::parse)
            .find(|mount| fits(mount))?;
        // A container may see only a part of the tree.
        let below = Path::new(path);
        let below = below
            .strip_prefix(mount.of)
            .or_else(|_| below.strip_prefix("/"))
            .ok()?;
        let upwards = |part| part == std::path::Component::ParentDir;
        if below.components().any(upwards) {
            return None;
        }
        Some(Self {
            version,
            root: mount.point.into(),
            own: Path::new(mount.point).join(below),
        })
    }

    /// The folder that a new group is made in.
    ///
    /// In version 2 a group with processes cannot have limited groups below it, so the
    /// new one goes where this process's own limit comes from.
    fn parent(&self) -> io::Result<PathBuf> {
        if self.version == Version::V1 {
            return Ok(self.own.clone());
        }
        let hands_on = |folder: &Path| {
            let control = fs::read_to_string(folder.join("cgroup.subtree_control"));
            control.is_ok_and(|control| has_word(&control, ' ', "memory"))
        };
        let within = |folder: &&Path| folder.starts_with(&self.root);
        let mut above = self.own.ancestors().take_while(within);
        if let Some(folder) = above.find(|folder| hands_on(folder)) {
            return Ok(folder.to_owned());
        }
        // Only the root may have both; elsewhere the kernel refuses.
        let control = self.root.join("cgroup.subtree_control");
        fs::write(&control, "+memory").map_err(named(&control))?;
        Ok(self.root.clone())
    }
}

/// A line of `mountinfo`.
pub(super) struct Mount<'t> {
    /// The part of the file system that is mounted.
    of: &'t str,
    pub(super) point: &'t str,
    pub(super) kind: &'t str,
    /// The options of the file system.
    options: &'t str,
}

impl<'t> Mount<'t> {
    pub(super) fn parse(line: &'t str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let mut file_system = file_system.split(' ');
        Some(Self {
            of: mount.next()?,
            point: mount.next()?,
            kind: file_system.next()?,
            options: file_system.nth(1)?,
        })
    }
}

fn has_word(text: &str, separator: char, word: &str) -> bool {
    text.trim().split(separator).any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1_GROUPS: &str = "5:devices:/\n4:cpu,memory:/jobs/one\n0::/\n";
    const V1_MOUNTS: &str = "\
30 21 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

    #[test]
    fn version_1_is_found_by_its_controller() {
        let found = Hierarchy::v1(V1_GROUPS, V1_MOUNTS).unwrap();
        assert_eq!(found.version, Version::V1);
        assert_eq!(found.own, Path::new("/sys/fs/cgroup/memory/jobs/one"));
        assert_eq!(found.parent().unwrap(), found.own);
        assert_eq!(Hierarchy::v1("0::/\n", V1_MOUNTS), None);
        assert_eq!(Hierarchy::v1(V1_GROUPS, ""), None);
    }

    #[test]
    fn a_container_sees_its_own_part_of_the_tree() {
        let groups = "4:memory:/box/7/job\n";
        let mount = |of: &str| format!("32 30 0:28 {of} /m rw - cgroup cgroup rw,memory\n");
        for (of, expected) in [("/box/7", "/m/job"), ("/", "/m/box/7/job")] {
            let found = Hierarchy::v1(groups, &mount(of)).unwrap();
            assert_eq!(found.own, Path::new(expected), "{of}");
        }
        assert_eq!(Hierarchy::v1("4:memory:/../other\n", &mount("/")), None);
    }

    /// A tree as version 2 shows it, in plain files.
    fn v2_tree(controls: &[(&str, &str)]) -> (tempfile::TempDir, String) {
        let root = tempfile::tempdir().unwrap();
        for (group, control) in controls {
            let group = root.path().join(group);
            fs::create_dir_all(&group).unwrap();
            fs::write(group.join("cgroup.subtree_control"), control).unwrap();
        }
        fs::write(root.path().join("cgroup.controllers"), "cpu io memory\n").unwrap();
        let point = root.path().display();
        let mounts = format!("33 30 0:29 / {point} rw - cgroup2 cgroup2 rw\n");
        (root, mounts)
    }

    #[test]
    fn a_group_of_version_2_goes_where_memory_is_handed_on() {
        let controls = [
            ("", "cpu memory\n"),
            ("jobs", "memory\n"),
            ("jobs/one", "\n"),
        ];
        let (root, mounts) = v2_tree(&controls);
        let found = Hierarchy::v2("0::/jobs/one\n", &mounts).unwrap();
        assert_eq!(found.own, root.path().join("jobs/one"));
        assert_eq!(found.parent().unwrap(), root.path().join("jobs"));
    }

    #[test]
    fn where_nobody_hands_memory_on_the_root_is_asked_to() {
        let (root, mounts) = v2_tree(&[("", "cpu\n"), ("jobs", "\n")]);
        let found = Hierarchy::v2("0::/jobs\n", &mounts).unwrap();
        assert_eq!(found.parent().unwrap(), root.path());
        let asked = fs::read_to_string(root.path().join("cgroup.subtree_control"));
        assert_eq!(asked.unwrap(), "+memory");
    }

    #[test]
    fn a_tree_without_the_controller_is_none() {
        let (root, mounts) = v2_tree(&[("", "")]);
        fs::write(root.path().join("cgroup.controllers"), "cpu\n").unwrap();
        assert_eq!(Hierarchy::v2("0::/\n", &mounts), None);
    }

    #[test]
    fn limits_are_written_in_the_words_of_the_version() {
        for (version, limit, swap, most) in [
            (
                Version::V1,
                "memory.limit_in_bytes",
                "memory.memsw.limit_in_bytes",
                "4096",
            ),
            (Version::V2, "memory.max", "memory.swap.max", "0"),
        ] {
            let group = tempfile::tempdir().unwrap();
            version.limit(group.path(), 4096).unwrap();
            let read = |name: &str| fs::read_to_string(group.path().join(name)).unwrap();
            assert_eq!((read(limit).as_str(), read(swap).as_str()), ("4096", most));
        }
    }

    #[test]
    fn a_group_can_be_made_here_and_is_removed_or_the_reason_is_given() {
        let name = format!("ng-lab-{}-test", std::process::id());
        match MemoryGroup::make(&name, 64 << 20) {
            Ok(group) => {
                let path = group.path.clone();
                assert!(group.door().exists());
                drop(group);
                assert!(!path.exists());
                assert_eq!(try_one(64 << 20), Ok(()));
            }
            Err(error) => {
                eprintln!("skipped: {error}");
                assert!(try_one(64 << 20).unwrap_err().contains("cgroup"));
            }
        }
    }
}
