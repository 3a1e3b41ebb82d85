//! `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! Source: npm documentation, "package-lock.json". Version 2 says everything
//! twice; the newer half is read.

use std::collections::HashMap;

use super::{Wish, alias, archive, manifest, source_of, wishes};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Entry, Node, wanted};
use crate::{Ecosystem, Format, Integrity, Package, Relation, Scope, Source};

/// The longest path of a package inside of `node_modules`.
const LONGEST_PATH: usize = 1024;
/// The most folders that are tried on the way up to the root.
const MOST_FOLDERS: usize = 128;

pub(crate) fn read(draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::json(file)?;
    wanted(file, root.span, "an object", root.is_table().then_some(()))?;
    let version = match root.get("lockfileVersion") {
        None => "1",
        Some(node) => {
            let found = node.text().unwrap_or_default();
            match found {
                "1" | "2" | "3" => found,
                _ => {
                    let found = crate::draft::shown(file.slice(node.span));
                    let known = "1 to 3 are";
                    let problem = Problem::UnknownVersion { found, known };
                    return Err(tree::at(file, node.span.start, problem));
                }
            }
        }
    };
    let mut tree = Tree {
        draft,
        places: HashMap::new(),
    };
    if root.get("packages").is_some() && version != "1" {
        tree.read_packages(&root)?;
    } else {
        tree.read_old(&root, files)?;
    }
    Ok(tree
        .draft
        .finish(Format::PackageLock, Some(version.to_owned())))
}

struct Tree<'f> {
    draft: Draft<'f>,
    /// The packages by their path from the root of the project.
    places: HashMap<String, usize>,
}

impl Tree<'_> {
    fn read_packages(&mut self, root: &Node<'_>) -> Result<(), Mistake> {
        let file = self.draft.file;
        let entries = root.entries_of("packages");
        let mut links = Vec::new();
        let mut nodes = Vec::new();
        for entry in entries {
            let what = "an object for a package";
            wanted(
                file,
                entry.node.span,
                what,
                entry.node.is_table().then_some(()),
            )?;
            if entry.key.len() > LONGEST_PATH {
                let what = "a path";
                self.draft.not_understood(entry.span, what, &entry.key);
                continue;
            }
            if entry.node.flag("link") {
                links.push((entry, entry.node.text_of("resolved").unwrap_or_default()));
                continue;
            }
            let package = self.package(entry, root);
            let at = self.draft.add(package)?;
            self.places.insert(entry.key.to_string(), at);
            nodes.push((at, entry));
        }
        for (entry, target) in links {
            match self.places.get(target) {
                Some(&at) => {
                    self.places.insert(entry.key.to_string(), at);
                }
                None => self.draft.dangling(entry.span, target),
            }
        }
        for (from, entry) in nodes {
            let is_project = self.is_project(from);
            for wish in wishes(&entry.node) {
                let is_listed = wish.ask.scope == Scope::Runtime || is_project;
                if is_listed {
                    self.ask_for(from, &entry.key, &wish, entry)?;
                }
            }
        }
        Ok(())
    }

    fn is_project(&self, at: usize) -> bool {
        let package = self.draft.packages.get(at);
        package.is_some_and(|package| package.relation == Relation::Project)
    }

    fn ask_for(
        &mut self,
        from: usize,
        path: &str,
        wish: &Wish,
        entry: &Entry<'_>,
    ) -> Result<(), Mistake> {
        let Some(to) = self.resolve(path, &wish.name)? else {
            // What is optional, or only a peer, may be left out.
            let list = ["dependencies", "devDependencies"];
            let is_needed = list.iter().any(|list| {
                let node = entry.node.get(list);
                node.is_some_and(|node| node.get(&wish.name).is_some())
            });
            if is_needed && !wish.ask.optional {
                self.draft.dangling(entry.span, &wish.name);
            }
            return Ok(());
        };
        if let Some(package) = self.draft.packages.get_mut(to)
            && matches!(package.source, Source::Registry { .. })
            && let Some(Source::Url { .. }) = source_of(&wish.range)
            && let Some(url) = package.source.address()
        {
            // The archive is named by the one who asks, and no registry.
            let url = url.to_owned();
            package.source = Source::Url { url };
        }
        self.draft.edge(from, to)
    }

    /// Where Node finds a package from a folder: there, or further up.
    fn resolve(&mut self, from: &str, name: &str) -> Result<Option<usize>, Mistake> {
        let mut folder = from;
        for _ in 0..MOST_FOLDERS {
            // Long paths cost more.
            self.draft.look(1 + folder.len() / 16)?;
            let candidate = if folder.is_empty() {
                format!("node_modules/{name}")
            } else {
                format!("{folder}/node_modules/{name}")
            };
            if let Some(&at) = self.places.get(&candidate) {
                return Ok(Some(at));
            }
            if folder.is_empty() {
                return Ok(None);
            }
            folder = folder.rsplit_once('/').map_or("", |(up, _)| up);
            let up = folder.strip_suffix("node_modules").unwrap_or(folder);
            folder = up.trim_end_matches('/');
        }
        Ok(None)
    }

    fn package(&self, entry: &Entry<'_>, root: &Node<'_>) -> Package {
        let node = &entry.node;
        let key = entry.key.as_ref();
        let (folder, installed) = match key.rfind("node_modules/") {
            Some(at) => (false, key.get(at + "node_modules/".len()..).unwrap_or(key)),
            None => (true, key),
        };
        let name = node.text_of("name");
        let name = name.or_else(|| root.text_of("name").filter(|_| key.is_empty()));
        let name = name.unwrap_or(installed);
        let version = node.text_of("version").map(str::to_owned);
        let mut package = (self.draft).package(Ecosystem::Npm, name, version, entry.span);
        if name != installed && !folder {
            package.alias = Some(installed.to_owned());
        }
        describe(&mut package, node);
        package.install_script = Some(node.flag("hasInstallScript"));
        if folder {
            package.install_script = None;
            let path = key.to_owned();
            package.relation = Relation::Project;
            package.source = Source::Path { path };
            package.scope = Scope::Unknown;
        }
        package
    }

    /// Version 1: packages stand inside of each other.
    fn read_old(&mut self, root: &Node<'_>, files: &dyn Files) -> Result<(), Mistake> {
        let mut all = Vec::new();
        self.nested(root, "", &mut all)?;
        for (from, path, node) in all {
            for entry in node.entries_of("requires") {
                match self.resolve(&path, &entry.key)? {
                    Some(to) => self.draft.edge(from, to)?,
                    None if node.flag("optional") => {}
                    None => self.draft.dangling(entry.span, &entry.key),
                }
            }
        }
        if let Some(manifest) = manifest(&mut self.draft, files, ".") {
            for wish in manifest.wishes {
                if let Some(at) = self.resolve("", &wish.name)? {
                    self.draft.ask(at, wish.ask)?;
                }
            }
        }
        Ok(())
    }

    /// The depth is bounded by that of the tree.
    fn nested<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        path: &str,
        all: &mut Vec<(usize, String, &'n Node<'t>)>,
    ) -> Result<(), Mistake> {
        let file = self.draft.file;
        for entry in node.entries_of("dependencies") {
            let what = "an object for a package";
            wanted(
                file,
                entry.node.span,
                what,
                entry.node.is_table().then_some(()),
            )?;
            let inner = if path.is_empty() {
                format!("node_modules/{}", entry.key)
            } else {
                format!("{path}/node_modules/{}", entry.key)
            };
            if inner.len() > LONGEST_PATH {
                self.draft.not_understood(entry.span, "a path", &entry.key);
                continue;
            }
            let package = self.old_package(entry);
            let at = self.draft.add(package)?;
            self.places.insert(inner.clone(), at);
            self.nested(&entry.node, &inner, all)?;
            all.push((at, inner, &entry.node));
        }
        Ok(())
    }

    fn old_package(&self, entry: &Entry<'_>) -> Package {
        let node = &entry.node;
        let version = node.text_of("version").unwrap_or_default();
        let name = alias(version).unwrap_or(&entry.key);
        let mut package = (self.draft).package(Ecosystem::Npm, name, None, entry.span);
        if name != entry.key {
            package.alias = Some(entry.key.to_string());
        }
        describe(&mut package, node);
        if let Some(source) = source_of(version) {
            package.source = source;
            package.requirement = node.text_of("from").map(str::to_owned);
        } else {
            let real = version
                .rsplit_once('@')
                .filter(|_| version.starts_with("npm:"));
            let version = real.map_or(version, |(_, version)| version);
            package.version = (!version.is_empty()).then(|| version.to_owned());
        }
        package
    }
}

/// What both forms say in the same words.
fn describe(package: &mut Package, node: &Node<'_>) {
    package.integrity = node
        .text_of("integrity")
        .map(Integrity::subresource)
        .unwrap_or_default();
    package.source = match node.text_of("resolved") {
        _ if node.flag("inBundle") || node.flag("bundled") => Source::Bundled,
        Some(text) if text.starts_with("http") => match source_of(text) {
            Some(Source::Git { .. }) => source_of(text).unwrap_or_default(),
            _ => archive(text, &mut package.integrity),
        },
        Some(text) => source_of(text).unwrap_or_default(),
        None => Source::registry(),
    };
    let is_for_both = node.flag("devOptional");
    package.optional = node.flag("optional") || is_for_both;
    package.scope = if node.flag("dev") {
        Scope::Development
    } else {
        Scope::Runtime
    };
    package.licence = node.text_of("license").map(str::to_owned);
    package.deprecated = node.get("deprecated").is_some();
}

#[cfg(test)]
mod tests;
