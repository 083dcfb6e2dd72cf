//! Makes, indexes and queries a file, then sorts it by a space and finds neighbours.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use ng_query::index::{BuildOptions, Index, build};
use ng_query::ng_parallel::Workers;
use ng_query::ng_store::{BlockReader, CreateOptions, VecStore};
use ng_query::ng_token::{Space, Token};
use ng_query::order::{Order, SortOptions, sort_file};
use ng_query::{Column, Filter, GroupBy, Measure, Points, Query, QueryError};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("ask-a-file-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let asked = ask(&folder);
    std::fs::remove_dir_all(&folder)?;
    asked
}

fn ask(folder: &Path) -> Result<(), Box<dyn Error>> {
    let path = folder.join("tokens.ngt");
    VecStore::from_iter((0..100_000).map(token)).save(&path, &CreateOptions::new())?;

    let workers = Workers::available()?;
    let reader = BlockReader::open(&path)?;
    let hot = BuildOptions::new().columns([Column::Weight, Column::Timestamp]);
    build(&workers, &reader, &hot, |_, _| ())?;
    let index = Index::load(&reader).ok_or("it was just built")?;
    let all = Query::new(&reader, &workers).index(&index)?;

    // Zones rule out most blocks of a time range.
    let filter: Filter = "timestamp between 1700000500 and 1700000599 and weight >= 0.5".parse()?;
    let heavy = all.clone().filter(&filter);
    println!("{}", heavy.explain());
    let count = heavy.count()?;
    println!("{} tokens, {:?}", count.value, count.stats);
    heavy.tokens::<QueryError>(|positions, tokens| {
        println!("the first one, at {}: {:?}", positions[0], tokens[0]);
        Ok(ControlFlow::Break(()))
    })?;

    let measures = [Measure::Count, Measure::Mean(Column::Weight)];
    for group in all.aggregate(&[GroupBy::Domain], &measures)?.value.groups {
        println!("{:?}: {:?}", group.key, group.values);
    }

    // In the order of a space each block is a small box, and few boxes are near.
    let sorted = folder.join("sorted.ngt");
    let order: Order = "physical".parse()?;
    let to = (sorted.as_path(), CreateOptions::new());
    sort_file(&workers, &reader, to, &order, &SortOptions::new(), |_| ())?;
    let reader = BlockReader::open(&sorted)?;
    let boxes = BuildOptions::new().boxes([Space::Physical]);
    build(&workers, &reader, &boxes, |_, _| ())?;
    let index = Index::load(&reader).ok_or("it was just built")?;
    let mut points = Points::in_space(Space::Physical);
    points.add_units(&[[1.0, -2.25, 0.0]])?;
    let answer = Query::new(&reader, &workers)
        .index(&index)?
        .nearest(&points, 3)?;
    for near in &answer.value[0].neighbours {
        println!("{} units away, at {}", near.distance, near.position);
    }
    println!(
        "looked at {} of {} blocks",
        answer.stats.blocks_looked_at, answer.stats.blocks
    );
    Ok(())
}

fn token(index: u32) -> Token {
    let mixed = index.wrapping_mul(0x9E37_79B1);
    let steps = |shift: u32| (mixed >> shift) as u16 as i16;
    Token::new((index % 4) << 28 | index)
        .with_weight((mixed >> 8) as f32 / (1 << 24) as f32)
        .with_timestamp(1_700_000_000 + index / 100)
        .with_coordinate(Space::Physical, [steps(0), steps(8), steps(16)])
}
