#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read as _;

use proptest::prelude::*;

use super::*;

fn all(bytes: &[u8]) -> Result<Vec<(String, EntryKind, Vec<u8>)>, ArchiveProblem> {
    let mut tar = Tar::new(Stream(bytes), Limits::default());
    let mut found = Vec::new();
    while let Some(entry) = tar.next()? {
        let mut content = Vec::new();
        (&mut tar)
            .take(1 << 20)
            .read_to_end(&mut content)
            .map_err(|error| problem(error, 0))?;
        found.push((entry.path, entry.kind, content));
    }
    Ok(found)
}

fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, path, content.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_another_writer_wrote_is_read(
        files in prop::collection::vec(
            ("[a-z]{1,90}(/[a-z]{1,90}){0,4}", prop::collection::vec(any::<u8>(), 0..1500)), 0..8)
    ) {
        let bytes = archive(&files);
        let read = all(&bytes).unwrap();
        let expected: Vec<_> = files
            .into_iter()
            .map(|(path, content)| (path, EntryKind::File, content))
            .collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = all(&bytes);
    }

    #[test]
    fn a_flipped_byte_changes_or_refuses(at in 0_usize..512, with in 1_u8..=255) {
        let mut bytes = archive(&[("a/b".to_owned(), vec![7; 30])]);
        if let Some(byte) = bytes.get_mut(at) { *byte ^= with; }
        // Every byte of a header counts for its sum.
        prop_assert!(all(&bytes).is_err());
    }
}

#[test]
fn an_archive_that_ends_in_the_middle_of_a_file_is_refused() {
    let bytes = archive(&[("a".to_owned(), vec![1; 4000])]);
    let error = all(bytes.get(..2000).unwrap()).unwrap_err();
    assert!(matches!(error, ArchiveProblem::Truncated { .. }), "{error}");
    let error = all(bytes.get(..300).unwrap()).unwrap_err();
    assert!(matches!(error, ArchiveProblem::Truncated { .. }), "{error}");
}

#[test]
fn path_traversal_is_refused() {
    let mut bytes = archive(&[("aa/etc/passwd".to_owned(), Vec::new())]);
    bytes.get_mut(..2).unwrap().copy_from_slice(b"..");
    let sum: u32 = (0..512)
        .map(|at| {
            if (148..156).contains(&at) {
                32
            } else {
                u32::from(bytes.get(at).copied().unwrap())
            }
        })
        .sum();
    bytes
        .get_mut(148..156)
        .unwrap()
        .copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let error = all(&bytes).unwrap_err();
    assert!(
        matches!(&error, ArchiveProblem::Outside { path } if path == "../etc/passwd"),
        "{error}"
    );
}

#[test]
fn a_name_of_a_gigabyte_is_refused_before_it_is_read() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 30);
    header.set_cksum();
    let error = all(header.as_bytes()).unwrap_err();
    assert!(matches!(error, ArchiveProblem::Path { .. }), "{error}");
}

#[test]
fn a_million_entries_are_read_and_more_than_the_limit_refused() {
    let mut header = tar::Header::new_ustar();
    header.set_path("f").unwrap();
    header.set_size(0);
    header.set_cksum();
    let block = header.as_bytes().to_vec();
    let bytes = block.repeat(1_000_000);
    let count = |most| {
        let limits = Limits {
            entries: most,
            ..Limits::default()
        };
        let mut tar = Tar::new(Stream(bytes.as_slice()), limits);
        let mut count = 0;
        while tar.next()?.is_some() {
            count += 1;
        }
        Ok::<_, ArchiveProblem>(count)
    };
    assert_eq!(count(1_000_000).unwrap(), 1_000_000);
    assert!(matches!(count(1000), Err(ArchiveProblem::Entries { .. })));
}
