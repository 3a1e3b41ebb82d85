//! Shell scripts: what is found in them, and what hostile ones may cost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed unwrap or index is a failed test"
)]

use cofferdam_workflows::shell::{
    Command, Failure, MAX_SCRIPT_BYTES, MAX_TURNS, Script, Shell, parse, words_by_line,
};
use proptest::prelude::*;

fn bash(script: &str) -> Script {
    let parsed = parse(script, &Shell::Bash);
    assert!(parsed.understood, "{script}: {:?}", parsed.not_understood);
    parsed
}

/// Each command as its name and arguments.
fn lines(script: &Script) -> Vec<String> {
    let line = |command: &Command| {
        let words = std::iter::once(&command.name).chain(&command.args);
        words
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    script.commands.iter().map(line).collect()
}

fn one(script: &str) -> Command {
    let mut parsed = bash(script);
    assert_eq!(parsed.commands.len(), 1, "{script}");
    parsed.commands.remove(0)
}

/// The redirections of a command as text.
fn redirects(command: &Command) -> Vec<String> {
    let text = |redirect: &cofferdam_workflows::shell::Redirect| {
        let number = redirect
            .descriptor
            .map_or(String::new(), |number| number.to_string());
        let inherited = if redirect.inherited { " inherited" } else { "" };
        format!(
            "{number}{} {}{inherited}",
            redirect.operator, redirect.target.text
        )
    };
    command.redirects.iter().map(text).collect()
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let script = bash(
        "f() { in_function; }\n\
         if test_it; then in_then; elif other; then in_elif; else in_else; fi\n\
         while condition; do in_while; done\n\
         for x in $(in_list); do in_for; done\n\
         case $x in a) in_case ;; *) last_case ;; esac\n\
         ( in_subshell ); { in_group; }\n\
         echo \"$(in_quotes `in_backquotes`)\" <(in_process) ${X:-$(in_default)}\n\
         A=$(in_value) B=c prefixed\n\
         [ \"$(in_test)\" = x ] && ! negated\n\
         cat <<EOF\n$(in_heredoc)\nEOF\n\
         cat <<'EOF'\n$(not_run)\nEOF\n",
    );
    let names: Vec<&str> = script
        .commands
        .iter()
        .map(|found| found.name.text.as_str())
        .collect();
    for wanted in [
        "in_function",
        "test_it",
        "in_then",
        "other",
        "in_elif",
        "in_else",
        "condition",
        "in_while",
        "in_list",
        "in_for",
        "in_case",
        "last_case",
        "in_subshell",
        "in_group",
        "in_quotes",
        "in_backquotes",
        "in_process",
        "in_default",
        "in_value",
        "prefixed",
        "in_test",
        "negated",
        "in_heredoc",
    ] {
        assert_eq!(
            names.iter().filter(|name| **name == wanted).count(),
            1,
            "{wanted}: {names:?}"
        );
    }
    assert!(!names.contains(&"not_run"));
    assert_eq!(script.functions, ["f"]);
    let find = |name: &str| {
        script
            .commands
            .iter()
            .find(|found| found.name.text == name)
            .unwrap()
    };
    assert!(find("in_function").in_function && !find("test_it").in_function);
    assert!(find("in_then").conditional && !find("test_it").conditional);
    assert!(find("other").conditional && find("in_while").conditional);
    assert!(find("in_quotes").in_substitution && !find("in_group").in_substitution);
}

#[test]
fn quotes_go_and_variables_stay() {
    let command =
        one(r#"echo "a\"b"'c d'e\ f ${A} "${B}x/$C" ${D:-e} $'t\tn\x41' "\$F" plain *.txt"#);
    let texts: Vec<&str> = command.args.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "a\"bc de f",
            "$A",
            "${B}x/$C",
            "${D:-e}",
            "t\tnA",
            "$F",
            "plain",
            "*.txt"
        ]
    );
    assert!(command.args[0].is_static && !command.args[1].is_static);
    assert_eq!(command.args[2].variables, ["B", "C"]);
    assert!(command.args[5].is_static && command.args[5].variables.is_empty());
    assert!(command.args[7].has_pattern && !command.args[6].has_pattern);
}

#[test]
fn lines_continue_inside_of_commands_and_words() {
    let command = one("docker build \\\n  --tag a\\\nb \\\n  .");
    assert_eq!(
        lines(&bash("docker build \\\n  --tag a\\\nb \\\n  ."))[0],
        "docker build --tag ab ."
    );
    assert_eq!(command.args.len(), 4);
}

#[test]
fn expressions_come_back_in_the_words_that_hold_them() {
    let text =
        "curl ${{ inputs['a b'] }}/x \"${{ github.event.issue.title }}\" ok\n${{ env.CMD }} y";
    let script = bash(text);
    assert_eq!(script.expressions.len(), 3);
    let curl = &script.commands[0];
    assert_eq!(curl.args[0].text, "${{ inputs['a b'] }}/x");
    assert_eq!(curl.args[1].text, "${{ github.event.issue.title }}");
    assert!(curl.args[0].holds_expression && curl.args[1].holds_expression);
    assert!(!curl.args[0].is_static && curl.args[2].is_static && !curl.args[2].holds_expression);
    assert!(script.commands[1].name.holds_expression);
    assert_eq!(script.commands[1].name.file_name(), None);
    // An expression that is never closed hides the rest of the script.
    let open = parse("echo a; echo ${{ b", &Shell::Bash);
    assert!(!open.understood);
    assert!(open.commands[0].certain && !open.commands[1].certain);
}

#[test]
fn pipelines_have_numbers_and_positions() {
    let places = |text: &str| -> Vec<(String, Option<(usize, usize)>)> {
        let found = bash(text).commands;
        found
            .into_iter()
            .map(|found| (found.name.text, found.pipeline))
            .collect()
    };
    let named = |name: &str, place| (name.to_owned(), place);
    assert_eq!(
        places("a | b > x | c; d"),
        [
            named("a", Some((0, 0))),
            named("b", Some((0, 1))),
            named("c", Some((0, 2))),
            named("d", None)
        ]
    );
    assert_eq!(
        places("{ a; b; } | (c | d)"),
        [
            named("a", Some((0, 0))),
            named("b", Some((0, 0))),
            named("c", Some((1, 0))),
            named("d", Some((1, 1)))
        ]
    );
    assert_eq!(
        places("a | cat <<EOF | tee f | grep x || true\ny\nEOF\n"),
        [
            named("a", Some((0, 0))),
            named("cat", Some((0, 1))),
            named("tee", Some((0, 2))),
            named("grep", Some((0, 3))),
            named("true", None)
        ]
    );
    let script = bash("curl -sSL https://example.com/install.sh | sudo -E bash -s -- v1");
    let pipeline = script.pipeline(0);
    assert!(pipeline[0].is("curl") && pipeline[1].is("bash"));
}

#[test]
fn redirections_belong_to_commands_and_groups() {
    assert_eq!(
        redirects(&one("echo A=b >> \"$GITHUB_ENV\"")),
        [">> $GITHUB_ENV"]
    );
    assert_eq!(redirects(&one("cmd 2>&1 > out")), ["2>& 1", "> out"]);
    assert_eq!(redirects(&one("> out cmd <<< \"$X\"")), ["> out", "<<< $X"]);
    let group = bash("{ echo a; echo b 2> err; } >> $GITHUB_OUTPUT");
    assert_eq!(
        redirects(&group.commands[0]),
        [">> $GITHUB_OUTPUT inherited"]
    );
    assert_eq!(
        redirects(&group.commands[1]),
        ["2> err", ">> $GITHUB_OUTPUT inherited"]
    );
    // The grammar puts these around the whole list or pipeline.
    for text in ["a && b >> f", "a | b >> f"] {
        let script = bash(text);
        assert!(script.commands[0].redirects.is_empty(), "{text}");
        assert_eq!(redirects(&script.commands[1]), [">> f"], "{text}");
    }
    // A word after the target is an argument.
    let echo = one("echo one > file two");
    assert_eq!(
        (redirects(&echo), echo.args.len()),
        (vec!["> file".to_owned()], 2)
    );
    assert!(echo.redirects[0].writes());
}

#[test]
fn here_documents_are_words() {
    let cat = one("cat > f <<EOF\nA=$B \\$C ${{ x }}\nEOF\n");
    let body = cat.heredoc.clone().unwrap();
    assert_eq!(body.text, "A=$B $C ${{ x }}\n");
    assert_eq!(body.variables, ["B"]);
    assert!(body.holds_expression && !body.is_static);
    assert_eq!(redirects(&cat), ["> f"]);
    let quoted = one("cat <<'EOF'\nA=$B \\$C\nEOF\n").heredoc.unwrap();
    assert_eq!(
        (quoted.text.as_str(), quoted.is_static),
        ("A=$B \\$C\n", true)
    );
}

#[test]
fn what_becomes_of_a_failure_is_known() {
    let failures = |text: &str| -> Vec<Failure> {
        bash(text)
            .commands
            .into_iter()
            .map(|found| found.failure)
            .collect()
    };
    use Failure::{Handled, Ignored, Stops};
    assert_eq!(failures("a"), [Stops]);
    assert_eq!(failures("a || true"), [Ignored, Stops]);
    assert_eq!(failures("a && b || :"), [Ignored, Ignored, Stops]);
    assert_eq!(failures("a || exit 0"), [Ignored, Stops]);
    assert_eq!(failures("a || exit 1"), [Handled, Stops]);
    assert_eq!(failures("a | b || true"), [Ignored, Ignored, Stops]);
    assert_eq!(failures("a && b"), [Handled, Stops]);
    assert_eq!(failures("if a; then b; fi; ! c"), [Handled, Stops, Handled]);
    assert_eq!(failures("a & b"), [Ignored, Stops]);
    assert_eq!(failures("(a; b) || true"), [Ignored, Ignored, Stops]);
    assert_eq!(failures("x=$(a)"), [Stops]);
    assert_eq!(failures("echo $(a)"), [Stops, Handled]);
    assert_eq!(failures("export x=$(a)"), [Stops, Handled]);
    assert!(bash("verify || true").commands[0].ignores_failure());
}

#[test]
fn wrappers_are_peeled() {
    for (text, wanted) in [
        ("sudo -E -u root -- curl x", "curl x"),
        ("sudo -Eu root curl x", "curl x"),
        ("sudo A=b env -u C D=e curl x", "curl x"),
        ("env -i /usr/bin/curl x", "/usr/bin/curl x"),
        ("time -p nohup nice -n 5 curl x", "curl x"),
        ("timeout --signal=KILL -k 5 10m curl x", "curl x"),
        ("xargs -0 -n1 -I {} curl {}", "curl {}"),
        ("exec -a name curl", "curl"),
        ("stdbuf -oL curl x", "curl x"),
        ("command -v curl", "command -v curl"),
        ("sudo -v", "sudo -v"),
        ("env", "env"),
        ("sudo $X curl", "$X curl"),
        ("$SUDO curl", "$SUDO curl"),
    ] {
        let command = one(text);
        let (name, args) = command.effective();
        let line: Vec<&str> = std::iter::once(name)
            .chain(args)
            .map(|word| word.text.as_str())
            .collect();
        assert_eq!(line.join(" "), wanted, "{text}");
    }
    assert!(one("sudo /usr/bin/curl x").is("curl"));
}

#[test]
fn scripts_inside_of_scripts_are_followed_with_their_places() {
    for (text, wanted) in [
        ("bash -c 'curl x | sh'", &["curl x", "sh"][..]),
        ("sudo sh -euxc \"curl \\\"x y\\\"\" name", &["curl x y"]),
        ("bash -o pipefail -c 'curl x'", &["curl x"]),
        ("eval curl \"x\"", &["curl x"]),
        ("bash <<'EOF'\ncurl x\nEOF\n", &["curl x"]),
        ("bash -s <<< 'curl x'", &["curl x"]),
        ("xargs -n1 sh -c 'curl $0'", &["curl $0"]),
        ("bash script.sh <<< 'curl x'", &[]),
        (
            "bash -c 'bash -c \"curl x\"'",
            &["bash -c curl x", "curl x"],
        ),
    ] {
        let script = bash(text);
        let inside: Vec<String> = lines(&script)
            .into_iter()
            .skip(1)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(inside, wanted, "{text}");
        let curl = script
            .commands
            .iter()
            .skip(1)
            .find(|found| found.name.text == "curl");
        if let Some(curl) = curl {
            assert_eq!(&text[curl.name.range.clone()], "curl", "{text}");
            assert!(curl.depth > 0);
        }
    }
    // Two levels are followed, no more.
    let deep = "bash -c 'eval \"eval \\\"a b\\\"\"'";
    assert_eq!(
        bash(deep).commands.iter().map(|found| found.depth).max(),
        Some(2)
    );
    // What is substituted before the inner shell starts is found once.
    let substituted = bash("bash -c \"echo $(date)\"");
    assert_eq!(
        lines(&substituted),
        ["bash -c echo $(date)", "echo $(date)", "date"]
    );
    assert!(substituted.commands[1].args[0].holds_substitution);
    // An inner script that is not understood is not understood at its place.
    let broken = parse("echo a\nbash -c 'if'\necho b", &Shell::Bash);
    assert!(!broken.understood);
    assert!(
        broken
            .commands
            .iter()
            .filter(|found| found.name.text == "echo")
            .all(|found| found.certain)
    );
}

#[test]
fn assignments_alone_and_exported() {
    let script = bash("A=b\nexport C=\"$D\" E\nlocal F=g\nH=1 I=2\nJ=k cmd\ndeclare -x L=m\nN=");
    let found: Vec<(&str, &str, bool)> = script
        .assignments
        .iter()
        .map(|found| {
            (
                found.name.as_str(),
                found.value.text.as_str(),
                found.exported,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("A", "b", false),
            ("C", "$D", true),
            ("F", "g", false),
            ("H", "1", false),
            ("I", "2", false),
            ("L", "m", true),
            ("N", "", false)
        ]
    );
    let command = script
        .commands
        .iter()
        .find(|found| found.name.text == "cmd")
        .unwrap();
    assert_eq!(
        (command.env[0].0.as_str(), command.env[0].1.text.as_str()),
        ("J", "k")
    );
    assert_eq!(lines(&script)[0], "export C=$D E");
}

#[test]
fn tests_are_commands_with_operands() {
    let script = bash("[[ \"$A\" == main && -n $B ]] || [ ! -f x ]");
    assert_eq!(lines(&script), ["[[ $A == main && -n $B", "[ ! -f x"]);
}

#[test]
fn places_lead_back_through_quotes() {
    let text = "echo \"a\\\"b ${X} c\"'d'";
    let word = &one(text).args[0];
    let place = |part: &str| {
        let start = word.text.find(part).unwrap();
        &text[word.place(start..start + part.len())]
    };
    assert_eq!(word.text, "a\"b $X cd");
    assert_eq!(place("b "), "b ");
    assert_eq!(place("$X"), "${X}");
    assert_eq!(place("c"), "c");
    assert_eq!(place("d"), "d");
    assert_eq!(place("$X cd"), "${X} c\"'d");
}

#[test]
fn what_is_not_understood_is_said() {
    for shell in [
        Shell::PowerShell,
        Shell::Cmd,
        Shell::Python,
        Shell::Other("perl".to_owned()),
    ] {
        let script = parse("echo a", &shell);
        assert!(!script.understood && script.commands.is_empty());
        assert_eq!(script.not_understood.first(), Some(&(0..6)));
    }
    let broken = parse("good one\nif then ((\n", &Shell::Bash);
    assert!(!broken.understood && !broken.not_understood.is_empty());
    assert!(!parse("a\0b", &Shell::Bash).understood);
    assert!(parse("", &Shell::Bash).understood);
}

#[test]
fn shells_are_named_by_their_program() {
    for (value, shell) in [
        ("bash", Shell::Bash),
        ("bash --noprofile --norc -eo pipefail {0}", Shell::Bash),
        ("/usr/bin/bash -l {0}", Shell::Bash),
        ("sh", Shell::Sh),
        ("pwsh", Shell::PowerShell),
        ("C:\\tools\\PowerShell.exe", Shell::PowerShell),
        ("cmd", Shell::Cmd),
        ("python", Shell::Python),
        ("node {0}", Shell::Other("node".to_owned())),
        ("${{ matrix.shell }}", Shell::Other("${{".to_owned())),
    ] {
        assert_eq!(Shell::named(value), shell, "{value}");
    }
}

#[test]
fn words_of_any_language_keep_their_places() {
    let text = "Invoke-WebRequest -Uri \"https://a b/c\" | iex\r\n\n  don't 'x y'\n";
    let lines = words_by_line(text);
    let texts: Vec<Vec<&str>> = lines
        .iter()
        .map(|line| line.iter().map(|word| word.text.as_str()).collect())
        .collect();
    assert_eq!(
        texts,
        [
            vec!["Invoke-WebRequest", "-Uri", "https://a b/c", "|", "iex"],
            vec!["don't", "x y"]
        ]
    );
    assert_eq!(&text[lines[0][2].range.clone()], "\"https://a b/c\"");
    assert_eq!(&text[lines[1][1].range.clone()], "'x y'");
}

/// Inputs on which the grammar's parser takes time in the square of the size or
/// worse. Each is refused by a counted budget; that they are is the bound, so
/// no clock is needed. Without the budgets this test takes minutes.
#[test]
fn hostile_scripts_exhaust_a_budget_and_not_the_machine() {
    let pieces = [
        "a | ",
        "a=(",
        "`<[",
        ">!`",
        "))",
        "$[",
        "<<A\n",
        "<<A((@(",
        "\\\r",
        "')",
        "[[ a =~ (",
        "!|",
        "\0",
    ];
    for piece in pieces {
        let script = parse(&piece.repeat(MAX_SCRIPT_BYTES / piece.len()), &Shell::Bash);
        assert!(!script.understood, "{piece:?}");
        // Far above the size cap nothing is even tried.
        let large = piece.repeat(1024 * 1024 / piece.len());
        let script = parse(&large, &Shell::Bash);
        assert_eq!(
            script.not_understood.first(),
            Some(&(0..large.len())),
            "{piece:?}"
        );
        assert!(script.commands.is_empty());
    }
}

#[test]
fn the_bounds_leave_room_for_real_scripts() {
    let line =
        "echo \"step\" >> \"$GITHUB_STEP_SUMMARY\" && curl -fsSL https://example.com | tee f\n";
    let long = line.repeat(MAX_TURNS / 4);
    let script = bash(&long);
    assert_eq!(script.commands.len(), 3 * (MAX_TURNS / 4));
    assert!(!parse(&line.repeat(MAX_TURNS / 2), &Shell::Bash).understood);
    let plain = "make build test\n".repeat(MAX_SCRIPT_BYTES / 16);
    assert_eq!(bash(&plain).commands.len(), MAX_SCRIPT_BYTES / 16);
    assert!(!parse(&format!("{plain}x"), &Shell::Bash).understood);
}

/// Nesting as deep as the size allows, on a stack smaller than any thread's
/// that parses files.
#[test]
fn deep_nesting_needs_little_stack() {
    let small = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(|| {
            for (open, close) in [
                ("(", ")"),
                ("{ ", "; }"),
                ("$(", ")"),
                ("\"$(", ")\""),
                ("if a; then ", "; fi"),
                ("f() { ", "; }"),
                ("${a:-", "}"),
                ("a && ", ""),
                ("! ", ""),
                ("eval ", ""),
            ] {
                for depth in [50, 1_000, MAX_SCRIPT_BYTES / (open.len() + close.len() + 1)] {
                    let text = format!("{}a{}", open.repeat(depth), close.repeat(depth));
                    let script = parse(&text, &Shell::Bash);
                    assert_eq!(script.understood, script.not_understood.is_empty());
                }
            }
            // `i=j=…` nests assignments.
            let chain = format!("for ((i={}0;;)); do a; done", "j=".repeat(10_000));
            let _ = parse(&chain, &Shell::Bash);
        });
    small.unwrap().join().unwrap();
}

fn check(text: &str) {
    let script = parse(text, &Shell::Bash);
    assert_eq!(script.understood, script.not_understood.is_empty());
    for pair in script.not_understood.windows(2) {
        assert!(pair[0].end < pair[1].start);
    }
    for range in &script.not_understood {
        assert!(range.start <= range.end && range.end <= text.len());
    }
    for command in &script.commands {
        assert!(
            text.get(command.range.clone()).is_some(),
            "{text:?} {command:?}"
        );
        let _ = command.effective();
        let words = std::iter::once(&command.name)
            .chain(&command.args)
            .chain(&command.heredoc)
            .chain(command.redirects.iter().map(|redirect| &redirect.target))
            .chain(command.env.iter().map(|(_, value)| value));
        for word in words {
            assert!(word.range.start <= word.range.end && word.range.end <= text.len());
            let place = word.place(0..word.text.len());
            assert!(place.start <= place.end && place.end <= text.len());
        }
    }
    assert_eq!(
        format!("{script:?}"),
        format!("{:?}", parse(text, &Shell::Bash))
    );
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        " ",
        "\n",
        "|",
        "&&",
        "||",
        "(",
        ")",
        "{ ",
        "}",
        "$(",
        "`",
        "\"",
        "'",
        "$X",
        "${",
        "=",
        "=(",
        "[",
        "]",
        "[[ ",
        " ]]",
        "<<A\n",
        "<<-'A'\n",
        "A\n",
        "< ",
        "> ",
        ">> ",
        "<(",
        "!",
        "#",
        "\\",
        "\\\n",
        ";",
        ";;",
        "&",
        "*",
        "$((",
        "))",
        "$'",
        "if ",
        "then ",
        "fi",
        "case a in ",
        "esac",
        "for i in ",
        "do ",
        "done",
        "é",
        "\u{1f600}",
        "\r",
        "\t",
        "eval ",
        "bash -c ",
        "bash <<A\n",
        "sh -c '",
        "export B=",
        "${{ x }}",
        "${{",
        "}}",
        "sudo ",
        "env ",
        "2>&1",
        "<<<",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,120}") {
        check(&text);
        for line in words_by_line(&text) {
            for word in line {
                prop_assert!(text.get(word.range).is_some());
            }
        }
    }

    #[test]
    fn any_order_of_tokens_is_survived(text in soup()) {
        check(&text);
    }

    #[test]
    fn any_argument_comes_back_from_quotes(argument in "[ -~äö\n]{0,20}") {
        prop_assume!(!argument.contains("${{"));
        let quoted = format!("echo '{}'", argument.replace('\'', "'\\''"));
        let command = one(&quoted);
        let text = if argument.is_empty() { "" } else { command.args[0].text.as_str() };
        prop_assert_eq!(text, argument.as_str());
        let mut escaped = String::from("echo \"");
        for character in argument.chars() {
            if matches!(character, '"' | '\\' | '$' | '`') {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        escaped.push('"');
        let parsed = parse(&escaped, &Shell::Bash);
        prop_assume!(parsed.understood);
        prop_assert_eq!(&parsed.commands[0].args[0].text, &argument);
    }
}

#[test]
fn a_large_code_point_behind_a_brace_does_not_end_the_process() {
    let script = parse("{\u{e0148}", &Shell::Bash);
    assert!(script.commands.len() <= 1);
    // What is shown is the text as written, not what the grammar was given.
    let script = parse("echo grüße", &Shell::Bash);
    let words: Vec<&str> = script
        .commands
        .iter()
        .flat_map(|c| &c.args)
        .map(|w| w.text.as_str())
        .collect();
    assert_eq!(words, ["grüße"]);
}
