//! What a run is held against, from its options.

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
    // Of clap's rules the one that a baseline shuts another revision out goes first.
    if args.gate_instructions.is_some() && args.against.is_none() {
        usage("--gate-instructions: a baseline has no instructions to count, --against <REV> has");
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

/// The program comes from whoever can build it. Options can be checked without.
fn against(args: &RunArgs, name: &str) -> Against {
    if args.against_program.is_none() && !args.check {
        usage(&format!(
            "--against {name}: another revision has to be built first: run `cargo xtask stress`, \
             or give its program with --against-program FILE"
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

/// Without valgrind there is nothing to count by, which is known before any build.
fn callgrind(percent: f64) -> Callgrind {
    Callgrind::find().unwrap_or_else(|error| {
        let error = anyhow::Error::from(error);
        usage(&format!("--gate-instructions {percent}: {error:#}"))
    })
}

/// A slowdown of what is not measured would show nothing.
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
            "instructions are planted for --gate-instructions alone"
        }
        _ => return,
    };
    usage(&format!("--plant {scenario}: {why}"));
}

/// Ends the program as a bad option does.
pub(super) fn usage(message: &str) -> ! {
    Cli::command()
        .error(ErrorKind::ValueValidation, message)
        .exit()
}
