//! Everything outside of itself that a repository, or one action of another
//! repository, refers to.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use cofferdam_facts::image::is_digest;
use cofferdam_facts::pin::Pin;
use cofferdam_facts::{ImageRef, Location, Span, UsesRef};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::cofferdam_lock::{Contents, Hash, Key, Tool};
use cofferdam_workflows::documents::dockerfile::{ImageName, Script as RunScript};
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::documents::{Action, Dockerfile, Job, Step, Workflow};
use cofferdam_workflows::repository::{inside, plain};
use cofferdam_workflows::semantics::built::{Built, BuiltBases, Pushed};
use cofferdam_workflows::semantics::constants::Surroundings;
use cofferdam_workflows::semantics::downloads::{self, Download};
use cofferdam_workflows::semantics::images::{self, Named};
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{self, Script, Shell};
use cofferdam_workflows::yaml::Document;
use rayon::prelude::*;

use crate::tools;

/// One place that refers to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it refers to.
    pub what: What,
    /// Where.
    pub location: Location,
}

/// What a place refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An action or a called workflow of another repository.
    Action {
        /// The repository at a ref.
        pin: Pin,
        /// The path inside it; `.` for its root.
        path: String,
        /// Whether a job calls it as a workflow.
        call: bool,
    },
    /// A container image; the hash is the one that the reference itself names.
    Image(String, Hash),
    /// An image that a Dockerfile builds on.
    Base(String, Hash),
    /// A tool that an action installs, and where it takes it from.
    Tool(Tool, &'static str),
    /// An address from which a script fetches what it runs; the hash is the one
    /// with which the script compares it.
    Download(String, Hash),
    /// The folder of an action of the repository; `.` for its root.
    Local(String),
    /// A `uses:` that names no ref, or a folder out of the checkout, so that
    /// nothing can lock it.
    Loose(String),
}

/// Why nothing can lock a `uses:`.
#[must_use]
pub fn why_loose(written: &str) -> String {
    if written.starts_with('.') || written.starts_with('$') {
        format!("`{written}` leads out of the checkout, and nothing can lock what is there")
    } else {
        format!("`{written}` names no commit, tag or branch")
    }
}

impl What {
    /// The entry of the lock that covers it; none for what cannot be locked.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        Some(match self {
            Self::Action { pin, .. } => Key::Action(pin.clone()),
            Self::Image(name, _) => Key::Image(name.clone()),
            Self::Base(name, _) => Key::Base(name.clone()),
            Self::Tool(tool, _) => Key::Tool(tool.clone()),
            Self::Download(address, _) => Key::Download(address.clone()),
            Self::Local(folder) => Key::Local(folder.clone()),
            Self::Loose(_) => return None,
        })
    }

    /// What it is called in messages.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Action { call: true, .. } => "called workflow",
            Self::Action { .. } | Self::Loose(_) => "action",
            Self::Image(..) => "image",
            Self::Base(..) => "base image",
            Self::Tool(..) => "tool",
            Self::Download(..) => "download",
            Self::Local(_) => "local action",
        }
    }
}

/// Everything that a checkout refers to, in order of file and place: its
/// workflows, its actions and its Dockerfiles, without those that stand among
/// tests and examples and that no workflow uses.
#[must_use]
pub fn of_repository(repository: &Repository) -> Vec<Reference> {
    let built = BuiltBases::of(repository, &scripts);
    let mut found: Vec<Reference> = (repository.workflows.par_iter())
        .flat_map_iter(|workflow| of_workflow(workflow, Some(repository)))
        .collect();
    let actions = of_actions(repository, &found);
    let dockerfiles: Vec<Reference> = (repository.dockerfiles.par_iter())
        .filter(|file| !is_aside(file.file().path()) || is_built(repository, file.file().path()))
        .flat_map_iter(|file| of_dockerfile(file, &built))
        .collect();
    found.extend(actions);
    found.extend(dockerfiles);
    found.dedup();
    found
}

/// What the actions of a checkout refer to, of those that stand aside only where
/// a workflow or another one of them uses them.
fn of_actions(repository: &Repository, workflows: &[Reference]) -> Vec<Reference> {
    let mut folders = BTreeSet::new();
    let mut waiting: Vec<&Action> = repository.actions.iter().collect();
    let mut found: Vec<Reference> = Vec::new();
    let mut more = workflows.to_vec();
    loop {
        folders.extend(more.iter().filter_map(|reference| match &reference.what {
            // A runner of Windows finds it in other capitals as well.
            What::Local(folder) => Some(folder.to_lowercase()),
            _ => None,
        }));
        let (used, left): (Vec<&Action>, Vec<&Action>) = waiting.into_iter().partition(|action| {
            let folder = match action.folder() {
                "" => ".".to_owned(),
                folder => folder.to_lowercase(),
            };
            !is_aside(action.path()) || folders.contains(&folder)
        });
        more = (used.par_iter())
            .flat_map_iter(|action| of_action(action, Some(repository)))
            .collect();
        found.extend(more.iter().cloned());
        if used.is_empty() {
            return found;
        }
        waiting = left;
    }
}

/// Whether an action of the checkout is built from the Dockerfile at a path.
fn is_built(repository: &Repository, path: &str) -> bool {
    repository.actions.iter().any(|action| {
        let image = action.dockerfile();
        image.is_some_and(|image| plain(&inside(action.folder(), &image.value)) == path)
    })
}

/// The scripts that may build or push an image: parsing takes most of the time,
/// and most scripts do neither.
pub(crate) fn scripts(workflow: &Workflow, job: &Job, step: &Step) -> Option<Cow<'static, Script>> {
    const SIGNS: [&str; 4] = ["build", "push", "tag", "commit"];
    let text = step.script()?;
    let is_one = SIGNS.iter().any(|sign| text.value.contains(sign)) && may_fetch(&text.value);
    is_one.then(|| {
        let shell = shells::of_step(workflow, job, step);
        Cow::Owned(shell::parse(&text.value, &shell))
    })
}

/// What a workflow refers to. `repository` has the Dockerfiles that it builds.
#[must_use]
pub fn of_workflow(workflow: &Workflow, repository: Option<&Repository>) -> Vec<Reference> {
    let mut found = Found::new(&workflow.document);
    let pushed = Pushed::of(workflow, &scripts);
    for job in &workflow.jobs {
        let around = Surroundings::of_job(workflow, job);
        let mut built = Built::of_job(repository, workflow, job, &pushed);
        if let Some(call) = job.call() {
            found.uses(&call.uses.value, call.uses.span, true);
        }
        for named in images::of_job(job, around) {
            if let Some(named) = built.left(named) {
                found.image(&named, What::Image);
            }
        }
        for step in job.steps() {
            let shell = shells::of_step(workflow, job, step);
            found.step(step, around, &shell, &mut built);
        }
    }
    found.list
}

/// What an action refers to.
#[must_use]
pub fn of_action(action: &Action, repository: Option<&Repository>) -> Vec<Reference> {
    let mut found = Found::new(&action.document);
    if let Some(named) = images::of_action(action) {
        found.image(&named, What::Image);
    }
    let around = Surroundings::of_action(action);
    let mut built = Built::alone(repository, around);
    for step in action.steps() {
        found.step(step, around, &shells::of_composite_step(step), &mut built);
    }
    found.list
}

/// What a Dockerfile builds on and fetches.
#[must_use]
pub fn of_dockerfile(dockerfile: &Dockerfile, built: &BuiltBases) -> Vec<Reference> {
    let file = dockerfile.file();
    let mut list = Vec::new();
    for (at, place) in dockerfile.images().iter().enumerate() {
        if place.is_some_stage() {
            continue;
        }
        let (name, hash) = match &place.name {
            ImageName::Image(_) if built.has(file.path(), at) => continue,
            ImageName::Image(image) => of_image(image),
            ImageName::Unknown { .. } => (one_line(&place.written), Hash::NotKnown),
            ImageName::Scratch | ImageName::Stage(_) => continue,
        };
        list.push(Reference {
            what: What::Base(name, hash),
            location: file.locate(place.span),
        });
    }
    for run in dockerfile.runs() {
        let text: Cow<'_, str> = match &run.script {
            RunScript::Shell(text) => text.as_str().into(),
            RunScript::Heredoc(heredoc) => file.slice(heredoc.body).into(),
            RunScript::Exec(_) => continue,
        };
        let shell = match run.shell.as_deref() {
            None => Shell::Sh,
            Some(words) => Shell::named(words.first().map_or("", String::as_str)),
        };
        if !may_fetch(&text) {
            continue;
        }
        let script = shell::parse(&text, &shell);
        for download in downloads::of_script(&script) {
            let address = one_line(&download.address.text);
            list.push(Reference {
                what: What::Download(address, compared(&text, &download)),
                location: file.locate(run.instruction.span),
            });
        }
    }
    list
}

/// Collects the references of one document.
struct Found<'d> {
    document: &'d Document,
    list: Vec<Reference>,
}

impl<'d> Found<'d> {
    fn new(document: &'d Document) -> Self {
        Self {
            document,
            list: Vec::new(),
        }
    }

    fn add(&mut self, what: What, span: Span) {
        let location = self.document.file().locate(span);
        self.list.push(Reference { what, location });
    }

    fn uses(&mut self, uses: &UsesRef, span: Span, call: bool) {
        let what = match uses {
            UsesRef::Repository(repository) => match Pin::of(repository) {
                Some(pin) => {
                    let path = plain(&repository.path);
                    What::Action {
                        pin,
                        path: if path.is_empty() {
                            ".".to_owned()
                        } else {
                            path
                        },
                        call,
                    }
                }
                None => What::Loose(uses.to_string()),
            },
            // A workflow of the checkout is read with the others.
            UsesRef::Local(_) | UsesRef::SelfRepository(_) if call => return,
            UsesRef::Local(path) | UsesRef::SelfRepository(path) => {
                let folder = plain(&path.replace('\\', "/"));
                match folder.as_str() {
                    "" => What::Local(".".to_owned()),
                    // A folder beside the checkout is what the job has put there.
                    out if out.split('/').next() == Some("..") => What::Loose(uses.to_string()),
                    _ => What::Local(folder),
                }
            }
            // Images are found with those of the other places.
            UsesRef::Docker(_) => return,
            UsesRef::Unknown(text) => What::Loose(text.clone()),
        };
        self.add(what, span);
    }

    fn image(&mut self, named: &Named, what: fn(String, Hash) -> What) {
        for candidate in &named.images {
            let (name, hash) = of_image(&candidate.image);
            self.add(what(name, hash), named.span);
        }
        if !named.complete {
            self.add(what(one_line(&named.written), Hash::NotKnown), named.span);
        }
    }

    fn step<'s>(
        &mut self,
        step: &'s Step,
        around: Surroundings<'_>,
        shell: &Shell,
        built: &mut Built<'s>,
    ) {
        let around = around.in_step(step);
        if let Some(uses) = step.uses() {
            self.uses(&uses.value, uses.span, false);
            for (tool, from) in tools::of_step(step, around) {
                self.add(What::Tool(tool, from), uses.span);
            }
        }
        let script = (step.script())
            .filter(|text| may_fetch(&text.value))
            .map(|text| (text, shell::parse(&text.value, shell)));
        let document = self.document;
        let at = |range: Range<usize>| match &script {
            Some((text, _)) => text.raw_span(document, range),
            None => step.span,
        };
        for named in built.step(step, script.as_ref().map(|(_, script)| script), &at) {
            self.image(&named, What::Image);
        }
        if let Some((text, script)) = &script {
            self.script(text, script, around, shell);
        }
    }

    fn script(&mut self, text: &Text, script: &Script, around: Surroundings<'_>, shell: &Shell) {
        let document = self.document;
        if *shell == Shell::PowerShell {
            for (address, range) in downloads::of_powershell(&text.value) {
                let span = text.raw_span(document, range);
                self.add(What::Download(one_line(&address), Hash::NotKnown), span);
            }
        }
        let at = |range: Range<usize>| text.raw_span(document, range);
        for download in downloads::of_script(script) {
            let address = address(&download, around, script);
            let hash = compared(&text.value, &download);
            let span = at(download.range.clone());
            self.add(What::Download(address, hash), span);
        }
    }
}

/// Whether a script may hold a download or name an image: parsing takes most
/// of the time of a run, and most scripts do neither.
fn may_fetch(text: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "curl", "wget", "://", "docker", "podman", "nerdctl", "buildah", "iwr", "irm", "nvoke-",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// An address with what constants are known to be.
fn address(download: &Download, around: Surroundings<'_>, script: &Script) -> String {
    let values = around.values_of_word(&download.address, script);
    match values.known.as_slice() {
        [only] if values.complete => one_line(&only.text),
        _ => one_line(&download.address.text),
    }
}

/// The hash that the command which checks a download spells out.
pub(crate) fn compared(script: &str, download: &Download) -> Hash {
    let command = download.checked.clone().and_then(|range| script.get(range));
    let digits = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut words = command
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(digits);
    // The digits may be given to the command by an `echo` before it.
    let before = download.checked.as_ref().and_then(|checked| {
        let start = script
            .get(..checked.start)?
            .rfind('\n')
            .map_or(0, |at| at + 1);
        script.get(start..checked.start)
    });
    let found = words.next().or_else(|| {
        before?
            .split(|c: char| !c.is_ascii_alphanumeric())
            .find(digits)
    });
    found.map_or(Hash::NotKnown, |digits| {
        Hash::Known(format!("sha256:{}", digits.to_ascii_lowercase()))
    })
}

/// The key of an image, and the digest that it names itself.
fn of_image(image: &ImageRef) -> (String, Hash) {
    let hash = match image.digest.as_deref().filter(|digest| is_digest(digest)) {
        Some(digest) => Hash::Known(digest.to_ascii_lowercase()),
        None => Hash::NotKnown,
    };
    (one_line(&image.to_string()), hash)
}

/// A text as the key of an entry: one line, without space at its ends.
pub(crate) fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    if line.is_empty() {
        "?".to_owned()
    } else {
        line
    }
}

/// The part of a lock's contents that follows from references alone: images,
/// bases, tools, downloads and local folders, without hashes of folders.
#[must_use]
pub fn contents(references: &[Reference]) -> Contents {
    let mut contents = Contents::default();
    let keep = |list: &mut std::collections::BTreeMap<String, Hash>, name: &String, hash: &Hash| {
        let kept = list.entry(name.clone()).or_insert(Hash::NotKnown);
        if *kept == Hash::NotKnown {
            *kept = hash.clone();
        }
    };
    for reference in references {
        match &reference.what {
            What::Image(name, hash) => keep(&mut contents.images, name, hash),
            What::Base(name, hash) => keep(&mut contents.bases, name, hash),
            What::Download(address, hash) => keep(&mut contents.downloads, address, hash),
            What::Local(folder) => keep(&mut contents.local, folder, &Hash::NotKnown),
            What::Tool(tool, from) => {
                contents.tools.insert(tool.clone(), (*from).to_owned());
            }
            What::Action { .. } | What::Loose(_) => {}
        }
    }
    contents
}
