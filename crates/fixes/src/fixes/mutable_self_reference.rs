//! The code of the running commit in the place of a branch or tag of one's own.

use cofferdam_facts::UsesRef;
use cofferdam_findings::Finding;
use cofferdam_rules::{Context, own_references};
use cofferdam_workflows::yaml::edit::{Change, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "mutable-self-reference",
    offer: Offer::Unsafe,
    summary: "Writes `$/PATH`, the code of the running commit. Check that the branch or tag \
              holds nothing that is wanted and that the running commit lacks.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    let text = node.as_str().ok_or(NoFix::NoPlace)?;
    let reference = UsesRef::parse(text);
    let uses = reference.repository().ok_or(NoFix::NoPlace)?;
    let proposed = own_references::replacement(cx.repository, uses).ok_or_else(|| {
        NoFix::not_here("what is named is not in this checkout: a commit of it has to be pinned")
    })?;
    let git_ref = uses.git_ref.as_deref().unwrap_or_default();
    let check = format!(
        "nothing of `{git_ref}` is needed that the running commit lacks, and that this file is \
         not copied to other repositories"
    );
    let explanation = format!("`{proposed}` is what was reviewed with this file");
    let change = Change::Replace {
        node: node.id(),
        value: Value::String(proposed.clone()),
    };
    Ok(Fix::new(Safety::check(check), explanation)
        .with(place.path(), change)
        .renaming(uses.name(), proposed))
}
