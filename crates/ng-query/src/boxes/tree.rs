use super::BoxRows;

/// How many boxes are below one box of the second level.
const FANOUT: usize = 64;

/// The ends of a box on each axis, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cuboid {
    pub(crate) low: [i16; 3],
    pub(crate) high: [i16; 3],
}

/// The boxes of a file's first blocks in one space, and those of 64 blocks each.
#[derive(Debug)]
pub(crate) struct Tree {
    blocks: u64,
    leaves: Vec<Row>,
    roots: Vec<Row>,
}

/// 64 boxes, one axis after the other. Unused places are empty boxes.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    low: [[i16; FANOUT]; 3],
    high: [[i16; FANOUT]; 3],
}

impl Cuboid {
    /// Contains all points that can be stored.
    pub(crate) const EVERYWHERE: Self = Self {
        low: [i16::MIN; 3],
        high: [i16::MAX; 3],
    };

    /// Contains no point.
    const NOWHERE: Self = Self {
        low: [i16::MAX; 3],
        high: [i16::MIN; 3],
    };

    /// The box at an index of a row.
    pub(crate) fn of_row(rows: BoxRows<'_>, place: usize) -> Self {
        Self {
            low: rows.low.map(|axis| axis[place]),
            high: rows.high.map(|axis| axis[place]),
        }
    }

    /// The same box 64 times.
    pub(crate) fn row(self) -> Row {
        Row {
            low: self.low.map(|end| [end; FANOUT]),
            high: self.high.map(|end| [end; FANOUT]),
        }
    }

    fn join(self, other: Self) -> Self {
        Self {
            low: [0, 1, 2].map(|axis| self.low[axis].min(other.low[axis])),
            high: [0, 1, 2].map(|axis| self.high[axis].max(other.high[axis])),
        }
    }
}

impl Tree {
    /// Makes the tree of the first `blocks` blocks; an unknown block may have points anywhere.
    pub(crate) fn new(blocks: u64, of_block: impl Fn(u64) -> Option<Cuboid>) -> Self {
        let cuboids = (0..blocks).map(|block| of_block(block).unwrap_or(Cuboid::EVERYWHERE));
        let leaves = rows(cuboids);
        let roots = rows(leaves.iter().map(Row::all));
        Self {
            blocks,
            leaves,
            roots,
        }
    }

    /// The number of blocks it covers.
    pub(crate) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// 64 boxes of the second level, beginning at 64 times `row`.
    pub(crate) fn roots(&self, row: usize) -> BoxRows<'_> {
        self.roots[row].rows()
    }

    /// The number of boxes in the second level.
    pub(crate) fn root_count(&self) -> usize {
        self.leaves.len()
    }

    /// The boxes of the 64 blocks below one of the second level.
    pub(crate) fn leaves(&self, root: usize) -> BoxRows<'_> {
        self.leaves[root].rows()
    }

    /// The box of a block; a block beyond the covered ones may have points anywhere.
    pub(crate) fn cuboid(&self, block: u64) -> Cuboid {
        match block < self.blocks {
            true => self.leaves[block as usize / FANOUT].cuboid(block as usize % FANOUT),
            false => Cuboid::EVERYWHERE,
        }
    }
}

fn rows(cuboids: impl Iterator<Item = Cuboid>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, cuboid) in cuboids.enumerate() {
        if number % FANOUT == 0 {
            rows.push(Row::EMPTY);
        }
        if let Some(row) = rows.last_mut() {
            row.set(number % FANOUT, cuboid);
        }
    }
    rows
}

impl Row {
    const EMPTY: Self = Self {
        low: [[i16::MAX; FANOUT]; 3],
        high: [[i16::MIN; FANOUT]; 3],
    };

    fn set(&mut self, place: usize, cuboid: Cuboid) {
        for axis in 0..3 {
            self.low[axis][place] = cuboid.low[axis];
            self.high[axis][place] = cuboid.high[axis];
        }
    }

    fn cuboid(&self, place: usize) -> Cuboid {
        Cuboid {
            low: self.low.map(|axis| axis[place]),
            high: self.high.map(|axis| axis[place]),
        }
    }

    fn all(&self) -> Cuboid {
        (0..FANOUT).fold(Cuboid::NOWHERE, |all, place| all.join(self.cuboid(place)))
    }

    pub(crate) fn rows(&self) -> BoxRows<'_> {
        BoxRows {
            low: self.low.each_ref().map(|axis| &axis[..]),
            high: self.high.each_ref().map(|axis| &axis[..]),
        }
    }
}
