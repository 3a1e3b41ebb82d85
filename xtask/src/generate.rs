//! Every file that derives from code: the rules' pages and their index, the
//! controls, the standards, the schemas, and the table and the picture in the README.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cofferdam_config::Scope;
use cofferdam_config::schema::{self as config, VERSION};
use cofferdam_exposure::claims::schema as claims;
use cofferdam_exposure::schema as exposure;
use cofferdam_exposure::whatif::schema as what_if;
use cofferdam_facts::Control;
use cofferdam_findings::baseline::{self, BASELINE_VERSION};
use cofferdam_findings::formats::json::{SCHEMA_VERSION, schema};
use cofferdam_findings::{Requirement, RuleInfo, Standard};
use cofferdam_fixes::{FIXERS, Offer, fixer, json as fixes};
use cofferdam_rules::controls::decided_elsewhere;
use cofferdam_workflows::documents::cofferdam_lock;

use crate::error::Error;
use crate::{picture, workspace};

mod scopes;
mod standards;

const BEGIN: &str = "<!-- rules:begin, written by `cargo xtask generate` -->\n";
const END: &str = "<!-- rules:end -->\n";
const NOTE: &str = "<!-- Written by `cargo xtask generate` from the code. Do not edit. -->\n";

/// Folders in which every file is generated: one that no code asks for is gone.
const OWNED: &[&str] = &["docs/rules", "docs/schema"];

/// Writes every generated file, or with `--check` fails when one differs.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    let check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        _ => {
            return Err(Error::Usage(
                "`generate` takes nothing but `--check`".to_owned(),
            ));
        }
    };
    let mut rules: Vec<&RuleInfo> = cofferdam_rules::RULES
        .iter()
        .map(|rule| rule.info())
        .collect();
    // Those about silencers look at no file of the project, and have a page too.
    rules.extend(cofferdam_config::RULES);
    rules.sort_by_key(|rule| rule.id);
    let root = workspace::root();
    let readme = root.join("README.md");
    let before = std::fs::read_to_string(&readme).map_err(Error::file(&readme))?;
    let mut files = pages(&rules);
    files.insert(PathBuf::from("README.md"), with_table(&before, &rules)?);
    files.insert(PathBuf::from("docs/images/audit.svg"), picture::draw()?);

    let mut differing = Vec::new();
    for (path, text) in &files {
        let full = root.join(path);
        if std::fs::read_to_string(&full).is_ok_and(|now| now == *text) {
            continue;
        }
        differing.push(path.display().to_string());
        if !check {
            if let Some(parent) = full.parent() {
                std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
            }
            std::fs::write(&full, text).map_err(Error::file(&full))?;
        }
    }
    for path in workspace::files(OWNED)?
        .into_iter()
        .filter(|path| !files.contains_key(path))
    {
        differing.push(format!("{} (nothing asks for it any more)", path.display()));
        if !check {
            let full = root.join(&path);
            std::fs::remove_file(&full).map_err(Error::file(&full))?;
        }
    }
    match (check, differing.is_empty()) {
        (_, true) => println!("{} generated files are up to date", files.len()),
        (false, false) => println!("written:\n  {}", differing.join("\n  ")),
        (true, false) => {
            return Err(Error::Found {
                what: "generated files are not those that the code gives".to_owned(),
                places: differing,
                advice: "run `cargo xtask generate` and commit the result".to_owned(),
            });
        }
    }
    Ok(())
}

/// Every generated file but the README, by its path from the root.
fn pages(rules: &[&RuleInfo]) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for rule in rules {
        files.insert(
            Path::new("docs/rules").join(format!("{}.md", rule.id)),
            page(rule),
        );
    }
    files.insert(
        PathBuf::from("docs/rules/README.md"),
        format!(
            "{NOTE}\n# Rules\n\n{}\n## Fixes\n\n`cofferdam fix` mends findings of these rules, see \
             [Fixing](../fixing.md).\n\n{}",
            table(rules, ""),
            fixers()
        ),
    );
    files.insert(PathBuf::from("docs/controls.md"), controls(rules));
    files.insert(PathBuf::from("docs/token-scopes.md"), scopes::page());
    files.insert(PathBuf::from("docs/standards.md"), standards::page(rules));
    files.insert(
        PathBuf::from(format!("docs/schema/report-v{SCHEMA_VERSION}.json")),
        format!("{:#}\n", schema()),
    );
    files.insert(
        PathBuf::from(format!("docs/schema/fixes-v{}.json", fixes::SCHEMA_VERSION)),
        format!("{:#}\n", fixes::schema()),
    );
    files.insert(
        PathBuf::from(format!(
            "docs/schema/what-if-v{}.json",
            what_if::SCHEMA_VERSION
        )),
        format!("{:#}\n", what_if::schema()),
    );
    let ids: Vec<&str> = cofferdam_rules::RULES
        .iter()
        .map(|rule| rule.info().id)
        .chain(cofferdam_config::OF_DEPENDENCIES.iter().copied())
        .collect();
    for (name, version, schema) in [
        ("baseline", BASELINE_VERSION, baseline::schema()),
        (
            "cofferdam-lock",
            cofferdam_lock::VERSION,
            cofferdam_lock::schema(),
        ),
        ("claims", claims::SCHEMA_VERSION, claims::schema()),
        ("exposure", exposure::SCHEMA_VERSION, exposure::schema()),
        (
            "exposure-change",
            exposure::SCHEMA_VERSION,
            exposure::change(),
        ),
        (
            "replay",
            cofferdam_exposure::replay::SCHEMA_VERSION,
            cofferdam_exposure::replay::schema::schema(),
        ),
        ("config", VERSION, config::schema(Scope::Repository, &ids)),
        (
            "organisation",
            VERSION,
            config::schema(Scope::Organisation, &ids),
        ),
    ] {
        files.insert(
            PathBuf::from(format!("docs/schema/{name}-v{version}.json")),
            format!("{schema:#}\n"),
        );
    }
    files
}

fn page(rule: &RuleInfo) -> String {
    let mut facts = vec![
        format!("`{}`", rule.id),
        format!("at most {}", rule.severity),
    ];
    facts.extend(
        rule.controls
            .iter()
            .map(|control| format!("{control} ({})", control.title())),
    );
    if !rule.standards.is_empty() {
        let ids: Vec<String> = (rule.standards.iter()).map(requirement).collect();
        facts.push(format!("[standards](../standards.md): {}", ids.join(", ")));
    }
    if !rule.peers.is_empty() {
        let peers: Vec<String> = rule.peers.iter().map(|id| format!("`{id}`")).collect();
        facts.push(format!("peers: {}", peers.join(", ")));
    }
    if let Some(fixer) = fixer(rule.id) {
        facts.push(format!("fix: {}", fixer.offer.word()));
    }
    let mut text = format!("{NOTE}\n# {}\n\n{}\n", rule.title, facts.join(" · "));
    let mut code = false;
    for line in rule.docs.lines() {
        // Doc comments carry the space that stands after the slashes.
        let line = line.strip_prefix(' ').unwrap_or(line);
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        text.push('\n');
        if line.starts_with('#') && !code {
            // The page's own title is the one heading of the first level.
            text.push('#');
        }
        text.push_str(line.trim_end());
    }
    text.push('\n');
    if let Some(fixer) = fixer(rule.id) {
        text += &format!(
            "\n## Fix\n{}: {}\n\n```\ncofferdam fix --rule {}{}\n```\n",
            upper(fixer.offer.word()),
            fixer.summary,
            rule.id,
            if fixer.offer == Offer::Safe {
                ""
            } else {
                " --unsafe"
            },
        );
    }
    text
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What `cofferdam fix` does, rule by rule.
fn fixers() -> String {
    let mut text = "| rule | fix | what it does |\n|---|---|---|\n".to_owned();
    for fixer in FIXERS {
        text += &format!(
            "| [`{id}`]({id}.md) | {} | {} |\n",
            fixer.offer.word(),
            fixer.summary,
            id = fixer.rule,
        );
    }
    text
}

/// A requirement by its id, with the standard where the id does not say it.
fn requirement(requirement: &Requirement) -> String {
    let (standard, id) = (requirement.standard(), requirement.id());
    match standard {
        Standard::Cwe | Standard::Osps => id.to_owned(),
        _ => format!("{} {id}", standard.name()),
    }
}

/// The rules as a table; links start at `base`.
fn table(rules: &[&RuleInfo], base: &str) -> String {
    let mut text = "| rule | finds | at most | controls |\n|---|---|---|---|\n".to_owned();
    for rule in rules {
        let controls: Vec<&str> = rule.controls.iter().map(|control| control.id()).collect();
        text += &format!(
            "| [`{id}`]({base}{id}.md) | {} | {} | {} |\n",
            rule.title,
            rule.severity,
            controls.join(", "),
            id = rule.id,
        );
    }
    text
}

fn controls(rules: &[&RuleInfo]) -> String {
    let mut text = format!(
        "{NOTE}\n# Controls\n\nEach control has an id that stays. `cofferdam audit` says of each \
         whether a project has it, lacks it, has it in part, or whether that could not be \
         checked.\n\n| id | the project has it when | decided by |\n|---|---|---|\n"
    );
    for control in Control::ALL {
        let mut by: Vec<String> = rules
            .iter()
            .filter(|rule| rule.controls.contains(control))
            .map(|rule| format!("[`{id}`](rules/{id}.md)", id = rule.id))
            .collect();
        by.extend(decided_elsewhere(*control).map(str::to_owned));
        let by = if by.is_empty() {
            "nothing yet".to_owned()
        } else {
            by.join(", ")
        };
        text += &format!("| {control} | {} | {by} |\n", control.title());
    }
    text
}

/// The README with the table of rules between its marks.
fn with_table(readme: &str, rules: &[&RuleInfo]) -> Result<String, Error> {
    let parts = readme
        .split_once(BEGIN)
        .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
    let Some((before, after)) = parts else {
        return Err(Error::output(format!(
            "README.md lacks the lines between which the table of rules stands: {BEGIN}{END}"
        )));
    };
    Ok(format!(
        "{before}{BEGIN}{}{END}{after}",
        table(rules, "docs/rules/")
    ))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_findings::Severity;

    use super::*;

    const RULE: RuleInfo = RuleInfo {
        id: "write-all",
        title: "A token may write everything",
        severity: Severity::High,
        controls: &[Control::C1],
        peers: &[],
        standards: &[],
        docs: " # What\n A token.\n\n ```yaml\n # a comment\n permissions: write-all\n ```\n",
    };

    #[test]
    fn a_page_lowers_headings_but_not_comments_in_code() {
        let page = page(&RULE);
        assert!(
            page.contains("\n# A token may write everything\n"),
            "{page}"
        );
        assert!(page.contains("\n## What\nA token.\n"), "{page}");
        assert!(
            page.contains("\n# a comment\npermissions: write-all\n"),
            "{page}"
        );
        assert!(page.contains("at most high · C1 ("), "{page}");
    }

    #[test]
    fn the_table_stands_between_its_marks_and_nothing_else_changes() {
        let readme = format!("before\n{BEGIN}old\n{END}after\n");
        let new = with_table(&readme, &[&RULE]).unwrap();
        assert!(new.starts_with("before\n") && new.ends_with("after\n"));
        assert!(new.contains("[`write-all`](docs/rules/write-all.md)") && !new.contains("old"));
        assert_eq!(with_table(&new, &[&RULE]).unwrap(), new);
        assert!(with_table("no marks", &[&RULE]).is_err());
    }

    #[test]
    fn every_control_has_its_line() {
        let text = controls(&[&RULE]);
        for control in Control::ALL {
            assert_eq!(
                text.matches(&format!("\n| {control} |")).count(),
                1,
                "{control}"
            );
        }
        assert!(text.contains("[`write-all`](rules/write-all.md)"));
    }
}
