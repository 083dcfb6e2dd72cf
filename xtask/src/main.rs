//! The project's verbs. Links none of its crates: it runs Cargo and `ng-stress` as processes.

mod against;
mod bench;
mod build;
mod cargo;
mod ci;
mod claims;
mod consumers;
mod counts;
mod fuzz;
mod peers;
mod profiles;
mod python;
mod stress;
mod test;
mod torture;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use profiles::ProfilesArg;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's verbs")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build everything, in both profiles by default
    Build(ProfilesArg),
    /// Run all tests, in both profiles by default, as overflow checks differ; those of the Python
    /// package once
    Test(TestArgs),
    /// Build `ng-stress` in both profiles, measure, compare and report
    #[command(disable_help_flag = true)]
    Stress(stress::StressArgs),
    /// Build `ng-stress` in both profiles, and check the seed's statements against a run
    #[command(disable_help_flag = true)]
    Claims(stress::StressArgs),
    /// Run the criterion suites, or compare with other stores
    Bench(bench::BenchArgs),
    /// Build the Python package, and run its tests in their own environment
    Python(python::PythonArgs),
    /// Run the long fault tests, in release: crashes, kills, races, fuzzing
    Torture(torture::TortureArgs),
    /// What a change must pass: format, lints, tests, Python, docs, packages, consumers, peers, a
    /// little fuzzing, a smoke stress
    Ci(ci::CiArgs),
}

#[derive(Debug, Args)]
struct TestArgs {
    #[command(flatten)]
    profiles: ProfilesArg,

    #[command(flatten)]
    passed_on: PassedOn,
}

#[derive(Debug, Args)]
struct PassedOn {
    /// More arguments for Cargo, such as a test's name, or `-- --nocapture`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    args: Vec<String>,
}

fn main() -> ExitCode {
    run(Cli::parse().verb).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Build(profiles) => build::build(&profiles.profiles)?,
        Verb::Test(args) => {
            test::test(&args.profiles.profiles, &args.passed_on.args)?;
            // Arguments for Cargo concern its own tests.
            if args.passed_on.args.is_empty() {
                python::test_if_possible()?;
            }
        }
        Verb::Stress(args) => return stress::stress(&args),
        Verb::Claims(args) => return claims::claims(&args),
        Verb::Bench(args) => return bench::bench(&args),
        Verb::Python(args) => python::python(&args)?,
        Verb::Torture(args) => return torture::torture(&args),
        Verb::Ci(args) => ci::ci(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
