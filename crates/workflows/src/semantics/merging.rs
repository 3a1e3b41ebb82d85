//! Which steps merge or approve a pull request.
//!
//! Sources: the manual of the `gh` command line; GitHub REST API, "Merge a pull
//! request" and "Create a review"; the README of each action.

use std::ops::Range;

use crate::documents::step::Step;
use crate::semantics::heads::script_of;
use crate::shell::{Command, Script};

/// A step merges or approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merging {
    /// What it does.
    pub deed: Deed,
    /// By what: `gh pr merge`, or the action's name.
    pub means: String,
    /// Its bytes in the script; `None` for an action.
    pub range: Option<Range<usize>>,
}

/// What is done to the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// An approving review.
    Approves,
    /// A merge, at once or as soon as the branch's rules allow it.
    Merges,
    /// Both, or which of them is not known.
    Both,
}

#[rustfmt::skip]
const ACTIONS: &[(&str, Deed)] = &[
    ("ahmadnassri/action-dependabot-auto-merge", Deed::Both),
    ("alexwilson/enable-github-automerge-action", Deed::Merges),
    ("andrewmusgrave/automatic-pull-request-merger", Deed::Merges),
    ("cognitedata/auto-approve-dependabot-action", Deed::Approves),
    ("fastify/github-action-merge-dependabot", Deed::Both),
    ("hmarr/auto-approve-action", Deed::Approves),
    ("juliangruber/approve-pull-request-action", Deed::Approves),
    ("juliangruber/merge-pull-request-action", Deed::Merges),
    ("koj-co/dependabot-pr-action", Deed::Both),
    ("pascalgn/automerge-action", Deed::Merges),
    ("peter-evans/enable-pull-request-automerge", Deed::Merges),
    ("plm9606/automerge_actions", Deed::Merges),
    ("reitermarkus/automerge", Deed::Merges),
    ("ridedott/merge-me-action", Deed::Both),
];

/// Actions that go on only for a pull request whose author is the bot.
const CHECKING_ACTIONS: &[&str] = &[
    "ahmadnassri/action-dependabot-auto-merge",
    "fastify/github-action-merge-dependabot",
];

/// What a step does to a pull request, the gravest of several.
#[must_use]
pub fn of_step(step: &Step, script: Option<&Script>) -> Option<Merging> {
    if let Some(script) = script {
        let deeds = script.commands.iter().filter_map(of_command);
        return deeds.reduce(|a, b| Merging {
            deed: if a.deed == b.deed { a.deed } else { Deed::Both },
            ..if a.deed == Deed::Merges { a } else { b }
        });
    }
    let name = step.action()?;
    if let Some((_, deed)) = ACTIONS.iter().find(|(action, _)| *action == name) {
        return Some(Merging {
            deed: *deed,
            means: name.to_owned(),
            range: None,
        });
    }
    (name == "actions/github-script")
        .then(|| of_javascript(script_of(step)?))
        .flatten()
}

/// Whether a step lets only pull requests pass that the bot has opened:
/// `dependabot/fetch-metadata` fails for others unless it is told not to look.
#[must_use]
pub fn checks_author(step: &Step) -> bool {
    let Some(name) = step.action() else {
        return false;
    };
    let skips = step
        .input("skip-verification")
        .is_some_and(|t| !t.value.trim().eq_ignore_ascii_case("false"));
    (name == "dependabot/fetch-metadata" && !skips) || CHECKING_ACTIONS.contains(&name)
}

fn of_command(command: &Command) -> Option<Merging> {
    let (name, args) = command.effective();
    if !matches!(name.file_name(), Some("gh" | "hub")) {
        return None;
    }
    let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    let deed = match words.as_slice() {
        ["pr", "merge", ..] => Deed::Merges,
        ["pr", "review", rest @ ..] => rest
            .iter()
            .any(|w| matches!(*w, "--approve" | "-a"))
            .then_some(Deed::Approves)?,
        ["api", rest @ ..] => of_api(rest)?,
        _ => return None,
    };
    Some(Merging {
        deed,
        means: match words.as_slice() {
            ["api", ..] => "gh api".to_owned(),
            [first, second, ..] => format!("gh {first} {second}"),
            _ => "gh".to_owned(),
        },
        range: Some(command.range.clone()),
    })
}

fn of_api(words: &[&str]) -> Option<Deed> {
    let path = words.iter().find(|w| w.contains("/pulls/"))?;
    if path.trim_end_matches('/').ends_with("/merge") {
        return words
            .iter()
            .any(|w| w.contains("PUT"))
            .then_some(Deed::Merges);
    }
    let approves = path.contains("/reviews") && words.iter().any(|w| w.contains("event=APPROVE"));
    approves.then_some(Deed::Approves)
}

fn of_javascript(script: &str) -> Option<Merging> {
    let merges = [
        "pulls.merge(",
        "enablePullRequestAutoMerge",
        "/merge'",
        "/merge\"",
    ]
    .iter()
    .find(|word| script.contains(**word));
    let approves = script.contains("createReview")
        && ["'APPROVE'", "\"APPROVE\""]
            .iter()
            .any(|w| script.contains(w));
    let deed = match (merges, approves) {
        (Some(_), true) => Deed::Both,
        (Some(_), false) => Deed::Merges,
        (None, true) => Deed::Approves,
        (None, false) => return None,
    };
    Some(Merging {
        deed,
        means: "actions/github-script".to_owned(),
        range: None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use crate::shell::{self, Shell};
    use cofferdam_facts::SourceFile;

    fn deed(text: &str) -> Option<Deed> {
        let file = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {text}\n");
        let workflow = Workflow::parse(SourceFile::new("w.yml", file));
        let step = workflow.jobs.first().unwrap().steps().first().unwrap();
        let script = step.script().map(|t| shell::parse(&t.value, &Shell::Bash));
        of_step(step, script.as_ref()).map(|m| m.deed)
    }

    #[test]
    fn merges_and_approvals_are_told_apart() {
        for (text, expected) in [
            ("run: gh pr merge --auto \"$PR\"", Some(Deed::Merges)),
            (
                "run: gh pr review -a \"$PR\" && gh pr merge \"$PR\"",
                Some(Deed::Both),
            ),
            ("run: gh pr review --comment \"$PR\"", None),
            (
                "run: gh api -X PUT repos/a/b/pulls/1/merge",
                Some(Deed::Merges),
            ),
            ("run: gh api repos/a/b/pulls/1/merge", None),
            (
                "run: gh api repos/a/b/pulls/1/reviews -f event=APPROVE",
                Some(Deed::Approves),
            ),
            ("uses: hmarr/auto-approve-action@v4", Some(Deed::Approves)),
            ("uses: actions/checkout@v4", None),
            (
                "{uses: actions/github-script@v8, with: {script: 'github.rest.pulls.merge({})'}}",
                Some(Deed::Merges),
            ),
            (
                "{uses: actions/github-script@v8, with: {script: 'github.rest.pulls.list({})'}}",
                None,
            ),
        ] {
            assert_eq!(deed(text), expected, "{text}");
        }
    }
}
