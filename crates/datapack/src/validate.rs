//! The rules that every list of a pack keeps. A pack that breaks one is refused
//! as a whole: half a pack would leave things unchecked without a word.

use std::collections::HashSet;

use cofferdam_facts::uses::is_commit_id;

use crate::{
    compromised::{Aftermath, Compromised},
    error::{EntryProblem, PackError},
    incident::{Incident, Way},
    pack::DataPack,
    version::Version,
    vulnerable::Vulnerable,
};

const MAX_ENTRIES: usize = 50_000;
const MAX_TEXT: usize = 2_000;

type Checked = Result<(), EntryProblem>;

/// Checks every list.
pub(crate) fn pack(pack: &DataPack) -> Result<(), PackError> {
    list(
        "sources",
        &pack.sources,
        |s| s.name.clone(),
        |source| {
            text(&source.name)?;
            text(&source.revision)?;
            text(&source.license)?;
            source
                .used_for
                .iter()
                .try_for_each(|used_for| text(used_for))?;
            sources(std::slice::from_ref(&source.url))
        },
    )?;
    let incident = |c: &Compromised| format!("{} {}", c.action.to_ascii_lowercase(), c.from);
    list("compromised", &pack.compromised, incident, compromised)?;
    let advised = |v: &Vulnerable| format!("{} {}", v.id, v.action.to_ascii_lowercase());
    list("vulnerable", &pack.vulnerable, advised, vulnerable)?;
    list(
        "archived",
        &pack.archived,
        |a| a.repository.clone(),
        |archived| {
            slug(&archived.repository)?;
            archived.replacement.as_deref().map_or(Ok(()), text)?;
            sources(&archived.sources)
        },
    )?;
    list(
        "renamed",
        &pack.renamed,
        |r| r.from.clone(),
        |renamed| {
            slug(&renamed.from)?;
            action(&renamed.to)?;
            if renamed.to.eq_ignore_ascii_case(&renamed.from) {
                return Err(EntryProblem::Contradiction);
            }
            sources(&renamed.sources)
        },
    )?;
    list(
        "popular",
        &pack.popular.actions,
        |p| p.repository.clone(),
        |popular| slug(&popular.repository),
    )?;
    let basis = |problem| PackError::Entry {
        list: "popular",
        entry: 0,
        problem,
    };
    text(&pack.popular.basis).map_err(basis)?;
    list(
        "runner_images",
        &pack.runner_images,
        |i| i.label.clone(),
        |image| {
            text(&image.label)?;
            lower(&image.label)?;
            image.replacement.as_deref().map_or(Ok(()), text)?;
            dates(image.deprecated, image.removed)?;
            sources(&image.sources)
        },
    )?;
    list(
        "action_runtimes",
        &pack.action_runtimes,
        |r| r.using.clone(),
        |runtime| {
            text(&runtime.using)?;
            lower(&runtime.using)?;
            runtime.replacement.as_deref().map_or(Ok(()), text)?;
            dates(runtime.deprecated, runtime.removed)?;
            sources(&runtime.sources)
        },
    )?;
    incidents(pack)
}

fn incidents(pack: &DataPack) -> Result<(), PackError> {
    let actions: HashSet<String> = (pack.compromised.iter())
        .map(|entry| entry.action.to_ascii_lowercase())
        .collect();
    list(
        "incidents",
        &pack.incidents,
        |i| i.id.clone(),
        |one| {
            // Without its entry an action would be looked for in vain.
            if !one.actions.iter().all(|name| actions.contains(name)) {
                return Err(EntryProblem::Contradiction);
            }
            incident(one)
        },
    )
}

fn list<T>(
    list: &'static str,
    entries: &[T],
    key: impl Fn(&T) -> String,
    check: impl Fn(&T) -> Checked,
) -> Result<(), PackError> {
    let fail = |entry, problem| PackError::Entry {
        list,
        entry,
        problem,
    };
    if entries.len() > MAX_ENTRIES {
        return Err(fail(MAX_ENTRIES, EntryProblem::TooMany));
    }
    let mut seen = HashSet::new();
    for (place, entry) in entries.iter().enumerate() {
        check(entry).map_err(|problem| fail(place, problem))?;
        if !seen.insert(key(entry)) {
            return Err(fail(place, EntryProblem::Twice));
        }
    }
    Ok(())
}

fn compromised(entry: &Compromised) -> Checked {
    action(&entry.action)?;
    text(&entry.summary)?;
    let refs = [&entry.tags, &entry.spared_tags, &entry.branches, &entry.ids];
    refs.into_iter().flatten().try_for_each(|name| text(name))?;
    if !entry
        .commits
        .iter()
        .all(|commit| is_commit_id(commit) && lower(commit).is_ok())
    {
        return Err(EntryProblem::Commit);
    }
    let mut seen = HashSet::new();
    if !entry.commits.iter().all(|commit| seen.insert(commit)) {
        return Err(EntryProblem::Twice);
    }
    let names_ref = entry.all_tags
        || !(entry.tags.is_empty() && entry.branches.is_empty() && entry.commits.is_empty());
    if !names_ref {
        return Err(EntryProblem::Empty);
    }
    if !entry.spared_tags.is_empty() && !entry.all_tags {
        return Err(EntryProblem::Contradiction);
    }
    if entry.refs == Aftermath::Malicious && entry.to.is_some() {
        return Err(EntryProblem::Contradiction);
    }
    entry.safe_since.as_deref().map_or(Ok(()), version)?;
    dates(Some(entry.from), entry.to)?;
    sources(&entry.sources)
}

fn vulnerable(entry: &Vulnerable) -> Checked {
    action(&entry.action)?;
    text(&entry.id)?;
    text(&entry.summary)?;
    entry.aliases.iter().try_for_each(|alias| text(alias))?;
    if entry.ranges.is_empty() {
        return Err(EntryProblem::Empty);
    }
    for range in &entry.ranges {
        if range.fixed.is_some() && range.last_affected.is_some() {
            return Err(EntryProblem::Contradiction);
        }
        let bounds = [&range.introduced, &range.fixed, &range.last_affected];
        bounds
            .into_iter()
            .flatten()
            .try_for_each(|bound| version(bound))?;
        let end = range.fixed.as_deref().or(range.last_affected.as_deref());
        let (start, end) = (range.introduced.as_deref().and_then(Version::parse), end);
        if let (Some(start), Some(end)) = (start, end.and_then(Version::parse))
            && start > end
        {
            return Err(EntryProblem::Order);
        }
    }
    sources(std::slice::from_ref(&entry.url))
}

fn incident(entry: &Incident) -> Checked {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if entry.id.is_empty() || !entry.id.bytes().all(plain) {
        return Err(EntryProblem::Name);
    }
    for sentence in [&entry.name, &entry.what, &entry.acted, &entry.stole] {
        text(sentence)?;
    }
    if !(entry.carriers.iter()).all(|name| entry.actions.contains(name)) {
        return Err(EntryProblem::Contradiction);
    }
    let lists = [&entry.ids, &entry.controls, &entry.unknown, &entry.actions];
    lists.into_iter().flatten().try_for_each(|t| text(t))?;
    dates(Some(entry.from), entry.until)?;
    for package in &entry.packages {
        text(&package.name)?;
        if !package.name.contains('/') {
            return Err(EntryProblem::Name);
        }
        package.versions.iter().try_for_each(|v| text(v))?;
        // "Every one of no version" would say that no version was bad.
        if package.versions_complete && package.versions.is_empty() {
            return Err(EntryProblem::Empty);
        }
        dates(Some(package.from), package.until)?;
    }
    for image in &entry.images {
        text(&image.name)?;
        image.tags.iter().try_for_each(|tag| text(tag))?;
        if !(image.digests.iter()).all(|digest| cofferdam_facts::image::is_digest(digest)) {
            return Err(EntryProblem::Commit);
        }
        if image.tags_complete && image.tags.is_empty()
            || image.digests_complete && image.digests.is_empty()
        {
            return Err(EntryProblem::Empty);
        }
        dates(Some(image.from), image.until)?;
    }
    for download in &entry.downloads {
        text(&download.address)?;
        if download.address.contains("://") {
            return Err(EntryProblem::Name);
        }
        dates(Some(download.from), download.until)?;
    }
    entry.ways.iter().try_for_each(way)?;
    let nothing = entry.actions.is_empty()
        && entry.packages.is_empty()
        && entry.images.is_empty()
        && entry.downloads.is_empty()
        && entry.ways.is_empty();
    if nothing || entry.controls.is_empty() {
        return Err(EntryProblem::Empty);
    }
    sources(&entry.sources)
}

fn way(way: &Way) -> Checked {
    let words = [&way.from, &way.events, &way.through, &way.to];
    words
        .into_iter()
        .flatten()
        .try_for_each(|word| text(word))?;
    if way.from.is_empty() || way.through.is_empty() || way.to.is_empty() {
        return Err(EntryProblem::Empty);
    }
    Ok(())
}

fn text(text: &str) -> Checked {
    let fits = !text.trim().is_empty() && text.len() <= MAX_TEXT;
    if fits && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(EntryProblem::Text)
    }
}

fn lower(text: &str) -> Checked {
    if text.chars().any(char::is_uppercase) {
        Err(EntryProblem::Case)
    } else {
        Ok(())
    }
}

fn version(text: &str) -> Checked {
    Version::parse(text)
        .map(|_| ())
        .ok_or(EntryProblem::Version)
}

fn action(name: &str) -> Checked {
    text(name)?;
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() >= 2 && parts.into_iter().all(plain) {
        Ok(())
    } else {
        Err(EntryProblem::Name)
    }
}

fn slug(name: &str) -> Checked {
    action(name)?;
    if name.split('/').count() != 2 {
        return Err(EntryProblem::Name);
    }
    lower(name)
}

fn dates<T: PartialOrd>(from: Option<T>, to: Option<T>) -> Checked {
    match (from, to) {
        (None, None) => Err(EntryProblem::Empty),
        (Some(from), Some(to)) if to < from => Err(EntryProblem::Order),
        _ => Ok(()),
    }
}

fn sources(urls: &[String]) -> Checked {
    let is_url = |url: &String| url.starts_with("https://") && text(url).is_ok();
    if !urls.is_empty() && urls.iter().all(is_url) {
        Ok(())
    } else {
        Err(EntryProblem::Source)
    }
}
