//! Keys and paths that are known up to their expressions.

use cofferdam_workflows::expressions::embedded;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is this.
    Known(String),
    /// An expression, without white space.
    Hole(String),
}

impl Part {
    // Whether only letters, digits and dots can stand there, so that what
    // follows can be told from it.
    fn is_plain(&self) -> bool {
        match self {
            Self::Known(_) => false,
            Self::Hole(text) => {
                text.starts_with("hashFiles(")
                    || matches!(
                        text.as_str(),
                        "runner.os"
                            | "runner.arch"
                            | "github.sha"
                            | "github.run_id"
                            | "github.run_number"
                            | "github.run_attempt"
                    )
            }
        }
    }

    // Whether no other workflow's runs have the same.
    fn is_of_the_run(&self) -> bool {
        matches!(self, Self::Hole(text) if text == "github.run_id")
    }
}

/// A text in pieces.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut at = 0;
    for part in embedded(text) {
        let before = text.get(at..part.range.start).unwrap_or("");
        if !before.is_empty() {
            found.push(Part::Known(before.to_owned()));
        }
        let written = text.get(part.range.clone()).unwrap_or("");
        let inner = written.trim_start_matches("${{").trim_end_matches("}}");
        found.push(Part::Hole(inner.split_whitespace().collect()));
        at = part.range.end;
    }
    let rest = text.get(at..).unwrap_or("");
    if !rest.is_empty() {
        found.push(Part::Known(rest.to_owned()));
    }
    found
}

/// The same with neighbours put together.
pub(crate) fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    for part in parts {
        match (found.last_mut(), part) {
            (Some(Part::Known(before)), Part::Known(text)) => before.push_str(&text),
            (_, part) => found.push(part),
        }
    }
    found
}

/// Whether a text may begin with another. What two expressions stand for may be
/// the same, but not without any sign of it: something in front of them is.
/// `together` says that both stand in one workflow.
pub(crate) fn may_begin(text: &[Part], start: &[Part], together: bool) -> bool {
    let mut agreed = false;
    let (mut text, mut start) = (Rest::of(text), Rest::of(start));
    loop {
        match (start.first(), text.first()) {
            (None, _) => return agreed,
            (Some(Piece::Known(own)), Some(Piece::Known(other))) => {
                let common = own.len().min(other.len());
                if own.as_bytes().get(..common) != other.as_bytes().get(..common) {
                    return false;
                }
                start.skip(common);
                text.skip(common);
                agreed = true;
            }
            (Some(Piece::Hole(own)), Some(Piece::Hole(other))) if own == other => {
                if own.is_of_the_run() && !together {
                    return false;
                }
                start.skip(0);
                text.skip(0);
                agreed = true;
            }
            // The rest tells, where both end alike.
            (Some(Piece::Hole(own)), Some(Piece::Hole(other)))
                if own.is_plain() && other.is_plain() && agreed =>
            {
                start.skip(0);
                text.skip(0);
            }
            (Some(Piece::Hole(hole)), Some(Piece::Known(known))) if hole.is_plain() && agreed => {
                start.skip(0);
                text.skip(word_of(known));
            }
            (Some(Piece::Known(known)), Some(Piece::Hole(hole))) if hole.is_plain() && agreed => {
                start.skip(word_of(known));
                text.skip(0);
            }
            (Some(Piece::Hole(_)), _) | (_, Some(Piece::Hole(_))) => return agreed,
            (Some(Piece::Known(_)), None) => return false,
        }
    }
}

/// What is left of a text. Keys are compared each with each, so that nothing is
/// copied.
struct Rest<'p> {
    parts: &'p [Part],
    /// How many bytes of the first are behind.
    behind: usize,
}

enum Piece<'p> {
    Known(&'p str),
    Hole(&'p Part),
}

impl<'p> Rest<'p> {
    fn of(parts: &'p [Part]) -> Self {
        Self { parts, behind: 0 }
    }

    fn first(&self) -> Option<Piece<'p>> {
        match self.parts.first()? {
            Part::Known(text) => Some(Piece::Known(text.get(self.behind..).unwrap_or(""))),
            hole => Some(Piece::Hole(hole)),
        }
    }

    // Past so many bytes of what is known, or past the expression.
    fn skip(&mut self, bytes: usize) {
        match self.parts.split_first() {
            Some((Part::Known(text), _)) if self.behind + bytes < text.len() => {
                self.behind += bytes;
            }
            Some((_, rest)) => *self = Self::of(rest),
            None => {}
        }
    }
}

fn word_of(text: &str) -> usize {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
    text.find(|c| !plain(c)).unwrap_or(text.len())
}

/// Whether two texts may be the same.
pub(crate) fn may_equal(one: &[Part], other: &[Part]) -> bool {
    if one == other {
        return true;
    }
    let open = |parts: &[Part]| parts.iter().any(|part| matches!(part, Part::Hole(_)));
    if !open(one) && !open(other) {
        return false;
    }
    let fixed = |parts: &[Part]| match parts.first() {
        Some(Part::Known(text)) => text.clone(),
        _ => String::new(),
    };
    let (one, other) = (fixed(one), fixed(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// Whether paths, which may be patterns or folders, take in a file.
pub(crate) fn are_around(paths: &[Vec<Part>], file: &str) -> bool {
    let file = plain_path(file);
    let file: Vec<&str> = components(&file);
    let mut inside = false;
    for path in paths {
        let text: String = path
            .iter()
            .map(|part| match part {
                Part::Known(text) => text.clone(),
                Part::Hole(hole) => format!("${{{{{hole}}}}}"),
            })
            .collect();
        // A line with `!` takes out what lines before it took in.
        match text.strip_prefix('!') {
            Some(out) if is_around(out, &file) => inside = false,
            Some(_) => {}
            None => inside |= is_around(&text, &file),
        }
    }
    inside
}

fn is_around(path: &str, file: &[&str]) -> bool {
    let path = plain_path(path);
    begins(&components(&path), file)
}

fn components(path: &str) -> Vec<&str> {
    let rooted = path.starts_with('/').then_some("/");
    let rest = path.split('/').filter(|part| !matches!(*part, "" | "."));
    rooted.into_iter().chain(rest).collect()
}

/// The spellings of the same folder as one.
fn plain_path(path: &str) -> String {
    let mut text: String = path.to_owned();
    for (from, to) in [
        ("${{ github.workspace }}", "."),
        ("${{github.workspace}}", "."),
        ("${GITHUB_WORKSPACE}", "."),
        ("$GITHUB_WORKSPACE", "."),
        ("${{ runner.temp }}", "$RUNNER_TEMP"),
        ("${{runner.temp}}", "$RUNNER_TEMP"),
        ("${RUNNER_TEMP}", "$RUNNER_TEMP"),
        ("${HOME}", "~"),
        ("$HOME", "~"),
    ] {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    for name in ["${{env.", "${{ env."] {
        if let Some((before, rest)) = text.split_once(name)
            && let Some((name, after)) = rest.split_once("}}")
        {
            text = format!("{before}${}{after}", name.trim());
        }
    }
    text
}

// Where in the file's path the components so far may end, all at once: trying
// each `**` at each place by itself would take too long where there are many.
fn begins(path: &[&str], file: &[&str]) -> bool {
    let mut ends: Vec<usize> = vec![0];
    for component in path {
        ends = if *component == "**" {
            let first = ends.first().copied().unwrap_or(0);
            (first..=file.len()).collect()
        } else {
            let fitting = |at: &usize| file.get(*at).is_some_and(|own| fits(component, own));
            ends.into_iter().filter(fitting).map(|at| at + 1).collect()
        };
        if ends.is_empty() {
            return false;
        }
    }
    true
}

// One component with `*` on either side.
fn fits(pattern: &str, name: &str) -> bool {
    if pattern == name || name == "*" || name == "**" {
        return true;
    }
    let (pattern, name) = if name.contains('*') {
        (name, pattern)
    } else {
        (pattern, name)
    };
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or("");
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_begin_with_another_where_its_constants_do() {
        let cases = [
            ("out-1", "out-1", true),
            ("out-1", "out-", true),
            ("out-", "out-1", false),
            ("out-1", "tool-", false),
            ("out-${{ github.sha }}", "out-${{ hashFiles('a') }}", true),
            ("out-${{ github.sha }}", "out-abc", true),
            ("out-${{ github.sha }}", "out-abc-x", false),
            (
                "${{ runner.os }}-a-${{ github.sha }}",
                "${{runner.os}}-a-",
                true,
            ),
            (
                "${{ runner.os }}-a-${{ github.sha }}",
                "${{ runner.os }}-b-",
                false,
            ),
            ("${{ runner.os }}-a", "${{ matrix.os }}-a", false),
            ("a-${{ matrix.os }}-b", "a-${{ runner.os }}-c", true),
            ("a-${{ github.sha }}-b", "a-${{ runner.os }}-c", false),
            ("a-${{ github.run_id }}", "a-${{ github.run_id }}", false),
            ("a-${{ github.run_id }}", "a-", true),
            ("a", "", false),
        ];
        for (text, start, expected) in cases {
            let found = may_begin(&parts(text), &parts(start), false);
            assert_eq!(found, expected, "{text} {start}");
        }
        let run = parts("a-${{ github.run_id }}");
        assert!(may_begin(&run, &run, true));
    }

    #[test]
    fn paths_are_folders_files_and_patterns() {
        let cases = [
            ("out", "out/a", true),
            ("out", "./out/a", true),
            ("./out/", "out/b/c", true),
            ("out", "output/a", false),
            ("out/a", "out/b", false),
            ("**/target", "x/y/target/a", true),
            ("**/target", "x/a", false),
            ("out/*.txt", "out/a.txt", true),
            ("out/*.txt", "out/a.json", false),
            ("out", "out/*.txt", true),
            ("~/.cache", "$HOME/.cache/x", true),
            ("${{ runner.temp }}/a", "$RUNNER_TEMP/a/b", true),
            ("${{ github.workspace }}/a", "a/b", true),
            ("${{ env.DIR }}/a", "$DIR/a/b", true),
            ("/tmp/a", "tmp/a", false),
            (".", "a", true),
        ];
        for (path, file, expected) in cases {
            assert_eq!(are_around(&[parts(path)], file), expected, "{path} {file}");
        }
        let but = [parts("out"), parts("!out/keep")];
        assert!(are_around(&but, "out/a") && !are_around(&but, "out/keep/a"));
    }

    #[test]
    fn what_is_not_known_of_a_path_may_be_the_same() {
        let may = |one: &str, other: &str| may_equal(&parts(one), &parts(other));
        assert!(may("out", "out") && !may("out", "./out"));
        assert!(may("a/${{ matrix.x }}", "a/${{ inputs.y }}/b"));
        assert!(!may("a/${{ matrix.x }}", "b/${{ matrix.x }}"));
    }
}
