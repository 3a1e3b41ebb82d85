//! npm's provenance: asked for by an option, a variable or an input, or made by
//! trusted publishing without being asked for.
//!
//! Source: npm, "Generating provenance statements" and "Trusted publishing for
//! npm packages". A package can also ask for it in `publishConfig` of its
//! `package.json`, which is not read.

use cofferdam_facts::Span;

use super::naming::Naming;
use super::{Key, Origin, Proof, Proves, Proving, Refusal, Refused, Subject};
use crate::documents::step::Step;
use crate::documents::text::Text;
use crate::semantics::publishing::Registry;
use crate::semantics::publishing::programs::Program;
use crate::semantics::secrets::{self, SecretName};
use crate::semantics::surroundings::Surroundings;

/// Variables that hold a token of npm, beside those of [`is_credential`].
const TOKENS: [&str; 5] = [
    "NODE_AUTH_TOKEN",
    "NPM_TOKEN",
    "NPM_AUTH_TOKEN",
    "NPM_CONFIG_TOKEN",
    "YARN_NPM_AUTH_TOKEN",
];

/// What a publishing command proves.
pub(super) fn by_command(
    around: &Surroundings<'_>,
    step: &Step,
    program: &Program<'_>,
    span: Span,
    found: &mut Proving,
) {
    let publishes = match program.name {
        "semantic-release" => program.args.iter().all(|w| w.text.starts_with('-')),
        _ => program.args.iter().take(6).any(|w| w.text == "publish"),
    };
    if !publishes || program.has("--dry-run") {
        return;
    }
    let refused = program.has("--no-provenance")
        || program.values(&["--provenance"]).any(|v| v.text == "false");
    let asked = program.has("--provenance");
    decide(around, step, span, (asked, refused), program.name, found);
}

/// What a publishing action proves.
pub(super) fn by_action(
    around: &Surroundings<'_>,
    step: &Step,
    span: Span,
    name: &str,
    found: &mut Proving,
) {
    let input = step
        .input("provenance")
        .and_then(Text::literal)
        .map(|v| v.trim() == "true");
    decide(
        around,
        step,
        span,
        (input == Some(true), input == Some(false)),
        name,
        found,
    );
}

fn decide(
    around: &Surroundings<'_>,
    step: &Step,
    span: Span,
    (asked, refused): (bool, bool),
    means: &str,
    found: &mut Proving,
) {
    let variable = ["NPM_CONFIG_PROVENANCE", "npm_config_provenance"]
        .iter()
        .find_map(|name| around.variable(step, name))
        .and_then(Text::literal)
        .map(|v| v.trim() == "true");
    if refused || (variable == Some(false) && !asked) {
        found.refusals.push(Refusal {
            what: Refused::Provenance,
            step: step.index,
            span,
            written: "--provenance=false".to_owned(),
        });
        return;
    }
    let trusted = around.id_token == Some(true) && !holds_token(around, step);
    if asked || variable == Some(true) || trusted {
        found.proofs.push(Proof {
            proves: Proves::Provenance(Origin::Platform),
            subject: Subject::Package(Registry::Npm),
            naming: Naming::File,
            key: Key::Keyless,
            step: step.index,
            span,
            means: if trusted && !asked {
                format!("{means} with trusted publishing")
            } else {
                format!("{means} --provenance")
            },
            target: None,
            own: false,
            sure: true,
        });
    }
}

/// Whether npm takes a variable for a credential of some registry: the option
/// `//HOST/PATH/:_authToken` and its kin, whatever the host, as a variable.
///
/// Source: npm, "config", "Environment Variables" and "Auth Related
/// Configuration".
fn is_credential(name: &str) -> bool {
    const PREFIX: &str = "npm_config_";
    let Some((prefix, option)) = name.split_at_checked(PREFIX.len()) else {
        return false;
    };
    prefix.eq_ignore_ascii_case(PREFIX)
        && option.starts_with("//")
        && [":_authToken", ":_auth", ":_password"]
            .iter()
            .any(|suffix| option.ends_with(suffix))
}

// With a token at hand npm uses it, and makes no provenance of its own accord.
fn holds_token(around: &Surroundings<'_>, step: &Step) -> bool {
    let secret = |text: &Text| {
        text.parsed().any(|(_, expr)| {
            secrets::names(expr)
                .iter()
                .any(|name| *name != SecretName::Token)
        })
    };
    let by_variable = TOKENS
        .into_iter()
        .chain((around.variable_names(step)).filter(|name| is_credential(name)))
        .filter_map(|name| around.variable(step, name))
        .any(secret);
    let in_script = around.steps.iter().any(|other| {
        other.script().is_some_and(|text| {
            text.value.contains("_authToken")
                && (secret(text) || other.env.iter().any(|pair| secret(&pair.value)))
        })
    });
    let by_input = ["token", "npm-token", "npm_token"]
        .iter()
        .filter_map(|input| step.input(input))
        .any(secret);
    by_variable || in_script || by_input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_of_any_registry_counts() {
        for name in [
            "npm_config_//registry.example.org/:_authToken",
            "NPM_CONFIG_//packages.example.org/npm/team/:_auth",
            "npm_config_//registry.example.org/:_password",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "npm_config_registry",
            "npm_config_//registry.example.org/:always-auth",
            "//registry.example.org/:_authToken",
            "npm_config_provenance",
            "npm",
            "",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
