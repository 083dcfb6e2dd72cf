//! Registered readers, for processes that want to remove the file.

use ng_store::*;

use crate::Outcome;
use crate::maps;
use crate::place::Place;
use crate::samples::append;

pub(super) fn run(place: &Place) -> Outcome {
    let path = place.file("tokens.ngt");
    let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
    append(&mut writer, 10_000)?;
    let reader = BlockReader::open(&path)?;
    assert!(!has_readers(&path)?);

    reader.register()?;
    assert!(has_readers(&path)? && writer.has_readers()?);
    // Its blocks keep reading, and the appender ignores it.
    let mut blocks = reader.blocks();
    drop(reader);
    append(&mut writer, 10)?;
    assert!(has_readers(&path)?);
    assert!(blocks.next().is_some());
    drop(blocks);
    assert!(!has_readers(&path)?);

    let store = maps::open(&path, &MapOptions::new())?;
    store.register()?;
    let snapshot = store.snapshot();
    drop(store);
    assert!(has_readers(&path)?);
    drop(snapshot);
    assert!(!has_readers(&path)?);
    Ok(())
}
