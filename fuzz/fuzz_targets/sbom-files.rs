//! Every cataloguer takes any bytes: it finds packages with names, or says why
//! not, the same each time. The first line of the input is the path, by which
//! cataloguers are chosen.

#![no_main]

use cofferdam_sbom::{Limits, read_file};
use libfuzzer_sys::fuzz_target;

fn shown(path: &str, bytes: &[u8]) -> Vec<String> {
    let limits = Limits {
        nested_bytes: 1 << 20,
        text_bytes: 1 << 20,
        ..Limits::default()
    };
    let Some(found) = read_file(path, bytes, &limits).expect("bytes in memory can be read") else {
        return Vec::new();
    };
    let mut shown = Vec::new();
    for (cataloguer, result) in found.by {
        let Ok(found) = result else {
            continue;
        };
        assert!(found.items.len() <= limits.packages_of_file);
        for (from, on) in &found.edges {
            assert!(*from < found.items.len() && *on < found.items.len(), "{cataloguer}");
        }
        for item in &found.items {
            assert!(!item.package.name.is_empty(), "{cataloguer}");
            let purl = item.package.purl();
            assert!(purl.starts_with("pkg:") && purl.is_ascii(), "{purl}");
            assert!(!purl.contains([' ', '\n', '"']), "{purl}");
            shown.push(purl);
        }
    }
    shown
}

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (path, content) = bytes.split_at(end);
    let Ok(path) = std::str::from_utf8(path) else {
        return;
    };
    let content = content.get(1..).unwrap_or_default();
    assert_eq!(shown(path, content), shown(path, content));
});
