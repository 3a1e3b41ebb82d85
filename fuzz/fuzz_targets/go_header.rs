//! Any bytes are the head of a Go file, or are refused with a line.

#![no_main]

use cofferdam_reach::Header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    match Header::parse(bytes) {
        Ok(header) => {
            assert!(!header.package.is_empty());
            for path in &header.imports {
                assert!(!path.is_empty() && !path.contains(char::is_control));
            }
        }
        Err(error) => assert!((1..=lines).contains(&error.line)),
    }
});
