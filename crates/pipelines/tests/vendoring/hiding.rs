//! Vendor directories that somebody hides.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use cofferdam_pipelines::vendoring::{MANIFESTS, VendorError, check};

use crate::checkout::{Checkout, codes, gaps};

/// It is named as not checked, and with a base as gone.
fn is_named(checkout: &Checkout, what: &str) {
    let found = gaps(&checkout.check(false));
    assert!(found.iter().any(|gap| gap.starts_with(what)), "{found:?}");
    is_gone(checkout);
}

fn is_gone(checkout: &Checkout) {
    let codes = checkout.codes(true);
    assert!(codes.contains(&"vendor-gone"), "{codes:?}");
}

#[test]
fn a_directory_that_is_taken_away() {
    let checkout = Checkout::new();
    checkout.remove("vendor");
    is_gone(&checkout);
    let nothing = check(&checkout.options(false)).unwrap_err();
    assert!(matches!(nothing, VendorError::Nothing { .. }));
}

#[test]
fn a_link_in_the_place_of_a_directory() {
    let checkout = Checkout::new();
    checkout.behind_link("vendor", "elsewhere");
    is_named(&checkout, "vendor: no folder stands here");
}

#[test]
fn a_link_above_a_directory() {
    let checkout = Checkout::new();
    for path in ["go.mod", "go.sum", "local", "vendor"] {
        fs::create_dir_all(checkout.path("sub")).unwrap();
        fs::rename(checkout.path(path), checkout.path(&format!("sub/{path}"))).unwrap();
    }
    checkout.commit();
    assert_eq!(checkout.codes(true), [""; 0]);
    let outside = checkout.home().join("sub");
    fs::rename(checkout.path("sub"), &outside).unwrap();
    symlink(outside, checkout.path("sub")).unwrap();
    is_gone(&checkout);
}

#[test]
fn a_link_in_the_place_of_the_list() {
    let checkout = Checkout::new();
    checkout.behind_link("vendor/modules.txt", "list");
    for base in [true, false] {
        let report = checkout.check(base);
        assert!(codes(&report).contains(&"vendor-link"), "{report:#?}");
        let gaps = gaps(&report);
        assert!(
            gaps.iter()
                .any(|gap| gap.starts_with("vendor/modules.txt: ")),
            "{gaps:?}"
        );
    }
}

#[test]
fn a_link_in_the_place_of_checksums() {
    let checkout = Checkout::new();
    checkout.behind_link("go.sum", "sums");
    let gaps = gaps(&checkout.check(true));
    assert!(
        gaps.iter().any(|gap| gap.starts_with("go.sum: ")),
        "{gaps:?}"
    );
}

#[test]
fn a_list_that_is_taken_away() {
    let checkout = Checkout::new();
    checkout.remove("vendor/modules.txt");
    is_named(&checkout, "vendor: it has no `modules.txt`");
}

#[test]
fn a_file_with_the_same_bytes_behind_a_link() {
    let checkout = Checkout::new();
    checkout.behind_link("vendor/example.org/a/check/check.go", "same");
    for base in [true, false] {
        assert_eq!(checkout.codes(base), ["vendor-link"]);
    }
    let checkout = Checkout::new();
    checkout.behind_link("vendor/example.org/a/check", "same");
    for base in [true, false] {
        let codes = checkout.codes(base);
        assert!(codes.contains(&"vendor-missing"), "{codes:?}");
        assert!(codes.contains(&"vendor-link"), "{codes:?}");
    }
}

#[test]
fn a_directory_between_packages_of_another_language() {
    let checkout = Checkout::new();
    fs::create_dir_all(checkout.path("node_modules/x")).unwrap();
    for path in ["go.mod", "go.sum", "local", "vendor"] {
        let to = checkout.path(&format!("node_modules/x/{path}"));
        fs::rename(checkout.path(path), to).unwrap();
    }
    checkout.commit();
    checkout.write("node_modules/x/vendor/example.org/a/a.go", "package evil\n");
    for base in [true, false] {
        let codes = checkout.codes(base);
        assert!(codes.contains(&"vendor-changed"), "{codes:?}");
    }
}

#[test]
fn a_directory_that_lies_too_deep() {
    let checkout = Checkout::new();
    let deep = "d/".repeat(130);
    checkout.write(
        &format!("{deep}go.mod"),
        "module example.org/deep\n\ngo 1.24\n",
    );
    checkout.write(&format!("{deep}vendor/modules.txt"), "");
    let found = gaps(&checkout.check(false));
    assert!(
        found.iter().any(|gap| gap.contains("too deep")),
        "{found:?}"
    );
    // Whatever comes behind it is looked into all the same.
    checkout.write("vendor/example.org/a/a.go", "package evil\n");
    assert!(checkout.codes(false).contains(&"vendor-changed"));
}

#[test]
fn a_directory_behind_more_folders_than_are_looked_into() {
    let checkout = Checkout::new();
    let mut options = checkout.options(false);
    options.limits.folders = 1;
    let found = gaps(&check(&options).unwrap());
    assert!(
        found.iter().any(|gap| gap.contains("more folders")),
        "{found:?}"
    );
}

#[test]
fn a_directory_below_a_name_that_is_no_text() {
    let checkout = Checkout::new();
    let name = checkout
        .root()
        .join(std::ffi::OsStr::from_bytes(b"sub\xff"));
    fs::create_dir(&name).unwrap();
    fs::write(name.join("go.mod"), "module example.org/sub\n").unwrap();
    let found = gaps(&checkout.check(true));
    assert!(
        found.iter().any(|gap| gap.contains("not UTF-8")),
        "{found:?}"
    );
}

#[test]
fn a_directory_that_differs_in_capitals() {
    let checkout = Checkout::new();
    checkout.write("Vendor/example.org/a/a.go", "package evil\n");
    if fs::read(checkout.path("vendor/example.org/a/a.go")).unwrap() == b"package evil\n" {
        // The file system tells them not apart.
        return;
    }
    let found = gaps(&checkout.check(true));
    assert!(
        found.iter().any(|gap| gap.starts_with("Vendor: ")),
        "{found:?}"
    );
}

#[test]
fn manifests_that_cannot_be_read() {
    let checkout = Checkout::new();
    checkout.write(MANIFESTS, "no gzip");
    assert_eq!(checkout.codes(true), ["manifests-unreadable"]);
    // The base has no better ones, and whatever needs them is not checked.
    checkout.commit();
    assert_eq!(checkout.codes(true), [""; 0]);
    checkout.write("vendor/example.org/a/a.go", "package evil\n");
    let report = checkout.check(true);
    assert!(report.has_gaps(), "{report:#?}");
}
