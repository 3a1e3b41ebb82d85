//! The ways that are open as a diagram.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_exposure::{Level, Node, Row};
use cofferdam_pipelines::Exposed;

/// More arrows than this nobody can read.
const MOST: usize = 200;

pub(super) fn render(found: &Exposed, rows: &[&Row]) -> String {
    let graph = &found.exposure.graph;
    let mut drawn: BTreeSet<usize> = BTreeSet::new();
    let mut left_out = 0_usize;
    for row in rows
        .iter()
        .filter(|row| row.verdict.level() != Level::Blocked)
    {
        if drawn.len() + row.path.len() > MOST {
            left_out += 1;
            continue;
        }
        drawn.extend(&row.path);
    }
    let mut nodes: BTreeMap<usize, String> = BTreeMap::new();
    let mut arrows = String::new();
    for edge in drawn.iter().filter_map(|at| graph.edge(*at)) {
        for id in [edge.from, edge.to] {
            if let Some(node) = graph.nodes().get(id) {
                let text = plain(&found.exposure.describe(node));
                nodes.entry(id).or_insert_with(|| shaped(id, node, &text));
            }
        }
        let arrow = match edge.verdict.level() {
            Level::Reachable => format!("  n{} --> n{}\n", edge.from, edge.to),
            _ => {
                let label = plain(&edge.verdict.to_string());
                format!("  n{} -. \"{label}\" .-> n{}\n", edge.from, edge.to)
            }
        };
        arrows.push_str(&arrow);
    }
    let mut text = "flowchart LR\n".to_owned();
    if left_out > 0 {
        text.push_str(&format!(
            "  %% {left_out} ways are left out; --from and --to choose\n"
        ));
    }
    for node in nodes.values() {
        text.push_str(node);
    }
    text.push_str(&arrows);
    text
}

fn shaped(id: usize, node: &Node, text: &str) -> String {
    match node {
        Node::Position(_) => format!("  n{id}([\"{text}\"])\n"),
        Node::Asset(_) => format!("  n{id}[(\"{text}\")]\n"),
        _ => format!("  n{id}[\"{text}\"]\n"),
    }
}

/// A label in which nothing is markup: names come from outside.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().take(120) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | '/' | '_' | '-' | '@' | ':' | ',' => {
                plain.push(c);
            }
            c => plain.push_str(&format!("#{};", u32::from(c))),
        }
    }
    plain
}
