//! Lists that say something else than what is built.

use cofferdam_pipelines::vendoring::State;

use crate::checkout::{Checkout, GO_MOD, LIST, bundle, codes, gaps, publish};

/// A module as it was before a hole in it was mended.
const OLD: &[(&str, &str)] = &[
    ("a.go", "package a\n"),
    (
        "check/check.go",
        "package check\n\nfunc Valid() bool { return true }\n",
    ),
    ("go.mod", "module example.org/a\n\ngo 1.20\n"),
];

/// The base knows the old version with its sum, and the files are those of the
/// old version.
fn downgraded(go_mod: &str, list: &str) -> Checkout {
    let checkout = Checkout::new();
    let mut bundle = bundle();
    publish(&mut bundle, "example.org/a", "v0.9.0", OLD);
    checkout.keep(&bundle);
    checkout.commit();
    checkout.remove("vendor/example.org/a");
    for (path, text) in &OLD[..2] {
        checkout.write(&format!("vendor/example.org/a/{path}"), text);
    }
    checkout.write("go.mod", go_mod);
    checkout.write("vendor/modules.txt", list);
    checkout
}

/// The downgrade is found, and the old version is not called proven.
fn is_found(checkout: &Checkout) {
    for base in [true, false] {
        let report = checkout.check(base);
        let codes = codes(&report);
        assert!(
            codes.contains(&"list-inconsistent"),
            "{codes:?} {report:#?}"
        );
        let mut modules = report.trees.iter().flat_map(|tree| &tree.modules);
        let is_fine = |state| matches!(state, State::Proven | State::Agrees | State::Unchanged);
        let old = modules.find(|one| one.name == "example.org/a" && one.version == "v0.9.0");
        assert!(!is_fine(old.unwrap().state), "{report:#?}");
    }
}

#[test]
fn packages_under_a_lower_version_than_the_required_one() {
    let list = LIST.replace(
        "# example.org/a v1.0.0\n## explicit; go 1.20\n",
        "# example.org/a v1.0.0\n## explicit; go 1.20\n# example.org/a v0.9.0\n## go 1.20\n",
    );
    is_found(&downgraded(GO_MOD, &list));
    // For the oldest versions the list marks nothing, and names one version.
    for go in ["1.13", "1.16"] {
        let go_mod = GO_MOD.replace("go 1.24", &format!("go {go}"));
        let list = list.replace("; go 1.20", "").replace("## go 1.20\n", "");
        is_found(&downgraded(&go_mod, &list));
        let unmarked = list.replace("## explicit\n", "");
        let single = unmarked.replace("# example.org/a v1.0.0\n", "");
        is_found(&downgraded(&go_mod, &single));
    }
}

#[test]
fn packages_of_a_module_that_nothing_requires() {
    let list = LIST.replace(
        "# example.org/a v1.0.0\n## explicit; go 1.20\n",
        "# example.org/a v0.9.0\n## go 1.20\n",
    );
    is_found(&downgraded(
        &GO_MOD.replace("\texample.org/a v1.0.0\n", ""),
        &list,
    ));
}

#[test]
fn packages_under_two_versions() {
    let list = LIST.replace(
        "example.org/a/check\n",
        "# example.org/a v0.9.0\n## go 1.20\nexample.org/a/check\n",
    );
    is_found(&downgraded(GO_MOD, &list));
}

#[test]
fn packages_below_a_replacement_that_has_no_version() {
    let checkout = Checkout::new();
    checkout.write("local/x/x.go", "package x\n");
    checkout.write("vendor/example.org/x/x.go", "package x\n\nfunc init() {}\n");
    checkout.write(
        "go.mod",
        format!("{GO_MOD}\nreplace example.org/x => ./local/x\n"),
    );
    let list = format!("{LIST}# example.org/x => ./local/x\nexample.org/x\n");
    checkout.write("vendor/modules.txt", list);
    for base in [true, false] {
        let codes = checkout.codes(base);
        for code in ["list-inconsistent", "vendor-changed"] {
            assert!(codes.contains(&code), "{codes:?}");
        }
    }
}

#[test]
fn lists_that_contradict_themselves() {
    let checkout = Checkout::new();
    for list in [
        // The package of one module is claimed by another.
        format!("{LIST}example.org/c\n"),
        LIST.replace(
            "example.org/a/check\n",
            "example.org/a/check\nexample.org/a/check\n",
        ),
        // One folder where capitals are not told apart.
        LIST.replace(
            "example.org/a/check\n",
            "example.org/a/check\nexample.org/a/Check\n",
        ),
        // A line twice, so that the annotations of both count.
        format!("{LIST}# example.org/a v1.0.0\n## go 1.24\n"),
    ] {
        checkout.write("vendor/modules.txt", list);
        for base in [true, false] {
            let codes = checkout.codes(base);
            assert!(codes.contains(&"list-inconsistent"), "{codes:?}");
        }
    }
}

/// Only another module requires the one that is vendored.
fn indirect(go: &str, wanted: &str, listed: &str) -> Checkout {
    let checkout = Checkout::new();
    let mut bundle = bundle();
    for version in ["v1.0.0", "v1.1.0"] {
        let files = [
            ("d.go", "package d\n"),
            ("go.mod", "module example.org/d\n"),
        ];
        publish(&mut bundle, "example.org/d", version, &files);
    }
    let go_mod = format!("module example.org/e\n\nrequire example.org/d {wanted}\n");
    let files = [("e.go", "package e\n"), ("go.mod", &go_mod)];
    publish(&mut bundle, "example.org/e", "v1.0.0", &files);
    checkout.keep(&bundle);
    checkout.write("vendor/example.org/d/d.go", "package d\n");
    checkout.write("vendor/example.org/d/go.mod", "module example.org/d\n");
    checkout.write("vendor/example.org/e/e.go", "package e\n");
    checkout.write("vendor/example.org/e/go.mod", &go_mod);
    checkout.remove("vendor/example.org/a");
    checkout.remove("vendor/example.org/b");
    checkout.remove("vendor/example.org/c");
    let module_file =
        format!("module example.org/main\n\ngo {go}\n\nrequire example.org/e v1.0.0\n");
    checkout.write("go.mod", module_file);
    let list = format!(
        "# example.org/d {listed}\nexample.org/d\n# example.org/e v1.0.0\n## explicit\nexample.org/e\n"
    );
    checkout.write("vendor/modules.txt", list);
    checkout
}

#[test]
fn before_pruning_other_modules_say_what_is_selected() {
    for go in ["1.13", "1.16"] {
        let fine = |checkout: Checkout| {
            let report = checkout.check(false);
            assert!(!report.is_wrong(), "{report:#?}");
            gaps(&report)
        };
        let list = |checkout: Checkout| {
            if go == "1.13" {
                let list = std::fs::read_to_string(checkout.path("vendor/modules.txt")).unwrap();
                checkout.write("vendor/modules.txt", list.replace("## explicit\n", ""));
            }
            checkout
        };
        assert_eq!(fine(list(indirect(go, "v1.1.0", "v1.1.0"))), [""; 0]);
        let lower = list(indirect(go, "v1.1.0", "v1.0.0"));
        assert_eq!(lower.codes(false), ["list-inconsistent"]);
        // Excluded, it is not what is selected.
        let go_mod = std::fs::read_to_string(lower.path("go.mod")).unwrap();
        lower.write("go.mod", go_mod + "exclude example.org/d v1.1.0\n");
        for higher in [lower, list(indirect(go, "v1.0.0", "v1.1.0"))] {
            let gaps = fine(higher);
            assert!(
                gaps.len() == 1 && gaps[0].contains("requires this version"),
                "{gaps:?}"
            );
        }
    }
}

#[test]
fn the_replacements_of_old_lists_are_compared() {
    let checkout = Checkout::new();
    let go_mod = GO_MOD.replace("go 1.24", "go 1.13");
    let list = LIST
        .replace("## explicit\n", "")
        .replace("## explicit; go 1.20\n", "");
    checkout.write("go.mod", &go_mod);
    checkout.write("vendor/modules.txt", &list);
    checkout.write(
        "vendor/example.org/a/go.mod",
        "module example.org/a\n\ngo 1.20\n",
    );
    checkout.write(
        "vendor/example.org/c/go.mod",
        "module example.org/c\n\ngo 1.20\n",
    );
    assert_eq!(checkout.codes(false), [""; 0]);
    checkout.write("go.mod", go_mod.replace("fork v1.2.1", "fork v1.2.2"));
    assert_eq!(checkout.codes(false), ["list-inconsistent"]);
}

#[test]
fn a_version_of_go_that_the_module_does_not_name() {
    // By it, loops mean something else.
    let checkout = Checkout::new();
    checkout.write("go.mod", GO_MOD.replace("go 1.24", "go 1.16"));
    checkout.write(
        "vendor/example.org/a/go.mod",
        "module example.org/a\n\ngo 1.20\n",
    );
    checkout.write(
        "vendor/example.org/c/go.mod",
        "module example.org/c\n\ngo 1.20\n",
    );
    checkout.write("vendor/modules.txt", LIST.replace("; go 1.20", ""));
    assert_eq!(checkout.codes(false), [""; 0]);
    checkout.write("vendor/modules.txt", LIST);
    assert_eq!(checkout.codes(false), ["list-inconsistent"; 2]);
    // A folder of the checkout has a version as well.
    let checkout = Checkout::new();
    checkout.write("local/c/go.mod", "module example.org/c\n\ngo 1.25\n");
    assert_eq!(checkout.codes(false), ["list-inconsistent"]);
    // Without the module's go.mod nobody knows.
    let checkout = Checkout::new();
    let mut bare = bundle();
    for kept in bare.kept.values_mut() {
        kept.unpacked.witnesses.remove("go.mod");
    }
    checkout.keep(&bare);
    checkout.write(
        "vendor/modules.txt",
        LIST.replace("; go 1.20\nexample.org/a\n", "; go 1.25\nexample.org/a\n"),
    );
    for base in [true, false] {
        let report = checkout.check(base);
        let gaps = gaps(&report);
        assert!(
            gaps.iter()
                .any(|gap| gap.contains("by which version of Go")),
            "{gaps:?}"
        );
        assert_eq!(report.count(State::Proven), 0);
    }
}

#[test]
fn a_workspace_stands_over_its_modules() {
    let checkout = Checkout::new();
    checkout.write("vendor/modules.txt", format!("## workspace\n{LIST}"));
    // There is no workspace.
    let found = gaps(&checkout.check(false));
    assert!(
        found.iter().any(|gap| gap.starts_with("go.work: ")),
        "{found:?}"
    );
    let work = "go 1.24\n\nuse .\n\nreplace example.org/b => example.org/fork v1.2.1\n";
    checkout.write("go.work", work);
    assert_eq!(checkout.codes(false), [""; 0]);
    // The replacement of the workspace holds, even beside a nearer one.
    let nearer = "replace example.org/b v1.2.0 => example.org/evil v1.0.0";
    let go_mod = GO_MOD.replace("replace example.org/b => example.org/fork v1.2.1", nearer);
    checkout.write("go.mod", go_mod);
    assert_eq!(checkout.codes(false), [""; 0]);
    checkout.write(
        "vendor/modules.txt",
        format!("## workspace\n{LIST}")
            .replace("example.org/fork v1.2.1", "example.org/evil v1.0.0"),
    );
    let codes = checkout.codes(false);
    assert!(codes.contains(&"list-inconsistent"), "{codes:?}");
}

#[test]
fn a_folder_is_named_from_the_module_that_replaces() {
    let checkout = Checkout::new();
    checkout.remove("go.mod");
    checkout.write("go.work", "go 1.24\n\nuse ./api\n");
    let go_mod = GO_MOD.replace("./local/c", "./own/c");
    checkout.write("api/go.mod", go_mod);
    for folder in ["api/own/c", "own/c"] {
        checkout.write(&format!("{folder}/c.go"), "package c\n");
        checkout.write(
            &format!("{folder}/go.mod"),
            "module example.org/c\n\ngo 1.20\n",
        );
    }
    let sums = std::fs::read(checkout.path("go.sum")).unwrap();
    checkout.write("api/go.sum", sums);
    let list = |folder: &str| format!("## workspace\n{}", LIST.replace("./local/c", folder));
    checkout.write("vendor/modules.txt", list("./api/own/c"));
    assert_eq!(checkout.codes(false), [""; 0]);
    // The same words, and another folder.
    checkout.write("vendor/modules.txt", list("./own/c"));
    assert_eq!(checkout.codes(false), ["list-inconsistent"]);
}

#[test]
fn a_requirement_that_is_lowered_below_what_another_module_requires() {
    // The base has both at their versions, and the change lowers one of them.
    let lowered = |bundle_is_kept: bool| {
        let checkout = indirect("1.24", "v1.1.0", "v1.1.0");
        let go_mod = "module example.org/main\n\ngo 1.24\n\nrequire example.org/e v1.0.0\n\
                      require example.org/d v1.1.0\n";
        checkout.write("go.mod", go_mod);
        let list = std::fs::read_to_string(checkout.path("vendor/modules.txt")).unwrap();
        let list = list.replace("v1.1.0\n", "v1.1.0\n## explicit\n");
        checkout.write("vendor/modules.txt", &list);
        checkout.remove("vendor/example.org/d/go.mod");
        checkout.remove("vendor/example.org/e/go.mod");
        if !bundle_is_kept {
            checkout.remove(cofferdam_pipelines::vendoring::MANIFESTS);
        }
        checkout.commit();
        assert_eq!(checkout.codes(true), [""; 0]);
        checkout.write("go.mod", go_mod.replace("v1.1.0", "v1.0.0"));
        checkout.write("vendor/modules.txt", list.replace("v1.1.0", "v1.0.0"));
        checkout.check(true)
    };
    assert_eq!(codes(&lowered(true)), ["list-inconsistent"]);
    let gaps = gaps(&lowered(false));
    assert!(
        gaps.iter().any(|gap| gap.contains("the base has v1.1.0")),
        "{gaps:?}"
    );
}

#[test]
fn a_folder_of_the_vendor_directory_stands_for_no_module() {
    let checkout = Checkout::new();
    let folder = "./vendor/example.org/a";
    checkout.write(
        "go.mod",
        format!("{GO_MOD}replace example.org/a => {folder}\n"),
    );
    let list = LIST.replace("a v1.0.0\n", &format!("a v1.0.0 => {folder}\n"));
    checkout.write("vendor/modules.txt", list);
    checkout.write("vendor/example.org/a/a.go", "package evil\n");
    for base in [true, false] {
        let gaps = gaps(&checkout.check(base));
        assert!(
            gaps.iter()
                .any(|gap| gap.contains("vendor directory itself")),
            "{gaps:?}"
        );
    }
}
