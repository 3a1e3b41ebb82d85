//! The result for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use cofferdam_findings::sanitise;
use cofferdam_pipelines::vendoring::{
    Ecosystem, NotChecked, Problem, State, TreeReport, VendorReport, Written,
};

/// The most problems that are shown of one vendor directory, and of everything
/// that was not checked.
const MOST_SHOWN: usize = 50;

pub(super) fn render(report: &VendorReport, require_anchor: bool) -> String {
    let mut out = String::new();
    if let Some(base) = &report.base {
        let _ = writeln!(out, "Compared with {}\n", sanitise::line(base));
    }
    problems(&mut out, &report.problems);
    not_checked(&mut out, &report.not_checked, "Not checked");
    for tree in &report.trees {
        one(&mut out, tree);
    }
    out.push_str(&conclusion(report, require_anchor));
    out
}

fn one(out: &mut String, tree: &TreeReport) {
    let _ = writeln!(
        out,
        "{} ({}): {}, {}, {}",
        sanitise::line(&tree.folder),
        tree.ecosystem.word(),
        counted(tree.modules.len(), "module"),
        counted(tree.files, "file"),
        size(tree.bytes)
    );
    let mut counts: BTreeMap<State, usize> = BTreeMap::new();
    for module in &tree.modules {
        *counts.entry(module.state).or_default() += 1;
    }
    for (state, count) in counts {
        let _ = writeln!(out, "  {count:>5}  {}: {}", state.word(), meaning(state));
    }
    out.push('\n');
    problems(out, &tree.problems);
    not_checked(out, &tree.not_checked, "Not checked");
}

/// What a state means; its word is the one of `docs/vendor.md`.
fn meaning(state: State) -> &'static str {
    match state {
        State::Proven => "as published, by a sum that a change cannot touch",
        State::Agrees => "agree with the lock, which may have been changed with them",
        State::LocalFolder => "equal the folder of this checkout that stands for them",
        State::Unchanged => "as in the base, and not judged here",
        State::NothingVendored => "have no vendored package",
        State::Differs => "something is wrong, as named below",
        State::NotChecked => "could not be compared",
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

fn conclusion(report: &VendorReport, require_anchor: bool) -> String {
    let wrong: usize = report.problems.len()
        + (report.trees.iter())
            .map(|tree| tree.problems.len())
            .sum::<usize>();
    if wrong > 0 {
        return format!("Something is wrong in {}.\n", counted(wrong, "place"));
    }
    let (go, crates) = (
        agreeing(report, Ecosystem::Go),
        agreeing(report, Ecosystem::Cargo),
    );
    let mut out = String::new();
    if report.has_gaps() {
        out.push_str("Nothing was found, and not everything could be checked.\n");
    } else if go + crates > 0 {
        let _ = writeln!(
            out,
            "Every file that was compared is what the lock says; for {} nobody else stands for \
             the lock.",
            counted(go + crates, "module")
        );
    } else if report.base.is_none() {
        out.push_str("Every vendored file is what its module has.\n");
    } else if report.count(State::Proven) + report.count(State::LocalFolder) > 0 {
        out.push_str(
            "What differs from the base is what its module has; what was there before is not \
             judged here.\n",
        );
    } else {
        out.push_str(
            "Nothing that is vendored differs from the base; what was there before is not judged \
             here.\n",
        );
    }
    if require_anchor && go + crates > 0 {
        let _ = writeln!(out, "`--require-anchor` asks for more, and fails.");
    }
    if go > 0 {
        out.push_str(
            "hint: for Go modules `--base REV` takes the sums of the base, and `cofferdam deps \
             vendor write-manifests` those of the checksum database\n",
        );
    }
    if crates > 0 {
        out.push_str(
            "hint: for crates `--base REV` takes the hashes of the base; no checksum database has \
             them, so that `--require-anchor` never passes for crates without `--base`\n",
        );
    }
    if report.base.is_some() {
        out.push_str(
            "hint: `cofferdam deps vendor check` without `--base` judges everything; run it on \
             pushes to the default branch\n",
        );
    }
    out
}

/// How many modules agree with the lock alone.
fn agreeing(report: &VendorReport, ecosystem: Ecosystem) -> usize {
    let trees = (report.trees.iter()).filter(|tree| tree.ecosystem == ecosystem);
    let modules = trees.flat_map(|tree| &tree.modules);
    modules.filter(|one| one.state == State::Agrees).count()
}

fn counted(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
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
