#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use cofferdam_facts::SourceFile;

use super::*;
use crate::documents::Workflow;
use crate::shell::{Shell, parse};

/// What a script shows with `S`, `J` and `D` around it: by `+` a derived value.
fn shown(script: &str) -> Vec<String> {
    let indented = script.replace('\n', "\n          ");
    let workflow = Workflow::parse(SourceFile::new(
        "w.yml",
        format!(
            "on: push\njobs:\n  a:\n    env:\n      S: ${{{{ secrets.ONE }}}}\n      \
             D: ${{{{ fromJSON(secrets.MANY).key }}}}\n      P: plain\n    steps:\n    - run: |\n          {indented}\n"
        ),
    ));
    let job = workflow.jobs.first().unwrap();
    let text = job.steps().first().unwrap().script().unwrap();
    let parsed = parse(&text.value, &Shell::Bash);
    of_script(text, &parsed, &[&job.env])
        .into_iter()
        .map(|one| {
            let names: Vec<String> = one.held.names.into_iter().collect();
            let mark = if one.held.derived.is_some() { "+" } else { "" };
            let place = match one.place {
                Place::Log => "log",
                Place::Environment => "env",
            };
            format!("{place} {mark}{}", names.join(","))
        })
        .collect()
}

#[test]
fn what_is_printed_is_seen() {
    let cases = [
        ("echo $S", "log ONE"),
        ("echo \"token ${S}\"", "log ONE"),
        ("echo \"${{ secrets.ONE }}\"", "log ONE"),
        ("echo $D", "log +MANY"),
        ("printf '%s' \"$S\" | base64 -d", "log +ONE"),
        ("echo $S | rev", "log +ONE"),
        ("X=$(echo \"$S\" | base64 -d)\necho \"is $X\"", "log +ONE"),
        (
            "X=$(jq -r .password <<< \"$S\")\necho \"P=$X\" >> \"$GITHUB_ENV\"",
            "env +ONE",
        ),
        (
            "echo \"P=$(echo $S | cut -c1-4)\" >> $GITHUB_ENV",
            "env +ONE",
        ),
        (
            "echo \"P=$(jq -r .a <<< '${{ secrets.ONE }}')\" | tee -a $GITHUB_ENV",
            "env +ONE",
        ),
        ("cat <<EOF\n$S\nEOF", "log ONE"),
        ("echo $S 1>&2", "log ONE"),
    ];
    for (script, expected) in cases {
        assert_eq!(shown(script), [expected], "{script}");
    }
}

#[test]
fn what_goes_elsewhere_is_not() {
    for script in [
        "echo $P",
        "echo $S | docker login -u x --password-stdin",
        "echo $S > key.json",
        "echo $S | base64 -d > key.pem",
        "X=$(echo $S | base64 -d)",
        "echo ${S:+set}",
        "echo \"${#S} bytes\"",
        "[ -n \"$S\" ] && echo there",
        "curl -H \"Authorization: $S\" https://x.example",
        "X=$(curl -u $S https://x.example)\necho $X",
        "X=$(echo $S | base64 -d)\necho \"::add-mask::$X\"\necho \"P=$X\" >> $GITHUB_ENV",
        "echo ${{ secrets.ONE != '' }}",
        "echo '$S'",
        "S=other\necho $S",
        "echo $S | sha256sum",
    ] {
        assert_eq!(shown(script), Vec::<String>::new(), "{script}");
    }
}
