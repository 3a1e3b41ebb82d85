//! What the name of an archive says: `commons-io-2.8.0.jar`.

/// A name and a version, as far as the name of a file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileName {
    pub(super) name: String,
    pub(super) version: String,
}

impl FileName {
    /// The name goes on over every dash behind which a word begins; the first
    /// part that is a number, `build7` or `rc1` begins the version.
    pub(super) fn of(path: &str) -> Self {
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let split = |signs: &[char]| {
            let places = stem.match_indices(|sign| signs.contains(&sign));
            places.into_iter().find_map(|(at, _)| {
                let version = stem.get(at + 1..)?;
                (at > 0 && is_version(version)).then(|| (stem.get(..at), version))
            })
        };
        let found = split(&['-']).or_else(|| split(&['_', '.']));
        let (name, version) = match found {
            Some((Some(name), version)) => (name, version),
            _ => (stem, ""),
        };
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
        }
    }
}

fn is_version(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let after = |word: &str| lower.strip_prefix(word).is_some_and(digit);
    digit(&lower) || after("build") || after("rc") || after("r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        for (path, name, version) in [
            ("a/commons-io-2.8.0.jar", "commons-io", "2.8.0"),
            ("my-http2-server-5.war", "my-http2-server", "5"),
            ("jetpack-build235-rc5.jar", "jetpack", "build235-rc5"),
            (
                "com.example.thing_1.2.3.v2020.jar",
                "com.example.thing",
                "1.2.3.v2020",
            ),
            ("rt.jar", "rt", ""),
            ("ironman-r4-2009.jar", "ironman", "r4-2009"),
            ("-1.jar", "-1", ""),
        ] {
            let found = FileName::of(path);
            assert_eq!(
                (found.name.as_str(), found.version.as_str()),
                (name, version),
                "{path}"
            );
        }
    }
}
