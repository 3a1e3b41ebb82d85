//! Code that runs when a package is installed.

use cofferdam_lockfiles::Package;

use super::{Asked, Check, Judged, finding, title};

pub(super) fn check(package: &Package, _: &Asked<'_>, judged: &mut Judged<'_>) {
    let had = |before: &&Package| before.install_script == Some(true);
    let before = judged.change.before;
    let is_new = package.install_script == Some(true)
        && !before.as_ref().is_some_and(had)
        && !judged.change.known.iter().any(had);
    if !is_new {
        return;
    }
    let message = match before {
        Some(before) => format!(
            "{} runs code when it is installed, which {} did not",
            title(package),
            before.version.as_deref().unwrap_or("the one before")
        ),
        None => format!("{} runs code when it is installed", title(package)),
    };
    let finding = finding(Check::InstallScript, package, message)
        .why("It runs on every machine that installs, with what is at hand there, before any test")
        .fix("Read the script, or install with scripts switched off");
    judged.found(Check::InstallScript, finding);
}
