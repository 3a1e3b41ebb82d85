//! Spellings that hide what something is.

use std::ops::Range;

use cofferdam_facts::UsesRef;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::expressions::{Expr, ExprKind, Value};
use cofferdam_workflows::shell::{Command, Script};
use cofferdam_workflows::yaml::Document;

use crate::context::Context;
use crate::expression_sites::{self, ExpressionSite, Holder};
use crate::rule::{Rule, Sink};
use crate::sites::{self, UseSite};

crate::rule! {
    /// # What
    /// Something is written so that readers and tools see less of it than the
    /// runner: a `uses:` with `//`, `/./` or `/../` in its path, an expression
    /// that puts constants together, a script that is decoded and run at once.
    ///
    /// # Why
    /// Reviewers look for names, and so do allow-lists, pinning tools and
    /// scanners. A name that is spelt another way passes all of them, and the
    /// runner takes it all the same. Honest workflows have no use for it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: github/codeql-action//init/../analyze@181d5eefc20863364f96762470ba6f862bdef56b
    /// - run: ${{ format('cu{0} https://example.com', 'rl') }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: github/codeql-action/analyze@181d5eefc20863364f96762470ba6f862bdef56b
    /// - run: curl https://example.com
    /// ```
    ///
    /// # How it is decided
    /// The text of every `uses:` as it is written; every parsed expression that
    /// folds to a constant without reading a context, or has a `format` or
    /// `join` in it that does, except texts that are there to be kept as they
    /// are (empty, with spaces at an end, or with braces in them), constants
    /// that stand there bare for their type, and an `if:` as a whole
    /// (`constant-condition`); in parsed scripts, what a decoder (`base64 -d`,
    /// `xxd -r`, `openssl enc -d`) pipes or substitutes into a shell or an
    /// interpreter.
    ///
    /// The last is medium, the rest low. Computed indices such as
    /// `x[matrix.name]` are ordinary and are left alone; those of `secrets` are
    /// `secrets-all`'s. zizmor's `obfuscation` (auditor persona for indices)
    /// does not look at scripts.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses>
    /// - <https://www.cisa.gov/news-events/alerts/2025/03/18/supply-chain-compromise-third-party-tj-actionschanged-files-cve-2025-30066-and-reviewdogaction>
    pub struct Obfuscation {
        id: "obfuscation",
        title: "A spelling hides what runs",
        severity: Medium,
        controls: [],
        peers: ["zizmor/obfuscation", "sisakulint/obfuscation"],
        standards: [Cwe::Cwe451],
    }
}

impl Rule for Obfuscation {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for site in expression_sites::of_workflow(cx, workflow) {
            constants(&site, out);
        }
        for view in cx.jobs(workflow) {
            for step in view.job.steps() {
                let script = cx.script(workflow.path(), step);
                let holder = Holder::Step(view, step);
                decoded(&workflow.document, step, script, &holder, out);
            }
        }
    }

    fn action(&self, cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for site in expression_sites::of_action(action) {
            constants(&site, out);
        }
        for step in action.steps() {
            let script = cx.script(action.path(), step);
            let holder = Holder::Action(action, step);
            decoded(&action.document, step, script, &holder, out);
        }
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for site in sites::of(cx) {
            uses(&site, out);
        }
    }
}

fn uses(site: &UseSite<'_>, out: &mut Sink) {
    let written = site.file().slice(site.span).trim_matches(['"', '\'']);
    let path = match site.uses {
        UsesRef::Repository(_) => written.split('@').next().unwrap_or(written),
        UsesRef::Local(_) => written.trim_start_matches("./").trim_end_matches('/'),
        UsesRef::SelfRepository(_) => written.trim_start_matches("$/"),
        UsesRef::Docker(_) | UsesRef::Unknown(_) => return,
    };
    // `./` and `./..` alone name the root, and what lies beside it.
    let odd = path
        .split('/')
        .skip_while(|part| matches!(site.uses, UsesRef::Local(_)) && matches!(*part, ".." | "."))
        .find(|part| matches!(*part, "" | "." | ".."));
    let Some(part) = odd.filter(|_| !path.is_empty()) else {
        return;
    };
    let what = if part.is_empty() {
        "an empty part"
    } else {
        "a part that leads round about"
    };
    out.report(
        Finding::new(
            Obfuscation::INFO.id,
            Severity::Low,
            site.location(),
            format!("{} uses `{written}`, whose path has {what}", site.whom()),
        )
        .why("The runner finds the action; lists of allowed or vulnerable actions may not")
        .fix("Write the path without `//`, `/./` and `/../`")
        .group("paths of actions that lead round about")
        .subject(format!("{} {written}", site.subject())),
    );
}

fn constants(site: &ExpressionSite<'_>, out: &mut Sink) {
    for (part, expr) in site.text.parsed() {
        if let Some(value) = constant(expr).filter(|_| site.key != "if") {
            written_as_expression(site, part.range.clone(), &value, out);
            continue;
        }
        // `x[format('{0}', 'y')]`: a part of it is the same in every run.
        let mut inner = None;
        expr.visit(&mut |sub| {
            let call = matches!(&sub.kind, ExprKind::Call { function, .. }
                if matches!(function.as_str(), "format" | "join"));
            if call && inner.is_none() {
                inner = constant(sub).map(|value| (sub.range.clone(), value));
            }
        });
        if let Some((range, value)) = inner {
            written_as_expression(site, range, &value, out);
        }
    }
}

fn written_as_expression(
    site: &ExpressionSite<'_>,
    range: Range<usize>,
    value: &str,
    out: &mut Sink,
) {
    out.report(
        Finding::new(
            Obfuscation::INFO.id,
            Severity::Low,
            site.at(range),
            format!(
                "{} writes `{value}` as an expression in `{}`",
                site.holder.whom(),
                site.key
            ),
        )
        .why("It is the same in every run; written as an expression it is not found by its name")
        .fix(format!("Write `{value}`"))
        .group("constants written as expressions")
        .subject(format!("{} {value}", site.holder.subject())),
    );
}

// What an expression always is, where nothing speaks for writing it so.
fn constant(expr: &Expr) -> Option<String> {
    if !expr.contexts().is_empty() || expr.asks_for_status() {
        return None;
    }
    let literal = matches!(expr.kind, ExprKind::Literal(_));
    match expr.fold()? {
        Value::String(text) => {
            // Kept as it is: spaces, line breaks, braces and the like.
            let kept = text.trim() != text
                || text.is_empty()
                || text.len() > 200
                || text.contains(['{', '}', '\n', '#', '$']);
            (!kept).then_some(text)
        }
        // `${{ true }}` has a type that `true` in a text has not.
        value @ (Value::Bool(_) | Value::Number(_)) if !literal && !expr.calls("fromjson") => {
            value.to_text()
        }
        _ => None,
    }
}

fn decoded(
    document: &Document,
    step: &Step,
    script: Option<&Script>,
    holder: &Holder<'_>,
    out: &mut Sink,
) {
    let (Some(script), Some(text)) = (script, step.script()) else {
        return;
    };
    let found = script
        .commands
        .iter()
        .filter(|command| decodes(command))
        .find_map(|command| runner_of(script, command));
    let Some(runner) = found else { return };
    let span = text.raw_span(document, runner.range.clone());
    out.report(
        Finding::new(
            Obfuscation::INFO.id,
            Severity::Medium,
            document.file().locate(span),
            format!("{} runs a script that it decodes first", holder.whom()),
        )
        .why("What runs cannot be read where it is reviewed")
        .fix("Put the script into the repository as it is")
        .group("scripts that are decoded and run")
        .subject(format!("{} decoded", holder.subject())),
    );
}

fn decodes(command: &Command) -> bool {
    let (name, args) = command.effective();
    let has = |options: &[&str]| args.iter().any(|arg| options.contains(&arg.text.as_str()));
    match name.file_name() {
        Some("base64" | "base32") => has(&["-d", "-D", "--decode"]),
        Some("xxd") => has(&["-r", "-rp"]),
        Some("openssl") => has(&["enc", "base64"]) && has(&["-d"]),
        _ => false,
    }
}

// The shell or interpreter that takes what a command prints.
fn runner_of<'s>(script: &'s Script, decoder: &Command) -> Option<&'s Command> {
    let runs = |command: &&Command| {
        let (name, args) = command.effective();
        let shell = matches!(
            name.file_name(),
            Some("bash" | "sh" | "zsh" | "dash" | "python" | "python3" | "node" | "perl" | "ruby")
        );
        // A file behind it is what it runs then.
        shell
            && args
                .iter()
                .all(|arg| arg.text.starts_with('-') || arg.holds_substitution)
    };
    if let Some((id, position)) = decoder.pipeline {
        let after = script
            .pipeline(id)
            .into_iter()
            .filter(|c| c.pipeline.is_some_and(|(_, at)| at > position))
            .find(runs);
        if after.is_some() {
            return after;
        }
    }
    // `eval "$(… | base64 -d)"`, `bash -c "$(…)"`, `bash <(…)`
    script.commands.iter().find(|command| {
        let around =
            command.range.start < decoder.range.start && decoder.range.end <= command.range.end;
        around && (command.effective().0.text == "eval" || runs(command))
    })
}
