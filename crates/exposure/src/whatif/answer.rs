//! What a thing runs in, and what whoever has taken it over would get.

use std::collections::{BTreeMap, BTreeSet};

use super::cover::{self, Danger, Saving};
use super::homes::{self, Home};
use super::rotation::{self, Check, Rotation};
use super::{Study, Thing, places, purpose, start};
use crate::asset::Asset;
use crate::graph::{Node, NodeId};
use crate::matrix::{self, Reached};
use crate::position::Position;
use crate::scene::Run;
use crate::verdict::{Level, Verdict};

/// How near the code is to what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// It is given to it.
    Direct,
    /// It is in the same job.
    CoResident,
    /// It takes another step, as through a cache or by a token.
    Further,
}

impl Nearness {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::CoResident => "co-resident",
            Self::Further => "further",
        }
    }
}

/// What a thing does at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Its code runs in the job.
    Runs,
    /// Its code runs in a container of the job.
    Container,
    /// The job holds it.
    Holds,
    /// It starts the workflow.
    Starts,
    /// It acts otherwise, as by a push.
    Acts,
}

/// One place where a thing comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it does there.
    pub role: Role,
    /// The file, and the line; none for what stands in no file.
    pub at: Option<(String, usize)>,
    /// Further lines of the same job.
    pub also: BTreeSet<usize>,
    /// The job.
    pub job: Option<String>,
    /// What stands there, or what is done.
    pub what: String,
    /// The events that lead there.
    pub events: BTreeSet<String>,
    /// The environment of the job.
    pub environment: Option<String>,
    /// What stands in the way.
    pub verdict: Verdict,
    /// What is given to it there.
    pub direct: BTreeSet<Asset>,
    /// What the job holds besides.
    pub beside: BTreeSet<Asset>,
    /// Whether what the token may do is the most that settings could give.
    pub assumed: bool,
}

/// One asset that it would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// What.
    pub asset: Asset,
    /// What stands in the worst way.
    pub verdict: Verdict,
    /// How near it is.
    pub near: Nearness,
    /// Where a secret is kept.
    pub home: Option<Home>,
    /// The edges of the way.
    pub path: Vec<usize>,
}

/// Jobs that it gets into from the first ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Further {
    /// By which rule.
    pub rule: &'static str,
    /// The jobs: file and name.
    pub jobs: BTreeSet<(String, String)>,
}

/// The answer to what happens if a thing is taken over.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The thing, in one word.
    pub word: String,
    /// What happens to it.
    pub happens: String,
    /// What is to be known besides.
    pub notes: Vec<String>,
    /// Where it comes in.
    pub hits: Vec<Hit>,
    /// What `hits` are to it, as the beginning of a sentence: "Runs in".
    pub enters: &'static str,
    /// Where it gets from there.
    pub further: Vec<Further>,
    /// What it would get, worst first.
    pub gains: Vec<Gain>,
    /// What is given it; of a secret alone.
    pub uses: Vec<purpose::Use>,
    /// Who reaches it already, worst first; of what is held and of branches.
    pub reached_by: Vec<(Position, Verdict)>,
    /// What must be replaced.
    pub rotations: Vec<Rotation>,
    /// What must be looked at.
    pub checks: Vec<Check>,
    /// The changes that save most for what they cost.
    pub cuts: Vec<Saving>,
    /// Out of how many.
    pub to_save: usize,
}

/// What happens if a thing is taken over.
pub fn of(study: &mut Study<'_>, thing: &Thing) -> Answer {
    let from = start::of_thing(study, thing);
    let study = &*study;
    let graph = &study.exposure.graph;
    let hits = match thing {
        Thing::Asset(asset @ Asset::Secret { .. }) => holders(study, asset),
        _ => hits(study, from),
    };
    let mut gains: Vec<Gain> = matrix::from_node(graph, from)
        .into_iter()
        .filter(|one| !matches!(thing, Thing::Asset(own) if *own == one.asset))
        .map(|one| gain(study, &hits, one))
        .collect();
    gains.sort_by(|a, b| (a.verdict.level(), &a.asset).cmp(&(b.verdict.level(), &b.asset)));
    let own = match thing {
        Thing::Asset(asset) => Some(asset.clone()),
        Thing::Branch(None) => Some(Asset::DefaultBranch),
        Thing::Branch(Some(_)) => Some(Asset::Branch),
        _ => None,
    };
    let reached_by = own
        .as_ref()
        .map_or_else(Vec::new, |own| by_whom(study, own));
    let (cuts, to_save) = cuts(study, from, own.as_ref(), &gains, &reached_by);
    Answer {
        word: thing.to_string(),
        happens: thing.describe(),
        notes: notes(study, thing, &gains),
        enters: match thing {
            Thing::Asset(Asset::Secret { .. }) => "Held by",
            Thing::Workflow(_) => "Has",
            Thing::Branch(_) | Thing::Asset(Asset::Tag) => "Starts",
            _ => "Runs in",
        },
        further: further(study, from, &hits),
        uses: match thing {
            Thing::Asset(asset) => purpose::of_secret(study, asset),
            _ => Vec::new(),
        },
        rotations: rotation::of(study, thing, &gains),
        checks: rotation::checks(study, &gains),
        hits,
        gains,
        reached_by,
        cuts,
        to_save,
    }
}

impl Answer {
    /// The worst level at which it gets anything.
    #[must_use]
    pub fn worst(&self) -> Option<Level> {
        self.gains.first().map(|gain| gain.verdict.level())
    }
}

fn hits(study: &Study<'_>, from: NodeId) -> Vec<Hit> {
    let graph = &study.exposure.graph;
    let mut found: Vec<Hit> = Vec::new();
    let mut places: BTreeMap<(Role, String, Option<String>, Verdict), usize> = BTreeMap::new();
    for at in graph.out(from) {
        let Some(edge) = graph.edge(*at) else {
            continue;
        };
        let Some(to) = graph.nodes().get(edge.to) else {
            continue;
        };
        let (role, run) = match to {
            Node::Code(run) | Node::Shapes(run) => (Role::Runs, Some(*run)),
            Node::Handed(run, _) => (Role::Container, Some(*run)),
            Node::Started(run, _) | Node::Followed(run, _) => (Role::Starts, Some(*run)),
            _ => (Role::Acts, None),
        };
        let run = run.and_then(|run| study.scene.runs.get(run));
        let entry = places::entry(edge);
        let first = edge.places.iter().find(|place| place.location.is_some());
        let place = match role {
            Role::Starts => first,
            _ => entry,
        };
        let mut hit = Hit {
            role,
            at: place.and_then(|p| {
                let at = p.location.as_ref()?;
                Some((at.path.to_string(), at.line))
            }),
            also: BTreeSet::new(),
            job: run.map(|run| run.view.job.name().to_owned()),
            what: place
                .or(edge.places.last())
                .map_or_else(|| study.exposure.describe(to), |p| p.what.clone()),
            events: run.iter().map(|run| run.event().to_owned()).collect(),
            environment: run.and_then(|run| Some(run.environment.as_ref()?.name.clone())),
            verdict: edge.verdict.clone(),
            direct: BTreeSet::new(),
            beside: BTreeSet::new(),
            assumed: run.is_some_and(|run| run.start.token.assumed),
        };
        match (role, run, to) {
            (Role::Runs, Some(run), _) => {
                let held = places::held(run);
                let at = place.and_then(|place| place.location.as_ref());
                hit.direct = at.map_or_else(BTreeSet::new, |at| places::given(run, at));
                hit.beside = held.difference(&hit.direct).cloned().collect();
            }
            (Role::Container, ..) => {
                hit.direct = graph
                    .out(edge.to)
                    .iter()
                    .filter_map(|at| match graph.nodes().get(graph.edge(*at)?.to)? {
                        Node::Asset(asset) => Some(asset.clone()),
                        _ => None,
                    })
                    .collect();
            }
            (Role::Acts, _, Node::Asset(asset)) => {
                hit.direct.insert(asset.clone());
            }
            _ => {}
        }
        merge(hit, &mut found, &mut places);
    }
    found.sort_by(|a, b| {
        let key = |h: &Hit| (h.role, h.verdict.level(), weight(h), h.at.clone());
        key(a).cmp(&key(b))
    });
    found
}

// The jobs that hold most come first.
fn weight(hit: &Hit) -> std::cmp::Reverse<u64> {
    let all = hit.direct.iter().chain(&hit.beside);
    std::cmp::Reverse(all.map(super::weight::of_asset).sum())
}

/// One entry for all events and steps by which it comes into the same job.
fn merge(
    hit: Hit,
    found: &mut Vec<Hit>,
    places: &mut BTreeMap<(Role, String, Option<String>, Verdict), usize>,
) {
    let at = match (&hit.at, hit.role) {
        (Some((path, line)), Role::Starts) => format!("{path}:{line}"),
        (Some((path, _)), _) => path.clone(),
        (None, _) => hit.what.clone(),
    };
    let job = match hit.role {
        Role::Starts => None,
        _ => hit.job.clone(),
    };
    let key = (hit.role, at, job, hit.verdict.plain());
    if let Some(same) = places.get(&key).and_then(|at| found.get_mut(*at)) {
        same.events.extend(hit.events);
        same.assumed |= hit.assumed;
        if let (Some((path, line)), Some((of, first))) = (&hit.at, &same.at)
            && path == of
            && line != first
        {
            same.also.insert(*line);
        }
        same.direct.extend(hit.direct);
        same.beside.extend(hit.beside);
        same.beside.retain(|asset| !same.direct.contains(asset));
        return;
    }
    places.insert(key, found.len());
    found.push(hit);
}

/// The jobs that are sent a secret.
fn holders(study: &Study<'_>, asset: &Asset) -> Vec<Hit> {
    let mut found = Vec::new();
    let mut places = BTreeMap::new();
    for run in &study.scene.runs {
        let all = run.held.all.as_ref();
        let named = run.held.named.get(asset);
        let Some(place) = named.or(all) else { continue };
        let what = match named {
            Some(_) => asset.to_string(),
            None => "is handed every secret".to_owned(),
        };
        let hit = Hit {
            role: Role::Holds,
            at: Some((place.path.to_string(), place.line)),
            also: BTreeSet::new(),
            job: Some(run.view.job.name().to_owned()),
            what,
            events: [run.event().to_owned()].into(),
            environment: run.environment.as_ref().map(|e| e.name.clone()),
            verdict: run.gate.clone(),
            direct: BTreeSet::new(),
            beside: BTreeSet::new(),
            assumed: false,
        };
        merge(hit, &mut found, &mut places);
    }
    found
}

fn gain(study: &Study<'_>, hits: &[Hit], one: Reached) -> Gain {
    let level = one.verdict.level();
    let as_bad = |hit: &&Hit| hit.verdict.level() <= level;
    let has = |of: fn(&Hit) -> &BTreeSet<Asset>| {
        hits.iter()
            .filter(as_bad)
            .any(|hit| of(hit).contains(&one.asset))
    };
    let near = if has(|hit| &hit.direct) {
        Nearness::Direct
    } else if has(|hit| &hit.beside) || one.path.len() == 2 {
        Nearness::CoResident
    } else {
        Nearness::Further
    };
    Gain {
        home: homes::of_secret(study, &one.asset),
        near,
        asset: one.asset,
        verdict: one.verdict,
        path: one.path,
    }
}

/// Jobs in which its code runs though it is not named there.
fn further(study: &Study<'_>, from: NodeId, hits: &[Hit]) -> Vec<Further> {
    let graph = &study.exposure.graph;
    let known: BTreeSet<(&str, &str)> = hits
        .iter()
        .filter(|hit| matches!(hit.role, Role::Runs | Role::Container))
        .filter_map(|hit| Some((hit.at.as_ref()?.0.as_str(), hit.job.as_deref()?)))
        .collect();
    let reached = crate::paths::search(graph, from, Level::After, &|_| false);
    let first: BTreeSet<NodeId> = (graph.out(from).iter())
        .filter_map(|at| graph.edge(*at).map(|edge| edge.to))
        .collect();
    let mut by_rule: BTreeMap<&'static str, BTreeSet<(String, String)>> = BTreeMap::new();
    for (id, node) in graph.nodes().iter().enumerate() {
        let Node::Code(run) = node else { continue };
        if !reached.has(id) || first.contains(&id) {
            continue;
        }
        let Some(run) = study.scene.runs.get(*run) else {
            continue;
        };
        let name = name(run);
        if known.contains(&(name.0.as_str(), name.1.as_str())) {
            continue;
        }
        let path = reached.path(graph, id);
        let last = path.last().and_then(|at| graph.edge(*at));
        if let Some(edge) = last {
            by_rule.entry(edge.rule).or_default().insert(name);
        }
    }
    let all = by_rule.into_iter();
    all.map(|(rule, jobs)| Further { rule, jobs }).collect()
}

fn name(run: &Run<'_>) -> (String, String) {
    let view = run.view;
    (view.workflow.path().to_owned(), view.job.name().to_owned())
}

fn by_whom(study: &Study<'_>, asset: &Asset) -> Vec<(Position, Verdict)> {
    let rows = study.exposure.rows.iter();
    let rows = rows.filter(|row| row.asset == *asset);
    let mut found: Vec<(Position, Verdict)> = rows
        .map(|row| (row.position.clone(), row.verdict.clone()))
        .collect();
    found.sort_by_key(|(position, verdict)| (verdict.level(), position.clone()));
    found
}

/// The cheapest changes: those that keep what it would get from it, or, where it
/// is held itself, those that keep others from it.
fn cuts(
    study: &Study<'_>,
    from: NodeId,
    own: Option<&Asset>,
    gains: &[Gain],
    reached_by: &[(Position, Verdict)],
) -> (Vec<Saving>, usize) {
    let graph = &study.exposure.graph;
    let backward = matches!(own, Some(asset) if !reached_by.is_empty() && !gains_count(asset));
    let levels: Vec<(Option<NodeId>, Level)> = if backward {
        let of = |(position, verdict): &(Position, Verdict)| {
            (
                graph.find(&Node::Position(position.clone())),
                verdict.level(),
            )
        };
        reached_by.iter().map(of).collect()
    } else {
        let of = |gain: &Gain| {
            (
                graph.find(&Node::Asset(gain.asset.clone())),
                gain.verdict.level(),
            )
        };
        gains.iter().map(of).collect()
    };
    // What is open, or may be, comes first; else what waits for somebody.
    let open = levels.iter().any(|(_, level)| *level <= Level::ReachableIf);
    let level = if open {
        Level::ReachableIf
    } else {
        Level::After
    };
    let wanted: BTreeSet<NodeId> = (levels.iter())
        .filter(|(_, of)| *of <= level)
        .filter_map(|(node, _)| *node)
        .collect();
    let from = match own.filter(|_| backward) {
        Some(own) => graph.find(&Node::Asset(own.clone())),
        None => Some(from),
    };
    let Some(from) = from else {
        return (Vec::new(), 0);
    };
    let danger = Danger {
        graph,
        from,
        level,
        backward,
    };
    (cover::cheapest(danger, &wanted), wanted.len())
}

/// Whether what it leads to is the question, rather than who gets to it.
fn gains_count(asset: &Asset) -> bool {
    !matches!(
        asset,
        Asset::Secret { .. } | Asset::Publish(_) | Asset::Oidc(_) | Asset::Token(_)
    )
}

fn notes(study: &Study<'_>, thing: &Thing, gains: &[Gain]) -> Vec<String> {
    let mut notes = Vec::new();
    if let Thing::One {
        position,
        by: Some(by),
    } = thing
    {
        let called = called(study, position, by);
        if !called.is_empty() {
            notes.push(format!(
                "pinned to a commit that a comment calls {by}: {}; to move {by} changes nothing there, and what \
                 comes with an update is what the answer without the ref says",
                called.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
        let others = other_refs(study, position, by);
        if !others.is_empty() {
            notes.push(format!(
                "other refs are used too, and are not counted here: {}; leave the ref away to ask for all",
                others.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
    }
    if let Thing::App(name) = thing {
        notes.push(format!(
            "which Apps are installed was not seen: {name} is taken as one that may write, workflows included"
        ));
    }
    let worst = gains.first().map(|gain| gain.verdict.level());
    let pinned = gains
        .iter()
        .any(|gain| gain.verdict.waits.contains(&crate::verdict::Wait::Update));
    if worst == Some(Level::After) && pinned {
        notes.push(
            "nothing now: each use names its content; it gets this with an update that somebody merges"
                .to_owned(),
        );
    }
    notes
}

/// Where an action is named by a commit behind which a comment says this version.
fn called(study: &Study<'_>, position: &Position, by: &str) -> BTreeSet<String> {
    let graph = &study.exposure.graph;
    let from = graph.find(&Node::Position(position.clone()));
    let edges = from.into_iter().flat_map(|from| graph.out(from));
    let places = edges.filter_map(|at| places::entry(graph.edge(*at)?));
    let repository = study.scene.cx.repository;
    let text = |path: &str| {
        let workflows = repository.workflows.iter().map(|one| one.file());
        let mut files = workflows.chain(repository.actions.iter().map(|one| one.file()));
        files.find(|file| file.path() == path)
    };
    places
        .filter(|place| !start::is_by(&place.what, by))
        .filter_map(|place| {
            let at = place.location.as_ref()?;
            let file = text(&at.path)?;
            let line = file.text().lines().nth(at.line.checked_sub(1)?)?;
            let (_, comment) = line.split_once(" #")?;
            let mut words = comment.split([' ', '\t', '=', ',', ';', '(', ')']);
            words
                .any(|word| word == by)
                .then(|| format!("{}:{}", at.path, at.line))
        })
        .collect()
}

/// The refs by which an action is used besides one.
fn other_refs(study: &Study<'_>, position: &Position, by: &str) -> BTreeSet<String> {
    let graph = &study.exposure.graph;
    let from = graph.find(&Node::Position(position.clone()));
    let edges = from.into_iter().flat_map(|from| graph.out(from));
    let places = edges.filter_map(|at| places::entry(graph.edge(*at)?));
    places
        .filter(|place| !start::is_by(&place.what, by))
        .filter_map(|place| place.what.rsplit_once('@').map(|(_, by)| by.to_owned()))
        .collect()
}
