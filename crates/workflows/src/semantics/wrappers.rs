//! Steps that run a command or another action for as long as it fails.
//!
//! Sources: the READMEs of nick-fields/retry (formerly nick-invision/retry) and
//! Wandalen/wretry.action. Actions of a checkout that do the same take the same
//! two inputs.

use cofferdam_facts::SourceFile;

use crate::documents::Workflow;
use crate::documents::step::Step;
use crate::documents::text::Text;

/// More text than this in an input is no list of inputs.
const MAX_INPUTS: usize = 16 * 1024;

/// The script that a step hands to an action that retries it.
#[must_use]
pub fn command(step: &Step) -> Option<&Text> {
    const ACTIONS: &[&str] = &[
        "nick-fields/retry",
        "nick-invision/retry",
        "wandalen/wretry.action",
    ];
    let name = step.action()?;
    ACTIONS
        .contains(&name)
        .then(|| step.input("command"))
        .flatten()
}

/// The step that an action retries: the action of its input `action`, with the
/// inputs that its input `with` lists. Spans in it mean nothing; the place in
/// the list, the condition and the variables are those of the step.
#[must_use]
pub fn action(step: &Step) -> Option<Step> {
    let uses = step.uses()?;
    if !uses.value.to_string().contains("retry") {
        return None;
    }
    let name = step.input("action")?.literal()?.trim();
    if name.contains(char::is_whitespace) || !name.contains('/') {
        return None;
    }
    let inputs = step.input("with").map_or("", |text| text.value.as_str());
    if inputs.len() > MAX_INPUTS {
        return None;
    }
    let mut text =
        format!("on: push\njobs:\n  x:\n    runs-on: x\n    steps:\n      - uses: {name}\n");
    if !inputs.trim().is_empty() {
        text.push_str("        with:\n");
        for line in inputs.lines() {
            text.push_str("          ");
            text.push_str(line);
            text.push('\n');
        }
    }
    let read = Workflow::parse(SourceFile::new(".github/workflows/x.yml", text));
    let inner = read.jobs.first()?.steps().first()?;
    inner.uses()?;
    Some(Step {
        index: step.index,
        id: step.id.clone(),
        condition: step.condition.clone(),
        env: step.env.clone(),
        span: step.span,
        ..inner.clone()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a broken example should stop the test")]
mod tests {
    use super::*;

    fn step(text: &str) -> Step {
        let text = format!("on: push\njobs:\n  x:\n    runs-on: y\n    steps:\n{text}");
        let workflow = Workflow::parse(SourceFile::new("w.yml", text));
        assert_eq!(workflow.problems, []);
        workflow
            .jobs
            .first()
            .unwrap()
            .steps()
            .first()
            .unwrap()
            .clone()
    }

    #[test]
    fn the_action_inside_is_read_with_its_inputs() {
        let wrapped = step(
            "      - uses: ./.github/actions/retry\n        with:\n          action: ncipollo/release-action@v1\n          with: |\n            draft: ${{ inputs.draft }}\n            artifacts: |\n              out/*\n",
        );
        let inner = action(&wrapped).unwrap();
        assert_eq!(inner.action(), Some("ncipollo/release-action"));
        assert_eq!(inner.input("artifacts").unwrap().value.trim(), "out/*");
        assert!(!inner.input("draft").unwrap().is_static());
    }

    #[test]
    fn other_actions_with_such_inputs_wrap_nothing() {
        let other = step("      - uses: a/b@v1\n        with: {action: 'c/d@v1'}\n");
        assert!(action(&other).is_none());
        let dynamic = step("      - uses: a/retry@v1\n        with: {action: '${{ inputs.x }}'}\n");
        assert!(action(&dynamic).is_none());
    }

    #[test]
    fn the_command_inside_is_found() {
        let wrapped =
            step("      - uses: nick-fields/retry@v3\n        with: {command: make push}\n");
        assert_eq!(command(&wrapped).unwrap().value, "make push");
    }
}
