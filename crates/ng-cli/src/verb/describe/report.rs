use std::fmt;

use ng_store::{Counted, Shown};

use super::Bytes;
use super::bars::{Bars, wrapped};
use super::description::{Description, NotValid, OfType, Repeated};
use super::number::share;
use super::table::{Units, Wholes, is_whole};

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file(f)?;
        if self.described == 0 {
            return writeln!(f, "\nThere is no token to describe.");
        }
        let (wide, narrow) = self
            .columns
            .iter()
            .partition(|summary| is_whole(summary.column));
        write!(f, "{}{}", Wholes(wide), Units(narrow))?;
        let of = self.described;
        for (title, rows) in self.kinds() {
            write!(f, "{}", Bars { title, rows, of })?;
        }
        self.condition(f)
    }
}

impl Description<'_> {
    fn file(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<10} {value}");
        line("file", &Shown(self.path.as_ref()))?;
        let size = Bytes(self.length);
        let (tokens, blocks) = (Counted(self.tokens, "token"), Counted(self.blocks, "block"));
        line("holds", &format_args!("{tokens} in {blocks}, {size}"))?;
        if let Some(created) = &self.created {
            line("created", created)?;
        }
        let tag = match self.tag {
            None | Some(0) => String::new(),
            Some(tag) => format!(", tag {tag}"),
        };
        let (generation, committed) = (self.generation, &self.committed);
        line(
            "committed",
            &format_args!("{committed}, generation {generation}{tag}"),
        )?;
        if self.filter.is_some() || self.described != self.tokens {
            let (described, share) = (self.described, share(self.described, self.tokens));
            line(
                "described",
                &format_args!("{} ({share})", Counted(described, "token")),
            )?;
        }
        if self.damaged_blocks > 0 {
            let blocks = Counted(self.damaged_blocks, "damaged block");
            let tokens = Counted(self.damaged_tokens, "token");
            line("left out", &format_args!("{tokens} of {blocks}"))?;
        }
        if let Some(page) = &self.html {
            line("page", &Shown(page.as_ref()))?;
        }
        match &self.filter {
            Some(filter) => wrapped(f, "where      ", filter),
            None => Ok(()),
        }
    }

    /// The counts by kind that are described: a title, and each kind's count.
    pub(super) fn kinds(&self) -> Vec<(&'static str, Vec<(String, u64)>)> {
        let of_types = |types: &Vec<OfType>| {
            let rows = types.iter();
            rows.map(|row| (row.entity_type.to_string(), row.count))
                .collect()
        };
        let of_domains = self.domains.as_ref().map(|domains| {
            let rows = domains.iter();
            rows.map(|row| (row.domain.to_string(), row.count))
                .collect()
        });
        let of_flags = self.flags.as_ref().map(|flags| {
            let rows = flags.iter();
            rows.map(|row| (row.flag.clone(), row.count)).collect()
        });
        let origins = self.at_origin.iter();
        let origins = origins.map(|row| (row.space.to_string(), row.count));
        let origins: Vec<_> = origins.collect();
        let kinds = [
            ("entity types", self.entity_types.as_ref().map(of_types)),
            (
                "entity types in the flags",
                self.flags_entity_types.as_ref().map(of_types),
            ),
            ("domains", of_domains),
            ("flags", of_flags),
            (
                "tokens at the origin of a space",
                (!origins.is_empty()).then_some(origins),
            ),
        ];
        let told = kinds.into_iter();
        told.filter_map(|(title, rows)| Some((title, rows?)))
            .collect()
    }

    /// Problems with tokens.
    fn condition(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = share(self.not_valid.count, self.described);
        let count = Counted(self.not_valid.count, "token");
        writeln!(f, "\nnot valid  {count} ({share}) by the strict rules")?;
        for (count, what) in self.not_valid.rules() {
            if count > 0 {
                writeln!(f, "           {} with {what}", Counted(count, "token"))?;
            }
        }
        match &self.duplicates {
            Some(Repeated { ids, tokens }) => {
                let (ids, tokens) = (Counted(*ids, "id"), Counted(*tokens, "token"));
                writeln!(
                    f,
                    "duplicates {ids} that more than one token has: {tokens} too many"
                )
            }
            None => Ok(()),
        }
    }
}

impl NotValid {
    /// How many tokens break each of the rules.
    pub(super) fn rules(&self) -> [(u64, &'static str); 4] {
        [
            (self.nan_weight, "a weight that is NaN, left out above"),
            (self.negative_weight, "a weight below 0"),
            (self.future_timestamp, "a timestamp in the future"),
            (
                self.other_entity_type_alone,
                "another entity type in the flags than in the id",
            ),
        ]
    }
}
