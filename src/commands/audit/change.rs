//! The change that a job of GitHub Actions runs for, from what the runner says.

use std::fs::File;
use std::path::{Path, PathBuf};

use cofferdam_pipelines::collect::bounded;
use cofferdam_pipelines::{Candidate, Change, Slug};
use serde_json::Value;

use crate::environment::{self, JobEvent};

/// The largest event that GitHub hands over, and some.
const EVENT_BYTES: u64 = 32 * 1024 * 1024;

/// The change, if the job is one of a pull request or of a merge queue.
pub(crate) fn of_job() -> Option<Change> {
    let event = environment::job_event()?;
    let payload = event.file.as_deref().and_then(read);
    of(&event, payload.as_ref())
}

/// The event; what cannot be read names no base, and then there is none.
fn read(path: &Path) -> Option<Value> {
    let bytes = bounded(&mut File::open(path).ok()?, EVENT_BYTES)
        .ok()?
        .ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn of(event: &JobEvent, payload: Option<&Value>) -> Option<Change> {
    let text = |pointer: &str| {
        let value = payload?.pointer(pointer)?.as_str()?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    let mut candidates = Vec::new();
    let name = if event.name.starts_with("pull_request") {
        // Only here the runner's commit is one that GitHub merged of base and
        // head; the newest commit of a pull request is the stranger's.
        if let (false, Some(merge), Some(head)) = (
            event.name == "pull_request_target",
            event.commit.clone(),
            text("/pull_request/head/sha"),
        ) {
            candidates.push(Candidate::MergeOf { merge, head });
        }
        let branch = event
            .base_ref
            .clone()
            .or_else(|| text("/pull_request/base/ref"));
        candidates.extend(branch.map(|name| of_branch(&name)));
        candidates.extend(text("/pull_request/base/sha").map(Candidate::Revision));
        let number = payload.and_then(|event| event.pointer("/pull_request/number")?.as_u64());
        number.map_or("the pull request".to_owned(), |n| {
            format!("pull request {n}")
        })
    } else if event.name == "merge_group" {
        candidates.extend(text("/merge_group/base_sha").map(Candidate::Revision));
        "the merge queue".to_owned()
    } else {
        return None;
    };
    Some(Change {
        name,
        // Where the runner does not say, everything is the change.
        workspace: event
            .workspace
            .clone()
            .unwrap_or_else(|| PathBuf::from("/")),
        repository: event.repository.as_deref().and_then(Slug::parse),
        candidates,
    })
}

fn of_branch(name: &str) -> Candidate {
    let name = name.trim_start_matches("refs/heads/");
    Candidate::Revision(format!("refs/remotes/origin/{name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(name: &str) -> JobEvent {
        JobEvent {
            name: name.to_owned(),
            commit: Some("c".repeat(40)),
            base_ref: Some("main".to_owned()),
            ..JobEvent::default()
        }
    }

    fn candidates(name: &str) -> Vec<Candidate> {
        let payload = json!({ "pull_request": {
            "number": 12,
            "base": { "sha": "b".repeat(40), "ref": "main" },
            "head": { "sha": "a".repeat(40) },
        }});
        let change = of(&event(name), Some(&payload));
        change.map(|change| change.candidates).unwrap_or_default()
    }

    #[test]
    fn a_pull_request_has_a_base_and_its_own_commits_never_are_it() {
        let base = [
            Candidate::Revision("refs/remotes/origin/main".to_owned()),
            Candidate::Revision("b".repeat(40)),
        ];
        let merge = Candidate::MergeOf {
            merge: "c".repeat(40),
            head: "a".repeat(40),
        };
        let found = candidates("pull_request");
        assert_eq!(found.first(), Some(&merge));
        assert_eq!(found.get(1..), Some(&base[..]));
        assert_eq!(candidates("pull_request_target"), base);
        for event in ["push", "schedule", "workflow_dispatch", ""] {
            assert_eq!(candidates(event), [], "{event}");
        }
    }

    #[test]
    fn an_event_that_cannot_be_read_still_is_a_change() {
        let change = of(&event("pull_request"), None);
        assert_eq!(
            change.map(|change| change.candidates),
            Some(vec![Candidate::Revision(
                "refs/remotes/origin/main".to_owned()
            )])
        );
        let queue = of(&event("merge_group"), None);
        assert_eq!(queue.map(|change| change.candidates), Some(Vec::new()));
    }
}
