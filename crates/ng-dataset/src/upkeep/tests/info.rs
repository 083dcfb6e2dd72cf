use super::*;
use crate::Finding;

#[test]
fn info_is_what_is_there() {
    let (_temporary, dataset) = create();
    let old = add_shard(&dataset, 0..10_000).unwrap();
    replace_shard(&dataset, old, 0..5000).unwrap();
    let (file, writer) = add_tail(&dataset, 0..3);
    let info = dataset.info().unwrap();
    assert_eq!(info.id, dataset.id());
    assert_eq!((info.generation, info.generations), (3, 4));
    assert_eq!((info.shards, info.rows), (1, 5003));
    assert_eq!(info.tails.len(), 1);
    assert_eq!((info.tails[0].file, &info.tails[0].rows), (file, &(0..3)));
    assert_eq!(info.tails[0].writer, Some(std::process::id()));
    assert!(info.disk_bytes >= 5003 * 64, "{}", info.disk_bytes);
    assert!(info.other_disk_bytes >= 10_000 * 64);
    assert!(info.findings.is_empty());
    drop(writer);
    dataset.collect(&NOW).unwrap();
    let info = dataset.info().unwrap();
    assert_eq!(info.tails[0].writer, None);
    assert_eq!((info.other_disk_bytes, info.generations), (0, 1));
    assert_eq!((info.generation, info.oldest_kept), (4, 4));
}

#[test]
fn info_tells_of_damage() {
    let (_temporary, dataset) = create();
    add_shard(&dataset, 0..10).unwrap();
    flip_manifest(&dataset, 1);
    let info = dataset.info().unwrap();
    assert_eq!((info.generation, info.rows), (0, 0));
    let finding = &info.findings[0];
    assert!(matches!(finding, Finding::ManifestDamaged { shown: 0, .. }));
}
