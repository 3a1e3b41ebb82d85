//! What falls without a layer, and what each layer holds.

use std::collections::BTreeMap;

use cofferdam_exposure::whatif::{Fall, Held, Layer, Study};
use cofferdam_exposure::{Asset, Level};
use cofferdam_findings::sanitise;

use super::page::{Page, colour, count, when};

const ENTRIES: usize = 8;
const PINS: usize = 5;

pub(super) fn page(mut page: Page, study: &Study<'_>, falls: &[Fall], without: &[String]) -> Page {
    let of = study.scene.cx.repository.slug.as_deref();
    let of = of.map_or_else(String::new, |slug| format!(" in {slug}"));
    page.head(&format!("Without {}{of}", without.join(" and ")));
    if falls.is_empty() {
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
    let mut by: BTreeMap<(Level, String, &Asset), Vec<String>> = BTreeMap::new();
    for fall in falls {
        let key = (fall.is.level(), change(fall), &fall.asset);
        by.entry(key).or_default().push(fall.position.to_string());
    }
    // Assets that fall alike, to the same, are one entry.
    let mut alike: BTreeMap<(Level, String, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((level, change, asset), who) in by {
        let entry = alike.entry((level, change, who)).or_default();
        entry.push(asset.to_string());
    }
    let most = page.most(ENTRIES);
    for ((level, change, who), assets) in alike.iter().take(most) {
        let head = page.styled(level.word(), colour(*level));
        let change = sanitise::clipped(change, page.columns.saturating_sub(16));
        page.line("");
        page.line(&format!("{head}  {change}"));
        page.list(2, "falls", assets, 3);
        page.list(2, "to", who, 2);
    }
    if alike.len() > most {
        let rest: usize = alike.values().skip(most).map(Vec::len).sum();
        page.line("");
        page.line(&format!("… and {rest} assets more; `--full` shows them"));
    }
    page
}

/// What stood in the way, and what stands there now.
fn change(fall: &Fall) -> String {
    let was = match &fall.was {
        Some(was) => format!("was {}", when(was)),
        None => "was out of reach".to_owned(),
    };
    match fall.is.conditions() {
        0 => was,
        _ => format!("{was}, now {}", when(&fall.is)),
    }
}

pub(super) fn table(mut page: Page, held: &[Held]) -> Page {
    page.head("What each layer alone holds, with every other one in place");
    let limit = if page.full { 100 } else { 44 };
    let all: Vec<&Held> = held.iter().filter(|one| one.pairs > 0).collect();
    // There may be a hundred pins, of which most hold the same.
    let mut pins = 0;
    let pinned = page.most(PINS);
    let standing: Vec<&Held> = (all.iter().copied())
        .filter(|one| {
            let pin = matches!(one.layer, Layer::Pin(_));
            pins += usize::from(pin);
            !pin || pins <= pinned
        })
        .collect();
    let left_out = pins.saturating_sub(pinned);
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
    if left_out > 0 {
        page.line(&format!("… and {left_out} pins more; `--full` shows them"));
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
        page.list(0, "alone nothing:", &idle, 1);
    }
    if standing.iter().any(|one| one.unseen) {
        page.line("");
        page.line("?  was not seen, and may not even stand: `cofferdam settings snapshot OWNER/NAME` tells");
    }
    page
}
