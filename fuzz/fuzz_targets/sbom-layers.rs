//! Any bytes as the layers of an image: refused, or laid on top of each other,
//! the same each time, with every path below the root. The input is cut in two
//! at the first `-- --`.

#![no_main]

use std::io::Cursor;
use std::path::PathBuf;

use cofferdam_sbom::{Files, LayerStream, Limits, Options, Subject, SubjectKind, read_layers};
use libfuzzer_sys::fuzz_target;

const CUT: &[u8] = b"-- --";

fn shown(layers: &[&[u8]]) -> Option<(Vec<String>, [u8; 32])> {
    let options = Options {
        limits: Limits {
            unpacked_bytes: 8 << 20,
            nested_bytes: 1 << 20,
            ..Limits::default()
        },
        scratch: PathBuf::from("/nonexistent"),
        files: Files::All,
        platform: None,
        image: None,
        exclude: Vec::new(),
    };
    let subject = Subject {
        kind: SubjectKind::Image,
        name: "fuzz".to_owned(),
        version: None,
        digest: None,
        platform: None,
        created: None,
    };
    let streams = layers.iter().map(|bytes| LayerStream {
        name: "layer".to_owned(),
        source: Box::new(Cursor::new(bytes.to_vec())),
        said: None,
    });
    let document = read_layers(subject, streams.collect(), &options).ok()?;
    for path in document.files.keys() {
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path}");
    }
    Some((document.files.keys().cloned().collect(), document.identity()))
}

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.windows(CUT.len()).position(|window| window == CUT);
    let layers: Vec<&[u8]> = match at {
        Some(at) => vec![&bytes[..at], &bytes[at + CUT.len()..]],
        None => vec![bytes],
    };
    assert_eq!(shown(&layers), shown(&layers));
});
