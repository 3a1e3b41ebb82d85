//! The layers of the plan, compared with the manifests.
//!
//! A crate depends on lower layers only; a pure crate, which does no I/O,
//! depends on pure ones only; and few crates may speak HTTP or TLS.

use crate::error::Error;
use crate::workspace::{self, Package};

/// One crate's place in the plan.
struct Place {
    name: &'static str,
    layer: u8,
    /// It reads no file, no clock, no environment and no network.
    pure: bool,
    /// It may use HTTP and TLS crates.
    network: bool,
}

const fn pure(name: &'static str, layer: u8) -> Place {
    Place {
        name,
        layer,
        pure: true,
        network: false,
    }
}

const fn local(name: &'static str, layer: u8) -> Place {
    Place {
        name,
        layer,
        pure: false,
        network: false,
    }
}

const fn network(name: &'static str, layer: u8) -> Place {
    Place {
        name,
        layer,
        pure: false,
        network: true,
    }
}

/// Every crate of the plan, those to come included.
const PLAN: &[Place] = &[
    pure("cofferdam-facts", 0),
    local("cofferdam-test-sigstore", 0),
    pure("cofferdam-datapack", 1),
    pure("cofferdam-findings", 1),
    pure("cofferdam-lockfiles", 1),
    pure("cofferdam-trees", 1),
    pure("cofferdam-workflows", 1),
    network("cofferdam-attest", 1),
    network("cofferdam-registries", 1),
    pure("cofferdam-advisories", 2),
    pure("cofferdam-config", 2),
    pure("cofferdam-dependencies", 2),
    local("cofferdam-sbom", 2),
    pure("cofferdam-flows", 2),
    pure("cofferdam-locking", 2),
    pure("cofferdam-policy", 2),
    pure("cofferdam-reach", 2),
    pure("cofferdam-rules", 3),
    pure("cofferdam-exposure", 4),
    pure("cofferdam-fixes", 4),
    local("cofferdam-pipelines", 5),
    local("cofferdam-stream", 5),
    network("cofferdam-broker", 5),
    network("cofferdam-egress", 5),
    local("cofferdam-editor", 6),
    network("cofferdam-server", 6),
    local("cofferdam", 7),
    local("xtask", 8),
];

/// Crates that speak HTTP or TLS. `deny.toml` bans the same ones for whoever
/// would bring them in by a detour.
const NETWORK: &[&str] = &[
    "attohttpc",
    "axum",
    "curl",
    "git2",
    "gix-protocol",
    "gix-transport",
    "hyper",
    "hyper-util",
    "isahc",
    "minreq",
    "native-tls",
    "oci-client",
    "openssl",
    "reqwest",
    "rustls",
    "tokio-native-tls",
    "tokio-rustls",
    "tonic",
    "ureq",
];

/// Crates that only tests may use: a service of tests verifies what it wants.
const TESTS_ONLY: &[&str] = &["cofferdam-test-sigstore"];

/// Fails when a manifest breaks the plan.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    if let Some(argument) = arguments.first() {
        return Err(Error::Usage(format!(
            "`layers` takes nothing, not `{argument}`"
        )));
    }
    let packages = workspace::packages()?;
    let broken = broken(&packages);
    if broken.is_empty() {
        println!("{} crates keep to their layers", packages.len());
        return Ok(());
    }
    Err(Error::Found {
        what: "the manifests break the layers of the plan".to_owned(),
        places: broken,
        advice: "move the code to a crate that may depend on it; a change of the plan itself \
                 belongs into docs/ARCHITECTURE.md and xtask/src/layers.rs"
            .to_owned(),
    })
}

/// Every break of the plan, one line each.
fn broken(packages: &[Package]) -> Vec<String> {
    let place = |name: &str| PLAN.iter().find(|place| place.name == name);
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut broken = Vec::new();
    for package in packages {
        let name = &package.name;
        let Some(here) = place(name) else {
            broken.push(format!("{name} has no place in the plan"));
            continue;
        };
        for dependency in &package.needed {
            if TESTS_ONLY.contains(&dependency.as_str()) {
                broken.push(format!("{name} uses {dependency} for more than its tests"));
            }
        }
        for dependency in &package.dependencies {
            if NETWORK.contains(&dependency.as_str()) && !here.network {
                broken.push(format!(
                    "{name} uses {dependency}, and may not use the network"
                ));
            }
            if !ours(dependency) {
                continue;
            }
            let Some(there) = place(dependency) else {
                continue;
            };
            if there.layer >= here.layer {
                broken.push(format!(
                    "{name} (layer {}) depends on {dependency} (layer {})",
                    here.layer, there.layer
                ));
            }
            if here.pure && !there.pure {
                broken.push(format!(
                    "{name} is pure and depends on {dependency}, which is not"
                ));
            }
        }
    }
    broken
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
            needed: Vec::new(),
        }
    }

    #[test]
    fn what_is_for_tests_is_needed_by_tests_alone() {
        let mut attest = package("cofferdam-attest", &["cofferdam-test-sigstore"]);
        let tests = package("cofferdam-test-sigstore", &[]);
        assert_eq!(broken(std::slice::from_ref(&attest)), Vec::<String>::new());
        attest.needed.push("cofferdam-test-sigstore".to_owned());
        assert_eq!(
            broken(&[attest, tests]),
            ["cofferdam-attest uses cofferdam-test-sigstore for more than its tests"]
        );
    }

    #[test]
    fn the_manifests_keep_to_the_plan() {
        let packages = workspace::packages().unwrap();
        assert!(packages.len() > 5, "the workspace has crates");
        assert_eq!(broken(&packages), Vec::<String>::new());
    }

    #[test]
    fn each_kind_of_break_is_named() {
        let facts = package("cofferdam-facts", &["cofferdam-rules", "serde"]);
        let rules = package("cofferdam-rules", &["cofferdam-registries", "reqwest"]);
        let registries = package("cofferdam-registries", &["cofferdam-facts", "reqwest"]);
        let stranger = package("cofferdam-drawer", &[]);
        assert_eq!(
            broken(&[facts, rules, registries, stranger]),
            [
                "cofferdam-facts (layer 0) depends on cofferdam-rules (layer 3)",
                "cofferdam-rules is pure and depends on cofferdam-registries, which is not",
                "cofferdam-rules uses reqwest, and may not use the network",
                "cofferdam-drawer has no place in the plan",
            ]
        );
    }

    #[test]
    fn crates_of_one_layer_do_not_depend_on_each_other() {
        let findings = package("cofferdam-findings", &["cofferdam-workflows"]);
        let workflows = package("cofferdam-workflows", &[]);
        assert_eq!(broken(&[findings, workflows]).len(), 1);
    }

    #[test]
    fn every_name_of_the_plan_stands_once() {
        for (index, place) in PLAN.iter().enumerate() {
            assert!(
                !PLAN
                    .iter()
                    .skip(index + 1)
                    .any(|other| other.name == place.name)
            );
        }
    }
}
