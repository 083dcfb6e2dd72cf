//! A stream with a reader beside it, of which the newest shards are kept; then a change.
//!
//! `cargo run --example stream`

use std::error::Error;
use std::thread;
use std::time::Duration;

use ng_dataset::ng_parallel::Workers;
use ng_dataset::ng_query::Query;
use ng_dataset::ng_token::Token;
use ng_dataset::{
    ChangeOptions, CreateOptions, Dataset, FollowOptions, Followed, Retention, Roll, WriterOptions,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const TOKENS: u32 = 200_000;

fn main() -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("ng-stream-{}", std::process::id()));
    let dataset = Dataset::create(&folder, &CreateOptions::new())?;
    let outcome = run(&dataset);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn run(dataset: &Dataset) -> Outcome<()> {
    let (told, gone) = thread::scope(|scope| {
        let reader = scope.spawn(|| follow(dataset));
        append(dataset)?;
        reader.join().expect("a reader does not panic")
    })?;
    println!("followed {told} tokens, {gone} went before they were read");

    let workers = Workers::new(2)?;
    let set = "weight = weight * 0.5".parse()?;
    let filter = "weight > 0.9".parse()?;
    let report = dataset.update(&workers, &filter, &set, &ChangeOptions::new())?;
    println!(
        "changed {} tokens in {} shards",
        report.changed, report.shards_rewritten
    );

    let snapshot = dataset.snapshot()?;
    let heavy = Query::new(snapshot.source(), &workers)
        .filter(&filter)
        .count()?;
    println!("{} of {} tokens are heavy now", heavy.value, snapshot.len());
    Ok(())
}

fn append(dataset: &Dataset) -> Outcome<()> {
    let roll = Roll {
        tokens: Some(20_000),
        ..Roll::default()
    };
    let options = WriterOptions::new().roll(roll).retain(Retention::Shards(5));
    let mut writer = dataset.writer(&options)?;
    for id in 0..TOKENS {
        writer.append(&[Token::new(id).with_weight(id as f32 / TOKENS as f32)])?;
    }
    writer.close()?;
    Ok(())
}

/// Reads until nothing comes for a while; returns how many tokens came, and how many were gone.
fn follow(dataset: &Dataset) -> Outcome<(u64, u64)> {
    let mut follower = dataset.follow(&FollowOptions::new())?;
    let (mut told, mut gone) = (0, 0);
    while told + gone < u64::from(TOKENS) {
        match follower.next(Duration::from_secs(10))? {
            Followed::Tokens(batch) => told += batch.tokens.len() as u64,
            Followed::Gap { rows, .. } => gone += rows,
            _ => break,
        }
    }
    Ok((told, gone))
}
