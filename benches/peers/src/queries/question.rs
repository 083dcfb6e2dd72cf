//! The questions, our ways to answer them, and the bars.

use std::time::Instant;

use anyhow::Result;
use ng_query::Query;

use super::answer::Found;
use super::ours::{Builds, Ours, Over, closures, files, query};

/// A question, by the same name as in `queries.py`.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) ours: &'static [Way],
    pub(crate) bars: &'static [Bar],
}

/// One of our ways to answer.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) who: &'static str,
    prepare: Prepare,
}

/// Prepares what is needed, untimed.
#[derive(Clone, Copy, Debug)]
enum Prepare {
    /// From the file itself.
    Plain(Plain),
    /// From a query over what was made of the file.
    Query(Over, Asking),
}

type Plain = for<'ours> fn(&'ours Ours) -> Result<Ask<'ours>>;
type Asking = for<'ours> fn(&'ours Ours, Query<'ours>) -> Result<Ask<'ours>>;

/// Answers once; what is timed.
pub(crate) type Ask<'ours> = Box<dyn FnMut() -> Result<Found> + 'ours>;

/// How many times as fast as a peer one of ours must be, on one thread and 10M tokens.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) ours: &'static str,
    pub(crate) peer: &'static str,
    pub(crate) times: f64,
}

impl Way {
    /// Prepares what is needed, and returns how long each thing took.
    pub(crate) fn prepare<'ours>(&self, ours: &'ours Ours) -> Result<(Ask<'ours>, Builds)> {
        match self.prepare {
            Prepare::Plain(prepare) => timed(Builds::new(), || prepare(ours)),
            Prepare::Query(over, prepare) => {
                let (query, builds) = ours.query(over)?;
                timed(builds, || prepare(ours, query))
            }
        }
    }
}

fn timed<T>(mut builds: Builds, prepare: impl FnOnce() -> Result<T>) -> Result<(T, Builds)> {
    let start = Instant::now();
    let prepared = prepare()?;
    let ms = 1e3 * start.elapsed().as_secs_f64();
    builds.insert("prepared".to_owned(), ms);
    Ok((prepared, builds))
}

/// A closure over all records.
const MAP_REDUCE: &str = "ng map_reduce";
/// The standard library's sort of all positions, and an ingest.
const STD_SORT: &str = "ng std sort";
/// Filters and operations over records, over hot columns, with sorted ids as well, and over a copy
/// in the order of its physical space.
const RECORDS: &str = "ng records";
const COLUMNS: &str = "ng columns";
const INDEX: &str = "ng index";
const ORDERED: &str = "ng ordered";
/// New files, made as by `ng sort` and `ng export`.
const SORT: &str = "ng sort";
const EXPORT: &str = "ng export";

const fn way(who: &'static str, prepare: Plain) -> Way {
    Way {
        who,
        prepare: Prepare::Plain(prepare),
    }
}

/// A way by a query, named after what it runs over.
const fn over(over: Over, prepare: Asking) -> Way {
    let who = match over {
        Over::Records => RECORDS,
        Over::Columns => COLUMNS,
        Over::Index => INDEX,
        Over::Ordered => ORDERED,
    };
    Way {
        who,
        prepare: Prepare::Query(over, prepare),
    }
}

const fn bar(ours: &'static str, peer: &'static str, times: f64) -> Bar {
    Bar { ours, peer, times }
}

/// Every question, in the order of the table.
pub(crate) static QUESTIONS: [Question; 15] = [
    Question {
        name: "count-weight",
        about: "tokens that weigh more than 0.9",
        ours: &[
            way(MAP_REDUCE, closures::count_weight),
            over(Over::Records, query::count_weight),
            over(Over::Columns, query::count_weight),
        ],
        bars: &[
            bar(COLUMNS, "numpy column", 1.0),
            bar(COLUMNS, "polars", 1.0),
        ],
    },
    Question {
        name: "count-three",
        about: "objects and events of weight 0.5 and more within 3000 steps",
        ours: &[
            way(MAP_REDUCE, closures::count_three),
            over(Over::Records, query::count_three),
            over(Over::Columns, query::count_three),
        ],
        bars: &[
            bar(COLUMNS, "polars", 2.0),
            bar(COLUMNS, "duckdb table", 2.0),
        ],
    },
    Question {
        name: "count-ball",
        about: "tokens within 300 steps of a point",
        ours: &[
            way(MAP_REDUCE, closures::count_ball),
            over(Over::Records, query::count_ball),
            over(Over::Columns, query::count_ball),
            over(Over::Ordered, query::count_ball),
        ],
        bars: &[bar(COLUMNS, "polars", 2.0)],
    },
    Question {
        name: "group-by-type",
        about: "number and mean weight by entity type",
        ours: &[
            way(MAP_REDUCE, closures::group_by_type),
            over(Over::Records, query::group_by_type),
            over(Over::Columns, query::group_by_type),
        ],
        bars: &[
            bar(COLUMNS, "numpy bincount", 5.0),
            bar(COLUMNS, "duckdb table", 5.0),
            bar(COLUMNS, "polars", 5.0),
        ],
    },
    Question {
        name: "time-range",
        about: "number and weights of 10,000 tokens of a time range",
        ours: &[
            way(MAP_REDUCE, closures::time_range),
            over(Over::Records, query::time_range),
            over(Over::Columns, query::time_range),
            over(Over::Index, query::time_range),
        ],
        bars: &[bar(INDEX, "duckdb table", 5.0)],
    },
    Question {
        name: "nearest",
        about: "the 10 nearest of a point in one space",
        ours: &[
            way(MAP_REDUCE, closures::nearest),
            over(Over::Records, query::nearest),
            over(Over::Columns, query::nearest),
            over(Over::Ordered, query::nearest),
        ],
        bars: &[],
    },
    Question {
        name: "nearest-1000",
        about: "the 10 nearest of each of 1000 points",
        ours: &[
            over(Over::Columns, query::nearest_1000),
            over(Over::Ordered, query::nearest_1000),
        ],
        bars: &[bar(ORDERED, "scipy k-d tree", 1.0)],
    },
    Question {
        name: "within-1000",
        about: "how many are within 300 steps of each of 1000 points",
        ours: &[
            over(Over::Columns, query::within_1000),
            over(Over::Ordered, query::within_1000),
        ],
        bars: &[bar(ORDERED, "scipy k-d tree", 2.0)],
    },
    Question {
        name: "nearest-all",
        about: "the 10 nearest of a point by all eight spaces",
        ours: &[
            way(MAP_REDUCE, closures::nearest_all),
            over(Over::Records, query::nearest_all),
            over(Over::Columns, query::nearest_all),
        ],
        bars: &[],
    },
    Question {
        name: "nearest-all-100",
        about: "the same of each of 100 points",
        ours: &[over(Over::Columns, query::nearest_all_100)],
        bars: &[bar(COLUMNS, "faiss flat", 2.0)],
    },
    Question {
        name: "top-100",
        about: "the 100 greatest weights",
        ours: &[
            way(MAP_REDUCE, closures::top_100),
            over(Over::Records, query::top_100),
            over(Over::Columns, query::top_100),
        ],
        bars: &[
            bar(COLUMNS, "duckdb table", 4.0),
            bar(COLUMNS, "polars", 4.0),
        ],
    },
    Question {
        name: "sort-weight",
        about: "a file of all tokens by weight, durable",
        ours: &[
            way(STD_SORT, closures::sort_weight),
            way(SORT, files::sort_weight),
        ],
        bars: &[],
    },
    Question {
        name: "sort-physical",
        about: "a file of all tokens along a curve through the physical space, durable",
        ours: &[way(SORT, files::sort_physical)],
        bars: &[bar(SORT, "numpy z-order, argsort and take", 5.0)],
    },
    Question {
        name: "find-1000",
        about: "where 1000 ids are",
        ours: &[
            way(MAP_REDUCE, closures::find_1000),
            over(Over::Records, query::find_1000),
            over(Over::Columns, query::find_1000),
            over(Over::Index, query::find_1000),
        ],
        bars: &[],
    },
    Question {
        name: "export-parquet",
        about: "a Parquet file of seven columns, durable",
        ours: &[way(EXPORT, files::export_parquet)],
        bars: &[bar(EXPORT, "pyarrow from records", 1.0)],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_ways_too() {
        for (at, question) in QUESTIONS.iter().enumerate() {
            let same = |other: &Question| other.name == question.name;
            assert_eq!(QUESTIONS.iter().position(same), Some(at));
            for (at, way) in question.ours.iter().enumerate() {
                let same = |other: &Way| other.who == way.who;
                assert_eq!(
                    question.ours.iter().position(same),
                    Some(at),
                    "{question:?}"
                );
            }
        }
    }

    #[test]
    fn who_has_a_bar_is_one_of_ours_and_named_by_the_script() {
        let script = include_str!("../../queries.py");
        for question in &QUESTIONS {
            assert!(script.contains(&format!("@peer(\"{}\"", question.name)));
            for bar in question.bars {
                let mut ours = question.ours.iter();
                assert!(ours.any(|way| way.who == bar.ours), "{bar:?}");
                let peer = format!("@peer(\"{}\", \"{}\"", question.name, bar.peer);
                assert!(script.contains(&peer), "{peer}");
            }
        }
        let names: std::collections::BTreeSet<&str> = script
            .split("@peer(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(names.len(), QUESTIONS.len());
    }
}
