//! In a copy of another order, counts, extremes, distances and sums are the same.

use std::path::PathBuf;

use ng_query::Source;
use ng_query::index::BuildOptions;
use ng_query::ng_arrow::Column;
use ng_query::ng_parallel::Workers;
use ng_query::ng_store::CreateOptions;
use ng_query::ng_token::{Axis, Space, Token};
use ng_query::order::{Order, SortOptions, sort_file};

use crate::amount::count;
use crate::filters::{EACH, Meant, WHOLE};
use crate::place::{Place, Way, everything, zones};
use crate::questions::{self, Questions, Selected};
use crate::reply::Reply;
use crate::tokens;
use crate::whole::{ask, looked_at, tell, told};

/// Each space, and columns of every kind.
const ORDERS: [&str; 14] = [
    "physical",
    "sensory",
    "motor",
    "emotional",
    "cognitive",
    "social",
    "temporal",
    "abstract",
    "time",
    "id",
    "weight",
    "entity_type,time",
    "strength,radius",
    "flags,motor_y",
];

/// No more tokens than this are sorted in every order.
const MOST: usize = if cfg!(debug_assertions) {
    2 * 4096 + 1_234
} else {
    1 << 20
};

/// More than two threads' least memory for a sort holds.
const BEYOND: usize = 250_000;

const LEAST_MEMORY: u64 = (32 + 16 + 2 * 10) << 20;

/// The queries for each copy, with the right answers.
struct Expected {
    tokens: Vec<Token>,
    asked: Vec<(Meant, Questions, Vec<Reply>)>,
}

impl Expected {
    /// Every n-th query of every operation, and the queries for each filter.
    fn of(tokens: Vec<Token>, step: usize) -> Self {
        let mut asked = Vec::new();
        let each = EACH.iter().filter(|meant| !meant.is_of_places);
        for meant in each.step_by(step.min(EACH.len())) {
            asked.push((*meant, questions::of_each_filter()));
        }
        for (meant, turn) in WHOLE.into_iter().zip(0..) {
            let all = questions::all(&tokens).into_iter();
            asked.push((meant, all.skip(turn % step).step_by(step).collect()));
        }
        let asked = asked.into_iter().map(|(meant, questions)| {
            let replies = looked_at(&questions, &Selected::of(&tokens, meant));
            (meant, questions, replies)
        });
        let asked = asked.collect();
        Self { tokens, asked }
    }

    /// Queries a copy of the tokens in another order.
    fn check(&self, place: &Place, order: &Order) {
        let own = place.index(&with_sort(order));
        let everything = place.index(&everything());
        let read = ("verified reader", Source::from(&place.reader));
        let mapped = ("mapped records", Source::from(&place.snapshot));
        let ways = [
            Way::new(read, ("no index", None), 2),
            Way::new(read, ("what the sort makes", Some(&own)), 1),
            Way::new(mapped, ("every column", Some(&everything)), 7),
        ];
        for (meant, questions, replies) in &self.asked {
            for (question, expected) in questions.iter().zip(replies) {
                let mut first: Option<Reply> = None;
                for way in &ways {
                    let reply = ask(question.as_ref(), *meant, way);
                    let held = expected.check(&reply, true);
                    let held = held.and_then(|()| match &first {
                        Some(first) => first.check_bytes(&reply),
                        None => Ok(()),
                    });
                    if let Err(why) = held {
                        let told = told(question.as_ref(), *meant, way, &why);
                        panic!("sorted by {order}: {told}");
                    }
                    first.get_or_insert(reply);
                }
                tell(question.as_ref(), ways.len());
            }
        }
        count("query: copies in another order", 1);
    }

    /// Sorts the tokens' file into another one.
    fn sorted(&self, order: &Order, options: &SortOptions, has_files: bool) -> Place {
        let from = Place::of(&self.tokens);
        let sort = |to: PathBuf| {
            let to = (to.as_path(), CreateOptions::new().max_tokens(1 << 32));
            let workers = Workers::new(2).unwrap();
            let report = sort_file(&workers, &from.reader, to, order, options, |_| ()).unwrap();
            assert_eq!(report.temporary_files > 1, has_files, "{report:?}");
        };
        Place::made(sort)
    }
}

/// The index that `ng sort` makes: zones, and for a space its columns and boxes.
fn with_sort(order: &Order) -> BuildOptions {
    let named = order.to_string();
    let first = Space::ALL.into_iter().find(|space| space.name() == named);
    first.map_or(zones(), |space| {
        let axes = Axis::ALL.map(|axis| Column::Coordinate(space, axis));
        zones().columns(axes).boxes([space])
    })
}

#[test]
fn in_copies_of_every_order_counts_extremes_and_distances_are_equal() {
    let expected = Expected::of(
        tokens::tokens(tokens::count().min(MOST)),
        tokens::step(7, 3),
    );
    for by in ORDERS {
        let order = by.parse().unwrap();
        let place = expected.sorted(&order, &SortOptions::new(), false);
        expected.check(&place, &order);
    }
}

#[test]
fn in_copies_that_were_sorted_beyond_memory_too() {
    let expected = Expected::of(tokens::tokens(BEYOND), tokens::step(29, 5));
    let options = SortOptions::new().memory_bytes(LEAST_MEMORY);
    for by in ORDERS.iter().step_by(tokens::step(11, 3)) {
        let order = by.parse().unwrap();
        let place = expected.sorted(&order, &options, true);
        expected.check(&place, &order);
    }
}
