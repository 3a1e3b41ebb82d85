//! The answer about one thing, on one screen.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_exposure::whatif::answer::{Further, Hit, Role};
use cofferdam_exposure::whatif::purpose::Purpose;
use cofferdam_exposure::whatif::{Answer, Gain, Nearness, Rotation, Study, weight};
use cofferdam_exposure::{Asset, Class, Level, Node, Verdict};

use super::page::{Page, bare, colour, count, when};

const JOBS: usize = 6;
const GROUPS: usize = 4;
const SECRETS: usize = 8;
const CHECKS: usize = 5;
const READERS: usize = 6;
const SCOPES: usize = 3;

pub(super) fn page(mut page: Page, study: &Study<'_>, found: &Answer, without: &[String]) -> Page {
    let of = study.scene.cx.repository.slug.as_deref();
    let of = of.map_or_else(String::new, |slug| format!(" in {slug}"));
    let without = match without.is_empty() {
        true => String::new(),
        false => format!(", without {}", without.join(" and ")),
    };
    page.head(&format!("{}: {}{without}{of}", found.word, found.happens));
    for note in &found.notes {
        page.wrapped(2, &format!("note: {note}"));
    }
    hits(&mut page, found);
    readers(&mut page, found);
    gains(&mut page, found);
    rotations(&mut page, found);
    checks(&mut page, found);
    cuts(&mut page, study, found);
    page
}

fn hits(page: &mut Page, found: &Answer) {
    let of = |wanted: &[Role]| -> Vec<&Hit> {
        let all = found.hits.iter();
        all.filter(|hit| wanted.contains(&hit.role)).collect()
    };
    let jobs = of(&[Role::Runs, Role::Container, Role::Holds]);
    if !jobs.is_empty() {
        let names: BTreeSet<_> = jobs
            .iter()
            .map(|hit| (hit.at.as_ref().map(|at| &at.0), &hit.job))
            .collect();
        let number = count(names.len(), "job", "jobs");
        page.head(&format!("{} {number}", found.enters));
        let most = page.most(JOBS);
        for hit in jobs.iter().take(most) {
            job(page, hit);
        }
        if jobs.len() > most {
            page.line(&format!(
                "  … {} more; `--full` shows them",
                jobs.len() - most
            ));
        }
    }
    let starts = of(&[Role::Starts]);
    if !starts.is_empty() {
        page.head(&format!(
            "Starts {}",
            count(starts.len(), "workflow", "workflows")
        ));
        let most = page.most(JOBS);
        for hit in starts.iter().take(most) {
            place(page, hit);
        }
        if starts.len() > most {
            page.line(&format!(
                "  … {} more; `--full` shows them",
                starts.len() - most
            ));
        }
    }
    let acts = of(&[Role::Acts]);
    if !acts.is_empty() {
        page.head("May, by itself");
        let mut by: BTreeMap<Verdict, BTreeSet<String>> = BTreeMap::new();
        for hit in acts {
            by.entry(hit.verdict.plain())
                .or_default()
                .insert(hit.what.clone());
        }
        for (verdict, what) in by {
            let what: Vec<String> = what.into_iter().collect();
            page.list(2, &when(&verdict), &what, 2);
        }
    }
    if !found.further.is_empty() {
        let parts: Vec<String> = found.further.iter().map(further).collect();
        page.list(2, "from there", &parts, 2);
    }
}

fn further(one: &Further) -> String {
    let jobs = count(one.jobs.len(), "job", "jobs");
    let how = match one.rule {
        "cache-restore" => "by the cache that they restore",
        "needs" => "by outputs that it writes",
        "artifact" | "artifact-position" => "by artifacts that they take",
        "token-dispatch" => "that its token starts on a branch of its own",
        "neighbour" => "on the same runner",
        "foreign-code" => "that run what it wrote",
        "injection" => "whose scripts take in what it writes",
        "follows" => "that follow its runs",
        other => return format!("{jobs} more ({other})"),
    };
    format!("{jobs} more {how}")
}

fn place(page: &mut Page, hit: &Hit) {
    let at = hit
        .at
        .as_ref()
        .map_or_else(String::new, |(path, line)| format!("{path}:{line}"));
    let job = match (&hit.job, hit.role) {
        (Some(job), Role::Runs | Role::Container | Role::Holds) => {
            let events: Vec<&str> = hit.events.iter().map(String::as_str).collect();
            let environment = hit.environment.as_ref();
            let environment = environment.map_or_else(String::new, |e| format!(" in {e}"));
            format!("  job {job}{environment} ({})", events.join(", "))
        }
        _ => {
            let events: Vec<&str> = hit.events.iter().map(String::as_str).collect();
            format!("  {}", events.join(", "))
        }
    };
    let state = page.styled(&when(&hit.verdict), colour(hit.verdict.level()));
    let rest = cofferdam_findings::sanitise::line(&format!("{at}{job}")).into_owned();
    page.line(&format!("  {rest}  {state}"));
}

fn job(page: &mut Page, hit: &Hit) {
    place(page, hit);
    let words = |assets: &BTreeSet<Asset>| held(assets, hit.assumed);
    if hit.role == Role::Container {
        let given = words(&hit.direct);
        let given = if given.is_empty() {
            vec!["nothing".to_owned()]
        } else {
            given
        };
        page.list(6, "container", &given, 1);
        return;
    }
    if !hit.direct.is_empty() {
        page.list(6, "given", &words(&hit.direct), 1);
    }
    if !hit.beside.is_empty() {
        page.list(6, "beside it", &words(&hit.beside), 1);
    }
}

/// What a job holds, in a few words: of a token what weighs most.
fn held(assets: &BTreeSet<Asset>, assumed: bool) -> Vec<String> {
    let (mut tokens, mut rest): (Vec<&Asset>, Vec<&Asset>) = assets
        .iter()
        .partition(|asset| matches!(asset, Asset::Token(_)));
    for list in [&mut tokens, &mut rest] {
        list.sort_by_key(|asset| std::cmp::Reverse(weight::of_asset(asset)));
    }
    let mut words: Vec<String> = rest.into_iter().map(short).collect();
    if !tokens.is_empty() {
        let may = if assumed { "may write" } else { "writes" };
        let shown: Vec<String> = tokens
            .iter()
            .take(SCOPES)
            .map(|asset| bare(asset))
            .collect();
        let more = tokens.len() - shown.len();
        let more = match more {
            0 => String::new(),
            _ => format!(" and {more} more"),
        };
        words.push(format!("a token that {may} {}{more}", shown.join(", ")));
    }
    words
}

/// A secret without its class, which is the usual one.
fn short(asset: &Asset) -> String {
    match asset {
        Asset::Secret { name: None, .. } => "every secret".to_owned(),
        Asset::Secret { .. } => bare(asset),
        _ => asset.to_string(),
    }
}

fn readers(page: &mut Page, found: &Answer) {
    if !found.uses.is_empty() {
        page.head("Given to");
        let mut lines: BTreeSet<(bool, Purpose, String)> = BTreeSet::new();
        for one in &found.uses {
            lines.insert((one.guessed, one.purpose, one.by.clone()));
        }
        let most = page.most(4);
        for (guessed, purpose, by) in lines.iter().take(most) {
            let guess = if *guessed { " (by its name)" } else { "" };
            page.wrapped(2, &format!("{by}: {}{guess}", purpose.can()));
        }
        if lines.len() > most {
            page.line(&format!("  … {} more", lines.len() - most));
        }
    }
    if found.reached_by.is_empty() {
        return;
    }
    page.head("Reached already by");
    let mut by: BTreeMap<(Level, Verdict), Vec<String>> = BTreeMap::new();
    for (position, verdict) in &found.reached_by {
        let key = (verdict.level(), verdict.plain());
        by.entry(key).or_default().push(position.to_string());
    }
    let most = page.most(READERS);
    for ((_, verdict), names) in by.iter().take(most) {
        page.list(2, &when(verdict), names, 2);
    }
    if by.len() > most {
        let rest: usize = by.values().skip(most).map(Vec::len).sum();
        page.line(&format!("  … {rest} more; `--full` shows them"));
    }
}

fn gains(page: &mut Page, found: &Answer) {
    if found.gains.is_empty() {
        page.head(match found.uses.is_empty() {
            true => "Gets nothing that is known here.",
            false => "Leads no further, as far as the files tell.",
        });
        return;
    }
    page.head("Would get");
    let mut groups: BTreeMap<(Level, Verdict), Vec<&Gain>> = BTreeMap::new();
    for gain in &found.gains {
        let key = (gain.verdict.level(), gain.verdict.plain());
        groups.entry(key).or_default().push(gain);
    }
    let most = page.most(GROUPS);
    for ((level, verdict), gains) in groups.iter().take(most) {
        let head = page.styled(
            &cofferdam_findings::sanitise::line(&when(verdict)),
            colour(*level),
        );
        page.line(&format!("  {head}"));
        group(page, gains, if groups.len() > 2 { 1 } else { 2 });
    }
    if groups.len() > most {
        let rest: usize = groups.values().skip(most).map(Vec::len).sum();
        page.line(&format!(
            "  … {rest} assets more under other conditions; `--full` shows them"
        ));
    }
}

fn group(page: &mut Page, gains: &[&Gain], lines: usize) {
    let parts: [(&str, &[Class]); 9] = [
        ("publish", &[Class::Publish]),
        ("sign as", &[Class::Oidc]),
        ("write", &[Class::Branch, Class::Tag]),
        ("secrets", &[Class::Secret]),
        ("token", &[Class::Token]),
        ("deploy to", &[Class::Environment]),
        ("poison", &[Class::Cache]),
        ("run on", &[Class::Runner]),
        ("start", &[Class::Start]),
    ];
    for (name, classes) in parts {
        let of = |gain: &&&Gain| classes.contains(&gain.asset.class());
        let words: Vec<String> = gains
            .iter()
            .filter(of)
            .map(|gain| {
                let far = match gain.near {
                    Nearness::Direct if gain.asset.class() == Class::Secret => " (given)",
                    _ => "",
                };
                format!("{}{far}", bare(&gain.asset))
            })
            .collect();
        if !words.is_empty() {
            page.list(4, name, &words, lines);
        }
    }
}

fn rotations(page: &mut Page, found: &Answer) {
    if found.rotations.is_empty() {
        return;
    }
    // What is lost at once has a line each; if nothing is, what comes first.
    let first = found.rotations.first().map(|one| one.verdict.level());
    let (sure, rest): (Vec<&Rotation>, Vec<&Rotation>) =
        (found.rotations.iter()).partition(|one| Some(one.verdict.level()) == first);
    let conditions = |of: &[&Rotation]| {
        let all: BTreeSet<String> = of.iter().map(|one| when(&one.verdict)).collect();
        all.into_iter().collect::<Vec<_>>().join("; ")
    };
    page.head(&match first {
        Some(Level::Reachable) => "Replace".to_owned(),
        Some(Level::ReachableIf) => {
            format!(
                "Replace, unless it is known not to be so: {}",
                conditions(&sure)
            )
        }
        _ => format!("Replace, if that came to pass: {}", conditions(&sure)),
    });
    let most = page.most(SECRETS);
    let shown = || sure.iter().take(most);
    let name = |one: &Rotation| short(&one.asset);
    let wide = shown()
        .map(|one| name(one).chars().count())
        .max()
        .unwrap_or(0)
        .min(36);
    for one in shown() {
        let opens = one.opens.as_ref().map_or_else(String::new, |used| {
            format!(
                "{}{}",
                used.purpose.word(),
                if used.guessed { "?" } else { "" }
            )
        });
        page.plain(&format!(
            "  {:wide$}  {opens:13}  {}",
            name(one),
            one.command
        ));
    }
    if sure.len() > most {
        let more: Vec<String> = sure.iter().skip(most).map(|one| name(one)).collect();
        page.list(2, "and", &more, 2);
    }
    if !rest.is_empty() {
        let names: Vec<String> = rest.iter().map(|one| name(one)).collect();
        page.list(2, "perhaps", &names, 2);
        page.wrapped(4, &conditions(&rest));
    }
    let mut purposes: BTreeSet<Purpose> = BTreeSet::new();
    purposes.extend(shown().filter_map(|one| Some(one.opens.as_ref()?.purpose)));
    purposes.remove(&Purpose::Other);
    if found.uses.is_empty() {
        for purpose in purposes {
            page.wrapped(2, &format!("{}: {}", purpose.word(), purpose.can()));
        }
    }
    let unseen = found.rotations.iter().any(|one| {
        matches!(
            one.home,
            cofferdam_exposure::whatif::homes::Home::Unknown(_)
        )
    });
    if unseen {
        page.wrapped(2, "Where they are kept was not seen: --org or --env may belong to the command; --settings tells.");
    }
}

fn checks(page: &mut Page, found: &Answer) {
    let Some(first) = found.checks.first().map(|check| check.level) else {
        return;
    };
    page.head(match first {
        Level::Reachable => "Go through",
        Level::ReachableIf => "Go through, unless it is known not to be so",
        _ => "Go through, if that came to pass",
    });
    let most = page.most(CHECKS);
    for check in found.checks.iter().take(most) {
        let perhaps = if check.level == first {
            ""
        } else {
            "perhaps: "
        };
        page.wrapped(2, &format!("{perhaps}{}", check.what));
    }
}

fn cuts(page: &mut Page, study: &Study<'_>, found: &Answer) {
    if found.cuts.is_empty() {
        return;
    }
    let nodes = study.exposure.graph.nodes();
    let positions = found.cuts.iter().flat_map(|one| &one.saves);
    let positions = positions
        .into_iter()
        .any(|id| matches!(nodes.get(*id), Some(Node::Position(_))));
    let (one, many) = if positions {
        ("way in", "ways in")
    } else {
        ("asset", "assets")
    };
    page.head(&format!(
        "Cheapest cuts, of {}",
        count(found.to_save, one, many)
    ));
    for saving in &found.cuts {
        let what: Vec<&str> = saving.cuts.iter().map(|cut| cut.what.as_str()).collect();
        let dearest = saving.cuts.iter().map(|cut| cut.cost).max();
        let cost = dearest.map_or("", |cost| cost.word());
        let cost = match (saving.cuts.len(), saving.places) {
            (1, 0 | 1) => cost.to_owned(),
            (1, places) => format!("{cost}, in {places} places"),
            (several, _) => format!("{several} changes, at most {cost} each"),
        };
        let or = if saving.instead { "or: " } else { "" };
        let saves = count(saving.saves.len(), one, many);
        page.wrapped(2, &format!("{saves}: {or}{} ({cost})", what.join("; ")));
    }
}
