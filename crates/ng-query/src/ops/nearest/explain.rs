use super::Points;
use super::plan::Plan;
use crate::scan::Scan;

/// How many blocks are visited first for the first point: those whose boxes contain it, or the
/// nearest. `None` if there are no boxes, no points, or no memory for them.
pub(crate) fn first_blocks(points: &Points, scan: &Scan<'_>) -> Option<u64> {
    let plan = Plan::new(points, 1, scan.kernels).ok()?;
    let (trees, target) = (plan.trees(scan.boxes), plan.targets.first()?);
    let tree = trees.first()?;
    let (mut all, mut sums) = (Vec::new(), [0.0; 64]);
    for root in 0..tree.root_count() {
        plan.box_sums(
            target,
            trees.iter().map(|tree| tree.leaves(root)),
            &mut sums,
        );
        let blocks = 64 * root as u64..tree.blocks();
        all.extend(blocks.zip(sums).map(|(_, sum)| sum));
    }
    let least = all.iter().copied().fold(f32::INFINITY, f32::min);
    Some(all.iter().filter(|sum| **sum == least).count() as u64)
}
