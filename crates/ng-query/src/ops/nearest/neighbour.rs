/// A squared distance.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Squared {
    /// In squared steps of the one space, exact.
    Steps(u64),
    /// In squared steps of the one space, of a point between the steps: the sum, x first,
    /// of the squares of `f64::from(steps) - point`, each operation rounded once; infinite
    /// where an `f64` cannot hold it.
    OffGrid(f64),
    /// In squared units, weighted and added up over several spaces, as
    /// [`Token::weighted_squared_distance`](ng_token::Token::weighted_squared_distance) has it.
    Units(f64),
}

/// A token that is near a point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Neighbour {
    /// Where the token stands.
    pub position: u64,
    /// What neighbours are ordered by.
    pub squared: Squared,
    /// How far it is, in units; of several spaces the root of the weighted sum.
    pub distance: f64,
}

/// The tokens that are nearest to a point.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Neighbours {
    /// The nearest first, equally far ones in the order of their positions.
    pub neighbours: Vec<Neighbour>,
    /// How many fewer there are than were asked for, because no more are selected.
    pub missing: u64,
    /// In how many blocks tokens were held against the point.
    pub blocks_looked_at: u64,
}
