//! Cases of several files, each with the ways that lead through it written down
//! beforehand, hop by hop, and with the documentation that it rests on.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed unwrap is a failed test, and cases are read from files"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cofferdam_facts::SourceFile;
use cofferdam_flows::{Flow, Flows, SinkKind};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::repository::{Repository, Tree};
use cofferdam_workflows::semantics::events;

mod scripts;

use scripts::scripts;

/// Comments, and the files with their texts.
fn members(text: &str) -> (Vec<&str>, Vec<(String, String)>) {
    let mut comments = Vec::new();
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let name = line.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), String::new())),
            (None, Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => comments.push(line.trim_start_matches("# ")),
        }
    }
    (comments, files)
}

fn kind(kind: SinkKind) -> &'static str {
    match kind {
        SinkKind::Script => "script",
        SinkKind::Evaluated => "evaluated",
        SinkKind::CodeInput => "code",
        SinkKind::ShellCommand => "shell",
        SinkKind::EnvironmentFile => "environment",
        SinkKind::PathFile => "path",
        SinkKind::OutputFile => "output",
        SinkKind::Argument(..) => "argument",
        SinkKind::Request { .. } => "request",
        SinkKind::Prompt => "prompt",
        SinkKind::Target => "target",
    }
}

// One way as the case files write it.
fn written(flows: &Flows<'_>, flow: &Flow<'_>) -> String {
    let sink = flows.sink(flow).unwrap();
    let at = |file: &SourceFile, span| {
        let place = file.locate(span);
        format!("{}:{}", place.path, place.line)
    };
    let mut text = format!(
        "sink: {} {}\nfrom: {}\n",
        kind(sink.kind),
        at(sink.file, sink.span),
        flow.source.describe()
    );
    for hop in &flow.hops {
        let into = hop.note.split(" goes into ").nth(1).unwrap();
        writeln!(text, "hop: {} {into}", at(hop.file, hop.span)).unwrap();
    }
    text
}

// Whether anybody can make something of the value where it arrives, on an
// event that starts its first job.
fn counts(flows: &Flows<'_>, flow: &Flow<'_>) -> bool {
    let sink = flows.sink(flow).unwrap();
    let first = flow.route.first();
    events::EVENTS.iter().any(|event| {
        first.is_none_or(|stage| stage.workflow.has_trigger(event.name))
            && flow
                .shape(event.name)
                .is_some_and(|shape| shape.class > sink.holds_up_to)
    })
}

fn expected(comments: &[&str]) -> BTreeSet<String> {
    let mut ways = BTreeSet::new();
    let mut open = String::new();
    for line in comments {
        if line.starts_with("sink: ") && !open.is_empty() {
            ways.insert(std::mem::take(&mut open));
        }
        if ["sink: ", "from: ", "hop: "]
            .iter()
            .any(|start| line.starts_with(start))
        {
            open.push_str(line);
            open.push('\n');
        }
    }
    if !open.is_empty() {
        ways.insert(open);
    }
    ways
}

#[test]
fn every_case_has_the_ways_that_were_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = String::new();
    let mut several = 0;
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (comments, files) = members(&text);
        several += usize::from(files.len() >= 2);
        if !comments.iter().any(|line| line.starts_with("https://")) {
            writeln!(wrong, "{name}: names no documentation").unwrap();
        }
        let expected = expected(&comments);
        if expected.is_empty() && !comments.contains(&"expect: nothing") {
            writeln!(wrong, "{name}: says nothing of what is expected").unwrap();
        }
        let tree = Tree::new(files.iter().map(|(path, _)| path.as_str().into()).collect());
        let files = files
            .into_iter()
            .map(|(path, text)| SourceFile::new(path.as_str(), text))
            .collect();
        let repository = Repository::read(files, tree);
        let scripts = scripts(&repository);
        let of = |path: &str, step: &Step| scripts.get(&(path.to_owned(), step.span.start));
        let flows = Flows::of(&repository, &of);
        let found: BTreeSet<String> = flows
            .iter()
            .filter(|flow| counts(&flows, flow))
            .map(|flow| written(&flows, flow))
            .collect();
        for way in expected.difference(&found) {
            writeln!(wrong, "{name}: not found:\n{way}").unwrap();
        }
        for way in found.difference(&expected) {
            writeln!(wrong, "{name}: too much:\n{way}").unwrap();
        }
    }
    assert!(several >= 30, "only {several} cases of several files");
    assert!(wrong.is_empty(), "{wrong}");
}
