//! The text that a finding stands on, without comments, for its content
//! fingerprint.

use cofferdam_facts::Span;
use cofferdam_findings::Finding;
use cofferdam_findings::content::is_positional;
use cofferdam_workflows::yaml::Document;

/// The longest text that is taken, in bytes; what is longer is told apart by
/// its beginning.
const MAX: usize = 64 * 1024;

/// The weak text of a finding in its document: the line on which it begins, or
/// where only the position of a step tells which one is meant, everything.
#[must_use]
pub fn of(finding: &Finding, document: &Document) -> String {
    let location = &finding.location;
    if location.span.is_empty() {
        return String::new();
    }
    let mut text = of_line(document, location.line);
    let several = location.end_line > location.line;
    if several && is_positional(&finding.subject) {
        text.push('\n');
        text.push_str(document.file().slice(location.span));
    }
    let end = (0..=text.len().min(MAX))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or_default());
    text
}

/// A line without the comment behind it.
#[must_use]
pub fn of_line(document: &Document, number: usize) -> String {
    let file = document.file();
    let line = file.line(number);
    let start = line.as_ptr() as usize - file.text().as_ptr() as usize;
    let span = Span::new(start, start + line.len());
    let comment = document
        .comment_on_line(start)
        .filter(|comment| span.contains(comment.span));
    let end = comment.map_or(line.len(), |comment| comment.span.start - start);
    line.get(..end).unwrap_or(line).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;

    #[test]
    fn a_comment_is_no_content_and_a_hash_in_a_text_is() {
        let text = "a: 1 # one\nb: 'x # y' # z\nc: |\n  # script\n";
        let document = Document::parse(SourceFile::new("a.yml", text));
        let lines: Vec<String> = (1..=5).map(|n| of_line(&document, n)).collect();
        assert_eq!(lines, ["a: 1", "b: 'x # y'", "c: |", "# script", ""]);
    }
}
