//! The program as a user or an attacker meets it: real processes on real
//! folders, with nothing of the surrounding environment.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test may stop at what it did not expect, read what it wrote, and start programs"
)]

#[cfg(feature = "lock")]
#[path = "../../crates/registries/tests/servers/git_backend.rs"]
#[expect(dead_code, reason = "the tests of the client use more of it")]
mod git_backend;
#[cfg(feature = "lock")]
#[path = "../../crates/registries/tests/servers/image_registry.rs"]
mod image_registry;

mod adoption;
mod changes;
#[cfg(feature = "exposure")]
mod claims;
mod commands;
#[cfg(feature = "vendoring")]
mod dependencies;
#[cfg(feature = "vendoring")]
mod dependency_review;
#[cfg(feature = "advisories")]
mod deps_db;
#[cfg(feature = "advisories")]
mod deps_vulns;
mod determinism;
#[cfg(feature = "lsp")]
mod editor;
mod exit_codes;
#[cfg(feature = "exposure")]
mod exposure;
#[cfg(all(feature = "exposure", feature = "revisions"))]
mod exposure_base;
#[cfg(all(feature = "exposure", unix))]
mod exposure_page;
#[cfg(feature = "fix")]
mod fixes;
mod formats;
mod growth;
mod hostile_documents;
mod hostile_git;
mod hostile_links;
mod hostile_names;
#[cfg(all(feature = "lock", feature = "release"))]
mod images;
mod inputs;
mod insights;
mod local_references;
#[cfg(all(feature = "lock", unix))]
mod lock;
#[cfg(all(feature = "lock", unix))]
mod lock_attacks;
#[cfg(all(feature = "lock", unix))]
mod lock_foreign;
#[cfg(all(feature = "lock", unix))]
mod lock_newcomer;
mod many;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(feature = "advisories")]
mod osv;
mod own_checkout;
mod past;
#[cfg(feature = "exposure")]
mod past_exposure;
#[cfg(all(feature = "lock", unix))]
mod pin_attacks;
#[cfg(all(feature = "lock", unix))]
mod pin_changes;
#[cfg(all(feature = "lock", unix))]
mod pin_credentials;
#[cfg(feature = "lock")]
mod pin_evasions;
mod pins;
mod probes;
#[cfg(feature = "exposure")]
mod ranking;
mod recursive;
#[cfg(feature = "release")]
mod release;
#[cfg(feature = "release")]
mod release_find;
#[cfg(feature = "release")]
mod release_provenance;
#[cfg(feature = "release")]
mod release_sbom;
#[cfg(all(feature = "exposure", feature = "revisions"))]
mod replay;
mod revisions;
mod sandbox;
mod standards;
#[cfg(feature = "exposure")]
mod threat_model;
mod triggers;
mod unread_documents;
#[cfg(feature = "vendoring")]
mod vendored;
#[cfg(all(feature = "lock", feature = "vendoring"))]
mod vendored_direct;
#[cfg(feature = "verify")]
mod verify;
#[cfg(feature = "exposure")]
mod what_if;
