//! `cofferdam exposure --base REV`: what a change opens and closes.

use cofferdam_config::Allowed;
use cofferdam_exposure::claims::Names;
use cofferdam_exposure::compare::{self, Difference, Sides, Turn};
use cofferdam_exposure::{Row, findings};
use cofferdam_findings::Exit;
use cofferdam_pipelines::exposure::lines;
use cofferdam_pipelines::{Before, Judged, Options, Target, judged};

use super::{
    ExposureArgs, ExposureError, Form, Selected, alike, change_human, change_json, change_markdown,
    mermaid, print, ways,
};
use crate::commands::audit::AuditCommandError;
use crate::output::ColourChoice;

/// So many lines that are gone are named where a way rests on none that is new.
const GONE: usize = 3;

/// A change, compared.
pub(super) struct Change<'j> {
    pub(super) judged: &'j Judged,
    pub(super) before: &'j Before,
    pub(super) moved: Vec<Moved<'j>>,
    /// What is allowed and expired, with its place.
    pub(super) expired: Vec<String>,
}

/// Widenings that read the same, rest on the same and are closed by the same.
pub(super) struct Alike<'c> {
    pub(super) moved: Vec<&'c Moved<'c>>,
    /// The places of the way.
    pub(super) places: Vec<String>,
    /// What closes it, where it fails.
    pub(super) cuts: Vec<String>,
}

impl Alike<'_> {
    /// The pairs, as few lines as tell all of them.
    pub(super) fn pairs(&self, all: bool) -> Vec<String> {
        let rows = self.moved.iter().filter_map(|moved| moved.difference.after);
        alike::pairs(rows, all)
    }
}

/// A pair that the change moves.
pub(super) struct Moved<'j> {
    pub(super) difference: Difference<'j>,
    /// What of the base allows it.
    pub(super) allowed: Option<&'j Allowed>,
    /// The changed lines that it rests on.
    pub(super) lines: Vec<String>,
}

impl Moved<'_> {
    /// Whether it fails the change.
    pub(super) fn fails(&self) -> bool {
        self.difference.widens() && self.allowed.is_none()
    }
}

impl Change<'_> {
    pub(super) fn count(&self, turn: Turn) -> usize {
        let turns = self.moved.iter().map(|moved| moved.difference.turn);
        turns.filter(|one| *one == turn).count()
    }

    /// What widens, until there are so many that read differently; and how many
    /// pairs are left out.
    pub(super) fn widening(&self, most: usize) -> (Vec<Alike<'_>>, usize) {
        let exposure = &self.judged.head.exposure;
        let wide = self.moved.iter().filter(|m| m.difference.widens());
        let mut wide: Vec<&Moved<'_>> = wide.collect();
        wide.sort_by_key(|moved| std::cmp::Reverse(moved.difference.after.map(alike::points)));
        let verdict = |row: Option<&Row>| row.map(|row| row.verdict.to_string());
        let text = |moved: &Moved<'_>| {
            let Difference {
                turn,
                before,
                after,
                ..
            } = &moved.difference;
            let places = after.map_or_else(Vec::new, |row| ways::lines(exposure, row));
            let allowed = moved.allowed.map(|allowed| allowed.location.to_string());
            let verdicts = (verdict(*before), verdict(*after));
            (turn.word(), verdicts, allowed, places, moved.lines.clone())
        };
        let cuts = |moved: &Moved<'_>| match (moved.fails(), moved.difference.after) {
            (true, Some(row)) => ways::sentences(&row.cuts(&exposure.graph)),
            _ => Vec::new(),
        };
        let (found, left) = alike::kinds(&wide, most, text, cuts);
        let found = found
            .into_iter()
            .map(|(moved, (.., places, _), cuts)| Alike {
                moved,
                places,
                cuts,
            });
        (found.collect(), left)
    }

    pub(super) fn failing(&self) -> usize {
        self.moved.iter().filter(|moved| moved.fails()).count()
    }

    /// One line that says how it ends.
    pub(super) fn verdict(&self) -> String {
        let allowed = self.moved.iter().filter(|m| m.allowed.is_some()).count();
        let mut text = format!(
            "{} opened, {} worse, {} better, {} closed",
            self.count(Turn::Opened),
            self.count(Turn::Worse),
            self.count(Turn::Better),
            self.count(Turn::Closed),
        );
        if allowed > 0 {
            text.push_str(&format!("; the base allows {allowed}"));
        }
        match self.failing() {
            0 if self.judged.head.is_whole() => text.push_str("; nothing widens that may not"),
            0 => text.push_str("; not everything was read, so nothing is proven"),
            n => text.push_str(&format!("; {n} may not, and the change fails")),
        }
        text
    }
}

pub(super) fn run(
    args: &ExposureArgs,
    target: &Target,
    options: &Options,
    colour: ColourChoice,
) -> Result<Exit, ExposureError> {
    let judged = judged(target, options).map_err(AuditCommandError::from)?;
    let Some(before) = &judged.before else {
        // A base that was named judges, else there is an error.
        return Ok(Exit::NotChecked);
    };
    let selected = Selected::among(args, &[&judged.head, &before.exposed])?;
    let change = compared(&judged, before, &selected, options)?;
    let widening: Vec<&Row> = (change.moved.iter())
        .filter(|moved| moved.fails())
        .filter_map(|moved| moved.difference.after)
        .collect();
    let text = match args.format {
        Form::Human => change_human::render(&change, colour.on_stdout(), args.all),
        Form::Json => change_json::render(&change).map_err(ways::unwritten)?,
        Form::Markdown => change_markdown::render(&change),
        Form::Mermaid => mermaid::render(&judged.head, &widening),
        Form::Html => return Err(ExposureError::NoPage),
        Form::Sarif => {
            let all = findings::of_rows(&judged.head.exposure, &widening);
            ways::sarif(
                &target.name,
                &judged.head,
                all,
                findings::EXPOSURE,
                Vec::new(),
            )
        }
    };
    print(&text)?;
    Ok(if !widening.is_empty() {
        Exit::Findings
    } else if judged.head.is_whole() {
        Exit::Clean
    } else {
        Exit::NotChecked
    })
}

fn compared<'j>(
    judged: &'j Judged,
    before: &'j Before,
    selected: &Selected,
    options: &Options,
) -> Result<Change<'j>, ExposureError> {
    let (base, head) = (&before.exposed.exposure, &judged.head.exposure);
    let files = before.moved(&judged.files);
    let lines = lines::changed(&before.files, &judged.files, &files);
    let config = judged.config.as_ref();
    let registries = config.map_or(&[][..], |config| &config.registries);
    let names = Names::of(head, judged.head.settings).and(Names::of(base, false));
    let leave = match config {
        Some(config) => compare::leave(&config.allowed, &config.file, &names, registries)
            .map_err(ExposureError::Meaningless)?,
        None => Vec::new(),
    };
    let wanted = |one: &Difference<'_>| {
        let rows = [one.before, one.after];
        rows.into_iter().flatten().any(|row| selected.wants(row))
    };
    let differences = compare::compare(base, head, &files).into_iter();
    let moved = differences.filter(wanted).map(|difference| {
        let widens = difference.widens();
        let sides = Sides { base, head };
        let mut takes = leave
            .iter()
            .filter(|_| widens)
            .filter_map(|leave| leave.takes(&difference, sides, registries, options.now));
        let allowed = takes.next();
        let rests = match difference.after.filter(|_| widens) {
            Some(row) => rests_on(row, judged, &lines),
            None => Vec::new(),
        };
        Moved {
            difference,
            allowed,
            lines: rests,
        }
    });
    let all = config.map_or(&[][..], |config| &config.allowed);
    let expired = all.iter().filter(|one| one.is_expired(options.now));
    Ok(Change {
        judged,
        before,
        moved: moved.collect(),
        expired: expired
            .map(|one| {
                let day = one.expires.date();
                format!(
                    "{}: what {} allowed ended on {day}",
                    one.location, one.owner
                )
            })
            .collect(),
    })
}

/// The lines of the change on which a way rests: those that are new on it, else
/// what is gone from its files, else the files that are touched at all.
fn rests_on(
    row: &Row,
    judged: &Judged,
    lines: &std::collections::BTreeMap<String, lines::Lines>,
) -> Vec<String> {
    let exposure = &judged.head.exposure;
    let places: Vec<_> = (row.places(&exposure.graph))
        .filter_map(|place| Some((place.location.as_ref()?, place.what.as_str())))
        .collect();
    let mut found = Vec::new();
    for (at, what) in &places {
        let new = lines
            .get(&*at.path)
            .is_some_and(|l| l.added.contains(&at.line));
        if new {
            found.push(format!("{}:{}  {what}", at.path, at.line));
        }
    }
    if found.is_empty() {
        let mut paths: Vec<&str> = places.iter().map(|(at, _)| &*at.path).collect();
        paths.dedup();
        for path in paths {
            let Some(lines) = lines.get(path) else {
                continue;
            };
            let gone = lines.removed.iter().take(GONE);
            found.extend(gone.map(|(line, text)| format!("{path}: gone is line {line}: {text}")));
        }
    }
    if found.is_empty() {
        let touched = lines.keys().take(GONE);
        found.extend(touched.map(|path| format!("{path} is changed")));
    }
    found.dedup();
    found
}
