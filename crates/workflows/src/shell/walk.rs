//! From the grammar's tree to commands, without recursion.

use std::ops::Range;

use tree_sitter::Node;

use super::grammar;
use super::model::{Assignment, Command, Failure, Redirect, Script, Word};
use super::nested::{self, Nested};
use super::redirections::Frame;
use super::source::Source;
use super::words::{self, children};
use super::wrappers;

/// Redirections of groups around a command are followed this far out.
const MAX_INHERITED: usize = 8;

/// What holds at a place in the script.
#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    pub(super) in_function: bool,
    pub(super) conditional: bool,
    pub(super) in_branch: bool,
    pub(super) dead: bool,
    pub(super) in_substitution: bool,
    pub(super) failure: Failure,
    /// The pipeline's number and position.
    pub(super) pipeline: Option<(usize, usize)>,
    /// Whether the pipeline is this statement's own, not that of a group.
    pub(super) in_own_pipeline: bool,
    /// The innermost redirections that apply, as an index into the frames.
    pub(super) frame: Option<usize>,
    /// Redirections that apply to the last part of a list or pipeline only.
    pub(super) tail: Option<usize>,
    /// From this frame outward, redirections belong to groups.
    pub(super) groups: Option<usize>,
}

impl Context {
    pub(super) fn conditional(self) -> Self {
        Self {
            conditional: true,
            ..self
        }
    }

    /// For what a condition decides on, whose value may stand there.
    fn branching(self, runs: Option<bool>) -> Self {
        Self {
            in_branch: self.in_branch || runs != Some(true),
            dead: self.dead || runs == Some(false),
            ..self.conditional()
        }
    }

    /// The failure counts as at least this.
    pub(super) fn failing(self, failure: Failure) -> Self {
        Self {
            failure: self.failure.max(failure),
            ..self
        }
    }

    /// For a statement that is neither list nor pipeline.
    fn settled(self) -> Self {
        Self {
            frame: self.tail.or(self.frame),
            tail: None,
            ..self
        }
    }

    /// For what is inside of a group, loop or branch.
    fn grouped(self) -> Self {
        let settled = self.settled();
        Self {
            groups: settled.frame,
            in_own_pipeline: false,
            ..settled
        }
    }

    /// For what stands in a word.
    pub(super) fn substituted(self) -> Self {
        Self {
            in_substitution: true,
            pipeline: None,
            in_own_pipeline: false,
            frame: None,
            tail: None,
            groups: None,
            ..self
        }
    }
}

pub(super) struct Walk<'s, 't, 'o> {
    pub(super) source: &'s Source,
    depth: usize,
    script: &'o mut Script,
    pub(super) stack: Vec<(Node<'t>, Context)>,
    pub(super) frames: Vec<Frame>,
    found: Vec<Nested>,
}

/// Parses one script and adds what is in it; gives back the scripts inside.
pub(super) fn script(nested: Nested, script: &mut Script) -> Vec<Nested> {
    let Nested {
        source,
        depth,
        context,
    } = nested;
    let whole = 0..source.text().len();
    script
        .not_understood
        .extend(source.unclosed().map(|range| source.place(range)));
    let Some(tree) = grammar::parse(source.masked()) else {
        script.not_understood.push(source.place(whole));
        return Vec::new();
    };
    let root = tree.root_node();
    mark_errors(root, &source, script);
    let mut walk = Walk {
        source: &source,
        depth,
        script,
        stack: vec![(root, context)],
        frames: Vec::new(),
        found: Vec::new(),
    };
    while let Some((node, context)) = walk.stack.pop() {
        walk.visit(node, context);
    }
    walk.found
}

/// Notes every stretch that the grammar skipped or made up.
fn mark_errors(root: Node<'_>, source: &Source, script: &mut Script) {
    if !root.has_error() {
        return;
    }
    let mut stack = vec![root];
    while let Some(node) = stack.pop() {
        if node.is_error() {
            script.not_understood.push(source.place(node.byte_range()));
        } else if node.is_missing() {
            // Something is made up here, so its whole line is in doubt.
            let text = source.text();
            let at = node.start_byte();
            let start = text
                .get(..at)
                .and_then(|before| before.rfind('\n'))
                .map_or(0, |at| at + 1);
            let rest = text.get(at..).unwrap_or_default();
            let end = at + rest.find('\n').unwrap_or(rest.len());
            script.not_understood.push(source.place(start..end));
        } else if node.has_error() {
            stack.extend(children(node));
        }
    }
}

impl<'t> Walk<'_, 't, '_> {
    fn visit(&mut self, node: Node<'t>, context: Context) {
        match node.kind() {
            "list" => self.list(node, context),
            "pipeline" => self.pipeline(node, context),
            "redirected_statement" => self.redirected(node, context),
            "command" => self.command(node, context.settled()),
            "declaration_command" | "unset_command" => self.declaration(node, context.settled()),
            "test_command" => self.test(node, context.settled()),
            "variable_assignment" => self.assignment(node, context, false),
            "if_statement" | "elif_clause" => self.branch(node, context.grouped()),
            "while_statement" => self.repeat(node, context.grouped()),
            "else_clause" | "case_item" => {
                self.statements(node, context.grouped().branching(None));
            }
            "compound_statement" if self.source.get(node.byte_range()).starts_with("((") => {
                let place = self.source.place(node.byte_range());
                self.script.calculations.push(place);
                self.statements(node, context.grouped());
            }
            "for_statement" | "c_style_for_statement" => {
                self.run_through(node, context);
                self.statements(node, context.grouped().conditional());
            }
            "function_definition" => self.function(node, context.grouped()),
            "negated_command" => self.statements(node, context.settled().failing(Failure::Handled)),
            "command_substitution" | "process_substitution" => {
                self.statements(node, context.substituted());
            }
            _ => self.statements(node, context.grouped()),
        }
    }

    /// Children that are statements, in the same context, save for those that
    /// are put into the background.
    fn statements(&mut self, node: Node<'t>, context: Context) {
        let parts = children(node);
        let next = parts.iter().skip(1).map(|node| node.kind()).chain([""]);
        for (part, next) in parts.iter().zip(next) {
            if part.is_named() {
                let background = next == "&";
                let inner = if background {
                    context.failing(Failure::Ignored)
                } else {
                    context
                };
                self.stack.push((*part, inner));
            }
        }
    }

    fn list(&mut self, node: Node<'t>, context: Context) {
        let parts = children(node);
        let (Some(left), Some(right)) = (parts.first(), parts.last()) else {
            return;
        };
        let left_context = Context {
            tail: None,
            ..context
        }
        .failing(self.left_failure(node));
        self.stack.push((*left, left_context));
        // Only behind a here-document does a list begin inside of a pipeline.
        let pipeline = context.pipeline.filter(|_| !context.in_own_pipeline);
        let right_context = Context {
            pipeline,
            in_own_pipeline: false,
            ..context
        };
        let or = parts.iter().any(|part| part.kind() == "||");
        let right_context = match self.constant(*left) {
            Some(value) => right_context.branching(Some(value != or)),
            None if or || self.is_question(*left) => right_context.branching(None),
            None => right_context.conditional(),
        };
        self.stack.push((*right, right_context));
    }

    /// What a condition always is, where it is written so.
    fn constant(&self, node: Node<'t>) -> Option<bool> {
        let text = self.source.get(node.byte_range()).trim();
        match text.trim_end_matches(';').trim_end() {
            "true" | ":" | "/bin/true" | "! false" => Some(true),
            "false" | "/bin/false" | "! true" | "! :" => Some(false),
            _ => None,
        }
    }

    /// Whether a statement only asks for something, so that its failure is an
    /// answer and no fault.
    fn is_question(&self, node: Node<'t>) -> bool {
        let text = self.source.get(node.byte_range());
        let last = text.rsplit("&&").next().unwrap_or(text).trim_start();
        let word = last.split_whitespace().next().unwrap_or_default();
        let asks = [
            "[", "[[", "((", "test", "grep", "command", "which", "type", "!",
        ];
        asks.contains(&word) || self.constant(node).is_some()
    }

    /// What becomes of a failure on the left side of a list.
    pub(super) fn left_failure(&self, list: Node<'t>) -> Failure {
        let parts = children(list);
        let or = parts.iter().any(|part| part.kind() == "||");
        match parts.last() {
            Some(right) if or && self.gives_up(*right) => Failure::Ignored,
            _ => Failure::Handled,
        }
    }

    /// Whether a statement succeeds and does nothing: `true`, `:`, `exit 0`.
    pub(super) fn gives_up(&self, node: Node<'t>) -> bool {
        let text = self.source.get(node.byte_range());
        let mut words = text.split_whitespace();
        matches!(
            (words.next(), words.next(), words.next()),
            (Some("true" | ":" | "/bin/true"), _, _) | (Some("exit" | "return"), Some("0"), None)
        )
    }

    fn pipeline(&mut self, node: Node<'t>, context: Context) {
        let (id, first) = self.place_in_pipeline(context);
        let mut position = first;
        // Redirections bind the grammar's pipeline before the pipe that follows
        // them: `a | b > x | c` holds `a | b` in its first part.
        let mut waiting = vec![(node, context)];
        while let Some((node, context)) = waiting.pop() {
            let parts: Vec<Node<'t>> = children(node)
                .into_iter()
                .filter(|part| part.is_named())
                .collect();
            if node.kind() == "pipeline" {
                let last = parts.len().saturating_sub(1);
                for (at, part) in parts.into_iter().enumerate().rev() {
                    let tail = if at == last { context.tail } else { None };
                    waiting.push((part, Context { tail, ..context }));
                }
            } else if let Some(inner) = redirected_pipeline(node) {
                let frame = self.frame(node, context);
                waiting.push((
                    inner,
                    Context {
                        tail: Some(frame),
                        ..context
                    },
                ));
            } else {
                let pipeline = Some((id, position));
                position += 1 + heredoc_pipes(node);
                self.stack.push((
                    node,
                    Context {
                        pipeline,
                        in_own_pipeline: true,
                        ..context
                    },
                ));
            }
        }
    }

    /// The pipeline that a statement belongs to or begins.
    pub(super) fn place_in_pipeline(&mut self, context: Context) -> (usize, usize) {
        match context.pipeline.filter(|_| context.in_own_pipeline) {
            Some(place) => place,
            None => {
                self.script.pipelines += 1;
                (self.script.pipelines - 1, 0)
            }
        }
    }

    fn command(&mut self, node: Node<'t>, context: Context) {
        let Some(name) = node.child_by_field_name("name") else {
            return self.statements(node, context);
        };
        let mut command = self.begin(words::word(self.source, name), node.byte_range(), context);
        let inside = context.substituted().failing(Failure::Handled);
        self.stack.push((name, inside));
        let mut own = Frame::default();
        let mut assigned: Vec<Node<'t>> = Vec::new();
        let mut end = node.start_byte();
        for (part, field) in fields(node) {
            let between = self.source.get(end..part.start_byte()).replace("\\\n", "");
            // Nothing but the continuation of a line makes one word of two.
            let glued = between.is_empty() && end < part.start_byte();
            end = part.end_byte();
            if between.contains('\n') && !assigned.is_empty() {
                // The grammar lets `A=b C=d` reach over the end of its line.
                for alone in assigned.drain(..) {
                    self.assignment(alone, context, false);
                }
                command.range = self.source.place(part.start_byte()..node.end_byte());
            }
            match part.kind() {
                "variable_assignment" => assigned.push(part),
                "file_redirect" | "herestring_redirect" => self.redirect(part, &mut own, context),
                "subshell" => self.stack.push((part, context)),
                _ if field == Some("argument") => {
                    let word = words::word(self.source, part);
                    match command.args.last_mut() {
                        Some(last) if glued => last.append(word),
                        None if glued => command.name.append(word),
                        _ => command.args.push(word),
                    }
                    self.stack.push((part, inside));
                }
                _ => {}
            }
        }
        for part in assigned {
            command.env.push(self.assigned(part));
            let value = part.child_by_field_name("value");
            self.stack.extend(value.map(|value| (value, inside)));
        }
        command.redirects.append(&mut own.redirects);
        command.args.append(&mut own.args);
        self.end(command, context);
    }

    /// A command with nothing but its name.
    fn begin(&self, name: Word, range: Range<usize>, context: Context) -> Command {
        Command {
            name,
            args: Vec::new(),
            env: Vec::new(),
            redirects: Vec::new(),
            heredoc: None,
            pipeline: context.pipeline,
            range: self.source.place(range),
            failure: context.failure,
            in_function: context.in_function,
            conditional: context.conditional,
            in_branch: context.in_branch,
            dead: context.dead,
            in_substitution: context.in_substitution,
            depth: self.depth,
            certain: true,
            peeled: 0,
        }
    }

    /// Adds the redirections around a command, and the scripts that it runs.
    fn end(&mut self, mut command: Command, context: Context) {
        let mut next = context.frame;
        let mut inherited = false;
        let mut groups = 0;
        while let Some(frame) = next.and_then(|at| self.frames.get(at)) {
            inherited |= next == context.groups;
            groups += usize::from(inherited);
            if groups > MAX_INHERITED {
                break;
            }
            let redirects = frame.redirects.iter();
            command.redirects.extend(redirects.map(|redirect| Redirect {
                inherited,
                ..redirect.clone()
            }));
            if !inherited {
                command.args.extend(frame.args.iter().cloned());
                command.heredoc = command.heredoc.or_else(|| frame.heredoc.clone());
            }
            next = frame.outer;
        }
        command.args.sort_by_key(|word| word.range.start);
        let inside = Context {
            frame: None,
            tail: None,
            groups: None,
            in_own_pipeline: false,
            ..context
        };
        command.peeled = wrappers::peeled(&command.name, &command.args);
        self.found.extend(nested::scripts(&command, inside));
        self.script.commands.push(command);
    }

    /// `export A=b`, `local A`, `unset A` and their like.
    fn declaration(&mut self, node: Node<'t>, context: Context) {
        let parts = children(node);
        let Some((keyword, rest)) = parts.split_first() else {
            return;
        };
        let name = words::plain(self.source, keyword.byte_range());
        let exporting = name.text == "export";
        let mut command = self.begin(name, node.byte_range(), context);
        for part in rest {
            command.args.push(words::word(self.source, *part));
            if part.kind() == "variable_assignment" {
                let exported = exporting
                    || command
                        .args
                        .iter()
                        .any(|word| word.text.starts_with('-') && word.text.contains('x'));
                self.assignment(*part, context, exported);
            } else {
                self.stack
                    .push((*part, context.substituted().failing(Failure::Handled)));
            }
        }
        self.end(command, context);
    }

    /// `[ … ]` and `[[ … ]]`, with all operators and operands as arguments.
    fn test(&mut self, node: Node<'t>, context: Context) {
        let parts = children(node);
        let (Some(open), Some(close)) = (parts.first(), parts.last()) else {
            return;
        };
        let name = words::plain(self.source, open.byte_range());
        let mut command = self.begin(name, node.byte_range(), context);
        let mut waiting: Vec<Node<'t>> = parts.iter().skip(1).rev().copied().collect();
        while let Some(part) = waiting.pop() {
            let inner = part.kind().ends_with("_expression") && part.kind() != "brace_expression";
            if inner || part.kind() == "redirected_statement" || part.kind().ends_with("_redirect")
            {
                waiting.extend(children(part).into_iter().rev());
            } else if part.id() != close.id() && !part.byte_range().is_empty() {
                command.args.push(words::word(self.source, part));
                if part.is_named() {
                    self.stack
                        .push((part, context.substituted().failing(Failure::Handled)));
                }
            }
        }
        self.end(command, context);
    }

    /// An assignment that is a statement, and what is substituted in its value.
    fn assignment(&mut self, node: Node<'t>, context: Context, exported: bool) {
        let (name, value) = self.assigned(node);
        self.stack
            .extend(node.child_by_field_name("value").map(|value| {
                // `export A=$(command)` hides the failure, `A=$(command)` does not.
                let inside = context.substituted();
                (
                    value,
                    if exported {
                        inside.failing(Failure::Handled)
                    } else {
                        inside
                    },
                )
            }));
        self.script.assignments.push(Assignment {
            name,
            value,
            range: self.source.place(node.byte_range()),
            exported,
            in_function: context.in_function,
            conditional: context.conditional,
        });
    }

    /// `for NAME in WORDS`, `for ((A; B; C))`
    fn run_through(&mut self, node: Node<'t>, context: Context) {
        for field in ["initializer", "condition", "update"] {
            if let Some(part) = node.child_by_field_name(field) {
                let place = self.source.place(part.byte_range());
                self.script.calculations.push(place);
            }
        }
        let Some(name) = node.child_by_field_name("variable") else {
            return;
        };
        let name = self.source.get(name.byte_range()).to_owned();
        for (part, _) in fields(node).iter().filter(|(_, f)| *f == Some("value")) {
            self.script.loops.push(Assignment {
                name: name.clone(),
                value: words::word(self.source, *part),
                range: self.source.place(part.byte_range()),
                exported: false,
                in_function: context.in_function,
                conditional: true,
            });
        }
    }

    fn assigned(&self, node: Node<'t>) -> (String, Word) {
        let name = node
            .child_by_field_name("name")
            .map_or(String::new(), |name| {
                self.source.get(name.byte_range()).to_owned()
            });
        let end = node.end_byte();
        let value = node.child_by_field_name("value").map_or_else(
            || words::plain(self.source, end..end),
            |value| words::word(self.source, value),
        );
        (name, value)
    }

    /// `if` and `elif`: what comes before `then` is looked at.
    fn branch(&mut self, node: Node<'t>, context: Context) {
        // An `elif` is reached only if what came before failed.
        let reached = if node.kind() == "elif_clause" {
            context.conditional()
        } else {
            context
        };
        let mut inner = reached.failing(Failure::Handled);
        let mut value = None;
        let mut behind = false;
        for part in children(node) {
            if part.kind() == "then" {
                behind = true;
                inner = context.branching(value);
            } else if part.is_named() {
                if !behind {
                    value = self.constant(part);
                }
                let other = matches!(part.kind(), "elif_clause" | "else_clause");
                let otherwise = value.filter(|_| other && behind).map(|value| !value);
                let here = match otherwise {
                    Some(runs) => context.branching(Some(runs)),
                    None if other => context,
                    None => inner,
                };
                self.stack.push((part, here));
            }
        }
    }

    /// `while` and `until`.
    fn repeat(&mut self, node: Node<'t>, context: Context) {
        let until = self.source.get(node.byte_range()).starts_with("until");
        let mut dead = false;
        for (part, field) in fields(node) {
            let inner = match field {
                Some("condition") => {
                    dead |= self.constant(part) == Some(until);
                    context.failing(Failure::Handled)
                }
                _ if dead => context.branching(Some(false)),
                _ => context.conditional(),
            };
            if part.is_named() {
                self.stack.push((part, inner));
            }
        }
    }

    fn function(&mut self, node: Node<'t>, context: Context) {
        if let Some(name) = node.child_by_field_name("name") {
            self.script
                .functions
                .push(self.source.get(name.byte_range()).to_owned());
            self.script
                .bodies
                .push(self.source.place(node.byte_range()));
        }
        let inner = Context {
            in_function: true,
            ..Context::default()
        };
        let frame = self.frame(node, context);
        if let Some(body) = node.child_by_field_name("body") {
            self.stack.push((
                body,
                Context {
                    frame: Some(frame),
                    ..inner
                },
            ));
        }
    }
}

/// The pipeline in a redirected statement, if that is what is redirected and
/// nothing else hangs on it.
fn redirected_pipeline(node: Node<'_>) -> Option<Node<'_>> {
    if node.kind() != "redirected_statement" || heredoc_pipes(node) > 0 {
        return None;
    }
    node.child_by_field_name("body")
        .filter(|body| body.kind() == "pipeline")
}

/// How many positions of a pipeline a statement takes.
pub(super) fn statements_in_pipeline(node: Node<'_>) -> usize {
    let mut count = 0;
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        if node.kind() == "pipeline" {
            waiting.extend(children(node).into_iter().filter(|part| part.is_named()));
        } else if let Some(inner) = redirected_pipeline(node) {
            waiting.push(inner);
        } else {
            count += 1 + heredoc_pipes(node);
        }
    }
    count
}

/// How many statements follow in the pipeline behind a here-document.
fn heredoc_pipes(node: Node<'_>) -> usize {
    if node.kind() != "redirected_statement" {
        return 0;
    }
    children(node)
        .into_iter()
        .filter(|part| part.kind() == "heredoc_redirect")
        .flat_map(children)
        .filter(|part| part.kind() == "pipeline")
        .count()
}

/// The children of a node with the names of their fields.
fn fields(node: Node<'_>) -> Vec<(Node<'_>, Option<&'static str>)> {
    let mut cursor = node.walk();
    let mut found = Vec::new();
    if cursor.goto_first_child() {
        loop {
            found.push((cursor.node(), cursor.field_name()));
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }
    found
}
