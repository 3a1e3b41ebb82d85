//! `Gemfile.lock` and `gems.locked`: sections of indented lines.
//!
//! Source: rubygems/rubygems, `bundler/lib/bundler/lockfile_parser.rb`. What is
//! for which group stands in the `Gemfile` alone, which is a program.

use std::collections::HashMap;

use cofferdam_facts::Span;

use crate::document::{Ask, Document};
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem, placed};
use crate::{Ecosystem, Format, Integrity, Package, Relation, Source, Subject};

/// The sections that there are: gems of another one would be missed.
const SECTIONS: [&str; 9] = [
    "BUNDLED WITH",
    "CHECKSUMS",
    "DEPENDENCIES",
    "GEM",
    "GIT",
    "PATH",
    "PLATFORMS",
    "PLUGIN SOURCE",
    "RUBY VERSION",
];

/// What a section says before its gems.
#[derive(Clone, Debug, Default)]
struct Section {
    kind: String,
    remotes: Vec<String>,
    revision: Option<String>,
    reference: Option<String>,
}

impl Section {
    fn source(&self) -> Source {
        let remote = self.remotes.first().cloned().unwrap_or_default();
        match self.kind.as_str() {
            "GIT" => Source::Git {
                url: remote,
                commit: self.revision.clone(),
                reference: self.reference.clone(),
            },
            "PATH" => Source::Path { path: remote },
            "GEM" => Source::Registry {
                // Which of several gems come from is not said.
                index: (self.remotes.len() == 1).then_some(remote),
                archive: None,
            },
            _ => Source::Unknown,
        }
    }
}

#[derive(Default)]
struct Lock {
    /// The gems by name; several where platforms differ.
    places: HashMap<String, Vec<usize>>,
    needs: Vec<(usize, String, Span)>,
    asks: Vec<(String, Span)>,
    checksums: HashMap<String, Vec<Integrity>>,
    bundler: Option<String>,
}

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let text = draft.file.text();
    let mut lock = Lock::default();
    let mut section = Section::default();
    let mut current = None;
    for numbered in placed(text) {
        let (number, start, line) = numbered?;
        let words = line.trim_start_matches(' ');
        let indent = line.len() - words.len();
        let words = words.trim_end();
        if words.is_empty() {
            continue;
        }
        let span = Span::new(start + indent, start + indent + words.len());
        let wrong = |what| Mistake::at(number, Problem::expected(what, words));
        if indent == 0 {
            if !words.starts_with(|c: char| c.is_ascii_uppercase()) {
                return Err(wrong("the name of a section"));
            }
            if !SECTIONS.contains(&words) {
                draft.not_understood(span, "a section", words);
            }
            section = Section {
                kind: words.to_owned(),
                ..Section::default()
            };
            current = None;
            continue;
        }
        match section.kind.as_str() {
            "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE" => match indent {
                ..=3 => property(&mut section, words),
                4..=5 => {
                    let (name, version) = gem(words).ok_or(wrong("a gem with its version"))?;
                    let package = package(&draft, name, version, &section, span);
                    let at = draft.add(package)?;
                    lock.places.entry(name.to_owned()).or_default().push(at);
                    current = Some(at);
                }
                _ => {
                    let from = current.ok_or(wrong("a gem above what it needs"))?;
                    let name = words.split(' ').next().unwrap_or(words);
                    lock.needs.push((from, name.to_owned(), span));
                }
            },
            "DEPENDENCIES" => {
                let name = words.split(' ').next().unwrap_or(words);
                let name = name.trim_end_matches('!');
                lock.asks.push((name.to_owned(), span));
            }
            "CHECKSUMS" => checksum(&mut lock, words),
            "BUNDLED WITH" => lock.bundler = Some(words.to_owned()),
            _ => {}
        }
    }
    if section.kind.is_empty() {
        return Err(Mistake::at(
            1,
            Problem::expected("a section, as in `GEM`", ""),
        ));
    }
    connect(&mut draft, lock)
}

fn property(section: &mut Section, words: &str) {
    let Some((key, value)) = words.split_once(": ") else {
        return;
    };
    match key {
        "remote" => section.remotes.push(value.to_owned()),
        "revision" => section.revision = Some(value.to_owned()),
        "branch" | "tag" | "ref" => section.reference = Some(value.to_owned()),
        _ => {}
    }
}

/// `name (version)`.
fn gem(words: &str) -> Option<(&str, &str)> {
    let (name, version) = words.split_once(" (")?;
    let version = version.strip_suffix(')')?;
    (!name.is_empty() && !version.is_empty()).then_some((name, version))
}

fn package(draft: &Draft<'_>, name: &str, version: &str, section: &Section, span: Span) -> Package {
    // A version has no hyphen: the platform stands behind it.
    let (version, platform) = match version.split_once('-') {
        Some((version, platform)) => (version, Some(platform)),
        None => (version, None),
    };
    let version = Some(version.to_owned());
    let mut package = draft.package(Ecosystem::RubyGems, name, version, span);
    package.source = section.source();
    let platform = platform.map(|platform| ("platform".to_owned(), platform.to_owned()));
    package.qualifiers.extend(platform);
    if section.kind == "PATH" && section.remotes.iter().any(|remote| remote == ".") {
        package.relation = Relation::Project;
    }
    package
}

/// `name (version) sha256=…`, several joined with commas.
fn checksum(lock: &mut Lock, words: &str) {
    let Some((gem, hashes)) = words.rsplit_once(") ") else {
        return;
    };
    let hashes = hashes
        .split(',')
        .filter_map(|hash| Integrity::prefixed(Subject::Archive, hash.trim()));
    let key = format!("{gem})");
    lock.checksums.entry(key).or_default().extend(hashes);
}

fn connect(draft: &mut Draft<'_>, lock: Lock) -> Result<Document, Mistake> {
    for package in &mut draft.packages {
        let version = package.version.as_deref().unwrap_or_default();
        let key = match package.qualifiers.first() {
            Some((_, platform)) => format!("{} ({version}-{platform})", package.name),
            None => format!("{} ({version})", package.name),
        };
        package.integrity = lock.checksums.get(&key).cloned().unwrap_or_default();
    }
    for (from, name, span) in lock.needs {
        match lock.places.get(&name) {
            Some(all) => {
                for to in all {
                    draft.edge(from, *to)?;
                }
            }
            // It comes with Ruby, or is the one who reads.
            None if name == "bundler" => {}
            None => draft.dangling(span, &name),
        }
    }
    for (name, span) in lock.asks {
        match lock.places.get(&name) {
            Some(all) => {
                for at in all {
                    draft.ask(*at, Ask::UNKNOWN)?;
                }
            }
            None if name == "bundler" => {}
            None => draft.dangling(span, &name),
        }
    }
    let file = draft.file;
    let whole = std::mem::replace(draft, Draft::new(file));
    Ok(whole.finish(Format::GemfileLock, lock.bundler))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    const TEXT: &str = "GIT\n  remote: https://github.com/x/far.git\n  revision: abc\n  branch: main\n  specs:\n\
        \x20   far (0.1.0)\n      rack (>= 2)\n\nPATH\n  remote: .\n  specs:\n    own (1.0.0)\n      far\n\n\
        GEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.15.0-x86_64-linux)\n      racc (~> 1.4)\n\
        \x20   racc (1.7.0)\n    rack (3.0.0)\n\nPLATFORMS\n  x86_64-linux\n\nDEPENDENCIES\n  far!\n  nokogiri (~> 1.15)\n  own!\n\n\
        CHECKSUMS\n  racc (1.7.0) sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n  rack (3.0.0)\n\n\
        BUNDLED WITH\n   2.5.0\n";

    fn read(text: &str) -> Result<Document, crate::ParseError> {
        parse(
            Format::GemfileLock,
            &SourceFile::new("Gemfile.lock", text),
            &NoFiles,
        )
    }

    #[test]
    fn sections_are_packages() {
        let document = read(TEXT).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| {
                let version = p.version.as_deref().unwrap();
                (
                    p.name.as_str(),
                    version,
                    p.source.word(),
                    p.relation,
                    p.integrity.len(),
                    p.location.line,
                )
            })
            .collect();
        use Relation::{Direct, Project, Transitive};
        assert_eq!(
            shown,
            [
                ("far", "0.1.0", "git", Direct, 0, 6),
                ("own", "1.0.0", "path", Project, 0, 12),
                ("nokogiri", "1.15.0", "registry", Direct, 0, 18),
                ("racc", "1.7.0", "registry", Transitive, 1, 20),
                ("rack", "3.0.0", "registry", Transitive, 0, 21),
            ]
        );
        let purl = document.packages.get(2).unwrap().purl().unwrap();
        assert_eq!(purl, "pkg:gem/nokogiri@1.15.0?platform=x86_64-linux");
        assert_eq!(document.path_to(4), [1, 0, 4]);
        assert_eq!(document.format_version.as_deref(), Some("2.5.0"));
        assert_eq!(document.notes, []);
    }

    #[test]
    fn a_section_to_come_is_a_gap() {
        let document = read("GEM\n  specs:\nNEW KIND\n  x (1)\n").unwrap();
        assert_eq!(
            document
                .gaps()
                .map(|gap| gap.location.line)
                .collect::<Vec<_>>(),
            [3]
        );
    }

    #[test]
    fn bad_files_are_told_with_their_line() {
        for (text, expected) in [
            ("", "a section"),
            ("gem\n", "line 1"),
            ("GEM\n  specs:\n    a\n", "line 3"),
            ("GEM\n  specs:\n      a (1)\n", "line 3"),
            ("GEM\n<<<<<<< HEAD\n", "line 2"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
