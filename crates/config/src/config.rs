//! A configuration, of a repository or of an organisation, from its bytes.

use cofferdam_facts::Timestamp;
use cofferdam_facts::registry::RegistryDeclaration;
use cofferdam_facts::settings::Visibility;
use cofferdam_facts::uses_policy::{UsesPattern, UsesPolicy};
use cofferdam_facts::{SourceFile, Span, Spanned};
use cofferdam_findings::{Severity, Threshold};
use toml::de::DeTable;

use crate::MAX_BYTES;
use crate::claims::{self, Allowed, Claim};
use crate::glob::{Glob, matches_text};
use crate::keys::{self, Key, Kind};
use crate::mistakes::{Mistake, Mistakes};
use crate::tree::{Reader, Table};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One repository's.
    Repository,
    /// An organisation's, for all its repositories.
    Organisation,
}

/// What a file says, each with its place.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file.
    pub file: SourceFile,
    /// The lowest severity that fails a run.
    pub fail_on: Option<Spanned<Threshold>>,
    /// Facts that must be known.
    pub require: Vec<Spanned<String>>,
    /// The baseline, as a path from the root.
    pub baseline: Option<Spanned<String>>,
    /// Whether comments of ours count.
    pub ignore_comments: Option<Spanned<bool>>,
    /// Whether comments for zizmor count.
    pub zizmor_comments: Option<Spanned<bool>>,
    /// The organisation's file.
    pub extends: Option<Extends>,
    /// What no repository can loosen.
    pub floor: Floor,
    /// What may be used; none where the file says nothing of it.
    pub uses: Option<UsesPolicy>,
    /// Settings of single rules.
    pub rules: Vec<RuleSetting>,
    /// Files whose findings do not count.
    pub exclude: Vec<Exclude>,
    /// Findings that do not count for a time.
    pub exempt: Vec<Exemption>,
    /// What secrets of registries can do.
    pub registries: Vec<RegistryDeclaration>,
    /// Sentences about who reaches what.
    pub claims: Vec<Claim>,
    /// Who sees the repository.
    pub visibility: Option<Spanned<Visibility>>,
    /// What a change may open.
    pub allowed: Vec<Allowed>,
}

/// The organisation's file, by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extends {
    /// Where it is.
    pub source: Source,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Where that stands.
    pub span: Span,
}

/// Where an organisation's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// At a path of the repository.
    Path(String),
    /// Published at an address; somebody hands the file over.
    Url(String),
}

/// What no repository can loosen.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    /// Findings of this severity fail every repository.
    pub fail_on: Option<Threshold>,
    /// Rules that no repository can silence.
    pub rules: Vec<String>,
    /// The most days ahead that an exemption may expire.
    pub longest_exemption: Option<u32>,
    /// Comments in files silence nothing.
    pub no_comments: bool,
    /// No repository has a baseline.
    pub no_baseline: bool,
}

/// Settings of one rule.
#[derive(Clone, Debug)]
pub struct RuleSetting {
    /// The rule.
    pub rule: String,
    /// Whether its findings do not count.
    pub off: bool,
    /// The severity of all its findings.
    pub severity: Option<Severity>,
    /// Files in which its findings do not count.
    pub exclude: Vec<Glob>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub span: Span,
}

/// Files whose findings do not count.
#[derive(Clone, Debug)]
pub struct Exclude {
    /// The files.
    pub paths: Vec<Glob>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub span: Span,
}

/// Findings that do not count for a time.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// The rules whose findings do not count.
    pub rules: Vec<String>,
    /// The files; empty for all.
    pub paths: Vec<Glob>,
    /// What they are about; `*` is any text.
    pub subject: Option<String>,
    /// The content fingerprint.
    pub fingerprint: Option<String>,
    /// How many copies of the fingerprint.
    pub count: usize,
    /// The repositories, as patterns of `owner/name`; empty for all.
    pub repositories: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// The first second of the last day on which it holds.
    pub expires: Timestamp,
    /// Where it stands.
    pub span: Span,
}

impl Exemption {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.plus_days(1) <= now
    }

    /// Whether it is meant for a repository. One that is not known by name is
    /// no particular repository.
    #[must_use]
    pub fn is_for(&self, repository: Option<&str>) -> bool {
        self.repositories.is_empty()
            || repository.is_some_and(|name| {
                let name = name.to_ascii_lowercase();
                (self.repositories.iter())
                    .any(|pattern| matches_text(&pattern.to_ascii_lowercase(), &name))
            })
    }

    /// What it is about, in a few words.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} of {}", self.rules.join(", "), self.owner)
    }
}

impl Config {
    /// Reads a file. `rules` are the ids that it may name.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(
        file: &SourceFile,
        scope: Scope,
        rules: &[&'static str],
    ) -> Result<Self, Mistakes> {
        let text = file.text();
        if text.len() as u64 > MAX_BYTES {
            let message = format!("the file has more than {MAX_BYTES} bytes");
            return Err(one(file, Span::default(), message));
        }
        let root = DeTable::parse(text).map_err(|error| {
            let span = error.span().map(Span::from).unwrap_or_default();
            one(file, span, format!("this is not TOML: {}", error.message()))
        })?;
        let mut reader = Reader {
            file,
            scope,
            rules,
            mistakes: Vec::new(),
        };
        let root = Table {
            inner: root.get_ref(),
            span: Span::default(),
        };
        let config = read(&mut reader, root);
        if reader.mistakes.is_empty() {
            Ok(config)
        } else {
            reader
                .mistakes
                .sort_by(|a, b| (&a.location, &a.message).cmp(&(&b.location, &b.message)));
            Err(Mistakes(reader.mistakes))
        }
    }
}

fn one(file: &SourceFile, span: Span, message: String) -> Mistakes {
    Mistakes(vec![Mistake {
        location: file.locate(span),
        message,
        hint: None,
    }])
}

/// The keys of a table of the declaration.
pub(crate) fn inner(name: &str) -> &'static [Key] {
    let found = keys::ROOT.iter().find(|key| key.name == name);
    match found.map(|key| key.kind) {
        Some(Kind::Table(keys) | Kind::Tables(keys) | Kind::ByRule(keys)) => keys,
        _ => &[],
    }
}

fn read(reader: &mut Reader<'_>, root: Table<'_>) -> Config {
    reader.check(root, keys::ROOT);
    let (visibility, allowed) = claims::exposure(reader, root);
    Config {
        file: reader.file.clone(),
        fail_on: reader.threshold(root, "fail-on"),
        require: reader.words(root, "require", Kind::Facts),
        baseline: baseline(reader, root),
        ignore_comments: reader.flag(root, "ignore-comments"),
        zizmor_comments: reader.flag(root, "zizmor-comments"),
        extends: extends(reader, root),
        floor: floor(reader, root),
        uses: uses(reader, root),
        rules: (reader.by_rule(root, "rules").into_iter())
            .map(|(rule, table)| setting(reader, rule, table))
            .collect(),
        exclude: (reader.tables(root, "exclude").into_iter())
            .filter_map(|table| exclude(reader, table))
            .collect(),
        exempt: (reader.tables(root, "exempt").into_iter())
            .filter_map(|table| exempt(reader, table))
            .collect(),
        registries: claims::registries(reader, root),
        claims: claims::claims(reader, root),
        visibility,
        allowed,
    }
}

/// A path from the root, inside of the repository.
fn inside(reader: &mut Reader<'_>, path: Spanned<String>) -> Option<Spanned<String>> {
    match Glob::new(&path.value) {
        Ok(_) if !path.value.contains(['*', '?']) && !path.value.ends_with('/') => Some(path),
        Ok(_) => {
            reader.mistake(
                path.span,
                format!("`{}` is not the path of a file", path.value),
            );
            None
        }
        Err(why) => {
            reader.mistake(path.span, format!("`{}` {why}", path.value));
            None
        }
    }
}

fn baseline(reader: &mut Reader<'_>, root: Table<'_>) -> Option<Spanned<String>> {
    let path = reader.text(root, "baseline")?;
    inside(reader, path)
}

fn extends(reader: &mut Reader<'_>, root: Table<'_>) -> Option<Extends> {
    let table = reader.table(root, "extends")?;
    reader.check(table, inner("extends"));
    let sha256 = reader.digits(table, "sha256", 64);
    let path = reader.text(table, "path");
    let url = reader.text(table, "url");
    let source = match (path, url) {
        (Some(path), None) => Source::Path(inside(reader, path)?.value),
        (None, Some(url)) if url.value.starts_with("https://") => Source::Url(url.value),
        (None, Some(url)) => {
            reader.mistake(url.span, "`url` starts with `https://`");
            return None;
        }
        _ => {
            reader.mistake(table.span, "`extends` has either `path` or `url`");
            return None;
        }
    };
    Some(Extends {
        source,
        sha256: sha256?.value,
        span: table.span,
    })
}

fn floor(reader: &mut Reader<'_>, root: Table<'_>) -> Floor {
    let Some(table) = reader.table(root, "floor") else {
        return Floor::default();
    };
    reader.check(table, inner("floor"));
    let values = |list: Vec<Spanned<String>>| list.into_iter().map(|text| text.value).collect();
    let denied = |flag: Option<Spanned<bool>>| flag.is_some_and(|flag| !flag.value);
    Floor {
        fail_on: reader.threshold(table, "fail-on").map(|word| word.value),
        rules: values(reader.words(table, "rules", Kind::Rules)),
        longest_exemption: reader
            .number(table, "longest-exemption")
            .map(|days| days.value),
        no_comments: denied(reader.flag(table, "ignore-comments")),
        no_baseline: denied(reader.flag(table, "baseline")),
    }
}

fn uses(reader: &mut Reader<'_>, root: Table<'_>) -> Option<UsesPolicy> {
    let table = reader.table(root, "uses")?;
    reader.check(table, inner("uses"));
    let mut patterns = |name| {
        let mut patterns = Vec::new();
        for text in reader.list(table, name) {
            match UsesPattern::parse(&text.value) {
                Ok(pattern) => patterns.push(pattern),
                Err(why) => reader.mistake(text.span, format!("`{}` {why}", text.value)),
            }
        }
        patterns
    };
    let (allow, deny) = (patterns("allow"), patterns("deny"));
    if table.key_span("allow").or(table.key_span("deny")).is_none() {
        let message = "`uses` needs `allow` or `deny`, each with a pattern";
        reader.mistake(table.span, message);
    }
    Some(UsesPolicy {
        of: reader.file.path().to_owned(),
        allow,
        deny,
    })
}

fn setting(reader: &mut Reader<'_>, rule: Spanned<String>, table: Table<'_>) -> RuleSetting {
    reader.check(table, inner("rules"));
    let off = reader.flag(table, "off").is_some_and(|flag| flag.value);
    let severity = reader.severity(table, "severity").map(|word| word.value);
    let exclude = reader.globs(table, "exclude");
    let reason = reader.text(table, "reason");
    let silences = off || severity.is_some() || !exclude.is_empty();
    if silences && reason.is_none() && table.key_span("reason").is_none() {
        let message = format!("the setting of `{}` needs a `reason`", rule.value);
        reader.mistake(table.span, message);
    }
    RuleSetting {
        off,
        severity,
        exclude,
        reason: reason.map(|text| text.value).unwrap_or_default(),
        span: rule.span,
        rule: rule.value,
    }
}

fn exclude(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Exclude> {
    reader.check(table, inner("exclude"));
    let paths = reader.globs(table, "paths");
    Some(Exclude {
        paths,
        reason: reader.text(table, "reason")?.value,
        span: table.span,
    })
}

fn exempt(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Exemption> {
    reader.check(table, inner("exempt"));
    let rules = reader.words(table, "rules", Kind::Rules);
    let paths = reader.globs(table, "paths");
    let subject = reader.text(table, "subject");
    let fingerprint = reader.digits(table, "fingerprint", 32);
    let count = reader.number(table, "count");
    let repositories = reader.list(table, "repositories");
    let owner = reader.text(table, "owner");
    let reason = reader.text(table, "reason");
    let expires = reader.date(table, "expires");
    let has = |name| table.key_span(name).is_some();
    if !has("paths") && !has("subject") && !has("fingerprint") && repositories.is_empty() {
        reader.mistake(
            table.span,
            "an exemption needs `paths`, a `subject` or a `fingerprint`; a rule that shall not \
             count anywhere is off under `[rules]`",
        );
    }
    if let (Some(count), None) = (&count, &fingerprint) {
        reader.mistake(count.span, "`count` belongs to a `fingerprint`");
    }
    let values = |list: Vec<Spanned<String>>| list.into_iter().map(|text| text.value).collect();
    Some(Exemption {
        rules: values(rules),
        paths,
        subject: subject.map(|text| text.value),
        fingerprint: fingerprint.map(|text| text.value),
        count: count.map_or(1, |count| count.value as usize),
        repositories: values(repositories),
        owner: owner?.value,
        reason: reason?.value,
        expires: expires?.value,
        span: table.span,
    })
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
