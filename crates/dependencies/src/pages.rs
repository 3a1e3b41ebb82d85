//! What formats need to know of each check. The pages are one page:
//! `docs/dependency-review.md`.

use cofferdam_findings::{RuleInfo, Severity};

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $title:literal, $docs:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: RuleInfo = RuleInfo {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                controls: &[],
                peers: &[],
                standards: &[],
                docs: $docs,
            };
        )*

        /// Every one of them.
        pub static RULES: &[&RuleInfo] = &[$(&$name),*];
    };
}

rules! {
    VULNERABLE = "deps-vulnerable", Critical,
        "A package comes in that has a known weakness",
        "An advisory speaks about this version of the package. Use a version that has it mended; \
         where there is none, another package.";
    MALICIOUS = "deps-malicious", Critical,
        "A package comes in that was made to do harm",
        "The package is known to have been published to harm whoever installs it. Take it out, and \
         treat every machine that has installed it as taken over.";
    LICENCE = "deps-licence", Medium,
        "A package comes in whose licence is not allowed",
        "The project's lists do not allow the licence, or it is stated in words that nobody can \
         compare with them. Use another package, or decide for this one.";
    UNKNOWN_LICENCE = "deps-unknown-licence", Low,
        "A package comes in whose licence nobody states",
        "Neither the lockfile nor what lies in the checkout says which licence the package has. \
         That is no verdict: read it and decide.";
    LOOK_ALIKE = "deps-look-alike", Medium,
        "A new package has a name like another's",
        "Strangers publish under names that are mistaken for known ones. Make sure that this \
         package is meant.";
    SOURCE = "deps-source", High,
        "A package comes from another place",
        "The package was taken from one registry, repository or address and is now taken from \
         another, or it comes from outside of every registry. Whoever owns the place decides what \
         is installed.";
    INTEGRITY = "deps-integrity", High,
        "A hash is gone, or is another one for the same version",
        "A published version does not change. Another hash for it means that the old one or the \
         new one is not what was published; without a hash, anything may be served.";
    INSTALL_SCRIPT = "deps-install-script", Medium,
        "A package comes in that runs code when it is installed",
        "Scripts of packages run on every machine that installs them. Most malicious packages use \
         one. Read it, or install with scripts switched off.";
    DOWNGRADE = "deps-downgrade", Low,
        "A package goes back to an earlier version",
        "What the later version had mended is open again. Confirm that the earlier one is meant.";
    DENIED = "deps-denied", High,
        "A package comes in that the project does not want",
        "The package, or its group, is on the project's own list.";
    COOLDOWN = "deps-cooldown", Medium,
        "A package comes in that is younger than the project wants",
        "Most stolen releases are found and taken back within days. Wait, or take the version \
         before.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::RULES;
    use crate::checks::Check;

    #[test]
    fn every_check_has_its_rule() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        let of_checks: BTreeSet<&str> = Check::ALL.iter().map(|check| check.rule().id).collect();
        assert_eq!(ids, of_checks);
        assert_eq!(ids.len(), Check::ALL.len());
        for check in Check::ALL {
            assert_eq!(Check::from_word(check.word()), Some(*check));
        }
    }
}
