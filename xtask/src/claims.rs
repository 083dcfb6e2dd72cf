//! `claims`: both builds of `ng-stress`, then its audit of the seed's statements.

use std::process::ExitCode;

use anyhow::Result;

use crate::stress::{StressArgs, conduct};

pub(crate) fn claims(args: &StressArgs) -> Result<ExitCode> {
    conduct("claims", args)
}
