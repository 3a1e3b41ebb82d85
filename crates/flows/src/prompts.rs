//! What agents are told.

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::semantics::agents::{self, Agent};

use crate::class::Class;
use crate::flow::{SinkKind, Source};
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::{End, Trail};

/// So much of a command is kept, for what it says of the agent's tools.
const MAX_COMMAND: usize = 2_000;

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// What reaches the prompt of an agent's action.
    pub(crate) fn prompts(&self, at: &At<'r>, found: &mut Vec<Reached<'r>>) {
        let Some(agent) = agents::of_step(at.step) else {
            return;
        };
        let before = found.len();
        for name in agent.prompts {
            if let Some(text) = at.step.input(name) {
                self.whole(at, text, SinkKind::Prompt, name, found);
            }
        }
        self.told_by_environment(at, agent, found);
        if let Some(text) = agent.file(at.step) {
            let trails = self.file(at.scope, &text.value);
            if !trails.is_empty() {
                let written = text.value.clone();
                found.push(at.reached(SinkKind::Prompt, text.span, written, trails));
            }
        }
        for reached in found.iter_mut().skip(before) {
            reached.sink.holds_up_to = Class::Ref;
            agent.slug.clone_into(&mut reached.sink.input);
            reached.sink.page = agent.page;
        }
        if agent.is_told_by_event(at.step) || reads_by_number(agent, at.step) {
            found.push(event(at, agent));
        }
    }

    // A prompt that names a variable of the step has the agent read it.
    fn told_by_environment(&self, at: &At<'r>, agent: &Agent, found: &mut Vec<Reached<'r>>) {
        let prompts: Vec<&Text> = agent
            .prompts
            .iter()
            .filter_map(|name| at.step.input(name))
            .collect();
        for pair in &at.step.env {
            let name = pair.key.value.as_str();
            let named = name.len() > 3 && prompts.iter().any(|text| text.value.contains(name));
            if named {
                self.whole(at, &pair.value, SinkKind::Prompt, name, found);
            }
        }
    }

    /// What reaches the prompt of an agent that a script starts.
    pub(crate) fn prompts_of_script(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in &running.script.commands {
            let Some(program) = agents::of_command(command) else {
                continue;
            };
            let mut trails = self.standard_input(running, command);
            let (_, args) = command.effective();
            for word in args.iter().filter(|word| !word.is_static) {
                trails.extend(self.word(running, word, 0..word.text.len(), &mut Vec::new()));
            }
            trails.retain(|trail| !trail.spliced);
            if trails.is_empty() {
                continue;
            }
            let span = running.span(command.range.clone());
            for trail in &mut trails {
                trail.place = Some((running.scope.file(), span));
            }
            let kind = SinkKind::Prompt;
            let written = running.source().get(command.range.clone());
            let written = written.unwrap_or("").chars().take(MAX_COMMAND).collect();
            let mut reached = at.reached(kind, span, written, trails);
            reached.sink.holds_up_to = Class::Ref;
            program.name().clone_into(&mut reached.sink.input);
            reached.sink.page = program.page;
            found.push(reached);
        }
    }
}

// The agent looks up by the number what others have written there.
fn reads_by_number(agent: &Agent, step: &Step) -> bool {
    const NUMBERS: &[&str] = &[
        "github.event.issue.number",
        "github.event.pull_request.number",
        "github.event.number",
        "github.event.issue.html_url",
        "github.event.pull_request.html_url",
        "github.event.comment.id",
    ];
    let texts = agent.prompts.iter().filter_map(|name| step.input(name));
    let env = step.env.iter().map(|pair| &pair.value);
    texts.chain(env).any(|text| {
        text.parsed().any(|(_, expr)| {
            expr.value_contexts()
                .iter()
                .any(|path| NUMBERS.contains(&path.text().as_str()))
        })
    })
}

fn event<'r>(at: &At<'r>, agent: &Agent) -> Reached<'r> {
    let source = Source::Payload;
    let mut trail = Trail::from(End::Source(source.clone()), source.describe());
    let span = at.step.head();
    trail.place = Some((at.scope.file(), span));
    for condition in at.scope.conditions() {
        trail.guard(condition);
    }
    let written = "the event".to_owned();
    let mut reached = at.reached(SinkKind::Prompt, span, written, vec![trail]);
    reached.sink.holds_up_to = Class::Ref;
    agent.slug.clone_into(&mut reached.sink.input);
    reached.sink.page = agent.page;
    reached
}
