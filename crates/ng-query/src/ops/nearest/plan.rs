use ng_arrow::Column;
use ng_token::Space;

use super::hunt::Hunt;
use super::metric::Centre;
use super::neighbour::{Neighbour, Neighbours};
use super::screen::{Scales, Screen};
use super::{POINTS, Points};
use crate::QueryError;
use crate::boxes::{BoxRows, Boxes, Tree};
use crate::kernels::Kernels;
use crate::memory::collected;
use crate::scan::Stop;
use crate::select::axes;

/// What is searched for, the same for all workers.
pub(super) struct Plan {
    pub(super) k: usize,
    pub(super) spaces: Vec<Space>,
    /// Three for each space.
    pub(super) columns: Vec<Column>,
    pub(super) scales: Scales,
    pub(super) targets: Vec<Target>,
    pub(super) kernels: Kernels,
}

/// A point to search around.
pub(super) struct Target {
    pub(super) centre: Centre,
    pub(super) screen: Screen,
}

impl Plan {
    pub(super) fn new(points: &Points, k: usize, kernels: Kernels) -> Result<Self, QueryError> {
        let metric = points.metric();
        let scales = Scales::new(metric);
        let target = |point| Target {
            centre: Centre::new(metric, points.places(point)),
            screen: scales.screen(points.places(point)),
        };
        Ok(Self {
            k,
            spaces: metric.spaces(),
            columns: metric.spaces().into_iter().flat_map(axes).collect(),
            targets: collected((0..points.len()).map(target), POINTS)?,
            scales,
            kernels,
        })
    }

    /// Whether steps of one space are compared, rather than weighted sums.
    pub(super) fn is_of_one_space(&self) -> bool {
        !matches!(
            self.targets.first().map(|target| &target.centre),
            None | Some(Centre::Weighted(_))
        )
    }

    /// The trees of the spaces, in the order of the screens.
    pub(super) fn trees<'b>(&self, boxes: Option<&'b dyn Boxes>) -> Vec<&'b Tree> {
        let spaces = self.scales.order.iter().map(|&space| self.spaces[space]);
        match boxes {
            Some(boxes) => spaces.map(|space| boxes.tree(space)).collect(),
            None => Vec::new(),
        }
    }

    /// The screen's sums of 64 boxes, which have a row for each space in the order of the screens.
    pub(super) fn box_sums<'b>(
        &self,
        target: &Target,
        rows: impl Iterator<Item = BoxRows<'b>>,
        sums: &mut [f32; 64],
    ) {
        *sums = [0.0; 64];
        let centres = target.screen.centre.chunks_exact(3);
        for ((rows, centre), &weight) in rows.zip(centres).zip(&self.scales.weights) {
            let centre = [centre[0], centre[1], centre[2]];
            self.kernels
                .add_box_distances(rows.low, rows.high, centre, weight, sums);
        }
    }

    /// The screen's sum of one box, the first of each row.
    pub(super) fn box_sum<'b>(
        &self,
        target: &Target,
        rows: impl Iterator<Item = BoxRows<'b>>,
    ) -> f32 {
        let mut sums = [0.0; 64];
        self.box_sums(target, rows, &mut sums);
        sums[0]
    }

    /// The size of a block's box: the weighted square of its diagonal.
    pub(super) fn size(&self, trees: &[&Tree], block: u64) -> f32 {
        let of_space = |(tree, &weight): (&&Tree, &f32)| {
            let cuboid = tree.cuboid(block);
            let edge = |axis: usize| f32::from(cuboid.high[axis]) - f32::from(cuboid.low[axis]);
            weight * (0..3).map(|axis| edge(axis) * edge(axis)).sum::<f32>()
        };
        trees.iter().zip(&self.scales.weights).map(of_space).sum()
    }

    /// The neighbours of a point, as the answer has them.
    pub(super) fn neighbours(
        &self,
        point: usize,
        hunt: Hunt<'_>,
        stop: &Stop,
    ) -> Result<Neighbours, QueryError> {
        let centre = &self.targets[point].centre;
        let best = hunt.best.into_sorted(stop)?;
        let neighbours = best.into_iter().map(|(key, position)| Neighbour {
            position,
            squared: centre.squared(key),
            distance: self.distance(centre, key),
        });
        let neighbours = collected(neighbours, "neighbours")?;
        Ok(Neighbours {
            missing: (self.k - neighbours.len()) as u64,
            neighbours,
            blocks_looked_at: hunt.blocks,
        })
    }

    fn distance(&self, centre: &Centre, key: u64) -> f64 {
        let root = centre.number(key).sqrt();
        match centre {
            Centre::Weighted(_) => root,
            _ => root / f64::from(self.spaces[0].scale()),
        }
    }
}
