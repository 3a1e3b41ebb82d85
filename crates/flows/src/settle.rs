//! Inputs of a reusable workflow or action, taken on to whoever passes them.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use cofferdam_workflows::documents::{Action, Step, Workflow};

use crate::class::Class;
use crate::flow::{Source, Stage};
use crate::scope::{Scope, Unit};
use crate::trace::{Key, Kind, Tracer, given};
use crate::trail::{Arrival, End, Trail};

/// More ways into one input than this are not told apart.
const MAX_ARRIVALS: usize = 64;
/// How many inputs and variables are asked about for one of them.
const MAX_ASKED: usize = 2_000;

impl<'s, 'r: 's> Tracer<'s, 'r> {
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
            (End::Variable(_), Unit::Workflow(_)) => Vec::new(),
            (End::Input(name), unit) => self.inside(scope, unit, Kind::Input, name, trail),
            (End::Variable(name), unit) => self.inside(scope, unit, Kind::Variable, name, trail),
        }
    }

    fn inside(
        &self,
        scope: Scope<'r>,
        unit: Unit<'r>,
        kind: Kind,
        name: &str,
        trail: &Trail<'r>,
    ) -> Vec<Arrival<'r>> {
        let route: Vec<Stage<'r>> = scope.stage().into_iter().collect();
        let rest = arrival(&Source::Caller(String::new()), trail, route, Vec::new());
        let arrivals = self.arrivals(unit, kind, name);
        arrivals.iter().map(|a| a.clone().then(&rest)).collect()
    }

    /// What arrives at an input, or at a variable of an action's user: whoever
    /// passes it is asked, then whoever passes it to them, each once and the
    /// nearest first.
    fn arrivals(&self, unit: Unit<'r>, kind: Kind, name: &str) -> Rc<Vec<Arrival<'r>>> {
        let key = (address(unit), 1, kind, name.to_lowercase());
        self.arrivals_once(key.clone(), || {
            let mut search = Search {
                tracer: self,
                seen: HashSet::from([key]),
                waiting: VecDeque::from([Wanted {
                    unit,
                    kind,
                    name: name.to_owned(),
                    rest: site(Vec::new()),
                }]),
                found: Vec::new(),
            };
            while let Some(wanted) = search.waiting.pop_front() {
                if search.found.len() >= MAX_ARRIVALS || search.seen.len() > MAX_ASKED {
                    self.unfinished.set(true);
                    break;
                }
                match wanted.unit {
                    Unit::Workflow(workflow) => search.callers(workflow, &wanted),
                    Unit::Action(action) => search.users(action, &wanted),
                }
            }
            search.found
        })
    }

    /// The jobs in which an action's steps run.
    pub(crate) fn sites(&self, action: &'r Action) -> Rc<Vec<Arrival<'r>>> {
        let key = (
            std::ptr::from_ref(action).addr(),
            1,
            Kind::Site,
            String::new(),
        );
        self.arrivals_once(key, || {
            let mut seen = HashSet::from([action.path()]);
            let mut waiting = VecDeque::from([(action, site(Vec::new()))]);
            let mut found = Vec::new();
            while let Some((action, rest)) = waiting.pop_front() {
                for user in self.index.users(action) {
                    let Some(step) = user.step else { continue };
                    let mut next = rest.clone();
                    next.through.insert(0, step);
                    next.guards.extend(user.conditions());
                    match user.unit {
                        Unit::Workflow(_) => {
                            next.route = user.stage().into_iter().collect();
                            found.push(next);
                        }
                        Unit::Action(outer) if seen.insert(outer.path()) => {
                            waiting.push_back((outer, next));
                        }
                        Unit::Action(_) => {}
                    }
                }
                if found.len() >= MAX_ARRIVALS {
                    self.unfinished.set(true);
                    break;
                }
            }
            if found.is_empty() || is_for_others(action) {
                found.push(site(Vec::new()));
            }
            found
        })
    }
}

/// An input or variable, and what happens to it further inside.
struct Wanted<'r> {
    unit: Unit<'r>,
    kind: Kind,
    name: String,
    rest: Arrival<'r>,
}

struct Search<'t, 's, 'r> {
    tracer: &'t Tracer<'s, 'r>,
    seen: HashSet<Key>,
    waiting: VecDeque<Wanted<'r>>,
    found: Vec<Arrival<'r>>,
}

impl<'s, 'r: 's> Search<'_, 's, 'r> {
    fn callers(&mut self, workflow: &'r Workflow, wanted: &Wanted<'r>) {
        let callers = self.tracer.index.callers(workflow).to_vec();
        if callers.is_empty() {
            self.found
                .push(unknown_caller(&wanted.name).then(&wanted.rest));
        }
        for caller in callers {
            let scope = Scope::of_job(caller.workflow, caller.job);
            let call = caller.job.call();
            let target = format!("the input `{}` of `{}`", wanted.name, workflow.path());
            let trails = match call.and_then(|c| given(&c.with, &wanted.name)) {
                Some(text) => self.tracer.text(scope, text),
                None => self.tracer.default_of_call(workflow, &wanted.name),
            };
            for trail in trails {
                self.step(scope, &trail.put(&target), None, &wanted.rest);
            }
        }
    }

    fn users(&mut self, action: &'r Action, wanted: &Wanted<'r>) {
        let users = self.tracer.index.users(action).to_vec();
        let open = users.is_empty() || is_for_others(action);
        if open && wanted.kind == Kind::Input {
            self.found
                .push(unknown_caller(&wanted.name).then(&wanted.rest));
            for trail in self.tracer.default_of(action, &wanted.name) {
                if let End::Source(source) = &trail.end {
                    let unpassed = arrival(source, &trail, Vec::new(), Vec::new());
                    self.found.push(unpassed.then(&wanted.rest));
                }
            }
        }
        for user in users {
            let Some(step) = user.step else { continue };
            let trails = match wanted.kind {
                Kind::Input => self.tracer.passed(user, step, &wanted.name),
                _ => self.tracer.variable(user, &wanted.name),
            };
            for trail in trails {
                self.step(user, &trail, Some(step), &wanted.rest);
            }
        }
    }

    // One step outwards along a trail.
    fn step(
        &mut self,
        scope: Scope<'r>,
        trail: &Trail<'r>,
        through: Option<&'r Step>,
        rest: &Arrival<'r>,
    ) {
        let route: Vec<Stage<'r>> = scope.stage().into_iter().collect();
        let through: Vec<&'r Step> = through.into_iter().collect();
        let (kind, name) = match &trail.end {
            End::Source(source) => {
                match scope.unit {
                    Unit::Workflow(_) => {
                        let next = arrival(source, trail, route, through);
                        self.found.push(next.then(rest));
                    }
                    Unit::Action(outer) => {
                        for site in self.tracer.sites(outer).iter() {
                            let mut next = arrival(source, trail, site.route.clone(), Vec::new());
                            next.guards.extend(&site.guards);
                            next.through.extend(&site.through);
                            next.through.extend(&through);
                            self.found.push(next.then(rest));
                        }
                    }
                }
                return;
            }
            End::Input(name) => (Kind::Input, name),
            End::Variable(name) => (Kind::Variable, name),
        };
        if kind == Kind::Variable && matches!(scope.unit, Unit::Workflow(_)) {
            return;
        }
        let key = (address(scope.unit), 1, kind, name.to_lowercase());
        if self.seen.insert(key) {
            let inside = arrival(&Source::Caller(String::new()), trail, route, through);
            self.waiting.push_back(Wanted {
                unit: scope.unit,
                kind,
                name: name.clone(),
                rest: inside.then(rest),
            });
        }
    }
}

// An action at the root is there for other repositories, whatever this one
// tries it out with.
fn is_for_others(action: &Action) -> bool {
    action.folder().is_empty()
}

fn address(unit: Unit<'_>) -> usize {
    match unit {
        Unit::Workflow(workflow) => std::ptr::from_ref(workflow).addr(),
        Unit::Action(action) => std::ptr::from_ref(action).addr(),
    }
}

fn site(route: Vec<Stage<'_>>) -> Arrival<'_> {
    Arrival {
        source: Source::Caller(String::new()),
        name: String::new(),
        hops: Vec::new(),
        guards: Vec::new(),
        route,
        through: Vec::new(),
        saved: None,
        split: false,
        behind_break: false,
        cap: Class::Text,
        opaque: false,
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
        saved: trail.saved.clone(),
        cap: trail.cap,
        split: trail.split,
        behind_break: trail.behind_break,
        opaque: trail.opaque,
    }
}
