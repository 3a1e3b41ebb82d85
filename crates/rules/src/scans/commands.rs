//! Commands that scan.
//!
//! Sources: the command line reference of each tool.

use cofferdam_lockfiles::Ecosystem;
use cofferdam_workflows::shell::{Command, Word};

use super::{Covers, Match, Sign, by_words};

use Ecosystem::{Cargo, Go, Hex, Maven, Npm, NuGet, Packagist, PyPi, RubyGems};

/// A program, the words that must follow it in order, options left out, and
/// what it scans.
struct Row {
    program: &'static str,
    words: &'static [&'static str],
    tool: &'static str,
    covers: Covers,
}

const fn row(
    program: &'static str,
    words: &'static [&'static str],
    tool: &'static str,
    covers: Covers,
) -> Row {
    Row {
        program,
        words,
        tool,
        covers,
    }
}

const ROWS: &[Row] = &[
    row("govulncheck", &[], "govulncheck", Covers::Only(&[Go])),
    row(
        "go",
        &["tool", "govulncheck"],
        "govulncheck",
        Covers::Only(&[Go]),
    ),
    row("nancy", &[], "nancy", Covers::Only(&[Go])),
    row("cargo", &["audit"], "cargo-audit", Covers::Only(&[Cargo])),
    row("cargo-audit", &[], "cargo-audit", Covers::Only(&[Cargo])),
    row(
        "cargo",
        &["deny", "check"],
        "cargo-deny",
        Covers::Only(&[Cargo]),
    ),
    row(
        "cargo-deny",
        &["check"],
        "cargo-deny",
        Covers::Only(&[Cargo]),
    ),
    row("npm", &["audit"], "npm audit", Covers::Only(&[Npm])),
    row("pnpm", &["audit"], "pnpm audit", Covers::Only(&[Npm])),
    row("yarn", &["audit"], "yarn audit", Covers::Only(&[Npm])),
    row(
        "yarn",
        &["npm", "audit"],
        "yarn audit",
        Covers::Only(&[Npm]),
    ),
    row("bun", &["audit"], "bun audit", Covers::Only(&[Npm])),
    row("npx", &["audit-ci"], "audit-ci", Covers::Only(&[Npm])),
    row(
        "npx",
        &["better-npm-audit", "audit"],
        "better-npm-audit",
        Covers::Only(&[Npm]),
    ),
    row("pip-audit", &[], "pip-audit", Covers::Only(&[PyPi])),
    row("uvx", &["pip-audit"], "pip-audit", Covers::Only(&[PyPi])),
    row(
        "pipx",
        &["run", "pip-audit"],
        "pip-audit",
        Covers::Only(&[PyPi]),
    ),
    row(
        "uv",
        &["run", "pip-audit"],
        "pip-audit",
        Covers::Only(&[PyPi]),
    ),
    row("uv", &["audit"], "uv audit", Covers::Only(&[PyPi])),
    row("python", &["pip_audit"], "pip-audit", Covers::Only(&[PyPi])),
    row(
        "python3",
        &["pip_audit"],
        "pip-audit",
        Covers::Only(&[PyPi]),
    ),
    row("safety", &["check"], "safety", Covers::Only(&[PyPi])),
    row("safety", &["scan"], "safety", Covers::Only(&[PyPi])),
    row(
        "bundle-audit",
        &[],
        "bundler-audit",
        Covers::Only(&[RubyGems]),
    ),
    row(
        "bundler-audit",
        &[],
        "bundler-audit",
        Covers::Only(&[RubyGems]),
    ),
    row(
        "bundle",
        &["audit"],
        "bundler-audit",
        Covers::Only(&[RubyGems]),
    ),
    row(
        "bundle",
        &["exec", "bundle-audit"],
        "bundler-audit",
        Covers::Only(&[RubyGems]),
    ),
    row(
        "bundle",
        &["exec", "bundler-audit"],
        "bundler-audit",
        Covers::Only(&[RubyGems]),
    ),
    row(
        "composer",
        &["audit"],
        "composer audit",
        Covers::Only(&[Packagist]),
    ),
    row(
        "mix",
        &["deps.audit"],
        "mix deps.audit",
        Covers::Only(&[Hex]),
    ),
    row("mix", &["hex.audit"], "mix hex.audit", Covers::Only(&[Hex])),
    row(
        "dotnet",
        &["list", "package", "--vulnerable"],
        "dotnet list",
        Covers::Only(&[NuGet]),
    ),
    row(
        "gradle",
        &["dependencyCheckAnalyze"],
        "dependency-check",
        Covers::Only(&[Maven]),
    ),
    row(
        "gradlew",
        &["dependencyCheckAnalyze"],
        "dependency-check",
        Covers::Only(&[Maven]),
    ),
    row("osv-scanner", &[], "osv-scanner", Covers::All),
    row("trivy", &["fs"], "trivy", Covers::All),
    row("trivy", &["filesystem"], "trivy", Covers::All),
    row("trivy", &["repo"], "trivy", Covers::All),
    row("trivy", &["repository"], "trivy", Covers::All),
    row("trivy", &["rootfs"], "trivy", Covers::All),
    row("trivy", &["image"], "trivy", Covers::All),
    row("trivy", &["sbom"], "trivy", Covers::All),
    row("grype", &[], "grype", Covers::All),
    row("snyk", &["test"], "snyk", Covers::All),
    row("snyk", &["monitor"], "snyk", Covers::All),
];

/// Programs that run what somebody gave a name.
const RUNNERS: [&str; 22] = [
    "bazel", "bun", "gmake", "gradle", "gradlew", "hatch", "invoke", "just", "mage", "make",
    "mise", "ninja", "nox", "npm", "pixi", "pnpm", "poe", "rake", "task", "tox", "turbo", "yarn",
];

/// Programs that install others.
const INSTALLERS: [&str; 13] = [
    "apt", "apt-get", "brew", "bun", "cargo", "gem", "go", "npm", "pip", "pip3", "pipx", "pnpm",
    "yarn",
];

/// What a command scans.
pub(super) fn of_command(command: &Command) -> Option<Match> {
    let (name, args) = command.effective();
    let program = name.text.rsplit('/').next().unwrap_or("");
    if is_question(args) {
        return None;
    }
    if let Some(row) = ROWS
        .iter()
        .find(|row| row.program == program && follows(row, args))
    {
        if !scans_dependencies(row, args) {
            return None;
        }
        return Some(Match {
            tool: row.tool,
            covers: row.covers,
            lax: lax(row, args),
            sign: Sign::Run,
        });
    }
    let words = args.iter().filter(|word| !word.text.starts_with('-'));
    if program == "go" && args.first().is_some_and(|word| word.text == "run") {
        return words
            .skip(1)
            .take(1)
            .find_map(|word| go_run(&word.text, args));
    }
    if INSTALLERS.contains(&program) {
        let mut plain = args.iter().map(|word| word.text.as_str());
        if plain.any(|word| matches!(word, "install" | "add" | "i" | "get")) {
            let found = args.iter().find_map(|word| by_words(&word.text))?;
            return Some(Match {
                sign: Sign::Installed,
                ..found
            });
        }
    }
    if RUNNERS.contains(&program) {
        let mut words = words.filter(|word| word.is_static);
        return words.find_map(|word| by_words(&word.text));
    }
    // A script of the checkout.
    let is_script = name.is_static && name.text.contains('/') && !name.text.starts_with('/');
    is_script.then(|| by_words(program)).flatten()
}

fn is_question(args: &[Word]) -> bool {
    args.iter().any(|word| {
        matches!(
            word.text.as_str(),
            "--version" | "-version" | "version" | "--help"
        )
    })
}

fn follows(row: &Row, args: &[Word]) -> bool {
    let mut plain = args.iter().filter(|word| !word.text.starts_with('-'));
    row.words.iter().all(|wanted| {
        if wanted.starts_with('-') {
            args.iter().any(|word| word.text == *wanted)
        } else {
            plain.next().is_some_and(|word| word.text == *wanted)
        }
    })
}

fn go_run(package: &str, args: &[Word]) -> Option<Match> {
    let package = package.split('@').next().unwrap_or("");
    let name = package.rsplit('/').next().unwrap_or("");
    let row = ROWS
        .iter()
        .find(|row| row.program == name && row.words.is_empty())?;
    Some(Match {
        tool: row.tool,
        covers: row.covers,
        lax: lax(row, args),
        sign: Sign::Run,
    })
}

fn scans_dependencies(row: &Row, args: &[Word]) -> bool {
    let text = |word: &&Word| word.text.as_str() == "signatures" || word.text.as_str() == "fix";
    match row.tool {
        // `npm audit signatures` asks for signatures, `npm audit fix` changes files.
        "npm audit" => !args.iter().any(|word| text(&word)),
        "cargo-deny" => {
            let list = args.iter().skip_while(|word| word.text != "check").skip(1);
            let named: Vec<&str> = list
                .map(|word| word.text.as_str())
                .filter(|word| !word.starts_with('-'))
                .collect();
            named.is_empty() || named.iter().any(|n| matches!(*n, "advisories" | "all"))
        }
        "trivy" => option(args, "--scanners").is_none_or(|list| list.contains("vuln")),
        _ => true,
    }
}

/// The value of `--name value` or `--name=value`.
fn option<'w>(args: &'w [Word], name: &str) -> Option<&'w str> {
    args.iter().enumerate().find_map(|(index, word)| {
        let rest = word.text.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => args.get(index + 1).map(|word| word.text.as_str()),
            None => None,
        }
    })
}

fn lax(row: &Row, args: &[Word]) -> Option<&'static str> {
    let has = |wanted: &str| args.iter().any(|word| word.text == wanted);
    match row.tool {
        "govulncheck" => {
            let format = option(args, "-format").or_else(|| option(args, "--format"));
            let machine = format.is_some_and(|f| matches!(f, "json" | "sarif" | "openvex"));
            (machine || has("-json") || has("--json")).then_some(
                "govulncheck exits with 0 whatever it finds where its output is for machines",
            )
        }
        "trivy" => option(args, "--exit-code")
            .is_none_or(|code| code == "0")
            .then_some("trivy exits with 0 whatever it finds unless `--exit-code` is given"),
        "grype" => {
            let stops = option(args, "--fail-on")
                .or_else(|| option(args, "-f"))
                .is_some();
            (!stops).then_some("grype exits with 0 whatever it finds unless `--fail-on` is given")
        }
        "snyk" => {
            has("monitor").then_some("`snyk monitor` takes a record and fails for no finding")
        }
        "dotnet list" => Some("`dotnet list package --vulnerable` exits with 0 whatever it finds"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use cofferdam_workflows::shell::{self, Shell};

    use super::*;

    fn scan(text: &str) -> Option<(&'static str, bool, bool)> {
        let script = shell::parse(text, &Shell::Bash);
        let found = of_command(script.commands.first().unwrap())?;
        Some((found.tool, found.lax.is_some(), found.sign == Sign::Name))
    }

    #[test]
    fn tools_are_told_by_what_is_run() {
        let cases = [
            ("govulncheck ./...", "govulncheck", false, false),
            (
                "govulncheck -format=sarif ./...",
                "govulncheck",
                true,
                false,
            ),
            (
                "go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...",
                "govulncheck",
                false,
                false,
            ),
            (
                "~/go/bin/govulncheck -json ./...",
                "govulncheck",
                true,
                false,
            ),
            ("cargo audit --deny warnings", "cargo-audit", false, false),
            (
                "cargo deny --all-features check advisories",
                "cargo-deny",
                false,
                false,
            ),
            ("npm audit --omit=dev", "npm audit", false, false),
            ("trivy fs .", "trivy", true, false),
            ("trivy fs --exit-code 1 .", "trivy", false, false),
            ("grype dir:. --fail-on high", "grype", false, false),
            ("grype dir:.", "grype", true, false),
            ("sudo osv-scanner scan -r .", "osv-scanner", false, false),
            ("make govulncheck", "govulncheck", false, true),
            ("npm run snyk-test", "snyk", false, true),
            ("./hack/trivy-scan.sh", "trivy", false, true),
        ];
        for (text, tool, lax, by_name) in cases {
            assert_eq!(scan(text), Some((tool, lax, by_name)), "{text}");
        }
    }

    #[test]
    fn what_installs_a_tool_does_not_run_it() {
        for text in [
            "go install golang.org/x/vuln/cmd/govulncheck@latest",
            "cargo install --locked cargo-audit",
            "npm install -g snyk",
            "pip install pip-audit",
        ] {
            let script = shell::parse(text, &Shell::Bash);
            let found = of_command(script.commands.first().unwrap()).unwrap();
            assert_eq!(found.sign, Sign::Installed, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_scan_is_none() {
        for text in [
            "npm audit signatures",
            "npm audit fix",
            "cargo deny check bans licenses",
            "cargo deny --version",
            "trivy config .",
            "trivy fs --scanners secret .",
            "make build",
            "/usr/bin/trivy-wrapper",
            "echo govulncheck",
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }
}
