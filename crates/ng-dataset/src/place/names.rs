use ng_query::sealed::FileId;

const MANIFEST: &str = "manifest-";
const JSON: &str = ".json";
const DIGITS: usize = 12;
const SHARD: &str = ".ngt";

/// The name of a generation's manifest.
pub(crate) fn manifest_name(generation: u64) -> String {
    format!("{MANIFEST}{generation:0DIGITS$}{JSON}")
}

/// The number of the generation whose manifest has this name.
pub(crate) fn generation_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(MANIFEST)?.strip_suffix(JSON)?;
    let number = digits.parse().ok()?;
    // Each number has one name.
    (manifest_name(number) == name).then_some(number)
}

/// The name of a shard's file.
pub(crate) fn shard_name(file: FileId) -> String {
    format!("{file}{SHARD}")
}

/// The shard whose file has this name.
pub(crate) fn shard_of(name: &str) -> Option<FileId> {
    FileId::parse(name.strip_suffix(SHARD)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_has_one_name() {
        for generation in [0, 42, 999_999_999_999, 1_000_000_000_000, u64::MAX] {
            assert_eq!(generation_of(&manifest_name(generation)), Some(generation));
        }
        for name in [
            "manifest-42.json",
            "manifest-+00000000042.json",
            "manifest-0000000000042.json",
            "manifest-000000000042.json.tmp",
            "manifest-.json",
        ] {
            assert_eq!(generation_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_shard_is_named_by_its_file() {
        let file = FileId([7; 16]);
        assert_eq!(shard_of(&shard_name(file)), Some(file));
        assert_eq!(shard_of("tokens.ngt"), None);
    }
}
