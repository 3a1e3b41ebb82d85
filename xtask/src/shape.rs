//! Sizes and names of files, kept by machine.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::workspace;

/// A file that is longer has more than one subject.
const LINES: usize = 800;

/// Names that say nothing of what lies inside.
const DRAWERS: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];

/// Fails when a source file is too long or has a name without a meaning.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    if let Some(argument) = arguments.first() {
        return Err(Error::Usage(format!(
            "`shape` takes nothing, not `{argument}`"
        )));
    }
    let files = workspace::files(&["*.rs"])?;
    let mut wrong = Vec::new();
    for file in &files {
        let path = workspace::root().join(file);
        let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
        wrong.extend(judge(file, text.lines().count()));
    }
    if wrong.is_empty() {
        println!("{} source files keep to the house rules", files.len());
        return Ok(());
    }
    Err(Error::Found {
        what: "source files break the house rules".to_owned(),
        places: wrong,
        advice: "split a long file by subject, and name a file after what is in it".to_owned(),
    })
}

fn judge(file: &Path, lines: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    if lines > LINES {
        wrong.push(format!(
            "{} has {lines} lines, more than {LINES}",
            file.display()
        ));
    }
    let named = |part: PathBuf| {
        part.file_stem()
            .is_some_and(|stem| DRAWERS.iter().any(|d| stem == *d))
    };
    if file
        .components()
        .any(|part| named(PathBuf::from(part.as_os_str())))
    {
        wrong.push(format!("{} has a name that says nothing", file.display()));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_drawers_are_named() {
        assert!(judge(Path::new("crates/rules/src/unpinned.rs"), 800).is_empty());
        assert_eq!(
            judge(Path::new("crates/rules/src/unpinned.rs"), 801).len(),
            1
        );
        assert_eq!(judge(Path::new("crates/rules/src/utils.rs"), 3).len(), 1);
        assert_eq!(judge(Path::new("src/helpers/one.rs"), 3).len(), 1);
        assert!(judge(Path::new("src/utilisation.rs"), 3).is_empty());
    }
}
