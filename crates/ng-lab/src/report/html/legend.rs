//! What the words of a report mean.

use crate::judge::{Flag, Verdict};
use crate::report::html::markup::{Element, text as element};

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

pub(super) fn section() -> Element {
    let verdicts = VERDICTS.map(|(verdict, meaning)| (verdict.name().to_owned(), meaning));
    let flags = Flag::ALL.map(|flag| (flag.to_string(), flag.advice()));
    Element::new("section")
        .with("id", "legend")
        .add(element("h2", "Words"))
        .add(element("h3", "Verdicts"))
        .add(list(&verdicts))
        .add(element("h3", "Flags, and what to do"))
        .add(list(&flags))
        .add(element("h3", "Figures"))
        .add(list(&figures()))
}

fn figures() -> [(String, &'static str); 5] {
    [
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
    ]
    .map(|(word, meaning)| (word.to_owned(), meaning))
}

fn list(entries: &[(String, &str)]) -> Element {
    let list = Element::new("dl");
    entries.iter().fold(list, |list, (word, meaning)| {
        list.add(element("dt", word)).add(element("dd", meaning))
    })
}
