//! Actions whose name resembles a widely used one.

use std::collections::HashMap;

use cofferdam_datapack::{Lookalike, Resemblance};
use cofferdam_findings::{Confidence, Finding, Severity};

use crate::context::Context;
use crate::known;
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// An action's name looks like that of a widely used action of another
    /// owner.
    ///
    /// # Why
    /// Anybody can register an account that is one slip of the finger away from
    /// a known one and publish an action of the same name there. It works like
    /// the real one, and gets everything that the job holds.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: actoins/checkout@v4
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    /// ```
    ///
    /// # How it is decided
    /// The data pack lists widely used actions. A name resembles one if it has
    /// the same letters with separators moved, characters that look alike, one
    /// letter more, less, changed or swapped, or an owner made of the whole
    /// name. Owners who are in the list themselves, and the owner of this
    /// repository, imitate nobody. The severity follows what the job holds; the
    /// confidence is medium, since a resemblance proves no intent. zizmor's
    /// `typosquat-uses` knows one edit of the whole name.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions>
    pub struct LookalikeAction {
        id: "lookalike-action",
        title: "An action's name looks like that of a widely used one",
        severity: High,
        controls: [],
        peers: ["zizmor/typosquat-uses"],
        standards: [Cwe::Cwe1357],
    }
}

impl Rule for LookalikeAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(pack) = known::pack(cx, out) else {
            return;
        };
        let own = OwnName::of(cx);
        let takeovers = Takeovers::new(cx);
        let lookalikes = pack.lookalikes();
        let mut found: HashMap<String, Option<Lookalike<'_>>> = HashMap::new();
        for used in known::uses(cx) {
            let of_owner = own
                .owner()
                .is_some_and(|owner| owner.eq_ignore_ascii_case(&used.uses.owner));
            let slug = used.uses.slug();
            let hit = found
                .entry(slug.clone())
                .or_insert_with_key(|slug| pack.lookalike_among(&lookalikes, slug));
            let Some(hit) = hit.as_ref().filter(|_| !of_owner) else {
                continue;
            };
            let takeover = used.takeover(cx, &takeovers);
            let how = match hit.resemblance {
                Resemblance::Separators => "has the same letters as",
                Resemblance::Homoglyphs => "is written with characters that look like those of",
                Resemblance::OneEdit => "is one letter away from",
                Resemblance::OwnerOfWholeName => "puts into its owner the name of",
            };
            let known = &hit.popular.repository;
            out.report(
                Finding::new(
                    LookalikeAction::INFO.id,
                    takeover.severity.max(Severity::Low),
                    used.location(),
                    format!("{}, which {how} `{known}`", used.phrase()),
                )
                .why(format!(
                    "If it imitates the known one, its owner gets {}",
                    takeover.held
                ))
                .fix(format!(
                    "Make sure that `{slug}` is meant; if not, write `{known}` and a commit of it"
                ))
                .confidence(Confidence::Medium)
                .group("actions that look like widely used ones")
                .subject(used.subject()),
            );
        }
    }
}
