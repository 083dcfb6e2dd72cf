use ng_dataset::ng_store::disk::sim::{Atomicity, KeepAll, LoseAll, Moment, Seeded, SimFs};

/// What a power cut may leave: both extremes, and some choices between.
pub(crate) fn images(moment: &Moment, seeds: std::ops::Range<u64>) -> Vec<SimFs> {
    let mut images = vec![
        moment.crash(&mut LoseAll, Atomicity::Sector),
        moment.crash(&mut KeepAll, Atomicity::Sector),
    ];
    let seeded = seeds.map(|seed| moment.crash(&mut Seeded::new(seed), Atomicity::Sector));
    images.extend(seeded);
    images
}
