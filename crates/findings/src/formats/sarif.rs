//! SARIF 2.1.0 with one run a repository, shaped so that code scanning of
//! GitHub shows it well.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version
//! 2.1.0 Plus Errata 01"; GitHub, "SARIF support for code scanning".

use std::collections::BTreeMap;
use std::io::{self, Write};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Options, Render, TOOL_HOME, TOOL_VERSION, inert_json};
use crate::finding::{Confidence, Finding, RANK_STEP, RuleInfo, Severity};
use crate::report::{Exit, Report};
use crate::sanitise;

mod result;
mod taxonomy;

/// The name that stands for the root of the checkout.
const ROOT: &str = "%SRCROOT%";

/// Begins a SARIF output.
pub(super) fn open(options: &Options) -> Box<dyn Render> {
    Box::new(Sarif {
        fail_on: options.fail_on,
        several: options.several,
        first: true,
    })
}

struct Sarif {
    fail_on: Option<Severity>,
    several: bool,
    first: bool,
}

impl Render for Sarif {
    fn start(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(
            b"{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/\
              sarif-schema-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[",
        )
    }

    fn report(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        let rules = Rules::of(report);
        out.write_all(b"{\"tool\":{\"driver\":{")?;
        for (key, value) in driver_names() {
            write!(out, "\"{key}\":")?;
            inert_json::write(&value, out)?;
            out.write_all(b",")?;
        }
        out.write_all(b"\"rules\":[")?;
        let descriptors = |rules: &[Descriptor<'_>]| {
            joined(rules, b",", |&(id, severity, info)| {
                descriptor(id, severity, info)
            })
        };
        in_parts(&rules.order, b",", descriptors, out)?;
        out.write_all(b"],\"notifications\":")?;
        inert_json::write(&codes(report), out)?;
        out.write_all(b",\"supportedTaxonomies\":")?;
        inert_json::write(&json!([taxonomy::reference()]), out)?;
        out.write_all(b"}}")?;
        for (key, value) in self.run_properties(report) {
            write!(out, ",\"{key}\":")?;
            inert_json::write(&value, out)?;
        }
        out.write_all(b",\"results\":[")?;
        let entries: Vec<_> = result::entries(report).collect();
        if !entries.is_empty() {
            out.write_all(b"\n")?;
        }
        let results = |entries: &[result::Entry<'_>]| {
            joined(entries, b",\n", |entry| result::of(entry, &rules))
        };
        in_parts(&entries, b",\n", results, out)?;
        out.write_all(b"]}")
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]}\n")
    }
}

impl Sarif {
    fn run_properties(&self, report: &Report) -> Vec<(&'static str, Value)> {
        let mut properties = vec![
            ("invocations", Value::Array(vec![self.invocation(report)])),
            ("automationDetails", json!({ "id": self.category(report) })),
            (
                "originalUriBaseIds",
                json!({ ROOT: {
                    "description": { "text": "The root of the checkout." },
                }}),
            ),
            // Places count characters, not the UTF-16 units of the default.
            ("columnKind", json!("unicodeCodePoints")),
            ("taxonomies", json!([taxonomy::of(&report.rules)])),
        ];
        if let Some(repository) = &report.repository {
            let uri = format!("https://github.com/{}", result::uri(repository));
            let mut provenance = json!({ "repositoryUri": uri, "mappedTo": { "uriBaseId": ROOT } });
            if let (Some(revision), Some(map)) = (&report.revision, provenance.as_object_mut()) {
                map.insert("revisionId".to_owned(), json!(sanitise::line(revision)));
            }
            properties.push(("versionControlProvenance", json!([provenance])));
        }
        properties
    }

    /// The analysis category: GitHub refuses two runs of one category in one
    /// file, and closes the alerts of a category that an upload leaves out.
    fn category(&self, report: &Report) -> String {
        if self.several {
            let name = report.repository.as_deref().unwrap_or(&report.name);
            format!("cofferdam/{}/", result::uri(name))
        } else {
            "cofferdam/".to_owned()
        }
    }

    fn invocation(&self, report: &Report) -> Value {
        let exit = report.exit_code(self.fail_on);
        let notifications: Value = (report.not_checked.iter())
            .map(result::notification)
            .collect();
        let mut invocation = json!({
            // What was needed and could not be checked must not pass for a
            // run without results.
            "executionSuccessful": !report.not_checked.iter().any(|n| n.required),
            "exitCode": exit.code(),
            "exitCodeDescription": match exit {
                Exit::Clean | Exit::Usage => "Nothing at or above the threshold.",
                Exit::Findings => "Findings at or above the threshold.",
                Exit::NotChecked => "Something needed could not be checked.",
            },
        });
        if let Some(invocation) = invocation.as_object_mut() {
            invocation.insert("toolExecutionNotifications".to_owned(), notifications);
        }
        invocation
    }
}

fn driver_names() -> [(&'static str, Value); 3] {
    [
        ("name", Value::from("cofferdam")),
        ("semanticVersion", Value::from(TOOL_VERSION)),
        ("informationUri", Value::from(TOOL_HOME)),
    ]
}

/// A descriptor for each code of what was not checked.
fn codes(report: &Report) -> Value {
    let mut codes: Vec<_> = report.not_checked.iter().map(|n| n.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let descriptor = |code: &&str| {
        let text = format!("Something could not be checked: {code}.");
        json!({
            "id": code,
            "shortDescription": { "text": text },
            "fullDescription": { "text": text },
            "help": { "text": "What was not checked is not clean: see the message." },
        })
    };
    codes.iter().map(descriptor).collect()
}

/// How many descriptors or results one thread writes at a time. So many times
/// the number of threads are in memory as text at once.
const PART: usize = 32;

/// Writes a long list on all threads, in its order.
fn in_parts<T: Sync>(
    items: &[T],
    between: &[u8],
    text: impl Fn(&[T]) -> io::Result<Vec<u8>> + Sync,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut first = true;
    for batch in items.chunks(PART * rayon::current_num_threads().max(1)) {
        let parts: Vec<_> = batch.par_chunks(PART).map(&text).collect();
        for part in parts {
            if !std::mem::take(&mut first) {
                out.write_all(between)?;
            }
            out.write_all(&part?)?;
        }
    }
    Ok(())
}

fn joined<T, S: Serialize>(
    items: &[T],
    between: &[u8],
    value: impl Fn(&T) -> S,
) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.extend_from_slice(between);
        }
        inert_json::append(&value(item), &mut text)?;
    }
    Ok(text)
}

/// The rule, a severity that it gives, and what is known of it.
type Descriptor<'r> = (&'static str, Severity, Option<&'r RuleInfo>);

/// The rules of a run. GitHub takes the severity of an alert from the rule
/// alone, so a rule that graded a finding otherwise than its highest gets one
/// more descriptor, `RULE.low`. A slash would make it a hierarchical identifier
/// (3.49.3), which takes its severity from the rule again.
struct Rules<'r> {
    order: Vec<Descriptor<'r>>,
    index: BTreeMap<(&'static str, Severity), usize>,
}

impl<'r> Rules<'r> {
    fn of(report: &'r Report) -> Self {
        let mut order: Vec<_> = report
            .rules
            .iter()
            .map(|r| (r.id, r.severity, Some(r)))
            .collect();
        let mut index: BTreeMap<_, _> = order
            .iter()
            .enumerate()
            .map(|(i, r)| ((r.0, r.1), i))
            .collect();
        for finding in result::entries(report).map(|entry| entry.finding) {
            index
                .entry((finding.rule, finding.severity))
                .or_insert_with(|| {
                    order.push((finding.rule, finding.severity, report.rule(finding.rule)));
                    order.len() - 1
                });
        }
        Self { order, index }
    }

    /// The identifier and the position of the descriptor of a finding.
    fn reference(&self, finding: &Finding) -> (String, usize) {
        let position = self
            .index
            .get(&(finding.rule, finding.severity))
            .copied()
            .unwrap_or(0);
        let info = self.order.get(position).and_then(|r| r.2);
        (identifier(finding.rule, finding.severity, info), position)
    }
}

fn identifier(id: &str, severity: Severity, info: Option<&RuleInfo>) -> String {
    if info.is_none_or(|i| i.severity == severity) {
        id.to_owned()
    } else {
        format!("{id}.{severity}")
    }
}

fn descriptor(id: &str, severity: Severity, info: Option<&RuleInfo>) -> Value {
    let title = info.map_or(id, |i| i.title);
    let docs = info.map_or("", |i| i.docs);
    let mut tags = vec!["security".to_owned(), "supply-chain".to_owned()];
    let standards = info.map(|i| i.standards).unwrap_or_default();
    tags.extend(taxonomy::weaknesses(standards).map(taxonomy::tag));
    let controls = info.map(|i| i.controls).unwrap_or_default().iter();
    tags.extend(controls.map(|c| format!("control/{c}")));
    // GitHub takes twenty tags at most.
    tags.truncate(20);
    let relationships: Vec<_> = taxonomy::weaknesses(standards)
        .map(taxonomy::relationship)
        .collect();
    let mut descriptor = json!({
        "id": identifier(id, severity, info),
        "shortDescription": { "text": format!("{title}.") },
        "fullDescription": { "text": format!("{title}.") },
        "helpUri": format!("{TOOL_HOME}/blob/main/docs/{}.md", page(id)),
        "defaultConfiguration": { "level": level(severity) },
        "properties": {
            "tags": tags,
            "precision": "high",
            "security-severity": security_severity(severity),
        },
    });
    if let Some(map) = descriptor.as_object_mut() {
        let name = pascal_case(id);
        // A name that only repeats the identifier says nothing.
        if !name.eq_ignore_ascii_case(id) {
            map.insert("name".to_owned(), json!(name));
        }
        if !relationships.is_empty() {
            map.insert("relationships".to_owned(), Value::Array(relationships));
        }
        if !docs.is_empty() {
            map.insert("help".to_owned(), json!({ "text": docs, "markdown": docs }));
        }
    }
    descriptor
}

/// The page of a rule, below the documentation.
fn page(id: &str) -> String {
    match id {
        // Not about files, and so without a page among the rules.
        "claim" => "claims".to_owned(),
        "exposure" => "exposure".to_owned(),
        id if id.starts_with("deps-") => "dependency-review".to_owned(),
        id => format!("rules/{id}"),
    }
}

fn pascal_case(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for word in id.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of the range that GitHub shows as the same word: critical from
/// 9.0, high from 7.0, medium from 4.0, low above 0.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.5",
    }
}

/// The priority from 0 to 100 (3.27.25): what the place exposes where that is
/// known, else severity, then confidence.
fn rank(finding: &Finding) -> u8 {
    let place = match finding.priority() / RANK_STEP {
        // Nothing is gained there.
        0 => return 0,
        place => u8::try_from(place - 1).unwrap_or(u8::MAX),
    };
    let confidence = match finding.confidence {
        Confidence::High => 20,
        Confidence::Medium => 13,
        Confidence::Low => 6,
    };
    place.saturating_mul(20).saturating_add(confidence).min(100)
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
