//! `bench`.

use anyhow::Result;

use crate::cargo::cargo;

pub(crate) fn bench(passed_on: &[String]) -> Result<()> {
    let arguments = ["bench", "--package", "ng-benches"].into_iter();
    cargo(arguments.chain(passed_on.iter().map(String::as_str)))
}
