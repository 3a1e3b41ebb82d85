//! Marks that git leaves in a file whose two sides it could not join.

use cofferdam_facts::Span;

use super::problem::{Problem, ProblemKind};

/// The marks that stand alone or before a space. `=======` is none of them:
/// it may underline a heading.
const MARKS: [&str; 3] = ["<<<<<<<", ">>>>>>>", "|||||||"];

/// The first mark of a conflict, as a problem.
pub(super) fn first(text: &str) -> Option<Problem> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mark = MARKS.iter().find(|mark| {
            line.strip_prefix(**mark)
                .is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' '))
        });
        if let Some(mark) = mark {
            let message = format!(
                "a merge conflict begins or ends here (`{mark}`): take either side whole and run \
                 `cofferdam lock write`"
            );
            let span = Span::new(start, start + mark.len());
            return Some(Problem::new(ProblemKind::Syntax, span, message));
        }
        start += line.len();
    }
    None
}
