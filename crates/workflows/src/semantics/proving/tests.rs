#![expect(
    clippy::unwrap_used,
    reason = "a broken example should stop the test at once"
)]

use super::*;
use crate::documents::{GoReleaser, Workflow};
use crate::semantics::publishing;
use crate::shell::{self, Shell};
use cofferdam_facts::SourceFile;

fn workflow(steps: &str) -> Workflow {
    let text = format!(
        "on: push\nenv:\n  IMAGE: ghcr.io/o/app\n  TAGGED: ghcr.io/o/app:v1\njobs:\n  x:\n    runs-on: y\n    steps:\n{steps}"
    );
    Workflow::parse(SourceFile::new(".github/workflows/x.yml", text))
}

fn proving(steps: &str, id_token: Option<bool>) -> Proving {
    let workflow = workflow(steps);
    assert_eq!(workflow.problems, [], "{steps}");
    let job = workflow.jobs.first().unwrap();
    let around = Surroundings {
        document: &workflow.document,
        steps: job.steps(),
        env: vec![&job.env, &workflow.env],
        id_token,
        shell: None,
    };
    let mut found = Proving::default();
    for step in job.steps() {
        let script = step
            .script()
            .map(|text| shell::parse(&text.value, &Shell::Bash));
        found.absorb(of_step(&around, step, script.as_ref(), &|_| {
            Span::default()
        }));
    }
    found
}

fn of_script(lines: &str) -> Proving {
    let body: String = lines.lines().map(|l| format!("        {l}\n")).collect();
    proving(&format!("    - run: |\n{body}"), Some(true))
}

fn only(found: &Proving) -> &Proof {
    assert_eq!(found.proofs.len(), 1, "{:?}", found.proofs);
    found.proofs.first().unwrap()
}

#[test]
fn cosign_names_images_by_digest_or_by_tag() {
    for (script, naming) in [
        ("cosign sign --yes ghcr.io/o/app@sha256:abc", Naming::Digest),
        ("cosign sign -y \"$IMAGE@$DIGEST\"", Naming::Digest),
        (
            "cosign sign ${{ steps.push.outputs.digest }}",
            Naming::Digest,
        ),
        ("cosign sign --yes -a ref=x \"$REF\"", Naming::Unknown),
        (
            "cosign sign --yes ghcr.io/o/app:${{ github.sha }}",
            Naming::Tag,
        ),
        ("cosign sign --yes ghcr.io/o/app", Naming::Tag),
        ("cosign sign --yes $TAGGED", Naming::Tag),
        ("./cosign-linux-amd64 sign --yes $IMAGE:$TAG", Naming::Tag),
        (
            "images=''\nfor t in $TAGS; do\nimages+=\"$t@$DIGEST \"\ndone\ncosign sign --yes $images",
            Naming::Digest,
        ),
        ("cosign sign --yes $(cat refs)", Naming::Unknown),
        (
            "for t in $TAGS; do cosign sign --yes \"$t\"@${D}; done",
            Naming::Digest,
        ),
    ] {
        let found = of_script(script);
        let proof = only(&found);
        assert_eq!(proof.naming, naming, "{script}");
        assert_eq!(
            (proof.proves, proof.key),
            (Proves::Signature, Key::Keyless),
            "{script}"
        );
    }
}

#[test]
fn keys_are_told_apart() {
    for (script, key) in [
        (
            "cosign sign --key env://COSIGN_PRIVATE_KEY a/b@$D",
            Key::Stored(KeyForm::Cosign),
        ),
        (
            "cosign sign --key=cosign.key a/b@$D",
            Key::Stored(KeyForm::Cosign),
        ),
        ("cosign sign --key awskms:///alias/x a/b@$D", Key::Managed),
        (
            "COSIGN_KEY=cosign.key cosign sign a/b@$D",
            Key::Stored(KeyForm::Cosign),
        ),
        ("cosign sign --sk a/b@$D", Key::Managed),
        ("gpg --batch --detach-sign x.tgz", Key::Stored(KeyForm::Pgp)),
        ("minisign -Sm x.tgz", Key::Stored(KeyForm::Other)),
        (
            "notation sign --id key --plugin azure-kv a/b@$D",
            Key::Managed,
        ),
        ("python -m sigstore sign dist/*", Key::Keyless),
    ] {
        let found = of_script(script);
        assert_eq!(only(&found).key, key, "{script}");
    }
}

#[test]
fn bills_of_materials_are_made_attached_or_attested() {
    for (script, form) in [
        ("syft ghcr.io/o/app -o spdx-json=x.json", SbomForm::Made),
        (
            "trivy image --format cyclonedx -o x.json a/b",
            SbomForm::Made,
        ),
        ("make sbom", SbomForm::Made),
        ("bom generate -o x.spdx .", SbomForm::Made),
        (
            "cosign attach sbom --sbom x.json a/b@$D",
            SbomForm::Attached,
        ),
        ("ko build ./cmd/x", SbomForm::Attached),
        (
            "cosign attest --yes --type spdxjson --predicate x.json a/b@$D",
            SbomForm::Attested,
        ),
    ] {
        let found = of_script(script);
        assert_eq!(only(&found).proves, Proves::Sbom(form), "{script}");
    }
    for script in [
        "trivy image a/b",
        "trivy sbom x.json",
        "cosign attest --type vuln --predicate x a/b@$D",
    ] {
        assert_eq!(of_script(script).proofs, [], "{script}");
    }
}

#[test]
fn buildx_attests_unless_told_not_to() {
    let found = of_script("docker buildx build --push --sbom=true -t a/b .");
    let proves: Vec<_> = found.proofs.iter().map(|p| p.proves).collect();
    assert_eq!(
        proves,
        [
            Proves::Provenance(Origin::Embedded),
            Proves::Sbom(SbomForm::Attached)
        ]
    );
    for script in [
        "docker buildx build --push --provenance=false -t a/b .",
        "docker buildx build --push --provenance false -t a/b .",
        "docker buildx build --push --attest type=provenance,disabled=true -t a/b .",
    ] {
        let found = of_script(script);
        assert_eq!(found.proofs, [], "{script}");
        assert_eq!(found.refusals.first().unwrap().what, Refused::Provenance);
    }
    let by_variable = "    - uses: docker/build-push-action@v6\n      env:\n        BUILDX_NO_DEFAULT_ATTESTATIONS: 1\n      with:\n        push: true\n";
    assert_eq!(proving(by_variable, None).refusals.len(), 1);
    let by_input = "    - uses: docker/build-push-action@v6\n      with:\n        push: true\n        provenance: false\n        sbom: false\n";
    let refused: Vec<_> = proving(by_input, None)
        .refusals
        .iter()
        .map(|r| r.what)
        .collect();
    assert_eq!(refused, [Refused::Provenance, Refused::Sbom]);
    let old = "    - uses: docker/build-push-action@v3\n      with:\n        push: true\n";
    assert_eq!(proving(old, None).proofs, []);
    let build_only =
        "    - uses: docker/build-push-action@v6\n      with:\n        provenance: false\n";
    assert_eq!(proving(build_only, None).refusals, []);
}

#[test]
fn github_attests_images_files_and_bills_of_materials() {
    let step = |action: &str, with: &str| format!("    - uses: {action}\n      with:\n{with}");
    for (action, with, proves, subject) in [
        (
            "actions/attest-build-provenance@v3",
            "        subject-path: dist/*\n",
            Proves::Provenance(Origin::Platform),
            Subject::Files,
        ),
        (
            "actions/attest@v4",
            "        subject-name: ghcr.io/o/app\n        subject-digest: ${{ steps.x.outputs.digest }}\n        push-to-registry: true\n",
            Proves::Provenance(Origin::Platform),
            Subject::Image,
        ),
        (
            "actions/attest@v4",
            "        subject-path: dist/*\n        sbom-path: x.json\n",
            Proves::Sbom(SbomForm::Attested),
            Subject::Files,
        ),
    ] {
        let found = proving(&step(action, with), None);
        let proof = only(&found);
        assert_eq!((proof.proves, proof.subject), (proves, subject), "{action}");
    }
    let own = step(
        "actions/attest@v4",
        "        subject-path: x\n        predicate-type: https://example.org/test\n        predicate: '{}'\n",
    );
    assert_eq!(proving(&own, None).proofs, []);
}

#[test]
fn registries_whose_client_signs_are_known() {
    let pypi = |with: &str| format!("    - uses: pypa/gh-action-pypi-publish@release/v1\n{with}");
    let found = proving(&pypi(""), Some(true));
    assert_eq!(only(&found).proves, Proves::Provenance(Origin::Publish));
    let password = pypi("      with:\n        password: ${{ secrets.PYPI }}\n");
    assert_eq!(proving(&password, Some(true)).proofs, []);
    let refused = pypi("      with:\n        attestations: false\n");
    assert_eq!(proving(&refused, Some(true)).refusals.len(), 1);

    let npm = "    - run: npm publish\n";
    assert_eq!(
        only(&proving(npm, Some(true))).means,
        "npm with trusted publishing"
    );
    assert_eq!(proving(npm, Some(false)).proofs, []);
    let token =
        "    - run: npm publish\n      env:\n        NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n";
    assert_eq!(proving(token, Some(true)).proofs, []);
    let other = token.replace(
        "NODE_AUTH_TOKEN",
        "npm_config_//registry.example.org/:_authToken",
    );
    assert_eq!(proving(&other, Some(true)).proofs, [], "{other}");
    let asked = token.replace("npm publish", "npm publish --provenance");
    assert_eq!(only(&proving(&asked, Some(true))).means, "npm --provenance");
}

#[test]
fn keys_that_are_brought_along_are_found() {
    let found = of_script("echo \"$GPG_PRIVATE_KEY\" | gpg --batch --import");
    assert_eq!(found.imports.len(), 1);
    let found = of_script("curl -sSf https://example.org/key.asc | gpg --import");
    assert_eq!(found.imports, []);
    let commits = "    - uses: crazy-max/ghaction-import-gpg@v6\n      with:\n        gpg_private_key: ${{ secrets.KEY }}\n        git_commit_gpgsign: true\n";
    assert!(proving(commits, None).imports.first().unwrap().commits_only);
}

#[test]
fn what_says_that_it_signs_is_a_hint() {
    for script in ["make sign", "./hack/attest.sh v1", "task release:sign"] {
        assert_eq!(of_script(script).hints.len(), 1, "{script}");
    }
    for script in [
        "make assign",
        "echo signing",
        "git commit --gpg-sign",
        "make design",
    ] {
        assert_eq!(of_script(script).hints, [], "{script}");
    }
}

#[test]
fn goreleaser_proves_what_its_configuration_says() {
    let config = GoReleaser::parse(SourceFile::new(
        ".goreleaser.yaml",
        "dockers_v2:\n- images: [o/app]\n  flags: ['--provenance=false']\nsboms:\n- {}\nsigns:\n- cmd: cosign\n  args: [sign-blob, '--bundle=${signature}', '${artifact}', --yes]\ndocker_signs:\n- args: [sign, '${artifact}']\n- {}\n",
    ));
    let run = publishing::GoReleaserRun::default();
    let found = by_goreleaser(0, Span::default(), &run, &config);
    let proofs: Vec<_> = found
        .proofs
        .iter()
        .map(|p| (p.proves, p.naming, p.key))
        .collect();
    assert_eq!(
        proofs,
        [
            (Proves::Signature, Naming::File, Key::Keyless),
            (Proves::Signature, Naming::Tag, Key::Keyless),
            (
                Proves::Signature,
                Naming::Digest,
                Key::Stored(KeyForm::Cosign)
            ),
            (Proves::Sbom(SbomForm::Made), Naming::File, Key::None),
            (Proves::Sbom(SbomForm::Attached), Naming::File, Key::None),
        ]
    );
    assert_eq!(found.refusals.len(), 1);
}

#[test]
fn reusable_workflows_of_others_are_known_or_hinted_at() {
    let job = |uses: &str| {
        let text = format!("on: push\njobs:\n  x:\n    uses: {uses}\n");
        let workflow = Workflow::parse(SourceFile::new(".github/workflows/x.yml", text));
        by_call(workflow.jobs.first().unwrap())
    };
    let slsa = job(
        "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@v2.1.0",
    );
    assert_eq!(only(&slsa).proves, Proves::Provenance(Origin::Isolated));
    assert_eq!(only(&slsa).subject, Subject::Image);
    let docker = "docker/github-builder/.github/workflows/build.yml@v1";
    assert_eq!(only(&job(docker)).subject, Subject::Image);
    let local = format!("{docker}\n    with: {{output: local, artifact-upload: true}}");
    assert_eq!(only(&job(&local)).subject, Subject::Files);
    assert_eq!(job("o/r/.github/workflows/release.yml@v1").hints.len(), 1);
    assert_eq!(job("./.github/workflows/release.yml").hints, []);
}
