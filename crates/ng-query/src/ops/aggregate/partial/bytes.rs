//! A partial answer as bytes, which are checked when they are read.
//!
//! All numbers are little-endian. `NGPA`, the version, the groupings and the measures as text; the
//! groups, each with its code, its count and its columns; the totals, if it was folded; the sums of
//! blocks. A list is preceded by its length, and what may be missing by 0 or 1.

use std::fmt::Display;

use ng_arrow::Column;

use super::super::assemble::{Counted, take_number};
use super::super::distinct::Distinct;
use super::super::grouping::bits_of;
use super::super::needs::Needs;
use super::super::tally::ColumnTally;
use super::super::value_counts::ValueCounts;
use super::super::weights::{BlockSum, Totals, WeightTotal};
use super::super::{GROUPS, GroupBy, Measure, VALUES};
use super::{MOST_TOKENS, Partial, PartialError, check_partial};
use crate::QueryError;
use crate::memory::{Refused, push, refused};
use crate::ordered::key_bits;

const MAGIC: [u8; 4] = *b"NGPA";

const VERSION: u32 = 1;

/// The most tokens of a block.
const BLOCK: u64 = ng_store::BLOCK_TOKENS as u64;

impl Partial {
    /// Returns the answer as bytes, which only [`from_bytes`](Self::from_bytes) of the same version
    /// of this crate is sure to read.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        put_text(&mut bytes, &self.group_by);
        put_text(&mut bytes, &self.measures);
        put_len(&mut bytes, self.groups.len());
        for group in &self.groups {
            put_group(&mut bytes, group);
        }
        put_some(&mut bytes, self.totals.as_ref(), |bytes, totals| {
            let totals = totals.all();
            put_len(bytes, totals.len());
            for (code, total) in totals {
                bytes.extend(code.to_le_bytes());
                bytes.extend(total.to_bytes());
            }
        });
        put_len(&mut bytes, self.sums.len());
        for sum in &self.sums {
            bytes.extend(sum.code.to_le_bytes());
            bytes.extend((sum.count as u32).to_le_bytes());
            bytes.extend(sum.sum.to_le_bytes());
            bytes.extend(sum.squares.to_le_bytes());
        }
        bytes
    }

    /// Reads an answer from bytes. They may be wrong, but not such that anything later fails.
    ///
    /// # Errors
    ///
    /// [`PartialError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PartialError> {
        let mut input = Input { bytes, offset: 0 };
        let (magic, version) = (input.take::<4>(), input.u32());
        if !matches!((magic, version), (Ok(MAGIC), Ok(VERSION))) {
            let expected = VERSION;
            return Err(PartialError::Version { expected });
        }
        let (group_by, measures) = (input.text()?, input.text()?);
        let group_by = match group_by {
            "" => Vec::new(),
            text => GroupBy::list(text).map_err(QueryError::from)?,
        };
        let measures = match measures {
            "" => Vec::new(),
            text => Measure::list(text).map_err(QueryError::from)?,
        };
        check_partial(&group_by, &measures).map_err(QueryError::from)?;
        let needs = Needs::new(&group_by, &measures);
        let groups = input.groups(&needs)?;
        let totals = input.some(|input| input.totals(&needs, &groups))?;
        let sums = input.sums(&needs)?;
        match input.offset == bytes.len() {
            false => Err(input.flaw("more bytes than it has")),
            true => Ok(Self {
                group_by,
                measures,
                groups,
                totals,
                sums,
            }),
        }
    }
}

fn put_len(bytes: &mut Vec<u8>, len: usize) {
    bytes.extend((len as u64).to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, all: &[impl Display]) {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    let text = all.join(", ");
    put_len(bytes, text.len());
    bytes.extend(text.bytes());
}

fn put_some<T>(bytes: &mut Vec<u8>, some: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    bytes.push(some.is_some().into());
    if let Some(some) = some {
        put(bytes, some);
    }
}

fn put_group(bytes: &mut Vec<u8>, group: &Counted) {
    bytes.extend(group.code.to_le_bytes());
    bytes.extend(group.count.to_le_bytes());
    for tally in &group.columns {
        put_some(bytes, tally.extremes, |bytes, (low, high)| {
            bytes.extend(low.to_le_bytes());
            bytes.extend(high.to_le_bytes());
        });
        bytes.extend(tally.nan.to_le_bytes());
        bytes.extend(tally.sum.to_le_bytes());
        bytes.extend(tally.squares.to_le_bytes());
        put_some(bytes, tally.values.as_ref(), |bytes, values| {
            put_len(bytes, values.iter().count());
            for (number, count) in values.iter() {
                bytes.extend(number.to_le_bytes());
                bytes.extend(count.to_le_bytes());
            }
        });
        put_some(bytes, tally.distinct.as_ref(), |bytes, distinct| {
            let len = bytes.len();
            put_len(bytes, 0);
            let mut count: u64 = 0;
            distinct.for_each(|number| {
                bytes.extend(number.to_le_bytes());
                count += 1;
            });
            bytes[len..len + 8].copy_from_slice(&count.to_le_bytes());
        });
    }
}

/// Bytes that are read from the front.
struct Input<'b> {
    bytes: &'b [u8],
    offset: usize,
}

impl<'b> Input<'b> {
    fn flaw(&self, what: &'static str) -> PartialError {
        let offset = self.offset;
        PartialError::Flaw { offset, what }
    }

    fn slice(&mut self, len: usize) -> Result<&'b [u8], PartialError> {
        let rest = self
            .bytes
            .get(self.offset..)
            .and_then(|rest| rest.get(..len));
        let taken = rest.ok_or_else(|| self.flaw("it ends too soon"))?;
        self.offset += len;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], PartialError> {
        let taken = self.slice(N)?.first_chunk();
        taken.copied().ok_or_else(|| self.flaw("it ends too soon"))
    }

    fn u32(&mut self) -> Result<u32, PartialError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, PartialError> {
        self.take().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Result<f64, PartialError> {
        self.take().map(f64::from_le_bytes)
    }

    fn len(&mut self) -> Result<u64, PartialError> {
        self.u64()
    }

    fn text(&mut self) -> Result<&'b str, PartialError> {
        let len = usize::try_from(self.len()?).unwrap_or(usize::MAX);
        let text = str::from_utf8(self.slice(len)?);
        text.map_err(|_| self.flaw("a text that is not UTF-8"))
    }

    fn some<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, PartialError>,
    ) -> Result<Option<T>, PartialError> {
        match self.take()? {
            [0] => Ok(None),
            [1] => read(self).map(Some),
            _ => Err(self.flaw("neither 0 nor 1")),
        }
    }

    /// The code of a group, which is greater than the one before.
    fn code(&mut self, needs: &Needs, before: Option<u64>) -> Result<u64, PartialError> {
        let code = self.u64()?;
        let mut rest = code;
        let mut by = needs.group_by.iter().rev();
        let is_known = by.all(|by| by.has(take_number(*by, &mut rest))) && rest == 0;
        match is_known && before.is_none_or(|before| before < code) {
            true => Ok(code),
            false => Err(self.flaw("a group that cannot be, or is not in order")),
        }
    }

    fn groups(&mut self, needs: &Needs) -> Result<Vec<Counted>, PartialError> {
        let (count, most) = (self.len()?, needs.most_groups());
        if count > most as u64 {
            return Err(QueryError::TooManyGroups { most }.into());
        }
        let (mut groups, mut tokens) = (Vec::<Counted>::new(), 0_u64);
        for _ in 0..count {
            let before = groups.last().map(|group| group.code);
            let group = self.group(needs, before)?;
            tokens = tokens.saturating_add(group.count);
            if tokens > MOST_TOKENS {
                return Err(PartialError::TooManyTokens { most: MOST_TOKENS });
            }
            push(&mut groups, group, GROUPS)?;
        }
        Ok(groups)
    }

    fn group(&mut self, needs: &Needs, before: Option<u64>) -> Result<Counted, PartialError> {
        let code = self.code(needs, before)?;
        let count = self.u64()?;
        if count == 0 || count > MOST_TOKENS {
            return Err(self.flaw("a group of no tokens, or of too many"));
        }
        let mut columns = Vec::new();
        for (column, _) in &needs.columns {
            push(&mut columns, self.column(*column, count)?, GROUPS)?;
        }
        Ok(Counted {
            code,
            count,
            columns,
        })
    }

    fn column(&mut self, column: Column, count: u64) -> Result<ColumnTally, PartialError> {
        let extremes = self.some(|input| Ok((input.u32()?, input.u32()?)))?;
        let (nan, sum) = (self.u64()?, i128::from_le_bytes(self.take()?));
        let squares = u128::from_le_bytes(self.take()?);
        // A stored value has 32 bits.
        let (most, count_wide) = (1_u128 << 32, u128::from(count));
        let is_possible = extremes.is_none_or(|(low, high)| low <= high)
            && nan <= count
            && sum.unsigned_abs() <= count_wide * most
            && squares / most <= count_wide * most;
        if !is_possible {
            return Err(self.flaw("measures that its number of tokens cannot have"));
        }
        Ok(ColumnTally {
            extremes,
            nan,
            sum,
            squares,
            values: self.some(|input| input.values(column, count))?,
            distinct: self.some(|input| input.distinct(count))?,
        })
    }

    fn values(&mut self, column: Column, tokens: u64) -> Result<ValueCounts, PartialError> {
        let mut values = ValueCounts::new().map_err(no_memory)?;
        let (mut before, mut all) = (None, 0_u64);
        for _ in 0..self.len()? {
            let (number, count) = (u16::from_le_bytes(self.take()?), self.u64()?);
            all = all.saturating_add(count);
            let is_stored = u32::from(number) >> key_bits(column).min(16) == 0;
            if !is_stored || before >= Some(number) || count == 0 || all > tokens {
                return Err(self.flaw("values that its tokens cannot have"));
            }
            before = Some(number);
            values.add_times(number, count).map_err(no_memory)?;
        }
        Ok(values)
    }

    fn distinct(&mut self, tokens: u64) -> Result<Distinct, PartialError> {
        let count = self.len()?;
        if count > tokens {
            return Err(self.flaw("more distinct values than tokens"));
        }
        let mut distinct = Distinct::new();
        for _ in 0..count {
            distinct.add(self.u32()?).map_err(no_memory)?;
        }
        Ok(distinct)
    }

    fn totals(&mut self, needs: &Needs, groups: &[Counted]) -> Result<Totals, PartialError> {
        let mut totals = Totals::new(bits_of(&needs.group_by));
        let mut before = None;
        for _ in 0..self.len()? {
            let code = self.code(needs, before)?;
            let total = WeightTotal::of_bytes(self.take()?);
            let group = groups.binary_search_by_key(&code, |group| group.code);
            if !group.is_ok_and(|place| total.count() <= groups[place].count) {
                return Err(self.flaw("sums of more tokens than there are"));
            }
            totals.set(code, total)?;
            before = Some(code);
        }
        Ok(totals)
    }

    fn sums(&mut self, needs: &Needs) -> Result<Vec<BlockSum>, PartialError> {
        let mut sums = Vec::new();
        for _ in 0..self.len()? {
            let sum = BlockSum {
                code: self.code(needs, None)?,
                group: 0,
                count: self.u32()?.into(),
                sum: self.f64()?,
                squares: self.f64()?,
            };
            if sum.count == 0 || sum.count > BLOCK {
                return Err(self.flaw("a block of no tokens, or of too many"));
            }
            push(&mut sums, sum, GROUPS)?;
        }
        Ok(sums)
    }
}

fn no_memory(_: Refused) -> QueryError {
    refused::<u64>(1, VALUES)
}
