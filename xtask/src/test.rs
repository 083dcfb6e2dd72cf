//! `test`.

use anyhow::Result;

use crate::cargo::{command, root, run};
use crate::counts::Counts;
use crate::profiles::Profile;

/// Runs the tests in each profile, and says at its end how much was run.
pub(crate) fn test(profiles: &[Profile], passed_on: &[String]) -> Result<()> {
    for &profile in profiles {
        let counts = Counts::begin(profile.name())?;
        let mut cargo = command();
        cargo
            .current_dir(root())
            .args(["test", "--workspace", "--all-features"])
            .args(profile.arguments())
            .args(passed_on);
        let tested = run(counts.of(&mut cargo));
        let sums = counts.sums()?;
        if !sums.is_empty() {
            println!("\ncounts of the {} profile\n{sums}", profile.name());
        }
        tested?;
    }
    Ok(())
}
