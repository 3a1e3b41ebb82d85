//! What happens inside of one job: whose files lie there, and how the attacker's
//! code comes in.

use crate::occurrence::Occurrence;
use crate::print::image;
use crate::reach::{Attacker, Ground, Hold, anybody_starts, held, publisher};
use crate::run::Run;
use crate::ways::{Way, then};
use crate::world::{Event, Head, Pin, Secret, Step, Text};

pub(crate) fn ends_with_theirs(run: &Run, one: &Occurrence) -> bool {
    let mut heads = run.steps.iter().rev().filter_map(|step| match step {
        Step::Checkout(head) => Some(*head),
        _ => None,
    });
    let last = heads.next();
    !one.files_are_theirs && last.is_some_and(|head| checked_out_is_theirs(head, one))
}

/// Whether a job uploads what it has checked out of somebody's. Of several
/// uploads the first is looked at, and of the repository's own files none
/// (README.md, "Open").
pub(crate) fn leaves_theirs(run: &Run, one: &Occurrence) -> bool {
    let mut theirs = false;
    for step in &run.steps {
        match step {
            Step::Checkout(head) => theirs = checked_out_is_theirs(*head, one),
            Step::Upload => return theirs && !one.files_are_theirs,
            _ => {}
        }
    }
    false
}

/// How the attacker's code comes into one job, and what it is handed without
/// being in the job.
pub(crate) fn steps(
    ground: &Ground<'_>,
    attacker: &Attacker,
    one: &Occurrence,
    run: &Run,
    hold: &Hold,
) -> (Vec<Way>, Vec<(String, Way)>) {
    let mut code: Vec<Way> = Vec::new();
    let mut handed = Vec::new();
    let publishes = |name: &str| *attacker == Attacker::Publisher(name.to_owned());
    // The steps run inside the job's container.
    if let Some(pin) = run.container
        && publishes("image:ghcr.io/acme/builder")
    {
        code.push(held(pin));
    }
    if let Some(pin) = run.elsewhere {
        if publishes("action:acme/flows") {
            code.push(held(pin));
        }
        // The called workflow has the event of the caller, and what it does with
        // it stands elsewhere.
        let callee = Way::fact(&format!(
            "callee:acme/flows/.github/workflows/run.yml@{}",
            version(pin)
        ));
        if brings_something(one) {
            code.push(callee);
        }
    }
    if run.self_hosted {
        code.extend(hold.machine.iter().cloned());
    }
    if run.boxed {
        code.extend(hold.boxes.iter().cloned());
    }
    let unread = restored_by_an_unread_action(ground, run, hold);
    // Nothing lies there before a checkout.
    let mut theirs = false;
    let mut taken: Vec<Way> = Vec::new();
    for step in &run.steps {
        if let Some((name, pin)) = publisher(*step)
            && publishes(name)
        {
            match step {
                // A container of a script has what it is given.
                Step::DockerRun(_, secret) => {
                    for (asset, way) in given(run, *secret) {
                        handed.push((asset, way.and(&held(pin))));
                    }
                }
                _ => code.push(held(pin)),
            }
        }
        // What is published is made of what was fetched before (docker.com, build
        // context; convention 16).
        if matches!(step, Step::GithubRelease | Step::NpmPublish) {
            for way in taken.iter().cloned().chain(theirs.then(Way::open)) {
                handed.extend(all_published(run, &way));
            }
        }
        match step {
            Step::Checkout(head) => {
                theirs = checked_out_is_theirs(*head, one);
            }
            // Each of these runs a file of the workspace: the Makefile, the
            // scripts of package.json, the script, the action.
            Step::Make | Step::NpmPublish | Step::LocalAction | Step::Output if theirs => {
                code.push(Way::open());
            }
            // The text of an expression becomes the script's (secure use
            // reference, script injection).
            Step::TextInScript(text) if text_is_theirs(*text, one) => code.push(Way::open()),
            // What an action does with a stranger's files is its own affair.
            Step::Action(_) | Step::SecretToAction(_) if !unread.is_empty() => {
                let (name, pin) = match step {
                    Step::Action(pin) => ("lint", *pin),
                    _ => ("notify", Pin::Fixed),
                };
                let fact = Way::fact(&format!("callee:acme/{name}@{}", version(pin)));
                code.extend(then(&unread, &[fact]));
                if theirs {
                    code.push(Way::fact(&format!("callee:acme/{name}")));
                }
            }
            Step::Action(_) if theirs => {
                code.push(Way::fact("callee:acme/lint"));
            }
            Step::SecretToAction(_) if theirs => {
                code.push(Way::fact("callee:acme/notify"));
            }
            // Whether a container of an action, or one that has the machine, runs
            // what lies there is not known.
            Step::DockerAction(pin, _) if theirs => {
                code.push(Way::fact(&format!(
                    "callee:docker://{}",
                    image("check", *pin)
                )));
            }
            Step::DockerSocket(_) if theirs => {
                let what = "callee:docker run --rm -v /var/run/docker.sock:/var/run…";
                code.push(Way::fact(what));
            }
            // What a script downloads and what it finds is not told apart
            // (README.md, "Wider on purpose").
            Step::Script(Pin::Mutable) if theirs => code.push(Way::fact("callee:bash")),
            Step::Script(Pin::Fixed) if theirs => code.push(Way::open()),
            Step::Cache if run.restores() => {
                code.extend(hold.assets.to(&"cache:default".to_owned()));
                if *attacker == Attacker::Cache {
                    code.push(Way::open());
                }
            }
            Step::Download(true) => {
                // Where the script lies is not known for certain.
                if theirs {
                    let script = "callee:bash \"$RUNNER_TEMP/out/publish.sh\"";
                    code.push(Way::fact(script));
                }
                code.extend(artifacts(attacker, one, run));
                taken.extend(artifacts(attacker, one, run));
            }
            Step::Download(false) => taken.extend(artifacts(attacker, one, run)),
            // The instructions are those of the Dockerfile: they have the
            // arguments. That checkout leaves the token in the context is not
            // drawn (README.md, "Open").
            Step::DockerBuild(secret) if theirs => {
                handed.extend(given(run, *secret));
            }
            _ => {}
        }
    }
    (code, handed)
}

/// Everything that the run publishes, for somebody who decides what is in it.
fn all_published(run: &Run, way: &Way) -> Vec<(String, Way)> {
    let all = run.published().into_iter();
    all.map(|published| (published.to_owned(), way.clone()))
        .collect()
}

/// An action that is not read may restore the cache: asked only where a run that
/// anybody starts writes it (README.md, "Wider on purpose").
fn restored_by_an_unread_action(ground: &Ground<'_>, run: &Run, hold: &Hold) -> Vec<Way> {
    let mut runs = ground.runs.iter().filter(|run| !run.never);
    let written = runs.any(|run| anybody_starts(run) && run.writes_the_default_cache());
    match written && !run.restores() && run.may_restore() {
        true => hold.assets.to(&"cache:default".to_owned()),
        false => Vec::new(),
    }
}

/// Ways to decide what is in an artifact of the run before.
fn artifacts(attacker: &Attacker, one: &Occurrence, run: &Run) -> Vec<Way> {
    // Without the number of a run it takes what this very run has made (README of
    // actions/download-artifact, `run-id`).
    if run.run_before().is_none() || !run.takes_of_before {
        return Vec::new();
    }
    let mut all = Vec::new();
    if *attacker == Attacker::Artifact {
        all.push(Way::open());
    }
    all.extend(
        one.run_before
            .as_ref()
            .and_then(|before| before.artifact.clone()),
    );
    all
}

fn given(run: &Run, secret: Option<Secret>) -> Vec<(String, Way)> {
    let Some(secret) = secret else {
        return Vec::new();
    };
    let plain = format!("secret:{}", secret.name());
    let kept = format!("{plain}@prod");
    let all = run
        .secrets
        .0
        .iter()
        .filter(|(name, _)| **name == plain || **name == kept);
    all.flat_map(|(name, ways)| ways.iter().map(move |way| (name.clone(), way.clone())))
        .collect()
}

fn version(pin: Pin) -> &'static str {
    match pin {
        Pin::Mutable => "v1",
        Pin::Fixed => "5b1f3c2d4e6a7988b0c1d2e3f4a5968778695a4b",
    }
}

/// A context that the event does not have is an empty text: a `ref` of it is no
/// `ref`, and a number of it names no pull request.
fn checked_out_is_theirs(head: Head, one: &Occurrence) -> bool {
    match head {
        Head::Own => one.files_are_theirs,
        Head::PullRequest => match &one.pull_request {
            Some(pr) => pr.theirs,
            None => one.files_are_theirs,
        },
        Head::IssueNumber => one
            .issue
            .as_ref()
            .is_some_and(|i| i.is_pull_request && i.theirs),
        Head::RunBefore => match &one.run_before {
            Some(before) => before.theirs,
            None => one.files_are_theirs,
        },
        Head::InputNumber => one.number_is_theirs,
    }
}

fn text_is_theirs(text: Text, one: &Occurrence) -> bool {
    match text {
        Text::PullRequestTitle => one.pull_request.as_ref().is_some_and(|pr| pr.theirs),
        Text::IssueTitle => one.issue.as_ref().is_some_and(|issue| issue.theirs),
        Text::CommentBody => one.comment.as_ref().is_some_and(|comment| comment.theirs),
        Text::RunBeforeBranch => one.run_before.as_ref().is_some_and(|before| before.theirs),
    }
}

/// Whatever somebody else causes has something of theirs: a login at least. Who
/// starts a workflow by hand is no stranger.
fn brings_something(one: &Occurrence) -> bool {
    let theirs = !one.of_the_project && !one.of_a_bystander;
    theirs && !matches!(one.event, Event::Dispatch | Event::MergeGroup)
}
