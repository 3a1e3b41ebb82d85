//! Values that somebody else writes, in the files that the runner reads after a
//! step: variables, the path, outputs.

use cofferdam_findings::{Finding, RuleInfo, Severity};
use cofferdam_flows::{SinkKind, Who};
use cofferdam_workflows::documents::Step;

use crate::context::Context;
use crate::injections::{self, Danger, one_line};
use crate::rule::Sink as Out;

/// What one of the rules says of its file.
#[derive(Clone, Copy, Debug)]
pub struct FileRule {
    /// The rule.
    pub info: &'static RuleInfo,
    /// The file.
    pub kind: SinkKind,
    /// What an attacker does with it.
    pub consequence: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The finding's group.
    pub group: &'static str,
    /// How many levels less it is than code: what else has to be there.
    pub lowered: u8,
}

/// Reports every dangerous write of one file of the checkout.
pub fn report(rule: &FileRule, cx: &Context<'_>, path: &str, out: &mut Out) {
    let dangers = injections::of_file(cx, path, &|sink| sink.kind == rule.kind);
    for danger in &dangers {
        // Whoever starts or calls it decides on its outputs anyway.
        let decides = matches!(
            danger.shape.who,
            Who::Caller | Who::Dispatcher | Who::Pusher
        );
        if rule.kind == SinkKind::OutputFile && decides {
            continue;
        }
        let mut severity = danger.severity;
        for _ in 0..rule.lowered {
            severity = severity.lowered();
        }
        // Nothing of the job reads it.
        if rule.kind != SinkKind::OutputFile && is_last(danger) {
            severity = severity.min(Severity::Low);
        }
        let written = one_line(&danger.sink.written);
        let name = match danger.sink.input.as_str() {
            "" => String::new(),
            name => format!(" as `{name}`"),
        };
        let file = match rule.kind {
            SinkKind::EnvironmentFile => "GITHUB_ENV",
            SinkKind::PathFile => "GITHUB_PATH",
            _ => "GITHUB_OUTPUT",
        };
        let finding = Finding::new(
            rule.info.id,
            severity,
            danger.place(),
            format!(
                "{}: {} writes it to `{file}`{name} in step `{}`",
                danger.flow.source.describe(),
                danger.runs(),
                one_line(&danger.sink.step.label()),
            ),
        )
        .confidence(danger.confidence)
        .why(format!("{}; {}", rule.consequence, danger.loss()))
        .fix(rule.fix)
        .subject(format!("{}>{file}", danger.subject()))
        .group(rule.group);
        let finding = danger
            .trace(finding)
            .related(danger.place(), format!("`{written}` is written"));
        match severity {
            Severity::Info => out.report_against(&[], finding),
            _ => out.report(finding),
        }
    }
}

// The steps after it are those of the job, or of whoever uses the action.
fn is_last(danger: &Danger<'_>) -> bool {
    let after = |steps: &[Step], step: &Step| steps.iter().any(|s| s.index > step.index);
    let own = match danger.sink.action {
        Some(action) => after(action.steps(), danger.sink.step),
        None => danger
            .flow
            .stage()
            .is_some_and(|stage| after(stage.job.steps(), danger.sink.step)),
    };
    let outer = danger.flow.through.first().is_some_and(|step| {
        danger
            .flow
            .stage()
            .is_some_and(|stage| after(stage.job.steps(), step))
    });
    !own && !outer && danger.flow.stage().is_some()
}
