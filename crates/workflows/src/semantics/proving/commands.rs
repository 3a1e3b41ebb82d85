//! Proving by a command of a script.

use std::ops::Range;

use cofferdam_facts::Span;

use super::liveness::{self, Live};
use super::naming::{self, Naming};
use super::{
    Hint, Key, KeyForm, KeyImport, Origin, Proof, Proves, Proving, Refusal, Refused, SbomForm,
    Subject, cosign, npm, says_so,
};
use crate::documents::step::Step;
use crate::semantics::publishing::Registry;
use crate::semantics::publishing::programs::{self, Program};
use crate::semantics::surroundings::Surroundings;
use crate::shell::{Command, Script};

/// A call that makes one proof whatever its arguments.
struct Row {
    program: &'static str,
    /// Words that must stand among the arguments.
    words: &'static [&'static str],
    proves: Proves,
    subject: Subject,
    key: Key,
}

const fn row(
    program: &'static str,
    words: &'static [&'static str],
    proves: Proves,
    subject: Subject,
    key: Key,
) -> Row {
    Row {
        program,
        words,
        proves,
        subject,
        key,
    }
}

const MADE: Proves = Proves::Sbom(SbomForm::Made);
const SIGNED: Proves = Proves::Signature;
const CODE: Proves = Proves::Code;
const PGP: Key = Key::Stored(KeyForm::Pgp);
const OTHER: Key = Key::Stored(KeyForm::Other);

#[rustfmt::skip]
const COMMANDS: &[Row] = &[
    row("gpg", &["--detach-sign"], SIGNED, Subject::Files, PGP),
    row("gpg", &["--detach-sig"], SIGNED, Subject::Files, PGP),
    row("gpg", &["-b"], SIGNED, Subject::Files, PGP),
    row("gpg", &["-ab"], SIGNED, Subject::Files, PGP),
    row("gpg", &["-ba"], SIGNED, Subject::Files, PGP),
    row("gpg", &["--clearsign"], SIGNED, Subject::Files, PGP),
    row("gpg", &["--clear-sign"], SIGNED, Subject::Files, PGP),
    row("gpg", &["--sign"], SIGNED, Subject::Files, PGP),
    row("rpm", &["--addsign"], CODE, Subject::Files, PGP),
    row("rpmsign", &["--addsign"], CODE, Subject::Files, PGP),
    row("rpm-sign", &[], CODE, Subject::Files, PGP),
    row("debsign", &[], CODE, Subject::Files, PGP),
    row("dpkg-sig", &["--sign"], CODE, Subject::Files, PGP),
    row("helm", &["package", "--sign"], SIGNED, Subject::Files, PGP),
    row("minisign", &["-S"], SIGNED, Subject::Files, OTHER),
    row("minisign", &["-Sm"], SIGNED, Subject::Files, OTHER),
    row("rsign", &["sign"], SIGNED, Subject::Files, OTHER),
    row("signify", &["-S"], SIGNED, Subject::Files, OTHER),
    row("ssh-keygen", &["-Y", "sign"], SIGNED, Subject::Files, OTHER),
    row("openssl", &["dgst", "-sign"], SIGNED, Subject::Files, OTHER),
    row("jarsigner", &[], CODE, Subject::Files, OTHER),
    row("signtool", &["sign"], CODE, Subject::Files, Key::Managed),
    row("signtool.exe", &["sign"], CODE, Subject::Files, Key::Managed),
    row("AzureSignTool", &["sign"], CODE, Subject::Files, Key::Managed),
    row("osslsigncode", &["sign"], CODE, Subject::Files, OTHER),
    row("codesign", &["--sign"], CODE, Subject::Files, OTHER),
    row("codesign", &["-s"], CODE, Subject::Files, OTHER),
    row("rcodesign", &["sign"], CODE, Subject::Files, OTHER),
    row("quill", &["sign-and-notarize"], CODE, Subject::Files, OTHER),
    row("sigstore", &["sign"], SIGNED, Subject::Files, Key::Keyless),
    row("sigstore-cli", &["sign"], SIGNED, Subject::Files, Key::Keyless),
    row("pypi-attestations", &["sign"], SIGNED, Subject::Package(Registry::PyPi), Key::Keyless),
    row("pypi_attestations", &["sign"], SIGNED, Subject::Package(Registry::PyPi), Key::Keyless),
    row("twine", &["upload", "--attestations"], SIGNED, Subject::Package(Registry::PyPi), Key::Keyless),
    row("gem", &["push", "--attestation"], SIGNED, Subject::Package(Registry::Gems), Key::Keyless),
    row("dotnet", &["nuget", "sign"], SIGNED, Subject::Package(Registry::NuGet), OTHER),
    row("nuget", &["sign"], SIGNED, Subject::Package(Registry::NuGet), OTHER),
    row("syft", &["attest"], Proves::Sbom(SbomForm::Attested), Subject::Image, Key::Keyless),
    row("bom", &["generate"], MADE, Subject::Any, Key::None),
    row("cdxgen", &[], MADE, Subject::Any, Key::None),
    row("cyclonedx-gomod", &[], MADE, Subject::Any, Key::None),
    row("cyclonedx-npm", &[], MADE, Subject::Any, Key::None),
    row("cyclonedx-py", &[], MADE, Subject::Any, Key::None),
    row("cargo", &["cyclonedx"], MADE, Subject::Any, Key::None),
    row("cargo", &["sbom"], MADE, Subject::Any, Key::None),
    row("cargo-cyclonedx", &[], MADE, Subject::Any, Key::None),
    row("npm", &["sbom"], MADE, Subject::Any, Key::None),
    row("pnpm", &["sbom"], MADE, Subject::Any, Key::None),
    row("docker", &["sbom"], MADE, Subject::Any, Key::None),
    row("docker", &["scout", "sbom"], MADE, Subject::Any, Key::None),
    row("dotnet-CycloneDX", &[], MADE, Subject::Any, Key::None),
    row("sbom-tool", &["generate"], MADE, Subject::Any, Key::None),
    row("spdx-sbom-generator", &[], MADE, Subject::Any, Key::None),
    row("gradle", &["cyclonedxBom"], MADE, Subject::Any, Key::None),
    row("mvn", &["cyclonedx:makeAggregateBom"], MADE, Subject::Any, Key::None),
    row("mvn", &["cyclonedx:makeBom"], MADE, Subject::Any, Key::None),
];

/// What a script proves.
pub(super) fn of_script(
    around: &Surroundings<'_>,
    step: &Step,
    script: &Script,
    at: &dyn Fn(Range<usize>) -> Span,
) -> Proving {
    let mut found = Proving::default();
    for command in &script.commands {
        let program = programs::of_command(command);
        let live = liveness::of_command(script, command, &program);
        if live == Live::No {
            continue;
        }
        let known = found.proofs.len();
        let span = at(command.range.clone());
        let call = Call {
            around,
            step,
            script,
            command,
            program: &program,
            span,
        };
        call.collect(&mut found);
        if live == Live::Perhaps {
            let made = found.proofs.iter_mut().skip(known);
            made.for_each(|proof| proof.sure = false);
        }
    }
    found
}

struct Call<'a> {
    around: &'a Surroundings<'a>,
    step: &'a Step,
    script: &'a Script,
    command: &'a Command,
    program: &'a Program<'a>,
    span: Span,
}

impl Call<'_> {
    fn collect(&self, found: &mut Proving) {
        let name = self.program.name;
        if cosign::is_cosign(name) {
            let pair = (self.program, self.command);
            found.proofs.extend(cosign::proof(
                self.around,
                self.step,
                self.script,
                pair,
                self.span,
            ));
            return;
        }
        let before = found.proofs.len();
        match name {
            "docker" | "buildx" | "depot" => self.buildx(found),
            "ko" => self.ko(found),
            "syft" | "trivy" => self.scanner(found),
            "notation" => self.notation(found),
            "npm" | "pnpm" | "yarn" | "bun" | "lerna" | "changeset" | "nx" | "semantic-release" => {
                npm::by_command(self.around, self.step, self.program, self.span, found);
            }
            "gpg" | "gpg2" if self.program.has("--import") => self.import(found),
            _ => {}
        }
        self.table(found);
        if found.proofs.len() == before {
            self.hint(found);
        }
    }

    fn proof(&self, proves: Proves, subject: Subject, key: Key, means: String) -> Proof {
        Proof {
            proves,
            subject,
            naming: Naming::File,
            key,
            step: self.step.index,
            span: self.span,
            means,
            target: None,
            own: proves.is_part_of_push(),
            sure: true,
        }
    }

    fn table(&self, found: &mut Proving) {
        let name = match self.program.name {
            "gpg2" => "gpg",
            "gradlew" => "gradle",
            "mvnw" => "mvn",
            other => other,
        };
        let has = |word: &&str| {
            self.program.args.iter().any(|w| {
                w.text == **word || w.text.rsplit(':').next() == Some(word) && name == "gradle"
            })
        };
        let row = COMMANDS
            .iter()
            .find(|row| row.program == name && row.words.iter().all(has));
        // `gpg --verify --detach-sign` does not exist; `--verify` never signs.
        if let Some(row) = row.filter(|_| !self.program.has("--verify")) {
            let means = match row.words.first() {
                Some(word) => format!("{} {word}", row.program),
                None => row.program.to_owned(),
            };
            found
                .proofs
                .push(self.proof(row.proves, row.subject, row.key, means));
        }
    }

    // `--provenance` and `--sbom` are short for `--attest type=…`; provenance is
    // on by default whenever an image is pushed.
    fn buildx(&self, found: &mut Proving) {
        let arg = |at| self.program.arg(at);
        let builds = matches!(
            (arg(0), arg(1)),
            ("buildx", "build" | "bake") | ("build" | "bake", _)
        ) || self
            .program
            .args
            .windows(2)
            .any(|w| matches!(w, [a, b] if a.text == "buildx" && b.text == "build"));
        let pushes = self.program.has("--push")
            || self
                .program
                .values(&["--output", "-o"])
                .any(|v| v.text.contains("type=registry") || v.text.contains("push=true"));
        if !builds || !pushes {
            return;
        }
        let attests: Vec<&str> = self.program.values(&["--attest"]).map(|v| v.text).collect();
        let option = |name: &str, kind: &str| {
            let short = self
                .program
                .values(&[name])
                .last()
                .map(|v| v.text.to_owned());
            short
                .or_else(|| self.program.has(name).then(|| "true".to_owned()))
                .or_else(|| {
                    attests
                        .iter()
                        .find(|a| a.contains(&format!("type={kind}")))
                        .map(|a| (!a.contains("disabled=true")).to_string())
                })
        };
        let means = "docker buildx build --push".to_owned();
        match option("--provenance", "provenance").as_deref() {
            Some("false") => self.refuse(found, Refused::Provenance, "--provenance=false"),
            None if defaults_are_off(self.around, self.step) => {
                self.refuse(found, Refused::Provenance, "BUILDX_NO_DEFAULT_ATTESTATIONS");
            }
            _ => found.proofs.push(self.proof(
                Proves::Provenance(Origin::Embedded),
                Subject::Image,
                Key::None,
                means.clone(),
            )),
        }
        match option("--sbom", "sbom").as_deref() {
            Some("false") => self.refuse(found, Refused::Sbom, "--sbom=false"),
            Some(_) => found.proofs.push(self.proof(
                Proves::Sbom(SbomForm::Attached),
                Subject::Image,
                Key::None,
                means,
            )),
            None => {}
        }
    }

    fn refuse(&self, found: &mut Proving, what: Refused, written: &str) {
        found.refusals.push(Refusal {
            what,
            step: self.step.index,
            span: self.span,
            written: written.to_owned(),
        });
    }

    // ko uploads an SBOM beside the image unless told not to.
    fn ko(&self, found: &mut Proving) {
        if !matches!(self.program.arg(0), "build" | "publish" | "resolve") {
            return;
        }
        let format = self.program.values(&["--sbom"]).last().map(|v| v.text);
        if format == Some("none") {
            self.refuse(found, Refused::Sbom, "--sbom=none");
        } else {
            let form = Proves::Sbom(SbomForm::Attached);
            found
                .proofs
                .push(self.proof(form, Subject::Image, Key::None, "ko build".to_owned()));
        }
    }

    // A scanner lists what it finds only when it is asked for such a format.
    fn scanner(&self, found: &mut Proving) {
        if matches!(
            self.program.arg(0),
            "attest" | "convert" | "version" | "sbom"
        ) {
            return;
        }
        let wanted = self
            .program
            .values(&["-o", "--output", "--format", "-f"])
            .any(|v| v.text.contains("spdx") || v.text.contains("cyclonedx"));
        if wanted || (self.program.name == "syft" && !self.program.args.is_empty()) {
            let means = self.program.name.to_owned();
            found
                .proofs
                .push(self.proof(MADE, Subject::Any, Key::None, means));
        }
    }

    fn notation(&self, found: &mut Proving) {
        let verb = self.program.arg(0);
        let proves = match verb {
            "sign" => Proves::Signature,
            "verify" => Proves::Check,
            _ => return,
        };
        let values = [
            "--id",
            "--plugin",
            "--key",
            "-k",
            "--signature-format",
            "--plugin-config",
            "-u",
            "-p",
            "-e",
        ];
        let operands = self.program.operands(&values);
        let target = operands.get(1);
        found.proofs.push(Proof {
            naming: target.map_or(Naming::Unknown, |word| {
                naming::of_word(self.around, self.step, self.script, word)
            }),
            target: target.map(|w| w.text.clone()),
            // Its keys lie in a plug-in; a local one is for tests.
            ..self.proof(
                proves,
                Subject::Image,
                if proves == Proves::Check {
                    Key::None
                } else {
                    Key::Managed
                },
                format!("notation {verb}"),
            )
        });
    }

    // A public key is imported for checking.
    fn import(&self, found: &mut Proving) {
        let fed_with_secret = {
            let pipeline = self
                .command
                .pipeline
                .map_or_else(Vec::new, |(id, _)| self.script.pipeline(id));
            let words = pipeline
                .iter()
                .flat_map(|c| c.args.iter())
                .chain(self.command.args.iter())
                .chain(self.command.redirects.iter().map(|r| &r.target))
                .map(|w| w.text.to_ascii_lowercase())
                .collect::<Vec<_>>()
                .join(" ");
            let names_key = ["secret", "private", "signing_key", "gpg_key", "gpg_private"]
                .iter()
                .any(|part| words.contains(part));
            names_key && !words.contains("public") && !words.contains("pubkey")
        };
        if fed_with_secret {
            found.imports.push(KeyImport {
                form: KeyForm::Pgp,
                step: self.step.index,
                span: self.span,
                means: "gpg --import".to_owned(),
                commits_only: false,
            });
        }
    }

    // `make sign`, `./hack/attest.sh`: something may be proven in there.
    fn hint(&self, found: &mut Proving) {
        // Their own subcommands were looked at already.
        let harmless = [
            "syft",
            "trivy",
            "echo",
            "git",
            "gh",
            "printf",
            "cd",
            "export",
            "mkdir",
            "rm",
            "cp",
            "mv",
            "cat",
            "curl",
            "wget",
            "test",
            "[",
            "apt-get",
            "apt",
            "brew",
            "sed",
            "grep",
            "jq",
            "install",
            "chmod",
            "gpg",
            "go",
            "tar",
            "docker",
            "npm",
            "pnpm",
            "yarn",
            "slsa-verifier",
            "tee",
        ];
        let name = self.program.name;
        if harmless.contains(&name) {
            return;
        }
        let words =
            || std::iter::once(name).chain(self.program.args.iter().map(|w| w.text.as_str()));
        if words()
            .take(3)
            .any(|word| word.to_ascii_lowercase().contains("sbom"))
        {
            let means = words().take(2).collect::<Vec<_>>().join(" ");
            found
                .proofs
                .push(self.proof(MADE, Subject::Any, Key::None, means));
            return;
        }
        if let Some(word) = words().take(6).find(|word| says_so(word)) {
            found.hints.push(Hint {
                step: self.step.index,
                span: self.span,
                means: if word == name {
                    name.to_owned()
                } else {
                    format!("{name} {word}")
                },
            });
        }
    }
}

/// Whether a variable switches off what buildx attests by default.
pub(super) fn defaults_are_off(around: &Surroundings<'_>, step: &Step) -> bool {
    around
        .variable(step, "BUILDX_NO_DEFAULT_ATTESTATIONS")
        .and_then(|text| text.literal())
        .is_some_and(|value| matches!(value.trim(), "1" | "true"))
}
