//! What of a report the user wants to see.

use std::collections::BTreeMap;

use cofferdam_facts::Control;

use crate::finding::{Finding, Severity};
use crate::report::Report;

/// A choice among the findings. The default is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Ids of the rules asked for; empty for all.
    pub rules: Vec<String>,
    /// The controls asked for; empty for all.
    pub controls: Vec<Control>,
    /// The lowest severity that is shown.
    pub min_severity: Option<Severity>,
}

impl Filter {
    /// Whether the question itself is narrower: some rules or controls only.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        !self.rules.is_empty() || !self.controls.is_empty()
    }
}

/// What was asked for and what is hidden by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The filter that made the report what it is.
    pub filter: Filter,
    /// Findings that were asked for but are below the severity that is shown.
    pub hidden: BTreeMap<Severity, usize>,
}

impl View {
    /// Number of findings that are hidden.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.hidden.values().sum()
    }

    /// Number of findings of a severity that are hidden.
    #[must_use]
    pub fn hidden_of(&self, severity: Severity) -> usize {
        self.hidden.get(&severity).copied().unwrap_or_default()
    }
}

impl Report {
    /// The part of the report that was asked for.
    ///
    /// Rules and controls narrow the question: findings of others are gone,
    /// for the exit code too. The severity narrows only what is shown: hidden
    /// findings stay counted. What could not be checked always stays.
    #[must_use]
    pub fn filtered(mut self, filter: &Filter) -> Self {
        let rule_controls: BTreeMap<&str, &[Control]> =
            self.rules.iter().map(|r| (r.id, r.controls)).collect();
        let asked = |finding: &Finding| {
            let controls = rule_controls.get(finding.rule).copied().unwrap_or_default();
            (filter.rules.is_empty() || filter.rules.iter().any(|r| r == finding.rule))
                && (filter.controls.is_empty()
                    || controls.iter().any(|c| filter.controls.contains(c)))
        };
        let spoken_for: Vec<Control> = (self.rules.iter())
            .filter(|r| filter.rules.iter().any(|id| id == r.id))
            .flat_map(|r| r.controls.iter().copied())
            .collect();
        let mut hidden = self.view.hidden.clone();
        self.findings.retain(|finding| {
            if !asked(finding) {
                return false;
            }
            let shown = filter
                .min_severity
                .is_none_or(|least| finding.severity >= least);
            if !shown {
                *hidden.entry(finding.severity).or_default() += 1;
            }
            shown
        });
        self.suppressed.retain(|one| asked(&one.finding));
        if let Some(comparison) = &mut self.comparison {
            comparison.unchanged.retain(|finding| asked(finding));
            comparison.gone.retain(|finding| asked(finding));
        }
        self.controls.retain(|state| {
            (filter.controls.is_empty() || filter.controls.contains(&state.control))
                && (filter.rules.is_empty() || spoken_for.contains(&state.control))
        });
        self.view = View {
            filter: filter.clone(),
            hidden,
        };
        self
    }
}

#[cfg(test)]
mod tests;
