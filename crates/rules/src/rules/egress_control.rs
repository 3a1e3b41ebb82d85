//! Jobs that hold secrets and may send them anywhere.

use cofferdam_datapack::Certainty;
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::checkouts;
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::starts;

use crate::context::{Context, JobView};
use crate::known::{self, KnownUse};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job holds secrets, a token that can publish, or publishes, and nothing
    /// limits where its network traffic may go.
    ///
    /// # Why
    /// Stolen credentials have to leave. In every recent theft from CI the
    /// hijacked action or package sent what it found to a host that the job had
    /// never asked for; a list of allowed hosts stops that, even where every
    /// other layer has failed.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - run: ./release.sh
    ///         env:
    ///           TOKEN: ${{ secrets.TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: step-security/harden-runner@05e31511f85b41b11d1cf0ef85d0992719546e2c # v2.21.0
    ///         with:
    ///           egress-policy: block
    ///           allowed-endpoints: github.com:443 api.github.com:443
    ///       - run: ./release.sh
    ///         env:
    ///           TOKEN: ${{ secrets.TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// Jobs that call another workflow are judged there. A limit is a step of
    /// one of the known tools, before every other step but checkouts, in the
    /// mode that blocks, at a version without a published advisory (otherwise it
    /// counts in part); which mode a tool takes where none is written follows
    /// its own documentation. A mode that only records is informational and
    /// counts in part, as does a tool that guards a part of the job. Whether
    /// the policy of GitHub's firewall runners, or one kept on a server,
    /// blocks, cannot be seen and leaves the control unknown. One low finding a
    /// repository: it is one more layer, and no job is open for lack of it.
    /// Neither zizmor, poutine nor Scorecard looks for it.
    ///
    /// # References
    /// - <https://github.com/step-security/harden-runner>
    /// - <https://docs.bullfrogsec.com/docs/github-action/use-cases/block-mode>
    /// - <https://github.com/github-early-access/actions-native-egress-firewall>
    pub struct EgressControl {
        id: "egress-control",
        title: "Jobs that hold secrets may send them anywhere",
        severity: Low,
        controls: [W1],
        standards: [Cwe::Cwe923, StepSecurity::MonitorHosted],
    }
}

/// How a tool tells its modes.
struct Tool {
    action: &'static str,
    /// The input that chooses the mode.
    input: &'static str,
    /// The values by which it blocks.
    blocks: &'static [&'static str],
    /// Whether it blocks where nothing is said; `None` where that changed from
    /// version to version.
    by_default: Option<bool>,
    /// Whether it guards every step that follows.
    whole: bool,
}

const fn tool(
    action: &'static str,
    input: &'static str,
    blocks: &'static [&'static str],
    by_default: Option<bool>,
) -> Tool {
    Tool {
        action,
        input,
        blocks,
        by_default,
        whole: true,
    }
}

const TOOLS: &[Tool] = &[
    tool(
        "step-security/harden-runner",
        "egress-policy",
        &["block"],
        Some(true),
    ),
    tool(
        "bullfrogsec/bullfrog",
        "egress-policy",
        &["block"],
        Some(false),
    ),
    tool("cycodelabs/cimon-action", "prevent", &["true"], Some(false)),
    tool(
        "code-cargo/cargowall-action",
        "mode",
        &["enforce"],
        Some(true),
    ),
    tool(
        "gregclermont/egress-filter",
        "audit",
        &["false"],
        Some(true),
    ),
    tool("koalalab-inc/bolt", "mode", &["block"], Some(false)),
    tool("kondukto-io/kntrl", "mode", &["prevent", "enforce"], None),
    tool("openai/fence", "mode", &["block"], None),
    tool(
        "portswigger-tim/safer-runner-action",
        "mode",
        &["enforce"],
        Some(false),
    ),
    Tool {
        whole: false,
        ..tool("buildcage/docker", "proxy_mode", &["restrict"], None)
    },
];

/// How many jobs are named beside the first one.
const MOST_RELATED: usize = 10;

/// What keeps a job's traffic in bounds.
enum Limit {
    Blocks,
    Records(Location, &'static str),
    Partly(Location, String),
    /// By a version with a published advisory.
    Bypassed(Location, String),
    Unknown(Location, &'static str),
    None,
}

impl Rule for EgressControl {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let bypassed = bypassed(cx);
        let mut open = Vec::new();
        let mut any = false;
        for workflow in &cx.repository.workflows {
            let mut blocked = None;
            let holds = |job: &&JobView<'_>| !job.job.steps().is_empty() && job.stakes().is_grave();
            for job in cx.jobs(workflow).iter().filter(holds) {
                any = true;
                match limit(cx, job, &bypassed) {
                    Limit::Blocks => blocked = blocked.or(Some(job)),
                    Limit::None => open.push(job),
                    other => in_part(job, other, out),
                }
            }
            if let Some(job) = blocked {
                let place = job.at(job.job.id.span);
                out.satisfied(Control::W1, place, "traffic is limited to a list of hosts");
            }
        }
        if !any {
            out.not_applicable(Control::W1, "no job holds a secret or publishes");
        }
        // Those that publish first: theirs is the worst that can be sent away.
        open.sort_by_key(|job| job.stakes().publishes.is_empty());
        if let [first, rest @ ..] = open.as_slice() {
            report(first, rest, out);
        }
    }
}

fn in_part(job: &JobView<'_>, limit: Limit, out: &mut Sink) {
    let name = job.job.name();
    match limit {
        Limit::Bypassed(place, how) => {
            out.satisfied(
                Control::W1,
                place.clone(),
                "traffic is limited, by a version with an advisory",
            );
            let message = format!("the traffic of job `{name}` is limited in part: {how}");
            out.report(
                weak(place, job, message).fix("Move to a version of the tool without an advisory"),
            );
        }
        Limit::Blocks | Limit::None => {}
        Limit::Unknown(place, what) => out.unknown(
            Control::W1,
            Some(place),
            what,
            "look at the policy; it must block, not record",
        ),
        Limit::Records(place, action) => {
            out.satisfied(
                Control::W1,
                place.clone(),
                format!("{action} records traffic"),
            );
            out.report(weak(
                place,
                job,
                format!("job `{name}` records its traffic and blocks none"),
            ));
        }
        Limit::Partly(place, how) => {
            out.satisfied(Control::W1, place.clone(), "a part of the job is guarded");
            out.report(weak(
                place,
                job,
                format!("the traffic of job `{name}` is limited in part: {how}"),
            ));
        }
    }
}

/// Where a tool is used at a version with a published advisory, and which.
fn bypassed(cx: &Context<'_>) -> Vec<(Location, String)> {
    let Some(pack) = cx.facts.pack else {
        return Vec::new();
    };
    let tools = |used: &KnownUse<'_>| {
        let name = used.uses.slug();
        TOOLS.iter().any(|tool| tool.action == name)
    };
    known::uses(cx)
        .into_iter()
        .filter(tools)
        .filter_map(|used| {
            let hits = pack.vulnerable(&used.uses, used.version());
            let sure = hits.iter().find(|h| h.certainty == Certainty::Certain)?;
            Some((used.location(), sure.advisory.id.clone()))
        })
        .collect()
}

fn limit(cx: &Context<'_>, job: &JobView<'_>, bypassed: &[(Location, String)]) -> Limit {
    let firewall = |text: &&cofferdam_workflows::documents::Text| text.value.ends_with("-firewall");
    if let Some(label) = job.job.runs_on.labels.iter().find(firewall) {
        return Limit::Unknown(
            job.at(label.span),
            "whether the policy of the runner's firewall blocks",
        );
    }
    let mut before = None;
    for step in job.job.steps() {
        if let Some((found, tool, at)) = guard(cx, job, step) {
            let advisory = bypassed.iter().find(|(place, _)| *place == at);
            let place = job.at(step.head());
            match runs(cx, job, step) {
                Runs::Yes => {}
                // A guard that never starts keeps nothing in.
                Runs::No => continue,
                Runs::Maybe => {
                    return Limit::Unknown(place, "whether the guard runs in every run of the job");
                }
            }
            return match (mode(found, tool), before) {
                (Mode::Kept, _) => {
                    Limit::Unknown(place, "whether the policy kept on the server blocks")
                }
                (Mode::Decided, _) => Limit::Unknown(place, "in which mode the tool runs"),
                (Mode::Records, _) => Limit::Records(place, tool.action),
                (Mode::Blocks, Some(label)) => {
                    Limit::Partly(place, format!("`{label}` runs before the limit is set"))
                }
                (Mode::Blocks, None) if !tool.whole => Limit::Partly(
                    place,
                    format!(
                        "`{}` guards what it builds, not the other steps",
                        tool.action
                    ),
                ),
                (Mode::Blocks, None) => match advisory {
                    Some((_, id)) => Limit::Bypassed(
                        place,
                        format!("this version of `{}` has {id}", tool.action),
                    ),
                    None => Limit::Blocks,
                },
            };
        }
        if !checkouts::is_checkout(step) && before.is_none() {
            before = Some(step.label());
        }
    }
    Limit::None
}

/// Whether a step runs whenever its job does.
fn runs(cx: &Context<'_>, job: &JobView<'_>, step: &Step) -> Runs {
    let Some(condition) = &step.condition else {
        return Runs::Yes;
    };
    let constant = condition.expr().and_then(|expr| expr.fold());
    if let Some(value) = constant {
        return if value.is_truthy() {
            Runs::Yes
        } else {
            Runs::No
        };
    }
    let mut all = None;
    for start in starts::of(cx.repository, job.workflow) {
        if start.runs_job(job.workflow, job.job) == Runs::No {
            continue;
        }
        let own = start.runs_step(job.workflow, job.job, step);
        all = Some(match all {
            Some(before) if before != own => Runs::Maybe,
            _ => own,
        });
    }
    all.unwrap_or(Runs::Maybe)
}

/// The tool that a step starts, itself or as the first step of an action of
/// this checkout, and where it is named.
fn guard<'s>(
    cx: &'s Context<'_>,
    job: &JobView<'_>,
    step: &'s Step,
) -> Option<(&'s Step, &'static Tool, Location)> {
    let known = |step: &Step| {
        let name = step.action()?;
        TOOLS
            .iter()
            .find(|tool| name == tool.action || name.starts_with(&format!("{}/", tool.action)))
    };
    if let Some(tool) = known(step) {
        return Some((step, tool, job.at(step.uses()?.span)));
    }
    let action = cx.repository.own_action(&step.uses()?.value)?;
    let first = action.steps().first()?;
    let at = action.file().locate(first.uses()?.span);
    known(first).map(|tool| (first, tool, at))
}

enum Mode {
    Blocks,
    Records,
    Decided,
    Kept,
}

fn mode(step: &Step, tool: &Tool) -> Mode {
    if step.input("use-policy-store").is_some()
        || step
            .input("policy")
            .is_some_and(|_| tool.action == "step-security/harden-runner")
    {
        return Mode::Kept;
    }
    let blocks = match step.input(tool.input).map(|text| (text.literal(), text)) {
        None => match tool.by_default {
            Some(blocks) => blocks,
            None => return Mode::Decided,
        },
        Some((None, _)) => return Mode::Decided,
        Some((Some(value), _)) => tool
            .blocks
            .contains(&value.trim().to_ascii_lowercase().as_str()),
    };
    if blocks { Mode::Blocks } else { Mode::Records }
}

fn weak(place: Location, job: &JobView<'_>, message: String) -> Finding {
    Finding::new(EgressControl::INFO.id, Severity::Info, place, message)
        .why(format!(
            "Foreign code in the job can still send away {}",
            job.stakes().describe()
        ))
        .fix("Set the mode that blocks, with the hosts that the record shows, as the first step")
        .subject(format!("{}/egress", job.subject()))
        .group("jobs that hold secrets and whose traffic is recorded or limited in part")
}

fn report(first: &JobView<'_>, rest: &[&JobView<'_>], out: &mut Sink) {
    let name = first.job.name();
    let message = match rest.len() {
        0 => format!("nothing limits where job `{name}` may send data"),
        1 => format!("nothing limits where job `{name}` and one more may send data"),
        more => format!("nothing limits where job `{name}` and {more} more may send data"),
    };
    let finding = Finding::new(EgressControl::INFO.id, Severity::Low, first.at(first.job.id.span), message)
        .why(format!("Foreign code in job `{name}` can send away {}", first.stakes().describe()))
        .fix("Make a tool that blocks traffic to hosts off a list the first step of these jobs, such as `step-security/harden-runner` with `egress-policy: block`")
        .subject("egress")
        .group("repositories whose jobs hold secrets and may send them anywhere");
    let rest = rest.iter().take(MOST_RELATED);
    out.report(rest.fold(finding, |finding, job| {
        finding.related(
            job.at(job.job.id.span),
            format!("so may `{}`", job.job.name()),
        )
    }));
}
