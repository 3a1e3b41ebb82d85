//! Packages that a workflow installs by name, outside of any lockfile.

use std::collections::BTreeMap;

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::installs::{self, Install, Loose};

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::script_steps::{self, ScriptStep};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// A script installs a package by its name, in whatever version is the
    /// newest, or in a range of versions, and no lockfile says which.
    ///
    /// # Why
    /// A package manager runs what it installs, often already while it installs
    /// it. When an account of one of its authors is taken over, the next run of
    /// the workflow has the new version within minutes: in September and
    /// November 2025 the worms in npm packages took tokens from CI in this way.
    /// A version that stands in the repository waits for somebody to raise it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: npm install -g some-tool
    /// - run: pip install build twine
    /// - run: go install example.com/tool@latest
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: npm ci && npx some-tool
    /// - run: pip install --require-hashes -r .github/release-requirements.txt
    /// - run: go install example.com/tool@v1.4.2
    /// ```
    ///
    /// # How it is decided
    /// The parsed script, for npm, yarn, pnpm, bun, gem, pip, pipx, uv, cargo,
    /// go, Chocolatey, .NET tools, Composer and extensions of `gh`. Files,
    /// folders, whole projects, versions that a variable gives, and whatever
    /// names a list of hashes or constraints pass; so does `npx` without a
    /// version, which takes what the project has installed. An exact version is
    /// enough: these registries refuse to replace one, and Go's checksum
    /// database proves it. Only for `cargo install` an exact version without
    /// `--locked` is mentioned, since the lockfile of the tool is then passed
    /// over. What a publishing job installs from its own manifest is
    /// `lockfile-bypass`, images are `unpinned-image`. Packages of operating
    /// systems (`apt`, `apk`, `dnf`, `brew`) are signed by their distribution
    /// and cannot be named exactly for long; they pass.
    ///
    /// Medium in a job that publishes, holds secrets or may write code; low
    /// where its token may be able to; informational elsewhere and for
    /// dependencies alone. zizmor's `adhoc-packages` knows JavaScript and Ruby,
    /// and does not ask what the job holds; Scorecard's `Pinned-Dependencies`
    /// asks for a hash of every package everywhere.
    ///
    /// # References
    /// - <https://www.cisa.gov/news-events/alerts/2025/09/23/widespread-supply-chain-compromise-impacting-npm-ecosystem>
    /// - <https://pip.pypa.io/en/stable/topics/secure-installs/>
    /// - <https://doc.rust-lang.org/cargo/commands/cargo-install.html#dealing-with-the-lockfile>
    /// - <https://go.dev/ref/mod#go-install>
    pub struct AdhocInstall {
        id: "adhoc-install",
        title: "A package is installed by name, outside of any lockfile",
        severity: Medium,
        controls: [],
        peers: ["zizmor/adhoc-packages", "scorecard/Pinned-Dependencies"],
        standards: [Cwe::Cwe494, Scorecard::PinnedDependencies],
    }
}

impl Rule for AdhocInstall {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let takeovers = Takeovers::new(cx);
        for site in script_steps::of(cx) {
            let mut same: BTreeMap<(&str, Vec<String>), usize> = BTreeMap::new();
            for command in &site.script.commands {
                if command.dead || !command.certain {
                    continue;
                }
                let found = installs::of_command(command);
                let Some(worst) = found.iter().max_by_key(|install| install.loose) else {
                    continue;
                };
                let packages: Vec<String> = found.iter().map(|i| i.package.clone()).collect();
                // The branches of one script often install the same.
                let copies = same.entry((worst.by, packages.clone())).or_default();
                *copies += 1;
                if *copies == 1 {
                    let place = command.range.clone();
                    report(&takeovers, &site, worst, &packages, place, out);
                }
            }
        }
    }
}

fn report(
    takeovers: &Takeovers<'_>,
    site: &ScriptStep<'_>,
    worst: &Install,
    packages: &[String],
    place: std::ops::Range<usize>,
    out: &mut Sink,
) {
    let takeover = site.takeover(takeovers);
    let severity = match worst.loose {
        Loose::Exact | Loose::Dependencies => Severity::Info,
        // One more party that has to fail, and the registry's own checks.
        Loose::Newest | Loose::Range => takeover.severity.lowered(),
    };
    let names = match packages {
        [one] => format!("`{one}`"),
        [first, second] => format!("`{first}` and `{second}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
        [] => return,
    };
    let (what, group) = match worst.loose {
        Loose::Exact | Loose::Dependencies => (
            "without the tool's own lockfile",
            "tools built without their own lockfile",
        ),
        Loose::Range => (
            "in any version of a range or branch",
            "packages installed in whatever version is the newest",
        ),
        Loose::Newest => (
            "in whatever version is the newest",
            "packages installed in whatever version is the newest",
        ),
    };
    let finding = Finding::new(
        AdhocInstall::INFO.id,
        severity,
        site.at(place),
        format!("{} installs {names} by `{}` {what}", site.whom(), worst.by),
    )
    .why(format!(
        "A new version of the package, or of what it depends on, gets {}",
        takeover.held
    ))
    .fix(worst.instead)
    .confidence(takeover.confidence)
    .group(group)
    .weight(takeover.weight)
    .subject(format!(
        "{} {} {}",
        site.subject(),
        worst.by,
        packages.join(" ")
    ));
    out.report(finding);
}
