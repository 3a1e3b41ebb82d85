//! What a change takes from others, from git's objects alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use cofferdam_config::{Glob, Silencers, silence};
use cofferdam_dependencies::change::State;
use cofferdam_dependencies::checks::title;
use cofferdam_dependencies::known::Origin;
use cofferdam_dependencies::outputs::{Outputs, outputs};
use cofferdam_dependencies::{
    Advisories, Advisory, Asked, Change, Check, Judged, KnownNames, Licence, LicenceVerdict,
    Policy, difference, judge, pages,
};
use cofferdam_facts::{Location, Timestamp};
use cofferdam_findings::{Exit, Finding, JudgedBy, NotChecked, Report};
use cofferdam_lockfiles::{Document, Format, Package};

use super::settings;
use super::{DependenciesError, Inventory, Licences, Options, Settings, files};
use crate::collect::{Collected, Source};
use crate::git::{self, Commit};
use crate::judging::{Files, Judging, Words};
use crate::limits::Limits;

/// What is reviewed, and by whose word.
pub struct ReviewOptions<'a> {
    /// The root of the repository.
    pub root: PathBuf,
    /// The branch that the change is to be merged into.
    pub base: String,
    /// The newest commit of the change.
    pub head: String,
    /// Files that are left out.
    pub exclude: Vec<Glob>,
    /// What is said besides what the base says.
    pub settings: Settings,
    /// Who knows advisories.
    pub advisories: Option<&'a dyn Advisories>,
    /// The time of the run.
    pub now: Timestamp,
    /// How much is read.
    pub limits: Limits,
}

/// One end of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// As it was named.
    pub name: String,
    /// Its commit, in hexadecimal.
    pub commit: String,
}

/// One package that a change touches, in one file.
#[derive(Clone, Debug)]
pub struct Touched {
    /// What happened.
    pub kind: cofferdam_dependencies::Kind,
    /// The file.
    pub path: String,
    /// The package as it was.
    pub before: Option<Package>,
    /// The package as it is.
    pub after: Option<Package>,
    /// Whether the file stands beside another one and counts for its hashes alone.
    pub beside: bool,
    /// The names of what pulls it in, the project's own choice first; empty where
    /// that is not known.
    pub way: Vec<String>,
    /// The licence as it is.
    pub licence: Licence,
    /// What is to be said of the licence.
    pub licence_verdict: Option<LicenceVerdict>,
    /// What speaks about it.
    pub advisories: Vec<Advisory>,
    /// Advisories that are left out.
    pub ignored: Vec<String>,
    /// The checks that found something.
    pub checks: Vec<Check>,
}

/// The result.
#[derive(Debug)]
pub struct Review {
    /// The branch that the change is to be merged into.
    pub base: Side,
    /// The newest commit of the change.
    pub head: Side,
    /// The commit from which the change has begun.
    pub merge_base: String,
    /// How many commits could have been taken for it.
    pub merge_bases: usize,
    /// Everything that the change touches.
    pub changes: Vec<Touched>,
    /// The findings, those that are silenced, and what could not be told.
    pub report: Report,
    /// The fingerprints of the findings that fail the review.
    pub failing: BTreeSet<String>,
    /// What the project has decided.
    pub policy: Policy,
    /// The files of the base that say so.
    pub settings: Vec<String>,
    /// Settings that mean nothing here.
    pub notes: Vec<String>,
    /// The outputs of `dependency-review-action`.
    pub outputs: Outputs,
    /// How the review ends.
    pub exit: Exit,
}

/// Reviews a change.
///
/// # Errors
/// [`DependenciesError`] if a revision is not there, the clone is cut before it is
/// known where the change begins, or what judges cannot be understood.
pub fn review(options: &ReviewOptions<'_>) -> Result<Review, DependenciesError> {
    let fork = git::fork(&options.root, &options.base, &options.head, &options.limits)?;
    let base_commit = Commit::open(&options.root, &fork.base, &options.limits)?;
    let head_commit = Commit::open(&options.root, &fork.head, &options.limits)?;
    let decided = settings::read(&base_commit, &options.base, &options.settings)?;
    let words = words(options, &fork.base)?;

    let read = Read::of(options, &fork)?;
    let mut gaps = read.gaps();
    gaps.extend(settings::edits(
        &base_commit,
        &head_commit,
        &options.settings,
    )?);
    let known = known_names(&read.before, &base_commit, options)?;
    let licences = Licences::of_commit(&options.root, &fork.head, &options.limits)?;
    let licence_of = |package: &Package| licences.of(package);
    let asked = Asked {
        policy: &decided.policy,
        advisories: options.advisories,
        known: &known,
        licence_of: &licence_of,
        published: None,
        now: options.now,
    };
    let changes = read.changes().into_iter();
    let judged: Vec<Judged<'_>> = changes.map(|change| judge(change, &asked)).collect();
    gaps.extend(unasked(&judged));

    let (report, failing) = report(&judged, gaps, &words, &decided.policy, options, &fork);
    let side = |name: &str, commit: &str| Side {
        name: name.to_owned(),
        commit: commit.to_owned(),
    };
    Ok(Review {
        base: side(&options.base, &fork.base),
        head: side(&options.head, &fork.head),
        merge_bases: fork.candidates,
        outputs: outputs(&judged),
        changes: judged.into_iter().map(entry).collect(),
        exit: exit(&report, &failing),
        report,
        failing,
        policy: decided.policy,
        settings: decided.files,
        notes: decided.notes,
        merge_base: fork.merge_base,
    })
}

/// Both ends of a change, as far as they differ.
struct Read {
    before: Inventory,
    /// The files that the change touches, and those that include others.
    after: Inventory,
    /// The files that the change touches.
    touched: BTreeSet<String>,
    /// The files of the head that name packages.
    paths: BTreeSet<String>,
    /// What is in neither.
    elsewhere: Vec<NotChecked>,
}

impl Read {
    fn of(options: &ReviewOptions<'_>, fork: &git::Fork) -> Result<Self, DependenciesError> {
        let old = git::revision(&options.root, &fork.merge_base, &options.limits)?;
        let new = git::revision(&options.root, &fork.head, &options.limits)?;
        let touched = touched(&old, &new);
        let elsewhere = elsewhere(&old, &new);
        let paths = files::paths(&new.tree);
        let reading = Options {
            root: options.root.clone(),
            revision: None,
            exclude: options.exclude.clone(),
            references: true,
            limits: options.limits,
        };
        let wanted = |path: &str| touched.contains(path) || includes(path);
        Ok(Self {
            before: files::read(old, &reading, &|_| true),
            after: files::read(new, &reading, &wanted),
            touched,
            paths,
            elsewhere,
        })
    }

    fn changes(&self) -> Vec<Change<'_>> {
        let is_unchanged = |path: &str| self.paths.contains(path) && !self.touched.contains(path);
        let before = State {
            documents: &self.before.documents,
        };
        let after = State {
            documents: &self.after.documents,
        };
        difference(before, after, &is_unchanged)
    }

    fn gaps(&self) -> Vec<NotChecked> {
        let mut gaps = self.elsewhere.clone();
        gaps.extend(gaps_of_change(&self.before, &self.after, &self.touched));
        gaps
    }
}

/// The configuration of the base, whose exemptions count.
fn words(options: &ReviewOptions<'_>, base: &str) -> Result<Words, DependenciesError> {
    let files = Files::commit(&options.root, base, &options.limits)?;
    let judging = Judging {
        without_baseline: true,
        ..Judging::default()
    };
    Ok(Words::read(&files, &judging)?)
}

/// Formats whose files include others, so that their own bytes do not tell.
fn includes(path: &str) -> bool {
    matches!(Format::of(path), Some(Format::Requirements | Format::Pom))
}

/// The files that name packages and are not the same on both sides.
fn touched(old: &Collected, new: &Collected) -> BTreeSet<String> {
    let (Source::Commit(one), Source::Commit(other)) = (&old.source, &new.source) else {
        return BTreeSet::new();
    };
    let mut paths = files::paths(&old.tree);
    paths.extend(files::paths(&new.tree));
    paths.retain(|path| one.object(path) != other.object(path));
    let old_links: BTreeMap<&str, String> = one.lost().collect();
    let lost = (other.lost()).filter(|(path, id)| old_links.get(path) != Some(id));
    paths.extend(lost.map(|(path, _)| path.to_owned()));
    paths
}

/// What is in neither side's files: submodules that are new or stand at another
/// commit, and lockfiles that are links out of the repository.
fn elsewhere(old: &Collected, new: &Collected) -> Vec<NotChecked> {
    let (Source::Commit(one), Source::Commit(other)) = (&old.source, &new.source) else {
        return Vec::new();
    };
    let before: BTreeMap<&str, String> = one.submodules().collect();
    let short = |id: &str| id.get(..12).unwrap_or(id).to_owned();
    let mut found = Vec::new();
    for (path, commit) in other.submodules() {
        let from = match before.get(path) {
            Some(old) if *old == commit => continue,
            Some(old) => format!("moves from {} to {}", short(old), short(&commit)),
            None => format!("comes in at {}", short(&commit)),
        };
        found.push(NotChecked {
            code: "submodule",
            message: format!("{path}: the submodule {from}, and what it brings is not read"),
            location: Some(Location::whole_file(Arc::<str>::from(path))),
            settle: "review the change of that repository in a clone of it".to_owned(),
            required: true,
        });
    }
    let lost = other.lost().filter(|(path, _)| {
        Format::of(path).is_some() && !cofferdam_lockfiles::kinds::is_copied(path)
    });
    let old_links: BTreeMap<&str, String> = one.lost().collect();
    for (path, _) in lost.filter(|(path, id)| old_links.get(path) != Some(id)) {
        found.push(NotChecked {
            code: "link-outside",
            message: format!("{path}: a link stands here that leads to no file of the commit"),
            location: Some(Location::whole_file(Arc::<str>::from(path))),
            settle: "replace the link by the file itself".to_owned(),
            required: true,
        });
    }
    found
}

/// What could not be read and has to do with the change. What was unreadable
/// before makes all of a file new, which is the stricter view.
fn gaps_of_change(
    before: &Inventory,
    after: &Inventory,
    touched: &BTreeSet<String>,
) -> Vec<NotChecked> {
    let is_touched = |one: &NotChecked| {
        let place = one.location.as_ref();
        place.is_none_or(|place| touched.contains(&*place.path))
    };
    let mut gaps = Vec::new();
    for one in &after.not_checked {
        let mut one = one.clone();
        if one.code == "submodules" {
            continue;
        }
        if !is_touched(&one) {
            // It was there before the change, which does not make it worse.
            if !includes(one.location.as_ref().map_or("", |place| &place.path)) {
                continue;
            }
            one.required = false;
        }
        gaps.push(one);
    }
    let of_base = before
        .not_checked
        .iter()
        .filter(|one| one.required && is_touched(one));
    for one in of_base.filter(|one| one.location.is_some()) {
        let mut one = one.clone();
        one.required = false;
        one.message = format!("before the change: {}", one.message);
        gaps.push(one);
    }
    gaps
}

fn known_names(
    before: &Inventory,
    base: &Commit,
    options: &ReviewOptions<'_>,
) -> Result<KnownNames, DependenciesError> {
    let mut known = KnownNames::default();
    known.add_all(&before.documents, Origin::Base);
    for (ecosystem, path) in &options.settings.known_names {
        let Some(file) = settings::file(base, path)? else {
            return Err(DependenciesError::NoSettings {
                path: path.clone(),
                base: options.base.clone(),
            });
        };
        known.add_list(*ecosystem, file.text());
    }
    Ok(known)
}

/// One entry for all packages of which the same is the reason that nothing is known.
fn unasked(judged: &[Judged<'_>]) -> Vec<NotChecked> {
    let mut reasons: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for one in judged {
        if let (Some(why), Some(package)) = (&one.unasked, one.change.after) {
            reasons.entry(why).or_default().push(package);
        }
    }
    let entry = |(why, packages): (&str, Vec<&Package>)| {
        let first = packages.first().map(|one| title(one)).unwrap_or_default();
        let what = match packages.len() {
            1 => first,
            more => format!("{first} and {} more", more - 1),
        };
        NotChecked {
            code: "no-advisories",
            message: format!("whether {what} is vulnerable or malicious is not known: {why}"),
            location: None,
            settle: "`cofferdam deps db update`, or say `vulnerability-check: false` in the base and look by other means"
                .to_owned(),
            required: true,
        }
    };
    reasons.into_iter().map(entry).collect()
}

/// The report, and the fingerprints of what fails in it.
fn report(
    judged: &[Judged<'_>],
    gaps: Vec<NotChecked>,
    words: &Words,
    policy: &Policy,
    options: &ReviewOptions<'_>,
    fork: &git::Fork,
) -> (Report, BTreeSet<String>) {
    let mut fails: BTreeSet<(&'static str, Location, String)> = BTreeSet::new();
    let mut findings = Vec::new();
    let mut not_checked = gaps;
    for one in judged {
        not_checked.extend(one.not_checked.iter().cloned());
        for (check, finding) in &one.findings {
            if let Some(package) = one.change.after
                && does_fail(policy, *check, finding, package, one)
            {
                fails.insert(key(finding));
            }
            findings.push(finding.clone());
        }
    }
    let documents: BTreeSet<&str> = judged.iter().map(|one| one.change.path()).collect();
    let report = Report {
        name: ".".to_owned(),
        revision: Some(fork.head.clone()),
        files: documents.len(),
        findings,
        not_checked,
        rules: pages::RULES.iter().map(|rule| **rule).collect(),
        judged_by: Some(JudgedBy {
            name: options.base.clone(),
            commit: fork.base.clone(),
            edits: 0,
        }),
        ..Report::default()
    };
    let silencers = Silencers {
        judge: words.judge(),
        now: options.now,
        documents: &HashMap::new(),
        comments: &[],
        inherited: None,
        known: None,
        next: None,
    };
    let mut report = silence(report.finish(), &silencers);
    report
        .rules
        .extend(cofferdam_config::RULES.iter().map(|rule| **rule));
    report.rules.sort_by_key(|rule| rule.id);
    let failing = report
        .findings
        .iter()
        .filter(|one| fails.contains(&key(one)));
    let failing = failing.map(|finding| finding.fingerprint.clone()).collect();
    (report, failing)
}

fn key(finding: &Finding) -> (&'static str, Location, String) {
    (
        finding.rule,
        finding.location.clone(),
        finding.subject.clone(),
    )
}

/// Whether a finding fails the review: its check does, and of a vulnerability the
/// severity and the scope of the package as well. One that nobody has graded fails
/// at every severity.
fn does_fail(
    policy: &Policy,
    check: Check,
    finding: &Finding,
    package: &Package,
    judged: &Judged<'_>,
) -> bool {
    if policy.warn_only || !policy.fails.contains(&check) {
        return false;
    }
    if check != Check::Vulnerable {
        return true;
    }
    let is_ungraded = || {
        let mut all = judged.advisories.iter();
        all.any(|one| one.severity.is_none() && finding.subject.ends_with(&one.id))
    };
    policy.scopes.contains(&package.scope) && (finding.severity >= policy.severity || is_ungraded())
}

fn exit(report: &Report, failing: &BTreeSet<String>) -> Exit {
    if !failing.is_empty() {
        Exit::Findings
    } else if report.not_checked.iter().any(|one| one.required) {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

fn entry(judged: Judged<'_>) -> Touched {
    let change = judged.change;
    let way = match (change.to, change.after) {
        (Some(document), Some(package)) => way(document, package),
        _ => Vec::new(),
    };
    let mut checks: Vec<Check> = judged.findings.iter().map(|(check, _)| *check).collect();
    checks.sort_unstable();
    checks.dedup();
    Touched {
        kind: change.kind,
        path: change.path().to_owned(),
        before: change.before.cloned(),
        after: change.after.cloned(),
        beside: change.beside,
        way,
        licence: judged.licence,
        licence_verdict: judged.licence_verdict,
        advisories: judged.advisories,
        ignored: judged.ignored,
        checks,
    }
}

/// The names on the shortest way from the project to a package, without both ends.
fn way(document: &Document, package: &Package) -> Vec<String> {
    let at = (document.packages.iter()).position(|one| std::ptr::eq(one, package));
    let Some(at) = at else {
        return Vec::new();
    };
    let mut way = document.path_to(at);
    way.pop();
    let of = |at: usize| document.packages.get(at);
    let packages = way.into_iter().filter_map(of);
    let others = packages.filter(|one| one.relation != cofferdam_lockfiles::Relation::Project);
    others.map(|one| one.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::pages;

    #[test]
    fn the_configuration_may_name_every_check() {
        let ids: BTreeSet<&str> = pages::RULES.iter().map(|rule| rule.id).collect();
        let named: BTreeSet<&str> = cofferdam_config::OF_DEPENDENCIES.iter().copied().collect();
        assert_eq!(ids, named);
    }
}
