//! The compared thread counts: one, and all.

use std::num::NonZeroUsize;

use anyhow::Result;
use ng_parallel::Workers;

use crate::Ratio;

/// One worker, and as many as asked for if that is more.
pub(crate) struct Teams {
    one: Workers,
    all: Option<Workers>,
}

impl Teams {
    pub(crate) fn new(threads: NonZeroUsize) -> Result<Self> {
        let more = (threads > NonZeroUsize::MIN).then(|| Workers::new(threads.get()));
        Ok(Self {
            one: Workers::new(1)?,
            all: more.transpose()?,
        })
    }

    /// Returns the largest team, which may be one worker.
    pub(crate) fn all(&self) -> &Workers {
        self.all.as_ref().unwrap_or(&self.one)
    }

    /// Returns one worker.
    pub(crate) fn one(&self) -> &Workers {
        &self.one
    }

    /// Returns the different teams, one worker first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Workers> {
        [&self.one].into_iter().chain(&self.all)
    }

    /// Returns the ratio of all threads to one of the cases called `name`.
    ///
    /// `None` if there is only one thread. The bar applies to two threads only: how far memory
    /// scales beyond is another question.
    pub(crate) fn scaling(&self, name: &str, two_threads_bar: Option<f64>) -> Option<Ratio> {
        let (one, all) = (&self.one, self.all.as_ref()?);
        let bar = two_threads_bar.filter(|_| all.threads() == 2);
        Some(Ratio::new(case_name(name, all), case_name(name, one), bar))
    }

    /// Returns the ratio of `name` to `base`, both on all threads.
    ///
    /// `None` if there is only one thread.
    pub(crate) fn against_on_all(&self, name: &str, base: &str) -> Option<Ratio> {
        let all = self.all.as_ref()?;
        Some(Ratio::new(case_name(name, all), case_name(base, all), None))
    }
}

/// Names a case by what it does and on how many threads: `store-2m-2t`.
pub(crate) fn case_name(name: &str, workers: &Workers) -> String {
    format!("{name}-{}t", workers.threads())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_on_threads_holds_for_two_of_them() {
        for (threads, expected) in [
            (1, None),
            (2, Some(Ratio::new("x-2t", "x-1t", Some(1.8)))),
            (3, Some(Ratio::new("x-3t", "x-1t", None))),
        ] {
            let teams = Teams::new(NonZeroUsize::new(threads).unwrap()).unwrap();
            assert_eq!(teams.scaling("x", Some(1.8)), expected);
        }
    }
}
