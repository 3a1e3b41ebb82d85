//! Outputs and variables that `actions/github-script` sets.
//!
//! JavaScript is read line by line: the lines that set a name, and the lines
//! that set the names in those. What such lines take from the payload, from
//! `process.env` and from the API is what the name holds.

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::lookups;

use crate::api;
use crate::flow::Source;
use crate::outputs::Holds;
use crate::scope::Scope;
use crate::sources;
use crate::trace::{Tracer, output_name};
use crate::trail::{End, Trail, Trails};
use crate::words;
use crate::writes::EnvFile;

/// Words after which nothing free is left.
const CLEANING: &[&str] = &[
    ".includes(",
    ".startsWith(",
    ".endsWith(",
    ".test(",
    ".some(",
    ".every(",
    ".length",
    ".indexOf(",
    "parseInt(",
    "Number(",
    "encodeURIComponent(",
    "===",
    "!==",
    "createHash(",
];

impl<'s, 'r: 's> Tracer<'s, 'r> {
    pub(crate) fn set_by_javascript(
        &self,
        scope: Scope<'r>,
        step: &'r Step,
        file: EnvFile,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let (Some(text), Some(name)) = (step.input("script"), name) else {
            return Vec::new();
        };
        let setter = match file {
            EnvFile::Output if name == "result" => "return",
            EnvFile::Output => "setOutput",
            EnvFile::Environment => "exportVariable",
            EnvFile::Path => return Vec::new(),
        };
        if !text.value.contains(setter) {
            return Vec::new();
        }
        let target = match file {
            EnvFile::Environment => format!("the variable `{name}`"),
            _ => output_name(step, name),
        };
        let counts = |piece: &str| {
            !CLEANING.iter().any(|word| piece.contains(word)) && !is_matched(&text.value, piece)
        };
        let made = lookups::pieces(&text.value, name, &counts);
        let mut found = Trails::default();
        for piece in made.pieces {
            let start = piece.as_ptr().addr() - text.value.as_ptr().addr();
            let span = text.raw_span(scope.document(), start..start + piece.len());
            let mut trails = Vec::new();
            for (embedded, expr) in text.parsed() {
                if embedded.range.start >= start && embedded.range.end <= start + piece.len() {
                    trails.extend(self.expression(scope, expr, span));
                }
            }
            for path in payload_paths(piece) {
                let source = Source::Context(path.clone());
                trails.push(Trail::from(End::Source(source), format!("`{path}`")));
            }
            for variable in after_each(piece, "process.env.") {
                trails.extend(self.variable(scope, variable));
            }
            trails.extend(of_api(&text.value, piece));
            trails.extend(self.files_of_code(scope, piece));
            for mut trail in trails {
                trail.place = Some((scope.file(), span));
                trail.json = setter == "return"
                    && step
                        .input("result-encoding")
                        .is_none_or(|t| t.value.trim() != "string");
                for condition in scope.conditions() {
                    trail.guard(condition);
                }
                found.push(trail.put(&target));
            }
        }
        self.take(found)
    }
}

/// Whether a piece is a match of a regular expression that lets harmless
/// characters through only: `/([a-z]+)/.exec(text)`, `text.match(pattern)`.
fn is_matched(script: &str, piece: &str) -> bool {
    let pattern = if let Some((before, _)) = piece.split_once(".exec(") {
        before.trim_start_matches([' ', '=', '('])
    } else if let Some((_, after)) = piece.split_once(".match(") {
        after
    } else if let Some((_, after)) = piece.split_once(".matchAll(") {
        after
    } else {
        return false;
    };
    if let Some(literal) = pattern.find('/').and_then(|at| pattern.get(at + 1..)) {
        return words::captures_are_tight(literal);
    }
    // A name: the line that sets it holds the literal.
    let name: String = pattern
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    !name.is_empty()
        && script.lines().any(|line| {
            line.split_once('=').is_some_and(|(before, value)| {
                before.trim_end().ends_with(&name)
                    && value
                        .trim_start()
                        .strip_prefix('/')
                        .is_some_and(words::captures_are_tight)
            })
        })
}

/// `context.payload.pull_request.title` as the expression's path.
fn payload_paths(piece: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for rest in piece.split("context.payload.").skip(1) {
        let path: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '?'))
            .filter(|c| *c != '?')
            .collect();
        let mut path = format!("github.event.{}", path.trim_end_matches('.')).to_lowercase();
        // A method at the end, such as `.trim()`, is no part of the path.
        for method in [
            ".trim",
            ".tolowercase",
            ".replace",
            ".split",
            ".match",
            ".slice",
            ".substring",
        ] {
            if let Some(before) = path.strip_suffix(method) {
                path = before.to_owned();
            }
        }
        // What is done with a whole object is not known.
        if sources::is_text(&path) && sources::is_free_somewhere(&path) {
            paths.push(path);
        }
    }
    paths
}

fn after_each<'p>(piece: &'p str, opener: &'p str) -> impl Iterator<Item = &'p str> {
    piece.split(opener).skip(1).filter_map(|rest| {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty())
    })
}

/// Ways in which a script asks the API.
const ASKS: &[&str] = &[
    "github.graphql",
    "github.issues.",
    "github.paginate",
    "github.pulls.",
    "github.request",
    "github.rest.",
    "octokit",
];

/// Parameters by which it asks for what somebody chosen wrote.
const CHOOSES: &[&str] = &["creator:", "labels:", "assignee:"];

/// `pr.data.title`: a field of what the API answers about a pull request.
fn of_api<'r>(script: &str, piece: &str) -> Option<Trail<'r>> {
    let asks = ASKS.iter().any(|word| script.contains(word));
    let open = asks && !CHOOSES.iter().any(|word| script.contains(word));
    let (shown, holds) = match asks {
        true => of_any_object(piece)?,
        false => of_known_object(piece)?,
    };
    let source = match open {
        true => Source::Api(holds, false, shown),
        false => Source::Read(holds, shown),
    };
    let name = source.describe();
    Some(Trail::from(End::Source(source), name))
}

// A field that only issues, pull requests, comments and commits have.
fn of_any_object(piece: &str) -> Option<(String, Holds)> {
    const FIELDS: &[&str] = &["body", "filename", "head.label", "head.ref", "title"];
    let fields = FIELDS.iter().flat_map(|field| {
        let found = piece.match_indices(field);
        found.map(|(at, _)| (at, *field))
    });
    let mut whole = fields.filter(|(at, field)| {
        let before = piece.get(..*at).unwrap_or("");
        let after = piece.get(at + field.len()..).unwrap_or("");
        let object: &str = before
            .rsplit(|c: char| {
                !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '?' | '[' | ']')
            })
            .next()
            .unwrap_or("");
        before.ends_with('.')
            && !object.contains("payload")
            && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '('))
    });
    let (_, field) = whole.next()?;
    Some((format!("…{field}"), api::of_field(field)?))
}

fn of_known_object(piece: &str) -> Option<(String, Holds)> {
    const OBJECTS: &[&str] = &[
        "data.",
        "pr.",
        "pull.",
        "pullRequest.",
        "pull_request.",
        "issue.",
        "comment.",
    ];
    for object in OBJECTS {
        for (at, _) in piece.match_indices(object) {
            let before = piece.get(..at).unwrap_or("");
            if before.contains("context.payload") || before.ends_with(|c: char| c.is_alphanumeric())
            {
                continue;
            }
            let field: String = piece
                .get(at + object.len()..)
                .unwrap_or("")
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
                .collect();
            let field = field.split(".trim").next().unwrap_or("");
            let known = ["title", "body", "head.ref", "head.label"].contains(&field);
            if let (true, Some(holds)) = (known, api::of_field(field)) {
                return Some((format!("{object}{field}"), holds));
            }
        }
    }
    None
}
