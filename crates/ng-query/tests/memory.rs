//! Where the system refuses memory, a query returns an error and the process goes on.
//!
//! Each query runs in its own process, under limits on its address space: what grows with the
//! tokens or the answer exceeds them, whatever the machine has.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

use std::ops::ControlFlow;
use std::process::Command;

use ng_query::ng_parallel::Workers;
use ng_query::{Answer, Ball, Column, End, GroupBy, Measure, Points, Query, QueryError, Source};
use ng_token::{Space, Token, TokenId};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Tells a process which query to run, and how many MiB it may take.
const ASKED: &str = "NG_QUERY_MEMORY_TEST";

const TOKENS: u32 = 1 << 18;

/// What the limit leaves beyond what the process has when it asks. The least is more than a worker
/// ever takes.
const LIMITS: [u64; 2] = [4, 12];

/// This many tokens; each id has two in blocks far apart, everywhere in space.
fn tokens() -> Vec<Token> {
    let token = |number: u32| {
        let mixed = number.wrapping_mul(0x9E37_79B9);
        let steps = [mixed as i16, (mixed >> 16) as i16, number as i16];
        Token::new(mixed % (TOKENS / 2))
            .with_timestamp(mixed)
            .with_weight(mixed as f32)
            .with_coordinate(Space::Physical, steps)
    };
    (0..TOKENS).map(token).collect()
}

type Asked<'a> = (&'a str, &'a dyn Fn(&Query<'_>) -> Result<(), QueryError>);

fn value<T>(answer: Result<Answer<T>, QueryError>) -> Result<(), QueryError> {
    answer.map(|answer| drop(std::hint::black_box(answer.value)))
}

/// Calls `check` with each query.
fn with_questions<R>(tokens: &[Token], check: impl Fn(&[Asked<'_>]) -> R) -> R {
    let all = tokens.len();
    let positions: Vec<u64> = (0..all as u64).collect();
    let ids: Vec<TokenId> = (0..TOKENS).map(TokenId::from_raw).collect();
    let mut points = Points::in_space(Space::Physical);
    points.add_steps(&[[1.0, 2.0, 3.0]]).unwrap();
    let mut many = Points::in_space(Space::Physical);
    for _ in 0..2000 {
        many.add_steps(&[[1.0, 2.0, 3.0]]).unwrap();
    }
    let ball = Ball::of_steps(Space::Physical, [0.0; 3], 1e9).unwrap();
    let measures = |text| Measure::list(text).unwrap();
    let by = |text| GroupBy::list(text).unwrap();
    let goes_on = || Ok::<_, QueryError>(ControlFlow::Continue(()));
    check(&[
        ("tokens", &|query| query.tokens(|_, _| goes_on()).map(drop)),
        ("within", &|query| {
            query.within(&ball, |_| goes_on()).map(drop)
        }),
        ("tokens_at", &|_| {
            value(Source::from(tokens).tokens_at(&positions))
        }),
        ("top", &|query| {
            value(query.top(all, Column::Timestamp, End::Least))
        }),
        ("sample", &|query| value(query.sample(all, 7))),
        ("nearest", &|query| value(query.nearest(&points, all))),
        ("nearest of many", &|query| {
            value(query.nearest(&many, 1000))
        }),
        ("find", &|query| value(query.find(&ids))),
        ("duplicates", &|query| value(query.duplicates(all))),
        ("medians", &|query| {
            let measures = measures("median(timestamp),median(physical_x),median(id)");
            value(query.aggregate(&by("time(20000000)"), &measures))
        }),
        ("distinct", &|query| {
            let measures = measures("distinct(timestamp),distinct(physical_x)");
            value(query.aggregate(&by("time(20000000)"), &measures))
        }),
        ("distinct of all", &|query| {
            value(query.aggregate(&[], &measures("distinct(timestamp)")))
        }),
        ("cells", &|query| {
            let measures = measures("count,mean(weight),max(timestamp)");
            value(query.aggregate(&by("cell(physical,4)"), &measures))
        }),
    ])
}

/// The bytes of address space that the process has.
fn addresses() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let size = lines.find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let kilobytes: u64 = size.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kilobytes << 10
}

/// Runs one query under a limit: the exit code is the outcome.
fn ask_in_this_process(asked: &str) -> ! {
    let (number, limit) = asked.split_once(' ').unwrap();
    let (number, limit): (usize, u64) = (number.parse().unwrap(), limit.parse().unwrap());
    let tokens = tokens();
    let outcome = with_questions(&tokens, |questions| {
        let workers = Workers::new(2).unwrap();
        // The threads now have their heaps, and the columns of a block.
        let query = Query::new(&tokens, &workers);
        query.count().unwrap();
        let most = addresses() + (limit << 20);
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(Resource::As, limit).unwrap();
        (questions[number].1)(&query)
    });
    std::process::exit(match outcome {
        Ok(()) => 10,
        Err(QueryError::OutOfMemory { size_bytes, .. }) if size_bytes > 0 => 11,
        Err(error) => {
            eprintln!("{error}");
            12
        }
    })
}

#[test]
fn a_question_that_has_no_memory_has_an_error() {
    if let Ok(asked) = std::env::var(ASKED) {
        ask_in_this_process(&asked);
    }
    let names = with_questions(&[], |questions| {
        let names = questions.iter().map(|(name, _)| (*name).to_owned());
        names.collect::<Vec<String>>()
    });
    let program = std::env::current_exe().unwrap();
    let mut wrong = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let mut refused = 0;
        for limit in LIMITS {
            let child = Command::new(&program)
                .args(["--exact", "a_question_that_has_no_memory_has_an_error"])
                .arg("--nocapture")
                // A thread's own heap has spare room, which no limit takes back.
                .env("MALLOC_ARENA_MAX", "1")
                .env(ASKED, format!("{number} {limit}"))
                .output()
                .unwrap();
            let code = child.status.code();
            if !matches!(code, Some(10 | 11)) {
                let told = String::from_utf8_lossy(&child.stderr);
                wrong.push(format!("{name}, {limit} MiB: {}, {told}", child.status));
            }
            refused += u32::from(code == Some(11));
        }
        if refused == 0 {
            wrong.push(format!("{name} was never refused memory"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
