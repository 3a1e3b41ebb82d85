//! Dockerfiles and Containerfiles: every image they name, every script they run.
//!
//! Source: Dockerfile reference. Where the builders differ, the reading of
//! BuildKit, which `docker build` and the build action use, is taken.

mod images;
mod lines;
mod words;

use std::collections::BTreeMap;

use cofferdam_facts::{SourceFile, Span, Spanned};

pub use self::images::{ImageName, ImagePlace, Place, Stage};
pub use self::lines::{Directive, Heredoc, Text};
use super::problem::{Problem, ProblemKind, keep};

/// No Dockerfile that people write comes near these sizes.
const LONGEST_FILE: usize = 1 << 20;
const MOST_INSTRUCTIONS: usize = 10_000;
const MOST_STAGES: usize = 500;

const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// A Dockerfile as far as it was understood.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    file: SourceFile,
    escape: char,
    directives: Vec<Directive>,
    instructions: Vec<Instruction>,
    stages: Vec<Stage>,
    images: Vec<ImagePlace>,
    problems: Vec<Problem>,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The keyword in upper case; for `ONBUILD RUN …` it is `RUN`.
    pub keyword: String,
    /// Whether it stands behind ONBUILD.
    pub on_build: bool,
    /// The flags between the keyword and the arguments.
    pub flags: Vec<Flag>,
    /// Everything after the flags.
    pub arguments: Text,
    /// The here-documents that belong to it, in order.
    pub heredocs: Vec<Heredoc>,
    /// The stage in which it stands; `None` before the first FROM.
    pub stage: Option<usize>,
    /// From the keyword to the end of the last line, here-documents included.
    pub span: Span,
}

impl Instruction {
    /// The value of the first flag with this name.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Spanned<String>> {
        self.flags
            .iter()
            .find(|flag| flag.name == name)
            .map(|flag| &flag.value)
    }
}

/// `--NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The name without dashes.
    pub name: String,
    /// The value without outer quotes; empty for a flag that only stands there.
    pub value: Spanned<String>,
}

/// What a RUN instruction runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// Text for the shell of the stage.
    Shell(Text),
    /// A here-document for the shell, or for the interpreter its first line
    /// names. The text is [`Dockerfile::file`] at the span.
    Heredoc(Heredoc),
    /// A program and its arguments, without a shell.
    Exec(Vec<String>),
}

/// One RUN instruction.
#[derive(Clone, Debug)]
pub struct Run<'d> {
    /// The instruction itself.
    pub instruction: &'d Instruction,
    /// What it runs.
    pub script: Script,
    /// The shell that SHELL chose for the stage; `None` for the default of the
    /// platform.
    pub shell: Option<Vec<String>>,
}

/// Extensions of files about Dockerfiles, or from which Dockerfiles are made.
const OTHER_EXTENSIONS: [&str; 22] = [
    "bak",
    "cs",
    "dockerignore",
    "erb",
    "go",
    "html",
    "in",
    "j2",
    "java",
    "js",
    "json",
    "md",
    "py",
    "rb",
    "rs",
    "sh",
    "template",
    "tmpl",
    "tpl",
    "ts",
    "yaml",
    "yml",
];

/// Whether a path is named like a Dockerfile or Containerfile. Templates are
/// left out: they are Dockerfiles only once they are filled in.
#[must_use]
pub fn is_dockerfile(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (before, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if OTHER_EXTENSIONS
        .iter()
        .any(|other| extension.eq_ignore_ascii_case(other))
    {
        return false;
    }
    // The builder takes this where there is none with a capital.
    if name == "dockerfile" {
        return true;
    }
    ["Dockerfile", "Containerfile"].iter().any(|stem| {
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
            || (!before.is_empty() && extension.eq_ignore_ascii_case(stem))
    })
}

impl Dockerfile {
    /// Reads a Dockerfile. Never fails: what was not understood is in
    /// [`Self::problems`], and the rest stands.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        Self::parse_with(file, &BTreeMap::new())
    }

    /// The same as whoever builds it sees it, who gives these values to its
    /// arguments in place of their defaults.
    #[must_use]
    pub fn parse_with(file: SourceFile, arguments: &BTreeMap<String, String>) -> Self {
        let mut parsed = Self {
            escape: '\\',
            directives: Vec::new(),
            instructions: Vec::new(),
            stages: Vec::new(),
            images: Vec::new(),
            problems: Vec::new(),
            file,
        };
        if parsed.file.text().len() > LONGEST_FILE {
            keep(
                &mut parsed.problems,
                Problem::new(
                    ProblemKind::TooLarge,
                    Span::default(),
                    format!("the file has more than {LONGEST_FILE} bytes and was not read"),
                ),
            );
            return parsed;
        }
        let lines = lines::read(parsed.file.text());
        let mut collector = images::Collector::new(lines.escape, &lines.directives, arguments);
        parsed.problems = lines.problems;
        for logical in lines.logical {
            if parsed.instructions.len() >= MOST_INSTRUCTIONS
                || collector.stages.len() >= MOST_STAGES
            {
                keep(
                    &mut parsed.problems,
                    Problem::new(
                        ProblemKind::TooLarge,
                        logical.span,
                        "the file has too many instructions or stages and was not read from here on",
                    ),
                );
                break;
            }
            match instruction(logical, lines.escape) {
                Ok(mut instruction) => {
                    instruction.stage = collector.see(&instruction);
                    parsed.instructions.push(instruction);
                }
                Err(problem) => keep(&mut parsed.problems, problem),
            }
        }
        parsed.escape = lines.escape;
        parsed.directives = lines.directives;
        parsed.stages = collector.stages;
        parsed.images = collector.images;
        parsed.problems.append(&mut collector.problems);
        if parsed.stages.is_empty() {
            keep(
                &mut parsed.problems,
                Problem::new(
                    ProblemKind::Missing,
                    Span::default(),
                    "the file has no FROM instruction",
                ),
            );
        }
        parsed.problems.sort_by_key(|problem| problem.span);
        parsed
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The parser directives, in order.
    #[must_use]
    pub fn directives(&self) -> &[Directive] {
        &self.directives
    }

    /// Every instruction, in order.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Every stage, in order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Every place that names an image, in order.
    #[must_use]
    pub fn images(&self) -> &[ImagePlace] {
        &self.images
    }

    /// What was not understood or is not allowed, by place.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Every RUN instruction with what it runs, in order.
    #[must_use]
    pub fn runs(&self) -> Vec<Run<'_>> {
        let mut shell: Option<(Option<usize>, Vec<String>)> = None;
        let mut runs = Vec::new();
        for instruction in &self.instructions {
            match instruction.keyword.as_str() {
                "SHELL" if !instruction.on_build => {
                    shell =
                        exec_form(&instruction.arguments).map(|words| (instruction.stage, words));
                }
                "RUN" => runs.push(Run {
                    instruction,
                    script: script(instruction, self.escape),
                    shell: shell
                        .as_ref()
                        .filter(|(stage, _)| *stage == instruction.stage)
                        .map(|(_, words)| words.clone()),
                }),
                _ => {}
            }
        }
        runs
    }
}

fn script(instruction: &Instruction, escape: char) -> Script {
    if let Some(words) = exec_form(&instruction.arguments) {
        return Script::Exec(words);
    }
    let words = instruction.arguments.words(escape);
    match (words.len(), instruction.heredocs.first()) {
        (1, Some(heredoc)) => Script::Heredoc(heredoc.clone()),
        _ => Script::Shell(instruction.arguments.clone()),
    }
}

/// The exec form: a JSON list of strings. Anything else is the shell form.
fn exec_form(text: &Text) -> Option<Vec<String>> {
    let text = text.as_str().trim();
    if !text.starts_with('[') {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn instruction(logical: lines::Logical, escape: char) -> Result<Instruction, Problem> {
    let text = &logical.text;
    let mut on_build = false;
    let mut at = 0;
    let keyword = loop {
        let rest = text.as_str().get(at..).unwrap_or_default();
        let begin = at + (rest.len() - rest.trim_start().len());
        let rest = rest.trim_start();
        let end = begin + rest.find(char::is_whitespace).unwrap_or(rest.len());
        let keyword = text
            .as_str()
            .get(begin..end)
            .unwrap_or_default()
            .to_ascii_uppercase();
        if !KEYWORDS.contains(&keyword.as_str()) {
            return Err(Problem::new(
                ProblemKind::Syntax,
                text.raw_span(begin..end.max(begin)),
                "no instruction starts with this word",
            ));
        }
        at = end;
        if keyword != "ONBUILD" {
            break keyword;
        }
        on_build = true;
    };
    let (flags, at) = flags(text, at, escape);
    let end = text.as_str().trim_end().len().max(at);
    Ok(Instruction {
        keyword,
        on_build,
        flags,
        arguments: text.slice(at..end),
        heredocs: logical.heredocs,
        stage: None,
        span: logical.span,
    })
}

/// Flags follow the keyword directly; `--` alone ends them.
fn flags(text: &Text, at: usize, escape: char) -> (Vec<Flag>, usize) {
    let rest = text.slice(at..text.as_str().len());
    let mut flags = Vec::new();
    let mut end = rest.as_str().len();
    for range in rest.words(escape) {
        let word = rest.as_str().get(range.clone()).unwrap_or_default();
        let Some(flag) = word.strip_prefix("--") else {
            end = range.start;
            break;
        };
        if flag.is_empty() {
            end = range.end;
            break;
        }
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        let bare = unquoted(value);
        let start = range.end - value.len() + usize::from(bare.len() < value.len());
        flags.push(Flag {
            name: name.to_ascii_lowercase(),
            value: Spanned::new(bare.to_owned(), rest.raw_span(start..start + bare.len())),
        });
    }
    let body = rest.as_str().get(end..).unwrap_or_default();
    (flags, at + end + (body.len() - body.trim_start().len()))
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|value| value.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests;
