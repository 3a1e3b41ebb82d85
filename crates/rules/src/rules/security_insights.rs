//! SECURITY-INSIGHTS: missing, invalid, out of date, or untrue.

use cofferdam_facts::{Control, Location, Span, Timestamp};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Insights, Problem, ProblemKind};
use cofferdam_workflows::insights::TO_ANSWER;
use cofferdam_workflows::insights::claims::{self, Facts, Subject};

use crate::context::Context;
use crate::dependencies;
use crate::rule::{Rule, Sink};
use crate::unread;

crate::rule! {
    /// # What
    /// The machine-readable description of the project's security is missing,
    /// breaks its specification, has expired, was last reviewed more than a
    /// year ago, or says what the checkout contradicts.
    ///
    /// # Why
    /// Tools of users read from it whom to tell of a vulnerability, how
    /// releases are made and what is attested of them. A report that goes to a
    /// contact of three years ago is lost; a claim that is not true is worse
    /// than none.
    ///
    /// # Vulnerable
    /// ```yaml
    /// header:
    ///   schema-version: 1.0.0
    ///   expiration-date: '2024-10-01T00:00:00.000Z'
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// header:
    ///   schema-version: 2.2.0
    ///   last-reviewed: '2026-11-01'
    /// ```
    ///
    /// # How it is decided
    /// The file is compared with the version of the specification that it names
    /// (1.0, 2.0 to 2.2). Version 1 expires on its own date; version 2 has none,
    /// so a review of more than 365 days ago counts as stale; without the day of
    /// the run both are unknown.
    ///
    /// Links to files of the repository's default branch must lead to files of
    /// the checkout; whether releases are automated and attested, whether bots
    /// are welcome, whether packages of others are used and which tools run in
    /// CI is compared with workflows, bots and lockfiles. What nothing in the
    /// checkout settles is not contradicted: people, dates of audits, links
    /// elsewhere.
    ///
    /// Everything is low or informational.
    ///
    /// CLOMonitor passes every file that parses; nothing else looks at expiry or
    /// truth. `cofferdam insights renew` mends what is plain and asks the rest.
    ///
    /// # References
    /// - <https://github.com/ossf/security-insights>
    /// - <https://security-insights.openssf.org/>
    pub struct SecurityInsights {
        id: "security-insights",
        title: "The description of the project's security is missing, stale or untrue",
        severity: Low,
        controls: [G2],
        standards: [Cwe::Cwe1059],
    }
}

/// How long a review is believed, in days.
const REVIEW_DAYS: i64 = 365;
/// How long before its expiry a file is worth a word, in days.
const SOON_DAYS: i64 = 30;
/// How many places stand beside the first one.
const MOST_RELATED: usize = 10;

impl Rule for SecurityInsights {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        if cx.repository.insights.is_empty() {
            let what = "whether there is a SECURITY-INSIGHTS file";
            if !unread::elsewhere(cx, Control::G2, what, out) {
                absent(out);
            }
            return;
        }
        let today = cx.facts.now.map(Timestamp::midnight);
        for file in &cx.repository.insights {
            let before = out.findings.len();
            problems(file, out);
            unanswered(file, out);
            let dated = age(file, today, out);
            let other = contradictions(cx, file, out);
            if let Some(place) = other {
                // A fork carries the file of its parent along, rightly so.
                out.unknown(
                    Control::G2,
                    Some(place),
                    "whether this is a fork of the repository that the file describes",
                    "`cofferdam audit --repository OWNER/NAME` with the parent's name",
                );
                continue;
            }
            let weighty = |finding: &Finding| finding.severity > Severity::Info;
            if dated && !out.findings.iter().skip(before).any(weighty) {
                out.satisfied(
                    Control::G2,
                    Location::whole_file(file.file().path()),
                    "valid, reviewed, and nothing in it is contradicted",
                );
            }
        }
    }
}

fn absent(out: &mut Sink) {
    out.report(
        Finding::new(
            SecurityInsights::INFO.id,
            Severity::Low,
            Location::missing("security-insights.yml"),
            "there is no SECURITY-INSIGHTS file",
        )
        .why(
            "Tools of users cannot learn whom to tell of a vulnerability and how releases are made",
        )
        .fix("Run `cofferdam insights renew --write` and answer what it asks")
        .subject("missing")
        .group("repositories without a SECURITY-INSIGHTS file"),
    );
}

fn finding(file: &Insights, severity: Severity, span: Span, message: String) -> Finding {
    Finding::new(
        SecurityInsights::INFO.id,
        severity,
        file.file().locate(span),
        message,
    )
}

fn problems(file: &Insights, out: &mut Sink) {
    let is_unknown = |problem: &&Problem| problem.kind == ProblemKind::UnknownKey;
    for problem in file
        .problems()
        .iter()
        .filter(|problem| !is_unknown(problem))
    {
        out.report(
            finding(file, Severity::Low, problem.span, problem.message.clone())
                .why("A tool that reads the file by its specification refuses it")
                .fix("Write what the specification asks for")
                .subject(problem.message.clone())
                .group("places where SECURITY-INSIGHTS breaks its specification"),
        );
    }
    let version = file
        .version
        .as_ref()
        .map(|v| (v.value.major, v.value.minor));
    let unknown: Vec<&Problem> = file.problems().iter().filter(is_unknown).collect();
    // Version 2.0 leaves room for keys of one's own.
    let ([first, rest @ ..], false) = (unknown.as_slice(), version == Some((2, 0))) else {
        return;
    };
    let message = match rest.len() {
        0 => first.message.clone(),
        1 => format!("{}, and one more key is not either", first.message),
        more => format!("{}, and {more} more keys are not either", first.message),
    };
    let found = finding(file, Severity::Info, first.span, message)
        .why("A tool that reads the file by its specification passes over what these keys say")
        .fix("Write the keys of the version that the file names, or name the version that it is written in")
        .subject("unknown-keys")
        .group("SECURITY-INSIGHTS files with keys that their version does not have");
    let rest = rest.iter().take(MOST_RELATED);
    out.report_against(
        &[],
        rest.fold(found, |finding, problem| {
            finding.related(file.file().locate(problem.span), problem.message.clone())
        }),
    );
}

/// A draft that nobody has finished says little.
fn unanswered(file: &Insights, out: &mut Sink) {
    let text = file.file().text();
    let Some(first) = text.find(TO_ANSWER) else {
        return;
    };
    let number = text.matches(TO_ANSWER).count();
    let span = Span::new(first, first + TO_ANSWER.len());
    let message = match number {
        1 => "it is a draft with one question left".to_owned(),
        _ => format!("it is a draft with {number} questions left"),
    };
    out.report(
        finding(file, Severity::Low, span, message)
            .why("What stands there until somebody answers is nobody's claim")
            .fix(format!("Answer every `{TO_ANSWER}` and take the mark out"))
            .subject("draft")
            .group("SECURITY-INSIGHTS files that are drafts"),
    );
}

/// Whether the dates are known and good.
fn age(file: &Insights, today: Option<Timestamp>, out: &mut Sink) -> bool {
    let dated = file.expires.is_some() || file.last_reviewed.is_some();
    let Some(today) = today else {
        if dated {
            out.unknown(
                Control::G2,
                Some(Location::whole_file(file.file().path())),
                "the day of the run",
                "`cofferdam audit --date YYYY-MM-DD`",
            );
        }
        return false;
    };
    let stale = |span, message: String| {
        finding(file, Severity::Low, span, message)
            .why("Nobody vouches for what it says; a report may go to somebody who has left")
            .fix("Review it and run `cofferdam insights renew --write`")
            .subject("stale")
            .group("SECURITY-INSIGHTS files that are out of date")
    };
    if let (Some(expires), Some(left)) = (&file.expires, file.days_left(today)) {
        if left < 0 {
            out.report(stale(
                expires.span,
                format!("it expired on {}", expires.value.date()),
            ));
            return false;
        }
        if left <= SOON_DAYS {
            let soon = stale(
                expires.span,
                format!("it expires on {}", expires.value.date()),
            );
            out.report_against(
                &[],
                Finding {
                    severity: Severity::Info,
                    ..soon
                },
            );
        }
        return true;
    }
    let (Some(reviewed), Some(since)) = (&file.last_reviewed, file.days_since_review(today)) else {
        // That a date is missing is a problem of its own.
        return true;
    };
    if since > REVIEW_DAYS {
        out.report(stale(
            reviewed.span,
            format!("it was last reviewed on {}", reviewed.value.date()),
        ));
        return false;
    }
    if since < -1 {
        out.report(stale(
            reviewed.span,
            format!(
                "it claims a review on {}, which is yet to come",
                reviewed.value.date()
            ),
        ));
        return false;
    }
    true
}

/// Gives the place that names another repository, if one does.
fn contradictions(cx: &Context<'_>, file: &Insights, out: &mut Sink) -> Option<Location> {
    let mut other = None;
    let default = cx.facts.settings.and_then(|s| s.repository.known());
    let facts = Facts {
        repository: cx.repository,
        default_branch: default.map(|repository| repository.default_branch.as_str()),
        publishes: cx.all_jobs().any(|job| !job.stakes().publishes.is_empty()),
        lockfile: dependencies::lockfile(&cx.dependencies),
    };
    for claim in claims::contradictions(file, &facts) {
        if claim.subject == Subject::Repository {
            other = Some(file.file().locate(claim.span));
        }
        let severity = if claim.certain {
            Severity::Low
        } else {
            Severity::Info
        };
        let confidence = match (claim.certain, claim.subject) {
            (true, _) => Confidence::High,
            (false, Subject::Tool) => Confidence::Low,
            (false, _) => Confidence::Medium,
        };
        let controls: &[Control] = if claim.certain { &[Control::G2] } else { &[] };
        let fix = match &claim.instead {
            Some(value) => format!("Write `{value}`, or run `cofferdam insights renew --write`"),
            None => "Make the claim true, or take it out".to_owned(),
        };
        out.report_against(
            controls,
            finding(file, severity, claim.span, claim.message.clone())
                .confidence(confidence)
                .why("Who decides by this file decides by something that is not so")
                .fix(fix)
                .subject(claim.message)
                .group("claims of SECURITY-INSIGHTS that the checkout contradicts"),
        );
    }
    other
}
