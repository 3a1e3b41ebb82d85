//! `go.sum`: the checksums of modules and of their `go.mod` files.
//!
//! Source: Go modules reference, section "Authenticating modules".

use std::collections::BTreeMap;

use crate::mistake::{Mistake, Problem, lines};

/// The most checksums of one module; two are a contradiction already.
const MOST_SUMS: usize = 64;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumLine {
    /// The checksum, as in `h1:…`.
    pub sum: String,
    /// The one-based line.
    pub line: usize,
}

/// The checksums of a file, by module and version. Where the version ends with
/// `/go.mod`, the checksum is that of this one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoSum {
    sums: BTreeMap<(String, String), Vec<SumLine>>,
}

impl GoSum {
    /// Reads a file.
    ///
    /// # Errors
    /// A [`Mistake`] with its place.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut file = Self::default();
        for numbered in lines(text) {
            let (line, text) = numbered?;
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let [path, version, sum] = words.as_slice() else {
                if words.is_empty() {
                    continue;
                }
                let problem = Problem::expected("a module, a version and a checksum", text);
                return Err(Mistake::at(line, problem));
            };
            // Other kinds of checksums are skipped by Go as well.
            if sum.starts_with("h1:") && !is_h1(sum) {
                let problem = Problem::expected("`h1:` and 32 bytes in base64", sum);
                return Err(Mistake::at(line, problem));
            }
            let key = ((*path).to_owned(), (*version).to_owned());
            let all = file.sums.entry(key).or_default();
            if all.len() >= MOST_SUMS {
                let limit = MOST_SUMS;
                let unit = "checksums of one module";
                return Err(Mistake::at(line, Problem::TooLarge { limit, unit }));
            }
            if !all.iter().any(|one| one.sum == *sum) {
                let sum = (*sum).to_owned();
                all.push(SumLine { sum, line });
            }
        }
        Ok(file)
    }

    /// The checksums of the kind `h1` for a module's files. More than one is a
    /// contradiction.
    pub fn of<'s>(
        &'s self,
        path: &str,
        version: &str,
    ) -> impl Iterator<Item = &'s SumLine> + use<'s> {
        let key = (path.to_owned(), version.to_owned());
        (self.sums.get(&key).into_iter().flatten()).filter(|one| one.sum.starts_with("h1:"))
    }

    /// Everything, in order of modules and versions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &SumLine)> {
        self.sums.iter().flat_map(|((path, version), all)| {
            all.iter()
                .map(move |one| (path.as_str(), version.as_str(), one))
        })
    }

    /// Adds what another file has.
    pub fn join(&mut self, other: Self) {
        for (key, all) in other.sums {
            let mine = self.sums.entry(key).or_default();
            for one in all {
                if !mine.iter().any(|known| known.sum == one.sum) {
                    mine.push(one);
                }
            }
        }
    }
}

/// Whether a checksum has the form of the kind `h1`.
fn is_h1(sum: &str) -> bool {
    sum.strip_prefix("h1:").is_some_and(|rest| {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        rest.len() == 44 && rest.ends_with('=') && rest.bytes().take(43).all(is_base64)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const A: &str = "h1:QjkSwP/36a20jFYWkSue1YwXzLmsV5Gfq7Eiy72C1uc=";
    const B: &str = "h1:/VUhepiaJMQUp4+oa/7Zr1D23ma6VTLIYjOOTFZPUcA=";

    #[test]
    fn checksums_are_found_and_contradictions_kept() {
        let text = format!("m v1.0.0 {A}\nm v1.0.0/go.mod {B}\n\nm v1.0.0 {B}\nm v1.0.0 {A}\n");
        let file = GoSum::parse(&text).unwrap();
        let found: Vec<_> = file
            .of("m", "v1.0.0")
            .map(|one| (one.sum.as_str(), one.line))
            .collect();
        assert_eq!(found, [(A, 1), (B, 4)]);
        assert_eq!(file.of("m", "v1.0.1").count(), 0);
        assert_eq!(file.iter().count(), 3);
    }

    #[test]
    fn mistakes_have_places() {
        let error = GoSum::parse(&format!("m v1 {A}\nm v1\n")).unwrap_err();
        assert_eq!(error.line, 2);
        let error = GoSum::parse("m v1 h1:short=\n").unwrap_err();
        assert!(error.to_string().contains("32 bytes in base64"), "{error}");
        assert!(GoSum::parse(">>>>>>> theirs\n").is_err());
    }
}
