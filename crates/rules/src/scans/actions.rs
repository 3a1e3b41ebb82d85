//! Actions that scan.
//!
//! Sources: the README or `action.yml` of each action.

use cofferdam_facts::UsesRef;
use cofferdam_lockfiles::Ecosystem;
use cofferdam_workflows::documents::Step;

use super::{Covers, Match, Sign, by_words};

use Ecosystem::{Cargo, Go, Maven, Npm, NuGet, Packagist, PyPi, RubyGems};

/// What an action scans, and why it passes whatever it finds.
struct Row {
    name: &'static str,
    tool: &'static str,
    covers: Covers,
    lax: fn(&Step) -> Option<&'static str>,
}

const fn row(
    name: &'static str,
    tool: &'static str,
    covers: Covers,
    lax: fn(&Step) -> Option<&'static str>,
) -> Row {
    Row {
        name,
        tool,
        covers,
        lax,
    }
}

const ROWS: &[Row] = &[
    row(
        "golang/govulncheck-action",
        "govulncheck",
        Covers::Only(&[Go]),
        govulncheck,
    ),
    row(
        "rustsec/audit-check",
        "cargo-audit",
        Covers::Only(&[Cargo]),
        never,
    ),
    row(
        "actions-rs/audit-check",
        "cargo-audit",
        Covers::Only(&[Cargo]),
        never,
    ),
    row(
        "actions-rust-lang/audit",
        "cargo-audit",
        Covers::Only(&[Cargo]),
        never,
    ),
    row(
        "embarkstudios/cargo-deny-action",
        "cargo-deny",
        Covers::Only(&[Cargo]),
        never,
    ),
    row(
        "google/osv-scanner-action/osv-scanner-action",
        "osv-scanner",
        Covers::All,
        never,
    ),
    row(
        "google/osv-scanner-action/osv-reporter-action",
        "osv-scanner",
        Covers::All,
        reporter,
    ),
    row("aquasecurity/trivy-action", "trivy", Covers::All, trivy),
    row("anchore/scan-action", "grype", Covers::All, grype),
    row("snyk/actions", "snyk", Covers::All, snyk),
    row("snyk/actions/golang", "snyk", Covers::Only(&[Go]), snyk),
    row("snyk/actions/node", "snyk", Covers::Only(&[Npm]), snyk),
    row("snyk/actions/php", "snyk", Covers::Only(&[Packagist]), snyk),
    row("snyk/actions/ruby", "snyk", Covers::Only(&[RubyGems]), snyk),
    row("snyk/actions/dotnet", "snyk", Covers::Only(&[NuGet]), snyk),
    row("snyk/actions/docker", "snyk", Covers::All, snyk),
    row(
        "pypa/gh-action-pip-audit",
        "pip-audit",
        Covers::Only(&[PyPi]),
        never,
    ),
    row(
        "sonatype-nexus-community/nancy-github-action",
        "nancy",
        Covers::Only(&[Go]),
        never,
    ),
    row(
        "dependency-check/dependency-check_action",
        "dependency-check",
        Covers::All,
        dependency_check,
    ),
    row(
        "symfonycorp/security-checker-action",
        "security-checker",
        Covers::Only(&[Packagist]),
        never,
    ),
    row("docker/scout-action", "docker scout", Covers::All, scout),
];

/// What a step scans by the action that it uses.
pub(super) fn of_step(step: &Step) -> Option<Match> {
    let uses = step.uses()?;
    if let UsesRef::Docker(image) = &uses.value {
        return by_words(&image.to_string());
    }
    let name = step.action()?;
    if name.starts_with("docker/bake-action") {
        return by_words(step.input("targets")?.literal()?);
    }
    if name == "taiki-e/install-action" {
        let found = by_words(step.input("tool")?.literal()?)?;
        return Some(Match {
            sign: Sign::Installed,
            ..found
        });
    }
    let exact = ROWS.iter().find(|row| row.name == name);
    let Some(row) = exact.or_else(|| snyk_variant(name)) else {
        return named(name);
    };
    if !scans_dependencies(row, step) {
        return None;
    }
    Some(Match {
        tool: row.tool,
        covers: covers(row, name),
        lax: (row.lax)(step),
        sign: Sign::Run,
    })
}

/// An action of others that is called after a scanner.
fn named(name: &str) -> Option<Match> {
    let found = by_words(name)?;
    let prepares = ["setup", "install", "upload", "cache", "report", "comment"];
    if !prepares.iter().any(|word| name.contains(word)) {
        return Some(found);
    }
    let installs = name.contains("setup") || name.contains("install");
    installs.then_some(Match {
        sign: Sign::Installed,
        ..found
    })
}

fn snyk_variant(name: &str) -> Option<&'static Row> {
    let variant = name.strip_prefix("snyk/actions/")?;
    let known = ["python", "maven", "gradle", "scala"];
    known
        .iter()
        .any(|known| variant.starts_with(known))
        .then(|| ROWS.iter().find(|row| row.name == "snyk/actions"))?
}

fn covers(row: &Row, name: &str) -> Covers {
    match name.strip_prefix("snyk/actions/") {
        Some(variant) if variant.starts_with("python") => Covers::Only(&[PyPi]),
        Some("scala") => Covers::Only(&[Maven]),
        Some(variant) if variant.starts_with("maven") || variant.starts_with("gradle") => {
            Covers::Only(&[Maven])
        }
        _ => row.covers,
    }
}

fn literal<'s>(step: &'s Step, input: &str) -> Option<&'s str> {
    step.input(input)?.literal().map(str::trim)
}

// A tool with several jobs does not always look for vulnerabilities.
fn scans_dependencies(row: &Row, step: &Step) -> bool {
    match row.tool {
        "trivy" => {
            let kind = literal(step, "scan-type").unwrap_or("image");
            let scanners = literal(step, "scanners").or_else(|| literal(step, "security-checks"));
            kind != "config" && scanners.is_none_or(|list| list.contains("vuln"))
        }
        "cargo-deny" => {
            let words: Vec<&str> = literal(step, "command")
                .unwrap_or("check")
                .split_whitespace()
                .collect();
            let list = words.iter().skip_while(|word| **word != "check").skip(1);
            let named: Vec<&&str> = list.filter(|word| !word.starts_with('-')).collect();
            words.contains(&"check")
                && (named.is_empty() || named.iter().any(|n| matches!(**n, "advisories" | "all")))
        }
        "docker scout" => literal(step, "command").is_some_and(|c| c.contains("cves")),
        _ => true,
    }
}

fn never(_: &Step) -> Option<&'static str> {
    None
}

fn govulncheck(step: &Step) -> Option<&'static str> {
    let format = literal(step, "output-format")?;
    matches!(format, "json" | "sarif")
        .then_some("govulncheck exits with 0 whatever it finds where its output is JSON or SARIF")
}

fn reporter(step: &Step) -> Option<&'static str> {
    let args = literal(step, "scan-args")?;
    args.contains("--fail-on-vuln=false")
        .then_some("`--fail-on-vuln=false` lets every finding pass")
}

fn trivy(step: &Step) -> Option<&'static str> {
    let stops = match step.input("exit-code") {
        None => false,
        Some(text) => text
            .literal()
            .is_none_or(|code| !matches!(code.trim(), "0" | "")),
    };
    (!stops).then_some("trivy exits with 0 whatever it finds unless `exit-code` is set")
}

fn grype(step: &Step) -> Option<&'static str> {
    (literal(step, "fail-build") == Some("false"))
        .then_some("`fail-build: false` lets every finding pass")
}

fn snyk(step: &Step) -> Option<&'static str> {
    (literal(step, "command") == Some("monitor"))
        .then_some("`snyk monitor` takes a record and fails for no finding")
}

fn dependency_check(step: &Step) -> Option<&'static str> {
    let stops = step
        .input("args")
        .is_some_and(|args| args.value.contains("failOnCVSS"));
    (!stops).then_some("dependency-check fails for no finding unless `--failOnCVSS` is given")
}

fn scout(step: &Step) -> Option<&'static str> {
    (literal(step, "exit-code") != Some("true"))
        .then_some("docker scout exits with 0 whatever it finds unless `exit-code` is true")
}
