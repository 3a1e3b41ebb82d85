//! Two fixtures of different fixers in one document: first side by side as jobs
//! of one workflow, then, where that can be written, as steps of one job.

use std::collections::BTreeSet;

use super::*;

/// What is put together of two workflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Jobs,
    Steps,
}

const CI: &str = ".github/workflows/ci.yml";

/// The lines below a line, as far as they are indented deeper.
fn below<'t>(text: &'t str, head: &str) -> Option<&'t str> {
    let start = text.find(&format!("\n{head}\n"))? + head.len() + 2;
    let deeper = head.len() - head.trim_start().len() + 1;
    let rest = text.get(start..)?;
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let item = line.trim_start().starts_with("- ") && indent + 1 >= deeper;
        if !line.trim().is_empty() && indent < deeper && !item {
            break;
        }
        end += line.len();
    }
    rest.get(..end)
}

/// The second workflow put into the first.
fn put(way: Way, first: &str, second: &str) -> Option<String> {
    match way {
        Way::Jobs => {
            let jobs = below(second, "jobs:")?;
            first.ends_with(below(first, "jobs:")?).then_some(())?;
            let renamed: String = (jobs.split_inclusive('\n'))
                .map(|line| {
                    let is_id = line.starts_with("  ") && !line.starts_with("   ");
                    match (is_id, line.strip_prefix("  ")) {
                        (true, Some(id)) if !id.starts_with('#') => format!("  other-{id}"),
                        _ => line.to_owned(),
                    }
                })
                .collect();
            // A job that another waits for has a new name now.
            (!jobs.contains("needs")).then(|| format!("{first}{renamed}"))
        }
        Way::Steps => {
            let (ours, more) = (below(first, "    steps:")?, below(second, "    steps:")?);
            let alone = |text: &str| text.matches("\n    steps:\n").count() == 1;
            (first.ends_with(ours) && alone(first) && alone(second)).then_some(())?;
            // Steps are found by their ids.
            (!more.contains(" id: ")).then(|| format!("{first}{more}"))
        }
    }
}

/// Both fixtures as one checkout, if they can be put together.
fn join(way: Way, first: &[(String, String)], second: &[(String, String)]) -> Option<Checkout> {
    let ci = |members: &[(String, String)]| {
        let found = members.iter().find(|(name, _)| name == CI)?;
        Some(found.1.clone())
    };
    let both = put(way, &ci(first)?, &ci(second)?)?;
    let mut members: Vec<(String, String)> = vec![(CI.to_owned(), both)];
    for (name, body) in first.iter().chain(second) {
        if !members.iter().any(|(known, _)| known == name) {
            members.push((name.clone(), body.clone()));
        }
    }
    Some(checkout::of_members(members))
}

fn given() -> Vec<(String, Vec<(String, String)>)> {
    let mut given = Vec::new();
    for path in txtars(&folder("fixtures")) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem.starts_with("none") {
            continue;
        }
        let rule = path.parent().unwrap().file_name().unwrap();
        let mut members = checkout::members(&fs::read_to_string(&path).unwrap());
        members.retain(|(name, _)| !name.starts_with("fixed/") && name != "check");
        given.push((rule.to_string_lossy().into_owned(), members));
    }
    given
}

fn only(rules: &[&str]) -> Wanted {
    Wanted {
        unsafe_too: true,
        rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
        ..Wanted::default()
    }
}

/// What is left of two rules, free of places.
fn remaining(outcome: &Outcome, rules: &[&str]) -> BTreeSet<String> {
    let of = (outcome.judged.findings.iter()).filter(|f| rules.contains(&f.rule));
    of.map(|f| format!("{} {} {}", f.rule, f.severity, f.subject))
        .collect()
}

#[test]
fn fixes_of_two_rules_do_no_harm_to_each_other_in_one_document() {
    let known = Known::new();
    let given = given();
    let (mut wrong, mut met) = (Vec::new(), 0);
    for (one, first) in &given {
        for (two, second) in given.iter().filter(|(two, _)| two != one) {
            for way in [Way::Jobs, Way::Steps] {
                let Some(checkout) = join(way, first, second) else {
                    continue;
                };
                let rules = [one.as_str(), two.as_str()];
                let mut say = |what: String| wrong.push(format!("{way:?} {rules:?}: {what}"));
                let wanted = only(&rules);
                let both = known.run(&checkout, &wanted);
                for violation in violations(&known, &checkout, &wanted, &both) {
                    say(violation);
                }
                let applied: BTreeSet<_> = both.applied.iter().map(|a| a.finding.rule).collect();
                met += usize::from(applied.len() == 2);
                // What the first cannot mend before the second has, it can at once.
                let then = known.run(&checkout, &only(&rules[..1]));
                let then = known.run(&afresh(&checkout, &then), &only(&rules[1..]));
                let (at_once, in_turn) = (remaining(&both, &rules), remaining(&then, &rules));
                if !at_once.is_subset(&in_turn) {
                    say(format!("at once {at_once:?}, in turn {in_turn:?}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(met > 300, "only {met} documents were mended by two rules");
}
