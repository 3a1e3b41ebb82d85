//! Releases built from other versions than the lockfile names.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::repository::Tree;
use cofferdam_workflows::shell::Command;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::steps;

crate::rule! {
    /// # What
    /// A job that publishes installs dependencies by a command that may take
    /// other versions than the lockfile names.
    ///
    /// # Why
    /// The lockfile is what was reviewed and tested. A release that resolves
    /// anew can hold a version that appeared an hour ago.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: npm install
    /// - run: npm publish
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: npm ci
    /// - run: npm publish
    /// ```
    ///
    /// # How it is decided
    /// Only jobs that publish are looked at, and only commands that install
    /// the whole project: `npm install` and `composer update` beside a
    /// lockfile, `pip install -r` without `--require-hashes`, `cargo build`
    /// without `--locked`, `go get -u`. Always informational: each of them
    /// uses the lockfile as long as it fits the manifest. Packages that are
    /// named in the command are another matter, as are tools.
    ///
    /// # References
    /// - <https://docs.npmjs.com/cli/commands/npm-ci>
    /// - <https://doc.rust-lang.org/cargo/commands/cargo-build.html#manifest-options>
    /// - <https://pip.pypa.io/en/stable/topics/secure-installs/>
    pub struct LockfileBypass {
        id: "lockfile-bypass",
        title: "A release may be built from other versions than the lockfile names",
        severity: Info,
        controls: [],
        standards: [Cwe::Cwe494, Osps::Br0501],
    }
}

impl Rule for LockfileBypass {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let locks = Locks::new(&cx.repository.tree);
        for site in steps::of(cx) {
            if site.job.publishes().next().is_none() {
                continue;
            }
            for command in site.commands() {
                let Some((written, instead)) = bypass(command, &locks) else {
                    continue;
                };
                let job = site.job.job.name();
                out.report(
                    Finding::new(
                        Self::INFO.id,
                        Severity::Info,
                        site.at_command(command),
                        format!("job `{job}` publishes and runs `{written}`"),
                    )
                    .why("The release can hold versions that nobody has tested or reviewed")
                    .fix(format!("Run `{instead}`"))
                    .subject(format!("{}/{written}", site.subject()))
                    .group(
                        "releases that may be built from other versions than the lockfile names",
                    ),
                );
            }
        }
    }
}

/// The lockfiles that are there, looked for once.
struct Locks {
    npm: bool,
    composer: bool,
    cargo: bool,
}

impl Locks {
    fn new(tree: &Tree) -> Self {
        let mut locks = Self {
            npm: false,
            composer: false,
            cargo: tree.has("Cargo.lock"),
        };
        for path in tree.iter() {
            match path.rsplit('/').next() {
                Some("package-lock.json" | "npm-shrinkwrap.json") => locks.npm = true,
                Some("composer.lock") => locks.composer = true,
                _ => {}
            }
        }
        locks
    }
}

/// The command in short, and the one that keeps to the lockfile.
fn bypass(command: &Command, locks: &Locks) -> Option<(&'static str, &'static str)> {
    let (_, args) = command.effective();
    let has = |options: &[&str]| {
        args.iter()
            .any(|word| options.contains(&word.text.as_str()))
    };
    let mut plain = args
        .iter()
        .map(|word| word.text.as_str())
        .filter(|word| !word.starts_with('-'));
    let verb = plain.next()?;
    let alone = plain.next().is_none();
    if command.is("npm") {
        let whole = matches!(verb, "install" | "i") && alone && !has(&["-g", "--global"]);
        return (whole && locks.npm).then_some(("npm install", "npm ci"));
    }
    if command.is("composer") {
        return (verb == "update" && locks.composer)
            .then_some(("composer update", "composer install"));
    }
    if command.is("pip") || command.is("pip3") {
        let list = verb == "install" && has(&["-r", "--requirement"]);
        return (list && !has(&["--require-hashes"])).then_some((
            "pip install -r",
            "pip install --require-hashes -r requirements.txt",
        ));
    }
    if command.is("cargo") {
        let verb = args
            .iter()
            .map(|w| w.text.as_str())
            .find(|w| !w.starts_with('+') && !w.starts_with('-'))?;
        let kept = has(&["--locked", "--frozen", "--offline"]);
        return (verb == "build" && !kept && locks.cargo)
            .then_some(("cargo build", "cargo build --locked"));
    }
    let raised = command.is("go") && verb == "get" && has(&["-u", "-u=patch"]);
    raised.then_some(("go get -u", "go build -mod=readonly"))
}
