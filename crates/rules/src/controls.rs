//! Controls that a checkout and settings alone cannot decide.

use cofferdam_facts::Control;

/// The command that decides a control which `audit` cannot decide; `None` for
/// the controls that it does decide.
#[must_use]
pub fn decided_elsewhere(control: Control) -> Option<&'static str> {
    use Control::{G4, G6, S4, S7, T4, W2, W3, W4, W5};
    Some(match control {
        T4 => "`cofferdam triggers` writes that page",
        S4 | S7 => "what is published has to be asked of the registry",
        W2 | W3 | W4 | W5 => "it is decided while workflows run, not from files",
        G4 => "it takes the exposure graph, which is not part of this version",
        G6 => "`cofferdam audit --against STANDARD` holds the audit against one",
        _ => return None,
    })
}
