//! The text that a finding stands on, without comments, for its content
//! fingerprint.

use cofferdam_facts::Span;
use cofferdam_findings::Finding;
use cofferdam_findings::content::is_positional;
use cofferdam_workflows::yaml::Document;

/// The longest text that is taken whole, in bytes.
const WHOLE: usize = 4096;

/// The weak text of a finding in its document: the line on which it begins, or
/// where only the position of a step tells which one is meant, everything.
///
/// Of a very long line the part around the place is taken, and of a very long
/// text the beginning: however long the lines of a hostile file are, what is
/// kept of each finding is not.
#[must_use]
pub fn of(finding: &Finding, document: &Document) -> String {
    let location = &finding.location;
    if location.span.is_empty() {
        return String::new();
    }
    let several = location.end_line > location.line;
    let file = document.file();
    let mut text = if file.line(location.line).len() > WHOLE {
        let around = Span::new(
            location.span.start.saturating_sub(WHOLE / 4),
            location.span.start.saturating_add(WHOLE / 4),
        );
        cut(file.text(), around).to_owned()
    } else {
        of_line(document, location.line)
    };
    if several && is_positional(&finding.subject) {
        let end = (location.span.start.saturating_add(16 * WHOLE)).min(location.span.end);
        text.push('\n');
        text.push_str(cut(file.text(), Span::new(location.span.start, end)));
    }
    text
}

/// A line without the comment behind it, its beginning where it is very long.
#[must_use]
pub fn of_line(document: &Document, number: usize) -> String {
    let file = document.file();
    let line = file.line(number);
    let start = line.as_ptr() as usize - file.text().as_ptr() as usize;
    let span = Span::new(start, start + line.len());
    let comment = document
        .comment_on_line(start)
        .filter(|comment| span.contains(comment.span));
    let end = comment.map_or(span.end, |comment| comment.span.start);
    let end = end.min(start.saturating_add(WHOLE));
    cut(file.text(), Span::new(start, end)).trim().to_owned()
}

/// The text of a span, a little less where it would cut a character.
fn cut(text: &str, span: Span) -> &str {
    let whole = |at: usize| {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    text.get(whole(span.start)..whole(span.end)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::SourceFile;
    use cofferdam_findings::Severity;

    use super::*;

    #[test]
    fn long_lines_are_told_apart_around_the_place_and_kept_short() {
        let text = format!("a: {} one {} two\n", "é".repeat(9000), "é".repeat(9000));
        let document = Document::parse(SourceFile::new("a.yml", text.clone()));
        let content = |word: &str| {
            let at = text.find(word).unwrap_or_default();
            let place = document.file().locate(Span::new(at, at + word.len()));
            let finding = Finding::new("r", Severity::Low, place, "m").subject("s");
            of(&finding, &document)
        };
        let (one, two) = (content("one"), content("two"));
        assert!(one.contains("one") && two.contains("two") && one != two);
        assert!(one.len() <= WHOLE && two.len() <= WHOLE);
        assert!(of_line(&document, 1).len() <= WHOLE);
    }

    #[test]
    fn a_comment_is_no_content_and_a_hash_in_a_text_is() {
        let text = "a: 1 # one\nb: 'x # y' # z\nc: |\n  # script\n";
        let document = Document::parse(SourceFile::new("a.yml", text));
        let lines: Vec<String> = (1..=5).map(|n| of_line(&document, n)).collect();
        assert_eq!(lines, ["a: 1", "b: 'x # y'", "c: |", "# script", ""]);
    }
}
