//! Ways, for every command that shows them.

use std::io;
use std::path::{Path, PathBuf};

use cofferdam_config::keys::VISIBILITIES;
use cofferdam_exposure::{Cut, Exposure, Row, Verdict};
use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::formats::{self, Format};
use cofferdam_findings::{Finding, NotChecked, Report, RuleInfo};
use cofferdam_pipelines::{Base, Data, Exposed, Input, Judging, Limits, Options, Slug, Target};
use serde_json::{Value, json};

use crate::clock;
use crate::commands::audit::{AuditCommandError, STACK, change, snapshot};
use crate::environment;

/// What is read.
pub(crate) struct Read<'r> {
    pub(crate) path: &'r Path,
    pub(crate) rev: Option<&'r str>,
    pub(crate) base: Option<&'r str>,
    pub(crate) settings: &'r [PathBuf],
    pub(crate) repository: Option<&'r Slug>,
    /// Who sees it, where no settings say so.
    pub(crate) visibility: Option<&'r Visibility>,
    /// As on this day; today without.
    pub(crate) date: Option<Timestamp>,
}

/// Where it is, and by whose word it is judged: in a job of a pull request by
/// that of the base.
pub(crate) fn options(read: &Read<'_>) -> Result<(Target, Options), AuditCommandError> {
    pool(0)?;
    judged(read)
}

/// The same where the threads are there already.
pub(crate) fn judged(read: &Read<'_>) -> Result<(Target, Options), AuditCommandError> {
    let base = match read.base {
        Some(revision) => Some(Base::Named(revision.to_owned())),
        None => change::of_job().map(Base::Change),
    };
    let now = read.date.unwrap_or_else(clock::now);
    let options = Options {
        judging: Judging {
            base,
            settings: read.settings.to_vec(),
            visibility: read.visibility.cloned(),
            ..Judging::default()
        },
        ..unjudged(read.settings, read.repository, now)?
    };
    Ok((target(read.path, read.rev), options))
}

/// A word of `--visibility`.
pub(crate) fn seen_by(word: &str) -> Result<Visibility, String> {
    match VISIBILITIES.contains(&word) {
        true => Ok(Visibility::from_word(word)),
        false => Err(format!("it is one of: {}", VISIBILITIES.join(", "))),
    }
}

/// So many threads, or with 0 one a core, with room for what is nested deeply.
pub(crate) fn pool(threads: usize) -> Result<(), AuditCommandError> {
    Ok(rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build_global()?)
}

/// Options by which the checkout's own configuration counts.
pub(crate) fn unjudged(
    settings: &[PathBuf],
    repository: Option<&Slug>,
    now: Timestamp,
) -> Result<Options, AuditCommandError> {
    let settings = settings.iter().map(|path| snapshot(path));
    Ok(Options {
        settings: settings.collect::<Result<_, _>>()?,
        data: Data::default(),
        now,
        repository: repository.cloned(),
        fallback_repository: None,
        server: environment::server_host(),
        required: Vec::new(),
        limits: Limits::default(),
        only: true,
        judging: Judging::default(),
    })
}

/// A folder, or a revision of it.
pub(crate) fn target(path: &Path, rev: Option<&str>) -> Target {
    Target {
        name: path.display().to_string(),
        input: match rev {
            Some(revision) => Input::Revision {
                root: path.to_owned(),
                revision: revision.to_owned(),
            },
            None => Input::Path(path.to_owned()),
        },
    }
}

/// The result could not be written.
pub(crate) fn unwritten(source: io::Error) -> AuditCommandError {
    AuditCommandError::Output {
        name: "standard output".to_owned(),
        source,
    }
}

/// The places of a way in order, each with what has to be the case there.
pub(crate) fn lines(exposure: &Exposure, row: &Row) -> Vec<String> {
    let mut lines = Vec::new();
    for edge in row.path.iter().filter_map(|at| exposure.graph.edge(*at)) {
        let condition = match edge.verdict.conditions() {
            0 => String::new(),
            _ => format!("  [{}]", edge.verdict),
        };
        for (number, place) in edge.places.iter().enumerate() {
            let condition = if number == 0 { condition.as_str() } else { "" };
            lines.push(match &place.location {
                Some(at) => format!("{}:{}  {}{condition}", at.path, at.line, place.what),
                None => format!("{}{condition}", place.what),
            });
        }
    }
    lines
}

/// Sets of cuts as sentences.
pub(crate) fn sentences(sets: &[Vec<Cut>]) -> Vec<String> {
    let sentence = |set: &Vec<Cut>| {
        let words: Vec<String> = set
            .iter()
            .map(|cut| format!("{} ({})", cut.what, cut.cost.word()))
            .collect();
        words.join(" and ")
    };
    sets.iter().map(sentence).collect()
}

/// What was not read, each as a sentence.
pub(crate) fn not_read(found: &Exposed) -> Vec<String> {
    let unread = found.exposure.unread.iter().map(|one| match &one.location {
        Some(at) => format!("{}:{}: {}", at.path, at.line, one.why),
        None => format!("{}: {}", one.path, one.why),
    });
    let gaps = found.not_checked.iter().filter(|one| one.required);
    unread.chain(gaps.map(|one| one.message.clone())).collect()
}

/// A verdict for programs.
pub(crate) fn verdict(verdict: &Verdict) -> Value {
    fn words<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
        items.into_iter().map(|item| item.to_string()).collect()
    }
    json!({
        "text": verdict.to_string(),
        "level": verdict.level().word(),
        "facts": words(&verdict.facts),
        "after": words(&verdict.waits),
        "blocked_by": words(&verdict.controls),
    })
}

/// A way for programs.
pub(crate) fn path(exposure: &Exposure, row: &Row) -> Value {
    let graph = &exposure.graph;
    let edges = row.path.iter().filter_map(|at| graph.edge(*at));
    let edges = edges.map(|edge| {
        json!({
            "rule": edge.rule,
            "from": graph.nodes().get(edge.from).map(|node| exposure.describe(node)),
            "to": graph.nodes().get(edge.to).map(|node| exposure.describe(node)),
            "verdict": verdict(&edge.verdict),
            "places": edge.places.iter().map(|place| json!({
                "path": place.location.as_ref().map(|at| at.path.to_string()),
                "line": place.location.as_ref().map(|at| at.line),
                "what": place.what,
            })).collect::<Vec<_>>(),
        })
    });
    edges.collect()
}

/// Sets of cuts for programs.
pub(crate) fn cuts(sets: &[Vec<Cut>]) -> Value {
    let set = |set: &Vec<Cut>| -> Value {
        let cut = |cut: &Cut| json!({ "what": cut.what, "cost": cut.cost.word() });
        set.iter().map(cut).collect()
    };
    sets.iter().map(set).collect()
}

/// What was not understood, for programs.
pub(crate) fn unread(found: &Exposed) -> Value {
    let unread = found.exposure.unread.iter().map(|one| {
        json!({
            "path": one.path,
            "line": one.location.as_ref().map(|at| at.line),
            "why": one.why,
        })
    });
    unread.collect()
}

/// What was not checked, for programs.
pub(crate) fn not_checked(found: &Exposed) -> Value {
    let gaps = found.not_checked.iter().map(|one| {
        json!({
            "code": one.code,
            "message": one.message,
            "settle": one.settle,
        })
    });
    gaps.collect()
}

/// Findings as SARIF.
pub(crate) fn sarif(
    name: &str,
    found: &Exposed,
    findings: Vec<Finding>,
    rule: RuleInfo,
    besides: Vec<NotChecked>,
) -> String {
    let mut not_checked = found.not_checked.clone();
    not_checked.extend(besides);
    not_checked.extend(found.exposure.unread.iter().map(|one| NotChecked {
        code: "syntax",
        message: format!("{}: {}", one.path, one.why),
        location: one.location.clone(),
        settle: "Mend the file".to_owned(),
        required: true,
    }));
    let report = Report {
        name: name.to_owned(),
        repository: found.repository.clone(),
        revision: found.revision.clone(),
        findings,
        not_checked,
        rules: vec![rule],
        ..Report::default()
    };
    let options = formats::Options::default();
    let format = Format::from_name("sarif");
    format.map_or_else(String::new, |format| {
        format.render(&[report.finish()], &options)
    })
}
