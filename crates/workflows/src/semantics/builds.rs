//! What a command or an action builds into an image, and what it does with it.
//!
//! Source: Docker's command line reference for `build`, `buildx build`, `tag`,
//! `commit`, `import` and `push`; docker/build-push-action, docker/metadata-action
//! and redhat-actions/buildah-build for their inputs.

use cofferdam_facts::Span;

use crate::documents::step::{Step, StepKind};
use crate::documents::text::Text;
use crate::semantics::constants::{Surroundings, Values};
use crate::semantics::folders::Folder;
use crate::semantics::images;
use crate::shell::{Command, Script, Word};

/// Whose images are meant: those of one client are not there for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    Docker,
    /// Podman and Buildah share theirs.
    Podman,
    Nerdctl,
}

impl Store {
    pub(super) fn of(command: &Command) -> Option<Self> {
        Some(match command.effective().0.file_name()? {
            "docker" => Self::Docker,
            "podman" | "buildah" => Self::Podman,
            "nerdctl" => Self::Nerdctl,
            _ => return None,
        })
    }
}

/// Where a build leaves its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Among the images of the machine.
    Here,
    /// There, unless another builder than the default one was set up.
    ByDefault,
    /// In a file or nowhere.
    Nowhere,
}

/// A name as it is written, with what it is known to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Tag {
    pub(super) written: String,
    pub(super) values: Values,
    /// The variables of the shell in it.
    pub(super) variables: Vec<String>,
    /// Whether the output of a command is part of it, which may differ each time.
    pub(super) is_output: bool,
}

/// A value that a build puts in the place of an `ARG`.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) name: String,
    /// The value as written.
    pub(super) written: String,
    pub(super) values: Values,
    pub(super) span: Span,
}

/// One build, or one command that gives another name to what is there.
#[derive(Clone, Debug)]
pub(super) struct Build {
    pub(super) tags: Vec<Tag>,
    pub(super) kept: Kept,
    pub(super) is_pushed: bool,
    /// The Dockerfile, from the root of the checkout, where it is known.
    pub(super) file: Option<String>,
    pub(super) arguments: Vec<Argument>,
}

/// Options of `build` that take their value as a word of its own.
const WITH_VALUE: &[&str] = &[
    "--add-host",
    "--allow",
    "--annotation",
    "--attest",
    "--build-arg",
    "--build-context",
    "--builder",
    "--cache-from",
    "--cache-to",
    "--cgroup-parent",
    "--file",
    "-f",
    "--iidfile",
    "--label",
    "--memory",
    "-m",
    "--metadata-file",
    "--network",
    "--no-cache-filter",
    "--output",
    "-o",
    "--platform",
    "--progress",
    "--provenance",
    "--sbom",
    "--secret",
    "--security-opt",
    "--shm-size",
    "--ssh",
    "--tag",
    "-t",
    "--target",
    "--ulimit",
    "--volume",
    "-v",
];

/// Options with which nothing is built.
const IDLE: [&str; 4] = ["--call", "--check", "--print", "--help"];

/// What a command is made of, once its client and subcommand are known.
pub(super) fn of_command(
    command: &Command,
    script: &Script,
    around: Surroundings<'_>,
    at: &dyn Fn(std::ops::Range<usize>) -> Span,
) -> Option<Build> {
    let (plain, args) = match build_words(command) {
        Some(found) => found,
        None => return renamed(command, script, around),
    };
    let mut build = Build {
        tags: Vec::new(),
        kept: if plain { Kept::Here } else { Kept::ByDefault },
        is_pushed: false,
        file: None,
        arguments: Vec::new(),
    };
    let mut file = None;
    let mut contexts = Vec::new();
    let mut args = args.iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        let (option, value, skip) = match text.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                (option, Some((word, value)), option.len() + 1)
            }
            _ if WITH_VALUE.contains(&text) => {
                let value = args.next();
                (text, value.map(|word| (word, word.text.as_str())), 0)
            }
            _ => (text, None, 0),
        };
        match (option, value) {
            ("-t" | "--tag", Some((word, _))) => build.tags.push(tag(word, skip, script, around)),
            ("-f" | "--file", Some((word, _))) => file = Some(one(word, skip, script, around)),
            ("--build-arg", Some((word, value))) => {
                if let Some((name, value)) = value.split_once('=') {
                    let skip = skip + name.len() + 1;
                    build.arguments.push(Argument {
                        name: name.to_owned(),
                        written: value.to_owned(),
                        values: values(word, skip, script, around),
                        span: at(word.range.clone()),
                    });
                }
            }
            ("-o" | "--output", Some((_, value))) => build.outputs(value),
            ("--load", None) => build.kept = Kept::Here,
            ("--push", None) => {
                build.is_pushed = true;
                build.kept = Kept::Here;
            }
            ("--load" | "--push", Some((_, "true"))) => {
                build.is_pushed |= option == "--push";
                build.kept = Kept::Here;
            }
            (idle, _) if IDLE.contains(&idle) => return None,
            (option, None) if !option.starts_with('-') || option == "-" => contexts.push(word),
            _ => {}
        }
    }
    let [context] = contexts.as_slice() else {
        return None;
    };
    let context = one(context, 0, script, around)?;
    if !is_own(&context) {
        return None;
    }
    let folder = folder(around, script);
    build.file = match file {
        Some(file) => file.and_then(|file| path(&folder.join(&file))),
        None => path(&folder.join(&context).join("Dockerfile")),
    };
    Some(build)
}

impl Build {
    /// What `--output` says of where the image goes.
    fn outputs(&mut self, value: &str) {
        let kind = value.split(',').find_map(|part| part.strip_prefix("type="));
        let to_registry = kind == Some("registry")
            || kind == Some("image") && value.split(',').any(|part| part == "push=true");
        self.is_pushed |= to_registry;
        self.kept = match kind {
            Some("docker") if !value.contains("dest=") => Kept::Here,
            _ if to_registry => Kept::Here,
            _ => Kept::Nowhere,
        };
    }
}

/// The words behind a `build`, and whether its image always stays here.
fn build_words(command: &Command) -> Option<(bool, &[Word])> {
    if command.is("buildah") {
        let (first, rest) = command.effective().1.split_first()?;
        return matches!(first.text.as_str(), "bud" | "build").then_some((true, rest));
    }
    let (subcommand, args) = images::client(command)?;
    let is_docker = command.is("docker");
    match subcommand {
        "build" => Some((!is_docker, args)),
        "buildx" | "builder" => {
            let (first, rest) = args.split_first()?;
            (first.text == "build").then_some((false, rest))
        }
        _ => None,
    }
}

/// `tag`, `commit` and `import` of a file: a name for what is there.
fn renamed(command: &Command, script: &Script, around: Surroundings<'_>) -> Option<Build> {
    let (subcommand, args) = images::client(command)?;
    let names = match subcommand {
        "tag" | "commit" => args.last(),
        // From an address it is as good as pulled.
        "import" if args.iter().all(|word| is_own(&word.text)) => args.last(),
        _ => None,
    };
    Some(Build {
        tags: vec![tag(names?, 0, script, around)],
        kept: Kept::Here,
        is_pushed: false,
        file: None,
        arguments: Vec::new(),
    })
}

/// The image that a command pushes.
pub(super) fn pushed(command: &Command, script: &Script, around: Surroundings<'_>) -> Option<Tag> {
    let args = match images::client(command) {
        Some(("push", args)) => args,
        _ => return None,
    };
    let word = args.iter().rfind(|word| !word.text.starts_with('-'))?;
    Some(tag(word, 0, script, around))
}

/// The images that a command takes away; an empty name stands for all.
pub(super) fn removed(command: &Command, script: &Script, around: Surroundings<'_>) -> Vec<Tag> {
    match images::client(command) {
        Some(("rmi" | "rm", args)) => {
            let names = args.iter().filter(|word| !word.text.starts_with('-'));
            names.map(|word| tag(word, 0, script, around)).collect()
        }
        Some(("system" | "prune", _)) => vec![Tag::default()],
        _ => Vec::new(),
    }
}

/// Whether a command sets up another builder than the default one.
pub(super) fn sets_builder(command: &Command) -> bool {
    let Some(("buildx", args)) = images::client(command) else {
        return false;
    };
    let first = args.first().map(|word| word.text.as_str());
    matches!(first, Some("create" | "use"))
}

/// What a step's action builds; of `docker/metadata-action` the names that it
/// makes for a later one, as `metas` then has them.
pub(super) fn of_action(
    step: &Step,
    around: Surroundings<'_>,
    metas: &dyn Fn(&str) -> Vec<Tag>,
) -> Option<(Store, Build)> {
    let input = |name: &str| step.input(name).map(|text| text.value.trim());
    let on = |name: &str| input(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let context = input("context").unwrap_or_default();
    let mut build = Build {
        tags: Vec::new(),
        kept: Kept::Here,
        is_pushed: false,
        file: None,
        arguments: Vec::new(),
    };
    match step.action()? {
        "docker/build-push-action" => {
            if !context.is_empty() && !is_own(context) {
                return None;
            }
            for line in lines(step.input("tags")) {
                let of = line.strip_prefix("${{").and_then(|l| l.strip_suffix("}}"));
                let of = of.and_then(|l| l.trim().strip_prefix("steps."));
                let of = of.and_then(|l| l.strip_suffix(".outputs.tags"));
                match of {
                    Some(id) => build.tags.extend(metas(id)),
                    None => build.tags.push(of_line(line, around)),
                }
            }
            build.kept = Kept::ByDefault;
            let loads = input("load").is_some_and(|text| !text.eq_ignore_ascii_case("false"));
            if loads {
                build.kept = Kept::Here;
            }
            for line in lines(step.input("outputs")) {
                build.outputs(line);
            }
            if on("push") {
                build.is_pushed = true;
                build.kept = Kept::Here;
            }
            let folder = Folder::workspace();
            let base = context.strip_prefix("{{defaultContext}}");
            let context = base.map_or(context, |rest| rest.trim_start_matches(':'));
            let file = input("file").map(str::to_owned);
            build.file = match file.filter(|file| !file.is_empty()) {
                Some(file) => constant(&file, around).and_then(|f| path(&folder.join(&f))),
                None => {
                    let at = constant(context, around);
                    at.and_then(|at| path(&folder.join(&at).join("Dockerfile")))
                }
            };
            build.arguments = arguments(step.input("build-args"), around);
            Some((Store::Docker, build))
        }
        "redhat-actions/buildah-build" => {
            let image = input("image").unwrap_or_default();
            let tags: Vec<&str> = match step.input("tags") {
                Some(text) => text.value.split_whitespace().collect(),
                None => vec!["latest"],
            };
            let names = tags.iter().map(|tag| format!("{image}:{tag}"));
            build.tags = names.map(|name| of_line(&name, around)).collect();
            Some((Store::Podman, build))
        }
        _ => None,
    }
}

/// The names that `docker/metadata-action` makes: a tag that its inputs spell
/// out, for each image.
pub(super) fn of_metadata(step: &Step, around: Surroundings<'_>) -> Option<Vec<Tag>> {
    if step.action()? != "docker/metadata-action" {
        return None;
    }
    let rules: Vec<&str> = lines(step.input("tags")).collect();
    let id = step.id.as_ref().map(|id| id.value.as_str());
    let mut tags: Vec<String> = (rules.iter())
        .filter(|rule| rule.split(',').all(|part| !part.starts_with("enable=")))
        .filter(|rule| rule.starts_with("type=raw"))
        .filter_map(|rule| rule.split(',').find_map(|part| part.strip_prefix("value=")))
        .map(str::to_owned)
        .collect();
    let version = id.map(|id| format!("${{{{ steps.{id}.outputs.version }}}}"));
    tags.extend(version);
    let images = lines(step.input("images"));
    let names = images.flat_map(|image| tags.iter().map(move |tag| format!("{image}:{tag}")));
    Some(names.map(|name| of_line(&name, around)).collect())
}

fn lines(text: Option<&Text>) -> impl Iterator<Item = &str> {
    let text = text.map_or("", |text| text.value.as_str());
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn arguments(text: Option<&Text>, around: Surroundings<'_>) -> Vec<Argument> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some(Argument {
            name: name.trim().to_owned(),
            written: value.to_owned(),
            values: around.values_of_part(value),
            span: text?.span,
        })
    };
    lines(text).filter_map(pair).collect()
}

/// Whether what is built is not said to come from elsewhere.
fn is_own(context: &str) -> bool {
    let elsewhere = context.contains("://")
        || context.starts_with("git@")
        || context.starts_with("github.com/");
    let open = context.starts_with('$')
        && matches!(Folder::workspace().join(context), Folder::Elsewhere)
        && !["$PWD", "${PWD}", "$(pwd)", "`pwd`"]
            .iter()
            .any(|own| context.starts_with(own));
    !elsewhere && !open
}

fn of_line(line: &str, around: Surroundings<'_>) -> Tag {
    Tag {
        written: line.to_owned(),
        values: around.values_of_part(line),
        variables: Vec::new(),
        is_output: false,
    }
}

/// The tag that a word names behind its first bytes.
pub(super) fn tag(word: &Word, skip: usize, script: &Script, around: Surroundings<'_>) -> Tag {
    Tag {
        written: word.text.get(skip..).unwrap_or_default().to_owned(),
        values: values(word, skip, script, around),
        variables: word.variables.clone(),
        is_output: word.holds_substitution,
    }
}

fn values(word: &Word, skip: usize, script: &Script, around: Surroundings<'_>) -> Values {
    let mut values = around.values_of_word(word, script);
    for constant in &mut values.known {
        constant.text = constant.text.get(skip..).unwrap_or_default().to_owned();
    }
    values
}

/// The one thing that a word can be, or the word where it is not known.
pub(super) fn one(
    word: &Word,
    skip: usize,
    script: &Script,
    around: Surroundings<'_>,
) -> Option<String> {
    let found = values(word, skip, script, around);
    match found.known.as_slice() {
        [only] if found.complete => Some(only.text.clone()),
        _ => word.text.get(skip..).map(str::to_owned),
    }
}

fn constant(text: &str, around: Surroundings<'_>) -> Option<String> {
    let values = around.values_of_part(text);
    match values.known.as_slice() {
        [only] if values.complete => Some(only.text.clone()),
        _ => Some(text.to_owned()),
    }
}

fn path(folder: &Folder) -> Option<String> {
    match folder {
        Folder::Inside(path) => Some(path.clone()),
        Folder::Elsewhere => None,
    }
}

/// The folder in which a script begins, unless it leaves it.
pub(super) fn folder(around: Surroundings<'_>, script: &Script) -> Folder {
    let moves = |command: &Command| command.is("cd") || command.is("pushd");
    if script.commands.iter().any(moves) {
        return Folder::Elsewhere;
    }
    let own = around.step.and_then(|step| match &step.kind {
        StepKind::Run {
            working_directory, ..
        } => working_directory.as_ref(),
        _ => None,
    });
    let job = around
        .job
        .and_then(|job| job.defaults.working_directory.as_ref());
    let all = (around.workflow).and_then(|all| all.defaults.working_directory.as_ref());
    match own.or(job).or(all) {
        Some(text) => constant(&text.value, around)
            .map_or(Folder::Elsewhere, |text| Folder::workspace().join(&text)),
        None => Folder::workspace(),
    }
}
