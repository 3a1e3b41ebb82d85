//! Questions put to small checkouts.

use std::collections::BTreeSet;
use std::sync::Arc;

use cofferdam_facts::SourceFile;
use cofferdam_facts::settings::{DefaultPermissions, Fact, PrivateForks, Snapshot, WorkflowToken};
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Tree;

use super::answer::{self, Nearness};
use super::{Catalogue, Layer, Study, Thing, Unresolved, breach, controls, fallen, ranking};
use crate::asset::Asset;
use crate::position::Position;
use crate::verdict::Level;

const WORKFLOW: &str = "\
on:
  push: {branches: [main]}
jobs:
  one:
    runs-on: ubuntu-24.04
    permissions: {contents: read}
    steps:
      - uses: o/a@v1
        with: {key: '${{ secrets.A }}'}
      - uses: o/b@v1
        env: {B: '${{ secrets.B }}'}
  two:
    runs-on: ubuntu-24.04
    steps:
      - uses: o/b@0123456789abcdef0123456789abcdef01234567
        env: {C: '${{ secrets.C }}'}
";

fn ask<R>(snapshot: Option<&Snapshot>, question: impl FnOnce(&mut Study<'_>) -> R) -> R {
    let path = ".github/workflows/x.yml";
    let tree = Tree::new(vec![Arc::from(path)]);
    let repository = Repository::read(vec![SourceFile::new(path, WORKFLOW.to_owned())], tree);
    let facts = Facts {
        settings: snapshot,
        ..Facts::default()
    };
    let cx = Context::new(&repository, facts);
    question(&mut Study::of(&cx))
}

fn about(name: &str) -> super::Answer {
    ask(None, |study| {
        let thing = Catalogue::of(study).resolve(name).unwrap();
        answer::of(study, &thing)
    })
}

#[test]
fn what_a_step_is_given_is_told_from_what_lies_beside_it() {
    let found = about("o/a");
    let near = |name: &str| {
        let mut gains = found.gains.iter();
        gains
            .find(|gain| gain.asset == Asset::secret(name))
            .map(|gain| gain.near)
    };
    assert_eq!(near("A"), Some(Nearness::Direct));
    assert_eq!(near("B"), Some(Nearness::CoResident));
    assert_ne!(near("C"), Some(Nearness::Direct));
}

#[test]
fn a_ref_leaves_the_other_uses_out_and_a_bad_commit_runs_now() {
    let jobs = |name: &str| {
        let found = about(name);
        let jobs = found.hits.iter().filter_map(|hit| hit.job.clone());
        jobs.collect::<BTreeSet<String>>()
    };
    assert_eq!(jobs("o/b"), ["one", "two"].map(str::to_owned).into());
    assert_eq!(jobs("o/b@v1"), ["one".to_owned()].into());
    assert_eq!(jobs("o/b@0123456"), ["two".to_owned()].into());
    let pinned = about("o/b");
    let two = pinned
        .hits
        .iter()
        .find(|hit| hit.job.as_deref() == Some("two"));
    assert_eq!(two.map(|hit| hit.verdict.level()), Some(Level::After));
    let bad = about("o/b@0123456");
    assert_eq!(bad.worst(), Some(Level::Reachable));
}

#[test]
fn the_cheapest_cut_saves_all_that_one_mutable_ref_gives() {
    let found = about("o/a");
    let first = found.cuts.first().unwrap();
    assert_eq!(first.cuts.first().unwrap().what, "Pin o/a@v1 to a commit");
    assert_eq!(first.saves.len(), found.to_save);
    assert!(
        found.cuts.iter().skip(1).all(|cut| cut.instead),
        "{:?}",
        found.cuts
    );
    // What is pinned already is not pinned again.
    let pinned = about("o/b@0123456");
    let words = pinned
        .cuts
        .iter()
        .flat_map(|cut| &cut.cuts)
        .map(|cut| cut.what.as_str());
    assert!(
        words.into_iter().all(|what| !what.starts_with("Pin ")),
        "{:?}",
        pinned.cuts
    );
}

#[test]
fn names_are_found_by_what_people_call_them() {
    ask(None, |study| {
        let all = Catalogue::of(study);
        for (name, word) in [
            ("O/A@v1", "action:o/a@v1"),
            ("a", "secret:A"),
            ("action:a", "action:o/a"),
            ("x.yml", "workflow:.github/workflows/x.yml"),
            ("main", "branch:default"),
            ("app:any", "app:any"),
            ("o/*", "o/*"),
        ] {
            assert_eq!(
                all.resolve(name).map(|t| t.to_string()).as_deref(),
                Ok(word),
                "{name}"
            );
        }
        let Err(Unresolved::Nothing { near, .. }) = all.resolve("o/ab") else {
            panic!("o/ab is nothing here");
        };
        assert!(near.contains(&"action:o/a".to_owned()), "{near:?}");
    });
}

#[test]
fn a_pin_frees_its_own_publisher_alone() {
    ask(None, |study| {
        let before = study.exposure.rows.clone();
        let pin = controls::resolve(study, "pin:o/b").unwrap();
        assert_eq!(pin, Layer::Pin(Position::Action("o/b".to_owned())));
        let layers: BTreeSet<Layer> = [pin].into();
        study.breach(&layers);
        let falls = fallen::between(&before, &study.exposure.rows, &layers);
        assert!(falls.iter().any(|fall| fall.asset == Asset::secret("C")));
        let others = falls
            .iter()
            .filter(|fall| fall.position.to_string() != "action:o/b");
        assert_eq!(others.count(), 0);
        assert!(controls::resolve(study, "pin:o/a").is_err());
    });
}

#[test]
fn the_table_leaves_the_graph_as_it_was() {
    ask(None, |study| {
        let edges = study.exposure.graph.edges().to_vec();
        let held = fallen::table(study, &|_| None);
        assert_eq!(study.exposure.graph.edges(), edges);
        let merge = held.iter().find(|one| one.layer == Layer::Merge).unwrap();
        assert!(merge.positions.contains(&Position::Newcomer));
        assert!(held.iter().all(|one| one.pairs >= one.assets.len()));
    });
}

#[test]
fn settings_that_the_graph_cannot_take_away_are_taken_from_the_snapshot() {
    let mut snapshot = Snapshot::unasked("o", "r");
    snapshot.actions.workflow_token = Fact::Known(WorkflowToken {
        default_permissions: DefaultPermissions::Read,
        can_approve_pull_requests: false,
    });
    snapshot.actions.private_forks = Fact::Known(Some(PrivateForks {
        run_workflows: false,
        send_write_tokens: false,
        send_secrets_and_variables: false,
        require_approval: true,
    }));
    let token: BTreeSet<Layer> = [Layer::DefaultToken].into();
    let changed = breach::settings(&snapshot, &token).unwrap();
    let writes = |snapshot: &Snapshot| {
        ask(Some(snapshot), |study| {
            let rows = study.exposure.rows.iter();
            rows.filter(|row| row.position == Position::Action("o/b".to_owned()))
                .any(|row| row.asset.to_string() == "token:contents")
        })
    };
    assert!(!writes(&snapshot));
    assert!(writes(&changed));
    let forks: BTreeSet<Layer> = [Layer::SecretsToForks].into();
    let changed = breach::settings(&snapshot, &forks).unwrap();
    let sent = changed
        .actions
        .private_forks
        .known()
        .and_then(Option::as_ref)
        .unwrap();
    assert!(sent.run_workflows && sent.send_secrets_and_variables);
    let pins: BTreeSet<Layer> = [Layer::Updates].into();
    assert!(breach::settings(&snapshot, &pins).is_none());
}

#[test]
fn whoever_gets_more_and_sooner_ranks_higher() {
    ask(None, |study| {
        let ranked = ranking::of(study);
        let names: Vec<String> = ranked.iter().map(|one| one.position.to_string()).collect();
        // The same job, and one more behind a pin.
        assert_eq!(names, ["action:o/b", "action:o/a"]);
        assert!(
            ranked
                .iter()
                .all(|one| one.points > 0 && one.worst.is_some())
        );
    });
}

#[test]
fn every_kind_of_thing_is_answered() {
    ask(None, |study| {
        for thing in [
            Thing::Branch(None),
            Thing::Branch(Some("x".to_owned())),
            Thing::Workflow(".github/workflows/x.yml".to_owned()),
            Thing::App("bot".to_owned()),
            Thing::Asset(Asset::Tag),
            Thing::position(Position::Writer),
        ] {
            let found = answer::of(study, &thing);
            assert!(!found.gains.is_empty(), "{thing}");
            assert!(!found.hits.is_empty(), "{thing}");
        }
        let stolen = answer::of(study, &Thing::Asset(Asset::secret("A")));
        assert!(
            stolen
                .reached_by
                .iter()
                .any(|(who, _)| *who == Position::Writer)
        );
        assert_eq!(stolen.rotations.len(), 1);
    });
}
