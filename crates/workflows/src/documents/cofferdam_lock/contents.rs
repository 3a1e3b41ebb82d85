//! What the lock holds, and its one form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cofferdam_facts::pin::{Commit, Pin};

use super::{NOT_KNOWN, VERSION};

const HEADER: &str = "\
# Written by `cofferdam lock write`. Review it like code, and do not edit it by hand.
# What it means: https://github.com/cofferdam/cofferdam/blob/main/docs/locking.md
";

/// Everything that a lock says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Actions and called workflows of other repositories, at any depth.
    pub actions: BTreeMap<Pin, Entry>,
    /// Container images that workflows, actions and scripts name, without
    /// their digests.
    pub images: BTreeMap<String, Hash>,
    /// Images that Dockerfiles build on.
    pub bases: BTreeMap<String, Hash>,
    /// Tools that actions install, and where those take them from.
    pub tools: BTreeMap<Tool, String>,
    /// Addresses from which scripts fetch what they run.
    pub downloads: BTreeMap<String, Hash>,
    /// Folders of the repository's own actions.
    pub local: BTreeMap<String, Hash>,
}

/// One repository at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The commit.
    pub commit: Commit,
    /// The hash of what a runner unpacks of the commit, less `excluded`.
    pub tree: Hash,
    /// Paths whose bytes depend on the machine that unpacks them.
    pub excluded: BTreeSet<String>,
    /// Those of `excluded` with which somebody has agreed to live: what lies
    /// there at run time is compared with nothing.
    pub accepted: BTreeSet<String>,
    /// The actions and workflows of the repository that are used, `.` for an
    /// action at its root.
    pub paths: BTreeSet<String>,
    /// What those use of other repositories.
    pub uses: BTreeSet<Pin>,
    /// The images that those use.
    pub images: BTreeSet<String>,
    /// The tools that actions which those use install.
    pub tools: BTreeSet<Tool>,
    /// The addresses from which their scripts fetch what they run.
    pub downloads: BTreeSet<String>,
    /// What called workflows ask of the token.
    pub permissions: BTreeSet<String>,
    /// What their code calls of the network and of other programs.
    pub calls: BTreeSet<String>,
    /// Scripts of which nobody can tell what they fetch.
    pub undecided: BTreeSet<String>,
}

impl Entry {
    /// One repository at one commit, of which nothing is used yet.
    #[must_use]
    pub fn new(commit: Commit, tree: Hash) -> Self {
        Self {
            commit,
            tree,
            excluded: BTreeSet::new(),
            accepted: BTreeSet::new(),
            paths: BTreeSet::new(),
            uses: BTreeSet::new(),
            images: BTreeSet::new(),
            tools: BTreeSet::new(),
            downloads: BTreeSet::new(),
            permissions: BTreeSet::new(),
            calls: BTreeSet::new(),
            undecided: BTreeSet::new(),
        }
    }

    /// Takes what is used of the same commit besides.
    pub fn join(&mut self, more: Self) {
        self.paths.extend(more.paths);
        self.uses.extend(more.uses);
        self.images.extend(more.images);
        self.tools.extend(more.tools);
        self.downloads.extend(more.downloads);
        self.permissions.extend(more.permissions);
        self.calls.extend(more.calls);
        self.undecided.extend(more.undecided);
    }
}

/// A hash, or the fact that there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// With its algorithm, as in `h1:…` and `sha256:…`.
    Known(String),
    /// Nothing says what the content must be.
    NotKnown,
}

/// A tool that an action installs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tool {
    /// The action.
    pub by: Pin,
    /// The tool.
    pub name: String,
    /// The version as it is asked for.
    pub version: String,
}

/// What an entry of the lock is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Of `actions`.
    Action(Pin),
    /// Of `images`.
    Image(String),
    /// Of `bases`.
    Base(String),
    /// Of `tools`.
    Tool(Tool),
    /// Of `downloads`.
    Download(String),
    /// Of `local`.
    Local(String),
}

/// A text that has no place in the lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` cannot stand in a lock: it must be one line of printable text without a space at its ends"
)]
pub struct NotWritable {
    /// The text.
    pub text: String,
}

impl Hash {
    /// The hash, if there is one.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::NotKnown => None,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.known().unwrap_or(NOT_KNOWN))
    }
}

impl Tool {
    /// Reads `OWNER/REPO@REF NAME VERSION`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let by = Pin::parse(parts.next()?)?;
        let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
        let version = parts.next().filter(|text| quoted(text).is_ok())?.to_owned();
        Some(Self { by, name, version })
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.by, self.name, self.version)
    }
}

impl Key {
    /// The section and the text of the key.
    #[must_use]
    pub fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Action(pin) => ("actions", pin.to_string()),
            Self::Image(name) => ("images", name.clone()),
            Self::Base(name) => ("bases", name.clone()),
            Self::Tool(tool) => ("tools", tool.to_string()),
            Self::Download(address) => ("downloads", address.clone()),
            Self::Local(path) => ("local", path.clone()),
        }
    }
}

impl Contents {
    /// Every key, in the order of the file.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let actions = self.actions.keys().cloned().map(Key::Action);
        let images = self.images.keys().cloned().map(Key::Image);
        let bases = self.bases.keys().cloned().map(Key::Base);
        let tools = self.tools.keys().cloned().map(Key::Tool);
        let downloads = self.downloads.keys().cloned().map(Key::Download);
        let local = self.local.keys().cloned().map(Key::Local);
        (actions.chain(images).chain(bases))
            .chain(tools)
            .chain(downloads)
            .chain(local)
            .collect()
    }

    /// The bytes of the file: sections and keys in the order of their bytes
    /// within the fixed order of sections, empty ones left out.
    ///
    /// # Errors
    /// [`NotWritable`] for a text that is not one line of printable text.
    pub fn text(&self) -> Result<String, NotWritable> {
        let mut text = format!("{HEADER}version: {VERSION}\n");
        if !self.actions.is_empty() {
            text.push_str("actions:\n");
        }
        for (pin, entry) in &self.actions {
            text.push_str(&format!("    {}:\n", quoted(&pin.to_string())?));
            text.push_str(&format!(
                "        commit: {}\n",
                quoted(&entry.commit.to_string())?
            ));
            text.push_str(&format!(
                "        tree: {}\n",
                quoted(&entry.tree.to_string())?
            ));
            list(&mut text, "excluded", &entry.excluded)?;
            list(&mut text, "accepted", &entry.accepted)?;
            list(&mut text, "paths", &entry.paths)?;
            list(&mut text, "uses", &entry.uses)?;
            list(&mut text, "images", &entry.images)?;
            // By text, so that the order is that of the lines.
            let tools: BTreeSet<String> = entry.tools.iter().map(ToString::to_string).collect();
            list(&mut text, "tools", &tools)?;
            list(&mut text, "downloads", &entry.downloads)?;
            list(&mut text, "permissions", &entry.permissions)?;
            list(&mut text, "calls", &entry.calls)?;
            list(&mut text, "undecided", &entry.undecided)?;
        }
        map(&mut text, "images", &self.images)?;
        map(&mut text, "bases", &self.bases)?;
        // By text and not by part, so that the order is that of the lines.
        let tools: BTreeMap<String, &String> = (self.tools.iter())
            .map(|(tool, from)| (tool.to_string(), from))
            .collect();
        map(&mut text, "tools", &tools)?;
        map(&mut text, "downloads", &self.downloads)?;
        map(&mut text, "local", &self.local)?;
        Ok(text)
    }
}

fn list<T: fmt::Display>(
    text: &mut String,
    key: &str,
    items: &BTreeSet<T>,
) -> Result<(), NotWritable> {
    if !items.is_empty() {
        text.push_str(&format!("        {key}:\n"));
    }
    for item in items {
        text.push_str(&format!("            - {}\n", quoted(&item.to_string())?));
    }
    Ok(())
}

fn map<V: fmt::Display>(
    text: &mut String,
    section: &str,
    entries: &BTreeMap<String, V>,
) -> Result<(), NotWritable> {
    if !entries.is_empty() {
        text.push_str(&format!("{section}:\n"));
    }
    for (key, value) in entries {
        let (key, value) = (quoted(key)?, quoted(&value.to_string())?);
        // A longer key must stand by itself in YAML.
        if key.len() > LONGEST_KEY {
            text.push_str(&format!("    ? {key}\n    : {value}\n"));
        } else {
            text.push_str(&format!("    {key}: {value}\n"));
        }
    }
    Ok(())
}

/// What YAML allows before a `:` on one line, in bytes to be on the safe side.
const LONGEST_KEY: usize = 1000;

/// A text in single quotes.
pub(super) fn quoted(text: &str) -> Result<String, NotWritable> {
    let printable = |c: char| {
        !c.is_control()
            && !matches!(
                c,
                '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            )
    };
    if text.is_empty() || text.trim() != text || !text.chars().all(printable) {
        return Err(NotWritable {
            text: text.to_owned(),
        });
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}
