//! From where a value is read, back to where it comes from.
//!
//! Inside one file everything is followed to a source or to an input of the
//! file; [`crate::settle`] takes inputs on to whoever passes them. What has
//! been followed once is remembered, so that the work grows with the number of
//! definitions and not with the number of ways.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::job::JobKind;
use cofferdam_workflows::documents::text::{Pair, Text, lookup};
use cofferdam_workflows::documents::{Action, Job, Step, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Expr, ExprKind, Operator};
use cofferdam_workflows::semantics::{agents, heads};
use cofferdam_workflows::shell::Script;

use crate::constraints;
use crate::flow::Source;
use crate::leavings::Leavings;
use crate::outputs;
use crate::scope::{Index, Scope, Unit};
use crate::sources;
use crate::trail::{Arrival, End, Trail, Trails};
use crate::whole;
use crate::writes::EnvFile;

/// Hands out the parsed script of a step, by the path of its file.
pub type Scripts<'s> = dyn Fn(&str, &Step) -> Option<&'s Script> + Sync + 's;

/// How deep definitions are followed into each other.
const MAX_DEPTH: usize = 48;
/// How many definitions are followed for one file with sinks.
const MAX_WORK: usize = 50_000;
/// How many of them are worked out again where definitions form cycles.
const MAX_CYCLES: usize = 1_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Output,
    JobOutput,
    Variable,
    Input,
    Site,
    Matrix,
    Written,
    File,
    Saved,
}

/// What has been followed: the address of what defines it, and its name.
pub(crate) type Key = (usize, usize, Kind, String);

pub(crate) struct Tracer<'s, 'r> {
    pub(crate) scripts: &'s Scripts<'s>,
    pub(crate) index: Arc<Index<'r>>,
    pub(crate) repository: &'r cofferdam_workflows::Repository,
    trails: RefCell<HashMap<Key, Rc<Vec<Trail<'r>>>>>,
    arrivals: RefCell<HashMap<Key, Rc<Vec<Arrival<'r>>>>>,
    // By the address of the list of steps.
    pub(crate) leavings: RefCell<HashMap<usize, Rc<Leavings<'r>>>>,
    busy: RefCell<HashSet<Key>>,
    // Set where a cycle was cut, so that what was worked out meanwhile is not
    // remembered for others.
    cut: Cell<bool>,
    work: Cell<usize>,
    depth: Cell<usize>,
    /// Set where a limit was hit.
    pub(crate) unfinished: Cell<bool>,
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    pub(crate) fn new(
        repository: &'r cofferdam_workflows::Repository,
        index: Arc<Index<'r>>,
        scripts: &'s Scripts<'s>,
    ) -> Self {
        Self {
            scripts,
            index,
            repository,
            trails: RefCell::default(),
            arrivals: RefCell::default(),
            leavings: RefCell::default(),
            busy: RefCell::default(),
            cut: Cell::new(false),
            work: Cell::new(0),
            depth: Cell::new(0),
            unfinished: Cell::new(false),
        }
    }

    pub(crate) fn script(&self, scope: Scope<'r>, step: &Step) -> Option<&'s Script> {
        (self.scripts)(scope.file().path(), step)
    }

    /// Works something out once.
    pub(crate) fn trails_once(
        &self,
        key: Key,
        work: impl FnOnce() -> Vec<Trail<'r>>,
    ) -> Rc<Vec<Trail<'r>>> {
        if let Some(known) = self.trails.borrow().get(&key) {
            return Rc::clone(known);
        }
        let (found, keep) = self.guarded(&key, work);
        let found = Rc::new(found);
        if keep {
            self.trails.borrow_mut().insert(key, Rc::clone(&found));
        }
        found
    }

    /// The same for what has arrived.
    pub(crate) fn arrivals_once(
        &self,
        key: Key,
        work: impl FnOnce() -> Vec<Arrival<'r>>,
    ) -> Rc<Vec<Arrival<'r>>> {
        if let Some(known) = self.arrivals.borrow().get(&key) {
            return Rc::clone(known);
        }
        let (found, keep) = self.guarded(&key, work);
        let found = Rc::new(found);
        if keep {
            self.arrivals.borrow_mut().insert(key, Rc::clone(&found));
        }
        found
    }

    fn guarded<T>(&self, key: &Key, work: impl FnOnce() -> Vec<T>) -> (Vec<T>, bool) {
        if self.busy.borrow().contains(key) {
            self.cut.set(true);
            return (Vec::new(), false);
        }
        let depth = self.depth.get();
        self.work.set(self.work.get() + 1);
        if depth >= MAX_DEPTH || self.work.get() > MAX_WORK {
            self.unfinished.set(true);
            return (Vec::new(), false);
        }
        let before = self.cut.replace(false);
        self.busy.borrow_mut().insert(key.clone());
        self.depth.set(depth + 1);
        let found = work();
        self.depth.set(depth);
        self.busy.borrow_mut().remove(key);
        // The outermost has seen every way around the cycle.
        let mut keep = !self.cut.get() || depth == 0;
        // So many cycles that working all of them out again would take too long.
        if !keep && self.work.get() > MAX_CYCLES {
            self.unfinished.set(true);
            keep = true;
        }
        self.cut.set((before || self.cut.get()) && depth > 0);
        (found, keep)
    }

    pub(crate) fn take(&self, trails: Trails<'r>) -> Vec<Trail<'r>> {
        if trails.full {
            self.unfinished.set(true);
        }
        trails.list
    }

    /// The ways into a scalar.
    pub(crate) fn text(&self, scope: Scope<'r>, text: &'r Text) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let sole = text.sole_expression().is_some();
        for (embedded, expr) in text.parsed() {
            let span = text.raw_span(scope.document(), embedded.range.clone());
            for mut trail in self.expression(scope, expr, span) {
                trail.json &= sole;
                found.push(trail);
            }
        }
        self.take(found)
    }

    /// The ways into an expression that stands at `span`.
    pub(crate) fn expression(
        &self,
        scope: Scope<'r>,
        expr: &'r Expr,
        span: Span,
    ) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        self.walk(scope, expr, &mut Vec::new(), &mut found);
        for trail in &mut found.list {
            trail.place = Some((scope.file(), span));
        }
        self.take(found)
    }

    // The parser bounds the depth of expressions.
    fn walk(
        &self,
        scope: Scope<'r>,
        expr: &'r Expr,
        guards: &mut Vec<&'r Expr>,
        found: &mut Trails<'r>,
    ) {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Not(_) => {}
            ExprKind::Context(path) => found.extend(self.path(scope, path, guards)),
            ExprKind::Index { paths, .. } => {
                for path in paths {
                    found.extend(self.path(scope, path, guards));
                }
            }
            ExprKind::Call { function, .. } => {
                let mut inner = Trails::default();
                for arg in expr.value_arguments() {
                    self.walk(scope, arg, guards, &mut inner);
                }
                for mut trail in self.take(inner) {
                    trail.json = function == "tojson" || trail.json && function == "case";
                    trail.flat &= function != "fromjson";
                    found.push(trail);
                }
            }
            ExprKind::Text(pieces) => {
                for piece in pieces {
                    self.walk(scope, piece, guards, found);
                }
            }
            ExprKind::Binary { op, left, right } => match op {
                Operator::Or => {
                    self.walk(scope, left, guards, found);
                    self.walk(scope, right, guards, found);
                }
                // The left operand comes through only where it is falsy.
                Operator::And => {
                    guards.push(left);
                    self.walk(scope, right, guards, found);
                    guards.pop();
                }
                _ => {}
            },
        }
    }

    fn path(&self, scope: Scope<'r>, path: &'r ContextPath, guards: &[&'r Expr]) -> Vec<Trail<'r>> {
        let text = path.text();
        let mut conditions: Vec<&'r Expr> = guards.to_vec();
        conditions.extend(scope.conditions());
        if conditions.iter().any(|c| constraints::pins(c, &text)) {
            return Vec::new();
        }
        let mut trails = self.of_path(scope, path, &text);
        for trail in &mut trails {
            for guard in &conditions {
                trail.guard(guard);
            }
        }
        trails
    }

    fn of_path(&self, scope: Scope<'r>, path: &'r ContextPath, text: &str) -> Vec<Trail<'r>> {
        let name = |at: usize| path.written_name(at);
        match path.head() {
            "github"
                if path.starts_with("github.event.inputs")
                    && matches!(scope.unit, Unit::Workflow(w) if w.has_trigger("workflow_dispatch")) =>
            {
                self.dispatch(scope, name(3))
            }
            "github" if sources::is_free_somewhere(text) || sources::names_owner(text) => {
                vec![Trail::from(
                    End::Source(Source::Context(text.to_owned())),
                    format!("`{text}`"),
                )]
            }
            "env" => match name(1) {
                Some(name) => self.variable(scope, name),
                None => self.all_variables(scope),
            },
            "inputs" => self.inputs(scope, name(1)),
            "steps" => match (name(1), path.name(2)) {
                (Some(id), Some("outputs")) => self.output(scope, id, name(3)),
                _ if whole::is_of_outputs(path) => self.all_outputs(scope, name(1), name(3)),
                _ => Vec::new(),
            },
            "needs" | "jobs" => match (name(1), path.name(2), scope.unit) {
                (Some(id), Some("outputs"), Unit::Workflow(workflow)) => {
                    self.job_output(workflow, id, name(3))
                }
                _ if whole::is_of_outputs(path) => self.all_needs(scope, name(1), name(3)),
                _ => Vec::new(),
            },
            "matrix" => {
                let job = scope.job.map_or(0, |job| std::ptr::from_ref(job).addr());
                let key = (job, 0, Kind::Matrix, text.to_owned());
                self.trails_once(key, || self.matrix(scope, text)).to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// An input, or with no name all of them.
    fn inputs(&self, scope: Scope<'r>, name: Option<&str>) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let wanted = |declared: &str| name.is_none_or(|name| name.eq_ignore_ascii_case(declared));
        match scope.unit {
            Unit::Action(action) => {
                for input in action.inputs.iter().filter(|i| wanted(&i.name.value)) {
                    found.push(input_trail(&input.name.value));
                }
            }
            Unit::Workflow(workflow) => {
                found.extend(self.dispatch(scope, name));
                let call = workflow.trigger("workflow_call");
                for input in call.iter().flat_map(|call| &call.inputs) {
                    // GitHub refuses other values of these.
                    let typed = matches!(input.kind.as_deref(), Some("boolean" | "number"));
                    if wanted(&input.name.value) && !typed {
                        found.push(input_trail(&input.name.value));
                    }
                }
            }
        }
        self.take(found)
    }

    // Booleans, numbers, choices and environments are checked by GitHub when
    // the run is asked for.
    fn dispatch(&self, scope: Scope<'r>, name: Option<&str>) -> Vec<Trail<'r>> {
        let Unit::Workflow(workflow) = scope.unit else {
            return Vec::new();
        };
        let trigger = workflow.trigger("workflow_dispatch");
        let inputs = trigger.into_iter().flat_map(|trigger| &trigger.inputs);
        inputs
            .filter(|input| name.is_none_or(|name| name.eq_ignore_ascii_case(&input.name.value)))
            .filter(|input| matches!(input.kind.as_deref(), None | Some("string")))
            .map(|input| {
                let source = Source::Dispatch(input.name.value.clone());
                Trail::from(
                    End::Source(source),
                    format!("the input `{}`", input.name.value),
                )
            })
            .collect()
    }

    /// An environment variable, as a step of the scope sees it.
    pub(crate) fn variable(&self, scope: Scope<'r>, name: &str) -> Vec<Trail<'r>> {
        let owner = scope.step.map_or(0, |step| std::ptr::from_ref(step).addr());
        let owner = owner + usize::from(scope.before_env);
        let around = scope.steps().as_ptr().addr();
        let key = (owner, around, Kind::Variable, name.to_owned());
        let found = self.trails_once(key, || self.find_variable(scope, name));
        found.to_vec()
    }

    fn find_variable(&self, scope: Scope<'r>, name: &str) -> Vec<Trail<'r>> {
        let put = |trails: Vec<Trail<'r>>| {
            let named = format!("the variable `{name}`");
            trails.into_iter().map(move |t| t.put(&named))
        };
        let own = scope.step.filter(|_| !scope.before_env);
        if let Some(text) = own.and_then(|step| exact(&step.env, name)) {
            // It may be set from one of the same name further out.
            let before = Scope {
                before_env: true,
                ..scope
            };
            return put(self.text(before, text)).collect();
        }
        let mut found = Trails::default();
        for step in scope.earlier_of(&self.leavings(scope).variables) {
            found.extend(self.written_by(scope, step, EnvFile::Environment, Some(name)));
        }
        match scope.unit {
            Unit::Workflow(workflow) => {
                let own = scope.job.and_then(|job| exact(&job.env, name));
                if let Some(text) = own.or_else(|| exact(&workflow.env, name)) {
                    found.extend(put(self.text(scope.around(), text)));
                }
            }
            Unit::Action(_) => {
                found.push(Trail::from(
                    End::Variable(name.to_owned()),
                    format!("the variable `{name}`"),
                ));
            }
        }
        self.take(found)
    }

    /// An output of a step, or with no name all of them.
    pub(crate) fn output(&self, scope: Scope<'r>, id: &str, name: Option<&str>) -> Vec<Trail<'r>> {
        let step = scope.steps().iter().find(|step| {
            step.id
                .as_ref()
                .is_some_and(|own| own.value.eq_ignore_ascii_case(id))
        });
        let Some(step) = step else {
            return Vec::new();
        };
        let address = std::ptr::from_ref(step).addr();
        let key = (address, 0, Kind::Output, name.unwrap_or("*").to_owned());
        let found = self.trails_once(key, || {
            let scope = scope.in_step(step);
            let mut found = Trails::default();
            found.extend(self.written_by(scope, step, EnvFile::Output, name));
            found.extend(self.known_output(scope, step, name.unwrap_or("*")));
            found.extend(self.unknown_output(scope, step, name.unwrap_or("*")));
            self.take(found)
        });
        found.to_vec()
    }

    fn known_output(&self, scope: Scope<'r>, step: &'r Step, name: &str) -> Vec<Trail<'r>> {
        let Some((holds, json)) = outputs::of_step(step, name) else {
            return Vec::new();
        };
        let action = step.action().unwrap_or_default();
        let source = Source::Output(format!("`{action}`"), holds);
        let mut trail = Trail::from(End::Source(source.clone()), source.describe());
        trail.place = Some((scope.file(), step.head()));
        trail.json = json;
        for condition in scope.conditions() {
            trail.guard(condition);
        }
        vec![trail.put(&output_name(step, name))]
    }

    // What an action whose code is not here makes of its inputs, nobody can
    // say.
    fn unknown_output(&self, scope: Scope<'r>, step: &'r Step, name: &str) -> Vec<Trail<'r>> {
        let known = step.uses().is_none()
            || self.index.action(step).is_some()
            || agents::of_step(step).is_some()
            || outputs::is_known(step)
            || step.action() == Some("actions/github-script");
        if known {
            return Vec::new();
        }
        let mut found = Trails::default();
        for pair in step.with() {
            for mut trail in self.text(scope, &pair.value) {
                trail.opaque = true;
                found.push(trail.put(&output_name(step, name)));
            }
        }
        self.take(found)
    }

    /// What a step writes into one of the runner's files, itself or by the
    /// steps of an action of the checkout.
    pub(crate) fn written_by(
        &self,
        scope: Scope<'r>,
        step: &'r Step,
        file: EnvFile,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let inner = scope.in_step(step);
        if step.script().is_some() {
            let understood = self.running(inner, step).is_some_and(|r| {
                // Empty scripts have nothing to misunderstand.
                r.script.understood || !r.script.commands.is_empty()
            });
            return if understood {
                self.written(inner, step, file, name)
            } else {
                self.set_by_lines(inner, step, file, name)
            };
        }
        if step.action() == Some("actions/github-script") {
            return self.set_by_javascript(inner, step, file, name);
        }
        let Some(action) = self.index.action(step) else {
            return Vec::new();
        };
        let address = std::ptr::from_ref(step).addr();
        let name_key = name.unwrap_or("*").to_owned();
        let key = (address, file as usize, Kind::Written, name_key);
        let found = self.trails_once(key, || {
            let found = self.written_by_action(action, step, file, name);
            self.bind_action(inner, step, found)
        });
        found.to_vec()
    }

    fn written_by_action(
        &self,
        action: &'r Action,
        step: &'r Step,
        file: EnvFile,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let of_action = Scope::of_action(action);
        let mut found = Trails::default();
        if file == EnvFile::Output {
            for (key, value) in &action.outputs {
                let wanted = name.is_none_or(|name| name.eq_ignore_ascii_case(&key.value));
                if let (true, Some(text)) = (wanted, value) {
                    let target = output_name(step, &key.value);
                    let trails = self.text(of_action, text);
                    found.extend(trails.into_iter().map(|t| t.put(&target)));
                }
            }
        } else {
            for inner in action.steps() {
                found.extend(self.written_by(of_action, inner, file, name));
            }
        }
        self.take(found)
    }

    // What an action takes from the step that uses it.
    fn bind_action(
        &self,
        user: Scope<'r>,
        step: &'r Step,
        trails: Vec<Trail<'r>>,
    ) -> Vec<Trail<'r>> {
        let mut bound = Trails::default();
        for trail in trails {
            let from = match &trail.end {
                End::Source(_) => {
                    bound.push(trail);
                    continue;
                }
                End::Input(name) => self.passed(user, step, name),
                End::Variable(name) => self.variable(user, name),
            };
            for outer in from {
                bound.push(join(outer, &trail));
            }
        }
        self.take(bound)
    }

    /// What a step hands to an input of the action of the checkout it uses.
    pub(crate) fn passed(&self, user: Scope<'r>, step: &'r Step, input: &str) -> Vec<Trail<'r>> {
        let target = format!("the input `{input}`");
        if let Some(text) = given(step.with(), input) {
            let trails = self.text(user, text);
            return trails.into_iter().map(|t| t.put(&target)).collect();
        }
        self.index
            .action(step)
            .map_or_else(Vec::new, |action| self.default_of(action, input))
    }

    /// What an input of an action is where its user passes nothing.
    pub(crate) fn default_of(&self, action: &'r Action, input: &str) -> Vec<Trail<'r>> {
        let target = format!("the input `{input}`");
        let default = action
            .inputs
            .iter()
            .find(|i| i.name.value.eq_ignore_ascii_case(input))
            .and_then(|i| i.default.as_ref());
        let trails = default.map_or_else(Vec::new, |t| self.text(Scope::of_action(action), t));
        let sources = trails
            .into_iter()
            .filter(|t| matches!(t.end, End::Source(_)));
        sources.map(|t| t.put(&target)).collect()
    }

    /// What an input of a called workflow is where its caller passes nothing:
    /// the event is the caller's.
    pub(crate) fn default_of_call(&self, workflow: &'r Workflow, input: &str) -> Vec<Trail<'r>> {
        let inside = Scope {
            unit: Unit::Workflow(workflow),
            job: None,
            step: None,
            before_env: false,
        };
        let default = heads::default_of(workflow, input);
        let trails = default.map_or_else(Vec::new, |text| self.text(inside, text));
        let is_source = |trail: &Trail<'_>| matches!(trail.end, End::Source(_));
        trails.into_iter().filter(is_source).collect()
    }

    pub(crate) fn job_output(
        &self,
        workflow: &'r Workflow,
        id: &str,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let Some(job) = workflow
            .jobs
            .iter()
            .find(|job| job.id.value.eq_ignore_ascii_case(id))
        else {
            return Vec::new();
        };
        let address = std::ptr::from_ref(job).addr();
        let key = (address, 0, Kind::JobOutput, name.unwrap_or("*").to_owned());
        let found = self.trails_once(key, || self.find_job_output(workflow, job, name));
        found.to_vec()
    }

    // `toJSON(needs)`
    fn find_job_output(
        &self,
        workflow: &'r Workflow,
        job: &'r Job,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let scope = Scope::of_job(workflow, job);
        let wanted =
            |key: &str| key.is_empty() || name.is_none_or(|name| name.eq_ignore_ascii_case(key));
        let target = |key: &str| format!("the output `{key}` of job `{}`", job.name());
        let mut found = Trails::default();
        let JobKind::Call(call) = &job.kind else {
            for pair in job.outputs.iter().filter(|p| wanted(&p.key.value)) {
                let trails = self.text(scope, &pair.value);
                let target = target(&pair.key.value);
                found.extend(trails.into_iter().map(|t| t.put(&target)));
            }
            return self.take(found);
        };
        let callee = self.repository.own_workflow(&call.uses.value);
        let trigger = callee.and_then(|callee| callee.trigger("workflow_call"));
        let (Some(callee), Some(trigger)) = (callee, trigger) else {
            return Vec::new();
        };
        let inside = Scope {
            unit: Unit::Workflow(callee),
            job: None,
            step: None,
            before_env: false,
        };
        for (key, value) in &trigger.outputs {
            let (true, Some(text)) = (wanted(&key.value), value) else {
                continue;
            };
            let target = format!("the output `{}` of the call `{}`", key.value, job.name());
            for trail in self.text(inside, text) {
                let trail = trail.put(&target);
                let End::Input(input) = &trail.end else {
                    found.push(trail);
                    continue;
                };
                let text = given(&call.with, input);
                let from = text.map_or_else(Vec::new, |text| self.text(scope, text));
                for outer in from {
                    let outer = outer.put(&format!("the input `{input}`"));
                    found.push(join(outer, &trail));
                }
            }
        }
        self.take(found)
    }

    fn matrix(&self, scope: Scope<'r>, path: &str) -> Vec<Trail<'r>> {
        let Some(matrix) = scope.job.and_then(|job| job.matrix.as_ref()) else {
            return Vec::new();
        };
        let axis = path.strip_prefix("matrix.").unwrap_or("");
        let target = if axis.is_empty() {
            "the matrix".to_owned()
        } else {
            format!("`matrix.{axis}`")
        };
        let mut found = Trails::default();
        let first = axis.split('.').next().unwrap_or("");
        for (name, text) in &matrix.values {
            let same = name.eq_ignore_ascii_case(axis)
                || axis.is_empty()
                // The axis, or the list of entries, is known at run time only.
                || name.eq_ignore_ascii_case(first)
                || matches!(name.as_str(), "include" | "");
            if same {
                // The job's own condition is evaluated before the matrix.
                let trails = self.text(scope.around(), text);
                found.extend(trails.into_iter().map(|t| t.put(&target)));
            }
        }
        for (embedded, expr) in matrix.whole.iter().flat_map(Text::parsed) {
            let text = matrix.whole.as_ref();
            let span = text.map_or(matrix.span, |t| {
                t.raw_span(scope.document(), embedded.range.clone())
            });
            let trails = self.expression(scope.around(), expr, span);
            found.extend(trails.into_iter().map(|t| t.put(&target)));
        }
        self.take(found)
    }
}

fn input_trail<'r>(name: &str) -> Trail<'r> {
    Trail::from(End::Input(name.to_owned()), format!("the input `{name}`"))
}

/// What comes in, followed by what happens inside.
pub(crate) fn join<'r>(outer: Trail<'r>, inner: &Trail<'r>) -> Trail<'r> {
    let mut joined = outer;
    joined.hops.extend(inner.hops.iter().cloned());
    joined.name.clone_from(&inner.name);
    joined.place = inner.place;
    for guard in &inner.guards {
        joined.guard(guard);
    }
    joined.split = inner.split || joined.split && inner.cap.has_lines();
    joined.cap = joined.cap.min(inner.cap);
    joined.json &= inner.json;
    joined.behind_break |= inner.behind_break;
    joined.flat |= inner.flat;
    joined.opaque |= inner.opaque;
    joined
}

pub(crate) fn output_name(step: &Step, output: &str) -> String {
    match output {
        "*" => format!("an output of step `{}`", step.label()),
        output => format!("the output `{output}` of step `{}`", step.label()),
    }
}

fn exact<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p Text> {
    let own = pairs.iter().find(|p| p.key.value == name);
    own.map(|p| &p.value).or_else(|| whole(pairs))
}

/// What is handed over under a name; an expression in the place of the whole
/// mapping, or of a name, may hand over any.
pub(crate) fn given<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p Text> {
    lookup(pairs, name).or_else(|| whole(pairs))
}

fn whole(pairs: &[Pair]) -> Option<&Text> {
    lookup(pairs, "")
}
