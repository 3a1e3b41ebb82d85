//! One finding, and one thing not checked, as SARIF.

use std::fmt::Write as _;

use cofferdam_facts::{Extent, Location};
use serde::Serialize;
use serde_json::{Value, json};

use super::{ROOT, Rules, level, rank};
use crate::exposure::ExposedPair;
use crate::finding::{Finding, Related};
use crate::report::{NotChecked, Report};
use crate::sanitise;
use crate::suppression::{Suppression, SuppressionKind};

/// The longest snippet that is given, in characters.
const SNIPPET: usize = 400;

/// The most related places that are given; GitHub takes a thousand.
const RELATED: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult<'f> {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    rank: u8,
    message: Message,
    locations: [Place<'f>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Place<'f>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow<'f>>,
    partial_fingerprints: Fingerprints<'f>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<SarifSuppression<'f>>,
    properties: Properties<'f>,
}

/// Why a result does not count (3.35).
#[derive(Serialize)]
struct SarifSuppression<'f> {
    kind: &'static str,
    status: &'static str,
    justification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Place<'f>>,
    properties: Value,
}

/// A finding with what is said of it besides.
pub(super) struct Entry<'f> {
    pub(super) finding: &'f Finding,
    /// How it stands to the base or the baseline (3.27.24).
    state: Option<&'static str>,
    by: Option<&'f Suppression>,
}

/// Everything that a report holds: what counts, what is silenced, and where a
/// base was compared, what is unchanged and what is gone.
pub(super) fn entries(report: &Report) -> impl Iterator<Item = Entry<'_>> {
    let comparison = report.comparison.as_ref();
    // With a state on one result, the others have theirs too.
    let compared = comparison.is_some()
        || (report.suppressed.iter()).any(|one| one.by.kind == SuppressionKind::Baseline);
    let counted = report.findings.iter().map(move |finding| {
        let worse = comparison.is_some_and(|c| c.worse.contains(&finding.fingerprint));
        let state = if worse { "updated" } else { "new" };
        Entry {
            finding,
            state: compared.then_some(state),
            by: None,
        }
    });
    let silenced = report.suppressed.iter().map(move |one| Entry {
        finding: &one.finding,
        state: compared.then_some("unchanged"),
        by: Some(&one.by),
    });
    counted
        .chain(silenced)
        .chain(other(comparison.map(|c| &c.unchanged), "unchanged"))
        .chain(other(comparison.map(|c| &c.gone), "absent"))
}

fn other<'f>(
    findings: Option<&'f Vec<Finding>>,
    state: &'static str,
) -> impl Iterator<Item = Entry<'f>> {
    (findings.into_iter().flatten()).map(move |finding| Entry {
        finding,
        state: Some(state),
        by: None,
    })
}

fn suppression(by: &Suppression) -> SarifSuppression<'_> {
    let in_source = matches!(
        by.kind,
        SuppressionKind::Ignore | SuppressionKind::PeerIgnore
    );
    let mut properties = json!({ "silencer": by.kind.word() });
    if let Some(map) = properties.as_object_mut() {
        let more = [("owner", &by.owner), ("expires", &by.expires)];
        for (key, value) in more {
            if let Some(value) = value {
                map.insert(key.to_owned(), json!(sanitise::line(value)));
            }
        }
    }
    SarifSuppression {
        kind: if in_source { "inSource" } else { "external" },
        status: "accepted",
        justification: plain(&by.reason),
        location: by.location.as_ref().map(|location| place(location, None)),
        properties,
    }
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical<'f>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'f> {
    fully_qualified_name: &'f str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical<'f> {
    artifact_location: Artifact,
    region: Region<'f>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region<'f> {
    start_line: usize,
    #[serde(flatten)]
    columns: Option<Columns>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet<'f>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Columns {
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
}

#[derive(Serialize)]
struct Snippet<'f> {
    text: &'f str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow<'f> {
    thread_flows: [ThreadFlow<'f>; 1],
}

#[derive(Serialize)]
struct ThreadFlow<'f> {
    locations: Vec<FlowLocation<'f>>,
}

#[derive(Serialize)]
struct FlowLocation<'f> {
    location: Place<'f>,
}

/// The fingerprint under a key of our own. `primaryLocationLineHash` is left
/// to the upload, which computes it and warns of any other value.
#[derive(Serialize)]
struct Fingerprints<'f> {
    #[serde(rename = "cofferdam/v1")]
    cofferdam: &'f str,
    #[serde(rename = "cofferdamContent/v1")]
    content: &'f str,
}

#[derive(Serialize)]
struct Properties<'f> {
    severity: &'static str,
    confidence: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'f str,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'f str,
    #[serde(skip_serializing_if = "str::is_empty")]
    fix: &'f str,
    #[serde(flatten)]
    exposure: Option<Exposure<'f>>,
}

/// What the place exposes, in the bag of properties (3.8).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exposure<'f> {
    exposure: Vec<Value>,
    exposure_count: usize,
    exposes: &'f str,
}

impl<'f> Exposure<'f> {
    fn of(finding: &'f Finding) -> Option<Self> {
        let all = finding.exposure.as_ref()?;
        let pair = |pair: &ExposedPair| {
            json!({
                "position": sanitise::line(&pair.position),
                "asset": sanitise::line(&pair.asset),
                "verdict": pair.verdict,
            })
        };
        Some(Self {
            exposure: all.pairs.iter().map(pair).collect(),
            exposure_count: all.total,
            exposes: &all.phrase,
        })
    }
}

pub(super) fn of<'f>(entry: &Entry<'f>, rules: &Rules<'_>) -> SarifResult<'f> {
    let finding = entry.finding;
    let (rule_id, rule_index) = rules.reference(finding);
    let mut primary = place(&finding.location, None);
    if !finding.subject.is_empty() {
        primary.logical_locations.push(Logical {
            fully_qualified_name: &finding.subject,
        });
    }
    let related = || finding.related.iter().take(RELATED);
    let code_flows = if finding.related.is_empty() {
        Vec::new()
    } else {
        vec![CodeFlow {
            thread_flows: [ThreadFlow {
                locations: flow(finding, related()),
            }],
        }]
    };
    SarifResult {
        rule_id,
        rule_index,
        level: level(finding.severity),
        rank: rank(finding),
        message: Message {
            text: message(finding),
        },
        locations: [primary],
        related_locations: related()
            .enumerate()
            .map(|(id, r)| Place {
                id: Some(id + 1),
                ..place(&r.location, Some(&r.note))
            })
            .collect(),
        code_flows,
        partial_fingerprints: Fingerprints {
            cofferdam: &finding.fingerprint,
            content: &finding.content_fingerprint,
        },
        baseline_state: entry.state,
        suppressions: entry.by.into_iter().map(suppression).collect(),
        properties: Properties {
            severity: finding.severity.word(),
            confidence: finding.confidence.word(),
            group: &finding.group,
            why: &finding.why,
            fix: &finding.fix,
            exposure: Exposure::of(finding),
        },
    }
}

/// The related places in their order, then the place of the finding.
fn flow<'f>(
    finding: &'f Finding,
    related: impl Iterator<Item = &'f Related>,
) -> Vec<FlowLocation<'f>> {
    let mut flow: Vec<_> = related
        .map(|r| FlowLocation {
            location: place(&r.location, Some(&r.note)),
        })
        .collect();
    flow.push(FlowLocation {
        location: place(&finding.location, Some(&finding.message)),
    });
    flow
}

/// A message as sentences: what, why, and what to do.
fn message(finding: &Finding) -> String {
    let mut text = plain(&finding.message);
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    for more in [&finding.why, &finding.fix] {
        if !more.is_empty() {
            text.push(' ');
            text.push_str(&plain(more));
            if !text.ends_with(['.', '!', '?']) {
                text.push('.');
            }
        }
    }
    text
}

/// A plain text message. SARIF reads `[text](target)` in it as a link (3.11.6),
/// and a backslash before the bracket would be shown by most readers, so a
/// space breaks the form. Braces stand as they are: they would be placeholders
/// only beside `arguments`, which we never write.
fn plain(text: &str) -> String {
    sanitise::line(text).replace("](", "] (")
}

fn place<'f>(location: &'f Location, note: Option<&str>) -> Place<'f> {
    Place {
        id: None,
        physical_location: Physical {
            artifact_location: Artifact {
                uri: uri(&location.path),
                uri_base_id: ROOT,
            },
            region: region(location),
        },
        logical_locations: Vec::new(),
        message: note
            .filter(|n| !n.is_empty())
            .map(|n| Message { text: plain(n) })
            .or_else(|| absent(location)),
    }
}

/// Code scanning wants a file and a line for everything, so a file that does
/// not exist stands there by the path where it belongs, and says so.
fn absent(location: &Location) -> Option<Message> {
    (location.extent == Extent::Missing).then(|| Message {
        text: "There is no such file.".into(),
    })
}

fn region(location: &Location) -> Region<'_> {
    // A whole file, or one that is missing, has a line but no characters.
    if location.span.is_empty() {
        return Region {
            start_line: location.line,
            columns: None,
            snippet: None,
        };
    }
    Region {
        start_line: location.line,
        columns: Some(Columns {
            start_column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
            byte_offset: location.span.start,
            byte_length: location.span.len(),
        }),
        snippet: marked(location).map(|text| Snippet { text }),
    }
}

/// The text of the region, if the line that is at hand holds all of it.
fn marked(location: &Location) -> Option<&str> {
    if location.line != location.end_line {
        return None;
    }
    let length = location.end_column.checked_sub(location.column)?;
    if length == 0 || length > SNIPPET {
        return None;
    }
    let skip = location.column.saturating_sub(1);
    let start = location.snippet.char_indices().nth(skip)?.0;
    let rest = location.snippet.get(start..)?;
    // Of a very long line only the beginning is at hand.
    let (last, character) = rest.char_indices().nth(length - 1)?;
    rest.get(..last + character.len_utf8())
}

/// A relative path as a URI reference: everything but unreserved characters
/// and `/` is percent-encoded (RFC 3986, 2.3 and 4.2).
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

pub(super) fn notification(not_checked: &NotChecked) -> Value {
    let mut text = plain(&not_checked.message);
    if !text.ends_with('.') {
        text.push('.');
    }
    if !not_checked.settle.is_empty() {
        text.push(' ');
        text.push_str(&plain(&not_checked.settle));
    }
    let mut notification = json!({
        "descriptor": { "id": not_checked.code },
        "level": if not_checked.required { "error" } else { "warning" },
        "message": { "text": text },
    });
    if let (Some(location), Some(map)) = (&not_checked.location, notification.as_object_mut()) {
        map.insert("locations".to_owned(), json!([place(location, None)]));
    }
    notification
}
