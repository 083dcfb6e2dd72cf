//! Which tokens of a block a filter selects.
//!
//! [`Selector`] is a bound filter made ready: the parts of an `and` ordered by cost, long lists
//! with a table before them. It evaluates a block at a time into a mask, and loads columns as it
//! needs them.

mod condition;
mod one_of;
mod runs;

use std::sync::OnceLock;

use ng_store::BLOCK_TOKENS;

use crate::QueryError;
use crate::bound::Bound;
use crate::scan::Stage;
use condition::Test;
pub(crate) use condition::{axes, columns_of, cost, in_ball};

/// If fewer than this share of a block's tokens are selected, they are looked at one by one.
const SPARSE: usize = BLOCK_TOKENS / 64;

/// A filter, ready to be evaluated.
pub(crate) struct Selector {
    bound: Bound,
    root: Node,
}

enum Node {
    All,
    Nothing,
    Is(Test),
    Not(Box<Node>),
    And(Parts),
    Or(Vec<Node>),
}

/// The parts of an `and`.
struct Parts {
    /// Beside each part, its source, which single tokens are compared with.
    parts: Vec<(Node, Bound)>,
    /// The order in which they are evaluated; found in the first block.
    order: OnceLock<Vec<usize>>,
}

impl Selector {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            root: Node::new(&bound),
            bound,
        }
    }

    pub(crate) fn bound(&self) -> &Bound {
        &self.bound
    }

    /// Sets a byte for each selected token of the stage's block.
    pub(crate) fn evaluate(
        &self,
        stage: &mut Stage<'_>,
        mask: &mut [u8],
    ) -> Result<(), QueryError> {
        self.root.evaluate(stage, mask)
    }
}

impl Node {
    fn new(bound: &Bound) -> Self {
        match bound {
            Bound::All => Self::All,
            Bound::Nothing => Self::Nothing,
            Bound::Is(condition) => Self::Is(Test::new(condition.clone())),
            Bound::Not(inner) => Self::Not(Box::new(Self::new(inner))),
            Bound::Or(parts) => Self::Or(parts.iter().map(Self::new).collect()),
            Bound::And(parts) if parts.is_empty() => Self::All,
            Bound::And(parts) => {
                let mut parts: Vec<_> = parts
                    .iter()
                    .map(|part| (Self::new(part), part.clone()))
                    .collect();
                parts.sort_by_key(|(node, _)| node.cost());
                Self::And(Parts {
                    parts,
                    order: OnceLock::new(),
                })
            }
        }
    }

    /// The cost of a token: its bytes, and a little for the computation.
    fn cost(&self) -> usize {
        match self {
            Self::All | Self::Nothing => 0,
            Self::Is(test) => test.cost(),
            Self::Not(inner) => inner.cost(),
            Self::And(parts) => parts.parts.iter().map(|(node, _)| node.cost()).sum(),
            Self::Or(parts) => parts.iter().map(Self::cost).sum(),
        }
    }

    fn evaluate(&self, stage: &mut Stage<'_>, mask: &mut [u8]) -> Result<(), QueryError> {
        match self {
            Self::All => mask.fill(1),
            Self::Nothing => mask.fill(0),
            Self::Is(test) => test.evaluate(stage, mask)?,
            Self::Not(inner) => {
                inner.evaluate(stage, mask)?;
                stage.kernels.not(mask);
            }
            Self::And(parts) => parts.evaluate(stage, mask)?,
            Self::Or(parts) => any(parts, stage, mask)?,
        }
        Ok(())
    }
}

fn any(parts: &[Node], stage: &mut Stage<'_>, mask: &mut [u8]) -> Result<(), QueryError> {
    let kernels = stage.kernels;
    mask.fill(0);
    for part in parts {
        if kernels.count(mask) == mask.len() {
            break;
        }
        with_mask(stage, mask.len(), |stage, own| {
            part.evaluate(stage, own)?;
            kernels.or(mask, own);
            Ok(())
        })?;
    }
    Ok(())
}

impl Parts {
    fn evaluate(&self, stage: &mut Stage<'_>, mask: &mut [u8]) -> Result<(), QueryError> {
        match self.order.get() {
            Some(order) => self.evaluate_in(order, stage, mask),
            None => self.find_order(stage, mask),
        }
    }

    fn evaluate_in(
        &self,
        order: &[usize],
        stage: &mut Stage<'_>,
        mask: &mut [u8],
    ) -> Result<(), QueryError> {
        let kernels = stage.kernels;
        for (done, &number) in order.iter().enumerate() {
            if done == 0 {
                self.parts[number].0.evaluate(stage, mask)?;
                continue;
            }
            let selected = kernels.count(mask);
            if selected == 0 {
                return Ok(());
            }
            if selected <= SPARSE && stage.has_records() {
                stage.count_records(selected);
                self.hold_each(&order[done..], stage, mask);
                return Ok(());
            }
            with_mask(stage, mask.len(), |stage, own| {
                self.parts[number].0.evaluate(stage, own)?;
                kernels.and(mask, own);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Tests the few tokens that are left against the remaining parts.
    fn hold_each(&self, rest: &[usize], stage: &Stage<'_>, mask: &mut [u8]) {
        let (records, first) = (stage.held_records(), stage.first());
        for (place, mask) in mask.iter_mut().enumerate().filter(|(_, mask)| **mask != 0) {
            let token = &records[place];
            let position = first + place as u64;
            let holds = |&number: &usize| self.parts[number].1.matches(token, position);
            *mask = u8::from(rest.iter().all(holds));
        }
    }

    /// Evaluates each part alone, and keeps the cheapest order: by a part's cost for each token
    /// that it takes away.
    fn find_order(&self, stage: &mut Stage<'_>, mask: &mut [u8]) -> Result<(), QueryError> {
        let kernels = stage.kernels;
        mask.fill(1);
        let mut ranks = Vec::with_capacity(self.parts.len());
        for (node, _) in &self.parts {
            with_mask(stage, mask.len(), |stage, own| {
                node.evaluate(stage, own)?;
                let taken_away = own.len() - kernels.count(own);
                ranks.push(node.cost() as f64 / (taken_away as f64 + 0.5));
                kernels.and(mask, own);
                Ok(())
            })?;
        }
        let mut order: Vec<_> = (0..self.parts.len()).collect();
        order.sort_by(|&left, &right| ranks[left].total_cmp(&ranks[right]));
        // If two threads find one, either will do.
        let _ = self.order.set(order);
        Ok(())
    }
}

/// Lends a free mask.
fn with_mask(
    stage: &mut Stage<'_>,
    len: usize,
    work: impl FnOnce(&mut Stage<'_>, &mut [u8]) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let mut mask = stage.masks.take();
    let done = work(stage, &mut mask[..len]);
    stage.masks.give(mask);
    done
}
