//! Commands that write a stranger's files into the repository.

use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::shell::{Command, Word};

use super::Shell;
use super::beside::is_host;
use crate::foreign::{Means, Walk, Whose};

impl Shell<'_> {
    /// `git push`, `gh pr merge`, a call of the API that merges; and words of the
    /// starter that go into a file.
    pub(super) fn pushes(&self, walk: &mut Walk<'_>, command: &Command) {
        if walk.whose != Whose::Stranger {
            return;
        }
        let (name, args) = command.effective();
        let verb = |at: usize| args.get(at).map_or("", |w| w.text.as_str());
        match name.file_name().unwrap_or("") {
            "git" => self.git_push(walk, command, args),
            "gh" if verb(0) == "pr" && verb(1) == "merge" => self.merges(walk, command, args),
            "gh" | "curl" if args.iter().any(|w| is_merge(&w.text)) => {
                self.merges(walk, command, args);
            }
            "crane" | "curl" | "oras" | "skopeo" | "wget" => {
                // What comes from an address of the starter's is the starter's.
                let named = |w: &Word| is_host(&w.text) && self.head(w).0.text;
                if walk.has_starter() && args.iter().any(named) {
                    self.words_arrive(walk, command);
                }
                self.lands(walk, command, args);
            }
            _ => self.lands(walk, command, args),
        }
    }

    fn words_arrive(&self, walk: &mut Walk<'_>, command: &Command) {
        let (span, folder) = (self.span(command), Folder::Elsewhere);
        walk.fetch(self.at, span, Head::TEXT, Means::Words, folder, true);
    }

    // `echo "$BODY" > notes/x.md`
    fn lands(&self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        if walk.landed || !walk.has_starter() {
            return;
        }
        let mut files = command.redirects.iter().filter(|redirect| {
            let to = &redirect.target.text;
            redirect.writes() && !to.contains("GITHUB_") && !to.starts_with("/dev/")
        });
        let tees = command.is("tee");
        if files.next().is_some() || tees {
            let before = self.before(command).into_iter();
            let mut words = before.flat_map(|c| c.effective().1).chain(args);
            walk.landed = words.any(|word| self.head(word).0.text);
        }
        if walk.landed {
            self.words_arrive(walk, command);
        }
    }

    fn git_push(&self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        let words: Vec<String> = args.iter().map(|w| self.expand(w)).collect();
        let Some(at) = words.iter().position(|w| w == "push") else {
            return;
        };
        let cwd = match words.iter().take(at).position(|w| w == "-C") {
            Some(option) => self
                .cwd
                .join(words.get(option + 1).map_or("", String::as_str)),
            None => self.cwd.clone(),
        };
        let rest = words.get(at + 1..).unwrap_or_default();
        let mut plain = rest.iter().filter(|w| !w.starts_with('-'));
        let refspec = plain.nth(1);
        let fetched = walk.fetched.is_some() || walk.is_pushed_from(&cwd);
        if !(walk.landed || fetched && refspec.is_some()) {
            return;
        }
        let target = refspec.map(|r| r.rsplit(':').next().unwrap_or(r));
        let branch = target
            .map(|t| t.strip_prefix("refs/heads/").unwrap_or(t))
            .filter(|t| !t.contains(['$', '/']) && *t != "HEAD");
        let place = self.at.document.file().locate(self.span(command));
        let means = self.means_of(self.means(command));
        let branch = match target {
            Some(target) if target.contains('$') => Some(target.to_owned()),
            _ => branch.map(str::to_owned),
        };
        walk.push(self.at, place, means, branch, false);
    }

    fn merges(&self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        let named = || {
            args.iter().any(|word| {
                let head = self.head(word).0;
                head.any() || head.unknown
            })
        };
        if walk.is_about_pull_request() || walk.has_starter() && named() || self.lists_all() {
            let place = self.at.document.file().locate(self.span(command));
            let means = self.means_of(self.means(command));
            walk.push(self.at, place, means, None, true);
        }
    }
}

// repos/OWNER/NAME/pulls/7/merge, repos/OWNER/NAME/merges
fn is_merge(word: &str) -> bool {
    word.contains("/pulls/") && word.ends_with("/merge") || word.ends_with("/merges")
}
