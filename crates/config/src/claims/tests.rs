#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]

use cofferdam_facts::SourceFile;

use super::*;
use crate::config::{Config, Scope};

fn parse(text: &str) -> Result<Config, Vec<String>> {
    let file = SourceFile::new("cofferdam.toml", text);
    Config::parse(&file, Scope::Repository, &[])
        .map_err(|mistakes| mistakes.0.iter().map(ToString::to_string).collect())
}

fn values(texts: &[Spanned<String>]) -> Vec<&str> {
    texts.iter().map(|text| text.value.as_str()).collect()
}

#[test]
fn both_forms_are_read() {
    let config = parse(
        r#"
[[claim]]
name = "No fork, branch or CI build reaches a production registry"
never.from = ["fork", "branch", "ci"]
never.to = "registry:production"

[[claim]]
name = "Only maintainers"
only = { from = "maintainer", to = ["tag:*", "publish:*"], after = "approval:environment:release" }
unless = ["approval:update"]

[exposure]
visibility = "internal"

[[exposure.allow]]
from = "dependency"
to = "cache:default"
after = "approval:update"
owner = "@o/t"
reason = "r"
expires = 2027-01-31
"#,
    )
    .unwrap();
    let never = config.claims.first().unwrap();
    let only = config.claims.get(1).unwrap();
    assert_eq!((never.form, only.form), (Form::Never, Form::Only));
    assert_eq!(values(&never.from), ["fork", "branch", "ci"]);
    assert_eq!(values(&never.to), ["registry:production"]);
    assert_eq!(values(&only.after), ["approval:environment:release"]);
    assert_eq!(values(&only.unless), ["approval:update"]);
    let day = |text: &str| Timestamp::parse(text).unwrap();
    let allowed = config.allowed.first().unwrap();
    assert!(!allowed.is_expired(day("2027-01-31")) && allowed.is_expired(day("2027-02-01")));
    assert_eq!(allowed.location.line, 15);
    let visibility = config.visibility.unwrap();
    assert_eq!(visibility.value, Visibility::Internal);
    assert_eq!(config.file.locate(visibility.span).line, 13);
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (text, said) in [
        (
            "[[claim]]\nname = \"x\"\n",
            "cofferdam.toml:1:1: a claim has either `never` or `only`",
        ),
        (
            "[[claim]]\nname = \"x\"\nnever = {from = \"a\", to = \"b\"}\nonly = {from = \"a\", to = \"b\"}\n",
            "either `never` or `only`",
        ),
        (
            "[[claim]]\nname = \"x\"\nnever = {from = \"a\"}\n",
            "`to` is missing",
        ),
        (
            "[[claim]]\nname = \"x\"\nnever = {from = \"a\", to = \"b\", after = \"c\"}\n",
            "there is no key `after` here",
        ),
        (
            "[[claim]]\nname = \"x\"\nnever = {from = [], to = \"b\"}\n",
            "`from` names nothing",
        ),
        (
            "[[registry]]\nrepositories = \"ghcr.io/o/a\"\nkind = \"prod\"\n",
            "`kind` knows no `prod`",
        ),
        (
            "[[registry]]\nrepositories = \"o/a\"\nkind = \"production\"\n",
            "names no registry",
        ),
        (
            "[[registry]]\nrepositories = \"ghcr.io/*\"\nkind = \"production\"\n",
            "`HOST/**`",
        ),
        (
            "[[registry]]\nsecret = \"${{ secrets.A }}\"\nrepositories = \"ghcr.io/o/a\"\nkind = \"production\"\n",
            "is no `NAME`",
        ),
        (
            "[[exposure.allow]]\nfrom = \"a\"\nto = \"b\"\nowner = \"o\"\nreason = \"r\"\n",
            "`expires` is missing",
        ),
    ] {
        let mistakes = parse(text).unwrap_err();
        assert!(
            mistakes.iter().any(|m| m.contains(said)),
            "{text}: {mistakes:?}"
        );
    }
}

#[test]
fn contradictions_name_both_places() {
    let twice = "[[claim]]\nname = \"x\"\nnever = {from = \"a\", to = \"b\"}\n";
    let mistakes = parse(&twice.repeat(2)).unwrap_err();
    assert_eq!(
        mistakes,
        ["cofferdam.toml:5:8: there is a claim `x` already, at cofferdam.toml:2:8"]
    );
    let text = "[[registry]]\nsecret = \"A\"\nrepositories = \"ghcr.io/o/*\"\nkind = \"production\"\n\
                [[registry]]\nsecret = \"B\"\nrepositories = [\"ghcr.io/o/app\"]\nkind = \"development\"\n";
    let mistakes = parse(text).unwrap_err();
    assert_eq!(
        mistakes,
        [
            "cofferdam.toml:7:17: `ghcr.io/o/app` is development here, and by `ghcr.io/o/*` it is \
             production at cofferdam.toml:1:1"
        ]
    );
    assert!(parse(&text.replace("development", "production")).is_ok());
}

#[test]
fn an_organisation_makes_no_claims() {
    let file = SourceFile::new("o.toml", "[[claim]]\nname = \"x\"\n");
    let mistakes = Config::parse(&file, Scope::Organisation, &[]).unwrap_err();
    let said = |m: &crate::Mistake| m.message.contains("belongs into a repository's file");
    assert!(mistakes.0.iter().any(said), "{mistakes:?}");
}
