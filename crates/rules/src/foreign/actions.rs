//! What the actions of a job bring in, and what they run of it.

use cofferdam_workflows::documents::Language;
use cofferdam_workflows::documents::step::Step;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::expressions::Expr;
use cofferdam_workflows::semantics::artifacts;
use cofferdam_workflows::semantics::checkouts;
use cofferdam_workflows::semantics::executing_actions::{self, ActionRuns};
use cofferdam_workflows::semantics::execution::Execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::{Head, script_of};

use super::beside::may_come_upon;
use super::{At, Means, Walk, Whose};

impl Walk<'_> {
    pub(super) fn action(&mut self, at: &At<'_>) {
        let name = at.step.action().unwrap_or_default();
        match name {
            "actions/checkout" => return self.checkout(at),
            _ if artifacts::is_download(name) => return self.download(at),
            "actions/github-script" => self.github_script(at),
            _ => {}
        }
        self.pushed_by(at, name);
        self.dispatched_by(at, name);
        let said = self.said();
        match executing_actions::of_step(at.step) {
            ActionRuns::Data => {
                // It sends a password to the host that it is given.
                if name == "docker/login-action" {
                    self.handed_text(at);
                }
                return;
            }
            ActionRuns::Code(execution) => {
                let Execution {
                    folder,
                    means,
                    contained,
                } = execution;
                if let Some(fetch) = self.tree.owner(&folder) {
                    self.run(at, fetch, at.step.head(), means, contained);
                }
            }
            ActionRuns::Unknown if self.is_other_checkout(at, name) => self.checkout(at),
            ActionRuns::Unknown => {
                // `docker://IMAGE` is of no repository.
                let written = at.step.uses().filter(|_| name.is_empty());
                let named = written.map_or_else(|| name.to_owned(), |uses| uses.value.to_string());
                self.doubt(at, named);
                self.handed_text(at);
            }
        }
        self.beside_action(at, said);
    }

    // An action that by its name and inputs checks out, and is handed a head.
    fn is_other_checkout(&self, at: &At<'_>, name: &str) -> bool {
        let named = ["checkout", "clone"].iter().any(|word| name.contains(word));
        let head = |input: &str| {
            let text = at.step.input(input);
            text.is_some_and(|t| {
                let head = at.frame.of_text(t, Some(at.step));
                head.is_code() || head.login
            })
        };
        named && (head("ref") || head("repository"))
    }

    // An action that is not known works in the workspace, or where an input says.
    fn doubt(&mut self, at: &At<'_>, name: String) {
        let root = Folder::workspace();
        let named = at.step.with().iter().find_map(|pair| {
            let path = pair.value.value.trim();
            let looks = !path.is_empty() && !path.contains(char::is_whitespace) && path.len() < 200;
            let folder = looks.then(|| root.join(path))?;
            self.tree.owner_of_named(&folder)
        });
        if let Some(fetch) = named.or_else(|| self.tree.owner(&root)) {
            let doubt = self.made(at, fetch, at.step.head(), name, false);
            self.doubted(doubt);
        }
    }

    fn checkout(&mut self, at: &At<'_>) {
        let of = |name: &str| {
            at.step
                .input(name)
                .map_or_else(Head::default, |t| at.frame.of_text(t, Some(at.step)))
        };
        let (mut reference, mut repository) = (of("ref"), of("repository"));
        // The number of a pull request is in no ref but its own, in whatever
        // parts `refs/pull/7/head` is written.
        let own_number = |t: &Text| {
            let text = t.value.trim_end_matches(['}', ' ', '\'', ')']);
            t.value.contains("refs/") || text.ends_with("head") || text.ends_with("merge")
        };
        if reference.number && at.step.input("ref").is_some_and(own_number) {
            reference.pull = true;
        }
        repository.fork |= repository.text || repository.login || self.is_wiki(at);
        // What the starter writes may be `refs/pull/7/head`.
        reference.pull |= reference.text;
        let head = Head {
            fork: repository.fork,
            number: false,
            text: reference.text || repository.text,
            unknown: reference.unknown || repository.unknown || self.takes_wiki(at),
            ..reference
        };
        let folder = match at.step.input("path") {
            None => Folder::workspace(),
            Some(path) => Folder::workspace().join(&self.expand(at, path)),
        };
        let own = self.whose == Whose::Head && at.step.input("repository").is_none();
        if own {
            return self.fetch(at, at.step.head(), head, Means::Git, folder, false);
        }
        if !head.is_code() && !head.branch && !head.unknown {
            let own = at.step.input("repository").is_none_or(is_own);
            self.trusted(at, &folder, own);
            return;
        }
        // Where nobody starts the run, the event has no number.
        let of_event = |t: &Text| {
            t.parsed().any(|(_, expr)| {
                let contexts = expr.value_contexts();
                contexts.iter().any(|path| path.starts_with("github.event"))
            })
        };
        let starts = self.has_starter() || self.is_about_pull_request();
        if !starts && at.step.input("ref").is_some_and(of_event) {
            return self.trusted(at, &folder, true);
        }
        // A merged pull request's merge commit is the base's own; what is not
        // merged has been shut out by then.
        let place = at
            .step
            .input(if repository.fork { "repository" } else { "ref" })
            .map_or_else(|| at.step.head(), |t| t.span);
        let mutable = head.pull || head.branch || !self.is_fixed(at);
        let means = if checkouts::is_checkout(at.step) && !self.takes_wiki(at) {
            Means::Checkout(checkouts::guard(at.document, at.step))
        } else {
            Means::Git
        };
        self.fetch(at, place, head, means, folder, mutable);
    }

    // Who may edit the wiki is a setting of the repository's.
    fn takes_wiki(&self, at: &At<'_>) -> bool {
        let repository = at.step.input("repository");
        let wiki = |text: &Text| text.value.trim_end().ends_with(".wiki");
        self.start.event() != "gollum" && repository.is_some_and(wiki)
    }

    // Whoever may edit the wiki writes its repository, and edits start the event.
    fn is_wiki(&self, at: &At<'_>) -> bool {
        let repository = at.step.input("repository");
        self.start.event() == "gollum"
            && repository.is_some_and(|text| text.value.trim_end().ends_with(".wiki"))
    }

    /// The repository's own files, or those of another that is trusted, are put
    /// into a folder; where a condition decides on it, perhaps.
    pub(super) fn trusted(&mut self, at: &At<'_>, folder: &Folder, own: bool) {
        match at.certain {
            true => self.tree.trusted(folder, own),
            false => self.tree.perhaps_trusted(folder, own),
        }
    }

    // Whether the commit is the one of the event, and not looked up later.
    fn is_fixed(&self, at: &At<'_>) -> bool {
        let looked_up = |text: &Text| {
            text.parsed().any(|(_, expr)| {
                expr.value_contexts()
                    .iter()
                    .any(|p| matches!(p.head(), "steps" | "needs"))
            })
        };
        let comment = matches!(self.start.event(), "issue_comment" | "workflow_dispatch");
        !comment && !at.step.input("ref").is_some_and(looked_up)
    }

    // Without a run it takes what this very run has made.
    fn download(&mut self, at: &At<'_>) {
        let of_other = artifacts::of_other_run(at.step);
        let of_jobs = self.whose == Whose::Artifacts;
        if of_jobs == of_other {
            return;
        }
        let head = match at.step.input("run-id").or_else(|| at.step.input("run_id")) {
            _ if of_jobs || self.start.event() == "workflow_run" => Head::default(),
            Some(id) if is_own_run(id) || is_of_run_before(id) => return,
            Some(id) => of_run(at.frame.of_text(id, Some(at.step))),
            None if takes_own_events(at.step) => return,
            None => of_run(self.commit_or_number(at)),
        };
        let path = at.step.input("path");
        let folder = path.map_or_else(Folder::workspace, |path| {
            Folder::workspace().join(&self.expand(at, path))
        });
        let span = at.step.head();
        let elsewhere = folder == Folder::Elsewhere;
        let known = self.out.fetches.len();
        self.fetch(at, span, head, Means::Artifact, folder, false);
        // Scripts write `$RUNNER_TEMP` for the same folder.
        if let (true, Some(path)) = (elsewhere && self.out.fetches.len() > known, path) {
            let temporary = path.value.replace("${{ runner.temp }}", "$RUNNER_TEMP");
            for written in [path.value.as_str(), &temporary] {
                self.tree.outside_folder(written, known);
            }
        }
    }

    // The inputs by which an action chooses the run.
    fn commit_or_number(&self, at: &At<'_>) -> Head {
        let inputs = ["commit", "pr", "branch"].iter();
        let given = inputs.filter_map(|name| at.step.input(name));
        given.fold(Head::default(), |head, text| {
            head.or(at.frame.of_text(text, Some(at.step)))
        })
    }

    fn github_script(&mut self, at: &At<'_>) {
        let Some(script) = script_of(at.step) else {
            return;
        };
        self.packed |= script.contains("downloadArtifact");
        for opener in ["require(", "import("] {
            for rest in script.split(opener).skip(1) {
                let path: String = rest
                    .trim_start_matches(['\'', '"', '`'])
                    .chars()
                    .take_while(|c| !matches!(c, '\'' | '"' | '`' | ')'))
                    .collect();
                if !path.starts_with(['.', '$', '/']) {
                    continue;
                }
                let path = path.replace("${process.env.GITHUB_WORKSPACE}", "$GITHUB_WORKSPACE");
                if let Some(fetch) = self.tree.owner(&Folder::workspace().join(&path)) {
                    let means = format!("require('{path}')");
                    self.run(at, fetch, at.step.head(), means, false);
                } else {
                    self.required(at, &path);
                }
            }
        }
        let said = self.said();
        self.unread_script(at, script);
        self.merged_by_script(at, script);
        if self.said() == said && may_come_upon(Language::JavaScript, script) {
            let means = "actions/github-script".to_owned();
            self.beside(at, at.step.head(), means, false);
        }
    }
}

/// What the artifact of a run is, that somebody else's value names: a head's
/// where it is the starter's, else not known.
pub(super) fn of_run(id: Head) -> Head {
    match id.any() {
        true => Head::default(),
        false => Head::UNKNOWN,
    }
}

// The number of the run before, which no event but `workflow_run` has: the input
// is empty then, and names no other run.
fn is_of_run_before(id: &Text) -> bool {
    id.sole_expression()
        .and_then(Expr::as_context)
        .is_some_and(|path| path.is("github.event.workflow_run.id"))
}

fn is_own_run(id: &Text) -> bool {
    id.is_static()
        || id.parsed().all(|(_, expr)| {
            let contexts = expr.value_contexts();
            contexts.iter().all(|path| path.is("github.run_id"))
        })
}

// Runs of events that nobody outside causes.
fn takes_own_events(step: &Step) -> bool {
    let event = step.input("event").and_then(Text::literal);
    event.is_some_and(|event| {
        matches!(
            event,
            "push" | "schedule" | "workflow_dispatch" | "release" | "repository_dispatch"
        )
    })
}

fn is_own(text: &Text) -> bool {
    text.parsed().all(|(_, expr)| {
        let contexts = expr.value_contexts();
        contexts.iter().all(|path| path.is("github.repository"))
    }) && !text.is_static()
}
