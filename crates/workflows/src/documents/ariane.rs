//! `.github/ariane-config.yaml`: which comment starts which workflow.
//!
//! Source: cilium/ariane, README and its reading of the configuration. A
//! trigger is compiled as `^` + trigger + `$`, without a group around it. The
//! configuration is read from the base of a pull request that comes from a
//! fork, and from the head of one that comes from the repository itself.

use cofferdam_facts::{SourceFile, Span, Spanned};

use super::problem::{Problem, ProblemKind};
use super::reading::Reading;
use crate::yaml::{Document, Node};

/// The only place where Ariane looks.
pub const PLACE: &str = ".github/ariane-config.yaml";

/// The trigger that runs on every pull request, without any comment.
pub const DEFAULT_TRIGGER: &str = "/default";

/// No trigger that people write comes near this length.
const LONGEST_PATTERN: usize = 10_000;

const ROOT_KEYS: [&str; 7] = [
    "allowed-teams",
    "feedback",
    "replace-depends-on",
    "rerun",
    "stages-config",
    "triggers",
    "workflows",
];

/// A configuration of Ariane as far as it was understood.
#[derive(Clone, Debug)]
pub struct Ariane {
    document: Document,
    /// The triggers, in order. Ariane itself knows no order: where several
    /// match one comment, any of them may run.
    pub triggers: Vec<Trigger>,
    /// The teams whose members may use triggers.
    pub allowed_teams: AllowedTeams,
    /// What is said of single workflows.
    pub workflows: Vec<WorkflowPaths>,
    /// The stages that bots' pull requests go through.
    pub stages: Vec<Stage>,
    /// `rerun.max-retries`.
    pub max_retries: Option<Spanned<u64>>,
    /// `feedback.verbose`: without it a refused comment gets no answer.
    pub verbose: Option<Spanned<bool>>,
    problems: Vec<Problem>,
}

/// Who may use triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedTeams {
    /// Active members of any of these teams.
    Listed(Vec<Spanned<String>>),
    /// Everybody who can comment: the list is empty.
    Empty(Span),
    /// Everybody who can comment: there is no list.
    Missing,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The regular expression, as written.
    pub pattern: Spanned<String>,
    /// The workflow files that it starts.
    pub workflows: Vec<Spanned<String>>,
    /// The triggers that must have passed before.
    pub depends_on: Vec<Spanned<String>>,
    /// Every `|` outside of all groups. `^` then binds to the first alternative
    /// only and `$` to the last only, so that comments match of which a part
    /// alone fits.
    pub alternations: Vec<Span>,
}

/// One key of `workflows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowPaths {
    /// The file name of the workflow.
    pub name: Spanned<String>,
    /// Changes to these paths run it.
    pub paths: Option<Spanned<String>>,
    /// Changes to these paths alone do not run it.
    pub ignored_paths: Option<Spanned<String>>,
}

/// One item of `stages-config.stages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// When these workflows have passed,
    pub workflows: Vec<Spanned<String>>,
    /// this command is given.
    pub command: Option<Spanned<String>>,
}

impl Trigger {
    /// Whether a comment can start it: comments must begin with a slash.
    #[must_use]
    pub fn may_match(&self) -> bool {
        let pattern = self
            .pattern
            .value
            .trim_start_matches(['(', '^', '?', ':', '\\']);
        !pattern.starts_with(|c: char| c.is_ascii_alphanumeric()) || !self.alternations.is_empty()
    }

    /// Whether it runs on every pull request, without any comment.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.pattern.value == DEFAULT_TRIGGER
    }
}

impl WorkflowPaths {
    /// Whether both expressions are set, which Ariane does not support: the
    /// workflow then always runs.
    #[must_use]
    pub fn always_runs(&self) -> bool {
        let set = |text: &Option<Spanned<String>>| {
            text.as_ref().is_some_and(|text| !text.value.is_empty())
        };
        set(&self.paths) && set(&self.ignored_paths)
    }
}

impl Ariane {
    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut parsed = Self {
            triggers: Vec::new(),
            allowed_teams: AllowedTeams::Missing,
            workflows: Vec::new(),
            stages: Vec::new(),
            max_retries: None,
            verbose: None,
            problems: Vec::new(),
            document: document.clone(),
        };
        let mut reading = Reading::of(&document);
        if let Some(root) = reading.root(&document, &ROOT_KEYS) {
            parsed.read(&mut reading, root);
        }
        parsed.problems = reading.problems;
        parsed
    }

    fn read(&mut self, reading: &mut Reading, root: Node<'_>) {
        if let Some(teams) = root.get("allowed-teams") {
            let listed = reading.texts(teams, "`allowed-teams`");
            self.allowed_teams = if listed.is_empty() {
                AllowedTeams::Empty(teams.span())
            } else {
                AllowedTeams::Listed(listed)
            };
        }
        for (key, value) in mapping_at(reading, root, "triggers") {
            let Some(pattern) = reading.text(key, "a trigger") else {
                continue;
            };
            if pattern.value.len() > LONGEST_PATTERN {
                let message = "the trigger is too long to be judged";
                reading.problem(ProblemKind::TooLarge, pattern.span, message);
                continue;
            }
            let alternations = alternations(&pattern.value);
            let alternations = alternations.into_iter().map(|at| key.raw_span(at..at + 1));
            let known = &["workflows", "depends-on"];
            let value = reading.mapping(value, "a trigger", known);
            self.triggers.push(Trigger {
                pattern,
                workflows: value.map_or_else(Vec::new, |v| reading.texts_at(v, "workflows")),
                depends_on: value.map_or_else(Vec::new, |v| reading.texts_at(v, "depends-on")),
                alternations: alternations.collect(),
            });
        }
        for (key, value) in mapping_at(reading, root, "workflows") {
            let Some(name) = reading.text(key, "a workflow") else {
                continue;
            };
            let known = &["paths-regex", "paths-ignore-regex"];
            let Some(value) = reading.mapping(value, "a workflow", known) else {
                continue;
            };
            self.workflows.push(WorkflowPaths {
                name,
                paths: reading.text_at(value, "paths-regex"),
                ignored_paths: reading.text_at(value, "paths-ignore-regex"),
            });
        }
        self.read_rest(reading, root);
    }

    fn read_rest(&mut self, reading: &mut Reading, root: Node<'_>) {
        let stages = root
            .get("stages-config")
            .and_then(|config| config.get("stages"));
        for stage in stages.map_or_else(Vec::new, |stages| reading.list(stages, "`stages`")) {
            let known = &["workflows", "command"];
            let Some(stage) = reading.mapping(stage, "a stage", known) else {
                continue;
            };
            self.stages.push(Stage {
                workflows: reading.texts_at(stage, "workflows"),
                command: reading.text_at(stage, "command"),
            });
        }
        if let Some(rerun) = root.get("rerun") {
            self.max_retries = reading.count_at(rerun, "max-retries");
        }
        if let Some(feedback) = root.get("feedback") {
            self.verbose = reading.flag_at(feedback, "verbose");
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

    /// Whether everybody who can comment may start workflows. `None` if a part
    /// of the file was not read and may hold the list.
    #[must_use]
    pub fn is_open_to_everyone(&self) -> Option<bool> {
        match self.allowed_teams {
            AllowedTeams::Listed(_) => Some(false),
            AllowedTeams::Empty(_) => Some(true),
            AllowedTeams::Missing => {
                let hidden = self
                    .problems
                    .iter()
                    .any(|problem| problem.hides() || problem.kind == ProblemKind::WrongType);
                (!hidden).then_some(true)
            }
        }
    }

    /// The triggers that start a workflow, by its file name.
    pub fn triggers_of<'s>(&'s self, workflow: &'s str) -> impl Iterator<Item = &'s Trigger> {
        self.triggers
            .iter()
            .filter(move |trigger| trigger.workflows.iter().any(|w| w.value == workflow))
    }

    /// The names under `depends-on` that are no trigger, so that what waits for
    /// them never runs.
    #[must_use]
    pub fn unknown_dependencies(&self) -> Vec<&Spanned<String>> {
        let known = |name: &str| self.triggers.iter().any(|t| t.pattern.value == name);
        self.triggers
            .iter()
            .flat_map(|trigger| &trigger.depends_on)
            .filter(|name| !known(&name.value))
            .collect()
    }
}

fn mapping_at<'d>(reading: &mut Reading, root: Node<'d>, key: &str) -> Vec<(Node<'d>, Node<'d>)> {
    let node = root.get(key).filter(|node| !node.is_null());
    let node = node.and_then(|node| reading.any_mapping(node, &format!("`{key}`")));
    node.map_or_else(Vec::new, |node| node.entries().collect())
}

/// The offsets of every `|` outside of groups and classes, escapes honoured.
/// Source: RE2 syntax, which Go's `regexp` implements.
fn alternations(pattern: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut class: Option<usize> = None;
    let mut bytes = pattern.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if let Some(start) = class {
            // A bracket directly after the opening one, negated or not, is literal.
            let literal = matches!(pattern.get(start + 1..at), Some("" | "^"));
            match byte {
                b'\\' => {
                    bytes.next();
                }
                b']' if !literal => class = None,
                b'[' if pattern
                    .get(at + 1..)
                    .is_some_and(|rest| rest.starts_with(':')) =>
                {
                    // `[:alpha:]` inside of a class.
                    let name = pattern.get(at..).and_then(|rest| rest.find(":]"));
                    if let Some(length) = name {
                        bytes.nth(length);
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'\\'
                if pattern
                    .get(at + 1..)
                    .is_some_and(|rest| rest.starts_with('Q')) =>
            {
                let end = pattern.get(at..).and_then(|rest| rest.find("\\E"));
                match end {
                    Some(length) => {
                        bytes.nth(length);
                    }
                    None => return found,
                }
            }
            b'\\' => {
                bytes.next();
            }
            b'[' => class = Some(at),
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'|' if depth == 0 => found.push(at),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )]

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Ariane {
        Ariane::parse(SourceFile::new(PLACE, text))
    }

    const REAL: &str = r#"
allowed-teams:
  - organization-members
triggers:
  /test:
    workflows: [conformance-e2e.yaml, tests-smoke.yaml]
  "/ci-(aks|eks)(?:\\s+.*)?":
    workflows: [aks.yaml]
    depends-on: ["/test", "/missing"]
  '/ci-a|/ci-b':
    workflows: [a.yaml]
  /default:
    workflows: [default.yaml]
workflows:
  aks.yaml:
    paths-ignore-regex: (test|Documentation)/
  a.yaml:
    paths-regex: src/
    paths-ignore-regex: docs/
feedback:
  verbose: true
stages-config:
  label: auto
  stages:
    - workflows: [x.yaml]
      command: /test
rerun:
  max-retries: 3
"#;

    #[test]
    fn a_real_file_is_understood() {
        let parsed = parse(REAL);
        assert_eq!(parsed.problems(), []);
        assert_eq!(parsed.is_open_to_everyone(), Some(false));
        let ungrouped: Vec<_> = parsed
            .triggers
            .iter()
            .filter(|t| !t.alternations.is_empty())
            .collect();
        assert_eq!(ungrouped.len(), 1);
        let bar = ungrouped[0].alternations[0];
        assert_eq!(
            parsed.file().slice(Span::new(bar.start - 2, bar.end + 1)),
            "-a|/"
        );
        assert!(parsed.triggers[3].is_default());
        let unknown: Vec<_> = parsed
            .unknown_dependencies()
            .iter()
            .map(|n| &*n.value)
            .collect();
        assert_eq!(unknown, ["/missing"]);
        assert!(parsed.workflows[1].always_runs() && !parsed.workflows[0].always_runs());
        assert_eq!(parsed.triggers_of("aks.yaml").count(), 1);
        assert_eq!(parsed.stages[0].command.as_ref().unwrap().value, "/test");
        assert_eq!(parsed.max_retries.as_ref().unwrap().value, 3);
    }

    #[test]
    fn no_team_means_everybody() {
        assert_eq!(parse("triggers: {}").is_open_to_everyone(), Some(true));
        assert_eq!(parse("allowed-teams: []").is_open_to_everyone(), Some(true));
        assert_eq!(
            parse("allowed-teams:\ntriggers: {}").is_open_to_everyone(),
            Some(true)
        );
        assert_eq!(
            parse("allowed-teams: [a]").is_open_to_everyone(),
            Some(false)
        );
        assert_eq!(parse("triggers: {\n").is_open_to_everyone(), None);
    }

    #[test]
    fn only_a_bar_outside_of_everything_is_an_alternation() {
        for (pattern, wanted) in [
            ("/a|/b", 1),
            ("(/a)|(/b)|c", 2),
            ("/(a|b)", 0),
            (r"/a\|b", 0),
            ("/[|]", 0),
            ("/[]|]", 0),
            ("/[^]|]x|", 1),
            (r"/[\]|]", 0),
            ("/[[:alpha:]|]", 0),
            (r"/\Qa|b\E", 0),
            (r"/\Qa|b\E|c", 1),
            (r"/\\|b", 1),
            ("/a)|b", 1),
        ] {
            assert_eq!(alternations(pattern).len(), wanted, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,150}", pattern in "[\\[\\]()|^:Q\\\\E]{0,30}") {
            let _ = parse(&text).is_open_to_everyone();
            for at in alternations(&pattern) {
                prop_assert_eq!(pattern.get(at..at + 1), Some("|"));
            }
        }
    }
}
