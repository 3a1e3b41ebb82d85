//! What a project says of its registries and of who may reach what: the tables
//! `[[registry]]`, `[[claim]]` and `[[exposure.allow]]`.
//!
//! Which positions and assets there are is no matter of the file: the words are
//! taken as they are written, and whoever holds them against a checkout says
//! which of them mean nothing.

use cofferdam_facts::registry::{
    RegistryDeclaration, RegistryKind, RegistryPattern, RegistrySecret,
};
use cofferdam_facts::settings::Visibility;
use cofferdam_facts::{Spanned, Timestamp};

use crate::config::inner;
use crate::glob::Glob;
use crate::tree::{Reader, Table};

/// A sentence about who reaches what that must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The sentence.
    pub name: Spanned<String>,
    /// What it says.
    pub form: Form,
    /// Who: positions, patterns of them, and classes.
    pub from: Vec<Spanned<String>>,
    /// What: assets, patterns of them, and classes.
    pub to: Vec<Spanned<String>>,
    /// Of `only`: what each way of those who may has to pass; empty where
    /// nothing is asked of them.
    pub after: Vec<Spanned<String>>,
    /// What makes a way acceptable that should not be there otherwise.
    pub unless: Vec<Spanned<String>>,
}

/// What a claim says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// None of these reaches any of those.
    Never,
    /// Nobody else reaches any of those.
    Only,
}

impl Form {
    /// The key.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Only => "only",
        }
    }
}

/// What a change may open, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// To whom.
    pub from: Vec<Spanned<String>>,
    /// What.
    pub to: Vec<Spanned<String>>,
    /// Only ways that pass one of these; empty for all.
    pub after: Vec<Spanned<String>>,
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// The first second of the last day on which it holds.
    pub expires: Timestamp,
    /// Where it stands.
    pub location: cofferdam_facts::Location,
}

impl Allowed {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.plus_days(1) <= now
    }
}

pub(crate) fn claims(reader: &mut Reader<'_>, root: Table<'_>) -> Vec<Claim> {
    let tables = reader.tables(root, "claim");
    let mut claims: Vec<Claim> = Vec::new();
    for table in tables {
        let Some(claim) = claim(reader, table) else {
            continue;
        };
        let twin = claims.iter().find(|c| c.name.value == claim.name.value);
        if let Some(first) = twin.map(|twin| reader.file.locate(twin.name.span)) {
            let message = format!(
                "there is a claim `{}` already, at {first}",
                claim.name.value
            );
            reader.mistake(claim.name.span, message);
        }
        claims.push(claim);
    }
    claims
}

fn claim(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Claim> {
    reader.check(table, inner("claim"));
    let name = reader.text(table, "name");
    let unless = reader.several(table, "unless");
    let never = reader.table(table, "never");
    let only = reader.table(table, "only");
    let (form, said) = match (never, only) {
        (Some(said), None) => (Form::Never, said),
        (None, Some(said)) => (Form::Only, said),
        (None, None) if table.key_span("never").or(table.key_span("only")).is_some() => {
            return None;
        }
        _ => {
            reader.mistake(table.span, "a claim has either `never` or `only`");
            return None;
        }
    };
    reader.check(said, crate::keys::of_claim(form));
    let from = reader.several(said, "from");
    let to = reader.several(said, "to");
    let after = match form {
        Form::Only => reader.several(said, "after"),
        Form::Never => Vec::new(),
    };
    Some(Claim {
        name: name?,
        form,
        from,
        to,
        after,
        unless,
    })
}

/// Who sees the repository, and what a change may open.
pub(crate) fn exposure(
    reader: &mut Reader<'_>,
    root: Table<'_>,
) -> (Option<Spanned<Visibility>>, Vec<Allowed>) {
    let Some(table) = reader.table(root, "exposure") else {
        return (None, Vec::new());
    };
    reader.check(table, inner("exposure"));
    let word = reader.choice(table, "visibility", crate::keys::VISIBILITIES);
    let visibility = word.map(|word| Spanned::new(Visibility::from_word(&word.value), word.span));
    (visibility, allowed(reader, table))
}

fn allowed(reader: &mut Reader<'_>, table: Table<'_>) -> Vec<Allowed> {
    let tables = reader.tables(table, "allow");
    let each = tables.into_iter().filter_map(|table| {
        reader.check(table, crate::keys::ALLOW);
        let from = reader.several(table, "from");
        let to = reader.several(table, "to");
        let after = reader.several(table, "after");
        let owner = reader.text(table, "owner");
        let reason = reader.text(table, "reason");
        let expires = reader.date(table, "expires");
        Some(Allowed {
            from,
            to,
            after,
            owner: owner?.value,
            reason: reason?.value,
            expires: expires?.value,
            location: reader.file.locate(table.span),
        })
    });
    each.collect()
}

pub(crate) fn registries(reader: &mut Reader<'_>, root: Table<'_>) -> Vec<RegistryDeclaration> {
    let mut all: Vec<RegistryDeclaration> = Vec::new();
    for table in reader.tables(root, "registry") {
        reader.check(table, inner("registry"));
        let mut secrets = Vec::new();
        for text in reader.several(table, "secret") {
            match RegistrySecret::parse(&text.value) {
                Some(secret) => secrets.push(secret),
                None => reader.mistake(
                    text.span,
                    format!("`{}` is no `NAME` or `NAME@ENVIRONMENT`", text.value),
                ),
            }
        }
        let written = reader.several(table, "repositories");
        let kind = reader.choice(table, "kind", crate::keys::REGISTRY_KINDS);
        let Some(kind) = kind.and_then(|word| RegistryKind::from_word(&word.value)) else {
            continue;
        };
        let mut repositories = Vec::new();
        for text in written {
            let pattern = RegistryPattern::parse(&text.value);
            if let Some(why) = wrong(&pattern) {
                reader.mistake(text.span, format!("`{}` {why}", text.value));
                continue;
            }
            if let Some((other, place)) = contradicting(&all, &pattern, kind) {
                reader.mistake(
                    text.span,
                    format!(
                        "`{}` is {} here, and by `{}` it is {} at {place}",
                        text.value,
                        kind.word(),
                        other.name,
                        other_kind(kind).word(),
                    ),
                );
            }
            repositories.push(pattern);
        }
        all.push(RegistryDeclaration {
            secrets,
            repositories,
            kind,
            location: reader.file.locate(table.span),
        });
    }
    all
}

fn other_kind(kind: RegistryKind) -> RegistryKind {
    match kind {
        RegistryKind::Development => RegistryKind::Production,
        RegistryKind::Production => RegistryKind::Development,
    }
}

/// Why a pattern means no repositories, as a half sentence.
fn wrong(pattern: &RegistryPattern) -> Option<&'static str> {
    if let Err(why) = Glob::new(&pattern.name) {
        return Some(why);
    }
    if pattern.of != "oci" {
        return (pattern.name == "*")
            .then_some("is one level; write `**` for everything that is published there");
    }
    let Some((host, rest)) = pattern.name.split_once('/') else {
        return Some("names no registry: write it as `HOST/REPOSITORY`");
    };
    let named = host.contains(['.', ':']) || host == "localhost";
    if !named || host.contains('*') {
        return Some("names no registry: write it as `HOST/REPOSITORY`, as in `docker.io/o/app`");
    }
    (rest == "*").then_some("is one level; write `HOST/**` for the whole registry")
}

/// An earlier pattern of the other kind that means the same, or some of it.
fn contradicting<'a>(
    all: &'a [RegistryDeclaration],
    pattern: &RegistryPattern,
    kind: RegistryKind,
) -> Option<(&'a RegistryPattern, String)> {
    let meant = |a: &RegistryPattern, b: &RegistryPattern| {
        a.of == b.of && (a.name == b.name || covers(&a.name, &b.name))
    };
    all.iter()
        .filter(|declaration| declaration.kind != kind)
        .find_map(|declaration| {
            let mut others = declaration.repositories.iter();
            let other = others.find(|other| meant(other, pattern) || meant(pattern, other))?;
            Some((other, declaration.location.to_string()))
        })
}

/// Whether one pattern means whatever another means, as far as its text tells.
fn covers(wide: &str, narrow: &str) -> bool {
    Glob::new(wide).is_ok_and(|glob| glob.matches(narrow))
}

#[cfg(test)]
mod tests;
