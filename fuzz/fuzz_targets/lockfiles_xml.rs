//! Any bytes are a lockfile in XML, or a mistake with a place.

#![no_main]

#[path = "../lockfile.rs"]
mod lockfile;

use cofferdam_lockfiles::Format;
use libfuzzer_sys::fuzz_target;

const FORMATS: &[Format] = &[
    Format::Pom,
    Format::VerificationMetadata,
    Format::CycloneDxXml,
];

fuzz_target!(|bytes: &[u8]| lockfile::check(FORMATS, bytes));
