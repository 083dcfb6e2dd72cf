//! The workspace's manifest, as far as a report speaks of it.

use std::fs;
use std::path::Path;

use ng_stress::DEV_OVERRIDES;

#[test]
fn the_report_states_every_override_of_the_dev_profile() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let profiles = manifest["profile"].as_table().unwrap();
    assert_eq!(
        profiles.len(),
        1,
        "release is Cargo's default: {profiles:?}"
    );
    let dev = profiles["dev"].as_table().unwrap();
    assert_eq!(
        dev.len(),
        1,
        "but for packages, dev is Cargo's default: {dev:?}"
    );
    let mut found: Vec<String> = Vec::new();
    for (package, settings) in dev["package"].as_table().unwrap() {
        for (name, value) in settings.as_table().unwrap() {
            let value = value.as_integer().expect("a level");
            found.push(format!("{package}: {name} {value}"));
        }
    }
    assert_eq!(found, DEV_OVERRIDES);
}
