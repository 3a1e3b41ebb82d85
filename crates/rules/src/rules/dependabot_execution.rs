//! Dependabot that runs the code of what it updates.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};

use crate::context::Context;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// An entry of `dependabot.yml` sets `insecure-external-code-execution:
    /// allow`, so that manifests and packages run their own code on the
    /// updater.
    ///
    /// # Why
    /// What runs there stands beside the credentials of the private registries
    /// that the entry may use. A hijacked package takes them at the next
    /// update, before anybody has merged anything.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - package-ecosystem: bundler
    ///   directory: /
    ///   schedule: {interval: daily}
    ///   insecure-external-code-execution: allow
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - package-ecosystem: bundler
    ///   directory: /
    ///   schedule: {interval: daily}
    ///   insecure-external-code-execution: deny
    /// ```
    ///
    /// # How it is decided
    /// Medium where the entry names registries, for their credentials are then
    /// in reach; low where it names none. Where nothing is said nothing is
    /// reported: an entry that names registries denies by default. zizmor's
    /// `dependabot-execution` gives both the same severity.
    ///
    /// # References
    /// - <https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference#insecure-external-code-execution->
    pub struct DependabotExecution {
        id: "dependabot-execution",
        title: "Dependabot runs the code of what it updates",
        severity: Medium,
        controls: [C4],
        peers: ["zizmor/dependabot-execution"],
        standards: [Cwe::Cwe829, StepSecurity::EnvironmentSecrets],
    }
}

impl Rule for DependabotExecution {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for file in &cx.repository.dependabot {
            for update in &file.updates {
                let Some(setting) = &update.insecure_code_execution else {
                    continue;
                };
                if setting.value != "allow" {
                    continue;
                }
                let name = update.ecosystem.as_ref().map_or("", |e| e.value.as_str());
                let used: Vec<_> = update.registries.iter().map(|r| r.value.as_str()).collect();
                let (severity, controls, why) = if used.is_empty() {
                    let why = "A hijacked package runs on the updater and chooses what the pull request says";
                    (Severity::Low, &[][..], why.to_owned())
                } else {
                    let held = match used.as_slice() {
                        ["*"] => "every private registry of the file".to_owned(),
                        names => format!("the registries {}", names.join(", ")),
                    };
                    let why = format!("A hijacked package takes the credentials of {held}");
                    (Severity::Medium, &[Control::C4][..], why)
                };
                out.report_against(
                    controls,
                    Finding::new(
                        Self::INFO.id,
                        severity,
                        file.file().locate(setting.span),
                        format!("updates of `{name}` run the code of packages"),
                    )
                    .why(why)
                    .fix("Set `insecure-external-code-execution: deny`, or take it out")
                    .subject(format!("dependabot/{name}/execution"))
                    .group("Dependabot entries that run the code of packages"),
                );
            }
        }
    }
}
