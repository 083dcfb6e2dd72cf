//! The loop that runs and times operations when they are due.

use std::io;
use std::time::Duration;

use crate::model::{Event, SoakRow};
use crate::soak::clock::Stopwatch;
use crate::soak::mix::Mix;
use crate::soak::schedule::Schedule;
use crate::soak::tally::Tally;
use crate::soak::{Began, Clock, Message, Operations, Rate, Reading, SoakPlan};
use crate::stats::rng::{SplitMix64, mix};
use crate::worker::run::Failure;

/// A soak's interfaces to the outside.
pub(super) struct Surroundings<'a> {
    pub(super) clock: &'a dyn Clock,
    /// Read at the end of each row.
    pub(super) kernel: &'a mut dyn FnMut() -> Reading,
    /// Receives the messages; an error ends the soak.
    pub(super) tell: &'a mut dyn FnMut(&Message) -> io::Result<()>,
}

/// Runs `operations` according to `plan`.
///
/// `tell` receives every message as it arises. The last is [`Message::Ended`] after a
/// clean verification, or [`Message::Failed`] once an operation fails or a verification
/// finds something wrong.
///
/// # Errors
/// `tell` fails.
///
/// # Panics
/// Panics if no kind of operation has a weight, or the rate is not a positive number.
pub fn soak(
    operations: &mut dyn Operations,
    plan: &SoakPlan,
    clock: &dyn Clock,
    tell: &mut dyn FnMut(&Message) -> io::Result<()>,
) -> io::Result<()> {
    let around = Surroundings {
        clock,
        kernel: &mut Reading::of_this_process,
        tell,
    };
    soak_with(operations, plan, around)
}

pub(super) fn soak_with<'a>(
    operations: &'a mut dyn Operations,
    plan: &'a SoakPlan,
    around: Surroundings<'a>,
) -> io::Result<()> {
    let mut soak = Soak::new(operations, plan, around);
    match soak.run() {
        Ok(()) => soak.say(&Message::Ended),
        Err(End::Unheard(error)) => Err(error),
        Err(End::Failed(failure)) => {
            // The row so far, if it can still be reported.
            if let Err(End::Unheard(error)) = soak.end_row() {
                return Err(error);
            }
            soak.say(&Message::Failed(failure.to_string()))
        }
    }
}

/// Why a soak ends early.
enum End {
    Failed(Failure),
    Unheard(io::Error),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

struct Soak<'a> {
    operations: &'a mut dyn Operations,
    plan: &'a SoakPlan,
    around: Surroundings<'a>,
    watch: Stopwatch<'a>,
    mix: Mix,
    rng: SplitMix64,
    tally: Tally,
    /// Operations begun.
    begun: u64,
    /// Renewals during calibration.
    renewals_before: u64,
    schedule: Schedule,
    /// When the current row began, and when it is to end.
    row: [Duration; 2],
    aside_before_row: Duration,
    verify_at: Duration,
    reading: Reading,
    events: Vec<Event>,
}

impl<'a> Soak<'a> {
    fn new(
        operations: &'a mut dyn Operations,
        plan: &'a SoakPlan,
        around: Surroundings<'a>,
    ) -> Self {
        let kinds = operations.kinds();
        let per_second = match plan.rate {
            Rate::PerSecond(rate) => rate,
            // A placeholder until the capacity is known.
            Rate::OfCapacity { .. } => 1.0,
        };
        Self {
            mix: Mix::new(&kinds, plan.seed),
            // A different sequence from that of the kinds.
            rng: SplitMix64::new(mix(plan.seed ^ 1)),
            tally: Tally::new(kinds),
            watch: Stopwatch::start(around.clock),
            begun: 0,
            renewals_before: 0,
            schedule: Schedule::new(per_second),
            row: [Duration::ZERO, plan.row],
            aside_before_row: Duration::ZERO,
            verify_at: plan.verify_every,
            reading: Reading::default(),
            events: Vec::new(),
            operations,
            plan,
            around,
        }
    }

    fn run(&mut self) -> Result<(), End> {
        let capacity = match self.plan.rate {
            Rate::PerSecond(_) => None,
            Rate::OfCapacity { share, calibration } => {
                let capacity = self.capacity(calibration)?;
                self.schedule = Schedule::new(capacity * share);
                Some(capacity)
            }
        };
        let began = Message::Began(Began {
            rate: self.schedule.per_second(),
            capacity,
            kinds: self.tally.totals(),
        });
        self.tell(&began)?;
        self.renewals_before = self.operations.extent()?.renewals;
        self.reading = (self.around.kernel)();
        self.watch = Stopwatch::start(self.around.clock);
        self.follow_schedule()?;
        self.verify()?;
        self.end_row()
    }

    /// The rate of back-to-back operations on the largest state: what is cheap with
    /// little data may not be with much, and the rate must hold until the end.
    fn capacity(&mut self, calibration: Duration) -> Result<f64, Failure> {
        self.fill(calibration)?;
        let mut done = 0_u32;
        loop {
            if self.operations.must_renew().is_some() {
                self.operations.renew()?;
                self.fill(calibration)?;
            }
            let kind = self.mix.next();
            self.operations.run(kind, &mut self.rng)?;
            done += 1;
            let elapsed = self.watch.elapsed();
            if elapsed >= calibration && elapsed > Duration::ZERO {
                self.operations.renew()?;
                return Ok(f64::from(done) / elapsed.as_secs_f64());
            }
        }
    }

    fn fill(&mut self, at_most: Duration) -> Result<(), Failure> {
        let aside = self.watch.step_aside();
        self.operations.fill(at_most)?;
        self.watch.step_back(aside);
        Ok(())
    }

    fn follow_schedule(&mut self) -> Result<(), End> {
        loop {
            let due = self.schedule.due(self.begun);
            self.wait_until(due.min(self.plan.time))?;
            if self.watch.elapsed() >= self.plan.time {
                return Ok(());
            }
            self.operate(due)?;
        }
    }

    /// Waits, and meanwhile does everything that is not an operation.
    fn wait_until(&mut self, moment: Duration) -> Result<(), End> {
        loop {
            self.tend()?;
            if self.watch.elapsed() >= moment {
                return Ok(());
            }
            self.watch.wait_until(moment.min(self.row[1]));
        }
    }

    fn operate(&mut self, due: Duration) -> Result<(), Failure> {
        let kind = self.mix.next();
        self.begun += 1;
        let start = self.watch.elapsed();
        let items = self.operations.run(kind, &mut self.rng)?;
        let end = self.watch.elapsed();
        self.tally.add(kind, items, end - start, end - due);
        Ok(())
    }

    fn tend(&mut self) -> Result<(), End> {
        let now = self.watch.elapsed();
        if now >= self.plan.time {
            // The last verification belongs to the last row.
            return Ok(());
        }
        if now >= self.row[1] {
            self.end_row()?;
        }
        if let Some(reason) = self.operations.must_renew() {
            self.verify()?;
            self.renew(reason)?;
        } else if now >= self.verify_at {
            self.verify()?;
        }
        Ok(())
    }

    fn renew(&mut self, reason: String) -> Result<(), End> {
        let start = self.watch.elapsed();
        self.operations.renew()?;
        let end = self.watch.elapsed();
        self.happened(Event::Renewed {
            seconds: end.as_secs_f64(),
            reason,
            elapsed_ns: (end - start).as_nanos() as u64,
        })
    }

    fn verify(&mut self) -> Result<(), End> {
        let aside = self.watch.step_aside();
        let verified = self.operations.verify();
        let took = self.watch.step_back(aside);
        let verified = verified?;
        let now = self.watch.elapsed();
        self.verify_at = now.saturating_add(self.plan.verify_every);
        self.happened(Event::Verified {
            seconds: now.as_secs_f64(),
            items: verified.items,
            wrong: verified.wrong.clone(),
            elapsed_ns: took.as_nanos() as u64,
        })?;
        match verified.wrong {
            Some(wrong) => Err(Failure::from(format!("verification: {wrong}")).into()),
            None => Ok(()),
        }
    }

    fn happened(&mut self, event: Event) -> Result<(), End> {
        self.tell(&Message::Event(event.clone()))?;
        self.events.push(event);
        Ok(())
    }

    /// Ends the row, or extends it if no operation ended in it.
    fn end_row(&mut self) -> Result<(), End> {
        let now = self.watch.elapsed();
        let rows = now.as_nanos() / self.plan.row.as_nanos().max(1);
        let next = self.plan.row * u32::try_from(rows + 1).unwrap_or(u32::MAX);
        if self.tally.operations() == 0 {
            self.row[1] = next;
            return Ok(());
        }
        let aside = self.watch.step_aside();
        let row = self.row_until(now)?;
        self.row = [now, next];
        self.aside_before_row = self.watch.aside();
        self.tell(&Message::Row(Box::new(row)))?;
        let totals = Message::Totals(self.tally.totals());
        self.tell(&totals)?;
        self.watch.step_back(aside);
        Ok(())
    }

    fn row_until(&mut self, now: Duration) -> Result<SoakRow, Failure> {
        // A clock can stand still between two readings.
        let span_seconds = (now - self.row[0]).as_secs_f64().max(1e-9);
        let extent = self.operations.extent()?;
        let reading = (self.around.kernel)();
        let before = std::mem::replace(&mut self.reading, reading);
        let faults = reading.faults.zip(before.faults);
        let faults = faults.map(|(now, before)| now.since(&before));
        let times = self.tally.take_row(span_seconds);
        Ok(SoakRow {
            seconds: now.as_secs_f64(),
            span_seconds,
            aside_seconds: (self.watch.aside() - self.aside_before_row).as_secs_f64(),
            operations: times.operations,
            throughput: times.operations as f64 / span_seconds,
            service_ns: times.service_ns,
            response_ns: times.response_ns,
            backlog: self
                .schedule
                .due_before(now.min(self.plan.time))
                .saturating_sub(self.begun),
            kinds: times.kinds,
            resident_bytes: reading.resident_bytes,
            private_bytes: reading.private_bytes,
            faults: faults.map(|faults| faults.minor + faults.major),
            major_faults: faults.map(|faults| faults.major),
            open_files: reading.open_files,
            disk_bytes: extent.disk_bytes,
            items: extent.items,
            file: extent.renewals - self.renewals_before + 1,
            events: std::mem::take(&mut self.events),
        })
    }

    fn tell(&mut self, message: &Message) -> Result<(), End> {
        self.say(message).map_err(End::Unheard)
    }

    fn say(&mut self, message: &Message) -> io::Result<()> {
        (self.around.tell)(message)
    }
}
