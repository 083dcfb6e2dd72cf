//! Real processes on one dataset: racing to publish, writing and reading at a time, killed at
//! random moments.
//!
//! One program is the tests and the processes, hence no harness: with [`actor::ARGUMENT`] it plays
//! a role.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

#[path = "../../../ng-store/tests/actor/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod actor;
#[path = "../../../ng-store/tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod files;
mod folders;
mod history;
mod kills;
mod races;
mod random;
mod readers;
mod roles;
mod tokens;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, actor, role, arguments @ ..] = &arguments[..]
        && actor == actor::ARGUMENT
    {
        roles::play(role, arguments);
        return ExitCode::SUCCESS;
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let tests: [(&str, fn()); 10] = [
        (
            "history_every_row_of_eight_writers_is_there_once",
            history::test,
        ),
        (
            "history_violations_are_found",
            history::finds_planted_violations,
        ),
        (
            "race_of_eight_publishers_loses_no_generation",
            races::publishers,
        ),
        (
            "killed_writers_lose_nothing_that_was_acknowledged",
            kills::writers,
        ),
        (
            "killed_updates_leave_the_old_generation_or_the_new_one",
            kills::updates,
        ),
        ("killed_collectors_leave_every_kept_file", kills::collectors),
        (
            "readers_of_other_processes_keep_their_files",
            readers::keep_their_files,
        ),
        (
            "a_change_of_many_shards_opens_few_files",
            files::few_are_open,
        ),
        (
            "more_orphans_than_a_process_may_open_are_recovered",
            files::recover_many_orphans,
        ),
        (
            "a_dataset_stays_the_same_when_the_current_folder_changes",
            folders::change,
        ),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    tests.into_iter().map(trial).collect()
}
