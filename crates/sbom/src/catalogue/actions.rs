//! The actions and reusable workflows that workflows use.
//!
//! Source: GitHub, "Workflow syntax", `uses`; package-url/purl-spec, "github".

use cofferdam_facts::{SourceFile, Span, UsesRef};
use cofferdam_workflows::documents::{Action, Workflow};
use cofferdam_workflows::yaml::Document;

use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "github-actions",
    interest,
    read,
};

/// How large a workflow is that GitHub takes.
const MOST_BYTES: u64 = 4 << 20;

fn interest(candidate: Candidate<'_>) -> Interest {
    Interest::when(is_workflow(candidate.path) || is_action(candidate))
}

fn is_workflow(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    yaml && (folder == ".github/workflows" || folder.ends_with("/.github/workflows"))
}

fn is_action(candidate: Candidate<'_>) -> bool {
    matches!(candidate.name(), "action.yml" | "action.yaml")
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    if file.size > MOST_BYTES {
        return Err(Unread::TooLarge { most: MOST_BYTES });
    }
    let source = SourceFile::new(file.path, file.text()?);
    if is_workflow(file.path) {
        let workflow = Workflow::parse(source.clone());
        partly(&workflow.document, found);
        for job in &workflow.jobs {
            let called = job.call().map(|call| (&call.uses.value, call.uses.span));
            let steps = job.steps().iter().filter_map(|step| step.uses());
            for (uses, span) in called
                .into_iter()
                .chain(steps.map(|uses| (&uses.value, uses.span)))
            {
                add(&source, uses, span, found);
            }
        }
    } else {
        let action = Action::parse(source.clone());
        partly(&action.document, found);
        for uses in action.steps().iter().filter_map(|step| step.uses()) {
            add(&source, &uses.value, uses.span, found);
        }
    }
    Ok(())
}

/// Says where a part of a file is not understood.
fn partly(document: &Document, found: &mut Found) {
    let mut problems = document.problems().iter();
    if problems.any(|problem| problem.kind.hides_something()) {
        let what = "a part of it is no YAML that can be read";
        found.partly.push(Unread::Damaged { what });
    }
}

fn add(source: &SourceFile, uses: &UsesRef, span: Span, found: &mut Found) {
    let package = match uses {
        UsesRef::Repository(uses) => {
            let name = uses.repo.to_ascii_lowercase();
            let version = uses.git_ref.clone().unwrap_or_default();
            Package {
                subpath: Some(uses.path.clone()).filter(|path| !path.is_empty()),
                ..Package::new(Kind::Github, name, version).within(uses.owner.to_ascii_lowercase())
            }
        }
        UsesRef::Docker(image) => {
            let (space, name) = match image.repository.rsplit_once('/') {
                Some((space, name)) => (space, name),
                None => ("", image.repository.as_str()),
            };
            let version = image.digest.as_ref().or(image.tag.as_ref());
            Package::new(Kind::Docker, name, version.cloned().unwrap_or_default())
                .within(space)
                .qualified("repository_url", image.registry.clone().unwrap_or_default())
        }
        // They are part of the tree itself.
        UsesRef::Local(_) | UsesRef::SelfRepository(_) | UsesRef::Unknown(_) => return,
    };
    found.items.push(Item {
        line: Some(source.line_column(span.start).0),
        ..Item::new(package)
    });
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{purls, run};
    use super::*;

    #[test]
    fn actions_workflows_and_images_are_listed() {
        let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: Actions/Checkout@v4\n\
            \x20   - uses: ./local\n    - uses: docker://ghcr.io/o/i:1\n    - uses: o/r/sub/dir@0123\n\
            \x20 b:\n    uses: o/r/.github/workflows/w.yml@main\n";
        let found = run(&CATALOGUER, "x/.github/workflows/ci.yml", text.as_bytes()).unwrap();
        assert_eq!(
            purls(&found),
            [
                "pkg:github/actions/checkout@v4",
                "pkg:docker/o/i@1?repository_url=ghcr.io",
                "pkg:github/o/r@0123#sub/dir",
                "pkg:github/o/r@main#.github/workflows/w.yml",
            ]
        );
        assert_eq!(found.items.first().unwrap().line, Some(6));
        let action = "runs:\n  using: composite\n  steps:\n  - uses: o/r@v1\n";
        let found = run(&CATALOGUER, "action.yml", action.as_bytes()).unwrap();
        assert_eq!(purls(&found), ["pkg:github/o/r@v1"]);
        let broken = b"jobs:\n  a:\n    steps:\n    - uses: o/r@v1\n  : [\n";
        let found = run(&CATALOGUER, ".github/workflows/a.yml", broken).unwrap();
        assert_eq!(found.partly.len(), 1);
    }
}
