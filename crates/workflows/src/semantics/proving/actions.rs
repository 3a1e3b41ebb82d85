//! Proving by an action and its inputs.

use cofferdam_facts::Span;

use super::naming::{self, Naming};
use super::{
    Hint, Key, KeyForm, KeyImport, Origin, Proof, Proves, Proving, Refusal, Refused, SbomForm,
    Subject, commands, npm, says_so,
};
use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::semantics::publishing::{self, Registry};
use crate::semantics::surroundings::Surroundings;
use crate::semantics::versions;

/// An action that makes one proof whatever its inputs.
#[rustfmt::skip]
const ACTIONS: &[(&str, Proves, Subject, Key)] = &[
    ("anchore/sbom-action", MADE, Subject::Any, Key::None),
    ("advanced-security/spdx-dependency-submission-action", MADE, Subject::Any, Key::None),
    ("astral-sh/attest-action", SIGNED, Subject::Package(Registry::PyPi), Key::Keyless),
    ("azure/artifact-signing-action", Proves::Code, Subject::Files, Key::Managed),
    ("azure/trusted-signing-action", Proves::Code, Subject::Files, Key::Managed),
    ("cyclonedx/gh-dotnet-generate-sbom", MADE, Subject::Any, Key::None),
    ("cyclonedx/gh-gomod-generate-sbom", MADE, Subject::Any, Key::None),
    ("cyclonedx/gh-node-module-generatebom", MADE, Subject::Any, Key::None),
    ("cyclonedx/gh-php-composer-generate-sbom", MADE, Subject::Any, Key::None),
    ("cyclonedx/gh-python-generate-sbom", MADE, Subject::Any, Key::None),
    ("psastras/sbom-rs", MADE, Subject::Any, Key::None),
    ("sigstore/gh-action-sigstore-python", SIGNED, Subject::Files, Key::Keyless),
    ("signpath/github-action-submit-signing-request", Proves::Code, Subject::Files, Key::Managed),
];

const MADE: Proves = Proves::Sbom(SbomForm::Made);
const SIGNED: Proves = Proves::Signature;

/// What a step proves by the action that it uses.
pub(super) fn of_step(around: &Surroundings<'_>, step: &Step) -> Proving {
    let mut found = Proving::default();
    let (Some(uses), Some(name)) = (step.uses(), step.action()) else {
        return found;
    };
    let made = Made {
        around,
        step,
        span: uses.span,
        name: &name,
    };
    match name {
        "actions/attest" | "actions/attest-build-provenance" | "actions/attest-sbom" => {
            made.attest(&mut found);
        }
        "docker/build-push-action"
        | "docker/bake-action"
        | "depot/build-push-action"
        | "depot/bake-action" => made.buildx(&mut found),
        "pypa/gh-action-pypi-publish" => made.pypi(&mut found),
        "rubygems/release-gem" => made.gem(&mut found),
        "js-devtools/npm-publish" | "changesets/action" | "cycjimmy/semantic-release-action" => {
            if publishing::by_action(around, step).is_some() {
                npm::by_action(around, step, uses.span, &name, &mut found);
            }
        }
        "crazy-max/ghaction-import-gpg"
        | "actions/setup-java"
        | "paultyng/ghaction-import-gpg"
        | "hashicorp/ghaction-import-gpg" => made.import(&mut found),
        "aquasecurity/trivy-action" => {
            let format = step.input("format").map_or("", |t| t.value.as_str());
            if format.contains("cyclonedx") || format.contains("spdx") {
                found.proofs.push(made.proof(MADE, Subject::Any, Key::None));
            }
        }
        "notaryproject/notation-action/sign" => made.notation(&mut found),
        "cli/gh-extension-precompile" if made.is("generate_attestations", "true") => {
            let proves = Proves::Provenance(Origin::Platform);
            found
                .proofs
                .push(made.proof(proves, Subject::Files, Key::Keyless));
        }
        _ => made.listed(&mut found),
    }
    found
}

struct Made<'a> {
    around: &'a Surroundings<'a>,
    step: &'a Step,
    span: Span,
    name: &'a str,
}

impl Made<'_> {
    fn proof(&self, proves: Proves, subject: Subject, key: Key) -> Proof {
        Proof {
            proves,
            subject,
            naming: Naming::File,
            key,
            step: self.step.index,
            span: self.span,
            means: self.name.to_owned(),
            target: None,
            own: proves.is_part_of_push(),
            sure: true,
        }
    }

    fn input(&self, name: &str) -> Option<&Text> {
        self.step.input(name).filter(|t| !t.value.trim().is_empty())
    }

    fn is(&self, input: &str, value: &str) -> bool {
        self.input(input)
            .and_then(Text::literal)
            .is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
    }

    fn listed(&self, found: &mut Proving) {
        let row = ACTIONS.iter().find(|(action, ..)| {
            let inside = self.name.strip_prefix(action);
            inside.is_some_and(|inside| match inside {
                "" => true,
                "/publish-sbom" => action.contains("sbom"),
                _ => false,
            })
        });
        if let Some((_, proves, subject, key)) = row {
            found.proofs.push(self.proof(*proves, *subject, *key));
        } else if self.name.contains("sbom") && !self.name.contains("download") {
            found.proofs.push(self.proof(MADE, Subject::Any, Key::None));
        } else if says_so(self.name)
            && !self.name.contains("installer")
            && !self.name.contains("setup")
        {
            found.hints.push(Hint {
                step: self.step.index,
                span: self.span,
                means: self.name.to_owned(),
            });
        }
    }

    // One action since version 4: without an SBOM and without a statement of
    // one's own it makes provenance.
    fn attest(&self, found: &mut Proving) {
        let own_statement = ["predicate", "predicate-path", "predicate-type"]
            .iter()
            .any(|input| self.input(input).is_some());
        let kind = self
            .input("predicate-type")
            .map_or("", |t| t.value.as_str());
        let proves = if self.name == "actions/attest-sbom" || self.input("sbom-path").is_some() {
            Proves::Sbom(SbomForm::Attested)
        } else if self.name == "actions/attest-build-provenance" || !own_statement {
            Proves::Provenance(Origin::Platform)
        } else if kind.contains("slsa") {
            Proves::Provenance(Origin::Written)
        } else {
            return;
        };
        let pushed = self.is("push-to-registry", "true");
        let by_digest = self.input("subject-digest").is_some();
        let files =
            self.input("subject-path").is_some() || self.input("subject-checksums").is_some();
        let name = self.input("subject-name");
        let subject = match (pushed || by_digest, files) {
            // A name that is put in at run time goes with a digest from a push.
            (true, _) if pushed || name.is_some_and(|n| n.value.contains(['/', '$'])) => {
                Subject::Image
            }
            (false, true) => Subject::Files,
            _ => Subject::Any,
        };
        found.proofs.push(Proof {
            naming: if by_digest {
                Naming::Digest
            } else {
                Naming::File
            },
            target: name.map(|n| self.around.resolve(self.step, n)),
            ..self.proof(proves, subject, Key::Keyless)
        });
    }

    fn buildx(&self, found: &mut Proving) {
        if publishing::by_action(self.around, self.step).is_none() {
            return;
        }
        let version = versions::of_step(self.around.document, self.step);
        let attests = self.input("attests").map_or("", |t| t.value.as_str());
        let set = self.input("set").map_or("", |t| t.value.as_str());
        let wants = |kind: &str| {
            attests.contains(&format!("type={kind}"))
                || set.contains(&format!("attest=type={kind}"))
        };
        let provenance = self
            .input("provenance")
            .map(|t| (t, t.value.trim() == "false"));
        match provenance {
            Some((text, true)) if !wants("provenance") => {
                self.refuse(found, Refused::Provenance, text.span, "provenance: false");
            }
            // Depot's own action leaves it out unless asked; Docker's puts it in
            // since version 4 unless a variable says otherwise.
            None if !wants("provenance")
                && (self.name.starts_with("depot/") || !versions::at_least(version, 4, 0)) => {}
            None if !wants("provenance") && commands::defaults_are_off(self.around, self.step) => {
                let written = "BUILDX_NO_DEFAULT_ATTESTATIONS";
                self.refuse(found, Refused::Provenance, self.span, written);
            }
            _ => {
                let proves = Proves::Provenance(Origin::Embedded);
                found
                    .proofs
                    .push(self.proof(proves, Subject::Image, Key::None));
            }
        }
        match self.input("sbom").map(|t| (t, t.value.trim() == "false")) {
            Some((text, true)) if !wants("sbom") => {
                self.refuse(found, Refused::Sbom, text.span, "sbom: false");
            }
            None if !wants("sbom") => {}
            _ => {
                let proves = Proves::Sbom(SbomForm::Attached);
                found
                    .proofs
                    .push(self.proof(proves, Subject::Image, Key::None));
            }
        }
    }

    fn refuse(&self, found: &mut Proving, what: Refused, span: Span, written: &str) {
        found.refusals.push(Refusal {
            what,
            step: self.step.index,
            span,
            written: written.to_owned(),
        });
    }

    // Attestations are the default since 1.11, where no password is given.
    fn pypi(&self, found: &mut Proving) {
        let version = versions::of_step(self.around.document, self.step);
        if self.is("attestations", "false") {
            let span = self.input("attestations").map_or(self.span, |t| t.span);
            self.refuse(found, Refused::Signature, span, "attestations: false");
            return;
        }
        let trusted = self.input("password").is_none() && self.around.id_token != Some(false);
        let asked = self.is("attestations", "true");
        if trusted && (asked || versions::at_least(version, 1, 11)) {
            let subject = Subject::Package(Registry::PyPi);
            let proves = Proves::Provenance(Origin::Publish);
            found.proofs.push(self.proof(proves, subject, Key::Keyless));
        }
    }

    // Attestations are the default since 1.1.
    fn gem(&self, found: &mut Proving) {
        let version = versions::of_step(self.around.document, self.step);
        if self.is("attestations", "false") {
            let span = self.input("attestations").map_or(self.span, |t| t.span);
            self.refuse(found, Refused::Signature, span, "attestations: false");
        } else if versions::at_least(version, 1, 1) && self.around.id_token != Some(false) {
            let subject = Subject::Package(Registry::Gems);
            found.proofs.push(self.proof(SIGNED, subject, Key::Keyless));
        }
    }

    fn import(&self, found: &mut Proving) {
        let key = ["gpg_private_key", "gpg-private-key"]
            .iter()
            .find_map(|input| self.input(input));
        let Some(key) = key else { return };
        let commits = [
            "git_commit_gpgsign",
            "git_tag_gpgsign",
            "git_user_signingkey",
            "git-user-signingkey",
            "git-commit-gpgsign",
        ]
        .iter()
        .any(|input| self.is(input, "true"));
        found.imports.push(KeyImport {
            form: KeyForm::Pgp,
            step: self.step.index,
            span: key.span,
            means: self.name.to_owned(),
            commits_only: commits,
        });
    }

    fn notation(&self, found: &mut Proving) {
        let target = self.input("target_artifact_reference");
        let list = target.map_or("", |t| t.value.as_str());
        let naming = list
            .lines()
            .map(|line| {
                naming::of_text(line, &|name| {
                    let value = self.around.variable(self.step, name);
                    value.map(|t| t.value.clone()).into_iter().collect()
                })
            })
            .max_by_key(|naming| *naming == Naming::Tag)
            .unwrap_or(Naming::Unknown);
        found.proofs.push(Proof {
            naming,
            target: target.map(|t| t.value.clone()),
            ..self.proof(SIGNED, Subject::Image, Key::Managed)
        });
    }
}
