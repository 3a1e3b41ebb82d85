//! Stored registry credentials where short-lived ones exist.

use std::collections::{BTreeSet, HashMap};

use cofferdam_facts::{Control, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::text::{Text, lookup};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::logins::Login;
use cofferdam_workflows::semantics::publishing::{Artifact, Publication, Registry};
use cofferdam_workflows::semantics::secrets::{self, SecretName, calls};
use cofferdam_workflows::semantics::stages::{self, Stage};

use crate::context::{Context, JobView};
use crate::releases;
use crate::rule::{Rule, Sink};

mod offers;

use offers::Offer;

crate::rule! {
    /// # What
    /// A job signs in to a registry, or publishes, with a stored password, token
    /// or key, although the registry gives out short-lived ones for the run.
    ///
    /// # Why
    /// A stored credential works for whoever copies it, from anywhere, until
    /// somebody notices and takes it back. One that the registry gives for the
    /// identity of the run works for minutes, and only for the workflow, branch
    /// or environment that the registry was told to trust.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e # v1.13.0
    ///   with:
    ///     password: ${{ secrets.PYPI_TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions:
    ///   id-token: write
    /// environment: pypi
    /// steps:
    ///   - uses: pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e # v1.13.0
    /// ```
    ///
    /// # How it is decided
    /// The credential that a sign-in or a publishing step takes, followed back
    /// through callers to where it is stored. Medium where the way out is plain:
    /// ghcr.io takes the job's own token; PyPI, npm, crates.io, RubyGems, NuGet
    /// and pub.dev know trusted publishing; Amazon, Google and Azure take the
    /// run's identity. Low where it is not for everybody: Docker Hub trusts the
    /// run's identity only for organisations with a Team or Business plan (since
    /// 2026), Quay only robot accounts with federation (since 3.13), the
    /// marketplaces of editor extensions since 2026.
    ///
    /// Informational in a job that is not seen to publish, since the credential
    /// may only read, and for registries that are there for tests. Hex and Maven
    /// Central offer nothing else and are passed over. zizmor's
    /// `use-trusted-publishing` knows package registries alone, and does not
    /// follow callers.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/concepts/security/openid-connect>
    /// - <https://docs.pypi.org/trusted-publishers/>
    /// - <https://docs.npmjs.com/trusted-publishers>
    /// - <https://repos.openssf.org/trusted-publishers-for-all-package-repositories>
    pub struct LongLivedRegistryCredential {
        id: "long-lived-registry-credential",
        title: "A stored credential publishes where a short-lived one exists",
        severity: Medium,
        controls: [C3, S1],
        peers: ["zizmor/use-trusted-publishing", "codeql/NpmTokenInPublish"],
        standards: [Cwe::Cwe522, StepSecurity::OidcDeploys],
    }
}

impl Rule for LongLivedRegistryCredential {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for job in cx.jobs(workflow) {
            let mut uses = Vec::new();
            let packages = Packages::of(job);
            for step in job.job.steps() {
                uses.extend(by_cloud(job, step));
                uses.extend(by_package(job, step, &packages));
            }
            for login in releases::logins(cx, job) {
                uses.extend(by_registry(cx, job, login, out));
            }
            // A matrix of sign-ins to one registry is one cause.
            uses.sort_by_key(|one| (one.offer.host, one.span));
            uses.dedup_by(|next, one| {
                next.offer.host == one.offer.host && next.secrets == one.secrets
            });
            for one in uses {
                report(cx, job, &one, out);
            }
        }
    }
}

/// One use of a stored credential.
struct Use {
    span: Span,
    means: String,
    secrets: BTreeSet<String>,
    offer: &'static Offer,
    /// Whether it is for a registry that is there for tests.
    rehearsal: bool,
}

fn named(text: &Text) -> (BTreeSet<String>, bool) {
    let mut names = BTreeSet::new();
    let mut token = false;
    for name in text.parsed().flat_map(|(_, expr)| secrets::names(expr)) {
        match name {
            SecretName::Named(name) => {
                names.insert(name);
            }
            SecretName::Token => token = true,
            SecretName::Computed | SecretName::All => {}
        }
    }
    (names, token)
}

fn by_registry(cx: &Context<'_>, job: &JobView<'_>, login: &Login, out: &mut Sink) -> Option<Use> {
    let step = job.job.steps().get(login.step)?;
    let signs_in = login.means.ends_with("login") || login.means.ends_with("login-action");
    if !signs_in || login.means.starts_with("npm") || login.means.starts_with("cargo") {
        return None;
    }
    // The name of the account may be a secret too; only the password counts.
    let (names, token) = match step.input("password") {
        Some(password) => named(password),
        None => (login.secrets.clone(), login.token),
    };
    let registry = login.registry.as_deref().unwrap_or("docker.io");
    let registry = constant(job, registry);
    let offer = offers::of_registry(&registry)?;
    if offer.host == "ghcr.io" && token {
        out.satisfied(
            Control::C3,
            job.at(login.span),
            "signs in to ghcr.io with the job's own token",
        );
        return None;
    }
    // Chosen at run time between the job's token and a secret: the secret is
    // for elsewhere.
    if names.is_empty() || token {
        return None;
    }
    let stored: Vec<_> = names
        .iter()
        .map(|name| calls::stored(cx.repository, job.workflow, name))
        .collect();
    // Every caller hands over its own token.
    if stored.iter().all(|s| s.names.is_empty() && !s.elsewhere) && job.workflow.is_reusable() {
        return None;
    }
    Some(Use {
        span: step.input("password").map_or(login.span, |t| t.span),
        means: login.means.clone(),
        secrets: names,
        offer,
        rehearsal: false,
    })
}

// `${{ env.REGISTRY }}` where it is constant.
fn constant(job: &JobView<'_>, registry: &str) -> String {
    let Some(name) = registry
        .trim()
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .and_then(|inner| inner.trim().strip_prefix("env."))
    else {
        return registry.to_owned();
    };
    [&job.job.env, &job.workflow.env]
        .into_iter()
        .find_map(|env| lookup(env, name.trim())?.literal())
        .unwrap_or(registry)
        .to_owned()
}

fn by_cloud(job: &JobView<'_>, step: &Step) -> Option<Use> {
    let action = step.action()?;
    let offer = offers::of_cloud(&action)?;
    let input = offer.inputs.iter().find_map(|input| step.input(input))?;
    let (secrets, _) = named(input);
    // Only where it can reach a registry: other uses of clouds are for others.
    let images = job
        .publications
        .iter()
        .any(|p| matches!(p.artifact, Artifact::Image | Artifact::Chart));
    (images && !secrets.is_empty()).then_some(Use {
        span: input.span,
        means: action.to_owned(),
        secrets,
        offer,
        rehearsal: false,
    })
}

/// What is the same for every step of a job.
struct Packages<'c> {
    // By the step, the first of each.
    publications: HashMap<usize, &'c Publication>,
    // The first script that writes a token into the configuration of npm.
    token: Option<&'c Text>,
}

impl<'c> Packages<'c> {
    fn of(job: &'c JobView<'c>) -> Self {
        let mut publications = HashMap::new();
        for publication in &job.publications {
            publications.entry(publication.step).or_insert(publication);
        }
        let npm = Artifact::Package(Registry::Npm);
        let mut scripts = job.job.steps().iter().filter_map(Step::script);
        let token = if publications.values().any(|p| p.artifact == npm) {
            scripts.find(|t| t.value.contains("_authToken") && !named(t).0.is_empty())
        } else {
            None
        };
        Self {
            publications,
            token,
        }
    }
}

fn by_package(job: &JobView<'_>, step: &Step, packages: &Packages<'_>) -> Option<Use> {
    let publication = packages.publications.get(&step.index)?;
    let Artifact::Package(registry) = publication.artifact else {
        return None;
    };
    let offer = offers::of_package(registry)?;
    // A registry of one's own may know nothing of this.
    let elsewhere = publication.names.iter().any(|name| {
        let known = [
            "pypi.org",
            "npmjs.org",
            "nuget.org",
            "crates.io",
            "rubygems.org",
        ];
        // Without a dot it is a name that the program knows, such as `pypi`.
        name.contains('.') && !known.iter().any(|host| name.contains(host))
    });
    if elsewhere {
        return None;
    }
    let mut found: Option<(Span, BTreeSet<String>)> = None;
    let mut take = |text: &Text, span: Span| {
        let (names, _) = named(text);
        if !names.is_empty() && found.is_none() {
            found = Some((span, names));
        }
    };
    for input in offer.inputs {
        if let Some(text) = step.input(input) {
            take(text, text.span);
        }
    }
    for env in [&step.env, &job.job.env, &job.workflow.env] {
        for pair in env {
            if offer
                .variables
                .contains(&pair.key.value.to_ascii_uppercase().as_str())
            {
                take(&pair.value, pair.value.span);
            }
        }
    }
    if let Some(script) = step.script() {
        take(script, publication.span);
    }
    // A token that another step of the job writes into a configuration.
    if registry == Registry::Npm
        && let Some(script) = packages.token
    {
        take(script, script.span);
    }
    let (span, secrets) = found?;
    Some(Use {
        span,
        means: publication.means.clone(),
        secrets,
        offer,
        rehearsal: stages::of_publication(job.workflow, job.job, publication) != Stage::Production,
    })
}

fn report(cx: &Context<'_>, job: &JobView<'_>, one: &Use, out: &mut Sink) {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for name in &one.secrets {
        let stored = calls::stored(cx.repository, job.workflow, name);
        if stored.names.is_empty() {
            names.insert(name.clone());
        }
        names.extend(stored.names);
    }
    let list: Vec<_> = names.iter().take(3).map(String::as_str).collect();
    let list = list.join(", ");
    let publishes = job
        .publications
        .iter()
        .any(|p| !matches!(p.artifact, Artifact::Site | Artifact::Files));
    let severity = if publishes && !one.rehearsal {
        one.offer.severity
    } else {
        Severity::Info
    };
    let finding = Finding::new(
        LongLivedRegistryCredential::INFO.id,
        severity,
        job.at(one.span),
        format!(
            "job `{}` signs in to {} with the stored {list} (`{}`)",
            job.job.name(),
            one.offer.host,
            one.means
        ),
    )
    .why(format!(
        "Whoever copies {list} can publish from anywhere until it is taken back; {}",
        one.offer.instead
    ))
    .fix(one.offer.fix)
    .group(format!(
        "jobs that sign in to {} with a stored credential",
        one.offer.host
    ))
    .subject(format!("{} {}", job.subject(), one.offer.host));
    out.report_against(&[Control::C3], finding);
}
