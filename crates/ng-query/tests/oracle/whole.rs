//! The answers match a look at each token, and are the same bytes on every path.

use std::thread;
use std::time::Instant;

use ng_query::Source;
use ng_query::ng_token::Token;

use crate::amount;
use crate::filters::{EACH, Meant, NOW, WHOLE};
use crate::place::{Place, Way, everything, some, zones};
use crate::questions::{self, Asked, Question, Questions, Selected};
use crate::reply::Reply;
use crate::tokens;

/// With more tokens than this, a query runs on every n-th path, the next query on others: few
/// tokens show which path differs, and many tokens run on any.
const MOST: usize = 1 << 20;
const FEWER: usize = 5;

#[test]
fn every_operation_says_what_a_look_at_each_token_says_on_every_way() {
    let began = Instant::now();
    let tokens = tokens::tokens(tokens::count());
    let (place, partly) = Place::grown(&tokens);
    let [zones, some, everything] =
        [zones(), some(), everything()].map(|options| place.index(&options));
    let slice = ("records in memory", Source::from(&tokens));
    let read = ("verified reader", Source::from(&place.reader));
    let mapped = ("mapped records", Source::from(&place.snapshot));
    let mut ways = Vec::new();
    for threads in [1, 2, 7] {
        ways.push(Way::new(slice, ("no index", None), threads));
        for source in [read, mapped] {
            ways.push(Way::new(source, ("no index", None), threads));
            ways.push(Way::new(source, ("zones", Some(&zones)), threads));
            ways.push(Way::new(
                source,
                ("every column", Some(&everything)),
                threads,
            ));
        }
    }
    ways.push(Way::new(read, ("an index of a part", Some(&partly)), 2));
    ways.push(Way::new(mapped, ("an index of a part", Some(&partly)), 7));
    ways.push(Way::new(read, ("some columns", Some(&some)), 7));
    ways.push(Way::new(mapped, ("some columns", Some(&some)), 2));

    let (light, step) = (tokens::step(5, 1), tokens::step(12, 1));
    let each = EACH
        .into_iter()
        .step_by(light)
        .map(|meant| (meant, questions::of_each_filter()));
    let whole = WHOLE.into_iter().zip(0..).map(|(meant, turn)| {
        let all = questions::all(&tokens).into_iter();
        (meant, all.skip(turn % step).step_by(step).collect())
    });
    for (meant, questions) in each.chain(whole) {
        hold(&tokens, meant, &questions, &ways);
        eprintln!("{}: {:.1} s", meant.text, began.elapsed().as_secs_f64());
    }
    for index in [&partly, &zones, &some, &everything] {
        assert!(index.warnings().is_empty(), "{:?}", index.warnings());
    }
    amount::count("query: tokens that were asked", tokens.len() as u64);
}

/// Compares the answers to some queries, on every path, with a look at each token.
fn hold(tokens: &[Token], meant: Meant, questions: &Questions, ways: &[Way<'_>]) {
    let selected = Selected::of(tokens, meant);
    let expected = looked_at(questions, &selected);
    let step = if tokens.len() > MOST { FEWER } else { 1 };
    for ((question, expected), turn) in questions.iter().zip(&expected).zip(0..) {
        let mut first: Option<Reply> = None;
        let ways = ways.iter().skip(turn % step).step_by(step);
        let answers = ways.len();
        for way in ways {
            let reply = ask(question.as_ref(), meant, way);
            let held = expected.check(&reply, false);
            let held = held.and_then(|()| match &first {
                Some(first) => first.check_bytes(&reply),
                None => Ok(()),
            });
            if let Err(why) = held {
                panic!("{}", told(question.as_ref(), meant, way, &why));
            }
            first.get_or_insert(reply);
        }
        tell(question.as_ref(), answers);
    }
}

/// The simplest answers, by two threads.
pub(crate) fn looked_at(questions: &Questions, selected: &Selected<'_>) -> Vec<Reply> {
    let look = |question: &dyn Question| {
        let mut reply = Reply::default();
        question.look(selected, &mut reply);
        reply
    };
    let (left, right) = questions.split_at(questions.len() / 2);
    thread::scope(|scope| {
        let look_at = |part: &'_ [Box<dyn Question>]| -> Vec<Reply> {
            part.iter()
                .map(|question| look(question.as_ref()))
                .collect()
        };
        let left = scope.spawn(move || look_at(left));
        let right = look_at(right);
        [left.join().unwrap(), right].concat()
    })
}

pub(crate) fn ask(question: &dyn Question, meant: Meant, way: &Way<'_>) -> Reply {
    let asked = Asked {
        query: way.query().filter_at(&meant.filter(), NOW),
        source: way.source,
        meant,
    };
    let mut reply = Reply::default();
    let outcome = question.ask(&asked, &mut reply);
    if let Err(error) = outcome {
        panic!("{}", told(question, meant, way, &error.to_string()));
    }
    reply
}

pub(crate) fn told(question: &dyn Question, meant: Meant, way: &Way<'_>, why: &str) -> String {
    let (operation, detail) = (question.operation(), question.detail());
    format!(
        "{operation} {detail}, where {}, by {}: {why}",
        meant.text, way.name
    )
}

pub(crate) fn tell(question: &dyn Question, answers: usize) {
    let name = format!("query answers: {}", question.operation());
    amount::count(&name, answers as u64);
}
