//! Jobs that take a role elsewhere by the identity of their run.

use std::collections::BTreeSet;

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::environments;
use cofferdam_workflows::semantics::starts::{self, Origin, Start};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A list: which job signs in to which service by its OpenID Connect token,
    /// for which role, and as which subject.
    ///
    /// # Why
    /// What a role may do, and which runs may have it, is decided at the other
    /// end, in a trust policy that no checkout shows. The subject that the run
    /// brings is what that policy has to ask for: where it accepts
    /// `repo:owner/name:*`, everybody who may push a branch can have the role.
    ///
    /// # Vulnerable
    /// ```yaml
    /// deploy:
    ///   runs-on: ubuntu-24.04
    ///   permissions: {id-token: write}
    ///   steps:
    ///     - uses: aws-actions/configure-aws-credentials@ececac1a45f3b08a01d2dd070d28d111c5fe6722 # v4.1.0
    ///       with:
    ///         role-to-assume: arn:aws:iam::123456789012:role/deploy
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// deploy:
    ///   runs-on: ubuntu-24.04
    ///   environment: production # whose subject the trust policy asks for
    ///   permissions: {id-token: write}
    ///   steps:
    ///     - uses: aws-actions/configure-aws-credentials@ececac1a45f3b08a01d2dd070d28d111c5fe6722 # v4.1.0
    ///       with:
    ///         role-to-assume: arn:aws:iam::123456789012:role/deploy
    /// ```
    ///
    /// # How it is decided
    /// Known actions that trade the token, with the inputs that make them do
    /// so. The subject follows GitHub's default: `environment:NAME` where the
    /// job has an environment, else `pull_request` or the ref of each event
    /// that starts it. An organisation can change the claims of the subject,
    /// which is not seen. Always informational: what the role opens is not in
    /// the files, and the list is what a review of the trust policies starts
    /// from. octoscan's `debug-oidc-action` lists the steps without subjects.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims>
    /// - <https://docs.github.com/en/actions/concepts/security/openid-connect>
    pub struct CloudIdentity {
        id: "cloud-identity",
        title: "A job takes a role elsewhere by the identity of its run",
        severity: Info,
        controls: [],
        peers: ["octoscan/debug-oidc-action"],
    }
}

/// One action: the service, and the inputs that name the role. Where the second
/// list is not empty, one of its inputs has to be there with the text beside it.
struct Trade {
    action: &'static str,
    service: &'static str,
    roles: &'static [&'static str],
    only_with: Option<(&'static str, &'static str)>,
    not_with: &'static [&'static str],
}

const fn trade(
    action: &'static str,
    service: &'static str,
    roles: &'static [&'static str],
) -> Trade {
    Trade {
        action,
        service,
        roles,
        only_with: None,
        not_with: &[],
    }
}

/// Sources: the README of each action.
#[rustfmt::skip]
const TRADES: &[Trade] = &[
    Trade {
        not_with: &["aws-access-key-id", "web-identity-token-file"],
        ..trade("aws-actions/configure-aws-credentials", "Amazon", &["role-to-assume"])
    },
    trade("google-github-actions/auth", "Google Cloud", &["workload_identity_provider"]),
    Trade { not_with: &["creds"], ..trade("azure/login", "Azure", &["client-id"]) },
    Trade { only_with: Some(("method", "jwt")), ..trade("hashicorp/vault-action", "Vault", &["role"]) },
    Trade { only_with: Some(("method", "oidc")), ..trade("infisical/secrets-action", "Infisical", &["identity-id"]) },
    trade("jfrog/setup-jfrog-cli", "JFrog", &["oidc-provider-name"]),
    trade("octo-sts/action", "Octo STS", &["identity"]),
    trade("chainguard-dev/setup-chainctl", "Chainguard", &["identity"]),
    trade("pulumi/auth-actions", "Pulumi Cloud", &["organization"]),
    trade("cloudsmith-io/cloudsmith-cli-action", "Cloudsmith", &["oidc-service-slug"]),
    trade("rubygems/configure-rubygems-credentials", "RubyGems", &["role-to-assume"]),
];

impl Rule for CloudIdentity {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let mut found: Option<Vec<Start<'_>>> = None;
        for job in cx.jobs(workflow) {
            for step in job.job.steps() {
                let Some((trade, role)) = traded(step) else {
                    continue;
                };
                let starts = found.get_or_insert_with(|| starts::of(cx.repository, workflow));
                report(job, step, (trade, &role), starts, out);
            }
        }
    }
}

fn traded(step: &Step) -> Option<(&'static Trade, String)> {
    let action = step.action()?;
    let trade = TRADES.iter().find(|trade| trade.action == action)?;
    let given = |name: &&str| {
        step.input(name)
            .filter(|text| !text.value.trim().is_empty())
    };
    if trade.not_with.iter().any(|name| given(name).is_some()) {
        return None;
    }
    if let Some((name, value)) = trade.only_with {
        let text = given(&name)?.literal()?;
        if !text.trim().eq_ignore_ascii_case(value) {
            return None;
        }
    }
    let role = trade.roles.iter().find_map(given)?;
    Some((trade, role.value.trim().to_owned()))
}

fn report(
    job: &JobView<'_>,
    step: &Step,
    (trade, role): (&Trade, &str),
    starts: &[Start<'_>],
    out: &mut Sink,
) {
    let (subjects, wide) = subjects(job, starts);
    let shown = match subjects.as_slice() {
        [] => "the subject of whatever calls it".to_owned(),
        some => some.join(", "),
    };
    let why = if wide {
        format!(
            "Whoever may push a branch can start it; a trust policy of {} has to ask for more than \
             the repository",
            trade.service
        )
    } else {
        format!(
            "The trust policy of {} decides which runs get the role",
            trade.service
        )
    };
    out.report(
        Finding::new(
            CloudIdentity::INFO.id,
            Severity::Info,
            job.at(step.head()),
            format!(
                "job `{}` signs in to {} as `{role}` by the identity {shown}",
                job.job.name(),
                trade.service
            ),
        )
        .why(why)
        .fix("Compare the trust policy with this subject, and give the job an environment that only its branch may use")
        .group("jobs that take a role elsewhere by the identity of their run")
        .subject(format!("{} {role}", job.step_subject(step))),
    );
}

/// The ends of the subjects that the job brings, and whether a branch that
/// anybody may push is among them.
fn subjects(job: &JobView<'_>, starts: &[Start<'_>]) -> (Vec<String>, bool) {
    let starts: Vec<&Start<'_>> = starts.iter().collect();
    let names = environments::names(job.workflow, job.job, &starts);
    let mut subjects: BTreeSet<String> = names
        .names
        .iter()
        .filter(|name| !name.trim().is_empty())
        .map(|name| format!("`environment:{name}`"))
        .collect();
    if names.open {
        subjects.insert("of an environment that is named at run time".to_owned());
    }
    let mut wide = false;
    if names.none || names.perhaps_none {
        for start in starts {
            let subject = match &start.origin {
                Origin::Tag => "`ref:refs/tags/…`".to_owned(),
                Origin::Branches(names) => {
                    wide |= names.iter().any(|name| name == "*" || name == "**");
                    format!("`ref:refs/heads/{}`", names.join("`, `ref:refs/heads/"))
                }
                Origin::PullRequest | Origin::Merged => {
                    wide |= start.origin == Origin::PullRequest;
                    "`pull_request`".to_owned()
                }
                Origin::Dispatch | Origin::AnyBranch => {
                    wide = true;
                    "`ref:` of any branch".to_owned()
                }
                Origin::MergeQueue => "`ref:` of the merge queue".to_owned(),
                Origin::Schedule | Origin::Role | Origin::Outsider => {
                    "`ref:` of the default branch".to_owned()
                }
            };
            subjects.insert(subject);
        }
    }
    (subjects.into_iter().collect(), wide)
}
