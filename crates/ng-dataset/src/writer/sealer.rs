use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{Builder, JoinHandle};

use ng_query::sealed::FileId;
use ng_store::disk::Dir;
use ng_store::{CachePolicy, ProcessMark};

use super::seal::{Kept, retain_now, seal};
use super::tail::{Spare, Tail};
use super::{Retention, WriterOptions};
use crate::DatasetError;
use crate::place::Place;

/// Does one job after another beside the writer, on a thread of its own that is started with the
/// first; on the caller's if the system has no thread to give.
///
/// Dropping it waits for the jobs.
pub(super) struct Sealer<R: Dir> {
    work: Work<R>,
    how: How<R>,
    /// How many jobs are not done yet, or their outcome was not received.
    waiting: usize,
    process: ProcessMark,
}

pub(super) enum Job<R: Dir> {
    /// Makes an empty file ahead.
    Spare,
    /// Seals a full tail, and names the next.
    Seal(Tail<R>, FileId),
    /// Drops shards that are too old.
    Retain,
}

pub(super) enum Done<R: Dir> {
    Spare(Result<Spare<R>, DatasetError>),
    Sealed(Result<Kept, DatasetError>),
    Retained(Result<Kept, DatasetError>),
}

enum How<R: Dir> {
    NotYet,
    InPlace(VecDeque<Done<R>>),
    Beside {
        jobs: Sender<Job<R>>,
        done: Receiver<Done<R>>,
        thread: JoinHandle<()>,
    },
}

/// What the jobs need.
struct Work<R: Dir> {
    place: Arc<Place<R>>,
    cache: CachePolicy,
    kept: Arc<[Retention]>,
}

/// The thread has ended before its jobs.
#[derive(Debug)]
pub(super) struct Ended;

impl<R: Dir> Sealer<R> {
    pub(super) fn new(place: Arc<Place<R>>, options: &WriterOptions) -> Self {
        Self {
            work: Work {
                place,
                cache: options.cache,
                kept: options.retention.as_slice().into(),
            },
            how: How::NotYet,
            waiting: 0,
            process: ProcessMark::of_this_process(),
        }
    }

    pub(super) fn place(&self) -> &Place<R> {
        &self.work.place
    }

    pub(super) fn kept(&self) -> &[Retention] {
        &self.work.kept
    }

    /// Tells whether this process began it; a fork has no such thread.
    pub(super) fn is_ours(&self) -> bool {
        self.process.is_this_process()
    }

    /// Receives the outcome of the next job if it is done.
    pub(super) fn poll(&mut self) -> Result<Option<Done<R>>, Ended> {
        let done = match &mut self.how {
            How::NotYet => None,
            How::InPlace(done) => done.pop_front(),
            How::Beside { done, .. } => match done.try_recv() {
                Ok(done) => Some(done),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return Err(Ended),
            },
        };
        self.waiting -= usize::from(done.is_some());
        Ok(done)
    }

    /// Waits for the outcome of the next job; `None` if there is none.
    pub(super) fn wait(&mut self) -> Result<Option<Done<R>>, Ended> {
        if self.waiting == 0 {
            return Ok(None);
        }
        match &mut self.how {
            How::Beside { done, .. } => {
                let done = done.recv().map_err(|_| Ended)?;
                self.waiting -= 1;
                Ok(Some(done))
            }
            _ => self.poll(),
        }
    }
}

impl<R: Dir + Send + Sync + 'static> Sealer<R> {
    /// Begins a job; its outcome comes after those of the jobs before.
    pub(super) fn ask(&mut self, job: Job<R>) -> Result<(), Ended> {
        if matches!(self.how, How::NotYet) {
            self.how = self.work.start();
        }
        self.waiting += 1;
        match &mut self.how {
            How::Beside { jobs, .. } => jobs.send(job).map_err(|_| Ended),
            How::InPlace(done) => {
                done.push_back(self.work.run(job));
                Ok(())
            }
            How::NotYet => Err(Ended),
        }
    }
}

impl<R: Dir> Drop for Sealer<R> {
    fn drop(&mut self) {
        let how = mem::replace(&mut self.how, How::NotYet);
        if !self.is_ours() {
            // A thread that this fork does not have may hold the locks of the channels.
            mem::forget(how);
            return;
        }
        if let How::Beside { jobs, done, thread } = how {
            drop(jobs);
            // A thread that panicked has said so.
            let _ = thread.join();
            drop(done);
        }
    }
}

impl<R: Dir + Send + Sync + 'static> Work<R> {
    fn start(&self) -> How<R> {
        let (jobs, todo) = channel();
        let (finished, done) = channel();
        let work = self.share();
        let run = move || {
            for job in todo {
                if finished.send(work.run(job)).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name("ng-dataset-seal".to_owned()).spawn(run);
        match thread {
            Ok(thread) => How::Beside { jobs, done, thread },
            Err(_) => How::InPlace(VecDeque::new()),
        }
    }
}

impl<R: Dir> Work<R> {
    fn share(&self) -> Self {
        Self {
            place: Arc::clone(&self.place),
            cache: self.cache,
            kept: Arc::clone(&self.kept),
        }
    }

    fn run(&self, job: Job<R>) -> Done<R> {
        match job {
            Job::Spare => Done::Spare(Spare::create(&self.place, self.cache)),
            Job::Seal(mut tail, next) => {
                Done::Sealed(seal(&self.place, &mut tail, Some(next), &self.kept))
            }
            Job::Retain => Done::Retained(retain_now(&self.place, &self.kept)),
        }
    }
}
