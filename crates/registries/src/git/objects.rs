//! Objects of git, named by what they hold.
//!
//! Source: git, `gitformat-pack` and the chapter "Git Objects" of its book. The
//! id of an object is the SHA-1 of its kind, size and bytes; it is computed with
//! the detection of collisions that git itself uses, and bytes that look like
//! one are refused.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id of an object: a SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

/// What is no id of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of an object has 40 hexadecimal digits")]
pub struct NotAnObjectId;

impl ObjectId {
    /// An id from its twenty bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The twenty bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The id of an object of that kind with those bytes; nothing if the bytes
    /// bear the marks of a collision attack.
    #[must_use]
    pub fn of(kind: Kind, bytes: &[u8]) -> Option<Self> {
        let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
        hasher.update(format!("{} {}\0", kind.word(), bytes.len()).as_bytes());
        hasher.update(bytes);
        let id = hasher.try_finalize().ok()?;
        Some(Self(id.as_slice().try_into().ok()?))
    }
}

impl FromStr for ObjectId {
    type Err = NotAnObjectId;

    fn from_str(text: &str) -> Result<Self, NotAnObjectId> {
        if text.len() != 40 {
            return Err(NotAnObjectId);
        }
        let mut bytes = [0_u8; 20];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = pair
                .iter()
                .try_fold(0_u32, |value, digit| {
                    Some(value * 16 + char::from(*digit).to_digit(16)?)
                })
                .ok_or(NotAnObjectId)?;
            *byte = u8::try_from(digits).map_err(|_| NotAnObjectId)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A state of the tree, with its history.
    Commit,
    /// A folder.
    Tree,
    /// The bytes of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// The word that git hashes with the bytes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// Why an object cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The server did not send it.
    #[error("the answer does not hold the object {id}")]
    Missing {
        /// The object.
        id: ObjectId,
    },
    /// It is of another kind than its place asks for.
    #[error("{id} is a {found} in the place of a {wanted}")]
    Kind {
        /// The object.
        id: ObjectId,
        /// What it is.
        found: &'static str,
        /// What was due.
        wanted: &'static str,
    },
    /// Its bytes are not what its kind has.
    #[error("the {kind} {id} is malformed: {reason}")]
    Malformed {
        /// The object.
        id: ObjectId,
        /// Its kind.
        kind: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Objects of which each was hashed: what is found under an id is what that id
/// names.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    by_id: HashMap<ObjectId, (Kind, Arc<[u8]>)>,
}

impl Objects {
    pub(super) fn insert(&mut self, id: ObjectId, kind: Kind, bytes: Arc<[u8]>) {
        self.by_id.insert(id, (kind, bytes));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn get(&self, id: ObjectId, wanted: Kind) -> Result<&Arc<[u8]>, ObjectError> {
        match self.by_id.get(&id) {
            None => Err(ObjectError::Missing { id }),
            Some((kind, bytes)) if *kind == wanted => Ok(bytes),
            Some((kind, _)) => Err(ObjectError::Kind {
                id,
                found: kind.word(),
                wanted: wanted.word(),
            }),
        }
    }

    /// The commit with that id.
    ///
    /// # Errors
    /// [`ObjectError`] if it is not there, is something else or is malformed.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, ObjectError> {
        Commit::parse(id, self.get(id, Kind::Commit)?)
    }

    /// The parents of every commit that is here.
    pub(super) fn parents(&self) -> Result<HashMap<ObjectId, Vec<ObjectId>>, ObjectError> {
        self.by_id
            .iter()
            .filter(|(_, (kind, _))| *kind == Kind::Commit)
            .map(|(id, (_, bytes))| Ok((*id, Commit::parse(*id, bytes)?.parents)))
            .collect()
    }
}

/// A commit, as far as it is used here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// The tree that it holds.
    pub tree: ObjectId,
    /// The commits before it.
    pub parents: Vec<ObjectId>,
    /// Who wrote it.
    pub author: Signature,
    /// Who committed it, and when: whoever commits sets both as he likes.
    pub committer: Signature,
    /// The message.
    pub message: String,
}

/// A name and a time, as somebody claimed them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970-01-01 in UTC.
    pub time: i64,
    /// Minutes east of UTC.
    pub offset: i32,
}

impl Commit {
    fn parse(id: ObjectId, bytes: &[u8]) -> Result<Self, ObjectError> {
        let malformed = |reason| ObjectError::Malformed {
            id,
            kind: "commit",
            reason,
        };
        let text = String::from_utf8_lossy(bytes);
        let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let tree = lines
            .next()
            .and_then(|line| line.strip_prefix("tree ")?.parse().ok())
            .ok_or_else(|| malformed("it does not begin with its tree"))?;
        let mut commit = Self {
            id,
            tree,
            parents: Vec::new(),
            author: Signature::default(),
            committer: Signature::default(),
            message: message.to_owned(),
        };
        let mut seen = false;
        for line in lines {
            match line.split_once(' ') {
                Some(("parent", parent)) if !seen => {
                    let parent = parent.parse();
                    commit
                        .parents
                        .push(parent.map_err(|_| malformed("a parent is no id"))?);
                }
                Some(("author", rest)) if !seen => {
                    seen = true;
                    commit.author = Signature::parse(rest);
                }
                Some(("committer", rest)) => {
                    commit.committer = Signature::parse(rest);
                    return Ok(commit);
                }
                _ => {
                    return Err(malformed(
                        "its head has an unknown line before the committer",
                    ));
                }
            }
        }
        Err(malformed("it has no committer"))
    }
}

impl Signature {
    /// What cannot be read is empty or zero, as git reads it.
    fn parse(text: &str) -> Self {
        let (name, rest) = text.split_once('<').unwrap_or((text, ""));
        let (email, rest) = rest.rsplit_once('>').unwrap_or((rest, ""));
        let mut words = rest.split_whitespace();
        let time = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let zone: i32 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        Self {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
            time,
            offset: zone / 100 * 60 + zone % 100,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        let empty = ObjectId::of(Kind::Blob, b"").unwrap();
        assert_eq!(
            empty.to_string(),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
        let tree = ObjectId::of(Kind::Tree, b"").unwrap();
        assert_eq!(tree.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert_eq!(empty.to_string().parse(), Ok(empty));
        for wrong in [
            "",
            "e69d",
            &"g".repeat(40),
            &"a".repeat(41),
            &"+a".repeat(20),
        ] {
            assert_eq!(wrong.parse::<ObjectId>(), Err(NotAnObjectId), "{wrong}");
        }
    }

    #[test]
    fn a_commit_is_read_and_a_broken_one_is_named() {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let id = ObjectId::of(Kind::Blob, b"").unwrap();
        let text = format!(
            "tree {tree}\nparent {id}\nauthor A U <a@x> 5 +0000\n\
             committer C O <c@x> 1700000000 -0330\ngpgsig x\n y\n\nfirst\n\nrest\n"
        );
        let commit = Commit::parse(id, text.as_bytes()).unwrap();
        assert_eq!(commit.parents, [id]);
        assert_eq!(commit.committer.time, 1_700_000_000);
        assert_eq!(commit.committer.offset, -210);
        assert_eq!(commit.message, "first\n\nrest\n");
        for wrong in [
            "",
            "tree x\n",
            &format!("tree {tree}\n"),
            &format!("tree {tree}\nx y\n"),
        ] {
            let error = Commit::parse(id, wrong.as_bytes()).unwrap_err();
            assert!(matches!(error, ObjectError::Malformed { .. }), "{wrong}");
        }
    }
}
