use ng_store::BLOCK_TOKENS;

/// The default number of operations in a workload after creation.
pub(crate) const STEPS: usize = 40;

/// What a program does with a token file.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) seed: u64,
    /// Space reserved when the file is created.
    pub(crate) reserve: u64,
    /// Tokens appended before the file has its name.
    pub(crate) first: usize,
    /// Whether they are committed before it has.
    pub(crate) commit_first: bool,
    /// Whether the file may replace another.
    pub(crate) replace: bool,
    pub(crate) steps: Vec<Step>,
}

/// One operation on the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Append(usize),
    AppendWith(usize),
    AppendHashed(usize),
    Reserve(u64),
    ReserveExact(u64),
    Commit {
        tag: u64,
    },
    /// Drops the writer and opens another: uncommitted tokens are gone.
    Reopen,
}

impl Workload {
    /// The workload for `seed` with this many steps. One in sixteen has an append with at
    /// least a whole chunk, and one makes many small commits.
    pub(crate) fn random(seed: u64, steps: usize) -> Self {
        let mut random = Random::new(seed);
        let mut steps: Vec<Step> = (0..steps).map(|_| random.step()).collect();
        if seed % 16 == 3 && !steps.is_empty() {
            let at = random.below(steps.len());
            steps[at] = Step::Append(8 * BLOCK_TOKENS + random.count());
        }
        if seed % 16 == 9 {
            steps = (0..steps.len()).map(|at| random.small_step(at)).collect();
        }
        Self {
            seed,
            reserve: random.below(3) as u64 * 100,
            first: random.below(4) * 50,
            commit_first: random.below(2) == 0,
            replace: false,
            steps,
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    fn step(&mut self) -> Step {
        match self.below(16) {
            0..4 => Step::Append(self.count()),
            4 | 5 => Step::AppendWith(self.count()),
            6 | 7 => Step::AppendHashed(self.count()),
            8 => Step::Reserve(self.count() as u64),
            9 => Step::ReserveExact(self.count() as u64),
            10 => Step::Reopen,
            _ => Step::Commit {
                tag: self.below(2) as u64,
            },
        }
    }

    /// Alternates a small append and its commit.
    fn small_step(&mut self, at: usize) -> Step {
        match at % 2 {
            0 => Step::Append(1 + self.below(100)),
            _ => Step::Commit {
                tag: self.below(2) as u64,
            },
        }
    }

    /// Mostly few, often about a page, now and then about a block.
    fn count(&mut self) -> usize {
        match self.below(24) {
            0 => 0,
            1..10 => self.below(9),
            10..16 => 62 + self.below(4),
            16..22 => self.below(300),
            22 => self.below(BLOCK_TOKENS),
            _ => BLOCK_TOKENS - 1 + self.below(3),
        }
    }
}
