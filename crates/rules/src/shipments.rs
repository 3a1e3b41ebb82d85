//! What leaves the repository for users, and what is proven of it.
//!
//! A release is one shipment however many jobs attach files to it; images and
//! charts are one for each step that pushes them. What is proven is looked for
//! in everything that runs together with the shipment: the jobs of its
//! workflow, reusable workflows that it calls, the workflows that call it, and
//! those that follow it by `workflow_run` or by `release`.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap};

use cofferdam_facts::settings::Fact;
use cofferdam_facts::{Control, Location, Scope, Span};
use cofferdam_workflows::documents::job::{Call, CallSecrets};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::proving::{Proof, Proves, Refusal, Refused, Subject};
use cofferdam_workflows::semantics::publishing::{Artifact, Publication, targets};
use cofferdam_workflows::semantics::stages::{self, Stage};
use cofferdam_workflows::semantics::starts::{self, Origin, Start};

use crate::claims::{self, Claim};
use crate::context::{Context, JobView};
use crate::releases;
use crate::rule::Sink;

/// One thing that is shipped.
#[derive(Clone, Debug)]
pub struct Shipment<'c> {
    /// What; never files or a site.
    pub artifact: Artifact,
    /// The steps that ship it, the first one first.
    pub places: Vec<Place<'c>>,
    /// Whether it is for the project's own tests alone.
    pub development: bool,
    /// Every job that runs together with it.
    pub company: Vec<&'c JobView<'c>>,
    /// Those among them that ship it, or run before or after them: what they do
    /// can be about what is shipped.
    pub beside: Vec<&'c JobView<'c>>,
    /// What is proven in its company and runs, perhaps about something else.
    claims: Vec<Claim<'c>>,
}

/// One step that ships.
#[derive(Clone, Copy, Debug)]
pub struct Place<'c> {
    /// The job.
    pub job: &'c JobView<'c>,
    /// What the step publishes.
    pub publication: &'c Publication,
}

/// Whether something is proven of a shipment.
#[derive(Clone, Debug)]
pub enum Cover<'c> {
    /// By this proof of this job.
    Yes(&'c JobView<'c>, &'c Proof),
    /// By this one, if it runs whenever the shipment does, which is not decided.
    Unsure(&'c JobView<'c>, &'c Proof),
    /// Perhaps: something that is not read here may prove it.
    Perhaps(Location, String),
    /// No.
    No,
}

/// Every shipment of the checkout whose content is known, in order of path.
/// What can never be published in any start is left out, as are releases
/// without files.
#[must_use]
pub fn of<'c>(cx: &'c Context<'c>) -> Vec<Shipment<'c>> {
    let mut shipments = all(cx);
    shipments.retain(|s| !matches!(s.artifact, Artifact::Tag | Artifact::Unread));
    shipments
}

/// Every shipment, for a rule that speaks of `control`. Where there is none the
/// control has nothing to speak about; where something may publish that is not
/// read, it is unknown, and `settle` says what helps.
pub fn seen<'c>(
    cx: &'c Context<'c>,
    control: Control,
    settle: &str,
    out: &mut Sink,
) -> Vec<Shipment<'c>> {
    let shipments = of(cx);
    let unread = tell_unread(cx, control, settle, out);
    if shipments.is_empty() && !unread {
        out.not_applicable(control, "no workflow is seen to publish anything");
    }
    shipments
}

/// Says for each shipment whose content is not read that a control is not
/// decided, and gives whether there is one. Where the same job ships something
/// that is read, that decides.
pub fn tell_unread(cx: &Context<'_>, control: Control, fix: &str, out: &mut Sink) -> bool {
    let mut told = false;
    for job in cx.all_jobs() {
        let unread = |p: &&Publication| p.artifact == Artifact::Unread;
        let known = job.publishes().any(|a| a != Artifact::Unread);
        if let Some(publication) = job.publications.iter().find(unread).filter(|_| !known) {
            let missing = format!("what `{}` publishes, which is not read", publication.means);
            out.unknown(control, Some(job.at(publication.span)), missing, fix);
            told = true;
        }
    }
    tell_unread_calls(cx, control, fix, out) || told
}

/// The same for reusable workflows of other repositories alone, where the name
/// says that they release.
pub fn tell_unread_calls(cx: &Context<'_>, control: Control, fix: &str, out: &mut Sink) -> bool {
    let mut told = false;
    for job in cx.all_jobs().filter(|job| job.publications.is_empty()) {
        if let Some(call) = releasing_call(cx, job) {
            let missing = format!("what `{}` publishes, which is not read", call.uses.value);
            out.unknown(control, Some(job.at(call.uses.span)), missing, fix);
            told = true;
        }
    }
    told
}

/// The reusable workflow of another repository that a job calls, where its name
/// says that it releases or publishes.
fn releasing_call<'c>(cx: &Context<'_>, job: &JobView<'c>) -> Option<&'c Call> {
    let call = job.job.call()?;
    if cx.repository.own_workflow(&call.uses.value).is_some() {
        return None;
    }
    let path = call.uses.value.repository()?.path.to_ascii_lowercase();
    let file = path.rsplit('/').next()?.split('.').next()?;
    let mut words = file.split(|c: char| !c.is_ascii_alphanumeric());
    let says = |word: &str| matches!(word, "release" | "releases" | "publish" | "publishing");
    let otherwise = |word: &str| {
        let other = [
            "check", "drafter", "dry", "lint", "notes", "prepare", "test", "validate", "verify",
        ];
        other.contains(&word)
    };
    let releases = words.clone().any(says) && !words.any(otherwise);
    releases.then_some(call)
}

/// Every shipment, tags that are pushed and what is not read included.
#[must_use]
pub fn all<'c>(cx: &'c Context<'c>) -> Vec<Shipment<'c>> {
    let mut shipments = Vec::new();
    let followers = LazyCell::new(|| Followers::of(cx));
    for workflow in &cx.repository.workflows {
        let mut own: Vec<Shipment<'c>> = Vec::new();
        let starts = LazyCell::new(|| starts::of(cx.repository, workflow));
        for job in cx.jobs(workflow) {
            for publication in &job.publications {
                let Some(development) = audience(cx, &starts, job, publication) else {
                    continue;
                };
                let place = Place { job, publication };
                match own.iter_mut().find(|s| s.takes(place)) {
                    Some(shipment) => {
                        shipment.places.push(place);
                        shipment.development &= development;
                    }
                    None => own.push(Shipment {
                        artifact: publication.artifact,
                        places: vec![place],
                        development,
                        company: Vec::new(),
                        beside: Vec::new(),
                        claims: Vec::new(),
                    }),
                }
            }
        }
        // A tag that is moved or a list over images that are pushed beside it is
        // part of their shipment.
        let pushes = own
            .iter()
            .any(|s| s.artifact == Artifact::Image && !s.is_copy());
        own.retain(|s| !(pushes && s.is_copy()));
        if own.is_empty() {
            continue;
        }
        let company = company(cx, &followers, workflow);
        for mut shipment in own {
            shipment.company = if shipment.artifact == Artifact::Release {
                with_followers_of_releases(&followers, &company)
            } else {
                company.clone()
            };
            shipment.beside = beside(cx, &shipment);
            shipment.claims = claims::of(cx, &starts, &shipment);
            shipments.push(shipment);
        }
    }
    shipments
}

fn beside<'c>(cx: &'c Context<'c>, shipment: &Shipment<'c>) -> Vec<&'c JobView<'c>> {
    let mut hosts = Vec::new();
    for place in &shipment.places {
        with_callers(cx, place.job, &mut hosts);
    }
    let linked = |job: &&&JobView<'_>| {
        let mut own = Vec::new();
        with_callers(cx, job, &mut own);
        own.iter().any(|one| {
            hosts
                .iter()
                .any(|host| is_same(host, one) || needs(host, one) || needs(one, host))
        })
    };
    shipment.company.iter().filter(linked).copied().collect()
}

// The job, and those that call its workflow.
fn with_callers<'v, 'c>(cx: &'v Context<'c>, job: &JobView<'_>, found: &mut Vec<&'v JobView<'c>>) {
    let own = cx
        .jobs_at(job.workflow.path())
        .iter()
        .find(|view| is_same(view, job));
    let Some(own) = own.filter(|own| !found.iter().any(|known| is_same(known, own))) else {
        return;
    };
    found.push(own);
    for caller in cx.repository.callers(job.workflow.path()) {
        let view = cx
            .jobs(caller.workflow)
            .iter()
            .find(|view| view.job.id.span == caller.job.id.span);
        if let Some(view) = view {
            with_callers(cx, view, found);
        }
    }
}

/// Whether two views are of one job.
#[must_use]
pub fn is_same(one: &JobView<'_>, other: &JobView<'_>) -> bool {
    one.job.id.span == other.job.id.span && one.workflow.path() == other.workflow.path()
}

// `None` where it is no shipment; otherwise whether it is for development.
fn audience<'c, F: FnOnce() -> Vec<Start<'c>>>(
    cx: &Context<'_>,
    starts: &LazyCell<Vec<Start<'c>>, F>,
    job: &JobView<'_>,
    publication: &Publication,
) -> Option<bool> {
    let bare = publication.bare && publication.artifact != Artifact::Tag;
    if matches!(publication.artifact, Artifact::Files | Artifact::Site) || bare {
        return None;
    }
    let stage = stages::of_publication(job.workflow, job.job, publication);
    let named = publication.names.iter().map(|name| stages::of_name(name));
    let named = named.max().unwrap_or(Stage::Production);
    let stage = stage.min(named);
    if stage == Stage::Local {
        return None;
    }
    let pushed = matches!(publication.artifact, Artifact::Image | Artifact::Chart);
    if pushed && job.job.call().is_none() && !releases::may_push(job, releases::logins(cx, job)) {
        return None;
    }
    if starts.is_empty() {
        return Some(stage == Stage::Development);
    }
    let reaching: Vec<&Origin> = starts
        .iter()
        .filter(|start| happens(cx, start, job, publication))
        .map(|start| &start.origin)
        .collect();
    if reaching.is_empty() {
        return None;
    }
    let unmerged = |origin: &&Origin| is_unmerged(origin, publication.artifact);
    Some(stage == Stage::Development || reaching.iter().all(unmerged))
}

/// Whether what is published in a start is not merged. A release with files
/// that the merge queue makes is one for users: its last check before it is
/// merged.
#[must_use]
pub fn is_unmerged(origin: &Origin, artifact: Artifact) -> bool {
    match origin {
        Origin::PullRequest | Origin::Outsider => true,
        Origin::MergeQueue => artifact != Artifact::Release,
        _ => false,
    }
}

/// Whether something may be published in a start.
#[must_use]
pub fn happens(
    cx: &Context<'_>,
    start: &Start<'_>,
    job: &JobView<'_>,
    publication: &Publication,
) -> bool {
    if start.runs_job(job.workflow, job.job) == Runs::No {
        return false;
    }
    let step = job.job.steps().get(publication.step);
    let action = step
        .and_then(Step::uses)
        .and_then(|uses| cx.repository.own_action(&uses.value));
    job.job.call().is_some()
        || start.publishes(job.workflow, job.job, publication, action) != Runs::No
}

impl<'c> Shipment<'c> {
    fn takes(&self, place: Place<'c>) -> bool {
        if self.artifact != place.publication.artifact {
            return false;
        }
        match self.artifact {
            Artifact::Release | Artifact::Package(_) | Artifact::Tag => true,
            _ => self.places.iter().any(|own| {
                is_same(own.job, place.job) && own.publication.step == place.publication.step
            }),
        }
    }

    /// Whether it only copies or tags what a registry holds already.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.places.iter().all(|place| place.publication.copy)
    }

    /// The first step that ships.
    #[must_use]
    pub fn first(&self) -> Option<Place<'c>> {
        self.places.first().copied()
    }

    /// Repositories by name, as far as they are written.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&'c str> {
        self.places
            .iter()
            .flat_map(|place| place.publication.names.iter().map(String::as_str))
            .collect()
    }

    /// "container image `ghcr.io/org/app`", for messages.
    #[must_use]
    pub fn what(&self) -> String {
        let names: Vec<&str> = self
            .names()
            .into_iter()
            .filter(|name| name.len() <= 80 && !name.starts_with('$') || name.contains('/'))
            .collect();
        match names.as_slice() {
            [] => self.artifact.to_string(),
            [one] => format!("{} `{one}`", self.artifact),
            [one, rest @ ..] => format!("{} `{one}` and {} more", self.artifact, rest.len()),
        }
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        let Some(first) = self.first() else {
            return String::new();
        };
        let step = first.job.job.steps().get(first.publication.step);
        let place = step.map_or_else(|| first.job.subject(), |step| first.job.step_subject(step));
        format!("{place} {}", self.artifact)
    }

    /// Whether a step proves something of it.
    pub fn cover(&self, wanted: impl Fn(&Proof) -> bool) -> Cover<'c> {
        let about =
            |claim: &&Claim<'c>| wanted(claim.proof) && self.is_subject(claim.job, claim.proof);
        let found = self
            .claims
            .iter()
            .filter(about)
            .max_by_key(|Claim { job, proof, sure }| {
                let here = self
                    .places
                    .iter()
                    .any(|place| place.job.workflow.path() == job.workflow.path());
                (
                    *sure,
                    here,
                    proof.proves == Proves::Signature,
                    std::cmp::Reverse(proof.naming),
                )
            });
        match found {
            Some(claim) if claim.sure => Cover::Yes(claim.job, claim.proof),
            Some(claim) => Cover::Unsure(claim.job, claim.proof),
            None => self.perhaps(),
        }
    }

    /// Everything that is surely proven of it, with the job that does.
    pub fn proofs(&self) -> impl Iterator<Item = (&'c JobView<'c>, &'c Proof)> + '_ {
        self.claims
            .iter()
            .filter(|claim| claim.sure)
            .map(|claim| (claim.job, claim.proof))
            .filter(|(job, proof)| self.is_subject(job, proof))
    }

    fn is_subject(&self, job: &JobView<'_>, proof: &Proof) -> bool {
        if proof.own {
            return self.artifact == Artifact::Image
                && self
                    .places
                    .iter()
                    .any(|place| is_same(place.job, job) && place.publication.step == proof.step);
        }
        match (self.artifact, proof.subject) {
            (_, Subject::Any) => true,
            (Artifact::Image | Artifact::Chart, Subject::Image) => self.may_name(proof),
            (Artifact::Release, Subject::Files) => true,
            (Artifact::Package(one), Subject::Package(other)) => one == other,
            // Files that are attested before they are uploaded as packages.
            (Artifact::Package(_), Subject::Files) => self
                .places
                .iter()
                .any(|place| is_same(place.job, job) || needs(place.job, job)),
            _ => false,
        }
    }

    fn may_name(&self, proof: &Proof) -> bool {
        let Some(target) = &proof.target else {
            return true;
        };
        let names = self.names();
        let targets = targets::names(target);
        names.is_empty()
            || targets.is_empty()
            || names.iter().any(|name| {
                targets
                    .iter()
                    .any(|target| targets::same(name, target) != Some(false))
            })
    }

    fn perhaps(&self) -> Cover<'c> {
        for job in &self.beside {
            // A job that can neither ask for an identity nor holds a secret
            // signs nothing.
            let can_sign = job.token.writes().any(|s| s == Scope::IdToken)
                || !job.secrets.is_empty()
                || job
                    .job
                    .call()
                    .is_some_and(|call| !matches!(call.secrets, CallSecrets::None));
            if let Some(hint) = job.proving.hints.first().filter(|_| can_sign) {
                return Cover::Perhaps(job.at(hint.span), hint.means.clone());
            }
        }
        Cover::No
    }

    /// What the steps that ship it refuse to make.
    pub fn refusals(&self, what: Refused) -> impl Iterator<Item = (&'c JobView<'c>, &'c Refusal)> {
        self.places.iter().flat_map(move |place| {
            place
                .job
                .proving
                .refusals
                .iter()
                .filter(move |r| r.what == what && r.step == place.publication.step)
                .map(|r| (place.job, r))
        })
    }
}

impl Place<'_> {
    /// Where.
    #[must_use]
    pub fn location(&self) -> Location {
        self.job.at(self.publication.span)
    }

    /// The span, for grouping.
    #[must_use]
    pub fn span(&self) -> Span {
        self.publication.span
    }
}

/// Whether a job waits for another one, directly or by those that call their
/// workflows.
#[must_use]
pub fn follows(cx: &Context<'_>, job: &JobView<'_>, other: &JobView<'_>) -> bool {
    if needs(job, other) {
        return true;
    }
    let (mut later, mut earlier) = (Vec::new(), Vec::new());
    with_callers(cx, job, &mut later);
    with_callers(cx, other, &mut earlier);
    later
        .iter()
        .any(|one| earlier.iter().any(|before| needs(one, before)))
}

/// Whether a job waits for another one of its workflow, directly or not.
#[must_use]
pub fn needs(job: &JobView<'_>, other: &JobView<'_>) -> bool {
    let mut seen = BTreeSet::new();
    let mut queue = vec![job.job];
    while let Some(next) = queue.pop() {
        for need in &next.needs {
            if need.value == other.job.id.value && job.workflow.path() == other.workflow.path() {
                return true;
            }
            if seen.insert(need.value.as_str()) {
                queue.extend(job.workflow.job(&need.value));
            }
        }
    }
    false
}

/// What starts after something else, looked up once.
struct Followers<'c> {
    // By the name of the workflow before.
    of_runs: HashMap<&'c str, Vec<&'c Workflow>>,
    // The jobs that start when there is a release, in order of path.
    of_releases: Vec<&'c JobView<'c>>,
}

impl<'c> Followers<'c> {
    fn of(cx: &'c Context<'c>) -> Self {
        let mut of_runs: HashMap<_, Vec<_>> = HashMap::new();
        let mut of_releases = Vec::new();
        for workflow in &cx.repository.workflows {
            let before = workflow.trigger("workflow_run").map(|t| &t.workflows);
            for name in before.into_iter().flatten() {
                of_runs.entry(&*name.value).or_default().push(workflow);
            }
            if workflow.has_trigger("release") {
                of_releases.extend(cx.jobs(workflow));
            }
        }
        Self {
            of_runs,
            of_releases,
        }
    }
}

// The jobs of the workflow, of those that it calls, that call it and that
// follow it, in order of path.
fn company<'c>(
    cx: &'c Context<'c>,
    followers: &Followers<'c>,
    workflow: &'c Workflow,
) -> Vec<&'c JobView<'c>> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut queue = vec![workflow];
    while let Some(next) = queue.pop() {
        if !seen.insert(next.path()) {
            continue;
        }
        for job in &next.jobs {
            let called = job
                .call()
                .and_then(|call| cx.repository.own_workflow(&call.uses.value));
            queue.extend(called);
        }
        let callers = cx.repository.callers(next.path());
        queue.extend(callers.into_iter().map(|caller| caller.workflow));
        let name = next.name.as_ref().map_or(next.path(), |n| n.value.as_str());
        queue.extend(followers.of_runs.get(name).into_iter().flatten());
    }
    seen.into_iter().flat_map(|path| cx.jobs_at(path)).collect()
}

fn with_followers_of_releases<'c>(
    followers: &Followers<'c>,
    company: &[&'c JobView<'c>],
) -> Vec<&'c JobView<'c>> {
    let mut all = company.to_vec();
    let known: BTreeSet<&str> = company.iter().map(|job| job.workflow.path()).collect();
    let others = followers.of_releases.iter();
    all.extend(others.filter(|job| !known.contains(job.workflow.path())));
    all
}

/// Whether GitHub itself signs every release, since releases cannot be changed
/// once they are published; `None` where the settings were not seen.
#[must_use]
pub fn releases_are_immutable(cx: &Context<'_>) -> Option<bool> {
    match &cx.facts.settings?.immutable_releases {
        Fact::Known(releases) => Some(releases.enabled),
        Fact::NotChecked(_) => None,
    }
}
