//! Writing the baseline.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use cofferdam_config::pages;
use cofferdam_findings::baseline::MAX_BYTES;
use cofferdam_findings::{Baseline, Finding, sanitise};
use cofferdam_pipelines::collect::bounded;
use cofferdam_pipelines::judging::baseline_of_checkout;
use cofferdam_pipelines::{AuditError, Input, JudgeError, Options, Target, audit};

use super::{AuditArgs, AuditCommandError};
use crate::output::Sink;

/// Writes what is known from now on: what was known and still is found, and
/// with `--allow-growth` everything that is found.
pub(super) fn update(
    args: &AuditArgs,
    targets: &[Target],
    options: &Options,
) -> Result<(), AuditCommandError> {
    let [target] = targets else {
        return Err(AuditCommandError::Combination(
            "--update-baseline writes the baseline of one repository",
        ));
    };
    let Input::Path(root) = &target.input else {
        return Err(AuditCommandError::Combination(
            "--update-baseline needs the root of a checkout",
        ));
    };
    let named = match &args.judged.baseline {
        Some(path) => Some(path.clone()),
        None => baseline_of_checkout(root, &options.limits).map_err(AuditError::from)?,
    };
    let Some(path) = named else {
        return Err(AuditCommandError::Combination(
            "--update-baseline needs --baseline FILE, or `baseline` in the configuration",
        ));
    };
    let old = read(&path)?;
    if old.is_none() && !args.judged.allow_growth {
        let path = path.display().to_string();
        return Err(AuditError::from(JudgeError::NoBaseline { path }).into());
    }
    let mut options = options.clone();
    options.judging.baseline = None;
    options.judging.without_baseline = true;
    let report = audit(target, &options)?;
    let unseen = report.not_checked.iter().filter(|item| item.required);
    match unseen.count() {
        0 => {}
        count => return Err(AuditCommandError::HalfSeen { count }),
    }
    let found: Vec<&Finding> = (report.findings.iter())
        .filter(|finding| !pages::is_about_silencers(finding.rule))
        .collect();
    let new = match &old {
        Some(old) if !args.judged.allow_growth => old.shrunk(found),
        _ => Baseline::of(found),
    };
    write(&path, &new)?;
    tell(&path, old.as_ref().map(Baseline::total), new.total());
    Ok(())
}

fn read(path: &Path) -> Result<Option<Baseline>, AuditCommandError> {
    let failed = |source| AuditCommandError::Path {
        path: path.to_owned(),
        source,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let bytes = bounded(&mut file, MAX_BYTES).map_err(failed)?;
    let too_large = |_| {
        failed(io::Error::other(format!(
            "it has more than {MAX_BYTES} bytes"
        )))
    };
    let parsed = Baseline::parse(&bytes.map_err(too_large)?);
    let wrong = |source| {
        let path = path.display().to_string();
        AuditError::from(JudgeError::Baseline { path, source })
    };
    Ok(Some(parsed.map_err(wrong)?))
}

fn write(path: &Path, baseline: &Baseline) -> Result<(), AuditCommandError> {
    let failed = |source| AuditCommandError::Output {
        name: path.display().to_string(),
        source,
    };
    let mut sink = Sink::open(Some(path)).map_err(failed)?;
    sink.write_all(&baseline.render()).map_err(failed)?;
    sink.finish().map_err(failed)
}

fn tell(path: &Path, before: Option<usize>, after: usize) {
    let was = before.map_or(String::new(), |before| format!(", {before} before"));
    let text = format!(
        "baseline {}: {after} findings are known{was}",
        path.display()
    );
    let text = format!("{}\n", sanitise::line(&text));
    // Where standard error is closed, the file still is written.
    let _ = io::stderr().write_all(sanitise::inert_for_log(&text).as_bytes());
}
