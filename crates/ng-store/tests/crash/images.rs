use ng_store::disk::sim::{Atomicity, Choose, Exhaustive, KeepAll, LoseAll, Seeded, SimFs};

/// Something whose power can be cut.
pub(crate) trait Cut {
    fn cut(&self, choices: &mut impl Choose) -> SimFs;
}

impl Cut for SimFs {
    fn cut(&self, choices: &mut impl Choose) -> SimFs {
        self.crash(choices, Atomicity::Sector)
    }
}

impl Cut for ng_store::disk::sim::Moment {
    fn cut(&self, choices: &mut impl Choose) -> SimFs {
        self.crash(choices, Atomicity::Sector)
    }
}

/// What a power cut may leave: all images if at most `count`, else both extremes and seeded
/// choices.
pub(crate) fn images(of: &impl Cut, count: usize, seed: u64) -> Vec<SimFs> {
    let mut choices = Exhaustive::new();
    let mut images = Vec::new();
    while choices.advance() {
        if images.len() == count {
            return some_images(of, count, seed);
        }
        images.push(of.cut(&mut choices));
    }
    images
}

fn some_images(of: &impl Cut, count: usize, seed: u64) -> Vec<SimFs> {
    let mut images = vec![of.cut(&mut LoseAll), of.cut(&mut KeepAll)];
    let seeds = (seed..).take(count.saturating_sub(images.len()));
    images.extend(seeds.map(|seed| of.cut(&mut Seeded::new(seed))));
    images
}
