//! What was found in one state of a repository, with what tells which of it
//! may be silenced.

use std::collections::HashMap;

use cofferdam_config::comments::{self, IgnoreComment};
use cofferdam_config::content;
use cofferdam_facts::SourceFile;
use cofferdam_findings::Report;
use cofferdam_workflows::Repository;
use cofferdam_workflows::yaml::Document;

/// One state of a repository: the base, or what is audited.
#[derive(Debug)]
pub(crate) struct Side {
    /// Everything that was found, not finished.
    pub(crate) report: Report,
    /// The documents that findings and comments stand in, by path.
    pub(crate) documents: HashMap<String, Document>,
    /// The ignore comments.
    pub(crate) comments: Vec<IgnoreComment>,
}

impl Side {
    pub(crate) fn new(mut report: Report, repository: &Repository, files: &[SourceFile]) -> Self {
        let documents = documents(&report, repository, files);
        for finding in &mut report.findings {
            if let Some(document) = documents.get(&*finding.location.path) {
                finding.content = content::of(finding, document);
            }
        }
        let mut ignores = Vec::new();
        for file in files.iter().filter(|file| comments::may_hold(file.text())) {
            if let Some(document) = documents.get(file.path()) {
                let found = comments::read(document, &report.rules);
                ignores.extend(found.ignores);
                report.findings.extend(found.invalid);
            }
        }
        ignores.sort_by(|a, b| a.location.cmp(&b.location));
        Self {
            report,
            documents,
            comments: ignores,
        }
    }
}

/// The YAML documents in which something was found, or an ignore comment may
/// stand. Those that the rules have read already are not read again.
fn documents(
    report: &Report,
    repository: &Repository,
    files: &[SourceFile],
) -> HashMap<String, Document> {
    let workflows = repository.workflows.iter().map(|w| &w.document);
    let actions = repository.actions.iter().map(|a| &a.document);
    let known: HashMap<&str, &Document> = workflows
        .chain(actions)
        .map(|document| (document.file().path(), document))
        .collect();
    let found: std::collections::HashSet<&str> = (report.findings.iter())
        .map(|finding| &*finding.location.path)
        .collect();
    (files.iter())
        .filter(|file| is_yaml(file.path()))
        .filter(|file| found.contains(file.path()) || comments::may_hold(file.text()))
        .map(|file| {
            let document = match known.get(file.path()) {
                Some(document) => (*document).clone(),
                None => Document::parse(file.clone()),
            };
            (file.path().to_owned(), document)
        })
        .collect()
}

fn is_yaml(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.ends_with(".yml") || lower.ends_with(".yaml")
}
