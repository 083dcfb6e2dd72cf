//! `not`, `and` and `or` of bound filters.
//!
//! Their results have no `All` or `Nothing` below another node, no node directly below one of its
//! own kind, and no row of fewer than two.

use std::ops::RangeInclusive;

use crate::bound::{Bound, Condition};

pub(super) fn not(bound: Bound) -> Bound {
    match bound {
        Bound::All => Bound::Nothing,
        Bound::Nothing => Bound::All,
        Bound::Not(inner) => *inner,
        other => Bound::Not(Box::new(other)),
    }
}

/// Conditions on one column are merged and come first.
pub(crate) fn and(bounds: impl IntoIterator<Item = Bound>) -> Bound {
    let mut row = Row::new(intersection);
    for bound in bounds {
        match bound {
            Bound::All => {}
            Bound::Nothing => return Bound::Nothing,
            Bound::And(inner) => row.extend(inner),
            other => row.extend([other]),
        }
        if row.is_decided {
            return Bound::Nothing;
        }
    }
    row.joined(Bound::All, Bound::And)
}

/// Masks of one column are merged and come first.
pub(super) fn or(bounds: impl IntoIterator<Item = Bound>) -> Bound {
    let mut row = Row::new(union);
    for bound in bounds {
        match bound {
            Bound::All => return Bound::All,
            Bound::Nothing => {}
            Bound::Or(inner) => row.extend(inner),
            other => row.extend([other]),
        }
        if row.is_decided {
            return Bound::All;
        }
    }
    row.joined(Bound::Nothing, Bound::Or)
}

/// The result of two conditions on one column.
enum Both {
    Condition(Condition),
    /// An empty intersection, or a union of everything.
    Decided,
}

/// Merges two conditions, if they are on one column and can be merged.
type Merge = fn(&Condition, &Condition) -> Option<Both>;

/// The filters joined so far.
struct Row {
    merge: Merge,
    /// At most one of each column, so that look-ups stay short in a long row.
    merged: Vec<Condition>,
    others: Vec<Bound>,
    /// Two conditions decided, whatever the others are.
    is_decided: bool,
}

impl Row {
    const fn new(merge: Merge) -> Self {
        Self {
            merge,
            merged: Vec::new(),
            others: Vec::new(),
            is_decided: false,
        }
    }

    fn extend(&mut self, parts: impl IntoIterator<Item = Bound>) {
        let merge = self.merge;
        for part in parts {
            match part {
                Bound::Is(condition) if merge(&condition, &condition).is_some() => {
                    self.merge(condition);
                }
                other => self.others.push(other),
            }
        }
    }

    fn merge(&mut self, condition: Condition) {
        for there in &mut self.merged {
            match (self.merge)(there, &condition) {
                Some(Both::Condition(both)) => return *there = both,
                Some(Both::Decided) => return self.is_decided = true,
                None => {}
            }
        }
        self.merged.push(condition);
    }

    fn joined(self, none: Bound, many: impl FnOnce(Vec<Bound>) -> Bound) -> Bound {
        let merged = self.merged.into_iter().map(Bound::Is);
        let mut parts: Vec<Bound> = merged.chain(self.others).collect();
        match parts.len() {
            0 => none,
            1 => parts.pop().unwrap_or(none),
            _ => many(parts),
        }
    }
}

fn intersection(one: &Condition, other: &Condition) -> Option<Both> {
    use Condition as C;
    match (one, other) {
        (C::Position(a), C::Position(b)) => Some(overlap(a, b, C::Position)),
        (C::Id(a), C::Id(b)) => Some(overlap(a, b, C::Id)),
        (C::LocalId(a), C::LocalId(b)) => Some(overlap(a, b, C::LocalId)),
        (C::Timestamp(a), C::Timestamp(b)) => Some(overlap(a, b, C::Timestamp)),
        (C::Flags(a), C::Flags(b)) => Some(overlap(a, b, C::Flags)),
        (C::Weight(a), C::Weight(b)) => Some(overlap(a, b, C::Weight)),
        (C::Radius(a), C::Radius(b)) => Some(overlap(a, b, C::Radius)),
        (C::Strength(a), C::Strength(b)) => Some(overlap(a, b, C::Strength)),
        (C::Coordinate(space, axis, a), C::Coordinate(s, x, b)) if (space, axis) == (s, x) => {
            Some(overlap(a, b, |both| C::Coordinate(*space, *axis, both)))
        }
        (C::Kind(kind, a), C::Kind(k, b)) if kind == k => {
            let both = Both::Condition(C::Kind(*kind, a & b));
            Some(if a & b == 0 { Both::Decided } else { both })
        }
        (&C::FlagBits { mask, value }, &C::FlagBits { mask: m, value: v }) => {
            let differ = (value ^ v) & mask & m != 0;
            let (mask, value) = (mask | m, value | v);
            let both = Both::Condition(C::FlagBits { mask, value });
            Some(if differ { Both::Decided } else { both })
        }
        _ => None,
    }
}

fn overlap<T: PartialOrd + Copy>(
    one: &RangeInclusive<T>,
    other: &RangeInclusive<T>,
    condition: impl FnOnce(RangeInclusive<T>) -> Condition,
) -> Both {
    let greater = |a: T, b: T| if a < b { b } else { a };
    let less = |a: T, b: T| if b < a { b } else { a };
    let low = greater(*one.start(), *other.start());
    let high = less(*one.end(), *other.end());
    match low <= high {
        true => Both::Condition(condition(low..=high)),
        false => Both::Decided,
    }
}

fn union(one: &Condition, other: &Condition) -> Option<Both> {
    match (one, other) {
        (Condition::Kind(kind, a), Condition::Kind(k, b)) if kind == k => Some(match a | b {
            u16::MAX => Both::Decided,
            mask => Both::Condition(Condition::Kind(*kind, mask)),
        }),
        _ => None,
    }
}
