//! The list of what a build took: each thing once, with everybody who names it.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_attest::job::WorkflowRef;
use cofferdam_attest::{Dependency, Kind};
use cofferdam_facts::ImageRef;
use cofferdam_facts::image::is_digest;
use cofferdam_facts::pin::{Commit, Pin};
use cofferdam_locking::closure;
use cofferdam_locking::references::{Reference, What, why_loose};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::cofferdam_lock::Hash;

use super::Request;
use super::locks::Locks;

/// Where workflows lie in a repository.
const WORKFLOWS: &str = ".github/workflows/";

pub(super) struct List<'r> {
    request: &'r Request<'r>,
    /// The commit that is built, in which local actions lie.
    source: &'r Repository,
    found: BTreeMap<(Kind, String), Dependency>,
    /// Called workflows of the repository.
    own: BTreeSet<String>,
    /// Pins whose own uses were followed.
    followed: BTreeSet<Pin>,
    /// Folders of local actions that were looked at.
    folders: BTreeSet<String>,
}

/// Who names something, and whether it is one of the jobs.
#[derive(Clone, Copy)]
struct Namer<'n> {
    name: &'n str,
    direct: bool,
}

/// An action that is still to be looked at.
struct Waiting {
    pin: Pin,
    by: String,
    direct: bool,
    call: bool,
    path: Option<String>,
    ran: Option<Commit>,
}

impl<'r> List<'r> {
    pub(super) fn new(request: &'r Request<'r>, source: &'r Repository) -> Self {
        Self {
            request,
            source,
            found: BTreeMap::new(),
            own: BTreeSet::new(),
            followed: BTreeSet::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Everything, in order of kind and address.
    pub(super) fn finish(self) -> Vec<Dependency> {
        self.found.into_values().collect()
    }

    pub(super) fn called_workflows(&self) -> Vec<String> {
        self.own.iter().cloned().collect()
    }

    fn add(&mut self, mut one: Dependency, by: Namer<'_>) {
        one.direct |= by.direct;
        one.by.insert(by.name.to_owned());
        let key = (one.kind, one.uri.clone());
        match self.found.get_mut(&key) {
            Some(known) => known.join(one),
            None => {
                self.found.insert(key, one);
            }
        }
    }

    /// The machine of a job. Only the job itself knows its image.
    pub(super) fn machine(
        &mut self,
        job: &str,
        labels: &str,
        is_own: bool,
        image: Option<(&str, &str)>,
    ) {
        let of = |uri: String, name: String| Dependency::new(Kind::Runner, uri, name);
        let one = match image {
            Some((os, version)) => of(
                format!(
                    "https://github.com/actions/runner-images#{}/{}",
                    encoded(os),
                    encoded(version)
                ),
                format!("{os} {version}"),
            ),
            None => {
                let mut one = of(format!("runs-on:{}", encoded(labels)), labels.to_owned());
                one.unresolved = Some(match is_own {
                    true => "ImageOS and ImageVersion are not set".to_owned(),
                    false => "the version of the image is known to that job alone".to_owned(),
                });
                one
            }
        };
        let direct = true;
        self.add(one, Namer { name: job, direct });
    }

    /// A called workflow of the repository itself.
    pub(super) fn own_workflow(&mut self, path: &str, by: &str, unresolved: Option<String>) {
        let claims = self.request.claims;
        let mut one = self.of_own(Kind::Workflow, path);
        if unresolved.is_none() {
            one.digest
                .insert("gitCommit".to_owned(), claims.workflow_sha.clone());
            one.fixed_by = Some("token".to_owned());
        }
        one.unresolved = unresolved;
        self.own.insert(path.to_owned());
        let direct = true;
        self.add(one, Namer { name: by, direct });
    }

    /// Something in the repository that is built.
    fn of_own(&self, kind: Kind, path: &str) -> Dependency {
        let claims = self.request.claims;
        let uri = format!(
            "git+{}/{}@{}#{}",
            self.request.server,
            claims.repository,
            claims.git_ref,
            encoded(path)
        );
        Dependency::new(kind, uri, format!("./{path}"))
    }

    /// What a workflow of the repository refers to.
    pub(super) fn reference(&mut self, reference: &Reference, locks: &Locks<'r>) {
        let name = reference.location.path.to_string();
        let by = Namer {
            name: &name,
            direct: true,
        };
        self.take(&reference.what, by, locks);
    }

    fn take(&mut self, what: &What, by: Namer<'_>, locks: &Locks<'r>) {
        match what {
            What::Action { pin, path, call } => self.action(pin, path, *call, by, locks),
            What::Image(name, hash) | What::Base(name, hash) => {
                self.image(name, hash, by, locks);
            }
            What::Local(folder) => self.local(folder, by),
            What::Loose(written) => {
                let uri = format!("uses:{}", encoded(written));
                let mut one = Dependency::new(Kind::Action, uri, written);
                one.unresolved = Some(why_loose(written));
                self.add(one, by);
            }
            // No action and no image; the lock names them.
            What::Tool(..) | What::Download(..) => {}
        }
    }

    /// An action in a folder of the repository, as the commit that is built has
    /// it, and what it uses.
    fn local(&mut self, folder: &str, by: Namer<'_>) {
        let plain = if folder == "." { "" } else { folder };
        let mut one = self.of_own(Kind::Local, folder);
        let Some(action) = self.source.action_in(plain) else {
            one.unresolved = Some("the commit that is built holds no such action".to_owned());
            self.add(one, by);
            return;
        };
        let commit = self.request.claims.sha.clone();
        one.digest.insert("gitCommit".to_owned(), commit);
        one.fixed_by = Some("token".to_owned());
        let (references, unread) = closure::of_local(self.source, action);
        one.unresolved = unread.map(|problem| format!("not everything of it was read: {problem}"));
        self.add(one, by);
        if !self.folders.insert(folder.to_owned()) {
            return;
        }
        let locks = Locks::of(self.source);
        let by = Namer {
            name: action.path(),
            direct: false,
        };
        for reference in &references {
            self.take(&reference.what, by, &locks);
        }
    }

    /// An action or a called workflow of another repository, and everything
    /// behind it.
    fn action(&mut self, pin: &Pin, path: &str, call: bool, by: Namer<'_>, locks: &Locks<'r>) {
        let ran = if call && by.direct {
            self.ran(pin, path)
        } else {
            None
        };
        let mut waiting = vec![Waiting {
            pin: pin.clone(),
            by: by.name.to_owned(),
            direct: by.direct,
            call,
            path: Some(path.to_owned()),
            ran,
        }];
        while let Some(next) = waiting.pop() {
            let pin = next.pin;
            let locked = locks.action(&pin, next.ran);
            let mut paths = locked
                .entry
                .map(|entry| entry.paths.clone())
                .unwrap_or_default();
            let is_called =
                !paths.is_empty() && paths.iter().all(|path| path.starts_with(WORKFLOWS));
            let kind = match next.call || is_called {
                true => Kind::Workflow,
                false => Kind::Action,
            };
            paths.extend(next.path);
            let mut one = Dependency::new(kind, self.address(&pin, locks), pin.to_string());
            if let Some((commit, fixed_by)) = &locked.commit {
                one.digest.insert("gitCommit".to_owned(), commit.id.clone());
                one.fixed_by = Some((*fixed_by).to_owned());
            }
            one.paths = paths;
            if let Some(entry) = locked.entry
                && let (Hash::Known(tree), true) = (&entry.tree, entry.excluded.is_empty())
            {
                one.tree = Some(tree.clone());
            }
            one.unresolved = locked.unresolved;
            let by = Namer {
                name: &next.by,
                direct: next.direct,
            };
            self.add(one, by);
            if !self.followed.insert(pin.clone()) {
                continue;
            }
            let name = pin.to_string();
            let uses = locked.entry.map_or(&locked.uses, |entry| &entry.uses);
            waiting.extend(uses.iter().map(|used| Waiting {
                pin: used.clone(),
                by: name.clone(),
                direct: false,
                call: false,
                path: None,
                ran: None,
            }));
            for image in locked.entry.into_iter().flat_map(|entry| &entry.images) {
                let by = Namer {
                    name: &name,
                    direct: false,
                };
                self.image(image, &Hash::NotKnown, by, locks);
            }
        }
    }

    /// The commit of a called workflow, where it is the one that the job stands
    /// in: the token names it.
    fn ran(&self, pin: &Pin, path: &str) -> Option<Commit> {
        let claims = self.request.claims;
        let own = claims.job_workflow()?;
        let same = own.repository.eq_ignore_ascii_case(&pin.slug()) && own.path == path;
        same.then(|| commit(&claims.job_workflow_sha))
    }

    /// The workflow that the job stands in, where it is of another commit: it is
    /// listed even if no call was found that leads to it.
    pub(super) fn job_workflow(&mut self, own: WorkflowRef<'_>) {
        let claims = self.request.claims;
        let known = self.found.values().any(|one| {
            one.kind == Kind::Workflow && one.commit() == Some(claims.job_workflow_sha.as_str())
        });
        if known {
            return;
        }
        let uri = format!(
            "git+{}/{}@{}",
            self.request.server, own.repository, own.git_ref
        );
        let name = claims.job_workflow_ref.clone();
        let mut one = Dependency::new(Kind::Workflow, uri, name);
        one.digest
            .insert("gitCommit".to_owned(), claims.job_workflow_sha.clone());
        one.fixed_by = Some("token".to_owned());
        one.paths.insert(own.path.to_owned());
        one.unresolved = Some(
            "no lock of this repository names it at this commit, and what it uses is not known"
                .to_owned(),
        );
        let by = Namer {
            name: &claims.workflow_ref,
            direct: false,
        };
        self.add(one, by);
    }

    fn address(&self, pin: &Pin, locks: &Locks<'r>) -> String {
        let server = match locks.host(pin) {
            Some(host) => format!("https://{host}"),
            None => self.request.server.to_owned(),
        };
        format!("git+{server}/{}@{}", pin.slug(), pin.git_ref)
    }

    fn image(&mut self, name: &str, hash: &Hash, by: Namer<'_>, locks: &Locks<'r>) {
        let image = ImageRef::parse(name);
        let written = image.digest.as_deref().filter(|digest| is_digest(digest));
        let own = match hash {
            Hash::Known(digest) => Some(digest.as_str()),
            Hash::NotKnown => written,
        };
        let locked = || Some((locks.image(name)?, "cofferdam.lock"));
        let digest = own.map(|digest| (digest, "reference")).or_else(locked);
        let mut one = Dependency::new(Kind::Image, image_address(&image), name);
        match digest.and_then(|(digest, by)| Some((digest.split_once(':')?, by))) {
            Some(((algorithm, digits), fixed_by)) => {
                one.digest
                    .insert(algorithm.to_owned(), digits.to_ascii_lowercase());
                one.fixed_by = Some(fixed_by.to_owned());
            }
            None => one.unresolved = Some("neither it nor a lock names its digest".to_owned()),
        }
        self.add(one, by);
    }
}

fn commit(id: &str) -> Commit {
    Commit {
        algorithm: if id.len() == 64 { "sha256" } else { "sha1" },
        id: id.to_ascii_lowercase(),
    }
}

/// Where an image is, with the registry that Docker takes where none is named.
fn image_address(image: &ImageRef) -> String {
    let registry = image.registry.as_deref().unwrap_or("docker.io");
    let library = match (&image.registry, image.repository.contains('/')) {
        (None, false) => "library/",
        _ => "",
    };
    let tag = image
        .tag
        .as_deref()
        .map(|tag| format!(":{tag}"))
        .unwrap_or_default();
    format!(
        "oci://{registry}/{library}{}{}",
        encoded(&image.repository),
        encoded(&tag)
    )
}

/// A text as part of an address.
///
/// Source: RFC 3986, section 2.
fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => address.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@' => address.push(char::from(byte)),
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address
}
