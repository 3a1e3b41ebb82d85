//! Diagrams in Mermaid's language for flow charts.
//!
//! Names come from outside. A label stands in quotes, and every character that
//! could be markup is written as its number, as the language provides for.
//! Source: mermaid.js.org, "Flowcharts - Basic Syntax", special characters that
//! break syntax, entity codes.

use std::collections::{BTreeMap, BTreeSet};

use super::{group, is_open, worse};
use crate::Exposure;
use crate::graph::Node;
use crate::matrix::Row;
use crate::position::Position;
use crate::verdict::Level;

/// More arrows than this nobody can read, and Mermaid refuses 500.
const MOST: usize = 120;
/// The longest label, in characters.
const LABEL: usize = 100;

/// Positions, workflows and classes of assets, and what leads from one to the
/// next.
pub(super) fn boundaries(exposure: &Exposure) -> String {
    let mut arrows: BTreeMap<(String, String), Option<Level>> = BTreeMap::new();
    let mut outside = BTreeMap::new();
    let mut runs = BTreeMap::new();
    let mut assets = BTreeMap::new();
    for row in exposure.rows.iter().filter(|row| is_open(&row.verdict)) {
        let level = row.verdict.level();
        let from = format!("from_{}", group(&row.position));
        outside
            .entry(from.clone())
            .or_insert_with(|| described(&row.position).to_owned());
        let class = row.asset.class().word();
        let to = format!("to_{class}");
        assets.insert(to.clone(), class.to_owned());
        let mut last = from;
        for name in places(exposure, row) {
            let id = id("run", &name);
            runs.insert(id.clone(), name);
            worse(arrows.entry((last, id.clone())).or_default(), level);
            last = id;
        }
        worse(arrows.entry((last, to)).or_default(), level);
    }
    let mut text = "flowchart LR\n".to_owned();
    let mut left_out = 0;
    let mut drawn: Vec<(Level, (String, String))> = Vec::new();
    for (pair, level) in arrows {
        drawn.extend(level.map(|level| (level, pair)));
    }
    drawn.sort();
    if drawn.len() > MOST {
        left_out = drawn.len() - MOST;
        drawn.truncate(MOST);
    }
    if left_out > 0 {
        text.push_str("  %% The arrows that hang on most conditions are left out.\n");
    }
    let used: BTreeSet<&String> = drawn.iter().flat_map(|(_, (a, b))| [a, b]).collect();
    for (name, title, nodes, shape) in [
        ("outside", "Where attackers start", &outside, ["([", "])"]),
        ("inside", "What runs", &runs, ["[", "]"]),
        ("kept", "What is kept", &assets, ["[(", ")]"]),
    ] {
        text.push_str(&format!("  subgraph {name} [\"{title}\"]\n"));
        for (id, title) in nodes.iter().filter(|(id, _)| used.contains(id)) {
            let [open, close] = shape;
            text.push_str(&format!("    {id}{open}\"{}\"{close}\n", label(title)));
        }
        text.push_str("  end\n");
    }
    drawn.sort_by(|a, b| a.1.cmp(&b.1));
    for (level, (from, to)) in &drawn {
        text.push_str(&arrow(from, to, *level));
    }
    text
}

/// The points of some ways, one after the other.
pub(super) fn ways(exposure: &Exposure, rows: &[&Row]) -> String {
    let graph = &exposure.graph;
    let mut nodes: BTreeMap<String, String> = BTreeMap::new();
    let mut arrows: BTreeMap<(String, String), Option<Level>> = BTreeMap::new();
    for edge in rows
        .iter()
        .flat_map(|row| &row.path)
        .filter_map(|at| graph.edge(*at))
    {
        let mut ids = [edge.from, edge.to].into_iter().filter_map(|at| {
            let node = graph.nodes().get(at)?;
            let text = exposure.describe(node);
            let (kind, [open, close]) = match node {
                Node::Position(_) => ("from", ["([", "])"]),
                Node::Asset(_) => ("to", ["[(", ")]"]),
                _ => ("at", ["[", "]"]),
            };
            let id = id(kind, &text);
            let drawn = format!("  {id}{open}\"{}\"{close}\n", label(&text));
            nodes.insert(id.clone(), drawn);
            Some(id)
        });
        if let (Some(from), Some(to)) = (ids.next(), ids.next()) {
            worse(arrows.entry((from, to)).or_default(), edge.verdict.level());
        }
    }
    let mut text = "flowchart LR\n".to_owned();
    nodes.values().for_each(|node| text.push_str(node));
    for ((from, to), level) in &arrows {
        if let Some(level) = level {
            text.push_str(&arrow(from, to, *level));
        }
    }
    text
}

/// The workflows of a way, in order: of a run the file, of a workflow of one's own
/// that.
fn places(exposure: &Exposure, row: &Row) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let edges = row.path.iter().filter_map(|at| exposure.graph.edge(*at));
    for node in edges.filter_map(|edge| exposure.graph.nodes().get(edge.to)) {
        let name = match node {
            Node::Code(run)
            | Node::Handed(run, _)
            | Node::Shapes(run)
            | Node::Started(run, _)
            | Node::Followed(run, _) => match exposure.runs.get(*run) {
                Some(run) => run.path.rsplit('/').next().unwrap_or(&run.path).to_owned(),
                None => continue,
            },
            Node::Own(_) | Node::Inside(_) => "workflows of one's own".to_owned(),
            Node::Position(_) | Node::Thing(_) | Node::Asset(_) => continue,
        };
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    names
}

/// Whose box it is, in a few words: strangers have one.
fn described(position: &Position) -> &'static str {
    match position {
        Position::Contributor => describe(&Position::Newcomer),
        position => describe(position),
    }
}

/// Who starts from there, in a few words.
pub(super) fn describe(position: &Position) -> &'static str {
    match group(position) {
        "outside" if *position == Position::Contributor => "anybody who had a change merged",
        "outside" => "anybody with an account",
        "triager" => "role triage",
        "writer" => "role write",
        "maintainer" => "role maintain",
        "admin" => "administrators",
        "apps" => "Apps and bots",
        "actions" => "owners of actions",
        "images" => "publishers of images",
        "tools" => "publishers of packages",
        "downloads" => "servers of downloads",
        "cache" => "the cache",
        "artifact" => "artifacts",
        _ => "neighbours on a runner",
    }
}

fn arrow(from: &str, to: &str, level: Level) -> String {
    match level {
        Level::Reachable => format!("  {from} --> {to}\n"),
        Level::ReachableIf => format!("  {from} -. \"if\" .-> {to}\n"),
        Level::After | Level::Blocked => format!("  {from} -. \"after\" .-> {to}\n"),
    }
}

/// A name of a point that no other text has: letters and digits stay, and what
/// else there is decides a sum at the end.
fn id(kind: &str, text: &str) -> String {
    let mut plain: String = text
        .chars()
        .take(48)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if plain.len() != text.len() || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        // FNV-1a, which is the same on every machine and in every version.
        let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        plain.push_str(&format!("_{:06x}", sum & 0xff_ffff));
    }
    format!("{kind}_{plain}")
}

/// A label in which nothing is markup.
fn label(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().take(LABEL) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | '/' | '_' | '-' | '@' | ':' | ',' => {
                plain.push(c);
            }
            c if c.is_control() => plain.push(' '),
            c => plain.push_str(&format!("#{};", u32::from(c))),
        }
    }
    match plain.trim().is_empty() {
        true => "#63;".to_owned(),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::{id, label};

    #[test]
    fn names_break_no_diagram() {
        let hostile = "x\"]; click a \"javascript:\" %%{init}%% <b>\n`";
        let shown = label(hostile);
        for bad in ['"', ']', '[', '<', '%', ';', '{', '`', '\n', '('] {
            let entities = shown.replace("#59;", "").replace('#', "");
            let rest: String = entities.split(';').collect();
            assert!(bad == ';' || !rest.contains(bad), "{bad}: {shown}");
        }
        assert_ne!(id("run", "a.yml"), id("run", "a_yml"));
        assert!(
            id("run", hostile)
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        );
    }
}
