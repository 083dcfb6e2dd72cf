//! An old generation made the newest again.

use std::collections::HashSet;
use std::collections::btree_map::{BTreeMap, Entry as Slot};

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::found::Found;
use crate::error::Conflict;
use crate::manifest::{Entry, Sealed, Verb};
use crate::place::{Place, Removal, SHARDS, shard_of};
use crate::shard::{check_sealed, open_file};
use crate::{Dataset, DatasetError, Manifest};

impl<R: Dir> Dataset<R> {
    /// Publishes a generation with the rows and the tags of an old one, and returns its number. If
    /// the old one is the newest, that is all.
    ///
    /// No generation is lost by that: the one that was the newest can be checked out in turn.
    ///
    /// Writers go on. A tail that is open now but was not named then stays open behind the old
    /// rows, from what is committed in it by now: it shows what comes. A tail that was open then
    /// shows all of its rows: no generation says how many it had at the time. If it was sealed
    /// since, it comes back sealed.
    ///
    /// # Errors
    ///
    /// [`DatasetError::GenerationGone`] and [`Conflict::NoLongerKept`] if the old one is not kept,
    /// [`DatasetError::ShardMissing`] if one of its files is not there, and the others of
    /// [`DatasetError`].
    pub fn checkout(&self, generation: u64) -> Result<u64, DatasetError> {
        let place = self.place();
        // Its files stay until the new one names them.
        let old = place.generation(generation)?;
        check_files(place, &old)?;
        let mut ended = Ended::default();
        let published = place.change(Verb::Checkout, |newest, next| {
            if generation < newest.oldest_kept {
                return Err(
                    place.conflict(newest.generation, Conflict::NoLongerKept { generation })
                );
            }
            if generation == newest.generation {
                return Ok(false);
            }
            next.tags.clone_from(&old.tags);
            next.entries = entries(place, &old, newest, &mut ended)?;
            ended.count(next);
            Ok(true)
        })?;
        Ok(published.map_or(generation, |published| published.generation))
    }
}

fn check_files<R: Dir>(place: &Place<R>, manifest: &Manifest) -> Result<(), DatasetError> {
    let names = place.shards()?.names();
    let names = names.map_err(DatasetError::io(place.path().join(SHARDS), "list"))?;
    let there: HashSet<FileId> = names.iter().filter_map(|name| shard_of(name)).collect();
    let missing = manifest
        .entries
        .iter()
        .find(|entry| !there.contains(&entry.file));
    match missing {
        None => Ok(()),
        Some(entry) => Err(DatasetError::ShardMissing {
            path: place.shard_path(entry.file),
            generation: manifest.generation,
        }),
    }
}

/// The entries of the old generation, and the tails of writers that are at work now.
fn entries<R: Dir>(
    place: &Place<R>,
    old: &Manifest,
    newest: &Manifest,
    ended: &mut Ended<R>,
) -> Result<Vec<Entry>, DatasetError> {
    let is_open_now = |file| newest.entries_of(file).any(Entry::is_open);
    let mut entries = Vec::with_capacity(old.entries.len());
    for entry in &old.entries {
        match entry.is_open() && !is_open_now(entry.file) {
            true => entries.extend(ended.entry(place, old, entry)?),
            false => entries.push(entry.clone()),
        }
    }
    for tail in newest.entries.iter().filter(|entry| entry.is_open()) {
        if old.entries_of(tail.file).any(Entry::is_open) {
            continue;
        }
        let shown = old.entries_of(tail.file).filter_map(|entry| entry.rows.to);
        // Where it cannot be read, its writer decides.
        let committed = open_file(place, tail.file).map_or(0, |reader| reader.len());
        let from = shown.fold(committed.max(tail.rows.from), u64::max);
        entries.push(Entry::open(tail.file, from));
    }
    Ok(entries)
}

/// The tails of the old generation that are not open any more. Each is looked at once.
struct Ended<R: Dir> {
    tails: BTreeMap<FileId, Tail<R>>,
}

enum Tail<R: Dir> {
    /// It has ended.
    Ended {
        rows: u64,
        sealed: Box<Sealed>,
        /// Keeps it so, if no other generation names it sealed.
        found: Option<Box<Found<R>>>,
        /// Whether a generation has counted its rows.
        is_counted: bool,
    },
    /// Its writer lives, though it was taken out.
    Held,
}

impl<R: Dir> Default for Ended<R> {
    fn default() -> Self {
        Self {
            tails: BTreeMap::new(),
        }
    }
}

impl<R: Dir> Ended<R> {
    /// How a tail comes back; `None` if it has no rows.
    fn entry(
        &mut self,
        place: &Place<R>,
        old: &Manifest,
        entry: &Entry,
    ) -> Result<Option<Entry>, DatasetError> {
        let (file, from) = (entry.file, entry.rows.from);
        let tail = match self.tails.entry(file) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => slot.insert(look(place, old.generation, file)?),
        };
        Ok(match tail {
            Tail::Held => Some(Entry::open(file, from)),
            Tail::Ended { rows, .. } if *rows <= from => None,
            Tail::Ended { rows, sealed, .. } => {
                Some(Entry::sealed(file, from..*rows, Sealed::clone(sealed)))
            }
        })
    }

    /// Counts the rows that no generation has counted.
    fn count(&self, next: &mut Manifest) {
        for tail in self.tails.values() {
            let Tail::Ended {
                found: Some(found),
                is_counted: false,
                ..
            } = tail
            else {
                continue;
            };
            let stream = Some(next.count_appended(found.reader.len()));
            let of_file = next.entries.iter_mut().filter(|it| it.file == found.file);
            for sealed in of_file.filter_map(|entry| entry.sealed.as_mut()) {
                sealed.stream = stream;
            }
        }
    }
}

fn look<R: Dir>(place: &Place<R>, old: u64, file: FileId) -> Result<Tail<R>, DatasetError> {
    let numbers = place.generations()?;
    let mut ended = None;
    for generation in numbers.into_iter().filter(|number| *number > old) {
        let Some(Ok(manifest)) = place.read(generation)? else {
            continue;
        };
        let sealed = manifest.entries_of(file).find_map(|it| it.sealed.clone());
        if let Some(sealed) = sealed {
            let reader = open_file(place, file)?;
            check_sealed(&reader, &sealed)?;
            return Ok(Tail::Ended {
                rows: reader.len(),
                sealed: Box::new(sealed),
                found: None,
                is_counted: true,
            });
        }
        if !manifest.entries_of(file).any(Entry::is_open) {
            ended.get_or_insert((manifest.verb, manifest.appended));
        }
    }
    let Removal::Ours(found) = Found::of(place, file)? else {
        return Ok(Tail::Held);
    };
    let rows = found.reader.len();
    let mut sealed = found.seal(place)?;
    // Its writer has counted its rows, though changes had taken all of them.
    let appended = ended.and_then(|(verb, appended)| (verb == Verb::Append).then_some(appended));
    sealed.stream = appended.map(|appended| appended.saturating_sub(rows));
    Ok(Tail::Ended {
        rows,
        sealed: Box::new(sealed),
        found: Some(Box::new(found)),
        is_counted: appended.is_some(),
    })
}
