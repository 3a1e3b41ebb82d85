//! A report beside that of the base: what is new, what is gone.

use std::collections::BTreeMap;

use crate::finding::{Finding, Severity};
use crate::report::Report;

/// What a change leaves and what it removes. What it adds, or makes worse, are
/// the findings of the report itself: they alone count.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The base, as it was named.
    pub base: String,
    /// Its commit.
    pub commit: String,
    /// Findings that the base has too.
    pub unchanged: Vec<Finding>,
    /// Findings of the base that the change removes, with their places there.
    pub gone: Vec<Finding>,
    /// Fingerprints of the findings that the base has with a lower severity.
    pub worse: Vec<String>,
}

impl Report {
    /// Keeps as findings only what `base` does not have: by content, counted,
    /// so that a second copy of a known weakness is new; and what the base has
    /// with a lower severity. Both reports must be finished.
    #[must_use]
    pub fn compared(mut self, base: &Self, name: &str) -> Self {
        let mut open = Known::of(&base.findings);
        let mut comparison = Comparison {
            base: name.to_owned(),
            commit: base.revision.clone().unwrap_or_default(),
            ..Comparison::default()
        };
        let findings = std::mem::take(&mut self.findings);
        let (unchanged, new) = open.split(findings);
        comparison.unchanged = unchanged;
        for finding in new {
            if open.take_any(&finding) {
                comparison.worse.push(finding.fingerprint.clone());
            }
            self.findings.push(finding);
        }
        comparison.gone = open.rest().into_iter().cloned().collect();
        self.comparison = Some(comparison);
        self
    }
}

/// The findings of a base by content.
struct Known<'f> {
    open: BTreeMap<&'f str, Vec<&'f Finding>>,
}

impl<'f> Known<'f> {
    fn of(findings: &'f [Finding]) -> Self {
        let mut open: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            open.entry(&finding.content_fingerprint)
                .or_default()
                .push(finding);
        }
        Self { open }
    }

    /// Those that are known at least as severe, and the others. Of several
    /// copies, those whose whole line is the same are the known ones.
    fn split(&mut self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
        let mut taken: Vec<bool> = (findings.iter())
            .map(|finding| {
                self.take(finding, |known| {
                    known.location.snippet == finding.location.snippet
                })
            })
            .collect();
        for (finding, taken) in findings.iter().zip(&mut taken) {
            *taken = *taken || self.take(finding, |_| true);
        }
        let mut sides = (Vec::new(), Vec::new());
        for (finding, taken) in findings.into_iter().zip(taken) {
            if taken {
                sides.0.push(finding);
            } else {
                sides.1.push(finding);
            }
        }
        sides
    }

    fn take(&mut self, finding: &Finding, fits: impl Fn(&Finding) -> bool) -> bool {
        let least = finding.severity;
        self.remove(finding, |known| known.severity >= least && fits(known))
    }

    /// Whether the base has it in a milder form, which then is not gone.
    fn take_any(&mut self, finding: &Finding) -> bool {
        self.remove(finding, |_| true)
    }

    fn remove(&mut self, finding: &Finding, fits: impl Fn(&Finding) -> bool) -> bool {
        let Some(known) = self.open.get_mut(finding.content_fingerprint.as_str()) else {
            return false;
        };
        // The mildest that covers it leaves the graver ones for graver copies.
        let found = (known.iter().enumerate())
            .filter(|(_, known)| fits(known))
            .min_by_key(|(at, known)| (known.severity, *at))
            .map(|(at, _)| at);
        found.map(|at| known.remove(at)).is_some()
    }

    fn rest(self) -> Vec<&'f Finding> {
        let mut rest: Vec<&Finding> = self.open.into_values().flatten().collect();
        rest.sort_by(|a, b| {
            (b.severity, a.rule, &a.location).cmp(&(a.severity, b.rule, &b.location))
        });
        rest
    }
}

/// The findings of each severity, worst first, as in `1 critical, 15 high`.
#[must_use]
pub fn tally(findings: &[Finding]) -> String {
    let parts: Vec<String> = (Severity::ALL.iter().rev())
        .filter_map(|&severity| {
            let count = findings.iter().filter(|f| f.severity == severity).count();
            (count > 0).then(|| format!("{count} {severity}"))
        })
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::{Location, SourceFile, Span};

    use super::*;

    fn at(line: usize, text: &str) -> Location {
        let source = format!("{}{text}\n", "\n".repeat(line));
        let file = SourceFile::new("a.yml", source);
        file.locate(Span::new(line, line + text.len()))
    }

    fn report(findings: &[(Severity, usize, &str)]) -> Report {
        Report {
            findings: (findings.iter())
                .map(|&(severity, line, text)| {
                    Finding::new("r", severity, at(line, text), "m").subject("s")
                })
                .collect(),
            ..Report::default()
        }
        .finish()
    }

    fn lines(findings: &[Finding]) -> Vec<usize> {
        findings.iter().map(|f| f.location.line - 1).collect()
    }

    #[test]
    fn moved_lines_are_unchanged_and_removed_ones_gone() {
        let base = report(&[(Severity::High, 1, "a"), (Severity::Low, 2, "b")]);
        let head = report(&[(Severity::High, 7, "a"), (Severity::High, 8, "c")]);
        let compared = head.compared(&base, "main");
        assert_eq!(lines(&compared.findings), [8]);
        let comparison = compared.comparison.unwrap_or_default();
        assert_eq!(lines(&comparison.unchanged), [7]);
        assert_eq!(lines(&comparison.gone), [2]);
        assert_eq!(comparison.worse, Vec::<String>::new());
    }

    #[test]
    fn a_second_copy_is_new() {
        let base = report(&[(Severity::High, 1, "a")]);
        let head = report(&[(Severity::High, 1, "a"), (Severity::High, 4, "a")]);
        let compared = head.compared(&base, "main");
        assert_eq!(compared.findings.len(), 1);
        assert_eq!(compared.failing(Some(Severity::High)), 1);
    }

    #[test]
    fn what_becomes_worse_counts_and_is_not_gone() {
        let base = report(&[(Severity::Low, 1, "a")]);
        let head = report(&[(Severity::Critical, 1, "a")]);
        let compared = head.compared(&base, "main");
        assert_eq!(lines(&compared.findings), [1]);
        let comparison = compared.comparison.unwrap_or_default();
        assert_eq!(comparison.worse.len(), 1);
        assert!(comparison.gone.is_empty() && comparison.unchanged.is_empty());
    }

    #[test]
    fn what_becomes_milder_is_unchanged() {
        let base = report(&[(Severity::High, 1, "a")]);
        let head = report(&[(Severity::Low, 1, "a")]);
        let compared = head.compared(&base, "main");
        assert!(compared.findings.is_empty());
        assert_eq!(compared.comparison.map(|c| c.gone.len()), Some(0));
    }
}
