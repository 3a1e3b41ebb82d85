//! Hundreds of repositories in one call.

use crate::sandbox::{BAD, CLEAN, Sandbox};

/// Repositories of very different size, so that later ones end before earlier
/// ones: the first is by far the slowest.
fn uneven(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    for number in 0..count {
        let bad = BAD.replace("publish", &format!("p{number}"));
        let (text, copies) = match number {
            0 => (bad.as_str(), 60),
            number if number % 40 == 0 => (bad.as_str(), 30),
            number if number % 7 == 0 => ("on: [\n", 1),
            number if number % 3 == 0 => (bad.as_str(), 1),
            _ => (CLEAN, 1),
        };
        for copy in 0..copies {
            sandbox.write(
                &format!("r{number:03}/.github/workflows/{copy:03}.yml"),
                text,
            );
        }
    }
    sandbox
}

#[test]
fn order_and_bytes_are_those_of_one_thread_in_every_format() {
    const COUNT: usize = 120;
    let sandbox = uneven(COUNT);
    for format in ["human", "json", "sarif", "github", "markdown"] {
        let run = |threads| {
            let args = ["--recursive", ".", "--format", format, "--threads", threads];
            sandbox.audit(&args)
        };
        let one = run("1");
        assert_eq!(one.code, 1, "{format}: {}", one.err);
        let many = run("16");
        assert_eq!(many.code, 1, "{format}");
        assert!(many.out == one.out, "{format} differs");
        let mut rest = one.out.as_str();
        for number in 0..COUNT {
            // SARIF names a repository where the others name its folder.
            let name = match format {
                "sarif" => format!("/r{number:03}/\""),
                _ => format!("/r{number:03}"),
            };
            let place = rest.find(&name);
            let place = place.unwrap_or_else(|| panic!("{format}: {name} is not in its place"));
            rest = &rest[place..];
        }
    }
}

#[test]
fn paths_named_one_by_one_keep_the_order_in_which_they_were_named() {
    let sandbox = uneven(60);
    let names: Vec<String> = (0..60)
        .map(|n| format!("r{:03}", (n * 37 + 11) % 60))
        .collect();
    let run = |threads| {
        let mut args = vec!["--format=json", "--threads", threads];
        args.extend(names.iter().map(String::as_str));
        sandbox.audit(&args)
    };
    let one = run("1");
    let value: serde_json::Value = serde_json::from_str(&one.out).unwrap();
    let reports = value["reports"].as_array().unwrap();
    let found: Vec<_> = reports
        .iter()
        .map(|r| r["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, names);
    assert!(run("16").out == one.out);
}
