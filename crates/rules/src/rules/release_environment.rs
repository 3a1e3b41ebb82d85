//! Release jobs without an environment.

use cofferdam_facts::Control;
use cofferdam_findings::{Confidence, Finding, Severity};

use crate::context::Context;
use crate::guards::{self, Guard};
use crate::releases::{self, Publisher, Weight};
use crate::rule::{Rule, Sink};
use crate::shipments;

crate::rule! {
    /// # What
    /// A job publishes something for users, and no environment stands before
    /// it, or one whose settings ask for nothing.
    ///
    /// # Why
    /// The rules of an environment are the one place where a release can be
    /// made to wait for a second person, and where the credential for it can
    /// be kept from every other job. Without them, one account with write
    /// access, or one stolen token, publishes to all users.
    ///
    /// # Vulnerable
    /// ```yaml
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e # v1.13.0
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-latest
    ///     environment: pypi # reviewers, and only tags `v*`
    ///     steps:
    ///       - uses: pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e # v1.13.0
    /// ```
    ///
    /// # How it is decided
    /// A job publishes by the actions and commands it runs, those of composite
    /// actions in the checkout included; sites, drafts of releases, and images
    /// for a registry on the runner are left out, and so is what by its name is
    /// for development. A tag that is pushed is a publication.
    ///
    /// What a target of make or a script of the checkout does is not read: it is
    /// one where its name or the step's says `publish` and the job signs in to a
    /// registry, holds what publishing programs read, or has an identity; with a
    /// registry, `push` and `upload` are enough, and `release` where the step is
    /// handed a credential too; words such as `test`, `dry` or `notes` say
    /// otherwise, and it does not count beside a publication that is read.
    ///
    /// Medium where a stored secret or the job's identity publishes, since an
    /// environment can keep both from other jobs. Low where the job's own token
    /// does (releases of GitHub, packages of `ghcr.io`), which a new workflow
    /// could have as well, and for files of which nobody can tell who runs them.
    /// A name that is a choice between constants is followed, start by start.
    ///
    /// With settings, reviewers or an App that must agree satisfy the control,
    /// and so do limits on the refs; notes say who may go around. Without them
    /// the control is unknown, because GitHub makes an environment without any
    /// rule when a job first names it. No peer has this rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments>
    /// - <https://docs.pypi.org/trusted-publishers/security-model/#considerations>
    pub struct ReleaseEnvironment {
        id: "release-environment",
        title: "A release waits for nobody",
        severity: Medium,
        controls: [C3, S6],
        standards: [Cwe::Cwe862],
    }
}

impl Rule for ReleaseEnvironment {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let publishers = releases::publishers(cx);
        for publisher in &publishers {
            judge(cx, publisher, out);
        }
        let fix = "publish in a job of this repository, with an environment";
        let unread = shipments::tell_unread_calls(cx, Control::S6, fix, out);
        if publishers.is_empty() && !unread {
            out.not_applicable(Control::S6, "no workflow is known to publish for users");
            out.not_applicable(Control::C3, "no workflow is known to publish for users");
        }
    }
}

fn judge(cx: &Context<'_>, publisher: &Publisher<'_>, out: &mut Sink) {
    let job = publisher.job;
    let Some(weight) = publisher.weight() else {
        let place = job.at(job.job.id.span);
        let note = format!(
            "job `{}` publishes for development only, as the names say",
            job.job.name()
        );
        out.satisfied(Control::C3, place, note);
        return;
    };
    let place = (job.job.environment.as_ref()).map_or(job.job.id.span, |e| e.span);
    match publisher.guard(cx) {
        None => report(publisher, weight, None, out),
        Some(Guard::Open { name, exists }) => report(publisher, weight, Some((&name, exists)), out),
        Some(unknown @ Guard::Unknown { .. }) => {
            let controls = [Control::S6, Control::C3];
            guards::tell_unknown(cx, &unknown, &controls, &job.at(place), out);
        }
        Some(Guard::Approved { note, .. }) => {
            for control in [Control::S6, Control::C3] {
                out.satisfied(control, job.at(place), note.clone());
            }
        }
        // Nobody agrees, but the refs are limited: the environment protects,
        // and whether the refs do is another rule's question.
        Some(Guard::Limited { note, .. }) => out.satisfied(Control::S6, job.at(place), note),
    }
}

fn report(publisher: &Publisher<'_>, weight: Weight, open: Option<(&str, bool)>, out: &mut Sink) {
    let job = publisher.job;
    let severity = match weight {
        Weight::Credential => Severity::Medium,
        Weight::Token | Weight::Files => Severity::Low,
    };
    let what = publisher.what();
    let name = job.job.name();
    let (message, fix, group, span) = match open {
        None => (
            format!("job `{name}` publishes {what} without an environment"),
            "Name an environment with reviewers at the job, limit it to release tags, and keep the \
             credential there",
            if weight == Weight::Token {
                "jobs that publish with their own token without an environment"
            } else {
                "jobs that publish without an environment"
            },
            job.job.id.span,
        ),
        Some((environment, exists)) => (
            format!(
                "job `{name}` publishes {what} through environment `{environment}`, which {}",
                if exists {
                    "asks for nothing"
                } else {
                    "does not exist"
                }
            ),
            "Give the environment reviewers, and limit it to release tags",
            "jobs that publish through an environment without rules",
            job.job
                .environment
                .as_ref()
                .map_or(job.job.id.span, |e| e.span),
        ),
    };
    let sometimes = if open.is_none() && job.job.environment.is_some() {
        ", since the expression of `environment:` may be empty"
    } else {
        ""
    };
    let why = match weight {
        Weight::Credential => format!(
            "One account with write access publishes to all users, with nobody agreeing{sometimes}"
        ),
        Weight::Token => format!(
            "One account with write access publishes, with nobody agreeing{sometimes}; the job's \
             own token does it, which an environment delays and does not withhold"
        ),
        Weight::Files => format!(
            "One account with write access replaces the files, with nobody agreeing{sometimes}"
        ),
    };
    let mut finding = Finding::new(ReleaseEnvironment::INFO.id, severity, job.at(span), message)
        .why(why)
        .fix(fix)
        .group(group)
        .subject(job.subject());
    if publisher.is_guess() {
        finding = finding.confidence(Confidence::Medium);
    }
    if let Some(release) = publisher.for_users().max_by_key(|r| r.weight) {
        let note = format!("`{}` publishes", release.publication.means);
        finding = finding.related(job.at(release.publication.span), note);
    }
    out.report(finding);
}
