//! Comment triggers of Ariane that are not for members of teams only.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Ariane;
use cofferdam_workflows::documents::ariane::{AllowedTeams, Trigger};

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::stakes::Stakes;
use crate::starts;

crate::rule! {
    /// # What
    /// Ariane's configuration has no `allowed-teams`, or an empty list, or it
    /// has a trigger that runs without any comment.
    ///
    /// # Why
    /// Ariane starts workflows by a dispatch, as an App that may. An empty or
    /// missing list does not mean nobody: everybody who can comment then starts
    /// them, on the head of any pull request. The trigger `/default` runs on
    /// every pull request that is opened or pushed to, and there the teams are
    /// not asked at all.
    ///
    /// # Vulnerable
    /// ```yaml
    /// # .github/ariane-config.yaml
    /// allowed-teams: []
    /// triggers:
    ///   /test:
    ///     workflows: [conformance.yaml]
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// # .github/ariane-config.yaml
    /// allowed-teams:
    ///   - organization-members
    /// triggers:
    ///   /test:
    ///     workflows: [conformance.yaml]
    /// ```
    ///
    /// # How it is decided
    /// From the list itself, and from what the workflows hold that the trigger
    /// names: high where they can change the repository, publish or hold a
    /// secret, medium where their token may write something, low elsewhere. One
    /// level less for `/default`, whose list of workflows somebody wrote for
    /// that purpose; whether those workflows run the head is
    /// `untrusted-checkout`'s to say. No other tool reads this file.
    ///
    /// # References
    /// - <https://github.com/cilium/ariane#readme>
    pub struct ArianeOpenTrigger {
        id: "ariane-open-trigger",
        title: "Comments of anybody start workflows",
        severity: High,
        controls: [T1],
        standards: [Cwe::Cwe862],
    }
}

impl Rule for ArianeOpenTrigger {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for ariane in &cx.repository.ariane {
            let place = match &ariane.allowed_teams {
                AllowedTeams::Listed(teams) => {
                    if let Some(team) = teams.first() {
                        let place = ariane.file().locate(team.span);
                        let note = "only members of the listed teams give commands";
                        out.satisfied(Control::T1, place, note);
                    }
                    None
                }
                AllowedTeams::Empty(span) => Some(ariane.file().locate(*span)),
                AllowedTeams::Missing => Some(first_trigger(ariane)),
            };
            match (place, ariane.is_open_to_everyone()) {
                (Some(place), Some(true)) => open(cx, ariane, place, out),
                (Some(place), None) => out.unknown(
                    Control::T1,
                    Some(place),
                    "the list of teams, in the part that was not read,",
                    "correct the syntax of the file",
                ),
                _ => {}
            }
            for trigger in ariane.triggers.iter().filter(|t| starts::runs_unasked(t)) {
                unasked(cx, ariane, trigger, out);
            }
        }
    }
}

fn first_trigger(ariane: &Ariane) -> Location {
    let span = ariane.triggers.first().map(|t| t.pattern.span);
    ariane.file().locate(span.unwrap_or_default())
}

fn open(cx: &Context<'_>, ariane: &Ariane, place: Location, out: &mut Sink) {
    let started: Vec<&str> = ariane
        .triggers
        .iter()
        .filter(|t| !starts::runs_unasked(t))
        .flat_map(|t| &t.workflows)
        .map(|w| w.value.as_str())
        .collect();
    let stakes = stakes(cx, &started);
    let how = match ariane.allowed_teams {
        AllowedTeams::Empty(_) => "the list of teams is empty",
        _ => "there is no list of teams",
    };
    out.report(
        Finding::new(
            ArianeOpenTrigger::INFO.id,
            severity(&stakes),
            place,
            format!("{how}, so that anybody's comment starts workflows"),
        )
        .why(format!(
            "On the head of any pull request {} may start, with {}",
            count(&started),
            stakes.describe()
        ))
        .fix("List the teams whose members may give commands under `allowed-teams`")
        .subject("allowed-teams")
        .group("commands that anybody may give"),
    );
}

fn unasked(cx: &Context<'_>, ariane: &Ariane, trigger: &Trigger, out: &mut Sink) {
    let started: Vec<&str> = trigger.workflows.iter().map(|w| w.value.as_str()).collect();
    let stakes = stakes(cx, &started);
    let place = ariane.file().locate(trigger.pattern.span);
    if !stakes.any() && !stakes.perhaps_writes {
        let note = "what runs on every pull request holds nothing";
        out.satisfied(Control::T1, place, note);
        return;
    }
    out.report(
        Finding::new(
            ArianeOpenTrigger::INFO.id,
            severity(&stakes).lowered(),
            place,
            format!(
                "`{}` starts {} on every pull request, whoever opens it",
                trigger.pattern.value,
                count(&started)
            ),
        )
        .why(format!(
            "The teams are not asked there, and what starts holds {}",
            stakes.describe()
        ))
        .fix("Leave to this trigger only workflows that hold nothing, and put the others behind a command")
        .subject(format!("triggers.{}", trigger.pattern.value))
        .group("workflows that Ariane starts on every pull request"),
    );
}

fn count(names: &[&str]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [one] => format!("the workflow `{one}`"),
        all => format!("{} workflows", all.len()),
    }
}

fn severity(stakes: &Stakes) -> Severity {
    if stakes.is_grave() {
        Severity::High
    } else if stakes.any() || stakes.perhaps_writes {
        Severity::Medium
    } else {
        Severity::Low
    }
}

// What the workflows hold together when a command starts them.
fn stakes(cx: &Context<'_>, files: &[&str]) -> Stakes {
    let mut all = Stakes::default();
    for view in cx.all_jobs() {
        for start in starts::of_job(cx, view) {
            let file = start.workflow.path().rsplit('/').next().unwrap_or("");
            if start.command.is_none() || !files.contains(&file) {
                continue;
            }
            all.secrets.extend(start.stakes.secrets);
            all.writes.extend(start.stakes.writes);
            all.publishes.extend(start.stakes.publishes);
            all.perhaps_writes |= start.stakes.perhaps_writes;
        }
    }
    all
}
