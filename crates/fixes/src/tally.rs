//! Findings before and after an edit, compared.

use std::collections::BTreeMap;

use cofferdam_findings::{Finding, Severity};

use crate::engine::Judged;
use crate::fix::NoFix;

/// What a finding is about, wherever it stands: the rule, the file and the
/// subject, for which the message stands in where there is none.
pub(crate) type Identity = (&'static str, String, String);

pub(crate) fn identity(finding: &Finding) -> Identity {
    let subject = if finding.subject.is_empty() {
        &finding.message
    } else {
        &finding.subject
    };
    (
        finding.rule,
        finding.location.path.to_string(),
        subject.clone(),
    )
}

/// How many findings are about one thing, and the worst of them.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    number: usize,
    worst: Option<Severity>,
}

fn renamed(mut identity: Identity, promises: &[Promise<'_>]) -> Identity {
    for (old, new) in promises.iter().flat_map(|promise| promise.renames) {
        identity.2 = identity.2.replace(old, new);
    }
    identity
}

fn counts(judged: &Judged, promises: &[Promise<'_>]) -> BTreeMap<Identity, Count> {
    let mut counts: BTreeMap<Identity, Count> = BTreeMap::new();
    for finding in judged.all() {
        let identity = renamed(identity(finding), promises);
        let count = counts.entry(identity).or_default();
        count.number += 1;
        count.worst = count.worst.max(Some(finding.severity));
    }
    counts
}

/// What a fix promises: the finding is gone, or graded lower.
#[derive(Clone, Debug)]
pub(crate) struct Promise<'f> {
    pub(crate) finding: &'f Finding,
    pub(crate) lessens: bool,
    pub(crate) renames: &'f [(String, String)],
}

/// Whether every promise is kept and nothing else became worse.
pub(crate) fn compare(
    before: &Judged,
    after: &Judged,
    promises: &[Promise<'_>],
) -> Result<(), NoFix> {
    let (before, after) = (counts(before, promises), counts(after, &[]));
    let mut gone: BTreeMap<Identity, usize> = BTreeMap::new();
    for promise in promises {
        let identity = renamed(identity(promise.finding), promises);
        if promise.lessens {
            let now = after.get(&identity).and_then(|count| count.worst);
            if now.is_some_and(|now| now >= promise.finding.severity) {
                return Err(NoFix::StillThere);
            }
        } else {
            *gone.entry(identity).or_default() += 1;
        }
    }
    for (identity, now) in &after {
        let was = before.get(identity).copied().unwrap_or_default();
        let mended = gone.get(identity).copied().unwrap_or_default();
        if now.number > was.number || now.worst > was.worst {
            return Err(NoFix::Another(identity.0.to_owned()));
        }
        if now.number > was.number.saturating_sub(mended) {
            return Err(NoFix::StillThere);
        }
    }
    Ok(())
}
