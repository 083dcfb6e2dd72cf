use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use ng_dataset::{FileId, Snapshot};
use ng_query::ng_arrow::Column;
use ng_query::{Bins, Filter, Histogram, Measure, Query, QueryError, QuestionError, Stats, Value};
use ng_store::{BLOCK_TOKENS, FileInfo};
use ng_token::{Axis, EntityType, Space, SystemFlags};

use super::Subject;
use super::description::{
    AtOrigin, Description, NotValid, OfDomain, OfFlag, OfType, Repeated, Summary,
};
use super::page::Details;
use super::verified::{blocks_of, indexed};
use crate::args::DescribeArgs;
use crate::opened::Opened;
use crate::verb::info::rfc_3339;

/// How many bins a histogram has.
pub(super) const BINS: usize = 20;

/// The answers, and what they took.
pub(super) struct Gathered<'a> {
    pub(super) description: Description<'a>,
    /// `None` if no page is to be written.
    pub(super) details: Option<Details>,
    pub(super) stats: Stats,
}

/// Asks all questions: measures in one pass and a second one for the quantiles of wide columns;
/// histograms, counts by filter and ids in one pass each.
pub(super) fn gather<'a>(args: &DescribeArgs, subject: &'a Subject) -> Result<Gathered<'a>> {
    let columns = columns(args)?;
    let query = subject.query(args.filter.as_ref(), &args.way)?;
    let numbers: Vec<Column> = columns.iter().copied().filter(is_number).collect();
    let mut asked = Asked {
        query: &query,
        stats: Stats::default(),
    };
    let mut description = of_file(args, subject);
    (description.described, description.columns) = asked.summaries(&numbers)?;
    asked.histograms(&columns, &mut description)?;
    asked.leave_out_nan(&mut description.columns)?;
    asked.counts(&columns, &mut description)?;
    if columns.contains(&Column::Id) {
        description.duplicates = Some(asked.duplicates()?);
    }
    let details = match &args.html {
        Some(_) => Some(Details::ask(&mut asked, &description, indexed(subject)?)?),
        None => None,
    };
    description.took(&asked.stats);
    description.index_warnings = subject.index_warnings();
    Ok(Gathered {
        description,
        details,
        stats: asked.stats,
    })
}

/// The columns to describe, in order.
fn columns(args: &DescribeArgs) -> Result<Vec<Column>, QueryError> {
    let Some(chosen) = &args.columns else {
        return Ok(Column::DEFAULT.to_vec());
    };
    let is_all = chosen.0.len() == Column::ALL.len();
    let stored = Column::ALL.into_iter().filter(|column| {
        let is_asked = chosen.0.contains(column);
        is_asked && !(is_all && *column == Column::Position)
    });
    let stored: Vec<_> = stored.collect();
    match stored.contains(&Column::Position) {
        true => Err(QuestionError::NotStored {
            column: Column::Position,
        }
        .into()),
        false => Ok(stored),
    }
}

/// Whether the values of a column are quantities rather than kinds.
fn is_number(column: &Column) -> bool {
    kinds(*column).is_none()
}

/// The most values of a column of kinds.
fn kinds(column: Column) -> Option<u32> {
    match column {
        Column::Domain | Column::EntityType | Column::FlagsEntityType => Some(16),
        Column::Flags => Some(1 << 16),
        _ => None,
    }
}

/// What the file or the dataset says about itself.
struct About {
    id: FileId,
    generation: u64,
    tag: Option<u64>,
    created_ns: Option<u64>,
    committed_ns: u64,
    length: u64,
    blocks: u64,
}

impl About {
    fn of(opened: &Opened) -> Self {
        match opened {
            Opened::File(source) => Self::of_file(&source.reader.info()),
            Opened::Dataset(source) => Self::of_dataset(&source.snapshot),
        }
    }

    fn of_file(info: &FileInfo) -> Self {
        Self {
            id: FileId(info.file_id),
            generation: info.generation,
            tag: Some(info.tag),
            created_ns: Some(info.created_ns),
            committed_ns: info.committed_at_ns,
            length: info.length,
            blocks: info.tokens.div_ceil(BLOCK_TOKENS as u64),
        }
    }

    fn of_dataset(snapshot: &Snapshot) -> Self {
        let manifest = snapshot.manifest();
        let shards = snapshot.shards().iter();
        let sealed = shards.clone().filter_map(|shard| shard.sealed());
        Self {
            id: manifest.dataset,
            generation: manifest.generation,
            tag: None,
            created_ns: None,
            committed_ns: manifest.committed_ns,
            length: sealed.map(|sealed| sealed.bytes).sum(),
            blocks: shards.map(|shard| blocks_of(shard).count() as u64).sum(),
        }
    }
}

fn of_file<'a>(args: &DescribeArgs, subject: &'a Subject) -> Description<'a> {
    let about = About::of(subject.opened());
    Description {
        path: args.file.display().to_string(),
        is_dataset: matches!(subject.opened(), Opened::Dataset(_)),
        file_id: about.id.to_string(),
        generation: about.generation,
        tag: about.tag,
        created: about.created_ns.map(rfc_3339),
        committed: rfc_3339(about.committed_ns),
        length: about.length,
        tokens: subject.tokens().len(),
        blocks: about.blocks,
        filter: args.filter.as_ref().map(ToString::to_string),
        described: 0,
        columns: Vec::new(),
        entity_types: None,
        flags_entity_types: None,
        domains: None,
        flags: None,
        at_origin: Vec::new(),
        not_valid: NotValid::default(),
        duplicates: None,
        html: args.html.as_ref().map(|page| page.display().to_string()),
        bytes_read: 0,
        elapsed_ns: 0,
        damaged_blocks: 0,
        damaged_tokens: 0,
        index_warnings: Vec::new(),
        found: &subject.found,
    }
}

/// One question after the other, and the work of all of them.
pub(super) struct Asked<'q> {
    pub(super) query: &'q Query<'q>,
    stats: Stats,
}

impl Asked<'_> {
    pub(super) fn took(&mut self, stats: Stats) {
        match self.stats == Stats::default() {
            true => self.stats = stats,
            false => self.stats.add_pass(&stats),
        }
    }

    /// How many tokens there are, and their figures.
    fn summaries(&mut self, columns: &[Column]) -> Result<(u64, Vec<Summary>), QueryError> {
        let measures = columns.iter().flat_map(|column| measures(*column));
        let measures: Vec<_> = measures.chain([Measure::Count]).collect();
        let answer = self.query.aggregate(&[], &measures)?;
        self.took(answer.stats);
        let Some(group) = answer.value.groups.first() else {
            return Ok((0, Vec::new()));
        };
        let count = match group.values.last() {
            Some(Value::Integer(count)) => u64::try_from(*count).unwrap_or(u64::MAX),
            _ => 0,
        };
        let values = group.values.chunks_exact(MEASURES);
        let summaries = columns.iter().zip(values).map(|(&column, values)| Summary {
            column,
            nan: match column {
                Column::Weight => group.nan_weights,
                _ => 0,
            },
            min: values[0],
            p5: values[1],
            median: values[2],
            p95: values[3],
            max: values[4],
            mean: values[5],
            stddev: values[6],
            histogram: None,
        });
        Ok((count, summaries.collect()))
    }

    fn histograms(
        &mut self,
        columns: &[Column],
        description: &mut Description<'_>,
    ) -> Result<(), QueryError> {
        let known = |column: &Column| {
            let mut summaries = description.columns.iter();
            summaries.find(|summary| summary.column == *column)
        };
        let asked = columns.iter().filter_map(|column| {
            let bins = match kinds(*column) {
                Some(count) => one_each(count),
                None => bins_of(known(column)?)?,
            };
            Some((*column, bins))
        });
        let answer = self.query.histograms(&asked.collect::<Vec<_>>())?;
        self.took(answer.stats);
        for histogram in answer.value.into_iter().flatten() {
            let counts = &histogram.counts;
            match histogram.column {
                Column::EntityType => description.entity_types = Some(of_types(counts)),
                Column::FlagsEntityType => description.flags_entity_types = Some(of_types(counts)),
                Column::Domain => description.domains = Some(of_domains(counts)),
                Column::Flags => description.flags = Some(of_flags(counts)),
                _ => put(histogram, &mut description.columns),
            }
        }
        Ok(())
    }

    /// The mean of weights is NaN if one of them is: without those it says something.
    fn leave_out_nan(&mut self, summaries: &mut [Summary]) -> Result<(), QueryError> {
        let Some(weight) = summaries.iter_mut().find(|summary| summary.nan > 0) else {
            return Ok(());
        };
        let others = self.query.clone().filter(&filter("weight >= -inf"));
        let measures = [
            Measure::Mean(Column::Weight),
            Measure::StdDev(Column::Weight),
        ];
        let answer = others.aggregate(&[], &measures)?;
        self.took(answer.stats);
        if let Some([mean, stddev]) = answer.value.groups.first().map(|group| &group.values[..]) {
            (weight.mean, weight.stddev) = (*mean, *stddev);
        }
        Ok(())
    }

    /// What filters count: tokens that are not valid, or at an origin.
    fn counts(
        &mut self,
        columns: &[Column],
        description: &mut Description<'_>,
    ) -> Result<(), QueryError> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since_1970.map_or(0, |time| time.as_secs());
        let now = u32::try_from(now).unwrap_or(u32::MAX);
        let spaces = Space::ALL.into_iter().filter(|space| {
            let mut axes = Axis::ALL.into_iter();
            axes.all(|axis| columns.contains(&Column::Coordinate(*space, axis)))
        });
        let spaces: Vec<Space> = spaces.collect();
        let mut filters = vec![
            filter("not valid"),
            filter("not (weight >= -inf)"),
            filter("weight < 0"),
            filter(&format!("timestamp > {now}")),
            filter(&format!("not valid and weight >= 0 and timestamp <= {now}")),
        ];
        let own = filters.len();
        let origins = spaces
            .iter()
            .map(|space| filter(&format!("{space} in ball(0, 0, 0; 0)")));
        filters.extend(origins);
        let answer = self.query.count_each_at(&filters, now)?;
        self.took(answer.stats);
        let counts = answer.value;
        description.not_valid = NotValid {
            count: counts[0],
            nan_weight: counts[1],
            negative_weight: counts[2],
            future_timestamp: counts[3],
            other_entity_type_alone: counts[4],
        };
        let counted = spaces.into_iter().zip(&counts[own..]);
        description.at_origin = counted
            .map(|(space, &count)| AtOrigin { space, count })
            .collect();
        Ok(())
    }

    fn duplicates(&mut self) -> Result<Repeated, QueryError> {
        let answer = self.query.duplicates(0)?;
        self.took(answer.stats);
        Ok(Repeated {
            ids: answer.value.id_count,
            tokens: answer.value.repeats,
        })
    }
}

/// A filter written by this program.
fn filter(text: &str) -> Filter {
    text.parse()
        .unwrap_or_else(|error| unreachable!("{text}: {error}"))
}

const MEASURES: usize = 7;

fn measures(column: Column) -> [Measure; MEASURES] {
    [
        Measure::Min(column),
        Measure::Quantile(column, 0.05),
        Measure::Quantile(column, 0.5),
        Measure::Quantile(column, 0.95),
        Measure::Max(column),
        Measure::Mean(column),
        Measure::StdDev(column),
    ]
}

/// A bin for each whole number below a count.
fn one_each(count: u32) -> Bins {
    Bins::new(count as usize).range(-0.5, f64::from(count) - 0.5)
}

/// From the least to the greatest finite value; `None` if there is none.
fn bins_of(summary: &Summary) -> Option<Bins> {
    let (low, high) = (summary.min.number()?, summary.max.number()?);
    let bins = Bins::new(BINS);
    Some(match low.is_finite() && high.is_finite() {
        true => bins.range(low, high),
        // The ends have to be found.
        false => bins,
    })
}

fn put(histogram: Histogram, summaries: &mut [Summary]) {
    let mut summaries = summaries.iter_mut();
    if let Some(summary) = summaries.find(|summary| summary.column == histogram.column) {
        summary.histogram = Some(histogram);
    }
}

fn of_types(counts: &[u64]) -> Vec<OfType> {
    let types = EntityType::ALL.into_iter().zip(counts);
    types
        .map(|(entity_type, &count)| OfType { entity_type, count })
        .collect()
}

fn of_domains(counts: &[u64]) -> Vec<OfDomain> {
    let domains = counts.iter().enumerate();
    domains
        .map(|(domain, &count)| OfDomain { domain, count })
        .collect()
}

/// The named flags, from how often each set of flags occurs.
fn of_flags(counts: &[u64]) -> Vec<OfFlag> {
    let system = SystemFlags::all().iter_names();
    let system = system.map(|(name, flag)| (name.to_lowercase(), u16::from(flag.bits())));
    let user = (0..4).map(|flag| (format!("user_{flag}"), 1 << (12 + flag)));
    let named = system.chain(user);
    let count_of = |bit: u16| {
        let sets = counts.iter().enumerate();
        sets.filter(|(set, _)| set & usize::from(bit) != 0)
            .map(|(_, count)| count)
            .sum()
    };
    named
        .map(|(flag, bit)| OfFlag {
            flag,
            count: count_of(bit),
        })
        .collect()
}
