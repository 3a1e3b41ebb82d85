//! `gradle.lockfile` and `buildscript-gradle.lockfile`.
//!
//! Source: Gradle documentation, "Locking versions": a line has a module, `=` and
//! the configurations that it is locked for. Who needs what is not said.

use cofferdam_facts::Span;

use crate::document::Document;
use crate::draft::{Draft, strongest};
use crate::files::Files;
use crate::mistake::{Mistake, Problem, placed};
use crate::{Ecosystem, Format, Scope, Source};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let is_buildscript = file.path().ends_with("buildscript-gradle.lockfile");
    for numbered in placed(file.text()) {
        let (number, start, line) = numbered?;
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') || text.starts_with("empty=") {
            continue;
        }
        let what = "`GROUP:ARTIFACT:VERSION=CONFIGURATION`";
        let wrong = || Mistake::at(number, Problem::expected(what, text));
        let (module, groups) = text.split_once('=').ok_or_else(wrong)?;
        let mut parts = module.split(':');
        let (Some(group), Some(artifact), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let indent = line.len() - line.trim_start().len();
        let span = Span::new(start + indent, start + indent + module.len());
        let name = format!("{group}:{artifact}");
        let version = Some(version.to_owned());
        let mut package = draft.package(Ecosystem::Maven, name, version, span);
        package.source = Source::registry();
        package.groups = groups.split(',').map(str::to_owned).collect();
        package.scope = if is_buildscript {
            Scope::Development
        } else {
            strongest(package.groups.iter().map(|group| scope(group)))
        };
        draft.add(package)?;
    }
    Ok(draft.finish(Format::GradleLockfile, None))
}

/// What the configurations of the usual plugins are for.
/// Source: Gradle documentation, "The Java Plugin", "Dependency management".
fn scope(configuration: &str) -> Scope {
    let lower = configuration.to_ascii_lowercase();
    if lower.contains("test") || lower.contains("annotationprocessor") {
        Scope::Development
    } else if lower.ends_with("runtimeclasspath") || lower.ends_with("compileclasspath") {
        Scope::Runtime
    } else {
        Scope::Unknown
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    #[test]
    fn lines_are_packages() {
        let text = "# This is a Gradle generated file for dependency locking.\n\
                    org.a:b:1.0=compileClasspath,testRuntimeClasspath\r\norg.c:d:2.0=testCompileClasspath\n\
                    org.e:f:3.0=detekt\nempty=annotationProcessor\n";
        let file = SourceFile::new("gradle.lockfile", text);
        let document = parse(Format::GradleLockfile, &file, &NoFiles).unwrap();
        let rows: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.name.as_str(),
                    p.version.as_deref(),
                    p.scope,
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("org.a:b", Some("1.0"), Scope::Runtime, 2),
                ("org.c:d", Some("2.0"), Scope::Development, 3),
                ("org.e:f", Some("3.0"), Scope::Unknown, 4),
            ]
        );
        let file = SourceFile::new("buildscript-gradle.lockfile", "org.a:b:1.0=classpath\n");
        let document = parse(Format::GradleLockfile, &file, &NoFiles).unwrap();
        assert_eq!(document.packages.first().unwrap().scope, Scope::Development);
        for text in ["org.a:b=c", "org.a:b:1:2=c", "nonsense"] {
            let file = SourceFile::new("gradle.lockfile", format!("\n{text}\n"));
            let error = parse(Format::GradleLockfile, &file, &NoFiles).unwrap_err();
            assert_eq!(error.mistake.line, 2, "{text}");
        }
    }
}
