//! `timeout-minutes` for jobs that have none.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::documents::job::JobKind;
use cofferdam_workflows::yaml::edit::{Change, Position, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// How long a job may take, in minutes: the longest that most jobs need, and a
/// sixth of what GitHub allows.
const MINUTES: i64 = 60;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "timeout-missing",
    offer: Offer::Unsafe,
    summary: "Sets `timeout-minutes: 60` at each job without a limit. Check that none of them \
              takes longer.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let mut names = Vec::new();
    let mut fix = Fix::new(
        Safety::Safe,
        "a job that hangs then ends within the hour, not after six",
    );
    for view in cx.jobs_at(place.path()) {
        let node = place.job_node(view)?;
        let has_steps = matches!(view.job.kind, JobKind::Steps(_));
        let steps = node.get("steps");
        let each_limited = steps.is_some_and(|steps| {
            steps.items().next().is_some()
                && (steps.items()).all(|step| step.get("timeout-minutes").is_some())
        });
        if !has_steps || node.get("timeout-minutes").is_some() || each_limited {
            continue;
        }
        names.push(format!("`{}`", view.job.name()));
        let position = if node.get("runs-on").is_some() {
            Position::After("runs-on".to_owned())
        } else {
            Position::Last
        };
        fix = fix.with(
            place.path(),
            Change::Insert {
                mapping: node.id(),
                key: "timeout-minutes".to_owned(),
                value: Value::Integer(MINUTES),
                position,
            },
        );
    }
    let jobs = names.join(", ");
    fix.safety = Safety::check(match names.len() {
        1 => format!("job {jobs} never takes longer than {MINUTES} minutes"),
        _ => format!("none of the jobs {jobs} takes longer than {MINUTES} minutes"),
    });
    Ok(fix)
}
