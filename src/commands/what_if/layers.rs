//! What falls without a layer, and what each layer holds.

use std::collections::BTreeMap;

use cofferdam_exposure::whatif::{Fall, Held, Study};
use cofferdam_exposure::{Asset, Level};
use cofferdam_findings::sanitise;

use super::page::{Page, colour, count, when};

const ASSETS: usize = 24;

pub(super) fn page(mut page: Page, study: &Study<'_>, falls: &[Fall], without: &[String]) -> Page {
    let of = study.scene.cx.repository.slug.as_deref();
    let of = of.map_or_else(String::new, |slug| format!(" in {slug}"));
    page.head(&format!("Without {}{of}", without.join(" and ")));
    let mut by: BTreeMap<(Level, &Asset), Vec<&Fall>> = BTreeMap::new();
    for fall in falls {
        by.entry((fall.is.level(), &fall.asset))
            .or_default()
            .push(fall);
    }
    if by.is_empty() {
        page.line("Nothing falls: other layers stand behind it, or nothing does.");
        return page;
    }
    let mut assets: Vec<&Asset> = falls.iter().map(|fall| &fall.asset).collect();
    assets.sort();
    assets.dedup();
    page.line(&format!(
        "{} fall that did not before, in {}",
        count(assets.len(), "asset", "assets"),
        count(falls.len(), "pair", "pairs")
    ));
    let most = page.most(ASSETS);
    let mut last = None;
    for ((level, asset), falls) in by.iter().take(most) {
        if last != Some(*level) {
            let head = page.styled(level.word(), colour(*level));
            page.head("");
            page.line(&head);
            last = Some(*level);
        }
        let first = falls.first();
        let was = first.map_or_else(String::new, |fall| match &fall.was {
            Some(was) => format!("was {}", when(was)),
            None => "was out of reach".to_owned(),
        });
        let is = match first.map(|fall| &fall.is).filter(|is| is.conditions() > 0) {
            Some(is) => format!(", now {}", when(is)),
            None => String::new(),
        };
        page.plain(&format!("  {asset}  {was}{is}"));
        let who: Vec<String> = falls.iter().map(|fall| fall.position.to_string()).collect();
        page.list(6, "to", &who, 1);
    }
    if by.len() > most {
        page.line(&format!(
            "… and {} more; `--full` shows them",
            by.len() - most
        ));
    }
    page
}

pub(super) fn table(mut page: Page, held: &[Held]) -> Page {
    page.head("What each layer alone holds, with every other one in place");
    let limit = if page.full { 100 } else { 44 };
    let standing: Vec<&Held> = held.iter().filter(|one| one.pairs > 0).collect();
    let most = page.most(page.lines.saturating_sub(10).max(10));
    let names: Vec<String> = (standing.iter().take(most))
        .map(|one| sanitise::clipped(&one.layer.to_string(), limit))
        .collect();
    let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let head = page.styled(&format!("{:wide$}  assets  pairs  holds", ""), "2");
    page.line(&head);
    for (one, name) in standing.iter().zip(&names) {
        let mut assets: Vec<&Asset> = one.assets.iter().collect();
        assets.sort_by_key(|a| std::cmp::Reverse(cofferdam_exposure::whatif::weight::of_asset(a)));
        let assets: Vec<String> = assets.into_iter().map(ToString::to_string).collect();
        let unseen = if one.unseen { "? " } else { "" };
        page.plain(&format!(
            "{name:wide$}  {:6}  {:5}  {unseen}{}",
            one.assets.len(),
            one.pairs,
            assets.join(", ")
        ));
    }
    if standing.len() > most {
        page.line(&format!(
            "… and {} more; `--full` shows them",
            standing.len() - most
        ));
    }
    if standing.is_empty() {
        page.line("No layer holds anything alone.");
    }
    let idle: Vec<String> = (held.iter())
        .filter(|one| one.pairs == 0)
        .map(|one| one.layer.to_string())
        .collect();
    if !idle.is_empty() {
        page.line("");
        page.list(0, "hold nothing alone:", &idle, 2);
    }
    if standing.iter().any(|one| one.unseen) {
        page.line("");
        page.line("?  was not seen, and may not even stand: `cofferdam settings snapshot OWNER/NAME` tells");
    }
    page
}
