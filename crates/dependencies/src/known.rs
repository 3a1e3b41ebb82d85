//! Names that a stranger would want to be taken for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cofferdam_lockfiles::{Document, Ecosystem};

/// Names of packages, by ecosystem, in the form in which names are compared.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Each with where the name is from.
    names: HashMap<Ecosystem, BTreeMap<String, Origin>>,
    /// By ecosystem and length in characters, for a quick look.
    lengths: HashMap<(Ecosystem, usize), BTreeSet<String>>,
}

/// Where a known name is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The project has it already.
    Base,
    /// A list that the user has given.
    List,
}

impl Origin {
    /// The words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Base => "which the project uses already",
            Self::List => "which is on the list of known names",
        }
    }
}

/// A name that another one is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAlike {
    /// The known name.
    pub name: String,
    /// Where it is from.
    pub origin: Origin,
    /// In what the two differ.
    pub how: How,
}

/// In what two names differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In one letter that is other, missing, too many, or two that changed places.
    OneLetter,
    /// In characters that look the same, as `1` and `l`.
    Looks,
    /// In what separates the words, or in the order of the words.
    Words,
}

impl How {
    /// The words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OneLetter => "differs from it by one letter",
            Self::Looks => "looks the same in many typefaces",
            Self::Words => "has the same words in another form",
        }
    }
}

/// Shorter names are like each other by chance.
const SHORTEST: usize = 4;
/// Longer names are no names.
const LONGEST: usize = 200;

impl KnownNames {
    /// Adds a name.
    pub fn add(&mut self, ecosystem: Ecosystem, name: &str, origin: Origin) {
        let count = name.chars().count();
        if !(SHORTEST..=LONGEST).contains(&count) {
            return;
        }
        let names = self.names.entry(ecosystem).or_default();
        names.entry(name.to_owned()).or_insert(origin);
        self.lengths
            .entry((ecosystem, count))
            .or_default()
            .insert(name.to_owned());
    }

    /// Adds every package of some files.
    pub fn add_all(&mut self, documents: &[Document], origin: Origin) {
        for document in documents {
            for (_, package) in document.dependencies() {
                self.add(package.ecosystem, &package.lookup_name(), origin);
            }
        }
    }

    /// Reads a list: one name a line, `#` begins a comment.
    pub fn add_list(&mut self, ecosystem: Ecosystem, text: &str) {
        for line in text.lines() {
            let name = line.split('#').next().unwrap_or_default().trim();
            self.add(ecosystem, name, Origin::List);
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The known name that another one may be taken for; none for a name that is
    /// itself known. `@types/x` is made for `x`, and no look-alike of it.
    #[must_use]
    pub fn like(&self, ecosystem: Ecosystem, name: &str) -> Option<LookAlike> {
        let names = self.names.get(&ecosystem)?;
        let count = name.chars().count();
        if names.contains_key(name) || !(SHORTEST..=LONGEST).contains(&count) {
            return None;
        }
        let found = |known: &str, how| LookAlike {
            name: known.to_owned(),
            origin: names.get(known).copied().unwrap_or(Origin::List),
            how,
        };
        let (looks, words) = (looks_like(name), words_of(name));
        for length in count.saturating_sub(1)..=count + 1 {
            for known in self.lengths.get(&(ecosystem, length)).into_iter().flatten() {
                if looks_like(known) == looks {
                    return Some(found(known, How::Looks));
                }
                if strsim::damerau_levenshtein(known, name) == 1
                    && !differs_by_number(known, name)
                    && !is_of_the_same_scope(known, name)
                {
                    return Some(found(known, How::OneLetter));
                }
            }
        }
        // Separators that come or go change the length by more than one.
        let scope = scope(name);
        names
            .keys()
            .filter(|known| known.chars().count().abs_diff(count) <= 3)
            .find(|known| words_of(known) == words && self::scope(known) == scope)
            .map(|known| found(known, How::Words))
    }
}

/// The name with one character for all that look the same.
fn looks_like(name: &str) -> String {
    let plain = name.replace("rn", "m").replace("vv", "w");
    plain
        .chars()
        .map(|character| match character {
            '0' => 'o',
            '1' | 'l' | 'I' | '|' => 'l',
            '5' => 's',
            '_' | '.' => '-',
            // Letters of Cyrillic and Greek that have a twin in Latin.
            'а' | 'α' => 'a',
            'е' | 'ε' => 'e',
            'о' | 'ο' => 'o',
            'р' | 'ρ' => 'p',
            'с' => 'c',
            'х' | 'χ' => 'x',
            'у' => 'y',
            'і' | 'ι' => 'i',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// The words of a name in order of the alphabet.
fn words_of(name: &str) -> Vec<String> {
    let own = name.rsplit('/').next().unwrap_or(name);
    let mut words: Vec<String> = own
        .split(['-', '_', '.'])
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.sort();
    words
}

fn scope(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(scope, _)| scope)
}

/// `lib2` beside `lib3`, `v8` beside `v9`: a number says which of a series it is.
fn differs_by_number(a: &str, b: &str) -> bool {
    let letters = |name: &str| -> String { name.chars().filter(|c| !c.is_ascii_digit()).collect() };
    letters(a) == letters(b)
}

/// Whoever owns a scope owns both names.
fn is_of_the_same_scope(a: &str, b: &str) -> bool {
    !scope(a).is_empty() && scope(a) == scope(b)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn likenesses_are_told_and_families_are_not() {
        let mut known = KnownNames::default();
        known.add_list(
            Ecosystem::Npm,
            "lodash # since ever\n\nreact-router\n@babel/core\nlog4\nutil\n",
        );
        let like = |name: &str| known.like(Ecosystem::Npm, name);
        let cases = [
            ("lodahs", Some(("lodash", How::OneLetter))),
            ("l0dash", Some(("lodash", How::Looks))),
            ("lodash1", None),
            ("lоdash", Some(("lodash", How::Looks))),
            ("loadash", Some(("lodash", How::OneLetter))),
            ("router-react", Some(("react-router", How::Words))),
            ("react_router", Some(("react-router", How::Looks))),
            ("@babel/cora", None),
            ("@bable/core", Some(("@babel/core", How::OneLetter))),
            ("log5", None),
            ("lodash", None),
            ("react-router-dom", None),
            ("nul", None),
        ];
        for (name, expected) in cases {
            let found = like(name).map(|found| (found.name, found.how));
            let expected = expected.map(|(name, how)| (name.to_owned(), how));
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(known.like(Ecosystem::PyPi, "lodahs"), None);
        assert_eq!(like("lodahs").unwrap().origin, Origin::List);
    }
}
