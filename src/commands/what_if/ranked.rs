//! The ranking of dependencies, of one repository or of many.

use std::collections::BTreeMap;

use cofferdam_exposure::whatif::organisation::Total;
use cofferdam_exposure::whatif::{Ranked, weight};
use cofferdam_exposure::{Asset, Level, Position, Verdict};

use super::page::{Page, count, shortened, when};

/// What one line says.
struct Line {
    name: String,
    points: u64,
    repositories: Option<usize>,
    jobs: usize,
    counts: [usize; 4],
    worst: String,
}

pub(super) fn page(mut page: Page, ranked: &[Ranked], without: &[String]) -> Page {
    let without = match without.is_empty() {
        true => String::new(),
        false => format!(", without {}", without.join(" and ")),
    };
    page.head(&format!(
        "{} by what each would get{without}",
        count(ranked.len(), "dependency", "dependencies")
    ));
    let lines = ranked.iter().map(|one| Line {
        name: one.position.to_string(),
        points: one.points,
        repositories: None,
        jobs: one.jobs.len(),
        counts: one.counts,
        worst: one.worst.as_ref().map_or_else(String::new, |row| {
            worst(&row.asset, &row.verdict, one.at.as_ref())
        }),
    });
    let lines: Vec<Line> = lines.collect();
    table(&mut page, &lines);
    page
}

pub(super) fn everywhere(
    mut page: Page,
    ranked: &[(&Position, &Total)],
    repositories: usize,
) -> Page {
    page.head(&format!(
        "{} of {} by what each would get",
        count(ranked.len(), "dependency", "dependencies"),
        count(repositories, "repository", "repositories")
    ));
    let lines = ranked.iter().map(|(position, total)| Line {
        name: position.to_string(),
        points: total.points,
        repositories: Some(total.repositories),
        jobs: total.jobs,
        counts: total.counts,
        worst: total.worst.as_ref().map_or_else(String::new, |one| {
            let asset = one.asset.as_ref();
            let asset =
                asset.map_or_else(String::new, |(asset, verdict)| worst(asset, verdict, None));
            format!("{asset} in {}", one.repository)
        }),
    });
    let lines: Vec<Line> = lines.collect();
    table(&mut page, &lines);
    page
}

/// Each line, or with `alike` one for all of an owner, host or registry that get
/// the same, with how many more those are.
fn entries(lines: &[Line], alike: bool) -> Vec<(&Line, usize)> {
    let mut found: Vec<(&Line, usize)> = Vec::new();
    let mut at: BTreeMap<(&str, u64, [usize; 4], &str), usize> = BTreeMap::new();
    for line in lines {
        let stem = line.name.split('/').next().unwrap_or(&line.name);
        let asset = line.worst.split(',').next().unwrap_or_default();
        let key = (stem, line.points, line.counts, asset);
        match at.get(&key).and_then(|at| found.get_mut(*at)) {
            Some((_, more)) if alike => *more += 1,
            _ => {
                at.insert(key, found.len());
                found.push((line, 0));
            }
        }
    }
    found
}

fn worst(asset: &Asset, verdict: &Verdict, at: Option<&(String, usize)>) -> String {
    let at = at.map_or_else(String::new, |(path, line)| {
        let file = path.rsplit('/').next().unwrap_or(path);
        format!(", {file}:{line}")
    });
    let state = match verdict.level() {
        Level::Reachable => String::new(),
        _ => format!(" {}", when(verdict)),
    };
    format!("{asset}{state}{at}")
}

fn table(page: &mut Page, lines: &[Line]) {
    if lines.is_empty() {
        page.line("Nothing from elsewhere runs in any job.");
        return;
    }
    let lines = if page.full {
        entries(lines, false)
    } else {
        entries(lines, true)
    };
    // The head and the legend take the rest.
    let most = page.most(page.lines.saturating_sub(10).max(10));
    let limit = if page.full { 100 } else { 38 };
    let names: Vec<String> = (lines.iter().take(most))
        .map(|(line, like)| {
            let like = match like {
                0 => String::new(),
                more => format!(" +{more}"),
            };
            let room = limit - like.chars().count();
            format!("{}{like}", shortened(&line.name, room))
        })
        .collect();
    let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let many = lines.iter().any(|(line, _)| line.repositories.is_some());
    let repositories = if many { " repos" } else { "" };
    let head = format!(
        "{:wide$} points{repositories} jobs  now   if after  worst",
        ""
    );
    let head = page.styled(&head, "2");
    page.line(&head);
    for ((line, _), name) in lines.iter().zip(&names) {
        let [now, if_so, after, _] = line.counts;
        let repositories = line
            .repositories
            .map_or_else(String::new, |n| format!(" {n:5}"));
        let worst = if line.worst.is_empty() {
            "nothing"
        } else {
            &line.worst
        };
        page.plain(&format!(
            "{name:wide$} {:6}{repositories} {:4} {now:4} {if_so:4} {after:5}  {worst}",
            line.points, line.jobs
        ));
    }
    let like = lines.iter().take(most).any(|(_, like)| *like > 0);
    if like {
        page.line("+N: so many more of the same owner, host or registry get the same");
    }
    if lines.len() > most {
        page.line(&format!(
            "… and {} more; `--full` shows them",
            lines.len() - most
        ));
    }
    page.line("");
    page.line("points: what each asset weighs, times 10 now, 5 if a fact is so, 1 after an approval or update");
    if page.full {
        for (what, points) in weight::LEGEND {
            page.line(&format!("  {points:2}  {what}"));
        }
    }
}
