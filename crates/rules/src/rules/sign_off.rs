//! Commits whose origin nobody certifies.

use cofferdam_facts::settings::{Fact, Rule as Demand, Snapshot};
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::scans;
use crate::steps;
use crate::unread;

crate::rule! {
    /// # What
    /// Contributors are asked to sign off their commits, and nothing notices
    /// when they do not; or nobody asks.
    ///
    /// # Why
    /// The sign-off is the statement that a contributor may give the code away.
    /// One commit without it in the history is found by a user's lawyer years
    /// later, when nobody can be asked any more.
    ///
    /// # Vulnerable
    /// ```markdown
    /// Please sign off your commits (`git commit -s`).
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// # .github/maintainers-little-helper.yaml
    /// require-msgs-in-commit:
    ///   - msg: Signed-off-by
    ///     set-labels: [dont-merge/needs-sign-off]
    /// block-pr-with:
    ///   labels-set:
    ///     - regex-label: dont-merge/.*
    /// ```
    ///
    /// # How it is decided
    /// A sign-off is enforced by a required check whose name holds `dco` or
    /// `sign-off` (rulesets and classic protection, by the settings), by the
    /// maintainers' little helper with a label that blocks, or by a job on pull
    /// requests that runs a check of sign-offs and can fail.
    ///
    /// The App's `.github/dco.yml` says that the check exists, not that it is
    /// required, and the App needs no file at all: without settings that is
    /// unknown. A guide that asks while the settings require no check is low; a
    /// project that asks nobody is informational, and one whose guide names a
    /// contributor licence agreement has chosen another way.
    ///
    /// CLOMonitor looks for the line in the last commits instead, which tells
    /// what happened but not whether it had to.
    ///
    /// # References
    /// - <https://developercertificate.org/>
    /// - <https://github.com/cncf/dco2>
    /// - <https://github.com/cilium/github-actions>
    pub struct SignOff {
        id: "sign-off",
        title: "Nothing notices commits without a sign-off",
        severity: Low,
        controls: [G1],
        standards: [Osps::Le0101],
    }
}

const ACTIONS: [&str; 6] = [
    "christophebedard/dco-check",
    "cncf/dco2",
    "kineticcafe/actions-dco",
    "tim-actions/dco",
    "probot/dco",
    "webiny/action-conventional-commits-dco",
];

const SETTLE: &str = "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`";

impl Rule for SignOff {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let required = cx.facts.settings.map(required);
        let mut enforced = false;
        if let Some(Required::Yes(name)) = &required {
            enforced = true;
            out.satisfied(
                Control::G1,
                Location::whole_file(".github"),
                format!("the check `{name}` is required"),
            );
        }
        enforced |= little_helper(cx, out);
        let by_workflow = workflows(cx, out);
        enforced |= by_workflow;
        let app = cx.repository.dco.first();
        if enforced {
            return;
        }
        if let Some(app) = app {
            let place = Location::whole_file(app.file().path());
            match required {
                Some(Required::No) => out.report(
                    finding(
                        Severity::Low,
                        place,
                        "the check of sign-offs is configured and not required",
                    )
                    .why("A pull request without sign-offs can be merged over the red mark")
                    .fix("Require the check `DCO` on the default branch by a ruleset")
                    .subject("dco/required"),
                ),
                _ => out.unknown(
                    Control::G1,
                    Some(place),
                    "whether the check `DCO` is required",
                    SETTLE,
                ),
            }
            return;
        }
        let what = "whether sign-offs are asked for and checked";
        if cx.repository.contributing.is_empty() && unread::elsewhere(cx, Control::G1, what, out) {
            return;
        }
        asked(cx, matches!(required, Some(Required::No)), out);
    }
}

enum Required {
    Yes(String),
    No,
    Unknown,
}

/// Whether a check of sign-offs must pass on the default branch.
fn required(settings: &Snapshot) -> Required {
    let about = |name: &str| {
        let lower = name.to_ascii_lowercase();
        lower.contains("dco") || lower.contains("sign-off") || lower.contains("signoff")
    };
    let rules = settings.default_branch_rules.known();
    for active in rules.into_iter().flatten() {
        match &active.rule {
            Demand::RequiredStatusChecks { checks, .. } => {
                if let Some(check) = checks.iter().find(|check| about(&check.context)) {
                    return Required::Yes(check.context.clone());
                }
            }
            // What the pattern asks for is not a part of the settings that are read.
            Demand::Other { rule } if rule == "commit_message_pattern" => return Required::Unknown,
            _ => {}
        }
    }
    let protection = settings.default_branch_protection.known();
    if let Some(Some(protection)) = protection
        && let Some(check) = protection
            .status_checks
            .iter()
            .find(|check| about(&check.context))
    {
        return Required::Yes(check.context.clone());
    }
    match (rules, &settings.default_branch_protection) {
        (Some(_), Fact::Known(_)) => Required::No,
        _ => Required::Unknown,
    }
}

fn finding(severity: Severity, place: Location, message: impl Into<String>) -> Finding {
    Finding::new(SignOff::INFO.id, severity, place, message)
        .group("repositories in which nothing notices commits without a sign-off")
}

fn little_helper(cx: &Context<'_>, out: &mut Sink) -> bool {
    let Some((file, rule)) = cx
        .repository
        .little_helpers
        .iter()
        .find_map(|f| Some((f, f.sign_off()?)))
    else {
        return false;
    };
    let span = rule
        .text
        .as_ref()
        .or(rule.expression.as_ref())
        .map(|text| text.span)
        .unwrap_or_default();
    let place = file.file().locate(span);
    if file.sign_off_blocks() {
        out.satisfied(
            Control::G1,
            place,
            "a missing sign-off sets a label that blocks the merge",
        );
    } else {
        out.report(
            finding(
                Severity::Low,
                place,
                "a missing sign-off sets no label that blocks",
            )
            .why("The bot remarks on it, and the pull request can be merged")
            .fix("Set a label by `set-labels` and name it under `block-pr-with.labels-set`")
            .subject("little-helper"),
        );
    }
    true
}

fn workflows(cx: &Context<'_>, out: &mut Sink) -> bool {
    let on_pull_requests = ["pull_request", "pull_request_target"];
    let mut any = false;
    for site in steps::live(cx) {
        let action = site
            .step
            .action()
            .is_some_and(|name| ACTIONS.contains(&name));
        let command = site.live_commands().find(|command| {
            let (name, args) = command.effective();
            let checks = ["grep", "rg", "awk", "gitlint"]
                .iter()
                .any(|tool| command.is(tool));
            let program = name.file_name().unwrap_or_default();
            program.contains("dco-check")
                || checks && args.iter().any(|w| w.text.contains("Signed-off-by"))
        });
        if (!action && command.is_none()) || !site.starts_on(&on_pull_requests) {
            continue;
        }
        any = true;
        match scans::tolerated(&site) {
            None => out.satisfied(
                Control::G1,
                site.head(),
                "a job looks for sign-offs on pull requests",
            ),
            Some(how) => out.report(
                finding(
                    Severity::Low,
                    site.head(),
                    format!("the check of sign-offs stops nothing: {how}"),
                )
                .why("A pull request without sign-offs is green")
                .fix("Let the check fail, and require it on the default branch")
                .subject(site.subject()),
            ),
        }
    }
    for job in cx.all_jobs() {
        let Some(call) = job.job.call() else { continue };
        let name = call.uses.value.to_string().to_ascii_lowercase();
        let file = name
            .split('@')
            .next()
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let about = file
            .split(['-', '_', '.'])
            .any(|word| matches!(word, "dco" | "signoff"));
        if about
            && on_pull_requests
                .iter()
                .any(|event| job.entry.events.contains(*event))
        {
            any = true;
            out.satisfied(
                Control::G1,
                job.at(call.uses.span),
                "a called workflow looks for sign-offs, by its name",
            );
        }
    }
    any
}

/// Nothing was seen that checks: what remains is whether anybody asks.
fn asked(cx: &Context<'_>, none_required: bool, out: &mut Sink) {
    let guides = &cx.repository.contributing;
    let asks = guides
        .iter()
        .find_map(|guide| Some((guide, guide.sign_off?)));
    if let Some((guide, span)) = asks {
        let place = guide.file().locate(span);
        out.satisfied(Control::G1, place.clone(), "sign-offs are asked for");
        if none_required {
            out.report(
                finding(
                    Severity::Low,
                    place,
                    "sign-offs are asked for, and nothing checks them",
                )
                .why("A commit without a sign-off is merged by whoever does not look")
                .fix("Install the DCO App and require its check on the default branch")
                .subject("asked"),
            );
        } else {
            // The App needs no file, and whether its check is required is a setting.
            out.unknown(
                Control::G1,
                Some(place),
                "whether a check of sign-offs is required",
                SETTLE,
            );
        }
        return;
    }
    let agreement = guides
        .iter()
        .find_map(|guide| Some((guide, guide.agreement?)));
    if let Some((guide, _)) = agreement {
        let path = guide.file().path();
        out.not_applicable(
            Control::G1,
            format!("{path} asks for a contributor licence agreement instead"),
        );
        return;
    }
    let place = guides.first().map_or_else(
        || Location::missing("CONTRIBUTING.md"),
        |guide| Location::whole_file(guide.file().path()),
    );
    let controls: &[Control] = if none_required { &[Control::G1] } else { &[] };
    if !none_required {
        // Projects ask elsewhere, and the App needs no file.
        out.unknown(
            Control::G1,
            Some(place.clone()),
            "whether a check of sign-offs is required",
            SETTLE,
        );
    }
    out.report_against(
        controls,
        finding(Severity::Info, place, "nobody asks for a sign-off")
            .confidence(Confidence::Low)
            .why("Nothing here says that contributors may give away what they send in")
            .fix("Ask for `git commit -s` in CONTRIBUTING, and require a check of it")
            .subject("missing")
            .group("repositories in which nobody asks for a sign-off"),
    );
}
