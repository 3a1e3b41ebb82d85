//! Any bytes are a lockfile in JSON, or a mistake with a place.

#![no_main]

#[path = "../lockfile.rs"]
mod lockfile;

use cofferdam_lockfiles::Format;
use libfuzzer_sys::fuzz_target;

const FORMATS: &[Format] = &[
    Format::PackageLock,
    Format::BunLock,
    Format::PipfileLock,
    Format::ComposerLock,
    Format::PackagesLockJson,
    Format::DepsJson,
    Format::SpdxJson,
    Format::CycloneDxJson,
];

fuzz_target!(|bytes: &[u8]| lockfile::check(FORMATS, bytes));
