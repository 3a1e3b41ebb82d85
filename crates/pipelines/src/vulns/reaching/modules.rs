//! Where the packages of modules lie: in the checkout, in its vendor directory, or in
//! Go's module cache.
//!
//! Source: Go modules reference, sections "Vendoring", "Module cache" and "Resolving a
//! package to a module".

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_lockfiles::go::modfile::replacement;
use cofferdam_lockfiles::go::{GoMod, ModulesTxt};
use cofferdam_reach::{Found, GoFile, Sources};
use cofferdam_registries::go_modules::escaped;

use super::super::VulnOptions;
use crate::collect::{Links, bounded, plain, regular};

/// The most bytes of one Go file, and of a file that names modules.
const MOST_BYTES: u64 = 32 * 1024 * 1024;
/// The most Go files of one package.
const MOST_FILES: usize = 20_000;

/// Where the packages of modules lie.
pub(super) struct Modules {
    root: PathBuf,
    own: String,
    /// Modules by the prefix of their import paths, the longest first.
    modules: Vec<Module>,
    vendor: Option<Vendor>,
}

struct Module {
    path: String,
    place: Place,
}

enum Place {
    /// A folder of the checkout.
    Checkout(String),
    /// A folder of the module cache.
    Cache(PathBuf),
    /// Nowhere, and why.
    Nowhere(String),
}

struct Vendor {
    folder: String,
    /// The module of each package.
    packages: HashMap<String, String>,
}

impl Modules {
    /// Reads what names the modules of the `go.mod` in a folder.
    pub(super) fn read(root: &Path, home: &str, options: &VulnOptions) -> Result<Self, String> {
        let path = joined(home, "go.mod");
        let text = text(root, &path)?.ok_or_else(|| format!("{path}: there is no such file"))?;
        let file = GoMod::parse(&text).map_err(|mistake| format!("{path}: {mistake}"))?;
        let own = file
            .module
            .clone()
            .ok_or_else(|| format!("{path}: it names no module"))?;
        let mut modules = vec![Module {
            path: own.clone(),
            place: Place::Checkout(home.to_owned()),
        }];
        for one in &file.require {
            let new = replacement(&file.replace, &one.module).map(|replace| &replace.new);
            let place = match new {
                Some(folder) if folder.is_folder() => within(home, &folder.path),
                other => {
                    let module = other.unwrap_or(&one.module);
                    let version = module.version.as_deref().unwrap_or_default();
                    cached(options.module_cache.as_deref(), &module.path, version)
                }
            };
            let path = one.module.path.clone();
            modules.push(Module { path, place });
        }
        modules.sort_by(|a, b| b.path.len().cmp(&a.path.len()).then(a.path.cmp(&b.path)));
        Ok(Self {
            vendor: vendor(root, home)?,
            root: root.to_owned(),
            own,
            modules,
        })
    }

    /// The import path of a folder of the main module.
    pub(super) fn own_path(&self, home: &str, folder: &str) -> String {
        let below = folder
            .strip_prefix(home)
            .unwrap_or(folder)
            .trim_start_matches('/');
        joined(&self.own, below).trim_end_matches('/').to_owned()
    }

    /// The module with the longest path that a package's path begins with.
    fn module(&self, path: &str) -> Option<(&Module, String)> {
        self.modules.iter().find_map(|module| {
            let rest = path.strip_prefix(&module.path)?;
            let is_below = rest.is_empty() || rest.starts_with('/');
            is_below.then(|| (module, rest.trim_start_matches('/').to_owned()))
        })
    }

    fn checkout(&self, folder: &str, module: &str) -> Found {
        let full = self.root.join(folder);
        match fs::canonicalize(&full) {
            // A link would lead to what nobody has named.
            Ok(real) if real == full => package(&full, folder, module, Links::Refused),
            Ok(_) => Found::Missing(format!("{folder} lies behind a link")),
            Err(error) => Found::Missing(format!("{folder}: {}", plain(&error))),
        }
    }
}

impl Sources for Modules {
    fn package(&self, path: &str) -> Found {
        let first = path.split('/').next().unwrap_or_default();
        let module = self.module(path);
        if module.is_none() && !first.contains('.') {
            return Found::Standard;
        }
        let is_own = module
            .as_ref()
            .is_some_and(|(module, _)| module.path == self.own);
        if let (Some(vendor), false) = (&self.vendor, is_own) {
            return match vendor.packages.get(path) {
                Some(module) => self.checkout(&joined(&vendor.folder, path), module),
                None => Found::Missing("vendor/modules.txt does not list it".to_owned()),
            };
        }
        let Some((module, rest)) = module else {
            return Found::Missing("no module of go.mod has it".to_owned());
        };
        match &module.place {
            Place::Checkout(folder) => self.checkout(&joined(folder, &rest), &module.path),
            Place::Cache(folder) => {
                let full = folder.join(&rest);
                package(&full, path, &module.path, Links::NotTheLast)
            }
            Place::Nowhere(why) => Found::Missing(why.clone()),
        }
    }
}

fn joined(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// A folder of the checkout that a replacement names.
fn within(home: &str, path: &str) -> Place {
    let mut parts: Vec<&str> = home.split('/').filter(|part| !part.is_empty()).collect();
    let outside = || Place::Nowhere(format!("{path} lies outside of the checkout"));
    if path.starts_with('/') {
        return outside();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return outside(),
            ".." => {}
            name => parts.push(name),
        }
    }
    Place::Checkout(parts.join("/"))
}

fn cached(cache: Option<&Path>, path: &str, version: &str) -> Place {
    let is_plain = |text: &str| {
        !text.is_empty()
            && !text.contains(['\\', '\0', ':'])
            && text
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != "..")
    };
    let Some(cache) = cache.filter(|_| is_plain(path) && is_plain(version)) else {
        return Place::Nowhere("it is not vendored, and there is no module cache".to_owned());
    };
    let folder = cache.join(format!("{}@{}", escaped(path), escaped(version)));
    if folder.is_dir() {
        Place::Cache(folder)
    } else {
        let why = format!("{path}@{version} is neither vendored nor in Go's module cache");
        Place::Nowhere(why)
    }
}

/// The vendor directory of the module, or of the workspace that it is of.
fn vendor(root: &Path, home: &str) -> Result<Option<Vendor>, String> {
    let mut above = Some(home);
    let mut is_own = true;
    while let Some(here) = above {
        let path = joined(here, "vendor/modules.txt");
        let may_be = is_own || root.join(here).join("go.work").is_file();
        if may_be && let Some(text) = text(root, &path)? {
            let list = ModulesTxt::parse(&text).map_err(|mistake| format!("{path}: {mistake}"))?;
            let mut packages = HashMap::new();
            for module in &list.modules {
                for package in &module.packages {
                    packages.insert(package.clone(), module.module.path.clone());
                }
            }
            let folder = joined(here, "vendor");
            return Ok(Some(Vendor { folder, packages }));
        }
        is_own = false;
        above = (!here.is_empty()).then(|| super::folder(here));
    }
    Ok(None)
}

/// A file of the checkout; `None` if it is not there.
fn text(root: &Path, path: &str) -> Result<Option<String>, String> {
    let full = root.join(path);
    match fs::canonicalize(&full) {
        Ok(real) if real != full => return Err(format!("{path} lies behind a link")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{path}: {}", plain(&error))),
        Ok(_) => {}
    }
    let mut file =
        regular(&full, Links::Refused).map_err(|error| format!("{path}: {}", plain(&error)))?;
    let bytes = bounded(&mut file, MOST_BYTES).map_err(|e| format!("{path}: {}", plain(&e)))?;
    let bytes = bytes.map_err(|_| format!("{path} has more than {MOST_BYTES} bytes"))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| format!("{path} is not UTF-8"))
}

/// The Go files of a folder.
fn package(full: &Path, shown: &str, module: &str, links: Links) -> Found {
    let missing = |error: &std::io::Error| Found::Missing(format!("{shown}: {}", plain(error)));
    let entries = match fs::read_dir(full) {
        Ok(entries) => entries,
        Err(error) => return missing(&error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return missing(&error),
        };
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.ends_with(".go") || entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let read =
            regular(&entry.path(), links).and_then(|mut file| bounded(&mut file, MOST_BYTES));
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => {
                return Found::Missing(format!("{shown}/{name} has more than {MOST_BYTES} bytes"));
            }
            Err(error) => return Found::Missing(format!("{shown}/{name}: {}", plain(&error))),
        };
        files.push(GoFile {
            path: joined(shown, &name),
            bytes,
        });
        if files.len() > MOST_FILES {
            return Found::Missing(format!("{shown} has more than {MOST_FILES} Go files"));
        }
    }
    if files.is_empty() {
        return Found::Missing(format!("{shown} has no Go files"));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Found::Package {
        module: module.to_owned(),
        files,
    }
}
