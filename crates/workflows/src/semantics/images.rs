//! Every place of a workflow or action that names a container image.
//!
//! Source: GitHub, "Workflow syntax", `container`, `services`, `docker://`;
//! "Metadata syntax", `runs.image`; Docker's command line reference for `run`,
//! `create` and `pull`.

use std::ops::Range;

use cofferdam_facts::{ImageRef, Span, UsesRef};

use crate::documents::action::Action;
use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::expressions;
use crate::semantics::constants::{Constant, Surroundings, Values};
use crate::shell::{Command, Script, Word};

/// Where an image is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `container:` of a job: its steps run inside.
    Container,
    /// `services:` of a job.
    Service,
    /// `uses: docker://…`.
    Step,
    /// `runs.image` of an action.
    Action,
    /// `docker run`, `docker create` or `docker pull` in a script.
    Script,
}

/// One named image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where.
    pub role: Role,
    /// The images that it can be, as far as they are known.
    pub images: Vec<Candidate>,
    /// Whether it can be no other. An image whose digest an earlier step gave
    /// out is complete and has no candidate: it names its content.
    pub complete: bool,
    /// As written.
    pub written: String,
    /// The bytes.
    pub span: Span,
}

/// One image that a place can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The image.
    pub image: ImageRef,
    /// Where the whole name is set, if it is not written in the place itself:
    /// an entry of a matrix or of `env:`, the default of an input.
    pub set_at: Option<Span>,
}

impl Named {
    pub(super) fn new(role: Role, written: &str, span: Span, values: Values) -> Self {
        let written = written.trim().trim_start_matches("docker://");
        let mut named = Self {
            role,
            images: values
                .known
                .into_iter()
                .map(|constant| Candidate {
                    image: ImageRef::parse(constant.text.trim().trim_start_matches("docker://")),
                    set_at: constant.set_at,
                })
                // An empty name means no container.
                .filter(|candidate| !candidate.image.repository.is_empty())
                .collect(),
            complete: values.complete,
            written: written.to_owned(),
            span,
        };
        if !named.complete && names_content(written) {
            named.images.clear();
            named.complete = true;
        }
        named
    }
}

/// Whether a name holds a digest that is written out, or that a step gave out.
fn names_content(written: &str) -> bool {
    let given_out = |path: &expressions::ContextPath| {
        path.head() == "steps"
            && path.name(2) == Some("outputs")
            && matches!(path.name(3), Some("digest" | "imageid" | "image-id"))
    };
    // The digest itself, up to the end: what only looks like one decides nothing.
    let written_out = written.rsplit_once("@sha256:").is_some_and(|(_, digest)| {
        digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    written_out
        || expressions::embedded(written).iter().any(|embedded| {
            let before = written.get(..embedded.range.start).unwrap_or("");
            let whole = embedded.range.len() == written.trim().len();
            if !whole && !before.ends_with('@') {
                return false;
            }
            let path = embedded.parsed.as_ref().ok().and_then(|e| e.as_context());
            path.is_some_and(given_out)
        })
}

/// The images of a job's container and services.
#[must_use]
pub fn of_job(job: &Job, around: Surroundings<'_>) -> Vec<Named> {
    let container = job.container.iter().map(|c| (Role::Container, c));
    let services = job.services.iter().map(|(_, c)| (Role::Service, c));
    container
        .chain(services)
        .filter_map(|(role, container)| container.image.as_ref().map(|text| (role, text)))
        .map(|(role, text)| Named::new(role, &text.value, text.span, values(text, around)))
        .collect()
}

// `container: ${{ matrix.container }}` where each is a mapping with its image.
fn values(text: &Text, around: Surroundings<'_>) -> Values {
    let values = around.values(text);
    let Some(path) = text.sole_expression().and_then(|expr| expr.as_context()) else {
        return values;
    };
    if !values.known.is_empty() || path.head() != "matrix" {
        return values;
    }
    let of_mapping = around.values_of_path(&format!("{}.image", path.text()));
    if of_mapping.known.is_empty() {
        return values;
    }
    of_mapping
}

/// The image that a step uses directly.
#[must_use]
pub fn of_step(step: &Step) -> Option<Named> {
    let uses = step.uses()?;
    let UsesRef::Docker(image) = &uses.value else {
        return None;
    };
    let written = image.to_string();
    Some(Named::new(Role::Step, &written, uses.span, plain(&written)))
}

/// The image that a Docker action pulls.
#[must_use]
pub fn of_action(action: &Action) -> Option<Named> {
    let (image, span) = action.pulled_image()?;
    let written = image.to_string();
    Some(Named::new(Role::Action, &written, span, plain(&written)))
}

// GitHub takes no expression in these two places.
fn plain(written: &str) -> Values {
    if written.contains("${{") {
        return Values::default();
    }
    Values::one(written, None)
}

/// When a command asks the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pull {
    /// If the image is not there.
    #[default]
    Missing,
    /// In every case.
    Always,
    /// In none: without the image it fails.
    Never,
}

/// The images that a script's commands run or pull. `at` turns a range of the
/// decoded script into bytes of the file.
#[must_use]
pub fn of_script(
    script: &Script,
    around: Surroundings<'_>,
    at: impl Fn(Range<usize>) -> Span,
) -> Vec<Named> {
    let named = |command| of_command(command, script, around, &at);
    let named = script.commands.iter().filter_map(named);
    named
        .filter(|(_, _, pull)| *pull != Pull::Never)
        .map(|(named, ..)| named)
        .collect()
}

/// The image that a command runs or pulls, the word that names it, and when it
/// is asked for.
pub(super) fn of_command<'c>(
    command: &'c Command,
    script: &Script,
    around: Surroundings<'_>,
    at: &dyn Fn(Range<usize>) -> Span,
) -> Option<(Named, &'c Word, Pull)> {
    let (word, pull) = operand(command)?;
    let values = around.values_of_word(word, script);
    let span = at(word.range.clone());
    let named = Named::new(Role::Script, &word.text, span, values);
    Some((named, word, pull))
}

/// The names that a place can have, as it was read.
pub(super) fn values_of(named: &Named) -> Values {
    let known = named.images.iter().map(|candidate| Constant {
        text: candidate.image.to_string(),
        set_at: candidate.set_at,
    });
    Values {
        known: known.collect(),
        complete: named.complete,
    }
}

// Options of `docker run`, `create` and `pull` that take their value as a word
// of its own. What stands here too much would hide an image, so the list holds
// only what the reference documents with a value.
const WITH_VALUE: &[&str] = &[
    "--add-host",
    "--annotation",
    "--attach",
    "-a",
    "--blkio-weight",
    "--blkio-weight-device",
    "--cap-add",
    "--cap-drop",
    "--cgroup-parent",
    "--cgroupns",
    "--cidfile",
    "--cpu-period",
    "--cpu-quota",
    "--cpu-rt-period",
    "--cpu-rt-runtime",
    "--cpu-shares",
    "-c",
    "--cpus",
    "--cpuset-cpus",
    "--cpuset-mems",
    "--detach-keys",
    "--device",
    "--device-cgroup-rule",
    "--device-read-bps",
    "--device-read-iops",
    "--device-write-bps",
    "--device-write-iops",
    "--dns",
    "--dns-option",
    "--dns-search",
    "--domainname",
    "--entrypoint",
    "--env",
    "-e",
    "--env-file",
    "--expose",
    "--gpus",
    "--group-add",
    "--health-cmd",
    "--health-interval",
    "--health-retries",
    "--health-start-period",
    "--health-start-interval",
    "--health-timeout",
    "--hostname",
    "-h",
    "--ip",
    "--ip6",
    "--ipc",
    "--isolation",
    "--kernel-memory",
    "--label",
    "-l",
    "--label-file",
    "--link",
    "--link-local-ip",
    "--log-driver",
    "--log-opt",
    "--mac-address",
    "--memory",
    "-m",
    "--memory-reservation",
    "--memory-swap",
    "--memory-swappiness",
    "--mount",
    "--name",
    "--network",
    "--net",
    "--network-alias",
    "--oom-score-adj",
    "--pid",
    "--pids-limit",
    "--platform",
    "--publish",
    "-p",
    "--pull",
    "--restart",
    "--secret",
    "--runtime",
    "--security-opt",
    "--shm-size",
    "--stop-signal",
    "--stop-timeout",
    "--storage-opt",
    "--sysctl",
    "--tmpfs",
    "--ulimit",
    "--user",
    "-u",
    "--userns",
    "--uts",
    "--volume",
    "-v",
    "--volume-driver",
    "--volumes-from",
    "--workdir",
    "-w",
];

// Options before the subcommand that take their value as a word of its own.
const GLOBAL_WITH_VALUE: &[&str] = &[
    "--config",
    "--connection",
    "--context",
    "-c",
    "--host",
    "-H",
    "--log-level",
    "-l",
    "--namespace",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "--url",
];

/// The subcommand of a container client, without `container` or `image` before
/// it, and the words behind it. `None` for any other program.
pub(crate) fn client(command: &Command) -> Option<(&str, &[Word])> {
    let (name, mut args) = command.effective();
    if !matches!(name.file_name()?, "docker" | "podman" | "nerdctl") {
        return None;
    }
    loop {
        let (word, rest) = args.split_first()?;
        args = match word.text.as_str() {
            "container" | "image" => rest,
            option if GLOBAL_WITH_VALUE.contains(&option) => rest.get(1..)?,
            option if option.starts_with('-') => rest,
            subcommand => return Some((subcommand, rest)),
        };
    }
}

fn operand(command: &Command) -> Option<(&Word, Pull)> {
    let (subcommand, args) = client(command)?;
    if !matches!(subcommand, "run" | "create" | "pull") {
        return None;
    }
    let mut pull = match subcommand {
        "pull" => Pull::Always,
        _ => Pull::Missing,
    };
    let policy = |value: &str| match value {
        "never" => Pull::Never,
        "missing" => Pull::Missing,
        _ => Pull::Always,
    };
    let mut args = args.iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if is_options(word) {
            continue;
        }
        if !text.starts_with('-') {
            return (!text.is_empty()).then_some((word, pull));
        }
        if let Some(value) = text.strip_prefix("--pull=") {
            pull = policy(value);
        } else if WITH_VALUE.contains(&text) {
            let value = args.next();
            if text == "--pull" {
                pull = policy(value.map_or("", |word| word.text.as_str()));
            }
        } else if ends_in_valued_letter(text) {
            // `-itv /a:/b`: the last letter of a cluster may take a value.
            args.next();
        }
    }
    None
}

// `docker run $DOCKER_ARGS image`: a variable that by its name holds options.
fn is_options(word: &Word) -> bool {
    let [name] = word.variables.as_slice() else {
        return false;
    };
    let upper = name.to_ascii_uppercase();
    let whole = word.text.trim_start_matches('$').trim_matches(['{', '}']) == name;
    whole
        && ["ARGS", "FLAGS", "OPTIONS", "OPTS"]
            .iter()
            .any(|ending| upper.ends_with(ending))
}

fn ends_in_valued_letter(text: &str) -> bool {
    let Some(letters) = text
        .strip_prefix('-')
        .filter(|l| !l.starts_with('-') && l.len() > 1)
    else {
        return false;
    };
    let flags_first = letters
        .chars()
        .rev()
        .skip(1)
        .all(|c| matches!(c, 'i' | 't' | 'd' | 'P' | 'q'));
    flags_first
        && letters
            .chars()
            .last()
            .is_some_and(|c| "vepwuhlmac".contains(c))
}
