use std::fs::{self, File};
use std::io::Write;

use super::plan::Plan;
use super::read::{MadePart, missing};
use super::runs::WrittenIds;
use super::{Build, BuildReport};
use crate::index::folder::MANIFEST;
use crate::index::hash::{file_seed, xxh3};
use crate::index::manifest::{Manifest, PlainEntry, SegmentEntry, SheetEntry, WholeEntry};
use crate::index::sheet::SheetWriter;
use crate::index::{IndexError, pieces, zones};
use crate::sealed::Hex;
use crate::zone::Zone;

impl Build<'_> {
    /// Writes zones, hashes and, once all else is durable, the manifest.
    pub(super) fn write(
        &self,
        plan: &Plan,
        parts: Vec<MadePart>,
        ids: Option<WrittenIds>,
    ) -> Result<BuildReport, IndexError> {
        let (ids, of_ids) = ids.map(|ids| (ids.entry, ids.numbers)).unzip();
        let zones = self.write_zones(plan, &parts)?;
        let of_parts = parts.iter().map(|part| &part.hashes[..]);
        let numbers: Vec<_> = of_parts.chain(of_ids.as_deref()).collect();
        let pieces = self.write_pieces(plan, &numbers.concat())?;
        let segments = plan
            .parts
            .iter()
            .zip(parts)
            .map(|(part, made)| SegmentEntry {
                blocks: part.blocks(),
                chain: Hex(part.chain),
                damaged: missing(&made.zones)
                    .map(|place| part.start + place)
                    .collect(),
                columns: made.columns,
                boxes: made.boxes,
            });
        let segments = segments.collect();
        let wanted = plan.wanted.to_entry();
        let manifest = Manifest::new(
            self.number,
            plan.file_id,
            zones,
            pieces,
            segments,
            ids,
            wanted,
        );
        self.publish(&manifest)?;
        Ok(plan.report_of(Some(&manifest)))
    }

    fn write_zones(
        &self,
        plan: &Plan,
        parts: &[MadePart],
    ) -> Result<WholeEntry<SheetEntry>, IndexError> {
        let zones: Vec<Option<Zone>> = parts.iter().flat_map(|part| &part.zones).copied().collect();
        let (name, rows) = (self.name("zones", "arrow"), zones.len() as u64);
        let writer = SheetWriter::create(
            self.folder.path(),
            &name,
            zones::specs(),
            rows,
            self.durability,
        )?;
        for (column, values) in zones::to_columns(&zones).into_iter().enumerate() {
            writer.write(column, 0, &values)?;
        }
        let nulls: Vec<_> = missing(&zones).map(|block| block..block + 1).collect();
        let entry = writer.finish(rows, &nulls)?;
        let path = self.folder.path().join(&name);
        let written = fs::read(&path).map_err(IndexError::io(path, "read"))?;
        let hash = Hex(xxh3(file_seed(plan.file_id), &written));
        Ok(WholeEntry { entry, hash })
    }

    fn write_pieces(
        &self,
        plan: &Plan,
        numbers: &[u64],
    ) -> Result<WholeEntry<PlainEntry>, IndexError> {
        let file = self.name("pieces", "bin");
        let bytes = pieces::to_bytes(plan.file_id, numbers);
        self.write_file(&file, &bytes)?;
        let size_bytes = bytes.len() as u64;
        Ok(WholeEntry {
            entry: PlainEntry { file, size_bytes },
            hash: Hex(xxh3(file_seed(plan.file_id), &bytes)),
        })
    }

    /// Gives the manifest its name, once everything it names is durable.
    fn publish(&self, manifest: &Manifest) -> Result<(), IndexError> {
        self.folder.sync(self.durability)?;
        let name = self.name("manifest", "json");
        let path = self.folder.path().join(&name);
        let bytes = manifest
            .to_bytes()
            .map_err(|error| IndexError::io(&path, "write")(error.into()))?;
        self.write_file(&name, &bytes)?;
        let target = self.folder.path().join(MANIFEST);
        fs::rename(&path, &target).map_err(IndexError::io(target, "rename"))?;
        self.folder.sync(self.durability)
    }

    /// Writes a file, durably if that is wanted.
    fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), IndexError> {
        let path = self.folder.path().join(name);
        let write = || {
            let mut file = File::create_new(&path)?;
            file.write_all(bytes)?;
            self.durability.sync(&file)
        };
        write().map_err(IndexError::io(&path, "write"))
    }
}
