use ng_token::Space;

use super::neighbour::Squared;
use super::place::{Place, squared_steps};
use super::reach::Reach;
use crate::boxes::Cuboid;

/// The key of an infinite distance; no distance has a greater one.
const INFINITY: u64 = f64::INFINITY.to_bits();

/// How distances are measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Metric {
    /// In steps of a space.
    One(Space),
    /// In units of several, with weights above 0.
    Weighted(Vec<(Space, f64)>),
}

impl Metric {
    pub(crate) fn spaces(&self) -> Vec<Space> {
        match self {
            Self::One(space) => vec![*space],
            Self::Weighted(weights) => weights.iter().map(|(space, _)| *space).collect(),
        }
    }

    /// The factor of a squared step in each space, rounded.
    pub(super) fn weights_of_steps(&self) -> Vec<f64> {
        match self {
            Self::One(_) => vec![1.0],
            Self::Weighted(weights) => weights
                .iter()
                .map(|&(space, weight)| weight / square_of_scale(space))
                .collect(),
        }
    }
}

/// A point, and the rule of its distances.
///
/// A distance is kept as a key: a whole number in the order of the distances, without loss. Floats
/// of 0 or more are ordered like their bits.
#[derive(Clone, Debug)]
pub(crate) enum Centre {
    Whole([i32; 3]),
    OffGrid(Place),
    Weighted(Vec<Term>),
}

/// What one space adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    place: Place,
    square_of_scale: f64,
    weight: f64,
}

impl Centre {
    pub(crate) fn new(metric: &Metric, places: &[Place]) -> Self {
        match (metric, places) {
            (Metric::One(_), [Place::OnGrid(place)]) => Self::Whole(*place),
            (Metric::One(_), _) => Self::OffGrid(places[0]),
            (Metric::Weighted(weights), _) => Self::Weighted(
                weights
                    .iter()
                    .zip(places)
                    .map(|(&(space, weight), &place)| Term {
                        place,
                        square_of_scale: square_of_scale(space),
                        weight,
                    })
                    .collect(),
            ),
        }
    }

    /// The key of the distance to a token, whose steps in each space `steps` returns.
    ///
    /// In several spaces: starts with 0 and adds, in the order of the spaces, the squared steps
    /// divided by the squared scale, times the weight, each operation rounded once.
    #[inline]
    pub(crate) fn key(&self, steps: impl Fn(usize) -> [i16; 3]) -> u64 {
        match self {
            Self::Whole(place) => squared_steps(*place, steps(0)),
            Self::OffGrid(place) => place.squared(steps(0)).to_bits(),
            Self::Weighted(terms) => {
                let mut sum = 0.0;
                for (number, term) in terms.iter().enumerate() {
                    let squared = term.place.squared(steps(number));
                    sum += squared / term.square_of_scale * term.weight;
                }
                sum.to_bits()
            }
        }
    }

    /// A lower bound of the keys of all tokens whose points are in a box of each space: the key of
    /// the nearest corner or side. Rounding is monotonic on each axis, so it keeps the bound.
    pub(super) fn least_key(&self, cuboids: &[Cuboid]) -> u64 {
        self.key(|space| self.place(space).nearest_in(&cuboids[space]))
    }

    fn place(&self, space: usize) -> Place {
        match self {
            Self::Whole(place) => Place::OnGrid(*place),
            Self::OffGrid(place) => *place,
            Self::Weighted(terms) => terms[space].place,
        }
    }

    /// The steps that a token with at most this key can have, in one space.
    pub(super) fn reach(&self, key: u64) -> Reach {
        match self {
            Self::Whole(place) => Reach::on_grid(*place, key),
            Self::OffGrid(place) if key <= INFINITY => {
                Reach::off_grid(place.steps(), f64::from_bits(key))
            }
            Self::OffGrid(_) | Self::Weighted(_) => Reach::EVERYWHERE,
        }
    }

    /// The squared distance of a key as a number, rounded at most once.
    pub(super) fn number(&self, key: u64) -> f64 {
        match self {
            Self::Whole(_) => key as f64,
            Self::OffGrid(_) | Self::Weighted(_) => f64::from_bits(key),
        }
    }

    pub(super) fn squared(&self, key: u64) -> Squared {
        match self {
            Self::Whole(_) => Squared::Steps(key),
            Self::OffGrid(_) => Squared::OffGrid(f64::from_bits(key)),
            Self::Weighted(_) => Squared::Units(f64::from_bits(key)),
        }
    }
}

fn square_of_scale(space: Space) -> f64 {
    let scale = f64::from(space.scale());
    scale * scale
}
