//! Executables that Go built: the modules that they are made of.
//!
//! Source: Go, package `debug/buildinfo` and `runtime/debug`, "BuildInfo". Since
//! Go 1.18 the texts follow the header; before, it holds pointers to them.

use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::executable::{self, Image, Numbers, Part};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "go-binary",
    interest,
    read,
};

/// No executable of Go is smaller.
const LEAST_BYTES: u64 = 16 * 1024;
/// What the header begins with, and how its places are aligned.
const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: usize = 16;
/// How much of the data is searched where no section names it.
const MOST_SEARCHED: u64 = 4 << 20;
/// The most bytes of the list of modules.
const MOST_TEXT: u64 = 16 << 20;
/// What stands before and after the list.
const FRAME: usize = 16;

fn interest(candidate: Candidate<'_>) -> Interest {
    if candidate.size < LEAST_BYTES {
        return Interest::No;
    }
    Interest::Executable
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    for image in executable::images(file)? {
        if let Some((version, modules)) = texts(file, &image)? {
            list(&version, &modules, found);
        }
    }
    Ok(())
}

/// The version of Go and the list of modules.
fn texts(file: &mut Opened<'_>, image: &Image) -> Result<Option<(String, String)>, Unread> {
    let named = [".go.buildinfo", "__go_buildinfo"];
    let section = named.iter().find_map(|name| image.section(name));
    let data = section.or_else(|| {
        image
            .parts
            .iter()
            .find(|part| part.writable && part.size > 0)
    });
    let Some(data) = data else {
        return Ok(None);
    };
    let Some(at) = header(file, data)? else {
        return Ok(None);
    };
    let head = file.at(data.offset + at, 32)?;
    let (Some(&width), Some(&flags)) = (head.get(14), head.get(15)) else {
        return Ok(None);
    };
    if flags & 2 != 0 {
        return inline(file, data.offset + at + 32);
    }
    let width = usize::from(width);
    if !matches!(width, 4 | 8) {
        return Ok(None);
    }
    let numbers = Numbers::new(&head, flags & 1 != 0);
    let (Some(version), Some(modules)) = (numbers.get(16, width), numbers.get(16 + width, width))
    else {
        return Ok(None);
    };
    let big = flags & 1 != 0;
    let version = pointed(file, image, version, width, big)?;
    let modules = pointed(file, image, modules, width, big)?;
    Ok(Some((version, unframed(modules.as_bytes()))).filter(|(version, _)| !version.is_empty()))
}

/// Where the header lies inside of a part.
fn header(file: &mut Opened<'_>, data: &Part) -> Result<Option<u64>, Unread> {
    let bytes = file.at(data.offset, data.size.min(MOST_SEARCHED))?;
    let places = memchr::memmem::find_iter(&bytes, MAGIC);
    let at = places.into_iter().find(|at| at % ALIGNMENT == 0);
    Ok(at.map(|at| at as u64))
}

fn inline(file: &mut Opened<'_>, at: u64) -> Result<Option<(String, String)>, Unread> {
    let Some((version, next)) = counted(file, at)? else {
        return Ok(None);
    };
    let modules = counted(file, next)?
        .map(|(text, _)| text)
        .unwrap_or_default();
    let version = String::from_utf8_lossy(&version).into_owned();
    Ok(Some((version, unframed(&modules))))
}

/// A text that begins with its length, and where the next one begins.
fn counted(file: &mut Opened<'_>, at: u64) -> Result<Option<(Vec<u8>, u64)>, Unread> {
    let head = file.at(at, 10)?;
    let mut length = 0_u64;
    for (index, byte) in head.iter().enumerate() {
        let bits = u64::from(byte & 0x7f);
        length |= bits
            .checked_shl(7 * u32::try_from(index).unwrap_or(9))
            .unwrap_or(0);
        if byte & 0x80 == 0 {
            let begins = at + index as u64 + 1;
            if length > MOST_TEXT {
                return Ok(None);
            }
            let text = file.at(begins, length)?;
            let whole = text.len() as u64 == length;
            return Ok(whole.then_some((text, begins + length)));
        }
    }
    Ok(None)
}

/// The text that a pointer to a string leads to.
fn pointed(
    file: &mut Opened<'_>,
    image: &Image,
    address: u64,
    width: usize,
    big: bool,
) -> Result<String, Unread> {
    let header = image.at(file, address, 2 * width as u64)?;
    let numbers = Numbers::new(&header, big);
    let (Some(data), Some(length)) = (numbers.get(0, width), numbers.get(width, width)) else {
        return Ok(String::new());
    };
    if length > MOST_TEXT {
        return Ok(String::new());
    }
    let bytes = image.at(file, data, length)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The list without what stands before and after it.
fn unframed(text: &[u8]) -> String {
    let line_end = text
        .len()
        .checked_sub(FRAME + 1)
        .and_then(|at| text.get(at));
    let inner = match line_end {
        Some(b'\n') if text.len() > 2 * FRAME => text.get(FRAME..text.len() - FRAME),
        _ => None,
    };
    String::from_utf8_lossy(inner.unwrap_or_default()).into_owned()
}

#[derive(Clone, Copy)]
struct Module<'t> {
    path: &'t str,
    version: &'t str,
}

fn list(go: &str, text: &str, found: &mut Found) {
    let mut main: Option<Module<'_>> = None;
    let mut modules: Vec<Module<'_>> = Vec::new();
    let mut settings: Vec<(&str, &str)> = Vec::new();
    let mut package_path = "";
    for line in text.lines() {
        let mut words = line.split('\t');
        let kind = words.next().unwrap_or_default();
        let mut module = || Module {
            path: words.next().unwrap_or_default(),
            version: words.next().unwrap_or_default(),
        };
        match kind {
            "path" => package_path = line.split('\t').nth(1).unwrap_or_default(),
            "mod" => main = Some(module()),
            "dep" => modules.push(module()),
            // What stands for a folder of the machine keeps its own name.
            "=>" => {
                let other = module();
                if let Some(last) = modules.last_mut() {
                    let is_folder = other.path.starts_with(['.', '/']);
                    last.version = other.version;
                    if !is_folder {
                        last.path = other.path;
                    }
                }
            }
            "build" => {
                let setting = line
                    .split('\t')
                    .nth(1)
                    .and_then(|text| text.split_once('='));
                settings.extend(setting);
            }
            _ => {}
        }
    }
    let main = main
        .filter(|main| main.path != "command-line-arguments")
        .or_else(|| {
            // Built from files, the package's path is all there is.
            let named = !package_path.is_empty() && package_path != "command-line-arguments";
            named.then_some(Module {
                path: package_path,
                version: "(devel)",
            })
        });
    let mut root = None;
    if let Some(main) = main {
        root = Some(found.items.len());
        let version = match main.version {
            "(devel)" | "" => version_of_settings(main.path, &settings).unwrap_or_default(),
            version => version.to_owned(),
        };
        found.items.push(Item::new(package(main.path, &version)));
    }
    let compiler = go.split(' ').next().unwrap_or_default();
    let release = compiler.strip_prefix("go").unwrap_or(compiler);
    let library = Package::new(Kind::Golang, "stdlib", release).licensed("BSD-3-Clause");
    let rest = modules
        .iter()
        .map(|module| package(module.path, module.version))
        .chain(std::iter::once(library));
    for package in rest {
        let index = found.items.len();
        found.items.push(Item::new(package));
        found.edges.extend(root.map(|root| (root, index)));
    }
}

/// A module as a package.
pub(super) fn package(path: &str, version: &str) -> Package {
    let version = if version == "(devel)" { "" } else { version };
    match path.rsplit_once('/') {
        Some((space, name)) => Package::new(Kind::Golang, name, version).within(space),
        None => Package::new(Kind::Golang, path, version),
    }
}

/// The version that flags of the linker set, or the commit in the form of a
/// version without a tag.
fn version_of_settings(main: &str, settings: &[(&str, &str)]) -> Option<String> {
    let value = |key: &str| {
        let found = settings.iter().find(|(name, _)| *name == key)?;
        Some(found.1)
    };
    if let Some(version) = value("-ldflags").and_then(|flags| version_of_flags(main, flags)) {
        return Some(version);
    }
    let commit = value("vcs.revision")?;
    let time: String = value("vcs.time")?
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    let short = commit.get(..12).unwrap_or(commit);
    (time.len() == 14).then(|| format!("v0.0.0-{time}-{short}"))
}

/// `-X main.version=v1.2.3` and its like.
fn version_of_flags(main: &str, flags: &str) -> Option<String> {
    // Of a program that was built without a module, the repository is all that
    // its path tells.
    let parts: Vec<&str> = main.split('/').take(3).collect();
    let repository = parts.join("/");
    let words = flags
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'']));
    words.into_iter().find_map(|word| {
        let (name, value) = word.strip_prefix("-X=").unwrap_or(word).split_once('=')?;
        let (package, variable) = name.rsplit_once('.')?;
        let ours = package == "main" || package.starts_with(&repository);
        let variable = variable.to_ascii_lowercase();
        let says = ["version", "ver", "tag"]
            .iter()
            .any(|end| variable.ends_with(end));
        let number = value.strip_prefix('v').unwrap_or(value);
        let core = number.split(['-', '+']).next()?;
        let parts: Vec<&str> = core.split('.').collect();
        let is_digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_version = parts.len() == 3 && parts.iter().all(is_digits);
        (ours && says && is_version).then(|| format!("v{number}"))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{edges, purls};
    use super::*;

    #[test]
    fn modules_and_what_stands_for_them_are_listed() {
        let text = "path\texample.com/a/cmd\nmod\texample.com/a\t(devel)\t\n\
            dep\tgithub.com/x/y/v2\tv2.1.0\th1:q=\ndep\tgithub.com/o/l\tv1.0.0\n\
            =>\tgithub.com/new/l\tv1.1.0\th1:z=\ndep\tgithub.com/o/f\tv1.0.0\n=>\t./f\t(devel)\t\n\
            build\tvcs.revision=0123456789abcdef\nbuild\tvcs.time=2024-05-06T07:08:09Z\n";
        let mut found = Found::default();
        list("go1.22.3 X:boringcrypto", text, &mut found);
        assert_eq!(
            purls(&found),
            [
                "pkg:golang/example.com/a@v0.0.0-20240506070809-0123456789ab",
                "pkg:golang/github.com/x/y/v2@v2.1.0",
                "pkg:golang/github.com/new/l@v1.1.0",
                "pkg:golang/github.com/o/f",
                "pkg:golang/stdlib@1.22.3",
            ]
        );
        assert_eq!(edges(&found).len(), 4);
        let flags = "-s -w -X 'main.commit=1' -X example.com/a/internal.Version=1.2.3-rc1";
        assert_eq!(
            version_of_flags("example.com/a", flags).unwrap(),
            "v1.2.3-rc1"
        );
        assert_eq!(
            version_of_flags("example.com/a", "-X other.Version=1.2.3"),
            None
        );
    }
}
