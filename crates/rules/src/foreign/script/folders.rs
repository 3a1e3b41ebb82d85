//! In which folder a script works: `cd`, `pushd`, and what brings it back.
//!
//! A change that may not happen, or that only a part of the script sees, leaves
//! both folders possible.

use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::shell::Command;

use super::Shell;

/// So many folders are kept as possible; of more it is not known where it is.
const MAX_FOLDERS: usize = 8;

/// So far is the end of a subshell looked for.
const MAX_SUBSHELL: usize = 20_000;

/// How a script gets from folder to folder.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// Ends of subshells, with the folder that comes back there.
    left: Vec<(usize, Folder)>,
    /// What `popd` comes back to.
    stack: Vec<(Folder, Option<String>)>,
    /// What `cd -` comes back to.
    before: Option<(Folder, Option<String>)>,
    /// Folders in which it is still, where a branch was not taken.
    skipped: Vec<Folder>,
    /// The function whose body is walked, and where the script was around it.
    function: Option<(String, Folder)>,
    /// The end of the last command.
    end: usize,
}

impl Shell<'_> {
    /// Settles where a command runs.
    pub(super) fn arrive_at(&mut self, command: &Command) {
        let start = command.range.start;
        while let Some((end, folder)) = self.ways.left.last().cloned() {
            if start < end {
                break;
            }
            self.cwd = folder;
            self.outside = None;
            self.ways.left.pop();
        }
        if !self.ways.skipped.is_empty() {
            let between = self.source.get(self.ways.end..start).unwrap_or("");
            if !command.in_branch || ends_a_branch(between) {
                for folder in std::mem::take(&mut self.ways.skipped) {
                    self.may_be_in(folder);
                }
            }
        }
        self.ways.end = self.ways.end.max(command.range.end);
        let function = self.script.function_at(start);
        let known = self.ways.function.as_ref().map(|(name, _)| name.as_str());
        if function != known {
            if let Some((_, around)) = self.ways.function.take() {
                let inside = std::mem::replace(&mut self.cwd, around);
                self.may_be_in(inside);
            }
            self.ways.function = function.map(|name| (name.to_owned(), self.cwd.clone()));
        }
    }

    fn may_be_in(&mut self, folder: Folder) {
        if folder == self.cwd || self.also.contains(&folder) {
            return;
        }
        if self.also.len() >= MAX_FOLDERS {
            self.tired.set(true);
            return;
        }
        self.also.push(folder);
    }

    pub(super) fn change(&mut self, command: &Command, name: &str, to: &str) {
        // A part of a pipeline has a shell of its own.
        if let Some(end) = self.end_of_part(command) {
            if end > command.range.end {
                self.ways.left.push((end, self.cwd.clone()));
            } else {
                return;
            }
        }
        let here = (self.cwd.clone(), self.outside.clone());
        let (folder, outside) = match to {
            "-" => match self.ways.before.take() {
                Some(before) => before,
                None => (Folder::Elsewhere, Some(to.to_owned())),
            },
            "" if name == "pushd" => return,
            "" => (Folder::Elsewhere, Some(to.to_owned())),
            path => {
                let folder = self.cwd.join(path);
                let outside = (folder == Folder::Elsewhere).then(|| path.to_owned());
                (folder, outside)
            }
        };
        if name == "pushd" {
            self.ways.stack.push(here.clone());
        }
        let around = here.0.clone();
        self.ways.before = Some(here);
        self.cwd = folder;
        self.outside = outside;
        let subshell = self.end_of_subshell(command);
        if let Some(end) = subshell {
            self.ways.left.push((end, around));
        } else if command.in_branch {
            self.ways.skipped.push(around);
        } else if self.may_fail(command) {
            self.may_be_in(around);
        } else {
            // It is there for certain.
            self.also.clear();
        }
    }

    /// `popd`.
    pub(super) fn back(&mut self) {
        let (folder, outside) = match self.ways.stack.pop() {
            Some(before) => before,
            None => (Folder::Elsewhere, None),
        };
        self.cwd = folder;
        self.outside = outside;
    }

    // `cd x || true`, `[ -d x ] && cd x`: what follows runs either way.
    fn may_fail(&self, command: &Command) -> bool {
        let after = self
            .source
            .get(command.range.end..)
            .unwrap_or("")
            .trim_start_matches([' ', '\t']);
        if let Some(rest) = after.strip_prefix("||") {
            let rest = rest.trim_start();
            let leaves = ["exit", "return", "die", "fail", "false"];
            let group =
                rest.starts_with('{') && rest.split('}').next().unwrap_or("").contains("exit");
            return !group && !leaves.iter().any(|word| rest.starts_with(word));
        }
        let before = self
            .source
            .get(..command.range.start)
            .unwrap_or("")
            .trim_end();
        let Some(before) = before.strip_suffix("&&") else {
            return false;
        };
        let line = before.rsplit(['\n', ';']).next().unwrap_or("").trim();
        line.ends_with(']') || line.starts_with("test ")
    }

    // Where the part of a pipeline ends in which a command stands.
    fn end_of_part(&self, command: &Command) -> Option<usize> {
        let (id, position) = command.pipeline?;
        let members = self.script.pipeline(id).into_iter();
        let same = members.filter(|c| c.pipeline == Some((id, position)));
        same.map(|c| c.range.end).max()
    }

    // `(cd x && make)`: what comes after is back where it was.
    fn end_of_subshell(&self, command: &Command) -> Option<usize> {
        let head = self
            .source
            .get(..command.range.start)
            .unwrap_or("")
            .trim_end();
        if !head.ends_with('(') || head.ends_with("$(") {
            return None;
        }
        let mut depth = 1_usize;
        let rest = self.source.get(command.range.end..).unwrap_or("");
        let end = rest.bytes().take(MAX_SUBSHELL).position(|byte| {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        Some(end.map_or(self.source.len(), |at| command.range.end + at))
    }
}

// Whether what stands between two commands leaves a branch or goes into another.
fn ends_a_branch(between: &str) -> bool {
    let mut words = between.split(|c: char| c.is_whitespace() || c == ';');
    words.any(|word| matches!(word, "else" | "elif" | "fi" | "esac" | "done"))
        || between.contains(";;")
}

#[cfg(test)]
mod tests {
    use super::ends_a_branch;

    #[test]
    fn words_between_commands_end_a_branch() {
        assert!(ends_a_branch("\nelse\n  "));
        assert!(ends_a_branch("; fi; "));
        assert!(ends_a_branch("\n;;\nb) "));
        assert!(!ends_a_branch("\n  "));
    }
}
