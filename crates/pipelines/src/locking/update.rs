//! Newer versions of what is used: which they are, whether they have waited
//! long enough, and the texts that name them.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::SourceFile;
use cofferdam_facts::pin::Pin;
use cofferdam_locking::graph::is_named;
use cofferdam_locking::references::{self, What};
use cofferdam_registries::git::{
    GitClient, Membership, ObjectId, RefListing, Repository, Resolved,
};
use cofferdam_workflows::documents::cofferdam_lock::Key;

use super::Opened;
use super::resolve::{Why, best, repository};
use super::versions::Version;

/// How many versions are looked at before an older one is taken for the newest.
const MOST_TRIED: usize = 25;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct UpdateOptions {
    /// The actions, as a person names them; all for none.
    pub names: Vec<String>,
    /// Seconds that a commit must have waited.
    pub min_age: u64,
    /// The version, where a person names it.
    pub to: Option<String>,
    /// The host of the actions.
    pub host: String,
    /// The time of the run, in seconds since 1970-01-01 in UTC.
    pub now: u64,
}

/// What becomes of one pin.
#[derive(Debug)]
pub struct Step {
    /// The pin.
    pub pin: Pin,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of one pin.
#[derive(Debug)]
pub enum Outcome {
    /// It is the newest.
    Newest,
    /// Its place names another ref from now on.
    Named {
        /// The new pin.
        to: Pin,
        /// The version that the new pin is.
        version: String,
    },
    /// Its ref leads to another commit than the locked one.
    Renewed,
    /// There is a newer one that has not waited long enough.
    Waits {
        /// Which.
        version: String,
        /// Seconds that it has waited.
        age: u64,
    },
    /// Nothing can be said.
    Failed(Why),
}

/// What an update changes, before anything is written.
#[derive(Debug)]
pub struct Update {
    /// The pins that were looked at.
    pub steps: Vec<Step>,
    /// The workflows and actions that name others from now on.
    pub texts: Vec<SourceFile>,
    /// The pins whose ref is to be asked for again.
    pub renewed: BTreeSet<Pin>,
}

/// Looks for newer versions of what a checkout itself names.
#[must_use]
pub fn update(opened: &Opened, client: &GitClient, options: &UpdateOptions) -> Update {
    let pins: BTreeSet<Pin> = (opened.references.iter())
        .filter_map(|reference| match &reference.what {
            What::Action { pin, .. } => Some(pin.clone()),
            _ => None,
        })
        .filter(|pin| {
            let key = Key::Action(pin.clone());
            options.names.is_empty() || options.names.iter().any(|name| is_named(&key, name))
        })
        .collect();
    let pins: Vec<Pin> = pins.into_iter().collect();
    let outcomes = client.each(&pins, |pin| {
        outcome(opened, pin, client, options).unwrap_or_else(Outcome::Failed)
    });
    let steps: Vec<Step> = (pins.into_iter().zip(outcomes))
        .map(|(pin, outcome)| Step { pin, outcome })
        .collect();
    let named: BTreeMap<&Pin, (&Pin, &str)> = (steps.iter())
        .filter_map(|step| match &step.outcome {
            Outcome::Named { to, version } => Some((&step.pin, (to, version.as_str()))),
            _ => None,
        })
        .collect();
    let renewed = (steps.iter())
        .filter(|step| matches!(step.outcome, Outcome::Renewed))
        .map(|step| step.pin.clone());
    Update {
        texts: texts(opened, &named),
        renewed: renewed.collect(),
        steps,
    }
}

fn outcome(
    opened: &Opened,
    pin: &Pin,
    client: &GitClient,
    options: &UpdateOptions,
) -> Result<Outcome, Why> {
    let theirs = opened.repository.actions_locks.first();
    let theirs = theirs.filter(|lock| lock.problems().is_empty());
    let repository = repository(pin, theirs, &options.host)?;
    let refs = client.list_refs(&repository)?;
    let named = pin.commit();
    if let Some(name) = &options.to {
        let id = target(&refs, name, client)?;
        return Ok(asked(pin, name, id));
    }
    let current: Option<ObjectId> = match &named {
        Some(commit) => Some(commit.id.parse().map_err(|_| Why::Algorithm)?),
        None => None,
    };
    let version = match current {
        Some(id) => best(&refs.tags_at(id)).and_then(Version::parse),
        None => Version::parse(&pin.git_ref),
    };
    let is_one_release = current.is_some() || version.as_ref().is_some_and(Version::is_whole);
    if !is_one_release {
        return moved(opened, pin, &refs, client, options);
    }
    let mut newer: Vec<(Version, &str)> = (refs.tags.keys())
        .filter_map(|tag| Some((Version::parse(tag)?, tag.as_str())))
        .filter(|(one, _)| {
            one.is_whole() && version.as_ref().is_none_or(|now| one.numbers > now.numbers)
        })
        .collect();
    newer.sort_by(|(a, _), (b, _)| b.cmp(a));
    let mut waits = None;
    for (_, tag) in newer.into_iter().take(MOST_TRIED) {
        let id = target(&refs, tag, client)?;
        if Some(id) == current {
            break;
        }
        let age = age(&repository, id, client, options)?;
        if age >= options.min_age {
            return Ok(asked(pin, tag, id));
        }
        waits.get_or_insert((tag.to_owned(), age));
    }
    Ok(match waits {
        Some((version, age)) => Outcome::Waits { version, age },
        None => Outcome::Newest,
    })
}

/// A branch, or a part of a version: it is followed, not replaced.
fn moved(
    opened: &Opened,
    pin: &Pin,
    refs: &RefListing,
    client: &GitClient,
    options: &UpdateOptions,
) -> Result<Outcome, Why> {
    let id = target(refs, &pin.git_ref, client)?;
    let locked = super::diff::locked(opened).actions.remove(pin);
    if locked.is_some_and(|entry| entry.commit.id == id.to_string()) {
        return Ok(Outcome::Newest);
    }
    let age = age(&refs.repository, id, client, options)?;
    Ok(if age >= options.min_age {
        Outcome::Renewed
    } else {
        let version = best(&refs.tags_at(id)).unwrap_or(&pin.git_ref).to_owned();
        Outcome::Waits { version, age }
    })
}

/// The pin that names a version in the way in which the old one does.
fn asked(pin: &Pin, version: &str, id: ObjectId) -> Outcome {
    let git_ref = match pin.commit() {
        Some(_) => id.to_string(),
        None => version.to_owned(),
    };
    if git_ref == pin.git_ref {
        return match pin.commit() {
            Some(_) => Outcome::Newest,
            None => Outcome::Renewed,
        };
    }
    Outcome::Named {
        to: Pin {
            git_ref,
            ..pin.clone()
        },
        version: version.to_owned(),
    }
}

/// The commit to which a name leads; a commit must belong to the repository.
fn target(refs: &RefListing, name: &str, client: &GitClient) -> Result<ObjectId, Why> {
    if let Ok(id) = name.parse::<ObjectId>() {
        return match client.membership(id, refs) {
            Membership::Member { .. } => Ok(id),
            Membership::Impostor => Err(Why::Impostor),
            Membership::Unknown { reason } => Err(Why::Membership(reason)),
        };
    }
    match refs.resolve(name) {
        Resolved::Tag(id) | Resolved::Branch(id) => Ok(id),
        Resolved::Both { tag, branch } if tag == branch => Ok(tag),
        Resolved::Both { .. } => Err(Why::Ambiguous),
        Resolved::Nothing => Err(Why::NoRef),
    }
}

/// How many seconds ago a commit says that it was made. Whoever makes a commit
/// chooses what it says; one from the future has no age.
fn age(
    repository: &Repository,
    id: ObjectId,
    client: &GitClient,
    options: &UpdateOptions,
) -> Result<u64, Why> {
    let commit = client.fetch_commit(repository, id)?.commit;
    let latest = commit.committer.time.max(commit.author.time);
    let made = u64::try_from(latest).unwrap_or(0);
    Ok(options.now.saturating_sub(made))
}

/// The documents with their places changed, and nothing else of them.
fn texts(opened: &Opened, named: &BTreeMap<&Pin, (&Pin, &str)>) -> Vec<SourceFile> {
    let mut edits: BTreeMap<&str, Vec<(usize, usize, String)>> = BTreeMap::new();
    for reference in &opened.references {
        let What::Action { pin, .. } = &reference.what else {
            continue;
        };
        let Some((to, version)) = named.get(pin) else {
            continue;
        };
        let path = &*reference.location.path;
        let Some(document) = opened.repository.document(path) else {
            continue;
        };
        let span = reference.location.span;
        let written = document.file().slice(span);
        let Some(at) = written.rfind(&format!("@{}", pin.git_ref)) else {
            continue;
        };
        let start = span.start + at + 1;
        let all = edits.entry(path).or_default();
        all.push((start, start + pin.git_ref.len(), to.git_ref.clone()));
        let comment = document.comment_on_line(span.end);
        if let (true, Some(comment)) = (to.commit().is_some(), comment)
            && let Some((from, length)) = version_in(document.file().slice(comment.span))
        {
            let start = comment.span.start + from;
            all.push((start, start + length, version.to_string()));
        }
    }
    let mut texts = Vec::new();
    for (path, mut edits) in edits {
        let Some(document) = opened.repository.document(path) else {
            continue;
        };
        edits.sort_unstable();
        edits.dedup();
        let mut text = document.text().to_owned();
        for (start, end, new) in edits.into_iter().rev() {
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &new);
            }
        }
        texts.push(SourceFile::new(path, text));
    }
    texts
}

/// Where a version stands in a comment.
fn version_in(comment: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    for word in comment.split(|c: char| c.is_whitespace() || matches!(c, '#' | '=' | '@' | ',')) {
        let named = word.strip_prefix('v').unwrap_or(word);
        if named.starts_with(|c: char| c.is_ascii_digit()) && Version::parse(word).is_some() {
            return Some((at, word.len()));
        }
        at += word.len() + 1;
    }
    None
}

impl Opened {
    /// The same with other texts.
    #[must_use]
    pub fn with_texts(&self, texts: &[SourceFile]) -> Self {
        let repository = self.repository.with_texts(texts.iter().cloned());
        Self {
            root: self.root.clone(),
            references: references::of_repository(&repository),
            repository,
            not_checked: self.not_checked.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_a_comment_is_found_as_a_whole() {
        for (comment, found) in [
            ("# v4.2.2", Some("v4.2.2")),
            ("# tag=v3", Some("v3")),
            ("# pin@1.2.3, see above", Some("1.2.3")),
            ("# ratchet:actions/x@v4", Some("v4")),
            ("# very old", None),
            ("#", None),
        ] {
            let place = version_in(comment);
            let text = place.and_then(|(at, length)| comment.get(at..at + length));
            assert_eq!(text, found, "{comment}");
        }
    }
}
