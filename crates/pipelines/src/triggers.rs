//! Who may start what in one repository.

use cofferdam_findings::NotChecked;
use cofferdam_rules::context::{Context, Facts};
use cofferdam_rules::triggers::{self, Page};

use crate::audit::{AuditError, Options, Target, collect, identity};

/// The page of one repository, and what was not read of it.
#[derive(Debug)]
pub struct Triggers {
    /// `owner/name`, where it is known.
    pub repository: Option<String>,
    /// The commit that was read, where a revision was named.
    pub revision: Option<String>,
    /// The page.
    pub page: Page,
    /// Files that are missing from it: not read, or with a broken syntax.
    pub not_checked: Vec<NotChecked>,
}

/// Reads a repository and works out who may start what.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all.
pub fn triggers(target: &Target, options: &Options) -> Result<Triggers, AuditError> {
    let mut collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let repository = collected.repository(slug.as_ref(), &options.limits);
    let facts = Facts {
        settings,
        now: Some(options.now),
        ..Facts::default()
    };
    let page = triggers::page(&Context::new(&repository, facts));
    let mut not_checked: Vec<NotChecked> =
        collected.gaps.into_iter().map(NotChecked::from).collect();
    not_checked.extend(repository.workflows.iter().filter_map(|workflow| {
        let problem = workflow.document.problems().first()?;
        Some(NotChecked {
            code: "workflow-not-understood",
            message: format!("{} is not understood as a whole", workflow.path()),
            settle: "mend the syntax; `cofferdam audit` names the place".to_owned(),
            location: Some(workflow.file().locate(problem.span)),
            required: true,
        })
    }));
    Ok(Triggers {
        repository: slug.map(|slug| slug.to_string()),
        revision: collected.revision,
        page,
        not_checked,
    })
}
