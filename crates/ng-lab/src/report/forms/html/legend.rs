//! What the terms of a report mean.

use ng_plot::{Section, definitions, text as element};

use crate::model::{Flag, Verdict};

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Valid, "no flag was raised"),
    (
        Verdict::Suspect,
        "something disturbed it: use its figures with care",
    ),
    (
        Verdict::Invalid,
        "it does not measure what it claims: struck through, not compared, last in every order",
    ),
    (Verdict::Failed, "a worker failed; the reason is given"),
    (Verdict::Skipped, "it was not measured; the reason is given"),
];

const FIGURES: [(&str, &str); 5] = [
    (
        "median",
        "of the rounds after round 0, with its exact interval at 95 % from six samples on",
    ),
    ("cold", "round 0, which is kept separate"),
    ("MAD", "median distance from the median"),
    (
        "rate",
        "items of the phase over the median; none if the phase works on no items",
    ),
    (
        "A/A",
        "the same program twice, in random order: any difference is noise",
    ),
];

pub(super) fn section() -> Section {
    let verdicts = VERDICTS.map(|(verdict, meaning)| (verdict.name(), meaning));
    let flags = Flag::ALL.map(|flag| {
        let words = format!("{}: {}", flag.text(), flag.advice());
        (flag.name(), words)
    });
    Section::new("legend", "Words")
        .child(element("h3", "Verdicts"))
        .child(definitions(verdicts))
        .child(element("h3", "Flags, when they are raised, and what to do"))
        .child(definitions(flags))
        .child(element("h3", "Figures"))
        .child(definitions(FIGURES))
}
