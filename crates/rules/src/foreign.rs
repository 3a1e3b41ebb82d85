//! What of a stranger a job fetches, where it puts it, and what then runs it.
//!
//! The steps of a job are walked in order, with those of local composite
//! actions in their place. A folder belongs to whoever was fetched into it
//! last; what runs code of a folder that belongs to a stranger runs the
//! stranger's code.

mod actions;
mod beside;
mod budget;
mod images;
mod kept;
mod pushes;
mod script;
mod tree;
mod unread;

use std::collections::HashMap;

use cofferdam_facts::{Location, UsesRef};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::Action;
use cofferdam_workflows::documents::job::Defaults;
use cofferdam_workflows::documents::step::{Step, StepKind};
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::expressions::ContextPath;
use cofferdam_workflows::semantics::checkouts::Guard;
use cofferdam_workflows::semantics::conditions::{self, Runs, Situation};
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::gates::{Asked, Way};
use cofferdam_workflows::semantics::heads::{Frame, Head, Place, script_of};
use cofferdam_workflows::semantics::secrets::{self, SecretName};
use cofferdam_workflows::yaml::Document;

use crate::checks;
use crate::context::{Context, JobView};
use crate::starts::Start;

pub(crate) use kept::Walks;
pub use kept::{of_artifacts, of_head, of_start};
pub use pushes::Push;
use script::Fetched;
use tree::Tree;

/// How deep composite actions are followed.
const MAX_DEPTH: usize = 10;

/// What a job does with a stranger's files in one run.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    /// What is fetched.
    pub fetches: Vec<Fetch>,
    /// What runs it.
    pub runs: Vec<Run>,
    /// Steps that work where it lies, and of which it is not known whether
    /// they run it.
    pub doubts: Vec<Run>,
    /// What runs files of which it is not known whether they are a stranger's.
    pub lost: Vec<Run>,
    /// What runs while a stranger's files lie elsewhere, and may come upon them.
    pub beside: Vec<Run>,
    /// What writes a stranger's files into the repository.
    pub pushes: Vec<Push>,
    /// Services whose image, or whose options, the starter names: the span of the
    /// image.
    pub services: Vec<(Location, Way)>,
    /// Programs that nobody has read, and that are handed what the starter
    /// writes, or ask for it.
    pub unread: Vec<Unread>,
    /// Where a limit was reached, so that what comes after was not looked at.
    pub cut: Option<Location>,
}

/// Whose files are looked for in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// Those of whoever causes the run.
    Stranger,
    /// What earlier jobs of the same run have left.
    Artifacts,
    /// Those of the commit that the run is about.
    Head,
}

/// A stranger's files arrive.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Where it is said.
    pub place: Location,
    /// The step of the job, for fingerprints.
    pub label: String,
    /// What is fetched.
    pub head: Head,
    /// How.
    pub means: Means,
    /// The folder, below the workspace.
    pub folder: Folder,
    /// Whether it is looked up when the job runs, so that a push after an
    /// approval is fetched too.
    pub mutable: bool,
    /// What it takes for the step to run.
    pub way: Way,
}

/// How a stranger's files arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By `actions/checkout`, whose own guard may refuse.
    Checkout(Guard),
    /// By another program, which has no guard.
    Git,
    /// As an artifact of the run that came before.
    Artifact,
    /// As words of the starter, which a step writes into a file.
    Words,
}

/// A program that may fetch, or run, what the starter of the run names.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Where it is started.
    pub place: Location,
    /// The step of the job, for fingerprints.
    pub label: String,
    /// What it is, for messages: `python3 ci/x.py`.
    pub means: String,
    /// Whether it gets nothing but words of whoever causes the event.
    pub words: bool,
    /// What it takes for the step to run.
    pub way: Way,
}

/// Something runs them.
#[derive(Clone, Debug)]
pub struct Run {
    /// The place in [`Foreign::fetches`].
    pub fetch: usize,
    /// Where it is said.
    pub place: Location,
    /// The step of the job, for fingerprints.
    pub label: String,
    /// What runs, for messages: `make test`.
    pub means: String,
    /// Whether it runs in a container that gets only what is handed to it.
    pub contained: bool,
    /// Whether a secret is handed to it by name.
    pub handed: bool,
    /// What it takes for the step to run.
    pub way: Way,
}

impl Foreign {
    /// Whether anything of a stranger runs, or may run, before somebody has
    /// merged it.
    #[must_use]
    pub fn may_run(&self, start: &Start<'_>) -> bool {
        self.any_passes(start, self.runs.iter().chain(&self.doubts))
    }

    /// Whether something of a stranger surely runs before somebody has merged
    /// it.
    #[must_use]
    pub fn runs(&self, start: &Start<'_>) -> bool {
        self.any_passes(start, self.runs.iter())
    }

    /// What brings a stranger's files, and not only words that a step writes
    /// into a file of its own.
    pub fn files(&self) -> impl Iterator<Item = &Fetch> {
        let fetches = self.fetches.iter();
        fetches.filter(|fetch| fetch.means != Means::Words)
    }

    /// Why it is not known whether anything of a stranger runs, and where, if
    /// that is so.
    #[must_use]
    pub fn unseen(&self, start: &Start<'_>) -> Option<(Location, String)> {
        let job = start.job().map_or("", |view| view.job.name());
        if start.way.keeps_files_out() {
            return None;
        }
        if let Some(place) = &self.cut {
            let what = format!("what job `{job}` does behind the limit of what is walked");
            return Some((place.clone(), what));
        }
        let passing = self
            .lost
            .iter()
            .find(|run| self.any_passes(start, std::iter::once(*run)))?;
        let fetch = self.fetches.get(passing.fetch)?;
        let what = format!("whether what job `{job}` fetches and runs is a stranger's");
        Some((fetch.place.clone(), what))
    }

    /// The first program that nobody has read and that may do what a stranger
    /// says, before somebody has merged anything.
    #[must_use]
    pub fn not_read(&self, start: &Start<'_>) -> Option<&Unread> {
        self.unread.iter().find(|one| {
            let way = start.way.clone().and(one.way.clone());
            !way.keeps_files_out()
        })
    }

    fn any_passes<'r>(&self, start: &Start<'_>, mut runs: impl Iterator<Item = &'r Run>) -> bool {
        runs.any(|run| {
            let fetched = self.fetches.get(run.fetch).map(|f| f.way.clone());
            let way = start
                .way
                .clone()
                .and(run.way.clone())
                .and(fetched.unwrap_or_default());
            !way.keeps_files_out()
        })
    }
}

impl Fetch {
    /// What arrives, for messages.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self.means {
            Means::Artifact if self.head.is_lost() => "an artifact of whatever run is named",
            _ if self.head.is_lost() => "a ref that is not understood",
            Means::Artifact => "the artifact of the run before",
            Means::Words => "words of the starter, in a file",
            _ if self.head.text => "whatever the starter names",
            _ if self.head.is_code() => "the pull request's head",
            _ => "the branch that the stranger names",
        }
    }
}

/// Where it is not known whether anything of a stranger runs in a job, and why.
#[must_use]
pub fn unseen(
    cx: &Context<'_>,
    view: &JobView<'_>,
    starts: &[Start<'_>],
    cut: bool,
) -> Option<(Location, String)> {
    let of_start = |start: &Start<'_>| of_start(cx, start).unseen(start);
    starts.iter().find_map(of_start).or_else(|| {
        let what = format!("one of the many ways to job `{}`", view.job.name());
        cut.then(|| (view.at(view.job.id.span), what))
    })
}

/// What settles it.
pub const SETTLE: &str =
    "write the ref, the calls and the conditions out plainly, or read them by eye";

// Frames borrow from their callers, so that each is made inside of the call of
// the one before.
fn of_chain(
    cx: &Context<'_>,
    start: &Start<'_>,
    chain: &[&JobView<'_>],
    caller: Option<&Frame<'_>>,
    whose: Whose,
) -> Foreign {
    let Some((view, rest)) = chain.split_first() else {
        return Foreign::default();
    };
    let with = caller.and_then(|c| match c.place {
        Place::Job(_, job) => job.call().map(|call| call.with.as_slice()),
        Place::Action(..) => None,
    });
    let frame = Frame {
        repository: cx.repository,
        place: Place::Job(view.workflow, view.job),
        caller,
        with: with.unwrap_or_default(),
        dispatched: start.command.is_some() && caller.is_none(),
    };
    if !rest.is_empty() {
        return of_chain(cx, start, rest, Some(&frame), whose);
    }
    let mut walk = Walk {
        cx,
        start,
        view,
        compares_times: view.job.steps().iter().any(compares_times),
        tree: Tree::default(),
        fetched: None,
        peeked: None,
        left: cx.walks.budgets.of(cx, view.place),
        packed: false,
        programs: 0,
        strewn: None,
        landed: false,
        hooked: false,
        whose,
        out: Foreign::default(),
    };
    let outer = Outer {
        label: None,
        way: Way::Open,
        certain: true,
        depth: 0,
    };
    walk.called(&frame);
    walk.contained(&frame);
    walk.steps(&frame, &view.workflow.document, &outer);
    if walk.tree.cut {
        let head = view.at(view.job.id.span);
        walk.out.cut.get_or_insert(head);
    }
    walk.out
}

struct Walk<'w> {
    cx: &'w Context<'w>,
    start: &'w Start<'w>,
    view: &'w JobView<'w>,
    /// Whether a step refuses a head that was pushed after the comment.
    compares_times: bool,
    tree: Tree,
    /// Commits that were fetched and not yet checked out.
    fetched: Option<Fetched>,
    /// What was taken out of them without a checkout.
    peeked: Option<usize>,
    left: usize,
    /// Whether another run's artifact lies there and is not unpacked yet.
    packed: bool,
    /// How many programs of the checkout were walked through.
    programs: usize,
    /// The last that a stranger put where no folder is known.
    strewn: Option<usize>,
    /// Whether a stranger's files, or words, were put into the repository's own.
    landed: bool,
    /// Whether git was told of hooks, which a later folder may hold.
    hooked: bool,
    /// Whose files are asked for.
    whose: Whose,
    out: Foreign,
}

/// The step of the job inside of which an action's steps run.
struct Outer {
    label: Option<String>,
    way: Way,
    certain: bool,
    depth: usize,
}

/// One step as the walk sees it.
struct At<'a> {
    frame: &'a Frame<'a>,
    document: &'a Document,
    step: &'a Step,
    label: String,
    way: Way,
    /// Whether nothing keeps the step from running.
    certain: bool,
    depth: usize,
}

impl Walk<'_> {
    /// Whether no file of a stranger lies anywhere, not even taken out of the
    /// object store: then nothing can run one.
    fn is_clean(&self) -> bool {
        self.peeked.is_none() && self.tree.any().is_none()
    }

    // A workflow that is not read here, and that is handed a head, may run it.
    fn called(&mut self, frame: &Frame<'_>) {
        let Some(call) = self.view.job.call() else {
            return;
        };
        let repository = self.cx.repository;
        if repository.own_workflow(&call.uses.value).is_some() || !self.is_about_pull_request() {
            return;
        }
        let handed = |text: &Text| frame.of_text(text, None).is_code();
        let Some(pair) = call.with.iter().find(|pair| handed(&pair.value)) else {
            return;
        };
        let place = self.view.at(pair.value.span);
        let label = self.view.job.name().to_owned();
        self.out.lost.push(Run {
            fetch: self.out.fetches.len(),
            place: place.clone(),
            label: label.clone(),
            means: call.uses.value.to_string(),
            contained: false,
            handed: false,
            way: Way::Open,
        });
        self.out.fetches.push(Fetch {
            place,
            label,
            head: Head::UNKNOWN,
            means: Means::Git,
            folder: Folder::Elsewhere,
            mutable: false,
            way: Way::Open,
        });
    }

    fn steps(&mut self, frame: &Frame<'_>, document: &Document, outer: &Outer) {
        // What a step before has asked.
        let mut asked_before = checks::Asked::default();
        for step in frame.steps() {
            let Some(left) = self.left.checked_sub(1) else {
                let place = document.file().locate(step.head());
                self.out.cut.get_or_insert(place);
                return;
            };
            self.left = left;
            let file = document.file();
            let plain = self.start.stranger(self.cx, &|_, _| None);
            let lookup = |path: &ContextPath, asked: &Asked<'_>| {
                checks::of_step(&plain, file, frame.steps(), path, asked)
                    .or_else(|| checks::of_need(&plain, self.view.workflow, path, asked))
            };
            let mut way = self
                .start
                .stranger(self.cx, &lookup)
                .passes(step.condition.as_ref())
                .and(outer.way.clone());
            way = way.and(asked_before.way(&plain, file, step));
            asked_before.add(step);
            if way.is_closed() {
                continue;
            }
            let at = At {
                frame,
                document,
                step,
                label: outer.label.clone().unwrap_or_else(|| step.label()),
                way,
                certain: outer.certain && self.surely_runs(step),
                depth: outer.depth,
            };
            self.step(&at);
        }
    }

    fn surely_runs(&self, step: &Step) -> bool {
        let situation = |fork_exists| Situation {
            event: self.start.event(),
            outsider: true,
            fork_exists,
        };
        step.condition.is_none()
            || [true, false]
                .iter()
                .all(|there| conditions::step_runs(step, situation(*there)) == Runs::Yes)
    }

    fn step(&mut self, at: &At<'_>) {
        self.loaded(at);
        self.shell(at);
        if let Some(text) = at.step.script() {
            script::walk(self, at, text);
            return;
        }
        let Some(uses) = at.step.uses() else { return };
        match &uses.value {
            UsesRef::Local(path) => {
                let folder = Folder::workspace().join(path);
                if let Some(fetch) = self.tree.owner(&folder) {
                    let means = format!("uses: {path}");
                    self.run(at, fetch, at.step.head(), means, false);
                    return;
                }
                let repository = self.cx.repository;
                let action = repository.own_action(&uses.value);
                // Below the folder into which the repository was checked out.
                let moved = || repository.action_in(self.tree.own_path(&folder)?);
                let found = action.or_else(moved);
                if action.is_none() && found.is_some() {
                    self.moved_action(at);
                }
                self.unread_action(at, found, false);
                self.inner(at, found);
            }
            UsesRef::SelfRepository(_) => {
                let action = self.cx.repository.own_action(&uses.value);
                self.unread_action(at, action, false);
                self.inner(at, action);
            }
            _ => {
                if let Some(action) = self.cx.repository.own_action(&uses.value) {
                    self.unread_action(at, Some(action), true);
                }
                self.action(at);
            }
        }
    }

    // `env: {NODE_OPTIONS: --require ./hook.js}`: what every program of the step
    // loads first.
    fn loaded(&mut self, at: &At<'_>) {
        let pairs = at.step.env.iter().chain(&self.view.job.env);
        let pairs = pairs.chain(&self.view.workflow.env);
        let found = pairs
            .filter(|p| script::is_loaded(&p.key.value))
            .find_map(|pair| {
                let value = self.expand(at, &pair.value);
                let root = Folder::workspace();
                let mut parts = script::loaded_paths(&pair.key.value, &value);
                let fetch = parts.find_map(|part| self.tree.owner(&root.join(part)))?;
                Some((fetch, format!("{}={}", pair.key.value, pair.value.value)))
            });
        if let Some((fetch, means)) = found {
            self.run(at, fetch, at.step.head(), means, false);
        }
    }

    fn inner(&mut self, at: &At<'_>, action: Option<&Action>) {
        let Some(action) = action else { return };
        if at.depth >= MAX_DEPTH {
            let place = at.document.file().locate(at.step.head());
            self.out.cut.get_or_insert(place);
            return;
        }
        let frame = Frame {
            repository: self.cx.repository,
            place: Place::Action(action, at.step),
            caller: Some(at.frame),
            with: at.step.with(),
            dispatched: false,
        };
        let outer = Outer {
            label: Some(at.label.clone()),
            way: at.way.clone(),
            certain: at.certain,
            depth: at.depth + 1,
        };
        self.steps(&frame, &action.document, &outer);
    }

    fn fetch(
        &mut self,
        at: &At<'_>,
        span: cofferdam_facts::Span,
        head: Head,
        means: Means,
        folder: Folder,
        mutable: bool,
    ) {
        // Other events have no pull request; what they look up is the
        // repository's own.
        let asked = match self.whose {
            Whose::Artifacts => means == Means::Artifact,
            Whose::Head => true,
            _ if self.is_about_pull_request() => true,
            // A number that somebody hands to a dispatch names anybody's head.
            Whose::Stranger if self.is_dispatch() => head.pull,
            // Others name what they fetch themselves; where nobody starts the run,
            // the event names nothing.
            Whose::Stranger if self.has_starter() => {
                head.text || head.pull || head.fork || head.is_lost() || means == Means::Artifact
            }
            Whose::Stranger => match means {
                Means::Artifact | Means::Words => true,
                Means::Git => head.pull || head.is_lost(),
                Means::Checkout(_) => head.pull,
            },
        };
        if !asked {
            self.trusted(at, &folder, false);
            return;
        }
        let index = self.out.fetches.len();
        self.tree.foreign(&folder, index);
        if folder == Folder::Elsewhere {
            self.strewn = Some(index);
        }
        self.out.fetches.push(Fetch {
            place: at.document.file().locate(span),
            label: at.label.clone(),
            head,
            means,
            folder,
            mutable: mutable && !self.compares_times,
            way: at.way.clone(),
        });
    }

    fn is_about_pull_request(&self) -> bool {
        let event = self.start.event();
        self.start.command.is_some()
            || event.starts_with("pull_request")
            || matches!(
                event,
                "issue_comment" | "repository_dispatch" | "workflow_run"
            )
    }

    pub(super) fn is_dispatch(&self) -> bool {
        self.start.event() == "workflow_dispatch"
    }

    fn run(
        &mut self,
        at: &At<'_>,
        fetch: usize,
        span: cofferdam_facts::Span,
        means: String,
        contained: bool,
    ) {
        let run = self.made(at, fetch, span, means, contained);
        if self.is_lost(fetch) {
            self.out.lost.push(run);
        } else {
            self.out.runs.push(run);
        }
    }

    fn doubted(&mut self, run: Run) {
        if self.is_lost(run.fetch) {
            self.out.lost.push(run);
        } else {
            self.out.doubts.push(run);
        }
    }

    fn is_lost(&self, fetch: usize) -> bool {
        self.out
            .fetches
            .get(fetch)
            .is_some_and(|f| f.head.is_lost())
    }

    fn made(
        &self,
        at: &At<'_>,
        fetch: usize,
        span: cofferdam_facts::Span,
        means: String,
        contained: bool,
    ) -> Run {
        Run {
            fetch,
            place: at.document.file().locate(span),
            label: at.label.clone(),
            means,
            contained,
            handed: names_secret(at.step),
            way: at.way.clone(),
        }
    }

    // A path with the variables that are the same on every run put in.
    fn expand(&self, at: &At<'_>, text: &Text) -> String {
        let mut value = text.value.clone();
        if text.is_static() {
            return value;
        }
        let constants = self.constants(at);
        for (part, expr) in text.parsed() {
            let Some(path) = expr.as_context().filter(|p| p.head() == "env") else {
                continue;
            };
            let written = text.value.get(part.range.clone()).unwrap_or("");
            if let Some(known) = constants.get(path.written_name(1).unwrap_or("")) {
                value = value.replace(written, known);
            }
        }
        value
    }

    /// The environment variables of a step that are the same on every run.
    fn constants(&self, at: &At<'_>) -> HashMap<String, String> {
        let pairs = self
            .view
            .workflow
            .env
            .iter()
            .chain(&self.view.job.env)
            .chain(&at.step.env);
        let known = pairs.filter_map(|pair| {
            let text = &pair.value;
            let workspace = text.value.starts_with("${{ github.workspace }}");
            let short = text.value.len() <= script::LONGEST_VALUE;
            (short && (text.is_static() || workspace))
                .then(|| (pair.key.value.clone(), text.value.clone()))
        });
        known.collect()
    }

    /// Where a script starts.
    fn working_directory(&self, at: &At<'_>) -> Folder {
        let own = match &at.step.kind {
            StepKind::Run {
                working_directory, ..
            } => working_directory.as_ref(),
            _ => None,
        };
        let default = |d: &'_ Defaults| d.working_directory.clone();
        let written = own.cloned().or_else(|| match at.frame.place {
            Place::Job(workflow, job) => {
                default(&job.defaults).or_else(|| default(&workflow.defaults))
            }
            Place::Action(..) => None,
        });
        written.map_or_else(Folder::workspace, |text| {
            Folder::workspace().join(&self.expand(at, &text))
        })
    }

    fn repository(&self) -> &Repository {
        self.cx.repository
    }
}

fn compares_times(step: &Step) -> bool {
    script_of(step).is_some_and(|s| s.contains("pushed_at") && s.contains("created_at"))
}

fn names_secret(step: &Step) -> bool {
    step.texts().any(|(_, text)| {
        text.parsed().any(|(_, expr)| {
            secrets::names(expr)
                .iter()
                .any(|name| *name != SecretName::Token)
        })
    })
}
