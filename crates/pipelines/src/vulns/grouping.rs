//! Advisories of several databases about the same weakness are one finding.

use std::collections::BTreeMap;

use cofferdam_advisories::{Advisory, Rating};
use cofferdam_lockfiles::Document;

use super::report::{Place, Vulnerability};
use super::{Named, Query};
use crate::advisories::Match;

/// Advisories about the same weakness of one package; never empty.
pub(super) struct Group<'m> {
    matches: Vec<&'m Match>,
}

/// Puts advisories together that name each other.
pub(super) fn grouped(matches: &[Match]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in matches {
        let mut joined = Group { matches: vec![one] };
        let (same, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.shares(one));
        groups = rest;
        for group in same {
            joined.matches.extend(group.matches);
        }
        groups.push(joined);
    }
    for group in &mut groups {
        group
            .matches
            .sort_by_key(|one| (order(&one.advisory), one.advisory.id.clone()));
    }
    groups.sort_by_key(|group| group.id().to_owned());
    groups
}

/// Whose word comes first: malice, then the ecosystem's own database, which says most
/// about what is weak in a package.
fn order(advisory: &Advisory) -> usize {
    const PREFIXES: [&str; 5] = ["MAL-", "GO-", "RUSTSEC-", "PYSEC-", "GHSA-"];
    let found = PREFIXES
        .iter()
        .position(|prefix| advisory.id.starts_with(prefix));
    found.unwrap_or(PREFIXES.len())
}

impl Group<'_> {
    fn shares(&self, other: &Match) -> bool {
        self.matches.iter().any(|one| {
            let mut mine = ids(&one.advisory);
            // What is malicious and what is weak are two things, whatever they share.
            one.advisory.is_malicious() == other.advisory.is_malicious()
                && mine.any(|id| ids(&other.advisory).any(|theirs| theirs == id))
        })
    }

    /// The id of the advisory that says most.
    pub(super) fn id(&self) -> &str {
        self.matches
            .first()
            .map_or("", |one| one.advisory.id.as_str())
    }

    /// Every id of the weakness.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.matches.iter().flat_map(|one| ids(&one.advisory))
    }

    fn vulnerability(&self, package: Named) -> Vulnerability {
        let first =
            |of: &dyn Fn(&Match) -> Option<String>| self.matches.iter().find_map(|one| of(one));
        let mut aliases: Vec<String> = self
            .ids()
            .filter(|id| *id != self.id())
            .map(str::to_owned)
            .collect();
        aliases.sort_unstable();
        aliases.dedup();
        // What one database has not rated, another one has.
        let rated = self.matches.iter().map(|one| &one.severity);
        let rated = rated.filter(|severity| severity.rating != Rating::Unknown);
        let worst = rated.max_by(|a, b| {
            let score = |severity: &cofferdam_advisories::Severity| severity.score.unwrap_or(-1.0);
            a.rating.cmp(&b.rating).then(score(a).total_cmp(&score(b)))
        });
        let imports = (self.matches.iter().flat_map(|one| &one.advisory.affected))
            .flat_map(|affected| &affected.ecosystem_specific.imports)
            .map(|import| (import.path.clone(), import.symbols.clone()));
        let mut imports: Vec<_> = imports.collect();
        imports.sort_unstable();
        imports.dedup();
        Vulnerability {
            id: self.id().to_owned(),
            aliases,
            summary: first(&|one| one.advisory.summary.clone()),
            page: first(&|one| Some(one.advisory.page())).unwrap_or_default(),
            is_malicious: self.matches.iter().any(|one| one.advisory.is_malicious()),
            informational: first(&|one| one.advisory.informational().map(str::to_owned)),
            rating: worst.map_or(Rating::Unknown, |severity| severity.rating),
            score: worst.and_then(|severity| severity.score),
            vector: worst.and_then(|severity| severity.vector.clone()),
            package,
            fixed: first(&|one| one.fixed.clone()),
            imports,
            places: Vec::new(),
        }
    }
}

fn ids(advisory: &Advisory) -> impl Iterator<Item = &str> {
    std::iter::once(advisory.id.as_str()).chain(advisory.aliases.iter().map(String::as_str))
}

/// What is found, by package and weakness.
#[derive(Default)]
pub(super) struct Groups {
    found: BTreeMap<(Named, String), Vulnerability>,
}

impl Groups {
    pub(super) fn add(&mut self, query: &Query<'_>, group: &Group<'_>) {
        let named = query.named();
        let key = (named.clone(), group.id().to_owned());
        let found = self
            .found
            .entry(key)
            .or_insert_with(|| group.vulnerability(named));
        found.places.push(Place {
            location: query.package.location.clone(),
            relation: query.package.relation,
            scope: query.package.scope,
            way: way(query.document, query.at),
            alias: query.package.alias.clone(),
            reach: None,
        });
    }

    pub(super) fn finish(self) -> Vec<Vulnerability> {
        self.found.into_values().collect()
    }
}

/// What pulled a package in, without the project itself.
fn way(document: &Document, at: usize) -> Vec<String> {
    let path = document.path_to(at);
    let names = path.iter().filter_map(|at| document.packages.get(*at));
    names
        .filter(|package| package.relation != cofferdam_lockfiles::Relation::Project)
        .map(|package| match &package.version {
            Some(version) => format!("{} {version}", package.name),
            None => package.name.clone(),
        })
        .collect()
}
