//! What `git` fetches, and what it puts into a folder.

use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::shell::{Command, Word};

use super::Shell;
use super::commits::Fetched;
use crate::foreign::Walk;

impl Shell<'_> {
    pub(super) fn git(
        &mut self,
        walk: &mut Walk<'_>,
        command: &Command,
        args: &[Word],
        words: &[String],
    ) {
        let mut cwd = self.cwd.clone();
        let mut at = 0;
        while let Some(option) = words.get(at).filter(|w| w.starts_with('-')) {
            match option.as_str() {
                "-C" => {
                    cwd = cwd.join(words.get(at + 1).map_or("", String::as_str));
                    at += 2;
                }
                "-c" | "--git-dir" | "--work-tree" => at += 2,
                _ => at += 1,
            }
        }
        let verb = words.get(at).map_or("", String::as_str);
        let known = walk.out.fetches.len();
        let rest = args.get(at + 1..).unwrap_or_default();
        // `echo refs/pull/7/head | xargs git fetch origin`
        let fed: Vec<&Word> = match command.is_wrapped_by("xargs") {
            true => {
                let before = self.before(command).into_iter();
                before.flat_map(|c| c.effective().1).collect()
            }
            false => Vec::new(),
        };
        let all = rest.iter().chain(fed);
        let (head, looked_up) = all.fold((Head::default(), false), |(head, up), w| {
            let (more, late) = self.head(w);
            (head.or(more), up || late)
        });
        let mutable = head.pull || head.branch || looked_up || self.is_late(walk);
        match verb {
            "fetch" if head.is_code() || head.branch && head.fork => {
                walk.fetched = Some(Fetched::by(head, mutable, words));
                self.fetched_here = true;
            }
            "remote" if head.fork => {
                walk.fetched = Some(Fetched::by(head, mutable, words));
                self.fetched_here = true;
            }
            // `remote.origin.fetch`, and aliases for such commands.
            "config" if head.is_code() => {
                walk.fetched = Some(Fetched::by(head, true, words));
                self.fetched_here = true;
            }
            // A stranger's ref may be any pull request's.
            "fetch" if self.names_ref(rest) => {
                walk.fetched = Some(Fetched::by(Head::PULL.or(head), true, words));
                self.fetched_here = true;
            }
            "branch" | "tag" | "update-ref" => {
                if let Some(fetched) = &mut walk.fetched {
                    let words = words.get(at + 1..).unwrap_or_default();
                    fetched.also(words);
                    if verb == "update-ref" && fetched.is_named(words) {
                        fetched.moves_head(words);
                    }
                }
            }
            "pull" if head.is_code() || self.names_ref(rest) => {
                self.arrives(walk, command, head, cwd, mutable)
            }
            "clone" => self.clone_of(walk, command, rest),
            "checkout" | "switch" | "merge" | "reset" | "rebase" | "cherry-pick" | "restore"
            | "read-tree" => {
                let back = rest
                    .iter()
                    .any(|w| matches!(w.text.as_str(), "--abort" | "-"));
                // What an earlier step has fetched has to be named.
                let fetched = walk.fetched.clone();
                // Where every pull request was fetched, a loop goes through them.
                let looped = rest.iter().any(|w| !w.variables.is_empty());
                let here = self.fetched_here && (walk.is_about_pull_request() || looped);
                let moved = |f: &Fetched| f.is_head() && matches!(verb, "reset" | "checkout");
                let fetched = fetched.filter(|f| here || f.is_named(words) || moved(f));
                let own = |w: &Word| {
                    let renamed = fetched.as_ref().is_some_and(|f| f.has_name(&w.text));
                    w.is_static && is_own_branch(&w.text) && !renamed
                };
                let base = verb == "checkout"
                    && fetched.as_ref().is_some_and(|f| !f.is_head())
                    && rest.iter().all(own);
                if let Some(fetched) = fetched.filter(|_| !back && !base) {
                    let late = fetched.late || mutable;
                    self.arrives(walk, command, fetched.head.or(head), cwd, late);
                } else if head.commit || head.pull {
                    self.arrives(walk, command, head, cwd, mutable);
                } else if matches!(verb, "checkout" | "switch" | "reset") && self.names_ref(rest) {
                    let text = Head::TEXT.or(Head::PULL);
                    self.arrives(walk, command, text, cwd, true);
                }
            }
            "worktree" if rest.first().is_some_and(|w| w.text == "add") => {
                let folder = words
                    .iter()
                    .skip(at + 2)
                    .find(|w| !w.starts_with('-'))
                    .map_or(Folder::Elsewhere, |path| cwd.join(path));
                let fetched = walk.fetched.as_ref();
                let fetched = fetched.filter(|f| self.fetched_here || f.is_named(words));
                let head = fetched.map_or(head, |fetched| head.or(fetched.head));
                if head.is_code() {
                    self.arrives(walk, command, head, folder, mutable);
                }
            }
            // `gh pr diff … | git apply`
            "apply" | "am" if self.is_patched(walk, command, words) => {
                self.arrives(walk, command, Head::PULL, cwd, true);
            }
            _ => {}
        }
        let lands = matches!(
            verb,
            "am" | "apply" | "cherry-pick" | "merge" | "pull" | "rebase" | "reset"
        );
        walk.landed |= lands && walk.out.fetches.len() > known;
    }

    // Whether a text of the starter's stands as a ref or a repository: by itself,
    // and not as the name of a new branch or as a message.
    fn names_ref(&self, args: &[Word]) -> bool {
        const NAMING: &[&str] = &["-b", "-B", "-c", "-C", "-m", "--orphan", "--message", "--"];
        let mut before = "";
        for word in args {
            let value = !NAMING.contains(&before)
                && !word.text.starts_with('-')
                && (!word.variables.is_empty() || word.holds_expression);
            if value && self.head(word).0.text {
                return true;
            }
            before = &word.text;
        }
        false
    }

    // Comments carry no commit, so that every lookup happens when the job runs.
    fn is_late(&self, walk: &Walk<'_>) -> bool {
        matches!(walk.start.event(), "issue_comment" | "workflow_dispatch")
    }

    // By a pipe, or a file that is a stranger's.
    pub(super) fn is_patched(&self, walk: &Walk<'_>, command: &Command, words: &[String]) -> bool {
        let of_stranger = |path: &str| {
            let inside = walk.tree.owner_of_named(&self.cwd.join(path));
            inside.or_else(|| walk.tree.owner_outside(path)).is_some()
        };
        let files = words.iter().filter(|w| !w.starts_with('-'));
        let from = command.redirects.iter().filter(|r| r.operator == "<");
        self.is_fed_by_pull_request(command)
            || self.shown_to(walk, command).is_some()
            || files.skip(1).any(|path| of_stranger(path))
            || from
                .map(|r| self.expand(&r.target))
                .any(|path| of_stranger(&path))
    }

    fn is_fed_by_pull_request(&self, command: &Command) -> bool {
        command.pipeline.is_some_and(|(id, _)| {
            self.script.pipeline(id).iter().any(|c| {
                let (_, args) = c.effective();
                c.is("gh")
                    && args
                        .iter()
                        .take(2)
                        .map(|w| w.text.as_str())
                        .eq(["pr", "diff"])
                    || (c.is("curl") || c.is("wget")) && args.iter().any(|w| self.head(w).0.any())
            })
        })
    }

    pub(super) fn clone_of(&mut self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        let head = args
            .iter()
            .fold(Head::default(), |head, w| head.or(self.head(w).0));
        let wiki = args.iter().any(|w| w.text.contains(".wiki"));
        let head = match () {
            () if wiki && walk.start.event() == "gollum" => head.or(Head::FORK),
            // Who may edit it is a setting of the repository's.
            () if wiki => head.or(Head::UNKNOWN),
            () if self.names_ref(args) || head.login => head.or(Head::FORK),
            () => head,
        };
        if !(head.is_code() || wiki && head.is_lost()) {
            return;
        }
        // `gh repo clone REPOSITORY FOLDER -- OPTIONS OF GIT`
        let plain: Vec<String> = args
            .iter()
            .take_while(|w| w.text != "--")
            .filter(|w| !w.text.starts_with('-'))
            .map(|w| self.expand(w))
            .collect();
        // Without a folder it takes the repository's name, which a fork keeps.
        let folder = match (plain.as_slice(), &walk.repository().slug) {
            ([_, .., folder], _) => self.cwd.join(folder),
            (_, Some(slug)) => self.cwd.join(slug.rsplit('/').next().unwrap_or("")),
            _ => Folder::Elsewhere,
        };
        let known = walk.out.fetches.len();
        let outside = folder == Folder::Elsewhere;
        self.arrives(walk, command, head, folder, true);
        if let ([_, .., to], true) = (plain.as_slice(), outside)
            && walk.out.fetches.len() > known
        {
            walk.tree.outside_folder(to, known);
        }
    }
}

fn is_own_branch(text: &str) -> bool {
    text.starts_with('-')
        || matches!(
            text,
            "main" | "master" | "HEAD" | "origin/main" | "origin/master"
        )
}
