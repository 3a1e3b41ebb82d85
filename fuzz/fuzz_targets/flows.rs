//! Any checkout of a workflow, a called one and an action is followed to an
//! end, the same each time, and every place lies inside of its file. The input
//! is cut at lines `-- --`.

#![no_main]

use std::collections::HashMap;

use cofferdam_facts::SourceFile;
use cofferdam_flows::Flows;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::repository::{Repository, Tree};
use cofferdam_workflows::shell::{Script, Shell, parse};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 3] = [
    ".github/workflows/a.yml",
    ".github/workflows/b.yml",
    "act/action.yml",
];

fn shown(repository: &Repository, scripts: &HashMap<(String, usize), Script>) -> Vec<String> {
    let of = |path: &str, step: &Step| scripts.get(&(path.to_owned(), step.span.start));
    let flows = Flows::of(repository, &of);
    flows
        .iter()
        .map(|flow| {
            for hop in &flow.hops {
                assert!(hop.span.end <= hop.file.text().len(), "{hop:?}");
            }
            let sink = flows.sink(flow).map(|sink| (sink.file.path(), sink.span));
            format!("{:?} {:?} {:?}", flow.source, flow.cap, sink)
        })
        .collect()
}

fuzz_target!(|text: &str| {
    let files = text.split("\n-- --\n").zip(PATHS);
    let files = files.map(|(text, path)| SourceFile::new(path, text)).collect();
    let repository = Repository::read(files, Tree::default());
    let mut scripts = HashMap::new();
    let workflows = repository.workflows.iter().flat_map(|w| {
        let steps = w.jobs.iter().flat_map(|job| job.steps());
        steps.map(|step| (w.path().to_owned(), step))
    });
    let actions = repository
        .actions
        .iter()
        .flat_map(|a| a.steps().iter().map(|step| (a.path().to_owned(), step)));
    for (path, step) in workflows.chain(actions) {
        if let Some(script) = step.script() {
            scripts.insert((path, step.span.start), parse(&script.value, &Shell::Bash));
        }
    }
    assert_eq!(shown(&repository, &scripts), shown(&repository, &scripts));
});
