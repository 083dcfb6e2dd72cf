//! `ng-stress claims`: measures the cells that the seed's claims need, and judges them.

use std::process::ExitCode;

use anyhow::Result;
use ng_lab::report::{claims_terminal, terminal};
use ng_lab::{Request, Rounds, Scenario, Versus};
use ng_stress::claims::{MIN_TOKENS, THREADS, needed_scenarios, sizes};

use crate::cli::args::RunArgs;
use crate::cli::run;
use crate::cli::versus::{usage, versus};

/// Enough for decisive intervals within some minutes.
const ROUNDS: u32 = 12;

pub(super) fn claims(args: &RunArgs) -> Result<ExitCode> {
    let tokens = tokens(args);
    refuse_plant(args);
    refuse_counts(args);
    let versus = versus(args)?;
    if args.check {
        return Ok(ExitCode::SUCCESS);
    }
    let request = request(args, versus, tokens)?;
    let details = args.details;
    run::measure(args, &request, tokens, |report| match details {
        true => format!("{}\n{}", terminal(report), claims_terminal(report)),
        false => claims_terminal(report),
    })
}

/// The number of tokens; smaller and larger sizes follow from it.
fn tokens(args: &RunArgs) -> u64 {
    match args.tokens[..] {
        [tokens] if tokens >= MIN_TOKENS => tokens,
        _ => refuse(&args.tokens),
    }
}

fn refuse(tokens: &[u64]) -> ! {
    let given: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    let given = given.join(",");
    usage(&format!(
        "invalid value '{given}' for '--tokens <N>': expected one number from {MIN_TOKENS} for claims"
    ))
}

/// Deliberately slowed times say nothing about the claims.
fn refuse_plant(args: &RunArgs) {
    if args.plant.is_some() {
        usage("--plant: cannot be used with claims");
    }
}

/// Rejects counts: claims are about times.
fn refuse_counts(args: &RunArgs) {
    if args.gate_instructions.is_some() {
        usage("--gate-instructions: not with claims, which are about times");
    }
}

fn request(args: &RunArgs, versus: Versus, tokens: u64) -> Result<Request> {
    let request = run::request(args, versus)?;
    let given = !args.scenarios.is_empty();
    let wanted = |scenario: &dyn Scenario| {
        let names = &args.scenarios;
        !given || names.iter().any(|name| name == scenario.name())
    };
    let scenarios = needed_scenarios(tokens)
        .into_iter()
        .filter(|scenario| wanted(scenario.as_ref()))
        // A request holds scenarios for as long as the program runs.
        .map(|scenario| &*Box::leak(scenario))
        .collect();
    Ok(Request {
        scenarios,
        sizes: sizes(tokens),
        threads: if args.threads.is_empty() {
            THREADS.to_vec()
        } else {
            request.threads
        },
        rounds: if args.has_no_effort() && args.gate_budget.is_none() {
            Rounds::Exactly(ROUNDS)
        } else {
            request.rounds
        },
        ..request
    })
}
