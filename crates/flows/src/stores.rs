//! Files that one run stores and another one reads: artifacts and caches.
//!
//! Of an artifact it is enough that another run made it. A cache says which one
//! may have: the job that saves the same key, if its run may save where this one
//! looks. What lies there is a pull request's where the head was fetched before,
//! and else what the scripts of that job have written.

use std::ops::Range;
use std::sync::Arc;

use cofferdam_facts::Span;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::{Step, Trigger};
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::{Frame, Place};
use cofferdam_workflows::semantics::{artifacts, cache_scopes, checkouts};

use crate::caches::Entry;
use crate::flow::{Saved, Source, Stage};
use crate::leavings::file_name;
use crate::outputs::Holds;
use crate::scope::{Scope, Unit};
use crate::scripts::Running;
use crate::trace::{Kind, Tracer};
use crate::trail::{End, Trail, Trails};

/// How deep callers, and local actions, are followed.
const MAX_DEPTH: usize = 8;
/// How many steps that save one cache are looked at.
const MAX_SAVES: usize = 32;
/// How many steps are looked at for a fetch.
const MAX_STEPS: usize = 2_000;
/// How many ways by callers to a job that saves are looked at.
const MAX_CHAINS: usize = 64;

/// A cache that a step restores, and the steps that may have saved it.
pub(crate) struct Restored<'r> {
    entry: Entry<'r>,
    /// Places in the index of saving steps, and where the key stands by which
    /// it is found.
    saves: Vec<(usize, Span)>,
    /// Whether there are more.
    cut: bool,
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// The caches that steps restore and other jobs save.
    pub(crate) fn restored(&self, scope: Scope<'r>) -> Vec<Restored<'r>> {
        let saves = self.index.saves();
        if saves.is_empty() || !may_restore(scope) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let entries = self.index.restores(scope);
        for entry in entries.list {
            let mut saves: Vec<(usize, Span)> = saves
                .iter()
                .enumerate()
                .filter(|(_, save)| !is_same_job(save.scope, scope))
                .filter_map(|(at, save)| Some((at, entry.finds(save)?)))
                .take(MAX_SAVES + 1)
                .collect();
            let cut = entries.cut || saves.len() > MAX_SAVES;
            saves.truncate(MAX_SAVES);
            if !saves.is_empty() || cut {
                found.push(Restored { entry, saves, cut });
            }
        }
        found
    }

    /// The ways into a file that a script reads at a place, from other runs.
    pub(crate) fn stored(&self, running: Running<'s, 'r>, path: &str, at: usize) -> Vec<Trail<'r>> {
        let mut found = Trails::default();
        let looks = !path.is_empty() && !path.starts_with(['/', '-', '.', '$', '\''])
            || path.starts_with("./")
            || path.contains("RUNNER_TEMP")
            || path.starts_with("/tmp/");
        if looks && !path.contains([' ', '\n', '|', '(', '=']) {
            found.extend(self.artifact(running.scope, path));
        }
        found.extend(self.cached(running, path, at));
        if !path.is_empty() && !path.starts_with('-') {
            found.extend(self.head_file(running.scope, path, at));
        }
        self.take(found)
    }

    /// The same for values that scripts have written. A file that is a
    /// stranger's as a whole is foreign code where it is run, and no value.
    pub(crate) fn values_of_caches(
        &self,
        running: Running<'s, 'r>,
        path: &str,
        at: usize,
    ) -> Vec<Trail<'r>> {
        let mut found = self.cached(running, path, at);
        found.retain(|trail| !matches!(&trail.end, End::Source(Source::Read(Holds::Cache, _))));
        found
    }

    // A file, in a job that has brought in an artifact of another run.
    pub(crate) fn artifact(&self, scope: Scope<'r>, path: &str) -> Option<Trail<'r>> {
        let leavings = self.leavings(scope);
        let brought = scope.earlier_of(&leavings.artifacts).next().is_some()
            || artifacts::brings(scope.step?);
        brought.then(|| source(Holds::Artifact, path))
    }

    // A file, in a job that has restored a cache.
    fn cached(&self, running: Running<'s, 'r>, path: &str, at: usize) -> Vec<Trail<'r>> {
        let leavings = self.leavings(running.scope);
        if leavings.caches.is_empty() {
            return Vec::new();
        }
        let Some(path) = from_workspace(running.scope, path) else {
            return Vec::new();
        };
        let end = running.scope.step.map_or(usize::MAX, |step| step.index);
        let before = leavings.caches.iter().rev();
        let before = before.filter(|restored| restored.entry.outer.index < end);
        let mut found = Trails::default();
        for restored in before.filter(|restored| restored.entry.holds(&path)) {
            let outer = restored.entry.outer;
            if self.is_written_over(running, outer, &path, at)
                || is_cleaned(running.scope, outer.index..end, &path)
            {
                continue;
            }
            if restored.cut {
                self.unfinished.set(true);
            }
            for (save, key) in &restored.saves {
                let Some(save) = self.index.saves().get(*save) else {
                    continue;
                };
                let address = |step: &Step| std::ptr::from_ref(step).addr();
                let (outer, inner) = (address(save.outer), address(save.step));
                let key_of = (outer, inner, Kind::Saved, path.clone());
                let trails = self.trails_once(key_of, || self.saved(save, &path));
                for mut trail in trails.iter().cloned() {
                    trail.place = Some((restored.entry.file, *key));
                    let mut trail = trail.put(&format!("the restored file `{path}`"));
                    let condition = restored.entry.outer.condition.as_ref();
                    if let Some(condition) = condition.and_then(|c| c.expr()) {
                        trail.guard(condition);
                    }
                    found.push(trail);
                }
            }
        }
        self.take(found)
    }

    // Whether the job itself has surely made the file anew since.
    fn is_written_over(
        &self,
        running: Running<'s, 'r>,
        since: &Step,
        path: &str,
        at: usize,
    ) -> bool {
        let scope = running.scope;
        let leavings = self.leavings(scope);
        let Some(writers) = leavings.files.get(&file_name(path)) else {
            return false;
        };
        let own = scope.step;
        let anew = |step: &'r Step, end: usize| {
            let Some(other) = self.running(scope, step) else {
                return false;
            };
            let mut commands = other.script.commands.iter();
            commands.any(|command| {
                let whole = command.redirects.iter().any(|redirect| {
                    matches!(redirect.operator.as_str(), ">" | ">|" | "&>")
                        && redirect.descriptor != Some(2)
                        && file_name(&redirect.target.text) == file_name(path)
                });
                whole && !command.conditional && !command.in_function && command.range.end <= end
            })
        };
        scope
            .earlier_of(writers)
            .filter(|step| step.index > since.index && step.condition.is_none())
            .any(|step| anew(step, usize::MAX))
            || own.is_some_and(|own| anew(own, at))
    }

    // The ways into a file of a cache, where it is saved.
    fn saved(&self, save: &Entry<'r>, path: &str) -> Vec<Trail<'r>> {
        let Some(stage) = save.scope.stage().filter(|_| save.holds(path)) else {
            return Vec::new();
        };
        let mut found = Trails::default();
        let shown: String = save
            .written
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let shown: String = shown.chars().take(100).collect();
        let name = format!("the cache `{shown}`");
        let mut push = |mut trail: Trail<'r>, route: Vec<Stage<'r>>| {
            let triggers = self.saving(&route);
            if triggers.is_empty() || trail.saved.is_some() {
                return;
            }
            let mut guards = std::mem::take(&mut trail.guards);
            let own = save.outer.condition.as_ref().and_then(|c| c.expr());
            guards.extend(own);
            trail.place = Some((save.file, save.key.1));
            trail.saved = Some(Arc::new(Saved {
                route,
                triggers,
                step: save.outer,
                path: path.to_owned(),
                guards,
            }));
            found.push(trail.put(&name));
        };
        let scope = if save.saves_at_the_end() {
            save.scope
        } else {
            save.scope.in_step(save.outer)
        };
        if self.fetches_a_head(scope) {
            let mut trail = source(Holds::Cache, path);
            trail.guards.extend(save.scope.conditions());
            push(trail, vec![stage]);
        }
        for trail in self.file(scope, path) {
            for arrival in self.settle(save.scope, &trail) {
                if matches!(arrival.source, Source::Caller(_)) {
                    continue;
                }
                let mut trail = Trail::from(End::Source(arrival.source), arrival.name);
                trail.hops = arrival.hops;
                trail.guards = arrival.guards;
                trail.saved = arrival.saved;
                trail.cap = arrival.cap;
                trail.split = arrival.split;
                trail.behind_break = arrival.behind_break;
                trail.opaque = arrival.opaque;
                push(trail, arrival.route);
            }
        }
        self.take(found)
    }

    // What starts the jobs of a route, or their callers, in runs that may save a
    // cache in the last of them.
    fn saving(&self, route: &[Stage<'r>]) -> Vec<&'r Trigger> {
        let mut found: Vec<&'r Trigger> = Vec::new();
        let mut waiting = vec![route.to_vec()];
        let mut seen = 0;
        while let Some(chain) = waiting.pop() {
            seen += 1;
            let Some(first) = chain.first().copied() else {
                continue;
            };
            for trigger in &first.workflow.triggers {
                let modes = chain.iter().map(|s| cache_scopes::mode(s.workflow, s.job));
                if trigger.name() != "workflow_call"
                    && cache_scopes::may_save(trigger, modes)
                    && !found.iter().any(|known| std::ptr::eq(*known, trigger))
                {
                    found.push(trigger);
                }
            }
            if chain.len() > MAX_DEPTH || seen + waiting.len() > MAX_CHAINS {
                self.unfinished.set(true);
                continue;
            }
            for caller in self.index.callers(first.workflow) {
                if !chain
                    .iter()
                    .any(|stage| std::ptr::eq(stage.job, caller.job))
                {
                    let mut longer = vec![*caller];
                    longer.extend(&chain);
                    waiting.push(longer);
                }
            }
        }
        found
    }

    // Whether a job has fetched the head of a pull request, or another run's
    // artifact, before a step of it.
    fn fetches_a_head(&self, scope: Scope<'r>) -> bool {
        let (Unit::Workflow(workflow), Some(job)) = (scope.unit, scope.job) else {
            return false;
        };
        let frame = Frame {
            repository: self.repository,
            place: Place::Job(workflow, job),
            caller: None,
            with: &[],
            dispatched: workflow.has_trigger("workflow_dispatch"),
        };
        let end = scope.step.map_or(usize::MAX, |step| step.index);
        let called = workflow.is_reusable();
        let mut left = MAX_STEPS;
        let mut steps = scope.steps().iter();
        let found = steps.any(|step| {
            step.index < end && self.fetches(&frame, step, (called, MAX_DEPTH), &mut left)
        });
        if left == 0 {
            self.unfinished.set(true);
        }
        found
    }

    fn fetches(
        &self,
        frame: &Frame<'_>,
        step: &'r Step,
        (called, depth): (bool, usize),
        left: &mut usize,
    ) -> bool {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return false;
        }
        if artifacts::brings(step) {
            return true;
        }
        if let Some(script) = step.script() {
            let text = script.value.as_str();
            return text.contains("gh pr checkout")
                || (text.contains("git ") || text.contains("gh "))
                    && (frame.of_script_text(text, Some(step)).is_code()
                        || step.env.iter().any(|pair| {
                            let head = frame.of_text(&pair.value, Some(step));
                            head.any() && text.contains(pair.key.value.as_str())
                        }));
        }
        if checkouts::is_checkout(step) {
            let inputs = ["ref", "repository"]
                .iter()
                .filter_map(|name| step.input(name));
            return inputs.into_iter().any(|text| {
                let head = frame.of_text(text, Some(step));
                // What a caller hands over is judged where the caller is known.
                head.any() || head.unknown || called && text.value.contains("inputs.")
            });
        }
        let (Some(action), Some(depth)) = (self.index.action(step), depth.checked_sub(1)) else {
            return false;
        };
        let inside = Frame {
            repository: self.repository,
            place: Place::Action(action, step),
            caller: Some(frame),
            with: step.with(),
            dispatched: false,
        };
        let mut steps = action.steps().iter();
        steps.any(|step| self.fetches(&inside, step, (called, depth), left))
    }
}

fn source<'r>(holds: Holds, path: &str) -> Trail<'r> {
    let source = Source::Read(holds, path.to_owned());
    let name = source.describe();
    Trail::from(End::Source(source), name)
}

fn may_restore(scope: Scope<'_>) -> bool {
    match (scope.unit, scope.job) {
        (Unit::Workflow(workflow), Some(job)) => {
            cache_scopes::may_restore(std::iter::once(cache_scopes::mode(workflow, job)))
        }
        _ => true,
    }
}

fn is_same_job(one: Scope<'_>, other: Scope<'_>) -> bool {
    match (one.job, other.job) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        _ => false,
    }
}

// Whether a checkout has emptied its folder in between, as it does unless it is
// told not to.
fn is_cleaned(scope: Scope<'_>, between: Range<usize>, path: &str) -> bool {
    let path = Folder::workspace().join(path);
    scope.steps().iter().any(|step| {
        step.index > between.start
            && step.index < between.end
            && checkouts::is_checkout(step)
            && step.condition.is_none()
            && step.input("clean").is_none()
            && checkouts::folder(step).is_some_and(|folder| path.is_in(&folder))
    })
}

/// A path as it is seen from the workspace; `None` where an expression says
/// where the script runs.
fn from_workspace(scope: Scope<'_>, path: &str) -> Option<String> {
    let path = path.trim_matches(['"', '\'']);
    if path.is_empty() || path.starts_with('-') || path.contains([' ', '\n', '|', '(', '=']) {
        return None;
    }
    let own = scope.step.and_then(|step| match &step.kind {
        StepKind::Run {
            working_directory, ..
        } => working_directory.as_ref(),
        _ => None,
    });
    let defaults = match scope.unit {
        Unit::Workflow(workflow) => {
            let job = scope
                .job
                .and_then(|job| job.defaults.working_directory.as_ref());
            job.or(workflow.defaults.working_directory.as_ref())
        }
        Unit::Action(_) => None,
    };
    let short = path.trim_start_matches("./");
    match own.or(defaults) {
        Some(folder) if !path.starts_with(['/', '~', '$']) => {
            let folder = folder.literal()?.trim().trim_start_matches("./");
            let folder = folder.trim_end_matches('/');
            Some(if matches!(folder, "" | ".") {
                short.to_owned()
            } else {
                format!("{folder}/{short}")
            })
        }
        _ => Some(short.to_owned()),
    }
}
