//! Redirections and here-documents, and whom the grammar's tree gives them to.

use tree_sitter::Node;

use super::model::{Failure, Redirect, Word};
use super::walk::{Context, Walk, statements_in_pipeline};
use super::words::{self, children};

/// Redirections written after one statement.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) outer: Option<usize>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) heredoc: Option<Word>,
    /// Words that stand after a redirection and are arguments.
    pub(super) args: Vec<Word>,
}

impl<'t> Walk<'_, 't, '_> {
    pub(super) fn redirected(&mut self, node: Node<'t>, context: Context) {
        let frame = self.frame(node, context);
        let body = node.child_by_field_name("body");
        let mut inner = context;
        // The rest of the line after `<<EOF` hangs on the redirection.
        for redirect in children(node)
            .into_iter()
            .filter(|part| part.kind() == "heredoc_redirect")
        {
            for part in children(redirect) {
                if part.kind() == "pipeline" {
                    let (id, position) = self.place_in_pipeline(inner);
                    inner = Context {
                        pipeline: Some((id, position)),
                        in_own_pipeline: true,
                        ..inner
                    };
                    let before = body.map_or(1, statements_in_pipeline);
                    let next = Context {
                        pipeline: Some((id, position + before)),
                        ..inner
                    };
                    inner = inner.failing(self.rest_of_line(part, next));
                }
            }
            let Some(right) = redirect.child_by_field_name("right") else {
                continue;
            };
            let or = children(redirect).iter().any(|part| part.kind() == "||");
            let ignored = or && self.gives_up(right);
            inner = inner.failing(if ignored {
                Failure::Ignored
            } else {
                Failure::Handled
            });
            self.stack.push((right, context.conditional()));
        }
        let Some(body) = body else { return };
        let list = matches!(body.kind(), "list" | "pipeline");
        let inner = if list {
            Context {
                tail: Some(frame),
                ..inner
            }
        } else {
            Context {
                frame: Some(frame),
                tail: None,
                ..inner
            }
        };
        self.stack.push((body, inner));
    }

    /// The statement after the pipe behind a `<<EOF`. If it is a list, that
    /// decides what becomes of the whole pipeline's failure.
    fn rest_of_line(&mut self, node: Node<'t>, context: Context) -> Failure {
        let mut failure = Failure::Stops;
        for part in children(node).into_iter().filter(|part| part.is_named()) {
            self.stack.push((part, context));
            let mut list = part;
            while list.kind() == "list" {
                failure = failure.max(self.left_failure(list));
                let Some(left) = list.child(0) else { break };
                list = left;
            }
        }
        failure
    }

    /// Reads the redirections of a statement, and follows the substitutions in
    /// them.
    pub(super) fn frame(&mut self, node: Node<'t>, context: Context) -> usize {
        let mut frame = Frame {
            outer: context.tail.or(context.frame),
            ..Frame::default()
        };
        for part in children(node) {
            self.redirection(part, &mut frame, context);
        }
        self.frames.push(frame);
        self.frames.len() - 1
    }

    fn redirection(&mut self, node: Node<'t>, frame: &mut Frame, context: Context) {
        match node.kind() {
            "file_redirect" | "herestring_redirect" => self.redirect(node, frame, context),
            "heredoc_redirect" => self.heredoc(node, frame, context),
            _ => {}
        }
    }

    pub(super) fn redirect(&mut self, node: Node<'t>, frame: &mut Frame, context: Context) {
        let mut operator = String::new();
        let mut descriptor = None;
        let mut targets = Vec::new();
        for part in children(node) {
            let text = self.source.get(part.byte_range());
            if part.kind() == "file_descriptor" {
                descriptor = text.parse().ok();
            } else if part.is_named() {
                targets.push(words::word(self.source, part));
                self.stack
                    .push((part, context.substituted().failing(Failure::Handled)));
            } else {
                text.clone_into(&mut operator);
            }
        }
        let mut targets = targets.into_iter();
        if let Some(target) = targets.next() {
            frame.redirects.push(Redirect {
                operator,
                descriptor,
                target,
                inherited: false,
            });
        }
        // The grammar takes every word after the first for a target too.
        frame.args.extend(targets);
    }

    fn heredoc(&mut self, node: Node<'t>, frame: &mut Frame, context: Context) {
        let parts = children(node);
        let quoted = |part: &Node<'t>| {
            let text = self.source.get(part.byte_range());
            part.kind() == "heredoc_start" && text.contains(['\'', '"', '\\'])
        };
        let expands = !parts.iter().any(quoted);
        let mut redirects = Frame::default();
        for part in parts {
            match part.kind() {
                "heredoc_body" => {
                    frame.heredoc = Some(words::heredoc(self.source, part, expands));
                    if expands {
                        self.stack
                            .push((part, context.substituted().failing(Failure::Handled)));
                    }
                }
                "file_redirect" | "herestring_redirect" => {
                    self.redirect(part, &mut redirects, context);
                }
                // Handled where the statement is.
                "pipeline" | "heredoc_start" | "heredoc_end" | "file_descriptor" => {}
                _ if part.is_named() && !is_right_side(node, part) => {
                    frame.args.push(words::word(self.source, part));
                    self.stack
                        .push((part, context.substituted().failing(Failure::Handled)));
                }
                _ => {}
            }
        }
        frame.redirects.append(&mut redirects.redirects);
        frame.args.append(&mut redirects.args);
    }
}

/// Whether a part of a here-document's line is the statement behind `&&` or `||`.
fn is_right_side(redirect: Node<'_>, part: Node<'_>) -> bool {
    redirect
        .child_by_field_name("right")
        .is_some_and(|right| right.id() == part.id())
}
