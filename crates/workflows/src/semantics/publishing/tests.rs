#![expect(
    clippy::unwrap_used,
    reason = "a broken example should stop the test at once"
)]

use super::*;
use crate::documents::Workflow;
use crate::shell::{self, Shell};
use cofferdam_facts::SourceFile;

fn workflow(steps: &str) -> Workflow {
    let text = format!(
        "on: push\nenv:\n  REGISTRY: ghcr.io\n  IMAGE: ghcr.io/o/app\njobs:\n  x:\n    runs-on: y\n    steps:\n{steps}"
    );
    Workflow::parse(SourceFile::new(".github/workflows/x.yml", text))
}

fn published(steps: &str) -> Vec<Publication> {
    let workflow = workflow(steps);
    assert_eq!(workflow.problems, []);
    let job = workflow.jobs.first().unwrap();
    let around = Surroundings {
        document: &workflow.document,
        steps: job.steps(),
        env: vec![&job.env, &workflow.env],
        id_token: None,
        shell: None,
    };
    let mut found = Vec::new();
    for step in job.steps() {
        let script = step
            .script()
            .map(|text| shell::parse(&text.value, &Shell::Bash));
        found.extend(of_step(&around, step, script.as_ref(), |_| Span::default()));
    }
    found
}

fn of_script(line: &str) -> Vec<Publication> {
    published(&format!("    - run: |\n        {line}\n"))
}

#[test]
fn commands_that_publish_are_found_through_their_runners() {
    for (line, artifact) in [
        ("docker push ghcr.io/o/app:v1", Artifact::Image),
        (
            "docker --context x buildx build --push -t ghcr.io/o/app .",
            Artifact::Image,
        ),
        (
            "docker buildx build -o type=image,push=true -t a/b .",
            Artifact::Image,
        ),
        (
            "sudo -E podman push localhost/x quay.io/o/app",
            Artifact::Image,
        ),
        (
            "skopeo copy --all docker-archive:x.tar docker://quay.io/o/app",
            Artifact::Image,
        ),
        (
            "helm push chart.tgz oci://ghcr.io/o/charts",
            Artifact::Chart,
        ),
        (
            "pnpm --filter ./packages/a publish --access public",
            Artifact::Package(Registry::Npm),
        ),
        (
            "pnpm exec changeset publish",
            Artifact::Package(Registry::Npm),
        ),
        (
            "npx --yes semantic-release@24",
            Artifact::Package(Registry::Npm),
        ),
        (
            "npx @vscode/vsce@3 publish",
            Artifact::Package(Registry::VsCode),
        ),
        (
            "python -m twine upload dist/*",
            Artifact::Package(Registry::PyPi),
        ),
        (
            "uv run --with twine twine upload dist/*",
            Artifact::Package(Registry::PyPi),
        ),
        (
            "cargo +stable publish -p a",
            Artifact::Package(Registry::CratesIo),
        ),
        (
            "bundle exec rake release",
            Artifact::Package(Registry::Gems),
        ),
        (
            "./gradlew :lib:publishToSonatype",
            Artifact::Package(Registry::Maven),
        ),
        ("./mvnw -B deploy", Artifact::Package(Registry::Maven)),
        ("gh release upload $TAG dist/*", Artifact::Release),
        ("aws s3 sync dist s3://bucket/x", Artifact::Files),
    ] {
        let found = of_script(line);
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!(found.first().unwrap().artifact, artifact, "{line}");
    }
}

#[test]
fn commands_that_publish_nothing_are_passed_over() {
    for line in [
        "docker build -t ghcr.io/o/app .",
        "docker push localhost:5000/app",
        "docker buildx build --load -t a/b .",
        "skopeo copy docker://quay.io/o/app oci:here",
        "npm publish --dry-run",
        "pnpm run publish-docs",
        "pnpm exec pkg-pr-new publish",
        "cargo publish --workspace --dry-run",
        "./gradlew publishToMavenLocal",
        "KO_DOCKER_REPO=kind.local ko build ./cmd/x",
        "goreleaser release --snapshot --clean",
        "gh release download v1",
        "gh release list",
        "aws s3 cp s3://bucket/x .",
        "echo docker push x",
        "semantic-release version",
    ] {
        assert_eq!(of_script(line), [], "{line}");
    }
}

#[test]
fn what_a_registry_holds_already_is_copied() {
    for (line, copy) in [
        ("crane cp a/b:1 ghcr.io/a/b:1", true),
        (
            "docker buildx imagetools create -t a/b:1 a/b@sha256:0",
            true,
        ),
        ("skopeo copy docker://a/b docker://ghcr.io/a/b", true),
        (
            "skopeo copy --multi-arch all oci-archive:x.tar docker://ghcr.io/a/b",
            false,
        ),
        ("docker push a/b", false),
    ] {
        assert_eq!(of_script(line).first().unwrap().copy, copy, "{line}");
    }
}

#[test]
fn a_credential_for_publishing_tells_what_a_script_does() {
    let step = |script: &str| {
        format!(
            "    - run: {script}\n      env:\n        TWINE_PASSWORD: ${{{{ secrets.PYPI }}}}\n"
        )
    };
    let found = published(&step("scripts/publish"));
    assert_eq!(
        found.first().unwrap().artifact,
        Artifact::Package(Registry::PyPi)
    );
    assert!(found.first().unwrap().conditional);
    assert_eq!(published(&step("scripts/publish --dry-run")), []);
}

#[test]
fn a_release_without_files_is_bare() {
    for (line, bare) in [
        ("gh release create v1 --generate-notes", true),
        (
            "gh release create \"$TAG\" --title x --notes-file n.md",
            true,
        ),
        (
            "gh release create \"$TAG\" $PRERELEASE_FLAG --title x",
            true,
        ),
        ("gh release create \"$TAG\" --title x dist/*", false),
        ("gh release create \"$LATEST_TAG\" \"${assets[@]}\"", false),
        ("gh release upload v1 x.tgz", false),
        ("gh release edit v1 --draft=false", true),
    ] {
        assert_eq!(of_script(line).first().unwrap().bare, bare, "{line}");
    }
    assert!(
        of_script("gh release create --draft v1 dist/*")
            .first()
            .unwrap()
            .draft
    );
    assert!(
        !of_script("gh release create v1 dist/*")
            .first()
            .unwrap()
            .draft
    );
    let step = "    - uses: softprops/action-gh-release@v2\n";
    assert!(published(step).first().unwrap().bare);
    let step = "    - uses: softprops/action-gh-release@v2\n      with:\n        files: dist/*\n";
    assert!(!published(step).first().unwrap().bare);
}

#[test]
fn names_come_through_metadata_and_variables() {
    let found = published(
        "    - id: meta\n      uses: docker/metadata-action@v5\n      with:\n        images: |\n          name=${{ env.REGISTRY }}/o/app,enable=true\n          o/app\n    \
         - uses: docker/build-push-action@v6\n      with:\n        push: true\n        tags: ${{ steps.meta.outputs.tags }}\n",
    );
    assert_eq!(found.first().unwrap().names, ["ghcr.io/o/app", "o/app"]);
    let found = of_script("docker push \"$IMAGE:$TAG\"");
    assert_eq!(found.first().unwrap().names, ["ghcr.io/o/app"]);
    let found = of_script("docker push ${IMAGE}-ci:x");
    assert_eq!(found.first().unwrap().names, ["ghcr.io/o/app-ci"]);
}

#[test]
fn what_an_expression_decides_is_conditional() {
    let found = published(
        "    - uses: docker/build-push-action@v6\n      with:\n        push: ${{ github.event_name != 'pull_request' }}\n",
    );
    let publication = found.first().unwrap();
    assert!(publication.conditional);
    assert!(publication.is_off(Situation {
        event: "pull_request",
        outsider: true,
        fork_exists: true
    }));
    for input in ["push: false", "load: true"] {
        let step =
            format!("    - uses: docker/build-push-action@v6\n      with:\n        {input}\n");
        assert_eq!(published(&step), [], "{input}");
    }
}

#[test]
fn goreleaser_publishes_what_its_configuration_says() {
    let config = crate::documents::GoReleaser::parse(SourceFile::new(
        "tool/.goreleaser.yaml",
        "dockers:\n- image_templates: [o/app:a]\n- image_templates: [o/app:b]\ndocker_manifests:\n- name_template: o/app:latest\nkos:\n- repository: ghcr.io/o/ko\n",
    ));
    let steps = "    - uses: goreleaser/goreleaser-action@v6\n      with:\n        args: release --clean --skip=ko,sign\n        workdir: ./tool\n";
    let workflow = workflow(steps);
    let step = workflow.jobs.first().unwrap().steps().first().unwrap();
    let run = runs_goreleaser(step, None).unwrap();
    assert!(run.skips("sign"));
    let all = [config];
    let config = configuration(&run, &all).unwrap();
    let publications = published(steps);
    let found = by_goreleaser(publications.first().unwrap(), &run, config);
    let what: Vec<_> = found
        .iter()
        .map(|p| (p.artifact, p.names.clone()))
        .collect();
    assert_eq!(
        what,
        [
            (Artifact::Release, vec![]),
            (Artifact::Image, vec!["o/app".to_owned()])
        ]
    );
}

#[test]
fn a_tag_that_is_pushed_is_a_release() {
    for line in [
        "git push --follow-tags",
        "git push origin --tags",
        "git push origin refs/tags/v1",
        "git tag -a \"$VERSION\" -m x && git push origin \"$VERSION\"",
        "git -c user.name=x push --tags",
    ] {
        let found = of_script(line);
        let kinds: Vec<_> = found.iter().map(|p| p.artifact).collect();
        assert_eq!(kinds, [Artifact::Tag], "{line}");
    }
    for line in [
        "git push origin HEAD:main",
        "git push --dry-run --tags",
        "git push origin --delete refs/tags/nightly",
        "git push origin :refs/tags/nightly",
        "git tag --list v1 && git push origin v1",
        "git fetch --tags",
    ] {
        assert_eq!(of_script(line), [], "{line}");
    }
}

fn hidden(name: &str, line: &str, signed_in: bool) -> bool {
    let workflow = workflow(&format!("    - name: {name}\n      run: {line}\n"));
    let job = workflow.jobs.first().unwrap();
    let step = job.steps().first().unwrap();
    let script = shell::parse(&step.script().unwrap().value, &Shell::Bash);
    by_name(step, &script, signed_in, |_| Span::default()).is_some()
}

#[test]
fn names_say_that_what_is_not_read_publishes() {
    assert!(hidden("x", "make publish", false));
    assert!(hidden("x", "./scripts/ui.sh --publish", false));
    assert!(hidden("Publish images", "make images", false));
    assert!(hidden("x", "echo \"digest=$(make publish)\"", false));
    assert!(hidden("x", "bash hack/push.sh", true));
    assert!(hidden("Build & publish artifacts", "make ci-release", true));
    assert!(hidden("x", "make release TOKEN=${{ secrets.T }}", true));
    for (name, line, signed_in) in [
        ("x", "bash hack/push.sh", false),
        ("x", "make release", true),
        ("x", "make publish-dry-run", true),
        ("x", "./scripts/release-notes.sh", true),
        ("x", "npx publish", true),
        ("Publish images", "echo done", true),
        ("Publish test results", "make results", true),
        ("x", "sh is-latest-release.sh ${{ secrets.T }}", true),
        ("x", "./goreleaser release --snapshot", true),
    ] {
        assert!(!hidden(name, line, signed_in), "{name}: {line}");
    }
}
