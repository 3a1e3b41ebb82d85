//! SPDX as lines of tags and values, versions 2.0 to 2.3 of the specification.

use cofferdam_facts::Span;

use super::component::{Component, Ids, add};
use super::spdx_json::{KNOWN, Links, is_known};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem, placed};
use crate::{Algorithm, Format, Integrity, Subject};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    // Some write JSON under the name of the other form.
    if file.text().trim_start().starts_with('{') {
        return super::spdx_json::read(draft, files);
    }
    let mut version = None;
    let mut ids = Ids::new();
    let mut current: Option<Component> = None;
    let mut relationships = Vec::new();
    // A text of several lines, from the line where it begins.
    let mut inside = None;
    for numbered in placed(file.text()) {
        let (number, start, line) = numbered?;
        if inside.is_some() {
            if line.contains("</text>") {
                inside = None;
            }
            continue;
        }
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (tag, value) = text
            .split_once(':')
            .ok_or_else(|| Mistake::at(number, Problem::expected("a tag and its value", text)))?;
        let value = value.trim();
        if value.contains("<text>") && !value.contains("</text>") {
            inside = Some(number);
        }
        let span = Span::new(start, start + line.trim_end().len());
        match tag {
            "SPDXVersion" => {
                if !is_known(value) {
                    let found = crate::draft::shown(value);
                    let known = KNOWN;
                    let problem = Problem::UnknownVersion { found, known };
                    return Err(Mistake::at(number, problem));
                }
                version = Some(value.to_owned());
            }
            "PackageName" => {
                if let Some(done) = current.take() {
                    add(&mut draft, &mut ids, done)?;
                }
                current = Some(Component {
                    name: value.to_owned(),
                    span,
                    ..Component::default()
                });
            }
            "FileName" | "SnippetSPDXID" => {
                if let Some(done) = current.take() {
                    add(&mut draft, &mut ids, done)?;
                }
            }
            "Relationship" => relationships.push(value.to_owned()),
            _ => {
                if let Some(component) = &mut current {
                    describe(component, tag, value);
                }
            }
        }
    }
    if let Some(line) = inside {
        let what = "the text that begins here";
        return Err(Mistake::at(line, Problem::Unclosed { what }));
    }
    if let Some(done) = current.take() {
        add(&mut draft, &mut ids, done)?;
    }
    let version = version.ok_or_else(|| Mistake::at(1, Problem::expected("`SPDXVersion`", "")))?;
    let mut links = Links::default();
    for relationship in relationships {
        let words: Vec<&str> = relationship.split_ascii_whitespace().collect();
        if let [from, kind, to] = words.as_slice() {
            links.relate(&mut draft, &ids, from, kind, to)?;
        }
    }
    links.end(&mut draft);
    Ok(draft.finish(Format::SpdxTagValue, Some(version)))
}

fn describe(component: &mut Component, tag: &str, value: &str) {
    let said = || (!matches!(value, "NOASSERTION" | "NONE" | "")).then(|| value.to_owned());
    match tag {
        "SPDXID" => component.id = value.to_owned(),
        "PackageVersion" => component.version = said(),
        "PackageDownloadLocation" => component.download = said(),
        "PackageLicenseConcluded" => component.licence = said().or(component.licence.take()),
        "PackageLicenseDeclared" => component.licence = component.licence.take().or_else(said),
        "PackageChecksum" => {
            if let Some((name, digest)) = value.split_once(':') {
                let algorithm = Algorithm::named(name.trim());
                let hash = Integrity::hex(Subject::Archive, algorithm, digest.trim());
                component.integrity.push(hash);
            }
        }
        "ExternalRef" => {
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            if let [_, "purl", locator] = words.as_slice() {
                component.purl = Some((*locator).to_owned());
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{Ecosystem, NoFiles, Relation, parse};

    #[test]
    fn tags_are_read() {
        let text = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n\n# a comment\n\
            PackageName: app\nSPDXID: SPDXRef-app\nPackageComment: <text>one\nPackageName: no\n</text>\n\n\
            PackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1.0\nPackageLicenseDeclared: MIT\n\
            PackageLicenseConcluded: NOASSERTION\nPackageChecksum: SHA1: da39a3ee5e6b4b0d3255bfef95601890afd80709\n\
            ExternalRef: PACKAGE-MANAGER purl pkg:pypi/a@1.0\nFileName: ./x\nSPDXID: SPDXRef-x\n\
            Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-app\nRelationship: SPDXRef-app DEPENDS_ON SPDXRef-a\n";
        let file = SourceFile::new("x.spdx", text);
        let document = parse(Format::SpdxTagValue, &file, &NoFiles).unwrap();
        let rows: Vec<_> = (document.packages.iter())
            .map(|p| (p.ecosystem, p.name.as_str(), p.relation, p.location.line))
            .collect();
        assert_eq!(
            rows,
            [
                (Ecosystem::Generic, "app", Relation::Project, 6),
                (Ecosystem::PyPi, "a", Relation::Direct, 12),
            ]
        );
        let a = document.packages.last().unwrap();
        assert_eq!((a.licence.as_deref(), a.integrity.len()), (Some("MIT"), 1));
        assert_eq!(document.notes, []);
        for (text, expected) in [
            ("SPDXVersion: SPDX-9\n", "version `SPDX-9`"),
            ("PackageName: a\n", "`SPDXVersion`"),
            ("SPDXVersion: SPDX-2.3\nnonsense\n", "line 2"),
            ("SPDXVersion: SPDX-2.3\nComment: <text>\n", "has no end"),
        ] {
            let file = SourceFile::new("x.spdx", text);
            let error = parse(Format::SpdxTagValue, &file, &NoFiles)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
