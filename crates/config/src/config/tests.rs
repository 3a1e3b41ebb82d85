use super::*;
use crate::template;

const RULES: &[&str] = &["unpinned-action", "token-write-all"];

fn parse(text: &str) -> Result<Config, Vec<String>> {
    let file = SourceFile::new("cofferdam.toml", text);
    Config::parse(&file, Scope::Repository, RULES)
        .map_err(|mistakes| mistakes.0.iter().map(ToString::to_string).collect())
}

fn only_mistake(text: &str) -> String {
    let mistakes = parse(text).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes.first().unwrap().clone()
}

#[test]
fn everything_at_once() {
    let config = parse(
        r#"
fail-on = "medium"
require = ["settings", "C4"]
baseline = ".github/cofferdam-baseline.json"
zizmor-comments = false

[extends]
url = "https://example.org/cofferdam.toml"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

[rules.unpinned-action]
severity = "critical"
reason = "we publish actions"

[[exclude]]
paths = ["testdata/**"]
reason = "weak on purpose"

[[exempt]]
rules = ["token-write-all"]
paths = [".github/workflows/old-*.yml"]
subject = "jobs.*"
owner = "@acme/ci"
reason = "replaced in March"
expires = 2027-01-31
"#,
    )
    .unwrap();
    assert_eq!(
        config.fail_on.unwrap().value,
        Threshold(Some(Severity::Medium))
    );
    assert_eq!(config.require.len(), 2);
    assert!(matches!(config.extends.unwrap().source, Source::Url(_)));
    assert_eq!(
        config.rules.first().unwrap().severity,
        Some(Severity::Critical)
    );
    let exemption = config.exempt.first().unwrap();
    assert_eq!(config.file.locate(exemption.span).line, 19);
    let at = |text| Timestamp::parse(text).unwrap();
    assert!(!exemption.is_expired(at("2027-01-31T23:59:59Z")));
    assert!(exemption.is_expired(at("2027-02-01")));
}

#[test]
fn an_empty_file_says_nothing_and_the_template_is_valid() {
    assert!(parse("").unwrap().exempt.is_empty());
    for text in [
        template::REPOSITORY.to_owned(),
        template::uncommented(template::REPOSITORY),
    ] {
        assert!(parse(&text).is_ok(), "{:?}", parse(&text).err());
    }
    let file = SourceFile::new(
        "organisation.toml",
        template::uncommented(template::ORGANISATION),
    );
    let rules = ["unpinned-action", "untrusted-checkout"];
    let read = Config::parse(&file, Scope::Organisation, &rules);
    assert!(read.is_ok(), "{:?}", read.err());
}

#[test]
fn unknown_keys_are_errors_with_place_and_nearest_key() {
    assert_eq!(
        only_mistake("fail_on = \"low\"\n"),
        "cofferdam.toml:1:1: there is no key `fail_on` here; did you mean `fail-on`?"
    );
    assert_eq!(
        only_mistake("\n[rules.unpined-action]\noff = true\nreason = \"x\"\n"),
        "cofferdam.toml:2:8: `rules` knows no `unpined-action`; did you mean `unpinned-action`?"
    );
    assert_eq!(
        only_mistake("[[exclude]]\npaths = [\"a\"]\nreason = \"x\"\nreasons = \"y\"\n"),
        "cofferdam.toml:4:1: there is no key `reasons` here; did you mean `reason`?"
    );
    assert_eq!(
        only_mistake("fail-on = \"hihg\"\n"),
        "cofferdam.toml:1:11: `fail-on` knows no `hihg`; did you mean `high`?"
    );
    assert!(only_mistake("xyzzy = 1\n").ends_with("there is no key `xyzzy` here"));
}

#[test]
fn what_silences_needs_its_reason_and_its_end() {
    assert!(only_mistake("[rules.unpinned-action]\noff = true\n").contains("needs a `reason`"));
    let exempt = |more: &str| {
        parse(&format!(
            "[[exempt]]\nrules = [\"unpinned-action\"]\n{more}\n"
        ))
        .unwrap_err()
    };
    let all = exempt("");
    for missing in ["owner", "reason", "expires"] {
        let text = format!("cofferdam.toml:1:1: `{missing}` is missing");
        assert!(all.contains(&text), "{all:?}");
    }
    let place = "owner = \"a\"\nreason = \"b\"\nexpires = 2027-01-31";
    assert!(exempt(place).first().unwrap().contains("needs `paths`"));
    let bad = format!("paths = [\"a\"]\n{}", place.replace("\"b\"", "\" \""));
    assert!(
        exempt(&bad)
            .first()
            .unwrap()
            .contains("`reason` says nothing")
    );
    for date in ["\"31.1.2027\"", "2027-02-30", "2027-01-31T10:00:00Z", "7"] {
        let text = place.replace("2027-01-31", date);
        assert!(
            !exempt(&format!("paths = [\"a\"]\n{text}")).is_empty(),
            "{date}"
        );
    }
}

#[test]
fn keys_of_the_other_file_and_wrong_kinds_are_errors() {
    assert!(only_mistake("[floor]\nfail-on = \"low\"\n").contains("an organisation's file"));
    assert!(only_mistake("fail-on = 3\n").contains("not a TOML integer"));
    assert!(only_mistake("rules = 3\n").contains("`rules` is a table"));
    assert!(only_mistake("baseline = \"../x\"\n").contains("inside of the repository"));
    assert!(only_mistake("[extends]\nurl = \"http://x\"\nsha256 = \"").contains("not TOML"));
    let http = format!(
        "[extends]\nurl = \"http://x\"\nsha256 = \"{}\"\n",
        "a".repeat(64)
    );
    assert!(only_mistake(&http).contains("https://"));
    let upper = format!("[extends]\npath = \"x\"\nsha256 = \"{}\"\n", "A".repeat(64));
    assert!(only_mistake(&upper).contains("64 hexadecimal digits"));
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_reader(text in "([a-z.=\"\\[\\]\\n#-]|exempt|rules|\\[\\[|2027-01-31){0,60}") {
        let _ = parse(&text);
    }
}

#[test]
fn lists_of_what_may_be_used_are_read_and_refused_as_a_whole() {
    let config = parse("[uses]\nallow = ['actions/*@commit']\ndeny = ['docker://*']\n").unwrap();
    let uses = config.uses.unwrap();
    assert_eq!(uses.of, "cofferdam.toml");
    assert_eq!((uses.allow.len(), uses.deny.len()), (1, 1));
    assert!(parse("").unwrap().uses.is_none());
    for (text, expected) in [
        ("[uses]\n", "needs `allow` or `deny`"),
        ("[uses]\nallow = ['actions']\n", "names no `owner/name`"),
        (
            "[uses]\nallow = ['a/b@v1']\n",
            "`commit`, `version` or `other`",
        ),
        ("[uses]\nallow = ['a/b']\nforbid = ['c/d']\n", "forbid"),
    ] {
        let mistake = only_mistake(text);
        assert!(mistake.contains(expected), "{text}: {mistake}");
    }
}
