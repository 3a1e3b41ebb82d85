//! What other scanners look for and no rule here does, each with the reason.
//!
//! Every rule of [`PEERS`](crate::peers::PEERS) is either named by one of ours
//! or stands here; a test holds the two together. Checks of Scorecard are not
//! repeated: each is a requirement of that standard, which says what decides it
//! or why nothing does.

/// Something that others look for.
#[derive(Clone, Copy, Debug)]
pub struct Uncovered {
    /// What it finds, in a few words.
    pub finds: &'static str,
    /// Rules of peers that find it, as `peers` of a rule name them.
    pub peers: &'static [&'static str],
    /// Where else it is looked for, by something that is no rule of a peer.
    pub also: &'static str,
    /// Why nothing here does.
    pub because: Because,
    /// The reason, and what to do in its place.
    pub why: &'static str,
}

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// GitHub has to be asked, and a command of ours does: the audit is offline.
    Asked,
    /// Only GitHub can answer it: no checkout, no snapshot of settings and no
    /// data pack holds the fact.
    Network,
    /// It is about something else than the workflows of a repository on GitHub.
    Platform,
    /// It says whether a workflow works, not whether it is safe.
    Correctness,
    /// It lists places without saying that one of them is weak.
    Inventory,
}

impl Because {
    /// A few words for tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked by `cofferdam pin check`",
            Self::Network => "only GitHub can tell",
            Self::Platform => "another platform",
            Self::Correctness => "correctness",
            Self::Inventory => "no weakness",
        }
    }
}

/// Everything that has no rule, in the order of the reasons.
pub static UNCOVERED: &[Uncovered] = &[
    Uncovered {
        finds: "A commit that is in a fork of the action only",
        peers: &["zizmor/impostor-commit", "sisakulint/impostor-commit"],
        also: "",
        because: Because::Asked,
        why: "the objects of a fork are served under the name of the original, so that only \
              GitHub can say which branch or tag reaches a commit: code `impostor`",
    },
    Uncovered {
        finds: "A name that is a branch of the action and a tag as well",
        peers: &["zizmor/ref-confusion", "sisakulint/ref-confusion"],
        also: "",
        because: Because::Asked,
        why: "it takes the list of refs of the action's repository: code `ambiguous-ref`. Only a \
              ref that is no commit can be confused, and `unpinned-action` reports each of those",
    },
    Uncovered {
        finds: "A version in a comment that is not the commit's",
        peers: &["zizmor/ref-version-mismatch"],
        also: "",
        because: Because::Asked,
        why: "it takes the list of tags of the action's repository: code `lying-comment`. Of \
              `actions/checkout` and `actions/upload-artifact`, whose versions decide what is lost, \
              the audit knows the commits by itself and believes no comment against them",
    },
    Uncovered {
        finds: "An action whose owner no longer exists",
        peers: &["octoscan/repo-jacking"],
        also: "",
        because: Because::Asked,
        why: "whether a name is free can only be asked of GitHub: codes `vanished-ref`, \
              `renamed-repository` and `recreated-repository`. Of names that have moved, the \
              data pack knows some, and `archived-action` reports those. At a full commit id \
              nobody who takes the name can put other code, so that `unpinned-action` reports \
              every place where this matters",
    },
    Uncovered {
        finds: "A commit that no tag of the action points to",
        peers: &["zizmor/stale-action-refs"],
        also: "",
        because: Because::Network,
        why: "it takes the list of tags of the action's repository",
    },
    Uncovered {
        finds: "An action of an owner that GitHub has not verified",
        peers: &["poutine/github_action_from_unverified_creator_used"],
        also: "",
        because: Because::Network,
        why: "the badge is shown by the Marketplace, and it says that a domain was proven, not \
              that code is safe. `forbidden-action` takes a list of the owners that a project \
              trusts, and refuses all others",
    },
    Uncovered {
        finds: "An immutable action without a whole version",
        peers: &["codeql/UnversionedImmutableAction"],
        also: "",
        because: Because::Network,
        why: "whether a release of an action is immutable is said by its repository; a ref does \
              not show it. `unpinned-action` asks for a commit id, which is fixed in any case",
    },
    Uncovered {
        finds: "A runtime that is retired, of an action of somebody else",
        peers: &[],
        also: "actionlint's list of the inputs and runtimes of popular actions",
        because: Because::Network,
        why: "the runtime stands in the action's own `action.yml` at the commit in use. \
              `retired-runner` judges actions of the checkout, which includes vendored ones",
    },
    Uncovered {
        finds: "Stale branches that hold a vulnerable workflow",
        peers: &[],
        also: "poutine's `analyze_repo_stale_branches`, Allstar's policies over branches",
        because: Because::Network,
        why: "a clone does not show which branches its origin still has, and CI fetches one. \
              Since December 2025 GitHub takes workflows of `pull_request_target` from the \
              default branch alone, as it always did for `issue_comment`, `workflow_run` and \
              `schedule`; what is left on other branches needs write access to start. \
              `cofferdam audit --rev origin/BRANCH` audits any branch that is in the clone",
    },
    Uncovered {
        finds: "Outside collaborators and administrators",
        peers: &[],
        also: "Allstar, gato-x",
        because: Because::Network,
        why: "who has which role is in no snapshot of settings, and changes without any commit",
    },
    Uncovered {
        finds: "A version of the build platform with a known vulnerability",
        peers: &["poutine/known_vulnerability_in_build_platform"],
        also: "",
        because: Because::Platform,
        why: "it speaks about servers of GitLab; GitHub's own runs no version that a project \
              could choose",
    },
    Uncovered {
        finds: "Mistakes in scripts",
        peers: &[
            "actionlint/pyflakes",
            "actionlint/shellcheck",
            "octoscan/shellcheck",
        ],
        also: "",
        because: Because::Correctness,
        why: "shellcheck and pyflakes know shells and Python better than any rule here could; \
              what of a script is dangerous is judged by the rules on injection, secrets and \
              installs",
    },
    Uncovered {
        finds: "Workflows that do not work: types, names, contexts, globs, matrices, inputs",
        peers: &[
            "actionlint/env-var",
            "actionlint/events",
            "actionlint/glob",
            "actionlint/id",
            "actionlint/job-needs",
            "actionlint/matrix",
            "actionlint/permissions",
            "actionlint/shell-name",
            "actionlint/workflow-call",
        ],
        also: "",
        because: Because::Correctness,
        why: "actionlint does this well. `syntax` reports what keeps an audit from seeing a part \
              of a document, so that it is never taken for clean",
    },
    Uncovered {
        finds: "Uploads, and steps with JavaScript in them",
        peers: &["octoscan/debug-artefacts", "octoscan/debug-js-exec"],
        also: "",
        because: Because::Inventory,
        why: "the lists are a help to somebody who looks for a way in. What goes into artifacts \
              is judged by `checkout-credentials`, what goes into such code by \
              `template-injection`",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::RULES;
    use crate::peers::PEERS;

    #[test]
    fn a_peers_rule_is_covered_or_says_why_it_is_not() {
        let covered: BTreeSet<&str> = (RULES.iter())
            .flat_map(|rule| rule.info().peers)
            .copied()
            .collect();
        let listed: Vec<&str> = UNCOVERED
            .iter()
            .flat_map(|one| one.peers)
            .copied()
            .collect();
        let unique: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(unique.len(), listed.len(), "one stands here twice");
        for peer in PEERS {
            for rule in peer.rules {
                let id = format!("{}/{rule}", peer.name);
                let (ours, said) = (covered.contains(&*id), unique.contains(&*id));
                // Scorecard's are judged as requirements of that standard.
                assert!(ours || said || peer.name == "scorecard", "{id}: no reason");
                assert!(!(ours && said), "{id}: a rule covers it");
            }
        }
        for id in unique {
            let known = id.split_once('/').is_some_and(|(name, rule)| {
                (PEERS.iter()).any(|peer| peer.name == name && peer.rules.contains(&rule))
            });
            assert!(known, "{id}");
        }
    }

    #[test]
    fn reasons_are_in_order_and_name_rules_that_exist() {
        assert!(UNCOVERED.is_sorted_by_key(|one| one.because));
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.info().id).collect();
        for one in UNCOVERED {
            assert!(
                !one.peers.is_empty() || !one.also.is_empty(),
                "{}",
                one.finds
            );
            assert!(!one.why.ends_with('.'), "{}", one.finds);
            // Codes of `pin check` are no rules.
            for word in one.why.split('`').skip(1).step_by(2) {
                if one.because != Because::Asked
                    && word.contains('-')
                    && !word.contains(' ')
                    && !word.contains('/')
                {
                    assert!(ids.contains(word), "{word}");
                }
            }
        }
    }
}
