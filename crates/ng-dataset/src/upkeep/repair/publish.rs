//! The generation in which damaged files are replaced.

use ng_store::disk::Dir;

use super::{OrphanState, Remedy, Repair};
use crate::DatasetError;
use crate::manifest::{Entry, Manifest, Sealed, Verb};

impl<R: Dir> Repair<'_, R> {
    /// Publishes what was found to do since the last time, if there is anything.
    pub(super) fn publish(&mut self) -> Result<(), DatasetError> {
        if self.options.is_dry_run() {
            return Ok(());
        }
        let published = self
            .place
            .change_over_damage(Verb::Repair, |_, next, is_over| {
                Ok(self.edit(next) || is_over)
            })?;
        if let Some(published) = published {
            self.report.generation = Some(published.generation);
            self.note_recovered();
        }
        // What is named by now needs no locks any more.
        self.remedies.clear();
        self.recovered.clear();
        Ok(())
    }

    /// Applies the remedies to whatever rows of the files are named by now, and tells whether that
    /// changes anything.
    fn edit(&self, next: &mut Manifest) -> bool {
        let mut is_news = false;
        let mut entries = Vec::with_capacity(next.entries.len());
        for entry in &next.entries {
            match self.remedies.get(&entry.file) {
                None => entries.push(entry.clone()),
                Some(remedy) => {
                    is_news = true;
                    entries.extend(remedy.apply(entry));
                }
            }
        }
        next.entries = entries;
        for (found, sealed) in &self.recovered {
            if next.names(found.file) {
                continue;
            }
            let rows = found.reader.len();
            let stream = Some(next.count_appended(rows));
            let sealed = Sealed {
                stream,
                ..sealed.clone()
            };
            next.entries
                .push(Entry::sealed(found.file, 0..rows, sealed));
            is_news = true;
        }
        is_news
    }

    fn note_recovered(&mut self) {
        for orphan in &mut self.report.orphans {
            if let OrphanState::Sound { rows } = orphan.state
                && self
                    .recovered
                    .iter()
                    .any(|(found, _)| found.file == orphan.file)
            {
                orphan.state = OrphanState::Recovered { rows };
            }
        }
    }
}

impl<R: Dir> Remedy<R> {
    fn apply(&self, entry: &Entry) -> Option<Entry> {
        match self {
            Self::New(new) => new.entry(entry),
            Self::Drop => None,
            Self::Correct(correction) => {
                let mut entry = entry.clone();
                if let Some(sealed) = &mut entry.sealed {
                    correction.apply(sealed);
                }
                Some(entry)
            }
        }
    }
}
