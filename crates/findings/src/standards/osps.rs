//! The Open Source Project Security Baseline, release v2026.02.19.
//!
//! Source: <https://baseline.openssf.org/versions/2026-02-19>. Every requirement
//! that is in force is here; OSPS-BR-01.02 was retired. The level is the lowest
//! that asks for it.

use cofferdam_facts::Control::{C1, D5, D6, G1, G5, S1, S2, T3, X1, X2, X3};

use super::Decided::{NotYet, Outside, Part, Whole};
use super::{Entry, requirements};

requirements! {
    /// A requirement of the Baseline.
    pub enum Osps {
        Ac0101 = "OSPS-AC-01.01", "Level 1", "Multi-factor authentication for sensitive resources",
            Outside("multi-factor authentication is a setting of the organisation that no snapshot holds");
        Ac0201 = "OSPS-AC-02.01", "Level 1", "New collaborators start with the lowest rights",
            Outside("base permissions are a setting of the organisation that no snapshot holds");
        Ac0301 = "OSPS-AC-03.01", "Level 1", "No direct commits to the primary branch",
            NotYet("branch rules stand in the settings");
        Ac0302 = "OSPS-AC-03.02", "Level 1", "The primary branch cannot be deleted by accident",
            NotYet("branch rules stand in the settings");
        Ac0401 = "OSPS-AC-04.01", "Level 2", "CI tasks have the lowest permissions by default",
            Whole(&[C1]);
        Ac0402 = "OSPS-AC-04.02", "Level 3", "CI jobs have the least permissions they need",
            Whole(&[C1]);
        Br0101 = "OSPS-BR-01.01", "Level 1", "CI sanitises untrusted metadata",
            Whole(&[X2]);
        Br0103 = "OSPS-BR-01.03", "Level 1", "Untrusted code in CI reaches no credentials",
            Whole(&[X1, X3]);
        Br0104 = "OSPS-BR-01.04", "Level 3", "CI sanitises input of collaborators",
            Part(&[X2], "text of collaborators is graded lower, and some of it is not looked at");
        Br0201 = "OSPS-BR-02.01", "Level 2", "Releases have unique versions",
            Outside("it takes the releases themselves");
        Br0202 = "OSPS-BR-02.02", "Level 3", "Release assets name their release",
            Outside("it takes the releases themselves");
        Br0301 = "OSPS-BR-03.01", "Level 1", "Project channels are encrypted",
            NotYet("links of the project stand in SECURITY-INSIGHTS and the README");
        Br0302 = "OSPS-BR-03.02", "Level 1", "Distribution channels are authenticated",
            Outside("how a distribution channel is protected has to be asked of the channel");
        Br0401 = "OSPS-BR-04.01", "Level 2", "Releases have a change log",
            Outside("it takes the notes of the releases");
        Br0501 = "OSPS-BR-05.01", "Level 2", "Dependencies come by standard tools",
            Part(&[], "workflows that build a release past the lockfile are seen; whether the tools are the usual ones is not asked");
        Br0601 = "OSPS-BR-06.01", "Level 2", "Releases are signed",
            Whole(&[S1]);
        Br0701 = "OSPS-BR-07.01", "Level 1", "No secrets in version control",
            Part(&[], "passwords written into workflows are seen; the rest of the tree is not searched");
        Br0702 = "OSPS-BR-07.02", "Level 3", "A policy for secrets",
            Outside("a policy is documentation");
        Do0101 = "OSPS-DO-01.01", "Level 1", "User guides",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0201 = "OSPS-DO-02.01", "Level 1", "A guide to reporting defects",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0301 = "OSPS-DO-03.01", "Level 3", "How to verify release assets",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0302 = "OSPS-DO-03.02", "Level 3", "How to verify who released",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0401 = "OSPS-DO-04.01", "Level 3", "How long releases are supported",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0501 = "OSPS-DO-05.01", "Level 3", "When security updates end",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0601 = "OSPS-DO-06.01", "Level 2", "How dependencies are chosen and tracked",
            Outside("it is documentation; an audit of CI reads none of it");
        Do0701 = "OSPS-DO-07.01", "Level 2", "How to build",
            Outside("it is documentation; an audit of CI reads none of it");
        Gv0101 = "OSPS-GV-01.01", "Level 2", "Who has access to sensitive resources",
            Outside("it is documentation; an audit of CI reads none of it");
        Gv0102 = "OSPS-GV-01.02", "Level 2", "Roles and responsibilities",
            Outside("it is documentation; an audit of CI reads none of it");
        Gv0201 = "OSPS-GV-02.01", "Level 1", "Public discussion",
            Outside("whether discussions are open is shown by the forge");
        Gv0301 = "OSPS-GV-03.01", "Level 1", "How to contribute",
            Outside("it is documentation; an audit of CI reads none of it");
        Gv0302 = "OSPS-GV-03.02", "Level 2", "What contributions must be like",
            Outside("it is documentation; an audit of CI reads none of it");
        Gv0401 = "OSPS-GV-04.01", "Level 3", "Collaborators are reviewed before they get rights",
            Outside("it is documentation; an audit of CI reads none of it");
        Le0101 = "OSPS-LE-01.01", "Level 2", "Every commit asserts the right to contribute",
            Whole(&[G1]);
        Le0201 = "OSPS-LE-02.01", "Level 1", "The source has a free licence",
            NotYet("whether the licence is a free one");
        Le0202 = "OSPS-LE-02.02", "Level 1", "Released assets have a free licence",
            NotYet("whether the licence is a free one");
        Le0301 = "OSPS-LE-03.01", "Level 1", "The licence stands in a known file",
            NotYet("whether a licence file stands in the checkout");
        Le0302 = "OSPS-LE-03.02", "Level 1", "Releases hold the licence",
            Outside("it takes the release assets");
        Qa0101 = "OSPS-QA-01.01", "Level 1", "The source is public",
            Outside("whether the repository is public is shown by the forge");
        Qa0102 = "OSPS-QA-01.02", "Level 1", "The history is public",
            Outside("whether the history is public is shown by the forge");
        Qa0201 = "OSPS-QA-02.01", "Level 1", "Direct dependencies are listed",
            NotYet("whether every language has a manifest");
        Qa0202 = "OSPS-QA-02.02", "Level 3", "Released assets have a bill of materials",
            Whole(&[S2]);
        Qa0301 = "OSPS-QA-03.01", "Level 2", "Status checks pass before a change is taken",
            NotYet("required checks stand in the settings");
        Qa0401 = "OSPS-QA-04.01", "Level 1", "The project's repositories are listed",
            Outside("it is documentation; an audit of CI reads none of it");
        Qa0402 = "OSPS-QA-04.02", "Level 3", "Subprojects are held to the same requirements",
            Outside("it takes the other repositories; `--recursive` audits several, each by itself");
        Qa0501 = "OSPS-QA-05.01", "Level 1", "No generated executables in version control",
            NotYet("whether executables lie in the checkout");
        Qa0502 = "OSPS-QA-05.02", "Level 1", "No unreviewable binaries in version control",
            NotYet("whether binaries lie in the checkout");
        Qa0601 = "OSPS-QA-06.01", "Level 2", "Tests run before a change is taken",
            NotYet("whether a workflow runs tests on pull requests");
        Qa0602 = "OSPS-QA-06.02", "Level 3", "How tests are run",
            Outside("it is documentation; an audit of CI reads none of it");
        Qa0603 = "OSPS-QA-06.03", "Level 3", "Major changes bring tests",
            Outside("it is documentation; an audit of CI reads none of it");
        Qa0701 = "OSPS-QA-07.01", "Level 3", "Somebody else approves every change",
            Part(&[T3], "T3 speaks for changes to `.github/` alone; approvals for the rest stand in the settings and no rule judges them yet");
        Sa0101 = "OSPS-SA-01.01", "Level 2", "A design with actions and actors",
            Outside("it is documentation; an audit of CI reads none of it");
        Sa0201 = "OSPS-SA-02.01", "Level 2", "A description of interfaces",
            Outside("it is documentation; an audit of CI reads none of it");
        Sa0301 = "OSPS-SA-03.01", "Level 2", "A security assessment",
            Outside("it is documentation; an audit of CI reads none of it");
        Sa0302 = "OSPS-SA-03.02", "Level 3", "A threat model",
            Outside("it is documentation; an audit of CI reads none of it");
        Vm0101 = "OSPS-VM-01.01", "Level 2", "A disclosure policy with times",
            Outside("it is documentation; an audit of CI reads none of it");
        Vm0201 = "OSPS-VM-02.01", "Level 1", "Security contacts",
            Whole(&[G5]);
        Vm0301 = "OSPS-VM-03.01", "Level 2", "A private way to report vulnerabilities",
            Whole(&[G5]);
        Vm0401 = "OSPS-VM-04.01", "Level 2", "Vulnerabilities are published",
            Outside("it takes the advisories that the project published");
        Vm0402 = "OSPS-VM-04.02", "Level 3", "VEX for what does not affect the project",
            Outside("it takes the project's VEX documents");
        Vm0501 = "OSPS-VM-05.01", "Level 3", "A threshold for dependency findings",
            Outside("it is documentation; an audit of CI reads none of it");
        Vm0502 = "OSPS-VM-05.02", "Level 3", "Dependency findings are handled before release",
            Outside("it is documentation; an audit of CI reads none of it");
        Vm0503 = "OSPS-VM-05.03", "Level 3", "Changes are checked for bad dependencies and blocked",
            Part(&[D5, D6], "whether a failed review blocks the merge is a required check in the settings");
        Vm0601 = "OSPS-VM-06.01", "Level 3", "A threshold for analysis findings",
            Outside("it is documentation; an audit of CI reads none of it");
        Vm0602 = "OSPS-VM-06.02", "Level 3", "Changes are checked for weaknesses and blocked",
            NotYet("whether a workflow runs static analysis of the code");
    }
}
