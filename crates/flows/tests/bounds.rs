//! The work is bounded, whatever a checkout holds, and gives the same twice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap or index is a failed test"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cofferdam_facts::SourceFile;
use cofferdam_flows::{Flows, Source};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::repository::{Repository, Tree};
use proptest::prelude::*;

mod scripts;

use scripts::scripts;

fn repository(files: Vec<(String, String)>) -> Repository {
    let files = files
        .into_iter()
        .map(|(path, text)| SourceFile::new(path.as_str(), text))
        .collect();
    Repository::read(files, Tree::default())
}

// Each flow as one line: source, number of hops, sink.
fn flows(repository: &Repository) -> (Vec<String>, usize) {
    let scripts = scripts(repository);
    let of = |path: &str, step: &Step| scripts.get(&(path.to_owned(), step.span.start));
    let flows = Flows::of(repository, &of);
    let lines = flows.iter().map(|flow| {
        let sink = flows.sink(flow).unwrap();
        let path = sink.file.path();
        let source = flow.source.describe();
        format!("{source} {} {path} {}", flow.hops.len(), sink.written)
    });
    (lines.collect(), flows.unfinished().len())
}

fn workflow(name: &str) -> String {
    format!(".github/workflows/{name}.yml")
}

fn within(limit: Duration, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    let took = start.elapsed();
    assert!(took < limit, "took {took:?}");
}

#[test]
fn a_thousand_jobs_in_a_row_are_followed_or_said_to_be_too_many() {
    let mut text = "on: issues\njobs:\n".to_owned();
    for n in 0..1000 {
        let from = match n {
            0 => "github.event.issue.title".to_owned(),
            n => format!("needs.j{}.outputs.t", n - 1),
        };
        let needs = match n {
            0 => String::new(),
            n => format!("    needs: j{}\n", n - 1),
        };
        write!(
            text,
            "  j{n}:\n{needs}    runs-on: x\n    outputs:\n      t: ${{{{ {from} }}}}\n    steps:\n      - run: echo ${{{{ {from} }}}}\n"
        )
        .unwrap();
    }
    within(Duration::from_secs(20), || {
        let (found, unfinished) = flows(&repository(vec![(workflow("a"), text.clone())]));
        assert!(found.len() >= 40, "{}", found.len());
        // Not all are followed, and that is said.
        assert!(found.len() == 1000 || unfinished == 1);
    });
}

#[test]
fn everybody_calls_everybody() {
    let files = (0..30)
        .map(|n| {
            let mut text = "on:\n  issues:\n  workflow_call:\n    inputs:\n      x: { type: string }\njobs:\n".to_owned();
            for m in 0..30 {
                write!(
                    text,
                    "  c{m}:\n    uses: ./.github/workflows/w{m}.yml\n    with:\n      x: ${{{{ inputs.x || github.event.issue.title }}}}\n"
                )
                .unwrap();
            }
            text.push_str("  run:\n    runs-on: x\n    steps:\n      - run: echo ${{ inputs.x }}\n");
            (workflow(&format!("w{n}")), text)
        })
        .collect::<Vec<_>>();
    within(Duration::from_secs(60), || {
        let (found, _) = flows(&repository(files));
        for n in 0..30 {
            let path = workflow(&format!("w{n}"));
            assert!(found.iter().any(|line| line.contains(&path)), "{path}");
        }
    });
}

#[test]
fn a_matrix_of_matrices_and_of_many_values_ends() {
    let mut text =
        "on: issues\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n".to_owned();
    for axis in 0..100 {
        writeln!(
            text,
            "        a{axis}: ['${{{{ matrix.a{} }}}}', '${{{{ github.event.issue.title }}}}', b]",
            (axis + 1) % 100
        )
        .unwrap();
    }
    text.push_str("    steps:\n");
    for axis in 0..100 {
        writeln!(text, "      - run: echo ${{{{ matrix.a{axis} }}}}").unwrap();
    }
    within(Duration::from_secs(20), || {
        let (found, _) = flows(&repository(vec![(workflow("a"), text.clone())]));
        assert!(found.len() >= 100, "{}", found.len());
    });
}

#[test]
fn variables_that_name_each_other_end() {
    let text = "on: issues\nenv: { A: '${{ env.B }}' }\njobs:\n  a:\n    runs-on: x\n    env: { B: '${{ env.A }}' }\n    steps:\n      - env:\n          B: ${{ env.B }}\n          A: ${{ env.A }}${{ github.event.issue.title }}\n        run: |\n          B=$A; A=$B\n          echo \"A=$A\" >> $GITHUB_ENV\n      - run: echo ${{ env.A }}\n";
    let (found, unfinished) = flows(&repository(vec![(workflow("a"), text.to_owned())]));
    assert_eq!(unfinished, 0);
    assert!(
        found
            .iter()
            .any(|l| l.ends_with("echo") || l.contains("${{ env.A }}"))
    );
}

#[test]
fn actions_that_use_themselves_end() {
    let workflow_text = "on: issues\njobs:\n  a:\n    runs-on: x\n    steps:\n      - id: s\n        uses: ./act\n        with: { x: '${{ github.event.issue.title }}' }\n      - run: echo ${{ steps.s.outputs.o }} ${{ env.V }}\n";
    let action = "name: a\ninputs: { x: {} }\noutputs: { o: { value: '${{ steps.s.outputs.o }}${{ inputs.x }}' } }\nruns:\n  using: composite\n  steps:\n    - id: s\n      uses: ./act\n      with: { x: '${{ steps.s.outputs.o }}${{ env.V }}${{ inputs.x }}' }\n    - run: echo ${{ env.V }}${{ inputs.x }}\n      shell: bash\n";
    let files = vec![
        (workflow("a"), workflow_text.to_owned()),
        ("act/action.yml".to_owned(), action.to_owned()),
    ];
    let (found, _) = flows(&repository(files));
    assert!(
        found
            .iter()
            .any(|l| l.contains("a.yml ${{ steps.s.outputs.o }}")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|l| l.contains("act/action.yml ${{ inputs.x }}")),
        "{found:?}"
    );
}

fn pieces() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("${{ github.event.issue.title }}".to_owned()),
        Just("${{ inputs.x }}".to_owned()),
        Just("${{ env.V }}".to_owned()),
        Just("${{ steps.s.outputs.o }}".to_owned()),
        Just("${{ needs.a.outputs.o }}".to_owned()),
        Just("${{ matrix.m }}".to_owned()),
        Just("echo \"o=$V\" >> $GITHUB_OUTPUT".to_owned()),
        Just("echo \"V=$(echo $V | tr -d x)\" >> \"$GITHUB_ENV\"".to_owned()),
        Just("cat <<EOF >> $GITHUB_ENV".to_owned()),
        Just("V=${V//[^a]/}; `${{".to_owned()),
        "[ -~\\n]{0,20}",
    ];
    proptest::collection::vec(part, 1..5).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_checkout_ends_without_panic_and_gives_the_same_twice(
        scripts in proptest::collection::vec(pieces(), 1..6),
        values in proptest::collection::vec(pieces(), 1..6),
    ) {
        let quote = |text: &str| serde_json::to_string(text).unwrap();
        let mut text = "on:\n  issues:\n  workflow_call:\n    inputs:\n      x: { type: string }\njobs:\n".to_owned();
        for (n, script) in scripts.iter().enumerate() {
            let value = quote(&values[n % values.len()]);
            let script = quote(script);
            let job = char::from(b'a' + u8::try_from(n).unwrap());
            write!(
                text,
                "  {job}:\n    needs: a\n    runs-on: x\n    strategy: {{ matrix: {{ m: [{value}] }} }}\n    env: {{ V: {value} }}\n    outputs: {{ o: {value} }}\n    steps:\n      - id: s\n        run: {script}\n      - uses: ./act\n        with: {{ x: {value} }}\n      - run: {script}\n"
            ).unwrap();
        }
        let action = format!(
            "name: a\ninputs: {{ x: {{}} }}\noutputs: {{ o: {{ value: {} }} }}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      id: s\n      run: {}\n",
            quote(&values[0]),
            quote(&scripts[0]),
        );
        let files = vec![(workflow("a"), text), ("act/action.yml".to_owned(), action)];
        let repository = repository(files);
        prop_assert_eq!(flows(&repository), flows(&repository));
    }
}

#[test]
fn the_sources_of_one_flow_are_told() {
    let text = "on: issues\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ github.event.issue.title }}\n";
    let repository = repository(vec![(workflow("a"), text.to_owned())]);
    let scripts = scripts(&repository);
    let of = |path: &str, step: &Step| scripts.get(&(path.to_owned(), step.span.start));
    let flows = Flows::of(&repository, &of);
    let all: Vec<_> = flows.of_file(".github/workflows/a.yml").collect();
    let [only] = all.as_slice() else {
        unreachable!("{all:?}")
    };
    let source = Source::Context("github.event.issue.title".to_owned());
    assert_eq!(only.source, source);
    assert_eq!(only.route.len(), 1);
}

#[test]
fn a_cache_that_everybody_saves_is_followed_to_some_and_that_is_said() {
    let mut files = Vec::new();
    for n in 0..300 {
        files.push((
            workflow(&format!("w{n}")),
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo \"$T\" > note\n        env: { T: '${{ github.event.head_commit.message }}' }\n      - uses: actions/cache@v4\n        with: { path: note, key: note }\n      - run: eval \"$(cat note)\"\n".to_owned(),
        ));
    }
    within(Duration::from_secs(20), || {
        let (found, unfinished) = flows(&repository(files.clone()));
        assert!(found.len() >= 300, "{}", found.len());
        assert_eq!(unfinished, 300);
    });
}

#[test]
fn actions_that_use_each_other_are_looked_into_for_caches_so_far() {
    let mut files = Vec::new();
    for n in 0..30 {
        let uses: String = (0..30)
            .map(|m| format!("    - uses: ./.github/actions/a{m}\n"))
            .collect();
        files.push((
            format!(".github/actions/a{n}/action.yml"),
            format!("runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n      with: {{ path: out, key: out }}\n{uses}"),
        ));
    }
    files.push((
        workflow("w"),
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ./.github/actions/a0\n      - run: eval \"$(cat out/x)\"\n  b:\n    runs-on: x\n    steps:\n      - uses: ./.github/actions/a1\n".to_owned(),
    ));
    within(Duration::from_secs(20), || {
        let (_, unfinished) = flows(&repository(files.clone()));
        assert_eq!(unfinished, 1);
    });
}
