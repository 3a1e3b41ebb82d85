//! Everything that a checkout uses and an incident touched.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_datapack::{BadDownload, Compromised, DataPack, Incident};
use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{ImageRef, Location, UsesRef};
use cofferdam_locking::graph::Graph as Locked;
use cofferdam_rules::script_steps;
use cofferdam_rules::sites;
use cofferdam_workflows::documents::actions_lock::Coverage;
use cofferdam_workflows::semantics::installs;

use crate::graph::{Edge, Node};
use crate::packages;
use crate::position::Position;
use crate::replay::judge::{self, Judged, Standing};
use crate::replay::{Answer, Job, Replay, Use, cron, leaks};
use crate::verdict::{Verdict, Wait};

/// One place that uses something, and the edges by which it is code.
struct Candidate {
    what: String,
    location: Location,
    judged: Judged,
    edges: Vec<usize>,
}

/// Every use, worst first and then by place.
pub(super) fn of(replay: &Replay<'_>, incident: &Incident, pack: &DataPack) -> Vec<Use> {
    let mut candidates = Vec::new();
    let entries: Vec<&Compromised> = (pack.compromised.iter())
        .filter(|entry| belongs(incident, entry))
        .collect();
    for position in positions(replay) {
        match &position {
            Position::Action(slug) => actions(replay, incident, &entries, slug, &mut candidates),
            Position::Image(name) => images(replay, incident, name, &mut candidates),
            Position::Url(name) => {
                let bad = incident.downloads.iter().filter(|bad| bad.address == *name);
                for bad in bad {
                    download(replay, bad, &position, &mut candidates);
                }
            }
            _ => {}
        }
    }
    tools(replay, incident, &mut candidates);
    let mut uses: Vec<Use> = candidates
        .into_iter()
        .map(|candidate| in_jobs(replay, incident, candidate))
        .collect();
    uses.sort_by(|a, b| {
        let key = |one: &Use| (one.answer, one.location.path.clone(), one.location.line);
        key(a).cmp(&key(b)).then_with(|| a.what.cmp(&b.what))
    });
    // One line may be judged by two entries: the worst stays.
    let mut seen = BTreeSet::new();
    uses.retain(|one| {
        seen.insert((
            one.location.path.clone(),
            one.location.line,
            one.what.clone(),
        ))
    });
    uses
}

/// Actions of others, used directly, of which no lock says what they run.
pub(super) fn opaque(replay: &Replay<'_>) -> usize {
    let cx = replay.scene.cx;
    let locked = Locked::of(cx.repository);
    let mut names = BTreeSet::new();
    for site in sites::of(cx) {
        let Some(uses) = site.uses.repository() else {
            continue;
        };
        // What GitHub itself publishes runs no action of anybody else.
        if cx.repository.is_self(uses) || uses.owner.eq_ignore_ascii_case("actions") {
            continue;
        }
        let pin = cofferdam_facts::pin::Pin::of(uses);
        let known = pin.is_some_and(|pin| {
            let by_github = &cx.repository.actions_locks;
            locked.locked.contains_key(&pin)
                || by_github.iter().any(|l| l.dependency(&pin).is_some())
        });
        if !known {
            names.insert(uses.slug());
        }
    }
    names.len()
}

fn positions(replay: &Replay<'_>) -> BTreeSet<Position> {
    let nodes = replay.exposure.graph.nodes().iter();
    let positions = nodes.filter_map(|node| match node {
        Node::Position(position) => Some(position.clone()),
        _ => None,
    });
    positions.collect()
}

/// Whether an entry of the list of compromised actions is part of the incident:
/// one action may have been hit twice.
fn belongs(incident: &Incident, entry: &Compromised) -> bool {
    let named = (incident.actions.iter()).any(|name| name.eq_ignore_ascii_case(&entry.action));
    let until = incident.until.unwrap_or(entry.from);
    named && entry.from <= until.max(incident.from) && entry.to.is_none_or(|to| to >= incident.from)
}

/// The edges that leave a position, with their numbers.
fn edges<'r>(
    replay: &'r Replay<'_>,
    position: &Position,
) -> impl Iterator<Item = (usize, &'r Edge)> {
    let graph = &replay.exposure.graph;
    let node = graph.find(&Node::Position(position.clone()));
    let out = node.map_or(&[][..], |node| graph.out(node));
    out.iter().filter_map(|at| Some((*at, graph.edge(*at)?)))
}

/// The place in which an edge names what is used: the last that stands in a file.
fn place(edge: &Edge) -> Option<(&Location, &str)> {
    let mut places = edge.places.iter().rev();
    places.find_map(|place| Some((place.location.as_ref()?, place.what.as_str())))
}

fn actions(
    replay: &Replay<'_>,
    incident: &Incident,
    entries: &[&Compromised],
    slug: &str,
    out: &mut Vec<Candidate>,
) {
    let ours: Vec<&&Compromised> = (entries.iter())
        .filter(|entry| entry.action.to_ascii_lowercase().starts_with(slug))
        .collect();
    if ours.is_empty() {
        return;
    }
    for (what, (location, edges)) in by_place(edges(replay, &Position::Action(slug.to_owned()))) {
        // An action behind another one stands last in what is said of it.
        let written = what.rsplit(" uses ").next().unwrap_or(&what);
        let parsed = UsesRef::parse(written);
        let Some(uses) = parsed.repository() else {
            continue;
        };
        let held = edges.iter().all(|at| waits_for_update(replay, *at));
        let locked = match uses.commit() {
            None if held => locked_commit(replay, &location, uses),
            _ => None,
        };
        let standing = Standing {
            locked: locked.as_deref(),
            since: replay.since,
        };
        for entry in &ours {
            if let Some(judged) = judge::action(incident, entry, uses, standing) {
                out.push(Candidate {
                    what: what.clone(),
                    location: location.clone(),
                    judged,
                    edges: edges.clone(),
                });
            }
        }
    }
}

type Places = BTreeMap<String, (Location, Vec<usize>)>;

/// The edges of each place: several runs of one job use the same line.
fn by_place<'e>(
    edges: impl Iterator<Item = (usize, &'e Edge)>,
) -> Vec<(String, (Location, Vec<usize>))> {
    let mut places: BTreeMap<(String, usize, usize), Places> = BTreeMap::new();
    for (at, edge) in edges {
        let Some((location, what)) = place(edge) else {
            continue;
        };
        let key = (location.path.to_string(), location.line, location.column);
        let of_place = places.entry(key).or_default();
        let (_, edges) =
            (of_place.entry(what.to_owned())).or_insert_with(|| (location.clone(), Vec::new()));
        edges.push(at);
    }
    places.into_values().flatten().collect()
}

fn waits_for_update(replay: &Replay<'_>, at: usize) -> bool {
    let edge = replay.exposure.graph.edge(at);
    edge.is_some_and(|edge| edge.verdict.waits.contains(&Wait::Update))
}

/// The commit that a lock which GitHub enforces holds a ref to.
fn locked_commit(replay: &Replay<'_>, at: &Location, uses: &RepositoryUses) -> Option<String> {
    let locks = &replay.scene.cx.repository.actions_locks;
    let pin = cofferdam_facts::pin::Pin::of(uses)?;
    locks.iter().find_map(|lock| {
        let entry = match lock.covers(&at.path, uses) {
            Coverage::Locked(entry) => Some(entry),
            _ => lock.dependency(&pin),
        };
        Some(entry?.commit.as_ref()?.value.id.clone())
    })
}

fn images(replay: &Replay<'_>, incident: &Incident, name: &str, out: &mut Vec<Candidate>) {
    let own = ImageRef::parse(name);
    for bad in incident
        .images
        .iter()
        .filter(|bad| judge::is_image(&bad.name, &own))
    {
        for (what, (location, edges)) in by_place(edges(replay, &Position::image(name))) {
            let written = what.rsplit(" uses ").next().unwrap_or(&what);
            let written = written.strip_prefix("docker://").unwrap_or(written);
            let image = ImageRef::parse(written);
            // A service's edge ends in what it is handed.
            let image = if judge::is_image(&bad.name, &image) {
                image
            } else {
                own.clone()
            };
            out.push(Candidate {
                judged: judge::image(bad, &image, replay.since),
                what,
                location,
                edges,
            });
        }
    }
}

fn download(replay: &Replay<'_>, bad: &BadDownload, position: &Position, out: &mut Vec<Candidate>) {
    for (what, (location, edges)) in by_place(edges(replay, position)) {
        let checked = edges.iter().all(|at| waits_for_update(replay, *at));
        let (answer, why) = match checked {
            true => (
                Answer::NotHit,
                "what is downloaded is compared with a checksum, or named by a commit",
            ),
            false => (
                Answer::Hit,
                "the address served the attackers' code in those days",
            ),
        };
        out.push(Candidate {
            judged: Judged {
                for_ever: false,
                answer,
                why: why.to_owned(),
                window: (bad.from, bad.until),
            },
            what,
            location,
            edges,
        });
    }
}

/// Packages that commands install by name.
fn tools(replay: &Replay<'_>, incident: &Incident, out: &mut Vec<Candidate>) {
    if incident.packages.is_empty() {
        return;
    }
    let cx = replay.scene.cx;
    for site in script_steps::of(cx) {
        for command in &site.script.commands {
            let installs = installs::named(command);
            let packages = packages::of_command(command, cx.repository);
            for (at, package) in packages.iter().enumerate() {
                let Some(bad) = incident.packages.iter().find(|bad| bad.is(&package.name)) else {
                    continue;
                };
                let judged = match installs.get(at) {
                    Some(install) => judge::package(bad, version(&install.package), install.loose),
                    // A list of requirements names versions that are not read.
                    None if package.fixed => Judged {
                        for_ever: false,
                        answer: Answer::Unknown,
                        why: "a hash holds it to files that are not compared".to_owned(),
                        window: (bad.from, bad.until),
                    },
                    None => judge::package(bad, None, installs::Loose::Range),
                };
                let location = site.at(command.range.clone());
                let position = Position::Tool(package.name.clone());
                let here = edges(replay, &position)
                    .filter(|(_, edge)| place(edge).is_some_and(|(at, _)| *at == location));
                out.push(Candidate {
                    edges: here.map(|(at, _)| at).collect(),
                    what: package.by.clone(),
                    location,
                    judged,
                });
            }
        }
    }
}

/// The version in a package as a command writes it.
fn version(package: &str) -> Option<&str> {
    let name = package.strip_prefix('@').unwrap_or(package);
    let at = name.find(['@', '=', '<', '>', '~', '!', ':'])?;
    let version = name.get(at..)?.trim_start_matches(['@', '=', ':']);
    Some(version).filter(|version| !version.is_empty())
}

/// The jobs of a candidate, and what they would have given away.
fn in_jobs(replay: &Replay<'_>, incident: &Incident, candidate: Candidate) -> Use {
    let graph = &replay.exposure.graph;
    let judged = candidate.judged;
    let until = (judged.window.1).or(incident.until);
    let mut jobs: BTreeMap<(String, String), Job> = BTreeMap::new();
    for at in &candidate.edges {
        let Some(edge) = graph.edge(*at) else {
            continue;
        };
        let run = match graph.nodes().get(edge.to) {
            Some(Node::Code(id) | Node::Handed(id, _)) => replay.scene.runs.get(*id),
            _ => run_of_places(replay, edge),
        };
        let Some(run) = run else { continue };
        let name = run.view.job.name().to_owned();
        let path = run.view.workflow.path().to_owned();
        let job = jobs
            .entry((path.clone(), name.clone()))
            .or_insert_with(|| Job {
                line: run.view.at(run.view.job.id.span).line,
                path,
                name,
                events: Vec::new(),
                leaks: Vec::new(),
                cuts: Vec::new(),
            });
        let could = judged.for_ever
            || match (run.event(), until) {
                ("schedule", Some(until)) => {
                    let mut crons = run.start.trigger.crons.iter();
                    crons
                        .any(|cron| cron::fires(&cron.value, judged.window.0, until) != Some(false))
                }
                _ => true,
            };
        match job
            .events
            .iter_mut()
            .find(|(event, _)| event == run.event())
        {
            Some((_, known)) => *known |= could,
            None => job.events.push((run.event().to_owned(), could)),
        }
        if could {
            let before = as_on_that_day(&edge.verdict);
            leaks::join(&mut job.leaks, leaks::from(graph, edge.to, &before));
        }
        let mut cuts = leaks::cuts(graph, [*at]);
        cuts.retain(|cut| !job.cuts.contains(cut));
        job.cuts.extend(cuts);
    }
    let mut jobs: Vec<Job> = jobs.into_values().collect();
    for job in &mut jobs {
        job.events.sort();
    }
    let started = jobs.iter().any(Job::could_start);
    let (answer, why) = match (judged.answer, started) {
        (Answer::NotHit, _) | (_, true) => (judged.answer, judged.why),
        _ if jobs.is_empty() => (Answer::NotHit, "no job runs it".to_owned()),
        _ => (
            Answer::NotHit,
            "its schedule started nothing in those days".to_owned(),
        ),
    };
    if answer == Answer::NotHit {
        jobs.iter_mut().for_each(|job| job.leaks.clear());
    }
    Use {
        answer,
        what: candidate.what,
        location: candidate.location,
        why,
        jobs,
    }
}

/// What stood before the code on that day: the update that a pin waits for had
/// happened where the pin was bad.
fn as_on_that_day(verdict: &Verdict) -> Verdict {
    let mut verdict = verdict.clone();
    verdict.waits.remove(&Wait::Update);
    verdict
}

/// The run of an edge that leads straight to an asset: its trigger comes first.
fn run_of_places<'r, 'c>(replay: &'r Replay<'c>, edge: &Edge) -> Option<&'r crate::scene::Run<'c>> {
    let first = edge.places.first()?.location.as_ref()?;
    let last = edge.places.iter().rev().find_map(|p| p.location.as_ref())?;
    let mut runs = replay.scene.runs.iter();
    runs.find(|run| run.start.place() == *first && *run.view.workflow.path() == *last.path)
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_taken_from_what_commands_write() {
        for (package, expected) in [
            ("nx@21.5.0", Some("21.5.0")),
            ("@nx/js@21.5.0", Some("21.5.0")),
            ("@nx/js", None),
            ("litellm==1.82.7", Some("1.82.7")),
            ("litellm", None),
        ] {
            assert_eq!(version(package), expected, "{package}");
        }
    }
}
