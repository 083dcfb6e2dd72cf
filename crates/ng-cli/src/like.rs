//! The distribution of varied tokens.

use clap::ValueEnum;
use ng_synth::Synth;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Like {
    /// Points anywhere in each space
    Uniform,
    /// Points around the centres of 2040 clusters of unequal size
    Clustered,
}

/// How many tokens have unique ids and times.
const ALL: u64 = u32::MAX as u64 + 1;

impl Like {
    /// Returns the synthesizer of such tokens.
    pub(crate) fn synth(self, seed: u64) -> Synth {
        match self {
            Self::Uniform => Synth::uniform(seed),
            Self::Clustered => Synth::clustered(seed),
        }
    }

    /// The warning about this many tokens, if there is one.
    pub(crate) fn unasked(tokens: u64) -> Option<&'static str> {
        const BEGIN_AGAIN: &str = "ids and times from index 4294967296 on begin again";
        (tokens > ALL).then_some(BEGIN_AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_come_again_are_told_beyond_2_to_32_tokens() {
        for (tokens, told) in [(0, false), (ALL, false), (ALL + 1, true), (u64::MAX, true)] {
            assert_eq!(Like::unasked(tokens).is_some(), told, "{tokens}");
        }
        let synth = Like::Clustered.synth(1);
        let (first, again) = (synth.token(0), synth.token(ALL));
        assert_eq!(
            (first.id(), first.timestamp()),
            (again.id(), again.timestamp())
        );
    }
}
