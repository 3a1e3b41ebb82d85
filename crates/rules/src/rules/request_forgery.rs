//! A request whose host somebody else chooses.

use cofferdam_findings::{Finding, Severity};
use cofferdam_flows::{SinkKind, Who};
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;
use crate::injections::{self, one_line};
use crate::rule::{Rule, Sink as Out};

crate::rule! {
    /// # What
    /// A script or action sends a request to a host that somebody else's text
    /// chooses.
    ///
    /// # Why
    /// The request comes from the runner: it reaches what only the runner
    /// reaches, such as a cloud's metadata service or an internal network, and
    /// what comes back is taken for the answer of a trusted server. A secret in
    /// a header goes to whoever owns the host.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: issues
    /// permissions: {}
    /// jobs:
    ///   check:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - env:
    ///           LINK: ${{ github.event.issue.body }}
    ///           KEY: ${{ secrets.API_KEY }}
    ///         run: |
    ///           curl -sSf -H "Authorization: $KEY" "$LINK" > answer.json
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: issues
    /// permissions: {}
    /// jobs:
    ///   check:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - env:
    ///           NUMBER: ${{ github.event.issue.number }}
    ///           KEY: ${{ secrets.API_KEY }}
    ///         run: |
    ///           curl -sSf -H "Authorization: $KEY" "https://api.example.com/issues/$NUMBER" > answer.json
    /// ```
    ///
    /// # How it is decided
    /// Values are followed as in `template-injection` to the addresses that
    /// `curl`, `wget`, HTTPie and actions for requests ask. Only the host
    /// counts: behind `https://host/` the value chooses among what one known
    /// server offers. It is medium where a secret is among the command's own
    /// words, low else, and informational where whoever writes the value has
    /// rights here anyway. Where the answer goes into a shell, by a pipe, a
    /// substitution or a file that is started later, the severity is that of
    /// foreign code in the job, and a login as the owner of a repository or a page
    /// counts as well: it says whose code it is.
    ///
    /// CodeQL's `RequestForgery` is experimental and has no class of value,
    /// sisakulint's `request-forgery` reports every expression in the words of
    /// a request and knows neither secrets nor paths behind a fixed host;
    /// zizmor and poutine have none.
    ///
    /// # References
    /// - <https://cwe.mitre.org/data/definitions/918.html>
    /// - <https://curl.se/docs/manpage.html>
    pub struct RequestForgery {
        id: "request-forgery",
        title: "Somebody else chooses the host of a request",
        severity: Medium,
        controls: [X2],
        peers: [
            "codeql/RequestForgery",
            "sisakulint/request-forgery",
        ],
        standards: [Cwe::Cwe441],
    }
}

impl Rule for RequestForgery {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Out) {
        file(cx, workflow.path(), out);
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Out) {
        file(cx, action.path(), out);
    }
}

fn file(cx: &Context<'_>, path: &str, out: &mut Out) {
    let is_request = |kind| matches!(kind, SinkKind::Request { .. });
    for danger in &injections::of_file(cx, path, &|sink| is_request(sink.kind)) {
        let SinkKind::Request { secret, runs } = danger.sink.kind else {
            continue;
        };
        // Whoever calls or starts it says whom it asks.
        let decides = matches!(
            danger.shape.who,
            Who::Caller | Who::Dispatcher | Who::Pusher
        );
        if decides {
            continue;
        }
        let most = match (runs, secret) {
            (true, _) => Severity::Critical,
            (false, true) => Severity::Medium,
            (false, false) => Severity::Low,
        };
        let severity = danger.severity.min(most);
        let by = match danger.sink.input.as_str() {
            "" => "the action".to_owned(),
            tool => format!("`{tool}`"),
        };
        let also = match (runs, secret) {
            (true, _) => ", and runs what comes back",
            (false, true) => ", with a secret",
            (false, false) => "",
        };
        let why = if runs {
            danger.loss()
        } else if secret {
            format!("{} names the host that gets the secret", danger.who())
        } else {
            format!(
                "{} chooses whom the runner asks and what it takes for the answer",
                danger.who()
            )
        };
        let finding = Finding::new(
            RequestForgery::INFO.id,
            severity,
            danger.place(),
            format!(
                "{}: {} sends a request to it by {by}{also}, in step `{}`",
                danger.flow.source.describe(),
                danger.runs(),
                one_line(&danger.sink.step.label()),
            ),
        )
        .confidence(danger.confidence)
        .why(injections::upper(&why))
        .fix("Write the host as a constant, or compare the address with a list before the request")
        .subject(format!("{}>request", danger.subject()))
        .group("requests whose host others choose");
        let finding = danger.trace(finding);
        match severity {
            Severity::Info => out.report_against(&[], finding),
            _ => out.report(finding),
        }
    }
}
