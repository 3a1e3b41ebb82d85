//! `gradle/verification-metadata.xml`: the hashes of what Gradle downloads.
//!
//! Source: Gradle documentation, "Verifying dependencies".

use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::Mistake;
use crate::tree::wanted;
use crate::xml;
use crate::{Algorithm, Ecosystem, Format, Integrity, Source, Subject};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let document = xml::read(file)?;
    let root = document.root_element();
    let is_it = root.tag_name().name() == "verification-metadata";
    let what = "`<verification-metadata>`";
    wanted(file, xml::span(root), what, is_it.then_some(()))?;
    let all = xml::child(root, "components").into_iter();
    for component in all.flat_map(|all| xml::children(all, "component")) {
        let span = xml::span(component);
        let attribute = |name: &str| {
            let what = "a component with `group`, `name` and `version`";
            wanted(file, span, what, component.attribute(name))
        };
        let name = format!("{}:{}", attribute("group")?, attribute("name")?);
        let version = Some(attribute("version")?.to_owned());
        let mut package = draft.package(Ecosystem::Maven, name, version, span);
        package.source = Source::registry();
        for artifact in xml::children(component, "artifact") {
            let name = artifact.attribute("name").unwrap_or_default();
            for hash in artifact.children().filter(roxmltree::Node::is_element) {
                let algorithm = Algorithm::named(hash.tag_name().name());
                if matches!(algorithm, Algorithm::Other(_)) {
                    continue;
                }
                let values = hash.attribute("value").into_iter();
                let also = xml::children(hash, "also-trust");
                let also = also.filter_map(|one| one.attribute("value"));
                for value in values.chain(also) {
                    let subject = Subject::File(name.to_owned());
                    let hash = Integrity::hex(subject, algorithm.clone(), value);
                    package.integrity.push(hash);
                }
            }
        }
        draft.add(package)?;
    }
    Ok(draft.finish(Format::VerificationMetadata, None))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    #[test]
    fn components_are_packages() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<verification-metadata \
            xmlns=\"https://schema.gradle.org/dependency-verification\">\n <components>\n\
            \x20 <component group=\"org.a\" name=\"b\" version=\"1.0\">\n   <artifact name=\"b-1.0.jar\">\n\
            \x20   <sha256 value=\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\" origin=\"x\">\n\
            \x20    <also-trust value=\"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\"/>\n    </sha256>\n\
            \x20   <pgp value=\"00\"/>\n   </artifact>\n  </component>\n </components>\n</verification-metadata>\n";
        let file = SourceFile::new("gradle/verification-metadata.xml", text);
        let document = parse(Format::VerificationMetadata, &file, &NoFiles).unwrap();
        let first = document.packages.first().unwrap();
        assert_eq!((first.name.as_str(), first.location.line), ("org.a:b", 4));
        assert_eq!(first.integrity.len(), 2);
        assert_eq!(document.notes, []);
        let entity = format!("<!DOCTYPE x [<!ENTITY a \"a\">]>\n{text}");
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        for (text, expected) in [
            ("<a/>", "expected `<verification-metadata>`"),
            (
                "<verification-metadata>\n<components><component group=\"a\"/>",
                "no valid XML",
            ),
            (text.replace("name=\"b\"", "").as_str(), "line 4"),
            (&entity, "no valid XML"),
            (&deep, ""),
        ] {
            let file = SourceFile::new("gradle/verification-metadata.xml", text);
            let error = parse(Format::VerificationMetadata, &file, &NoFiles)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
