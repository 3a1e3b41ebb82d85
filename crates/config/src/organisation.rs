//! A repository's file under its organisation's: what holds, and what the
//! repository may not do.

use cofferdam_facts::Span;
use cofferdam_facts::Timestamp;
use cofferdam_findings::{Finding, Severity, Threshold};
use sha2::{Digest, Sha256};

use crate::config::{Config, Exemption, Floor, RuleSetting};
use crate::pages;

/// Whether bytes have a SHA-256, given in lower-case hexadecimal.
#[must_use]
pub fn is_digest_of(sha256: &str, bytes: &[u8]) -> bool {
    digest(bytes) == sha256
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whose words hold: those of a repository, under those of its organisation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judge<'c> {
    /// The repository's file.
    pub repository: Option<&'c Config>,
    /// The organisation's file.
    pub organisation: Option<&'c Config>,
}

static NO_FLOOR: Floor = Floor {
    fail_on: None,
    rules: Vec::new(),
    longest_exemption: None,
    no_comments: false,
    no_baseline: false,
};

/// The threshold where nobody says anything.
pub const DEFAULT: Threshold = Threshold(Some(Severity::High));

impl<'c> Judge<'c> {
    /// What no repository can loosen.
    #[must_use]
    pub fn floor(&self) -> &'c Floor {
        self.organisation.map_or(&NO_FLOOR, |config| &config.floor)
    }

    /// The lowest severity that fails: what the command line asks for, else the
    /// repository, else the organisation; never looser than the floor.
    #[must_use]
    pub fn threshold(&self, asked: Option<Threshold>) -> Threshold {
        let said = |config: Option<&Config>| {
            config.and_then(|c| c.fail_on.as_ref().map(|word| word.value))
        };
        let wanted = asked
            .or_else(|| said(self.repository))
            .or_else(|| said(self.organisation))
            .unwrap_or(DEFAULT);
        match self.floor().fail_on {
            Some(floor) => wanted.stricter(floor),
            None => wanted,
        }
    }

    /// The facts that must be known.
    pub fn required(&self) -> impl Iterator<Item = &'c str> {
        [self.repository, self.organisation]
            .into_iter()
            .flatten()
            .flat_map(|config| config.require.iter().map(|text| text.value.as_str()))
    }

    /// Whether no repository can silence a rule.
    #[must_use]
    pub fn is_locked(&self, rule: &str) -> bool {
        self.floor().rules.iter().any(|locked| locked == rule)
    }

    /// Whether comments of ours count.
    #[must_use]
    pub fn takes_comments(&self) -> bool {
        !self.floor().no_comments && self.flag(|config| config.ignore_comments.as_ref())
    }

    /// Whether comments for zizmor count.
    #[must_use]
    pub fn takes_zizmor_comments(&self) -> bool {
        !self.floor().no_comments && self.flag(|config| config.zizmor_comments.as_ref())
    }

    fn flag(&self, of: impl Fn(&Config) -> Option<&cofferdam_facts::Spanned<bool>>) -> bool {
        [self.repository, self.organisation]
            .into_iter()
            .flatten()
            .find_map(|config| of(config).map(|flag| flag.value))
            .unwrap_or(true)
    }

    /// Every setting of a rule, the organisation's first, with its file.
    pub(crate) fn settings(
        &self,
        rule: &str,
    ) -> impl Iterator<Item = (&'c Config, &'c RuleSetting)> {
        [self.organisation, self.repository]
            .into_iter()
            .flatten()
            .flat_map(move |config| {
                let of = config
                    .rules
                    .iter()
                    .filter(move |setting| setting.rule == rule);
                of.map(move |setting| (config, setting))
            })
    }

    /// The severity of a finding, and who changed it.
    pub(crate) fn severity(
        &self,
        rule: &str,
        own: Severity,
    ) -> Option<(Severity, &'c Config, &'c RuleSetting)> {
        let mut changed = None;
        let mut least = self.is_locked(rule).then_some(own);
        for (config, setting) in self.settings(rule) {
            let Some(severity) = setting.severity else {
                continue;
            };
            let of_organisation =
                (self.organisation).is_some_and(|organisation| std::ptr::eq(organisation, config));
            if of_organisation || least.is_none_or(|least| severity >= least) {
                changed = Some((severity, config, setting));
                least = Some(severity);
            }
        }
        changed
    }

    /// Whether an exemption of the repository lasts longer than it may.
    pub(crate) fn is_too_long(&self, exemption: &Exemption, now: Timestamp) -> bool {
        self.floor()
            .longest_exemption
            .is_some_and(|days| exemption.expires > now.plus_days(days))
    }

    /// Everything in the repository's file that is looser than the floor.
    #[must_use]
    pub fn loosened(&self, now: Timestamp) -> Vec<Finding> {
        let (Some(config), Some(organisation)) = (self.repository, self.organisation) else {
            return Vec::new();
        };
        let floor = self.floor();
        let mut found = Vec::new();
        let mut say = |span: Span, what: String, subject: String| {
            found.push(finding(config, organisation, span, &what, subject));
        };
        if let (Some(own), Some(least)) = (&config.fail_on, floor.fail_on)
            && own.value.stricter(least) != own.value
        {
            let what = format!(
                "`fail-on` is {}, looser than {}",
                own.value.word(),
                least.word()
            );
            say(own.span, what, "fail-on".to_owned());
        }
        if let (Some(own), true) = (&config.baseline, floor.no_baseline) {
            say(
                own.span,
                "there is a baseline".to_owned(),
                "baseline".to_owned(),
            );
        }
        for setting in &config.rules {
            let silences = setting.off || !setting.exclude.is_empty();
            if silences && self.is_locked(&setting.rule) {
                let what = format!("`{}` is silenced", setting.rule);
                say(setting.span, what, format!("rules.{}", setting.rule));
            }
            let of_organisation = (organisation.rules.iter())
                .find(|other| other.rule == setting.rule)
                .and_then(|other| other.severity);
            if let (Some(own), Some(least)) = (setting.severity, of_organisation)
                && own < least
            {
                let what = format!("the severity of `{}` is {own}, below {least}", setting.rule);
                say(
                    setting.span,
                    what,
                    format!("rules.{}.severity", setting.rule),
                );
            }
        }
        for exemption in &config.exempt {
            for rule in exemption.rules.iter().filter(|rule| self.is_locked(rule)) {
                let what = format!("`{rule}` is exempted");
                say(exemption.span, what, format!("exempt {rule}"));
            }
            if self.is_too_long(exemption, now) {
                let days = floor.longest_exemption.unwrap_or_default();
                let until = exemption.expires.date();
                let what = format!("an exemption lasts until {until}, more than {days} days ahead");
                say(
                    exemption.span,
                    what,
                    format!("exempt {}", exemption.title()),
                );
            }
        }
        found
    }
}

fn finding(
    config: &Config,
    organisation: &Config,
    span: Span,
    what: &str,
    subject: String,
) -> Finding {
    Finding::new(
        pages::LOOSENED.id,
        Severity::Medium,
        config.file.locate(span),
        format!("{what}, which the organisation does not allow"),
    )
    .why(format!(
        "It does nothing: the floor in {} holds",
        organisation.file.path()
    ))
    .fix("Remove it, or ask for the floor to be changed")
    .subject(subject)
}
