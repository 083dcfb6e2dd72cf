//! What makes a cell suspect: its times depend on the machine or on the order.

use super::check;
use super::sim::{PLAIN, PLAIN_NS, Sim};
use crate::machine::kernel::CpuTicks;
use crate::model::{Flag, Pages, Verdict};
use crate::worker::protocol::CellReading;

#[track_caller]
fn suspect(flag: Flag, cases: &[(&str, Sim, Sim)]) {
    check(flag, Verdict::Suspect, cases);
}

fn fill() -> Sim {
    Sim::cell("create").phase("fill", &PLAIN)
}

/// A cell with the given ticks in one round and none in the others.
fn during(ticks: CpuTicks) -> Sim {
    let idle = (1..=6).fold(fill(), |sim, round| sim.ticks(round, CpuTicks::default()));
    idle.ticks(3, ticks)
}

#[test]
fn stolen_time_is_flagged_above_a_sure_fiftieth() {
    // Shares of a hundred times the processors wanted.
    let stolen = |steal, wanted: u64| {
        during(CpuTicks {
            steal,
            total: 100 * wanted,
            busy: wanted - steal,
            ours: wanted - steal,
        })
    };
    suspect(
        Flag::Steal,
        &[
            // A hundred ticks are surely eighty.
            ("2 %", stolen(100, 3999), stolen(100, 4000)),
            ("four ticks are never sure", stolen(5, 26), stolen(4, 4)),
        ],
    );
}

#[test]
fn work_of_others_is_flagged_above_a_sure_twentieth() {
    let beside = |others: u64, total| {
        during(CpuTicks {
            total,
            busy: 50 + others,
            ours: 50,
            steal: 0,
        })
    };
    suspect(
        Flag::OtherLoad,
        &[
            ("5 %", beside(100, 1599), beside(100, 1600)),
            (
                "our own work is not others'",
                beside(100, 500),
                beside(0, 50),
            ),
        ],
    );
}

#[test]
fn ticks_of_all_rounds_are_summed() {
    let ticks = CpuTicks {
        total: 400,
        busy: 100,
        ours: 100,
        steal: 20,
    };
    let every = (1..=6).fold(fill(), |sim, round| sim.ticks(round, ticks));
    // 20 of 400 once: 11 surely, of 2400.
    suspect(
        Flag::Steal,
        &[("in every round", every, fill().ticks(2, ticks))],
    );
}

#[test]
fn a_clock_that_changed_within_the_worker_is_flagged_beyond_five_per_cent() {
    let after = |ns| fill().warm(|reading| reading.spin_ns = [PLAIN_NS, ns]);
    let in_rounds = |rounds: usize| {
        (1..=rounds).fold(fill(), |sim, round| {
            sim.round(round, |reading| reading.spin_ns = [PLAIN_NS, 2 * PLAIN_NS])
        })
    };
    suspect(
        Flag::ClockDrift,
        &[
            ("slower", after(1_050_001), after(1_049_999)),
            ("faster", after(949_999), after(950_001)),
            ("the median round counts", in_rounds(4), in_rounds(2)),
        ],
    );
}

/// 32 MiB: in less, the ends of a buffer weigh too much.
const JUDGED_BYTES: u64 = 32 << 20;

fn held(anonymous_bytes: u64, huge_bytes: u64) -> impl Fn(&mut CellReading) {
    move |reading| {
        reading.memory.as_mut().unwrap().anonymous_bytes = anonymous_bytes;
        reading.memory.as_mut().unwrap().huge_bytes = huge_bytes;
    }
}

#[test]
fn a_fifth_on_pages_not_asked_for_is_flagged() {
    let asked = |pages, anonymous, huge| fill().pages(pages).warm(held(anonymous, huge));
    let bytes = 40_000_000;
    suspect(
        Flag::PagesDiffer,
        &[
            (
                "small where huge were asked for",
                asked(Pages::Huge, bytes, 31_999_999),
                asked(Pages::Huge, bytes, 32_000_000),
            ),
            (
                "huge where small were asked for",
                asked(Pages::Small, bytes, 8_000_001),
                asked(Pages::Small, bytes, 8_000_000),
            ),
            (
                "little memory is not judged",
                asked(Pages::Huge, JUDGED_BYTES, 0),
                asked(Pages::Huge, JUDGED_BYTES - 1, 0),
            ),
        ],
    );
}

#[test]
fn one_round_on_other_pages_is_flagged() {
    let huge = || fill().warm(held(JUDGED_BYTES, JUDGED_BYTES));
    let once = huge().round(4, held(JUDGED_BYTES, 0));
    suspect(Flag::PagesDiffer, &[("in round 4", once, huge())]);
}

/// Six times around `PLAIN_NS`, `step` apart, in the order of `places`.
fn along(places: [u64; 6], step: u64) -> [u64; 6] {
    places.map(|place| PLAIN_NS - 7 * step / 2 + place * step)
}

const RISING: [u64; 6] = [1, 2, 3, 4, 5, 6];

#[test]
fn times_that_follow_the_rounds_are_a_trend() {
    let timed = |times: [u64; 6]| Sim::cell("create").phase("fill", &times);
    suspect(
        Flag::Trend,
        &[
            (
                "by more than 5 % from end to end",
                timed(along(RISING, 10_002)),
                timed(along(RISING, 10_000)),
            ),
            (
                "falling counts as rising",
                timed(along([6, 5, 4, 3, 2, 1], 10_002)),
                timed(along([6, 5, 4, 3, 2, 1], 10_000)),
            ),
            (
                "six rounds show a trend only without exception",
                timed(along(RISING, 100_000)),
                timed(along([1, 2, 4, 3, 5, 6], 100_000)),
            ),
        ],
    );
}

#[test]
fn times_that_follow_the_place_in_a_round_are_an_order_effect() {
    let places = [3, 1, 6, 2, 5, 4];
    let timed = |step| {
        let cell = Sim::cell("create").phase("fill", &along(places, step));
        cell.positions(&places.map(|place| place as u32))
    };
    suspect(
        Flag::OrderEffect,
        &[
            ("beyond 5 % from end to end", timed(10_002), timed(10_000)),
            (
                "one place has no order",
                timed(100_000),
                timed(100_000).positions(&[3; 6]),
            ),
        ],
    );
}

#[test]
fn five_rounds_are_too_few() {
    let rounds = |times: &[u64]| Sim::cell("create").phase("fill", times);
    suspect(
        Flag::TooFewRounds,
        &[("six are needed", rounds(&PLAIN[1..]), rounds(&PLAIN))],
    );
}
