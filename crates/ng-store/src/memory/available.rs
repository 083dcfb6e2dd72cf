use std::fs;
use std::path::{Path, PathBuf};

/// Returns how many bytes of memory there are for this process, those among them
/// that hold files and can be given up; `None` where the system does not tell.
pub(crate) fn available_bytes() -> Option<u64> {
    let machine = available_of_machine(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    Some(
        match limit_of_groups(&groups, Path::new("/sys/fs/cgroup")) {
            Some(limit) => machine.min(limit),
            None => machine,
        },
    )
}

fn available_of_machine(meminfo: &str) -> Option<u64> {
    let lines = meminfo.lines();
    let kib = lines
        .filter_map(|line| line.strip_prefix("MemAvailable:"))
        .next()?;
    let kib: u64 = kib.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

/// The least limit of the group that a process is in and of those around it: Linux,
/// `Documentation/admin-guide/cgroup-v2.rst`.
fn limit_of_groups(groups: &str, root: &Path) -> Option<u64> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let own: PathBuf = root.join(own);
    let limit = |group: &Path| -> Option<u64> {
        let limit = fs::read_to_string(group.join("memory.max")).ok()?;
        limit.trim().parse().ok()
    };
    let around = own.ancestors().take_while(|group| group.starts_with(root));
    around.filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_what_is_available() {
        let meminfo = "MemTotal:       24684084 kB\nMemAvailable:   24076896 kB\n";
        assert_eq!(available_of_machine(meminfo), Some(24_076_896 * 1024));
        for meminfo in ["", "MemAvailable:   24076896", "MemAvailable: many kB"] {
            assert_eq!(available_of_machine(meminfo), None, "{meminfo}");
        }
    }

    #[test]
    fn the_least_limit_around_a_process_is_its_own() {
        let root = tempfile::tempdir().unwrap();
        let (outer, inner) = (root.path().join("a"), root.path().join("a/b"));
        fs::create_dir_all(&inner).unwrap();
        let set = |group: &Path, limit: &str| fs::write(group.join("memory.max"), limit).unwrap();
        let limit = || limit_of_groups("1:name=x:/y\n0::/a/b\n", root.path());
        assert_eq!(limit(), None);
        set(&inner, "max\n");
        assert_eq!(limit(), None);
        set(&outer, "4096\n");
        assert_eq!(limit(), Some(4096));
        set(&inner, "1024\n");
        assert_eq!(limit(), Some(1024));
        assert_eq!(limit_of_groups("1:name=x:/a/b\n", root.path()), None);
    }
}
