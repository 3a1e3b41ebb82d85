//! Who reaches what: every position, every event, every job, every step, until
//! nothing new comes.

use std::collections::{BTreeMap, BTreeSet};

use crate::occurrence::{Occurrence, Ref, Who, caused};
use crate::people::own;
use crate::run::{Run, runs};
use crate::settings::{self, Gate};
use crate::ways::{Way, Ways, then};
use crate::world::{Event, Head, Pin, Prod, Secret, Step, Text, World};

/// Whose code it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Attacker {
    Person(&'static str),
    /// Whoever publishes something that jobs use.
    Publisher(String),
    Cache,
    Artifact,
    Neighbour,
}

/// Classes, positions and verdicts that have to come up.
pub(crate) const WORDS: &[&str] = &[
    "secret",
    "token",
    "oidc",
    "publish",
    "branch",
    "tag",
    "environment",
    "cache",
    "runner",
    "start",
    "newcomer",
    "contributor",
    "triager",
    "writer",
    "maintainer",
    "admin",
    "app",
    "action",
    "image",
    "tool",
    "url",
    "artifact",
    "runner-neighbour",
    "reachable",
    "reachable-if",
    "after",
    "blocked",
];

/// Every pair of a position and an asset, with all ways of its worst level.
pub(crate) type Matrix = BTreeMap<(String, String), BTreeSet<String>>;

/// All that is to be known of a world.
pub(crate) struct Ground<'w> {
    pub(crate) world: &'w World,
    pub(crate) runs: Vec<Run>,
    pub(crate) universe: BTreeSet<String>,
    /// Where the repository has a self-hosted runner, by its files or settings.
    project: Vec<Occurrence>,
}

pub(crate) fn matrix(world: &World) -> Matrix {
    let mut runs = runs(world);
    let project = occurrences(world, &runs, Who::Project);
    // A job whose condition is never met is none.
    for run in &mut runs {
        let mut of_it = project
            .iter()
            .filter(|o| o.workflow == run.workflow && o.event == run.event);
        run.never = !of_it.any(|one| run.starts(one));
    }
    let universe = universe(world, &runs);
    let ground = Ground {
        world,
        runs,
        universe,
        project,
    };
    let mut matrix = Matrix::new();
    for (name, who, attacker) in positions(&ground) {
        let reached = reach(&ground, who, &attacker);
        for (asset, ways) in reached.0 {
            let worst = ways.iter().map(Way::level).min().unwrap();
            let words = ways.iter().filter(|w| w.level() == worst).map(Way::words);
            matrix.insert((name.clone(), asset), words.collect());
        }
    }
    matrix
}

fn occurrences(world: &World, runs: &[Run], who: Who) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for (number, workflow) in world.workflows.iter().enumerate() {
        for event in &workflow.events {
            all.extend(caused(world, runs, who, number, *event));
        }
    }
    all
}

fn positions(ground: &Ground<'_>) -> Vec<(String, Option<Who>, Attacker)> {
    let mut all = Vec::new();
    let people = [
        ("newcomer", Who::Newcomer),
        ("contributor", Who::Contributor),
        ("triager", Who::Triager),
        ("writer", Who::Writer),
        ("maintainer", Who::Maintainer),
        ("admin", Who::Admin),
    ];
    for (name, who) in people {
        all.push((name.to_owned(), Some(who), Attacker::Person(name)));
    }
    if ground.world.settings.app {
        let name = "app:release-bot";
        all.push((name.to_owned(), Some(Who::App), Attacker::Person(name)));
    }
    let mut things = BTreeSet::new();
    for run in ground.runs.iter().filter(|run| !run.never) {
        things.extend(run.container.map(|_| "image:ghcr.io/acme/builder"));
        things.extend(run.elsewhere.map(|_| "action:acme/flows"));
        for step in &run.steps {
            things.extend(publisher(*step).map(|(name, _)| name));
        }
    }
    for name in things {
        all.push((name.to_owned(), None, Attacker::Publisher(name.to_owned())));
    }
    all.push(("cache".to_owned(), None, Attacker::Cache));
    all.push(("artifact".to_owned(), None, Attacker::Artifact));
    all.push(("runner-neighbour".to_owned(), None, Attacker::Neighbour));
    all
}

/// Who publishes what a step uses, and how firmly it is held.
fn publisher(step: Step) -> Option<(&'static str, Pin)> {
    Some(match step {
        Step::Checkout(_) => ("action:actions/checkout", Pin::Fixed),
        Step::SecretToAction(_) => ("action:acme/notify", Pin::Fixed),
        Step::Action(pin) => ("action:acme/lint", pin),
        Step::Cache => ("action:actions/cache", Pin::Fixed),
        Step::Upload => ("action:actions/upload-artifact", Pin::Fixed),
        Step::Download(_) => ("action:actions/download-artifact", Pin::Fixed),
        Step::Tool(pin) => ("tool:npm/acme-notes", pin),
        Step::Script(pin) => ("url:get.acme.dev/install.sh", pin),
        Step::DockerRun(pin, _) => ("image:ghcr.io/acme/deployer", pin),
        Step::DockerSocket(pin) => ("image:ghcr.io/acme/scan", pin),
        Step::DockerAction(pin, _) => ("image:ghcr.io/acme/check", pin),
        _ => return None,
    })
}

/// A tag can be moved, a commit, digest, number of a version that its registry
/// never gives again, or a checksum cannot; other content comes with somebody's
/// next change (secure use reference, third-party actions).
fn held(pin: Pin) -> Way {
    match pin {
        Pin::Mutable => Way::open(),
        Pin::Fixed => Way::wait("approval:update"),
    }
}

fn universe(world: &World, runs: &[Run]) -> BTreeSet<String> {
    let always = ["branch:default", "branch:*", "tag:*", "cache:default"];
    let mut all: BTreeSet<String> = always.iter().map(|&word| word.to_owned()).collect();
    for run in runs.iter().filter(|run| !run.never) {
        all.extend(run.named.iter().cloned());
        if run.secrets.0.contains_key("secret:*") {
            all.insert("secret:*".to_owned());
        }
        if run.event == Event::Dispatch {
            all.insert(start(run.workflow));
        }
        all.extend(run.writes.0.keys().map(|scope| format!("token:{scope}")));
        if world.settings.private == Some(true) && run.reads_contents.is_some() {
            all.insert("token:contents-read".to_owned());
        }
        all.extend(run.subjects().iter().map(|&subject| subject.to_owned()));
        all.extend(run.published().into_iter().map(str::to_owned));
        if run.steps.contains(&Step::NpmPublish) {
            all.insert("publish:npm:*".to_owned());
        }
        if run.self_hosted {
            all.insert("runner:self-hosted".to_owned());
        }
        if run.boxed && world.settings.persistent_runner.is_none() {
            all.insert("runner:big-box".to_owned());
        }
        if run.prod {
            all.insert("environment:prod".to_owned());
        }
    }
    // Settings name what the files do not.
    if world.settings.persistent_runner.is_some() {
        all.insert("runner:self-hosted".to_owned());
    }
    if let Prod::There(rules) = &world.settings.prod {
        all.insert("environment:prod".to_owned());
        if rules.keeps_deploy_key {
            all.insert("secret:DEPLOY_KEY@prod".to_owned());
        }
    }
    all
}

pub(crate) fn start(workflow: usize) -> String {
    format!("start:.github/workflows/w{workflow}.yml")
}

/// What one attacker has so far.
pub(crate) struct Hold {
    code: Ways<usize>,
    /// Jobs whose files they write themselves.
    pub(crate) files: Ways<usize>,
    pub(crate) assets: Ways<String>,
    pub(crate) machine: Vec<Way>,
    /// The same on one that may be self-hosted.
    pub(crate) boxes: Vec<Way>,
}

fn reach(ground: &Ground<'_>, who: Option<Who>, attacker: &Attacker) -> Ways<String> {
    let gate = Gate {
        reviews: matches!(who, Some(Who::Maintainer | Who::Admin)),
        administers: who == Some(Who::Admin),
    };
    let mut hold = Hold {
        code: Ways::new(),
        files: Ways::new(),
        assets: Ways::new(),
        machine: Vec::new(),
        boxes: Vec::new(),
    };
    let mut happenings = ground.project.clone();
    if let Some(who) = who {
        happenings.extend(occurrences(ground.world, &ground.runs, who));
        own(ground, who, &gate, &mut hold);
    }
    if *attacker == Attacker::Neighbour {
        // Jobs of one machine after another.
        let stays = settings::machine_stays(&ground.world.settings);
        if ground.runs.iter().any(|run| run.self_hosted && !run.never) {
            for way in &stays {
                hold.assets
                    .add("runner:self-hosted".to_owned(), way.clone());
            }
            hold.machine = stays;
        }
        hold.boxes = settings::boxes(&ground.world.settings);
    }
    loop {
        let mut news = false;
        let mut all = happenings.clone();
        all.extend(dispatched(ground, &hold));
        all.extend(left(ground, &hold));
        all.extend(pushed(ground, &hold));
        for one in &all {
            for (run, way) in simulate(ground, attacker, one, &mut hold, &mut news) {
                news |= hold.code.add(run, way);
            }
        }
        for (run, way) in dispatched_on_a_branch(ground, &hold) {
            news |= hold.code.add(run, way);
        }
        news |= take(ground, &mut hold);
        if !news {
            break;
        }
    }
    let mut found = hold.assets;
    // Whoever has a role, or sees a private repository, reads it anyway.
    if who.is_some() {
        found.0.remove("token:contents-read");
    }
    found.0.retain(|asset, _| ground.universe.contains(asset));
    found
}

/// A token that writes both actions and contents starts it on a branch that it
/// has pushed, with the branch's files below `.github` as they were; what of the
/// others a job runs is not looked at (README.md, "Wider on purpose").
fn dispatched_on_a_branch(ground: &Ground<'_>, hold: &Hold) -> Vec<(usize, Way)> {
    let mut all = Vec::new();
    for (id, ways) in &hold.code.0 {
        let writes = &ground.runs[*id].writes;
        let ways = then(ways, &then(&writes.to(&"actions"), &writes.to(&"contents")));
        for (other, run) in ground.runs.iter().enumerate() {
            if run.event == Event::Dispatch && !run.never && run.elsewhere.is_none() {
                for at in [Ref::Main, Ref::Merge, Ref::Tag] {
                    for way in then(&ways, &run.gate(ground.world, &Gate::default(), at)) {
                        all.push((other, way));
                    }
                }
            }
        }
    }
    all
}

fn anybody_starts(run: &Run) -> bool {
    matches!(
        run.event,
        Event::Target(_)
            | Event::IssueComment
            | Event::Issues(_)
            | Event::Watch
            | Event::WorkflowRun(_)
    )
}

/// What code in a run that anybody may start leaves behind, the run that follows
/// takes for what it is about. That its head and branch are theirs as well is
/// wider than it has to be (README.md, "Wider on purpose").
fn left(ground: &Ground<'_>, hold: &Hold) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for (id, ways) in &hold.code.0 {
        let earlier = &ground.runs[*id];
        let open = anybody_starts(earlier);
        for one in &ground.project {
            if one.event != Event::WorkflowRun(earlier.workflow) {
                continue;
            }
            // The artifact of any other run is the next one's all the same (store
            // and share data with workflow artifacts, from other runs).
            if !open {
                for way in ways {
                    let mut one = one.clone();
                    if let Some(before) = &mut one.run_before {
                        before.artifact = Some(way.clone());
                    }
                    all.push(one);
                }
            } else {
                for way in ways {
                    let mut one = one.clone();
                    one.way = way.clone();
                    one.of_the_project = false;
                    if let Some(before) = &mut one.run_before {
                        before.artifact = Some(way.clone());
                        before.theirs = true;
                        before.of_push = false;
                    }
                    all.push(one);
                }
            }
        }
    }
    all
}

/// What was pushed to the default branch is what a job of it checks out. The clock
/// and events that anybody causes come by themselves, so does a run that follows
/// one of them; for others somebody else pushes, merges, releases or starts by
/// hand next. A pull request is merged with the default branch too.
fn pushed(ground: &Ground<'_>, hold: &Hold) -> Vec<Occurrence> {
    let ways = hold.assets.to(&"branch:default".to_owned());
    let mut all = Vec::new();
    if ways.is_empty() {
        return all;
    }
    let mut add = |one: &Occurrence, more: &Way| {
        for way in &ways {
            let mut one = one.clone();
            one.way = one.way.and(way).and(more);
            one.files_are_theirs = true;
            all.push(one);
        }
    };
    for one in &ground.project {
        let by_itself = match (&one.event, &one.run_before) {
            (Event::Schedule, _) => true,
            // What it asks of the run before counts then.
            (Event::WorkflowRun(_), Some(before)) if !before.of_push => {
                let mut one = one.clone();
                one.of_the_project = false;
                one.disown();
                add(&one, &Way::open());
                continue;
            }
            _ => false,
        };
        let more = match by_itself {
            true => Way::open(),
            false => Way::wait("approval:merge"),
        };
        add(one, &more);
    }
    for mut one in occurrences(ground.world, &ground.runs, Who::Newcomer) {
        let anybody = matches!(
            one.event,
            Event::Target(_) | Event::IssueComment | Event::Issues(_) | Event::Watch
        );
        if anybody {
            one.disown();
            add(&one, &Way::open());
        }
    }
    all
}

/// The token of a job starts `workflow_dispatch`, the one kind of event besides
/// `repository_dispatch` that it does start (triggering a workflow), with the
/// number of whatever pull request they have.
fn dispatched(ground: &Ground<'_>, hold: &Hold) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for (number, workflow) in ground.world.workflows.iter().enumerate() {
        if workflow.events.contains(&Event::Dispatch) {
            for way in hold.assets.to(&"token:actions".to_owned()) {
                for mut one in caused(
                    ground.world,
                    &ground.runs,
                    Who::Writer,
                    number,
                    Event::Dispatch,
                ) {
                    one.way = way.clone();
                    all.push(one);
                }
            }
        }
    }
    all
}

/// One happening: every job that it starts, every step of it; then what goes from
/// job to job.
fn simulate(
    ground: &Ground<'_>,
    attacker: &Attacker,
    one: &Occurrence,
    hold: &mut Hold,
    news: &mut bool,
) -> Vec<(usize, Way)> {
    let mut code: Ways<usize> = Ways::new();
    let started: Vec<usize> = ground
        .runs
        .iter()
        .enumerate()
        .filter(|(_, run)| run.workflow == one.workflow && run.event == one.event)
        .filter(|(_, run)| run.starts(one))
        .map(|(id, _)| id)
        .collect();
    let before = |run: &Run| {
        then(
            std::slice::from_ref(&one.way),
            &run.gate(ground.world, &Gate::default(), one.at),
        )
    };
    for id in &started {
        let run = &ground.runs[*id];
        let (ways, handed) = steps(ground, attacker, one, run, hold);
        for way in then(&before(run), &ways) {
            code.add(*id, way);
        }
        for (asset, way) in handed {
            for way in then(&before(run), &[way]) {
                *news |= hold.assets.add(asset.clone(), way);
            }
        }
    }
    // From job to job of the same run of the workflow.
    loop {
        let mut more = false;
        for id in &started {
            let run = &ground.runs[*id];
            let mut from: Vec<usize> = Vec::new();
            // An output that a script takes is text of whoever ran code there.
            if run.steps.contains(&Step::Output) {
                from.extend(run.needed);
            }
            // Without a number of a run an artifact is one of this run.
            let uploads = |other: &usize| ground.runs[*other].steps.contains(&Step::Upload);
            if !run.takes_of_before
                && let Some(other) = run.needed.filter(uploads)
            {
                if run.steps.contains(&Step::Download(true)) {
                    from.push(other);
                }
                // What it holds may be what is published.
                if run.steps.contains(&Step::Download(false)) {
                    for way in then(&before(run), &code.to(&other)) {
                        for published in run.published() {
                            *news |= hold.assets.add(published.to_owned(), way.clone());
                        }
                    }
                }
            }
            for other in from {
                for way in then(&before(run), &code.to(&other)) {
                    more |= code.add(*id, way);
                }
            }
        }
        if !more {
            break;
        }
    }
    let ways = code.0.into_iter();
    ways.flat_map(|(id, ways)| ways.into_iter().map(move |way| (id, way)))
        .collect()
}

/// How the attacker's code comes into one job, and what it is handed without
/// being in the job.
fn steps(
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
            Step::DockerAction(..) if theirs => {
                code.push(Way::fact("callee:docker://ghcr.io/acme/check"));
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

/// What code in jobs takes.
fn take(ground: &Ground<'_>, hold: &mut Hold) -> bool {
    let settings = &ground.world.settings;
    let mut news = false;
    let code = hold.code.clone().0.into_iter().chain(hold.files.clone().0);
    for (id, ways) in code {
        let run = &ground.runs[id];
        let mut add = |asset: &str, more: &[Way]| {
            for way in then(&ways, more) {
                news |= hold.assets.add(asset.to_owned(), way);
            }
        };
        let open = [Way::open()];
        // The runner's memory holds every secret that the job names, and the
        // token, whatever the order of steps (compromised runners).
        for (asset, more) in &run.secrets.0 {
            add(asset, more);
        }
        for (scope, more) in &run.writes.0 {
            add(&format!("token:{scope}"), more);
        }
        if let Some(more) = &run.reads_contents {
            add("token:contents-read", more);
        }
        for subject in run.subjects() {
            add(subject, &open);
        }
        for published in run.published() {
            add(published, &open);
        }
        if run.prod {
            add("environment:prod", &open);
        }
        if run.writes_the_default_cache() {
            add("cache:default", &open);
        }
        let boxes = settings::boxes(settings);
        if run.boxed {
            add("runner:big-box", &boxes);
        }
        if run.self_hosted {
            add("runner:self-hosted", &open);
            for way in then(&ways, &settings::machine_stays(settings)) {
                if !hold.machine.contains(&way) {
                    hold.machine.push(way);
                    news = true;
                }
            }
        }
        for way in then(&ways, &boxes).into_iter().filter(|_| run.boxed) {
            if !hold.boxes.contains(&way) {
                hold.boxes.push(way);
                news = true;
            }
        }
    }
    // What a token does: it pushes as far as rules let it, and starts what is
    // started by hand.
    for (from, to, more) in [
        ("token:contents", "branch:*", settings::own_branch(settings)),
        (
            "token:contents",
            "branch:default",
            settings::default_branch(settings),
        ),
        ("token:contents", "tag:*", settings::tag(settings)),
        (
            "token:contents",
            "publish:github-release",
            vec![Way::open()],
        ),
        ("secret:NPM_TOKEN", "publish:npm:widget", vec![Way::open()]),
        // A token of an account is good for all of its packages, where nothing
        // says otherwise (about access tokens).
        ("secret:NPM_TOKEN", "publish:npm:*", vec![Way::open()]),
    ] {
        for way in then(&hold.assets.to(&from.to_owned()), &more) {
            news |= hold.assets.add(to.to_owned(), way);
        }
    }
    for (number, workflow) in ground.world.workflows.iter().enumerate() {
        if workflow.events.contains(&Event::Dispatch) {
            for way in hold.assets.to(&"token:actions".to_owned()) {
                news |= hold.assets.add(start(number), way);
            }
        }
    }
    news
}
