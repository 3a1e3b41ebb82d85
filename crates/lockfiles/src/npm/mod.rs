//! The lockfiles of JavaScript: npm, Yarn, pnpm and Bun.

pub(crate) mod bun;
pub(crate) mod package_lock;
pub(crate) mod pnpm;
mod yarn;
mod yarn_berry;
mod yarn_classic;

pub(crate) use yarn::read as read_yarn;

use crate::document::Ask;
use crate::draft::Draft;
use crate::files::{Files, beside};
use crate::tree::{self, Node};
use crate::{Integrity, Source, Subject};

/// What the lists of a `package.json` are for. A package that several lists name
/// is installed for the first of them.
const LISTS: [(&str, Ask); 4] = [
    ("dependencies", Ask::RUNTIME),
    ("optionalDependencies", Ask::OPTIONAL),
    ("devDependencies", Ask::DEVELOPMENT),
    ("peerDependencies", Ask::RUNTIME),
];

/// One line of a list of a `package.json`.
struct Wish {
    name: String,
    range: String,
    ask: Ask,
}

/// A `package.json` as far as a lockfile needs it.
struct Manifest {
    wishes: Vec<Wish>,
    /// Other manifests share the lockfile.
    has_workspaces: bool,
}

/// The wishes of a table that has the lists of a `package.json`.
fn wishes(node: &Node<'_>) -> Vec<Wish> {
    let mut all = Vec::new();
    for (list, ask) in LISTS {
        for entry in node.entries_of(list) {
            all.push(Wish {
                name: entry.key.to_string(),
                range: entry.node.text().unwrap_or_default().to_owned(),
                ask,
            });
        }
    }
    all
}

/// The `package.json` in a folder beside the lockfile. One that is there and
/// cannot be understood is a note; the lockfile is read without it.
fn manifest(draft: &mut Draft<'_>, files: &dyn Files, folder: &str) -> Option<Manifest> {
    let relative = format!("{folder}/package.json");
    let path = beside(draft.file.path(), &relative)?;
    let file = files.read(&path).ok()?;
    match tree::json(&file) {
        Ok(root) => Some(Manifest {
            wishes: wishes(&root),
            has_workspaces: root.get("workspaces").is_some(),
        }),
        Err(_) => {
            draft.no_manifest(&path);
            None
        }
    }
}

/// The package that an alias stands for: `npm:real@range`, or `npm:real`. A range
/// alone behind `npm:` is no alias.
fn alias(range: &str) -> Option<&str> {
    let real = range.strip_prefix("npm:")?;
    if let Some((name, _)) = cut(real) {
        return Some(name);
    }
    let is_name = real.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@');
    (is_name && !real.contains(' ') && real != "latest").then_some(real)
}

/// Name and range of `name@range`; the scope keeps its `@`.
fn cut(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@')?.0;
    let name = text.get(..at)?;
    let range = text.get(at + 1..)?;
    (!name.is_empty()).then_some((name, range))
}

/// The source that a range asks for where it is no range of versions.
/// Source: npm documentation, "package.json", "dependencies".
fn source_of(text: &str) -> Option<Source> {
    let git = |url: &str| {
        let (url, commit) = match url.split_once('#') {
            Some((url, fragment)) => (url, Some(fragment.to_owned())),
            None => (url, None),
        };
        let is_commit = |text: &String| {
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        // Yarn names the commit as `commit=…`.
        let fragment = commit.map(|text| match text.split_once("commit=") {
            Some((_, rest)) => rest.split('&').next().unwrap_or(rest).to_owned(),
            None => text,
        });
        let commit = fragment.clone().filter(is_commit);
        let reference = fragment.filter(|text| !is_commit(text));
        Some(Source::Git {
            url: url.trim_start_matches("git+").to_owned(),
            commit,
            reference,
        })
    };
    for host in ["github", "gitlab", "bitbucket", "gist"] {
        if let Some(rest) = text
            .strip_prefix(host)
            .and_then(|rest| rest.strip_prefix(':'))
        {
            let domain = match host {
                "bitbucket" => "bitbucket.org",
                "gist" => "gist.github.com",
                "gitlab" => "gitlab.com",
                _ => "github.com",
            };
            return git(&format!("https://{domain}/{rest}"));
        }
    }
    for start in ["git+", "git:", "git@", "ssh:"] {
        if text.starts_with(start) {
            return git(text);
        }
    }
    if text.starts_with("http:") || text.starts_with("https:") {
        let until = text.split(['#', '?']).next().unwrap_or(text);
        if until.ends_with(".git") || text.contains("#commit=") {
            return git(text);
        }
        return Some(Source::Url {
            url: text.to_owned(),
        });
    }
    for start in ["file:", "link:", "portal:"] {
        if let Some(path) = text.strip_prefix(start) {
            return Some(Source::Path {
                path: path.to_owned(),
            });
        }
    }
    let is_path = text.starts_with("./") || text.starts_with("../") || text.starts_with('/');
    if is_path {
        return Some(Source::Path {
            path: text.to_owned(),
        });
    }
    let is_repository = text.matches('/').count() == 1
        && !text.starts_with('@')
        && !text.contains([':', ' ', '<', '>', '|', '*']);
    if is_repository {
        return git(&format!("https://github.com/{text}"));
    }
    None
}

/// The archive of a registry; a fragment of 40 hexadecimal digits is its SHA-1.
fn archive(resolved: &str, integrity: &mut Vec<Integrity>) -> Source {
    let (url, fragment) = resolved.split_once('#').unwrap_or((resolved, ""));
    let is_sha1 = fragment.len() == 40 && fragment.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_sha1 && integrity.is_empty() {
        let algorithm = crate::Algorithm::Sha1;
        integrity.push(Integrity::hex(Subject::Archive, algorithm, fragment));
    }
    Source::Registry {
        index: None,
        archive: Some(url.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_sources_are_told_apart() {
        for range in [
            "^1.0.0",
            "1 - 2",
            "latest",
            "*",
            "",
            ">=1 <2",
            "npm:a@1",
            "workspace:^",
        ] {
            assert_eq!(source_of(range), None, "{range}");
        }
        let cases = [
            ("github:a/b#v1", "git"),
            ("a/b", "git"),
            ("git+ssh://git@github.com/a/b.git#x", "git"),
            ("https://github.com/a/b.git#x", "git"),
            ("https://x/a.tgz", "url"),
            ("file:../a", "path"),
            ("link:./a", "path"),
            ("../a", "path"),
        ];
        for (range, word) in cases {
            let source = source_of(range);
            assert_eq!(source.as_ref().map(Source::word), Some(word), "{range}");
        }
        assert_eq!(cut("@a/b@^1"), Some(("@a/b", "^1")));
        assert_eq!(cut("a@npm:@c/d@1"), Some(("a", "npm:@c/d@1")));
        assert_eq!(alias("npm:@c/d@1"), Some("@c/d"));
        assert_eq!(alias("npm:ms"), Some("ms"));
        assert_eq!(alias("npm:^1.0.0"), None);
        assert_eq!(alias("npm:*"), None);
        assert_eq!(cut("@a"), None);
        assert_eq!(cut(""), None);
    }
}
