//! What the words of a report mean.

use ng_plot::{Section, definitions, text as element};

use crate::model::{Flag, Verdict};

const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Valid, "nothing was found against it"),
    (
        Verdict::Suspect,
        "something disturbed it: use its figures with care",
    ),
    (
        Verdict::Invalid,
        "it does not say what it claims to say: struck through, compared with nothing, last in \
         every order",
    ),
    (Verdict::Failed, "a worker failed; the reason is given"),
    (Verdict::Skipped, "it was not measured; the reason is given"),
];

const FIGURES: [(&str, &str); 5] = [
    (
        "median",
        "of rounds 1 and on, with its exact interval at 95 % from six samples on",
    ),
    ("cold", "round 0, which is kept apart"),
    ("MAD", "median distance from the median"),
    (
        "rate",
        "items of the phase over the median; none where the phase works on no item",
    ),
    (
        "A/A",
        "the same program twice, in random order: what differs is noise",
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
