//! The rules of other scanners, by the ids that they give them: the list that a
//! rule's `peers` are taken from.

/// Another scanner and its rules.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// How `peers` name it, before the slash.
    pub name: &'static str,
    /// What was read, and when.
    pub edition: &'static str,
    /// Its rules, in order. Of CodeQL the names of queries, of gato-x the kinds
    /// of result; where a name ends in the severity and all severities find the
    /// same, the common part.
    pub rules: &'static [&'static str],
}

/// Every scanner that was read rule by rule.
#[rustfmt::skip]
pub static PEERS: &[Peer] = &[
    Peer {
        name: "zizmor",
        edition: "1.32.0, 2026-08",
        rules: &[
            "adhoc-packages", "anonymous-definition", "archived-uses", "artipacked",
            "bot-conditions", "cache-poisoning", "concurrency-limits", "dangerous-triggers",
            "dependabot-cooldown", "dependabot-execution", "excessive-permissions",
            "forbidden-uses", "github-app", "github-env", "hardcoded-container-credentials",
            "impostor-commit", "insecure-commands", "insecure-url-scheme",
            "known-vulnerable-actions", "misfeature", "obfuscation", "overprovisioned-secrets",
            "ref-confusion", "ref-version-mismatch", "secrets-inherit", "secrets-outside-env",
            "self-hosted-runner", "self-repository", "stale-action-refs", "superfluous-actions",
            "template-injection", "typosquat-uses", "undocumented-permissions", "unpinned-images",
            "unpinned-tools", "unpinned-uses", "unredacted-secrets", "unsound-condition",
            "unsound-contains", "unsound-ternary", "use-trusted-publishing",
        ],
    },
    Peer {
        name: "poutine",
        edition: "commit c89412a, 2026-04",
        rules: &[
            "confused_deputy_auto_merge", "debug_enabled", "default_permissions_on_risky_events",
            "github_action_from_unverified_creator_used", "if_always_true", "injection",
            "job_all_secrets", "known_vulnerability_in_build_component",
            "known_vulnerability_in_build_platform", "pr_runs_on_self_hosted", "unpinnable_action",
            "untrusted_checkout_exec", "unverified_script_exec",
        ],
    },
    Peer {
        name: "octoscan",
        edition: "commit 7623ee5, 2026-03",
        rules: &[
            "bot-check", "credentials", "dangerous-action", "dangerous-artefact",
            "dangerous-checkout", "dangerous-write", "debug-artefacts", "debug-external-trigger",
            "debug-js-exec", "debug-oidc-action", "expression-injection", "known-vulnerability",
            "local-action", "repo-jacking", "runner-label", "shellcheck", "unsecure-commands",
        ],
    },
    Peer {
        name: "actionlint",
        edition: "commit 011a6d1, 2026-04",
        rules: &[
            "action", "credentials", "deprecated-commands", "env-var", "events", "expression",
            "glob", "id", "if-cond", "job-needs", "matrix", "permissions", "pyflakes",
            "runner-label", "shell-name", "shellcheck", "syntax-check", "workflow-call",
        ],
    },
    Peer {
        name: "gato-x",
        edition: "commit ef8168d, 2026-05",
        rules: &[
            "ArtifactPoisoningResult", "DispatchTOCTOUResult", "EnvironmentPollutionResult",
            "InjectionResult", "PwnRequestResult", "ReviewInjectionResult",
        ],
    },
    Peer {
        name: "scorecard",
        edition: "commit 40c1e35, 2026-08",
        rules: &[
            "Binary-Artifacts", "Branch-Protection", "CI-Tests", "CII-Best-Practices",
            "Code-Review", "Contributors", "Dangerous-Workflow", "Dependency-Update-Tool",
            "Fuzzing", "License", "Maintained", "Packaging", "Pinned-Dependencies", "SAST", "SBOM",
            "Security-Policy", "Signed-Releases", "Token-Permissions", "Vulnerabilities",
            "Webhooks",
        ],
    },
    Peer {
        name: "codeql",
        edition: "queries for Actions, 2026-08",
        rules: &[
            "ArgumentInjection", "ArtifactPoisoningCritical", "ArtifactPoisoningMedium",
            "ArtifactPoisoningPathTraversal", "CachePoisoningViaCodeInjection",
            "CachePoisoningViaDirectCache", "CachePoisoningViaPoisonableStep",
            "CodeExecutionOnSelfHostedRunner", "CodeInjectionCritical", "CodeInjectionLow",
            "CodeInjectionMedium", "CommandInjection", "EnvPathInjection", "EnvVarInjection",
            "ExcessiveSecretsExposure", "ExpressionIsAlwaysTrue", "ImproperAccessControl",
            "ImproperValidationOfAiOutput", "MissingActionsPermissions", "MissingProvenanceFlag",
            "NpmTokenInPublish", "OutputClobberingHigh", "PromptInjection", "RequestForgery",
            "SecretExfiltration", "SecretsInArtifacts", "SecretsInherit", "SpoofableActorCheck",
            "UnmaskedSecretExposure", "UnpinnedActionsTag", "UnsoundContains",
            "UntrustedCheckoutCritical", "UntrustedCheckoutHigh", "UntrustedCheckoutIssueComment",
            "UntrustedCheckoutMedium", "UntrustedCheckoutTOCTOU", "UnversionedImmutableAction",
            "UseOfKnownVulnerableAction",
        ],
    },
    Peer {
        name: "sisakulint",
        edition: "commit 624588a, 2026-08",
        rules: &[
            "action-list", "ai-action-excessive-tools", "ai-action-execution-order",
            "ai-action-prompt-injection", "ai-action-unrestricted-trigger",
            "ai-action-unsafe-sandbox", "archived-uses", "argument-injection",
            "artifact-poisoning", "artipacked", "bot-conditions", "cache-bloat",
            "cache-poisoning", "cache-poisoning-poisonable-step", "code-injection", "commit-sha",
            "cond", "credentials", "dangerous-triggers-critical", "dangerous-triggers-medium",
            "dependabot-github-actions", "dependency-review-settings", "deprecated-commands",
            "deprecated-node-runtime", "envpath-injection", "envvar-injection",
            "impostor-commit", "improper-access-control", "obfuscation", "output-clobbering",
            "permissions", "ref-confusion", "request-forgery", "reusable-workflow-taint",
            "secret-exfiltration", "secret-exposure", "secret-in-log", "secrets-in-artifacts",
            "secrets-inherit", "self-hosted-runners", "timeout-minutes",
            "unmasked-secret-exposure", "unpinned-images", "unsound-contains",
            "untrusted-checkout", "untrusted-checkout-toctou",
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::RULES;

    #[test]
    fn every_peer_of_a_rule_is_one_that_was_read() {
        for rule in RULES {
            let info = rule.info();
            for id in info.peers {
                let known = id.split_once('/').is_some_and(|(name, peer_rule)| {
                    (PEERS.iter()).any(|peer| peer.name == name && peer.rules.contains(&peer_rule))
                });
                assert!(known, "{}: {id}", info.id);
            }
            let unique: BTreeSet<_> = info.peers.iter().collect();
            assert_eq!(unique.len(), info.peers.len(), "{}", info.id);
        }
    }

    #[test]
    fn the_lists_are_in_order_and_whole() {
        for peer in PEERS {
            assert!(peer.rules.is_sorted(), "{}", peer.name);
            let unique: BTreeSet<_> = peer.rules.iter().collect();
            assert_eq!(unique.len(), peer.rules.len(), "{}", peer.name);
        }
        let count = |name| {
            let peer = PEERS.iter().find(|peer| peer.name == name);
            peer.map(|peer| peer.rules.len())
        };
        assert_eq!(count("zizmor"), Some(41));
        assert_eq!(count("poutine"), Some(13));
        assert_eq!(count("octoscan"), Some(17));
        // And its check of the syntax.
        assert_eq!(count("actionlint"), Some(18));
        assert_eq!(count("scorecard"), Some(20));
    }
}
