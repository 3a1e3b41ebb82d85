//! What must hold for every fix of every checkout, checked without the engine's
//! own words.

use std::collections::BTreeMap;

use cofferdam_findings::Severity;
use cofferdam_fixes::{Judged, Outcome};
use cofferdam_workflows::Repository;
use cofferdam_workflows::yaml::{Document, Node, Style};
use similar::{ChangeTag, TextDiff};

/// Everything that is wrong with an outcome. `after` is what the rules say of
/// the new texts, read afresh.
pub(crate) fn violations(
    before: (&Repository, &Judged),
    outcome: &Outcome,
    after: &Judged,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, (old, new)) in &outcome.files {
        let old = Document::parse(old.clone());
        let new = Document::parse(new.clone());
        for problem in new.problems() {
            let count = |d: &Document| {
                d.problems()
                    .iter()
                    .filter(|p| p.kind == problem.kind)
                    .count()
            };
            if count(&new) > count(&old) {
                wrong.push(format!("{path}: a new problem: {}", problem.message));
            }
        }
        let targets: Vec<Vec<&str>> = (outcome.applied.iter())
            .flat_map(|applied| &applied.targets)
            .filter(|(file, _)| file == path)
            .map(|(_, target)| target.split('/').collect())
            .collect();
        if targets.is_empty() {
            wrong.push(format!("{path}: changed by no fix"));
        }
        same_tree(&old, &new, path, &targets, &mut wrong);
        same_bytes(&old, &new, path, &targets, &mut wrong);
    }
    for path in before.0.workflows.iter().map(|w| w.path()) {
        let (old, new) = (before.0.document(path), outcome.repository.document(path));
        let text = |d: Option<&Document>| d.map(|d| d.text().to_owned());
        if !outcome.files.contains_key(path) && text(old) != text(new) {
            wrong.push(format!("{path}: changed and not told"));
        }
    }
    findings(before.1, outcome, after, &mut wrong);
    wrong
}

type Counts = BTreeMap<(String, String, String), (usize, Option<Severity>)>;

fn counts(judged: &Judged, outcome: &Outcome) -> Counts {
    let mut counts = Counts::new();
    for f in judged.findings.iter().chain(&judged.silenced) {
        let subject = if f.subject.is_empty() {
            &f.message
        } else {
            &f.subject
        };
        let mut subject = subject.clone();
        for (old, new) in outcome.applied.iter().flat_map(|a| &a.fix.renames) {
            subject = subject.replace(old, new);
        }
        let key = (f.rule.to_owned(), f.location.path.to_string(), subject);
        let count = counts.entry(key).or_default();
        count.0 += 1;
        count.1 = count.1.max(Some(f.severity));
    }
    counts
}

fn findings(before: &Judged, outcome: &Outcome, after: &Judged, wrong: &mut Vec<String>) {
    let (before, after) = (counts(before, outcome), counts(after, outcome));
    for (key, now) in &after {
        let was = before.get(key).copied().unwrap_or_default();
        if now.0 > was.0 || now.1 > was.1 {
            wrong.push(format!("another finding: {key:?}"));
        }
    }
    for applied in &outcome.applied {
        let f = &applied.finding;
        let subject = if f.subject.is_empty() {
            &f.message
        } else {
            &f.subject
        };
        let key = (
            f.rule.to_owned(),
            f.location.path.to_string(),
            subject.clone(),
        );
        let (was, now) = (before.get(&key), after.get(&key));
        let better = match (was, now) {
            (_, None) => true,
            (Some(was), Some(now)) if applied.fix.lessens => now.1 < was.1,
            (Some(was), Some(now)) => now.0 < was.0,
            // It came up in between, and is there no longer than at first.
            (None, Some(_)) => false,
        };
        if !better {
            wrong.push(format!("still there: {key:?}"));
        }
    }
}

/// Whether two documents mean the same but for what was to change.
fn same_tree(
    old: &Document,
    new: &Document,
    path: &str,
    targets: &[Vec<&str>],
    wrong: &mut Vec<String>,
) {
    let mut waiting: Vec<(Option<Node<'_>>, Option<Node<'_>>, Vec<String>)> =
        vec![(old.root(), new.root(), Vec::new())];
    while let Some((was, now, at)) = waiting.pop() {
        let targeted = targets.iter().any(|t| t.iter().eq(at.iter().take(t.len())));
        if targeted
            && !targets
                .iter()
                .any(|t| t.len() > at.len() && at.iter().eq(t.iter().take(at.len())))
        {
            continue;
        }
        let below = targets
            .iter()
            .any(|t| t.len() > at.len() && at.iter().eq(t.iter().take(at.len())));
        let (Some(was), Some(now)) = (was, now) else {
            if !targeted && !below {
                wrong.push(format!("{path}: {at:?} came or went"));
            }
            continue;
        };
        if was.kind() != now.kind() {
            if !targeted && !below {
                wrong.push(format!("{path}: {at:?} is of another kind"));
            }
            continue;
        }
        if was.entries().next().is_none()
            && was.items().next().is_none()
            && was.scalar() != now.scalar()
            && !targeted
            && !below
        {
            wrong.push(format!("{path}: {at:?} has another value"));
        }
        let mut keys: Vec<&str> = Vec::new();
        for (key, _) in was.entries().chain(now.entries()) {
            let key = key.as_str().unwrap_or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for key in keys {
            let next = [at.clone(), vec![key.to_owned()]].concat();
            waiting.push((was.get(key), now.get(key), next));
        }
        let (mut olds, mut news) = (was.items(), now.items());
        for number in 0.. {
            let (a, b) = (olds.next(), news.next());
            if a.is_none() && b.is_none() {
                break;
            }
            let next = [at.clone(), vec![number.to_string()]].concat();
            waiting.push((a, b, next));
        }
    }
}

/// Whether only lines went on which something was to change, and every comment
/// of the others stays.
fn same_bytes(
    old: &Document,
    new: &Document,
    path: &str,
    targets: &[Vec<&str>],
    wrong: &mut Vec<String>,
) {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    for target in targets {
        let mut node = old.root();
        let mut from = 0;
        let mut whole = true;
        for step in target {
            let Some(here) = node else { break };
            let entry = here.get_entry(step);
            let next = match entry {
                Some((key, value)) => {
                    from = key.span().start;
                    Some(value)
                }
                None => step
                    .parse()
                    .ok()
                    .and_then(|n| here.items().nth(n))
                    .inspect(|item| {
                        from = item.span().start;
                    }),
            };
            if next.is_none() {
                whole = here.style() == Style::Flow || here.entries().next().is_none();
                break;
            }
            node = next;
        }
        let Some(node) = node.filter(|_| whole) else {
            continue;
        };
        let start = old.file().line_column(from.min(node.span().start)).0;
        let mut end = old.file().line_column(node.span().end).0;
        let line = old.file().line(start).trim_start();
        if line.starts_with("- ") {
            // What stands below the first entry of an item moves to its dash.
            end += 1;
        }
        lines.push((start, end));
    }
    let last = old.file().line_count();
    let diff = TextDiff::from_lines(old.text(), new.text());
    for change in diff.iter_all_changes() {
        let Some(line) = change
            .old_index()
            .filter(|_| change.tag() == ChangeTag::Delete)
        else {
            continue;
        };
        let line = line + 1;
        let unended = line >= last && !old.text().ends_with('\n');
        if !unended
            && !lines
                .iter()
                .any(|(start, end)| (*start..=*end).contains(&line))
        {
            wrong.push(format!(
                "{path}:{line}: changed and not to be: {:?}",
                change.value()
            ));
        }
    }
    let crlf = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    let (was, now) = (crlf(old.text()), crlf(new.text()));
    if was.0 == was.1 && was.0 > 0 && now.0 != now.1 {
        wrong.push(format!("{path}: the line ends are mixed"));
    }
    if old.text().starts_with('\u{feff}') != new.text().starts_with('\u{feff}') {
        wrong.push(format!("{path}: the byte order mark came or went"));
    }
}
