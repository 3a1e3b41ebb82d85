//! What a finding stands on, free of its place: the content fingerprint.
//!
//! It is the same for two copies of one weakness, so that whoever knows a
//! number of them (a baseline, an exemption, the base of a change) sees one
//! more. It stays when lines move, when steps are put before, when comments
//! change, and when a reference of `uses:` moves to another version; it changes
//! with the text that is weak.

use sha2::{Digest, Sha256};

use crate::finding::Finding;
use crate::report::hex;

/// The content fingerprint of a finding, 32 hexadecimal digits.
#[must_use]
pub fn content_fingerprint(finding: &Finding) -> String {
    let content = match &*finding.content {
        // What is about a whole file, or a missing one, stands on no line.
        "" if finding.location.span.is_empty() => "",
        "" => &*finding.location.snippet,
        content => content,
    };
    // A rule without a subject says what it
    // means in its message.
    let subject = if finding.subject.is_empty() {
        &finding.message
    } else {
        &finding.subject
    };
    let mut hash = Sha256::new();
    hash.update(b"cofferdam content v1");
    for part in [
        finding.rule,
        &*finding.location.path,
        &without_positions(subject),
        &normal(content),
    ] {
        // The length keeps `a` + `bc` apart from `ab` + `c`.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// A subject without the numbers of steps that have no name: `step 3` is
/// another step as soon as one is put before it.
fn without_positions(subject: &str) -> String {
    const STEP: &str = "step ";
    let mut text = String::with_capacity(subject.len());
    let mut rest = subject;
    while let Some(at) = rest.find(STEP) {
        let (before, found) = rest.split_at(at + STEP.len());
        text.push_str(before);
        rest = found.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text.push_str(rest);
    text
}

/// Whether the subject of a finding names a step by its position only.
#[must_use]
pub fn is_positional(subject: &str) -> bool {
    without_positions(subject) != subject
}

/// Text with one space where any white space was, and for a reference of
/// `uses:` without its version or commit: an update of a known weak reference is
/// no new weakness, and if it is a worse one, its severity says so.
fn normal(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let value = line.strip_prefix("- ").unwrap_or(&line);
    if !value.starts_with("uses:") {
        return line;
    }
    let Some((name, version)) = value.split_once('@') else {
        return value.to_owned();
    };
    let version = version.split([' ', '"', '\'']).next().unwrap_or_default();
    let number = version.strip_prefix('v').unwrap_or(version);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_digest =
        number.len() >= 40 && (version.bytes()).all(|b| b.is_ascii_alphanumeric() || b == b':');
    if is_number || is_digest {
        // To pin what is named by a version changes nothing else about it, and
        // what loses its pin is a finding of its own.
        return name.to_owned();
    }
    // A branch, or a tag of some other form: another one is another thing.
    format!("{name}@{version}")
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::Severity;

    fn of(text: &str, needle: &str, subject: &str) -> String {
        let file = SourceFile::new("a.yml", text);
        let start = text.find(needle).unwrap_or_default();
        let span = cofferdam_facts::Span::new(start, start + needle.len());
        let finding = Finding::new("r", Severity::High, file.locate(span), "m").subject(subject);
        content_fingerprint(&finding)
    }

    #[test]
    fn it_stays_when_lines_and_steps_move() {
        let one = of("- run: echo ${{ x }}\n", "x", "jobs.a/step 1");
        let two = of(
            "# new\n- uses: b\n-   run: echo  ${{ x }}\n",
            "x",
            "jobs.a/step 12",
        );
        assert_eq!(one, two);
    }

    #[test]
    fn it_stays_when_a_version_moves_and_not_when_an_action_does() {
        let subject = "jobs.a/b";
        let one = of("- uses: a/b@v4 # x\n", "a/b@v4", subject);
        assert_eq!(one, of("- uses: a/b@v5\n", "a/b@v5", subject));
        assert_eq!(one, of("- name: n\n  uses: a/b@v5\n", "a/b@v5", subject));
        assert_ne!(one, of("- uses: a/c@v4 # x\n", "a/c@v4", subject));
        assert_ne!(one, of("- uses: a/b@main\n", "a/b@main", subject));
        let pinned = format!("- uses: a/b@{} # v4\n", "0".repeat(40));
        assert_eq!(one, of(&pinned, "a/b@", subject));
        let quoted = "- uses: 'a/b@v5.1'\n";
        assert_ne!(one, of(quoted, "a/b@v5.1", subject));
    }

    #[test]
    fn it_changes_with_the_text_the_subject_and_the_rule() {
        let one = of("- run: echo ${{ x }}\n", "x", "jobs.a/step 1");
        assert_ne!(one, of("- run: echo ${{ y }}\n", "y", "jobs.a/step 1"));
        assert_ne!(one, of("- run: echo ${{ x }}\n", "x", "jobs.b/step 1"));
    }
}
