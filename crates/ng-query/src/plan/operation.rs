use ng_arrow::Column;
use ng_store::Counted;
use ng_token::TokenId;

use super::{Plan, source_of};
use crate::ops::find::{Way, one_of, sorted};
use crate::ops::turns::most_blocks;
use crate::ops::{first_blocks, touched_blocks};
use crate::scan::Scan;
use crate::{Ball, Points, Query, QuestionError, Source};

/// An operation on the selected tokens, for its plan.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Operation<'o> {
    /// [`Query::find`].
    Find(&'o [TokenId]),
    /// [`Query::top`], by a column.
    Top(Column),
    /// [`Query::nearest`].
    Nearest(&'o Points),
    /// [`Query::within`].
    Within(&'o Ball),
    /// [`Query::density`], and [`Query::within_counts`] of one ball.
    Density(&'o Ball),
    /// [`Query::influence`].
    Influence(&'o Ball),
    /// [`Query::sample`].
    Sample,
    /// [`Query::duplicates`].
    Duplicates,
}

impl Query<'_> {
    /// Describes what an operation is going to do. It reads the index, but no token.
    ///
    /// # Errors
    ///
    /// The errors of the operation for a ball.
    pub fn explain_operation(&self, operation: Operation<'_>) -> Result<Plan, QuestionError> {
        Ok(match operation {
            Operation::Find(ids) => self.plan_find(ids),
            Operation::Top(column) => self.plan_top(column),
            Operation::Nearest(points) => self.plan_nearest(points),
            Operation::Within(ball) => self.and_within(ball).explain().with_all().with(
                "the ball is one more condition; the blocks are searched in their order".into(),
            ),
            Operation::Density(ball) => self.plan_density(ball),
            Operation::Influence(ball) => self.and_reaching(ball)?.explain().with_all().with(
                "the ball, and how far fields reach, are two more conditions; then radius and \
                 strength are read where a block has such tokens"
                    .into(),
            ),
            Operation::Sample => self.plan_sample(),
            Operation::Duplicates => self.plan_duplicates(),
        })
    }

    fn plan_find(&self, ids: &[TokenId]) -> Plan {
        let wanted = sorted(ids.iter().map(|id| id.raw()).collect());
        let query = self.and(one_of(&wanted));
        let scan = query.scan();
        if let Source::Parts(_) = scan.source {
            let ids = Counted(wanted.len() as u64, "id");
            let plan = query.explain().with_all();
            return plan.with(format!(
                "look-up of {ids} in each part: by its index as far as it has one, else by a search"
            ));
        }
        let index = scan.index.filter(|_| self.is_unfiltered());
        let has_ids = index.is_some_and(|index| index.ids().is_some());
        let (mut by_ids, mut by_zones, mut searched) = (0, 0, 0);
        for candidate in scan.candidates() {
            match Way::of(index, has_ids, candidate.block) {
                Way::SortedIds => by_ids += 1,
                Way::Zone(_) => by_zones += 1,
                Way::Search => searched += 1,
            }
        }
        let mut plan = query.explain();
        plan.blocks_to_look_at = searched;
        plan.blocks_selected = 0;
        let ids = Counted(wanted.len() as u64, "id");
        let why = match (scan.index, self.is_unfiltered()) {
            (None, _) => ": there is no index",
            (Some(_), false) => ": the filter has to look at the tokens",
            (Some(_), true) if !has_ids => ": the index has no sorted ids",
            _ if scan.skips_damaged => "; the blocks of those that are found are read",
            _ => "",
        };
        let (by_ids, by_zones) = (Counted(by_ids, "block"), Counted(by_zones, "block"));
        let searched = Counted(searched, "block");
        plan.with(format!(
            "look-up of {ids}: in sorted ids of the index for {by_ids}, counted off by zones in \
             {by_zones}, by a search of {searched}{why}"
        ))
    }

    fn plan_top(&self, column: Column) -> Plan {
        let from = source_of(&self.scan(), column);
        let plan = self.explain().with_all();
        plan.with(format!(
            "one pass that keeps the best: reads {column} of {from} where any token is selected, \
             then the tokens that are shown"
        ))
    }

    fn plan_nearest(&self, points: &Points) -> Plan {
        let scan = self.scan();
        if let Source::Parts(_) = scan.source {
            return self.explain().with_all().with(
                "the parts with the nearest boxes first, then others as long as they can have \
                 nearer tokens"
                    .into(),
            );
        }
        let first = first_blocks(points, &scan).filter(|_| !scan.skips_damaged);
        let most = most_blocks(&scan) as u64;
        let told = match first {
            None if scan.skips_damaged && scan.boxes.is_some() => {
                "a pass: boxes are not used where damaged blocks are left out".into()
            }
            None => "a pass: without an index there are no boxes".into(),
            Some(first) if first > most => format!(
                "a pass: the point is in the boxes of {}, and more than {most} are not searched \
                 one by one",
                Counted(first, "block")
            ),
            Some(first) => format!(
                "from box to box: {} visited first, then others as long as they can have nearer \
                 tokens{}; a pass where those are more than {most}",
                Counted(first, "block"),
                pages(&scan, points)
            ),
        };
        let mut plan = self.explain().with_all();
        plan.is_at_most = first.is_some_and(|first| first <= most);
        plan.with(told)
    }

    fn plan_density(&self, ball: &Ball) -> Plan {
        let scan = self.scan();
        let mut plan = self.explain().with_all();
        if let Source::Parts(_) = scan.source {
            return plan.with("in the parts whose boxes the ball touches".into());
        }
        let touched = touched_blocks(&scan, ball);
        plan.is_at_most = touched.is_some();
        plan.with(match touched {
            Some(count) => format!(
                "from box to box: the ball touches {} at most",
                Counted(count, "block")
            ),
            None => "a pass: boxes are missing, or rule too little out".into(),
        })
    }

    fn plan_sample(&self) -> Plan {
        self.explain().with(match self.skips_damaged() {
            true => "one pass that reads each block, as a damaged one shows when it is read".into(),
            false => "one pass that draws positions: it reads what the conditions ask for, then \
                      the tokens that are drawn"
                .into(),
        })
    }

    fn plan_duplicates(&self) -> Plan {
        let from = source_of(&self.scan(), Column::Id);
        self.explain().with_all().with(format!(
            "one pass over id of {from}, which ids come twice; one more, where the least of \
             them are"
        ))
    }
}

/// Whether pages have boxes, too.
fn pages(scan: &Scan<'_>, points: &Points) -> &'static str {
    let spaces = points.spaces();
    let has_all = |boxes: &[_]| spaces.iter().all(|space| boxes.contains(space));
    match scan.index.is_some_and(|index| has_all(index.boxes())) {
        true => ", in them by the boxes of their pages",
        false => ", without boxes of their pages",
    }
}
