//! Addresses that somebody else writes.
//!
//! Only the host counts: behind `https://host/` a value chooses among what one
//! known server offers.

use std::ops::Range;

use cofferdam_workflows::documents::text::{Pair, lookup};
use cofferdam_workflows::shell::{Command, Word};

use crate::class::Class;
use crate::evaluated;
use crate::flow::SinkKind;
use crate::leavings;
use crate::owners;
use crate::scope::{Scope, Unit};
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::words::{self, Piece};

/// A program that asks an address, and its options that take no value.
struct Client {
    names: &'static [&'static str],
    flags: &'static str,
    long: &'static [&'static str],
    /// The manual.
    page: &'static str,
}

const CLIENTS: &[Client] = &[
    Client {
        names: &["curl"],
        flags: "0146BGIJLMNORSafgijklnpqsvZ#",
        long: &[
            "--compressed",
            "--fail",
            "--fail-with-body",
            "--get",
            "--globoff",
            "--head",
            "--include",
            "--insecure",
            "--location",
            "--no-progress-meter",
            "--progress-bar",
            "--remote-name",
            "--show-error",
            "--silent",
            "--url",
            "--verbose",
        ],
        page: "https://curl.se/docs/manpage.html",
    },
    Client {
        names: &["wget"],
        flags: "bcdEFHKLNSknpqrvx",
        long: &[
            "--content-disposition",
            "--continue",
            "--no-verbose",
            "--quiet",
            "--spider",
        ],
        page: "https://www.gnu.org/software/wget/manual/wget.html",
    },
    Client {
        names: &["http", "https", "xh"],
        flags: "bdhjfv",
        long: &[
            "--body",
            "--download",
            "--follow",
            "--form",
            "--headers",
            "--ignore-stdin",
            "--json",
        ],
        page: "https://httpie.io/docs/cli",
    },
    Client {
        names: &["aria2c"],
        flags: "qc",
        long: &["--quiet"],
        page: "https://aria2.github.io/manual/en/html/aria2c.html",
    },
];

/// Inputs of actions that are asked, from the actions' own documentation.
const ACTIONS: &[(&str, &[&str])] = &[
    ("distributhor/workflow-webhook", &["webhook_url"]),
    ("fjogeleit/http-request-action", &["url"]),
    ("joelwmale/webhook-action", &["url"]),
    ("muinmomin/webhook-action", &["url"]),
    ("satak/webrequest-action", &["url"]),
    ("suisei-cn/actions-download-file", &["url"]),
];

/// Whether an input of an action is an address.
pub(crate) fn is_address(action: &str, input: &str) -> bool {
    ACTIONS.iter().any(|(name, inputs)| {
        *name == action && inputs.iter().any(|own| own.eq_ignore_ascii_case(input))
    })
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// Requests of a script whose host a value can choose.
    pub(crate) fn requests(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in &running.script.commands {
            let (program, args) = command.effective();
            let name = program.file_name().unwrap_or("");
            let Some(client) = CLIENTS.iter().find(|client| client.names.contains(&name)) else {
                continue;
            };
            for (position, word) in args.iter().enumerate() {
                let before = position.checked_sub(1).and_then(|at| args.get(at));
                if word.is_static || before.is_some_and(|option| client.takes_value(option)) {
                    continue;
                }
                let pieces = words::located(word, 0..word.text.len());
                let runs = is_run(running, command);
                let owns = |range: &Range<usize>| {
                    let before = word.text.get(..range.start).unwrap_or("");
                    runs && owners::is_owner(before, word.text.get(range.end..).unwrap_or(""))
                };
                let open = |(piece, range): &(Piece, Range<usize>)| {
                    let host = is_host(word.text.get(..range.start).unwrap_or(""));
                    !matches!(piece, Piece::Expression(_)) && host || owns(range)
                };
                let open = pieces.into_iter().filter(open);
                let Some(range) = self.first_told(running, word, open) else {
                    continue;
                };
                // Whose code it is takes no more than a name.
                let whole = runs && range == (0..word.text.len());
                let holds_up_to = match whole || owns(&range) {
                    true => Class::Number,
                    false => Class::Word,
                };
                let mut trails = self.word(running, word, range, &mut Vec::new());
                // Names are spliced in as they are, and break out of nothing.
                trails.retain(|trail| !trail.spliced || trail.is_name());
                if trails.is_empty() {
                    continue;
                }
                let secret = sends_secret(running.scope, command, word);
                let kind = SinkKind::Request { secret, runs };
                let span = running.span(word.range.clone());
                let written = running.shown(&word.text);
                let mut reached = at.reached(kind, span, written, trails);
                reached.sink.holds_up_to = holds_up_to;
                name.clone_into(&mut reached.sink.input);
                reached.sink.page = client.page;
                found.push(reached);
            }
        }
    }
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    // The first part of a word to which anything leads.
    fn first_told(
        &self,
        running: Running<'s, 'r>,
        word: &'s Word,
        parts: impl Iterator<Item = (Piece, Range<usize>)>,
    ) -> Option<Range<usize>> {
        let mut ranges = parts.map(|(_, range)| range);
        ranges.find(|range| {
            let trails = self.word(running, word, range.clone(), &mut Vec::new());
            !trails.is_empty()
        })
    }
}

impl Client {
    fn takes_value(&self, word: &Word) -> bool {
        let text = word.text.as_str();
        match text.strip_prefix('-') {
            None | Some("") => false,
            Some(_) if text.starts_with("--") => !text.contains('=') && !self.long.contains(&text),
            // A value may be attached: `-qO-`.
            Some(letters) => letters
                .find(|c| !self.flags.contains(c))
                .is_some_and(|at| at + 1 == letters.len()),
        }
    }
}

// Whether what follows is still a part of the host's name.
fn is_host(before: &str) -> bool {
    match before.split_once("://") {
        Some((scheme, host)) => {
            scheme.bytes().all(|b| b.is_ascii_alphanumeric()) && !host.contains(['/', '?', '#'])
        }
        None => before.is_empty(),
    }
}

// Whether the command carries a secret besides the address.
fn sends_secret(scope: Scope<'_>, command: &Command, address: &Word) -> bool {
    let (_, args) = command.effective();
    args.iter()
        .filter(|word| word.range != address.range)
        .any(|word| {
            is_secret(&word.text)
                || word
                    .variables
                    .iter()
                    .any(|name| environment(scope, name).is_some_and(is_secret))
        })
}

pub(crate) fn is_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("secrets.") || text.contains("secrets[") || text.contains("github.token")
}

/// What the files set a variable to, as it is written there.
pub(crate) fn environment<'r>(scope: Scope<'r>, name: &str) -> Option<&'r str> {
    let of = |pairs: &'r [Pair]| lookup(pairs, name).map(|text| text.value.as_str());
    let own = scope.step.and_then(|step| of(&step.env));
    let job = || scope.job.and_then(|job| of(&job.env));
    let workflow = || match scope.unit {
        Unit::Workflow(workflow) => of(&workflow.env),
        Unit::Action(_) => None,
    };
    own.or_else(job).or_else(workflow)
}

// `curl "$URL" | bash`, `bash <(curl "$URL")`, `curl -o F "$URL"; bash F`
fn is_run(running: Running<'_, '_>, command: &Command) -> bool {
    let piped = command.pipeline.is_some_and(|(id, position)| {
        running.script.pipeline(id).iter().any(|other| {
            other.pipeline.is_some_and(|(_, own)| own > position)
                && other.effective().0.file_name().is_some_and(is_interpreter)
        })
    });
    piped || is_inside_of_code(running, command) || is_started_later(running, command)
}

fn is_interpreter(name: &str) -> bool {
    matches!(
        name,
        "bash" | "sh" | "zsh" | "dash" | "python" | "python3" | "node" | "perl" | "ruby"
    )
}

fn is_inside_of_code(running: Running<'_, '_>, command: &Command) -> bool {
    let holds = |word: &Word| {
        word.range.start <= command.range.start && command.range.end <= word.range.end
    };
    command.in_substitution
        && running.script.commands.iter().any(|other| {
            let (program, args) = other.effective();
            let first = args.iter().find(|word| !word.text.starts_with('-'));
            let read = first.filter(|word| {
                word.text.starts_with("<(") && program.file_name().is_some_and(is_interpreter)
            });
            evaluated::code_words(other)
                .into_iter()
                .chain(read)
                .any(holds)
        })
}

fn is_started_later(running: Running<'_, '_>, command: &Command) -> bool {
    let (_, args) = command.effective();
    let named = args.iter().zip(args.iter().skip(1));
    let writes = |option: &str| {
        let short = option.starts_with('-') && !option.starts_with("--");
        short && option.ends_with(['o', 'O']) || matches!(option, "--output" | "--output-document")
    };
    let named = named.filter(|(option, _)| writes(&option.text));
    let named = named.map(|(_, file)| file);
    let redirected = command.redirects.iter().filter(|r| r.writes());
    let mut files = named.chain(redirected.map(|r| &r.target));
    files.any(|file| {
        let name = leavings::file_name(&file.text);
        running.script.commands.iter().any(|other| {
            let (program, args) = other.effective();
            let reads = program.file_name();
            let reads = reads.is_some_and(|n| is_interpreter(n) || matches!(n, "source" | "."));
            let is_it = |word: &Word| leavings::file_name(&word.text) == name;
            other.range.start > command.range.start
                && (is_it(program) || reads && args.iter().any(is_it))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_end_where_paths_begin() {
        for open in ["", "https://", "http://api."] {
            assert!(is_host(open), "{open}");
        }
        for closed in ["https://a/", "https://a?q=", "-H", "name=", "a:"] {
            assert!(!is_host(closed), "{closed}");
        }
    }

    #[test]
    fn every_client_names_its_manual() {
        assert!(
            CLIENTS
                .iter()
                .all(|client| client.page.starts_with("https://"))
        );
    }
}
