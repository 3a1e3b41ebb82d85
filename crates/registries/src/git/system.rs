//! Git as it is installed, for servers that speak no version 2 of the protocol.
//!
//! It is asked for refs and objects and for nothing else, always outside of any
//! repository, in a folder that is made for it, with an environment that holds
//! nothing of the user's: no configuration, no credentials, no hooks, one
//! protocol, no redirects. What it fetches is handed on as a pack, so that every
//! object is hashed and bounded like one that came over our own client.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::error::{ProtocolError, SystemError};
use super::objects::ObjectId;
use super::pack::PackLimits;
use super::wire::{Listed, Packed, Wanted};

/// Between two looks at a program that runs.
const PAUSE: Duration = Duration::from_millis(10);
/// The most bytes of its complaints that are read.
const MOST_COMPLAINT: u64 = 16 * 1024;
/// The most bytes of the notes from which requests are counted.
const MOST_TRACE: u64 = 64 * 1024 * 1024;
/// The bytes of a line of a listing with a long name.
const REF_LINE: u64 = 512;
/// The most memory in one piece that git takes: no larger object comes whole
/// from a git of the usual configuration.
const MOST_ALLOCATION: &str = "512m";
/// The bytes of an id with a line feed.
const ID_LINE: u64 = 41;

/// An installed git.
#[derive(Clone, Debug)]
pub struct SystemGit {
    program: PathBuf,
    scratch: PathBuf,
}

/// Where it asks, and what that may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand<'e> {
    pub(super) url: &'e str,
    pub(super) proxy: Option<&'e str>,
    pub(super) total: Duration,
    pub(super) idle: Duration,
    pub(super) limits: &'e PackLimits,
}

/// The branches and tags of one repository with everything before them, in a
/// folder that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Mirror(TempDir);

/// An answer, and how many requests it took.
pub(super) type Took<T> = (Result<T, SystemError>, u64);

impl SystemGit {
    /// A git by its absolute path, and a folder in which it may keep what it
    /// needs for a while.
    #[must_use]
    pub fn new(program: &Path, scratch: &Path) -> Self {
        Self {
            program: program.to_owned(),
            scratch: scratch.to_owned(),
        }
    }

    /// The branches and tags at an address.
    pub(super) fn list(&self, errand: Errand<'_>, most: usize) -> Took<Listed> {
        self.in_a_folder(|folder| {
            let arguments = ["ls-remote", "--symref", "--", errand.url];
            let command = self.command(folder, errand, &arguments);
            let names = ["HEAD", "refs/heads/*", "refs/tags/*"];
            let limit = (most as u64).saturating_mul(REF_LINE);
            let text = run(command, &names, &[], limit, folder, errand)?;
            Ok(listed(&text, most)?)
        })
        .0
    }

    /// A commit at depth 1, or out of everything where the server gives no
    /// single commits.
    pub(super) fn commit(&self, errand: Errand<'_>, commit: ObjectId) -> Took<Packed> {
        let id = commit.to_string();
        let list = ["--objects", "--no-object-names", "--no-walk", &id];
        let ((alone, first), _) = self.in_a_folder(|folder| {
            self.fetch(folder, errand, &["--depth=1"], &[&id])?;
            self.pack(folder, errand, &list)
        });
        if alone.is_ok() {
            return (alone, first);
        }
        let (mirror, second) = self.mirror(errand);
        let packed = mirror.and_then(|mirror| {
            let folder = mirror.0.path();
            if !self.has(folder, errand, commit)? {
                // That no ref leads there does not mean that there is none.
                let what = "the fetch of a commit that no branch and no tag leads to";
                return Err(ProtocolError::Lacks { what }.into());
            }
            self.pack(folder, errand, &list)
        });
        (packed, first + second)
    }

    /// Everything that branches and tags lead to.
    pub(super) fn mirror(&self, errand: Errand<'_>) -> Took<Mirror> {
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let ((done, requests), folder) =
            self.in_a_folder(|folder| self.fetch(folder, errand, &[], &refs));
        let mirror = done.and_then(|()| folder.map(Mirror).ok_or(SystemError::Scratch));
        (mirror, requests)
    }

    /// The commits that are asked for, without their trees, out of a mirror.
    pub(super) fn history(
        &self,
        mirror: &Mirror,
        errand: Errand<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Packed, SystemError> {
        let folder = mirror.0.path();
        let mut revisions: Vec<String> = wanted.wants.iter().map(ToString::to_string).collect();
        for have in wanted.haves {
            // One that is not there leads nowhere, and takes nothing away.
            if self.has(folder, errand, *have)? {
                revisions.push(format!("^{have}"));
            }
        }
        let revisions: Vec<&str> = revisions.iter().map(String::as_str).collect();
        self.pack(folder, errand, &revisions)
    }

    fn has(
        &self,
        folder: &Path,
        errand: Errand<'_>,
        commit: ObjectId,
    ) -> Result<bool, SystemError> {
        let command = self.command(folder, errand, &["cat-file", "--batch-check"]);
        let asked = format!("{commit}\n");
        let said = run(command, &[], asked.as_bytes(), 1024, folder, errand)?;
        Ok(said.starts_with(format!("{commit} commit ").as_bytes()))
    }

    fn fetch(
        &self,
        folder: &Path,
        errand: Errand<'_>,
        options: &[&str],
        refs: &[&str],
    ) -> Result<(), SystemError> {
        let init = self.command(
            folder,
            errand,
            &["init", "--quiet", "--bare", "--template="],
        );
        run(init, &[], &[], 1024, folder, errand)?;
        let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
        arguments.extend(["--no-recurse-submodules", "--no-auto-maintenance"]);
        arguments.extend(options);
        arguments.extend(["--", errand.url]);
        let command = self.command(folder, errand, &arguments);
        run(command, refs, &[], 1024, folder, errand).map(|_| ())
    }

    /// A pack with what `git rev-list` lists.
    fn pack(
        &self,
        folder: &Path,
        errand: Errand<'_>,
        revisions: &[&str],
    ) -> Result<Packed, SystemError> {
        let limit = u64::from(errand.limits.objects).saturating_mul(ID_LINE);
        let (options, revisions): (Vec<&str>, Vec<&str>) =
            revisions.iter().partition(|one| one.starts_with("--"));
        let mut arguments = vec!["rev-list"];
        arguments.extend(options);
        arguments.push("--stdin");
        let list = self.command(folder, errand, &arguments);
        let asked = revisions.join("\n") + "\n";
        let ids = run(list, &[], asked.as_bytes(), limit, folder, errand)?;
        let arguments = ["pack-objects", "--quiet", "--stdout", "--delta-base-offset"];
        let pack = self.command(folder, errand, &arguments);
        let limit = errand.limits.pack_bytes;
        Ok(Packed {
            pack: run(pack, &[], &ids, limit, folder, errand)?,
            shallow: Vec::new(),
        })
    }

    /// Does something in a folder of its own and counts the requests.
    fn in_a_folder<T>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, SystemError>,
    ) -> (Took<T>, Option<TempDir>) {
        let made = tempfile::Builder::new()
            .prefix("cofferdam-git-")
            .tempdir_in(&self.scratch);
        let Ok(folder) = made else {
            return ((Err(SystemError::Scratch), 0), None);
        };
        let result = work(folder.path());
        let requests = requests(&folder.path().join("trace"));
        ((result, requests), Some(folder))
    }

    /// Security invariant: nothing of the user's or of a checkout decides what
    /// this git does. It runs in its own folder, with its own repository by
    /// name, and every configuration that it could read is named away.
    fn command(&self, folder: &Path, errand: Errand<'_>, arguments: &[&str]) -> Command {
        let protocol = errand.url.split(':').next().unwrap_or("https");
        let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
        #[expect(
            clippy::disallowed_methods,
            reason = "an installed program by its absolute path, with nothing of a checkout"
        )]
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .current_dir(folder)
            .env("PATH", self.program.parent().unwrap_or(folder))
            // Where the library for HTTP looks for a netrc.
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .env("LC_ALL", "C")
            .env("GIT_DIR", folder.join("repository"))
            .env("GIT_CEILING_DIRECTORIES", folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", null)
            .env("GIT_CONFIG_GLOBAL", null)
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            // An object that says that it is huge is not given the memory.
            .env("GIT_ALLOC_LIMIT", MOST_ALLOCATION)
            .env("GIT_ALLOW_PROTOCOL", protocol)
            .env("GIT_TRACE_CURL", folder.join("trace"))
            .env("GIT_TRACE_CURL_NO_DATA", "1");
        let slow = format!("http.lowSpeedTime={}", errand.idle.as_secs().max(1));
        // Everybody on the machine may read arguments, and a proxy may have a
        // password in its address.
        if let Some(proxy) = errand.proxy {
            command.env("https_proxy", proxy);
        }
        let hooks = format!("core.hooksPath={null}");
        for setting in [
            hooks.as_str(),
            "core.askPass=",
            "core.fsmonitor=false",
            "credential.helper=",
            "http.followRedirects=false",
            "http.lowSpeedLimit=1",
            slow.as_str(),
            "protocol.version=0",
            "submodule.recurse=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "pack.threads=1",
        ] {
            command.args(["-c", setting]);
        }
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

/// Runs a program to its end, within its time, with bounds on what it says and
/// on what it writes into its folder.
fn run(
    mut command: Command,
    more: &[&str],
    input: &[u8],
    most: u64,
    folder: &Path,
    errand: Errand<'_>,
) -> Result<Vec<u8>, SystemError> {
    let until = Instant::now() + errand.total;
    let mut child = Running(command.args(more).spawn().map_err(SystemError::start)?);
    let stdin = child.0.stdin.take();
    let input = input.to_vec();
    std::thread::spawn(move || {
        // A program that has heard enough closes its end.
        stdin.map(|mut stdin| stdin.write_all(&input))
    });
    let said = heard(child.0.stdout.take(), most.saturating_add(1));
    let complaint = heard(child.0.stderr.take(), MOST_COMPLAINT);
    let mut pause = PAUSE;
    let (status, mut told) = loop {
        if let Ok(Some(status)) = child.0.try_wait() {
            break (status, None);
        }
        if let Ok(bytes) = said.try_recv() {
            // The end of its words, or more than the limit.
            if bytes.len() as u64 > most {
                return Err(too_much("bytes in an answer of git", most));
            }
            break (child.end(until)?, Some(bytes));
        }
        if Instant::now() >= until {
            return Err(SystemError::Late {
                seconds: errand.total.as_secs(),
            });
        }
        if size(folder) > errand.limits.total_bytes {
            return Err(too_much("bytes on disk", errand.limits.total_bytes));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(200));
    };
    if told.is_none() {
        told = said.recv_timeout(errand.idle).ok();
    }
    let bytes = told.unwrap_or_default();
    if bytes.len() as u64 > most {
        return Err(too_much("bytes in an answer of git", most));
    }
    if status.success() {
        return Ok(bytes);
    }
    let words = complaint.recv_timeout(errand.idle).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let last = words.lines().rev().find(|line| !line.trim().is_empty());
    Err(SystemError::Ended {
        words: last
            .unwrap_or("it says nothing")
            .chars()
            .take(200)
            .collect(),
    })
}

fn too_much(what: &'static str, limit: u64) -> SystemError {
    ProtocolError::TooMuch { what, limit }.into()
}

/// A program that does not outlive its time, nor do those that it has started.
struct Running(Child);

impl Running {
    fn end(&mut self, until: Instant) -> Result<ExitStatus, SystemError> {
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(PAUSE),
                _ => return Err(SystemError::Late { seconds: 0 }),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            // It ends the one that still receives, too.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads in the background, so that nobody waits for a pipe that stays open.
#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn heard<R: Read + Send + 'static>(pipe: Option<R>, most: u64) -> mpsc::Receiver<Vec<u8>> {
    let (say, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(most).read_to_end(&mut bytes);
        }
        let _ = say.send(bytes);
    });
    heard
}

/// The bytes of everything in a folder.
fn size(folder: &Path) -> u64 {
    let mut open = vec![folder.to_owned()];
    let mut bytes = 0_u64;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => open.push(entry.path()),
                Ok(found) => bytes = bytes.saturating_add(found.len()),
                // It was there a moment ago.
                Err(_) => {}
            }
        }
    }
    bytes
}

/// How many requests git has sent, by its own notes.
#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn requests(trace: &Path) -> u64 {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(trace) {
        let _ = file.take(MOST_TRACE).read_to_end(&mut bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let sent = |line: &&str| {
        let request = line.split_once("=> Send header: ").map(|(_, rest)| rest);
        request.is_some_and(|rest| {
            ["GET ", "POST ", "HEAD "]
                .iter()
                .any(|one| rest.starts_with(one))
        })
    };
    text.lines().filter(sent).count() as u64
}

/// Reads what `git ls-remote --symref` prints.
fn listed(text: &[u8], most: usize) -> Result<Listed, ProtocolError> {
    let text = String::from_utf8_lossy(text);
    let unexpected = |line: &str| ProtocolError::Unexpected {
        line: line.chars().take(200).collect(),
    };
    // Put together as the lines of version 2, so that one reader judges both.
    let mut lines: BTreeMap<&str, (&str, String)> = BTreeMap::new();
    let mut head = None;
    for line in text.lines() {
        let (what, name) = line.split_once('\t').ok_or_else(|| unexpected(line))?;
        if let Some(target) = what.strip_prefix("ref: ") {
            head = head.or_else(|| (name == "HEAD").then_some(target));
        } else if let Some(name) = name.strip_suffix("^{}") {
            let (_, more) = lines.get_mut(name).ok_or_else(|| unexpected(line))?;
            *more = format!(" peeled:{what}");
        } else {
            lines.insert(name, (what, String::new()));
        }
        if lines.len() > most {
            return Err(ProtocolError::TooMuch {
                what: "branches and tags",
                limit: most as u64,
            });
        }
    }
    let mut listed = Listed::default();
    for (name, (id, more)) in lines {
        let mut line = format!("{id} {name}{more}");
        if let (Some(target), "HEAD") = (head, name) {
            line.push_str(&format!(" symref-target:{target}"));
        }
        listed.take(&line).ok_or_else(|| unexpected(&line))?;
    }
    Ok(listed)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::git::objects::Kind;

    /// A pack with a blob and a delta of a few bytes that makes 640 MB of it.
    fn bomb() -> Vec<u8> {
        let packed = |bytes: &[u8]| {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        let head = |kind: u8, size: usize| {
            let mut out = vec![(kind << 4) | (size & 15) as u8 | 0x80];
            out.extend(number(size >> 4));
            out
        };
        // Copies of 64 KiB from the beginning, of one byte each.
        let copies = 10_000;
        let blob = vec![0_u8; 0x1_0000];
        let base = ObjectId::of(Kind::Blob, &blob).unwrap();
        let mut delta = number(blob.len());
        delta.extend(number(copies * blob.len()));
        delta.extend(vec![0x80; copies]);
        let mut pack = b"PACK\0\0\0\x02\0\0\0\x02".to_vec();
        pack.extend(head(3, blob.len()));
        pack.extend(packed(&blob));
        pack.extend(head(7, delta.len()));
        pack.extend(base.as_bytes());
        pack.extend(packed(&delta));
        let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
        hasher.update(&pack);
        pack.extend(hasher.try_finalize().unwrap().as_slice());
        pack
    }

    /// Seven bits a byte, the lowest first.
    fn number(mut left: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while left > 0x7f {
            out.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        out.push(left as u8);
        out
    }

    #[test]
    fn the_password_of_a_proxy_is_no_argument() {
        let folder = tempfile::tempdir().unwrap();
        let git = SystemGit::new(Path::new("/usr/bin/git"), folder.path());
        let errand = Errand {
            url: "https://r.example/o/r.git",
            proxy: Some("http://me:secret@proxy.example:3128"),
            total: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            limits: &PackLimits::default(),
        };
        let command = git.command(folder.path(), errand, &["ls-remote"]);
        let mut arguments = command.get_args().map(|one| one.to_string_lossy());
        assert!(arguments.all(|one| !one.contains("secret")));
        let mut env = command.get_envs();
        assert!(env.any(|(name, value)| name == "https_proxy" && value.is_some()));
    }

    #[test]
    fn git_gives_no_memory_to_a_few_bytes_that_want_it() {
        let path = std::env::var_os("PATH").unwrap();
        let mut programs = std::env::split_paths(&path).map(|folder| folder.join("git"));
        let program = programs.find(|path| path.is_file()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let git = SystemGit::new(&program, folder.path());
        let errand = Errand {
            url: "https://r.example/o/r.git",
            proxy: None,
            total: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            limits: &PackLimits::default(),
        };
        let run = |arguments: &[&str], input: &[u8]| {
            let command = git.command(folder.path(), errand, arguments);
            run(command, &[], input, 1024, folder.path(), errand)
        };
        run(&["init", "--quiet", "--bare", "--template="], b"").unwrap();
        let error = run(&["index-pack", "--stdin"], &bomb()).unwrap_err();
        assert!(error.to_string().contains("over limit"), "{error}");
    }
}
