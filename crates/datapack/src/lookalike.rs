//! Names that look like a widely used action's and are not.

use crate::pack::Popular;

/// The longest slug that is compared; GitHub allows 39 + 1 + 100 bytes.
const MAX_SLUG: usize = 140;

/// Repository names that many unrelated owners use; alone they say nothing.
const GENERIC: &[&str] = &[
    "action",
    "actions",
    "github-action",
    "github-actions",
    "setup",
    "workflows",
    ".github",
];

/// A popular action and how another name resembles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookalike<'p> {
    /// The popular action.
    pub popular: &'p Popular,
    /// How the name resembles it.
    pub resemblance: Resemblance,
}

/// How a name resembles another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resemblance {
    /// The same letters with separators moved or left out: `docker/loginaction`.
    Separators,
    /// Characters that look alike: `acti0ns/checkout`.
    Homoglyphs,
    /// One letter missing, added, changed or swapped: `actions/chekcout`.
    OneEdit,
    /// An owner made of the whole name: `actions-checkout/checkout`.
    OwnerOfWholeName,
}

/// The most popular action that `slug` looks like. The same owner cannot
/// imitate itself, and an owner of a popular action imitates nobody.
pub(crate) fn find<'p>(popular: &'p [Popular], slug: &str) -> Option<Lookalike<'p>> {
    if slug.len() > MAX_SLUG || !slug.is_ascii() {
        return None;
    }
    let slug = slug.to_ascii_lowercase();
    let (owner, repo) = slug.split_once('/')?;
    let owner_of = |popular: &Popular| {
        popular
            .repository
            .split_once('/')
            .is_some_and(|(known, _)| known.eq_ignore_ascii_case(owner))
    };
    if popular.iter().any(owner_of) {
        return None;
    }
    let name = Name::of((owner, repo));
    popular.iter().find_map(|candidate| {
        let known = candidate.repository.to_ascii_lowercase();
        let resemblance = resemblance(&name, &Name::of(known.split_once('/')?))?;
        Some(Lookalike {
            popular: candidate,
            resemblance,
        })
    })
}

/// A name and what is compared of it.
struct Name<'n> {
    parts: (&'n str, &'n str),
    owner: String,
    repo: String,
    whole: String,
    glyphs: String,
}

impl<'n> Name<'n> {
    fn of(parts: (&'n str, &'n str)) -> Self {
        let (owner, repo) = (bare(parts.0), bare(parts.1));
        let whole = format!("{owner}{repo}");
        Self {
            parts,
            glyphs: glyphs(&whole),
            owner,
            repo,
            whole,
        }
    }
}

fn resemblance(one: &Name<'_>, other: &Name<'_>) -> Option<Resemblance> {
    let (name, known) = (one.parts, other.parts);
    if one.whole == other.whole {
        return Some(Resemblance::Separators);
    }
    if one.owner == other.whole && !GENERIC.contains(&known.1) {
        return Some(Resemblance::OwnerOfWholeName);
    }
    if one.glyphs == other.glyphs {
        return Some(Resemblance::Homoglyphs);
    }
    let owner_alike = one_edit(name.0, known.0);
    let repo_same = one.repo == other.repo;
    // The owner is another account in every case; what makes an imitation of it
    // is that the account's name is a slip of the known one. Short names lie
    // close together by chance, and so do names beside a repository that half
    // of the authors call the same.
    let long_enough = if GENERIC.contains(&known.1) {
        known.0.len() >= 8
    } else {
        known.0.len() >= 3
    };
    if owner_alike && repo_same && long_enough {
        return Some(Resemblance::OneEdit);
    }
    let both_slips =
        owner_alike && one_edit(name.1, known.1) && known.0.len() >= 5 && known.1.len() >= 5;
    both_slips.then_some(Resemblance::OneEdit)
}

/// Letters and digits alone.
fn bare(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// One stand-in for each group of characters that look alike in GitHub's fonts.
fn glyphs(text: &str) -> String {
    text.replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
        .chars()
        .map(glyph)
        .collect()
}

fn glyph(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        '5' => 's',
        '8' => 'b',
        other => other,
    }
}

/// Whether one insertion, deletion, substitution or swap of neighbours turns
/// `a` into `b` (Damerau-Levenshtein distance of exactly one).
fn one_edit(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = |bytes: &'_ [u8], skip: usize| bytes.get(head + skip..).unwrap_or_default().to_vec();
    let swapped = match (a.get(head..head + 2), b.get(head..head + 2)) {
        (Some([x, y]), Some([u, v])) => x == v && y == u && tail(a, 2) == tail(b, 2),
        _ => false,
    };
    swapped
        || match a.len().cmp(&b.len()) {
            std::cmp::Ordering::Equal => tail(a, 1) == tail(b, 1),
            std::cmp::Ordering::Less => tail(a, 0) == tail(b, 1),
            std::cmp::Ordering::Greater => tail(a, 1) == tail(b, 0),
        }
}
