//! Parts of secrets that no mask covers, and that a log shows.

use std::collections::BTreeSet;

use cofferdam_facts::settings::Fact;
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::secrets;
use cofferdam_workflows::semantics::secrets::shown::{self, Derived, Held, Place};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A step takes a part out of a secret, or makes something else of it, and
    /// the result comes into the log without a mask.
    ///
    /// # Why
    /// GitHub masks a secret as it is stored. It does not know that a part of
    /// it is a password as well. The log of every step begins with its `env:`
    /// and `with:` and with the script that runs, so that
    /// `${{ fromJSON(secrets.X).password }}` is printed without anybody asking
    /// for it. The logs of a public repository can be read by everybody with an
    /// account, and stay for months.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: deploy
    ///   env:
    ///     PASSWORD: ${{ fromJSON(secrets.DATABASE).password }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: deploy
    ///   env:
    ///     PASSWORD: ${{ secrets.DATABASE_PASSWORD }}
    /// ```
    ///
    /// # How it is decided
    /// Expressions: a step into `fromJSON` of a secret, where its value counts
    /// and not a comparison, in `env:`, `with:` and `run:`. Scripts: variables
    /// are followed from `env:` and expressions through assignments, pipes,
    /// here-strings and substitutions to what prints them or writes them to
    /// `GITHUB_ENV`, which the log of the next step shows. `base64 -d`, `jq`,
    /// `cut`, `sed`, `awk`, `rev`, `xxd` and their like change a value so that
    /// its mask no longer fits; `base64` without `-d` does not, for the runner
    /// masks that form too. `::add-mask::` before, in the same script or an
    /// earlier step, makes it right. High, with medium confidence, where it is
    /// not known whether the repository is public; medium for a few letters of
    /// a secret, and where the settings say that the repository is not public;
    /// informational where the part by its name is no secret, as `region` or
    /// `client_id`. Values that go through outputs of steps are not followed.
    /// zizmor's `unredacted-secrets` sees expressions alone and gives
    /// identifiers and passwords one severity.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log>
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    pub struct UnmaskedSecret {
        id: "unmasked-secret",
        title: "A part of a secret comes into the log without a mask",
        severity: High,
        controls: [C4],
        peers: [
            "zizmor/unredacted-secrets",
            "codeql/UnmaskedSecretExposure",
            "sisakulint/unmasked-secret-exposure",
        ],
        standards: [Cwe::Cwe532],
    }
}

/// Names of parts that say where or who, besides those of accounts.
const HARMLESS: &[&str] = &[
    "cluster",
    "database",
    "db",
    "domain",
    "endpoint",
    "env",
    "environment",
    "host",
    "hostname",
    "id",
    "name",
    "port",
    "project",
    "region",
    "stage",
    "type",
    "uri",
    "url",
    "version",
    "zone",
];

impl Rule for UnmaskedSecret {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let mut judged = Judged {
                cx,
                view,
                reported: BTreeSet::new(),
            };
            let mut masked = false;
            for step in view.job.steps() {
                let script = cx.script(workflow.path(), step);
                let first = step.index == 0;
                let shared: [&[Pair]; 2] = [&view.job.env, &workflow.env];
                for (text, held) in
                    printed(step, shared.iter().flat_map(|pairs| pairs.iter()), first)
                {
                    judged.expression(step, text, &held, masked, out);
                }
                if let (Some(text), Some(script)) = (step.script(), script) {
                    let env: [&[Pair]; 3] = [&step.env, &view.job.env, &workflow.env];
                    for one in shown::of_script(text, script, &env) {
                        let last = view.job.steps().last().map(|last| last.index);
                        let unseen = one.place == Place::Environment && last == Some(step.index);
                        // What an expression takes out is reported where it stands.
                        let made = matches!(one.held.derived, Some(Derived::Made(_)));
                        if made && !masked && !unseen {
                            let span = text.raw_span(&workflow.document, one.range);
                            let place = view.at(span);
                            judged.report(step, &one.held, place, Some(one.place), out);
                        }
                    }
                    masked |= shown::masks(script);
                }
            }
        }
    }
}

/// The texts that the log of a step begins with, with what they hold.
fn printed<'s>(
    step: &'s Step,
    shared: impl Iterator<Item = &'s Pair>,
    first: bool,
) -> Vec<(&'s Text, Held)> {
    // What stands around the step is looked at once a job.
    let around = shared.filter(|_| first).map(|pair| &pair.value);
    let own = step
        .texts()
        .filter(|(place, _)| matches!(*place, "run" | "with" | "env"))
        .map(|(_, text)| text);
    around
        .chain(own)
        .map(|text| (text, shown::of_text(text)))
        .filter(|(_, held)| held.derived.is_some())
        .collect()
}

struct Judged<'c, 'j> {
    cx: &'j Context<'c>,
    view: &'j JobView<'c>,
    reported: BTreeSet<String>,
}

impl Judged<'_, '_> {
    fn expression(&mut self, step: &Step, text: &Text, held: &Held, masked: bool, out: &mut Sink) {
        let place = self.view.at(text.span);
        if masked {
            let note = "what is taken out of a secret is masked by a step before";
            out.satisfied(Control::C4, place, note);
        } else {
            self.report(step, held, place, None, out);
        }
    }

    fn report(
        &mut self,
        step: &Step,
        held: &Held,
        place: Location,
        printed: Option<Place>,
        out: &mut Sink,
    ) {
        let view = self.view;
        let Some(Derived::Part(part) | Derived::Made(part)) = &held.derived else {
            return;
        };
        let names: Vec<&str> = held.names.iter().map(String::as_str).collect();
        let names = names.join(", ");
        let subject = format!("{} {names} {part}", view.step_subject(step));
        // Several steps often take the same.
        let key = format!("{names} {part}");
        if !self.reported.insert(key) {
            return;
        }
        let harmless = is_harmless(part);
        let piece = matches!(part.as_str(), "cut" | "awk" | "sed");
        let public = self.cx.facts.settings.map(|settings| settings.is_public());
        let (severity, confidence) = match public {
            _ if harmless => (Severity::Info, Confidence::Medium),
            Some(Fact::Known(false)) => (Severity::Medium, Confidence::High),
            _ if piece => (Severity::Medium, Confidence::Medium),
            Some(Fact::Known(true)) => (Severity::High, Confidence::High),
            _ => (Severity::High, Confidence::Medium),
        };
        let job = view.job.name();
        let how = match printed {
            None => format!("takes `{part}` out of {names}, and its log shows it"),
            Some(Place::Log) => format!("prints what `{part}` makes of {names}"),
            Some(Place::Environment) => format!(
                "writes what `{part}` makes of {names} to GITHUB_ENV, which the next log shows"
            ),
        };
        let finding = Finding::new(
            UnmaskedSecret::INFO.id,
            severity,
            place,
            format!("job `{job}` {how}"),
        )
        .why("GitHub masks the secret as a whole and not what is made of it; whoever may read the log has it")
        .fix(if printed.is_none() {
            "Store the part as a secret of its own"
        } else {
            "Say `echo \"::add-mask::$VALUE\"` before it is printed or stored, or store it as a secret of its own"
        })
        .confidence(confidence)
        .group("parts of secrets that no mask covers")
        .subject(subject);
        if harmless {
            out.report_against(&[], finding);
        } else {
            out.report(finding);
        }
    }
}

fn is_harmless(part: &str) -> bool {
    let lower = part.to_ascii_lowercase().replace('-', "_");
    HARMLESS.contains(&lower.as_str()) || secrets::is_identifier(&lower)
}
