//! Real processes on real disks: killed at random moments, racing for a file,
//! reading while another writes, out of room.
//!
//! One program is the tests and the processes, hence no harness: with
//! [`actor::ARGUMENT`] it plays a role, whose module has both sides of it. The
//! modules beside those are what the roles share.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

#[path = "../actor/mod.rs"]
mod actor;
#[path = "../amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod course;
#[path = "../it/mmap/fixture.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod fixture;
mod folders;
mod forks;
mod full_disk;
mod kills;
mod limits;
mod overlay;
mod places;
mod races;
mod refreshes;
mod replacing;
mod roles;
#[path = "../crash/workload.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod workload;

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
    let tests: [(&str, fn()); 15] = [
        ("nothing_acknowledged_is_lost_by_a_kill", kills::test),
        ("one_of_eight_racing_processes_appends", races::test),
        ("four_readers_see_every_token_right", refreshes::test),
        ("a_full_tmpfs_is_an_error_and_no_signal", full_disk::tmpfs),
        ("a_full_ext4_is_an_error_and_no_signal", full_disk::ext4),
        ("a_full_btrfs_is_an_error_with_its_name", full_disk::btrfs),
        ("a_replaced_file_has_one_appender", replacing::test),
        ("a_file_is_published_where_it_was_begun", places::wandering),
        ("a_folder_need_not_be_readable", places::rights),
        ("a_forked_child_takes_nothing_from_its_parent", forks::test),
        (
            "a_forked_child_with_its_parents_number_is_another_process",
            forks::numbered_alike,
        ),
        ("a_reader_follows_a_file_that_is_copied_up", overlay::test),
        (
            "a_store_that_may_not_double_takes_what_it_needs",
            limits::growth,
        ),
        (
            "a_file_larger_than_memory_is_changed_in_private",
            limits::private,
        ),
        (
            "a_pass_leaves_what_an_overlay_has_in_memory",
            overlay::passes,
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
