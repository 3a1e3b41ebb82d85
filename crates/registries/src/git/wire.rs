//! Version 2 of git's protocol over HTTP: what is asked, and how the answers
//! are read.
//!
//! Source: git, `gitprotocol-v2` and `gitprotocol-http`.

use std::collections::BTreeMap;
use std::io::Read;

use super::error::ProtocolError;
use super::objects::ObjectId;
use super::pktline::{self, LineError, Packet, Packets, chomp};
use super::refs::Target;

/// What the server can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) ls_refs: bool,
    pub(super) shallow: bool,
    pub(super) filter: bool,
    /// Whether `fetch` is there at all.
    pub(super) fetch: bool,
    /// Whether the hash has to be named in requests.
    pub(super) object_format: bool,
}

/// The most lines of capabilities.
const MOST_CAPABILITIES: usize = 256;

/// Reads what `info/refs` answers.
pub(super) fn capabilities(body: impl Read) -> Result<Capabilities, ProtocolError> {
    let mut packets = Packets::new(body);
    let mut version = false;
    let mut found = Capabilities::default();
    let mut service = false;
    for _ in 0..MOST_CAPABILITIES {
        let line = match packets.next()? {
            Packet::Line(line) => text(chomp(line)),
            // The name of the service stands before the rest in a message of
            // its own, where the server sends it at all.
            Packet::Flush if service && !version => continue,
            Packet::Flush if version => return Ok(found),
            Packet::Flush | Packet::Delimiter => return Err(ProtocolError::Version),
        };
        if !version {
            match line.as_str() {
                "# service=git-upload-pack" if !service => service = true,
                "version 2" => version = true,
                _ => return Err(refusal(&line).unwrap_or(ProtocolError::Version)),
            }
            continue;
        }
        let (name, value) = line.split_once('=').unwrap_or((&line, ""));
        match name {
            "ls-refs" => found.ls_refs = true,
            "fetch" => {
                found.fetch = true;
                found.shallow = value.split(' ').any(|word| word == "shallow");
                found.filter = value.split(' ').any(|word| word == "filter");
            }
            "object-format" => {
                found.object_format = true;
                if value != "sha1" {
                    return Err(ProtocolError::Hash {
                        found: short(value),
                    });
                }
            }
            _ => {}
        }
    }
    Err(ProtocolError::TooMuch {
        what: "capabilities",
        limit: MOST_CAPABILITIES as u64,
    })
}

fn command(name: &str, agent: &str, can: &Capabilities) -> Vec<u8> {
    let mut out = Vec::new();
    pktline::push(&mut out, &format!("command={name}"));
    pktline::push(&mut out, &format!("agent={agent}"));
    if can.object_format {
        pktline::push(&mut out, "object-format=sha1");
    }
    pktline::push_delimiter(&mut out);
    out
}

/// Asks for all branches and tags.
pub(super) fn ask_refs(agent: &str, can: &Capabilities) -> Vec<u8> {
    let mut out = command("ls-refs", agent, can);
    for line in [
        "peel",
        "symrefs",
        "ref-prefix HEAD",
        "ref-prefix refs/heads/",
        "ref-prefix refs/tags/",
    ] {
        pktline::push(&mut out, line);
    }
    pktline::push_flush(&mut out);
    out
}

/// Branches and tags, and the default branch.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) branches: BTreeMap<String, Target>,
    pub(super) tags: BTreeMap<String, Target>,
    pub(super) default_branch: Option<String>,
}

/// Reads a listing.
pub(super) fn refs(body: impl Read, most: usize) -> Result<Listed, ProtocolError> {
    let mut packets = Packets::new(body);
    let mut listed = Listed::default();
    let mut count = 0_usize;
    loop {
        let line = match packets.next()? {
            Packet::Line(line) => text(chomp(line)),
            Packet::Flush => return Ok(listed),
            Packet::Delimiter => return Err(unexpected("0001")),
        };
        count += 1;
        if count > most {
            return Err(ProtocolError::TooMuch {
                what: "branches and tags",
                limit: most as u64,
            });
        }
        listed
            .take(&line)
            .ok_or_else(|| refusal(&line).unwrap_or_else(|| unexpected(&line)))?;
    }
}

impl Listed {
    /// Adds a line of a listing; nothing where it is none.
    pub(super) fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let object = words.next()?.parse().ok()?;
        let name = words.next().filter(|name| !name.is_empty())?;
        let mut target = Target {
            object,
            peeled: None,
        };
        let mut points_at = None;
        for word in words {
            if let Some(peeled) = word.strip_prefix("peeled:") {
                target.peeled = Some(peeled.parse().ok()?);
            } else if let Some(other) = word.strip_prefix("symref-target:") {
                points_at = Some(other);
            }
        }
        if name == "HEAD" {
            let branch = points_at.and_then(|other| other.strip_prefix("refs/heads/"));
            if branch.is_some_and(|branch| !is_name(branch)) {
                return None;
            }
            self.default_branch = branch.map(str::to_owned);
            return Some(());
        }
        if !is_name(name) {
            return None;
        }
        // Other names may begin like the ones that were asked for: they are no
        // branches and tags, and nobody pins to them.
        let taken = if let Some(name) = name.strip_prefix("refs/heads/") {
            self.branches.insert(name.to_owned(), target)
        } else if let Some(name) = name.strip_prefix("refs/tags/") {
            self.tags.insert(name.to_owned(), target)
        } else {
            None
        };
        taken.is_none().then_some(())
    }
}

/// Whether git itself would take it as the name of a ref. A name with a line
/// feed would be a line of its own in a file that it is written into.
///
/// Source: git, `git-check-ref-format`.
fn is_name(name: &str) -> bool {
    let plain = name
        .chars()
        .all(|letter| !letter.is_control() && !" ~^:?*[\\\u{2028}\u{2029}".contains(letter));
    let parts = name
        .split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"));
    plain && parts && !name.contains("..") && !name.contains("@{") && !name.ends_with('.')
}

/// What a request for objects asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted<'w> {
    /// What to send, with everything before it.
    pub(super) wants: &'w [ObjectId],
    /// What need not be sent, with everything before it.
    pub(super) haves: &'w [ObjectId],
    /// Send the commits alone that are named, and nothing before them.
    pub(super) shallow: bool,
    /// Send commits without their trees, where the server can.
    pub(super) commits_only: bool,
}

/// Asks for objects, without negotiation.
pub(super) fn ask_objects(
    agent: &str,
    can: &Capabilities,
    wanted: &Wanted<'_>,
) -> Result<Vec<u8>, ProtocolError> {
    let lacks = |what| Err(ProtocolError::Lacks { what });
    if !can.fetch {
        return lacks("fetch");
    }
    let mut out = command("fetch", agent, can);
    pktline::push(&mut out, "no-progress");
    pktline::push(&mut out, "ofs-delta");
    for want in wanted.wants {
        pktline::push(&mut out, &format!("want {want}"));
    }
    for have in wanted.haves {
        pktline::push(&mut out, &format!("have {have}"));
    }
    if wanted.shallow {
        if !can.shallow {
            return lacks("fetch=shallow");
        }
        pktline::push(&mut out, "deepen 1");
    }
    if wanted.commits_only && can.filter {
        pktline::push(&mut out, "filter tree:0");
    }
    pktline::push(&mut out, "done");
    pktline::push_flush(&mut out);
    Ok(out)
}

/// A pack, with what the server says of its own history.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) pack: Vec<u8>,
    /// Commits that the server sent without what is before them.
    pub(super) shallow: Vec<ObjectId>,
}

/// Why there is no pack: the server does not have an object, or something is
/// wrong.
#[derive(Debug)]
pub(super) enum NoPack {
    Vanished(ObjectId),
    Protocol(ProtocolError),
}

impl From<LineError> for NoPack {
    fn from(error: LineError) -> Self {
        Self::Protocol(error.into())
    }
}

impl From<ProtocolError> for NoPack {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

/// Reads the answer to [`ask_objects`].
pub(super) fn pack(body: impl Read, most_bytes: u64) -> Result<Packed, NoPack> {
    let mut packets = Packets::new(body);
    let mut packed = Packed::default();
    loop {
        let line = match packets.next()? {
            Packet::Line(line) => text(chomp(line)),
            Packet::Delimiter => continue,
            Packet::Flush => return Err(unexpected("0000").into()),
        };
        match line.as_str() {
            "packfile" => break,
            // What the client may have is not negotiated, so that nothing is
            // said about it; some servers say so.
            "shallow-info" | "acknowledgments" | "NAK" | "ready" => {}
            other => {
                if let Some(id) = other.strip_prefix("shallow ") {
                    let id = id.parse().map_err(|_| unexpected(other))?;
                    packed.shallow.push(id);
                } else if !other.starts_with("ACK ") && !other.starts_with("unshallow ") {
                    return Err(no_pack(other));
                }
            }
        }
    }
    bands(&mut packets, &mut packed.pack, most_bytes)?;
    Ok(packed)
}

/// Takes the pack out of the bands in which it comes.
fn bands<R: Read>(
    packets: &mut Packets<R>,
    pack: &mut Vec<u8>,
    most_bytes: u64,
) -> Result<(), NoPack> {
    loop {
        let line = match packets.next()? {
            Packet::Line(line) => line,
            Packet::Flush => return Ok(()),
            Packet::Delimiter => return Err(unexpected("0001").into()),
        };
        match line.split_first() {
            Some((1, bytes)) => {
                if (pack.len() + bytes.len()) as u64 > most_bytes {
                    return Err(NoPack::Protocol(ProtocolError::TooMuch {
                        what: "bytes in its pack",
                        limit: most_bytes,
                    }));
                }
                pack.extend_from_slice(bytes);
            }
            // Progress.
            Some((2, _)) => {}
            Some((3, message)) => {
                let message = text(chomp(message));
                return Err(no_pack(&format!("ERR {message}")));
            }
            _ => return Err(unexpected(&text(line)).into()),
        }
    }
}

fn no_pack(line: &str) -> NoPack {
    // The words of every git server since 2006.
    let missing = line
        .split_once("not our ref ")
        .and_then(|(_, id)| id.trim().parse().ok());
    if let (true, Some(id)) = (line.starts_with("ERR "), missing) {
        return NoPack::Vanished(id);
    }
    refusal(line).unwrap_or_else(|| unexpected(line)).into()
}

/// An error that the server itself reports.
fn refusal(line: &str) -> Option<ProtocolError> {
    let message = line.strip_prefix("ERR ")?;
    Some(ProtocolError::Remote {
        // Some servers end a line with the end of their own text.
        message: short(message.trim_end_matches(['\0', '\n', '\r', ' '])),
    })
}

fn unexpected(line: &str) -> ProtocolError {
    ProtocolError::Unexpected { line: short(line) }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

/// As much of a server's words as belongs into a message.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
