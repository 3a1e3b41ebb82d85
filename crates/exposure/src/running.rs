//! Where something of a job's or an action's step runs.

use cofferdam_rules::JobView;
use cofferdam_rules::script_steps::Home;
use cofferdam_rules::sites::Holder;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::conditions::{self, Runs, Situation};

use crate::graph::Place;
use crate::scene::{Run, Scene};

/// The runs in which a step of a job, or of an action of the checkout, may run;
/// the step of the job itself where it is one.
pub fn of_holder<'s, 'c>(
    scene: &'s Scene<'c>,
    holder: &Holder<'c>,
) -> Vec<(&'s Run<'c>, Option<&'c Step>)> {
    match holder {
        Holder::Step(view, step) => of_step(scene, view, step),
        Holder::Call(view) => scene.runs_of(view).map(|run| (run, None)).collect(),
        Holder::Action(action, _) => {
            let users = scene.users(action);
            let runs = users.into_iter().flat_map(|view| scene.runs_of(view));
            runs.map(|run| (run, None)).collect()
        }
    }
}

/// The same for a step with a script.
pub fn of_home<'s, 'c>(
    scene: &'s Scene<'c>,
    home: &Home<'c>,
    step: &'c Step,
) -> Vec<(&'s Run<'c>, Option<&'c Step>)> {
    match home {
        Home::Job(view) => of_step(scene, view, step),
        Home::Action(action) => of_holder(scene, &Holder::Action(action, step)),
    }
}

fn of_step<'s, 'c>(
    scene: &'s Scene<'c>,
    view: &JobView<'c>,
    step: &'c Step,
) -> Vec<(&'s Run<'c>, Option<&'c Step>)> {
    let runs = scene.runs_of(view).filter(|run| may_run(run, step));
    runs.map(|run| (run, Some(step))).collect()
}

/// Whether nothing rules a step out in a run.
#[must_use]
pub fn may_run(run: &Run<'_>, step: &Step) -> bool {
    let situation = |outsider| Situation {
        event: run.event(),
        outsider,
        fork_exists: true,
    };
    let inside = conditions::step_runs(step, situation(false)) != Runs::No;
    inside || run.is_open() && conditions::step_runs(step, situation(true)) != Runs::No
}

/// A job that runs for forks' pull requests already and of which something holds:
/// how it starts, and the first script. The author of a pull request need not
/// even bring a file then.
pub fn of_pull_request(scene: &Scene<'_>, holds: impl Fn(&Run<'_>) -> bool) -> Vec<Place> {
    let mut runs = scene.runs.iter();
    let for_forks = |run: &Run<'_>| {
        let mut chain = run.start.chain.iter();
        chain.all(|view| view.runs_for_fork(run.event()) != Runs::No)
    };
    let run = runs.find(|run| run.event() == "pull_request" && for_forks(run) && holds(run));
    let Some(run) = run else {
        return Vec::new();
    };
    let mut places = run.places();
    let mut steps = run.view.job.steps().iter();
    if let Some((step, text)) = steps.find_map(|step| Some((step, step.script()?))) {
        let first = text.value.lines().next().unwrap_or_default();
        places.push(Place::new(run.view.at(step.head()), first));
    }
    places
}
