//! Programs that are fetched from an address and run as they come.

use std::ops::Range;

use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::semantics::downloads::{self, Fixed, Way};
use cofferdam_workflows::shell::{Script, Shell, Word};

use crate::context::Context;
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::script_steps::{self, ScriptStep};
use crate::takeover::Takeovers;

crate::rule! {
    /// # What
    /// A script fetches a program from an address and runs it, and nothing
    /// compares it with a checksum or a signature in between.
    ///
    /// # Why
    /// Whoever decides what the server returns at that moment runs code in the
    /// job. In 2021 the script behind `bash <(curl -s https://codecov.io/bash)`
    /// was changed, and for two months it sent the environment of every job
    /// that ran it to somebody else. No pin in the workflow would have shown
    /// it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: curl -sSfL https://example.com/install.sh | bash
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: |
    ///     curl -sSfL -o tool https://example.com/v1.2.3/tool
    ///     echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  tool" | sha256sum -c
    ///     chmod +x tool
    /// ```
    ///
    /// # How it is decided
    /// The parsed script: what `curl` or `wget` prints becomes the input of a
    /// shell or an interpreter, is evaluated by one (`bash <(…)`, `eval`,
    /// `bash -c "$(…)"`), or is stored in a file that later commands run, make
    /// a program of, or unpack into a folder of programs. A comparison between
    /// the two (`sha256sum -c`, `gpg --verify`, `cosign verify-blob`, `gh
    /// attestation verify` and the like) is believed to compare the right
    /// thing. Of PowerShell only lines that fetch and evaluate at once are
    /// seen, with medium confidence; other shells are not read.
    ///
    /// The address decides with what the job holds. Whatever is served at the
    /// moment counts as a mutable tag of an action does for a script of
    /// another's repository on GitHub, and one level less for a vendor's own
    /// server, where the attacker has to take that over first; plain `http://`
    /// counts in full. An address with a version is low at most, for the owner
    /// can still replace what is there. An address with a commit on GitHub
    /// cannot change and is no finding, nor is the runner itself or this very
    /// repository. poutine's `unverified_script_exec` searches the text for
    /// `curl … | bash`; Scorecard's `Pinned-Dependencies` parses scripts too;
    /// both give every place one severity, and neither sees that a checksum is
    /// compared. zizmor has no such rule.
    ///
    /// # References
    /// - <https://about.codecov.io/security-update/>
    /// - <https://docs.github.com/en/actions/reference/security/secure-use>
    pub struct UnverifiedScript {
        id: "unverified-script",
        title: "A program is fetched and run without a comparison",
        severity: High,
        controls: [],
        peers: ["poutine/unverified_script_exec", "scorecard/Pinned-Dependencies"],
        standards: [Cwe::Cwe494, Scorecard::PinnedDependencies],
    }
}

impl Rule for UnverifiedScript {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let own = OwnName::of(cx);
        let takeovers = Takeovers::new(cx);
        for site in script_steps::of(cx) {
            for download in downloads::of_script(site.script) {
                if download.checked.is_some() {
                    continue;
                }
                let address = address(&site, &download.address);
                let found = Found {
                    address,
                    by: &download.by,
                    way: Some(download.way),
                    range: download.range,
                };
                judge(&own, &takeovers, &site, &found, out);
            }
            if site.shell() == Shell::PowerShell {
                for (address, range) in downloads::of_powershell(&site.text.value) {
                    let found = Found {
                        address,
                        by: "PowerShell",
                        way: None,
                        range,
                    };
                    judge(&own, &takeovers, &site, &found, out);
                }
            }
        }
    }
}

struct Found<'f> {
    address: String,
    by: &'f str,
    /// `None` for PowerShell, whose words alone are known.
    way: Option<Way>,
    range: Range<usize>,
}

/// The address with what constants are known to be.
fn address(site: &ScriptStep<'_>, word: &Word) -> String {
    let values = site.surroundings().values_of_word(word, site.script);
    match values.known.as_slice() {
        [only] if values.complete => only.text.clone(),
        _ => expanded(site.script, word),
    }
}

/// The word with every variable replaced that the script sets once, to a
/// constant.
fn expanded(script: &Script, word: &Word) -> String {
    let mut text = word.text.clone();
    for name in &word.variables {
        let mut set = script.assignments.iter().filter(|a| a.name == *name);
        if let (Some(only), None) = (set.next(), set.next())
            && only.value.text.contains("://")
        {
            text = text
                .replace(&format!("${{{name}}}"), &only.value.text)
                .replace(&format!("${name}"), &only.value.text);
        }
    }
    text
}

fn judge(
    own: &OwnName,
    takeovers: &Takeovers<'_>,
    site: &ScriptStep<'_>,
    found: &Found<'_>,
    out: &mut Sink,
) {
    let address = found.address.as_str();
    let fixed = downloads::fixed(address);
    let Some(host) = downloads::host(address) else {
        // What a variable names as a whole may be anything, the project's own
        // server too.
        return;
    };
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || address.starts_with("file:");
    let repository = downloads::repository(address);
    let mine = address.contains("github.repository")
        || address.contains("GITHUB_REPOSITORY")
        || repository.is_some_and(|(owner, name)| {
            own.slug() == Some(format!("{owner}/{name}").to_ascii_lowercase().as_str())
        });
    if here || mine || fixed == Fixed::Commit {
        return;
    }
    let takeover = site.takeover(takeovers);
    let familiar = repository.is_some_and(|(owner, _)| {
        let owner = owner.to_ascii_lowercase();
        matches!(owner.as_str(), "actions" | "github" | "cli") || own.owner() == Some(&owner)
    });
    let plain = address.starts_with("http://");
    let severity = match fixed {
        Fixed::Version if !plain => takeover.severity.lowered().min(Severity::Low),
        _ if familiar => takeover.severity.lowered().lowered(),
        _ if plain || repository.is_some() => takeover.severity,
        _ => takeover.severity.lowered(),
    };
    let whole = matches!(found.way, Some(Way::Piped | Way::Evaluated) | None);
    // A program that lies in a file shows in the log at least by its name.
    let severity = if whole {
        severity
    } else {
        severity.min(Severity::Medium)
    };
    let what = match found.way {
        Some(Way::Unpacked) => "takes a program out of what it fetches from",
        Some(Way::Saved) => "runs what it stores from",
        _ => "runs what it fetches from",
    };
    let shown = short(address);
    let group = match (fixed, plain) {
        (_, true) => "programs fetched without TLS",
        (Fixed::Version, _) => "programs fetched by a version and not compared with a checksum",
        _ if whole => "scripts run as a server returns them",
        _ => "programs fetched in whatever version is there, and not compared",
    };
    let who = if plain {
        format!("Whoever sits between the runner and {host}, or decides what it returns, gets")
    } else if let Some((owner, name)) = repository {
        format!("Whoever may write to {owner}/{name} gets")
    } else {
        format!("Whoever decides what {host} returns gets")
    };
    let finding = Finding::new(
        UnverifiedScript::INFO.id,
        severity,
        site.at(found.range.clone()),
        format!("{} {what} `{shown}`", site.whom()),
    )
    .why(format!("{who} {}", takeover.held))
    .fix(fix(fixed, repository.is_some()))
    .confidence(match found.way {
        None => takeover.confidence.min(Confidence::Medium),
        Some(_) => takeover.confidence,
    })
    .group(group)
    .weight(takeover.weight)
    .subject(format!("{} {} {shown}", site.subject(), found.by));
    out.report(finding);
}

fn fix(fixed: Fixed, github: bool) -> &'static str {
    match (fixed, github) {
        (Fixed::Version, _) => {
            "Compare it with a checksum that stands in the repository before it runs"
        }
        (_, true) => {
            "Name the full commit id in the address, or keep a copy of the script in the repository"
        }
        _ => {
            "Fetch one version, and compare it with a checksum that stands in the repository \
             before it runs"
        }
    }
}

/// The address without what may be long or secret.
fn short(address: &str) -> String {
    let plain = address.split(['?', '#']).next().unwrap_or(address);
    plain
        .chars()
        .filter(|c| !c.is_control())
        .take(120)
        .collect()
}
