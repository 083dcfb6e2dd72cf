//! `test`.

use anyhow::Result;

use crate::cargo::{command, root, run};
use crate::counts::Counts;
use crate::profiles::Profile;

/// What needs no tests in a release build: this program, which nobody builds in release; the lab,
/// which a dev build optimises as well; the scenarios, each of which proves its work whenever it is
/// measured, in release too; the suites, whose cases run tiny; and the tool, which leaves its work to
/// the libraries, and which `torture` kills in release.
const SAME_IN_RELEASE: [&str; 5] = ["xtask", "ng-lab", "ng-stress", "ng-benches", "ng-cli"];

/// The tests of a release build; examples in the documentation would show nothing new.
const RELEASE_TARGETS: [&str; 3] = ["--lib", "--bins", "--tests"];

/// Runs the tests in each profile, and then prints how much ran.
pub(crate) fn test(profiles: &[Profile], passed_on: &[String]) -> Result<()> {
    for &profile in profiles {
        let counts = Counts::begin(profile.name())?;
        let mut cargo = command();
        cargo
            .current_dir(root())
            .args(["test", "--workspace", "--all-features"])
            .args(profile.arguments())
            .args(chosen(profile))
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

/// Which packages and targets are tested in a profile, if not all.
fn chosen(profile: Profile) -> Vec<&'static str> {
    match profile {
        Profile::Dev => Vec::new(),
        Profile::Release => {
            let left_out = SAME_IN_RELEASE.iter().flat_map(|name| ["--exclude", name]);
            left_out.chain(RELEASE_TARGETS).collect()
        }
    }
}
