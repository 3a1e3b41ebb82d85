//! A starter set of claims that fits a checkout.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::Exposure;
use crate::asset::{Asset, Class};
use crate::declared;
use crate::graph::Node;
use crate::position::Position;

/// A claim that a project may want to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The sentence.
    pub name: String,
    /// `never` or `only`.
    pub form: &'static str,
    /// Who.
    pub from: Vec<String>,
    /// What.
    pub to: Vec<String>,
    /// What makes a way acceptable.
    pub unless: Vec<String>,
}

impl Proposal {
    fn new(name: &str, form: &'static str, from: &[&str], to: &[&str], unless: &[String]) -> Self {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            name: name.to_owned(),
            form,
            from: owned(from),
            to: owned(to),
            unless: unless.to_vec(),
        }
    }

    /// The claim as a table of TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = format!("[[claim]]\nname = {}\n", quoted(&self.name));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}.from = {}", self.form, words(&self.from));
        let _ = writeln!(text, "{}.to = {}", self.form, words(&self.to));
        if !self.unless.is_empty() {
            let _ = writeln!(text, "unless = {}", words(&self.unless));
        }
        text
    }
}

fn words(words: &[String]) -> String {
    match words {
        [only] => quoted(only),
        several => {
            let all: Vec<String> = several.iter().map(|word| quoted(word)).collect();
            format!("[{}]", all.join(", "))
        }
    }
}

/// A basic string of TOML.
///
/// Source: toml.io, "TOML v1.0.0", String: quotation marks, backslashes and
/// control characters are escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() || cofferdam_findings::sanitise::is_unsafe(c) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c) & 0xffff);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Claims that fit what there is, the gravest first.
#[must_use]
pub fn propose(exposure: &Exposure) -> Vec<Proposal> {
    let there = There::of(exposure);
    let update = "approval:update".to_owned();
    let approvals: Vec<String> = (there.environments.iter())
        .map(|name| format!("approval:environment:{name}"))
        .collect();
    let mut all = Vec::new();
    if there.has(Class::Secret) || there.has(Class::Oidc) {
        let name = "No fork reaches a secret or an identity";
        all.push(Proposal::new(
            name,
            "never",
            &["fork"],
            &["secret", "oidc"],
            &[],
        ));
    }
    let name = "No fork writes branches, tags, the cache or what users install";
    let to = [
        "branch:*",
        "tag:*",
        "token:contents",
        "cache:default",
        "publish:*",
    ];
    all.push(Proposal::new(name, "never", &["fork"], &to, &[]));
    if there.registries {
        let name = "No fork, branch or CI build reaches a production registry";
        let mut unless = approvals.clone();
        unless.push(update.clone());
        let from = ["fork", "branch", "ci"];
        all.push(Proposal::new(
            name,
            "never",
            &from,
            &["registry:production"],
            &unless,
        ));
    }
    if there.releases {
        let name = "Only maintainers tag and release, and dependencies by a merged update";
        let mut unless = approvals;
        unless.push(update.clone());
        let to = ["tag:*", "publish:github-release"];
        all.push(Proposal::new(name, "only", &["maintainer"], &to, &unless));
    }
    if there.dependencies {
        let name =
            "No dependency that changes by itself reaches a secret, an identity or a publication";
        let to = ["secret", "oidc", "publish"];
        all.push(Proposal::new(
            name,
            "never",
            &["dependency"],
            &to,
            &[update],
        ));
    }
    for name in &there.environments {
        let sentence = format!("Nothing runs in the environment {name} without its approval");
        let to = format!("environment:{name}");
        let unless = [format!("approval:environment:{name}")];
        all.push(Proposal::new(&sentence, "never", &["any"], &[&to], &unless));
    }
    if there.has(Class::Runner) {
        let name = "No stranger's code runs on a self-hosted runner unasked";
        let unless = ["approval:fork".to_owned()];
        all.push(Proposal::new(
            name,
            "never",
            &["fork"],
            &["runner"],
            &unless,
        ));
    }
    all
}

/// The secrets of registries of which nothing is declared, each with what it may
/// push to as far as the files tell.
#[must_use]
pub fn undeclared(exposure: &Exposure) -> BTreeMap<String, BTreeSet<String>> {
    let graph = &exposure.graph;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for edge in graph.edges() {
        let from = graph.nodes().get(edge.from);
        let to = graph.nodes().get(edge.to);
        if let (
            Some(Node::Asset(Asset::Secret {
                name: Some(name), ..
            })),
            Some(Node::Asset(Asset::Publish(what))),
        ) = (from, to)
            && what.ends_with('*')
            && !edge.cuts.is_empty()
        {
            found.entry(name.clone()).or_default().insert(what.clone());
        }
    }
    found
}

/// So many environments get a claim of their own.
const MAX_ENVIRONMENTS: usize = 8;

/// What there is.
struct There {
    classes: Vec<Class>,
    registries: bool,
    releases: bool,
    dependencies: bool,
    /// Environments with a name that can be written down.
    environments: Vec<String>,
}

impl There {
    fn of(exposure: &Exposure) -> Self {
        let mut there = Self {
            classes: Vec::new(),
            registries: false,
            releases: false,
            dependencies: false,
            environments: Vec::new(),
        };
        for node in exposure.graph.nodes() {
            match node {
                Node::Asset(asset) => {
                    there.classes.push(asset.class());
                    there.registries |= declared::in_registry(asset).is_some();
                    there.releases |=
                        matches!(asset, Asset::Publish(what) if what == "github-release");
                    if let Asset::Environment(name) = asset
                        && !name.contains(['*', '$', '"', '\\'])
                    {
                        there.environments.push(name.clone());
                    }
                }
                Node::Position(position) => {
                    there.dependencies |= matches!(
                        position,
                        Position::Action(_)
                            | Position::Image(_)
                            | Position::Tool(_)
                            | Position::Url(_)
                    );
                }
                _ => {}
            }
        }
        there.environments.sort();
        there.environments.dedup();
        // A site or a preview is nothing that a release waits for.
        let guards = |name: &&String| {
            let lower = name.to_ascii_lowercase();
            [
                "release", "publish", "prod", "pypi", "npm", "crates", "sign", "deploy", "registry",
            ]
            .iter()
            .any(|word| lower.contains(word))
        };
        there.environments = (there.environments.iter())
            .filter(guards)
            .take(MAX_ENVIRONMENTS)
            .cloned()
            .collect();
        there
    }

    fn has(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }
}
