//! SECURITY.md: whether it says how to report a vulnerability.
//!
//! The text is for people, so only plain facts are taken from it: which
//! channels it names, and whether it speaks of disclosure and of times. None of
//! them proves that the policy is good or that anybody follows it.

use cofferdam_facts::{SourceFile, Span};

/// Where GitHub looks, in this order.
pub const PLACES: [&str; 3] = [".github/SECURITY.md", "SECURITY.md", "docs/SECURITY.md"];

/// No policy that people write comes near this size.
const LONGEST_FILE: usize = 1 << 20;

/// The most channels that are kept.
const MOST_CHANNELS: usize = 200;

/// A security policy as facts about its text.
#[derive(Clone, Debug)]
pub struct SecurityPolicy {
    file: SourceFile,
    /// The channels that the text names, in order.
    pub channels: Vec<Channel>,
    /// The first place that speaks of disclosure or an embargo.
    pub disclosure: Option<Span>,
    /// The first place that names a time: a number with days, hours or weeks.
    pub timeline: Option<Span>,
    /// The first place that speaks of supported versions.
    pub supported_versions: Option<Span>,
    /// Text of GitHub's template that nobody replaced.
    pub template: Option<Span>,
    /// Whether the file was too large to be read, so that nothing is known.
    pub too_large: bool,
}

/// A way to reach the maintainers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// What it is.
    pub kind: ChannelKind,
    /// The address or link, as written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The sorts of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelKind {
    /// An e-mail address.
    Email,
    /// GitHub's form for private reports: `…/security/advisories/new`.
    PrivateReport,
    /// A form of a bounty or disclosure platform.
    Platform,
    /// Any other link. It may lead to a channel or to anything else.
    Link,
}

/// Hosts whose pages take reports.
const PLATFORMS: [&str; 11] = [
    "bounty.github.com",
    "bugcrowd.com",
    "bughunters.google.com",
    "hackerone.com",
    "huntr.com",
    "huntr.dev",
    "intigriti.com",
    "msrc.microsoft.com",
    "patchstack.com",
    "tidelift.com",
    "yeswehack.com",
];

/// Sentences of GitHub's template for SECURITY.md.
const TEMPLATE: [&str; 3] = [
    "use this section to tell people how to report a vulnerability",
    "use this section to tell people about which versions of your project",
    "tell them where to go, how often they can expect to get an update",
];

/// The file among `paths` that GitHub shows.
#[must_use]
pub fn effective<'p>(paths: impl IntoIterator<Item = &'p str>) -> Option<&'p str> {
    let rank = |path: &str| {
        PLACES
            .iter()
            .position(|place| place.eq_ignore_ascii_case(path))
    };
    paths
        .into_iter()
        .filter(|path| rank(path).is_some())
        .min_by_key(|path| rank(path))
}

impl SecurityPolicy {
    /// Reads a policy.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let too_large = file.text().len() > LONGEST_FILE;
        let text = if too_large { "" } else { file.text() };
        // ASCII only, so that offsets stay those of the file.
        let lower = text.to_ascii_lowercase();
        let first = |words: &[&str]| {
            let places = words.iter().filter_map(|word| find_word(&lower, word));
            places.min_by_key(|span| span.start)
        };
        Self {
            channels: channels(text),
            disclosure: first(&["disclos", "embargo"]),
            timeline: timeline(&lower),
            supported_versions: first(&["supported version", "supported release"]),
            template: first(&TEMPLATE),
            too_large,
            file,
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The first channel that surely takes reports: an address, GitHub's form
    /// or a platform. A plain link is not counted, for it may lead anywhere.
    #[must_use]
    pub fn report_channel(&self) -> Option<&Channel> {
        self.channels
            .iter()
            .find(|channel| channel.kind != ChannelKind::Link)
    }

    /// Whether the file is GitHub's template with nothing filled in.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.template.is_some() && self.report_channel().is_none()
    }
}

/// The first place where a word starts with `word`.
fn find_word(lower: &str, word: &str) -> Option<Span> {
    let starts = |at: usize| {
        lower
            .get(..at)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|c| !c.is_alphanumeric())
    };
    let (at, _) = lower.match_indices(word).find(|(at, _)| starts(*at))?;
    Some(Span::new(at, at + word.len()))
}

/// A number, or a number in words, and a unit of time near it.
fn timeline(lower: &str) -> Option<Span> {
    const NUMBERS: [&str; 12] = [
        "a", "one", "two", "three", "four", "five", "six", "seven", "ten", "fourteen", "thirty",
        "ninety",
    ];
    const BETWEEN: [&str; 4] = ["business", "working", "calendar", "full"];
    let mut number: Option<usize> = None;
    for (at, word) in words(lower) {
        let unit = ["hour", "day", "week", "month"].iter().any(|unit| {
            word.strip_prefix(unit)
                .is_some_and(|rest| matches!(rest, "" | "s"))
        });
        if unit && let Some(start) = number {
            return Some(Span::new(start, at + word.len()));
        }
        if word.bytes().all(|b| b.is_ascii_digit()) || NUMBERS.contains(&word) {
            number = Some(at);
        } else if !BETWEEN.contains(&word) {
            number = None;
        }
    }
    None
}

/// Runs of letters and digits, with their offsets.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(|c: char| !c.is_alphanumeric())
        .filter_map(move |word| {
            let start = at;
            // The character after the word may have more than one byte.
            let rest = text.get(start + word.len()..).unwrap_or_default();
            at = start + word.len() + rest.chars().next().map_or(0, char::len_utf8);
            (!word.is_empty()).then_some((start, word))
        })
}

fn channels(text: &str) -> Vec<Channel> {
    let mut channels = Vec::new();
    let mut at = 0;
    let breaks = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '<' | '>' | '(' | ')' | '[' | ']' | '"' | '`' | '|' | '\''
            )
    };
    for piece in text.split_inclusive(breaks) {
        let start = at;
        at += piece.len();
        let word = piece.trim_end_matches(breaks);
        let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        let bare = word.trim_start_matches(['*', '_']);
        let begin = start + (word.len() - bare.len());
        let Some(kind) = channel_kind(bare) else {
            continue;
        };
        let span = Span::new(begin, begin + bare.len());
        channels.push(Channel {
            kind,
            text: bare.to_owned(),
            span,
        });
        if channels.len() == MOST_CHANNELS {
            break;
        }
    }
    channels
}

fn channel_kind(word: &str) -> Option<ChannelKind> {
    let lower = word.to_ascii_lowercase();
    let link = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"));
    let Some(link) = link else {
        // A relative link to the form works on GitHub too.
        if lower.ends_with("/security/advisories/new") {
            return Some(ChannelKind::PrivateReport);
        }
        return is_email(lower.strip_prefix("mailto:").unwrap_or(&lower))
            .then_some(ChannelKind::Email);
    };
    let host = link.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let path = link
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let is_platform = |name: &str| {
        host.strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if path.ends_with("/security/advisories/new") {
        Some(ChannelKind::PrivateReport)
    } else if PLATFORMS.iter().any(|name| is_platform(name)) {
        Some(ChannelKind::Platform)
    } else {
        host.contains('.').then_some(ChannelKind::Link)
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let domain = domain.split('?').next().unwrap_or_default();
    let mut labels = domain.split('.');
    !local.is_empty()
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b))
        && domain.contains('.')
        && labels.clone().all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        // The example domains of RFC 2606 reach nobody.
        && !matches!(domain, "example.com" | "example.org" | "example.net")
        && labels.next_back().is_some_and(|last| last.len() >= 2 && !last.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> SecurityPolicy {
        SecurityPolicy::parse(SourceFile::new("SECURITY.md", text))
    }

    #[test]
    fn a_real_policy_names_its_channels() {
        let parsed = parse(concat!(
            "# Security Policy\n\nWe **strongly** encourage you to report to ",
            "[security@cilium.io](mailto:security@cilium.io) first.\n",
            "Or use <https://github.com/cilium/cilium/security/advisories/new>.\n",
            "See https://cilium.io/docs, and https://hackerone.com/acme?type=team.\n",
            "You will hear from us within 3 business days. Coordinated disclosure follows.\n",
        ));
        let channels: Vec<_> = parsed
            .channels
            .iter()
            .map(|c| (c.kind, parsed.file().slice(c.span)))
            .collect();
        assert_eq!(
            channels,
            [
                (ChannelKind::Email, "security@cilium.io"),
                (ChannelKind::Email, "mailto:security@cilium.io"),
                (
                    ChannelKind::PrivateReport,
                    "https://github.com/cilium/cilium/security/advisories/new"
                ),
                (ChannelKind::Link, "https://cilium.io/docs"),
                (
                    ChannelKind::Platform,
                    "https://hackerone.com/acme?type=team"
                ),
            ]
        );
        assert_eq!(
            parsed.file().slice(parsed.timeline.unwrap()),
            "3 business days"
        );
        assert_eq!(parsed.file().slice(parsed.disclosure.unwrap()), "disclos");
        assert_eq!(parsed.template, None);
    }

    #[test]
    fn the_template_is_no_policy() {
        let parsed = parse(concat!(
            "# Security Policy\n## Supported Versions\n\n",
            "Use this section to tell people about which versions of your project are\n",
            "currently being supported.\n\n| Version | Supported |\n| 5.1.x | yes |\n\n",
            "Use this section to tell people how to report a vulnerability.\n",
        ));
        assert!(parsed.is_template());
        assert!(parsed.supported_versions.is_some());
        assert_eq!(parsed.report_channel(), None);
    }

    #[test]
    fn near_misses_are_no_channels() {
        let parsed = parse(concat!(
            "actions/checkout@v4.3 user@host you@example.com @team me@127.0.0.1 ",
            "https://docs.example.com/x https://evilhackerone.com/ a@b..c http://localhost/",
        ));
        assert_eq!(parsed.report_channel(), None);
        assert_eq!(parsed.channels.len(), 2);
        let parsed = parse("Version 3 is out. Some days are better. undisclosed");
        assert_eq!((parsed.timeline, parsed.disclosure), (None, None));
    }

    #[test]
    fn places_are_found_in_their_order() {
        assert_eq!(
            effective(["docs/SECURITY.md", "SECURITY.md"]),
            Some("SECURITY.md")
        );
        assert_eq!(
            effective([".github/security.md", "SECURITY.md"]),
            Some(".github/security.md")
        );
        assert_eq!(effective(["src/SECURITY.md", "SECURITY.txt"]), None);
    }

    proptest! {
        #[test]
        fn spans_stay_in_the_text(text in "(\\PC|[a@. 3\n/])(day|é|https://){0,3}\\PC{0,80}") {
            let parsed = parse(&text);
            for channel in &parsed.channels {
                prop_assert_eq!(parsed.file().slice(channel.span), channel.text.as_str());
            }
            for span in [parsed.timeline, parsed.disclosure].into_iter().flatten() {
                prop_assert!(text.get(span.start..span.end).is_some());
            }
        }
    }
}
