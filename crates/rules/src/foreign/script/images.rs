//! `docker run ghcr.io/$OWNER/x`: an image that the starter of a run names.

use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::shell::Command;

use super::Shell;
use crate::foreign::{Means, Walk};

/// Options that make a container as strong as the runner.
const OPEN: &[&str] = &["--mount", "--pid", "--privileged", "--volume", "-v"];

impl Shell<'_> {
    /// A container of an image that is the starter's.
    pub(super) fn image(&self, walk: &mut Walk<'_>, command: &Command) {
        let (name, args) = command.effective();
        let tool = matches!(name.file_name(), Some("docker" | "nerdctl" | "podman"));
        let verb = args.iter().position(|w| w.text == "run");
        let Some(verb) = verb.filter(|_| tool && walk.has_starter()) else {
            return;
        };
        // The value of an option is no image; an image has a slash, or is all that
        // a word holds.
        let mut before = "";
        let mut named = None;
        for word in args.get(verb + 1..).unwrap_or_default() {
            let option = before.starts_with('-') && !before.contains('=') && before != "--rm";
            before = &word.text;
            let looks = word.text.contains('/') || word.text.starts_with('$');
            if word.text.starts_with('-') || option && !word.text.contains('/') || !looks {
                continue;
            }
            let path = word.text.starts_with(['/', '.', '~']) || word.text.contains(":/");
            if !path && !word.text.starts_with("$PWD") {
                named = Some(self.head(word).0);
                break;
            }
        }
        let Some(head) = named.filter(|head| head.text || head.fork || head.login) else {
            return;
        };
        let open = args
            .iter()
            .any(|w| OPEN.iter().any(|option| w.text.starts_with(option)));
        let known = walk.out.fetches.len();
        let span = self.span(command);
        let head = head.or(Head::FORK);
        walk.fetch(self.at, span, head, Means::Git, Folder::Elsewhere, true);
        if walk.out.fetches.len() > known {
            let means = self.means_of(self.means(command));
            walk.run(self.at, known, span, means, !open);
        }
    }
}
