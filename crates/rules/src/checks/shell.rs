//! Checks in scripts for a shell.

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::shell::{self, Command, Failure, Script, Shell};

use super::{LEVELS, PATHS, REFUSALS, STARTERS, are_levels, names_starter};

/// Programs that call an API.
const CLIENTS: &[&str] = &["curl", "gh", "http", "https", "hub", "wget"];

/// What `gh api --jq` takes out of the answer: the level, or whether it holds.
const LEVEL_FILTERS: &[&str] = &[".permission", ".role_name", ".user.role_name"];
const TRUE_FILTERS: &[&str] = &[
    ".user.permissions.admin",
    ".user.permissions.maintain",
    ".user.permissions.push",
];

/// Whether a script calls the API, or tests the association that the event says.
pub(super) fn asks(step: &Step, text: &Text, shell: &Shell) -> bool {
    let script = &text.value;
    let words = PATHS.iter().any(|path| script.contains(path));
    words && calls(&shell::parse(script, shell)).next().is_some() || tests_association(step, script)
}

/// Whether the script may fail by the answer.
pub(super) fn may_fail(step: &Step, text: &Text, shell: &Shell) -> bool {
    if !asks(step, text, shell) {
        return false;
    }
    let script = shell::parse(&text.value, shell);
    // Who is no collaborator gets an error, unless it is the level that is asked.
    let by_call = calls(&script).any(|call| {
        let level = call.args.iter().any(|arg| arg.text.contains("/permission"));
        call.failure == Failure::Stops && !call.in_substitution && !level && call.is("gh")
    });
    by_call || live(&script).any(stops)
}

fn stops(command: &Command) -> bool {
    let (name, args) = command.effective();
    let fails = command.failure == Failure::Stops && !command.in_substitution;
    match name.file_name() {
        Some("exit" | "return") => args.first().is_some_and(|arg| arg.text != "0"),
        Some("false" | "test" | "[" | "[[" | "grep") => fails,
        Some("jq") => {
            fails
                && args
                    .iter()
                    .any(|arg| arg.text == "-e" || arg.text == "--exit-status")
        }
        _ => false,
    }
}

/// Commands that run, if what decides on them lets them.
fn live(script: &Script) -> impl Iterator<Item = &Command> {
    script.commands.iter().filter(|command| {
        let called = script
            .function_at(command.range.start)
            .is_none_or(|name| script.commands.iter().any(|other| other.is(name)));
        !command.dead && called
    })
}

fn calls(script: &Script) -> impl Iterator<Item = &Command> {
    live(script).filter(|command| {
        let (name, args) = command.effective();
        name.file_name().is_some_and(|name| CLIENTS.contains(&name))
            && args
                .iter()
                .any(|arg| PATHS.iter().any(|path| arg.text.contains(path)))
    })
}

// A line that compares a variable or an expression with the association.
fn tests_association(step: &Step, script: &str) -> bool {
    const FIELD: &str = "author_association";
    let names: Vec<&str> = step
        .env
        .iter()
        .filter(|pair| pair.value.value.contains(FIELD))
        .map(|pair| pair.key.value.as_str())
        .collect();
    if names.is_empty() && !script.contains(FIELD) {
        return false;
    }
    script.lines().any(|line| {
        let line = line.trim_start();
        let tests = ["[", "test ", "case ", "grep "]
            .iter()
            .any(|sign| line.contains(sign));
        let shown = ["#", "echo ", "printf "]
            .iter()
            .any(|start| line.starts_with(start));
        let named = names
            .iter()
            .any(|name| line.contains(&format!("${name}")) || line.contains(&format!("${{{name}")));
        tests && !shown && (named || line.contains(FIELD) && line.contains("${{"))
    })
}

/// Whether an output has one of the words only where the API said that the
/// starter may write.
pub(super) fn proves(
    step: &Step,
    text: &Text,
    shell: &Shell,
    output: &str,
    words: &[String],
) -> bool {
    // What may change the meaning of the names that follow.
    const MEDDLES: &[&str] = &[
        ".",
        "alias",
        "declare",
        "enable",
        "eval",
        "exec",
        "export",
        "getopts",
        "hash",
        "local",
        "mapfile",
        "read",
        "readarray",
        "source",
        "tee",
        "trap",
        "typeset",
        "unset",
    ];
    const LOOPS: &[&str] = &["for", "select", "until", "while"];
    let named = |name: &str| {
        matches!(name, "PATH" | "BASH_ENV" | "ENV")
            || name.starts_with("GH_") && name != "GH_TOKEN"
            || name.starts_with("GITHUB_") && name != "GITHUB_TOKEN"
    };
    let source = &text.value;
    let script = shell::parse(source, shell);
    let meddles = script.commands.iter().any(|command| {
        command.depth > 0
            || command
                .effective()
                .0
                .file_name()
                .is_none_or(|name| MEDDLES.contains(&name))
    });
    let standard = match &step.kind {
        StepKind::Run { shell, .. } => shell
            .as_ref()
            .is_none_or(|shell| matches!(shell.value.trim(), "bash" | "sh")),
        _ => false,
    };
    let names = script.assignments.iter().map(|set| set.name.as_str());
    let names = names.chain(step.env.iter().map(|pair| pair.key.value.as_str()));
    let before = script.commands.iter().flat_map(|command| &command.env);
    let renames = names
        .chain(before.map(|(name, _)| name.as_str()))
        .any(named);
    let odd = ["set-output", ":=", "(("]
        .iter()
        .any(|text| source.contains(text));
    let loops = source.lines().any(|line| {
        let first = line.trim().split(' ').next().unwrap_or_default();
        LOOPS.contains(&first)
    });
    if !script.understood || !script.functions.is_empty() || !standard {
        return false;
    }
    if meddles || renames || odd || loops {
        return false;
    }
    let view = View {
        step,
        source,
        script: &script,
    };
    let mut written = false;
    for command in &script.commands {
        let to_output = command
            .redirects
            .iter()
            .any(|r| r.target.text.contains("GITHUB_OUTPUT"));
        if !to_output {
            if command
                .args
                .iter()
                .any(|arg| arg.text.contains("GITHUB_OUTPUT"))
            {
                return false;
            }
            continue;
        }
        let [word] = command.args.as_slice() else {
            return false;
        };
        let Some((name, value)) = word.text.split_once('=').filter(|_| command.is("echo")) else {
            return false;
        };
        // Two lines of one word would be two outputs.
        if word.text.contains('\n') || name.contains(['$', '`', '<']) {
            return false;
        }
        if name.eq_ignore_ascii_case(output) {
            written = true;
            if !view.answers(command, value, word.range.clone(), words) {
                return false;
            }
        } else if !word.is_static && !view.is_answer(value, word.range.clone()) {
            return false;
        }
    }
    written
}

struct View<'s> {
    step: &'s Step,
    source: &'s str,
    script: &'s Script,
}

/// What an answer of the API is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Level,
    Boolean,
}

impl View<'_> {
    // Whether a value that is written can be one of the words only for those who
    // may write.
    fn answers(
        &self,
        command: &Command,
        value: &str,
        range: std::ops::Range<usize>,
        words: &[String],
    ) -> bool {
        if REFUSALS.contains(&value.to_ascii_lowercase().as_str()) {
            return true;
        }
        match self.answer(value, range) {
            Some(Answer::Level) => are_levels(words),
            Some(Answer::Boolean) => words == ["true"],
            // Something that is written out, in a branch for those who may.
            None => !value.contains(['$', '`']) && self.is_guarded(command),
        }
    }

    fn is_answer(&self, value: &str, range: std::ops::Range<usize>) -> bool {
        self.answer(value, range).is_some()
    }

    fn answer(&self, value: &str, range: std::ops::Range<usize>) -> Option<Answer> {
        match variable(value) {
            Some(name) => self.of_variable(name),
            None if value.starts_with("$(") && value.ends_with(')') => self.of_substitution(&range),
            None => None,
        }
    }

    // A variable that holds nothing but answers of the API.
    fn of_variable(&self, name: &str) -> Option<Answer> {
        let own = |pair: &&cofferdam_workflows::documents::text::Pair| pair.key.value == name;
        if self.step.env.iter().find(own).is_some() {
            return None;
        }
        let mut found = None;
        for set in self.script.assignments.iter().filter(|a| a.name == name) {
            let whole = set.value.text.starts_with("$(") && set.value.text.ends_with(')');
            let answer = self.of_substitution(&set.range).filter(|_| whole)?;
            if found.is_some_and(|known| known != answer) {
                return None;
            }
            found = Some(answer);
        }
        found
    }

    // `gh api …/collaborators/$ACTOR/permission --jq .permission`, perhaps with
    // `|| echo none` behind it.
    fn of_substitution(&self, range: &std::ops::Range<usize>) -> Option<Answer> {
        let inside = |command: &&Command| {
            command.in_substitution
                && range.start <= command.range.start
                && command.range.end <= range.end
        };
        let mut answer = None;
        for command in self.script.commands.iter().filter(inside) {
            let (name, args) = command.effective();
            match name.file_name()? {
                "gh" if answer.is_none() && command.pipeline.is_none() => {
                    answer = Some(self.of_call(args)?);
                }
                "echo" => {
                    let [word] = args else { return None };
                    let refuses = REFUSALS.contains(&word.text.to_ascii_lowercase().as_str());
                    if !refuses || !word.is_static {
                        return None;
                    }
                }
                "true" | ":" => {}
                _ => return None,
            }
        }
        answer
    }

    fn of_call(&self, args: &[shell::Word]) -> Option<Answer> {
        if args.first()?.text != "api" {
            return None;
        }
        let path = args
            .iter()
            .find(|arg| arg.text.contains("collaborators/"))?;
        let (repository, who) = path.text.split_once("/collaborators/")?;
        let repository = repository.trim_start_matches('/').strip_prefix("repos/")?;
        let who = who.strip_suffix("/permission")?;
        let elsewhere = args.iter().any(|arg| arg.text.starts_with("--hostname"));
        if elsewhere || !self.is_starter(who) || !self.is_own(repository) {
            return None;
        }
        let filter = args.windows(2).find_map(|pair| match pair {
            [flag, filter] if flag.text == "--jq" || flag.text == "-q" => {
                Some(filter.text.as_str())
            }
            _ => None,
        })?;
        if LEVEL_FILTERS.contains(&filter) {
            Some(Answer::Level)
        } else {
            TRUE_FILTERS.contains(&filter).then_some(Answer::Boolean)
        }
    }

    fn is_starter(&self, who: &str) -> bool {
        if let Some(inner) = who
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"))
        {
            let name = inner.trim().to_ascii_lowercase();
            return STARTERS.contains(&name.as_str());
        }
        let Some(name) = variable(who) else {
            return false;
        };
        let assigned = self.script.assignments.iter().any(|set| set.name == name);
        let mut own = self.step.env.iter().filter(|pair| pair.key.value == name);
        let given = own.next().map(|pair| names_starter(&pair.value));
        let standard = matches!(name, "GITHUB_ACTOR" | "GITHUB_TRIGGERING_ACTOR");
        !assigned && given.unwrap_or(standard)
    }

    // Elsewhere the stranger may be an owner.
    fn is_own(&self, repository: &str) -> bool {
        if let Some(inner) = repository
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"))
        {
            return inner.trim().eq_ignore_ascii_case("github.repository");
        }
        let Some(name) = variable(repository) else {
            return false;
        };
        let assigned = self.script.assignments.iter().any(|set| set.name == name);
        let mut own = self.step.env.iter().filter(|pair| pair.key.value == name);
        let given = own.next().map(|pair| {
            let path = pair
                .value
                .sole_expression()
                .and_then(|expr| expr.as_context());
            path.is_some_and(|path| path.is("github.repository"))
        });
        !assigned && given.unwrap_or(name == "GITHUB_REPOSITORY")
    }

    // Whether a line that lets only those who may write stands around a command:
    // `if [[ "$level" == "admin" || "$level" == "write" ]]; then`. Only the plain
    // form is read, in which each such word begins a line.
    fn is_guarded(&self, command: &Command) -> bool {
        const BRANCHES: &[&str] = &["case", "elif", "else", "esac", "fi", "if"];
        let before = self.source.get(..command.range.start).unwrap_or_default();
        let Some((lines, indent)) = before.rsplit_once('\n') else {
            return false;
        };
        let multi = |word: &shell::Word| word.text.contains('\n');
        let odd = self
            .script
            .commands
            .iter()
            .any(|c| c.heredoc.is_some() || c.args.iter().any(multi));
        if odd || !indent.trim().is_empty() || !command.in_branch {
            return false;
        }
        let mut open: Vec<bool> = Vec::new();
        for line in lines.lines().map(str::trim) {
            let mut tokens = line.split(|c: char| !c.is_ascii_alphanumeric());
            let first = tokens.next().unwrap_or_default();
            if line.ends_with('\\') || tokens.any(|token| BRANCHES.contains(&token)) {
                return false;
            }
            match first {
                "if" => open.push(self.admits(line)),
                "elif" | "else" => {
                    let admits = first == "elif" && self.admits(line);
                    if let Some(last) = open.last_mut() {
                        *last = admits;
                    }
                }
                "fi" => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.last() == Some(&true)
    }

    // Each alternative has to compare an answer with a level.
    fn admits(&self, line: &str) -> bool {
        let test = line
            .trim_start_matches("elif")
            .trim_start_matches("if")
            .trim()
            .trim_end_matches("then")
            .trim()
            .trim_end_matches(';')
            .trim();
        let compares = |part: &str| {
            let part = part.trim_matches(|c: char| c.is_whitespace() || c == '[' || c == ']');
            let sides = part.split_once("==").or_else(|| part.split_once('='));
            let Some((left, right)) = sides.filter(|_| !part.contains("!=")) else {
                return false;
            };
            let bare = |side: &str| side.trim().trim_matches(['"', '\'']).to_owned();
            let (left, right) = (bare(left), bare(right));
            match variable(&left).and_then(|name| self.of_variable(name)) {
                Some(Answer::Level) => LEVELS.contains(&right.as_str()),
                Some(Answer::Boolean) => right == "true",
                None => false,
            }
        };
        !test.contains("&&") && !test.contains('!') && test.split("||").all(compares)
    }
}

// The name in `$NAME` or `${NAME}`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name
        .strip_prefix('{')
        .map_or(Some(name), |inner| inner.strip_suffix('}'))?;
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && !name.is_empty()).then_some(name)
}
