//! A pack, as a server sends it, to objects.
//!
//! Source: git, `gitformat-pack`. Every object is hashed; nothing is taken from
//! the server's word. The pack is unpacked in the order in which it comes, so
//! that no chain of deltas can be deep, and everything that it could blow up is
//! counted before it is allocated.

use std::collections::HashMap;
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};

use super::objects::{Kind, ObjectId, Objects};

/// What a pack may unpack to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackLimits {
    /// The most bytes of the pack itself.
    pub pack_bytes: u64,
    /// The most objects.
    pub objects: u32,
    /// The most bytes of one object.
    pub object_bytes: u64,
    /// The most bytes of all objects.
    pub total_bytes: u64,
}

impl Default for PackLimits {
    fn default() -> Self {
        Self {
            pack_bytes: 256 * 1024 * 1024,
            objects: 500_000,
            object_bytes: 128 * 1024 * 1024,
            total_bytes: 768 * 1024 * 1024,
        }
    }
}

/// Why a pack is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The pack does not begin as one of version 2 does.
    #[error("what came is no pack of version 2")]
    Header,
    /// The pack ends too early.
    #[error("the pack ends before its {objects} objects are complete")]
    Ended {
        /// How many it announced.
        objects: u32,
    },
    /// The checksum at the end is not that of the bytes.
    #[error("the checksum of the pack is wrong")]
    Checksum,
    /// There is more than the pack announced.
    #[error("{bytes} bytes follow after the last object of the pack")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// Something is larger than the limit.
    #[error("the pack has more {what} than the limit of {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// An object is not what its head says.
    #[error("the object at byte {offset} of the pack is malformed: {reason}")]
    Object {
        /// Where.
        offset: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A difference to an object that the pack does not hold.
    #[error("the pack has differences to {bases} objects that it does not hold")]
    Base {
        /// How many.
        bases: usize,
    },
    /// An object bears the marks of a SHA-1 collision attack.
    #[error("the object at byte {offset} of the pack bears the marks of a SHA-1 collision attack")]
    Collision {
        /// Where.
        offset: usize,
    },
}

/// Unpacks and hashes everything that a pack holds.
pub(super) fn unpack(pack: &[u8], limits: &PackLimits) -> Result<Objects, PackError> {
    let body = pack
        .len()
        .checked_sub(20)
        .and_then(|end| pack.get(..end))
        .ok_or(PackError::Header)?;
    let count = match (body.get(..8), body.get(8..12)) {
        (Some(b"PACK\0\0\0\x02"), Some(count)) => {
            u32::from_be_bytes(count.try_into().map_err(|_| PackError::Header)?)
        }
        _ => return Err(PackError::Header),
    };
    if count > limits.objects {
        return Err(PackError::TooLarge {
            what: "objects",
            limit: limits.objects.into(),
        });
    }
    // Before anything is unpacked: most of what breaks on the way ends here.
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(body);
    let sum = hasher.try_finalize().map_err(|_| PackError::Checksum)?;
    if pack.get(body.len()..) != Some(sum.as_slice()) {
        // A pack that lacks its end has a wrong checksum as well.
        let cut = Unpacking::new(pack, count, limits).run();
        return Err(match cut {
            Err(error @ PackError::Ended { .. }) => error,
            _ => PackError::Checksum,
        });
    }
    Unpacking::new(body, count, limits).run()
}

struct Unpacking<'p> {
    body: &'p [u8],
    count: u32,
    limits: &'p PackLimits,
    total: u64,
    /// What stands at an offset, for differences to it.
    at: HashMap<usize, (Kind, Arc<[u8]>)>,
    by_id: HashMap<ObjectId, (Kind, Arc<[u8]>)>,
    /// Differences to objects that have not come yet, by what they wait for.
    waiting: HashMap<Base, Vec<Waiting>>,
    /// Those whose base has come.
    ready: Vec<Waiting>,
    objects: Objects,
}

struct Waiting {
    offset: usize,
    base: Base,
    delta: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Base {
    Offset(usize),
    Id(ObjectId),
}

impl<'p> Unpacking<'p> {
    fn new(body: &'p [u8], count: u32, limits: &'p PackLimits) -> Self {
        Self {
            body,
            count,
            limits,
            total: 0,
            at: HashMap::new(),
            by_id: HashMap::new(),
            waiting: HashMap::new(),
            ready: Vec::new(),
            objects: Objects::default(),
        }
    }

    fn run(mut self) -> Result<Objects, PackError> {
        let mut position = 12;
        for _ in 0..self.count {
            position = self.entry(position)?;
        }
        if position != self.body.len() {
            return Err(PackError::Trailing {
                bytes: self.body.len() - position,
            });
        }
        match self.waiting.values().map(Vec::len).sum() {
            0 => Ok(self.objects),
            bases => Err(PackError::Base { bases }),
        }
    }

    /// Reads the entry at `offset` and gives the offset of the next.
    fn entry(&mut self, offset: usize) -> Result<usize, PackError> {
        let ended = PackError::Ended {
            objects: self.count,
        };
        let (word, size, mut position) = self.head(offset)?;
        let mut base = None;
        let kind = match word {
            1 => Some(Kind::Commit),
            2 => Some(Kind::Tree),
            3 => Some(Kind::Blob),
            4 => Some(Kind::Tag),
            6 => {
                let (back, next) = self.back(offset, position)?;
                position = next;
                base = Some(Base::Offset(back));
                None
            }
            7 => {
                let id = self.body.get(position..position + 20).ok_or(ended)?;
                let id = id.try_into().map(ObjectId::from_bytes);
                position += 20;
                base = id.ok().map(Base::Id);
                None
            }
            _ => {
                return Err(PackError::Object {
                    offset,
                    reason: "its kind is none that a pack has",
                });
            }
        };
        let (bytes, next) = self.inflate(offset, position, size)?;
        match (kind, base) {
            (Some(kind), _) => {
                self.keep(offset, kind, bytes)?;
                self.settle()?;
            }
            (None, Some(base)) => {
                let waiting = Waiting {
                    offset,
                    base,
                    delta: bytes,
                };
                self.ready.push(waiting);
                self.settle()?;
            }
            (None, None) => {}
        }
        Ok(next)
    }

    /// The kind and size at the head of an entry.
    fn head(&self, offset: usize) -> Result<(u8, u64, usize), PackError> {
        let mut position = offset;
        let mut byte = self.byte(position)?;
        position += 1;
        let word = (byte >> 4) & 7;
        let mut size = u64::from(byte & 15);
        let mut shift = 4;
        while byte & 0x80 != 0 {
            if shift > 57 {
                return Err(PackError::Object {
                    offset,
                    reason: "its size is not a number",
                });
            }
            byte = self.byte(position)?;
            position += 1;
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        Ok((word, size, position))
    }

    /// The offset of the base of a difference.
    fn back(&self, offset: usize, mut position: usize) -> Result<(usize, usize), PackError> {
        let bad = PackError::Object {
            offset,
            reason: "it is a difference to no earlier object",
        };
        let mut byte = self.byte(position)?;
        position += 1;
        let mut distance = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.byte(position)?;
            position += 1;
            distance = distance
                .checked_add(1)
                .filter(|distance| *distance < usize::MAX >> 7)
                .map(|distance| (distance << 7) | usize::from(byte & 0x7f))
                .ok_or_else(|| bad.clone())?;
        }
        match offset.checked_sub(distance) {
            Some(base) if distance > 0 => Ok((base, position)),
            _ => Err(bad),
        }
    }

    fn byte(&self, position: usize) -> Result<u8, PackError> {
        self.body.get(position).copied().ok_or(PackError::Ended {
            objects: self.count,
        })
    }

    fn count_bytes(&mut self, size: u64) -> Result<usize, PackError> {
        if size > self.limits.object_bytes {
            return Err(PackError::TooLarge {
                what: "bytes in one object",
                limit: self.limits.object_bytes,
            });
        }
        self.total = self.total.saturating_add(size);
        if self.total > self.limits.total_bytes {
            return Err(PackError::TooLarge {
                what: "bytes in all objects",
                limit: self.limits.total_bytes,
            });
        }
        usize::try_from(size).map_err(|_| PackError::TooLarge {
            what: "bytes in one object",
            limit: self.limits.object_bytes,
        })
    }

    /// Unpacks exactly `size` bytes.
    fn inflate(
        &mut self,
        offset: usize,
        position: usize,
        size: u64,
    ) -> Result<(Vec<u8>, usize), PackError> {
        let size = self.count_bytes(size)?;
        let input = self.body.get(position..).unwrap_or_default();
        let bad = |reason| PackError::Object { offset, reason };
        // One byte more than announced shows what is larger than it says. The
        // memory grows with what comes, not with what is claimed.
        let mut out = Vec::with_capacity(size.min(1 << 20) + 1);
        let mut inflate = Decompress::new(true);
        loop {
            let read = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
            let rest = input.get(read..).unwrap_or_default();
            if out.len() == out.capacity() {
                out.reserve((size + 1).saturating_sub(out.len()).clamp(1, 8 << 20));
            }
            let before = (inflate.total_in(), out.len());
            let status = inflate
                .decompress_vec(rest, &mut out, FlushDecompress::None)
                .map_err(|_| bad("its bytes are not compressed as they should be"))?;
            if out.len() > size {
                return Err(bad("it is larger than it says"));
            }
            if status == Status::StreamEnd {
                break;
            }
            if before == (inflate.total_in(), out.len()) && out.len() < out.capacity() {
                return Err(PackError::Ended {
                    objects: self.count,
                });
            }
        }
        if out.len() != size {
            return Err(bad("it is smaller than it says"));
        }
        let read = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
        Ok((out, position.saturating_add(read)))
    }

    fn keep(&mut self, offset: usize, kind: Kind, bytes: Vec<u8>) -> Result<(), PackError> {
        let id = ObjectId::of(kind, &bytes).ok_or(PackError::Collision { offset })?;
        let bytes: Arc<[u8]> = bytes.into();
        self.at.insert(offset, (kind, Arc::clone(&bytes)));
        self.by_id.insert(id, (kind, Arc::clone(&bytes)));
        self.objects.insert(id, kind, bytes);
        for base in [Base::Offset(offset), Base::Id(id)] {
            self.ready
                .extend(self.waiting.remove(&base).unwrap_or_default());
        }
        Ok(())
    }

    /// Makes the objects of the differences whose base is there.
    fn settle(&mut self) -> Result<(), PackError> {
        while let Some(next) = self.ready.pop() {
            let base = match next.base {
                Base::Offset(at) => self.at.get(&at),
                Base::Id(id) => self.by_id.get(&id),
            };
            if let Some((kind, base)) = base.cloned() {
                let bytes = self.patch(next.offset, &base, &next.delta)?;
                self.keep(next.offset, kind, bytes)?;
            } else {
                self.waiting.entry(next.base).or_default().push(next);
            }
        }
        Ok(())
    }

    fn patch(&mut self, offset: usize, base: &[u8], delta: &[u8]) -> Result<Vec<u8>, PackError> {
        let bad = |reason| PackError::Object { offset, reason };
        let mut delta = Delta(delta);
        let broken = || bad("its difference is malformed");
        let from = delta.size().ok_or_else(broken)?;
        let size = delta.size().ok_or_else(broken)?;
        if usize::try_from(from).ok() != Some(base.len()) {
            return Err(bad("it is a difference to an object of another size"));
        }
        let size = self.count_bytes(size)?;
        let mut out = Vec::with_capacity(size.min(1 << 20));
        while let Some(part) = delta.part(base) {
            let part = part.ok_or_else(broken)?;
            if out.len() + part.len() > size {
                return Err(bad("its difference makes more than it says"));
            }
            out.extend_from_slice(part);
        }
        if out.len() != size {
            return Err(bad("its difference makes less than it says"));
        }
        Ok(out)
    }
}

/// The instructions of a difference.
struct Delta<'d>(&'d [u8]);

impl<'d> Delta<'d> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn size(&mut self) -> Option<u64> {
        let mut size = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            size |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(size);
            }
        }
        None
    }

    /// The bytes of the next instruction; nothing at the end, and nothing inside
    /// where it is malformed.
    fn part(&mut self, base: &'d [u8]) -> Option<Option<&'d [u8]>> {
        let word = self.byte()?;
        if word & 0x80 != 0 {
            return Some(self.copy(word, base));
        }
        if word == 0 {
            return Some(None);
        }
        let Some((part, rest)) = self.0.split_at_checked(word.into()) else {
            return Some(None);
        };
        self.0 = rest;
        Some(Some(part))
    }

    fn copy(&mut self, word: u8, base: &'d [u8]) -> Option<&'d [u8]> {
        let mut number = |bits: std::ops::Range<u8>| {
            let mut value = 0_usize;
            for (place, bit) in bits.enumerate() {
                if word & (1 << bit) != 0 {
                    value |= usize::from(self.byte()?) << (8 * place);
                }
            }
            Some(value)
        };
        let start = number(0..4)?;
        let length = match number(4..7)? {
            0 => 0x1_0000,
            length => length,
        };
        base.get(start..start.checked_add(length)?)
    }
}
