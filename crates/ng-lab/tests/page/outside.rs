//! Foreign text stays text, and nothing foreign is loaded.

use ng_lab::model::{Flag, Report};
use ng_lab::report::html;

use crate::document::{elements, parsed, text_of};
use crate::fixture;

const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"onload=\"alert(1)",
    "'><img src=x onerror=alert(1)>",
    "</title></svg></style></script><script>alert(1)</script>",
    "]]><![CDATA[<b>",
    "&lt;script&gt; &#0; &nbsp;",
    "a\0b\u{1b}[31m\u{202e}c\u{ffff}",
];

/// Replaces every foreign text of the report.
fn fill(report: &mut Report, text: &str) {
    let own = || text.to_owned();
    for cell in &mut report.cells {
        cell.key.scenario = own();
        cell.key.variant = own();
        cell.key.size.name = own();
        cell.proof = [(own(), own().into())].into();
        cell.memory_missing = Some(own());
        cell.reason = Some(own());
        for phase in &mut cell.phases {
            phase.name = own();
        }
        cell.add_findings([fixture::finding(Flag::Steal, text)]);
        for finding in &mut cell.findings {
            finding.phase = Some(own());
        }
    }
    for comparison in &mut report.comparisons {
        comparison.key.cell.scenario = own();
        comparison.key.cell.variant = own();
        comparison.key.phase = Some(own());
        comparison.against = own();
        comparison.stopped = comparison.stopped.as_ref().map(|_| own());
    }
    for lack in &mut report.not_compared {
        (
            lack.key.cell.scenario,
            lack.key.cell.variant,
            lack.key.phase,
        ) = (own(), own(), Some(own()));
        (lack.against, lack.reason) = (own(), own());
    }
    for headline in &mut report.headlines {
        (headline.scenario, headline.variant) = (own(), own());
        headline.phase = Some(own());
        headline.size.name = own();
    }
    for limit in &mut report.limits {
        limit.unit = own();
    }
    for found in &mut report.scaling {
        (found.scenario, found.variant, found.phase) = (own(), own(), own());
    }
    for claim in &mut report.claims {
        (claim.id, claim.source, claim.statement) = (own(), own(), own());
        (claim.said, claim.reason) = (own(), own());
        if let Some(figure) = &mut claim.measured {
            figure.unit = own();
        }
    }
    if let Some(reference) = &mut report.reference {
        (reference.name, reference.commit) = (own(), own());
        reference.started = Some(own());
        reference.not_comparable = Some(own());
    }
    if let Some(gate) = &mut report.gate {
        let keys = gate.skipped.iter_mut().map(|skipped| &mut skipped.key);
        let outcomes = gate.outcomes.iter_mut().map(|found| &mut found.key);
        for key in keys.chain(outcomes) {
            (key.cell.scenario, key.cell.variant) = (own(), own());
            key.phase = Some(own());
            key.cell.size.name = own();
        }
        for found in &mut gate.outcomes {
            found.reason = Some(own());
        }
    }
    if let Some(data) = &mut report.data {
        (data.dir, data.file_system) = (own(), own());
    }
    if let Some(plant) = &mut report.run.plant {
        plant.scenario = own();
    }
    let (run, host, build) = (&mut report.run, &mut report.host, &mut report.build);
    for field in [
        &mut run.started,
        &mut run.items,
        &mut host.cpu,
        &mut host.kernel,
        &mut host.huge_pages,
        &mut host.clock_source,
        &mut host.governor,
        &mut build.rustc,
        &mut build.commit,
        &mut build.version,
        &mut build.target,
    ] {
        *field = own();
    }
    run.command = vec![own()];
    run.stopped_by = Some(own());
    run.probe_failures = vec![own()];
    build.overrides = vec![own()];
    build.notes = vec![own()];
}

/// The names of all elements in order, except lines of text, whose number depends on the
/// words.
fn skeleton(text: &str) -> Vec<String> {
    let page = parsed(text);
    let elements = page.descendants().filter(roxmltree::Node::is_element);
    let elements = elements.filter(|node| !node.has_tag_name("text"));
    elements
        .map(|node| node.tag_name().name().to_owned())
        .collect()
}

#[test]
fn hostile_texts_add_no_element_and_no_attribute() {
    let mut harmless = fixture::held();
    fill(&mut harmless, "harmless");
    let harmless = skeleton(&html(&harmless));
    for text in HOSTILE {
        let mut report = fixture::held();
        fill(&mut report, text);
        let page = html(&report);
        assert!(skeleton(&page) == harmless, "other elements with {text}");
        let page = parsed(&page);
        for node in page.descendants() {
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on"), "{text}: {attribute:?}");
            }
        }
        // Displayable text is shown unchanged.
        let shown = text_of(page.root_element());
        assert!(text.contains('\0') || shown.contains(text), "{text}");
        assert!(!shown.contains('\u{202e}'));
    }
}

#[test]
fn hostile_texts_stay_out_of_script_and_style() {
    let text = "planted";
    let mut report = fixture::held();
    fill(&mut report, text);
    let page = html(&report);
    let page = parsed(&page);
    for name in ["script", "style"] {
        let found: Vec<String> = elements(page.root(), name).map(text_of).collect();
        assert_eq!(found.len(), 1);
        assert!(!found[0].contains(text) && found[0].len() > 500);
        // An HTML parser would end them there, an XML parser does not.
        assert!(!found[0].contains("</"), "{name}");
    }
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let text = html(&fixture::held());
    for words in [
        "http://",
        "https://",
        "url(",
        "@import",
        "//cdn",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        // The SVG namespace in a script is a name, not an address.
        let text = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains(words), "{words}");
    }
    let page = parsed(&text);
    for node in page.descendants() {
        for attribute in node.attributes() {
            let loads = ["src", "srcset", "data", "poster", "action", "background"];
            assert!(!loads.contains(&attribute.name()), "{attribute:?}");
            if attribute.name() == "href" {
                assert!(attribute.value().starts_with('#'), "{attribute:?}");
            }
        }
    }
    for name in [
        "link", "img", "iframe", "object", "embed", "image", "use", "base", "form",
    ] {
        assert_eq!(elements(page.root(), name).count(), 0, "{name}");
    }
    let policy = elements(page.root(), "meta").find(|meta| meta.has_attribute("http-equiv"));
    let policy = policy.and_then(|meta| meta.attribute("content")).unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
}
