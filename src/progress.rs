//! A line on the terminal that says what takes so long.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::environment;

/// Work that is done sooner needs no word.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(200);
/// Erases the line and goes to its start.
const ERASE: &[u8] = b"\r\x1b[2K";

/// A line on standard error, if that is a terminal, from the second second on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shared: Option<Arc<Shared>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    total: usize,
}

#[derive(Debug, Default)]
struct State {
    done: usize,
    shown: bool,
    over: bool,
}

impl Progress {
    /// Begins work on so many repositories; silent unless `wanted`.
    pub(crate) fn begin(total: usize, wanted: bool) -> Self {
        if !wanted || !io::stderr().is_terminal() || environment::terminal_is_dumb() {
            return Self::default();
        }
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            total,
        });
        let theirs = Arc::clone(&shared);
        // Without a thread there is no line, which is no loss.
        let writer = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || theirs.write())
            .ok();
        Self {
            shared: Some(shared),
            writer,
        }
    }

    /// One more repository is done: takes the line away, so that a result can
    /// be printed in its place.
    pub(crate) fn step(&self) {
        let Some(shared) = &self.shared else { return };
        let mut state = shared.lock();
        state.done += 1;
        state.erase();
    }

    /// Takes the line away for good.
    pub(crate) fn end(self) {
        if let Some(shared) = &self.shared {
            let mut state = shared.lock();
            state.over = true;
            state.erase();
            drop(state);
            shared.changed.notify_all();
        }
        if let Some(writer) = self.writer {
            // It has nothing to tell but that it is over.
            let _ = writer.join();
        }
    }
}

impl State {
    fn erase(&mut self) {
        if self.shown {
            let _ = io::stderr().write_all(ERASE);
            self.shown = false;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) {
        let mut pause = PATIENCE;
        let mut state = self.lock();
        loop {
            state = self
                .changed
                .wait_timeout_while(state, pause, |state| !state.over)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
            if state.over {
                return;
            }
            pause = INTERVAL;
            let line = match self.total {
                0 | 1 => "auditing …".to_owned(),
                total => format!("audited {} of {total} …", state.done),
            };
            let mut err = io::stderr();
            let _ = err
                .write_all(ERASE)
                .and_then(|()| err.write_all(line.as_bytes()));
            state.shown = true;
        }
    }
}
