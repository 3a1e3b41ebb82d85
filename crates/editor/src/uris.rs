//! `file:` addresses to paths and back. Others name nothing on disk.

use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;

/// The path that an address names; `None` for anything but a file.
pub(crate) fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let text = decoded(rest)?;
    let text = match drive(&text) {
        true if cfg!(windows) => text.get(1..)?,
        _ => text.as_str(),
    };
    let path = PathBuf::from(text);
    let sound = |part: Component<'_>| !matches!(part, Component::ParentDir | Component::CurDir);
    (path.is_absolute() && path.components().all(sound) && !text.contains('\0')).then_some(path)
}

fn drive(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    characters.next().is_some_and(|c| c.is_ascii_alphabetic()) && characters.next() == Some(':')
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The address of a path; `None` if it has none.
pub(crate) fn of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?;
    let mut uri = String::from("file://");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri::from_str(&uri).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_files_have_paths() {
        for uri in [
            "untitled:Untitled-1",
            "https://example.com/x",
            "file://host/x",
            "file:///a/../b",
            "file:///a/%2e%2e/b",
            "file:///%ff",
            "file:///%0",
            "file:///a%00b",
        ] {
            assert_eq!(path(uri), None, "{uri}");
        }
        let found = path("file:///a%20b/%C3%A9.yml");
        assert_eq!(found, Some(PathBuf::from("/a b/é.yml")));
    }

    proptest! {
        #[test]
        fn a_path_comes_back(name in "[ -~é𝄞]{1,20}") {
            prop_assume!(!name.split('/').any(|part| matches!(part, "." | "..")));
            let from = Path::new("/x").join(name.trim_start_matches('/'));
            let uri = of(&from);
            prop_assert_eq!(uri.and_then(|uri| path(uri.as_str())), Some(from));
        }

        #[test]
        fn no_address_panics(text in "(file://)?[ -~]{0,30}") {
            path(&text);
        }
    }
}
