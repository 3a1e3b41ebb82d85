//! Ignore comments: `# cofferdam: ignore[rule, other] reason`, and those for
//! zizmor, `# zizmor: ignore[rule]`. They are taken from the comments that the
//! YAML layer found, so that no text of a script is taken for one.

use std::collections::BTreeSet;

use cofferdam_facts::{Location, Span};
use cofferdam_findings::{Finding, RuleInfo, Severity, SuppressionKind};
use cofferdam_workflows::yaml::{Comment, Document, Kind};

use crate::content;
use crate::mistakes::nearest;
use crate::pages;

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Ours: with a reason, and for our rules.
    Cofferdam,
    /// zizmor's: for the rules of ours that find the same.
    Zizmor,
}

impl Speaker {
    const ALL: [Self; 2] = [Self::Cofferdam, Self::Zizmor];

    fn start(self) -> &'static str {
        match self {
            Self::Cofferdam => "cofferdam:",
            Self::Zizmor => "zizmor:",
        }
    }

    /// What a finding is silenced by.
    #[must_use]
    pub fn kind(self) -> SuppressionKind {
        match self {
            Self::Cofferdam => SuppressionKind::Ignore,
            Self::Zizmor => SuppressionKind::PeerIgnore,
        }
    }
}

/// One comment that silences something.
#[derive(Clone, Debug)]
pub struct IgnoreComment {
    /// Whose.
    pub speaker: Speaker,
    /// Our rules that it is about.
    pub rules: BTreeSet<&'static str>,
    /// The reason that stands behind it.
    pub reason: String,
    /// Where it stands.
    pub location: Location,
    /// What it says, in one form whatever the spaces.
    pub text: String,
    /// The one-based line that it speaks about.
    pub line: usize,
    /// What stands on that line, without comments.
    pub target: String,
}

/// The comments of one file.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    /// Those that silence something.
    pub ignores: Vec<IgnoreComment>,
    /// A finding for each that is wrong and silences nothing.
    pub invalid: Vec<Finding>,
}

/// Whether a text may hold an ignore comment; a quick look before a document is
/// parsed for it.
#[must_use]
pub fn may_hold(text: &str) -> bool {
    text.contains("cofferdam:") || text.contains("zizmor:")
}

/// Reads the ignore comments of a document.
#[must_use]
pub fn read(document: &Document, rules: &[RuleInfo]) -> Comments {
    let mut found = Comments::default();
    for (at, comment) in document.comments().iter().enumerate() {
        // One comment may hold several, as in `# v4 # zizmor: ignore[x]`.
        for part in comment.text.split('#').map(str::trim) {
            for speaker in Speaker::ALL {
                let Some(said) = part.strip_prefix(speaker.start()) else {
                    continue;
                };
                let seen = Seen {
                    document,
                    comment,
                    at,
                    rules,
                };
                seen.read(speaker, said.trim(), part, &mut found);
            }
        }
    }
    found
}

struct Seen<'d> {
    document: &'d Document,
    comment: &'d Comment,
    at: usize,
    rules: &'d [RuleInfo],
}

impl Seen<'_> {
    fn read(&self, speaker: Speaker, said: &str, part: &str, found: &mut Comments) {
        let list = said
            .strip_prefix("ignore[")
            .and_then(|rest| rest.split_once(']'));
        let Some((list, reason)) = list else {
            // Only what begins like ours and is not is a mistake of ours.
            if speaker == Speaker::Cofferdam {
                found.invalid.push(self.invalid(
                    "an ignore comment that is not understood silences nothing",
                    "Write it as `# cofferdam: ignore[rule] reason`",
                ));
            }
            return;
        };
        let reason = reason
            .trim()
            .trim_start_matches([':', '-', '–', '—'])
            .trim();
        let names: Vec<&str> = list.split(',').map(str::trim).collect();
        let rules = match speaker {
            Speaker::Cofferdam => match self.own_rules(&names, reason) {
                Ok(rules) => rules,
                Err(finding) => {
                    found.invalid.push(*finding);
                    return;
                }
            },
            Speaker::Zizmor => self.peer_rules(&names),
        };
        if rules.is_empty() {
            return;
        }
        let line = self.line();
        found.ignores.push(IgnoreComment {
            speaker,
            rules,
            reason: reason.to_owned(),
            location: self.document.file().locate(self.comment.span),
            text: clip(part).split_whitespace().collect::<Vec<_>>().join(" "),
            line,
            target: content::of_line(self.document, line),
        });
    }

    fn own_rules(
        &self,
        names: &[&str],
        reason: &str,
    ) -> Result<BTreeSet<&'static str>, Box<Finding>> {
        let mut rules = BTreeSet::new();
        for name in names {
            match self.rules.iter().find(|rule| rule.id == *name) {
                Some(rule) => {
                    rules.insert(rule.id);
                }
                None => {
                    let near = nearest(name, self.rules.iter().map(|rule| rule.id));
                    let fix = near.map_or_else(
                        || "`cofferdam rules` lists all rules".to_owned(),
                        |near| format!("Did you mean `{near}`?"),
                    );
                    let message = format!(
                        "an ignore comment names `{name}`, which is no rule, and silences nothing"
                    );
                    return Err(Box::new(self.invalid(&message, &fix)));
                }
            }
        }
        if reason.is_empty() {
            return Err(Box::new(self.invalid(
                "an ignore comment without a reason silences nothing",
                "Write behind the bracket why the finding is accepted",
            )));
        }
        Ok(rules)
    }

    fn peer_rules(&self, names: &[&str]) -> BTreeSet<&'static str> {
        let is_named = |peer: &&'static str| {
            peer.strip_prefix("zizmor/")
                .is_some_and(|id| names.contains(&id))
        };
        (self.rules.iter())
            .filter(|rule| rule.peers.iter().any(is_named))
            .map(|rule| rule.id)
            .collect()
    }

    fn invalid(&self, message: &str, fix: &str) -> Finding {
        let file = self.document.file();
        Finding::new(
            pages::INVALID.id,
            Severity::Low,
            file.locate(self.comment.span),
            message,
        )
        .why("Whoever wrote it believes that something is settled here")
        .fix(fix)
        .subject(clip(self.comment.text.trim()))
    }

    /// The line that the comment speaks about: its own, or where it stands
    /// alone, the next that is not a comment.
    fn line(&self) -> usize {
        let document = self.document;
        let (own, _) = document.file().line_column(self.comment.span.start);
        if !stands_alone(document, self.comment) {
            return own;
        }
        let mut line = own + 1;
        for next in document.comments().iter().skip(self.at + 1) {
            let (at, _) = document.file().line_column(next.span.start);
            if at != line || !stands_alone(document, next) {
                break;
            }
            line += 1;
        }
        line
    }
}

/// The beginning of a text that is kept once for each finding.
fn clip(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(400)
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

fn stands_alone(document: &Document, comment: &Comment) -> bool {
    let (line, _) = document.file().line_column(comment.span.start);
    document.file().line(line).trim_start().starts_with('#')
}

/// The lines that a comment must speak about to speak about a place.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// The line on which the place begins.
    first: usize,
    /// Inside a text of several lines there is no comment: the line on which
    /// the text begins stands for it.
    text: usize,
    /// zizmor takes a comment anywhere in the place of a finding, which mostly
    /// is the whole step.
    wide: (usize, usize),
}

impl Lines {
    /// Those of a place.
    #[must_use]
    pub fn of(document: &Document, location: &Location) -> Self {
        let file = document.file();
        let line = |offset: usize| file.line_column(offset).0;
        let text = (document.node_at(location.span))
            .filter(|node| node.kind() == Kind::Scalar)
            .map_or(location.line, |node| line(node.span().start));
        let (mut from, mut to) = (location.line, location.end_line);
        if let Some(step) = step_around(document, location.span) {
            from = from.min(line(step.start));
            to = to.max(line(step.end));
        }
        Self {
            first: location.line,
            text,
            wide: (from, to),
        }
    }

    /// Whether a comment of a speaker about a line is about the place.
    #[must_use]
    pub fn has(self, line: usize, speaker: Speaker) -> bool {
        line == self.first
            || line == self.text
            || (speaker == Speaker::Zizmor && (self.wide.0..=self.wide.1).contains(&line))
    }
}

/// The innermost item of a list that is a mapping and holds the place: a step.
fn step_around(document: &Document, span: Span) -> Option<Span> {
    let mut node = document.node_at(span)?;
    while let Some(parent) = node.parent() {
        if node.kind() == Kind::Mapping && parent.kind() == Kind::Sequence {
            return Some(node.span());
        }
        node = parent;
    }
    None
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
