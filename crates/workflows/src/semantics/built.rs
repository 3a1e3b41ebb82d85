//! The images that are there without pulling, because the job has built them.
//!
//! Whoever changes a workflow chooses what it says to build. A name is left out
//! of what is pulled only where the same job has certainly built it before: in an
//! earlier step, or an earlier line, that no condition and no failure skips. What
//! another job builds has to be pushed, and is there for those that need it.
//!
//! Source: GitHub, "Workflow syntax", `needs`, `if` and `continue-on-error`;
//! Docker's command line reference for `run --pull`. What `docker load` brings has
//! no name before it runs.

mod names;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use cofferdam_facts::{ImageRef, Span};

use self::names::{is_of_run, known};
use super::build_arguments;
use super::builds::{self, Build, Kept, Store, Tag};
use crate::documents::Action;
use crate::documents::dockerfile::ImageName;
use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::{Condition, Text};
use crate::documents::workflow::Workflow;
use crate::repository::Repository;
use crate::semantics::constants::Surroundings;
use crate::semantics::images::{self, Named, Pull, Role};
use crate::semantics::shells;
use crate::shell::{self, Command, Failure, Script, Shell};

/// How deep functions of a script that call each other are followed.
const MAX_DEPTH: usize = 8;
/// The most functions of a script that are followed to where they are called.
const MOST_FUNCTIONS: usize = 64;
/// The most uses of actions of the checkout that are followed for one job.
const MOST_ACTIONS: usize = 32;
/// The most names that are remembered; what comes later counts as pulled.
const MOST_ENTRIES: usize = 512;

/// Gives the parsed script of a step of a job; none where it is in no shell that
/// is understood, or builds and pushes nothing.
pub type Scripts<'f, 's> = &'f dyn Fn(&Workflow, &Job, &Step) -> Option<Cow<'s, Script>>;

/// What is there without pulling at one point of a job or an action.
#[derive(Clone, Debug, Default)]
pub struct Built<'d> {
    repository: Option<&'d Repository>,
    around: Surroundings<'d>,
    entries: Vec<Entry>,
    /// Steps that build, by their id: the digests that they give out.
    makers: BTreeSet<String>,
    /// The names that steps make for others to build.
    metas: BTreeMap<String, Vec<Tag>>,
    /// Whether another builder than the default one was set up.
    has_builder: bool,
    bases: Vec<(String, usize, bool)>,
    /// The Dockerfiles that are built, by their path.
    files: BTreeSet<String>,
    /// How many uses of actions of the checkout were followed.
    followed: usize,
}

/// One name that is there.
#[derive(Clone, Debug)]
struct Entry {
    tag: Tag,
    /// What it is known to be, whole.
    known: Vec<String>,
    /// For whom; `None` for everybody, from the registry.
    store: Option<Store>,
    /// The conditions under which it is there.
    conditions: BTreeSet<String>,
    /// The group of parallel steps that it belongs to.
    group: Option<usize>,
    /// The step whose script built it.
    step: Option<usize>,
    /// Whether what comes after its failure runs as well.
    is_handled: bool,
    /// Whether another job has pushed it.
    is_far: bool,
}

/// One place that names an image, as far as it matters whether it is there.
#[derive(Clone, Copy, Default)]
struct Use<'u> {
    store: Option<Store>,
    pull: Pull,
    step: Option<&'u Step>,
    script: Option<&'u Script>,
    in_branch: bool,
    variables: &'u [String],
    is_output: bool,
}

/// What the jobs of a workflow, in their order, push for those that need them.
#[derive(Clone, Debug, Default)]
pub struct Pushed(Vec<Vec<Entry>>);

impl Pushed {
    /// Goes through the jobs that others need, each once.
    #[must_use]
    pub fn of(workflow: &Workflow, scripts: Scripts<'_, '_>) -> Self {
        let needs = workflow.jobs.iter().flat_map(|job| &job.needs);
        let needed: BTreeSet<usize> = needs
            .filter_map(|need| workflow.position(&need.value))
            .collect();
        let of_job = |(at, job): (usize, &Job)| {
            if !needed.contains(&at) {
                return Vec::new();
            }
            let mut built = Built::alone(None, Surroundings::of_job(workflow, job));
            for step in job.steps() {
                let script = scripts(workflow, job, step);
                built.step(step, script.as_deref(), &|_| Span::default());
            }
            built.given_away().collect()
        };
        Self(workflow.jobs.iter().enumerate().map(of_job).collect())
    }
}

/// The bases of Dockerfiles that whoever builds them has built before.
#[derive(Clone, Debug, Default)]
pub struct BuiltBases(BTreeMap<(String, usize), bool>);

impl BuiltBases {
    /// Those of a checkout: every step that builds a Dockerfile has built the
    /// image before.
    #[must_use]
    pub fn of(repository: &Repository, scripts: Scripts<'_, '_>) -> Self {
        let mut bases = Self::default();
        if repository.dockerfiles.is_empty() {
            return bases;
        }
        for workflow in &repository.workflows {
            let pushed = Pushed::of(workflow, scripts);
            for job in &workflow.jobs {
                let mut built = Built::of_job(Some(repository), workflow, job, &pushed);
                for step in job.steps() {
                    let script = scripts(workflow, job, step);
                    built.step(step, script.as_deref(), &|_| Span::default());
                }
                bases.add(built);
            }
        }
        for action in &repository.actions {
            let mut built = Built::alone(Some(repository), Surroundings::of_action(action));
            for step in action.steps() {
                let script = script_of(step, &|| shells::of_composite_step(step));
                built.step(step, script.as_ref(), &|_| Span::default());
            }
            bases.add(built);
        }
        bases
    }

    fn add(&mut self, built: Built<'_>) {
        for (path, at, is_there) in built.bases {
            *self.0.entry((path, at)).or_insert(true) &= is_there;
        }
    }

    /// Whether the image place number `at` of the Dockerfile at `path` is one.
    #[must_use]
    pub fn has(&self, path: &str, at: usize) -> bool {
        self.0.get(&(path.to_owned(), at)).is_some_and(|has| *has)
    }
}

/// The Dockerfiles that the steps of a workflow build, by their path from the
/// root, wherever they stand and whatever they are called.
#[must_use]
pub fn files_of_workflow(workflow: &Workflow) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for job in &workflow.jobs {
        let mut built = Built::alone(None, Surroundings::of_job(workflow, job));
        for step in job.steps() {
            let script = script_of(step, &|| shells::of_step(workflow, job, step));
            built.step(step, script.as_ref(), &|_| Span::default());
        }
        files.extend(built.files);
    }
    files
}

/// The Dockerfiles that the steps of an action build, like
/// [`files_of_workflow`].
#[must_use]
pub fn files_of_action(action: &Action) -> BTreeSet<String> {
    let mut built = Built::alone(None, Surroundings::of_action(action));
    for step in action.steps() {
        let script = script_of(step, &|| shells::of_composite_step(step));
        built.step(step, script.as_ref(), &|_| Span::default());
    }
    built.files
}

/// The script of a step, if it may build: parsing takes most of the time.
fn script_of(step: &Step, shell: &dyn Fn() -> Shell) -> Option<Script> {
    let text = &step.script()?.value;
    may_build(text).then(|| shell::parse(text, &shell()))
}

/// Whether some line may name a client and tell it to build, where a variable may
/// stand for either.
fn may_build(script: &str) -> bool {
    const CLIENTS: [&str; 4] = ["docker", "podman", "nerdctl", "buildah"];
    let builds = |text: &str| text.contains("build") || text.contains("bud ");
    let calls = |text: &str| CLIENTS.iter().any(|client| text.contains(client));
    if !builds(script) || !calls(script) {
        return false;
    }
    // A line may go on in the next one.
    let whole = script.replace("\\\n", " ").replace("\\\r\n", " ");
    whole.lines().any(|line| {
        let varies = line.contains(['$', '`']);
        match (calls(line), builds(line)) {
            (true, true) => true,
            (true, false) | (false, true) => varies,
            (false, false) => false,
        }
    })
}

impl<'d> Built<'d> {
    /// What is there when a job begins: what those that it needs have built and
    /// pushed. A job that runs although one of them has failed has nothing.
    #[must_use]
    pub fn of_job(
        repository: Option<&'d Repository>,
        workflow: &'d Workflow,
        job: &'d Job,
        pushed: &Pushed,
    ) -> Self {
        let mut here = Self::alone(repository, Surroundings::of_job(workflow, job));
        if ignores_failure(job.condition.as_ref()) {
            return here;
        }
        let mut waiting: Vec<&Job> = vec![job];
        let mut seen = BTreeSet::from([job.id.value.as_str()]);
        while let Some(next) = waiting.pop() {
            for need in &next.needs {
                let Some(at) = workflow.position(&need.value) else {
                    continue;
                };
                let Some(needed) = workflow.jobs.get(at) else {
                    continue;
                };
                if !seen.insert(needed.id.value.as_str())
                    || may_fail(needed.continue_on_error.as_ref())
                    || ignores_failure(needed.condition.as_ref())
                {
                    continue;
                }
                waiting.push(needed);
                let more = pushed.0.get(at).into_iter().flatten();
                let room = MOST_ENTRIES.saturating_sub(here.entries.len());
                here.entries.extend(more.take(room).cloned());
            }
        }
        here
    }

    /// What is there when an action of the checkout begins: nothing, since any
    /// job may use it.
    #[must_use]
    pub fn alone(repository: Option<&'d Repository>, around: Surroundings<'d>) -> Self {
        Self {
            repository,
            around,
            ..Self::default()
        }
    }

    /// What other jobs find in the registry.
    fn given_away(self) -> impl Iterator<Item = Entry> {
        let is_given = |entry: &Entry| {
            let name = entry.tag.written.as_str();
            // A name without a slash is nobody's in any registry.
            entry.store.is_none()
                && entry.conditions.is_empty()
                && name.contains('/')
                && (entry.is_far || entry.tag.values.complete || is_of_run(name))
        };
        self.entries
            .into_iter()
            .filter(is_given)
            .map(|entry| Entry {
                is_far: true,
                step: None,
                group: None,
                ..entry
            })
    }

    /// What is left of an image of the job itself, or of a step that uses it
    /// directly; nothing if it can only be one that was built and pushed before.
    #[must_use]
    pub fn left(&self, named: Named) -> Option<Named> {
        // The image of a step is pulled before the first step runs, and that of
        // a job before it begins.
        let only_far: Vec<Entry> = (self.entries.iter())
            .filter(|entry| entry.is_far)
            .cloned()
            .collect();
        let before = Self {
            entries: only_far,
            makers: BTreeSet::new(),
            ..self.clone()
        };
        let pull = Pull::Always;
        before.without(
            named,
            Use {
                pull,
                ..Use::default()
            },
        )
    }

    /// Every image that a step names and that may have to be pulled; what the
    /// step builds is there from then on. `at` turns a range of the decoded
    /// script into bytes of the file.
    pub fn step(
        &mut self,
        step: &'d Step,
        script: Option<&Script>,
        at: &dyn Fn(Range<usize>) -> Span,
    ) -> Vec<Named> {
        let around = self.around.in_step(step);
        let mut found: Vec<Named> = images::of_step(step)
            .and_then(|named| self.left(named))
            .into_iter()
            .collect();
        if let Some(names) = builds::of_metadata(step, around)
            && let Some(id) = &step.id
        {
            self.metas.insert(id.value.clone(), names);
        }
        self.has_builder |= step.action() == Some("docker/setup-buildx-action");
        self.own_action(step);
        let metas = |id: &str| self.metas.get(id).cloned().unwrap_or_default();
        if let Some((store, build)) = builds::of_action(step, around, &metas) {
            self.files.extend(build.file.clone());
            found.extend(self.arguments(&build, Use::default()));
            self.take(build, Some(store), step, None, false);
        }
        if let Some(script) = script {
            let mut calls = Calls {
                step,
                script,
                at,
                followed: BTreeSet::new(),
                found: Vec::new(),
            };
            if script.functions.len() > MOST_FUNCTIONS {
                self.flat(&mut calls);
            } else {
                self.all(&mut calls);
            }
            calls.found.sort_by_key(|named| named.span);
            found.extend(calls.found);
        }
        found
    }

    /// Goes through a script and its functions.
    fn all(&mut self, calls: &mut Calls<'_, 'd>) {
        let (script, step) = (calls.script, calls.step);
        self.commands(calls, None, 0);
        // What nothing calls is judged as if it came first.
        for name in &script.functions {
            if !calls.followed.contains(name) {
                let mut fresh = self.clone();
                fresh.entries.retain(|entry| entry.step != Some(step.index));
                fresh.commands(calls, Some(name), 0);
            }
        }
    }

    /// Goes through a script with so many functions that nobody follows them: what
    /// they build is not there, and what they use is judged as if it came first.
    fn flat(&mut self, calls: &mut Calls<'_, 'd>) {
        let mut fresh = self.clone();
        let most = fresh.entries.len();
        for command in &calls.script.commands {
            if command.in_function {
                fresh.command(calls, command);
                fresh.entries.truncate(most);
            } else {
                self.command(calls, command);
            }
        }
    }

    /// What an action of the checkout builds that a step uses, under names that
    /// no input decides.
    fn own_action(&mut self, step: &Step) {
        let action = (self.repository).zip(step.uses());
        let action = action.and_then(|(all, uses)| Some((all, all.own_action(&uses.value)?)));
        let Some((repository, action)) = action.filter(|_| self.followed < MOST_ACTIONS) else {
            return;
        };
        let mut inner = Self::alone(Some(repository), Surroundings::of_action(action));
        inner.followed = self.followed + 1;
        inner.has_builder = self.has_builder;
        for step in action.steps() {
            let script = script_of(step, &|| shells::of_composite_step(step));
            inner.step(step, script.as_ref(), &|_| Span::default());
        }
        self.followed = inner.followed;
        self.has_builder |= inner.has_builder;
        let Some(conditions) = conditions(step) else {
            return;
        };
        let known = |entry: &Entry| entry.conditions.is_empty() && entry.tag.values.complete;
        self.entries
            .extend(inner.entries.into_iter().filter(known).map(|entry| Entry {
                conditions: conditions.clone(),
                group: step.parallel_group,
                step: None,
                is_handled: false,
                ..entry
            }));
    }

    /// Goes through the commands of a script, or of one of its functions, in the
    /// order in which they run.
    fn commands(&mut self, calls: &mut Calls<'_, 'd>, function: Option<&str>, depth: usize) {
        let script = calls.script;
        for command in &script.commands {
            let inside = match command.in_function {
                true => script.function_at(command.range.start),
                false => None,
            };
            if inside != function {
                continue;
            }
            self.command(calls, command);
            let name = command.effective().0.text.as_str();
            let called = script.functions.iter().find(|one| *one == name);
            if let Some(called) = called
                && depth < MAX_DEPTH
                && !command.dead
                && calls.followed.insert(called.clone())
            {
                let before = self.clone();
                self.commands(calls, Some(called), depth + 1);
                if !is_certain(command) {
                    *self = before;
                }
            }
        }
    }

    fn command(&mut self, calls: &mut Calls<'_, 'd>, command: &Command) {
        let Calls {
            step, script, at, ..
        } = *calls;
        let around = self.around.in_step(step);
        let place = Use {
            store: Store::of(command),
            pull: Pull::Missing,
            step: Some(step),
            script: Some(script),
            in_branch: command.in_branch,
            ..Use::default()
        };
        if let Some((named, word, pull)) = images::of_command(command, script, around, at) {
            let place = Use {
                pull,
                variables: &word.variables,
                is_output: word.holds_substitution,
                ..place
            };
            if pull != Pull::Never {
                calls.found.extend(self.without(named, place));
            }
            return;
        }
        self.has_builder |= builds::sets_builder(command);
        for gone in builds::removed(command, script, around) {
            let whole = known(&gone);
            let same = |one: &Entry| gone.written.is_empty() || is_same(one, &gone, &whole);
            self.entries
                .retain(|entry| entry.store.is_none() || !same(entry));
        }
        if let Some(tag) = builds::pushed(command, script, around) {
            let whole = known(&tag);
            let is_there = (self.entries.iter()).any(|entry| {
                entry.store.is_some()
                    && entry.store == place.store
                    && is_same(entry, &tag, &whole)
                    && self.holds(entry, place, &tag)
            });
            if is_there && is_certain(command) {
                self.add(tag, None, step, Some(command));
            }
            return;
        }
        if let Some(build) = builds::of_command(command, script, around, at) {
            self.files.extend(build.file.clone());
            calls.found.extend(self.arguments(&build, place));
            if is_certain(command) {
                self.take(build, place.store, step, Some(command), true);
            }
        }
    }

    /// What a build leaves behind.
    fn take(
        &mut self,
        build: Build,
        store: Option<Store>,
        step: &Step,
        command: Option<&Command>,
        by_script: bool,
    ) {
        self.note_bases(&build, store, step, command);
        let is_here = match build.kept {
            Kept::Here => true,
            Kept::ByDefault => !self.has_builder,
            Kept::Nowhere => false,
        };
        if (is_here || build.is_pushed) && conditions(step).is_some_and(|one| one.is_empty()) {
            let id = step.id.as_ref().map(|id| id.value.clone());
            self.makers.extend(id.filter(|_| is_here || !by_script));
        }
        for tag in build.tags {
            if is_here {
                self.add(tag.clone(), store, step, command);
            }
            if build.is_pushed {
                self.add(tag, None, step, command);
            }
        }
    }

    fn add(&mut self, tag: Tag, store: Option<Store>, step: &Step, command: Option<&Command>) {
        let Some(conditions) = conditions(step) else {
            return;
        };
        if self.entries.len() >= MOST_ENTRIES {
            return;
        }
        self.entries.push(Entry {
            known: known(&tag),
            tag,
            store,
            conditions,
            group: step.parallel_group,
            step: command.map(|_| step.index),
            is_handled: command.is_some_and(|one| one.failure == Failure::Handled),
            is_far: false,
        });
    }

    /// The images that a build puts in the place of arguments of its Dockerfile.
    fn arguments(&self, build: &Build, place: Use<'_>) -> Vec<Named> {
        let (Some(repository), Some(path)) = (self.repository, &build.file) else {
            return Vec::new();
        };
        build_arguments::of(repository, path, &build.arguments)
            .into_iter()
            .filter_map(|named| self.without(named, place))
            .collect()
    }

    fn note_bases(
        &mut self,
        build: &Build,
        store: Option<Store>,
        step: &Step,
        command: Option<&Command>,
    ) {
        let (Some(repository), Some(path)) = (self.repository, &build.file) else {
            return;
        };
        let file = (repository.dockerfiles.iter()).find(|one| one.file().path() == path);
        let place = Use {
            store,
            step: Some(step),
            in_branch: command.is_some_and(|one| one.in_branch),
            ..Use::default()
        };
        for (at, base) in (file.iter()).flat_map(|file| file.images().iter().enumerate()) {
            if let ImageName::Image(image) = &base.name {
                let is_there = self.has(&image.to_string(), place);
                self.bases.push((path.clone(), at, is_there));
            }
        }
    }

    /// What is left of a name.
    fn without(&self, mut named: Named, place: Use<'_>) -> Option<Named> {
        if self.is_given_out(&named.written) && named.role == Role::Script {
            return None;
        }
        let whole = Tag {
            written: named.written.clone(),
            values: images::values_of(&named),
            variables: place.variables.to_vec(),
            is_output: place.is_output,
        };
        if self.has_tag(&whole, place) {
            return None;
        }
        let before = named.images.len();
        named.images.retain(|candidate| {
            candidate.image.is_pinned() || !self.has(&candidate.image.to_string(), place)
        });
        let is_gone = before > 0 && named.images.is_empty() && named.complete;
        (!is_gone).then_some(named)
    }

    /// Whether an image of this very name is there.
    fn has(&self, image: &str, place: Use<'_>) -> bool {
        let tag = Tag {
            written: image.to_owned(),
            values: Surroundings::default().values_of_part(image),
            ..Tag::default()
        };
        self.has_tag(&tag, place)
    }

    fn has_tag(&self, tag: &Tag, place: Use<'_>) -> bool {
        let whole = known(tag);
        (self.entries.iter())
            .any(|entry| is_same(entry, tag, &whole) && self.holds(entry, place, tag))
    }

    /// Whether an entry is there for a place.
    fn holds(&self, entry: &Entry, place: Use<'_>, tag: &Tag) -> bool {
        let is_reached = match entry.store {
            None => true,
            Some(store) => place.pull != Pull::Always && place.store == Some(store),
        };
        let condition = place.step.and_then(|step| step.condition.as_ref());
        let conditions = parts(condition);
        let group = place.step.and_then(|step| step.parallel_group);
        let own_step = place.step.map(|step| step.index);
        let is_ready = entry.is_far
            || (entry.group.is_none() || entry.group != group || entry.step == own_step)
                && entry.conditions.is_subset(&conditions)
                && !ignores_failure(condition);
        let passed = !(entry.is_handled && place.in_branch);
        is_reached && is_ready && passed && stays(entry, place, tag, own_step)
    }

    /// Whether a name is the digest or number that a step which builds gives out,
    /// behind nothing or the name of what was built.
    fn is_given_out(&self, written: &str) -> bool {
        let (name, output) = match written.rsplit_once("@${{") {
            Some((name, output)) => (Some(name), output),
            None => match written.strip_prefix("${{") {
                Some(output) => (None, output),
                None => return false,
            },
        };
        let path = output.strip_suffix("}}").map(str::trim);
        let Some(rest) = path.and_then(|path| path.strip_prefix("steps.")) else {
            return false;
        };
        let Some((id, output)) = rest.split_once(".outputs.") else {
            return false;
        };
        let is_own = name.is_none_or(|name| {
            (self.entries.iter()).any(|entry| ImageRef::parse(&entry.tag.written).name() == name)
        });
        self.makers.contains(id) && matches!(output, "digest" | "imageid" | "image-id") && is_own
    }
}

/// What is known while the commands of one script are gone through.
struct Calls<'c, 'd> {
    step: &'d Step,
    script: &'c Script,
    at: &'c dyn Fn(Range<usize>) -> Span,
    /// Functions that were called.
    followed: BTreeSet<String>,
    found: Vec<Named>,
}

/// Whether a command that is reached has worked when the next one runs.
fn is_certain(command: &Command) -> bool {
    !command.dead
        && command.certain
        && !command.in_branch
        && command.failure != Failure::Ignored
        && !command.in_substitution
}

/// Whether an entry certainly has a name, which is known to be `whole`.
fn is_same(entry: &Entry, tag: &Tag, whole: &[String]) -> bool {
    let own = &entry.tag;
    let is_written_alike = own.written.trim() == tag.written.trim();
    let is_known_alike = entry.known == whole;
    match (own.values.complete, tag.values.complete) {
        (true, true) => is_known_alike && (whole.len() == 1 || is_written_alike),
        (false, false) => is_known_alike && is_written_alike && !own.is_output && !tag.is_output,
        _ => false,
    }
}

/// Whether a name that is not known means the same in both places.
fn stays(entry: &Entry, place: Use<'_>, tag: &Tag, own_step: Option<usize>) -> bool {
    if tag.values.complete {
        return true;
    }
    if entry.is_far {
        return is_of_run(&tag.written);
    }
    // What a script sets is gone when it ends, and set once it does not change.
    let most = usize::from(entry.step.is_some() && entry.step == own_step);
    let sets = |name: &String| {
        let all = place.script.into_iter().flat_map(|one| &one.assignments);
        all.filter(|one| one.name == *name).count()
    };
    let own_env = |name: &String| {
        let env = place.step.map_or(&[][..], |step| step.env.as_slice());
        entry.step != own_step && env.iter().any(|pair| pair.key.value == *name)
    };
    let mut names = tag.variables.iter().chain(&entry.tag.variables);
    names.all(|name| sets(name) <= most && !own_env(name))
}

/// The conditions of a step that builds; `None` if what comes after it may run
/// without it.
fn conditions(step: &Step) -> Option<BTreeSet<String>> {
    if step.background || may_fail(step.continue_on_error.as_ref()) {
        return None;
    }
    let found = parts(step.condition.as_ref());
    (!found.contains("")).then_some(found)
}

fn may_fail(text: Option<&Text>) -> bool {
    text.is_some_and(|text| text.value.trim() != "false")
}

/// The parts of a condition that all have to hold, without those that always
/// do; an empty one stands for what is not understood or never holds.
fn parts(condition: Option<&Condition>) -> BTreeSet<String> {
    let Some(condition) = condition else {
        return BTreeSet::new();
    };
    let Some(expr) = condition.expr() else {
        return BTreeSet::from([String::new()]);
    };
    let mut found = BTreeSet::new();
    for part in expr.conjuncts() {
        match part.truth_with(&|_| None) {
            Some(true) => {}
            Some(false) => {
                found.insert(String::new());
            }
            None => {
                let text = condition.text.value.get(part.range.clone());
                let text = text.unwrap_or_default().trim();
                if !matches!(text, "always()" | "success()" | "!cancelled()") {
                    found.insert(text.to_owned());
                }
            }
        }
    }
    found
}

/// Whether something runs although what came before has failed or was skipped.
fn ignores_failure(condition: Option<&Condition>) -> bool {
    let expr = condition.and_then(Condition::expr);
    expr.is_some_and(|expr| {
        ["always", "failure", "cancelled"]
            .iter()
            .any(|function| expr.calls(function))
    })
}

#[cfg(test)]
mod tests;
