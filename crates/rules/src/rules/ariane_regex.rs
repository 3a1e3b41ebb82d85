//! Patterns of Ariane's triggers that match more than they say.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Ariane;
use cofferdam_workflows::documents::ariane::AllowedTeams;

use crate::context::Context;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A trigger of Ariane holds a `|` outside of all groups.
    ///
    /// # Why
    /// Ariane puts `^` before and `$` behind the pattern without a group around
    /// it. `/test|/smoke` then means "begins with `/test`, or ends with
    /// `/smoke`": `/tested yesterday, fine` is a command, and so is a reply that
    /// quotes one in its last words.
    ///
    /// # Vulnerable
    /// ```yaml
    /// triggers:
    ///   /test|/smoke:
    ///     workflows: [smoke.yaml]
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// triggers:
    ///   (?:/test|/smoke):
    ///     workflows: [smoke.yaml]
    /// ```
    ///
    /// # How it is decided
    /// The pattern is read as Go's regular expressions are: escapes, classes and
    /// groups are told apart. It is low where only members of teams give
    /// commands, and medium where anybody does. No other tool reads this file.
    ///
    /// # References
    /// - <https://github.com/cilium/ariane#readme>
    /// - <https://pkg.go.dev/regexp/syntax>
    pub struct ArianeRegex {
        id: "ariane-regex",
        title: "A comment trigger matches more than it says",
        severity: Medium,
        controls: [T1],
        standards: [Cwe::Cwe625],
    }
}

impl Rule for ArianeRegex {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for ariane in &cx.repository.ariane {
            check(ariane, out);
        }
    }
}

fn check(ariane: &Ariane, out: &mut Sink) {
    let severity = match ariane.allowed_teams {
        AllowedTeams::Listed(_) => Severity::Low,
        AllowedTeams::Empty(_) | AllowedTeams::Missing => Severity::Medium,
    };
    let mut good = None;
    for trigger in &ariane.triggers {
        let Some(bar) = trigger.alternations.first() else {
            good = Some(ariane.file().locate(trigger.pattern.span));
            continue;
        };
        let pattern = &trigger.pattern.value;
        out.report(
            Finding::new(
                ArianeRegex::INFO.id,
                severity,
                ariane.file().locate(*bar),
                format!("the alternatives of `{pattern}` have no group around them"),
            )
            .why("A comment that only begins or ends like the command starts the workflows too")
            .fix(format!("Write `(?:{pattern})`"))
            .subject(format!("triggers.{pattern}"))
            .group("triggers whose alternatives have no group"),
        );
    }
    if let Some(place) = good {
        out.satisfied(Control::T1, place, "commands have to match as a whole");
    }
}
