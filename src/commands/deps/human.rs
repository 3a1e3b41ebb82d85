//! The result for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use cofferdam_findings::sanitise;
use cofferdam_pipelines::vendoring::{
    NotChecked, Problem, State, TreeReport, VendorReport, Written,
};

/// The most problems that are shown of one vendor directory, and of everything
/// that was not checked.
const MOST_SHOWN: usize = 50;

pub(super) fn render(report: &VendorReport) -> String {
    let mut out = String::new();
    if let Some(base) = &report.base {
        let _ = writeln!(out, "Compared with {}\n", sanitise::line(base));
    }
    problems(&mut out, &report.problems);
    not_checked(&mut out, &report.not_checked, "Not checked");
    for tree in &report.trees {
        one(&mut out, tree);
    }
    out.push_str(&conclusion(report));
    out
}

fn one(out: &mut String, tree: &TreeReport) {
    let _ = writeln!(
        out,
        "{} ({}): {} modules, {} files, {}",
        sanitise::line(&tree.folder),
        tree.ecosystem.word(),
        tree.modules.len(),
        tree.files,
        size(tree.bytes)
    );
    let mut counts: BTreeMap<State, usize> = BTreeMap::new();
    for module in &tree.modules {
        *counts.entry(module.state).or_default() += 1;
    }
    for (state, count) in counts {
        let _ = writeln!(out, "  {count:>5}  {}", words(state));
    }
    out.push('\n');
    problems(out, &tree.problems);
    not_checked(out, &tree.not_checked, "Not checked");
}

fn words(state: State) -> &'static str {
    match state {
        State::Proven => "proven: as published, by a sum that a change cannot touch",
        State::Agrees => "agree with the lock alone, which may have been changed with them",
        State::LocalFolder => "equal the folder of this checkout that stands for them",
        State::Unchanged => "unchanged since the base",
        State::NothingVendored => "have no vendored package",
        State::Differs => "differ",
        State::NotChecked => "not checked",
    }
}

fn problems(out: &mut String, all: &[Problem]) {
    let mut remedies: Vec<&'static str> = Vec::new();
    for problem in all.iter().take(MOST_SHOWN) {
        let line = problem
            .line
            .map_or(String::new(), |line| format!(":{line}"));
        let _ = writeln!(
            out,
            "  {}{line}  {}",
            sanitise::line(&problem.path),
            problem.code.word()
        );
        let _ = writeln!(out, "      {}", sanitise::line(&problem.text));
        if let Some(first) = &problem.first {
            for (sign, text) in [('-', &first.expected), ('+', &first.found)] {
                if let Some(text) = text {
                    let _ = writeln!(out, "      {sign} {}", sanitise::clipped(text, 120));
                }
            }
        }
        if !remedies.contains(&problem.code.remedy()) {
            remedies.push(problem.code.remedy());
        }
    }
    if all.len() > MOST_SHOWN {
        let more = all.len() - MOST_SHOWN;
        let _ = writeln!(out, "  and {more} more, which `--format json` lists");
    }
    for remedy in remedies {
        let _ = writeln!(out, "  hint: {remedy}");
    }
    if !all.is_empty() {
        out.push('\n');
    }
}

fn not_checked(out: &mut String, all: &[NotChecked], title: &str) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {title} ({})", all.len());
    for one in all.iter().take(MOST_SHOWN) {
        let _ = writeln!(
            out,
            "    {}: {}",
            sanitise::line(&one.what),
            sanitise::clipped(&one.why, 300)
        );
    }
    if all.len() > MOST_SHOWN {
        let _ = writeln!(out, "    and {} more", all.len() - MOST_SHOWN);
    }
    out.push('\n');
}

fn conclusion(report: &VendorReport) -> String {
    let wrong: usize = report.problems.len()
        + (report.trees.iter())
            .map(|tree| tree.problems.len())
            .sum::<usize>();
    if wrong > 0 {
        return format!("Something is wrong in {wrong} places.\n");
    }
    if report.has_gaps() {
        return "Nothing was found, and not everything could be checked.\n".to_owned();
    }
    match report.count(State::Agrees) {
        0 => "Every vendored file is what its module has.\n".to_owned(),
        some => format!(
            "Every vendored file is what the lock says; for {some} modules nobody else stands for \
             the lock.\nhint: `--base REV` takes the sums of the base, and `cofferdam deps vendor \
             write-manifests` those of the checksum database\n"
        ),
    }
}

pub(super) fn written(path: &Path, written: &Written) -> String {
    let mut out = String::new();
    not_checked(&mut out, &written.without, "Without a manifest");
    not_checked(
        &mut out,
        &written.without_record,
        "Without a record of the checksum database",
    );
    let what = if written.unchanged {
        "says the same already"
    } else {
        "is written"
    };
    let _ = writeln!(
        out,
        "{} {what}: {}, {} Go modules ({} with a record of the checksum database), {} crates, {} \
         files",
        sanitise::line(&path.display().to_string()),
        size(written.bytes.len() as u64),
        written.modules,
        written.records,
        written.crates,
        written.files
    );
    out
}

fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 2] = [("MB", 1_000_000), ("kB", 1000)];
    for (unit, many) in UNITS {
        if bytes >= many {
            let tenths = bytes / (many / 10);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} bytes")
}
