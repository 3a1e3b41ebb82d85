//! What becomes of a file's bytes on their way into an archive.
//!
//! Source: git, `gitattributes`, and `git-log`, "PRETTY FORMATS", for what
//! stands in `$Format:…$`.

use std::sync::Arc;

use super::attributes::{LineEnds, Treatment};
use super::objects::{Commit, ObjectId, Signature};

/// Why the bytes of a file depend on more than the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependence {
    /// `working-tree-encoding`: on the tables of the server.
    Encoding,
    /// `$Format:…$` with something that the commit alone does not tell, such as
    /// the names of branches or abbreviated ids.
    Format,
    /// `text=auto` on a file that may be text or not, or `$Id:…$` that has been
    /// expanded before.
    Guess,
    /// It would grow beyond the limit.
    Size,
}

impl Dependence {
    /// A few words for a message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "its encoding is changed by the attribute working-tree-encoding",
            Self::Format => {
                "the attribute export-subst puts something in it that the commit alone does not tell"
            }
            Self::Guess => "whether its bytes are changed depends on what git takes it for",
            Self::Size => "it grows beyond the limit",
        }
    }
}

/// The bytes that an archive holds.
pub(super) fn bytes(
    blob: &Arc<[u8]>,
    id: ObjectId,
    treatment: &Treatment,
    commit: &Commit,
    most: usize,
) -> Result<Arc<[u8]>, Dependence> {
    if treatment.encoding.is_some() {
        return Err(Dependence::Encoding);
    }
    let mut changed: Option<Vec<u8>> = None;
    if treatment.ident {
        changed = ident(blob, id)?;
    }
    let now =
        |changed: &Option<Vec<u8>>| -> Vec<u8> { changed.clone().unwrap_or_else(|| blob.to_vec()) };
    if treatment.line_ends != LineEnds::Kept {
        let bytes = now(&changed);
        if converts(&bytes, treatment.line_ends)? {
            changed = Some(crlf(&bytes));
        }
    }
    if treatment.substituted {
        changed = Some(substituted(&now(&changed), commit, most)?);
    }
    match changed {
        None => Ok(Arc::clone(blob)),
        Some(changed) if changed.len() > most => Err(Dependence::Size),
        Some(changed) => Ok(changed.into()),
    }
}

fn converts(bytes: &[u8], how: LineEnds) -> Result<bool, Dependence> {
    let has = |byte: u8| bytes.contains(&byte);
    match how {
        LineEnds::Kept => Ok(false),
        LineEnds::Crlf => Ok(has(b'\n')),
        LineEnds::CrlfIfText => {
            if has(0) || has(b'\r') || !has(b'\n') {
                return Ok(false);
            }
            // Few control characters are text still; where the line is drawn is
            // git's own affair.
            let control = |byte: &u8| {
                (*byte < 0x20 && !matches!(byte, b'\t' | b'\n' | 8 | 12 | 27)) || *byte == 0x7f
            };
            if bytes.iter().any(control) {
                return Err(Dependence::Guess);
            }
            Ok(true)
        }
    }
}

/// Every line feed without a carriage return gets one.
fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    let mut before = 0;
    for byte in bytes {
        if *byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        before = *byte;
    }
    out
}

/// `$Id$` becomes the id of the blob.
fn ident(blob: &[u8], id: ObjectId) -> Result<Option<Vec<u8>>, Dependence> {
    if find(blob, b"$Id:").is_some() {
        return Err(Dependence::Guess);
    }
    let mut out = Vec::new();
    let mut rest = blob;
    while let Some(at) = find(rest, b"$Id$") {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(format!("$Id: {id} $").as_bytes());
        rest = rest.get(at + 4..).unwrap_or_default();
    }
    if out.is_empty() && rest.len() == blob.len() {
        return Ok(None);
    }
    out.extend_from_slice(rest);
    Ok(Some(out))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Everything between `$Format:` and the next `$`.
fn substituted(bytes: &[u8], commit: &Commit, most: usize) -> Result<Vec<u8>, Dependence> {
    const OPEN: &[u8] = b"$Format:";
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = find(rest, OPEN) {
        let (before, after) = rest.split_at(at);
        let inner = after.get(OPEN.len()..).unwrap_or_default();
        let Some(end) = inner.iter().position(|byte| *byte == b'$') else {
            break;
        };
        out.extend_from_slice(before);
        let (format, after) = inner.split_at(end);
        let format = std::str::from_utf8(format).map_err(|_| Dependence::Format)?;
        out.extend_from_slice(&expanded(format, commit)?);
        // A message that is repeated a million times is a bomb.
        if out.len() > most {
            return Err(Dependence::Size);
        }
        rest = after.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(out)
}

fn expanded(format: &str, commit: &Commit) -> Result<Vec<u8>, Dependence> {
    let mut out = Vec::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        let (bytes, next) = placeholder(after, commit).ok_or(Dependence::Format)?;
        out.extend_from_slice(&bytes);
        rest = next;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// The bytes of one placeholder, and what stands behind it. Nothing for those
/// that need more than the commit.
fn placeholder<'f>(text: &'f str, commit: &Commit) -> Option<(Vec<u8>, &'f str)> {
    let parents: Vec<String> = commit.parents.iter().map(ToString::to_string).collect();
    let simple: [(&str, String); 8] = [
        ("H", commit.id.to_string()),
        ("T", commit.tree.to_string()),
        ("P", parents.join(" ")),
        ("n", "\n".to_owned()),
        ("%", "%".to_owned()),
        ("s", subject(&commit.message)),
        ("b", body(&commit.message)),
        ("B", commit.message.trim_start_matches('\n').to_owned()),
    ];
    for (name, value) in simple {
        if let Some(rest) = text.strip_prefix(name) {
            return Some((value.into_bytes(), rest));
        }
    }
    if let Some(rest) = text.strip_prefix('x') {
        let digits = rest.get(..2)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        return Some((vec![byte], rest.get(2..)?));
    }
    let (who, rest) = if let Some(rest) = text.strip_prefix('a') {
        (&commit.author, rest)
    } else {
        (&commit.committer, text.strip_prefix('c')?)
    };
    let mut letters = rest.chars();
    let value = match letters.next()? {
        'n' => who.name.clone(),
        'e' => who.email.clone(),
        'l' => who.email.split('@').next().unwrap_or_default().to_owned(),
        't' => who.time.to_string(),
        'I' => strict_time(who)?,
        'i' => iso_time(who)?,
        's' => iso_time(who)?.get(..10)?.to_owned(),
        _ => return None,
    };
    Some((value.into_bytes(), letters.as_str()))
}

/// The first paragraph as one line.
fn subject(message: &str) -> String {
    let lines = message.trim_start_matches('\n').lines();
    let first: Vec<&str> = lines
        .map(str::trim_end)
        .take_while(|line| !line.is_empty())
        .collect();
    first.join(" ")
}

/// Everything after the first paragraph.
fn body(message: &str) -> String {
    let mut rest = message.trim_start_matches('\n');
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if line.trim_end().is_empty() {
            return rest.trim_start_matches('\n').to_owned();
        }
    }
    String::new()
}

fn parts(who: &Signature) -> Option<(String, String, char, i32, i32)> {
    let local = who.time.checked_add(i64::from(who.offset) * 60)?;
    let days = local.div_euclid(86_400);
    let seconds = local.rem_euclid(86_400);
    let (year, month, day) = date(days)?;
    let sign = if who.offset < 0 { '-' } else { '+' };
    Some((
        format!("{year:04}-{month:02}-{day:02}"),
        format!(
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
        sign,
        who.offset.abs() / 60,
        who.offset.abs() % 60,
    ))
}

fn strict_time(who: &Signature) -> Option<String> {
    let (date, time, sign, hours, minutes) = parts(who)?;
    // Which of the two forms git writes for UTC changed between its versions.
    (who.offset != 0).then(|| format!("{date}T{time}{sign}{hours:02}:{minutes:02}"))
}

fn iso_time(who: &Signature) -> Option<String> {
    let (date, time, sign, hours, minutes) = parts(who)?;
    Some(format!("{date} {time} {sign}{hours:02}{minutes:02}"))
}

/// Days since 1970-01-01 as year, month and day of the Gregorian calendar.
fn date(days: i64) -> Option<(i64, i64, i64)> {
    // Years outside of this are nonsense in a commit.
    if !(-719_000..=2_900_000).contains(&days) {
        return None;
    }
    // Counted in eras of 400 years that begin in March, so that the leap day is
    // the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((year, month, day))
}
