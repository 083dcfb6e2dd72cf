//! `build`.

use anyhow::Result;

use crate::cargo::cargo;
use crate::profiles::Profile;

pub(crate) fn build(profiles: &[Profile]) -> Result<()> {
    for profile in profiles {
        cargo(["build", "--workspace"].iter().chain(profile.arguments()))?;
    }
    Ok(())
}
