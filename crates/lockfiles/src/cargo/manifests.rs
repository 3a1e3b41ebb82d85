//! What the manifests beside a `Cargo.lock` ask for: the lock itself does not say
//! which crates are for tests or build scripts alone.
//!
//! Source: the Cargo book, "Specifying Dependencies" and "Workspaces". A member
//! behind a star is looked for under its name, and under the ends of its name, as
//! folders cannot be listed here; a manifest counts only if it has the name that it
//! is looked for. Where one member is not found, nothing is said of any.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::Relation;
use crate::document::Ask;
use crate::draft::Draft;
use crate::files::{Files, beside};
use crate::mistake::Mistake;
use crate::tree::{self, Node};

/// The most manifests that are looked for.
const MOST_FILES: usize = 4_000;

const LISTS: [(&str, Ask); 3] = [
    ("dependencies", Ask::RUNTIME),
    ("build-dependencies", Ask::DEVELOPMENT),
    ("dev-dependencies", Ask::DEVELOPMENT),
];

/// Notes what the members of the workspace ask for. `needs` are the requirements of
/// each package of the lock, by place.
pub(super) fn ask(
    draft: &mut Draft<'_>,
    files: &dyn Files,
    needs: &[Vec<usize>],
) -> Result<(), Mistake> {
    let members: Vec<usize> = (draft.packages.iter().enumerate())
        .filter(|(_, package)| package.relation == Relation::Project)
        .map(|(at, _)| at)
        .collect();
    let Some(manifests) = manifests(draft, files, &members) else {
        return Ok(());
    };
    let mut asks = Vec::new();
    for (member, wishes) in manifests {
        let count = needs.get(member).map_or(0, Vec::len);
        draft.look(wishes.len().saturating_mul(count))?;
        for to in needs.get(member).into_iter().flatten() {
            let package = draft.packages.get(*to);
            let name = package.map_or("", |package| package.name.as_str());
            let fitting = wishes.iter().filter(|(wish, _)| wish == name);
            asks.extend(fitting.map(|(_, ask)| (*to, *ask)));
        }
    }
    for (at, wanted) in asks {
        draft.ask(at, wanted)?;
    }
    draft.spread();
    Ok(())
}

type Wishes = Vec<(String, Ask)>;

/// The wishes of every member; `None` where one is not found.
fn manifests(
    draft: &Draft<'_>,
    files: &dyn Files,
    members: &[usize],
) -> Option<Vec<(usize, Wishes)>> {
    let lock = draft.file.path();
    let mut search = Search {
        files,
        asked: HashSet::new(),
        named: HashMap::new(),
    };
    let root = beside(lock, "Cargo.toml")?;
    let mut stars = Vec::new();
    let mut queue = VecDeque::from([root]);
    while let Some(path) = queue.pop_front() {
        let Some(manifest) = search.read(&path) else {
            continue;
        };
        for member in &manifest.members {
            match member.split_once('*') {
                Some((before, after)) => stars.push((before.to_owned(), after.to_owned())),
                None => queue.extend(beside(&path, &format!("{member}/Cargo.toml"))),
            }
        }
        let near = manifest.paths.iter();
        queue.extend(near.filter_map(|near| beside(&path, &format!("{near}/Cargo.toml"))));
        search.keep(manifest);
    }
    let mut all = Vec::with_capacity(members.len());
    for &at in members {
        let name = &draft.packages.get(at)?.name;
        if !search.named.contains_key(name) {
            let ends = std::iter::once(0).chain(name.match_indices('-').map(|(at, _)| at + 1));
            for folder in ends.filter_map(|at| name.get(at..)) {
                for (before, after) in &stars {
                    let path = beside(lock, &format!("{before}{folder}{after}/Cargo.toml"));
                    if let Some(manifest) = path.and_then(|path| search.read(&path)) {
                        search.keep(manifest);
                    }
                }
            }
        }
        all.push((at, search.named.get(name)?.clone()));
    }
    Some(all)
}

/// The manifests that are found, none read twice.
struct Search<'f> {
    files: &'f dyn Files,
    asked: HashSet<String>,
    named: HashMap<String, Wishes>,
}

impl Search<'_> {
    fn read(&mut self, path: &str) -> Option<Manifest> {
        let is_new = self.asked.len() < MOST_FILES && self.asked.insert(path.to_owned());
        if is_new { read(self.files, path) } else { None }
    }

    fn keep(&mut self, manifest: Manifest) {
        if let Some(name) = manifest.name {
            self.named.entry(name).or_insert(manifest.wishes);
        }
    }
}

struct Manifest {
    name: Option<String>,
    members: Vec<String>,
    /// The folders of dependencies that lie near, as seen from its own.
    paths: Vec<String>,
    wishes: Wishes,
}

fn read(files: &dyn Files, path: &str) -> Option<Manifest> {
    let file = files.read(path).ok()?;
    let root = tree::toml(&file).ok()?;
    let package = root.get("package");
    let workspace = root.get("workspace");
    let members = workspace.map_or(&[][..], |node| node.items_of("members"));
    let mut wishes = Wishes::new();
    let mut paths = Vec::new();
    let shared = workspace.map_or(&[][..], |node| node.entries_of("dependencies"));
    paths.extend(
        shared
            .iter()
            .filter_map(|entry| entry.node.text_of("path"))
            .map(str::to_owned),
    );
    let targets = root.entries_of("target").iter().map(|entry| &entry.node);
    for node in std::iter::once(&root).chain(targets) {
        for (list, ask) in LISTS {
            let old = list.replace('-', "_");
            let entries = node.entries_of(list).iter();
            let entries = entries.chain(node.entries_of(&old).iter().filter(|_| old != list));
            for entry in entries {
                let name = renamed(&root, &entry.key, &entry.node);
                paths.extend(entry.node.text_of("path").map(str::to_owned));
                let is_optional = entry.node.flag("optional") && ask == Ask::RUNTIME;
                wishes.push((name, if is_optional { Ask::OPTIONAL } else { ask }));
            }
        }
    }
    Some(Manifest {
        name: package
            .and_then(|node| node.text_of("name"))
            .map(str::to_owned),
        members: members
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect(),
        paths,
        wishes,
    })
}

/// The name of the crate: `package` says another one than the key.
fn renamed(root: &Node<'_>, key: &str, node: &Node<'_>) -> String {
    let shared = || {
        let all = root.get("workspace")?.get("dependencies")?;
        all.get(key)?.text_of("package")
    };
    let name = node.text_of("package");
    let name = name.or_else(|| node.flag("workspace").then(shared).flatten());
    name.unwrap_or(key).to_owned()
}
