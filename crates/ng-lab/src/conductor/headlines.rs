//! The headline cell and phase of each scenario of a plan.

use crate::conductor::{Plan, PlannedCell, Request};
use crate::model::{HeadlineReport, Role, Size};
use crate::worker::scenario::Headline;

/// One headline per scenario and size, in the order of the plan.
pub(crate) fn headlines(request: &Request, plan: &Plan) -> Vec<HeadlineReport> {
    let mut found: Vec<HeadlineReport> = Vec::new();
    for planned in &plan.cells {
        let (scenario, items) = (&planned.cell.scenario, planned.cell.items);
        let is_new = !found
            .iter()
            .any(|known| known.scenario == *scenario && known.size.items == items);
        if is_new {
            let of_it = plan.cells.iter().filter(|other| {
                let same = other.cell.scenario == *scenario && other.cell.items == items;
                same && other.role == Role::Main
            });
            let declared = request
                .scenarios
                .iter()
                .find(|known| known.name() == scenario);
            let declared = declared.map(|known| known.headline()).unwrap_or_default();
            let chosen = chosen(declared, of_it).unwrap_or(planned);
            found.push(HeadlineReport {
                scenario: scenario.clone(),
                size: Size::new(items, request.subject.items),
                variant: chosen.cell.variant.name.clone(),
                threads: chosen.cell.variant.threads,
                phase: declared.phase.map(str::to_owned),
            });
        }
    }
    found
}

/// The declared cell if there is one, else the first; with equal threads, the first.
fn chosen<'p>(
    declared: Headline,
    cells: impl Iterator<Item = &'p PlannedCell>,
) -> Option<&'p PlannedCell> {
    let cells: Vec<&PlannedCell> = cells.collect();
    let first = cells.first()?;
    let name = declared.variant.unwrap_or(&first.cell.variant.name);
    let threads = |planned: &&&PlannedCell| planned.cell.variant.threads;
    let of_variant = cells.iter().filter(|cell| cell.cell.variant.name == name);
    let found = match declared.on_most_threads {
        true => of_variant.max_by_key(threads),
        false => of_variant.min_by_key(threads),
    };
    Some(found.unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conductor::{Available, Rounds, Subject, Versus};
    use crate::model::Profile;
    use crate::worker::run::Failure;
    use crate::worker::run::Run;
    use crate::worker::scenario::{Cell, Scenario, Variant};

    struct Declares(&'static str, Headline);

    impl Scenario for Declares {
        fn name(&self) -> &'static str {
            self.0
        }
        fn about(&self) -> &'static str {
            "nothing"
        }
        fn variants(&self, threads: &[usize]) -> Vec<Variant> {
            let pooled = threads.iter();
            let pooled = pooled.map(|threads| Variant::new("pooled").threads(*threads));
            [Variant::new("plain")].into_iter().chain(pooled).collect()
        }
        fn headline(&self) -> Headline {
            self.1
        }
        fn needs_bytes(&self, _: &Cell) -> u64 {
            0
        }
        fn run(&self, _: &Cell, _: &mut Run) -> Result<(), Failure> {
            Ok(())
        }
    }

    fn request(scenarios: Vec<&'static dyn Scenario>) -> Request {
        Request {
            subject: Subject {
                items: "records",
                item_bytes: 64,
            },
            scenarios,
            sizes: vec![10, 20],
            threads: vec![1, 2, 4],
            programs: vec![(Profile::Dev, "d".into()), (Profile::Release, "r".into())],
            rounds: Rounds::Exactly(1),
            seed: 1,
            timeout: None,
            lock: "".into(),
            dir: "".into(),
            versus: Versus::default(),
        }
    }

    #[test]
    fn each_scenario_and_size_has_the_phase_that_is_declared() {
        let pooled = Headline::of("fill").variant("pooled");
        for (declared, variant, threads, phase) in [
            (Headline::default(), "plain", 1, None),
            (Headline::of("fill"), "plain", 1, Some("fill")),
            (pooled, "pooled", 1, Some("fill")),
            (pooled.on_most_threads(), "pooled", 4, Some("fill")),
            (
                Headline::of("fill").variant("gone"),
                "plain",
                1,
                Some("fill"),
            ),
        ] {
            let named = |name| &*Box::leak(Box::new(Declares(name, declared))) as &dyn Scenario;
            let request = request(vec![named("first"), named("second")]);
            let plan = Plan::new(&request, &Available::EVERYTHING).unwrap();
            let found = headlines(&request, &plan);
            let places: Vec<(&str, u64)> = found
                .iter()
                .map(|found| (found.scenario.as_str(), found.size.items))
                .collect();
            let expected = [("first", 10), ("first", 20), ("second", 10), ("second", 20)];
            let mut sorted = places.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, expected);
            for found in found {
                assert_eq!(found.variant, variant);
                assert_eq!(found.threads, threads);
                assert_eq!(found.phase.as_deref(), phase);
            }
        }
    }
}
