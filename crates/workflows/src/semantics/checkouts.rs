//! What `actions/checkout` fetches, and what it leaves behind.
//!
//! Source: the action's README; its v7 refuses heads of forks in privileged
//! events unless `allow-unsafe-pr-checkout` is set.

use cofferdam_facts::Span;

use crate::documents::step::Step;
use crate::documents::text::Text;

/// Whether a step is a checkout.
#[must_use]
pub fn is_checkout(step: &Step) -> bool {
    step.action().as_deref() == Some("actions/checkout")
}

/// Whether a checkout leaves its credentials in the work tree's git
/// configuration; `None` where an expression decides.
#[must_use]
pub fn persists(step: &Step) -> Option<bool> {
    match step.input("persist-credentials") {
        // The default.
        None => Some(true),
        Some(text) => match text.literal()?.trim().to_ascii_lowercase().as_str() {
            "false" => Some(false),
            "true" => Some(true),
            // Anything else is an error of the action.
            _ => None,
        },
    }
}

/// Whether any checkout among the steps may leave its credentials.
#[must_use]
pub fn keeps_credentials(steps: &[Step]) -> bool {
    steps
        .iter()
        .any(|step| is_checkout(step) && persists(step) != Some(false))
}

/// The folder below the workspace that a checkout fills, without `./` and
/// trailing slash; empty for the workspace itself, `None` where an expression
/// decides.
#[must_use]
pub fn folder(step: &Step) -> Option<String> {
    match step.input("path") {
        None => Some(String::new()),
        Some(text) => {
            let path = text
                .literal()?
                .trim()
                .trim_start_matches("./")
                .trim_end_matches('/');
            Some(if path == "." {
                String::new()
            } else {
                path.to_owned()
            })
        }
    }
}

/// The `ref:` of a checkout, if one is given.
#[must_use]
pub fn reference(step: &Step) -> Option<&Text> {
    step.input("ref").filter(|t| !t.value.trim().is_empty())
}

/// The place to point at: the input if it is written, else the action.
#[must_use]
pub fn place(step: &Step) -> Span {
    step.input("persist-credentials")
        .map_or_else(|| step.head(), |t| t.span)
}
