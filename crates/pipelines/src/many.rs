//! The audit of many repositories, in bounded memory and a fixed order.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use cofferdam_findings::Report;
use rayon::Yield;

use crate::audit::{AuditError, Options, Target, audit};

/// How many repositories are in memory for each thread. More keep the threads
/// busy while one large repository is read; each costs memory.
const IN_FLIGHT: usize = 4;

/// How many repositories are in memory at most. Threads beyond that share the
/// files of a repository.
const MOST_IN_FLIGHT: usize = 64;

/// Audits every target and hands each result to `each`, in the order of the
/// targets whatever the number of threads. `each` may end the run.
///
/// Memory does not grow with the number of targets: however long one of them
/// takes, or `each`, only few more are begun before it is handed over.
pub fn audit_all<B>(
    targets: &[Target],
    options: &Options,
    each: impl FnMut(&Target, Result<Report, AuditError>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    in_order(targets, window(), |target| audit(target, options), each)
}

/// How many repositories are begun and not handed over at most.
pub(crate) fn window() -> usize {
    rayon::current_num_threads()
        .saturating_mul(IN_FLIGHT)
        .min(MOST_IN_FLIGHT)
}

/// Works on items in parallel and hands each result to `each`, in the order of
/// the items and on this thread. Never more than `window` items, at least one,
/// are begun and not handed over.
pub(crate) fn in_order<T: Sync, R: Send, B>(
    items: &[T],
    window: usize,
    work: impl Fn(&T) -> R + Sync,
    mut each: impl FnMut(&T, R) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let done = Done::default();
    let over = AtomicBool::new(false);
    rayon::in_place_scope(|scope| {
        let (done, over, work) = (&done, &over, &work);
        let begin = |(index, item)| {
            scope.spawn(move |_| {
                // Nobody waits for what follows the end.
                if !over.load(Ordering::Relaxed) {
                    done.put(index, catch_unwind(AssertUnwindSafe(|| work(item))));
                }
            });
        };
        let mut waiting = items.iter().enumerate();
        waiting.by_ref().take(window.max(1)).for_each(begin);
        for (index, item) in items.iter().enumerate() {
            let result = match done.take(index) {
                Ok(result) => result,
                Err(panic) => {
                    over.store(true, Ordering::Relaxed);
                    resume_unwind(panic)
                }
            };
            let flow = each(item, result);
            if flow.is_break() {
                over.store(true, Ordering::Relaxed);
                return flow;
            }
            waiting.next().into_iter().for_each(begin);
        }
        ControlFlow::Continue(())
    })
}

/// A result, or the panic in its place.
type Outcome<R> = Result<R, Box<dyn Any + Send>>;

/// Results that wait for their turn.
struct Done<R> {
    outcomes: Mutex<BTreeMap<usize, Outcome<R>>>,
    changed: Condvar,
}

impl<R> Default for Done<R> {
    fn default() -> Self {
        Self {
            outcomes: Mutex::default(),
            changed: Condvar::new(),
        }
    }
}

impl<R> Done<R> {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Outcome<R>>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, index: usize, outcome: Outcome<R>) {
        self.lock().insert(index, outcome);
        self.changed.notify_all();
    }

    /// Waits for a result. A thread of the pool works meanwhile: it may be the
    /// only one.
    fn take(&self, index: usize) -> Outcome<R> {
        loop {
            if let Some(outcome) = self.lock().remove(&index) {
                return outcome;
            }
            if rayon::yield_now() == Some(Yield::Executed) {
                continue;
            }
            let waited =
                (self.changed).wait_while(self.lock(), |outcomes| !outcomes.contains_key(&index));
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::{Duration, Instant};

    use rayon::ThreadPool;

    use super::*;

    const THREADS: [usize; 4] = [1, 2, 4, 16];

    fn pool(threads: usize) -> ThreadPool {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
    }

    /// A short piece of work whose length says nothing about its place.
    fn work(item: usize) -> usize {
        std::thread::sleep(Duration::from_micros((item as u64 * 7919) % 400));
        item * item
    }

    #[test]
    fn results_come_in_order_and_all_of_them() {
        let items: Vec<usize> = (0..200).collect();
        for threads in THREADS {
            for window in [0, 1, 3, 500] {
                let mut seen = Vec::new();
                let flow: ControlFlow<()> = pool(threads).install(|| {
                    in_order(
                        &items,
                        window,
                        |item| work(*item),
                        |item, result| {
                            seen.push((*item, result));
                            ControlFlow::Continue(())
                        },
                    )
                });
                assert!(flow.is_continue());
                let all: Vec<_> = items.iter().map(|item| (*item, item * item)).collect();
                assert_eq!(seen, all, "{threads} threads, a window of {window}");
            }
        }
    }

    /// The first item ends only when everything that may pile up behind it has
    /// done so, and a while later.
    #[test]
    fn a_slow_first_item_lets_no_more_than_the_window_pile_up() {
        const WINDOW: usize = 8;
        let items: Vec<usize> = (0..400).collect();
        let begun = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let handed_over = AtomicUsize::new(0);
        let ended = AtomicUsize::new(0);
        // Items do not begin in order, so this may be too little and never too much.
        let in_flight = || {
            let begun = begun.load(Ordering::SeqCst);
            begun.saturating_sub(handed_over.load(Ordering::SeqCst))
        };
        let flow: ControlFlow<()> = pool(4).install(|| {
            in_order(
                &items,
                WINDOW,
                |item| {
                    begun.fetch_add(1, Ordering::SeqCst);
                    most.fetch_max(in_flight(), Ordering::SeqCst);
                    if *item == 0 {
                        let patience = Instant::now() + Duration::from_secs(20);
                        while ended.load(Ordering::SeqCst) < WINDOW - 1 {
                            assert!(Instant::now() < patience, "the others do not go on");
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        std::thread::sleep(Duration::from_millis(50));
                    }
                    ended.fetch_add(1, Ordering::SeqCst);
                },
                |item, ()| {
                    if *item == 0 {
                        assert_eq!(begun.load(Ordering::SeqCst), WINDOW);
                    }
                    handed_over.fetch_add(1, Ordering::SeqCst);
                    ControlFlow::Continue(())
                },
            )
        });
        assert!(flow.is_continue());
        assert_eq!(handed_over.load(Ordering::SeqCst), items.len());
        assert_eq!(most.load(Ordering::SeqCst), WINDOW);
    }

    #[test]
    fn an_end_begins_nothing_more() {
        const WINDOW: usize = 4;
        let items: Vec<usize> = (0..400).collect();
        for threads in THREADS {
            let begun = AtomicUsize::new(0);
            let flow = pool(threads).install(|| {
                in_order(
                    &items,
                    WINDOW,
                    |item| {
                        begun.fetch_add(1, Ordering::SeqCst);
                        work(*item)
                    },
                    |item, _| match *item {
                        9 => ControlFlow::Break("enough"),
                        _ => ControlFlow::Continue(()),
                    },
                )
            });
            assert_eq!(flow, ControlFlow::Break("enough"));
            assert!((10..10 + WINDOW).contains(&begun.load(Ordering::SeqCst)));
        }
    }

    #[test]
    fn a_panic_ends_the_run_instead_of_being_waited_for() {
        let items: Vec<usize> = (0..100).collect();
        for threads in THREADS {
            let mut seen = 0;
            let run = catch_unwind(AssertUnwindSafe(|| {
                pool(threads).install(|| {
                    let _: ControlFlow<()> = in_order(
                        &items,
                        4,
                        |item| assert_ne!(*item, 7),
                        |_, ()| {
                            seen += 1;
                            ControlFlow::Continue(())
                        },
                    );
                });
            }));
            assert!(run.is_err());
            assert_eq!(seen, 7);
        }
    }
}
