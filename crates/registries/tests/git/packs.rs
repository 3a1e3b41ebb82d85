//! Packs by hand, honest and not.

use std::io::Write;

use cofferdam_registries::git::{Kind, ObjectId};
use flate2::Compression;
use flate2::write::ZlibEncoder;

/// An entry of a pack.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    /// Everything before the compressed bytes.
    head: Vec<u8>,
    packed: Vec<u8>,
}

impl Object {
    pub(crate) fn whole(kind: Kind, bytes: &[u8]) -> Self {
        Self::claiming(kind, bytes, bytes.len())
    }

    pub(crate) fn claiming(kind: Kind, bytes: &[u8], size: usize) -> Self {
        let word = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        Self {
            id: ObjectId::of(kind, bytes).unwrap(),
            head: head(word, size),
            packed: compress(bytes),
        }
    }

    fn len(&self) -> usize {
        self.head.len() + self.packed.len()
    }
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn head(word: u8, mut size: usize) -> Vec<u8> {
    let mut out = vec![(word << 4) | (size & 15) as u8];
    size >>= 4;
    while size > 0 {
        *out.last_mut().unwrap() |= 0x80;
        out.push((size & 0x7f) as u8);
        size >>= 7;
    }
    out
}

pub(crate) fn tree(lines: &[(&str, &str, ObjectId)]) -> Object {
    let mut bytes = Vec::new();
    for (mode, name, id) in lines {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        bytes.extend_from_slice(id.as_bytes());
    }
    Object::whole(Kind::Tree, &bytes)
}

pub(crate) fn commit(tree: ObjectId) -> Object {
    commit_saying(tree, "hello")
}

pub(crate) fn commit_saying(tree: ObjectId, message: &str) -> Object {
    let text =
        format!("tree {tree}\nauthor a <a@x> 1 +0000\ncommitter c <c@x> 2 +0000\n\n{message}\n");
    Object::whole(Kind::Commit, text.as_bytes())
}

fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// A difference that copies the first bytes of the last object again and again.
pub(crate) fn copies(before: &[Object], size: u64, copies: u64) -> Object {
    let each = size.min(0xff_ffff);
    let mut delta = number(size);
    delta.extend(number(each * copies));
    for _ in 0..copies {
        let length = each.to_le_bytes();
        delta.extend([0xf0, length[0], length[1], length[2]]);
    }
    let distance = before.last().unwrap().len();
    // The distance in the form in which each byte but the last stands for one
    // more than it says.
    let mut back = vec![(distance & 0x7f) as u8];
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        back.insert(0, 0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    let mut front = head(6, delta.len());
    front.extend(back);
    Object {
        id: before[0].id,
        head: front,
        packed: compress(&delta),
    }
}

pub(crate) fn delta_to_id(base: ObjectId, delta: &[u8]) -> Object {
    let mut front = head(7, delta.len());
    front.extend_from_slice(base.as_bytes());
    Object {
        id: base,
        head: front,
        packed: compress(delta),
    }
}

pub(crate) fn pack(objects: &[Object]) -> Vec<u8> {
    let entries: Vec<u8> = (objects.iter())
        .flat_map(|object| [object.head.clone(), object.packed.clone()].concat())
        .collect();
    sealed(objects.len() as u32, &entries)
}

pub(crate) fn sealed(count: u32, entries: &[u8]) -> Vec<u8> {
    let mut out = b"PACK\0\0\0\x02".to_vec();
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(entries);
    seal(&mut out);
    out
}

/// Adds the checksum.
pub(crate) fn seal(pack: &mut Vec<u8>) {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(pack);
    pack.extend_from_slice(hasher.try_finalize().unwrap().as_slice());
}

/// What a server says that it can do.
pub(crate) fn greeting() -> Vec<u8> {
    let body = b"000eversion 2\n000cls-refs\n0012fetch=shallow\n0017object-format=sha1\n0000";
    let kind = "application/x-git-upload-pack-advertisement";
    crate::git_backend::response("200 OK", &[("content-type", kind)], body)
}

/// What a server sends around a pack.
pub(crate) fn in_bands(pack: &[u8]) -> Vec<u8> {
    let mut out = b"000dpackfile\n".to_vec();
    for part in pack.chunks(1_000) {
        out.extend_from_slice(format!("{:04x}\u{1}", part.len() + 5).as_bytes());
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b"0000");
    out
}
