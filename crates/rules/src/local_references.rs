//! Actions and workflows of the checkout that a document uses and that were
//! not read: they run, and no rule has seen them.

use std::collections::HashMap;

use cofferdam_facts::{Control, UsesRef};
use cofferdam_findings::report::NotChecked;
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::repository::{ACTION_DOCKERFILES, ACTION_NAMES, inside};
use cofferdam_workflows::semantics::checkouts;

use crate::context::{Context, JobView};
use crate::rule::Sink;
use crate::sites::{self, Holder};

/// What a script or an action that nobody has read may do.
pub(crate) const DEPENDING: &[Control] = &[
    Control::C1,
    Control::C3,
    Control::C4,
    Control::D1,
    Control::S1,
    Control::S2,
    Control::S3,
    Control::S6,
    Control::X1,
    Control::X3,
];

/// Reports every local reference that leads to nothing that was read.
pub(crate) fn report<'c>(cx: &'c Context<'c>, out: &mut Sink) {
    let mut holders: HashMap<(&'c str, &'c str), Holding> = HashMap::new();
    for site in sites::of(cx) {
        if !matches!(site.uses, UsesRef::Local(_) | UsesRef::SelfRepository(_)) {
            continue;
        }
        let Some(path) = cx.repository.own_path(site.uses) else {
            continue;
        };
        let call = matches!(site.holder, Holder::Call(_));
        let known = match call {
            true => cx.repository.workflow(&path).is_some(),
            false => is_read(cx, &path),
        };
        if known {
            continue;
        }
        // `$/x` is taken from the commit, whatever the work tree holds.
        let from_tree = matches!(site.uses, UsesRef::Local(_)) && !call;
        let holding = holders
            .entry(key(site.holder))
            .or_insert_with(|| Holding::of(cx, site.holder));
        let fetched = from_tree && holding.fetches(site.holder, &path);
        let required = !fetched && !cx.repository.part;
        let why = if fetched {
            "is put there by a checkout at run time"
        } else if cx.repository.part {
            "is not among the files that were named"
        } else {
            reason(cx, &path, call)
        };
        let settle = if fetched {
            "audit the repository that is checked out there"
        } else {
            "read by eye what stands there at run time, or keep it in the repository"
        };
        // Once for each job: one unknown is enough.
        if required && std::mem::take(&mut holding.grave) {
            for control in DEPENDING {
                let missing = format!("what `{}` does", site.uses);
                out.unknown(*control, Some(site.location()), missing, settle);
            }
        }
        out.not_checked(NotChecked {
            code: "local-reference",
            message: format!("`{}`, which {} uses, {why}", site.uses, site.whom()),
            location: Some(site.location()),
            settle: settle.to_owned(),
            required,
        });
    }
}

fn is_read(cx: &Context<'_>, folder: &str) -> bool {
    cx.repository.action_in(folder).is_some()
        || ACTION_DOCKERFILES.iter().any(|name| {
            let path = inside(folder, name);
            let mut files = cx.repository.dockerfiles.iter();
            files.any(|file| file.file().path() == path)
        })
}

fn reason(cx: &Context<'_>, path: &str, call: bool) -> &'static str {
    let tree = &cx.repository.tree;
    let there = |names: &[&str]| names.iter().any(|name| tree.has(&inside(path, name)));
    if path == ".." || path.starts_with("../") {
        "leads out of the repository"
    } else if (call && tree.has(path)) || there(&ACTION_NAMES) || there(&ACTION_DOCKERFILES) {
        "was not read"
    } else if !call && tree.below(path).next().is_some() {
        "is a folder without `action.yml`"
    } else {
        "is not among the files of the repository"
    }
}

/// The steps that use an action of the checkout.
pub(crate) fn users<'c>(
    cx: &'c Context<'c>,
    action: &'c Action,
) -> impl Iterator<Item = (&'c JobView<'c>, &'c Step)> {
    let steps = cx.usage().steps(action.path());
    steps.iter().filter_map(move |(place, step)| {
        let job = cx.job(*place)?;
        Some((job, job.job.steps().get(*step)?))
    })
}

/// The file and the job, or the action alone.
fn key<'c>(holder: Holder<'c>) -> (&'c str, &'c str) {
    match holder {
        Holder::Step(job, _) | Holder::Call(job) => (job.workflow.path(), job.job.name()),
        Holder::Action(action, _) => (action.path(), ""),
    }
}

/// What is the same for every reference of a job or action.
struct Holding {
    /// Whether there is something to take, and it was not told yet.
    grave: bool,
    /// The checkouts among its own steps, with their places.
    own: Vec<(usize, Fills)>,
    /// Those before it, in the jobs that use the action.
    around: Vec<Fills>,
}

/// What a checkout puts into the work tree besides this commit.
#[derive(Clone, Debug)]
enum Fills {
    /// Any folder.
    Any,
    /// This folder.
    Folder(String),
}

impl Fills {
    fn of(cx: &Context<'_>, step: &Step) -> Option<Self> {
        if !checkouts::is_checkout(step) {
            return None;
        }
        match checkouts::folder(step) {
            None => Some(Self::Any),
            Some(folder) if folder.is_empty() => {
                let own = |text: &str| (cx.repository.slug.as_deref()).is_some_and(|s| s == text);
                let other = step.input("repository").is_some_and(|text| {
                    !text.value.trim().is_empty()
                        && text.literal().is_none_or(|literal| !own(literal.trim()))
                });
                (other || checkouts::reference(step).is_some()).then_some(Self::Any)
            }
            Some(folder) => Some(Self::Folder(folder)),
        }
    }

    fn holds(&self, path: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Folder(folder) => (path.strip_prefix(folder.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

impl Holding {
    fn of<'c>(cx: &'c Context<'c>, holder: Holder<'c>) -> Self {
        let all = |steps: &'c [Step]| -> Vec<(usize, Fills)> {
            let fills = |step: &Step| Some((step.index, Fills::of(cx, step)?));
            steps.iter().filter_map(fills).collect()
        };
        let mut holding = Self {
            grave: false,
            own: Vec::new(),
            around: Vec::new(),
        };
        match holder {
            Holder::Step(job, _) | Holder::Call(job) => {
                holding.grave = job.stakes().is_grave();
                holding.own = all(job.job.steps());
            }
            Holder::Action(action, _) => {
                holding.own = all(action.steps());
                let mut last: Option<&JobView<'_>> = None;
                for (job, step) in users(cx, action) {
                    // The first use in a job has the fewest steps before it.
                    if last.is_some_and(|last| std::ptr::eq(last, job)) {
                        continue;
                    }
                    last = Some(job);
                    holding.grave |= job.stakes().is_grave();
                    let before = all(job.job.steps());
                    let before = before.into_iter().filter(|(at, _)| *at < step.index);
                    holding.around.extend(before.map(|(_, fills)| fills));
                }
            }
        }
        holding
    }

    /// Whether a checkout before the place fills the folder, or the work tree
    /// with something else than this commit.
    fn fetches(&self, holder: Holder<'_>, path: &str) -> bool {
        let index = match holder {
            Holder::Step(_, step) | Holder::Action(_, step) => step.index,
            Holder::Call(_) => return false,
        };
        let own = self.own.iter().filter(|(at, _)| *at < index);
        let mut all = own.map(|(_, fills)| fills).chain(&self.around);
        all.any(|fills| fills.holds(path))
    }
}
