//! Which findings do not count, and what is wrong with the silencers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cofferdam_facts::Timestamp;
use cofferdam_facts::{Location, SourceFile, Span};
use cofferdam_findings::baseline::{Open, lines};
use cofferdam_findings::{
    Baseline, Evidence, Finding, Report, Severity, Suppressed, Suppression, SuppressionKind,
    Verdict,
};
use cofferdam_workflows::yaml::Document;

use crate::comments::{IgnoreComment, Lines, Speaker};
use crate::config::{Config, Exclude, Exemption};
use crate::glob::Glob;
use crate::organisation::Judge;
use crate::pages;

/// A baseline with its file.
#[derive(Clone, Copy, Debug)]
pub struct Known<'b> {
    /// The file.
    pub file: &'b SourceFile,
    /// What it knows.
    pub baseline: &'b Baseline,
}

/// Everything that may silence a finding of one repository.
#[derive(Clone, Copy, Debug)]
pub struct Silencers<'s> {
    /// The configurations that hold.
    pub judge: Judge<'s>,
    /// The time of the run.
    pub now: Timestamp,
    /// Documents by path, for the places that comments speak about.
    pub documents: &'s HashMap<String, Document>,
    /// The ignore comments of the files that were audited.
    pub comments: &'s [IgnoreComment],
    /// On a change, the findings that comments silence in its base. The
    /// comments of the change itself then silence nothing.
    pub inherited: Option<&'s [Suppressed]>,
    /// The baseline.
    pub known: Option<Known<'s>>,
    /// On a change, the configuration that it would bring: what it removes is
    /// not called unused.
    pub next: Option<&'s Config>,
}

/// Takes the findings that do not count out of a finished report, and adds what
/// is wrong with the silencers.
#[must_use]
pub fn silence(mut report: Report, silencers: &Silencers<'_>) -> Report {
    let mut run = Run::new(silencers, report.repository.clone());
    for mut finding in std::mem::take(&mut report.findings) {
        regrade(&mut finding, silencers.judge);
        match run.suppression(&finding) {
            Some(by) => report.suppressed.push(Suppressed { finding, by }),
            None => report.findings.push(finding),
        }
    }
    let mut more = run.expired();
    more.extend(silencers.judge.loosened(silencers.now));
    more.extend(run.unused(&report));
    report.joined(more)
}

fn regrade(finding: &mut Finding, judge: Judge<'_>) {
    if pages::is_about_silencers(finding.rule) {
        return;
    }
    let Some((severity, config, setting)) = judge.severity(finding.rule, finding.severity) else {
        return;
    };
    if severity == finding.severity {
        return;
    }
    let own = finding.severity;
    finding.severity = severity;
    let note = format!(
        "graded {severity} instead of {own} by {}: {}",
        config.file.path(),
        setting.reason
    );
    if finding.why.is_empty() {
        finding.why = note;
    } else {
        finding.why = format!("{} ({note})", finding.why.trim_end_matches('.'));
    }
}

/// One exemption with the number of findings that it still covers.
struct OneExemption<'s> {
    config: &'s Config,
    exemption: &'s Exemption,
    of_repository: bool,
    left: usize,
    used: bool,
}

struct Run<'s> {
    silencers: &'s Silencers<'s>,
    repository: Option<String>,
    exemptions: Vec<OneExemption<'s>>,
    /// By path, the positions of the comments of that file.
    by_path: BTreeMap<&'s str, Vec<usize>>,
    /// The rules for which each comment is of use.
    comments_used: Vec<BTreeSet<&'static str>>,
    /// By content fingerprint, what comments silence in the base.
    inherited: BTreeMap<&'s str, Vec<&'s Suppressed>>,
    known: Option<Open>,
    /// Where each entry of the baseline stands.
    known_lines: HashMap<&'s str, Span>,
    /// By path, which exemptions and which excluded paths are about it.
    paths: HashMap<String, PathMatches<'s>>,
}

/// What of the configurations is about one path. Patterns are compared once a
/// path, not once a finding.
#[derive(Clone, Debug, Default)]
struct PathMatches<'s> {
    exemptions: Vec<bool>,
    excludes: Vec<(&'s Config, &'s Exclude)>,
}

impl<'s> Run<'s> {
    fn new(silencers: &'s Silencers<'s>, repository: Option<String>) -> Self {
        let judge = silencers.judge;
        let of = |config: Option<&'s Config>, of_repository| {
            config.into_iter().flat_map(move |config| {
                config.exempt.iter().map(move |exemption| OneExemption {
                    config,
                    exemption,
                    of_repository,
                    left: match exemption.fingerprint {
                        Some(_) => exemption.count,
                        None => usize::MAX,
                    },
                    used: false,
                })
            })
        };
        let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, comment) in silencers.comments.iter().enumerate() {
            by_path.entry(&comment.location.path).or_default().push(at);
        }
        let mut inherited: BTreeMap<&str, Vec<&Suppressed>> = BTreeMap::new();
        for one in silencers.inherited.unwrap_or_default() {
            let by_comment = matches!(
                one.by.kind,
                SuppressionKind::Ignore | SuppressionKind::PeerIgnore
            );
            if by_comment {
                let known = inherited.entry(&one.finding.content_fingerprint);
                known.or_default().push(one);
            }
        }
        Self {
            silencers,
            repository,
            exemptions: of(judge.organisation, false)
                .chain(of(judge.repository, true))
                .collect(),
            by_path,
            comments_used: vec![BTreeSet::new(); silencers.comments.len()],
            inherited,
            known: (silencers.known)
                .filter(|_| !judge.floor().no_baseline)
                .map(|known| known.baseline.open()),
            known_lines: (silencers.known)
                .map(|known| lines(known.file.text()))
                .unwrap_or_default(),
            paths: HashMap::new(),
        }
    }

    fn matches(&mut self, path: &str) -> &PathMatches<'s> {
        let judge = self.silencers.judge;
        let exemptions = &self.exemptions;
        self.paths.entry(path.to_owned()).or_insert_with(|| {
            let is_about = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(path));
            PathMatches {
                exemptions: (exemptions.iter())
                    .map(|one| one.exemption.paths.is_empty() || is_about(&one.exemption.paths))
                    .collect(),
                excludes: [judge.organisation, judge.repository]
                    .into_iter()
                    .flatten()
                    .flat_map(|config| config.exclude.iter().map(move |one| (config, one)))
                    .filter(|(_, exclude)| is_about(&exclude.paths))
                    .collect(),
            }
        })
    }

    /// What silences a finding, if anything does. Whatever could is asked, so
    /// that each knows whether it is of use.
    fn suppression(&mut self, finding: &Finding) -> Option<Suppression> {
        if pages::is_about_silencers(finding.rule) {
            return None;
        }
        let setting = self.setting(finding);
        let exemption = self.exemption(finding, setting.is_none());
        let comment = self.comment(finding);
        let found = setting.or(exemption);
        if found.is_some() {
            return found;
        }
        let comment = match self.silencers.inherited {
            Some(_) => self.inherited(finding),
            None => comment,
        };
        comment.or_else(|| self.known(finding))
    }

    fn is_locked(&self, finding: &Finding) -> bool {
        self.silencers.judge.is_locked(finding.rule)
    }

    /// A rule that is off, or a path that is left out.
    fn setting(&mut self, finding: &Finding) -> Option<Suppression> {
        let judge = self.silencers.judge;
        let path = &*finding.location.path;
        let excludes = self.matches(path).excludes.clone();
        let counts = |config: &Config| {
            let of_organisation = judge
                .organisation
                .is_some_and(|organisation| std::ptr::eq(organisation, config));
            of_organisation || !self.is_locked(finding)
        };
        for (config, setting) in judge.settings(finding.rule).filter(|(c, _)| counts(c)) {
            let kind = if setting.off {
                SuppressionKind::RuleOff
            } else if setting.exclude.iter().any(|glob| glob.matches(path)) {
                SuppressionKind::ExcludedPath
            } else {
                continue;
            };
            let place = config.file.locate(setting.span);
            return Some(suppression(kind, &setting.reason, Some(place)));
        }
        let (config, exclude) = (excludes.iter().copied()).find(|(config, _)| counts(config))?;
        let place = config.file.locate(exclude.span);
        let kind = SuppressionKind::ExcludedPath;
        Some(suppression(kind, &exclude.reason, Some(place)))
    }

    fn exemption(&mut self, finding: &Finding, take: bool) -> Option<Suppression> {
        let (judge, now) = (self.silencers.judge, self.silencers.now);
        let locked = judge.is_locked(finding.rule);
        let repository = self.repository.clone();
        let mut found = None;
        let here = self.matches(&finding.location.path).exemptions.clone();
        for (one, here) in self.exemptions.iter_mut().zip(here) {
            if !here
                || !is_about(one.exemption, finding)
                || !one.exemption.is_for(repository.as_deref())
            {
                continue;
            }
            one.used = true;
            let holds = !one.exemption.is_expired(now)
                && !(one.of_repository && (locked || judge.is_too_long(one.exemption, now)));
            if !take || !holds || one.left == 0 || found.is_some() {
                continue;
            }
            one.left -= 1;
            found = Some(Suppression {
                owner: Some(one.exemption.owner.clone()),
                expires: Some(one.exemption.expires.date()),
                ..suppression(
                    SuppressionKind::Exemption,
                    &one.exemption.reason,
                    Some(one.config.file.locate(one.exemption.span)),
                )
            });
        }
        found
    }

    /// The comments of the audited files themselves.
    fn comment(&mut self, finding: &Finding) -> Option<Suppression> {
        let path = &*finding.location.path;
        let (Some(at), Some(document)) =
            (self.by_path.get(path), self.silencers.documents.get(path))
        else {
            return None;
        };
        let judge = self.silencers.judge;
        let mut found = None;
        let mut lines = None;
        for &at in at {
            let Some(comment) = self.silencers.comments.get(at) else {
                continue;
            };
            if !comment.rules.contains(finding.rule) {
                continue;
            }
            let lines = *lines.get_or_insert_with(|| Lines::of(document, &finding.location));
            if !lines.has(comment.line, comment.speaker) {
                continue;
            }
            if let Some(used) = self.comments_used.get_mut(at) {
                used.insert(finding.rule);
            }
            let counts = match comment.speaker {
                Speaker::Cofferdam => judge.takes_comments(),
                Speaker::Zizmor => judge.takes_zizmor_comments(),
            };
            if counts && found.is_none() && !judge.is_locked(finding.rule) {
                let place = Some(comment.location.clone());
                found = Some(suppression(comment.speaker.kind(), &comment.reason, place));
            }
        }
        found
    }

    /// What comments silence in the base, each as often as there.
    fn inherited(&mut self, finding: &Finding) -> Option<Suppression> {
        let known = self.inherited.get_mut(&*finding.content_fingerprint)?;
        let at = (known.iter()).position(|one| one.finding.severity >= finding.severity)?;
        Some(known.remove(at).by.clone())
    }

    fn known(&mut self, finding: &Finding) -> Option<Suppression> {
        if self.is_locked(finding) || !self.known.as_mut()?.take(finding) {
            return None;
        }
        let place = self.line_of(&finding.content_fingerprint)?;
        let reason = "known when the baseline was written";
        Some(suppression(SuppressionKind::Baseline, reason, Some(place)))
    }

    /// The place of an entry in the baseline.
    fn line_of(&self, fingerprint: &str) -> Option<Location> {
        let file = self.silencers.known?.file;
        let span = self.known_lines.get(fingerprint).copied();
        Some(file.locate(span.unwrap_or_default()))
    }

    fn expired(&self) -> Vec<Finding> {
        (self.exemptions.iter())
            .filter(|one| one.exemption.is_expired(self.silencers.now) && self.stays(one))
            .map(|one| {
                let exemption = one.exemption;
                let place = one.config.file.locate(exemption.span);
                let until = exemption.expires.date();
                Finding::new(
                    pages::EXPIRED.id,
                    Severity::Medium,
                    place,
                    format!("the exemption for {} ended on {until}", exemption.title()),
                )
                .why(format!(
                    "What it covered counts again. It was accepted because: {}",
                    exemption.reason
                ))
                .fix("Mend the weakness and remove the exemption, or decide anew until when")
                .subject(subject_of(exemption))
            })
            .collect()
    }

    /// Whether an exemption is still there after the change.
    fn stays(&self, one: &OneExemption<'_>) -> bool {
        let Some(next) = self.silencers.next.filter(|_| one.of_repository) else {
            return true;
        };
        next.exempt.iter().any(|other| same(other, one.exemption))
    }

    fn unused(&self, report: &Report) -> Vec<Finding> {
        let told = Told::of(report);
        let mut found = Vec::new();
        for one in self.exemptions.iter().filter(|one| one.of_repository) {
            let over = one.exemption.is_expired(self.silencers.now);
            if one.used || over || !self.stays(one) || !told.all(&one.exemption.rules, None) {
                continue;
            }
            let place = one.config.file.locate(one.exemption.span);
            let what = format!("the exemption for {}", one.exemption.title());
            found.push(unused(place, &what, subject_of(one.exemption)));
        }
        for (comment, used) in self.silencers.comments.iter().zip(&self.comments_used) {
            let rules: Vec<&str> = comment.rules.difference(used).copied().collect();
            let told = told.all(&rules, Some(&comment.location.path));
            if comment.speaker == Speaker::Cofferdam && !rules.is_empty() && told {
                let what = format!("the ignore comment for {}", rules.join(", "));
                found.push(unused(
                    comment.location.clone(),
                    &what,
                    comment.text.clone(),
                ));
            }
        }
        found.extend(self.unused_known());
        found
    }

    /// One finding for all entries of the baseline that match nothing.
    fn unused_known(&self) -> Option<Finding> {
        let left = self.known.as_ref()?.unused();
        let (first, _) = left.first()?;
        let count: usize = left.iter().map(|(_, count)| count).sum();
        let place = self.line_of(&first.fingerprint)?;
        let findings = if count == 1 { "finding" } else { "findings" };
        let mut finding = Finding::new(
            pages::UNUSED.id,
            Severity::Info,
            place,
            format!("{count} {findings} of the baseline are there no more"),
        );
        finding = finding
            .why("Should one come back, nobody would notice")
            .fix("Run `cofferdam audit --update-baseline`, which removes them")
            .subject("baseline");
        Some(finding)
    }
}

/// Whether "not found" means "not there": no fact of the rules is missing, and
/// the file was understood.
struct Told<'r> {
    report: &'r Report,
    unclear: BTreeSet<&'r str>,
}

impl<'r> Told<'r> {
    fn of(report: &'r Report) -> Self {
        let required = report.not_checked.iter().filter(|item| item.required);
        Self {
            report,
            unclear: required
                .filter_map(|item| item.location.as_ref().map(|place| &*place.path))
                .collect(),
        }
    }

    /// For all of some rules, in one file or anywhere.
    fn all(&self, rules: &[impl AsRef<str>], path: Option<&str>) -> bool {
        let missing = |evidence: &Evidence| {
            let here = match (&evidence.location, path) {
                (Some(place), Some(path)) => &*place.path == path,
                _ => true,
            };
            here && matches!(evidence.verdict, Verdict::Unknown { .. })
        };
        let understood = match path {
            Some(path) => !self.unclear.contains(path),
            None => self.unclear.is_empty(),
        };
        understood
            && rules.iter().all(|rule| {
                let info = self.report.rule(rule.as_ref());
                // A rule that did not run says nothing about what it would find.
                if info.is_none() && !self.report.rules.is_empty() {
                    return false;
                }
                let controls = info.map(|info| info.controls).unwrap_or_default();
                !(controls.iter())
                    .filter_map(|control| self.report.control(*control))
                    .any(|state| state.evidence.iter().any(missing))
            })
    }
}

fn suppression(kind: SuppressionKind, reason: &str, location: Option<Location>) -> Suppression {
    Suppression {
        kind,
        reason: reason.to_owned(),
        owner: None,
        expires: None,
        location,
    }
}

fn unused(place: Location, what: &str, subject: String) -> Finding {
    Finding::new(
        pages::UNUSED.id,
        Severity::Low,
        place,
        format!("{what} silences nothing"),
    )
    .why("Left in place it would excuse the same weakness, should it come back")
    .fix("Remove it")
    .subject(subject)
}

/// Whether an exemption is about a finding, wherever it is.
fn is_about(exemption: &Exemption, finding: &Finding) -> bool {
    exemption.rules.iter().any(|rule| rule == finding.rule)
        && (exemption.subject.as_ref())
            .is_none_or(|subject| crate::glob::matches_text(subject, &finding.subject))
        && (exemption.fingerprint.as_ref())
            .is_none_or(|fingerprint| *fingerprint == finding.content_fingerprint)
}

/// What an exemption is about, so that two of them are told apart.
fn subject_of(exemption: &Exemption) -> String {
    let paths: Vec<&str> = exemption.paths.iter().map(|glob| glob.as_str()).collect();
    let mut parts = vec![exemption.title(), paths.join(" ")];
    parts.extend(exemption.subject.clone());
    parts.extend(exemption.fingerprint.clone());
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

fn same(a: &Exemption, b: &Exemption) -> bool {
    let key = |e: &Exemption| {
        (
            subject_of(e),
            e.count,
            e.reason.clone(),
            e.expires,
            e.repositories.clone(),
        )
    };
    key(a) == key(b)
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
