//! Checksums that somebody forges, in whatever folder.

use std::fs;

use cofferdam_pipelines::vendoring::{MANIFESTS, State};

use crate::checkout::{Checkout, bundle, publish, sums};

/// The sums with another one for a module that the base has.
fn forged() -> String {
    let text = sums(&bundle());
    let at = text.find("h1:").unwrap() + 3;
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_sum_that_changes_while_its_folder_moves() {
    let checkout = Checkout::new();
    fs::create_dir(checkout.path("moved")).unwrap();
    for path in ["go.mod", "go.sum", "local", "vendor"] {
        let to = checkout.path(&format!("moved/{path}"));
        fs::rename(checkout.path(path), to).unwrap();
    }
    // Moved alone, the sums of the base prove it.
    let report = checkout.check(true);
    assert_eq!(report.count(State::Proven), 2, "{report:#?}");
    assert_eq!(checkout.codes(true), ["vendor-gone"]);
    checkout.write("moved/go.sum", forged());
    let codes = checkout.codes(true);
    assert!(codes.contains(&"sum-changed"), "{codes:?}");
}

#[test]
fn a_sum_that_another_folder_of_the_base_has() {
    let checkout = Checkout::new();
    checkout.write("tools/go.sum", sums(&bundle()));
    checkout.remove("go.sum");
    checkout.commit();
    checkout.write("go.sum", forged());
    let codes = checkout.codes(true);
    assert!(codes.contains(&"sum-changed"), "{codes:?}");
    assert!(codes.contains(&"sum-conflict"), "{codes:?}");
}

#[test]
fn a_sum_that_changes_where_nothing_is_vendored() {
    let checkout = Checkout::new();
    checkout.write("tools/go.sum", sums(&bundle()));
    checkout.commit();
    checkout.write("tools/go.sum", forged());
    let mut codes = checkout.codes(true);
    codes.sort_unstable();
    assert_eq!(codes, ["sum-changed", "sum-conflict"]);
}

#[test]
fn two_files_that_disagree() {
    let checkout = Checkout::new();
    for path in ["tools/go.sum", "go.work.sum"] {
        checkout.write(path, forged());
        assert_eq!(checkout.codes(false), ["sum-conflict"], "{path}");
        checkout.remove(path);
    }
    // Both files of one workspace are read by one build.
    checkout.write("go.work", "go 1.24\n\nuse .\n");
    let list = fs::read_to_string(checkout.path("vendor/modules.txt")).unwrap();
    checkout.write("vendor/modules.txt", format!("## workspace\n{list}"));
    checkout.write("go.work.sum", forged());
    let codes = checkout.codes(false);
    assert!(codes.contains(&"sum-conflict"), "{codes:?}");
}

#[test]
fn a_sum_that_cannot_be_read_is_not_overlooked() {
    let checkout = Checkout::new();
    checkout.write("tools/go.sum", "example.org/a v1.0.0 h1:short=\n");
    let report = checkout.check(true);
    assert!(
        report
            .not_checked
            .iter()
            .any(|gap| gap.what == "tools/go.sum")
    );
}

#[test]
fn what_was_vendored_has_sums_that_nobody_looks_up() {
    let checkout = Checkout::new();
    let files = [
        ("f.go", "package f\n"),
        ("go.mod", "module example.org/f\n"),
        ("go.sum", &forged()),
    ];
    let mut more = bundle();
    publish(&mut more, "example.org/f", "v1.0.0", &files);
    let only = sums(&more)
        .lines()
        .filter(|line| line.contains("/f "))
        .collect::<String>();
    for (path, text) in files {
        checkout.write(&format!("vendor/example.org/f/{path}"), text);
    }
    checkout.write(MANIFESTS, more.to_gzip().unwrap());
    checkout.write("go.sum", only + "\n");
    let go_mod = "module example.org/main\n\ngo 1.16\n\nrequire example.org/f v1.0.0\n";
    checkout.write("go.mod", go_mod);
    let list = "# example.org/f v1.0.0\n## explicit\nexample.org/f\n";
    checkout.write("vendor/modules.txt", list);
    for module in ["a", "b", "c"] {
        checkout.remove(&format!("vendor/example.org/{module}"));
    }
    checkout.commit();
    assert_eq!(checkout.codes(true), [""; 0]);
    checkout.write("go.sum", sums(&more));
    assert_eq!(checkout.codes(true), [""; 0]);
}
