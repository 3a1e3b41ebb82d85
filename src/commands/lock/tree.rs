//! `cofferdam lock tree`: everything that is referred to, as a tree.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cofferdam_findings::Exit;
use cofferdam_locking::graph::Graph;
use cofferdam_pipelines::{Limits, locking};
use cofferdam_workflows::documents::cofferdam_lock::Key;
use serde_json::{Value, json};

use super::{Form, LockError, say, say_json};

/// Show everything that is referred to, down to the last action.
#[derive(Debug, clap::Args)]
pub(crate) struct TreeArgs {
    /// The root of the checkout.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Form,
}

pub(crate) fn run(args: &TreeArgs) -> Result<Exit, LockError> {
    let opened = locking::open(&args.path, &Limits::default())?;
    let graph = opened.graph();
    match args.format {
        Form::Human => {
            let mut lines = Vec::new();
            for (path, keys) in &graph.documents {
                lines.push(path.clone());
                for key in keys.keys() {
                    branch(
                        &graph,
                        key,
                        1,
                        &mut Vec::new(),
                        &mut BTreeSet::new(),
                        &mut lines,
                    );
                }
            }
            say(&lines)?;
        }
        Form::Json => {
            let documents: Vec<Value> = (graph.documents.iter())
                .map(|(path, keys)| {
                    let keys = keys
                        .keys()
                        .map(|key| value(&graph, key))
                        .collect::<Vec<_>>();
                    json!({"path": path, "refers_to": keys})
                })
                .collect();
            // Each action once, by name: a tree may be far larger than its graph.
            let actions: Vec<Value> = (graph.reached().iter())
                .filter(|key| graph.behind(key).next().is_some())
                .map(|key| {
                    let behind = graph.behind(key).map(|key| value(&graph, key));
                    json!({"name": key.parts().1, "refers_to": behind.collect::<Vec<_>>()})
                })
                .collect();
            say_json(&json!({"version": 1, "documents": documents, "actions": actions}))?;
        }
    }
    Ok(Exit::Clean)
}

fn value(graph: &Graph, key: &Key) -> Value {
    let (section, name) = key.parts();
    let locked = match key {
        Key::Action(pin) => graph.locked.get(pin),
        _ => None,
    };
    json!({"section": section, "name": name, "locked": locked})
}

/// One key and what is behind it. What was shown before in the same document,
/// and what leads back to itself, is named and not opened again.
fn branch(
    graph: &Graph,
    key: &Key,
    depth: usize,
    above: &mut Vec<Key>,
    shown: &mut BTreeSet<Key>,
    lines: &mut Vec<String>,
) {
    let (section, name) = key.parts();
    let note = match key {
        Key::Action(pin) => match graph.locked.get(pin) {
            Some(locked) => format!(" ({locked})"),
            None => " (not locked)".to_owned(),
        },
        _ => String::new(),
    };
    let kind = match section {
        "actions" => "",
        "images" => "image ",
        "bases" => "base image ",
        "tools" => "tool ",
        "downloads" => "download ",
        _ => "local action ",
    };
    let again = !shown.insert(key.clone()) && graph.behind(key).next().is_some();
    let mark = if again { " (as above)" } else { "" };
    lines.push(format!("{}{kind}{name}{note}{mark}", "  ".repeat(depth)));
    if again || above.contains(key) || depth > 64 {
        return;
    }
    above.push(key.clone());
    for inner in graph.behind(key) {
        branch(graph, inner, depth + 1, above, shown, lines);
    }
    above.pop();
}
