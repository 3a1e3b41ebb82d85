//! What names mean here: everything that may be taken over, by its word and by
//! what people call it.

use std::collections::BTreeMap;

use cofferdam_facts::ImageRef;
use cofferdam_workflows::documents::Workflow;

use super::{Study, Thing};
use crate::asset::Asset;
use crate::graph::Node;
use crate::position::Position;

/// How many names are offered in the place of one that fits nothing, or that
/// fits several.
const OFFERED: usize = 5;
/// Names less alike than this are no help.
const ALIKE: f64 = 0.75;

/// Everything here that may be taken over.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    /// Whether the Apps are known; where they are not, any name may be one.
    apps_known: bool,
}

#[derive(Debug)]
struct Entry {
    thing: Thing,
    word: String,
    /// What it is called, in small letters, with how far that is from its own
    /// name.
    keys: Vec<(u8, String)>,
}

/// A name that means nothing here, or several things.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Nothing is called so.
    #[error("{}{}", absent(name), offer(near, "; did you mean ", " or "))]
    Nothing {
        /// What was asked for.
        name: String,
        /// What is written most alike.
        near: Vec<String>,
    },
    /// Several things are.
    #[error("`{name}` means several things here: {}", offer(all, "", ", "))]
    Several {
        /// What was asked for.
        name: String,
        /// Their words.
        all: Vec<String>,
    },
}

/// That a name means nothing, in the words that fit it: what is written like a
/// dependency is one that is not used.
fn absent(name: &str) -> String {
    let kinds = ["action:", "image:", "tool:", "url:"];
    let file = name.ends_with(".yml") || name.ends_with(".yaml");
    match kinds.iter().any(|kind| name.starts_with(kind)) || name.contains('/') && !file {
        true => format!("`{name}` is not used in this checkout"),
        false => format!("nothing here is called `{name}`"),
    }
}

fn offer(names: &[String], before: &str, between: &str) -> String {
    if names.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let mark = if before.is_empty() { "" } else { "?" };
    format!("{before}{}{mark}", quoted.join(between))
}

impl Catalogue {
    /// Everything of a study.
    #[must_use]
    pub fn of(study: &Study<'_>) -> Self {
        let mut things: BTreeMap<String, Thing> = BTreeMap::new();
        let mut put = |thing: Thing| {
            things.insert(thing.to_string(), thing);
        };
        for node in study.exposure.graph.nodes() {
            match node {
                Node::Position(position) => put(Thing::position(position.clone())),
                // Writing branches is asked for as a branch; starting a workflow
                // gives nothing by itself.
                Node::Asset(Asset::DefaultBranch | Asset::Branch | Asset::Start(_)) => {}
                Node::Asset(Asset::Secret { name: None, .. }) => {}
                Node::Asset(asset) => put(Thing::Asset(asset.clone())),
                _ => {}
            }
        }
        put(Thing::Branch(None));
        for name in branches(study) {
            put(Thing::Branch(Some(name)));
        }
        for workflow in &study.scene.cx.repository.workflows {
            put(Thing::Workflow(workflow.path().to_owned()));
        }
        let entries = things.into_iter().map(|(word, thing)| Entry {
            keys: keys(study, &thing, &word),
            thing,
            word,
        });
        let apps_known = knows_apps(study);
        Self {
            entries: entries.collect(),
            apps_known,
        }
    }

    /// What a name means.
    ///
    /// # Errors
    /// [`Unresolved`] for a name that means nothing here or several things.
    pub fn resolve(&self, name: &str) -> Result<Thing, Unresolved> {
        let mut found = self.all(name);
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Unresolved::Nothing {
                name: name.to_owned(),
                near: self.near(name),
            }),
            _ => Err(Unresolved::Several {
                name: name.to_owned(),
                all: words(&found),
            }),
        }
    }

    /// Everything that a name fits best; nothing where it fits nothing.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<Thing> {
        if let Some(group) = self.group(name) {
            return vec![group];
        }
        let asked = Asked::of(name);
        let mut best: Option<u8> = None;
        let mut found: Vec<&Entry> = Vec::new();
        for entry in &self.entries {
            let Some(far) = asked.fits(entry) else {
                continue;
            };
            if best.is_none_or(|best| far < best) {
                best = Some(far);
                found.clear();
            }
            if best == Some(far) {
                found.push(entry);
            }
        }
        if found.is_empty()
            && !self.apps_known
            && let Some(("app", app)) = name.split_once(':')
            && !app.trim().is_empty()
        {
            return vec![Thing::App(app.trim().to_owned())];
        }
        let things = found.into_iter().map(|entry| asked.thing(&entry.thing));
        things.collect()
    }

    // `acme/*`, `action:acme/*`, `url:host/*`.
    fn group(&self, name: &str) -> Option<Thing> {
        let written = name.trim();
        let stem = written.strip_suffix("/*")?;
        let (kind, stem) = match stem.split_once(':') {
            Some((kind, rest)) if is_kind(kind) => (Some(kind), rest),
            _ => (None, stem),
        };
        let prefix = format!("{}/", stem.to_ascii_lowercase());
        let mut positions = Vec::new();
        for entry in &self.entries {
            let Thing::One { position, .. } = &entry.thing else {
                continue;
            };
            let Some((of, rest)) = entry.word.split_once(':') else {
                continue;
            };
            let fits = kind.is_none_or(|kind| kind == of);
            if fits && rest.to_ascii_lowercase().starts_with(&prefix) {
                positions.push(position.clone());
            }
        }
        let word = kind.map_or_else(String::new, |kind| format!("{kind}:"));
        (!positions.is_empty()).then(|| Thing::Many {
            word: format!("{word}{stem}/*"),
            positions,
        })
    }

    fn near(&self, name: &str) -> Vec<String> {
        let asked = Asked::of(name);
        let mut scored: Vec<(f64, &str)> = Vec::new();
        for entry in &self.entries {
            let keys = entry.keys.iter().map(|(_, key)| key.as_str());
            let score = asked
                .forms
                .iter()
                .flat_map(|form| keys.clone().map(move |key| strsim::jaro_winkler(form, key)))
                .fold(0.0, f64::max);
            if score > ALIKE {
                scored.push((score, &entry.word));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let best = scored.into_iter().take(OFFERED.min(3));
        best.map(|(_, word)| word.to_owned()).collect()
    }
}

/// Whether it is known which Apps are installed.
#[must_use]
pub fn knows_apps(study: &Study<'_>) -> bool {
    let snapshot = study.scene.settings.snapshot();
    let organisation = snapshot.and_then(|snapshot| snapshot.organization.known());
    organisation.is_some_and(|found| {
        let mut found = found.iter();
        found.all(|one| one.installations.known().is_some())
    })
}

fn words(things: &[Thing]) -> Vec<String> {
    let mut words: Vec<String> = things.iter().map(ToString::to_string).collect();
    let group = groups(things);
    words.truncate(OFFERED);
    if let Some(group) = group {
        words.push(group);
    }
    words
}

/// What several positions of one owner or host are called together.
fn groups(things: &[Thing]) -> Option<String> {
    let stems = things.iter().map(|thing| {
        let word = thing.to_string();
        let (kind, rest) = word.split_once(':')?;
        let stem = rest.split('/').next()?;
        matches!(kind, "action" | "image" | "url").then(|| format!("{kind}:{stem}/*"))
    });
    let mut stems: Vec<String> = stems.collect::<Option<_>>()?;
    stems.dedup();
    (stems.len() == 1).then(|| stems.remove(0))
}

fn is_kind(word: &str) -> bool {
    matches!(
        word,
        "action"
            | "app"
            | "artifact"
            | "branch"
            | "cache"
            | "environment"
            | "image"
            | "oidc"
            | "publish"
            | "runner"
            | "secret"
            | "tag"
            | "token"
            | "tool"
            | "url"
            | "workflow"
    )
}

/// A name as somebody has written it.
struct Asked {
    /// The kind, if it was given.
    kind: Option<String>,
    /// What it may mean, in small letters.
    forms: Vec<String>,
    /// The ref of an action.
    by: Option<String>,
}

impl Asked {
    fn of(name: &str) -> Self {
        let written = name.trim();
        let (kind, rest) = match written.split_once(':') {
            Some(("docker", rest)) => (Some("image"), rest.trim_start_matches('/')),
            Some(("http" | "https", rest)) => (None, rest.trim_start_matches('/')),
            Some(("person" | "position", rest)) => (None, rest),
            Some((kind, rest)) if is_kind(kind) => (Some(kind), rest),
            _ => (None, written),
        };
        let rest = rest.strip_prefix("./").unwrap_or(rest);
        let lower = rest.to_ascii_lowercase();
        let mut forms = vec![lower.clone()];
        // A repository's address names the action in it.
        let slug = lower.strip_prefix("github.com/").unwrap_or(&lower);
        let slug = slug.trim_end_matches('/').trim_end_matches(".git");
        let (path, by) = match slug.split_once('@') {
            Some((path, _)) if !path.is_empty() => {
                // Refs tell capitals apart.
                let by = rest.rsplit_once('@').map(|(_, by)| by.to_owned());
                (path, by.filter(|by| !by.is_empty()))
            }
            _ => (slug, None),
        };
        let mut parts = path.split('/');
        if let (Some(owner), Some(repository)) = (parts.next(), parts.next()) {
            forms.push(format!("{owner}/{repository}"));
        }
        forms.push(path.to_owned());
        forms.push(ImageRef::parse(&lower).name());
        // `npm:eslint` for `npm/eslint`, and versions behind a name.
        forms.push(lower.replacen(':', "/", 1));
        let from = usize::from(lower.starts_with('@'));
        let ends = lower
            .char_indices()
            .skip(from)
            .find(|(_, c)| matches!(c, '@' | '=' | '<' | '>' | '~' | '!'));
        if let Some((end, _)) = ends {
            forms.extend(lower.get(..end).map(str::to_owned));
        }
        forms.sort();
        forms.dedup();
        forms.retain(|form| !form.is_empty());
        Self {
            kind: kind.map(str::to_owned),
            forms,
            by,
        }
    }

    /// How far an entry's name is from this one; none where it is another.
    fn fits(&self, entry: &Entry) -> Option<u8> {
        if let Some(kind) = &self.kind {
            let of = entry.word.split(':').next().unwrap_or_default();
            if of != kind {
                return None;
            }
        }
        let keys = entry.keys.iter();
        let fitting = keys.filter(|(_, key)| self.forms.contains(key));
        fitting.map(|(far, _)| *far).min()
    }

    fn thing(&self, thing: &Thing) -> Thing {
        match (thing, &self.by) {
            (
                Thing::One {
                    position: position @ Position::Action(_),
                    ..
                },
                Some(by),
            ) => Thing::One {
                position: position.clone(),
                by: Some(by.clone()),
            },
            _ => thing.clone(),
        }
    }
}

/// What a thing is called: nearest to its own name first.
fn keys(study: &Study<'_>, thing: &Thing, word: &str) -> Vec<(u8, String)> {
    let name = word.split_once(':').map_or(word, |(_, name)| name);
    let mut keys = vec![(0, word.to_owned()), (1, name.to_owned())];
    let last = || name.rsplit('/').next().unwrap_or(name).to_owned();
    match thing {
        Thing::One { position, .. } => match position {
            Position::Action(_) => keys.push((3, last())),
            Position::Image(_) => {
                let short = name.trim_start_matches("docker.io/");
                keys.push((1, short.trim_start_matches("library/").to_owned()));
                keys.push((3, last()));
            }
            Position::Tool(_) => {
                let inner = name.split_once('/').map_or(name, |(_, inner)| inner);
                keys.push((2, inner.to_owned()));
                keys.push((3, last()));
            }
            Position::Url(_) => {
                let host = name.split('/').next().unwrap_or(name);
                keys.push((2, host.to_owned()));
                keys.push((3, last()));
            }
            _ => {}
        },
        Thing::Asset(Asset::Secret {
            name: Some(name), ..
        }) => keys.push((1, name.clone())),
        Thing::Branch(None) => keys.push((2, study.scene.default_branch.clone())),
        Thing::Workflow(path) => {
            let all = study.scene.cx.repository.workflows.iter();
            let mut own = all.filter(|w| w.path() == path.as_str());
            let name = own.next().and_then(shown_name);
            keys.extend(name.map(|name| (3, name)));
            let file = last();
            let stem = file.rsplit_once('.').map_or(&*file, |(stem, _)| stem);
            keys.push((3, stem.to_owned()));
            keys.push((1, file.clone()));
        }
        // A bare word means a person or a dependency rather than these.
        Thing::Asset(_) | Thing::Branch(_) => {
            if let Some(key) = keys.get_mut(1) {
                key.0 = 4;
            }
        }
        Thing::Many { .. } | Thing::App(_) => {}
    }
    for (_, key) in &mut keys {
        *key = key.to_ascii_lowercase();
    }
    keys
}

fn shown_name(workflow: &Workflow) -> Option<String> {
    workflow.name.as_ref().map(|name| name.value.clone())
}

/// The branches that triggers name.
fn branches(study: &Study<'_>) -> Vec<String> {
    let workflows = study.scene.cx.repository.workflows.iter();
    let triggers = workflows.flat_map(|w| w.triggers.iter());
    let named = triggers.filter(|t| t.name() == "push");
    let named = named.flat_map(|t| t.branches.iter().flatten());
    let mut names: Vec<String> = named.map(|name| name.value.clone()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| !name.starts_with('!') && *name != study.scene.default_branch);
    names
}
