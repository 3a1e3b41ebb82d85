//! The controls of the mission, each with an id that stays.

use std::fmt;

macro_rules! controls {
    ($($id:ident, $title:literal;)*) => {
        /// One control: something that a project has, has in part, or lacks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the title of each control is its documentation")]
        pub enum Control { $($id,)* }

        impl Control {
            /// Every control, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The id, as in `C3`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$id => stringify!($id),)* }
            }

            /// What the project has when the control is present.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$id => $title,)* }
            }

            /// The control with this id, upper or lower case.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|c| c.id().eq_ignore_ascii_case(id))
            }
        }
    };
}

controls! {
    T1, "Only trusted people start privileged workflows";
    T2, "Events that start privileged workflows are limited";
    T3, "Changes to .github/ need their owners";
    T4, "One page says who may start what";
    X1, "Untrusted code is checked out as data, never executed with credentials";
    X2, "No attacker-controlled value reaches a shell, script or prompt";
    X3, "No poisoned cache, artifact or runner reaches a privileged job";
    D1, "Every action, reusable workflow and image is pinned";
    D2, "Pins are locked transitively, with hashes";
    D3, "No mutable references to the project's own actions";
    D4, "Updates wait out a cooldown";
    D5, "New dependencies are reviewed before merge";
    D6, "Known vulnerabilities are scanned for, by reachability";
    D7, "The vendor directory is proven";
    C1, "GITHUB_TOKEN is read-only unless a job asks for more";
    C2, "Checkout leaves no credentials on disk";
    C3, "CI credentials never reach production";
    C4, "Secrets are scoped to environments and workflows";
    C5, "Credentials and members are audited, stale ones rotated";
    S1, "Every image and chart is signed by digest";
    S2, "Every artifact has an attested SBOM";
    S3, "Every artifact has SLSA build provenance";
    S4, "Anybody can verify what is published";
    S5, "Release tags and assets never change";
    S6, "Release jobs run in protected environments";
    S7, "Every published tag is signed and attested";
    W1, "Egress from jobs is limited to an allow-list";
    W2, "A stream tells what ran";
    W3, "Unusual runs are detected";
    W4, "Incidents can be answered";
    W5, "Past incidents are replayed against the project";
    G1, "Every commit is signed off (DCO)";
    G2, "Security insights are present, valid and true";
    G3, "OpenSSF Scorecard is computed continuously";
    G4, "A public threat model is kept true";
    G5, "Vulnerability reports are taken and handled";
    G6, "One audit is mapped to the field's standards";
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
