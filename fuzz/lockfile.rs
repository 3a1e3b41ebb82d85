//! What holds of every lockfile, whatever its bytes.

use cofferdam_facts::SourceFile;
use cofferdam_lockfiles::{Document, Format, Unreadable, parse, text};

/// Reads an input: the first byte chooses the format, the rest is the file, and
/// what stands behind a line `-- --` is every other file of the checkout.
pub fn check(formats: &[Format], bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let format = formats[usize::from(*first) % formats.len()];
    let path = "a/b/lockfile";
    let Ok(file) = text(path, rest.to_vec()) else {
        return;
    };
    let (own, other) = match file.text().split_once("\n-- --\n") {
        Some((own, other)) => (SourceFile::new(path, own), Some(other.to_owned())),
        None => (file.clone(), None),
    };
    let files = |path: &str| {
        assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."));
        match &other {
            Some(text) => Ok(SourceFile::new(path, text.as_str())),
            None => Err(Unreadable::Missing),
        }
    };
    match parse(format, &own, &files) {
        Ok(document) => {
            assert_eq!(Ok(&document), parse(format, &own, &files).as_ref());
            check_document(&document);
        }
        Err(error) => {
            assert!(error.mistake.line >= 1 && !error.to_string().is_empty());
        }
    }
}

fn check_document(document: &Document) {
    let packages = &document.packages;
    for (at, package) in packages.iter().enumerate().take(200) {
        assert!(package.requirers.iter().all(|requirer| *requirer < packages.len()));
        assert!(package.requirers.is_sorted());
        assert!(package.location.line >= 1);
        let path = document.path_to(at);
        assert!(path.last() == Some(&at) && path.len() <= packages.len());
        for pair in path.windows(2) {
            assert!(packages[pair[1]].requirers.contains(&pair[0]));
        }
        if let (None, Some(purl)) = (&package.written_purl, package.purl()) {
            assert!(purl.is_ascii() && !purl.contains(char::is_control), "{purl:?}");
        }
        let _ = (package.osv_ecosystem(), package.lookup_name(), package.source.host());
    }
    for note in &document.notes {
        assert!(note.kind.to_string().len() < 1000);
    }
}
