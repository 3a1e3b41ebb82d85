//! What verified provenance is worth: its level, whether anything it lists is
//! known to be bad, and whether all of it is named by a digest.

use cofferdam_attest::level::Builders;
use cofferdam_attest::{
    Certificate, Check, Dependency, Kind, Level, Line, Listed, Outcome, Provenance, Verdict,
};
use cofferdam_datapack::{Compromised, DataPack, Exposure};
use cofferdam_facts::Timestamp;
use cofferdam_facts::uses::{RepositoryUses, is_commit_id};

/// How many things one line names.
const MOST_NAMED: usize = 5;

/// Where the tags of repositories lead now.
pub trait SourceTags: Sync {
    /// The commit that a tag leads to; `None` if there is no such tag.
    ///
    /// # Errors
    /// Why nobody can tell, in words.
    fn commit(&self, repository: &str, tag: &str) -> Result<Option<String>, String>;
}

/// What is asked of provenance.
#[derive(Clone, Copy)]
pub struct Demands<'a> {
    /// Whom a policy trusts, and up to which level.
    pub builders: &'a Builders,
    /// The level that it must have.
    pub level: Option<Level>,
    /// Known bad actions, or why nobody knows them.
    pub data: Result<&'a DataPack, &'a str>,
    /// Whether it may list what has no digest.
    pub allow_unresolved: bool,
    /// Where tags lead now; none if nobody is to be asked.
    pub tags: Option<&'a dyn SourceTags>,
}

/// An incident that something of a build is part of.
#[derive(Clone, Copy, Debug)]
pub struct Suspect<'p> {
    /// The incident.
    pub entry: &'p Compromised,
    /// Whether it is the attacker's code, as far as is known; else nobody can
    /// tell.
    pub sure: bool,
}

/// The lines of a verdict about provenance, and its level. Nothing is judged of
/// what has not passed.
pub(super) fn lines(verdict: &Verdict, demands: &Demands<'_>) -> (Vec<Line>, Option<Level>) {
    let provenance = verdict.statement.as_deref().map(Provenance::of);
    let Some(Ok(Some(provenance))) = provenance else {
        return (Vec::new(), None);
    };
    if verdict.outcome() != Outcome::Passed {
        let text = "not judged, because something else stands against it";
        return (vec![Line::not_required(Check::Level, text)], None);
    }
    let signer = verdict.signer.as_ref();
    let assessed = demands.builders.assess(signer);
    let text = format!("{}: {}", assessed.level, assessed.reason);
    let level = match demands.level {
        None => Line::passed(Check::Level, text),
        Some(wanted) if assessed.level >= wanted => Line::passed(Check::Level, text),
        Some(wanted) => Line::failed(Check::Level, format!("{text}; {wanted} is demanded")),
    };
    let mut lines = vec![level];
    match Listed::of(&provenance) {
        None => {
            let text = "it lists no actions, and nobody can tell from it which were used";
            lines.push(Line::not_required(Check::KnownBad, text));
        }
        Some(listed) => {
            lines.push(known_bad(&listed, demands, verdict.signed_at));
            lines.push(resolved(&listed, demands.allow_unresolved));
        }
    }
    lines.extend(signer.and_then(|signer| source_tag(signer, demands.tags)));
    (lines, Some(assessed.level))
}

/// The incidents that a dependency is part of. `built_at` is when it was taken,
/// if that is known: a tag is judged by where it led then.
#[must_use]
pub fn suspects<'p>(
    one: &Dependency,
    pack: &'p DataPack,
    built_at: Option<Timestamp>,
) -> Vec<Suspect<'p>> {
    let Some((slug, git_ref)) = one.repository() else {
        return Vec::new();
    };
    let Some((owner, repo)) = slug.split_once('/') else {
        return Vec::new();
    };
    let mut paths: Vec<&str> = one.paths.iter().map(String::as_str).collect();
    if paths.is_empty() {
        paths.push(".");
    }
    let mut found: Vec<Suspect<'p>> = Vec::new();
    for path in paths {
        let uses = RepositoryUses {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            path: if path == "." {
                String::new()
            } else {
                path.to_owned()
            },
            git_ref: Some(one.commit().unwrap_or(git_ref).to_owned()),
        };
        let version = Some(git_ref).filter(|name| !is_commit_id(name));
        for hit in pack.compromised(&uses, version) {
            let from = hit.entry.from;
            let before = built_at.is_some_and(|at| at < from);
            let after = |at: Timestamp| hit.entry.to.is_some_and(|to| at > to);
            let sure = match hit.exposure {
                Exposure::Now if one.commit().is_some() => true,
                _ if before => continue,
                Exposure::Now => true,
                Exposure::Undecided => false,
                Exposure::InThePast => match built_at {
                    Some(at) if after(at) => continue,
                    Some(_) => true,
                    None => false,
                },
            };
            let entry = hit.entry;
            match found
                .iter_mut()
                .find(|known| std::ptr::eq(known.entry, entry))
            {
                Some(known) => known.sure |= sure,
                None => found.push(Suspect { entry, sure }),
            }
        }
    }
    found
}

fn known_bad(listed: &Listed, demands: &Demands<'_>, built_at: Option<Timestamp>) -> Line {
    let pack = match demands.data {
        Ok(pack) => pack,
        Err(why) => return Line::not_checked(Check::KnownBad, why),
    };
    let (mut bad, mut open) = (Vec::new(), Vec::new());
    let mut count = 0;
    for one in &listed.dependencies {
        count += usize::from(matches!(one.kind, Kind::Action | Kind::Workflow));
        for suspect in suspects(one, pack, built_at) {
            let commit = one.commit().unwrap_or("no known commit");
            let ids = suspect.entry.ids.join(", ");
            let text = format!(
                "{} at {commit} ({ids}): {}",
                one.name, suspect.entry.summary
            );
            match suspect.sure {
                true => bad.push(text),
                false => open.push(text),
            }
        }
    }
    if !bad.is_empty() {
        return Line::failed(Check::KnownBad, clipped(&bad));
    }
    if !open.is_empty() {
        let text = format!(
            "nobody can tell whether this was the bad one: {}",
            clipped(&open)
        );
        return Line::not_checked(Check::KnownBad, text);
    }
    let text = format!(
        "none of {count} actions and called workflows, by the data pack of {}",
        pack.created_at.date()
    );
    Line::passed(Check::KnownBad, text)
}

fn resolved(listed: &Listed, allowed: bool) -> Line {
    let open: Vec<String> = (listed.dependencies.iter())
        .filter(|one| one.is_open())
        .map(|one| {
            let why = one.unresolved.as_deref().unwrap_or_default();
            format!("{}: {why}", one.name)
        })
        .collect();
    if open.is_empty() {
        let text = format!("all {} that could be", listed.dependencies.len());
        return Line::passed(Check::Resolved, text);
    }
    let text = format!("{} are not: {}", open.len(), clipped(&open));
    match allowed {
        true => Line::not_required(Check::Resolved, text),
        false => Line::not_checked(Check::Resolved, text),
    }
}

fn clipped(texts: &[String]) -> String {
    let shown = texts.iter().take(MOST_NAMED).map(String::as_str);
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if texts.len() > MOST_NAMED {
        text.push_str(&format!("; and {} more", texts.len() - MOST_NAMED));
    }
    text
}

/// Whether the tag that was built still leads to the commit that was built. A
/// branch moves by itself, and is not asked for.
fn source_tag(signer: &Certificate, tags: Option<&dyn SourceTags>) -> Option<Line> {
    let claims = &signer.claims;
    let tag = claims
        .source_repository_ref
        .as_deref()?
        .strip_prefix("refs/tags/")?;
    let repository = claims.source_repository_uri.as_deref()?;
    let built = claims.source_repository_digest.as_deref()?;
    let Some(tags) = tags else {
        let text = format!("nobody was asked where {tag} leads now; --online asks");
        return Some(Line::not_required(Check::SourceTag, text));
    };
    Some(match tags.commit(repository, tag) {
        Err(why) => Line::not_checked(Check::SourceTag, why),
        Ok(None) => Line::failed(
            Check::SourceTag,
            format!("{repository} has no tag {tag} now"),
        ),
        Ok(Some(now)) if now.eq_ignore_ascii_case(built) => {
            Line::passed(Check::SourceTag, format!("{tag} still leads to {built}"))
        }
        Ok(Some(now)) => Line::failed(
            Check::SourceTag,
            format!("{tag} leads to {now} now, and {built} was built"),
        ),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const BAD: &str = "0e58ed8671d6b60d0890c21b07f8835ace038e67";

    fn pack() -> DataPack {
        cofferdam_datapack::embedded::pack().unwrap().pack
    }

    fn used(git_ref: &str, commit: Option<&str>) -> Dependency {
        let uri = format!("git+https://github.com/tj-actions/changed-files@{git_ref}");
        let mut one = Dependency::new(Kind::Action, uri, "x");
        if let Some(commit) = commit {
            one.digest.insert("gitCommit".to_owned(), commit.to_owned());
        }
        one
    }

    #[test]
    fn a_bad_commit_is_bad_at_all_times_and_a_tag_while_it_led_there() {
        let pack = pack();
        let at = |text: &str| Timestamp::parse(text);
        let sure = |one: &Dependency, when| -> Vec<bool> {
            suspects(one, &pack, when).iter().map(|s| s.sure).collect()
        };
        let none: [bool; 0] = [];
        let (before, during, later) = (
            at("2025-01-01T00:00:00Z"),
            at("2025-03-15T00:00:00Z"),
            at("2026-01-01T00:00:00Z"),
        );
        assert_eq!(sure(&used("v44", Some(BAD)), later), [true]);
        assert_eq!(sure(&used(BAD, Some(BAD)), before), [true]);
        assert_eq!(sure(&used("v44", Some(&"1".repeat(40))), during), none);
        assert_eq!(sure(&used("v44", None), before), none);
        assert_eq!(sure(&used("v44", None), during), [true]);
        assert_eq!(sure(&used("v44", None), later), none);
        assert_eq!(sure(&used("v44", None), None), [false]);
    }
}
