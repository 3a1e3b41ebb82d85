//! Helm charts: themselves, and the charts that they depend on.
//!
//! Source: Helm documentation, "Charts", "The Chart.yaml file" and "Chart
//! dependencies".

use cofferdam_workflows::yaml::{Document, Node};

use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Place, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "helm",
    interest,
    read,
};

/// The most charts that one depends on.
const MOST_DEPENDENCIES: usize = 1000;

fn interest(candidate: Candidate<'_>) -> Interest {
    let named = matches!(
        candidate.name(),
        "Chart.yaml" | "Chart.lock" | "requirements.yaml" | "requirements.lock"
    );
    Interest::when(named)
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
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
