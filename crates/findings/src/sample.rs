//! A made-up report for the tests: many findings of few causes, every status,
//! and text that attacks each of the formats.

use cofferdam_facts::{Control, SourceFile, Span};

use crate::controls::derive_all;
use crate::standards::{Cwe, Osps, Scorecard};
use crate::{
    Confidence, Evidence, Finding, JudgedBy, NotChecked, Report, Requirement, RuleInfo, Severity,
    Suppressed, Suppression, SuppressionKind, Verdict,
};

/// Attacks a terminal, a log, Markdown, HTML and a table at once.
pub(crate) const HOSTILE: &str = "\u{1b}[2Jx\n::error file=a::pwned ##[add-mask]y @root #1 \
    [a](https://evil.example) <img src=x> `|` \u{202e}gnp.exe\u{2066} {0} \"q\" %0A::set-env";

pub(crate) const RULES: [RuleInfo; 5] = [
    RuleInfo {
        id: "dangerous-trigger",
        title: "A stranger's event starts a job that holds something",
        severity: Severity::Critical,
        controls: &[Control::T1, Control::X1],
        peers: &[],
        standards: &[],
        docs: "# What\nA job that strangers start holds a secret.\n\n## Fixed\n```yaml\non: pull_request\n```\n",
    },
    RuleInfo {
        id: "insights",
        title: "Security insights are missing or untrue",
        severity: Severity::Low,
        controls: &[Control::G2],
        peers: &[],
        standards: &[],
        docs: "# What\nSECURITY-INSIGHTS.yml is missing.\n",
    },
    RuleInfo {
        id: "script-injection",
        title: "Text from outside becomes part of a script",
        severity: Severity::High,
        controls: &[Control::X2],
        peers: &[],
        standards: &[
            Requirement::Cwe(Cwe::Cwe94),
            Requirement::Osps(Osps::Br0101),
            Requirement::Scorecard(Scorecard::DangerousWorkflow),
        ],
        docs: "# What\nAn expression is pasted into a script.\n",
    },
    RuleInfo {
        id: "token-permissions",
        title: "The token may do more than the job needs",
        severity: Severity::Medium,
        controls: &[Control::C1],
        peers: &[],
        standards: &[],
        docs: "# What\nThe token is too strong.\n",
    },
    RuleInfo {
        id: "unpinned-action",
        title: "An action is named by a tag or branch that may move",
        severity: Severity::High,
        controls: &[Control::D1],
        peers: &[],
        standards: &[],
        docs: "# What\nA tag moves.\n",
    },
];

const RELEASE: &str = "on: pull_request_target\njobs:\n  build:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n      - run: make\n      - run: |\n          echo \"${{ github.event.pull_request.title }}\"\n          echo \u{202e}done\t漢字 ${{ github.head_ref }}\n";

/// The span of the first `needle` at or after `from`.
pub(crate) fn find(file: &SourceFile, needle: &str, from: usize) -> Span {
    let text = file.text();
    let start = text
        .get(from..)
        .and_then(|t| t.find(needle))
        .map_or(0, |i| i + from);
    Span::new(start, start + needle.len())
}

fn pinned(path: &str, lines: usize) -> impl Iterator<Item = Finding> {
    let text = "      - uses: docker/build-push-action@v6\n".repeat(lines);
    let file = SourceFile::new(path, text);
    (0..lines).map(move |n| {
        let span = find(&file, "docker/build-push-action@v6", n * 42);
        Finding::new(
            "unpinned-action",
            Severity::High,
            file.locate(span),
            "`docker/build-push-action@v6` is named by a tag",
        )
        .why("Whoever moves the tag runs code in 14 jobs that hold 3 secrets.")
        .fix("Name the commit and keep the tag as a comment: `cofferdam pin`.")
        .group("`docker/build-push-action` is named by a tag")
        .subject(format!("jobs.build/steps.{n}"))
    })
}

fn injections(file: &SourceFile) -> [Finding; 2] {
    let title = find(file, "github.event.pull_request.title", 0);
    let head = find(file, "github.head_ref", 0);
    [
        Finding::new(
            "script-injection",
            Severity::High,
            file.locate(title),
            HOSTILE,
        )
        .why(HOSTILE)
        .fix("Pass it through `env:` and quote it in the script.")
        .related(
            file.locate(find(file, "pull_request_target", 0)),
            "a stranger opens a pull request",
        )
        .related(file.locate(find(file, "run: |", 0)), HOSTILE)
        .group(HOSTILE)
        .subject("jobs.build/steps.2"),
        Finding::new(
            "script-injection",
            Severity::High,
            file.locate(head),
            "`github.head_ref` becomes part of a script",
        )
        .why("The branch name of a fork is chosen by a stranger.")
        .fix("Pass it through `env:` and quote it in the script.")
        .confidence(Confidence::Medium)
        .subject("jobs.build/steps.2"),
    ]
}

fn findings() -> Vec<Finding> {
    let file = SourceFile::new(".github/workflows/release.yml", RELEASE);
    let hostile_path = SourceFile::new(
        ".github/workflows/a b,c::d%0A\u{1b}[31m#é.yml",
        "permissions: write-all\n",
    );
    let checkout = Span::new(
        find(&file, "- uses: actions", 0).start,
        find(&file, "head.sha }}", 0).end,
    );
    let mut all = vec![
        Finding::new(
            "dangerous-trigger",
            Severity::Critical,
            file.locate(checkout),
            "Code of a fork is checked out and executed with `NPM_TOKEN`",
        )
        .why("Anybody with an account reads `NPM_TOKEN` by opening a pull request.")
        .fix("Check the fork out into a folder of its own and execute nothing from it.")
        .related(
            file.locate(find(&file, "make", 0)),
            "its Makefile is executed here",
        )
        .subject("jobs.build"),
        Finding::new(
            "dangerous-trigger",
            Severity::Low,
            file.locate(find(&file, "pull_request_target", 0)),
            "A stranger's event starts a job that holds nothing",
        )
        .why("A later edit could give it something.")
        .fix("Use `pull_request`.")
        .subject("on"),
        Finding::new(
            "token-permissions",
            Severity::Medium,
            hostile_path.locate(find(&hostile_path, "write-all", 0)),
            "The token may write everything",
        )
        .why("Each of 5 actions could push to the default branch.")
        .fix("Start from `permissions: {}` and grant per job.")
        .subject("permissions"),
        Finding::new(
            "insights",
            Severity::Low,
            cofferdam_facts::Location::missing("SECURITY-INSIGHTS.yml"),
            "There is no SECURITY-INSIGHTS.yml",
        )
        .why("Nobody can tell by machine how to report a weakness.")
        .fix("Write one: `cofferdam insights renew`."),
    ];
    all.extend(injections(&file));
    all.extend(pinned(".github/workflows/ci.yml", 9));
    all.extend(pinned(".github/workflows/images.yml", 4));
    // In the order in which threads happen to end.
    all.reverse();
    all
}

fn evidence() -> Vec<Evidence> {
    let file = SourceFile::new(".github/workflows/release.yml", RELEASE);
    let seen = |control, verdict, needle: &str, note: &str| Evidence {
        control,
        verdict,
        location: Some(file.locate(find(&file, needle, 0))),
        note: note.to_owned(),
    };
    let unknown = |missing: &str| Verdict::Unknown {
        missing: missing.to_owned(),
        settle: "cofferdam settings snapshot OWNER/REPO".to_owned(),
    };
    vec![
        seen(
            Control::T1,
            Verdict::Violated,
            "pull_request_target",
            "any stranger starts it",
        ),
        seen(
            Control::T3,
            Verdict::Satisfied,
            "on",
            "CODEOWNERS covers .github/",
        ),
        seen(
            Control::X1,
            Verdict::Violated,
            "make",
            "executes the fork's code",
        ),
        seen(Control::D1, Verdict::Satisfied, "jobs", "pinned"),
        seen(Control::D1, Verdict::Violated, "actions/checkout", HOSTILE),
        seen(
            Control::D1,
            unknown("what `x` names"),
            "uses",
            "an expression",
        ),
        seen(
            Control::C4,
            unknown(&format!("the protection of environment `{HOSTILE}`")),
            "build",
            "environment",
        ),
        seen(
            Control::S6,
            unknown("the protection of environment `release`"),
            "build",
            "environment",
        ),
        Evidence {
            control: Control::D7,
            verdict: Verdict::NotApplicable,
            location: None,
            note: "no vendor directory".to_owned(),
        },
        Evidence {
            control: Control::G2,
            verdict: Verdict::Violated,
            location: None,
            note: "no SECURITY-INSIGHTS.yml".to_owned(),
        },
    ]
}

/// Everything at once.
pub(crate) fn rich() -> Report {
    let broken = SourceFile::new(".github/workflows/broken.yml", "on: [push\njobs: x\n");
    Report {
        name: "acme/app\u{1b}[0m".to_owned(),
        repository: Some("acme/app".to_owned()),
        revision: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        files: 34,
        findings: findings(),
        controls: derive_all(evidence(), |_| "decided by `cofferdam watch`".to_owned()),
        not_checked: vec![
            NotChecked {
                code: "stale-data",
                message: "the data pack is 200 days old".to_owned(),
                location: None,
                settle: "cofferdam data refresh".to_owned(),
                required: false,
            },
            NotChecked {
                code: "syntax",
                message: format!("not understood from here on: {HOSTILE}"),
                location: Some(broken.locate(find(&broken, "jobs", 0))),
                settle: "Close the bracket.".to_owned(),
                required: true,
            },
        ],
        rules: RULES.to_vec(),
        ..Report::default()
    }
    .finish()
}

/// A change judged by its base: something new, something gone, something
/// unchanged, and something silenced by each kind of silencer.
pub(crate) fn changed() -> Report {
    let base = Report {
        revision: Some("fedcba9876543210fedcba9876543210fedcba98".to_owned()),
        findings: pinned(".github/workflows/ci.yml", 3).collect(),
        ..Report::default()
    };
    let mut head = rich();
    head.findings = pinned(".github/workflows/ci.yml", 2)
        .chain(pinned(".github/workflows/new.yml", 1))
        .collect();
    let file = SourceFile::new("cofferdam.toml", "[[exempt]]\n");
    let silenced = Report {
        findings: pinned(".github/workflows/old.yml", SuppressionKind::ALL.len()).collect(),
        ..Report::default()
    };
    head.suppressed = (silenced.finish().findings.into_iter())
        .zip(SuppressionKind::ALL)
        .map(|(finding, kind)| Suppressed {
            finding,
            by: Suppression {
                kind: *kind,
                reason: HOSTILE.to_owned(),
                owner: Some(format!("@acme {HOSTILE}")),
                expires: Some("2027-01-31".to_owned()),
                location: Some(file.locate(Span::new(0, 10))),
            },
        })
        .collect();
    head.judged_by = Some(JudgedBy {
        name: "main".to_owned(),
        commit: "fedcba9876543210fedcba9876543210fedcba98".to_owned(),
        edits: 2,
    });
    head.finish().compared(&base.finish(), "main")
}

/// A report without anything to say.
pub(crate) fn clean() -> Report {
    Report {
        name: "tidy".to_owned(),
        files: 3,
        rules: RULES.to_vec(),
        ..Report::default()
    }
    .finish()
}

/// Nothing found, but something needed could not be read.
pub(crate) fn unread() -> Report {
    Report {
        name: "unread".to_owned(),
        files: 1,
        not_checked: vec![NotChecked {
            code: "unreadable",
            message: "the file could not be read".to_owned(),
            location: None,
            settle: String::new(),
            required: true,
        }],
        ..Report::default()
    }
    .finish()
}
