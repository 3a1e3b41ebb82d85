//! Releases that can be changed after they were published.

use cofferdam_facts::settings::{
    Enforcement, Fact, Rule as Demand, Ruleset, RulesetTarget, Snapshot,
};
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::publishing::Artifact;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::shipments;

crate::rule! {
    /// # What
    /// The repository publishes releases, and neither immutable releases nor a
    /// ruleset keeps their tags and files from being changed afterwards.
    ///
    /// # Why
    /// Who can write, or has stolen a token that can, moves the tag of a version
    /// that users have checked already, or puts another file under its name.
    /// That is how a whole line of versions of `tj-actions/changed-files` came
    /// to be replaced in one hour.
    ///
    /// # Vulnerable
    /// ```text
    /// Settings, General, Releases: "Enable release immutability" is off
    /// ```
    ///
    /// # Fixed
    /// ```text
    /// Settings, General, Releases: "Enable release immutability" is on
    /// Settings, Rules: a tag ruleset restricts updates and deletions of `v*`
    /// ```
    ///
    /// # How it is decided
    /// Only repositories whose workflows make a GitHub release or start on a
    /// pushed tag are looked at. The settings decide; without them it is
    /// unknown. Immutable releases protect tag and files together. Without
    /// them an active tag ruleset that forbids deletion and update (or forced
    /// pushes) for all tags or version tags still protects the tags: then it is
    /// low, otherwise medium. No other tool reads the setting.
    ///
    /// # References
    /// - <https://docs.github.com/en/code-security/supply-chain-security/understanding-your-software-supply-chain/immutable-releases>
    /// - <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets>
    pub struct ReleaseImmutable {
        id: "release-immutable",
        title: "Published releases can be changed",
        severity: Medium,
        controls: [S5],
        standards: [Cwe::Cwe345, Slsa::AccessAndHistory, Slsa::ProtectedRefs],
    }
}

const SETTLE: &str = "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`";

impl Rule for ReleaseImmutable {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(place) = release(cx) else {
            let immutable = cx.facts.settings.and_then(|s| s.immutable_releases.known());
            if immutable.is_some_and(|immutable| immutable.enabled) {
                let place = Location::whole_file(".github");
                out.satisfied(Control::S5, place, "releases are immutable");
                return;
            }
            let fix = "look at a release of the repository: GitHub says whether it is immutable";
            if !shipments::tell_unread(cx, Control::S5, fix, out) {
                out.not_applicable(Control::S5, "no workflow makes a release");
            }
            return;
        };
        let Some(settings) = cx.facts.settings else {
            out.unknown(
                Control::S5,
                Some(place),
                "whether releases are immutable",
                SETTLE,
            );
            return;
        };
        let enforced = match &settings.immutable_releases {
            Fact::Known(immutable) => immutable.enabled,
            Fact::NotChecked(why) => {
                let missing = format!("whether releases are immutable ({why})");
                out.unknown(Control::S5, Some(place), missing, SETTLE);
                return;
            }
        };
        if enforced {
            out.satisfied(Control::S5, place, "releases are immutable");
            return;
        }
        match protects_tags(settings) {
            Tags::Unknown => out.unknown(
                Control::S5,
                Some(place),
                "which rulesets protect tags",
                SETTLE,
            ),
            Tags::Protected(name) => {
                out.satisfied(
                    Control::S5,
                    place.clone(),
                    format!("the ruleset `{name}` keeps tags"),
                );
                out.report(finding(Severity::Low, place, "files of a published release can be replaced").why(
                    "A stolen token puts another file under the name of a version; its tag stays",
                ));
            }
            Tags::Open => {
                out.report(finding(Severity::Medium, place, "tags and files of published releases can be changed").why(
                    "A stolen token that may write moves the tag of a version that users trust already",
                ));
            }
        }
    }
}

fn finding(severity: Severity, place: Location, message: &str) -> Finding {
    Finding::new(ReleaseImmutable::INFO.id, severity, place, message)
        .fix("Turn on immutable releases in the settings, and restrict updates and deletions of version tags by a ruleset")
        .subject("immutable-releases")
        .group("repositories whose published releases can be changed")
}

/// Where a release is made, or a tag starts something.
fn release(cx: &Context<'_>) -> Option<Location> {
    let published = cx.all_jobs().find_map(|job| {
        let made = job
            .publications
            .iter()
            .find(|p| p.artifact == Artifact::Release)?;
        Some(job.at(made.span))
    });
    published.or_else(|| {
        cx.repository.workflows.iter().find_map(|workflow| {
            let by_tag = workflow.triggers.iter().find(|trigger| {
                matches!(trigger.name(), "release" | "create")
                    || (trigger.name() == "push" && trigger.tags.is_some())
            })?;
            Some(workflow.file().locate(by_tag.event.span))
        })
    })
}

enum Tags {
    Protected(String),
    Open,
    Unknown,
}

fn protects_tags(settings: &Snapshot) -> Tags {
    let Some(rulesets) = settings.rulesets.known() else {
        return Tags::Unknown;
    };
    let mut unknown = false;
    for ruleset in rulesets {
        match protects(ruleset) {
            Some(true) => return Tags::Protected(ruleset.name.clone()),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { Tags::Unknown } else { Tags::Open }
}

fn protects(ruleset: &Ruleset) -> Option<bool> {
    if ruleset.enforcement != Enforcement::Active || ruleset.target.known()? != &RulesetTarget::Tag
    {
        return Some(false);
    }
    let covers = ruleset.refs.known()?.as_ref().is_some_and(|refs| {
        refs.include.iter().any(|pattern| {
            let short = pattern.trim_start_matches("refs/tags/");
            matches!(
                short,
                "~ALL" | "*" | "**" | "**/*" | "v*" | "v**" | "v*.*.*" | "v*.*" | "v[0-9]*"
            )
        })
    });
    let rules = ruleset.rules.known()?;
    let keeps = rules.contains(&Demand::Deletion)
        && (rules.contains(&Demand::Update) || rules.contains(&Demand::NonFastForward));
    Some(covers && keeps)
}
