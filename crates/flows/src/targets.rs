//! Which issue, pull request or commit a step writes to, where a file of
//! another run's artifact says so.

use cofferdam_workflows::documents::text::Pair;

use crate::class::Class;
use crate::flow::{SinkKind, Source};
use crate::outputs::Holds;
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::{End, Trail};

/// Names of inputs that say what is written to.
const INPUTS: &[&str] = &[
    "commit",
    "issue",
    "issue-number",
    "issue_number",
    "number",
    "pr",
    "pr-number",
    "pr_number",
    "pull-request-number",
    "pull_request_number",
    "sha",
];

impl<'s, 'r: 's> Tracer<'s, 'r> {
    pub(crate) fn targets(&self, at: &At<'r>, with: &'r [Pair], found: &mut Vec<Reached<'r>>) {
        for pair in with {
            let input = pair.key.value.as_str();
            if INPUTS.iter().any(|name| name.eq_ignore_ascii_case(input)) {
                let before = found.len();
                self.whole(at, &pair.value, SinkKind::Target, input, found);
                keep_artifacts(found, before);
            }
        }
    }

    /// `gh pr comment "$NUMBER"`
    pub(crate) fn targets_of_script(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in running.script.commands.iter().filter(|c| c.is("gh")) {
            let (_, args) = command.effective();
            let mut verbs = args.iter().map(|word| word.text.as_str());
            let writes = match (verbs.next(), verbs.next()) {
                (Some("pr" | "issue"), Some(verb)) => matches!(
                    verb,
                    "close" | "comment" | "edit" | "lock" | "merge" | "ready" | "reopen" | "review"
                ),
                (Some("api"), _) => true,
                _ => false,
            };
            let Some(word) = args.iter().skip(1).find(|word| !word.is_static) else {
                continue;
            };
            if !writes {
                continue;
            }
            let whole = 0..word.text.len();
            let mut trails = self.word(running, word, whole, &mut Vec::new());
            trails.retain(|trail| !trail.spliced);
            let span = running.span(word.range.clone());
            let before = found.len();
            let mut reached = at.reached(SinkKind::Target, span, word.text.clone(), trails);
            reached.sink.holds_up_to = Class::Fixed;
            "gh".clone_into(&mut reached.sink.input);
            found.push(reached);
            keep_artifacts(found, before);
        }
    }
}

fn keep_artifacts(found: &mut Vec<Reached<'_>>, before: usize) {
    let artifact =
        |trail: &Trail<'_>| matches!(&trail.end, End::Source(Source::Read(Holds::Artifact, _)));
    for reached in found.iter_mut().skip(before) {
        reached.sink.holds_up_to = Class::Fixed;
        reached.trails.retain(artifact);
    }
    let mut at = 0;
    found.retain(|reached| {
        at += 1;
        at <= before || !reached.trails.is_empty()
    });
}
