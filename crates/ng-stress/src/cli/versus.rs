//! The other side of a run, from its options.

use clap::CommandFactory;
use clap::error::ErrorKind;

use anyhow::{Result, bail};
use ng_lab::{
    Against, Baseline, BaselineName, Callgrind, Gate, InstructionGate, Plant, PlantKind, Reference,
    Versus, load_report,
};

use crate::cli::args::{Cli, RunArgs};
use crate::cli::kept;

pub(super) fn versus(args: &RunArgs) -> Result<Versus> {
    check_plant(args);
    check_budget(args);
    // With --baseline, clap reports only that it excludes --against.
    if args.gate_instructions.is_some() && args.against.is_none() {
        usage("--gate-instructions: expected --against <REV>; a baseline has no program to count");
    }
    let instructions = args.gate_instructions.map(|percent| InstructionGate {
        percent,
        callgrind: callgrind(percent),
        alone: args.counts_alone(),
    });
    let reference = match (&args.against, &args.baseline) {
        (Some(name), _) => Some(Reference::Against(against(args, name))),
        (_, Some(name)) => Some(Reference::Baseline(baseline(name)?)),
        _ => None,
    };
    Ok(Versus {
        reference,
        gate: args.gate.map(|percent| Gate {
            percent,
            adds_rounds: args.has_no_effort(),
        }),
        instructions,
        plant: args.plant.clone(),
    })
}

/// The caller provides the program; `--check` works without it.
fn against(args: &RunArgs, name: &str) -> Against {
    if args.against_program.is_none() && !args.check {
        usage(&format!(
            "--against {name}: another revision must be built first: run `cargo xtask stress`, \
             or pass its program with --against-program FILE"
        ));
    }
    Against {
        name: name.to_owned(),
        commit: args.against_commit.clone().unwrap_or_default(),
        program: args.against_program.clone().unwrap_or_default(),
    }
}

fn baseline(name: &BaselineName) -> Result<Baseline> {
    let baselines = kept::baselines()?;
    let path = baselines.path(name);
    if !path.is_file() {
        bail!(
            "--baseline {name}: no such baseline; {}",
            kept::listed("baselines", &baselines.names())
        );
    }
    Ok(Baseline {
        name: name.to_string(),
        report: Box::new(load_report(&path)?),
    })
}

/// Finds valgrind, or exits with a usage error.
fn callgrind(percent: f64) -> Callgrind {
    Callgrind::find().unwrap_or_else(|error| {
        let error = anyhow::Error::from(error);
        usage(&format!("--gate-instructions {percent}: {error:#}"))
    })
}

/// Rejects a slowdown of a scenario that is not measured.
fn check_plant(args: &RunArgs) {
    let Some(Plant { scenario, kind, .. }) = &args.plant else {
        return;
    };
    let measured = args.scenarios.is_empty() || args.scenarios.contains(scenario);
    let why = match kind {
        _ if !measured => "it is not among the scenarios to measure",
        PlantKind::Time if args.counts_alone() => {
            "time is planted and nothing is timed; 2i plants instructions"
        }
        PlantKind::Instructions if args.gate_instructions.is_none() => {
            "instructions can be planted only with --gate-instructions"
        }
        _ => return,
    };
    usage(&format!("--plant {scenario}: {why}"));
}

/// Rejects a budget without --against, which clap does not: it skips requirements that
/// another option excludes.
fn check_budget(args: &RunArgs) {
    if args.gate_budget.is_some() && args.against.is_none() {
        usage("--gate-budget: expected --against; a comparison with a baseline has no looks");
    }
}

/// Ends the program like a bad option.
pub(super) fn usage(message: &str) -> ! {
    Cli::command()
        .error(ErrorKind::ValueValidation, message)
        .exit()
}
