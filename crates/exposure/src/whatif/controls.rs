//! The names of layers.

use std::collections::BTreeSet;

use super::breach::Layer;
use super::{Study, fallen};
use crate::asset::Asset;
use crate::graph::Node;

/// Names less alike than this are no help.
const ALIKE: f64 = 0.75;
/// How many layers are listed where a name is none of them.
const LISTED: usize = 12;

/// A name that is no layer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no control here{}; there are: {}", guess(near), list(all))]
pub struct UnknownControl {
    /// What was asked for.
    pub name: String,
    /// What is written most alike.
    pub near: Option<String>,
    /// Every layer.
    pub all: Vec<String>,
}

fn guess(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn list(all: &[String]) -> String {
    let shown = all.iter().take(LISTED).cloned().collect::<Vec<_>>();
    let more = all.len().saturating_sub(LISTED);
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Layers that are asked for whether they stand in some way or not.
const ALWAYS: &[(Layer, &[&str])] = &[
    (
        Layer::Merge,
        &["approval:merge", "merge", "review", "codeowners"],
    ),
    (
        Layer::ForkApproval,
        &["approval:fork", "fork", "fork-approval"],
    ),
    (
        Layer::Updates,
        &["approval:update", "update", "pins", "pin:*"],
    ),
    (Layer::ActionsPolicy, &["actions-policy"]),
    (Layer::BranchRules, &["branch-rules"]),
    (Layer::TagRules, &["tag-rules"]),
    (Layer::SecretsToForks, &["secrets-to-forks"]),
    (Layer::DefaultToken, &["default-token"]),
    (Layer::Runners, &["runners"]),
];

/// The layer that a name means.
///
/// # Errors
/// [`UnknownControl`] with the nearest name and every layer there is.
pub fn resolve(study: &Study<'_>, name: &str) -> Result<Layer, UnknownControl> {
    let asked = name.trim();
    let short = asked.strip_prefix("settings:").unwrap_or(asked);
    let always = ALWAYS.iter().find(|(_, words)| {
        let mut words = words.iter();
        words.any(|word| word.eq_ignore_ascii_case(short) || word.eq_ignore_ascii_case(asked))
    });
    if let Some((layer, _)) = always {
        return Ok(layer.clone());
    }
    let mut known = fallen::layers(study);
    known.extend(of_environments(study));
    let same = |layer: &&Layer| {
        let words = words(layer);
        words.iter().any(|word| word.eq_ignore_ascii_case(asked))
    };
    if let Some(layer) = known.iter().find(same) {
        return Ok(layer.clone());
    }
    if let Some(app) = asked.strip_prefix("app:").filter(|app| !app.is_empty())
        && !super::catalogue::knows_apps(study)
    {
        return Ok(Layer::App(app.to_owned()));
    }
    let near = known
        .iter()
        .flat_map(words)
        .map(|word| (strsim::jaro_winkler(asked, &word), word))
        .filter(|(score, _)| *score > ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    Err(UnknownControl {
        name: name.to_owned(),
        near: near.map(|(_, word)| word),
        all: known.iter().map(ToString::to_string).collect(),
    })
}

/// What an environment may ask for, whether that was seen or not.
fn of_environments(study: &Study<'_>) -> BTreeSet<Layer> {
    let nodes = study.exposure.graph.nodes().iter();
    let names = nodes.filter_map(|node| match node {
        Node::Asset(Asset::Environment(name)) => Some(name),
        _ => None,
    });
    names
        .flat_map(|name| [Layer::Approval(name.clone()), Layer::Rules(name.clone())])
        .collect()
}

/// What a layer is called.
fn words(layer: &Layer) -> Vec<String> {
    let mut words = vec![layer.to_string()];
    match layer {
        Layer::Rules(name) => words.push(format!("environment:{name}")),
        Layer::Pin(position) => {
            words.push(format!("pin:{position}"));
            let word = position.to_string();
            let bare = word.split_once(':').map(|(_, bare)| bare);
            words.extend(bare.map(|bare| format!("pin:{bare}")));
        }
        _ => {}
    }
    words
}
