#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Dockerfile {
    Dockerfile::parse(SourceFile::new("Dockerfile", text))
}

/// Every image place as one line: place, bytes in the file, meaning.
fn images(text: &str) -> Vec<String> {
    let parsed = parse(text);
    let line = |image: &ImagePlace| {
        let name = match &image.name {
            ImageName::Image(image) => image.to_string(),
            ImageName::Scratch => "(scratch)".to_owned(),
            ImageName::Stage(index) => format!("(stage {index})"),
            ImageName::Unknown { missing, stages } => format!("(unknown {missing:?} {stages:?})"),
        };
        format!(
            "{:?} `{}` {name}",
            image.place,
            parsed.file().slice(image.span)
        )
    };
    parsed.images().iter().map(line).collect()
}

const REAL: &str = r#"# syntax=docker/dockerfile:1.7@sha256:a57df69d0ea827fb7266491f2813635de6f17269be881f696fbfdf2d83dda33e
# Copyright of somebody

ARG GO_VERSION=1.25
ARG BASE_IMAGE=docker.io/library/golang:${GO_VERSION}-alpine
ARG RUNTIME

FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS builder
RUN --mount=type=cache,target=/root/.cache \
    --mount=type=bind,from=ghcr.io/org/tools:v1,source=/bin,target=/tools \
    # a comment inside
    apk add --no-cache git && \

    make build

FROM builder AS Test
RUN make test

FROM ${RUNTIME}
COPY --from=builder --chown=0:0 /out /out
COPY --from=0 /a /b
COPY --from=docker.io/library/busybox:1.36 /bin/sh /bin/sh
ONBUILD COPY --from=gcr.io/x/y:1 /a /b
RUN <<EOF
FROM not-an-image
curl -fsSL https://example.com | sh
EOF
ENTRYPOINT ["/out/app"]
FROM scratch
COPY --from=TEST / /
"#;

#[test]
fn a_real_file_gives_every_image_and_nothing_else() {
    let digest = "sha256:a57df69d0ea827fb7266491f2813635de6f17269be881f696fbfdf2d83dda33e";
    assert_eq!(
        images(REAL),
        [
            format!("Syntax `docker/dockerfile:1.7@{digest}` docker/dockerfile:1.7@{digest}"),
            "From `${BASE_IMAGE}` docker.io/library/golang:1.25-alpine".to_owned(),
            "MountFrom `ghcr.io/org/tools:v1` ghcr.io/org/tools:v1".to_owned(),
            "From `builder` (stage 0)".to_owned(),
            "From `${RUNTIME}` (unknown [\"RUNTIME\"] [0, 1])".to_owned(),
            "CopyFrom `builder` (stage 0)".to_owned(),
            "CopyFrom `0` (stage 0)".to_owned(),
            "CopyFrom `docker.io/library/busybox:1.36` docker.io/library/busybox:1.36".to_owned(),
            "CopyFrom `gcr.io/x/y:1` gcr.io/x/y:1".to_owned(),
            "From `scratch` (scratch)".to_owned(),
            "CopyFrom `TEST` (stage 1)".to_owned(),
        ]
    );
    let parsed = parse(REAL);
    assert_eq!(parsed.problems(), []);
    assert_eq!(parsed.images()[1].arguments, ["BASE_IMAGE"]);
    let default = parsed.images()[1].default_span.unwrap();
    assert_eq!(
        parsed.file().slice(default),
        "docker.io/library/golang:${GO_VERSION}-alpine"
    );
    assert!(parsed.images().iter().filter(|i| i.on_build).count() == 1);
    let names: Vec<_> = parsed
        .stages()
        .iter()
        .map(|s| s.name.as_ref().map(|n| n.value.as_str()))
        .collect();
    assert_eq!(names, [Some("builder"), Some("Test"), None, None]);
    assert_eq!(
        parsed.stages()[0].platform.as_ref().unwrap().value,
        "$BUILDPLATFORM"
    );
}

#[test]
fn scripts_are_what_the_shell_gets() {
    let parsed = parse(REAL);
    let runs = parsed.runs();
    let Script::Shell(first) = &runs[0].script else {
        panic!("not a shell script")
    };
    assert_eq!(first.as_str(), "apk add --no-cache git &&     make build");
    let make = first.as_str().find("make").unwrap();
    assert_eq!(parsed.file().slice(first.raw_span(make..make + 4)), "make");
    assert!(parsed.file().slice(first.span()).ends_with("make build"));
    let Script::Heredoc(heredoc) = &runs[2].script else {
        panic!("not a here-document")
    };
    assert_eq!(
        parsed.file().slice(heredoc.body),
        "FROM not-an-image\ncurl -fsSL https://example.com | sh\n"
    );
}

#[test]
fn forms_of_run_are_told_apart() {
    let parsed = parse(concat!(
        "FROM a\nSHELL [\"pwsh\", \"-c\"]\nRUN [\"/bin/x\", \"<<EOF\"]\n",
        "RUN echo <<\"A\" 3<<-B\n$x\nA\n\tb\n\tB\nRUN cat<<EOF\nFROM b\nRUN y\n",
    ));
    let runs = parsed.runs();
    assert_eq!(
        runs[0].script,
        Script::Exec(vec!["/bin/x".to_owned(), "<<EOF".to_owned()])
    );
    assert_eq!(
        runs[0].shell,
        Some(vec!["pwsh".to_owned(), "-c".to_owned()])
    );
    let heredocs = &runs[1].instruction.heredocs;
    assert_eq!(heredocs.len(), 2);
    assert!(!heredocs[0].expands && heredocs[1].expands && heredocs[1].drops_tabs);
    assert_eq!(parsed.file().slice(heredocs[1].body), "\tb\n");
    // `cat<<EOF` is no here-document of the Dockerfile, and the next line counts.
    assert_eq!(parsed.stages().len(), 2);
    assert_eq!(runs[3].shell, None);
}

#[test]
fn variables_are_replaced_as_documented() {
    let cases = [
        ("ARG T=3\nFROM alpine:$T", "alpine:3"),
        ("ARG T=3\nFROM alpine:${T}", "alpine:3"),
        ("ARG T\nFROM alpine:${T:-9}", "alpine:9"),
        ("ARG T=\nFROM alpine:${T:-9}", "alpine:9"),
        ("ARG T=1\nFROM alpine${T:+:edge}", "alpine:edge"),
        ("ARG T=1\nARG T\nFROM alpine:$T", "alpine:1"),
        ("ARG A=1 B=2\nFROM alpine:$A.$B", "alpine:1.2"),
        ("ARG R=\nFROM ${R}alpine:1", "alpine:1"),
        ("ARG T='3'\nFROM \"alpine:$T\"", "alpine:3"),
        ("ARG A=1\nARG B=${X:-${A}}\nFROM alpine:$B", "alpine:1"),
    ];
    for (text, wanted) in cases {
        let parsed = parse(text);
        assert_eq!(
            parsed.images()[0].image().unwrap().to_string(),
            wanted,
            "{text}"
        );
    }
    for text in [
        "ARG T\nFROM a:$T",
        "FROM a:$T",
        "ARG T=x1\nFROM a:${T#x}",
        "FROM \"\"",
    ] {
        let parsed = parse(text);
        assert!(
            matches!(parsed.images()[0].name, ImageName::Unknown { .. }),
            "{text}"
        );
    }
}

#[test]
fn an_argument_of_a_stage_is_not_one_of_a_later_from() {
    let parsed = parse("FROM a AS x\nARG T=1\nFROM b:$T");
    assert!(matches!(parsed.images()[1].name, ImageName::Unknown { .. }));
}

#[test]
fn a_stage_per_platform_is_a_stage() {
    let parsed = parse(concat!(
        "FROM a@sha256:0 AS base-amd64\nFROM b AS base-arm64\n",
        "FROM base-${TARGETARCH} AS final\nFROM other-$TARGETARCH\nFROM base-$X\n",
    ));
    let some_stage: Vec<_> = parsed
        .images()
        .iter()
        .map(ImagePlace::is_some_stage)
        .collect();
    assert_eq!(some_stage, [false, false, true, false, false]);
}

#[test]
fn a_stage_is_no_source_of_itself_or_of_earlier_ones() {
    assert_eq!(
        images("FROM later\nFROM a AS later\nCOPY --from=later / /\nCOPY --from=1 / /\n"),
        [
            "From `later` later",
            "From `a` a",
            "CopyFrom `later` later",
            "CopyFrom `1` 1"
        ]
    );
}

#[test]
fn directives_count_only_at_the_very_top() {
    assert_eq!(
        parse("# syntax=a/b:1\n# escape=`\nFROM a\n")
            .directives()
            .len(),
        2
    );
    assert_eq!(parse("\n# syntax=a/b:1\nFROM a\n").directives().len(), 0);
    assert_eq!(
        parse("# a comment\n# escape=`\nFROM a\n")
            .directives()
            .len(),
        0
    );
    let windows = parse("\u{feff}# escape=`\r\nFROM a\r\nRUN dir C:\\ `\r\n  && ver\r\n");
    let runs = windows.runs();
    let Script::Shell(text) = &runs[0].script else {
        panic!("not a shell script")
    };
    assert_eq!(text.as_str(), "dir C:\\   && ver");
}

#[test]
fn an_escaped_escape_continues_nothing() {
    let parsed = parse("FROM a\nRUN echo \\\\\nUSER x\n");
    assert_eq!(parsed.instructions().len(), 3);
}

#[test]
fn what_is_wrong_has_its_place() {
    let parsed = parse("RUN before\nFRM alpine\nFROM a b\nFROM\nRUN <<EOF\nnever ends\n");
    let kinds: Vec<_> = parsed
        .problems()
        .iter()
        .map(|p| {
            (
                p.kind,
                parsed
                    .file()
                    .slice(p.span)
                    .lines()
                    .next()
                    .unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (ProblemKind::Syntax, "RUN before"),
            (ProblemKind::Syntax, "FRM"),
            (ProblemKind::Syntax, "FROM a b"),
            (ProblemKind::Syntax, "FROM"),
            (ProblemKind::Syntax, "<<EOF"),
        ]
    );
    assert_eq!(parse("").problems()[0].kind, ProblemKind::Missing);
}

#[test]
fn names_of_dockerfiles() {
    for path in [
        "Dockerfile",
        "a/Dockerfile.dev",
        "x.Dockerfile",
        "x.dockerfile",
        "Containerfile",
    ] {
        assert!(is_dockerfile(path), "{path}");
    }
    for path in [
        "Dockerfile.dockerignore",
        "Dockerfiles",
        "my-dockerfile",
        "dockerfile.go",
        "Dockerfile.tmpl",
        "Dockerfile.md",
        ".dockerfile",
        "a.md",
    ] {
        assert!(!is_dockerfile(path), "{path}");
    }
}

#[test]
fn arguments_that_double_stay_bounded() {
    let mut text = "ARG A0=xxxxxxxxxxxxxxxx\n".to_owned();
    for i in 1..60 {
        text += &format!("ARG A{i}=$A{0}$A{0}\n", i - 1);
    }
    text += "FROM $A59\n";
    assert!(matches!(
        parse(&text).images()[0].name,
        ImageName::Unknown { .. }
    ));
}

#[test]
fn hostile_sizes_end_soon() {
    let started = std::time::Instant::now();
    let nested = format!("FROM {}x\n", "${A:-".repeat(700));
    assert_eq!(parse(&nested).images().len(), 1);
    let mut many = "FROM $X AS ab\n".repeat(100_000);
    many.truncate(LONGEST_FILE);
    assert!(
        parse(&many)
            .problems()
            .iter()
            .any(|p| p.kind == ProblemKind::TooLarge)
    );
    let mut copies = "FROM a AS b\n".repeat(499);
    copies += &"COPY --from=x$X a b\n".repeat(40_000);
    assert!(
        parse(&copies)
            .problems()
            .iter()
            .any(|p| p.kind == ProblemKind::TooLarge)
    );
    let huge = "a".repeat(LONGEST_FILE + 1);
    assert_eq!(parse(&huge).problems()[0].kind, ProblemKind::TooLarge);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,300}") {
        let _ = parse(&text).runs();
    }

    #[test]
    fn spans_stay_in_the_file(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "FROM a AS b", "FROM ${X:-'y", "ARG X=${Y", "RUN a \\", "# c", "",
                "RUN <<E <<-\"F\"", "E", "F", "COPY --from=\"b\" é /",
                "RUN --mount=from=b,type=\"x,y\" z", "ONBUILD ONBUILD RUN \u{a0}",
                "SHELL [\"é\"]", "ADD --x", "\\", "--", "\u{feff}# syntax=a",
            ]),
            0..14,
        ),
        line_break in prop::sample::select(vec!["\n", "\r\n", " \\\n"]),
    ) {
        let parsed = parse(&lines.join(line_break));
        let text = parsed.file().text();
        for image in parsed.images() {
            prop_assert!(text.get(image.span.start..image.span.end).is_some());
        }
        for run in parsed.runs() {
            if let Script::Shell(script) = run.script {
                let span = script.span();
                prop_assert!(text.get(span.start..span.end).is_some());
            }
        }
        for problem in parsed.problems() {
            prop_assert!(text.get(problem.span.start..problem.span.end).is_some());
        }
    }
}
