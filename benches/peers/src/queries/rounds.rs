//! The conductor: question by question, in rounds, ours and the peers in random order.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ng_lab::Interrupt;
use ng_lab::rng::SplitMix64;
use serde::Serialize;

use super::answer::{Answer, Found};
use super::ours::{Builds, Ours};
use super::python::{Answered, Python, Unanswered};
use super::question::{Ask, Question, Way};
use crate::say;

/// Rounds of slow questions: what an interval needs.
const SLOW_ROUNDS: u32 = 6;
const SLOW_NS: f64 = 2e9;

/// A sample of a short work is the best of several runs, so that its caches are its own.
const SHORT_NS: f64 = 5e7;
const RUNS_OF_SHORT: u32 = 3;

/// How long one answer took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Sample {
    pub(crate) round: u32,
    pub(crate) elapsed_ns: f64,
}

/// One answerer's times for a question.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) who: String,
    pub(crate) is_ours: bool,
    pub(crate) threads: usize,
    pub(crate) build_ms: BTreeMap<String, f64>,
    pub(crate) samples: Vec<Sample>,
}

/// A question that was asked.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: &'static Question,
    pub(crate) answer: Option<Answer>,
    pub(crate) series: Vec<Series>,
}

/// An answerer that was not asked, or gave no valid answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Left {
    pub(crate) what: &'static str,
    pub(crate) who: String,
    pub(crate) reason: String,
}

/// Everything that one run measured.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) asked: Vec<Asked>,
    pub(crate) skipped: Vec<Left>,
    pub(crate) failed: Vec<Left>,
    pub(crate) interrupted: bool,
}

/// Everybody who is asked.
pub(crate) struct Conductor<'a> {
    pub(crate) ours: &'a Ours,
    /// None without Python.
    pub(crate) python: Option<Python>,
    pub(crate) threads: usize,
    pub(crate) rounds: u32,
    pub(crate) rng: SplitMix64,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) record: Record,
}

/// One of ours, or a peer.
struct Side<'a> {
    series: Series,
    /// None for a peer.
    ask: Option<Ask<'a>>,
    runs: u32,
}

impl<'a> Conductor<'a> {
    /// Asks all questions, until interrupted.
    pub(crate) fn conduct(mut self, questions: &[&'static Question]) -> Record {
        for (done, question) in (1..).zip(questions) {
            let start = Instant::now();
            let asked = self.ask(question);
            self.record.asked.push(asked);
            if self.is_over() {
                break;
            }
            say::err(&format!(
                "question {done} of {}: {}, {:.0} s",
                questions.len(),
                question.name,
                start.elapsed().as_secs_f64()
            ));
        }
        self.record
    }

    fn is_over(&mut self) -> bool {
        self.record.interrupted |= self.interrupt.is_set();
        self.record.interrupted
    }

    fn ask(&mut self, question: &'static Question) -> Asked {
        let mut answer = None;
        let mut slowest = 0.0_f64;
        let sides = self.sides(question);
        let mut sides: Vec<Side<'a>> = sides
            .into_iter()
            .filter_map(|mut side| {
                let elapsed_ns = self.warm(question, &mut side, &mut answer)?;
                slowest = slowest.max(elapsed_ns);
                Some(side)
            })
            .collect();
        // Fixed before any sample counts.
        let rounds = match slowest > SLOW_NS {
            true => self.rounds.min(SLOW_ROUNDS),
            false => self.rounds,
        };
        for round in 1..=rounds {
            if self.is_over() {
                break;
            }
            self.round(question, round, &mut sides);
        }
        if let Some(Err(Unanswered::Failed(reason))) = self.python.as_mut().map(Python::forget) {
            self.fail(question, "python", reason);
        }
        Asked {
            question,
            answer,
            series: sides.into_iter().map(|side| side.series).collect(),
        }
    }

    /// Ours, then the peers.
    fn sides(&mut self, question: &'static Question) -> Vec<Side<'a>> {
        let ours: &'a Ours = self.ours;
        let mut sides = Vec::new();
        for way in question.ours {
            match way.prepare(ours) {
                Ok((ask, builds)) => sides.push(self.side_of_ours(way, ask, builds)),
                Err(error) => self.fail(question, way.who, format!("{error:#}")),
            }
        }
        let python = self.python.as_ref();
        let peers = python.map(|python| python.about.peers.clone());
        for peer in peers.unwrap_or_default() {
            if peer.what != question.name {
                continue;
            }
            if peer.missing.is_empty() {
                let threads = if peer.one_thread { 1 } else { self.threads };
                sides.push(Side::new(peer.who, threads));
            } else {
                let reason = format!("Python has no {}", peer.missing.join(", "));
                self.skip(question, peer.who, reason);
            }
        }
        sides
    }

    fn side_of_ours(&self, way: &Way, ask: Ask<'a>, builds: Builds) -> Side<'a> {
        let mut side = Side::new(way.who.to_owned(), self.threads);
        side.series.is_ours = true;
        side.series.build_ms = builds;
        side.ask = Some(ask);
        side
    }

    /// Asks for one untimed answer, and compares it with the answers before it. If it is wrong, the
    /// answerer is not measured.
    fn warm(
        &mut self,
        question: &'static Question,
        side: &mut Side<'a>,
        first: &mut Option<Answer>,
    ) -> Option<f64> {
        if self.is_over() {
            return None;
        }
        let answered = self.answer(question, side)?;
        if let Some(expected) = first
            .as_ref()
            .filter(|first| !first.agrees(&answered.answer))
        {
            let reason = format!("answers {}, expected {expected}", answered.answer);
            say::err(&format!(
                "DISAGREEMENT: {}: {} {reason}",
                question.name, side.series.who
            ));
            self.fail(question, &side.series.who, reason);
            return None;
        }
        first.get_or_insert(answered.answer);
        side.series.build_ms.extend(answered.build_ms);
        side.runs = match answered.elapsed_ns < SHORT_NS {
            true => RUNS_OF_SHORT,
            false => 1,
        };
        Some(answered.elapsed_ns)
    }

    /// Each of them once, in random order.
    fn round(&mut self, question: &'static Question, round: u32, sides: &mut [Side<'a>]) {
        let mut order: Vec<usize> = (0..sides.len()).collect();
        self.rng.shuffle(&mut order);
        for index in order {
            if self.is_over() {
                return;
            }
            let side = &mut sides[index];
            if let Some(answered) = self.answer(question, side) {
                side.series.samples.push(Sample {
                    round,
                    elapsed_ns: answered.elapsed_ns,
                });
            }
        }
    }

    fn answer(&mut self, question: &'static Question, side: &mut Side<'a>) -> Option<Answered> {
        let answered = match &mut side.ask {
            Some(ask) => self.answer_of_ours(question, ask, side.runs),
            None => self.answer_of_peer(question, &side.series.who, side.runs),
        };
        match answered {
            Ok(answered) => return Some(answered),
            // Ctrl-C reaches Python, too.
            Err(_) if self.is_over() => {}
            Err(Unanswered::Skipped(reason)) => {
                self.skip(question, side.series.who.clone(), reason);
            }
            Err(Unanswered::Failed(reason)) => self.fail(question, &side.series.who, reason),
        }
        None
    }

    fn answer_of_peer(
        &mut self,
        question: &Question,
        who: &str,
        runs: u32,
    ) -> Result<Answered, Unanswered> {
        let python = self.python.as_mut();
        let python = python.ok_or_else(|| Unanswered::Failed("no Python".to_owned()))?;
        python.ask(question.name, who, runs)
    }

    fn answer_of_ours(
        &mut self,
        question: &Question,
        ask: &mut Ask<'a>,
        runs: u32,
    ) -> Result<Answered, Unanswered> {
        let failed = |error: anyhow::Error| Unanswered::Failed(format!("{error:#}"));
        let mut best: Option<Answered> = None;
        for _ in 0..runs {
            let start = Instant::now();
            let found = ask().map_err(failed)?;
            let elapsed_ns = start.elapsed().as_secs_f64() * 1e9;
            let answer = self.numbers(question, found)?;
            let elapsed_ns = best.map_or(elapsed_ns, |best| best.elapsed_ns.min(elapsed_ns));
            best = Some(Answered {
                elapsed_ns,
                answer,
                build_ms: BTreeMap::new(),
            });
        }
        best.ok_or_else(|| Unanswered::Failed("not asked".to_owned()))
    }

    /// Python reads the answer from a file, so that not only ours can read it.
    fn numbers(&mut self, question: &Question, found: Found) -> Result<Answer, Unanswered> {
        let path = match found {
            Found::Answer(answer) => return Ok(answer),
            Found::File(path) => path,
        };
        let answer = match &mut self.python {
            Some(python) => python.read(question.name, &path),
            None => Ok(Answer::whole([])),
        };
        let removed = fs::remove_file(&path).with_context(|| path.display().to_string());
        removed.map_err(|error| Unanswered::Failed(format!("{error:#}")))?;
        answer
    }

    fn skip(&mut self, question: &'static Question, who: String, reason: String) {
        self.record.skipped.push(Left {
            what: question.name,
            who,
            reason,
        });
    }

    fn fail(&mut self, question: &'static Question, who: &str, reason: String) {
        self.record.failed.push(Left {
            what: question.name,
            who: who.to_owned(),
            reason,
        });
    }
}

impl Side<'_> {
    fn new(who: String, threads: usize) -> Self {
        let series = Series {
            who,
            is_ours: false,
            threads,
            build_ms: BTreeMap::new(),
            samples: Vec::new(),
        };
        Self {
            series,
            ask: None,
            runs: 1,
        }
    }
}

/// Chooses the questions whose names contain one of the words; all of them without words.
pub(crate) fn chosen(
    questions: &'static [Question],
    words: &[String],
) -> Result<Vec<&'static Question>> {
    let unknown = words.iter().find(|word| {
        let mut names = questions.iter().map(|question| question.name);
        !names.any(|name| name.contains(word.as_str()))
    });
    ensure!(
        unknown.is_none(),
        "--only {}: no question has that in its name",
        unknown.map_or("", String::as_str)
    );
    let is_chosen = |question: &&Question| {
        words.is_empty()
            || words
                .iter()
                .any(|word| question.name.contains(word.as_str()))
    };
    Ok(questions.iter().filter(is_chosen).collect())
}
