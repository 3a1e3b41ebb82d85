//! Whatever a workflow holds, mending it comes to an end, leaves a file that
//! parses with no new problem, and mending the result changes nothing.

#![no_main]

use cofferdam_facts::SourceFile;
use cofferdam_findings::Report;
use cofferdam_fixes::{Engine, Judged, Outcome, Wanted};
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_workflows::repository::{Repository, Tree};
use cofferdam_workflows::yaml::Document;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 3] = [
    ".github/workflows/a.yml",
    ".github/workflows/b.yml",
    ".github/dependabot.yml",
];

fn judge(cx: &Context<'_>) -> Judged {
    let report = Report {
        findings: cofferdam_rules::run(cx).findings,
        ..Report::default()
    };
    Judged {
        findings: report.finish().findings,
        silenced: Vec::new(),
    }
}

fn mend(repository: &Repository, unsafe_too: bool) -> Outcome {
    let engine = Engine {
        facts: Facts::default(),
        judge: Box::new(judge),
    };
    let wanted = Wanted {
        unsafe_too,
        rules: Vec::new(),
        ..Wanted::default()
    };
    engine.run(repository, &wanted)
}

fuzz_target!(|text: &str| {
    // Rules are many: long inputs would try few of them often.
    if text.len() > 4096 {
        return;
    }
    let files = text.split("\n-- --\n").zip(PATHS);
    let files = files.map(|(text, path)| SourceFile::new(path, text)).collect();
    let repository = Repository::read(files, Tree::default());
    for unsafe_too in [false, true] {
        let outcome = mend(&repository, unsafe_too);
        for (old, new) in outcome.files.values() {
            let (before, after) = (Document::parse(old.clone()), Document::parse(new.clone()));
            assert!(
                after.problems().len() <= before.problems().len(),
                "{}",
                new.text()
            );
        }
        let again = mend(&outcome.repository, unsafe_too);
        assert!(again.files.is_empty(), "{:?}", again.applied);
    }
});
