//! `vendor/modules.txt`: which module each vendored package came from.
//!
//! Source: Go modules reference, section "Vendoring". A line `# MODULE VERSION`
//! begins a module, with `=> …` if it is replaced; lines `## …` say more about
//! it; every other line names a package of it that is vendored.

use super::{GoVersion, ModuleVersion};
use crate::mistake::{Mistake, Problem, lines};

/// One module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendoredModule {
    /// The module. Without a version, this records a replacement that nothing
    /// uses, or one of all versions.
    pub module: ModuleVersion,
    /// What stands in its place.
    pub replacement: Option<ModuleVersion>,
    /// Whether `go.mod` requires it.
    pub explicit: bool,
    /// The version of the language that its `go.mod` names.
    pub go: Option<GoVersion>,
    /// The packages that are vendored, as import paths.
    pub packages: Vec<String>,
    /// The one-based line where it begins.
    pub line: usize,
    /// Its text from there to the next module.
    pub text: String,
}

impl VendoredModule {
    /// Where its files come from.
    #[must_use]
    pub fn source(&self) -> &ModuleVersion {
        self.replacement.as_ref().unwrap_or(&self.module)
    }
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesTxt {
    /// Whether a workspace was vendored, and not one module.
    pub workspace: bool,
    /// The modules in order of lines.
    pub modules: Vec<VendoredModule>,
}

impl ModulesTxt {
    /// Reads a file.
    ///
    /// # Errors
    /// A [`Mistake`] with its place.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut file = Self::default();
        for numbered in lines(text) {
            let (line, text) = numbered?;
            if let Some(more) = text.strip_prefix("## ") {
                file.more(line, more)?;
            } else if let Some(head) = text.strip_prefix("# ") {
                file.modules.push(module(line, head)?);
            } else if text.starts_with('#') {
                let problem = Problem::expected("`# MODULE VERSION`", text);
                return Err(Mistake::at(line, problem));
            } else if !text.trim().is_empty() {
                let package = text.trim();
                let module = file.modules.last_mut().filter(|module| {
                    let below = package.strip_prefix(module.module.path.as_str());
                    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                });
                let Some(module) = module.filter(|_| is_sound(package)) else {
                    let what = "a package of the module that stands above";
                    return Err(Mistake::at(line, Problem::expected(what, package)));
                };
                module.packages.push(package.to_owned());
            }
            if let Some(module) = file.modules.last_mut() {
                module.text.push_str(text);
                module.text.push('\n');
            }
        }
        Ok(file)
    }

    fn more(&mut self, line: usize, more: &str) -> Result<(), Mistake> {
        let Some(module) = self.modules.last_mut() else {
            if more.trim() == "workspace" {
                self.workspace = true;
                return Ok(());
            }
            let problem = Problem::expected("`## workspace` or a module", more);
            return Err(Mistake::at(line, problem));
        };
        // Words to come are skipped, as Go does.
        for word in more.split(';').map(str::trim) {
            if word == "explicit" {
                module.explicit = true;
            } else if let Some(version) = word.strip_prefix("go ") {
                // Go takes the word as it stands; one that is not understood
                // here would say something there.
                let version = version.trim();
                let read = GoVersion::parse(version);
                let wrong = || {
                    let what = "a version of Go, as in `go 1.24`";
                    Mistake::at(line, Problem::expected(what, version))
                };
                module.go = Some(read.ok_or_else(wrong)?);
            }
        }
        Ok(())
    }
}

fn module(line: usize, head: &str) -> Result<VendoredModule, Mistake> {
    let what = "`MODULE VERSION`, `MODULE [VERSION] => MODULE VERSION` or `… => ./FOLDER`";
    let wrong = || Mistake::at(line, Problem::expected(what, head));
    let side = |text: &str| {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match words.as_slice() {
            [path] => Some(ModuleVersion {
                path: (*path).to_owned(),
                version: None,
            }),
            [path, version] => Some(ModuleVersion::new(*path, *version)),
            _ => None,
        }
    };
    let (left, right) = match head.split_once(" => ") {
        Some((left, right)) => (left, Some(right)),
        None => (head, None),
    };
    let module = side(left).ok_or_else(wrong)?;
    let replacement = match right {
        Some(text) => Some(side(text).ok_or_else(wrong)?),
        None => None,
    };
    let nothing = module.version.is_none() && replacement.is_none();
    if nothing || !is_sound(&module.path) {
        return Err(wrong());
    }
    let unclear = |new: &ModuleVersion| new.version.is_none() && !new.is_folder();
    if replacement.as_ref().is_some_and(unclear) {
        return Err(wrong());
    }
    Ok(VendoredModule {
        module,
        replacement,
        explicit: false,
        go: None,
        packages: Vec::new(),
        line,
        text: String::new(),
    })
}

/// Security invariant: an import path is joined to the folder `vendor`, and
/// may not lead out of it.
fn is_sound(path: &str) -> bool {
    !path.contains(['\\', '\0'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_is_read() {
        let text = "\
## workspace
# example.org/a v1.0.0
## explicit; go 1.20
example.org/a
example.org/a/sub
# example.org/b v1.2.0 => example.org/fork v1.2.1
## go 1.17
example.org/b/x
# example.org/c v0.0.0 => ./staging/c
## explicit
# example.org/d => ../d
";
        let file = ModulesTxt::parse(text).unwrap();
        assert!(file.workspace);
        assert_eq!(file.modules.len(), 4);
        let a = &file.modules[0];
        assert!(a.explicit);
        assert_eq!(a.go.unwrap().to_string(), "1.20");
        assert_eq!(a.packages, ["example.org/a", "example.org/a/sub"]);
        assert_eq!(a.text.lines().count(), 4);
        assert_eq!(
            file.modules[1].source().to_string(),
            "example.org/fork@v1.2.1"
        );
        assert!(file.modules[2].source().is_folder());
        assert_eq!(file.modules[3].module.version, None);
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for text in [
            "# example.org/a v1\nexample.org/a/../../x\n",
            "# ../a v1\n",
            "# example.org/a v1\nexample.org/b\n",
            "# example.org/a v1\nexample.org/ab\n",
            "example.org/a\n",
            "# example.org/a\n",
            "# example.org/a v1 => b\n",
            "## explicit\n",
            "# example.org/a v1\n## explicit; go 1.x\n",
            "=======\n",
        ] {
            assert!(ModulesTxt::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(# |## |explicit|=> |a/b |v1|\\.\\./|\n|\\PC){0,40}") {
            if let Ok(file) = ModulesTxt::parse(&text) {
                for module in &file.modules {
                    prop_assert!(module.packages.iter().all(|package| is_sound(package)));
                }
            }
        }
    }
}
