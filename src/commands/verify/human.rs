//! The result for reading.

use cofferdam_attest::{Certificate, Outcome};
use cofferdam_findings::sanitise;
use cofferdam_pipelines::verification::{self, VerifiedArtifact, VerifiedBundle};

/// The most artifacts that are shown line by line when nothing stands against
/// them.
const SHOWN_WHOLE: usize = 3;

/// What is shown of one name or of one line.
const CLIP: usize = 400;

struct Page {
    text: String,
    colour: bool,
}

pub(super) fn render(artifacts: &[VerifiedArtifact], root: &str, colour: bool) -> String {
    let mut page = Page {
        text: String::new(),
        colour,
    };
    let whole = artifacts.len() <= SHOWN_WHOLE;
    for artifact in artifacts {
        page.artifact(artifact, whole);
    }
    let count = |outcome| {
        let is = |artifact: &&VerifiedArtifact| artifact.outcome() == outcome;
        artifacts.iter().filter(is).count()
    };
    let total = verification::outcome(artifacts);
    let word = page.word(total);
    page.line(
        0,
        &format!(
            "{word}: {} passed, {} failed, {} not checked, by the trusted root `{root}`",
            count(Outcome::Passed),
            count(Outcome::Failed),
            count(Outcome::NotChecked),
        ),
    );
    page.text
}

impl Page {
    fn line(&mut self, depth: usize, text: &str) {
        self.text.push_str(&"  ".repeat(depth));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn word(&self, outcome: Outcome) -> String {
        let (word, code) = match outcome {
            Outcome::Passed => ("passed", "32"),
            Outcome::NotChecked => ("not checked", "33"),
            Outcome::Failed => ("failed", "31"),
        };
        if self.colour {
            format!("\u{1b}[{code}m{word}\u{1b}[0m")
        } else {
            word.to_owned()
        }
    }

    fn artifact(&mut self, artifact: &VerifiedArtifact, whole: bool) {
        let outcome = artifact.outcome();
        let name = clip(&artifact.name);
        let word = self.word(outcome);
        self.line(0, &format!("{name}: {word}"));
        if !whole && outcome == Outcome::Passed {
            return;
        }
        if !artifact.digest.is_empty() && artifact.digest != artifact.name {
            self.line(1, &clip(&artifact.digest));
        }
        for bundle in &artifact.bundles {
            self.bundle(bundle);
        }
        if let Some(covered) = &artifact.covered {
            let word = self.word(covered.outcome);
            let by = clip(&covered.by);
            self.line(1, &format!("{word}: by the index {by}, which names it"));
        }
        for problem in &artifact.problems {
            let word = self.word(problem.outcome);
            let spare = if problem.required {
                ""
            } else {
                " (not required)"
            };
            self.line(1, &format!("{word}: {}{spare}", clip(&problem.text)));
        }
    }

    fn bundle(&mut self, bundle: &VerifiedBundle) {
        self.line(1, &format!("bundle {}", clip(&bundle.source)));
        let width = bundle
            .lines
            .iter()
            .map(|line| line.check.word().len())
            .max();
        let width = width.unwrap_or_default();
        for line in &bundle.lines {
            let word = self.word(line.outcome);
            // Colours take no room.
            let room = " ".repeat("not checked".len().saturating_sub(match line.outcome {
                Outcome::NotChecked => "not checked".len(),
                Outcome::Passed | Outcome::Failed => "passed".len(),
            }));
            let check = line.check.word();
            let text = clip(&line.text);
            let spare = if line.outcome == Outcome::NotChecked && !line.required {
                " (not required)"
            } else {
                ""
            };
            self.line(2, &format!("{word}{room}  {check:width$}  {text}{spare}"));
        }
        match &bundle.signer {
            Some(signer) if bundle.outcome != Outcome::Passed => self.signer(signer),
            _ => {}
        }
    }

    /// Who has signed instead of whoever is expected: a proven identity.
    fn signer(&mut self, signer: &Certificate) {
        self.line(2, "found, proven, and not the expected identity:");
        let subject = signer.subject.text().unwrap_or("a name that is no text");
        self.line(3, &format!("subject: {}", clip(subject)));
        let issuer = signer.issuer.as_deref().unwrap_or("none");
        self.line(3, &format!("issuer: {}", clip(issuer)));
        for (name, value) in signer.claims.present() {
            self.line(3, &format!("{name}: {}", clip(value)));
        }
    }
}

fn clip(text: &str) -> String {
    sanitise::clipped(text, CLIP)
}
