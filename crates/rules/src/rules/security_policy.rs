//! SECURITY.md: missing, a template, or without a way to report.

use cofferdam_facts::settings::Fact;
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::SecurityPolicy;
use cofferdam_workflows::documents::security_policy::{self, ChannelKind};

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::unread;

crate::rule! {
    /// # What
    /// The repository has no security policy, only GitHub's template, or a
    /// policy that names no way to report a vulnerability in private.
    ///
    /// # Why
    /// Who finds a vulnerability and no address writes a public issue, or
    /// nothing. Both leave users open longer than they need be.
    ///
    /// # Vulnerable
    /// ```markdown
    /// # Security Policy
    /// Use this section to tell people how to report a vulnerability.
    /// ```
    ///
    /// # Fixed
    /// ```markdown
    /// # Security Policy
    /// Report vulnerabilities in private by
    /// <https://github.com/our-org/app/security/advisories/new>.
    /// You get an answer within three working days.
    /// ```
    ///
    /// # How it is decided
    /// The file is looked for where GitHub looks. An address, GitHub's form or a
    /// bounty platform is a way to report. A link to anything else may lead to
    /// one, so the control is then unknown. Where the settings are known, they
    /// are joined: private vulnerability reporting that is on is a way to report
    /// even without a file, and a file that sends people to a form that is off
    /// is found.
    ///
    /// A file without a word on times is informational. An owner's common policy
    /// in its `.github` repository cannot be seen from here, so that a missing
    /// file is of medium confidence and leaves the control unknown.
    ///
    /// Scorecard's `Security-Policy` counts links and words in the same file; it
    /// knows neither the template nor whether the form is on.
    ///
    /// # References
    /// - <https://docs.github.com/en/code-security/getting-started/adding-a-security-policy-to-your-repository>
    /// - <https://docs.github.com/en/code-security/security-advisories/working-with-repository-security-advisories/configuring-private-vulnerability-reporting-for-a-repository>
    pub struct SecurityPolicyRule {
        id: "security-policy",
        title: "There is no way to report a vulnerability in private",
        severity: Low,
        controls: [G2, G5],
        peers: ["scorecard/Security-Policy"],
        standards: [Cwe::Cwe1059, Scorecard::SecurityPolicy, Osps::Vm0201, Osps::Vm0301],
    }
}

/// Whether GitHub's form for private reports is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    On,
    Off,
    Unknown,
}

const SETTLE: &str = "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`";

impl Rule for SecurityPolicyRule {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let form = match cx
            .facts
            .settings
            .map(|s| &s.security.private_vulnerability_reporting)
        {
            Some(Fact::Known(true)) => Form::On,
            Some(Fact::Known(false)) => Form::Off,
            _ => Form::Unknown,
        };
        let files = &cx.repository.security_policies;
        let path = security_policy::effective(files.iter().map(|file| file.file().path()));
        // Another ending than `.md` is shown by GitHub too.
        let file = files
            .iter()
            .find(|file| Some(file.file().path()) == path)
            .or(files.first());
        match file {
            None => {
                let what = "whether there is a security policy";
                if !unread::elsewhere(cx, Control::G5, what, out) {
                    missing(form, out);
                }
            }
            Some(file) if file.too_large => out.unknown(
                Control::G5,
                Some(Location::whole_file(file.file().path())),
                "what the security policy says, for it is too large",
                "shorten it",
            ),
            Some(file) => judge(file, form, out),
        }
    }
}

fn finding(severity: Severity, place: Location, message: impl Into<String>) -> Finding {
    Finding::new(SecurityPolicyRule::INFO.id, severity, place, message)
}

const LOST: &str = "Who finds a vulnerability writes a public issue, or nothing";

fn missing(form: Form, out: &mut Sink) {
    let place = Location::missing("SECURITY.md");
    if form == Form::On {
        out.satisfied(
            Control::G5,
            place.clone(),
            "private vulnerability reporting is on",
        );
    } else {
        out.unknown(
            Control::G5,
            Some(place.clone()),
            "whether the owner's `.github` repository has a policy for all its repositories",
            "look there, or write a SECURITY.md here",
        );
    }
    let (severity, why) = if form == Form::On {
        (
            Severity::Info,
            "GitHub's form takes reports, but nothing says what happens to them and when",
        )
    } else {
        (Severity::Low, LOST)
    };
    out.report_against(
        &[],
        finding(severity, place, "there is no security policy")
            .confidence(Confidence::Medium)
            .why(why)
            .fix(
                "Write a SECURITY.md with a private way to report and the time in which you answer",
            )
            .subject("missing")
            .group("repositories without a security policy"),
    );
}

fn judge(file: &SecurityPolicy, form: Form, out: &mut Sink) {
    let whole = Location::whole_file(file.file().path());
    if let (true, Some(span)) = (file.is_template(), file.template) {
        out.report(
            finding(
                Severity::Low,
                file.file().locate(span),
                "the security policy is the template",
            )
            .why(LOST)
            .fix("Replace the template's sentences by a private way to report")
            .subject("template")
            .group("security policies that are only the template"),
        );
        return;
    }
    let sure = file
        .channels
        .iter()
        .find(|c| !matches!(c.kind, ChannelKind::Link | ChannelKind::PrivateReport));
    let to_form = file
        .channels
        .iter()
        .find(|c| c.kind == ChannelKind::PrivateReport);
    let place = |span| file.file().locate(span);
    match (sure, to_form, form) {
        (Some(channel), ..) => {
            out.satisfied(
                Control::G5,
                place(channel.span),
                format!("reports go to {}", channel.text),
            );
        }
        (None, _, Form::On) => {
            out.satisfied(
                Control::G5,
                whole.clone(),
                "private vulnerability reporting is on",
            );
        }
        (None, Some(channel), Form::Off) => {
            out.report_against(
                &[Control::G5],
                finding(
                    Severity::Low,
                    place(channel.span),
                    "the policy sends reports to GitHub's form, which is off",
                )
                .why(LOST)
                .fix("Turn on private vulnerability reporting in the settings")
                .subject("form")
                .group("security policies whose only way to report is closed"),
            );
            return;
        }
        (None, Some(channel), Form::Unknown) => out.unknown(
            Control::G5,
            Some(place(channel.span)),
            "whether private vulnerability reporting is on",
            SETTLE,
        ),
        (None, None, _) => no_way(file, form, out),
    }
    out.satisfied(Control::G2, whole.clone(), "there is a security policy");
    if file.timeline.is_none() {
        out.report_against(
            &[],
            finding(
                Severity::Info,
                whole,
                "the security policy names no time in which reports are answered",
            )
            .why("Reporters do not know when to ask again, and publish earlier than they need")
            .fix("Say within how many days a report is answered and when it is made public")
            .subject("timeline")
            .group("security policies that name no time"),
        );
    }
}

/// The text names neither an address nor a form.
fn no_way(file: &SecurityPolicy, form: Form, out: &mut Sink) {
    let lower = file.file().text().to_ascii_lowercase();
    let private = [
        "privately report",
        "private vulnerability report",
        "report a vulnerability",
        "security advisor",
    ];
    let speaks_of_form = private.iter().any(|words| lower.contains(words));
    let link = file.channels.first();
    let whole = Location::whole_file(file.file().path());
    match link {
        Some(link) => out.unknown(
            Control::G5,
            Some(file.file().locate(link.span)),
            format!("whether {} takes reports in private", link.text),
            "name an address or GitHub's form in the policy",
        ),
        None if speaks_of_form && form == Form::Unknown => out.unknown(
            Control::G5,
            Some(whole),
            "whether private vulnerability reporting is on",
            SETTLE,
        ),
        None => out.report_against(
            &[Control::G5],
            finding(
                Severity::Low,
                whole,
                "the security policy names no way to report",
            )
            .why(LOST)
            .fix("Name an address or GitHub's form for private reports")
            .subject("channel")
            .group("security policies that name no way to report"),
        ),
    }
}
