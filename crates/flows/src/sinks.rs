//! Places where a value turns into code, or into a line of a file that the
//! runner reads.

use std::ops::Range;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::expressions::Expr;
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{Script, Shell};

use crate::class::Class;
use crate::code_inputs::{self, Language};
use crate::flow::{Sink, SinkKind};
use crate::position;
use crate::requests;
use crate::scope::{Scope, Unit};
use crate::scripts::Running;
use crate::trace::Tracer;
use crate::trail::Trail;
use crate::writes::{self, Block, Content, EnvFile};

/// A sink and the ways that lead to it inside of its file.
pub(crate) struct Reached<'r> {
    pub(crate) scope: Scope<'r>,
    pub(crate) sink: Sink<'r>,
    pub(crate) trails: Vec<Trail<'r>>,
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// Every sink of a scope that anything leads to.
    pub(crate) fn sinks(&self, scope: Scope<'r>) -> Vec<Reached<'r>> {
        let mut found = Vec::new();
        for step in scope.steps() {
            let at = At {
                scope: scope.in_step(step),
                step,
                action: match scope.unit {
                    Unit::Action(action) => Some(action),
                    Unit::Workflow(_) => None,
                },
            };
            match &step.kind {
                StepKind::Run { script, shell, .. } => {
                    self.script_sinks(&at, script, &mut found);
                    let defaults = scope.job.and_then(|j| j.defaults.shell.as_ref());
                    if let Some(text) = shell.as_ref().or(defaults) {
                        self.whole(&at, text, SinkKind::ShellCommand, "", &mut found);
                    }
                    let shell = shell_of(&at);
                    if !shell.is_understood() {
                        self.line_writes(&at, script, &shell, &mut found);
                        self.line_code(&at, script, &shell, &mut found);
                    } else if let Some(running) = self.running(scope, step) {
                        self.evaluated(&at, running, &mut found);
                        self.calculated(&at, running, &mut found);
                        self.sourced(&at, running, &mut found);
                        self.arguments(&at, running, &mut found);
                        self.requests(&at, running, &mut found);
                        self.prompts_of_script(&at, running, &mut found);
                        self.targets_of_script(&at, running, &mut found);
                        self.files(&at, running, &mut found);
                        self.writes_of_code(&at, running, &mut found);
                        self.sinks_of_programs(&at, running, &mut found);
                    }
                }
                StepKind::Uses { with, .. } => {
                    let name = step.action().unwrap_or_default();
                    for pair in with {
                        let input = &pair.key.value;
                        let any = input.is_empty() && code_inputs::has_any(name);
                        let kind = if any || code_inputs::language(name, input).is_some() {
                            SinkKind::CodeInput
                        } else if requests::is_address(name, input) {
                            SinkKind::Request {
                                secret: with.iter().any(|p| requests::is_secret(&p.value.value)),
                                runs: false,
                            }
                        } else {
                            continue;
                        };
                        self.whole(&at, &pair.value, kind, input, &mut found);
                    }
                    self.prompts(&at, &mut found);
                    self.targets(&at, with, &mut found);
                }
                _ => {}
            }
        }
        found
    }

    fn script_sinks(&self, at: &At<'r>, text: &'r Text, found: &mut Vec<Reached<'r>>) {
        if text.expressions.is_empty() {
            return;
        }
        let shell = shell_of(at);
        let script = self.script(at.scope, at.step);
        for (embedded, expr) in text.parsed() {
            let class = script.map_or(Class::Word, |script: &Script| {
                position::harmless(&text.value, &embedded.range, script, &shell)
            });
            let kind = SinkKind::Script;
            self.expression_sink(at, text, (&embedded.range, expr), (kind, class, ""), found);
        }
    }

    pub(crate) fn whole(
        &self,
        at: &At<'r>,
        text: &'r Text,
        kind: SinkKind,
        input: &str,
        found: &mut Vec<Reached<'r>>,
    ) {
        let name = at.step.action().unwrap_or_default();
        let javascript = code_inputs::language(name, input) == Some(Language::JavaScript);
        for (embedded, expr) in text.parsed() {
            let what = (kind, Class::Word, input);
            let before = found.len();
            self.expression_sink(at, text, (&embedded.range, expr), what, found);
            // JSON is a literal of the language, and quotes of its own hold it.
            if javascript && position::is_operand(&text.value, &embedded.range) {
                for reached in found.iter_mut().skip(before) {
                    reached.trails.retain(|trail| !trail.json);
                }
            }
        }
    }

    fn expression_sink(
        &self,
        at: &At<'r>,
        text: &'r Text,
        (range, expr): (&Range<usize>, &'r Expr),
        (kind, holds_up_to, input): (SinkKind, Class, &str),
        found: &mut Vec<Reached<'r>>,
    ) {
        let span = text.raw_span(at.scope.document(), range.clone());
        let trails = self.expression(at.scope, expr, span);
        if trails.is_empty() {
            return;
        }
        let written = text.value.get(range.clone()).unwrap_or("").to_owned();
        let mut reached = at.reached(kind, span, written, trails);
        reached.sink.holds_up_to = holds_up_to;
        input.clone_into(&mut reached.sink.input);
        found.push(reached);
    }

    pub(crate) fn files(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for write in writes::of_script(running.source(), running.script) {
            let mut trails = self.content(running, &write);
            trails.retain(|trail| !trail.spliced);
            if trails.is_empty() {
                continue;
            }
            let (span, written) = match &write.content {
                Content::Word(word, part) => (
                    running.span(word.place(part.clone())),
                    word.text.get(part.clone()).unwrap_or("").to_owned(),
                ),
                Content::Printed(command) => (
                    running.span(command.range.clone()),
                    command.name.text.clone(),
                ),
            };
            let kind = match write.file {
                EnvFile::Environment => SinkKind::EnvironmentFile,
                EnvFile::Path => SinkKind::PathFile,
                EnvFile::Output => SinkKind::OutputFile,
            };
            // One line keeps to its line, and a block whose delimiter nobody
            // can know keeps everything in.
            let holds_up_to = match (&write.name, write.block) {
                (_, Some(Block::Random)) => Class::Text,
                (Some(name), _) if write.file == EnvFile::Environment && is_trusted(name) => {
                    Class::Word
                }
                (Some(_), _) => Class::Line,
                (None, _) => Class::Word,
            };
            for trail in &mut trails {
                trail.place = Some((at.scope.file(), span));
                if trail.flat {
                    trail.cap = trail.cap.min(Class::Line);
                }
            }
            let mut reached = at.reached(kind, span, written, trails);
            reached.sink.holds_up_to = holds_up_to;
            reached.sink.input = write.name.unwrap_or_default();
            found.push(reached);
        }
    }
}

/// Variables by which a program loads or runs what they name (GitHub refuses
/// `NODE_OPTIONS` in the file).
fn is_trusted(name: &str) -> bool {
    matches!(
        name,
        "BASH_ENV"
            | "ENV"
            | "GIT_SSH_COMMAND"
            | "LD_LIBRARY_PATH"
            | "LD_PRELOAD"
            | "PATH"
            | "PERL5OPT"
            | "PYTHONPATH"
            | "PYTHONSTARTUP"
            | "RUBYOPT"
            | "JAVA_TOOL_OPTIONS"
    )
}

/// The step in which a sink stands.
pub(crate) struct At<'r> {
    pub(crate) scope: Scope<'r>,
    pub(crate) step: &'r Step,
    pub(crate) action: Option<&'r Action>,
}

impl<'r> At<'r> {
    pub(crate) fn reached(
        &self,
        kind: SinkKind,
        span: Span,
        written: String,
        trails: Vec<Trail<'r>>,
    ) -> Reached<'r> {
        Reached {
            scope: self.scope,
            sink: Sink {
                kind,
                file: self.scope.file(),
                span,
                written,
                step: self.step,
                action: self.action,
                input: String::new(),
                page: "",
                holds_up_to: Class::Word,
            },
            trails,
        }
    }
}

fn shell_of(at: &At<'_>) -> Shell {
    match (at.scope.unit, at.scope.job) {
        (Unit::Workflow(workflow), Some(job)) => shells::of_step(workflow, job, at.step),
        _ => shells::of_composite_step(at.step),
    }
}
