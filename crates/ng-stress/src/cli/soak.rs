//! `ng-stress soak`: from arguments to a soak's report.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use ng_lab::report::terminal;
use ng_lab::soak::{Rate, SoakPlan};
use ng_lab::{Interrupt, MachineLock, SoakRequest, Volume, run_soak};
use ng_stress::soak::{FEWEST_TOKENS, On, room};
use ng_stress::{SUBJECT, parse_count};

use crate::cli::run::{self, clock_seed};
use crate::cli::say;

/// The largest rate per second: one operation every 100 ns.
const MAX_RATE: u64 = 10_000_000;

#[derive(Debug, Args)]
pub(super) struct SoakArgs {
    /// What to work on
    #[arg(long, value_name = "WHAT", value_enum, default_value = "file")]
    on: On,

    /// How long, such as 90s, 5m or 2h
    #[arg(long, value_name = "T", value_parser = parse_time, default_value = "5m")]
    #[arg(allow_hyphen_values = true)]
    time: Duration,

    /// Tokens at which a new file is started, or that a dataset keeps, such as 10M; fewer if the
    /// disk is small
    #[arg(long, value_name = "N", value_parser = parse_tokens, default_value = "10M")]
    #[arg(allow_hyphen_values = true)]
    tokens: u64,

    /// Operations per second [default: half of the capacity, measured first]
    #[arg(long, value_name = "N", value_parser = parse_rate, allow_hyphen_values = true)]
    rate: Option<u64>,

    /// Seed of the order of operations [default: from the clock]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<u64>,

    /// Folder for data files, on a disk; they are removed afterwards
    /// [default: target/ng-stress/data]
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,

    /// Folder for report.html, report.json, report.md, soak.csv and results.jsonl
    /// [default: target/ng-stress/RUN, and a link `latest`]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Only check the options
    #[arg(long, hide = true)]
    check: bool,
}

pub(super) fn soak(args: &SoakArgs) -> Result<ExitCode> {
    if args.check {
        return Ok(ExitCode::SUCCESS);
    }
    let request = request(args)?;
    let (out, latest) = run::output(args.out.as_deref())?;
    let interrupt = Interrupt::on_signals().context("signal handler")?;
    let soaked = run_soak(&request, run::build(), &out, &interrupt);
    run::finish(soaked, &out, latest, &request.dir, |report| {
        say::out(&terminal(report))
    })
}

fn request(args: &SoakArgs) -> Result<SoakRequest> {
    let dir = run::dir(args.dir.as_deref())?;
    let volume = Volume::of(&dir).with_context(|| run::unusable("--dir", &dir))?;
    let Some(room) = room(args.on, args.tokens, volume.free_bytes) else {
        bail!(
            "no room for a soak in {}: {} MiB are free",
            dir.display(),
            volume.free_bytes >> 20
        );
    };
    let mut plan = SoakPlan::lasting(args.time);
    plan.seed = args.seed.unwrap_or_else(clock_seed);
    if let Some(rate) = args.rate {
        plan.rate = Rate::PerSecond(rate as f64);
    }
    Ok(SoakRequest {
        subject: SUBJECT,
        program: std::env::current_exe().context("path of this program")?,
        plan,
        on: args.on.name().to_owned(),
        most_items: room.tokens,
        less_because: room.less_because,
        lock: MachineLock::default_path(),
        dir,
    })
}

fn parse_tokens(text: &str) -> Result<u64, String> {
    parse_count(text)
        .ok()
        .filter(|tokens| *tokens >= FEWEST_TOKENS)
        .ok_or_else(|| "expected a whole number from 1k to 64G, such as 1M".to_owned())
}

fn parse_rate(text: &str) -> Result<u64, String> {
    ng_lab::count::parse(text)
        .filter(|rate| (1..=MAX_RATE).contains(rate))
        .ok_or_else(|| "expected a whole number from 1 to 10M, such as 20k".to_owned())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3600)];
    let unit = units.into_iter().find(|(unit, _)| text.ends_with(*unit));
    let (digits, seconds) = match unit {
        Some((unit, seconds)) => (text.trim_end_matches(unit), seconds),
        None => (text, 1),
    };
    // `parse` alone would accept a sign, and trimming more than one unit.
    let is_plain = unit.is_none_or(|_| digits.len() + 1 == text.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain
        .then(|| digits.parse::<u32>().ok())
        .flatten()
        .filter(|count| *count > 0)
        .map(|count| Duration::from_secs(u64::from(count) * seconds))
        .ok_or_else(|| {
            "expected a whole number of seconds, minutes or hours, such as 90s, 5m or 2h".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_seconds_minutes_or_hours() {
        for (text, seconds) in [("90s", 90), ("90", 90), ("5m", 300), ("2h", 7200)] {
            assert_eq!(parse_time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "0s",
            "-1",
            "+1",
            "1.5m",
            "1hh",
            "1d",
            "m5",
            "99999999999s",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_and_rates_have_bounds() {
        assert_eq!(parse_tokens("1k"), Ok(1000));
        assert_eq!(parse_rate("20k"), Ok(20_000));
        for text in ["0", "999", "65G", "x"] {
            assert!(parse_tokens(text).is_err(), "{text}");
        }
        for text in ["0", "11M", "-1", "1.5"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}
