//! What a project knows of and has not mended yet: a number of findings by
//! content fingerprint, so that one more copy of a known weakness is new.
//!
//! The file has one line an entry, sorted, so that a change of it reads well in
//! a diff. It shrinks by itself and grows only when somebody asks for it.

use std::collections::{BTreeMap, HashMap};

use cofferdam_facts::Span;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Severity};
use crate::formats::inert_json;

mod schema;
pub use schema::schema;

/// The version of the file.
pub const BASELINE_VERSION: u32 = 1;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not JSON of the right form.
    #[error("it is no baseline: {0}")]
    Form(#[from] serde_json::Error),
    /// It was written by a newer program.
    #[error("its version is {found}, and this program reads version {BASELINE_VERSION}")]
    Version {
        /// The version of the file.
        found: u32,
    },
    /// An entry has a severity that there is not.
    #[error("there is no severity `{word}`")]
    Severity {
        /// What stands there.
        word: String,
    },
    /// It is larger than the limit.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLarge,
}

/// What one entry is about. The order is that of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The path of the file.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// The content fingerprint.
    pub fingerprint: String,
    /// The severity that is known; a graver finding is new.
    pub severity: Severity,
}

/// Known findings with their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<Key, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    entries: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    path: String,
    subject: String,
    severity: String,
    fingerprint: String,
    count: usize,
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// [`BaselineError`] if it is not one: a baseline that is half understood
    /// would hide or show by accident.
    pub fn parse(bytes: &[u8]) -> Result<Self, BaselineError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(BaselineError::TooLarge);
        }
        let file: File = serde_json::from_slice(bytes)?;
        if file.version != BASELINE_VERSION {
            return Err(BaselineError::Version {
                found: file.version,
            });
        }
        let mut entries = BTreeMap::new();
        for entry in file.entries {
            let Some(severity) = Severity::from_word(&entry.severity) else {
                return Err(BaselineError::Severity {
                    word: entry.severity,
                });
            };
            let key = Key {
                path: entry.path,
                rule: entry.rule,
                subject: entry.subject,
                fingerprint: entry.fingerprint,
                severity,
            };
            let count: &mut usize = entries.entry(key).or_default();
            *count = count.saturating_add(entry.count);
        }
        Ok(Self { entries })
    }

    /// The baseline that knows these findings and no others.
    #[must_use]
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let mut entries = BTreeMap::new();
        for finding in findings {
            *entries.entry(key(finding)).or_default() += 1;
        }
        Self { entries }
    }

    /// The file, to the byte.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut out = format!("{{\"version\":{BASELINE_VERSION},\"entries\":[").into_bytes();
        for (position, (key, count)) in self.entries.iter().enumerate() {
            out.extend_from_slice(if position == 0 { b"\n" } else { b",\n" });
            let entry = Entry {
                rule: key.rule.clone(),
                path: key.path.clone(),
                subject: key.subject.clone(),
                severity: key.severity.word().to_owned(),
                fingerprint: key.fingerprint.clone(),
                count: *count,
            };
            // Writing to memory cannot fail.
            let _ = inert_json::write(&entry, &mut out);
        }
        out.extend_from_slice(b"\n]}\n");
        out
    }

    /// The number of findings that it knows.
    #[must_use]
    pub fn total(&self) -> usize {
        self.entries.values().sum()
    }

    /// Every entry with its number, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, usize)> {
        self.entries.iter().map(|(key, count)| (key, *count))
    }

    /// What of it still is found: each entry with the smaller of both numbers.
    /// A finding that became milder stays known, with its new severity.
    #[must_use]
    pub fn shrunk<'f>(&self, findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let mut open = Open::of(self);
        let mut entries = BTreeMap::new();
        for finding in findings {
            if open.take(finding) {
                *entries.entry(key(finding)).or_default() += 1;
            }
        }
        Self { entries }
    }

    /// What it knows, to be used up finding by finding.
    #[must_use]
    pub fn open(&self) -> Open {
        Open::of(self)
    }

    /// What it knows and `other` does not, or not as often or as grave.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Vec<(&Key, usize)> {
        let mut open = other.open();
        (self.entries.iter())
            .filter_map(|(key, count)| {
                let known = open.take_up_to(&key.fingerprint, &key.rule, key.severity, *count);
                (*count > known).then(|| (key, count - known))
            })
            .collect()
    }
}

fn key(finding: &Finding) -> Key {
    Key {
        path: finding.location.path.to_string(),
        rule: finding.rule.to_owned(),
        subject: finding.subject.clone(),
        fingerprint: finding.content_fingerprint.clone(),
        severity: finding.severity,
    }
}

/// What of a baseline is not used up.
#[derive(Clone, Debug)]
pub struct Open {
    left: BTreeMap<String, BTreeMap<Severity, (Key, usize)>>,
}

impl Open {
    fn of(baseline: &Baseline) -> Self {
        let mut left: BTreeMap<String, BTreeMap<Severity, (Key, usize)>> = BTreeMap::new();
        for (key, count) in &baseline.entries {
            let known = left.entry(key.fingerprint.clone()).or_default();
            let slot = known
                .entry(key.severity)
                .or_insert_with(|| (key.clone(), 0));
            slot.1 = slot.1.saturating_add(*count);
        }
        Self { left }
    }

    /// Whether the finding is known, at least as grave; it is used up then.
    pub fn take(&mut self, finding: &Finding) -> bool {
        let fingerprint = &finding.content_fingerprint;
        self.take_up_to(fingerprint, finding.rule, finding.severity, 1) == 1
    }

    fn take_up_to(
        &mut self,
        fingerprint: &str,
        rule: &str,
        severity: Severity,
        count: usize,
    ) -> usize {
        let Some(known) = self.left.get_mut(fingerprint) else {
            return 0;
        };
        let mut missing = count;
        for (key, left) in known.range_mut(severity..).map(|(_, slot)| slot) {
            if key.rule == rule {
                let taken = missing.min(*left);
                *left -= taken;
                missing -= taken;
            }
        }
        count - missing
    }

    /// Known findings that were not found.
    #[must_use]
    pub fn unused(&self) -> Vec<(&Key, usize)> {
        let mut unused: Vec<_> = (self.left.values())
            .flat_map(BTreeMap::values)
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| (key, *count))
            .collect();
        unused.sort();
        unused
    }
}

/// Where each fingerprint of the text of a baseline stands: the line of its
/// first entry.
#[must_use]
pub fn lines(text: &str) -> HashMap<&str, Span> {
    const NAME: &str = "\"fingerprint\":\"";
    let mut lines = HashMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = Span::new(start, start + line.trim_end().len());
        let found = line
            .split_once(NAME)
            .and_then(|(_, rest)| rest.split('"').next());
        if let Some(fingerprint) = found {
            lines.entry(fingerprint).or_insert(span);
        }
        start += line.len();
    }
    lines
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
