//! How a small repository is made of a list of numbers. The first of each list of
//! choices is the plainest one, so that smaller numbers make plainer repositories.

use crate::world::*;

/// Numbers that choose.
#[derive(Clone, Copy)]
pub(crate) struct Tape<'t> {
    rest: &'t [u8],
}

/// How many numbers make a world.
pub(crate) const LENGTH: usize = 20 + 3 * WORKFLOW;
const WORKFLOW: usize = 12 + 2 * JOB;
const JOB: usize = 14 + 4 * STEP;
const STEP: usize = 4;

impl<'t> Tape<'t> {
    pub(crate) fn new(rest: &'t [u8]) -> Self {
        Self { rest }
    }

    fn next(&mut self) -> usize {
        match self.rest.split_first() {
            Some((first, rest)) => {
                self.rest = rest;
                usize::from(*first)
            }
            None => 0,
        }
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.next() % choices.len()].clone()
    }

    /// One in so many.
    fn seldom(&mut self, many: usize) -> bool {
        self.next() % many == many - 1
    }

    /// The next so many, whatever is read of them.
    fn part(&mut self, length: usize) -> Tape<'t> {
        let (part, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        Tape { rest: part }
    }
}

impl Workflow {
    /// Whether it runs after another one.
    pub(crate) fn follows(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, Event::WorkflowRun(_)))
    }
}

impl World {
    pub(crate) fn of(tape: &[u8]) -> Self {
        let mut tape = Tape::new(tape);
        let settings = settings(&mut tape.part(20));
        let count = [1, 2, 2, 3][usize::from(tape.rest.len() > 2 * WORKFLOW) * (tape.next() % 4)];
        let mut workflows = Vec::new();
        for number in 0..count {
            let mut part = tape.part(WORKFLOW - 1);
            workflows.push(workflow(&mut part, number, count));
        }
        let calls: Vec<bool> = workflows
            .iter()
            .map(|w| w.events.contains(&Event::Call))
            .collect();
        for one in &mut workflows {
            for job in &mut one.jobs {
                // Only what can be called is called.
                if let Body::Call(to, _) = &job.body
                    && !calls[*to]
                {
                    job.body = Body::Steps(vec![Step::Echo]);
                }
            }
        }
        Self {
            settings,
            workflows,
        }
    }
}

fn settings(tape: &mut Tape<'_>) -> Settings {
    let private = tape.pick(&[
        Some(false),
        Some(false),
        Some(false),
        Some(true),
        Some(true),
        None,
    ]);
    Settings {
        private,
        default_token_writes: tape.pick(&[Some(false), Some(true), None]),
        // Whoever does not see whether it is private sees less than that either.
        fork_approval: tape
            .pick(&[
                Some(ForkApproval::FirstTime),
                Some(ForkApproval::FirstTime),
                Some(ForkApproval::NewToGitHub),
                Some(ForkApproval::AllOutside),
                None,
            ])
            .filter(|_| private.is_some()),
        branches: tape.pick(&[
            Some(Branches::Reviewed),
            Some(Branches::Free),
            Some(Branches::Restricted),
            None,
        ]),
        tags_restricted: tape.pick(&[Some(true), Some(false), None]),
        policy: tape.pick(&[
            Some(Policy::EveryEvent),
            Some(Policy::EveryEvent),
            Some(Policy::GitHubs),
            None,
        ]),
        private_forks: {
            let all = [tape.seldom(2), tape.seldom(2), tape.seldom(2)];
            let known = !tape.seldom(3);
            (known && private == Some(true)).then_some(PrivateForks {
                secrets: all[0],
                write_tokens: all[1],
                approval: all[2],
            })
        },
        prod: {
            let rules = Rules {
                reviewers: tape.seldom(2),
                self_review_prevented: tape.seldom(2),
                admin_bypass: tape.seldom(2),
                wait: tape.seldom(4),
                refs: tape.pick(&[Refs::Any, Refs::Main, Refs::Tags]),
                keeps_deploy_key: !tape.seldom(4),
            };
            match tape.next() % 6 {
                0 => Prod::Missing,
                1 => Prod::NotSeen,
                _ => Prod::There(rules),
            }
        },
        persistent_runner: tape.pick(&[Some(true), Some(false), None]),
        app: tape.seldom(8),
    }
}

fn workflow(tape: &mut Tape<'_>, number: usize, count: usize) -> Workflow {
    let types = [
        Types::Usual,
        Types::Opened,
        Types::Edited,
        Types::Labeled,
        Types::Closed,
    ];
    let mut events: Vec<Event> = Vec::new();
    for place in 0..2 {
        let one = match tape.next() % 16 {
            _ if place == 1 && !tape.seldom(3) => continue,
            0 => Event::PushMain,
            1..=3 => Event::Target(tape.pick(&types)),
            4 | 5 => Event::IssueComment,
            6 => Event::Issues(tape.pick(&types[..4])),
            7 | 8 => Event::PullRequest,
            // One follows the first, and nothing follows that.
            9 | 10 if number > 0 => Event::WorkflowRun(0),
            9 | 10 => Event::PullRequest,
            11 => Event::Dispatch,
            12 => tape.pick(&[Event::Schedule, Event::Watch, Event::MergeGroup]),
            13 => Event::Release,
            14 => Event::PushTags,
            _ if number > 0 => Event::Call,
            _ => Event::PushMain,
        };
        let same = |other: &Event| std::mem::discriminant(other) == std::mem::discriminant(&one);
        let both_push = |other: &Event| {
            [Event::PushMain, Event::PushTags].contains(other)
                && [Event::PushMain, Event::PushTags].contains(&one)
        };
        if !events.iter().any(|other| same(other) || both_push(other)) {
            events.push(one);
        }
    }
    let first = events.first().copied().unwrap_or(Event::PushMain);
    if events.is_empty() {
        events.push(first);
    }
    let two = tape.seldom(2);
    let mut workflow = Workflow {
        permissions: permissions(tape),
        env: tape.seldom(8).then(|| secret(tape)),
        cache_mode: tape.pick(&[
            CacheMode::Unsaid,
            CacheMode::Unsaid,
            CacheMode::Write,
            CacheMode::Unsaid,
            CacheMode::Read,
            CacheMode::None,
        ]),
        events,
        jobs: Vec::new(),
    };
    tape.rest = &tape.rest[tape.rest.len().saturating_sub(2 * JOB)..];
    for place in 0..=usize::from(two) {
        let mut part = tape.part(JOB);
        let job = job(&mut part, place, &workflow.events, number, count);
        workflow.jobs.push(job);
    }
    // What a needed job asks of the run before is not looked at (README.md,
    // "Wider on purpose").
    if workflow.jobs.iter().any(|job| job.needs) && workflow.jobs[0].guard == Guard::RunSucceeded {
        workflow.jobs[0].guard = Guard::None;
    }
    for job in workflow.jobs.iter_mut().filter(|job| job.needs) {
        job.guard = Guard::None;
    }
    if workflow
        .jobs
        .iter()
        .any(|job| !matches!(job.body, Body::Steps(_)))
    {
        workflow.env = None;
    }
    workflow
}

fn secret(tape: &mut Tape<'_>) -> Secret {
    tape.pick(&[Secret::Api, Secret::Deploy, Secret::Npm])
}

fn permissions(tape: &mut Tape<'_>) -> Permissions {
    tape.pick(&[
        Permissions::None,
        Permissions::Unsaid,
        Permissions::Contents(Access::Read),
        Permissions::Contents(Access::Write),
        Permissions::Issues,
        Permissions::Packages,
        Permissions::Actions,
        Permissions::IdToken,
        Permissions::ReadAll,
        Permissions::WriteAll,
    ])
}

/// Conditions about what every one of the events has.
fn guards(events: &[Event]) -> Vec<Guard> {
    let all_are = |is: fn(&Event) -> bool| events.iter().all(is);
    let mut all = vec![Guard::None, Guard::False];
    if all_are(|event| matches!(event, Event::Call)) {
        return all;
    }
    all.push(Guard::EventIsPush);
    if all_are(|event| matches!(event, Event::PushMain | Event::Schedule)) {
        all.push(Guard::RefIsMain);
    }
    if all_are(|event| matches!(event, Event::Target(_) | Event::PullRequest)) {
        all = vec![
            Guard::OwnHead,
            Guard::ForkFlag,
            Guard::Labels,
            Guard::AuthorContributor,
            Guard::AuthorMember,
            Guard::DependabotAuthor,
            Guard::False,
        ];
        // Dependabot pushes to a request that is there.
        if all_are(|event| matches!(event, Event::Target(Types::Usual) | Event::PullRequest)) {
            all.push(Guard::DependabotActs);
        }
    }
    if all_are(|event| {
        matches!(
            event,
            Event::Target(Types::Labeled) | Event::Issues(Types::Labeled)
        )
    }) {
        all.push(Guard::Label);
    }
    if all_are(|event| matches!(event, Event::Target(Types::Closed))) {
        all.push(Guard::Merged);
    }
    if all_are(|event| matches!(event, Event::IssueComment)) {
        all = vec![
            Guard::CommentByMember,
            Guard::CommentByCollaborator,
            Guard::Command,
        ];
    }
    if all_are(|event| matches!(event, Event::WorkflowRun(_))) {
        all = vec![Guard::RunSucceeded, Guard::RunOfPush];
    }
    all
}

fn job(tape: &mut Tape<'_>, place: usize, events: &[Event], number: usize, count: usize) -> Job {
    let event = events[0];
    let guard = match tape.seldom(2) {
        true => {
            let number = tape.next();
            let all = guards(events);
            all[number % all.len()]
        }
        false => {
            tape.next();
            Guard::None
        }
    };
    let mut job = Job {
        guard,
        prod: tape.seldom(4),
        needs: place > 0 && tape.seldom(3),
        permissions: tape
            .seldom(4)
            .then(|| permissions(tape))
            .filter(|p| *p != Permissions::Unsaid),
        self_hosted: false,
        boxed: false,
        container: None,
        body: Body::Steps(Vec::new()),
    };
    match tape.next() % 16 {
        14 => job.boxed = true,
        7 | 15 => job.self_hosted = true,
        _ => {}
    }
    let container = tape.pick(&[
        None,
        None,
        None,
        None,
        None,
        None,
        Some(Pin::Mutable),
        Some(Pin::Fixed),
    ]);
    let kind = tape.next() % 16;
    let passed = tape.pick(&[
        Passed::Nothing,
        Passed::One(Secret::Api),
        Passed::One(Secret::Deploy),
        Passed::Inherit,
    ]);
    let pin = tape.pick(&[Pin::Mutable, Pin::Fixed]);
    tape.rest = &tape.rest[tape.rest.len().saturating_sub(4 * STEP)..];
    let mut steps = Vec::new();
    for _ in 0..4 {
        let mut part = tape.part(STEP);
        steps.extend(step(&mut part, event, events.len() == 1, place));
    }
    if steps.is_empty() {
        steps.push(Step::Echo);
    }
    // A job that calls has neither environment nor runner.
    let call = match kind {
        // A workflow with a higher number: nobody calls in a circle here.
        13 | 14 if number + 1 < count => Some(Body::Call(number + 1, passed)),
        15 => Some(Body::Elsewhere(pin, passed)),
        _ => None,
    };
    match call {
        Some(body) => {
            job.body = body;
            job.prod = false;
            job.self_hosted = false;
            job.boxed = false;
        }
        None => {
            job.container = container;
            // A caller may give less than a release takes.
            if events.contains(&Event::Call) {
                steps.retain(|step| *step != Step::GithubRelease);
            }
            // Without it no release is made.
            if steps.contains(&Step::GithubRelease) {
                job.permissions = Some(Permissions::Contents(Access::Write));
            }
            if steps.is_empty() {
                steps.push(Step::Echo);
            }
            job.body = Body::Steps(steps);
        }
    }
    job
}

/// A step, most often one that fits the event.
fn step(tape: &mut Tape<'_>, event: Event, alone: bool, place: usize) -> Option<Step> {
    let kind = tape.next();
    let fits = !tape.seldom(6);
    let quiet = matches!(
        event,
        Event::PushMain | Event::PushTags | Event::Schedule | Event::Release
    );
    let pin = tape.pick(&[Pin::Mutable, Pin::Fixed]);
    let last = tape.next();
    let secret = [Secret::Api, Secret::Deploy, Secret::Npm][last % 3];
    let some = (last >= 16).then_some(secret);
    let texts = [
        Text::PullRequestTitle,
        Text::IssueTitle,
        Text::CommentBody,
        Text::RunBeforeBranch,
    ];
    let (head, text) = match event {
        Event::IssueComment if fits => (Head::IssueNumber, texts[1 + last % 2]),
        Event::Issues(_) if fits => (Head::Own, Text::IssueTitle),
        Event::WorkflowRun(_) if fits => (Head::RunBefore, Text::RunBeforeBranch),
        Event::Dispatch if fits => (Head::InputNumber, Text::CommentBody),
        Event::Target(_) | Event::PullRequest if fits => {
            (Head::PullRequest, Text::PullRequestTitle)
        }
        _ => (Head::Own, texts[last % 4]),
    };
    // A number or head that another event does not have is no head of anybody.
    let head = if alone { head } else { Head::Own };
    Some(match kind % 32 {
        0..=4 => return None,
        5..=8 => Step::Checkout(head),
        9 => Step::Checkout(Head::Own),
        10..=12 => Step::Make,
        13 => Step::Grep,
        14 | 15 => Step::SecretInEnv(secret),
        16 => Step::SecretInRun(secret),
        17 => Step::SecretToAction(secret),
        18 if last > 20 => Step::AllSecrets,
        18 => Step::LocalAction,
        19 | 20 => Step::TextInScript(text),
        21 => Step::TextInEnv(text),
        22 => Step::Action(pin),
        23 => Step::Tool(pin),
        24 => Step::Script(pin),
        25 => Step::Cache,
        26 if last.is_multiple_of(2) => Step::Upload,
        26 => Step::Download(last % 4 == 1),
        27 => Step::Download(last % 4 != 1),
        28 if quiet && last < 16 => Step::DockerSocket(pin),
        28 => Step::DockerRun(pin, some),
        29 if quiet => Step::DockerAction(pin, some),
        29 => Step::DockerBuild(some),
        30 if last.is_multiple_of(2) => Step::NpmPublish,
        30 => Step::GithubRelease,
        _ if place > 0 => Step::Output,
        _ => Step::Upload,
    })
}
