//! From evidence to the status of a control.

use cofferdam_facts::Control;

use crate::evidence::{ControlState, Evidence, Status, Verdict};

/// The families of controls: the letter of their ids, and a word for it.
pub const FAMILIES: &[(&str, &str)] = &[
    ("T", "Triggers"),
    ("X", "Execution"),
    ("D", "Inputs"),
    ("C", "Secrets"),
    ("S", "Signing"),
    ("W", "Watching"),
    ("G", "Project"),
];

/// A control in one or two words, for tables.
#[must_use]
pub fn label(control: Control) -> &'static str {
    match control {
        Control::T1 => "starters",
        Control::T2 => "events",
        Control::T3 => ".github owners",
        Control::T4 => "who-starts page",
        Control::X1 => "two-phase checkout",
        Control::X2 => "no injection",
        Control::X3 => "no poisoning",
        Control::D1 => "pinned",
        Control::D2 => "locked",
        Control::D3 => "own refs",
        Control::D4 => "cooldown",
        Control::D5 => "review",
        Control::D6 => "vulnerabilities",
        Control::D7 => "vendor",
        Control::C1 => "least token",
        Control::C2 => "clean checkout",
        Control::C3 => "no way to production",
        Control::C4 => "scoped",
        Control::C5 => "rotated",
        Control::S1 => "signed",
        Control::S2 => "SBOM",
        Control::S3 => "provenance",
        Control::S4 => "verifiable",
        Control::S5 => "immutable",
        Control::S6 => "environments",
        Control::S7 => "all tags",
        Control::W1 => "egress",
        Control::W2 => "stream",
        Control::W3 => "detection",
        Control::W4 => "incidents",
        Control::W5 => "replay",
        Control::G1 => "DCO",
        Control::G2 => "insights",
        Control::G3 => "Scorecard",
        Control::G4 => "threat model",
        Control::G5 => "reports",
        Control::G6 => "standards",
    }
}

/// The state of every control, in order. `otherwise` says, for a control
/// without any evidence, which command decides it.
pub fn derive_all(
    evidence: Vec<Evidence>,
    otherwise: impl Fn(Control) -> String,
) -> Vec<ControlState> {
    let mut by_control: Vec<Vec<Evidence>> = vec![Vec::new(); Control::ALL.len()];
    for piece in evidence {
        let position = Control::ALL.iter().position(|&c| c == piece.control);
        if let Some(pieces) = position.and_then(|p| by_control.get_mut(p)) {
            pieces.push(piece);
        }
    }
    Control::ALL
        .iter()
        .zip(by_control)
        .map(|(&control, pieces)| ControlState::derive(control, pieces, &otherwise(control)))
        .collect()
}

impl ControlState {
    /// What follows for `control` from everything that was seen of it.
    ///
    /// A missing fact never makes a control present: with no violation in
    /// sight it leaves the control not checked, beside one it is noted.
    /// `otherwise` is the summary of a control without any evidence.
    #[must_use]
    pub fn derive(control: Control, mut evidence: Vec<Evidence>, otherwise: &str) -> Self {
        evidence.sort_by(|a, b| {
            a.location
                .cmp(&b.location)
                .then_with(|| (&a.verdict, &a.note).cmp(&(&b.verdict, &b.note)))
        });
        evidence.dedup();
        let tally = Tally::of(&evidence);
        let (status, summary) = match (tally.held.len(), tally.broken.len(), tally.unknown.len()) {
            (0, 0, 0) => match evidence.first() {
                Some(piece) => (Status::NotApplicable, piece.note.clone()),
                None => (Status::NotChecked, otherwise.to_owned()),
            },
            (_, 0, 0) => (Status::Present, tally.present()),
            (_, 0, _) => (Status::NotChecked, tally.missing()),
            (0, _, _) => (Status::Absent, tally.absent()),
            (_, _, _) => (Status::Partial, tally.partial()),
        };
        Self {
            control,
            status,
            summary,
            evidence,
            elsewhere: false,
        }
    }

    /// The facts that are missing, each with the command that settles it, in
    /// order and without repetition.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut facts: Vec<_> = self.evidence.iter().filter_map(missing_fact).collect();
        facts.sort_unstable();
        facts.dedup();
        facts.into_iter()
    }
}

fn missing_fact(piece: &Evidence) -> Option<(&str, &str)> {
    match &piece.verdict {
        Verdict::Unknown { missing, settle } => Some((missing, settle)),
        _ => None,
    }
}

/// The evidence by what it says.
struct Tally<'e> {
    held: Vec<&'e Evidence>,
    broken: Vec<&'e Evidence>,
    /// Missing facts, without repetition.
    unknown: Vec<(&'e str, &'e str)>,
}

impl<'e> Tally<'e> {
    fn of(evidence: &'e [Evidence]) -> Self {
        let with = |verdict: &Verdict| evidence.iter().filter(|e| e.verdict == *verdict).collect();
        let mut unknown: Vec<_> = evidence.iter().filter_map(missing_fact).collect();
        unknown.sort_unstable();
        unknown.dedup();
        Self {
            held: with(&Verdict::Satisfied),
            broken: with(&Verdict::Violated),
            unknown,
        }
    }

    fn present(&self) -> String {
        match self.held.as_slice() {
            [only] => described(only),
            all => format!("at all {} places", all.len()),
        }
    }

    fn partial(&self) -> String {
        let all = self.held.len() + self.broken.len();
        let mut text = format!("at {} of {all} places", self.held.len());
        if let Some(first) = self.broken.first() {
            text.push_str(&format!("; not: {}", described(first)));
        }
        text + &self.also_missing()
    }

    fn absent(&self) -> String {
        let text = match self.broken.as_slice() {
            [only] => described(only),
            all => {
                let first = all.first().map(|e| described(e)).unwrap_or_default();
                format!("at none of {} places; first: {first}", all.len())
            }
        };
        text + &self.also_missing()
    }

    fn missing(&self) -> String {
        let Some((missing, settle)) = self.unknown.first() else {
            return String::new();
        };
        let more = match self.unknown.len() - 1 {
            0 => String::new(),
            1 => " and 1 more fact".to_owned(),
            more => format!(" and {more} more facts"),
        };
        if settle.is_empty() {
            format!("needs {missing}{more}")
        } else {
            format!("needs {missing}{more}: {settle}")
        }
    }

    fn also_missing(&self) -> String {
        if self.unknown.is_empty() {
            String::new()
        } else {
            format!("; {}", self.missing())
        }
    }
}

fn described(piece: &Evidence) -> String {
    match &piece.location {
        Some(location) => format!("{}{} {}", location.path, location.suffix(), piece.note),
        None => piece.note.clone(),
    }
}

#[cfg(test)]
mod tests;
