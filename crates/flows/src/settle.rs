//! Inputs of a reusable workflow or action, taken on to whoever passes them.

use std::rc::Rc;

use cofferdam_workflows::documents::text::lookup;
use cofferdam_workflows::documents::{Action, Step, Workflow};

use crate::class::Class;
use crate::flow::{Source, Stage};
use crate::scope::{Scope, Unit};
use crate::trace::{Kind, Tracer};
use crate::trail::{Arrival, End, Trail};

/// More ways into one input than this are not told apart.
const MAX_ARRIVALS: usize = 64;

impl<'s, 'r> Tracer<'s, 'r> {
    /// Everything that arrives at a place by a trail.
    pub(crate) fn settle(&self, scope: Scope<'r>, trail: &Trail<'r>) -> Vec<Arrival<'r>> {
        match (&trail.end, scope.unit) {
            (End::Source(source), Unit::Workflow(_)) => {
                let route: Vec<Stage<'r>> = scope.stage().into_iter().collect();
                vec![arrival(source, trail, route, Vec::new())]
            }
            (End::Source(source), Unit::Action(action)) => self
                .sites(action)
                .iter()
                .map(|site| {
                    let (route, through) = (site.route.clone(), site.through.clone());
                    let mut next = arrival(source, trail, route, through);
                    next.guards.extend(&site.guards);
                    next
                })
                .collect(),
            (End::Input(name), Unit::Workflow(workflow)) => {
                let arrivals = self.input_of_workflow(workflow, name);
                let stage = scope.stage();
                let next = arrivals.iter().map(|a| {
                    let mut next = a.followed_by(trail);
                    next.route.extend(stage);
                    next
                });
                next.collect()
            }
            (End::Variable(_), Unit::Workflow(_)) => Vec::new(),
            (End::Input(name), Unit::Action(action)) => self
                .bound(action, name, Kind::Input)
                .iter()
                .map(|a| a.followed_by(trail))
                .collect(),
            (End::Variable(name), Unit::Action(action)) => self
                .bound(action, name, Kind::Variable)
                .iter()
                .map(|a| a.followed_by(trail))
                .collect(),
        }
    }

    fn bounded(&self, mut arrivals: Vec<Arrival<'r>>) -> Vec<Arrival<'r>> {
        if arrivals.len() > MAX_ARRIVALS {
            arrivals.truncate(MAX_ARRIVALS);
            self.unfinished.set(true);
        }
        arrivals
    }

    fn input_of_workflow(&self, workflow: &'r Workflow, name: &str) -> Rc<Vec<Arrival<'r>>> {
        let address = std::ptr::from_ref(workflow).addr();
        let key = (address, 1, Kind::Input, name.to_lowercase());
        self.arrivals_once(key, || {
            let callers = self.index.callers(workflow);
            if callers.is_empty() {
                return vec![unknown_caller(name)];
            }
            let mut found = Vec::new();
            for caller in callers {
                let scope = Scope::of_job(caller.workflow, caller.job);
                let Some(text) = caller.job.call().and_then(|c| lookup(&c.with, name)) else {
                    continue;
                };
                let target = format!("the input `{name}` of `{}`", workflow.path());
                for trail in self.text(scope, text) {
                    found.extend(self.settle(scope, &trail.put(&target)));
                }
            }
            self.bounded(found)
        })
    }

    /// What the users of an action give for an input or a variable.
    fn bound(&self, action: &'r Action, name: &str, kind: Kind) -> Rc<Vec<Arrival<'r>>> {
        let address = std::ptr::from_ref(action).addr();
        let key = (address, 1, kind, name.to_owned());
        self.arrivals_once(key, || {
            let users = self.index.users(action);
            let mut found = Vec::new();
            // An action at the root is there for other repositories, whatever
            // this one tries it out with.
            if (users.is_empty() || action.folder().is_empty()) && kind == Kind::Input {
                found.push(unknown_caller(name));
            }
            for user in users {
                let Some(step) = user.step else { continue };
                let trails = match kind {
                    Kind::Input => self.passed(*user, step, name),
                    _ => self.variable(*user, name),
                };
                for trail in trails {
                    let arrivals = self.settle(*user, &trail);
                    found.extend(arrivals.into_iter().map(|a| through(a, step)));
                }
            }
            self.bounded(found)
        })
    }

    /// The jobs in which an action's steps run.
    pub(crate) fn sites(&self, action: &'r Action) -> Rc<Vec<Arrival<'r>>> {
        let address = std::ptr::from_ref(action).addr();
        let key = (address, 1, Kind::Site, String::new());
        self.arrivals_once(key, || {
            let users = self.index.users(action);
            let mut found = Vec::new();
            for user in users {
                let Some(step) = user.step else { continue };
                let outer = match user.unit {
                    Unit::Workflow(_) => vec![site(user.stage().into_iter().collect())],
                    Unit::Action(outer) => self.sites(outer).to_vec(),
                };
                for mut arrival in outer {
                    for condition in user.conditions() {
                        arrival.guards.push(condition);
                    }
                    found.push(through(arrival, step));
                }
            }
            if users.is_empty() {
                found.push(site(Vec::new()));
            }
            self.bounded(found)
        })
    }
}

fn through<'r>(mut arrival: Arrival<'r>, step: &'r Step) -> Arrival<'r> {
    arrival.through.push(step);
    arrival
}

fn site(route: Vec<Stage<'_>>) -> Arrival<'_> {
    Arrival {
        source: Source::Caller(String::new()),
        name: String::new(),
        hops: Vec::new(),
        guards: Vec::new(),
        route,
        through: Vec::new(),
        cap: Class::Text,
    }
}

fn unknown_caller<'r>(name: &str) -> Arrival<'r> {
    Arrival {
        source: Source::Caller(name.to_owned()),
        name: format!("the input `{name}`"),
        ..site(Vec::new())
    }
}

fn arrival<'r>(
    source: &Source,
    trail: &Trail<'r>,
    route: Vec<Stage<'r>>,
    through: Vec<&'r Step>,
) -> Arrival<'r> {
    Arrival {
        source: source.clone(),
        name: trail.name.clone(),
        hops: trail.hops.clone(),
        guards: trail.guards.clone(),
        route,
        through,
        cap: trail.cap,
    }
}
