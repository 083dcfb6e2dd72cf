use std::fs;
use std::path::Path;

/// Returns how many bytes of memory are available to this process, including reclaimable
/// page cache; `None` if the system does not say.
pub fn available_bytes() -> Option<u64> {
    let machine = available_of_machine(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let room = room_of_groups(&groups, Path::new("/sys/fs/cgroup"));
    Some(machine.min(room.unwrap_or(u64::MAX)))
}

fn available_of_machine(meminfo: &str) -> Option<u64> {
    let lines = meminfo.lines();
    let kib = lines
        .filter_map(|line| line.strip_prefix("MemAvailable:"))
        .next()?;
    let kib: u64 = kib.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

/// The smallest headroom in the process's cgroup and its ancestors: the limit minus
/// everything used but page cache. Linux, `Documentation/admin-guide/cgroup-v2.rst` and
/// `cgroup-v1/memory.rst`.
fn room_of_groups(groups: &str, root: &Path) -> Option<u64> {
    let lines = groups.lines().filter_map(|line| {
        let (_, line) = line.split_once(':')?;
        line.split_once(':')
    });
    let rooms = lines.filter_map(|(controllers, group)| {
        let (root, names) = match controllers {
            "" => (root.to_owned(), &VERSION_2),
            "memory" => (root.join("memory"), &VERSION_1),
            _ => return None,
        };
        let own = root.join(group.trim_start_matches('/'));
        let around = own.ancestors().take_while(|group| group.starts_with(&root));
        around.filter_map(|group| room_in(group, names)).min()
    });
    rooms.min()
}

/// The names of the figures in a cgroup version.
struct Names {
    limits: &'static [&'static str],
    used: &'static str,
    files: &'static str,
}

const VERSION_1: Names = Names {
    limits: &["memory.limit_in_bytes"],
    used: "memory.usage_in_bytes",
    files: "total_cache ",
};

const VERSION_2: Names = Names {
    limits: &["memory.max", "memory.high"],
    used: "memory.current",
    files: "file ",
};

/// `None` without a limit, which version 2 calls `max`.
fn room_in(group: &Path, names: &Names) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
    let number = |name: &&str| read(name)?.trim().parse::<u64>().ok();
    let limit = names.limits.iter().filter_map(number).min()?;
    let used = number(&names.used).unwrap_or(0);
    let stat = read("memory.stat").unwrap_or_default();
    let files = stat.lines().find_map(|line| line.strip_prefix(names.files));
    let files: u64 = files
        .and_then(|files| files.trim().parse().ok())
        .unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(files)))
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
    fn the_least_room_around_a_process_is_its_own() {
        let root = tempfile::tempdir().unwrap();
        let (outer, inner) = (root.path().join("a"), root.path().join("a/b"));
        fs::create_dir_all(&inner).unwrap();
        let set = |group: &Path, name: &str, what: &str| {
            fs::write(group.join(name), what).unwrap();
        };
        let room = || room_of_groups("1:name=x:/y\n0::/a/b\n", root.path());
        assert_eq!(room(), None);
        set(&inner, "memory.max", "max\n");
        assert_eq!(room(), None);
        set(&outer, "memory.max", "4096\n");
        assert_eq!(room(), Some(4096));
        set(&inner, "memory.high", "1024\n");
        assert_eq!(room(), Some(1024));
        set(&inner, "memory.current", "700\n");
        assert_eq!(room(), Some(324));
        set(&inner, "memory.stat", "anon 100\nfile 600\n");
        assert_eq!(room(), Some(924));
        set(&inner, "memory.current", "7000\n");
        assert_eq!(room(), Some(0));
        assert_eq!(room_of_groups("1:name=x:/a/b\n", root.path()), None);
        // Version 1, beside which version 2 may be mounted.
        let first = root.path().join("memory/c");
        fs::create_dir_all(&first).unwrap();
        set(&first, "memory.limit_in_bytes", "512\n");
        set(&first, "memory.usage_in_bytes", "500\n");
        set(&first, "memory.stat", "cache 1\ntotal_cache 450\n");
        let groups = "4:memory:/c\n2:cpu:/c\n";
        assert_eq!(room_of_groups(groups, root.path()), Some(462));
    }
}
