//! Names that look like a widely used action's and are not.

use std::collections::HashSet;
use std::ops::Range;

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

/// The popular actions, made ready for comparing many names with them.
#[derive(Clone, Debug)]
pub struct Lookalikes<'p> {
    owners: HashSet<String>,
    popular: Vec<(Name, &'p Popular)>,
}

/// A name in the forms in which names are compared.
#[derive(Clone, Debug)]
struct Name {
    owner: String,
    repo: String,
    bare_owner: String,
    bare_repo: String,
    /// Letters and digits of both.
    whole: String,
    glyphs: String,
}

impl Name {
    fn new(slug: &str) -> Option<Self> {
        let slug = slug.to_ascii_lowercase();
        let (owner, repo) = slug.split_once('/')?;
        let (bare_owner, bare_repo) = (bare(owner), bare(repo));
        let whole = format!("{bare_owner}{bare_repo}");
        Some(Self {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            glyphs: glyphs(&whole),
            bare_owner,
            bare_repo,
            whole,
        })
    }
}

impl<'p> Lookalikes<'p> {
    pub(crate) fn new(popular: &'p [Popular]) -> Self {
        let popular: Vec<_> = popular
            .iter()
            .filter_map(|one| Some((Name::new(&one.repository)?, one)))
            .collect();
        Self {
            owners: popular.iter().map(|(name, _)| name.owner.clone()).collect(),
            popular,
        }
    }

    /// The most popular action that `slug` looks like. The same owner cannot
    /// imitate itself, and an owner of a popular action imitates nobody.
    #[must_use]
    pub fn find(&self, slug: &str) -> Option<Lookalike<'p>> {
        if slug.len() > MAX_SLUG || !slug.is_ascii() {
            return None;
        }
        let name = Name::new(slug)?;
        if self.owners.contains(&name.owner) {
            return None;
        }
        self.popular.iter().find_map(|(known, popular)| {
            Some(Lookalike {
                popular,
                resemblance: resemblance(&name, known)?,
            })
        })
    }
}

fn resemblance(name: &Name, known: &Name) -> Option<Resemblance> {
    if name.whole == known.whole {
        return Some(Resemblance::Separators);
    }
    let generic = GENERIC.contains(&known.repo.as_str());
    if name.bare_owner == known.whole && !generic {
        return Some(Resemblance::OwnerOfWholeName);
    }
    if name.glyphs == known.glyphs {
        return Some(Resemblance::Homoglyphs);
    }
    let owner_alike = one_edit(&name.owner, &known.owner);
    let repo_same = name.bare_repo == known.bare_repo;
    // The owner is another account in every case; what makes an imitation of it
    // is that the account's name is a slip of the known one. Short names lie
    // close together by chance, and so do names beside a repository that half
    // of the authors call the same.
    let long_enough = if generic {
        known.owner.len() >= 8
    } else {
        known.owner.len() >= 3
    };
    if owner_alike && repo_same && long_enough {
        return Some(Resemblance::OneEdit);
    }
    let both_slips = owner_alike
        && one_edit(&name.repo, &known.repo)
        && known.owner.len() >= 5
        && known.repo.len() >= 5;
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
    let rest = |bytes: &'_ [u8], skip: usize| -> Range<usize> {
        (head + skip).min(bytes.len())..bytes.len()
    };
    let same = |skip_a: usize, skip_b: usize| a.get(rest(a, skip_a)) == b.get(rest(b, skip_b));
    let swapped = match (a.get(head..head + 2), b.get(head..head + 2)) {
        (Some([x, y]), Some([u, v])) => x == v && y == u && same(2, 2),
        _ => false,
    };
    swapped
        || match a.len().cmp(&b.len()) {
            std::cmp::Ordering::Equal => same(1, 1),
            std::cmp::Ordering::Less => same(0, 1),
            std::cmp::Ordering::Greater => same(1, 0),
        }
}
