/// A squared distance.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Squared {
    /// In squared steps of the one space, exact.
    Steps(u64),
    /// In squared steps of the one space, for a point between the steps: the sum, x first, of the
    /// squares of `f64::from(steps) - point`, each operation rounded once; infinite if it overflows
    /// an `f64`.
    OffGrid(f64),
    /// In squared units, weighted and added over several spaces, as by
    /// [`Token::weighted_squared_distance`](ng_token::Token::weighted_squared_distance).
    Units(f64),
}

/// A token near a point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Neighbour {
    /// The position of the token.
    pub position: u64,
    /// The squared distance, by which neighbours are ordered.
    pub squared: Squared,
    /// The distance in units; in several spaces the root of the weighted sum.
    pub distance: f64,
}

/// The tokens nearest to a point.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Neighbours {
    /// The neighbours, nearest first; at equal distance in the order of their positions.
    pub neighbours: Vec<Neighbour>,
    /// How many fewer than `k` there are, because no more tokens are selected.
    pub missing: u64,
    /// In how many blocks tokens were compared with the point.
    pub blocks_looked_at: u64,
}

impl Neighbours {
    /// Adds what a query around the same point, with the same `k`, found in tokens that begin at
    /// position `base`: what is left is what one query over all of them finds. Into
    /// [`Neighbours::default`] any can be merged, in any order.
    pub fn merge(&mut self, other: Self, base: u64) {
        let k = |one: &Self| one.neighbours.len() as u64 + one.missing;
        let k = k(self).max(k(&other));
        let moved = other.neighbours.into_iter().map(|near| Neighbour {
            position: base + near.position,
            ..near
        });
        self.neighbours.extend(moved);
        self.neighbours
            .sort_by_key(|near| (near.squared.key(), near.position));
        self.neighbours
            .truncate(usize::try_from(k).unwrap_or(usize::MAX));
        self.missing = k - self.neighbours.len() as u64;
        self.blocks_looked_at += other.blocks_looked_at;
    }
}

impl Squared {
    /// A number in the order of distances of one kind: floats of 0 or more are ordered like their
    /// bits.
    #[must_use]
    pub fn key(self) -> u64 {
        match self {
            Self::Steps(squared) => squared,
            Self::OffGrid(squared) | Self::Units(squared) => squared.to_bits(),
        }
    }
}
