//! `go.work`: the modules that are built together.
//!
//! Source: Go modules reference, section "Workspaces".

use super::GoVersion;
use super::modfile::{self, Replace};
use super::statements::statements;
use crate::mistake::Mistake;

/// What vendoring needs to know of a `go.work`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoWork {
    /// The version of the language that it names.
    pub go: Option<GoVersion>,
    /// The folders of the modules, as written.
    pub folders: Vec<String>,
    /// What is replaced for all of them.
    pub replace: Vec<Replace>,
}

impl GoWork {
    /// Reads a file.
    ///
    /// # Errors
    /// A [`Mistake`] with its place.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut file = Self::default();
        for statement in statements(text)? {
            match statement.verb.as_str() {
                "go" => file.go = Some(modfile::go(&statement)?),
                "use" => {
                    let folder = statement.word(0);
                    let folder = folder.ok_or_else(|| statement.expected("a folder"))?;
                    file.folders.push(folder.to_owned());
                }
                "replace" => file.replace.push(modfile::replace(&statement)?),
                _ => {}
            }
        }
        Ok(file)
    }

    /// The version of the language whose rules hold.
    #[must_use]
    pub fn go(&self) -> GoVersion {
        self.go.unwrap_or(GoVersion::UNNAMED)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_read() {
        let file =
            GoWork::parse("go 1.23\n\nuse (\n\t.\n\t./api\n)\nuse ./tools\nreplace a => ../a\n");
        let file = file.unwrap();
        assert_eq!(file.folders, [".", "./api", "./tools"]);
        assert_eq!(
            (file.replace.len(), file.go().to_string().as_str()),
            (1, "1.23")
        );
        let error = GoWork::parse("use (\n\t.\n").unwrap_err();
        assert_eq!(error.line, 1);
    }
}
