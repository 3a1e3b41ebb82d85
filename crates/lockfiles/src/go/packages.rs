//! The packages of `go.mod`, `go.sum`, `go.work` and `vendor/modules.txt`.
//!
//! Source: Go modules reference. What is for tests alone, no file says. Without a
//! patch number, a `go` directive names the oldest toolchain and none that is used.

use cofferdam_facts::Span;

use super::modfile::replacement;
use super::statements::statements;
use super::{GoMod, GoSum, GoWork, ModuleVersion, ModulesTxt};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::{Files, beside};
use crate::mistake::Mistake;
use crate::{Algorithm, Ecosystem, Format, Integrity, Package, Relation, Source, Subject};

pub(crate) fn read_mod(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let text = draft.file.text();
    let module = GoMod::parse(text)?;
    let sums = sums(&draft, files, "go.sum");
    let lines = Lines::of(text);
    let mut library_at = None;
    for statement in statements(text)? {
        let span = |word: &str| lines.word(text, statement.line, word);
        match (statement.verb.as_str(), statement.word(0)) {
            ("module", Some(path)) => {
                let mut own = draft.package(Ecosystem::Go, path, None, span(path));
                own.relation = Relation::Project;
                own.source = Source::Path {
                    path: ".".to_owned(),
                };
                draft.add(own)?;
            }
            ("go" | "toolchain", Some(word)) if word != "default" => {
                let version = word.trim_start_matches("go");
                let mut library = draft.package(Ecosystem::Go, "stdlib", None, span(word));
                library.requirement = Some(format!(">={version}"));
                library.relation = Relation::Direct;
                library.source = Source::registry();
                // The toolchain is the newer of the two.
                match library_at.and_then(|at: usize| draft.packages.get_mut(at)) {
                    Some(first) => *first = library,
                    None => library_at = Some(draft.add(library)?),
                }
            }
            _ => {}
        }
    }
    for one in &module.require {
        draft.look(module.replace.len())?;
        let span = lines.word(text, one.line, &one.module.path);
        let new = replacement(&module.replace, &one.module).map(|replace| &replace.new);
        let mut package = package(&draft, &one.module, new, span);
        package.relation = if one.indirect {
            Relation::Transitive
        } else {
            Relation::Direct
        };
        add_sums(&mut package, sums.as_ref());
        draft.add(package)?;
    }
    let version = module.go.map(|go| go.to_string());
    Ok(draft.finish(Format::GoMod, version))
}

pub(crate) fn read_work(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let text = draft.file.text();
    let work = GoWork::parse(text)?;
    let lines = Lines::of(text);
    for statement in statements(text)? {
        let folder = statement.word(0).filter(|_| statement.verb == "use");
        let Some(folder) = folder else {
            continue;
        };
        let span = lines.word(text, statement.line, folder);
        let mut own = draft.package(Ecosystem::Go, folder, None, span);
        own.relation = Relation::Project;
        own.source = Source::Path {
            path: folder.to_owned(),
        };
        draft.add(own)?;
    }
    for one in &work.replace {
        let span = lines.word(text, one.line, &one.new.path);
        let mut package = package(&draft, &one.old, Some(&one.new), span);
        package.relation = Relation::Direct;
        draft.add(package)?;
    }
    Ok(draft.finish(Format::GoWork, work.go.map(|go| go.to_string())))
}

pub(crate) fn read_sum(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let text = draft.file.text();
    let sums = GoSum::parse(text)?;
    let lines = Lines::of(text);
    let mut all = Vec::new();
    for (path, version, sum) in sums.iter() {
        // Of a module whose `go.mod` alone was looked at, nothing is built.
        if !version.ends_with("/go.mod") && sum.sum.starts_with("h1:") {
            all.push((sum.line, ModuleVersion::new(path, version), sum.sum.clone()));
        }
    }
    all.sort();
    for (line, module, sum) in all {
        let span = lines.word(text, line, &module.path);
        let mut package = package(&draft, &module, None, span);
        package.integrity.extend(hash(Subject::Contents, &sum));
        let key = module.version.as_deref().unwrap_or_default();
        let manifests = sums.of(&module.path, &format!("{key}/go.mod"));
        let manifests: Vec<_> = manifests
            .filter_map(|one| hash(Subject::Manifest, &one.sum))
            .collect();
        package.integrity.extend(manifests);
        draft.add(package)?;
    }
    Ok(draft.finish(Format::GoSum, None))
}

pub(crate) fn read_vendor(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let text = draft.file.text();
    let vendored = ModulesTxt::parse(text)?;
    let sums = sums(&draft, files, "../go.sum");
    let lines = Lines::of(text);
    for one in &vendored.modules {
        // A line without version records a replacement that nothing uses.
        if one.module.version.is_none() && one.packages.is_empty() {
            continue;
        }
        let span = lines.word(text, one.line, &one.module.path);
        let mut package = package(&draft, &one.module, one.replacement.as_ref(), span);
        add_sums(&mut package, sums.as_ref());
        draft.add(package)?;
    }
    Ok(draft.finish(Format::GoModulesTxt, None))
}

fn sums(draft: &Draft<'_>, files: &dyn Files, relative: &str) -> Option<GoSum> {
    let path = beside(draft.file.path(), relative)?;
    GoSum::parse(files.read(&path).ok()?.text()).ok()
}

fn package(
    draft: &Draft<'_>,
    module: &ModuleVersion,
    new: Option<&ModuleVersion>,
    span: Span,
) -> Package {
    let used = new.filter(|new| !new.is_folder()).unwrap_or(module);
    let (name, version) = (used.path.as_str(), used.version.clone());
    let mut package = draft.package(Ecosystem::Go, name, version, span);
    package.alias = (used.path != module.path).then(|| module.path.clone());
    package.source = match new {
        Some(folder) if folder.is_folder() => Source::Path {
            path: folder.path.clone(),
        },
        _ => Source::registry(),
    };
    package
}

fn add_sums(package: &mut Package, sums: Option<&GoSum>) {
    let (Some(sums), Some(version)) = (sums, package.version.clone()) else {
        return;
    };
    let contents = sums.of(&package.name, &version);
    let contents = contents.filter_map(|one| hash(Subject::Contents, &one.sum));
    package.integrity.extend(contents);
    let manifests = sums.of(&package.name, &format!("{version}/go.mod"));
    let manifests = manifests.filter_map(|one| hash(Subject::Manifest, &one.sum));
    package.integrity.extend(manifests);
}

fn hash(subject: Subject, sum: &str) -> Option<Integrity> {
    let digest = sum.strip_prefix("h1:")?;
    Some(Integrity::base64(subject, Algorithm::GoH1, digest))
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(breaks).collect())
    }

    /// The first place of a word in a one-based line, or the line.
    fn word(&self, text: &str, line: usize, word: &str) -> Span {
        let start = self.0.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let end = self.0.get(line).copied().unwrap_or(text.len());
        let inside = text.get(start..end).unwrap_or_default();
        match inside.find(word) {
            Some(at) => Span::new(start + at, start + at + word.len()),
            None => Span::new(start, start + inside.trim_end().len()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Unreadable, parse};

    const A: &str = "h1:QjkSwP/36a20jFYWkSue1YwXzLmsV5Gfq7Eiy72C1uc=";
    const B: &str = "h1:/VUhepiaJMQUp4+oa/7Zr1D23ma6VTLIYjOOTFZPUcA=";
    const MOD: &str = "module example.org/app\n\ngo 1.22.0\n\ntoolchain go1.22.3\n\nrequire (\n\
        \tgithub.com/a/a v1.0.0\n\tgithub.com/b/b v1.0.0 // indirect\n\tgithub.com/c/c v1.0.0\n)\n\n\
        replace github.com/b/b => github.com/fork/b v1.0.1\n\nreplace github.com/c/c => ./c\n";

    fn row(p: &Package) -> (&str, &str, Relation, &str, usize, usize) {
        let version = p
            .version
            .as_deref()
            .or(p.requirement.as_deref())
            .unwrap_or("");
        let word = p.source.word();
        (
            &p.name,
            version,
            p.relation,
            word,
            p.integrity.len(),
            p.location.line,
        )
    }

    #[test]
    fn the_files_of_go_are_read() {
        let sum = format!(
            "github.com/a/a v1.0.0 {A}\ngithub.com/a/a v1.0.0/go.mod {B}\n\
                           github.com/only/mod v1.0.0/go.mod {B}\n"
        );
        let files = |path: &str| match path {
            "go.sum" => Ok(SourceFile::new(path, sum.clone())),
            _ => Err(Unreadable::Missing),
        };
        let read = |format, path: &str, text: &str| {
            parse(format, &SourceFile::new(path, text), &files).unwrap()
        };
        use Relation::{Direct, Project, Transitive, Unknown};
        let document = read(Format::GoMod, "go.mod", MOD);
        let rows: Vec<_> = document.packages.iter().map(row).collect();
        assert_eq!(
            rows,
            [
                ("example.org/app", "", Project, "path", 0, 1),
                ("stdlib", ">=1.22.3", Direct, "registry", 0, 5),
                ("github.com/a/a", "v1.0.0", Direct, "registry", 2, 8),
                ("github.com/fork/b", "v1.0.1", Transitive, "registry", 0, 9),
                ("github.com/c/c", "v1.0.0", Direct, "path", 0, 10),
            ]
        );
        assert_eq!(document.notes, []);
        let document = read(Format::GoSum, "go.sum", &sum);
        let rows: Vec<_> = document.packages.iter().map(row).collect();
        assert_eq!(
            rows,
            [("github.com/a/a", "v1.0.0", Unknown, "registry", 2, 1)]
        );
        let text = "# github.com/a/a v1.0.0\n## explicit; go 1.20\ngithub.com/a/a/x\n\
                    # github.com/b/b v1.0.0 => github.com/fork/b v1.0.1\n## explicit\n\
                    # github.com/z/z => ./z\n";
        let document = read(Format::GoModulesTxt, "vendor/modules.txt", text);
        let rows: Vec<_> = document.packages.iter().map(row).collect();
        assert_eq!(
            rows,
            [
                ("github.com/a/a", "v1.0.0", Unknown, "registry", 2, 1),
                ("github.com/fork/b", "v1.0.1", Unknown, "registry", 0, 4),
            ]
        );
        let text = "go 1.22\nuse (\n\t./a\n\t./b\n)\nreplace x.org/y => x.org/z v1.0.0\n";
        let document = read(Format::GoWork, "go.work", text);
        let rows: Vec<_> = document.packages.iter().map(row).collect();
        assert_eq!(
            rows,
            [
                ("./a", "", Project, "path", 0, 3),
                ("./b", "", Project, "path", 0, 4),
                ("x.org/z", "v1.0.0", Direct, "registry", 0, 6),
            ]
        );
    }

    #[test]
    fn a_contradiction_of_sums_is_a_note() {
        let text = format!("m v1.0.0 {A}\nm v1.0.0 {B}\n");
        let file = SourceFile::new("go.sum", text);
        let document = parse(Format::GoSum, &file, &NoFiles).unwrap();
        let notes: Vec<_> = document
            .notes
            .iter()
            .map(|note| note.kind.to_string())
            .collect();
        assert_eq!(notes, ["`m` is listed in line 1 with other hashes"]);
    }
}
