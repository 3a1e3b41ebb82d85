//! Names that decide a comparison: those that stand in it, and those that a
//! stranger may take to begin, end or fill with them.

/// Stands for the name of the repository where that is not known.
pub(super) const OWN: &str = "x7own/x7app";
/// Stands for its number.
pub(super) const OWN_ID: &str = "700000007";
/// Stands for its default branch.
pub(super) const BRANCH: &str = "x7default";
/// Stands for a label or an activity that no condition names.
pub(super) const LABEL: &str = "x7other";

/// Accounts that no condition names; the second one is for two that differ.
const STRANGERS: [&str; 2] = ["x7stranger", "x7another"];
/// The lowest and the highest in the order of texts.
const ENDS: [&str; 2] = ["0", "zzzzzzzz"];
/// What a stranger puts before or after a text.
const PIECE: &str = "7x";
/// Most texts of one comparison that are looked at, and most words of one.
const MOST: usize = 64;

/// The constants of one comparison.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    texts: Vec<String>,
    meant: Vec<String>,
    cut: bool,
}

impl Texts {
    /// One more.
    pub(super) fn add(&mut self, text: &str) {
        if self.texts.len() >= MOST || text.len() > 4_096 {
            self.cut = true;
        } else if !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
        }
    }

    /// Whether there are more than are looked at.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The texts that are not empty.
    pub(super) fn words(&self) -> Vec<String> {
        let filled = self.texts.iter().filter(|text| !text.is_empty());
        filled.cloned().collect()
    }

    /// The labels that they may mean, and one that none of them is.
    pub(super) fn labels(&self) -> Vec<String> {
        let mut labels = self.words();
        for text in &self.texts {
            // In a text that is searched, each word is found.
            for word in text.split_whitespace().take(MOST) {
                if !labels.iter().any(|known| known == word) {
                    labels.push(word.to_owned());
                }
            }
        }
        labels.push(LABEL.to_owned());
        labels
    }

    /// Names of repositories, or of owners, that they are, or a part of.
    pub(super) fn names_of_repositories(&self, full: bool) -> Vec<String> {
        let mut found = Vec::new();
        for text in &self.texts {
            found.push(text.clone());
            found.extend(around(text));
            if full {
                found.push(format!("{text}/{PIECE}"));
                found.push(format!("{PIECE}/{text}"));
            }
        }
        found.retain(|name| match name.split_once('/') {
            Some((owner, name)) => full && is_login(owner) && is_name(name),
            None => !full && is_login(name),
        });
        found
    }

    /// Names of the repository itself that the condition may mean.
    pub(super) fn means(&mut self, names: Vec<String>) {
        self.meant = names;
    }

    /// The same.
    pub(super) fn meant(&self) -> &[String] {
        &self.meant
    }

    /// Accounts that they name: whole texts, and words of texts that are searched.
    pub(super) fn named(&self, by_number: bool) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for text in &self.texts {
            let bot = text.to_ascii_lowercase().ends_with("[bot]");
            if by_number {
                let digits = |word: &&str| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
                };
                let words = text.split(|c: char| !c.is_ascii_alphanumeric());
                found.extend(words.filter(digits).map(str::to_owned).take(MOST));
            } else if bot && text.starts_with(['[', '-']) {
                found.push(format!("{PIECE}app{}", text.trim_start_matches('-')));
            } else if bot {
                found.push(text.clone());
            } else {
                found.extend(words(text).map(str::to_owned).filter(|word| is_login(word)));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Accounts that a stranger may have.
    pub(super) fn strangers(&self, slug: Option<&str>) -> Vec<String> {
        let mut taken: Vec<String> = self.named(false);
        taken.extend(self.texts.iter().cloned());
        taken.extend(owner_of(slug).map(str::to_owned));
        let mut found: Vec<String> = STRANGERS
            .into_iter()
            .chain(ENDS)
            .map(str::to_owned)
            .collect();
        for text in &self.texts {
            found.extend(around(text));
            for word in words(text) {
                found.extend(shorter(word));
            }
        }
        found.retain(|name| is_login(name) && !taken.iter().any(|t| t.eq_ignore_ascii_case(name)));
        found.sort();
        found.dedup();
        found
    }

    /// Names that a stranger's fork may have. Whoever is written out before a
    /// slash is somebody else.
    pub(super) fn forks(&self, slug: Option<&str>) -> Vec<String> {
        let owners = self.texts.iter().filter_map(|text| text.split_once('/'));
        let mut taken: Vec<&str> = owners.map(|(owner, _)| owner).collect();
        taken.extend(owner_of(slug));
        let mut found: Vec<String> = vec![
            format!("{}/x7fork", STRANGERS[0]),
            format!("{}/x7fork", ENDS[0]),
            format!("{}/x7fork", ENDS[1]),
        ];
        for text in &self.texts {
            if text.contains('/') {
                found.extend(around(text));
                for word in text.split(|c: char| c.is_whitespace() || ",;|\"'[]".contains(c)) {
                    found.extend(shorter(word));
                    found.extend(around(word));
                }
            } else {
                for part in around(text) {
                    found.push(format!("{part}/{PIECE}"));
                    found.push(format!("{PIECE}/{part}"));
                }
                found.push(format!("{PIECE}/{text}"));
            }
        }
        found.retain(|name| {
            name.split_once('/').is_some_and(|(owner, name)| {
                is_login(owner)
                    && is_name(name)
                    && !taken.iter().any(|t| t.eq_ignore_ascii_case(owner))
            })
        });
        found.sort();
        found.dedup();
        found
    }

    /// Numbers of accounts and forks that are none of those here: an old one and
    /// a new one.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let mut taken = self.named(true);
        taken.push(OWN_ID.to_owned());
        let low = (3_u32..).find(|n| !taken.contains(&n.to_string()));
        let high = (999_000_007_u32..).find(|n| !taken.contains(&n.to_string()));
        low.into_iter().chain(high).map(f64::from).collect()
    }

    /// Refs that begin with `start`: those here, those that hold them, and
    /// `other`.
    pub(super) fn refs(&self, start: &str, other: &str) -> Vec<String> {
        let mut found = vec![format!("{start}{other}")];
        for text in &self.texts {
            let rest = text.strip_prefix(start).unwrap_or_default();
            if !rest.is_empty() {
                found.push(text.clone());
                found.push(format!("{text}{PIECE}"));
            }
            if !text.is_empty() && !text.starts_with("refs/") {
                let tail = text.trim_matches('/');
                for part in [
                    tail.to_owned(),
                    format!("{PIECE}/{tail}"),
                    format!("{tail}/{PIECE}"),
                ] {
                    found.push(format!("{start}{part}"));
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

fn owner_of(slug: Option<&str>) -> Option<&str> {
    slug.unwrap_or(OWN).split('/').next()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| !word.is_empty())
        .take(MOST)
}

fn around(text: &str) -> [String; 3] {
    [
        format!("{text}{PIECE}"),
        format!("{PIECE}{text}"),
        format!("{PIECE}{text}{PIECE}"),
    ]
}

// A part of a text is found in it.
fn shorter(word: &str) -> impl Iterator<Item = String> {
    let first = word.chars().next().map_or(0, char::len_utf8);
    let last = word.chars().next_back().map_or(0, char::len_utf8);
    let parts = [word.get(first..), word.get(..word.len() - last)];
    parts.into_iter().flatten().map(str::to_owned)
}

// Letters, digits and single hyphens inside.
fn is_login(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=39).contains(&name.len())
        && name.bytes().all(legal)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn is_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=100).contains(&name.len()) && name.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Texts {
        let mut texts = Texts::default();
        all.iter().for_each(|text| texts.add(text));
        texts
    }

    #[test]
    fn a_stranger_takes_names_around_a_text() {
        let names = texts(&["acme-"]).strangers(None);
        assert!(names.contains(&"acme-7x".to_owned()), "{names:?}");
        let names = texts(&["-bot"]).strangers(None);
        assert!(names.contains(&"7x-bot".to_owned()), "{names:?}");
        assert!(names.iter().all(|name| is_login(name)));
        let names = texts(&["alice bob"]).strangers(None);
        assert!(names.contains(&"lice".to_owned()) && !names.contains(&"alice".to_owned()));
    }

    #[test]
    fn whoever_is_written_out_is_somebody_else() {
        assert!(
            !texts(&["Acme"])
                .strangers(None)
                .contains(&"acme".to_owned())
        );
        let forks = texts(&["acme/app"]).forks(Some("acme/app"));
        assert!(
            forks.iter().all(|name| !name.starts_with("acme/")),
            "{forks:?}"
        );
        // `endsWith` takes an owner whose name ends alike.
        assert!(forks.contains(&"7xacme/app".to_owned()), "{forks:?}");
        let forks = texts(&["/app"]).forks(Some("acme/app"));
        assert!(forks.contains(&"7x/app".to_owned()), "{forks:?}");
    }

    #[test]
    fn numbers_are_none_of_those_named() {
        let numbers = texts(&["3", "999000007"]).numbers();
        assert_eq!(numbers, [4.0, 999_000_008.0]);
    }
}
