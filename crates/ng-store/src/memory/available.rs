use std::fs;
use std::path::Path;

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

/// The least limit of the memory group that a process is in and of those around it:
/// Linux, `Documentation/admin-guide/cgroup-v2.rst` and `cgroup-v1/memory.rst`.
fn limit_of_groups(groups: &str, root: &Path) -> Option<u64> {
    let lines = groups.lines().filter_map(|line| {
        let (_, line) = line.split_once(':')?;
        line.split_once(':')
    });
    let limits = lines.filter_map(|(controllers, group)| {
        let (root, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            "memory" => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        let own = root.join(group.trim_start_matches('/'));
        let around = own.ancestors().take_while(|group| group.starts_with(&root));
        around.filter_map(|group| limit_of(&group.join(file))).min()
    });
    limits.min()
}

/// `None` where there is none, which the second version calls `max`.
fn limit_of(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
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
        // Of the first version, beside which the second may be mounted.
        let first = root.path().join("memory/c");
        fs::create_dir_all(&first).unwrap();
        fs::write(first.join("memory.limit_in_bytes"), "512\n").unwrap();
        let groups = "4:memory:/c\n2:cpu:/c\n0::/a/b\n";
        assert_eq!(limit_of_groups(groups, root.path()), Some(512));
    }
}
