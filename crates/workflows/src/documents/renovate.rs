//! Renovate's configuration: which dependencies it looks after, how long it
//! waits, and what it pins.
//!
//! Source: Renovate documentation, "Configuration Options", "Minimum Release
//! Age" and "Config Presets". Waiting is only as good as the datasource: where
//! a release has no time stamp, and for digests of an unchanged tag, Renovate
//! cannot wait.

mod matching;
mod presets;

use cofferdam_facts::{SourceFile, Span, Spanned};

use self::matching::Reach;
use self::presets::{Preset, PresetRule};
use super::json5::{self, Value};
use super::problem::{Problem, ProblemKind};

/// Where Renovate looks, in this order; the first file found is the only one
/// used. `package.json` counts if it has the key `renovate`.
pub const PLACES: [&str; 10] = [
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    "package.json",
];

/// Managers that do nothing unless they are enabled.
const OPT_IN_MANAGERS: [&str; 4] = ["azure-pipelines", "git-submodules", "nix", "pre-commit"];

/// Blocks that hold settings for one kind of update.
const UPDATE_BLOCKS: [&str; 9] = [
    "bump",
    "digest",
    "lockFileMaintenance",
    "major",
    "minor",
    "patch",
    "pin",
    "pinDigest",
    "replacement",
];

/// The file among `paths` that Renovate uses; a `package.json` is one of them
/// only if it holds a configuration.
#[must_use]
pub fn effective<'p>(paths: impl IntoIterator<Item = &'p str>) -> Option<&'p str> {
    let rank = |path: &str| PLACES.iter().position(|place| *place == path);
    paths
        .into_iter()
        .filter(|path| rank(path).is_some())
        .min_by_key(|path| rank(path))
}

/// A configuration of Renovate as far as it was understood.
#[derive(Clone, Debug)]
pub struct Renovate {
    file: SourceFile,
    root: Option<Value>,
    problems: Vec<Problem>,
    /// Everything under `extends`, in order.
    pub extends: Vec<Extended>,
    /// What presets say, before the file itself has its say.
    inherited: Vec<Inherited>,
}

/// One item of `extends`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended {
    /// The name with its arguments.
    pub name: Spanned<String>,
    /// Whether it is known what it says. What is not known can say anything.
    pub known: bool,
}

/// What one preset says, and the item of `extends` that brought it.
#[derive(Clone, Copy, Debug)]
struct Inherited {
    preset: Preset,
    span: Span,
}

/// How long the updates of one manager wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// Days, rounded down, for all updates but the exceptions; 0 if they do
    /// not wait.
    pub days: u64,
    /// Where that is said; `None` if nothing is said.
    pub span: Option<Span>,
    /// Some updates wait for another time than the rest.
    pub exceptions: Vec<Exception>,
    /// Presets that are not known and may say otherwise.
    pub unknown: Vec<Spanned<String>>,
    /// `internalChecksFilter` is `none`: updates are proposed at once, with a
    /// pending check.
    pub proposes_at_once: bool,
    /// Where `minimumReleaseAgeBehaviour` is `timestamp-optional`: releases of
    /// which the registry does not tell the age do not wait.
    pub timestamp_optional: Option<Span>,
    /// Where something stands that may shorten the wait of more than packages
    /// that are named one by one, in a way that is not followed.
    pub doubtful: Option<Span>,
}

/// Some updates, and how long they wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Days, rounded down.
    pub days: u64,
    /// Where it is said.
    pub span: Span,
}

impl Cooldown {
    /// The shortest time that anything waits, by what is known.
    #[must_use]
    pub fn shortest(&self) -> u64 {
        let exceptions = self.exceptions.iter().map(|exception| exception.days);
        exceptions.chain([self.days]).min().unwrap_or(self.days)
    }
}

/// A setting of one manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The value for all dependencies but the exceptions.
    pub on: bool,
    /// Where it is said; `None` for the default.
    pub span: Option<Span>,
    /// Where something else is said of some dependencies.
    pub exceptions: Vec<Span>,
    /// Presets that are not known and may say otherwise.
    pub unknown: Vec<Spanned<String>>,
}

impl Renovate {
    /// Reads the file at one of [`PLACES`]; `None` for a `package.json` without
    /// a configuration.
    #[must_use]
    pub fn read(file: SourceFile) -> Option<Self> {
        if file.path() == "package.json" {
            Self::in_package_json(file)
        } else {
            Some(Self::parse(file))
        }
    }

    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        match json5::parse(&file) {
            Ok(root) => Self::of(file, Some(root), Vec::new()),
            Err(problem) => Self::of(file, None, vec![problem]),
        }
    }

    /// Reads the configuration in a `package.json`; `None` if it has none.
    /// A `package.json` that is no JSON has none that Renovate could read.
    #[must_use]
    pub fn in_package_json(file: SourceFile) -> Option<Self> {
        let root = json5::parse(&file).ok()?;
        let config = root.get("renovate")?.clone();
        Some(Self::of(file, Some(config), Vec::new()))
    }

    fn of(file: SourceFile, root: Option<Value>, mut problems: Vec<Problem>) -> Self {
        let mut extends = Vec::new();
        let mut inherited = Vec::new();
        if let Some(root) = &root {
            if !matches!(root.kind, json5::ValueKind::Object(_)) {
                let message = "the configuration must be an object";
                problems.push(Problem::new(ProblemKind::WrongType, root.span, message));
            }
            let ignored = matching::texts(root, "ignorePresets");
            for item in root.get("extends").map_or(&[][..], Value::items) {
                let Some(name) = item.as_str() else { continue };
                let known = inherit(name, item.span, &ignored, &mut inherited, 0);
                extends.push(Extended {
                    name: Spanned::new(name.to_owned(), item.span),
                    known,
                });
            }
        }
        Self {
            file,
            root,
            problems,
            extends,
            inherited,
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// What was not understood.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The configuration as it stands.
    #[must_use]
    pub fn root(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// The presets of which it is not known what they say.
    #[must_use]
    pub fn unknown_presets(&self) -> Vec<Spanned<String>> {
        let unknown = self.extends.iter().filter(|extended| !extended.known);
        unknown.map(|extended| extended.name.clone()).collect()
    }

    fn at(&self, key: &str) -> Option<&Value> {
        self.root.as_ref()?.get(key)
    }

    /// The package rules of the file itself, in order.
    fn rules(&self) -> &[Value] {
        self.at("packageRules").map_or(&[], Value::items)
    }

    fn preset_rules(&self) -> impl Iterator<Item = (&'static PresetRule, Span)> {
        self.inherited.iter().flat_map(|inherited| {
            let rules: &'static [PresetRule] = match inherited.preset {
                Preset::Rules(rules) => rules,
                _ => &[],
            };
            let span = inherited.span;
            rules.iter().map(move |rule| (rule, span))
        })
    }

    /// How long updates of a manager (`npm`, `gomod`, `github-actions`) wait.
    #[must_use]
    pub fn cooldown(&self, manager: &str) -> Cooldown {
        let mut cooldown = Cooldown {
            days: 0,
            span: None,
            exceptions: Vec::new(),
            unknown: self.unknown_presets(),
            proposes_at_once: self
                .at("internalChecksFilter")
                .and_then(Value::as_str)
                .is_some_and(|filter| filter == "none"),
            timestamp_optional: self.timestamp_optional(manager),
            doubtful: None,
        };
        let mut doubtful = self.overriding();
        let mut say = |reach: Reach, days: u64, span: Span| match reach {
            Reach::None => {}
            Reach::Part if days == cooldown.days => {}
            Reach::Part => cooldown.exceptions.push(Exception { days, span }),
            Reach::Whole => {
                cooldown.days = days;
                cooldown.span = Some(span);
                cooldown.exceptions.clear();
            }
        };
        let blocks = [self.root.as_ref(), self.at(manager)];
        for block in blocks.into_iter().flatten() {
            if let Some((days, span)) = age(block) {
                say(Reach::Whole, days, span);
            }
        }
        for name in UPDATE_BLOCKS {
            if let Some((days, span)) = self.at(name).and_then(age) {
                say(Reach::Part, days, span);
            }
        }
        for (rule, span) in self.preset_rules() {
            if let Some(days) = rule.age_days {
                say(preset_reach(rule, manager), days, span);
            }
        }
        for rule in self.rules() {
            if let Some((days, span)) = age(rule) {
                let reach = matching::of_rule(rule, manager, &matching::VERSIONS);
                if reach == Reach::Part && days == 0 && !names_packages(rule) {
                    doubtful = doubtful.or(Some(span));
                }
                say(reach, days, span);
            } else if let Some(value) = rule.get("minimumReleaseAge") {
                // A time that is not understood.
                doubtful = doubtful.or(Some(value.span));
            }
        }
        cooldown.doubtful = doubtful;
        cooldown
    }

    // `force` wins over everything; `ignorePaths` can leave every file out.
    fn overriding(&self) -> Option<Span> {
        let force = self.at("force").and_then(|force| {
            let keys = ["minimumReleaseAge", "packageRules", "enabled", "extends"];
            keys.iter().find_map(|key| Some(force.get(key)?.span))
        });
        let everything = |path: &&Value| {
            let text = path.as_str().unwrap_or_default();
            let mut named = text
                .split('/')
                .filter(|part| !part.is_empty() && *part != ".");
            named.clone().all(|part| part.chars().all(|c| c == '*'))
                || named.next() == Some(".github")
        };
        let ignored = self.at("ignorePaths").map_or(&[][..], Value::items);
        force.or_else(|| Some(ignored.iter().find(everything)?.span))
    }

    fn timestamp_optional(&self, manager: &str) -> Option<Span> {
        let blocks = [self.root.as_ref(), self.at(manager)].into_iter().flatten();
        let rules = self
            .rules()
            .iter()
            .filter(|rule| matching::of_rule(rule, manager, &matching::VERSIONS) != Reach::None);
        let optional = |block: &Value| {
            let value = block.get("minimumReleaseAgeBehaviour")?;
            (value.as_str() == Some("timestamp-optional")).then_some(value.span)
        };
        blocks.chain(rules).find_map(optional)
    }

    /// Whether the digests of a manager's dependencies are pinned.
    #[must_use]
    pub fn pins_digests(&self, manager: &str) -> Switch {
        let mut switch = self.switch(false);
        for inherited in &self.inherited {
            if let Preset::PinDigests(on) = inherited.preset {
                switch.say(Reach::Whole, on, inherited.span);
            }
        }
        self.blocks("pinDigests", manager, &mut switch);
        for (rule, span) in self.preset_rules() {
            if let Some(on) = rule.pin_digests {
                switch.say(preset_reach(rule, manager), on, span);
            }
        }
        self.own_rules("pinDigests", manager, &mut switch);
        switch
    }

    /// Whether Renovate updates a manager's dependencies. Fixes of known
    /// vulnerabilities are apart: see [`Self::vulnerability_alerts`].
    #[must_use]
    pub fn updates(&self, manager: &str) -> Switch {
        let mut switch = self.switch(!OPT_IN_MANAGERS.contains(&manager));
        let mut security_only = None;
        for inherited in &self.inherited {
            match inherited.preset {
                Preset::Enabled(on) => switch.say(Reach::Whole, on, inherited.span),
                Preset::Managers(names, on) if names.contains(&manager) => {
                    switch.say(Reach::Whole, on, inherited.span);
                }
                Preset::SecurityOnly => security_only = Some(inherited.span),
                _ => {}
            }
        }
        self.blocks("enabled", manager, &mut switch);
        if let Some(managers) = self.at("enabledManagers") {
            let listed = managers
                .items()
                .iter()
                .any(|name| name.as_str() == Some(manager));
            if !listed {
                switch.say(Reach::Whole, false, managers.span);
                return switch;
            }
        }
        if self.at("enabled").and_then(Value::as_bool) == Some(false) {
            return switch;
        }
        if let Some(span) = security_only {
            switch.say(Reach::Whole, false, span);
        }
        for (rule, span) in self.preset_rules() {
            if let Some(on) = rule.enabled {
                switch.say(preset_reach(rule, manager), on, span);
            }
        }
        self.own_rules("enabled", manager, &mut switch);
        switch
    }

    /// The managers of `enabledManagers`; `None` if all are enabled that are
    /// not turned off one by one.
    #[must_use]
    pub fn enabled_managers(&self) -> Option<Vec<Spanned<String>>> {
        let list = self.at("enabledManagers")?.items().iter();
        let name = |item: &Value| Some(Spanned::new(item.as_str()?.to_owned(), item.span));
        Some(list.filter_map(name).collect())
    }

    /// `vulnerabilityAlerts`: whether known vulnerabilities are fixed at once.
    /// On by default, and only where GitHub's alerts are on for the repository.
    #[must_use]
    pub fn vulnerability_alerts(&self) -> Switch {
        let mut switch = self.switch(true);
        for inherited in &self.inherited {
            match inherited.preset {
                Preset::VulnerabilityAlerts(on) => switch.say(Reach::Whole, on, inherited.span),
                Preset::SecurityOnly => switch.say(Reach::Whole, true, inherited.span),
                _ => {}
            }
        }
        if let Some(enabled) = self
            .at("vulnerabilityAlerts")
            .and_then(|v| v.get("enabled"))
            && let Some(on) = enabled.as_bool()
        {
            switch.say(Reach::Whole, on, enabled.span);
        }
        switch
    }

    /// `osvVulnerabilityAlerts`: whether OSV is asked too. Off by default.
    #[must_use]
    pub fn osv_vulnerability_alerts(&self) -> Switch {
        let mut switch = self.switch(false);
        for inherited in &self.inherited {
            if matches!(inherited.preset, Preset::SecurityOnly) {
                switch.say(Reach::Whole, true, inherited.span);
            }
        }
        if let Some(value) = self.at("osvVulnerabilityAlerts")
            && let Some(on) = value.as_bool()
        {
            switch.say(Reach::Whole, on, value.span);
        }
        switch
    }

    fn switch(&self, on: bool) -> Switch {
        Switch {
            on,
            span: None,
            exceptions: Vec::new(),
            unknown: self.unknown_presets(),
        }
    }

    fn blocks(&self, key: &str, manager: &str, switch: &mut Switch) {
        for block in [self.root.as_ref(), self.at(manager)].into_iter().flatten() {
            if let Some(value) = block.get(key)
                && let Some(on) = value.as_bool()
            {
                switch.say(Reach::Whole, on, value.span);
            }
        }
        for name in UPDATE_BLOCKS {
            if let Some(value) = self.at(name).and_then(|block| block.get(key))
                && let Some(on) = value.as_bool()
                // Maintenance and replacement are no version updates.
                && !matches!(name, "lockFileMaintenance" | "replacement")
            {
                switch.say(Reach::Part, on, value.span);
            }
        }
    }

    fn own_rules(&self, key: &str, manager: &str, switch: &mut Switch) {
        for rule in self.rules() {
            if let Some(value) = rule.get(key)
                && let Some(on) = value.as_bool()
            {
                switch.say(
                    matching::of_rule(rule, manager, &matching::CONTENTS),
                    on,
                    value.span,
                );
            }
        }
    }
}

impl Switch {
    fn say(&mut self, reach: Reach, on: bool, span: Span) {
        match reach {
            Reach::None => {}
            Reach::Part if on == self.on => {}
            Reach::Part => self.exceptions.push(span),
            Reach::Whole => {
                self.on = on;
                self.span = Some(span);
                self.exceptions.clear();
            }
        }
    }
}

// Whether a rule is about packages that it names, as those of its own project.
fn names_packages(rule: &Value) -> bool {
    let named = |name: &Value| {
        name.as_str().is_some_and(|name| {
            !name.starts_with(['/', '!']) && name.chars().any(char::is_alphanumeric)
        })
    };
    ["matchPackageNames", "matchDepNames"].iter().any(|key| {
        let names = rule.get(key).map_or(&[][..], Value::items);
        !names.is_empty() && names.iter().all(named)
    })
}

fn preset_reach(rule: &PresetRule, manager: &str) -> Reach {
    let reach = matching::of_lists(rule.managers, rule.datasources, rule.dep_types, manager);
    if rule.narrow {
        reach.min(Reach::Part)
    } else {
        reach
    }
}

/// Adds what a preset says; gives whether all of it is known.
fn inherit(
    name: &str,
    span: Span,
    ignored: &[&str],
    inherited: &mut Vec<Inherited>,
    depth: usize,
) -> bool {
    if ignored.contains(&name) {
        return true;
    }
    match presets::preset(name) {
        None => false,
        // The presets here nest twice; more would be a mistake in the table.
        Some(Preset::Extends(_)) if depth > 4 => false,
        Some(Preset::Extends(names)) => {
            let mut known = true;
            for name in names {
                known &= inherit(name, span, ignored, inherited, depth + 1);
            }
            known
        }
        Some(preset) => {
            inherited.push(Inherited { preset, span });
            true
        }
    }
}

/// The waiting time that a block sets, in days, with its place.
fn age(block: &Value) -> Option<(u64, Span)> {
    if let Some(value) = block.get("minimumReleaseAge") {
        let days = match value.as_str() {
            Some(text) => duration_days(text)?,
            None if value.is_null() => 0,
            None => return None,
        };
        return Some((days, value.span));
    }
    // The older name of the option, in days.
    let value = block.get("stabilityDays")?;
    let days = value.as_number().filter(|days| *days >= 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that does not fit becomes the nearest number that does"
    )]
    let days = days as u64;
    Some((days, value.span))
}

/// `3 days`, `1 week`, `1 day 12 hours`, `72h` in whole days, rounded down.
fn duration_days(text: &str) -> Option<u64> {
    let mut minutes = 0.0_f64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let unit = rest.get(..letters)?.to_ascii_lowercase();
        rest = rest.get(letters..)?.trim_start_matches([' ', ',']);
        let length = match unit.as_str() {
            "m" | "min" | "mins" | "minute" | "minutes" => 1.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 60.0,
            "d" | "day" | "days" => 24.0 * 60.0,
            "w" | "week" | "weeks" => 7.0 * 24.0 * 60.0,
            "month" | "months" => 30.0 * 24.0 * 60.0,
            "y" | "yr" | "year" | "years" => 365.0 * 24.0 * 60.0,
            _ => return None,
        };
        minutes += number * length;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that does not fit becomes the nearest number that does"
    )]
    let days = (minutes / (24.0 * 60.0)) as u64;
    Some(days)
}

#[cfg(test)]
mod tests;
