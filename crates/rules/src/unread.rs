//! Documents besides workflows and actions that could not be read, and what
//! that means for the controls that are decided by them. One place for all:
//! no rule has to ask whether its document was understood.

use std::collections::BTreeSet;

use cofferdam_facts::{Control, Location, SourceFile};
use cofferdam_findings::report::NotChecked;
use cofferdam_findings::{Evidence, Verdict};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::documents::{Problem, ProblemKind};

use crate::context::Context;
use crate::rule::Sink;

const MEND: &str = "correct the file and run again";
const NEWER: &str = "a newer version of this program, or read the file by eye";

/// Where only a part of the repository was named: says that what is missing
/// here may stand elsewhere, so that a control is not decided by its absence.
pub(crate) fn elsewhere(cx: &Context<'_>, control: Control, what: &str, out: &mut Sink) -> bool {
    if cx.repository.part {
        out.unknown(control, None, what, "audit the whole repository");
    }
    cx.repository.part
}

/// A document that may be unread.
struct Read<'r> {
    file: &'r SourceFile,
    problems: &'r [Problem],
    /// Controls that the document decides alone, also by what it lacks.
    alone: &'static [Control],
    /// Controls that other documents decide as well.
    among_others: &'static [Control],
}

/// Reports every document that was not read to its end, and takes back what
/// rules have concluded from it: such a control is not checked.
pub(crate) fn take_back(cx: &Context<'_>, out: &mut Sink) {
    let mut alone: BTreeSet<Control> = BTreeSet::new();
    for document in documents(cx.repository) {
        let Some(problem) = document.problems.iter().find(|problem| problem.hides()) else {
            continue;
        };
        let location = document.file.locate(problem.span);
        let path = document.file.path();
        // What lies among tests is often broken on purpose, and decides nothing.
        let aside = is_aside(path) && document.alone.is_empty();
        out.not_checked(NotChecked {
            code: "syntax",
            message: format!("{path}: {}", problem.message),
            location: Some(location.clone()),
            settle: settle(problem).to_owned(),
            required: !aside,
        });
        if aside {
            continue;
        }
        alone.extend(document.alone);
        out.evidence.retain(|piece| {
            let here = (piece.location.as_ref()).is_some_and(|place| &*place.path == path);
            !(here && document.among_others.contains(&piece.control))
        });
        for control in document.alone.iter().chain(document.among_others) {
            out.evidence.push(unknown(*control, problem, &location));
        }
    }
    out.evidence.retain(|piece| {
        !alone.contains(&piece.control) || matches!(piece.verdict, Verdict::Unknown { .. })
    });
}

fn settle(problem: &Problem) -> &'static str {
    match problem.kind {
        ProblemKind::UnknownVersion => NEWER,
        _ => MEND,
    }
}

fn unknown(control: Control, problem: &Problem, location: &Location) -> Evidence {
    let missing = format!("what {} says", location.path);
    Evidence {
        control,
        note: "not decided".to_owned(),
        verdict: Verdict::Unknown {
            missing,
            settle: settle(problem).to_owned(),
        },
        location: Some(location.clone()),
    }
}

fn documents(repository: &Repository) -> Vec<Read<'_>> {
    use Control::{C4, D1, D2, D4, G1, G2, S1, S2, S3, T1, T3};

    let mut all = Vec::new();
    macro_rules! of {
        ($documents:expr, $alone:expr, $among_others:expr) => {
            for document in &$documents {
                all.push(Read {
                    file: document.file(),
                    problems: document.problems(),
                    alone: $alone,
                    among_others: $among_others,
                });
            }
        };
    }
    of!(repository.actions_locks, &[D2], &[D1]);
    of!(repository.ariane, &[], &[T1]);
    of!(repository.codeowners, &[T3], &[]);
    of!(repository.cofferdam_locks, &[], &[D2]);
    of!(repository.dco, &[G1], &[]);
    of!(repository.dependabot, &[D4], &[C4]);
    of!(repository.dockerfiles, &[], &[D1]);
    of!(repository.goreleasers, &[], &[S1, S2, S3]);
    of!(repository.insights, &[G2], &[]);
    of!(repository.little_helpers, &[G1], &[]);
    of!(repository.pre_commits, &[], &[]);
    of!(repository.renovate, &[D4], &[]);
    all
}
