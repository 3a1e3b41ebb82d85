//! Scripts that ask the API for the head of a pull request, and set it as an
//! output or variable.
//!
//! Scripts are read line by line here, in whatever language: the lines that set
//! a name, and, for the names on those lines, the lines that set them in turn.
//! What such lines say about heads is what the name holds.

use std::collections::BTreeSet;

use crate::semantics::heads::Head;

/// How many steps from name to name are taken inside a script, over how many
/// names and lines: no script that people write comes near.
const MAX_STEPS: usize = 5;
const MAX_NAMES: usize = 64;
const MAX_LINES: usize = 2_000;

/// What words of the API's answers say.
#[must_use]
pub fn of_words(text: &str) -> Head {
    // Each of the words below has one of these, and most texts have none.
    if !["head", "erge", "refs/pull/", "payload.", "/forks"]
        .iter()
        .any(|part| text.contains(part))
    {
        return Head::default();
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Head {
        commit: has(&[
            "head.sha",
            "headRefOid",
            "head_sha",
            "headSha",
            "merge_commit_sha",
            "mergeCommit",
            "potentialMergeCommit",
        ]),
        pull: has(&["refs/pull/"]),
        fork: has(&[
            "head.repo.full_name",
            "head.repo.clone_url",
            "head.repo.ssh_url",
            "head.repo.html_url",
            "headRepository",
            "head_repository",
            // The list of the forks of a repository.
            "/forks",
        ]),
        branch: has(&[
            "head.ref",
            "headRefName",
            "head_ref",
            "head_branch",
            "headBranch",
        ]),
        text: has(&[
            "payload.comment.body",
            "payload.issue.body",
            "payload.issue.title",
            "payload.pull_request.body",
            "payload.pull_request.title",
            "payload.review.body",
        ]),
        ..Head::default()
    }
}

/// What a script makes of a name: the head that it is set to.
///
/// `expressions` says what the expressions in a piece of the script lead to,
/// `variable` what a variable of the step's `env:` leads to.
#[must_use]
pub fn of_name(
    script: &str,
    name: &str,
    expressions: &dyn Fn(&str) -> Head,
    variable: &dyn Fn(&str) -> Head,
) -> Head {
    let set = pieces(script, name, &|_| true);
    let of_names = set.names.iter().map(|name| variable(name));
    let of_pieces = set
        .pieces
        .iter()
        .map(|piece| of_words(piece).or(expressions(piece)));
    let mut head = of_names.chain(of_pieces).fold(Head::default(), Head::or);
    head.unknown |= set.cut && !head.any();
    head
}

/// An output's name as a script sets it: contexts take it in any case of letters,
/// scripts do not.
#[must_use]
pub fn as_set<'s>(script: &'s str, name: &'s str) -> &'s str {
    if script.contains(name) {
        return name;
    }
    let words = script.split(|c: char| !is_word(c) && c != '-');
    let mut alike = words.filter(|word| word.eq_ignore_ascii_case(name));
    alike.next().unwrap_or(name)
}

/// What a name of a script is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made<'s> {
    /// The pieces of lines that set it, or a name it is made of.
    pub pieces: Vec<&'s str>,
    /// The names that were followed, the first one included.
    pub names: Vec<String>,
    /// Whether a limit was reached, so that there may be more of both.
    pub cut: bool,
}

/// The pieces of a script's lines that set a name, and, for the names in them,
/// the pieces that set those in turn. A piece that `counts` refuses is left out,
/// with the names in it.
#[must_use]
pub fn pieces<'s>(script: &'s str, name: &str, counts: &dyn Fn(&str) -> bool) -> Made<'s> {
    let mut made = Made {
        names: vec![name.to_owned()],
        cut: script.lines().nth(MAX_LINES).is_some(),
        ..Made::default()
    };
    // Most names are set nowhere in the script.
    if !script.contains(name) && name != RETURNED {
        return made;
    }
    let lines: Vec<&str> = script.lines().take(MAX_LINES).collect();
    made.names.clear();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut names = vec![name];
    for _ in 0..MAX_STEPS {
        let mut next = Vec::new();
        for name in names {
            made.cut |= seen.len() >= MAX_NAMES;
            if seen.len() >= MAX_NAMES || !seen.insert(name) {
                continue;
            }
            for at in speaking(script, &lines, name) {
                let Some(rest) = lines.get(at).and_then(|line| sets(line, name)) else {
                    continue;
                };
                // A call or a here-document goes on below.
                let open = rest.ends_with(['(', '{', '[', ',', '\\', '='])
                    || rest.contains("<<") && !rest.contains("<<<")
                    || rest.trim().is_empty();
                let below = if open { 4 } else { 0 };
                let value =
                    std::iter::once(rest).chain(lines.iter().copied().skip(at + 1).take(below));
                for piece in value.filter(|piece| counts(piece)) {
                    made.pieces.push(piece);
                    next.extend(identifiers(piece));
                }
            }
            made.names.push(name.to_owned());
        }
        names = next;
    }
    made
}

/// What `github-script` returns is its output of this name.
const RETURNED: &str = "result";

/// Which lines speak of a name, in order: only those can set it. To search the
/// whole script at once is much less than to begin anew with each line.
fn speaking(script: &str, lines: &[&str], name: &str) -> Vec<usize> {
    if name == RETURNED || name.contains(['\n', '\r']) {
        return (0..lines.len()).collect();
    }
    if name.is_empty() {
        return Vec::new();
    }
    let begin = script.as_ptr().addr();
    let end = |line: &&str| line.as_ptr().addr() - begin + line.len();
    let mut found = Vec::new();
    let mut line = 0;
    for (at, _) in script.match_indices(name) {
        let ends_before = |one: &&str| end(one) <= at;
        line += lines
            .get(line..)
            .unwrap_or_default()
            .iter()
            .take_while(|one| ends_before(one))
            .count();
        if line >= lines.len() {
            break;
        }
        if found.last() != Some(&line) {
            found.push(line);
        }
    }
    found
}

/// What follows on a line that sets a name; `None` if the line does not.
fn sets<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    if name.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(at) = line.get(from..).and_then(|rest| rest.find(name)) {
        let start = from + at;
        let end = start + name.len();
        let before = line.get(..start).unwrap_or("");
        let after = line.get(end..).unwrap_or("");
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let quoted = after.strip_prefix(['\'', '"', '`']);
        if whole {
            // NAME=…, NAME = …, name=NAME::…, NAME<<EOF
            let trimmed = after.trim_start();
            if let Some(value) = trimmed.strip_prefix('=')
                && !value.starts_with('=')
            {
                return Some(value);
            }
            for opener in ["::", "<<", ":="] {
                if let Some(value) = after.strip_prefix(opener) {
                    return Some(value);
                }
            }
            // setOutput('NAME', …), exportVariable("NAME", …)
            let calls = before.contains("setOutput") || before.contains("exportVariable");
            if let Some(value) = quoted.and_then(|rest| rest.trim_start().strip_prefix(','))
                && calls
            {
                return Some(value);
            }
            // const { data: NAME } = …, read -r NAME <<< …
            let destructured = before.contains('{') && trimmed.starts_with(['}', ','])
                || before.trim_start().starts_with("read ");
            if destructured {
                return Some(after);
            }
        }
        from = end;
    }
    (name == RETURNED).then(|| returned(line)).flatten()
}

/// What a line returns, also behind another statement: `if (x) return y`.
fn returned(line: &str) -> Option<&str> {
    line.match_indices("return ").find_map(|(at, word)| {
        let before = line.get(..at)?.trim_end();
        let begins = before.is_empty()
            || before.ends_with([';', '{', '}', ')', '>'])
            || before.ends_with("else");
        begins.then(|| line.get(at + word.len()..)).flatten()
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c))
        .filter(|w| !w.is_empty() && w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// What an output of an action that is not read here holds, by its name.
#[must_use]
pub fn of_output_name(name: &str) -> Head {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    let has = |word: &str| name.contains(word);
    if has("base") || has("target") {
        return Head::default();
    }
    let head = has("head") || has("source");
    Head {
        commit: head && (has("sha") || has("oid") || has("commit")),
        branch: head && (has("ref") || has("branch")),
        fork: head && has("repo"),
        number: (has("pr") || has("pull")) && has("number"),
        ..Head::default()
    }
}

/// What a comment bot hands over by a dispatch, by the name of the input: the
/// commit under `SHA`, the pull request under `PR-number`.
#[must_use]
pub fn of_dispatch_input(name: &str) -> Head {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    if name.contains("base") {
        return Head::default();
    }
    if name.contains("sha") || name.contains("commit") {
        return Head::COMMIT;
    }
    if name.contains("number") {
        return Head::NUMBER;
    }
    Head::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str, name: &str) -> Head {
        of_name(script, name, &|_| Head::default(), &|_| Head::default())
    }

    /// The same by looking at every line for every name.
    fn by_every_line<'s>(script: &'s str, name: &str) -> Made<'s> {
        let lines: Vec<&str> = script.lines().take(MAX_LINES).collect();
        let mut made = Made::default();
        let mut seen = BTreeSet::new();
        let mut names = vec![name.to_owned()];
        made.cut = script.lines().nth(MAX_LINES).is_some();
        for _ in 0..MAX_STEPS {
            let mut next = Vec::new();
            for name in names {
                made.cut |= seen.len() >= MAX_NAMES;
                if seen.len() >= MAX_NAMES || !seen.insert(name.clone()) {
                    continue;
                }
                for (at, line) in lines.iter().enumerate() {
                    let Some(rest) = sets(line, &name) else {
                        continue;
                    };
                    let open = rest.ends_with(['(', '{', '[', ',', '\\', '='])
                        || rest.contains("<<") && !rest.contains("<<<")
                        || rest.trim().is_empty();
                    let below = lines.iter().skip(at + 1).take(if open { 4 } else { 0 });
                    for piece in std::iter::once(&rest).chain(below) {
                        made.pieces.push(piece);
                        next.extend(identifiers(piece).map(str::to_owned));
                    }
                }
                made.names.push(name);
            }
            names = next;
        }
        made
    }

    #[test]
    fn only_lines_that_speak_of_a_name_set_it() {
        const WORDS: [&str; 24] = [
            "a",
            "b",
            "ab",
            "a_b",
            "result",
            "pr-number",
            "=",
            "==",
            " = ",
            "::",
            "<<",
            ":=",
            "<<< ",
            "return ",
            "setOutput('",
            "',",
            "const { ",
            " }",
            "read -r ",
            "\n",
            "\n",
            "\n  ",
            "(",
            "é",
        ];
        let mut state = 7_u64;
        let mut next = || {
            // The generator of Knuth's MMIX.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let mut set = 0;
        for _ in 0..800 {
            let count = next() % 60;
            let script: String = (0..count)
                .filter_map(|_| WORDS.get(next() % WORDS.len()))
                .copied()
                .collect();
            for name in ["a", "ab", "result", "pr-number", "é", ""] {
                let made = pieces(&script, name, &|_| true);
                assert_eq!(made, by_every_line(&script, name), "{name}: {script}");
                set += usize::from(!made.pieces.is_empty());
            }
        }
        assert!(set > 200, "{set}");
    }

    #[test]
    fn names_are_followed_through_a_script() {
        let shell = "PR=$(gh api repos/$R/pulls/$N)\n\
                     head=$(jq -r .head.sha <<< \"$PR\")\n\
                     base=$(jq -r .base.ref <<< \"$PR\")\n\
                     echo \"sha=$head\" >> $GITHUB_OUTPUT\n\
                     echo \"target=$base\" >> $GITHUB_OUTPUT\n";
        assert_eq!(of(shell, "sha"), Head::COMMIT);
        assert_eq!(of(shell, "target"), Head::default());
        let script = "const { data: pr } = await github.rest.pulls.get({})\n\
                      core.setOutput('ref', pr.head.ref)\n\
                      core.setOutput(\"base\", pr.base.sha)\n\
                      return pr.head.sha\n";
        assert_eq!(of(script, "ref"), Head::BRANCH);
        assert_eq!(of(script, "base"), Head::default());
        assert_eq!(of(script, "result"), Head::COMMIT);
        let line = "const p = await github.rest.pulls.get({}); return p.data.head.sha";
        assert_eq!(of(line, "result"), Head::COMMIT);
        assert_eq!(of("// return p.data.head.sha", "result"), Head::default());
    }

    #[test]
    fn names_of_outputs_tell_what_they_hold() {
        assert_eq!(of_output_name("head_sha"), Head::COMMIT);
        assert_eq!(of_output_name("pr-head-ref"), Head::BRANCH);
        assert_eq!(of_output_name("base_sha"), Head::default());
        assert_eq!(of_dispatch_input("SHA"), Head::COMMIT);
        assert_eq!(of_dispatch_input("base-SHA"), Head::default());
    }
}
