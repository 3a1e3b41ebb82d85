//! `.github/maintainers-little-helper.yaml`: what a pull request must have
//! before it can be merged.
//!
//! Source: cilium/github-actions, README, "Configuration".

use cofferdam_facts::{SourceFile, Spanned};

use super::problem::Problem;
use super::reading::Reading;
use crate::yaml::{Document, Node};

/// Where the file stands; an installation may choose other places.
pub const PLACES: [&str; 2] = [
    ".github/maintainers-little-helper.yaml",
    ".github/maintainers-little-helper.yml",
];

const ROOT_KEYS: [&str; 8] = [
    "auto-label",
    "auto-merge",
    "block-pr-with",
    "column",
    "flake-tracker",
    "move-to-projects-for-labels-xored",
    "project",
    "require-msgs-in-commit",
];

/// A configuration as far as it was understood.
#[derive(Clone, Debug)]
pub struct LittleHelper {
    document: Document,
    /// What every commit message must hold.
    pub required_messages: Vec<RequiredMessage>,
    /// Labels that every new pull request gets.
    pub auto_label: Vec<Spanned<String>>,
    /// A pull request without a label like these cannot be merged.
    pub blocked_unless_set: Vec<LabelRule>,
    /// A pull request with a label like these cannot be merged.
    pub blocked_if_set: Vec<LabelRule>,
    /// `auto-merge.label`: pull requests with it are merged by themselves.
    pub auto_merge_label: Option<Spanned<String>>,
    /// `auto-merge.min-approvals`.
    pub auto_merge_approvals: Option<Spanned<u64>>,
    problems: Vec<Problem>,
}

/// One item of `require-msgs-in-commit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredMessage {
    /// A text that must stand somewhere in the message.
    pub text: Option<Spanned<String>>,
    /// A regular expression that must match the message.
    pub expression: Option<Spanned<String>>,
    /// Labels that a pull request gets otherwise.
    pub labels: Vec<Spanned<String>>,
}

/// One item of `labels-set` or `labels-unset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRule {
    /// The regular expression for the label.
    pub expression: Option<Spanned<String>>,
    /// Labels that a pull request gets when the rule blocks it.
    pub labels: Vec<Spanned<String>>,
}

impl LittleHelper {
    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reading = Reading::of(&document);
        let root = reading.root(&document, &ROOT_KEYS);
        let block = root.and_then(|root| root.get("block-pr-with"));
        let merge = root.and_then(|root| root.get("auto-merge"));
        Self {
            required_messages: root.map_or_else(Vec::new, |r| required_messages(&mut reading, r)),
            auto_label: root.map_or_else(Vec::new, |r| reading.texts_at(r, "auto-label")),
            blocked_unless_set: labels(&mut reading, block, "labels-unset"),
            blocked_if_set: labels(&mut reading, block, "labels-set"),
            auto_merge_label: merge.and_then(|m| reading.text_at(m, "label")),
            auto_merge_approvals: merge.and_then(|m| reading.count_at(m, "min-approvals")),
            problems: reading.problems,
            document: document.clone(),
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// What was not understood.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The rule that asks every commit for a sign-off, if there is one. It only
    /// looks for the words: whose name follows them is not compared with the
    /// author of the commit.
    #[must_use]
    pub fn sign_off(&self) -> Option<&RequiredMessage> {
        let asks = |text: &Option<Spanned<String>>| {
            text.as_ref()
                .is_some_and(|t| t.value.to_ascii_lowercase().contains("signed-off-by"))
        };
        self.required_messages
            .iter()
            .find(|rule| asks(&rule.text) || asks(&rule.expression))
    }

    /// Whether a missing sign-off keeps a pull request from being merged: the
    /// rule sets a label, and a label like that blocks. Expressions that are
    /// more than a literal with `.*` at the ends are not judged here.
    #[must_use]
    pub fn sign_off_blocks(&self) -> bool {
        let blocks = |label: &str| {
            self.blocked_if_set
                .iter()
                .filter_map(|rule| rule.expression.as_ref())
                .any(|rule| {
                    let literal = rule.value.trim_start_matches('^').trim_end_matches('$');
                    match literal.strip_suffix(".*") {
                        Some(start) => label.starts_with(start),
                        None => label.contains(literal),
                    }
                })
        };
        self.sign_off()
            .is_some_and(|rule| rule.labels.iter().any(|label| blocks(&label.value)))
    }
}

fn required_messages(reading: &mut Reading, root: Node<'_>) -> Vec<RequiredMessage> {
    let Some(list) = root.get("require-msgs-in-commit") else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    for item in reading.list(list, "`require-msgs-in-commit`") {
        let known = &["msg", "regexpMsg", "helper", "set-labels"];
        let Some(item) = reading.mapping(item, "a required message", known) else {
            continue;
        };
        rules.push(RequiredMessage {
            text: reading.text_at(item, "msg"),
            expression: reading.text_at(item, "regexpMsg"),
            labels: reading.texts_at(item, "set-labels"),
        });
    }
    rules
}

fn labels(reading: &mut Reading, block: Option<Node<'_>>, key: &str) -> Vec<LabelRule> {
    let Some(list) = block.and_then(|block| block.get(key)) else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    for item in reading.list(list, &format!("`{key}`")) {
        let known = &["regex-label", "helper", "set-labels"];
        let Some(item) = reading.mapping(item, "a rule on labels", known) else {
            continue;
        };
        rules.push(LabelRule {
            expression: reading.text_at(item, "regex-label"),
            labels: reading.texts_at(item, "set-labels"),
        });
    }
    rules
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;
    use crate::documents::ProblemKind;

    fn parse(text: &str) -> LittleHelper {
        LittleHelper::parse(SourceFile::new(
            ".github/maintainers-little-helper.yaml",
            text,
        ))
    }

    const REAL: &str = r#"
project: "https://github.com/cilium/cilium/projects/80"
column: "In progress"
require-msgs-in-commit:
  - msg: "Signed-off-by"
    helper: "https://docs.cilium.io/en/stable/contributing/"
    set-labels:
    - "dont-merge/needs-sign-off"
auto-label:
  - "pending-review"
block-pr-with:
  labels-unset:
  - regex-label: "release-note/.*"
    helper: "Release note label not set."
    set-labels: ["dont-merge/needs-release-note"]
  labels-set:
  - regex-label: "dont-merge/.*"
    helper: "Blocking mergeability."
"#;

    #[test]
    fn a_real_file_asks_for_a_sign_off_and_blocks_without_it() {
        let parsed = parse(REAL);
        assert_eq!(parsed.problems(), []);
        let rule = parsed.sign_off().unwrap();
        assert_eq!(
            parsed.file().slice(rule.text.as_ref().unwrap().span),
            "\"Signed-off-by\""
        );
        assert!(parsed.sign_off_blocks());
        assert!(!parse(&REAL.replace("dont-merge/.*", "wontfix")).sign_off_blocks());
        assert_eq!(parsed.auto_label.len(), 1);
    }

    #[test]
    fn a_near_miss_asks_for_none() {
        let other =
            parse("require-msgs-in-commit:\n- msg: 'Fixes:'\n- regexpMsg: '^x'\nnew-key: 1\n");
        assert_eq!(other.sign_off(), None);
        assert!(!other.sign_off_blocks());
        let kinds: Vec<_> = other.problems().iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [ProblemKind::UnknownKey]);
        let expression = parse("require-msgs-in-commit:\n- regexpMsg: '(?m)^Signed-off-by: .+'\n");
        assert!(expression.sign_off().is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,150}", end in 0..REAL.len()) {
            let _ = parse(&text).sign_off_blocks();
            let _ = parse(REAL.get(..end).unwrap_or_default());
        }
    }
}
