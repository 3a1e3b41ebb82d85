use std::sync::Arc;

use cofferdam_facts::{SourceFile, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::insights::skeleton;
use crate::repository::{Repository, Tree};

const SECOND: &str = "\
# Kept by hand.
header:
  schema-version: 2.2.0
  last-updated: '2024-01-01'   # who
  last-reviewed: \"2024-01-01\"
  url: https://raw.githubusercontent.com/o/r/main/security-insights.yml
project:
  name: r
  administrators:
    - {name: Ada, primary: true}
  repositories:
    - {name: r, comment: it, url: https://github.com/o/r}
  vulnerability-reporting:
    reports-accepted: true
    bug-bounty-available: false
    contact: {name: Ada, primary: true, email: security@r.dev}
repository:
  url: https://github.com/o/r
  status: active
  accepts-change-request: true
  accepts-automated-change-request: false
  core-team:
    - {name: Ada, primary: true}
  license: {url: https://github.com/o/r/blob/main/LICENSE, expression: MIT}
  security:
    assessments:
      self: {comment: none}
  documentation:
    # Where it moved to, nobody knows.
    security-policy: https://github.com/o/r/blob/main/docs/SECURITY.md
";

const FIRST: &str = "\
header:
  schema-version: 1.0.0
  expiration-date: '2024-10-01T01:00:00.000Z'
  last-reviewed: '2023-10-01'
  project-url: https://github.com/o/r
project-lifecycle: {status: active, bug-fixes-only: false, core-maintainers: ['github:ada']}
contribution-policy: {accepts-pull-requests: true, accepts-automated-pull-requests: true}
distribution-points: [https://github.com/o/r]
security-contacts:
  - {type: email, value: security@r.dev}
vulnerability-reporting: {accepts-vulnerability-reports: false}
";

const PATHS: [&str; 6] = [
    ".github/SECURITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "renovate.json",
    "security-insights.yml",
];

fn repository(text: &str, paths: &[&str], slug: &str) -> Repository {
    let files = vec![
        SourceFile::new("security-insights.yml", text),
        SourceFile::new("renovate.json", "{}"),
    ];
    let tree = Tree::new(paths.iter().map(|path| Arc::from(*path)).collect());
    let mut repository = Repository::read(files, tree);
    repository.slug = Some(slug.to_owned());
    repository
}

fn known<'k>(repository: &'k Repository, named: bool) -> Known<'k> {
    Known {
        facts: Facts {
            repository,
            default_branch: None,
            publishes: true,
            lockfile: None,
        },
        today: Timestamp::parse_date("2026-11-22").unwrap(),
        named,
        releases: true,
        provenance: true,
        license: Some(("LICENSE", Some("Apache-2.0"))),
    }
}

fn renewed(text: &str, paths: &[&str], slug: &str, named: bool) -> Renewal {
    let repository = repository(text, paths, slug);
    renew(
        repository.insights.first().unwrap(),
        &known(&repository, named),
    )
    .unwrap()
}

fn insights(text: &str) -> Insights {
    Insights::parse(SourceFile::new("security-insights.yml", text))
}

#[test]
fn what_the_checkout_tells_is_renewed_and_the_rest_stays() {
    let renewal = renewed(SECOND, &PATHS, "o/r", false);
    let text = &renewal.text;
    assert!(text.starts_with("# Kept by hand.\n"), "{text}");
    assert!(
        text.contains("last-updated: '2026-11-22'   # who\n"),
        "{text}"
    );
    assert!(text.contains("last-reviewed: \"2026-11-22\"\n"), "{text}");
    assert!(
        text.contains("accepts-automated-change-request: true\n"),
        "{text}"
    );
    assert!(
        text.contains("security-policy: https://github.com/o/r/blob/main/.github/SECURITY.md\n")
    );
    assert!(
        text.contains("    # Where it moved to, nobody knows.\n"),
        "{text}"
    );
    assert!(
        text.contains("contributing-guide: https://github.com/o/r/blob/HEAD/CONTRIBUTING.md\n")
    );
    assert!(
        text.contains("changelog: https://github.com/o/r/blob/HEAD/CHANGELOG.md\n"),
        "{text}"
    );
    assert!(
        text.contains("predicate-uri: https://slsa.dev/provenance/v1\n"),
        "{text}"
    );
    // A person has to say which licence it is.
    assert!(text.contains("expression: MIT"), "{text}");
    assert!(
        renewal
            .questions
            .iter()
            .any(|q| q.text.contains("Apache-2.0")),
        "{renewal:?}"
    );
    assert!(
        renewal.reviewed && renewal.contradicted.is_empty(),
        "{renewal:?}"
    );
    let problems = insights(text);
    assert!(problems.is_valid(), "{:?}", problems.problems());
}

#[test]
fn a_second_renewal_changes_nothing() {
    let once = renewed(SECOND, &PATHS, "o/r", false);
    let twice = renewed(&once.text, &PATHS, "o/r", false);
    assert_eq!(twice.text, once.text);
    assert_eq!(twice.changes, Vec::<String>::new());
    assert!(!twice.questions.is_empty());
}

#[test]
fn no_review_is_claimed_while_something_is_known_to_be_untrue() {
    let renewal = renewed(SECOND, &["LICENSE", "security-insights.yml"], "o/r", false);
    assert!(!renewal.reviewed);
    assert!(
        renewal.text.contains("last-reviewed: \"2024-01-01\"\n"),
        "{}",
        renewal.text
    );
    let [one] = renewal.contradicted.as_slice() else {
        unreachable!("{:?}", renewal.contradicted);
    };
    assert!(one.text.contains("docs/SECURITY.md"), "{one:?}");
}

#[test]
fn the_first_version_gets_another_year() {
    let renewal = renewed(FIRST, &PATHS, "o/r", false);
    assert!(
        renewal
            .text
            .contains("expiration-date: '2027-11-22T01:00:00.000Z'\n"),
        "{}",
        renewal.text
    );
    assert!(
        renewal.text.contains("last-reviewed: '2026-11-22'\n"),
        "{}",
        renewal.text
    );
    assert!(
        renewal.text.contains("last-updated: '2026-11-22'\n")
            || renewal.text.contains("last-updated: 2026-11-22"),
        "{}",
        renewal.text
    );
    let parsed = insights(&renewal.text);
    assert!(parsed.is_valid(), "{:?}", parsed.problems());
    assert!(
        renewal
            .questions
            .iter()
            .any(|q| q.text.contains("security@r.dev"))
    );
}

#[test]
fn only_a_person_moves_a_file_to_another_repository() {
    let unsure = renewed(SECOND, &PATHS, "me/fork", false);
    assert!(
        unsure.text.contains("  url: https://github.com/o/r\n"),
        "{}",
        unsure.text
    );
    assert!(
        unsure.questions.iter().any(|q| q.text.contains("me/fork")),
        "{unsure:?}"
    );
    let told = renewed(SECOND, &PATHS, "new/home", true);
    assert!(
        told.text.contains("  url: https://github.com/new/home\n"),
        "{}",
        told.text
    );
}

#[test]
fn what_is_not_understood_is_not_touched() {
    for text in ["header: [", "header:\n  schema-version: 9.0.0\n", "a: 1\n"] {
        let repository = repository(text, &PATHS, "o/r");
        let result = renew(
            repository.insights.first().unwrap(),
            &known(&repository, false),
        );
        assert!(result.is_err(), "{text}");
    }
}

#[test]
fn a_draft_is_valid_and_says_what_it_does_not_know() {
    for (paths, license) in [
        (&PATHS[..], Some(("LICENSE", Some("Apache-2.0")))),
        (&[], None),
        (&["LICENSE"], Some(("LICENSE", None))),
    ] {
        let repository = repository("", paths, "o/123");
        let known = Known {
            license,
            ..known(&repository, true)
        };
        let draft = skeleton::draft(&known).unwrap();
        let parsed = insights(&draft.text);
        assert!(parsed.is_valid(), "{:?}\n{}", parsed.problems(), draft.text);
        assert!(draft.questions.len() >= 5, "{:?}", draft.questions);
        // Who is asked learns which key it is, why, and what an answer is like.
        assert!(
            draft.questions.iter().all(|q| q.key.is_some()),
            "{:?}",
            draft.questions
        );
        // As long as it is not answered, no review counts.
        let again = renew(&parsed, &known).unwrap();
        assert!(!again.reviewed && !again.contradicted.is_empty());
    }
    let mut nameless = repository("", &PATHS, "o/r");
    nameless.slug = None;
    assert!(skeleton::draft(&known(&nameless, false)).is_err());
}

proptest! {
    #[test]
    fn any_file_is_answered(end in 0..SECOND.len(), junk in "[a-z:\\-\\[\\]{} \n]{0,20}") {
        let text = format!("{}{junk}", SECOND.get(..end).unwrap_or_default());
        let repository = repository(&text, &PATHS, "o/r");
        if let Some(insights) = repository.insights.first() {
            let _ = renew(insights, &known(&repository, false));
        }
    }
}
