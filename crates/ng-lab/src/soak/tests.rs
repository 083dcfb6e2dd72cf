//! Tests of the engine with a fake clock.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::machine::kernel::Faults;
use crate::model::{Event, KindRow, Percentiles, SlopeFinding, SoakRow};
use crate::soak::engine::{Surroundings, soak_with};
use crate::soak::{
    Clock, Extent, Kind, Message, Operations, Rate, Reading, SoakPlan, Verified, slopes,
};
use crate::stats::rng::SplitMix64;
use crate::worker::run::Failure;

/// A row with times around a millisecond.
pub(super) fn row_at(seconds: f64) -> SoakRow {
    let times = |scale: f64| Percentiles {
        p50: scale,
        p99: 50.0 * scale,
        p999: 100.0 * scale,
        max: 200.0 * scale,
    };
    SoakRow {
        seconds,
        span_seconds: 1.0,
        aside_seconds: 0.0,
        operations: 100,
        throughput: 100.0,
        service_ns: times(1e5),
        response_ns: times(1e6),
        backlog: 0,
        kinds: vec![KindRow {
            name: "work".to_owned(),
            operations: 100,
            items: 100,
            throughput: 100.0,
            service_ns: Some(times(1e5)),
            response_ns: Some(times(1e6)),
        }],
        resident_bytes: Some(2_000_000),
        private_bytes: Some(1_000_000),
        faults: Some(3),
        major_faults: Some(0),
        open_files: Some(7),
        disk_bytes: 4096,
        items: 500,
        file: 1,
        events: Vec::new(),
    }
}

#[derive(Clone, Default)]
struct FakeClock(Rc<Cell<Duration>>);

impl FakeClock {
    fn pass(&self, time: Duration) {
        self.0.set(self.0.get() + time);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn wait_until(&self, moment: Duration) {
        self.0.set(self.0.get().max(moment));
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// Work of a given duration.
struct Fake {
    clock: FakeClock,
    /// The duration of each operation by its number, calibration included.
    takes: Box<dyn Fn(u64) -> Duration>,
    done: u64,
    /// Operations after which the work must restart.
    renew_after: Option<u64>,
    since_renewal: u64,
    renewals: u64,
    verification: Duration,
    /// The verification that finds something wrong.
    wrong_at: Option<u64>,
    verified: u64,
    fails_at: Option<u64>,
    /// How many times longer operations take on the largest state.
    full_factor: u32,
    is_full: bool,
}

impl Fake {
    fn new(clock: &FakeClock, takes: impl Fn(u64) -> Duration + 'static) -> Self {
        Self {
            clock: clock.clone(),
            takes: Box::new(takes),
            done: 0,
            renew_after: None,
            since_renewal: 0,
            renewals: 0,
            verification: Duration::from_millis(300),
            wrong_at: None,
            verified: 0,
            fails_at: None,
            full_factor: 1,
            is_full: false,
        }
    }
}

impl Operations for Fake {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind {
            name: "work",
            about: "takes its time",
            weight: 1,
        }]
    }

    fn run(&mut self, _kind: usize, _rng: &mut SplitMix64) -> Result<u64, Failure> {
        if self.fails_at == Some(self.done) {
            return Err("out of luck".into());
        }
        let factor = if self.is_full { self.full_factor } else { 1 };
        self.clock.pass((self.takes)(self.done) * factor);
        self.done += 1;
        self.since_renewal += 1;
        Ok(2)
    }

    fn extent(&self) -> Result<Extent, Failure> {
        Ok(Extent {
            items: self.since_renewal,
            disk_bytes: 4096,
            renewals: self.renewals,
        })
    }

    fn must_renew(&self) -> Option<String> {
        let due = self
            .renew_after
            .is_some_and(|after| self.since_renewal >= after);
        due.then(|| "enough".to_owned())
    }

    fn renew(&mut self) -> Result<(), Failure> {
        self.clock.pass(Duration::from_millis(50));
        self.since_renewal = 0;
        self.renewals += 1;
        self.is_full = false;
        Ok(())
    }

    fn fill(&mut self, time: Duration) -> Result<(), Failure> {
        self.clock.pass(time);
        self.is_full = true;
        Ok(())
    }

    fn verify(&mut self) -> Result<Verified, Failure> {
        self.clock.pass(self.verification);
        self.verified += 1;
        Ok(Verified {
            items: self.since_renewal,
            wrong: (self.wrong_at == Some(self.verified)).then(|| "item 7".to_owned()),
        })
    }
}

/// 100 operations per second.
fn plan(seconds: u64) -> SoakPlan {
    SoakPlan {
        rate: Rate::PerSecond(100.0),
        ..SoakPlan::lasting(Duration::from_secs(seconds))
    }
}

fn soaked(fake: &mut Fake, plan: &SoakPlan) -> Vec<Message> {
    soaked_with(fake, plan, |_| Reading::default())
}

fn soaked_with(
    fake: &mut Fake,
    plan: &SoakPlan,
    reading: impl Fn(Duration) -> Reading,
) -> Vec<Message> {
    let heard = RefCell::new(Vec::new());
    let clock = fake.clock.clone();
    let around = Surroundings {
        clock: &clock.clone(),
        kernel: &mut || reading(clock.now()),
        tell: &mut |message| {
            heard.borrow_mut().push(message.clone());
            Ok(())
        },
    };
    soak_with(fake, plan, around).unwrap();
    heard.into_inner()
}

fn rows(messages: &[Message]) -> Vec<SoakRow> {
    let rows = messages.iter().filter_map(|message| match message {
        Message::Row(row) => Some((**row).clone()),
        _ => None,
    });
    rows.collect()
}

fn events(messages: &[Message]) -> Vec<&Event> {
    let events = messages.iter().filter_map(|message| match message {
        Message::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

fn is_near(found: f64, expected: Duration) -> bool {
    let expected = expected.as_nanos() as f64;
    (found - expected).abs() <= expected / 500.0
}

#[test]
fn operations_are_done_when_they_are_due_and_rows_come_each_second() {
    let clock = FakeClock::default();
    // The clock has been running before.
    clock.pass(Duration::from_secs(1000));
    let messages = soaked(&mut Fake::new(&clock, |_| MILLISECOND), &plan(5));
    let rows = rows(&messages);
    assert_eq!(rows.len(), 5);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.seconds, index as f64 + 1.0);
        assert_eq!((row.operations, row.throughput), (100, 100.0), "{row:?}");
        assert_eq!((row.backlog, row.kinds[0].items), (0, 200));
        for times in [row.service_ns, row.response_ns] {
            assert!(is_near(times.max, MILLISECOND), "{times:?}");
        }
    }
    assert_eq!(messages.last(), Some(&Message::Ended));
    let Some(Message::Began(began)) = messages.first() else {
        panic!("{:?} comes first", messages.first());
    };
    assert_eq!((began.rate, began.capacity), (100.0, None));
}

/// One operation stalls for two and a half seconds: in a closed loop it would be one
/// sample of many. Here every operation due meanwhile is late, and no other.
#[test]
fn a_stall_shows_in_response_and_not_in_service() {
    let clock = FakeClock::default();
    let stall = Duration::from_millis(2500);
    let takes = move |number| if number == 250 { stall } else { MILLISECOND };
    let messages = soaked(&mut Fake::new(&clock, takes), &plan(10));
    let rows = rows(&messages);
    let service: Vec<f64> = rows.iter().map(|row| row.service_ns.p50).collect();
    assert!(
        service.iter().all(|p50| is_near(*p50, MILLISECOND)),
        "{service:?}"
    );
    // Normal until 2.5 s, then nothing ends until 5 s.
    let ends: Vec<f64> = rows.iter().map(|row| row.seconds).collect();
    assert_eq!(ends, [1.0, 2.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
    let stalled = &rows[2];
    assert_eq!((stalled.span_seconds, stalled.operations), (3.0, 51));
    assert_eq!(stalled.backlog, 249);
    assert!(is_near(stalled.service_ns.max, stall));
    // 250 operations wait; each takes 1 ms while one more falls due every 10 ms.
    let waiting = &rows[3];
    assert!(waiting.response_ns.p50 > 0.9e9, "{waiting:?}");
    assert!(is_near(waiting.service_ns.max, MILLISECOND));
    assert_eq!(waiting.backlog, 0);
    let after = &rows[4];
    assert!(is_near(after.response_ns.max, MILLISECOND), "{after:?}");
    let all: u64 = rows.iter().map(|row| row.operations).sum();
    assert_eq!(all, 1000);
}

#[test]
fn a_rate_that_cannot_be_kept_leaves_a_backlog_and_ends_in_time() {
    let clock = FakeClock::default();
    let messages = soaked(&mut Fake::new(&clock, |_| 20 * MILLISECOND), &plan(4));
    let rows = rows(&messages);
    let backlog: Vec<u64> = rows.iter().map(|row| row.backlog).collect();
    assert_eq!(backlog, [50, 100, 150, 200]);
    assert!(rows[3].response_ns.max > 1.9e9);
    assert!(is_near(rows[3].service_ns.max, 20 * MILLISECOND));
}

#[test]
fn verifications_are_set_aside_and_reported() {
    let clock = FakeClock::default();
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    let plan = SoakPlan {
        verify_every: Duration::from_secs(2),
        ..plan(5)
    };
    let messages = soaked(&mut fake, &plan);
    let rows = rows(&messages);
    // Two during the run, and one at the end.
    assert_eq!((fake.verified, events(&messages).len()), (3, 3));
    assert!(
        rows.iter()
            .all(|row| is_near(row.response_ns.max, MILLISECOND))
    );
    let aside: Vec<f64> = rows.iter().map(|row| row.aside_seconds).collect();
    assert_eq!(aside, [0.0, 0.0, 0.3, 0.0, 0.6]);
    assert_eq!(rows[4].events.len(), 2);
    assert_eq!(clock.now(), Duration::from_millis(5900));
}

#[test]
fn what_is_verified_wrong_ends_the_soak() {
    let clock = FakeClock::default();
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    fake.wrong_at = Some(2);
    let plan = SoakPlan {
        verify_every: Duration::from_secs(2),
        ..plan(60)
    };
    let messages = soaked(&mut fake, &plan);
    let failed = Message::Failed("verification: item 7".to_owned());
    assert_eq!(messages.last(), Some(&failed));
    assert_eq!(events(&messages).last().unwrap().wrong(), Some("item 7"));
    let rows = rows(&messages);
    assert_eq!(rows.last().unwrap().seconds, 4.0);

    // The last verification can fail it, too.
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    fake.wrong_at = Some(1);
    let messages = soaked(
        &mut fake,
        &SoakPlan {
            verify_every: Duration::MAX,
            ..plan
        },
    );
    assert_eq!(messages.last(), Some(&failed));
}

#[test]
fn an_operation_that_fails_ends_the_soak_and_keeps_the_row() {
    let clock = FakeClock::default();
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    fake.fails_at = Some(150);
    let messages = soaked(&mut fake, &plan(5));
    let rows = rows(&messages);
    assert_eq!(rows.iter().map(|row| row.operations).sum::<u64>(), 150);
    assert_eq!(
        messages.last(),
        Some(&Message::Failed("out of luck".to_owned()))
    );
}

#[test]
fn a_renewal_is_verified_before_and_its_time_counts() {
    let clock = FakeClock::default();
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    fake.renew_after = Some(120);
    let messages = soaked(&mut fake, &plan(3));
    let events = events(&messages);
    let Event::Verified { items: 120, .. } = events[0] else {
        panic!("{events:?}");
    };
    let Event::Renewed {
        elapsed_ns, reason, ..
    } = events[1]
    else {
        panic!("{events:?}");
    };
    assert_eq!((*elapsed_ns, reason.as_str()), (50_000_000, "enough"));
    let rows = rows(&messages);
    let files: Vec<u64> = rows.iter().map(|row| row.file).collect();
    assert_eq!(files, [1, 2, 3]);
    // Operations due during the renewal waited.
    let longest = rows[1].response_ns.max;
    assert!((40e6..60e6).contains(&longest), "{longest}");
    assert!(is_near(rows[1].service_ns.max, MILLISECOND));
}

#[test]
fn the_rate_is_a_share_of_the_capacity() {
    let clock = FakeClock::default();
    let plan = SoakPlan {
        rate: Rate::OfCapacity {
            share: 0.25,
            calibration: Duration::from_secs(1),
        },
        ..plan(3)
    };
    let messages = soaked(&mut Fake::new(&clock, |_| MILLISECOND), &plan);
    let Message::Began(began) = &messages[0] else {
        panic!("{:?}", messages[0]);
    };
    assert_eq!((began.rate, began.capacity), (250.0, Some(1000.0)));
    // Calibration does not count as part of the run.
    let rows = rows(&messages);
    assert_eq!(rows[0].seconds, 1.0);
    assert_eq!(rows.iter().map(|row| row.operations).sum::<u64>(), 750);
}

#[test]
fn capacity_is_measured_on_the_largest_state_and_the_run_starts_small() {
    let clock = FakeClock::default();
    let plan = SoakPlan {
        rate: Rate::OfCapacity {
            share: 0.5,
            calibration: Duration::from_secs(1),
        },
        ..plan(3)
    };
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    fake.full_factor = 4;
    // Renewed within the calibration, then filled again.
    fake.renew_after = Some(100);
    let messages = soaked(&mut fake, &plan);
    let Message::Began(began) = &messages[0] else {
        panic!("{:?}", messages[0]);
    };
    // Includes two renewals of 50 ms each.
    assert_eq!((began.rate, began.capacity), (112.5, Some(225.0)));
    let rows = rows(&messages);
    assert!(is_near(rows[0].service_ns.max, MILLISECOND), "starts small");
}

#[test]
fn totals_are_the_sum_of_the_rows() {
    let clock = FakeClock::default();
    let messages = soaked(&mut Fake::new(&clock, |_| MILLISECOND), &plan(4));
    let totals = messages.iter().rev().find_map(|message| match message {
        Message::Totals(kinds) => Some(kinds[0].clone()),
        _ => None,
    });
    let totals = totals.unwrap();
    assert_eq!((totals.operations, totals.items), (400, 800));
    assert!(is_near(totals.service_ns.unwrap().p999, MILLISECOND));
}

#[test]
fn a_row_lasts_until_something_ends_in_it() {
    let clock = FakeClock::default();
    let plan = SoakPlan {
        rate: Rate::PerSecond(0.4),
        ..plan(10)
    };
    let messages = soaked(&mut Fake::new(&clock, |_| MILLISECOND), &plan);
    let spans: Vec<(f64, u64)> = rows(&messages)
        .iter()
        .map(|row| (row.span_seconds, row.operations))
        .collect();
    // Due at 0, 2.5, 5, and 7.5 s.
    assert_eq!(spans, [(1.0, 1), (2.0, 1), (3.0, 1), (2.0, 1)]);
}

#[test]
fn a_broken_pipe_ends_the_soak() {
    let clock = FakeClock::default();
    let mut fake = Fake::new(&clock, |_| MILLISECOND);
    let around = Surroundings {
        clock: &clock,
        kernel: &mut Reading::default,
        tell: &mut |message| match message {
            Message::Row(_) => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        },
    };
    let error = soak_with(&mut fake, &plan(60), around).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(fake.done, 100);
}

/// Planted: memory that grows by 1000 bytes a second and an operation that slows down
/// by a quarter within two minutes, both below their noise from row to row; and their
/// twins that do not.
#[test]
fn growth_is_found_from_end_to_end_and_its_flat_twin_is_not() {
    for (growing, expected) in [(true, SlopeFinding::Rises), (false, SlopeFinding::NotTold)] {
        let clock = FakeClock::default();
        let noise = |number: u64| SplitMix64::new(number).below(1000);
        let takes = move |number: u64| {
            let slower = if growing { number / 12 } else { 0 };
            Duration::from_micros(4000 + slower + noise(number))
        };
        let reading = move |now: Duration| Reading {
            resident_bytes: Some(50_000_000),
            private_bytes: Some(
                1_000_000 + noise(now.as_secs()) * 8 + now.as_secs() * 1000 * u64::from(growing),
            ),
            faults: Some(Faults::default()),
            open_files: Some(7),
        };
        let messages = soaked_with(&mut Fake::new(&clock, takes), &plan(120), reading);
        let slopes = slopes(&rows(&messages));
        let finding = |figure: &str| {
            let mut slopes = slopes.iter();
            let found = slopes.find(|slope| slope.figure == figure && slope.kind.is_none());
            found.unwrap().finding
        };
        for figure in ["private_bytes", "service_ns.p99", "response_ns.p99"] {
            assert_eq!(finding(figure), expected, "{figure}, growing: {growing}");
        }
        assert_eq!(finding("resident_bytes"), SlopeFinding::NotTold);
    }
}
