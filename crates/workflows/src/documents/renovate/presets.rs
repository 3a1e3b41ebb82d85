//! What the presets that Renovate brings along say about waiting, pinning and
//! being enabled.
//!
//! Source: Renovate documentation, pages "Full Config Presets", "Default
//! Presets", "Docker Presets", "Helpers Presets" and "Security Presets", as of
//! version 44. A preset that is not here is *not known*, and so is every
//! preset of a repository: they can say anything.

/// What one preset says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Preset {
    /// It stands for these presets.
    Extends(&'static [&'static str]),
    /// It adds these package rules.
    Rules(&'static [PresetRule]),
    /// It sets these managers' `enabled`.
    Managers(&'static [&'static str], bool),
    /// It sets `enabled` for everything.
    Enabled(bool),
    /// It sets `pinDigests` for everything.
    PinDigests(bool),
    /// It sets `vulnerabilityAlerts.enabled`.
    VulnerabilityAlerts(bool),
    /// It leaves vulnerability fixes only.
    SecurityOnly,
    /// Nothing that is asked here.
    Nothing,
}

/// One package rule of a preset. Empty lists match everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct PresetRule {
    pub(super) managers: &'static [&'static str],
    pub(super) datasources: &'static [&'static str],
    pub(super) dep_types: &'static [&'static str],
    /// Whether it matches a part only, by what is not modelled here.
    pub(super) narrow: bool,
    pub(super) age_days: Option<u64>,
    pub(super) pin_digests: Option<bool>,
    pub(super) enabled: Option<bool>,
}

const RULE: PresetRule = PresetRule {
    managers: &[],
    datasources: &[],
    dep_types: &[],
    narrow: false,
    age_days: None,
    pin_digests: None,
    enabled: None,
};

const NPM_AGE: PresetRule = PresetRule {
    datasources: &["npm"],
    age_days: Some(3),
    ..RULE
};
const CRATE_AGE: PresetRule = PresetRule {
    datasources: &["crate"],
    age_days: Some(3),
    ..RULE
};
const PIN_ACTIONS: PresetRule = PresetRule {
    dep_types: &["action"],
    pin_digests: Some(true),
    ..RULE
};
const SOME_OFF: PresetRule = PresetRule {
    narrow: true,
    enabled: Some(false),
    ..RULE
};
const SOME_IMAGES_OFF: PresetRule = PresetRule {
    datasources: &["docker"],
    ..SOME_OFF
};
const PIN_IMAGES: [PresetRule; 2] = [
    PresetRule {
        datasources: &["docker"],
        pin_digests: Some(true),
        ..RULE
    },
    PresetRule {
        managers: &["argocd", "devcontainer", "helmv3", "pyenv"],
        pin_digests: Some(false),
        ..RULE
    },
];

/// Families of which no member says anything that is asked here: they group,
/// schedule, replace, label, or add managers.
const SILENT_FAMILIES: [&str; 9] = [
    "abandonments",
    "customManagers",
    "group",
    "mergeConfidence",
    "monorepo",
    "regexManagers",
    "replacements",
    "schedule",
    "workarounds",
];

/// Starts of the names of default presets that say nothing that is asked here.
const SILENT_DEFAULTS: [&str; 32] = [
    "approveMajorUpdates",
    "assign",
    "automerge",
    "combinePatchMinorReleases",
    "configMigration",
    "dependencyDashboard",
    "disableDependencyDashboard",
    "disableLockFiles",
    "disableRateLimiting",
    "enableVulnerabilityAlerts",
    "followTag",
    "gitSignOff",
    "ignoreModulesAndTests",
    "ignoreUnstable",
    "includeNodeModules",
    "label",
    "maintainLockFiles",
    "pinAllExceptPeerDependencies",
    "pinDependencies",
    "pinDevDependencies",
    "pinOnlyDevDependencies",
    "pinVersions",
    "prConcurrentLimit",
    "prHourlyLimit",
    "prImmediately",
    "prNotPending",
    "preserveSemverRanges",
    "rebaseStalePrs",
    "reviewer",
    "semantic",
    "separate",
    "timezone",
];

const BEST_PRACTICES: [&str; 8] = [
    "config:recommended",
    "docker:pinDigests",
    "helpers:pinGitHubActionDigests",
    ":configMigration",
    ":pinDevDependencies",
    "abandonments:recommended",
    "security:minimumReleaseAgeNpm",
    ":maintainLockFilesWeekly",
];

/// The managers that `docker:disable` turns off.
const IMAGE_MANAGERS: [&str; 3] = ["circleci", "docker-compose", "dockerfile"];

/// What a preset says; `None` if it is not known. Arguments in parentheses do
/// not matter.
pub(super) fn preset(name: &str) -> Option<Preset> {
    let name = name.split('(').next().unwrap_or(name).trim();
    // Presets of a repository, a registry or a server.
    if name.contains(['>', '/']) {
        return None;
    }
    // A name without a family belongs to the default presets.
    let (family, member) = match name.split_once(':') {
        Some(("default", member)) => ("", member),
        Some(parts) => parts,
        None => return None,
    };
    if SILENT_FAMILIES.contains(&family) {
        return Some(Preset::Nothing);
    }
    match (family, member) {
        ("config", "recommended" | "base" | "js-app" | "js-lib") => Some(Preset::Nothing),
        ("config", "semverAllMonthly" | "semverAllWeekly") => Some(Preset::Nothing),
        ("config", "best-practices") => Some(Preset::Extends(&BEST_PRACTICES)),
        ("docker", "pinDigests") => Some(Preset::Rules(&PIN_IMAGES)),
        ("docker", "disable") => Some(Preset::Managers(&IMAGE_MANAGERS, false)),
        ("docker", "disableMajor") => Some(Preset::Rules(&[SOME_IMAGES_OFF])),
        ("docker", "enableMajor") => Some(Preset::Nothing),
        ("helpers", "pinGitHubActionDigests" | "pinGitHubActionDigestsToSemver") => {
            Some(Preset::Rules(&[PIN_ACTIONS]))
        }
        ("helpers", "disableTypesNodeMajor") => Some(Preset::Rules(&[SOME_OFF])),
        ("helpers", "githubDigestChangelogs") => Some(Preset::Nothing),
        ("helpers", member) if member.starts_with("goXPackages") => Some(Preset::Nothing),
        ("helpers", member) if member.starts_with("followTypescript") => Some(Preset::Nothing),
        ("security", "minimumReleaseAgeNpm") | ("npm", "unpublishSafe") => {
            Some(Preset::Rules(&[NPM_AGE]))
        }
        ("security", "minimumReleaseAgeCrate") => Some(Preset::Rules(&[CRATE_AGE])),
        ("security", "openssf-scorecard") => Some(Preset::Nothing),
        ("security", "only-security-updates") => Some(Preset::SecurityOnly),
        ("", member) => default_preset(member),
        _ => None,
    }
}

fn default_preset(member: &str) -> Option<Preset> {
    match member {
        "disableRenovate" => Some(Preset::Enabled(false)),
        "enableRenovate" => Some(Preset::Enabled(true)),
        "pinDigestsDisabled" => Some(Preset::PinDigests(false)),
        "disableVulnerabilityAlerts" => Some(Preset::VulnerabilityAlerts(false)),
        "enablePreCommit" => Some(Preset::Managers(&["pre-commit"], true)),
        "disableDevDependencies"
        | "disableMajorUpdates"
        | "disableDigestUpdates"
        | "disablePeerDependencies" => Some(Preset::Rules(&[SOME_OFF])),
        _ if SILENT_DEFAULTS
            .iter()
            .any(|start| member.starts_with(start)) =>
        {
            Some(Preset::Nothing)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_that_another_names_is_known() {
        for name in BEST_PRACTICES {
            assert!(preset(name).is_some(), "{name}");
        }
    }

    #[test]
    fn presets_of_others_are_not_known() {
        for name in [
            "github>org/renovate-config",
            "local>org/repo:go",
            "@acme/renovate-config",
            "config:mine",
            "security:minimumReleaseAgePypi",
            ":somethingNew",
            "mend",
            "",
        ] {
            assert!(preset(name).is_none(), "{name}");
        }
    }

    #[test]
    fn arguments_do_not_matter() {
        assert!(matches!(
            preset(":label(dependencies)"),
            Some(Preset::Nothing)
        ));
        assert!(matches!(preset("schedule:weekly"), Some(Preset::Nothing)));
        assert!(matches!(
            preset("default:pinDigestsDisabled"),
            Some(Preset::PinDigests(false))
        ));
    }
}
