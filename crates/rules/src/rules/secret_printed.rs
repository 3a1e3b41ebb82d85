//! Secrets that a script prints, or sends where others read along.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::semantics::downloads;
use cofferdam_workflows::semantics::secrets::is_identifier;
use cofferdam_workflows::semantics::secrets::shown::{self, Held, Place};
use cofferdam_workflows::shell::Command;

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};
use crate::script_steps::{self, Home, ScriptStep};

crate::rule! {
    /// # What
    /// A script prints a secret, or sends one without TLS, in the query of an
    /// address, or to a service that shows anybody what it was sent.
    ///
    /// # Why
    /// The mask in the log is the last layer, made for accidents: it fails for
    /// whatever changes the value on the way, and a log that a tool uploads
    /// elsewhere has none. What goes over plain HTTP is read by everybody
    /// between, and addresses are written into the logs of servers and proxies.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: curl "http://example.com/hook?token=$TOKEN"
    ///   env:
    ///     TOKEN: ${{ secrets.HOOK_TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: curl --fail -H @- https://example.com/hook <<< "Authorization: Bearer $TOKEN"
    ///   env:
    ///     TOKEN: ${{ secrets.HOOK_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// Variables are followed from `env:` and expressions through the parsed
    /// script. High: arguments of `curl` or `wget` for a collector of requests
    /// (webhook.site, ngrok, interact.sh and the like), which no workflow needs
    /// and planted code uses. Medium: for an `http://` address of a public
    /// host. Low: in the query of an `https://` address. Informational: printed
    /// as it is, or with the whole environment (`env`, `printenv`), where the
    /// mask covers it. Sending a secret over TLS is what secrets are for, and
    /// no finding. What `unmasked-secret` and `debug-tracing` say is not
    /// repeated. sisakulint's `secret-in-log` gives every print one severity,
    /// masked or not, and its `secret-exfiltration` takes every request that
    /// holds a secret for suspicious.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    /// - <https://www.rfc-editor.org/rfc/rfc9110#section-17.9>
    pub struct SecretPrinted {
        id: "secret-printed",
        title: "A script prints a secret or sends it in the open",
        severity: High,
        controls: [],
        peers: [
            "sisakulint/secret-in-log",
            "sisakulint/secret-exfiltration",
            "codeql/SecretExfiltration",
        ],
        standards: [Cwe::Cwe532],
    }
}

/// Hosts that show whoever asks what they were sent, or pass it on to a machine
/// that nobody knows.
const COLLECTORS: &[&str] = &[
    "beeceptor.com",
    "burpcollaborator.net",
    "canarytokens.com",
    "dnslog.cn",
    "interact.sh",
    "m.pipedream.net",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "oast.fun",
    "oast.live",
    "oast.me",
    "oast.online",
    "oast.pro",
    "oast.site",
    "oastify.com",
    "pastebin.com",
    "requestbin.com",
    "requestbin.net",
    "requestcatcher.com",
    "trycloudflare.com",
    "webhook.site",
];

impl Rule for SecretPrinted {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for site in script_steps::of(cx) {
            // Composite actions are given no secrets by name.
            if let Home::Job(job) = site.home {
                let env: [&[Pair]; 3] = [&site.step.env, &job.job.env, &job.workflow.env];
                prints(&site, &env, out);
                sends(&site, &env, out);
                lists(&site, job.workflow, job, out);
            }
        }
    }
}

fn names(held: &Held) -> Option<String> {
    let names: Vec<&str> = held
        .names
        .iter()
        .filter(|name| !is_identifier(name))
        .map(String::as_str)
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn prints(site: &ScriptStep<'_>, env: &[&[Pair]], out: &mut Sink) {
    for one in shown::of_script(site.text, site.script, env) {
        if one.held.derived.is_some() || one.place != Place::Log {
            continue;
        }
        let Some(names) = names(&one.held) else {
            continue;
        };
        out.report(
            Finding::new(
                SecretPrinted::INFO.id,
                Severity::Info,
                site.at(one.range),
                format!("{} prints {names}", site.whom()),
            )
            .why("Only the mask of the log stands between the secret and whoever may read the run")
            .fix("Take the line out; to see whether a secret is there, print its length")
            .group("secrets that a script prints")
            .subject(format!("{} prints {names}", site.subject())),
        );
    }
}

fn is_client(command: &Command) -> bool {
    command.is("curl") || command.is("wget")
}

fn sends(site: &ScriptStep<'_>, env: &[&[Pair]], out: &mut Sink) {
    for given in shown::of_arguments(site.text, site.script, env, &is_client) {
        let Some(command) = site.script.commands.get(given.command) else {
            continue;
        };
        let (_, args) = command.effective();
        let address = args.iter().enumerate().find(|(_, word)| {
            word.text.starts_with("http://") || word.text.starts_with("https://")
        });
        let Some((at, address)) = address else {
            continue;
        };
        let Some(host) = downloads::host(&address.text) else {
            continue;
        };
        let mut all = Held::default();
        for (_, held) in &given.arguments {
            all.names.extend(held.names.iter().cloned());
        }
        let Some(names) = names(&all) else { continue };
        let collector = COLLECTORS.iter().any(|c| {
            host.strip_suffix(c)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        let plain = address.text.starts_with("http://") && is_public(host);
        let query =
            given.arguments.iter().any(|(number, _)| *number == at) && address.text.contains('?');
        let (severity, how, why, group) = if collector {
            (
                Severity::High,
                format!("sends {names} to {host}"),
                "Whoever opened the address there reads what it is sent",
                "secrets that are sent to a collector of requests",
            )
        } else if plain {
            (
                Severity::Medium,
                format!("sends {names} to {host} without TLS"),
                "Everybody between the runner and the host can read and use it",
                "secrets that are sent without TLS",
            )
        } else if query {
            (
                Severity::Low,
                format!("puts {names} into the address of a request to {host}"),
                "Servers and proxies write addresses into their logs",
                "secrets in the addresses of requests",
            )
        } else {
            continue;
        };
        out.report(
            Finding::new(
                SecretPrinted::INFO.id,
                severity,
                site.at(command.range.clone()),
                format!("{} {how}", site.whom()),
            )
            .why(why)
            .fix(if collector {
                "Take the command out, and exchange the secret: it is known to others"
            } else {
                "Send it over `https://`, in a header"
            })
            .group(group)
            .subject(format!("{} sends {names} {host}", site.subject())),
        );
    }
}

fn is_public(host: &str) -> bool {
    let number = host.parse::<std::net::Ipv4Addr>();
    match number {
        Ok(address) => !(address.is_private() || address.is_loopback() || address.is_link_local()),
        Err(_) => {
            host.contains('.')
                && ![
                    ".local",
                    ".internal",
                    ".localhost",
                    ".svc",
                    ".test",
                    ".example",
                    ".lan",
                ]
                .iter()
                .any(|end| host.ends_with(end))
        }
    }
}

/// `env` and `printenv` print what every variable holds.
fn lists(site: &ScriptStep<'_>, workflow: &Workflow, job: &JobView<'_>, out: &mut Sink) {
    let listing = site.script.commands.iter().find(|command| {
        let (program, args) = command.effective();
        let all = args.is_empty();
        let named = matches!(program.file_name(), Some("env" | "printenv"));
        let alone = command.pipeline.is_none() && !command.in_substitution;
        let kept = command.redirects.iter().any(|redirect| redirect.writes());
        named && all && alone && !kept && command.env.is_empty() && command.certain && !command.dead
    });
    let Some(command) = listing else { return };
    let mut held = Held::default();
    for pair in site
        .step
        .env
        .iter()
        .chain(&job.job.env)
        .chain(&workflow.env)
    {
        held.names.extend(shown::of_text(&pair.value).names);
    }
    let Some(names) = names(&held) else { return };
    out.report(
        Finding::new(
            SecretPrinted::INFO.id,
            Severity::Info,
            site.at(command.range.clone()),
            format!("{} prints its whole environment, with {names}", site.whom()),
        )
        .why("Only the mask of the log stands between the secret and whoever may read the run")
        .fix("Print the variables that are wanted by their names")
        .group("environments that a script prints")
        .subject(format!("{} environment", site.subject())),
    );
}
