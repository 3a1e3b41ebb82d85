//! What of the weaknesses of Go modules the code imports.

mod modules;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cofferdam_reach::imports::STANDARD;
use cofferdam_reach::{Analysis as _, Imports, Verdict, Weakness};

use self::modules::Modules;
use super::VulnOptions;
use super::files::Read;
use super::ignoring::folder;
use super::report::{Place, VulnReport, Vulnerability};

/// Looks into the code of every `go.mod` in which a weak module is named, and says for
/// each place what of it is imported.
pub(super) fn reach(read: &Read, options: &VulnOptions, report: &mut VulnReport) {
    let is_go = |path: &str| path == "go.mod" || path.ends_with("/go.mod");
    let mut analyses: BTreeMap<Arc<str>, Result<Imports, String>> = BTreeMap::new();
    for found in report
        .found
        .iter_mut()
        .filter(|one| one.package.ecosystem == "Go")
    {
        let places = std::mem::take(&mut found.places);
        let judge = |mut place: Place| {
            let path = Arc::clone(&place.location.path);
            if is_go(&path) {
                let analysis = analyses.entry(Arc::clone(&path)).or_insert_with(|| {
                    let known = read.documents.iter().any(|document| document.path == path);
                    if !known {
                        return Err("its file is not at hand".to_owned());
                    }
                    analysed(&path, options)
                });
                place.reach = Some(match analysis {
                    Ok(imports) => imports.verdict(&weakness(found, &place).as_ref()),
                    Err(why) => Verdict::Unknown { why: why.clone() },
                });
            }
            place
        };
        found.places = places.into_iter().map(judge).collect();
    }
}

/// A weakness with names as the code imports them.
struct Named {
    module: String,
    packages: Vec<(String, Vec<String>)>,
}

impl Named {
    fn as_ref(&self) -> Weakness<'_> {
        let packages = self.packages.iter();
        Weakness {
            module: &self.module,
            packages: packages
                .map(|(path, symbols)| (path.as_str(), symbols.as_slice()))
                .collect(),
        }
    }
}

/// What stands for another module is imported by that one's paths.
fn weakness(found: &Vulnerability, place: &Place) -> Named {
    let name = found.package.name.as_str();
    let imported = place.alias.as_deref().unwrap_or(name);
    let rename = |path: &str| match path.strip_prefix(name) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{imported}{rest}"),
        _ => path.to_owned(),
    };
    let packages = found.imports.iter();
    Named {
        module: if name == STANDARD {
            STANDARD.to_owned()
        } else {
            imported.to_owned()
        },
        packages: packages
            .map(|(path, symbols)| (rename(path), symbols.clone()))
            .collect(),
    }
}

fn analysed(path: &str, options: &VulnOptions) -> Result<Imports, String> {
    let root = fs::canonicalize(&options.root).map_err(|error| crate::collect::plain(&error))?;
    let home = folder(path);
    let modules = Modules::read(&root, home, options)?;
    let (roots, gaps) = own_packages(&root, home, &modules, options);
    if roots.is_empty() && gaps.is_empty() {
        return Err("the module has no Go files here".to_owned());
    }
    let mut imports = Imports::collect(&roots, &modules);
    imports.add_gaps(gaps);
    Ok(imports)
}

/// The packages of the main module, by their import paths, and what could not be looked
/// into. Source: Go command documentation, "Package lists and patterns": folders named
/// `testdata` or `vendor`, or with `.` or `_` first, and other modules are left out.
fn own_packages(
    root: &Path,
    home: &str,
    modules: &Modules,
    options: &VulnOptions,
) -> (Vec<String>, Vec<String>) {
    let mut packages = Vec::new();
    let mut gaps = Vec::new();
    let mut open = vec![(home.to_owned(), 0_usize)];
    let mut folders = 0_usize;
    while let Some((here, depth)) = open.pop() {
        folders += 1;
        if folders > options.limits.folders || depth > options.limits.depth {
            gaps.push(format!("{here}: there is more than is looked into"));
            break;
        }
        let entries = fs::read_dir(root.join(&here));
        let entries = entries.and_then(|all| all.collect::<Result<Vec<_>, _>>());
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                gaps.push(format!("{here}: {}", crate::collect::plain(&error)));
                continue;
            }
        };
        if here != home && entries.iter().any(|entry| entry.file_name() == "go.mod") {
            continue;
        }
        let mut has_go = false;
        for entry in entries {
            // A name that is no text is none of Go's: import paths are UTF-8.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            has_go |= name.ends_with(".go");
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_left_out =
                matches!(name.as_str(), "vendor" | "testdata") || name.starts_with(['.', '_']);
            if is_folder && !is_left_out {
                let below = match here.as_str() {
                    "" => name,
                    here => format!("{here}/{name}"),
                };
                open.push((below, depth + 1));
            }
        }
        if has_go {
            packages.push(modules.own_path(home, &here));
        }
    }
    packages.sort_unstable();
    (packages, gaps)
}
