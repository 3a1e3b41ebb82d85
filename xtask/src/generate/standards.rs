//! `docs/standards.md`: rules, controls and requirements, each way.

use std::fmt::Write as _;

use cofferdam_findings::RuleInfo;
use cofferdam_findings::standards::{Decided, Entry, Requirement, Standard};
use cofferdam_rules::peers::{PEERS, Peer};
use cofferdam_rules::uncovered::UNCOVERED;

use super::NOTE;

/// The whole page.
pub(super) fn page(rules: &[&RuleInfo]) -> String {
    let mut text = format!("{NOTE}\n{INTRODUCTION}");
    for &standard in Standard::OF_PROJECTS {
        text += &requirements(standard, rules);
    }
    text += "## Rules by standard\n\nWhat each rule speaks about. A rule that is not listed \
             speaks about none of them.\n\n";
    text += &by_standard(rules);
    text += "\n## Rules by peer\n\nRules of other scanners that look for the same, by the ids \
             that they give them. Each rule's page says how ours differs. Of CodeQL these are \
             names of queries, of gato-x kinds of result.\n\n";
    text += &by_peer(rules);
    text += "\n### What others look for and no rule here does\n\n";
    text += &without_rule();
    text += "\n### How many rules of each peer are covered\n\n";
    for peer in PEERS {
        text += &uncovered(peer, rules);
    }
    text
}

/// Everything without a rule, and why.
fn without_rule() -> String {
    let mut text = "| finds | who looks | reason | why, and what to do in its place |\n\
                    |---|---|---|---|\n"
        .to_owned();
    for one in UNCOVERED {
        let mut who: Vec<String> = one.peers.iter().map(|id| format!("`{id}`")).collect();
        if !one.also.is_empty() {
            who.push(one.also.to_owned());
        }
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            one.finds,
            who.join(", "),
            one.because.word(),
            one.why
        );
    }
    text += "\nChecks of Scorecard that have no rule stand above, under [OpenSSF \
             Scorecard](#openssf-scorecard-checks-of-august-2026), each with what it would take.\n";
    text
}

const INTRODUCTION: &str = "# Standards\n\n\
`cofferdam audit --against slsa|scorecard|osps|stepsecurity` holds an audit against a standard and \
lists every requirement of it:\n\n\
| status | means |\n|---|---|\n\
| met | everything that speaks about it was seen, and holds |\n\
| partly met | a part of it holds; the rest does not, or cannot be seen |\n\
| not met | what was seen speaks against it |\n\
| not checked | something that is needed to tell was not looked at; this is never met |\n\
| not applicable | the project has nothing that it speaks about |\n\
| outside | no audit of a checkout and settings can tell |\n\n\
The status follows from the controls that speak about the requirement, and from findings of the \
rules behind it. A silenced finding counts: silence does not meet a requirement. Findings and exit \
code of the audit stay what they are. The view is written in the formats `human`, `json` and \
`markdown`; SARIF carries the CWE numbers of every rule as a taxonomy, whatever is asked for.\n\n\
Titles are short words of our own, the ids those of the standard.\n\n";

/// A table of every requirement.
fn requirements(standard: Standard, rules: &[&RuleInfo]) -> String {
    let mut text = format!(
        "## {}\n\n<{}>. {}\n\n| requirement | asks for | level | decided by |\n|---|---|---|---|\n",
        standard.edition(),
        standard.home(),
        standard.remark()
    );
    for requirement in standard.requirements() {
        let entry = requirement.entry();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            entry.id,
            entry.title,
            entry.level,
            decided(requirement, entry, rules)
        );
    }
    text.push('\n');
    text
}

fn decided(requirement: Requirement, entry: &Entry, rules: &[&RuleInfo]) -> String {
    let mut by: Vec<String> = (entry.decided.controls().iter())
        .map(|control| format!("[{control}](controls.md)"))
        .collect();
    by.extend(
        (rules.iter())
            .filter(|rule| rule.standards.contains(&requirement))
            .map(|rule| link(rule)),
    );
    let by = by.join(", ");
    let text = match entry.decided {
        Decided::Whole(_) | Decided::Weakness => by,
        Decided::Part(_, rest) => format!("in part: {by}. Not seen: {rest}"),
        Decided::NotYet(what) => format!("not checked: {what}"),
        Decided::Outside(why) => format!("outside: {why}"),
    };
    match entry.note {
        "" => text,
        note => format!("{text}.<br>{note}"),
    }
}

fn link(rule: &RuleInfo) -> String {
    format!("[`{id}`](rules/{id}.md)", id = rule.id)
}

fn by_standard(rules: &[&RuleInfo]) -> String {
    let mut text = "| rule | controls |".to_owned();
    for standard in Standard::ALL {
        let _ = write!(text, " {} |", standard.name());
    }
    text += "\n|---|---|";
    text += &"---|".repeat(Standard::ALL.len());
    text.push('\n');
    for rule in rules.iter().filter(|rule| !rule.standards.is_empty()) {
        let controls: Vec<_> = rule.controls.iter().map(|control| control.id()).collect();
        let _ = write!(text, "| {} | {} |", link(rule), controls.join(", "));
        for &standard in Standard::ALL {
            let ids: Vec<_> = (rule.standards.iter())
                .filter(|requirement| requirement.standard() == standard)
                .map(|requirement| requirement.id())
                .collect();
            let _ = write!(text, " {} |", ids.join(", "));
        }
        text.push('\n');
    }
    text
}

fn by_peer(rules: &[&RuleInfo]) -> String {
    let mut text = "| rule |".to_owned();
    for peer in PEERS {
        let _ = write!(text, " {} |", peer.name);
    }
    text += "\n|---|";
    text += &"---|".repeat(PEERS.len());
    text += "\n| *read* |";
    for peer in PEERS {
        let _ = write!(text, " *{}* |", peer.edition);
    }
    text.push('\n');
    for rule in rules.iter().filter(|rule| !rule.peers.is_empty()) {
        let _ = write!(text, "| {} |", link(rule));
        for peer in PEERS {
            let ids: Vec<_> = (rule.peers.iter())
                .filter_map(|id| of(peer, id))
                .map(|id| format!("`{id}`"))
                .collect();
            let _ = write!(text, " {} |", ids.join(", "));
        }
        text.push('\n');
    }
    text
}

/// The id behind the name of the peer.
fn of<'i>(peer: &Peer, id: &'i str) -> Option<&'i str> {
    id.strip_prefix(peer.name)?.strip_prefix('/')
}

fn uncovered(peer: &Peer, rules: &[&RuleInfo]) -> String {
    let covered: Vec<_> = (rules.iter())
        .flat_map(|rule| rule.peers)
        .filter_map(|id| of(peer, id))
        .collect();
    let left: Vec<_> = (peer.rules.iter())
        .filter(|id| !covered.contains(id))
        .map(|id| format!("`{id}`"))
        .collect();
    let (all, count) = (peer.rules.len(), peer.rules.len() - left.len());
    let list = if left.is_empty() {
        "none is left".to_owned()
    } else {
        format!("left: {}", left.join(", "))
    };
    format!("- {}: {count} of {all} covered; {list}\n", peer.name)
}

#[cfg(test)]
mod tests {
    use cofferdam_rules::RULES;

    use super::*;

    #[test]
    fn every_requirement_has_its_line_and_every_peer_its_count() {
        let rules: Vec<&RuleInfo> = RULES.iter().map(|rule| rule.info()).collect();
        let page = page(&rules);
        for &standard in Standard::OF_PROJECTS {
            for requirement in standard.requirements() {
                let line = format!("\n| `{}` |", requirement.id());
                assert_eq!(page.matches(&line).count(), 1, "{line}");
            }
        }
        for peer in PEERS {
            assert!(page.contains(&format!("\n- {}: ", peer.name)));
        }
        for one in UNCOVERED {
            assert_eq!(page.matches(&format!("\n| {} |", one.finds)).count(), 1);
        }
        // No cell breaks its row.
        for row in page.lines().filter(|line| line.starts_with("| [`")) {
            let columns = row.matches(" |").count();
            assert!(
                columns == 2 + Standard::ALL.len() || columns == 1 + PEERS.len(),
                "{row}"
            );
        }
    }
}
