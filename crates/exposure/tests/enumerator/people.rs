//! What people do with files of their own.

use crate::occurrence::{Ref, Who};
use crate::reach::{Ground, Hold, start};
use crate::settings::{self, Gate};
use crate::ways::{Way, then};
use crate::world::Event;

/// What a fork, a branch, a tag and the default branch are good for.
pub(crate) fn own(ground: &Ground<'_>, who: Who, gate: &Gate, hold: &mut Hold) {
    let world = ground.world;
    let settings = &world.settings;
    // A fork's pull request runs the fork's files, on any runner that they name
    // (securely using pull_request_target).
    let forks = settings::fork_run(settings, who.standing());
    let (secrets, writes) = settings::sent_to_forks(settings);
    if ground.universe.contains("runner:self-hosted") {
        for way in &forks {
            hold.assets
                .add("runner:self-hosted".to_owned(), way.clone());
            for way in then(
                std::slice::from_ref(way),
                &settings::machine_stays(settings),
            ) {
                hold.machine.push(way);
            }
        }
    }
    if ground.universe.contains("runner:big-box") {
        for way in then(&forks, &settings::boxes(settings)) {
            hold.assets.add("runner:big-box".to_owned(), way.clone());
            hold.boxes.push(way);
        }
    }
    for asset in &ground.universe {
        let sent = match asset.split_once(':') {
            Some(("secret", name)) if !name.contains('@') => &secrets,
            Some(("token", "contents-read")) => continue,
            Some(("token", _)) => &writes,
            _ => continue,
        };
        let kept = if asset.starts_with("secret:") {
            home(ground, asset)
        } else {
            vec![Way::open()]
        };
        for way in then(&then(&forks, sent), &kept) {
            hold.assets.add(asset.clone(), way);
        }
    }
    if !who.writes() {
        return;
    }
    let branch = settings::own_branch(settings);
    let main = match who {
        // Who may merge.
        Who::Maintainer | Who::Admin => vec![Way::open()],
        _ => settings::default_branch(settings),
    };
    // People with the role admin set the rules (managing rulesets).
    let tag = match who {
        Who::Admin => vec![Way::open()],
        _ => settings::tag(settings),
    };
    // A workflow runs from whatever branch or tag it is pushed to (events that
    // trigger workflows, push).
    let mut anywhere = branch.clone();
    anywhere.extend(main.clone());
    anywhere.extend(tag.clone());
    // Files of one's own, by where they run.
    let mut prod = Vec::new();
    for (ways, at) in [(&branch, Ref::Merge), (&main, Ref::Main), (&tag, Ref::Tag)] {
        prod.extend(then(ways, &settings::environment(settings, gate, at)));
    }
    let starts = world.workflows.iter().enumerate();
    for (number, workflow) in starts {
        if workflow.events.contains(&Event::Dispatch) {
            hold.assets.add(start(number), Way::open());
        }
    }
    for asset in &ground.universe {
        let ways: Vec<Way> = match asset.as_str() {
            "branch:default" | "cache:default" | "oidc:ref:refs/heads/main" => main.clone(),
            "tag:*" | "oidc:ref:refs/tags/*" => tag.clone(),
            "environment:prod" | "oidc:environment:prod" => prod.clone(),
            word if word.ends_with("@prod") => prod.clone(),
            word if word.starts_with("secret:") => then(&anywhere, &home(ground, word)),
            "branch:*" | "oidc:pull_request" | "oidc:ref:refs/heads/*" => branch.clone(),
            "runner:self-hosted" => anywhere.clone(),
            "runner:big-box" => then(&anywhere, &settings::boxes(settings)),
            // They read the repository anyway.
            "token:contents-read" => continue,
            word if word.starts_with("token:") => anywhere.clone(),
            "publish:github-release" => anywhere.clone(),
            _ => continue,
        };
        for way in ways {
            hold.assets.add(asset.clone(), way);
        }
    }
    for (id, run) in ground.runs.iter().enumerate().filter(|(_, run)| !run.never) {
        let (ways, at) = match run.event {
            Event::PullRequest => (&branch, Ref::Merge),
            Event::PushTags | Event::Release => (&tag, Ref::Tag),
            Event::MergeGroup => continue,
            // It signs as the ref on which it is started; the rest is what the
            // file of the ref says.
            Event::Dispatch => {
                for published in run.published() {
                    for way in then(&main, &run.gate(world, gate, Ref::Main)) {
                        hold.assets.add(published.to_owned(), way);
                    }
                }
                continue;
            }
            _ => (&main, Ref::Main),
        };
        for way in then(ways, &run.gate(world, gate, at)) {
            hold.files.add(id, way);
        }
    }
}

/// Whether a secret of that name is known to be the repository's.
fn home(ground: &Ground<'_>, asset: &str) -> Vec<Way> {
    let mut ways = Vec::new();
    for run in ground.runs.iter().filter(|run| !run.never) {
        ways.extend(run.secrets.to(&asset.to_owned()));
    }
    ways
}
