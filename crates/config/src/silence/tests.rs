use cofferdam_facts::Span;
use cofferdam_findings::RuleInfo;

use super::*;
use crate::comments;
use crate::config::Scope;

const RULE: RuleInfo = RuleInfo {
    id: "a-rule",
    title: "",
    severity: Severity::High,
    controls: &[],
    peers: &["zizmor/a"],
    standards: &[],
    docs: "",
};

const PATH: &str = ".github/workflows/ci.yml";

/// Every line `weak…` of a workflow is a finding.
struct Case {
    document: Document,
    comments: comments::Comments,
    report: Report,
}

fn case(text: &str) -> Case {
    let document = Document::parse(SourceFile::new(PATH, text));
    let mut findings = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(at) = line.find("weak") {
            let span = Span::new(start + at, start + at + 4);
            let place = document.file().locate(span);
            let mut finding = Finding::new("a-rule", Severity::High, place, "m").subject("s");
            finding.content = crate::content::of(&finding, &document);
            findings.push(finding);
        }
        start += line.len();
    }
    let report = Report {
        findings,
        rules: vec![RULE],
        repository: Some("acme/app".to_owned()),
        ..Report::default()
    };
    Case {
        comments: comments::read(&document, &[RULE]),
        document,
        report: report.finish(),
    }
}

fn config(scope: Scope, text: &str) -> Config {
    Config::parse(&SourceFile::new("cofferdam.toml", text), scope, &["a-rule"]).unwrap()
}

#[derive(Clone, Copy, Default)]
struct Extra<'e> {
    inherited: Option<&'e [Suppressed]>,
    known: Option<Known<'e>>,
}

fn run(case: &Case, judge: Judge<'_>, extra: Extra<'_>) -> Report {
    let documents = HashMap::from([(PATH.to_owned(), case.document.clone())]);
    let silencers = Silencers {
        judge,
        now: Timestamp::parse("2027-01-01").unwrap(),
        documents: &documents,
        comments: &case.comments.ignores,
        inherited: extra.inherited,
        known: extra.known,
        next: None,
    };
    silence(case.report.clone(), &silencers)
}

fn rules(report: &Report) -> Vec<(&'static str, usize)> {
    let of = |f: &Finding| (f.rule, f.location.line);
    report.findings.iter().map(of).collect()
}

const EXEMPT: &str =
    "[[exempt]]\nrules = [\"a-rule\"]\npaths = [\".github/**\"]\nowner = \"o\"\nreason = \"r\"\n";

#[test]
fn comments_exemptions_and_settings_silence_and_are_counted() {
    let text = "a: weak # cofferdam: ignore[a-rule] why\nb: weak # zizmor: ignore[a]\nc: weak\n";
    let report = run(&case(text), Judge::default(), Extra::default());
    assert_eq!(rules(&report), [("a-rule", 3)]);
    let kinds: Vec<_> = report.suppressed_counts().into_iter().collect();
    assert_eq!(
        kinds,
        [
            (SuppressionKind::Ignore, 1),
            (SuppressionKind::PeerIgnore, 1)
        ]
    );

    let config = config(
        Scope::Repository,
        &format!("zizmor-comments = false\n{EXEMPT}expires = 2027-01-01\n"),
    );
    let judge = Judge {
        repository: Some(&config),
        organisation: None,
    };
    let report = run(&case(text), judge, Extra::default());
    assert!(report.findings.is_empty());
    assert_eq!(
        report.suppressed_counts().get(&SuppressionKind::Exemption),
        Some(&3)
    );
}

#[test]
fn expired_and_unused_silencers_are_findings_at_their_own_line() {
    let expired = config(
        Scope::Repository,
        &format!("\n{EXEMPT}expires = 2026-12-31\n"),
    );
    let judge = Judge {
        repository: Some(&expired),
        organisation: None,
    };
    let report = run(&case("a: weak\n"), judge, Extra::default());
    assert_eq!(rules(&report), [("a-rule", 1), ("silencer-expired", 2)]);

    let unused = config(
        Scope::Repository,
        &format!("\n\n{EXEMPT}expires = 2027-12-31\n"),
    );
    let judge = Judge {
        repository: Some(&unused),
        organisation: None,
    };
    let report = run(
        &case("a: 1\nb: 2 # cofferdam: ignore[a-rule] why\n"),
        judge,
        Extra::default(),
    );
    assert_eq!(
        rules(&report),
        [("silencer-unused", 2), ("silencer-unused", 3)]
    );
}

#[test]
fn an_exemption_by_fingerprint_covers_so_many_copies() {
    let two = case("a: weak\na: weak\n");
    let fingerprint = &two.report.findings.first().unwrap().content_fingerprint;
    let text = EXEMPT.replace(
        "paths = [\".github/**\"]",
        &format!("fingerprint = \"{fingerprint}\""),
    );
    let config = config(Scope::Repository, &format!("{text}expires = 2027-12-31\n"));
    let judge = Judge {
        repository: Some(&config),
        organisation: None,
    };
    let report = run(&two, judge, Extra::default());
    assert_eq!((rules(&report).len(), report.suppressed.len()), (1, 1));
}

#[test]
fn a_baseline_knows_a_number_of_copies() {
    let known = case("a: weak\nb: 1\n");
    let baseline = Baseline::of(&known.report.findings);
    let file = SourceFile::new(
        "baseline.json",
        String::from_utf8(baseline.render()).unwrap(),
    );
    let of = |case: &Case| {
        run(
            case,
            Judge::default(),
            Extra {
                known: Some(Known {
                    file: &file,
                    baseline: &baseline,
                }),
                inherited: None,
            },
        )
    };
    assert!(of(&known).findings.is_empty());
    // Moved and commented, it is the same; a second copy is new.
    let report = of(&case("b: 1\na: weak # a comment\na: weak\n"));
    assert_eq!((report.findings.len(), report.suppressed.len()), (1, 1));
    let report = of(&case("b: 1\n"));
    assert_eq!(rules(&report), [("silencer-unused", 2)]);
}

#[test]
fn on_a_change_comments_of_the_base_count_and_no_others() {
    let base = run(
        &case("a: weak # cofferdam: ignore[a-rule] why\n"),
        Judge::default(),
        Extra::default(),
    );
    let head =
        case("a: weak # cofferdam: ignore[a-rule] why\nb: weak # cofferdam: ignore[a-rule] new\n");
    let report = run(
        &head,
        Judge::default(),
        Extra {
            inherited: Some(&base.suppressed),
            known: None,
        },
    );
    assert_eq!(rules(&report), [("a-rule", 2)]);
    // Taken over to another line, it does not count either.
    let moved = case("a: 1\nb: weak # cofferdam: ignore[a-rule] why\n");
    let report = run(
        &moved,
        Judge::default(),
        Extra {
            inherited: Some(&base.suppressed),
            known: None,
        },
    );
    assert_eq!(rules(&report), [("a-rule", 2)]);
}

#[test]
fn the_floor_of_an_organisation_holds() {
    let organisation = config(
        Scope::Organisation,
        "[floor]\nfail-on = \"high\"\nrules = [\"a-rule\"]\nlongest-exemption = 30\nbaseline = false\n",
    );
    let loose = format!(
        "fail-on = \"none\"\nbaseline = \"b.json\"\n[rules.a-rule]\noff = true\nseverity = \"info\"\nreason = \"r\"\n{EXEMPT}expires = 2027-12-31\n"
    );
    let repository = config(Scope::Repository, &loose);
    let judge = Judge {
        repository: Some(&repository),
        organisation: Some(&organisation),
    };
    let known = case("a: weak\n");
    let baseline = Baseline::of(&known.report.findings);
    let file = SourceFile::new("b.json", String::from_utf8(baseline.render()).unwrap());
    let text = "a: weak # cofferdam: ignore[a-rule] why\n";
    let report = run(
        &case(text),
        judge,
        Extra {
            known: Some(Known {
                file: &file,
                baseline: &baseline,
            }),
            inherited: None,
        },
    );
    assert_eq!(report.count(Severity::High), 1, "{:?}", rules(&report));
    assert!(report.suppressed.is_empty());
    let loosened = rules(&report)
        .iter()
        .filter(|(rule, _)| *rule == "silencer-loosened")
        .count();
    assert_eq!(
        loosened,
        5,
        "{:?}",
        report
            .findings
            .iter()
            .map(|f| &f.message)
            .collect::<Vec<_>>()
    );
    assert_eq!(judge.threshold(None).word(), "high");
    let asked = cofferdam_findings::Threshold::from_word("none");
    assert_eq!(judge.threshold(asked).word(), "high");
}

#[test]
fn severities_are_regraded_and_say_so() {
    let lower = config(
        Scope::Repository,
        "[rules.a-rule]\nseverity = \"low\"\nreason = \"r\"\n",
    );
    let judge = Judge {
        repository: Some(&lower),
        organisation: None,
    };
    let report = run(&case("a: weak\n"), judge, Extra::default());
    assert_eq!(report.count(Severity::Low), 1);
    assert!(
        report
            .findings
            .first()
            .unwrap()
            .why
            .contains("instead of high")
    );
    let organisation = config(
        Scope::Organisation,
        "[rules.a-rule]\nseverity = \"critical\"\nreason = \"r\"\n",
    );
    let judge = Judge {
        repository: Some(&lower),
        organisation: Some(&organisation),
    };
    let report = run(&case("a: weak\n"), judge, Extra::default());
    assert_eq!(report.count(Severity::Critical), 1);
}

#[test]
fn nothing_silences_what_is_said_about_silencers() {
    let mut one = case("a: 1 # cofferdam: ignore[a-rule] why\n");
    one.report.rules.push(pages::UNUSED);
    let off = "[[exclude]]\npaths = [\"**\"]\nreason = \"all\"\n";
    let config = config(Scope::Repository, off);
    let judge = Judge {
        repository: Some(&config),
        organisation: None,
    };
    let report = run(&one, judge, Extra::default());
    assert_eq!(rules(&report), [("silencer-unused", 1)]);
}
