//! The questions that people ask of tokens: ours beside DuckDB, Polars, numpy, scipy, faiss and
//! pyarrow on one file, in one run.
//!
//! The conductor (`rounds.rs`) makes a file of varied tokens (`file.rs`) and goes question by
//! question (`question.rs`) through the rounds, asking ours (`ours/`, in this process) and the
//! peers (`python.rs`, a lasting process of `queries.py`). Answers (`answer.rs`) must agree.
//!
//! Begin reading at `question.rs`: a new answer of ours is a function in `ours/` and a line there.

mod answer;
mod cli;
mod file;
mod ours;
mod params;
mod python;
mod question;
mod report;
mod rounds;
mod table;

pub(crate) use cli::run;
