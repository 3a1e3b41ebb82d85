//! Whether a version is one of those that somebody asks for, in the words of each
//! package manager.
//!
//! Every grammar becomes one form: alternatives, each of bounds that all have to
//! hold. What a grammar does not say is `None`, never yes or no.

mod brackets;
mod carets;
mod gems;
mod pypi;
mod words;

use super::Scheme;
use crate::Ecosystem;

/// The most alternatives and bounds of one text.
const MOST: usize = 256;

/// Whether `version` is among those that `range` asks for. `None` where the text is
/// no range of the ecosystem, or the version none of its versions.
///
/// What is early (`1.0.0-rc.1`) is taken as the package manager takes it that is
/// asked for this very range: npm, Cargo and Bundler want it named.
#[must_use]
pub fn satisfies(ecosystem: Ecosystem, range: &str, version: &str) -> Option<bool> {
    let scheme = Scheme::of(ecosystem)?;
    if range.len() > super::LONGEST || !scheme.is_version(version) {
        return None;
    }
    let range = range.trim();
    if ecosystem == Ecosystem::PyPi {
        return pypi::satisfies(range, version);
    }
    let alternatives = match ecosystem {
        Ecosystem::Npm => carets::npm(range)?,
        Ecosystem::Cargo => carets::cargo(range)?,
        Ecosystem::Pub => carets::of_pub(range)?,
        Ecosystem::Packagist => carets::composer(range)?,
        Ecosystem::RubyGems => gems::gems(range)?,
        Ecosystem::Hex => gems::hex(range)?,
        Ecosystem::Maven => brackets::maven(range)?,
        Ecosystem::NuGet => brackets::nuget(range)?,
        _ => return None,
    };
    let wants_named = matches!(
        ecosystem,
        Ecosystem::Npm | Ecosystem::Cargo | Ecosystem::Hex
    );
    let fits = |bounds: &Vec<Bound>| {
        bounds.iter().all(|bound| bound.holds(scheme, version))
            && (!wants_named || early_is_named(bounds, version))
    };
    Some(alternatives.iter().any(fits))
}

/// One side of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    sign: Sign,
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Sign {
    /// The sign at the front of a text, and the rest.
    fn split(text: &str) -> (Option<Self>, &str) {
        const SIGNS: [(&str, Sign); 9] = [
            ("===", Sign::Equal),
            (">=", Sign::AtLeast),
            ("<=", Sign::AtMost),
            ("!=", Sign::NotEqual),
            ("<>", Sign::NotEqual),
            ("==", Sign::Equal),
            (">", Sign::More),
            ("<", Sign::Less),
            ("=", Sign::Equal),
        ];
        let found = SIGNS
            .iter()
            .find_map(|(word, sign)| Some((*sign, text.strip_prefix(word)?)));
        match found {
            Some((sign, rest)) => (Some(sign), rest.trim_start()),
            None => (None, text),
        }
    }
}

impl Bound {
    fn new(sign: Sign, version: impl Into<String>) -> Self {
        Self {
            sign,
            version: version.into(),
        }
    }

    fn holds(&self, scheme: Scheme, version: &str) -> bool {
        let order = scheme.compare(version, &self.version);
        match self.sign {
            Sign::Equal => order.is_eq(),
            Sign::NotEqual => order.is_ne(),
            Sign::Less => order.is_lt(),
            Sign::AtMost => order.is_le(),
            Sign::More => order.is_gt(),
            Sign::AtLeast => order.is_ge(),
        }
    }
}

/// Alternatives of bounds.
type Alternatives = Vec<Vec<Bound>>;

/// What is early has to be named: a bound with the same three numbers is early too.
fn early_is_named(bounds: &[Bound], version: &str) -> bool {
    let parts = super::semver::Parts::of(version);
    if parts.early.is_empty() {
        return true;
    }
    bounds.iter().any(|bound| {
        let other = super::semver::Parts::of(&bound.version);
        !other.early.is_empty() && other.numbers == parts.numbers
    })
}

/// Behind a bound that nobody wrote: so low that nothing early of the version is
/// below it.
const LOWEST: &str = "0";

#[cfg(test)]
mod tests;
