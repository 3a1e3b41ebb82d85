//! Any bytes are a lockfile of lines or terms, or a mistake with a place.

#![no_main]

#[path = "../lockfile.rs"]
mod lockfile;

use cofferdam_lockfiles::Format;
use libfuzzer_sys::fuzz_target;

const FORMATS: &[Format] = &[
    Format::Requirements,
    Format::GoMod,
    Format::GoSum,
    Format::GoWork,
    Format::GoModulesTxt,
    Format::GemfileLock,
    Format::GradleLockfile,
    Format::MixLock,
    Format::SpdxTagValue,
];

fuzz_target!(|bytes: &[u8]| lockfile::check(FORMATS, bytes));
