//! Every place of a workflow or action that names a container image.
//!
//! Source: GitHub, "Workflow syntax", `container`, `services`, `docker://`;
//! "Metadata syntax", `runs.image`; Docker's command line reference for `run`,
//! `create` and `pull`.

use cofferdam_facts::{ImageRef, Span, UsesRef};

use crate::documents::action::Action;
use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::Text;
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
    /// The image; `None` where an expression or variable decides at run time.
    pub image: Option<ImageRef>,
    /// As written.
    pub written: String,
    /// The bytes.
    pub span: Span,
}

/// The images of a job's container and services.
#[must_use]
pub fn of_job(job: &Job) -> Vec<Named> {
    let container = job.container.iter().map(|c| (Role::Container, c));
    let services = job.services.iter().map(|(_, c)| (Role::Service, c));
    container
        .chain(services)
        .filter_map(|(role, container)| container.image.as_ref().map(|text| of_text(role, text)))
        .collect()
}

fn of_text(role: Role, text: &Text) -> Named {
    let written = text.value.trim().trim_start_matches("docker://");
    Named {
        role,
        // A digest that is written out pins the image whatever the rest says.
        image: (text.is_static() || written.contains("@sha256:")).then(|| ImageRef::parse(written)),
        written: written.to_owned(),
        span: text.span,
    }
}

/// The image that a step uses directly.
#[must_use]
pub fn of_step(step: &Step) -> Option<Named> {
    let uses = step.uses()?;
    let UsesRef::Docker(image) = &uses.value else {
        return None;
    };
    let written = image.to_string();
    Some(Named {
        role: Role::Step,
        image: Some(image.clone()),
        written,
        span: uses.span,
    })
}

/// The image that a Docker action pulls.
#[must_use]
pub fn of_action(action: &Action) -> Option<Named> {
    let (image, span) = action.pulled_image()?;
    let written = image.to_string();
    Some(Named {
        role: Role::Action,
        image: Some(image),
        written,
        span,
    })
}

/// The images that a script's commands run or pull. `at` turns a range of the
/// decoded script into bytes of the file.
#[must_use]
pub fn of_script(script: &Script, at: impl Fn(std::ops::Range<usize>) -> Span) -> Vec<Named> {
    let named = |command: &Command| {
        let word = operand(command)?;
        let fixed = !word.text.contains(['$', '`']) && !word.holds_expression;
        Some(Named {
            role: Role::Script,
            image: (fixed || word.text.contains("@sha256:")).then(|| ImageRef::parse(&word.text)),
            written: word.text.clone(),
            span: at(word.range.clone()),
        })
    };
    script.commands.iter().filter_map(named).collect()
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
    "--cap-add",
    "--cap-drop",
    "--cgroup-parent",
    "--cgroupns",
    "--cidfile",
    "--cpu-period",
    "--cpu-quota",
    "--cpu-shares",
    "-c",
    "--cpus",
    "--cpuset-cpus",
    "--cpuset-mems",
    "--detach-keys",
    "--device",
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
    "--health-timeout",
    "--hostname",
    "-h",
    "--ip",
    "--ip6",
    "--ipc",
    "--isolation",
    "--label",
    "-l",
    "--label-file",
    "--link",
    "--log-driver",
    "--log-opt",
    "--mac-address",
    "--memory",
    "-m",
    "--memory-reservation",
    "--memory-swap",
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

fn operand(command: &Command) -> Option<&Word> {
    let (name, args) = command.effective();
    if !matches!(name.file_name()?, "docker" | "podman" | "nerdctl") {
        return None;
    }
    let mut args = args
        .iter()
        .skip_while(|w| w.text == "container" || w.text == "image");
    if !matches!(args.next()?.text.as_str(), "run" | "create" | "pull") {
        return None;
    }
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if !text.starts_with('-') {
            return (!text.is_empty()).then_some(word);
        }
        if WITH_VALUE.contains(&text) {
            args.next();
        } else if ends_in_valued_letter(text) {
            // `-itv /a:/b`: the last letter of a cluster may take a value.
            args.next();
        }
    }
    None
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
