//! `test`.

use anyhow::Result;

use crate::cargo::cargo;
use crate::profiles::Profile;

pub(crate) fn test(profiles: &[Profile], passed_on: &[String]) -> Result<()> {
    for profile in profiles {
        let arguments = ["test", "--workspace", "--all-features"];
        let arguments = arguments.iter().chain(profile.arguments()).copied();
        cargo(arguments.chain(passed_on.iter().map(String::as_str)))?;
    }
    Ok(())
}
