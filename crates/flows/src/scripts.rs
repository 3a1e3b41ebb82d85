//! Values in shell scripts: variables, substitutions, and what goes into the
//! runner's files.

use std::ops::Range;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::documents::{Recipe, Step};
use cofferdam_workflows::shell::{Command, Script, Word};

use crate::api;
use crate::class::Class;
use crate::evaluated;
use crate::flow::Source;
use crate::leavings::file_name;
use crate::outputs::Holds;
use crate::readers;
use crate::reads;
use crate::requests;
use crate::scope::Scope;
use crate::sources;
use crate::trace::{Kind, Tracer, output_name};
use crate::trail::{End, Trail, Trails};
use crate::words::{self, Passing, Piece};
use crate::writes::{self, Content, EnvFile, Write};

/// How many assignments are followed into each other.
const MAX_NAMES: usize = 12;

/// A script where it runs.
#[derive(Clone, Copy)]
pub(crate) struct Running<'s, 'r> {
    pub(crate) scope: Scope<'r>,
    pub(crate) body: Body<'r>,
    pub(crate) script: &'s Script,
    /// What starts it, and which of its words is the first argument.
    pub(crate) call: Option<(Call<'s, 'r>, usize)>,
}

/// The text of a script.
#[derive(Clone, Copy)]
pub(crate) enum Body<'r> {
    /// The step's own.
    Step(&'r Text),
    /// A program's, which is said of the place that starts it.
    Program {
        text: &'r str,
        name: &'r str,
        site: Span,
    },
    /// A recipe's, likewise.
    Recipe {
        recipe: &'r Recipe,
        name: &'r str,
        site: Span,
    },
}

/// The command of a step's script that starts a program.
#[derive(Clone, Copy)]
pub(crate) struct Call<'s, 'r> {
    pub(crate) text: &'r Text,
    pub(crate) script: &'s Script,
    pub(crate) command: &'s Command,
}

impl<'s, 'r> Call<'s, 'r> {
    /// The script of the step.
    pub(crate) fn running(&self, scope: Scope<'r>) -> Running<'s, 'r> {
        Running {
            scope,
            body: Body::Step(self.text),
            script: self.script,
            call: None,
        }
    }
}

impl<'r> Running<'_, 'r> {
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        match self.body {
            Body::Step(text) => text.raw_span(self.scope.document(), range),
            Body::Program { site, .. } | Body::Recipe { site, .. } => site,
        }
    }

    pub(crate) fn source(&self) -> &'r str {
        match self.body {
            Body::Step(text) => &text.value,
            Body::Program { text, .. } => text,
            Body::Recipe { recipe, .. } => &recipe.text,
        }
    }

    /// A part of it for messages, with the program in which it stands.
    pub(crate) fn shown(&self, part: &str) -> String {
        let shown: String = part.chars().take(80).collect();
        match self.body {
            Body::Step(_) => shown,
            Body::Program { name, .. } => format!("{name}: {shown}"),
            Body::Recipe { name, recipe, .. } => format!("{name} {}: {shown}", recipe.target),
        }
    }
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// The script of a step, where it runs.
    pub(crate) fn running(&self, scope: Scope<'r>, step: &'r Step) -> Option<Running<'s, 'r>> {
        Some(Running {
            scope: scope.in_step(step),
            body: Body::Step(step.script()?),
            script: self.script(scope, step)?,
            call: None,
        })
    }

    /// What a `run:` step writes into a file of the runner under a name.
    pub(crate) fn written(
        &self,
        scope: Scope<'r>,
        step: &'r Step,
        file: EnvFile,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let Some(running) = self.running(scope, step) else {
            return Vec::new();
        };
        let mut found = Trails::default();
        let mut writes = writes_of(running);
        for inner in self.programs(running) {
            writes.extend(writes_of(inner));
        }
        for (running, write) in writes {
            if write.file != file {
                continue;
            }
            let wanted = match (&write.name, name) {
                (Some(own), Some(name)) => own.eq_ignore_ascii_case(name),
                // A program that prints lines may print this one.
                (None, Some(_)) => matches!(write.content, Content::Printed(_)),
                (_, None) => true,
            };
            let open = write.block != Some(writes::Block::Random);
            let spills = open && file == EnvFile::Output;
            if !(wanted || spills) {
                continue;
            }
            let name = match wanted {
                true => write.name.as_deref().or(name).unwrap_or("*"),
                false => name.unwrap_or("*"),
            };
            let target = match file {
                EnvFile::Output => output_name(step, name),
                EnvFile::Environment => format!("the variable `{name}`"),
                EnvFile::Path => "the path".to_owned(),
            };
            let mut trails = self.content(running, &write);
            if !wanted {
                trails = behind_breaks(trails);
            }
            found.extend(trails.into_iter().map(|t| t.put(&target)));
        }
        self.take(found)
    }

    /// The ways into what is written.
    pub(crate) fn content(&self, running: Running<'s, 'r>, write: &Write<'s>) -> Vec<Trail<'r>> {
        let mut trails = self.printed_into(running, &write.content, &mut Vec::new());
        for trail in &mut trails {
            trail.split |= write.splits;
        }
        trails
    }

    pub(crate) fn printed_into(
        &self,
        running: Running<'s, 'r>,
        content: &Content<'s>,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        match content {
            Content::Word(word, part) => self.word(running, word, part.clone(), seen),
            Content::Printed(command) => {
                let mut found = Trails::default();
                found.extend(self.printed(running, command, seen));
                if let Some((id, _)) = command.pipeline {
                    let members = running.script.pipeline(id);
                    let before = members.into_iter().take_while(|c| c.range != command.range);
                    let through = self.piped(running, before.collect(), seen);
                    found.extend(passed_by(command, through));
                }
                self.take(found)
            }
        }
    }

    /// The ways into a part of a word.
    pub(crate) fn word(
        &self,
        running: Running<'s, 'r>,
        word: &'s Word,
        part: Range<usize>,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        for piece in words::pieces(word, part.clone()) {
            let trails = match piece {
                Piece::Variable(name) if name.starts_with(|c: char| c.is_ascii_digit()) => {
                    self.parameter(running, word, &name, seen)
                }
                Piece::Variable(name) => self.shell_variable(running, &name, seen),
                Piece::Expression(range) => self.spliced(running, word.place(range)),
                Piece::Substitution(range) => self.substitution(running, word.place(range), seen),
            };
            found.extend(trails);
        }
        let span = running.span(word.place(part));
        for trail in &mut found.list {
            trail.place = Some((running.scope.file(), span));
            for condition in running.scope.conditions() {
                trail.guard(condition);
            }
        }
        self.take(found)
    }

    // Expressions that GitHub puts into the script.
    fn spliced(&self, running: Running<'s, 'r>, range: Range<usize>) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let Body::Step(text) = running.body else {
            return Vec::new();
        };
        for (embedded, expr) in text.parsed() {
            if embedded.range.start >= range.start && embedded.range.end <= range.end {
                let span = running.span(embedded.range.clone());
                found.extend(self.expression(running.scope, expr, span));
            }
        }
        for trail in &mut found.list {
            trail.spliced = true;
        }
        self.take(found)
    }

    /// A variable as the script sees it.
    pub(crate) fn shell_variable(
        &self,
        running: Running<'s, 'r>,
        name: &str,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        // Before it is set anew it is what the script was given.
        if seen.iter().any(|s| s == name) {
            return self.given_variable(running, name, seen);
        }
        if seen.len() >= MAX_NAMES {
            return Vec::new();
        }
        if words::is_validated(running.script, name) {
            return Vec::new();
        }
        seen.push(name.to_owned());
        let mut found = Trails::default();
        let mut shadowed = false;
        for assignment in running.script.assignments.iter().filter(|a| a.name == name) {
            let value = &assignment.value;
            let itself = value.variables.iter().any(|v| v == name);
            shadowed |= !assignment.conditional && !assignment.in_function && !itself;
            let part = 0..value.text.len();
            found.extend(self.word(running, value, part, seen));
        }
        for turn in running.script.loops.iter().filter(|l| l.name == name) {
            let part = 0..turn.value.text.len();
            found.extend(self.word(running, &turn.value, part, seen));
        }
        for command in &running.script.commands {
            found.extend(self.read_into(running, command, name, seen));
        }
        if !shadowed {
            found.extend(self.given_variable(running, name, seen));
            found.extend(default_variable(name));
        }
        seen.pop();
        self.take(found)
    }

    // `$1` in a function: what its calls hand over.
    fn parameter(
        &self,
        running: Running<'s, 'r>,
        word: &'s Word,
        number: &str,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let Some(function) = running.script.function_at(word.range.start) else {
            return self.handed_to_code(running, word, number, seen);
        };
        let before = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let key = format!("{function} {number}");
        let (Some(before), false) = (before, seen.contains(&key) || seen.len() >= MAX_NAMES) else {
            return Vec::new();
        };
        seen.push(key);
        let mut found = Trails::default();
        let calls = running.script.commands.iter();
        for call in calls.filter(|call| call.name.is_static && call.name.text == function) {
            if let Some(word) = call.args.get(before) {
                found.extend(self.word(running, word, 0..word.text.len(), seen));
            }
        }
        seen.pop();
        self.take(found)
    }

    // `sh -c 'x $1' _ "$VALUE"`
    fn handed_to_code(
        &self,
        running: Running<'s, 'r>,
        word: &'s Word,
        number: &str,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let holds = |outer: &Word| {
            outer.range.start < word.range.start && word.range.end <= outer.range.end
        };
        let commands = running.script.commands.iter();
        let mut around = commands.filter_map(|command| {
            let (_, args) = command.effective();
            let code = evaluated::code_words(command);
            let code = code.into_iter().find(|code| holds(code))?;
            let at = args.iter().position(|arg| arg.range == code.range)?;
            args.get(at + 1..)
        });
        let key = format!("code {number}");
        let Some(given) = around.next().filter(|_| !seen.contains(&key)) else {
            let number = number.parse::<usize>();
            return number.map_or_else(|_| Vec::new(), |at| self.argument(running, at, seen));
        };
        let named = number.parse::<usize>().ok().and_then(|at| given.get(at));
        let Some(named) = named else {
            return Vec::new();
        };
        seen.push(key);
        let found = self.word(running, named, 0..named.text.len(), seen);
        seen.pop();
        found
    }

    // read -r NAME <<< "$VALUE"
    fn read_into(
        &self,
        running: Running<'s, 'r>,
        command: &'s Command,
        name: &str,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let reads = matches!(
            command.name.file_name(),
            Some("read" | "mapfile" | "readarray")
        ) && command.args.iter().any(|arg| arg.text == name);
        if !reads {
            return Vec::new();
        }
        let mut found = Trails::default();
        found.extend(self.redirected(running, command, seen));
        if let Some((id, position)) = command.pipeline {
            let members = running.script.pipeline(id).into_iter();
            let before = members.filter(|c| c.pipeline.is_some_and(|(_, own)| own < position));
            found.extend(self.piped(running, before.collect(), seen));
        }
        if let Some(word) = &command.heredoc {
            found.extend(self.word(running, word, 0..word.text.len(), seen));
        }
        let mut trails = self.take(found);
        // In a loop it reads every line, and what is made of them may be several.
        let line = command.name.file_name() == Some("read")
            && !command.redirects.iter().any(|redirect| redirect.inherited)
            && !command.args.iter().any(|arg| ends_elsewhere(&arg.text));
        for trail in trails.iter_mut().filter(|_| line) {
            trail.cap = trail.cap.min(Class::Line);
            trail.split = false;
        }
        trails
    }

    // `< FILE`, `<<< "$VALUE"`, `< <(command)`
    fn redirected(
        &self,
        running: Running<'s, 'r>,
        command: &'s Command,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let redirects = command.redirects.iter();
        for redirect in redirects.filter(|r| r.operator.starts_with('<')) {
            let word = &redirect.target;
            if word.text.starts_with("<(") {
                found.extend(self.substitution(running, word.range.clone(), seen));
                continue;
            }
            found.extend(self.word(running, word, 0..word.text.len(), seen));
            if redirect.operator == "<" {
                found.extend(self.stored(running, &word.text, word.range.start));
                found.extend(self.file(running.scope, &word.text));
            }
        }
        self.take(found)
    }

    // What `$(…)` is replaced with, or `<(…)` is read as: what the last command of each pipeline in
    // it prints.
    pub(crate) fn substitution(
        &self,
        running: Running<'s, 'r>,
        range: Range<usize>,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let inside: Vec<&'s Command> = running
            .script
            .commands
            .iter()
            .filter(|c| range.start <= c.range.start && c.range.end <= range.end)
            .filter(|c| c.in_substitution)
            .collect();
        let mut found = Trails::default();
        let start = range.start;
        if let Some(path) = file_of_substitution(running.source().get(range).unwrap_or("")) {
            found.extend(self.stored(running, path, start));
            found.extend(self.file(running.scope, path));
        }
        let mut done: Vec<usize> = Vec::new();
        for command in &inside {
            match command.pipeline {
                None => found.extend(self.printed(running, command, seen)),
                Some((id, _)) if !done.contains(&id) => {
                    done.push(id);
                    let members = inside
                        .iter()
                        .copied()
                        .filter(|c| c.pipeline.is_some_and(|(of, _)| of == id));
                    found.extend(self.piped(running, members.collect(), seen));
                }
                Some(_) => {}
            }
        }
        self.take(found)
    }

    // What comes out at the end of a pipe.
    pub(crate) fn piped(
        &self,
        running: Running<'s, 'r>,
        members: Vec<&'s Command>,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let mut through: Vec<Trail<'r>> = Vec::new();
        for command in members {
            through = passed_by(command, through);
            if words::passing(command) != Passing::Cleaned {
                through.extend(self.printed(running, command, seen));
            }
        }
        through
    }

    // What a command prints of what it is given, or reads by itself.
    fn printed(
        &self,
        running: Running<'s, 'r>,
        command: &'s Command,
        seen: &mut Vec<String>,
    ) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let known = |name: &str| requests::environment(running.scope, name);
        let read = reads::of_command(command).or_else(|| api::of_command(command, &known));
        if let Some(source) = read {
            let name = source.describe();
            found.push(Trail::from(End::Source(source), name));
        }
        let at = command.range.start;
        if readers::reads_around(command) {
            found.extend(self.head_file(running.scope, ".", at));
        }
        if matches!(words::passing(command), Passing::Cleaned | Passing::Other) {
            return self.take(found);
        }
        let (program, args) = command.effective();
        for (at, word) in args.iter().enumerate() {
            if !words::is_quoted_by_printf(program, args, at) {
                found.extend(self.word(running, word, 0..word.text.len(), seen));
            }
        }
        if let Some(word) = &command.heredoc {
            found.extend(self.word(running, word, 0..word.text.len(), seen));
        }
        found.extend(self.redirected(running, command, seen));
        for word in readers::files(command) {
            if word.text.starts_with("<(") {
                found.extend(self.substitution(running, word.range.clone(), seen));
                continue;
            }
            found.extend(self.stored(running, &word.text, word.range.start));
            found.extend(self.file(running.scope, &word.text));
        }
        let printed = self.take(found);
        match words::passing(command) {
            Passing::OneLine | Passing::Lines | Passing::Field(_) | Passing::Json => {
                passed_by(command, printed)
            }
            _ => printed,
        }
    }

    /// A file that scripts of the job have written before, or this one writes.
    pub(crate) fn file(&self, scope: Scope<'r>, path: &str) -> Vec<Trail<'r>> {
        let wanted = file_name(path);
        let leavings = self.leavings(scope);
        let Some(steps) = leavings.files.get(&wanted) else {
            return Vec::new();
        };
        if wanted.is_empty() || wanted.contains("GITHUB_") {
            return Vec::new();
        }
        let owner = scope.step.map_or(0, |step| std::ptr::from_ref(step).addr());
        let around = scope.steps().as_ptr().addr();
        let key = (owner, around, Kind::File, wanted.clone());
        let found = self.trails_once(key, || {
            let own = scope
                .step
                .filter(|own| steps.iter().any(|step| std::ptr::eq(*step, *own)));
            let mut found = Trails::default();
            for step in scope.earlier_of(steps).chain(own) {
                if let Some(running) = self.running(scope, step) {
                    found.extend(self.written_to(running, &wanted));
                }
            }
            self.take(found)
        });
        found.to_vec()
    }

    fn written_to(&self, running: Running<'s, 'r>, wanted: &str) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let target = format!("the file `{wanted}`");
        for command in &running.script.commands {
            let redirected = command.redirects.iter().any(|r| {
                r.writes() && r.descriptor != Some(2) && file_name(&r.target.text) == wanted
            });
            if !redirected {
                continue;
            }
            let content = Content::Printed(command);
            let span = running.span(command.range.clone());
            for mut trail in self.printed_into(running, &content, &mut Vec::new()) {
                trail.place = Some((running.scope.file(), span));
                found.push(trail.put(&target));
            }
        }
        self.take(found)
    }
}

fn writes_of<'s, 'r>(running: Running<'s, 'r>) -> Vec<(Running<'s, 'r>, Write<'s>)> {
    let writes = writes::of_script(running.source(), running.script);
    writes.into_iter().map(|write| (running, write)).collect()
}

// What follows a line break of a value is a line of the file by itself, and may
// set another name.
fn behind_breaks(mut trails: Vec<Trail<'_>>) -> Vec<Trail<'_>> {
    trails.retain(|trail| trail.split || trail.cap.has_lines() && !trail.flat);
    for trail in &mut trails {
        trail.behind_break |= !trail.split;
    }
    trails
}

/// What a command lets through of what it gets from a pipe.
fn passed_by<'r>(command: &Command, mut through: Vec<Trail<'r>>) -> Vec<Trail<'r>> {
    match words::passing(command) {
        Passing::On => {}
        Passing::OneLine => {
            for trail in &mut through {
                trail.cap = trail.cap.min(Class::Line);
                trail.split = false;
            }
        }
        Passing::Lines => {
            for trail in &mut through {
                trail.split = true;
                trail.flat = false;
            }
        }
        Passing::Json => {
            for trail in &mut through {
                trail.split = false;
                trail.flat = true;
            }
        }
        Passing::Field(class) => {
            through.retain(|trail| class.is_some() || !is_of_github(trail));
            for trail in &mut through {
                trail.flat = false;
            }
            let class = class.unwrap_or(Class::Text);
            for trail in through.iter_mut().filter(|trail| is_of_github(trail)) {
                trail.cap = trail.cap.min(class);
            }
        }
        Passing::Cleaned | Passing::Other => through.clear(),
    }
    through
}

// Whether GitHub has put the JSON together, so that a field of it is what it is
// called; in a file, and in a text, whoever writes it does.
fn is_of_github(trail: &Trail<'_>) -> bool {
    match &trail.end {
        End::Source(Source::Context(path)) => trail.json || !sources::is_text(path),
        End::Source(Source::Read(holds, _) | Source::Output(_, holds)) => !matches!(
            holds,
            Holds::Agent | Holds::Artifact | Holds::Cache | Holds::Head { .. } | Holds::Log
        ),
        End::Source(Source::Dispatch(_) | Source::Caller(_)) => false,
        End::Source(Source::Api(..) | Source::Payload) | End::Input(_) | End::Variable(_) => true,
    }
}

/// Whether an option of `read` says that it reads on after the end of a line.
fn ends_elsewhere(option: &str) -> bool {
    let letters = option
        .strip_prefix('-')
        .filter(|rest| !rest.starts_with('-'));
    letters.is_some_and(|letters| letters.contains(['d', 'N', 'n']))
}

/// `$(<FILE)`
fn file_of_substitution(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("$(")?.strip_suffix(')')?.trim();
    let path = inner.strip_prefix('<')?.trim();
    (!path.starts_with(['<', '('])).then_some(path)
}

/// What the runner sets for every step.
pub(crate) fn default_variable<'r>(name: &str) -> Option<Trail<'r>> {
    let path = match name {
        "GITHUB_HEAD_REF" => "github.head_ref",
        "GITHUB_BASE_REF" => "github.base_ref",
        "GITHUB_REF_NAME" => "github.ref_name",
        "GITHUB_REF" => "github.ref",
        "GITHUB_ACTOR" => "github.actor",
        "GITHUB_TRIGGERING_ACTOR" => "github.triggering_actor",
        _ => return None,
    };
    let source = Source::Context(path.to_owned());
    Some(Trail::from(End::Source(source), format!("`${name}`")))
}
