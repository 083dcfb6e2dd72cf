//! An operation's answer, in a form that can be compared with the right one.

use ng_query::Value;
use ng_query::ng_token::Token;

/// An answer, split by how it depends on the tokens' positions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    /// Counts, extremes, distances: independent of positions.
    exact: Vec<u64>,
    /// The sum of the hashes of the tokens found, in any order.
    found: u64,
    /// The hash of positions, in the order of the answer. The simplest answer does not know those
    /// of a sample.
    places: Option<u64>,
    /// What depends on the order of additions.
    sums: Vec<Sum>,
}

#[derive(Clone, Copy, Debug)]
struct Sum {
    value: f64,
    /// The sum of its parts without their signs.
    size: f64,
}

/// How far sums in other orders may differ, relative to their size: what ten million additions may
/// add up to if all errors have the same sign.
const SLACK: f64 = 1e-9;

impl Reply {
    pub(crate) fn exact(&mut self, word: impl Into<u64>) {
        self.exact.push(word.into());
    }

    pub(crate) fn exact_count(&mut self, count: usize) {
        self.exact.push(count as u64);
    }

    /// A number compared by all its bits; there is one NaN.
    pub(crate) fn number(&mut self, number: f64) {
        self.exact.push(bits(number));
    }

    pub(crate) fn value(&mut self, value: Option<f64>) {
        self.exact.push(value.is_some().into());
        self.number(value.unwrap_or_default());
    }

    /// A value measured by the engine.
    pub(crate) fn measured(&mut self, value: Value) {
        self.value(value.number());
    }

    /// A sum, or a value made from sums; `size` does not matter in an answer under test.
    pub(crate) fn sum(&mut self, value: Option<f64>, size: f64) {
        self.exact.push(value.is_some().into());
        self.sums.extend(value.map(|value| Sum { value, size }));
    }

    pub(crate) fn place(&mut self, position: u64) {
        self.places = Some(mix(self.places.unwrap_or(7) ^ position));
    }

    pub(crate) fn places(&mut self, positions: impl IntoIterator<Item = u64>) {
        positions
            .into_iter()
            .for_each(|position| self.place(position));
    }

    /// One of the tokens found, in any order.
    pub(crate) fn one(&mut self, word: u64) {
        self.found = self.found.wrapping_add(mix(word));
    }

    pub(crate) fn token(&mut self, token: &Token) {
        let (words, _) = ng_query::ng_token::as_bytes(std::slice::from_ref(token)).as_chunks();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        self.one(words.fold(1, |hash, word| mix(hash ^ word)));
    }

    /// Compares a reply with this one, which is right; with `moved`, its tokens have other
    /// positions.
    pub(crate) fn check(&self, found: &Self, moved: bool) -> Result<(), String> {
        if let Some(at) = difference(&self.exact, &found.exact) {
            let [wanted, found] = [self, found].map(|reply| reply.exact.get(at));
            return Err(format!("number {at} is {found:?}, expected {wanted:?}"));
        }
        if self.found != found.found {
            return Err("others were found".to_owned());
        }
        if !moved && self.places.is_some() && self.places != found.places {
            return Err("they were found elsewhere, or in another order".to_owned());
        }
        let far = self.sums.iter().zip(&found.sums).find(|(wanted, found)| {
            let apart = (wanted.value - found.value).abs();
            let is_near = apart <= SLACK * wanted.size;
            bits(wanted.value) != bits(found.value) && !is_near
        });
        match far {
            Some((wanted, found)) => Err(format!("sum {}, expected {wanted:?}", found.value)),
            None => Ok(()),
        }
    }

    /// Compares a reply with one over the same tokens in the same order, bit by bit.
    pub(crate) fn check_bytes(&self, found: &Self) -> Result<(), String> {
        let sums = |reply: &Self| -> Vec<u64> {
            let sums = reply.sums.iter();
            sums.map(|sum| bits(sum.value)).collect()
        };
        if let Some(at) = difference(&sums(self), &sums(found)) {
            let [before, found] = [self, found].map(|reply| reply.sums.get(at));
            return Err(format!(
                "sum {at} is {found:?}, and was {before:?} elsewhere"
            ));
        }
        let is_same =
            self.exact == found.exact && (self.found, self.places) == (found.found, found.places);
        match is_same {
            true => Ok(()),
            false => Err("another way says otherwise".to_owned()),
        }
    }
}

fn difference(wanted: &[u64], found: &[u64]) -> Option<usize> {
    let longest = wanted.len().max(found.len());
    (0..longest).find(|&at| wanted.get(at) != found.get(at))
}

fn bits(number: f64) -> u64 {
    match number.is_nan() {
        true => f64::NAN.to_bits(),
        false => (number + 0.0).to_bits(),
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}
