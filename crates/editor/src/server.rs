//! The loop between the two streams.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use cofferdam_pipelines::Options;
use serde_json::Value;

use crate::session::{Phase, Session};
use crate::wire::{self, Incoming, code};

/// Messages that wait; behind them the client does.
const QUEUE: usize = 256;

/// What the server is told once.
pub struct Settings {
    /// As for an audit; [`Self::refresh`] keeps them up to date.
    pub options: Options,
    /// Brings the time and the data up to date, before each judgement.
    pub refresh: Box<dyn FnMut(&mut Options)>,
    /// The version of the program.
    pub version: &'static str,
}

/// How the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client asked for the end, in the order that the protocol demands.
    Orderly,
    /// It left without a word, or without `shutdown`.
    Abruptly,
}

/// Why a session cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No message begins where one should.
    #[error("the client's messages cannot be told apart: {0}")]
    Input(io::Error),
    /// The client no longer listens.
    #[error("nothing can be written to the client: {0}")]
    Output(io::Error),
}

/// Serves one client until it leaves.
///
/// # Errors
/// [`ServeError`] if a stream breaks.
pub fn serve(
    input: impl BufRead + Send + 'static,
    mut output: impl Write,
    settings: Settings,
) -> Result<Ended, ServeError> {
    let (sender, receiver) = sync_channel(QUEUE);
    // It ends with the stream, or with the process: a blocked read cannot be
    // called back.
    thread::spawn(move || forward(input, &sender));
    let mut session = Session::new(settings);
    let mut waiting = VecDeque::new();
    loop {
        let arrived = gather(&receiver, &mut waiting, session.is_dirty());
        for id in cancelled(&mut waiting) {
            session.say(wire::error(&id, code::CANCELLED, "cancelled by the client"));
        }
        let mut broken = None;
        match waiting.pop_front() {
            Some(Ok(message)) => session.take(message),
            Some(Err(error)) => {
                session.say(wire::error(
                    &Value::Null,
                    code::PARSE_ERROR,
                    &error.to_string(),
                ));
                broken = Some(error);
            }
            None if arrived == Arrived::End => return Ok(Ended::Abruptly),
            // Nothing more comes for now, so that what was written is looked at.
            None => session.settle(),
        }
        for message in session.said() {
            wire::write(&mut output, &message).map_err(ServeError::Output)?;
        }
        if let Some(error) = broken {
            return Err(ServeError::Input(error));
        }
        match session.phase() {
            Phase::Exited { orderly: true } => return Ok(Ended::Orderly),
            Phase::Exited { orderly: false } => return Ok(Ended::Abruptly),
            _ => {}
        }
    }
}

type Message = io::Result<Incoming>;

fn forward(mut input: impl BufRead, sender: &SyncSender<Message>) {
    loop {
        let message = match wire::read(&mut input) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let last = message.is_err();
        if sender.send(message).is_err() || last {
            return;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrived {
    Some,
    Nothing,
    End,
}

/// Takes everything that has arrived. Waits for the next message only if there
/// is nothing to do.
fn gather(receiver: &Receiver<Message>, waiting: &mut VecDeque<Message>, busy: bool) -> Arrived {
    let mut arrived = Arrived::Nothing;
    while waiting.len() < QUEUE {
        let next = if waiting.is_empty() && !busy {
            receiver.recv().map_err(|_| TryRecvError::Disconnected)
        } else {
            receiver.try_recv()
        };
        match next {
            Ok(message) => {
                waiting.push_back(message);
                arrived = Arrived::Some;
            }
            Err(TryRecvError::Empty) => break,
            Err(TryRecvError::Disconnected) => {
                if !busy {
                    arrived = Arrived::End;
                }
                break;
            }
        }
    }
    arrived
}

/// Takes out requests that the client no longer waits for, with their
/// cancellations.
fn cancelled(waiting: &mut VecDeque<Message>) -> Vec<Value> {
    let mut ids = Vec::new();
    waiting.retain(|message| match message {
        Ok(Incoming::Notification { method, params }) if method == "$/cancelRequest" => {
            ids.extend(params.get("id").cloned());
            false
        }
        _ => true,
    });
    let mut found = Vec::new();
    waiting.retain(|message| match message {
        Ok(Incoming::Request { id, .. }) if ids.contains(id) => {
            found.push(id.clone());
            false
        }
        _ => true,
    });
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_cancelled_while_it_waits_is_not_done() {
        let request = |id: i64| {
            Ok(Incoming::Request {
                id: json!(id),
                method: "textDocument/hover".to_owned(),
                params: Value::Null,
            })
        };
        let cancel = Ok(Incoming::Notification {
            method: "$/cancelRequest".to_owned(),
            params: json!({"id": 2}),
        });
        let mut waiting = VecDeque::from([request(1), request(2), cancel, request(3)]);
        assert_eq!(cancelled(&mut waiting), [json!(2)]);
        assert_eq!(waiting.len(), 2);
        assert!(cancelled(&mut waiting).is_empty());
    }
}
