//! `pom.xml`: what a project of Maven asks for by itself.
//!
//! Source: Maven documentation, "POM Reference" and "Introduction to the POM"
//! (inheritance and interpolation). Parents are read where they lie in the
//! checkout. A version that a parent or BOM from a repository decides is not
//! known, and neither is what the dependencies need.

mod model;

use self::model::{Coordinates, Model};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::Mistake;
use crate::tree::wanted;
use crate::xml;
use crate::{Ecosystem, Format, Relation, Scope, Source};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let document = xml::read(file)?;
    let root = document.root_element();
    let is_it = root.tag_name().name() == "project";
    wanted(file, xml::span(root), "`<project>`", is_it.then_some(()))?;
    let model = Model::of(file, root, files);
    let own = &model.own;
    let name = format!(
        "{}:{}",
        model.filled(&own.group),
        model.filled(&own.artifact)
    );
    let version = own.version.as_deref().map(|version| model.filled(version));
    let span = xml::child(root, "artifactId").map_or(xml::span(root), xml::span);
    let mut project = draft.package(Ecosystem::Maven, name, version, span);
    project.relation = Relation::Project;
    project.source = Source::Path {
        path: ".".to_owned(),
    };
    let project = draft.add(project)?;
    if let Some(parent) = xml::child(root, "parent")
        && !model.has_local_parent
    {
        let wish = Coordinates::of(parent);
        add(&mut draft, &model, project, parent, &wish, "parent")?;
    }
    let lists = xml::children(root, "dependencies");
    let profiles = xml::children(root, "profiles").flat_map(|all| xml::children(all, "profile"));
    let inner = profiles.flat_map(|profile| xml::children(profile, "dependencies"));
    for (list, optional) in lists.map(|l| (l, false)).chain(inner.map(|l| (l, true))) {
        for node in xml::children(list, "dependency") {
            let wish = Coordinates::of(node);
            let managed = model.managed(&wish);
            let scope = wish
                .scope
                .clone()
                .or_else(|| managed.and_then(|one| one.scope.clone()));
            let group = scope.unwrap_or_else(|| "compile".to_owned());
            let at = add(
                &mut draft,
                &model,
                project,
                node,
                &wish,
                &model.filled(&group),
            )?;
            let is_optional = xml::text(node, "optional").is_some_and(|text| text == "true");
            if let Some(package) = draft.packages.get_mut(at) {
                package.optional = optional || is_optional;
            }
        }
    }
    let builds = xml::children(root, "build");
    let plugins = builds.flat_map(|build| xml::children(build, "plugins"));
    for node in plugins.flat_map(|all| xml::children(all, "plugin")) {
        let mut wish = Coordinates::of(node);
        if wish.group.is_empty() {
            wish.group = "org.apache.maven.plugins".to_owned();
        }
        add(&mut draft, &model, project, node, &wish, "plugin")?;
    }
    let version = xml::text(root, "modelVersion").map(str::to_owned);
    Ok(draft.finish(Format::Pom, version))
}

fn add(
    draft: &mut Draft<'_>,
    model: &Model,
    project: usize,
    node: roxmltree::Node<'_, '_>,
    wish: &Coordinates,
    group: &str,
) -> Result<usize, Mistake> {
    let managed = model
        .managed(wish)
        .filter(|_| group != "plugin" && group != "parent");
    let asked = wish.version.clone();
    let asked = asked.or_else(|| managed.and_then(|one| one.version.clone()));
    let asked = asked.map(|text| model.filled(&text));
    let name = format!(
        "{}:{}",
        model.filled(&wish.group),
        model.filled(&wish.artifact)
    );
    let place = xml::child(node, "artifactId").map_or(xml::span(node), xml::span);
    // `[1,2)` is a range, `[1]` this one version; `${…}` is not known here.
    let is_open = |text: &String| text.contains(['[', '(', '$', ',']);
    let exact = asked
        .as_deref()
        .and_then(|text| text.strip_prefix('[')?.strip_suffix(']'));
    let exact = exact
        .filter(|text| !text.contains([',', '$']))
        .map(str::to_owned);
    let version = exact.or_else(|| asked.clone().filter(|text| !is_open(text)));
    let mut package = draft.package(Ecosystem::Maven, name, version, place);
    if package.name.contains("${") {
        let name = package.name.clone();
        draft.not_understood(place, "the name of a package", &name);
    }
    if package.version.is_none() {
        package.requirement = asked;
    }
    package.source = if group == "system" {
        let path = xml::text(node, "systemPath").unwrap_or_default();
        Source::Path {
            path: model.filled(path),
        }
    } else {
        Source::registry()
    };
    package.scope = match group {
        "test" | "plugin" | "parent" => Scope::Development,
        "compile" | "runtime" | "provided" | "system" => Scope::Runtime,
        _ => Scope::Unknown,
    };
    package.groups.push(group.to_owned());
    for key in ["classifier", "type"] {
        let value = xml::text(node, key).filter(|value| *value != "jar");
        let value = value.map(|value| (key.to_owned(), model.filled(value)));
        package.qualifiers.extend(value);
    }
    package.relation = Relation::Direct;
    let at = draft.add(package)?;
    draft.edge(project, at)?;
    Ok(at)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Unreadable, parse};

    const CHILD: &str = "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n\
        <modelVersion>4.0.0</modelVersion>\n<parent><groupId>org.p</groupId><artifactId>parent</artifactId>\
        <version>1.2</version></parent>\n<artifactId>child</artifactId>\n\
        <properties><own.version>2.0</own.version><loop>${loop}</loop></properties>\n<dependencies>\n\
        <dependency><groupId>org.a</groupId><artifactId>managed</artifactId></dependency>\n\
        <dependency><groupId>org.a</groupId><artifactId>own</artifactId><version>${own.version}</version></dependency>\n\
        <dependency><groupId>${project.groupId}</groupId><artifactId>sibling</artifactId><version>${project.version}</version></dependency>\n\
        <dependency><groupId>org.a</groupId><artifactId>far</artifactId></dependency>\n\
        <dependency><groupId>org.a</groupId><artifactId>range</artifactId><version>[1,2)</version><scope>test</scope></dependency>\n\
        <dependency><groupId>org.a</groupId><artifactId>loop</artifactId><version>${loop}</version></dependency>\n\
        </dependencies>\n<build><plugins><plugin><artifactId>maven-jar-plugin</artifactId><version>3.0</version></plugin>\
        </plugins></build>\n</project>\n";
    const PARENT: &str = "<project><groupId>org.p</groupId><artifactId>parent</artifactId><version>1.2</version>\
        <properties><m>5.0</m><own.version>1.0</own.version></properties><dependencyManagement><dependencies>\
        <dependency><groupId>org.a</groupId><artifactId>managed</artifactId><version>${m}</version><scope>runtime</scope>\
        </dependency></dependencies></dependencyManagement></project>";

    #[test]
    fn parents_and_properties_are_followed() {
        let files = |path: &str| match path {
            "pom.xml" => Ok(SourceFile::new(path, PARENT)),
            _ => Err(Unreadable::Missing),
        };
        let file = SourceFile::new("child/pom.xml", CHILD);
        let document = parse(Format::Pom, &file, &files).unwrap();
        let rows: Vec<_> = (document.packages.iter())
            .map(|p| {
                let version = p.version.as_deref().or(p.requirement.as_deref());
                (
                    p.name.as_str(),
                    version.unwrap_or("?"),
                    p.version.is_some(),
                    p.scope,
                    p.location.line,
                )
            })
            .collect();
        use Scope::{Development, Runtime, Unknown};
        assert_eq!(
            rows,
            [
                ("org.p:child", "1.2", true, Unknown, 4),
                ("org.a:managed", "5.0", true, Runtime, 7),
                ("org.a:own", "2.0", true, Runtime, 8),
                ("org.p:sibling", "1.2", true, Runtime, 9),
                ("org.a:far", "?", false, Runtime, 10),
                ("org.a:range", "[1,2)", false, Development, 11),
                ("org.a:loop", "${loop}", false, Runtime, 12),
                (
                    "org.apache.maven.plugins:maven-jar-plugin",
                    "3.0",
                    true,
                    Development,
                    14
                ),
            ]
        );
        let alone = parse(Format::Pom, &file, &NoFiles).unwrap();
        let parent = alone.packages.get(1).unwrap();
        assert_eq!(
            (parent.name.as_str(), parent.version.as_deref()),
            ("org.p:parent", Some("1.2"))
        );
        let managed = alone.packages.get(2).unwrap();
        assert_eq!(managed.version, None);
    }

    #[test]
    fn a_parent_of_itself_ends() {
        let text = PARENT.replace(
            "<project>",
            "<project><parent><groupId>a</groupId><artifactId>b</artifactId><version>1</version>\
             <relativePath>pom.xml</relativePath></parent>",
        );
        let files = |path: &str| Ok(SourceFile::new(path, text.clone()));
        let file = SourceFile::new("pom.xml", text.clone());
        assert!(parse(Format::Pom, &file, &files).is_ok());
        assert!(parse(Format::Pom, &SourceFile::new("pom.xml", "<a/>"), &NoFiles).is_err());
        assert!(
            parse(
                Format::Pom,
                &SourceFile::new("pom.xml", "<project>"),
                &NoFiles
            )
            .is_err()
        );
    }
}
