//! Provenance that is switched off is switched on again.

use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_workflows::yaml::Node;
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::{Place, remove};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "no-provenance",
    offer: Offer::Unsafe,
    summary: "Takes out what switches BuildKit's provenance off; the finding stays, one grade \
              lower, until the provenance is signed. Check that whoever pulls the image takes \
              an index with an attestation.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let change = change(&place, node)?.ok_or_else(|| {
        NoFix::not_here("a step that signs provenance has to be added, with the digest it is for")
    })?;
    let check = "whoever pulls the image takes an index that holds an attestation";
    let explanation = "BuildKit then says from which source the image was built";
    let mut fix = Fix::new(Safety::check(check), explanation).with(place.path(), change);
    fix.lessens = true;
    Ok(fix)
}

fn change(place: &Place<'_>, node: Node<'_>) -> Result<Option<Change>, NoFix> {
    let parent = node.parent().ok_or(NoFix::NoPlace)?;
    let entry = parent.entries().find(|(_, value)| *value == node);
    let Some(key) = entry.and_then(|(key, _)| key.as_str()) else {
        return Ok(None);
    };
    let off = node.as_str().is_some_and(|text| text.trim() == "false");
    if (key.eq_ignore_ascii_case("provenance") && off) || key == "BUILDX_NO_DEFAULT_ATTESTATIONS" {
        return remove(parent, key).map(Some);
    }
    if key != "run" {
        return Ok(None);
    }
    let text = node.as_str().unwrap_or_default();
    let inside = |(at, _): &(usize, &str)| place.span.contains(node.raw_span(*at..*at + 1));
    let option = ["--provenance=false", "--provenance false"]
        .iter()
        .find_map(|option| Some((text.match_indices(option).find(inside)?.0, option.len())));
    Ok(option.map(|(at, length)| {
        let blank = text.get(..at).is_some_and(|before| before.ends_with(' '));
        Change::ReplacePart {
            node: node.id(),
            range: at - usize::from(blank)..at + length,
            text: String::new(),
        }
    }))
}
