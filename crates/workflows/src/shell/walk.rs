//! From the grammar's tree to commands, without recursion.

use tree_sitter::Node;

use super::grammar;
use super::model::{Assignment, Command, Failure, Redirect, Script, Word};
use super::nested::{self, Nested};
use super::source::Source;
use super::words::{self, children};

/// Redirections of groups around a command are followed this far out.
const MAX_INHERITED: usize = 8;

/// What holds at a place in the script.
#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    in_function: bool,
    conditional: bool,
    in_substitution: bool,
    failure: Failure,
    /// The pipeline's number and position.
    pipeline: Option<(usize, usize)>,
    /// Whether the pipeline is this statement's own, not that of a group.
    in_own_pipeline: bool,
    /// The innermost redirections that apply, as an index into the frames.
    frame: Option<usize>,
    /// Redirections that apply to the last part of a list or pipeline only.
    tail: Option<usize>,
    /// From this frame outward, redirections belong to groups.
    groups: Option<usize>,
}

impl Context {
    fn conditional(self) -> Self {
        Self {
            conditional: true,
            ..self
        }
    }

    /// The failure counts as at least this.
    fn failing(self, failure: Failure) -> Self {
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
    fn substituted(self) -> Self {
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

/// Redirections written after one statement.
#[derive(Default)]
struct Frame {
    outer: Option<usize>,
    redirects: Vec<Redirect>,
    heredoc: Option<Word>,
    /// Words that stand after a redirection and are arguments.
    args: Vec<Word>,
}

struct Walk<'s, 't, 'o> {
    source: &'s Source,
    depth: usize,
    script: &'o mut Script,
    stack: Vec<(Node<'t>, Context)>,
    frames: Vec<Frame>,
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
            "else_clause" | "for_statement" | "c_style_for_statement" | "case_item" => {
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
        self.stack.push((*right, right_context.conditional()));
    }

    /// What becomes of a failure on the left side of a list.
    fn left_failure(&self, list: Node<'t>) -> Failure {
        let parts = children(list);
        let or = parts.iter().any(|part| part.kind() == "||");
        match parts.last() {
            Some(right) if or && self.gives_up(*right) => Failure::Ignored,
            _ => Failure::Handled,
        }
    }

    /// Whether a statement succeeds and does nothing: `true`, `:`, `exit 0`.
    fn gives_up(&self, node: Node<'t>) -> bool {
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
    fn place_in_pipeline(&mut self, context: Context) -> (usize, usize) {
        match context.pipeline.filter(|_| context.in_own_pipeline) {
            Some(place) => place,
            None => {
                self.script.pipelines += 1;
                (self.script.pipelines - 1, 0)
            }
        }
    }

    fn redirected(&mut self, node: Node<'t>, context: Context) {
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
                    let next = Context {
                        pipeline: Some((id, position + 1)),
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
    fn frame(&mut self, node: Node<'t>, context: Context) -> usize {
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

    fn redirect(&mut self, node: Node<'t>, frame: &mut Frame, context: Context) {
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

    fn command(&mut self, node: Node<'t>, context: Context) {
        let Some(name) = node.child_by_field_name("name") else {
            return self.statements(node, context);
        };
        let mut command = self.begin(words::word(self.source, name), node, context);
        let inside = context.substituted().failing(Failure::Handled);
        self.stack.push((name, inside));
        let mut own = Frame::default();
        for (part, field) in fields(node) {
            match part.kind() {
                "variable_assignment" => {
                    let (name, value) = self.assigned(part);
                    command.env.push((name, value));
                    self.stack.extend(
                        part.child_by_field_name("value")
                            .map(|value| (value, inside)),
                    );
                }
                "file_redirect" | "herestring_redirect" => self.redirect(part, &mut own, context),
                "subshell" => self.stack.push((part, context)),
                _ if field == Some("argument") => {
                    command.args.push(words::word(self.source, part));
                    self.stack.push((part, inside));
                }
                _ => {}
            }
        }
        command.redirects.append(&mut own.redirects);
        command.args.append(&mut own.args);
        self.end(command, context);
    }

    /// A command with nothing but its name.
    fn begin(&self, name: Word, node: Node<'t>, context: Context) -> Command {
        Command {
            name,
            args: Vec::new(),
            env: Vec::new(),
            redirects: Vec::new(),
            heredoc: None,
            pipeline: context.pipeline,
            range: self.source.place(node.byte_range()),
            failure: context.failure,
            in_function: context.in_function,
            conditional: context.conditional,
            in_substitution: context.in_substitution,
            depth: self.depth,
            certain: true,
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
        let mut command = self.begin(name, node, context);
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
        let mut command = self.begin(words::plain(self.source, open.byte_range()), node, context);
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
        for part in children(node) {
            if part.kind() == "then" {
                inner = context.conditional();
            } else if part.is_named() {
                self.stack.push((part, inner));
            }
        }
    }

    /// `while` and `until`.
    fn repeat(&mut self, node: Node<'t>, context: Context) {
        for (part, field) in fields(node) {
            let inner = match field {
                Some("condition") => context.failing(Failure::Handled),
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

/// Whether a part of a here-document's line is the statement behind `&&` or `||`.
fn is_right_side(redirect: Node<'_>, part: Node<'_>) -> bool {
    redirect
        .child_by_field_name("right")
        .is_some_and(|right| right.id() == part.id())
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
