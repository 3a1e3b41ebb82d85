#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at what it did not expect"
)]

use std::sync::Arc;

use cofferdam_config::{Config, Scope};
use cofferdam_facts::SourceFile;
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Tree;

use super::propose::propose;
use super::*;

const RELEASE: &str = "on:\n  push:\n    tags: ['v*']\npermissions: {}\njobs:\n  publish:\n    environment: release\n    \
    runs-on: ubuntu-24.04\n    steps:\n      - uses: acme/notes@v1\n      - run: npm publish\n        env: {NODE_AUTH_TOKEN: '${{ secrets.NPM_TOKEN }}'}\n";
const COMMENT: &str = "on: issue_comment\npermissions: {}\njobs:\n  say:\n    runs-on: ubuntu-24.04\n    steps:\n      \
    - run: echo ${{ github.event.comment.body }}\n        env: {KEY: '${{ secrets.BOT }}'}\n";

fn repository(files: &[(&str, &str)]) -> Repository {
    let paths = files.iter().map(|(path, _)| Arc::from(*path));
    let tree = Tree::new(paths.collect());
    let sources = files
        .iter()
        .map(|(path, text)| SourceFile::new(*path, *text));
    Repository::read(sources.collect(), tree)
}

/// What becomes of claims in a checkout: the word of each, or every mistake.
fn check_all(files: &[(&str, &str)], toml: &str) -> Result<Vec<String>, Vec<String>> {
    let file = SourceFile::new("cofferdam.toml", toml);
    let config = Config::parse(&file, Scope::Repository, &[]).unwrap();
    let repository = repository(files);
    let facts = Facts {
        registries: &config.registries,
        ..Facts::default()
    };
    let cx = Context::new(&repository, facts);
    let exposure = crate::of(&cx);
    let names = Names::of(&exposure, false);
    let against = Against {
        exposure: &exposure,
        names: &names,
        registries: &config.registries,
        settings: false,
        unread: &[],
        must_exist: true,
    };
    match check(&config.claims, &file, &against) {
        Ok(rulings) => Ok(rulings.iter().map(|one| said(one, &exposure)).collect()),
        Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect()),
    }
}

fn said(ruling: &Ruling<'_>, exposure: &Exposure) -> String {
    match &ruling.standing {
        Standing::Holds => format!("holds {}", ruling.examined.pairs()),
        Standing::Refuted(all) => {
            let first = all.first().unwrap();
            assert!(first.row.places(&exposure.graph).next().is_some());
            let by_hand = first.row.position == crate::Position::Writer;
            assert!(by_hand || !first.cuts.is_empty(), "{first:?}");
            format!("refuted {} -> {}", first.row.position, first.row.asset)
        }
        Standing::NotProvable(missing) => {
            let words: Vec<&str> = missing.iter().map(|one| one.what.as_str()).collect();
            assert!(missing.iter().all(|one| !one.settle.is_empty()));
            format!("not provable {}", words.join(", "))
        }
    }
}

fn one(files: &[(&str, &str)], claim: &str) -> String {
    let toml = format!("[[claim]]\nname = \"x\"\n{claim}\n");
    let found = check_all(files, &toml).unwrap_or_else(|e| panic!("{claim}: {e:?}"));
    found.first().unwrap().clone()
}

const FILES: &[(&str, &str)] = &[
    (".github/workflows/release.yml", RELEASE),
    (".github/workflows/comment.yml", COMMENT),
];

#[test]
fn a_claim_holds_is_refuted_or_waits_for_a_fact() {
    for (claim, expected) in [
        (
            "never = {from = \"action:acme/notes\", to = \"secret:BOT\"}",
            "holds 1",
        ),
        (
            "never = {from = \"fork\", to = \"secret:NPM_TOKEN\"}",
            "not provable settings:environment:release, settings:fork-approval, settings:secrets-to-forks",
        ),
        (
            "never = {from = \"action:acme/notes\", to = \"secret:BOT\"}",
            "holds 1",
        ),
        (
            "never = {from = \"fork\", to = \"secret:NPM_TOKEN\"}",
            "not provable settings:environment:release, settings:fork-approval, settings:secrets-to-forks",
        ),
        (
            "never = {from = \"fork\", to = \"secret\"}",
            "refuted newcomer -> secret:BOT",
        ),
        (
            "never = {from = \"fork\", to = \"secret:BO*\"}",
            "refuted newcomer -> secret:BOT",
        ),
        (
            "never = {from = \"action:acme/notes\", to = \"registry:production\"}",
            "not provable settings:environment:release",
        ),
        (
            "never = {from = \"action:acme/notes\", to = \"registry:development\"}",
            "holds 0",
        ),
        (
            "never = {from = \"runner-neighbour\", to = \"runner\"}",
            "holds 0",
        ),
        ("only = {from = \"any\", to = \"any\"}", "holds 0"),
        // Whoever has more rights than somebody who may, may too.
        ("only = {from = \"fork\", to = \"secret:BOT\"}", "holds 1"),
        (
            "only = {from = \"maintainer\", to = \"secret:BOT\"}",
            "refuted writer -> secret:BOT",
        ),
        (
            "only = {from = [\"outsider\", \"triager\"], to = \"secret:NPM_TOKEN\"}",
            "not provable settings:environment:release",
        ),
        (
            "only = {from = \"any\", to = \"secret:BOT\", after = \"approval:fork\"}",
            "refuted writer -> secret:BOT",
        ),
    ] {
        let found = one(FILES, claim);
        assert!(found.starts_with(expected), "{claim}: {found}");
    }
}

#[test]
fn an_excuse_counts_only_where_every_way_passes_it() {
    let pinned = RELEASE
        .replace(
            "acme/notes@v1",
            "acme/notes@5b1f3c2d4e6a7988b0c1d2e3f4a5968778695a4b",
        )
        .replace("    environment: release\n", "");
    let claim = "never = {from = \"dependency\", to = \"publish\"}";
    let files = [(".github/workflows/release.yml", pinned.as_str())];
    assert!(one(&files, claim).starts_with("refuted"));
    let excused = format!("{claim}\nunless = \"approval:update\"");
    assert!(one(&files, &excused).starts_with("holds"));
    assert!(one(&files, &format!("{claim}\nunless = \"approval:*\"")).starts_with("holds"));
    assert!(one(&files, &format!("{claim}\nunless = \"approval:fork\"")).starts_with("refuted"));
    // A second way beside the excused one.
    let loose = pinned.replace(
        "acme/notes@",
        "acme/notes/sub@v1\n      - uses: acme/notes@",
    );
    let files = [(".github/workflows/release.yml", loose.as_str())];
    assert!(one(&files, &excused).starts_with("refuted"));
}

#[test]
fn a_file_that_is_not_understood_proves_nothing() {
    let mut files = FILES.to_vec();
    files.push((".github/workflows/broken.yml", "on: push\njobs: {a: [\n"));
    let holds = "never = {from = \"action:acme/notes\", to = \"secret:BOT\"}";
    assert_eq!(one(FILES, holds), "holds 1");
    let found = one(&files, holds);
    assert!(
        found.starts_with("not provable .github/workflows/broken.yml:"),
        "{found}"
    );
    let vacuous = one(
        &files,
        "never = {from = \"runner-neighbour\", to = \"runner\"}",
    );
    assert!(vacuous.starts_with("not provable"), "{vacuous}");
    // What contradicts it does so whatever else there is.
    let refuted = one(&files, "never = {from = \"fork\", to = \"secret\"}");
    assert!(refuted.starts_with("refuted"), "{refuted}");
}

#[test]
fn what_a_registry_holds_is_production_unless_it_is_declared() {
    let image = "on: pull_request_target\npermissions: {}\njobs:\n  ci:\n    runs-on: ubuntu-24.04\n    steps:\n      \
        - run: echo ${{ github.event.pull_request.title }}\n      \
        - uses: docker/login-action@v3\n        with: {registry: quay.io, username: ci, password: '${{ secrets.QUAY }}'}\n";
    let files = [(".github/workflows/image.yml", image)];
    let claim = "[[claim]]\nname = \"x\"\nnever = {from = \"fork\", to = \"registry:production\"}\nunless = \"approval:fork\"\n";
    let found = check_all(&files, claim).unwrap();
    // Whether the event starts anything is a setting, and so is what forks are sent.
    let unknown =
        "not provable settings:actions-policy, settings:fork-approval, settings:secrets-to-forks";
    assert_eq!(found, [unknown]);
    let declared = format!(
        "[[registry]]\nsecret = \"QUAY\"\nrepositories = \"quay.io/o/app-ci\"\nkind = \"development\"\n{claim}"
    );
    assert_eq!(check_all(&files, &declared).unwrap(), ["holds 0"]);
    let production = declared.replace("\"development\"", "\"production\"");
    let found = check_all(&files, &production).unwrap();
    assert_eq!(found, [unknown]);
}

#[test]
fn a_word_that_means_nothing_is_a_mistake_with_the_nearest_one() {
    for (claim, said) in [
        (
            "never = {from = \"newcommer\", to = \"secret\"}",
            "cofferdam.toml:3:17: `newcommer` names no position and no class of them; did you mean `newcomer`?",
        ),
        (
            "never = {from = \"action:acme/note\", to = \"secret\"}",
            "did you mean `action:acme/notes`?",
        ),
        (
            "never = {from = \"any\", to = \"secret:NPM_TOKN\"}",
            "did you mean `secret:NPM_TOKEN`?",
        ),
        (
            "never = {from = \"any\", to = \"registry:prodution\"}",
            "did you mean `registry:production`?",
        ),
        (
            "never = {from = \"any\", to = \"publish:oci:ghcr.io/o/app\"}",
            "names no asset here",
        ),
        (
            "never = {from = \"any\", to = \"secret\"}\nunless = \"approval:environment:releas\"",
            "did you mean `approval:environment:release`?",
        ),
        (
            "never = {from = \"any\", to = \"secret\"}\nunless = \"settings:fork-approval\"",
            "is no excuse",
        ),
    ] {
        let toml = format!("[[claim]]\nname = \"x\"\n{claim}\n");
        let mistakes = check_all(FILES, &toml).unwrap_err();
        assert!(
            mistakes.iter().any(|m| m.contains(said)),
            "{claim}: {mistakes:?}"
        );
    }
    // A class or pattern that is merely empty, and what is there without a name.
    for claim in [
        "never = {from = \"action:nobody/*\", to = \"any\"}",
        "never = {from = \"any dependency\", to = \"token:packages\"}",
        "never = {from = \"image\", to = \"secret:*\"}",
    ] {
        let found = one(FILES, claim);
        assert!(
            found.starts_with("holds") || found.starts_with("not"),
            "{claim}: {found}"
        );
    }
}

#[test]
fn what_is_proposed_is_read_and_checked() {
    let repository = repository(FILES);
    let cx = Context::new(&repository, Facts::default());
    let exposure = crate::of(&cx);
    let proposals = propose(&exposure);
    assert!(proposals.len() >= 4, "{proposals:?}");
    let toml: Vec<String> = proposals.iter().map(propose::Proposal::to_toml).collect();
    let found = check_all(FILES, &toml.join("\n")).unwrap();
    assert_eq!(found.len(), proposals.len());
    let by_name = |part: &str| {
        let at = proposals.iter().position(|p| p.name.contains(part));
        found.get(at.unwrap()).unwrap().clone()
    };
    assert!(by_name("No fork reaches").starts_with("refuted newcomer -> secret:BOT"));
    assert!(by_name("environment release").starts_with("not provable"));
}
