//! Actions and workflows of the checkout that a document uses and that were
//! not read: they run, and no rule has seen them.

use cofferdam_facts::{Control, UsesRef};
use cofferdam_findings::report::NotChecked;
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::repository::{ACTION_DOCKERFILES, ACTION_NAMES, inside};
use cofferdam_workflows::semantics::checkouts;

use crate::context::{Context, JobView};
use crate::rule::Sink;
use crate::sites::{self, Holder, UseSite};

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
pub(crate) fn report(cx: &Context<'_>, out: &mut Sink) {
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
        let fetched = from_tree && is_fetched(cx, &site, &path);
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
        if required {
            unknown(cx, &site, settle, out);
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

fn unknown(cx: &Context<'_>, site: &UseSite<'_>, settle: &str, out: &mut Sink) {
    let grave = match site.holder {
        Holder::Step(job, _) | Holder::Call(job) => job.stakes().is_grave(),
        Holder::Action(action, _) => users(cx, action).any(|(job, _)| job.stakes().is_grave()),
    };
    if !grave {
        return;
    }
    for control in DEPENDING {
        let missing = format!("what `{}` does", site.uses);
        out.unknown(*control, Some(site.location()), missing, settle);
    }
}

/// The steps that use an action of the checkout.
pub(crate) fn users<'c>(
    cx: &'c Context<'c>,
    action: &'c Action,
) -> impl Iterator<Item = (&'c JobView<'c>, &'c Step)> {
    cx.all_jobs().flat_map(move |job| {
        let uses = move |step: &&'c Step| {
            step.uses()
                .and_then(|uses| cx.repository.own_action(&uses.value))
                .is_some_and(|used| used.path() == action.path())
        };
        job.job.steps().iter().filter(uses).map(move |s| (job, s))
    })
}

/// Whether a checkout before the place fills the folder, or the work tree with
/// something else than this commit.
fn is_fetched(cx: &Context<'_>, site: &UseSite<'_>, path: &str) -> bool {
    match site.holder {
        Holder::Step(job, step) => fills(cx, before(job.job.steps(), step), path),
        Holder::Call(_) => false,
        Holder::Action(action, step) => {
            fills(cx, before(action.steps(), step), path)
                || users(cx, action)
                    .any(|(job, outer)| fills(cx, before(job.job.steps(), outer), path))
        }
    }
}

fn before<'s>(steps: &'s [Step], last: &Step) -> &'s [Step] {
    let end = steps.partition_point(|step| step.index < last.index);
    steps.get(..end).unwrap_or(steps)
}

fn fills(cx: &Context<'_>, steps: &[Step], path: &str) -> bool {
    let checkouts = steps.iter().filter(|step| checkouts::is_checkout(step));
    checkouts
        .into_iter()
        .any(|step| match checkouts::folder(step) {
            None => true,
            Some(folder) if folder.is_empty() => {
                let own = |text: &str| (cx.repository.slug.as_deref()).is_some_and(|s| s == text);
                let other = step.input("repository").is_some_and(|text| {
                    !text.value.trim().is_empty()
                        && text.literal().is_none_or(|literal| !own(literal.trim()))
                });
                other || checkouts::reference(step).is_some()
            }
            Some(folder) => (path.strip_prefix(folder.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        })
}
