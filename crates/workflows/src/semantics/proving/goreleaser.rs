//! What GoReleaser proves by its configuration.

use cofferdam_facts::Span;

use super::naming::{self, Naming};
use super::{Key, KeyForm, Origin, Proof, Proves, Proving, Refusal, Refused, SbomForm, Subject};
use crate::documents::goreleaser::{Builder, GoReleaser, Images, Signing};
use crate::semantics::publishing::GoReleaserRun;

/// What a run of GoReleaser proves, shown at the step that runs it.
#[must_use]
pub fn by_goreleaser(step: usize, span: Span, run: &GoReleaserRun, config: &GoReleaser) -> Proving {
    let mut found = Proving::default();
    let at = Place { step, span };
    if !run.skips("sign") {
        for signing in config.signs.iter().filter(|s| s.artifacts != "none") {
            found.proofs.push(at.signature(signing, Subject::Files));
        }
        for signing in config.docker_signs.iter().filter(|s| s.artifacts != "none") {
            let names: Vec<&str> = config
                .images
                .iter()
                .flat_map(|images| images.names.iter().map(|name| name.value.as_str()))
                .collect();
            found.proofs.push(Proof {
                target: (!names.is_empty()).then(|| names.join("\n")),
                ..at.signature(signing, Subject::Image)
            });
        }
    }
    if !run.skips("sbom") {
        for _ in &config.sboms {
            let means = "GoReleaser's sboms";
            found
                .proofs
                .push(at.proof(Proves::Sbom(SbomForm::Made), Subject::Files, means));
        }
    }
    for images in config.images.iter().filter(|i| !i.off) {
        at.images(images, &mut found);
    }
    found
}

struct Place {
    step: usize,
    span: Span,
}

impl Place {
    fn proof(&self, proves: Proves, subject: Subject, means: &str) -> Proof {
        Proof {
            proves,
            subject,
            naming: Naming::File,
            key: Key::None,
            step: self.step,
            span: self.span,
            means: means.to_owned(),
            target: None,
            own: proves.is_part_of_push(),
            sure: true,
        }
    }

    fn signature(&self, signing: &Signing, subject: Subject) -> Proof {
        let program = signing.cmd.rsplit('/').next().unwrap_or("");
        let key = key(program, &signing.args);
        let naming = if subject == Subject::Files {
            Naming::File
        } else {
            image_naming(&signing.args)
        };
        let list = if subject == Subject::Files {
            "signs"
        } else {
            "docker_signs"
        };
        Proof {
            naming,
            key,
            ..self.proof(
                Proves::Signature,
                subject,
                &format!("GoReleaser's {list} with {program}"),
            )
        }
    }

    fn images(&self, images: &Images, found: &mut Proving) {
        let flag = |word: &str| {
            images
                .flags
                .iter()
                .any(|flag| flag.value.split_whitespace().any(|w| w == word))
        };
        let sbom = images.sbom.as_ref().map(|s| s.value.as_str());
        let provenance = Proves::Provenance(Origin::Embedded);
        let attached = Proves::Sbom(SbomForm::Attached);
        let mut refuse = |what, written: &str| {
            found.refusals.push(Refusal {
                what,
                step: self.step,
                span: self.span,
                written: written.to_owned(),
            });
        };
        match images.builder {
            Builder::Ko if !matches!(sbom, Some("none" | "disabled")) => {
                found
                    .proofs
                    .push(self.proof(attached, Subject::Image, "GoReleaser's kos"));
            }
            Builder::Ko => refuse(Refused::Sbom, "kos with sbom: none"),
            Builder::DockerV2 => {
                if flag("--provenance=false") {
                    refuse(Refused::Provenance, "dockers_v2 with --provenance=false");
                }
                if sbom == Some("false") {
                    refuse(Refused::Sbom, "dockers_v2 with sbom: false");
                }
                let means = "GoReleaser's dockers_v2";
                if !flag("--provenance=false") {
                    found
                        .proofs
                        .push(self.proof(provenance, Subject::Image, means));
                }
                if sbom != Some("false") {
                    found
                        .proofs
                        .push(self.proof(attached, Subject::Image, means));
                }
            }
            Builder::Docker if flag("--provenance=false") => {
                refuse(Refused::Provenance, "dockers with --provenance=false");
            }
            // Built into the local store and pushed from there: without buildx's
            // attestations.
            Builder::Docker | Builder::Manifest => {}
        }
    }
}

fn key(program: &str, args: &[String]) -> Key {
    if !program.contains("cosign") {
        return match program {
            "gpg" | "gpg2" => Key::Stored(KeyForm::Pgp),
            _ => Key::Stored(KeyForm::Other),
        };
    }
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = match arg.split_once('=') {
            Some(("--key" | "-key", value)) => Some(value.to_owned()),
            None if matches!(arg.as_str(), "--key" | "-key") => args.next().cloned(),
            _ => None,
        };
        if let Some(value) = value {
            let managed = ["kms://", "hashivault://", "pkcs11:"];
            return if managed.iter().any(|scheme| value.contains(scheme)) {
                Key::Managed
            } else {
                Key::Stored(KeyForm::Cosign)
            };
        }
    }
    Key::Keyless
}

fn image_naming(args: &[String]) -> Naming {
    let target = args
        .iter()
        .find(|arg| arg.contains("artifact}") || arg.contains("$artifact"));
    match target {
        Some(arg) if arg.contains("digest") => Naming::Digest,
        // The name that GoReleaser puts in for it ends in a tag.
        Some(_) => Naming::Tag,
        None => args
            .iter()
            .skip(1)
            .filter(|arg| !arg.starts_with('-'))
            .map(|arg| naming::of_text(arg, &|_| Vec::new()))
            .next()
            .unwrap_or(Naming::Unknown),
    }
}
