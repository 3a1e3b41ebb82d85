//! Updates that do not wait, and dependencies that nothing updates.

use std::collections::BTreeSet;

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_lockfiles::Ecosystem;
use cofferdam_workflows::documents::dependabot::{self, DEFAULT_COOLDOWN_DAYS, Dependabot};
use cofferdam_workflows::documents::json5::Value;
use cofferdam_workflows::documents::{ProblemKind, Renovate, renovate};

use crate::context::Context;
use crate::dependencies::{Dependencies, DependencyFile};
use crate::rule::{Rule, Sink};
use crate::sites;
use crate::unread;

crate::rule! {
    /// # What
    /// An update bot proposes new versions the moment they appear, or nothing
    /// updates the pinned actions at all.
    ///
    /// # Why
    /// A hijacked package or action is usually found and withdrawn within days.
    /// Who takes versions only after some days never sees most of them. A pin
    /// that nobody refreshes is the other side: known holes stay, until
    /// somebody replaces the pin by a moving tag.
    ///
    /// # Vulnerable
    /// ```yaml
    /// version: 2
    /// updates:
    ///   - package-ecosystem: npm
    ///     directory: /
    ///     schedule: {interval: daily}
    ///     cooldown: {default-days: 0}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// version: 2
    /// updates:
    ///   - package-ecosystem: npm
    ///     directory: /
    ///     schedule: {interval: daily}
    ///     cooldown: {default-days: 7}
    ///   - package-ecosystem: github-actions
    ///     directory: /
    ///     schedule: {interval: weekly}
    ///     cooldown: {default-days: 7}
    /// ```
    ///
    /// # How it is decided
    /// Three days are the least: that is what Dependabot waits since 2026-07-14
    /// where nothing is written, so an entry without `cooldown` passes. For
    /// Renovate, `minimumReleaseAge` is followed through the file, its package
    /// rules and the presets that are known, for each manager whose files the
    /// checkout holds; a preset of which it is not known what it says leaves the
    /// control unknown.
    ///
    /// It is medium where Renovate also merges by itself, low otherwise. Updates
    /// that fix a known vulnerability never wait, and entries that make no other
    /// ones are left out.
    ///
    /// Dependencies without any updater are low for actions and informational
    /// otherwise; a bot that is configured outside of the repository cannot be
    /// seen. zizmor's `dependabot-cooldown` asks seven days of Dependabot and
    /// does not read Renovate; Scorecard's `Dependency-Update-Tool` looks only
    /// whether a bot is configured.
    ///
    /// # References
    /// - <https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference#cooldown->
    /// - <https://docs.renovatebot.com/key-concepts/minimum-release-age/>
    /// - <https://blog.yossarian.net/2025/11/21/We-should-all-be-using-dependency-cooldowns>
    pub struct UpdateCooldown {
        id: "update-cooldown",
        title: "Updates are taken the day they appear, or never",
        severity: Medium,
        controls: [D4],
        peers: [
            "zizmor/dependabot-cooldown",
            "scorecard/Dependency-Update-Tool",
            "sisakulint/dependabot-github-actions",
        ],
        standards: [Cwe::Cwe1357, Scorecard::DependencyUpdateTool],
    }
}

/// Worlds of packages whose updates come from strangers and are worth a word.
const COMMON: [Ecosystem; 12] = [
    Ecosystem::Go,
    Ecosystem::Cargo,
    Ecosystem::Npm,
    Ecosystem::PyPi,
    Ecosystem::RubyGems,
    Ecosystem::Packagist,
    Ecosystem::Maven,
    Ecosystem::NuGet,
    Ecosystem::Pub,
    Ecosystem::Hex,
    Ecosystem::Docker,
    Ecosystem::GitHubActions,
];

impl Rule for UpdateCooldown {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let mut present = cx.dependencies.clone();
        present.retain(|ecosystem, _| COMMON.contains(ecosystem));
        // Files that use nothing of others need no updates.
        let sites = sites::of(cx);
        let users: BTreeSet<&str> = sites
            .iter()
            .filter(|site| {
                let uses = site.uses.repository();
                uses.is_some_and(|uses| !cx.repository.is_self(uses))
            })
            .map(|site| site.file().path())
            .collect();
        if let Some(files) = present.get_mut(&Ecosystem::GitHubActions) {
            files.retain(|file| users.contains(file.path));
        }
        present.retain(|_, files| !files.is_empty());
        if present.is_empty() {
            out.not_applicable(Control::D4, "nothing here has dependencies to update");
            return;
        }
        let dependabot = cx.repository.dependabot.first();
        let renovate = renovate_in_force(cx);
        for file in &cx.repository.dependabot {
            of_dependabot(file, out);
        }
        if let Some(file) = renovate {
            of_renovate(file, &present, out);
        }
        let what = "which update bot looks after the dependencies";
        if dependabot.is_some()
            || renovate.is_some()
            || !unread::elsewhere(cx, Control::D4, what, out)
        {
            not_updated(dependabot, renovate, &present, out);
        }
        if out.evidence.is_empty() {
            out.not_applicable(Control::D4, "no update bot proposes new versions");
        }
    }
}

fn renovate_in_force<'c>(cx: &Context<'c>) -> Option<&'c Renovate> {
    let files = &cx.repository.renovate;
    let path = renovate::effective(files.iter().map(|file| file.file().path()))?;
    files.iter().find(|file| file.file().path() == path)
}

fn finding(severity: Severity, place: Location, message: impl Into<String>) -> Finding {
    Finding::new(UpdateCooldown::INFO.id, severity, place, message)
}

const WAIT: &str = "A version that is taken the day it appears is taken before anybody can find out that it was hijacked";

fn of_dependabot(file: &Dependabot, out: &mut Sink) {
    let at = |span| file.file().locate(span);
    let refused = |kind| kind != ProblemKind::UnknownKey;
    if let Some(problem) = file.problems().iter().find(|p| refused(p.kind)) {
        out.report(
            finding(
                Severity::Low,
                at(problem.span),
                format!("Dependabot does not take this file: {}", problem.message),
            )
            .confidence(Confidence::Medium)
            .why("GitHub reads no part of a file with an error, so that nothing is updated")
            .fix(
                "Mend the file and look at the result under Insights, Dependency graph, Dependabot",
            )
            .subject("dependabot/refused")
            .group("configurations that their update bot refuses"),
        );
        return;
    }
    let entries = file
        .updates
        .iter()
        .filter(|update| update.updates_versions());
    let mut shortest: Option<dependabot::Waiting> = None;
    for update in entries {
        let waiting = update.waiting();
        let name = update.ecosystem.as_ref().map_or("", |e| e.value.as_str());
        let folders: Vec<_> = update
            .directories
            .iter()
            .map(|d| d.value.as_str())
            .collect();
        let subject = format!("dependabot/{name}/{}", folders.join(","));
        let place = at(update
            .cooldown
            .as_ref()
            .map_or(update.span, |block| block.span));
        if waiting.days < DEFAULT_COOLDOWN_DAYS {
            out.report(
                finding(
                    Severity::Low,
                    place,
                    match waiting.days {
                        0 => format!("updates of `{name}` do not wait"),
                        number => format!("updates of `{name}` wait only {}", days(number)),
                    },
                )
                .why(WAIT)
                .fix("Set `cooldown.default-days` to 7, and no shorter time for a kind of version")
                .subject(subject)
                .group("update bots that wait for less than three days"),
            );
            continue;
        }
        if shortest.is_none_or(|so_far| waiting.days < so_far.days) {
            shortest = Some(waiting);
        }
        if waiting.partial {
            out.report_against(
                &[],
                finding(
                    Severity::Info,
                    place,
                    format!("some updates of `{name}` do not wait"),
                )
                .why("What `exclude` names, or `include` leaves out, is taken the day it appears")
                .fix("Exempt only packages that you publish yourself")
                .subject(subject + "/partial")
                .group("update bots that exempt some packages from waiting"),
            );
        }
    }
    if let Some(waiting) = shortest {
        let written = if waiting.written {
            ""
        } else {
            ", by the default of github.com"
        };
        out.satisfied(
            Control::D4,
            Location::whole_file(file.file().path()),
            format!("Dependabot waits {}{written}", days(waiting.days)),
        );
    }
}

fn of_renovate(file: &Renovate, present: &Dependencies<'_>, out: &mut Sink) {
    let Some(root) = file.root() else {
        out.unknown(
            Control::D4,
            Some(Location::whole_file(file.file().path())),
            "what the configuration of Renovate says",
            "correct the file, then run again",
        );
        return;
    };
    if root.entries().iter().all(|(key, _)| key.value == "$schema") {
        out.unknown(
            Control::D4,
            Some(Location::whole_file(file.file().path())),
            "what the configuration of the bot itself says, for the file is empty",
            "set `minimumReleaseAge` in the file",
        );
        return;
    }
    let mut hasty = Vec::new();
    let mut unsure = None;
    let mut doubtful = None;
    let mut least: Option<u64> = None;
    for manager in managers(present).filter(|manager| file.updates(manager).on) {
        let cooldown = file.cooldown(manager);
        if let Some(span) = cooldown.doubtful.filter(|_| cooldown.days > 0) {
            doubtful = Some(span);
        } else if cooldown.days >= DEFAULT_COOLDOWN_DAYS {
            least = Some(least.map_or(cooldown.days, |so_far| so_far.min(cooldown.days)));
        } else if let (None, Some(preset)) = (cooldown.span, cooldown.unknown.first()) {
            unsure = Some(preset.clone());
        } else {
            hasty.push((manager, cooldown));
        }
    }
    if let Some(span) = doubtful {
        out.unknown(
            Control::D4,
            Some(file.file().locate(span)),
            "which updates this takes out of `minimumReleaseAge`",
            "look at what Renovate proposes, or exempt only packages by their names",
        );
    }
    if let Some(preset) = unsure {
        out.unknown(
            Control::D4,
            Some(file.file().locate(preset.span)),
            format!(
                "whether the preset `{}` sets `minimumReleaseAge`",
                preset.value
            ),
            "set `minimumReleaseAge` in the file itself",
        );
    }
    let path = file.file().path();
    if let Some(least) = least {
        let note = format!("Renovate waits {}", days(least));
        out.satisfied(Control::D4, Location::whole_file(path), note);
    }
    let shortest = hasty.iter().min_by_key(|(_, cooldown)| cooldown.days);
    let Some((_, shortest)) = shortest else {
        return;
    };
    let merges = root.get("automerge").and_then(Value::as_bool) == Some(true);
    let place = shortest.span.map_or_else(
        || Location::whole_file(path),
        |span| file.file().locate(span),
    );
    let names: Vec<_> = hasty
        .iter()
        .map(|(manager, _)| format!("`{manager}`"))
        .collect();
    let (how, severity, why) = if merges {
        let why = "A hijacked version reaches the default branch with nobody looking at it";
        ("merges", Severity::Medium, why)
    } else {
        ("proposes", Severity::Low, WAIT)
    };
    let after = match shortest.days {
        0 => "without waiting".to_owned(),
        number => format!("after {}", days(number)),
    };
    out.report(
        finding(
            severity,
            place,
            format!("Renovate {how} updates of {} {after}", names.join(", ")),
        )
        // A configuration of the bot itself, or of the organisation, may say more.
        .confidence(Confidence::Medium)
        .why(why)
        .fix("Set `minimumReleaseAge` to `7 days`")
        .subject("renovate/cooldown")
        .group("update bots that wait for less than three days"),
    );
}

/// One manager of Renovate for each world of packages that is there.
fn managers(present: &Dependencies<'_>) -> impl Iterator<Item = &'static str> {
    let mut all: Vec<&'static str> = present
        .values()
        .filter_map(|files| {
            files
                .iter()
                .find_map(|file| file.kind.renovate.first().copied())
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

fn not_updated(
    dependabot: Option<&Dependabot>,
    renovate: Option<&Renovate>,
    present: &Dependencies<'_>,
    out: &mut Sink,
) {
    let updated = |file: &DependencyFile<'_>| {
        let by_dependabot = dependabot.is_some_and(|config| {
            file.kind
                .dependabot
                .iter()
                .any(|name| config.of_ecosystem(name).next().is_some())
        });
        let by_renovate = renovate.is_some_and(|config| {
            config.root().is_none() || file.kind.renovate.iter().any(|m| config.updates(m).on)
        });
        by_dependabot || by_renovate
    };
    let home = dependabot.map(|config| config.file().path());
    let home = home.or(renovate.map(|config| config.file().path()));
    for (ecosystem, files) in present {
        // Deep manifests are often tools and data of a part of the project.
        let near = files
            .first()
            .filter(|file| file.path.matches('/').count() <= 2);
        let (Some(first), false) = (near, files.iter().any(updated)) else {
            continue;
        };
        let actions = *ecosystem == Ecosystem::GitHubActions;
        let finding = finding(
            if actions { Severity::Low } else { Severity::Info },
            home.map_or_else(|| Location::missing(dependabot::PLACES[0]), Location::whole_file),
            format!("no update bot looks after {ecosystem}, as in `{}`", first.path),
        )
        .confidence(Confidence::Medium)
        .why("Known holes stay, and pins are given up for moving tags once they are old")
        .fix(if actions {
            "Add `github-actions` to `.github/dependabot.yml`, or let Renovate do it, with a cooldown"
        } else {
            "Add the ecosystem to the update bot, with a cooldown"
        })
        .subject(format!("no-updater/{ecosystem}"))
        .group("dependencies that no update bot looks after");
        // The control is about updates of what builds pull in; who has none
        // for actions has no cooldown for the code that holds the secrets.
        out.report_against(if actions { &[Control::D4] } else { &[] }, finding);
    }
}

fn days(number: u64) -> String {
    match number {
        1 => "one day".to_owned(),
        n => format!("{n} days"),
    }
}
