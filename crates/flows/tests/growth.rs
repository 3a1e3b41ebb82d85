//! The work grows with what is to be followed and not faster: four times the
//! files, jobs, steps or depth of calls take about four times as long.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed unwrap is a failed test"
)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cofferdam_facts::SourceFile;
use cofferdam_flows::Flows;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::repository::{Repository, Tree};
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{self, Script};

type Files = Vec<(String, String)>;

struct Checkout {
    repository: Repository,
    scripts: HashMap<(String, usize), Script>,
}

impl Checkout {
    fn of(files: Files) -> Self {
        let files = files
            .into_iter()
            .map(|(path, text)| SourceFile::new(path.as_str(), text))
            .collect();
        let repository = Repository::read(files, Tree::default());
        let mut scripts = HashMap::new();
        for workflow in &repository.workflows {
            for job in &workflow.jobs {
                for step in job.steps() {
                    if let Some(text) = step.script() {
                        let shell = shells::of_step(workflow, job, step);
                        let key = (workflow.path().to_owned(), step.span.start);
                        scripts.insert(key, shell::parse(&text.value, &shell));
                    }
                }
            }
        }
        Self {
            repository,
            scripts,
        }
    }

    /// The best of three, and how many flows there are.
    fn follow(&self) -> (Duration, usize) {
        let of = |path: &str, step: &Step| self.scripts.get(&(path.to_owned(), step.span.start));
        let mut best = Duration::MAX;
        let mut found = 0;
        for _ in 0..3 {
            let start = Instant::now();
            found = Flows::of(&self.repository, &of).iter().count();
            best = best.min(start.elapsed());
        }
        (best, found)
    }
}

fn workflow(name: &str) -> String {
    format!(".github/workflows/{name}.yml")
}

/// So much more than in proportion is still noise of the machine. Work in the
/// square of the size would be four times as much.
const TOLERANCE: u32 = 2;

/// Other work on the machine makes a run slower and never faster, so that one
/// good try is enough; work in the square of the size has none.
const TRIES: usize = 6;

fn grows_in_proportion(what: &str, small: usize, make: &dyn Fn(usize) -> Files) {
    let (small, large) = (Checkout::of(make(small)), Checkout::of(make(4 * small)));
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        let (few, few_found) = small.follow();
        let (many, many_found) = large.follow();
        assert!(
            few_found > 0 && many_found >= few_found,
            "{what}: {few_found}, {many_found}"
        );
        if many <= few * 4 * TOLERANCE + Duration::from_millis(20) {
            return;
        }
        seen.push((few, many));
    }
    panic!("{what}: {seen:?}");
}

#[test]
fn with_files() {
    grows_in_proportion("files", 100, &|size| {
        let mut files = vec![(
            workflow("callee"),
            "on:\n  workflow_call:\n    inputs:\n      t: { type: string }\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ inputs.t }}\n".to_owned(),
        )];
        for n in 0..size {
            let own = "  own:\n    runs-on: x\n    env: { T: '${{ github.event.issue.title }}' }\n    steps:\n      - run: eval \"$T\"\n";
            files.push((
                workflow(&format!("w{n}")),
                format!("on: issues\njobs:\n  a:\n    uses: ./.github/workflows/callee.yml\n    with:\n      t: ${{{{ github.event.issue.title }}}}\n{own}"),
            ));
        }
        files
    });
}

#[test]
fn with_jobs() {
    grows_in_proportion("jobs", 250, &|size| {
        let mut text = "on: issues\njobs:\n".to_owned();
        for n in 0..size {
            // Rows of ten: the length of a way is not what grows here.
            let from = n.saturating_sub(1);
            let (needs, value) = match n % 10 {
                0 => (String::new(), "github.event.issue.title".to_owned()),
                _ => (
                    format!("    needs: j{from}\n"),
                    format!("needs.j{from}.outputs.t"),
                ),
            };
            write!(text, "  j{n}:\n{needs}    runs-on: x\n    outputs: {{ t: '${{{{ {value} }}}}' }}\n    steps:\n      - run: echo ${{{{ {value} }}}}\n").unwrap();
        }
        vec![(workflow("a"), text)]
    });
}

#[test]
fn with_steps() {
    grows_in_proportion("steps", 100, &|size| {
        let mut text = "on: issues\njobs:\n  a:\n    runs-on: x\n    env: { T: '${{ github.event.issue.title }}' }\n    steps:\n".to_owned();
        for n in 0..size {
            write!(text, "      - run: echo \"$T\" > note{n}.txt\n      - run: eval \"$(cat note{n}.txt)\"\n      - run: curl -sS \"$T\" | sed \"s/a/$T/\"\n").unwrap();
        }
        vec![(workflow("a"), text)]
    });
}

#[test]
fn with_depth_of_calls() {
    grows_in_proportion("depth", 10, &|size| {
        let mut files = vec![(
            workflow("top"),
            "on: issues\njobs:\n  a:\n    uses: ./.github/workflows/c0.yml\n    with: { t: '${{ github.event.issue.title }}' }\n".to_owned(),
        )];
        for n in 0..size {
            let next = format!(
                "  b:\n    uses: ./.github/workflows/c{}.yml\n    with: {{ t: '${{{{ inputs.t }}}}' }}\n",
                n + 1
            );
            let next = if n + 1 == size { String::new() } else { next };
            files.push((
                workflow(&format!("c{n}")),
                format!("on:\n  workflow_call:\n    inputs:\n      t: {{ type: string }}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{{{ inputs.t }}}}\n{next}"),
            ));
        }
        files
    });
}

#[test]
fn with_caches() {
    grows_in_proportion("caches", 100, &|size| {
        let mut files = Vec::new();
        for n in 0..size {
            files.push((
                workflow(&format!("w{n}")),
                format!("on: push\nenv: {{ T: '${{{{ github.event.head_commit.message }}}}' }}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo \"$T\" > note\n      - uses: actions/cache/save@v4\n        with: {{ path: note, key: 'note-{n}-${{{{ github.sha }}}}' }}\n  b:\n    runs-on: x\n    steps:\n      - uses: actions/cache/restore@v4\n        with: {{ path: note, key: note-{n}- }}\n      - run: eval \"$(cat note)\"\n"),
            ));
        }
        files
    });
}
