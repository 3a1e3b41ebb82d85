//! Everything that must pass, prepared and run, each step announced and timed.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::process;
use crate::tools;
use crate::workspace::{self, cargo};
use crate::{fuzz, generate, layers, peers, shape};

/// What a step adds to the summary.
#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// One step. It fails at once, and the rest does not run.
struct Step {
    name: &'static str,
    run: fn(&mut Counts) -> Result<(), Error>,
}

const STEPS: &[Step] = &[
    Step {
        name: "prepare",
        run: |_| prepare(),
    },
    Step {
        name: "format",
        run: |_| format(),
    },
    Step {
        name: "lint libraries and programs",
        run: |_| lint_code(),
    },
    Step {
        name: "lint tests",
        run: |_| lint_tests(),
    },
    Step {
        name: "layers",
        run: |_| layers::run(&[]),
    },
    Step {
        name: "shape",
        run: |_| shape::run(&[]),
    },
    Step {
        name: "generated files",
        run: |_| generate::run(&["--check".to_owned()]),
    },
    Step {
        name: "tests",
        run: tests,
    },
    Step {
        name: "the audit alone builds",
        run: |_| audit_alone(),
    },
    Step {
        name: "licences, bans and sources",
        run: |_| deny(),
    },
    Step {
        name: "fuzz",
        run: |_| fuzz::run(&[]),
    },
    Step {
        name: "transcripts",
        run: |_| transcripts(),
    },
];

/// Folders of `tests/peers` that tests run against; the others are for recipes.
const NEEDED: &[&str] = &["github-api", "lsp", "sigstore", "sbom"];

/// Those with a Go module of a server that tests start.
const BUILT: &[&str] = &["registry"];

/// Runs every step.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    if let Some(argument) = arguments.first() {
        return Err(Error::Usage(format!(
            "`test` takes nothing, not `{argument}`"
        )));
    }
    let began = Instant::now();
    let mut counts = Counts::default();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (index, step) in STEPS.iter().enumerate() {
        println!("\n==> {}/{} {}", index + 1, STEPS.len(), step.name);
        let started = Instant::now();
        let result = (step.run)(&mut counts);
        times.push((step.name, started.elapsed()));
        if let Err(error) = result {
            println!("\n{}", summary(&times, began.elapsed()));
            println!(
                "step `{}` failed; the steps after it did not run",
                step.name
            );
            println!(
                "{}",
                closing(&Counts {
                    failed: counts.failed.max(1),
                    ..counts
                })
            );
            return Err(error);
        }
    }
    println!("\n{}", summary(&times, began.elapsed()));
    for (folder, what) in absent() {
        println!("not checked: {what}; ../shared/data/{folder} is not beside this repository");
    }
    println!("{}", closing(&counts));
    Ok(())
}

/// Data of others that lies beside the repository and is not copied into it; tests
/// that find none pass with nothing checked.
const BESIDE: &[(&str, &str)] = &[
    ("osv", "the database of Go's advisories"),
    (
        "osv-semantic",
        "the order of versions against OSV's own lists",
    ),
    ("pypa", "the database of PyPI's advisories"),
    ("rustsec", "the database of RustSec's advisories"),
    (
        "sigstore-conformance",
        "signatures against the cases of Sigstore's conformance suite",
    ),
];

fn absent() -> impl Iterator<Item = (&'static str, &'static str)> {
    let beside = workspace::root().join("../shared/data");
    let of = BESIDE.iter().copied();
    of.filter(move |(folder, _)| !beside.join(folder).is_dir())
}

fn summary(times: &[(&str, Duration)], total: Duration) -> String {
    let mut text = String::new();
    for (name, time) in times {
        text += &format!("{:>7.1} s  {name}\n", time.as_secs_f64());
    }
    text + &format!("{:>7.1} s  in all", total.as_secs_f64())
}

/// Counts tests as the test runner does; the steps around them are not tests.
fn closing(counts: &Counts) -> String {
    let ignored = match counts.ignored {
        0 => String::new(),
        some => format!(", {some} skipped"),
    };
    format!(
        "{} passed, {} failed{ignored}",
        counts.passed, counts.failed
    )
}

fn prepare() -> Result<(), Error> {
    tools::components()?;
    for name in NEEDED {
        tools::packages(&peers::manifests(name))?;
    }
    for name in BUILT {
        peers::from_go(name)?;
    }
    tools::DENY.ready()?;
    tools::FUZZ.ready()?;
    Ok(())
}

fn format() -> Result<(), Error> {
    process::run(
        cargo().args(["fmt", "--all", "--check"]),
        "run `cargo fmt --all`",
    )
}

fn lint_code() -> Result<(), Error> {
    // Tests may read files and folders freely; libraries may not, and that lint
    // is therefore on here only.
    process::run(
        cargo()
            .args([
                "clippy",
                "--quiet",
                "--workspace",
                "--locked",
                "--lib",
                "--bins",
                "--",
            ])
            .args(["-D", "warnings", "-D", "clippy::disallowed_methods"]),
        "mend what clippy names; an exception is `#[expect(…, reason = \"…\")]`",
    )
}

fn lint_tests() -> Result<(), Error> {
    process::run(
        cargo()
            .args([
                "clippy",
                "--quiet",
                "--workspace",
                "--locked",
                "--all-targets",
                "--",
            ])
            .args(["-D", "warnings"]),
        "mend what clippy names; an exception is `#[expect(…, reason = \"…\")]`",
    )
}

fn tests(counts: &mut Counts) -> Result<(), Error> {
    process::watch(
        cargo()
            .args(["test", "--workspace", "--locked", "--no-fail-fast"])
            .env("INSTA_UPDATE", "no"),
        "a failed test is named above; `cargo test -p CRATE NAME` runs it alone",
        |line| counts.add(line),
    )?;
    if counts.passed == 0 {
        return Err(Error::output("no test ran"));
    }
    Ok(())
}

impl Counts {
    /// Adds a line of the form `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let Some((_, numbers)) = rest.split_once(". ") else {
            return;
        };
        for part in numbers.split("; ") {
            let Some((number, word)) = part.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

fn audit_alone() -> Result<(), Error> {
    process::run(
        cargo()
            .args([
                "clippy",
                "--quiet",
                "--locked",
                "--package",
                "cofferdam",
                "--no-default-features",
            ])
            .args(["--features", "audit", "--", "-D", "warnings"]),
        "the first command of the README must build without the network crates",
    )
}

fn deny() -> Result<(), Error> {
    let program = tools::DENY.ready()?;
    process::run(
        std::process::Command::new(program)
            .current_dir(workspace::root())
            .args([
                "--workspace",
                "--all-features",
                "--locked",
                "check",
                "--hide-inclusion-graph",
            ])
            .args(["bans", "licenses", "sources"]),
        "a new dependency needs a licence, a source and a parent that deny.toml allows",
    )
}

fn transcripts() -> Result<(), Error> {
    let stale = peers::stale()?;
    if stale.is_empty() {
        println!("every transcript under docs/peers speaks of the crates as they are");
    }
    for line in stale {
        println!("stale: {line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up_from_what_the_runner_prints() {
        let mut counts = Counts::default();
        counts.add("running 3 tests");
        counts.add("test a ... ok");
        counts.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s");
        counts.add("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        assert_eq!((counts.passed, counts.failed, counts.ignored), (7, 2, 1));
        assert_eq!(closing(&counts), "7 passed, 2 failed, 1 skipped");
        assert_eq!(
            closing(&Counts {
                passed: 5,
                ..Counts::default()
            }),
            "5 passed, 0 failed"
        );
    }
}
