//! Which edges rest on which part of a file.

use std::collections::HashMap;
use std::sync::Arc;

use cofferdam_facts::{Extent, Location, Span};
use cofferdam_workflows::documents::Step;

use crate::graph::{Edge, Graph, Node, Place};
use crate::scene::{Run, Scene};

/// The files that edges rest on.
#[derive(Debug, Default)]
pub(super) struct Files(HashMap<Arc<str>, File>);

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Area {
    pub(super) span: Span,
    /// Whether it is one thing, such as a reference or a step: where that lets
    /// somebody in, what it is given besides is beside the point.
    pub(super) narrow: bool,
}

/// The edges of one file.
#[derive(Debug, Default)]
struct File {
    /// Places in order of their beginning, with the edges that rest on each.
    places: Vec<(Span, Vec<usize>)>,
    /// For each place how far those up to it reach.
    reach: Vec<usize>,
    /// The steps, and the jobs, in order.
    steps: Vec<Span>,
    jobs: Vec<Span>,
}

impl Files {
    pub(super) fn of(scene: &Scene<'_>, graph: &Graph) -> Self {
        let ways: Vec<Vec<Place>> = scene.runs.iter().map(Run::places).collect();
        let mut by_path: HashMap<Arc<str>, HashMap<Span, Vec<usize>>> = HashMap::new();
        for (at, edge) in graph.edges().iter().enumerate() {
            for location in places(edge, graph, &ways) {
                let of_file = by_path.entry(Arc::clone(&location.path)).or_default();
                let edges = of_file.entry(location.span).or_default();
                // An edge may name a place twice.
                if edges.last() != Some(&at) {
                    edges.push(at);
                }
            }
        }
        let mut files: HashMap<Arc<str>, File> = HashMap::new();
        for (path, places) in by_path {
            let mut places: Vec<(Span, Vec<usize>)> = places.into_iter().collect();
            places.sort();
            let reach = places.iter().scan(0, |most, (span, _)| {
                *most = span.end.max(*most);
                Some(*most)
            });
            let reach = reach.collect();
            let file = File {
                places,
                reach,
                ..File::default()
            };
            files.insert(path, file);
        }
        for workflow in &scene.cx.repository.workflows {
            if let Some(file) = files.get_mut(workflow.path()) {
                let jobs = workflow.jobs.iter();
                file.jobs = jobs.clone().map(|job| job.span).collect();
                file.steps = jobs.flat_map(|job| spans(job.steps())).collect();
                file.steps.sort();
                file.jobs.sort();
            }
        }
        for action in &scene.cx.repository.actions {
            if let Some(file) = files.get_mut(action.path()) {
                file.steps = spans(action.steps()).collect();
                file.steps.sort();
            }
        }
        Self(files)
    }

    /// The part of a file that a place stands for: itself if an edge rests on
    /// it, else its step, else its job, else the file. A step without an edge
    /// stands for nothing more: that foreign code runs elsewhere in the job is
    /// no consequence of it.
    pub(super) fn area(&self, location: &Location) -> Option<Area> {
        let file = self.0.get(&*location.path)?;
        let narrow = |span| Area { span, narrow: true };
        let wide = |span| Area {
            span,
            narrow: false,
        };
        let all = wide(Span::new(0, usize::MAX));
        match location.extent {
            Extent::Missing => return None,
            Extent::Whole => return Some(all),
            Extent::Text if location.span.is_empty() => return Some(all),
            Extent::Text => {}
        }
        if file.touching(location.span).next().is_some() {
            return Some(narrow(location.span));
        }
        let step = around(&file.steps, location.span).map(narrow);
        step.or_else(|| around(&file.jobs, location.span).map(wide))
            .or(Some(all))
    }

    /// The edges that rest on something in a part of a file, in order.
    pub(super) fn touching(&self, path: &str, area: Span) -> Vec<usize> {
        let file = self.0.get(path).into_iter();
        let mut edges: Vec<usize> = file.flat_map(|file| file.touching(area)).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}

impl File {
    fn touching(&self, area: Span) -> impl Iterator<Item = usize> + '_ {
        let first = self.reach.partition_point(|end| *end <= area.start);
        let places = self.places.get(first..).unwrap_or_default();
        let places = places
            .iter()
            .take_while(move |(span, _)| span.start < area.end);
        let inside = places.filter(move |(span, _)| span.end > area.start);
        inside.flat_map(|(_, edges)| edges.iter().copied())
    }
}

/// The places that are the reason for an edge. How a run comes about, by which
/// event and calls, is no reason for the foreign code in it: the event and the
/// calls are there without it, and it comes with every other event too. Where an
/// edge rests on nothing else, such as a token that starts the run, they are.
fn places<'g>(
    edge: &'g Edge,
    graph: &Graph,
    ways: &[Vec<Place>],
) -> impl Iterator<Item = &'g Location> {
    let way = match graph.nodes().get(edge.to) {
        Some(Node::Code(run) | Node::Handed(run, _)) => ways.get(*run),
        _ => None,
    };
    let way = way.map_or(&[][..], Vec::as_slice);
    let own = edge.places.strip_prefix(way);
    let own = own.filter(|own| !own.is_empty()).unwrap_or(&edge.places);
    own.iter().filter_map(|place| place.location.as_ref())
}

fn spans(steps: &[Step]) -> impl Iterator<Item = Span> + '_ {
    steps.iter().map(|step| step.span)
}

/// The last of some parts, which do not overlap, that begins before a place and
/// holds its beginning.
fn around(parts: &[Span], place: Span) -> Option<Span> {
    let after = parts.partition_point(|part| part.start <= place.start);
    let part = parts.get(after.checked_sub(1)?)?;
    (place.start < part.end).then_some(*part)
}
