//! Jobs whose output says that a pull request was merged, decided by a script.
//!
//! Scripts are read line by line: a line that tests whether `merged` is true,
//! by the expression itself or by a variable that holds it.

use cofferdam_workflows::documents::Job;
use cofferdam_workflows::documents::text::lookup;
use cofferdam_workflows::semantics::heads;

const MERGED: &str = "github.event.pull_request.merged";

/// Whether an output of a job is set by a script that asks whether the pull
/// request was merged.
#[must_use]
pub fn decide(job: &Job, output: &str) -> bool {
    let path = lookup(&job.outputs, output)
        .and_then(|text| text.sole_expression())
        .and_then(|expr| expr.as_context());
    let Some(path) = path.filter(|p| p.head() == "steps" && p.name(2) == Some("outputs")) else {
        return false;
    };
    let (Some(id), Some(set)) = (path.written_name(1), path.written_name(3)) else {
        return false;
    };
    let step = job.steps().iter().find(|step| {
        step.id
            .as_ref()
            .is_some_and(|own| own.value.eq_ignore_ascii_case(id))
    });
    let Some((step, script)) = step.and_then(|step| Some((step, heads::script_of(step)?))) else {
        return false;
    };
    let mut names: Vec<&str> = step
        .env
        .iter()
        .filter(|pair| pair.value.value.contains(MERGED))
        .map(|pair| pair.key.value.as_str())
        .collect();
    names.extend(script.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once('=')?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (plain && value.contains(MERGED)).then_some(name)
    }));
    script.contains(set) && script.lines().any(|line| tests(line, &names))
}

// `if [ "$merged" == "true" ] && …`. With an alternative beside it, it decides
// nothing.
fn tests(line: &str, names: &[&str]) -> bool {
    let line: String = line
        .chars()
        .filter(|c| !matches!(c, '"' | '\'' | '{' | '}' | ' '))
        .collect();
    if !line.starts_with("if") || line.contains("||") || line.contains("!=") {
        return false;
    }
    let asks = |value: &str| {
        [format!("{value}==true"), format!("{value}=true")]
            .iter()
            .any(|test| line.contains(test.as_str()))
    };
    asks(&format!("${MERGED}")) || names.iter().any(|name| asks(&format!("${name}")))
}
