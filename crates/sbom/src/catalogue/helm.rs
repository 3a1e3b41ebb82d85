//! Helm charts: themselves, and the charts that they depend on.
//!
//! Source: Helm documentation, "Charts", "The Chart.yaml file" and "Chart
//! dependencies".

use std::io::{BufReader, Read};

use cofferdam_workflows::yaml::{Document, Node};

use flate2::bufread::MultiGzDecoder;

use super::file::whole;
use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Place, Unread};
use crate::error::ArchiveProblem;
use crate::package::{Kind, Package};
use crate::tree::tar::{EntryKind, Stream, Tar};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "helm",
    interest,
    read,
};

/// The most charts that one depends on.
const MOST_DEPENDENCIES: usize = 1000;
/// The most bytes of the description of a chart that another one carries.
const MOST_CHART: u64 = 1 << 20;

fn interest(candidate: Candidate<'_>) -> Interest {
    let named = matches!(
        candidate.name(),
        "Chart.yaml" | "Chart.lock" | "requirements.yaml" | "requirements.lock"
    );
    Interest::when(named || is_packed(candidate.path))
}

/// Whether it is a chart that another one carries along.
fn is_packed(path: &str) -> bool {
    let folder = path.rsplit('/').nth(1);
    path.ends_with(".tgz") && folder == Some("charts")
}

/// Reads the chart in an archive, and those inside of it.
fn packed(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let limits = *file.limits;
    let most = limits.nested_bytes;
    let size = file.size;
    if size > most {
        return Err(Unread::TooLarge { most });
    }
    let parent = file.folder().strip_suffix("/charts").map(place);
    let path = file.path.to_owned();
    let unpacked = MultiGzDecoder::new(BufReader::new(file.content())).take(most);
    let mut tar = Tar::new(Stream(unpacked), limits);
    let damaged = |problem: ArchiveProblem| Unread::Archive(Box::new(problem));
    while let Some(entry) = tar.next().map_err(damaged)? {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        let is_top = entry.path.split('/').count() == 2;
        if entry.kind != EntryKind::File || name != "Chart.yaml" {
            continue;
        }
        let bytes = whole(&mut tar, entry.size, MOST_CHART)?;
        let document = Document::parse_bytes(entry.path.as_str(), &bytes);
        let root = document.root();
        let named = |key| root.and_then(|root| text(root, key));
        let (Some(chart), Some(version)) = (named("name"), named("version")) else {
            continue;
        };
        if found.items.len() >= MOST_DEPENDENCIES {
            return Err(Unread::TooMany {
                most: MOST_DEPENDENCIES,
            });
        }
        found.items.push(Item {
            inner: Some(entry.path),
            place: is_top.then(|| place(&path)),
            of: if is_top {
                parent.clone()
            } else {
                Some(place(&path))
            },
            ..Item::new(Package::new(Kind::Helm, chart, version))
        });
    }
    Ok(())
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    if is_packed(file.path) {
        return packed(file, found);
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let bytes = file.bytes()?;
    let document = Document::parse_bytes(file.path, &bytes);
    // A template of a chart is called so too, and is no YAML.
    if document
        .problems()
        .iter()
        .any(|problem| problem.kind.hides_something())
    {
        return Err(Unread::Damaged {
            what: "it is no YAML that can be read",
        });
    }
    let Some(root) = document.root() else {
        return Ok(());
    };
    let folder = file.folder();
    let is_chart = name == "Chart.yaml";
    if is_chart {
        let (Some(chart), Some(version)) = (text(root, "name"), text(root, "version")) else {
            return Ok(());
        };
        found.items.push(Item {
            // The files beside it say on what the chart depends.
            place: Some(place(folder)),
            line: line(&document, root.get("name")),
            ..Item::new(Package::new(Kind::Helm, chart, version))
        });
    }
    let exact = name.ends_with(".lock");
    let chart = is_chart.then_some(0);
    for one in root
        .get("dependencies")
        .into_iter()
        .flat_map(|list| list.items())
        .take(MOST_DEPENDENCIES)
    {
        let (Some(dependency), Some(version)) = (text(one, "name"), text(one, "version")) else {
            continue;
        };
        // A range of versions is no version: the lock beside it has that.
        if !exact && !is_exact(version) {
            continue;
        }
        let repository = text(one, "repository").unwrap_or_default();
        let package = Package::new(Kind::Helm, dependency, version);
        let remote = repository.starts_with("http") || repository.starts_with("oci:");
        let package = if remote {
            package.qualified("repository_url", repository)
        } else {
            package
        };
        let index = found.items.len();
        found.items.push(Item {
            line: line(&document, Some(one)),
            of: (!is_chart).then(|| place(folder)),
            ..Item::new(package)
        });
        found.edges.extend(chart.map(|chart| (chart, index)));
    }
    Ok(())
}

/// Under what a chart is found that lies in a folder.
fn place(folder: &str) -> Place {
    Place {
        folder: folder.to_owned(),
        name: "Chart.yaml".to_owned(),
    }
}

fn text<'d>(node: Node<'d>, key: &str) -> Option<&'d str> {
    node.get(key)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn line(document: &Document, node: Option<Node<'_>>) -> Option<usize> {
    Some(document.file().line_column(node?.span().start).0)
}

fn is_exact(version: &str) -> bool {
    let number = version.strip_prefix('v').unwrap_or(version);
    let core = number.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let is_digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_digits)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{edges, purls, run};
    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(packed);
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder
                .append_data(&mut header, path, content.as_bytes())
                .unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn charts_and_exact_dependencies_are_listed() {
        let text = "apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies:\n\
            - name: redis\n  version: ^17.0.0\n  repository: https://charts.example\n\
            - name: pg\n  version: 12.0.0\n  repository: oci://r.example/charts\n";
        let found = run(&CATALOGUER, "web/Chart.yaml", text.as_bytes()).unwrap();
        assert_eq!(
            purls(&found),
            [
                "pkg:helm/web@1.2.3",
                "pkg:helm/pg@12.0.0?repository_url=oci:%2F%2Fr.example%2Fcharts"
            ]
        );
        assert_eq!(edges(&found), [("web", "pg")]);
        let chart = archive(&[
            ("pg/Chart.yaml", "name: pg\nversion: 12.0.0\n"),
            ("pg/charts/c/Chart.yaml", "name: c\nversion: 1.0.0\n"),
        ]);
        let found = run(&CATALOGUER, "web/charts/pg-12.0.0.tgz", &chart).unwrap();
        assert_eq!(purls(&found), ["pkg:helm/pg@12.0.0", "pkg:helm/c@1.0.0"]);
        let folder_of_parent = found.items.first().unwrap().of.as_ref().unwrap();
        assert_eq!(folder_of_parent.folder, "web");
        let cut = chart.get(..chart.len() / 2).unwrap();
        assert!(run(&CATALOGUER, "web/charts/pg-12.0.0.tgz", cut).is_err());
        let lock = "dependencies:\n- name: redis\n  repository: https://c\n  version: 17.1.4\n\
            digest: sha256:00\n";
        let found = run(&CATALOGUER, "web/Chart.lock", lock.as_bytes()).unwrap();
        assert_eq!(
            purls(&found),
            ["pkg:helm/redis@17.1.4?repository_url=https:%2F%2Fc"]
        );
        assert_eq!(found.items.first().unwrap().line, Some(2));
    }
}
