//! Any bytes are a lockfile in TOML, or a mistake with a place.

#![no_main]

#[path = "../lockfile.rs"]
mod lockfile;

use cofferdam_lockfiles::Format;
use libfuzzer_sys::fuzz_target;

const FORMATS: &[Format] = &[
    Format::CargoLock,
    Format::PoetryLock,
    Format::UvLock,
    Format::PdmLock,
    Format::Pylock,
];

fuzz_target!(|bytes: &[u8]| lockfile::check(FORMATS, bytes));
