//! Steps that ask what the account may do that started the run, and whether
//! their answer keeps anybody out.
//!
//! A word proves nothing: what counts is a call of the API, or of an action that
//! is known to make it, whose outcome stands before what it is to guard. Where
//! the answer itself decides, by a comparison that only somebody with a role
//! passes, the check is proven. Where the step may fail or set an output for
//! reasons that are not read here, it may be a check: [`Gate::Check`].
//!
//! Source: GitHub REST API, "Get repository permissions for a user" (200 for
//! anybody, with `read` or `none` in it), "Check if a user is a repository
//! collaborator" (404 for others); GitHub, "Workflow syntax",
//! `continue-on-error` and `jobs.<id>.if`; the README of each action.

mod javascript;
mod shell;

use cofferdam_facts::SourceFile;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::{Text, lookup};
use cofferdam_workflows::documents::{Condition, Job, Step, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Value};
use cofferdam_workflows::semantics::gates::{Asked as Question, Gate, Stranger, Way};
use cofferdam_workflows::semantics::heads;
use cofferdam_workflows::semantics::tolerance::{self, Tolerance};
use cofferdam_workflows::shell::Shell;

/// Levels of access that strangers do not have.
const LEVELS: &[&str] = &["admin", "maintain", "write"];

/// What answers say to those who may nothing.
const REFUSALS: &[&str] = &["", "0", "false", "no", "none", "null", "read"];

/// Calls of the API, as they stand in a path or a method's name.
const PATHS: &[&str] = &["collaborators/", "memberships/"];

/// An action that asks: its name, its output with the answer, and what the
/// output is for those who may.
struct Row {
    name: &'static str,
    /// The input with the level that is asked for.
    level: &'static str,
    /// Whether anything is asked without that input.
    asks_without: bool,
    /// The output, and whether it is `true` or `false`; else it is a level, or
    /// empty.
    outputs: &'static [(&'static str, Answer)],
    /// Whether the step fails for others.
    fails: bool,
}

/// What an output says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// `true` for those who may, `false` for others.
    Boolean,
    /// A level of access.
    Level,
    /// Something for those who may, nothing for others.
    Filled,
}

const fn row(
    name: &'static str,
    level: &'static str,
    asks_without: bool,
    outputs: &'static [(&'static str, Answer)],
    fails: bool,
) -> Row {
    Row {
        name,
        level,
        asks_without,
        outputs,
        fails,
    }
}

const ACTIONS: &[Row] = &[
    row(
        "actions-cool/check-user-permission",
        "require",
        false,
        &[
            ("require-result", Answer::Boolean),
            ("user-permission", Answer::Level),
        ],
        false,
    ),
    row(
        "github/command",
        "permissions",
        true,
        &[("continue", Answer::Boolean)],
        false,
    ),
    row(
        "lannonbr/repo-permission-check-action",
        "permission",
        false,
        &[],
        true,
    ),
    row(
        "morfien101/actions-authorized-user",
        "",
        true,
        &[("authorized_user", Answer::Boolean)],
        false,
    ),
    row(
        "prince-chrismc/check-actor-permissions-action",
        "permission",
        true,
        &[("permitted", Answer::Boolean)],
        true,
    ),
    row(
        "scherermichael-oss/action-has-permission",
        "required-permission",
        false,
        &[("has-permission", Answer::Filled)],
        false,
    ),
    row(
        "skjnldsv/check-actor-permission",
        "require",
        false,
        &[],
        true,
    ),
    row(
        "tspascoal/get-user-teams-membership",
        "",
        true,
        &[("isteammember", Answer::Boolean)],
        false,
    ),
];

/// Where a check stands, for messages and facts.
fn place(file: &SourceFile, step: &Step) -> String {
    let at = file.locate(step.head());
    format!("{}:{}", at.path, at.line)
}

fn gate(file: &SourceFile, step: &Step) -> Way {
    Way::Gated(vec![Gate::Check(place(file, step))])
}

/// The steps that have asked, before another one.
#[derive(Default)]
pub(crate) struct Asked<'s> {
    steps: Vec<&'s Step>,
}

impl<'s> Asked<'s> {
    /// Those of a list that come before one of them.
    pub(crate) fn before(steps: &'s [Step], step: &Step) -> Self {
        let mut asked = Self::default();
        let earlier = steps.iter().take_while(|other| !std::ptr::eq(*other, step));
        earlier.for_each(|step| asked.add(step));
        asked
    }

    /// One more step, which counts if it asks.
    pub(crate) fn add(&mut self, step: &'s Step) {
        if may_fail(step) {
            self.steps.push(step);
        }
    }

    /// What it takes to get past them to a step.
    pub(crate) fn way(&self, stranger: &Stranger<'_>, file: &SourceFile, step: &Step) -> Way {
        if ignores_failure(step.condition.as_ref()) {
            return Way::Open;
        }
        self.steps.iter().fold(Way::Open, |way, check| {
            way.and(match same_condition(check, step) {
                // Where the one is skipped, so is the other.
                true if stops(check) => gate(file, check),
                _ => past(stranger, file, check),
            })
        })
    }
}

fn same_condition(check: &Step, step: &Step) -> bool {
    let text = |step: &Step| {
        step.condition
            .as_ref()
            .map(|c| c.text.value.trim().to_owned())
    };
    text(check).is_some() && text(check) == text(step)
}

// Whether the job ends where the step fails.
fn stops(step: &Step) -> bool {
    let tolerated = step.continue_on_error.as_ref().map(tolerance::of_text);
    !step.background && matches!(tolerated, None | Some(Tolerance::Stops))
}

/// What it takes to get past one step: a check that fails for others, unless it
/// is skipped, or its failure is.
#[must_use]
pub(crate) fn past(stranger: &Stranger<'_>, file: &SourceFile, step: &Step) -> Way {
    if !stops(step) || !may_fail(step) {
        return Way::Open;
    }
    let skipped = match step.condition.as_ref().map(Condition::expr) {
        None => Way::Closed,
        Some(None) => Way::Unknown,
        Some(Some(expr)) => stranger.way(expr, false),
    };
    skipped.or(gate(file, step))
}

/// What it takes for a whole job to succeed, for those that need it.
#[must_use]
pub(crate) fn of_needed(stranger: &Stranger<'_>, file: &SourceFile, job: &Job) -> Way {
    if tolerance::of_job(job) != Tolerance::Stops {
        return Way::Open;
    }
    let steps = job.steps().iter();
    steps.fold(Way::Open, |way, step| way.and(past(stranger, file, step)))
}

/// What it takes to get to anything in a job: a check that stands before all that
/// does something, where nothing runs after a failure.
#[must_use]
pub(crate) fn of_job(stranger: &Stranger<'_>, file: &SourceFile, job: &Job) -> Way {
    let steps = job.steps();
    if steps
        .iter()
        .any(|step| ignores_failure(step.condition.as_ref()))
    {
        return Way::Open;
    }
    let mut way = Way::Open;
    let mut dispatcher = None;
    for step in steps {
        if dispatches(step) {
            dispatcher.get_or_insert(step);
            continue;
        }
        let next = past(stranger, file, step);
        let harmless = step.action().is_some_and(|name| {
            name.starts_with("actions/") && name != "actions/github-script"
                || name == "step-security/harden-runner"
        }) || step.script().is_some_and(|text| is_plain(text));
        if next == Way::Open && !harmless {
            return way;
        }
        way = way.and(next);
    }
    // A job that does nothing but hand on commands does so for those who may.
    dispatcher.map_or(way.clone(), |step| way.and(gate(file, step)))
}

// Whether a script takes nothing from the event and fetches nothing.
fn is_plain(text: &Text) -> bool {
    const FETCHES: &[&str] = &[
        "$(", "./", "`", "curl", "eval", "gh ", "git ", "source", "wget",
    ];
    text.parsed().next().is_none()
        && text.value.len() < 4_096
        && !FETCHES.iter().any(|word| text.value.contains(word))
}

// Whether a step hands on commands of those who may write, and refuses others.
fn dispatches(step: &Step) -> bool {
    step.action() == Some("peter-evans/slash-command-dispatch")
        && step.input("permission").is_none_or(|text| {
            text.literal()
                .is_some_and(|level| !matches!(level.trim(), "none" | "read"))
        })
}

/// What it takes for an output of another job, or its result, to be what is
/// asked; `None` where it says nothing of what the starter may do.
#[must_use]
pub(crate) fn of_need(
    stranger: &Stranger<'_>,
    workflow: &Workflow,
    path: &ContextPath,
    asked: &Question<'_>,
) -> Option<Way> {
    if !path.starts_with("needs") {
        return None;
    }
    let job = workflow.job(path.written_name(1)?)?;
    let file = workflow.file();
    if path.name(2) == Some("result") {
        return Some(match is_success(asked) {
            true => of_needed(stranger, file, job),
            false => Way::Open,
        });
    }
    let output = path
        .written_name(3)
        .filter(|_| path.name(2) == Some("outputs"))?;
    let text = lookup(&job.outputs, output)?;
    match text.sole_expression().and_then(|expr| expr.as_context()) {
        Some(inner) => of_step(stranger, file, job.steps(), inner, asked),
        None => {
            let mut contexts = text.parsed().flat_map(|(_, expr)| expr.contexts());
            contexts.find_map(|path| of_step(stranger, file, job.steps(), path, &Question::Other))
        }
    }
}

/// The same for an output of a step, or its outcome.
#[must_use]
pub(crate) fn of_step(
    stranger: &Stranger<'_>,
    file: &SourceFile,
    steps: &[Step],
    path: &ContextPath,
    asked: &Question<'_>,
) -> Option<Way> {
    if !path.starts_with("steps") {
        return None;
    }
    let id = path.written_name(1)?;
    let step = steps.iter().find(|s| {
        s.id.as_ref()
            .is_some_and(|i| i.value.eq_ignore_ascii_case(id))
    })?;
    match path.name(2)? {
        "outcome" if is_success(asked) => may_fail(step).then(|| gate(file, step)),
        "conclusion" if is_success(asked) => Some(past(stranger, file, step)),
        "outputs" => of_output(file, step, path.written_name(3)?, asked),
        _ => None,
    }
}

fn is_success(asked: &Question<'_>) -> bool {
    match asked {
        Question::Equal(Value::String(word), true) => word.eq_ignore_ascii_case("success"),
        _ => false,
    }
}

/// What an output is asked to be.
enum Wanted {
    /// Something that a refusal is too.
    Anything,
    /// No refusal, but not one of certain words either.
    Something,
    /// One of these, none of which is a refusal.
    Words(Vec<String>),
}

impl Wanted {
    fn of(asked: &Question<'_>) -> Self {
        let word = |value: &Value| value.to_text().unwrap_or_default().to_ascii_lowercase();
        let words: Vec<String> = match asked {
            Question::Equal(value, true) => vec![word(value)],
            Question::Listed(words, true) => words.iter().map(|w| w.to_ascii_lowercase()).collect(),
            Question::Equal(value, false) if REFUSALS.contains(&word(value).as_str()) => {
                return Self::Something;
            }
            Question::Truth(true) | Question::Other => return Self::Something,
            Question::Truth(false) | Question::Equal(_, false) | Question::Listed(_, false) => {
                return Self::Anything;
            }
        };
        match words.iter().any(|word| REFUSALS.contains(&word.as_str())) {
            true => Self::Anything,
            false => Self::Words(words),
        }
    }
}

fn of_output(file: &SourceFile, step: &Step, output: &str, asked: &Question<'_>) -> Option<Way> {
    let proven = || Way::Gated(vec![Gate::PermissionCheck]);
    let wanted = Wanted::of(asked);
    if let Some(row) = action_of(step) {
        if !asks_for_a_role(row, step) {
            return None;
        }
        let lower = output.to_ascii_lowercase();
        let answer = row.outputs.iter().find(|(name, _)| *name == lower);
        return Some(match (answer.map(|(_, answer)| *answer), &wanted) {
            (_, Wanted::Anything) => Way::Open,
            (Some(Answer::Filled), _) => proven(),
            (Some(Answer::Boolean), Wanted::Words(words)) if words == &["true"] => proven(),
            (Some(Answer::Level), Wanted::Words(words)) if are_levels(words) => proven(),
            // Both answers are something.
            (Some(Answer::Boolean | Answer::Level), Wanted::Something)
                if !matches!(asked, Question::Equal(..) | Question::Other) || is_empty(asked) =>
            {
                Way::Open
            }
            _ => gate(file, step),
        });
    }
    let asks = match language(step)? {
        Language::Shell(text, shell) => shell::asks(step, text, &shell),
        Language::JavaScript(text) => javascript::asks(text),
        Language::Other(text) => calls_in_text(text),
    };
    if !asks {
        return None;
    }
    Some(match wanted {
        Wanted::Anything => Way::Open,
        Wanted::Words(words) if proves(step, output, &words) => proven(),
        Wanted::Words(_) | Wanted::Something => gate(file, step),
    })
}

fn is_empty(asked: &Question<'_>) -> bool {
    matches!(asked, Question::Equal(value, _) if value.to_text().is_some_and(|text| text.is_empty()))
}

fn are_levels(words: &[String]) -> bool {
    words.iter().all(|word| LEVELS.contains(&word.as_str()))
}

fn proves(step: &Step, output: &str, words: &[String]) -> bool {
    match language(step) {
        Some(Language::Shell(text, shell)) => shell::proves(step, text, &shell, output, words),
        Some(Language::JavaScript(text)) => javascript::proves(text, output, words),
        _ => false,
    }
}

/// A script in its language.
enum Language<'s> {
    Shell(&'s Text, Shell),
    JavaScript(&'s str),
    Other(&'s str),
}

fn language(step: &Step) -> Option<Language<'_>> {
    match &step.kind {
        StepKind::Run { script, shell, .. } => {
            let shell = match shell.as_ref().map(Text::literal) {
                None => Shell::Bash,
                Some(Some(name)) => Shell::named(name),
                Some(None) => return Some(Language::Other(&script.value)),
            };
            Some(match shell.is_understood() {
                true => Language::Shell(script, shell),
                false => Language::Other(&script.value),
            })
        }
        _ => (step.action() == Some("actions/github-script"))
            .then(|| heads::script_of(step).map(Language::JavaScript))?,
    }
}

fn action_of(step: &Step) -> Option<&'static Row> {
    let name = step.action()?;
    ACTIONS.iter().find(|row| row.name == name)
}

// Everybody may read what is public, and some inputs ask for that only, or for
// somebody who is not the starter.
fn asks_for_a_role(row: &Row, step: &Step) -> bool {
    if step
        .input("username")
        .is_some_and(|text| !names_starter(text))
    {
        return false;
    }
    let Some(level) = step.input(row.level).filter(|_| !row.level.is_empty()) else {
        return row.asks_without;
    };
    let words = level
        .value
        .split(',')
        .map(|word| word.trim().to_ascii_lowercase());
    level.literal().is_none()
        || words
            .into_iter()
            .all(|word| !REFUSALS.contains(&word.as_str()))
}

/// Contexts that name the account that started the run.
const STARTERS: &[&str] = &[
    "github.actor",
    "github.event.comment.user.login",
    "github.event.review.user.login",
    "github.event.sender.login",
    "github.triggering_actor",
];

/// Whether a text is nothing but the name of the account that started the run.
fn names_starter(text: &Text) -> bool {
    let path = text.sole_expression().and_then(|expr| expr.as_context());
    path.is_some_and(|path| STARTERS.iter().any(|name| path.is(name)))
}

// Whether a step asks, and may fail by the answer.
fn may_fail(step: &Step) -> bool {
    if let Some(row) = action_of(step) {
        return row.fails && asks_for_a_role(row, step);
    }
    match language(step) {
        Some(Language::Shell(text, shell)) => shell::may_fail(step, text, &shell),
        Some(Language::JavaScript(text)) => javascript::may_fail(text),
        Some(Language::Other(text)) => {
            const STOPS: &[&str] = &["exit", "raise ", "throw ", "assert "];
            calls_in_text(text) && STOPS.iter().any(|word| text.contains(word))
        }
        None => false,
    }
}

/// Whether a script in a language that is not read calls the API, beside what
/// stands behind `#` or `//`.
fn calls_in_text(text: &str) -> bool {
    text.lines().any(|line| {
        let code = line.split('#').next().unwrap_or_default();
        let code = code.trim_start();
        !code.starts_with("//") && PATHS.iter().any(|path| code.contains(path))
    })
}

/// Whether a condition lets something run after a failure.
pub(crate) fn ignores_failure(condition: Option<&Condition>) -> bool {
    condition.and_then(Condition::expr).is_some_and(|expr| {
        ["always", "failure", "cancelled"]
            .iter()
            .any(|f| expr.calls(f))
    })
}

#[cfg(test)]
mod tests;
