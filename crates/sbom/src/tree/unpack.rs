//! Compressed streams, hashed as they come and bounded in what they become.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use sha2::{Digest, Sha256};

use crate::error::ArchiveProblem;
use crate::limits::Limits;

/// How a stream is compressed, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Not at all.
    Plain,
    /// RFC 1952, with any number of members.
    Gzip,
    /// RFC 8878, with any number of frames.
    Zstd,
}

impl Packing {
    /// What a stream's first bytes say.
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// Hex of a digest.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Counts and hashes what is read through it, up to a size.
pub(crate) struct Hashed<R> {
    source: R,
    hasher: Sha256,
    count: Arc<AtomicU64>,
}

impl<R: Read> Hashed<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            hasher: Sha256::new(),
            count: Arc::default(),
        }
    }

    /// How many bytes were read, and their digest.
    pub(crate) fn finish(self) -> (u64, String) {
        let digest = hex(&self.hasher.finalize());
        (self.count.load(Ordering::Relaxed), digest)
    }

    /// What lies below, and the digest.
    pub(crate) fn into_parts(self) -> (R, String) {
        (self.source, hex(&self.hasher.finalize()))
    }

    /// Reads the rest.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while self.read(&mut buffer)? > 0 {}
        Ok(())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// What a blob unpacks to. Ends with an [`ArchiveProblem`] inside of the error
/// where that is more than it may.
pub(crate) struct Unpacked<R: Read> {
    source: Source<R>,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limits: Limits,
}

enum Source<R: Read> {
    Plain(BufReader<R>),
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    Zstd(Frames<BufReader<R>>),
}

impl<R: Read> Unpacked<Hashed<R>> {
    /// Looks at the first bytes and unpacks what they say.
    pub(crate) fn new(source: Hashed<R>, limits: Limits) -> io::Result<(Packing, Self)> {
        let packed = Arc::clone(&source.count);
        let mut buffered = BufReader::with_capacity(256 * 1024, source);
        let packing = Packing::of(buffered.fill_buf()?);
        let source = match packing {
            Packing::Plain => Source::Plain(buffered),
            Packing::Gzip => Source::Gzip(Box::new(MultiGzDecoder::new(buffered))),
            Packing::Zstd => Source::Zstd(Frames::Between(Some(buffered))),
        };
        let unpacked = Self {
            source,
            packed,
            unpacked: 0,
            limits,
        };
        Ok((packing, unpacked))
    }

    /// What lies below, for its digest.
    pub(crate) fn into_inner(self) -> Option<Hashed<R>> {
        Some(match self.source {
            Source::Plain(source) => source.into_inner(),
            Source::Gzip(decoder) => decoder.into_inner().into_inner(),
            Source::Zstd(Frames::Between(source)) => source?.into_inner(),
            Source::Zstd(Frames::Inside(decoder)) => decoder.into_inner().into_inner(),
        })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.source {
            Source::Plain(source) => source.read(buffer),
            Source::Gzip(decoder) => decoder.read(buffer),
            Source::Zstd(frames) => frames.read(buffer),
        }?;
        self.unpacked += read as u64;
        let Limits {
            unpacked_bytes: most,
            ratio,
            ratio_from,
            ..
        } = self.limits;
        if self.unpacked > most {
            return Err(io::Error::other(ArchiveProblem::Unpacked { most }));
        }
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > ratio_from && self.unpacked > packed.saturating_mul(ratio) {
            return Err(io::Error::other(ArchiveProblem::Ratio { ratio }));
        }
        Ok(read)
    }
}

/// Zstandard frames, one after the other.
enum Frames<R: Read> {
    /// At the beginning of one, or at the end.
    Between(Option<R>),
    Inside(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Between(source) => {
                    let Some(mut inner) = source.take() else {
                        return Ok(0);
                    };
                    if inner.fill_buf()?.is_empty() {
                        *source = Some(inner);
                        return Ok(0);
                    }
                    if skip_frame(&mut inner)? {
                        *source = Some(inner);
                        continue;
                    }
                    let decoder = StreamingDecoder::new(inner).map_err(io::Error::other)?;
                    *self = Self::Inside(Box::new(decoder));
                }
                Self::Inside(decoder) => {
                    let read = decoder.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                    let Self::Inside(decoder) = std::mem::replace(self, Self::Between(None)) else {
                        return Ok(0);
                    };
                    *self = Self::Between(Some(decoder.into_inner()));
                }
            }
        }
    }
}

/// Steps over a frame that holds no data.
fn skip_frame(source: &mut impl BufRead) -> io::Result<bool> {
    let head = source.fill_buf()?;
    let &[first, 0x2a, 0x4d, 0x18, ..] = head else {
        return Ok(false);
    };
    if first & 0xf0 != 0x50 {
        return Ok(false);
    }
    let mut header = [0; 8];
    source.read_exact(&mut header)?;
    let [_, _, _, _, size @ ..] = header;
    let size = u64::from(u32::from_le_bytes(size));
    if io::copy(&mut source.by_ref().take(size), &mut io::sink())? < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Bytes of one block between two threads, and how many blocks may wait.
const BLOCK: usize = 256 * 1024;
const WAITING: usize = 8;

/// What another thread reads ahead.
pub(crate) struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
    over: bool,
}

/// Reads `source` in a thread of its own, so that unpacking and looking into
/// what comes out take two processors.
pub(crate) fn ahead<'s, R: Read + Send + 's>(
    scope: &'s Scope<'s, '_>,
    mut source: R,
) -> (Ahead, std::thread::ScopedJoinHandle<'s, R>) {
    let (send, blocks) = sync_channel(WAITING);
    let handle = scope.spawn(move || {
        loop {
            let mut block = vec![0; BLOCK];
            let filled = fill(&mut source, &mut block);
            let end = !matches!(filled, Ok(BLOCK));
            let sent = filled.map(|length| {
                block.truncate(length);
                block
            });
            // Nobody listens where the archive was refused.
            if send.send(sent).is_err() || end {
                return source;
            }
        }
    });
    let ahead = Ahead {
        blocks,
        block: Vec::new(),
        at: 0,
        over: false,
    };
    (ahead, handle)
}

fn fill(source: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(slot) = block.get_mut(done..).filter(|slot| !slot.is_empty()) {
        match source.read(slot) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.block.len() {
            if self.over {
                return Ok(0);
            }
            let Ok(next) = self.blocks.recv() else {
                self.over = true;
                return Ok(0);
            };
            self.block = next?;
            self.at = 0;
            self.over = self.block.len() < BLOCK;
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        Ok(length)
    }
}
