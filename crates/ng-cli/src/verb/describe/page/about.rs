//! What the file or the dataset says about itself.

use std::path::Path;

use ng_plot::{Section, definitions};
use ng_store::{Counted, Shown};

use super::super::Bytes;
use super::super::description::Description;

pub(super) fn section(described: &Description<'_>) -> Section {
    let mut entries = vec![
        ("path", Shown(Path::new(&described.path)).to_string()),
        ("id", described.file_id.clone()),
        ("committed", described.committed.clone()),
        ("generation", described.generation.to_string()),
        ("length", Counted(described.length, "byte").to_string()),
    ];
    let created = described.created.clone();
    entries.extend(created.map(|created| ("created", created)));
    entries.extend(described.tag.map(|tag| ("tag", tag.to_string())));
    let filter = described.filter.clone();
    entries.extend(filter.map(|filter| ("where", filter)));
    entries.push((
        "read for this page",
        Bytes(described.bytes_read).to_string(),
    ));
    let title = match described.is_dataset {
        true => "Dataset",
        false => "File",
    };
    Section::new("about", title).child(definitions(entries))
}
