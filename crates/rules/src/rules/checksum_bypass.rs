//! Go's checks of module checksums, turned off in CI.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::shell::Command;

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};
use crate::steps::{self, StepSite};

crate::rule! {
    /// # What
    /// A workflow sets a variable that keeps Go from comparing modules with
    /// their checksums, or lets it rewrite `go.mod` and `go.sum` on the way.
    ///
    /// # Why
    /// The checksums in `go.sum` and the public checksum database are what
    /// makes a moved tag or a hijacked proxy fail a build. Without them, what
    /// is built is whatever was served.
    ///
    /// # Vulnerable
    /// ```yaml
    /// env:
    ///   GOSUMDB: off
    ///   GOFLAGS: -mod=mod
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// env:
    ///   GOPRIVATE: github.com/our-org/*
    ///   GOFLAGS: -mod=readonly
    /// ```
    ///
    /// # How it is decided
    /// `env:` of workflow, job and step, assignments and `go env -w` in
    /// scripts, and lines written to `GITHUB_ENV` are read. `GOSUMDB=off`,
    /// `GOINSECURE`, `-insecure`, and `GONOSUMDB` or `GOPRIVATE` for everything
    /// or a whole public host are medium where the job publishes, else low;
    /// exemptions for one's own modules are right and pass. `-mod=mod` makes Go
    /// change `go.mod` and `go.sum` without a word and pass over `vendor/`: low
    /// where the job publishes, else informational. A value that an expression
    /// decides is not judged. Where modules are vendored it speaks against the
    /// proof of the vendor folder. No other tool looks for it.
    ///
    /// # References
    /// - <https://go.dev/ref/mod#environment-variables>
    /// - <https://go.dev/ref/mod#build-commands>
    pub struct ChecksumBypass {
        id: "checksum-bypass",
        title: "Go's module checksums are not compared",
        severity: Medium,
        controls: [D7],
        standards: [Cwe::Cwe353],
    }
}

impl Rule for ChecksumBypass {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let vendored = cx.repository.tree.has("vendor/modules.txt");
        let controls: &[Control] = if vendored { &[Control::D7] } else { &[] };
        for workflow in &cx.repository.workflows {
            let jobs = cx.jobs(workflow);
            let Some(holder) = jobs.iter().find(|job| publishes(job)).or(jobs.first()) else {
                continue;
            };
            for (pair, off) in of_pairs(&workflow.env) {
                let finding = finding(holder, workflow.file().locate(pair.key.span), &off, "env");
                out.report_against(controls, finding);
            }
            for job in jobs {
                for (pair, off) in of_pairs(&job.job.env) {
                    let subject = format!("{}/env", job.subject());
                    out.report_against(
                        controls,
                        finding(job, job.at(pair.key.span), &off, &subject),
                    );
                }
            }
        }
        for site in steps::of(cx) {
            for (pair, off) in of_pairs(&site.step.env) {
                let place = site.at(pair.key.span);
                out.report_against(controls, finding(site.job, place, &off, &site.subject()));
            }
            for (place, off) in of_script(&site) {
                out.report_against(controls, finding(site.job, place, &off, &site.subject()));
            }
        }
    }
}

/// A setting that turns a check off.
struct Off {
    written: String,
    what: &'static str,
    /// Whether code that nobody has approved can come in by it.
    open: bool,
}

fn of_pairs(pairs: &[Pair]) -> impl Iterator<Item = (&Pair, Off)> {
    pairs
        .iter()
        .filter_map(|pair| Some((pair, off(&pair.key.value, pair.value.literal()?)?)))
}

fn of_script(site: &StepSite<'_>) -> Vec<(Location, Off)> {
    let Some(script) = site.script else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let at = |range: std::ops::Range<usize>| {
        let span = site
            .step
            .script()
            .map_or(site.step.span, |text| text.raw_span(site.document, range));
        site.at(span)
    };
    for assignment in script.assignments.iter().filter(|a| a.value.is_static) {
        if let Some(off) = off(&assignment.name, &assignment.value.text) {
            found.push((at(assignment.range.clone()), off));
        }
    }
    for command in &script.commands {
        let place = || at(command.range.clone());
        for (name, value) in command.env.iter().filter(|(_, value)| value.is_static) {
            found.extend(off(name, &value.text).map(|off| (place(), off)));
        }
        for (name, value) in written(command) {
            found.extend(off(name, value).map(|off| (place(), off)));
        }
        let (_, args) = command.effective();
        if command.is("go") && args.iter().any(|word| word.text == "-insecure") {
            let off = Off {
                written: "-insecure".to_owned(),
                what: "modules are fetched without TLS and without checksums",
                open: true,
            };
            found.push((place(), off));
        }
    }
    found
}

/// Variables that a command sets for later: `go env -w`, `>> $GITHUB_ENV`.
fn written(command: &Command) -> Vec<(&str, &str)> {
    let (_, args) = command.effective();
    let later = command
        .redirects
        .iter()
        .any(|redirect| redirect.writes() && redirect.target.text.contains("GITHUB_ENV"));
    let go_env = command.is("go")
        && args.first().is_some_and(|word| word.text == "env")
        && args.iter().any(|word| word.text == "-w");
    if !later && !go_env {
        return Vec::new();
    }
    args.iter()
        .filter_map(|word| word.text.split_once('='))
        .collect()
}

fn off(name: &str, value: &str) -> Option<Off> {
    let value = value.trim();
    let everything = || {
        value.split(',').map(str::trim).any(|pattern| {
            let host = pattern.trim_end_matches("/*").trim_end_matches('/');
            matches!(
                host,
                "*" | "**"
                    | "*.com"
                    | "*.org"
                    | "github.com"
                    | "golang.org"
                    | "gopkg.in"
                    | "k8s.io"
            )
        })
    };
    let (what, open) = match name {
        "GOSUMDB" if value == "off" => (
            "new modules are taken without asking the checksum database",
            true,
        ),
        "GONOSUMDB" | "GOPRIVATE" if everything() => (
            "public modules are taken without asking the checksum database",
            true,
        ),
        "GONOSUMCHECK" if !matches!(value, "" | "0") => {
            ("modules are taken without checksums", true)
        }
        "GOINSECURE" if !value.is_empty() => ("modules are fetched without verified TLS", true),
        "GOFLAGS" if value.split_whitespace().any(|flag| flag == "-insecure") => (
            "modules are fetched without TLS and without checksums",
            true,
        ),
        "GOFLAGS" if value.split_whitespace().any(|flag| flag == "-mod=mod") => (
            "`go.mod` and `go.sum` are changed on the way, and `vendor/` is passed over",
            false,
        ),
        _ => return None,
    };
    Some(Off {
        written: format!("{name}={value}"),
        what,
        open,
    })
}

fn publishes(job: &JobView<'_>) -> bool {
    !job.stakes().publishes.is_empty()
}

fn finding(job: &JobView<'_>, place: Location, off: &Off, subject: &str) -> Finding {
    let published = publishes(job);
    let severity = match (off.open, published) {
        (true, true) => Severity::Medium,
        (true, false) | (false, true) => Severity::Low,
        (false, false) => Severity::Info,
    };
    let why = if published {
        format!(
            "What job `{}` publishes can hold modules that nobody approved",
            job.job.name()
        )
    } else {
        "A moved tag or a hijacked server is not noticed here".to_owned()
    };
    Finding::new(
        ChecksumBypass::INFO.id,
        severity,
        place,
        format!("`{}`: {}", off.written, off.what),
    )
    .why(why)
    .fix("Take it out; name your own private modules, and nothing else, in `GOPRIVATE`")
    .subject(format!("{subject}/{}", off.written))
    .group("settings that turn off Go's module checksums")
}
