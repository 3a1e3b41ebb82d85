//! Vendored modules and crates that nothing compares with what was published.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_lockfiles::kinds::is_copied;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::shell::Command;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::scans;
use crate::steps::{self, StepSite};

crate::rule! {
    /// # What
    /// The repository carries its Go modules or Rust crates in a vendor folder,
    /// and no job proves that what stands there is what their authors published.
    ///
    /// # Why
    /// Go compiles `vendor/` without asking for a checksum, and Cargo asks
    /// `.cargo-checksum.json`, which stands in the same folder. A pull request
    /// that changes one line of a vendored file, among ten thousand that an
    /// update changes honestly, is built and shipped.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: go mod verify
    /// - run: go build -mod=vendor ./...
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: cofferdam deps vendor check
    /// ```
    /// [The vendor directory, proven](../vendor.md) has a whole workflow. Where
    /// the package manager is at hand:
    /// ```yaml
    /// - run: |
    ///     go mod vendor
    ///     git diff --exit-code -- vendor go.mod go.sum
    /// ```
    ///
    /// # How it is decided
    /// `vendor/modules.txt` says that modules are vendored, and a folder whose
    /// folders have a `.cargo-checksum.json` that crates are. Each needs a
    /// proof. `cofferdam deps vendor check` proves both. Else it is `go mod
    /// vendor`, `go work vendor` or `cargo vendor`, or a target named after
    /// vendoring, followed in the same job by `git diff` with an exit code or
    /// `git status --porcelain`; or a script or target whose name says that it
    /// verifies, checks or validates the vendor folder. What never runs, as
    /// behind `if: false`, or whose exit code is thrown away, as by `|| true`,
    /// proves nothing, and an expression in `continue-on-error` leaves the
    /// control unknown. `go mod verify` compares the module cache with `go.sum`
    /// and never looks into `vendor/`, and `-mod=vendor` compares only the list
    /// of modules. Low: people still review the change. No other tool looks for
    /// it.
    ///
    /// # References
    /// - <https://go.dev/ref/mod#vendoring>
    /// - <https://go.dev/ref/mod#go-mod-verify>
    /// - <https://doc.rust-lang.org/cargo/reference/source-replacement.html#directory-sources>
    pub struct VendorVerification {
        id: "vendor-verification",
        title: "The vendor folder is not proven",
        severity: Low,
        controls: [D7],
        standards: [Cwe::Cwe353],
    }
}

impl Rule for VendorVerification {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let found: Vec<(Kind, &str)> = [Kind::Go, Kind::Cargo]
            .into_iter()
            .filter_map(|kind| {
                Some((
                    kind,
                    cx.repository.tree.iter().find(|path| kind.is_sign(path))?,
                ))
            })
            .collect();
        if found.is_empty() {
            out.not_applicable(Control::D7, "no Go modules and no crates are vendored");
            return;
        }
        let sites = steps::live(cx);
        for (kind, sign) in found {
            judge(kind, sign, &sites, out);
        }
    }
}

/// Who vendored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Go,
    Cargo,
}

impl Kind {
    /// Whether a path says that this project vendors.
    fn is_sign(self, path: &str) -> bool {
        match self {
            Self::Go => {
                (path == "vendor/modules.txt" || path.ends_with("/vendor/modules.txt"))
                    && !is_copied(path)
                    && !is_aside(path)
            }
            Self::Cargo => {
                let folder = path
                    .strip_suffix("/.cargo-checksum.json")
                    .and_then(|one| one.rsplit_once('/'));
                folder.is_some_and(|(above, _)| !is_copied(above) && !is_aside(path))
            }
        }
    }

    /// What the folder is called in messages.
    fn folder(self) -> &'static str {
        match self {
            Self::Go => "`vendor/`",
            Self::Cargo => "the vendored crates",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::Go => {
                "Go compiles `vendor/` without asking for checksums, so a line changed there is \
                 shipped unless a reviewer sees it"
            }
            Self::Cargo => {
                "Cargo compares a vendored file with the `.cargo-checksum.json` beside it alone, so \
                 a line changed in both is shipped unless a reviewer sees it"
            }
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Self::Go => {
                "Run `cofferdam deps vendor check` on every pull request, or `go mod vendor` and \
                 then `git diff --exit-code`"
            }
            Self::Cargo => {
                "Run `cofferdam deps vendor check` on every pull request, or `cargo vendor` and \
                 then `git diff --exit-code`"
            }
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Go => "vendor",
            Self::Cargo => "vendored crates",
        }
    }

    /// Whether a command writes the folder anew.
    fn makes(self, command: &Command) -> bool {
        match self {
            Self::Go => go_mod(command, "vendor"),
            Self::Cargo => {
                let (_, args) = command.effective();
                let mut words = args.iter().map(|word| word.text.as_str());
                command.is("cargo") && words.find(|word| !word.starts_with('+')) == Some("vendor")
            }
        }
    }
}

/// Looks for what proves one kind of vendored code.
fn judge(kind: Kind, sign: &str, sites: &[StepSite<'_>], out: &mut Sink) {
    let mut lax = None;
    let mut unsure = None;
    let mut perhaps = None;
    let mut proven = false;
    for site in sites {
        let Some(proof) = proof(kind, site, sites) else {
            continue;
        };
        if let Some(variable) = proof.hangs_on.filter(|_| proof.lax.is_none()) {
            perhaps = perhaps.or(Some((proof.place, variable)));
            continue;
        }
        match proof.lax {
            None if proof.unsure => unsure = unsure.or(Some(proof.place)),
            None => {
                proven = true;
                out.satisfied(Control::D7, proof.place, proof.note);
            }
            Some(how) => lax = lax.or(Some((proof.place, how, site.job.job.name().to_owned()))),
        }
    }
    if proven {
        return;
    }
    let folder = kind.folder();
    if let Some(place) = unsure {
        return out.unknown(
            Control::D7,
            Some(place),
            format!("whether a failure of the proof of {folder} stops anything"),
            "take `continue-on-error` away",
        );
    }
    if let Some((place, variable)) = perhaps {
        return out.unknown(
            Control::D7,
            Some(place),
            format!("whether `{variable}` lets the proof of {folder} run"),
            "look at the variables of the repository, or let the proof run without one",
        );
    }
    match lax {
        Some((place, how, job)) => report(
            kind,
            place,
            format!("the proof of {folder} in job `{job}` stops nothing: {how}"),
            Confidence::High,
            out,
        ),
        None => missing(kind, sign, sites, out),
    }
}

struct Proof {
    place: Location,
    note: &'static str,
    lax: Option<String>,
    /// Whether an expression decides on that.
    unsure: bool,
    /// The variable of the settings without which it never runs.
    hangs_on: Option<String>,
}

fn missing(kind: Kind, sign: &str, sites: &[StepSite<'_>], out: &mut Sink) {
    let mut sites = sites.iter().filter(|_| kind == Kind::Go);
    let verify = sites.find_map(|site| {
        let command = site
            .live_commands()
            .find(|command| go_mod(command, "verify"))?;
        Some(site.at_command(command))
    });
    match verify {
        Some(place) => report(
            kind,
            place,
            "`go mod verify` does not look into `vendor/`, and nothing else does".to_owned(),
            Confidence::Medium,
            out,
        ),
        None => report(
            kind,
            Location::whole_file(sign),
            match kind {
                Kind::Go => "no job proves the vendor folder",
                Kind::Cargo => "no job proves the vendored crates",
            }
            .to_owned(),
            Confidence::Medium,
            out,
        ),
    }
}

fn report(kind: Kind, place: Location, message: String, confidence: Confidence, out: &mut Sink) {
    out.report(
        Finding::new(VendorVerification::INFO.id, Severity::Low, place, message)
            .confidence(confidence)
            .why(kind.why())
            .fix(kind.fix())
            .subject(kind.subject())
            .group("vendor folders that nothing proves"),
    );
}

/// Whether a command is our own proof, which is of Go modules and crates alike.
fn is_own_proof(command: &Command) -> bool {
    let (_, args) = command.effective();
    let asks = |word: &str| matches!(word, "-h" | "--help");
    let mut words = args.iter().map(|word| word.text.as_str());
    command.is("cofferdam")
        && ["deps", "vendor", "check"]
            .iter()
            .all(|verb| words.next() == Some(*verb))
        && !words.any(asks)
}

fn go_mod(command: &Command, verb: &str) -> bool {
    let (_, args) = command.effective();
    let mut words = args.iter().map(|word| word.text.as_str());
    let area = words.next();
    command.is("go") && matches!(area, Some("mod" | "work")) && words.next() == Some(verb)
}

/// A command that proves the folder, alone or with what follows it in the job.
fn proof(kind: Kind, site: &StepSite<'_>, sites: &[StepSite<'_>]) -> Option<Proof> {
    if let Some(targets) = site.step.input("targets").filter(|_| site.script.is_none()) {
        let named = targets.value.split(['\n', ',', ' ']).any(verifies);
        return named.then(|| Proof {
            place: site.at(targets.span),
            note: "a target proves it, by its name",
            lax: scans::tolerated(site),
            unsure: scans::undecided(site),
            hangs_on: site.hangs_on(),
        });
    }
    let lax =
        |command: &Command| scans::swallowed(site, command).or_else(|| scans::tolerated(site));
    for command in site.live_commands() {
        let (name, args) = command.effective();
        let mut words = args.iter().chain([name]).filter(|word| word.is_static);
        let note = if is_own_proof(command) {
            Some("`cofferdam deps vendor check` compares every file")
        } else {
            let named = words.clone().any(|word| verifies(&word.text));
            named.then_some("a target or script proves it, by its name")
        };
        if let Some(note) = note {
            return Some(Proof {
                place: site.at_command(command),
                note,
                lax: lax(command),
                unsure: scans::undecided(site),
                hangs_on: site.hangs_on(),
            });
        }
        let target = !command.is("go")
            && !command.is("cargo")
            && !command.is("git")
            && words.any(|word| {
                word.text.rsplit('/').next() == Some("vendor") && !word.text.starts_with('/')
            });
        let makes = kind.makes(command) || (target && builds(command));
        if !makes {
            continue;
        }
        let compared = sites
            .iter()
            .filter(|other| {
                std::ptr::eq(other.job, site.job) && other.step.span.start >= site.step.span.start
            })
            .find_map(|other| {
                let check = other.live_commands().find(|command| compares(command))?;
                Some((other, check))
            });
        if let Some((other, check)) = compared {
            let lax = scans::swallowed(other, check).or_else(|| scans::tolerated(other));
            return Some(Proof {
                place: site.at_command(command),
                note: "the folder is made anew and compared",
                lax,
                unsure: scans::undecided(other),
                hangs_on: site.hangs_on().or_else(|| other.hangs_on()),
            });
        }
    }
    None
}

fn builds(command: &Command) -> bool {
    ["make", "gmake", "just", "task", "mage"]
        .iter()
        .any(|runner| command.is(runner))
}

/// Whether a name says that something proves a vendor folder.
fn verifies(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let words: Vec<&str> = name.split(['-', '_', '.', ':']).collect();
    let vendors = words
        .iter()
        .any(|word| matches!(*word, "vendor" | "vendoring" | "vendored"));
    let proves = ["verify", "check", "validate", "diff", "test"];
    vendors && words.iter().any(|word| proves.contains(word))
}

/// Whether a command tells that the work tree differs from the commit.
fn compares(command: &Command) -> bool {
    let (_, args) = command.effective();
    let has = |options: &[&str]| {
        args.iter()
            .any(|word| options.contains(&word.text.as_str()))
    };
    let first = args
        .iter()
        .map(|word| word.text.as_str())
        .find(|word| !word.starts_with('-'));
    command.is("git")
        && match first {
            Some("diff") => has(&["--exit-code", "--quiet"]),
            Some("diff-index") => true,
            Some("status") => has(&["--porcelain", "-s", "--short"]),
            _ => false,
        }
}
