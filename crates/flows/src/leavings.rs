//! What the steps of a list leave for later ones, gathered once: most leave
//! nothing, and each step would ask every one before it.

use std::collections::HashMap;
use std::rc::Rc;

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::artifacts;

use crate::fetched::Layer;
use crate::scope::Scope;
use crate::stores::Restored;
use crate::trace::Tracer;

/// Steps that leave something, in their order.
#[derive(Default)]
pub(crate) struct Leavings<'r> {
    /// Those that may set variables.
    pub(crate) variables: Vec<&'r Step>,
    /// Those that bring in an artifact of another run.
    pub(crate) artifacts: Vec<&'r Step>,
    /// Those that restore a cache which another job saves.
    pub(crate) caches: Vec<Restored<'r>>,
    /// What they put into folders of the workspace, where any of it is a
    /// stranger's.
    pub(crate) heads: Vec<Layer<'r>>,
    /// Those whose scripts write a file, by the file.
    pub(crate) files: HashMap<String, Vec<&'r Step>>,
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    pub(crate) fn leavings(&self, scope: Scope<'r>) -> Rc<Leavings<'r>> {
        let address = scope.steps().as_ptr().addr();
        if let Some(known) = self.leavings.borrow().get(&address) {
            return Rc::clone(known);
        }
        let mut found = Leavings::default();
        for step in scope.steps() {
            let sets = match (step.script(), step.action()) {
                (Some(text), _) => {
                    text.value.contains("GITHUB_ENV") || text.value.contains("::set-env")
                }
                (None, Some(action)) => action == "actions/github-script",
                // Of a local action the steps are asked.
                (None, None) => true,
            };
            if sets || self.index.action(step).is_some() {
                found.variables.push(step);
            }
            if artifacts::brings(step) {
                found.artifacts.push(step);
            }
            self.files_of(scope, step, &mut found);
        }
        found.caches = self.restored(scope);
        found.heads = self.layers(scope);
        let found = Rc::new(found);
        let mut known = self.leavings.borrow_mut();
        known.insert(address, Rc::clone(&found));
        found
    }

    fn files_of(&self, scope: Scope<'r>, step: &'r Step, found: &mut Leavings<'r>) {
        let Some(running) = self.running(scope, step) else {
            return;
        };
        let redirects = running
            .script
            .commands
            .iter()
            .flat_map(|command| &command.redirects)
            .filter(|redirect| redirect.writes() && redirect.descriptor != Some(2));
        for redirect in redirects {
            let steps = found
                .files
                .entry(file_name(&redirect.target.text))
                .or_default();
            if steps.last().is_none_or(|last| !std::ptr::eq(*last, step)) {
                steps.push(step);
            }
        }
    }
}

/// The same file, whichever way the runner's temporary folder is written.
pub(crate) fn file_name(text: &str) -> String {
    text.replace("${{ runner.temp }}", "$RUNNER_TEMP")
        .replace("${RUNNER_TEMP}", "$RUNNER_TEMP")
        .trim_start_matches("./")
        .to_owned()
}
