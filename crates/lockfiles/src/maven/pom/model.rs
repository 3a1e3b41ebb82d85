//! What a project inherits, and the values of its properties.

use std::collections::HashMap;

use cofferdam_facts::SourceFile;
use roxmltree::Node;

use crate::files::{Files, beside};
use crate::xml;

/// The most parents above a project.
const MOST_PARENTS: usize = 16;
/// The most values that are put into each other.
const MOST_ROUNDS: usize = 16;
/// The longest text that properties are put into.
const LONGEST: usize = 4096;

/// How a dependency is named; parts as written.
#[derive(Clone, Debug, Default)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: Option<String>,
    pub(super) scope: Option<String>,
}

impl Coordinates {
    pub(super) fn of(node: Node<'_, '_>) -> Self {
        let owned = |name: &str| xml::text(node, name).map(str::to_owned);
        Self {
            group: owned("groupId").unwrap_or_default(),
            artifact: owned("artifactId").unwrap_or_default(),
            version: owned("version"),
            scope: owned("scope"),
        }
    }
}

/// A project with what it inherits from parents in the checkout.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) own: Coordinates,
    pub(super) has_local_parent: bool,
    properties: HashMap<String, String>,
    /// What `dependencyManagement` says, the project before its parents.
    management: HashMap<(String, String), Coordinates>,
}

impl Model {
    pub(super) fn of(file: &SourceFile, root: Node<'_, '_>, files: &dyn Files) -> Self {
        let mut model = Self {
            own: Coordinates::of(root),
            ..Self::default()
        };
        let mut wanted = model.take(root);
        let mut path = file.path().to_owned();
        for _ in 0..MOST_PARENTS {
            let Some((parent, relative)) = wanted.take() else {
                break;
            };
            let Some(found) = parent_path(&path, &relative) else {
                break;
            };
            let Ok(text) = files.read(&found) else {
                break;
            };
            let Ok(document) = xml::read(&text) else {
                break;
            };
            let above = document.root_element();
            // What lies there may be another project.
            if xml::text(above, "artifactId") != Some(parent.artifact.as_str()) {
                break;
            }
            model.has_local_parent = true;
            wanted = model.take(above);
            path = found;
        }
        let own = &model.own;
        let facts = [
            ("groupId", own.group.clone()),
            ("artifactId", own.artifact.clone()),
            ("version", own.version.clone().unwrap_or_default()),
        ];
        for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
            for start in ["project", "pom"] {
                model
                    .properties
                    .insert(format!("{start}.{name}"), value.clone());
            }
        }
        model
    }

    /// Takes what is not yet known, and returns the parent.
    fn take(&mut self, root: Node<'_, '_>) -> Option<(Coordinates, String)> {
        for list in xml::children(root, "properties") {
            for node in list.children().filter(Node::is_element) {
                let name = node.tag_name().name().to_owned();
                let value = node.text().unwrap_or_default().trim().to_owned();
                self.properties.entry(name).or_insert(value);
            }
        }
        let management = xml::children(root, "dependencyManagement");
        let lists = management.flat_map(|node| xml::children(node, "dependencies"));
        for node in lists.flat_map(|list| xml::children(list, "dependency")) {
            let one = Coordinates::of(node);
            let key = (one.group.clone(), one.artifact.clone());
            self.management.entry(key).or_insert(one);
        }
        let parent = xml::child(root, "parent")?;
        let named = Coordinates::of(parent);
        if self.own.group.is_empty() {
            self.own.group.clone_from(&named.group);
        }
        if self.own.version.is_none() {
            self.own.version.clone_from(&named.version);
        }
        let relative = xml::child(parent, "relativePath");
        let relative = match relative.map(|node| node.text().unwrap_or_default().trim()) {
            // An empty one forbids to look.
            Some("") => return None,
            Some(text) => text.to_owned(),
            None => "../pom.xml".to_owned(),
        };
        for (name, value) in [
            ("groupId", Some(named.group.clone())),
            ("version", named.version.clone()),
        ] {
            if let Some(value) = value {
                let key = format!("project.parent.{name}");
                self.properties.entry(key).or_insert(value);
            }
        }
        Some((named, relative))
    }

    /// What is said of a dependency for all who ask for it.
    pub(super) fn managed(&self, wish: &Coordinates) -> Option<&Coordinates> {
        let exact = self
            .management
            .get(&(wish.group.clone(), wish.artifact.clone()));
        exact.or_else(|| {
            let filled = (self.filled(&wish.group), self.filled(&wish.artifact));
            self.management.get(&filled)
        })
    }

    /// A text with the values of the properties that are known.
    pub(super) fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MOST_ROUNDS {
            let Some((before, rest)) = text.split_once("${") else {
                break;
            };
            let Some((name, after)) = rest.split_once('}') else {
                break;
            };
            let Some(value) = self.properties.get(name) else {
                break;
            };
            let filled = format!("{before}{value}{after}");
            if filled.len() > LONGEST || filled == text {
                break;
            }
            text = filled;
        }
        text
    }
}

/// The file of a parent: the path may be that of its folder.
fn parent_path(from: &str, relative: &str) -> Option<String> {
    let path = beside(from, relative);
    if relative.ends_with(".xml") {
        return path;
    }
    beside(from, &format!("{relative}/pom.xml"))
}
