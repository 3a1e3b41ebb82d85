//! `META-INF/MANIFEST.MF`.

use super::filename::FileName;

/// The sections of a manifest, its main one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    sections: Vec<Vec<(String, String)>>,
}

/// The most attributes that are kept: archives that are signed have one section
/// for each file.
const MOST_ATTRIBUTES: usize = 20_000;

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut sections: Vec<Vec<(String, String)>> = Vec::new();
        let (mut begins, mut count) = (true, 0);
        for line in text.lines() {
            if line.is_empty() {
                begins = true;
                continue;
            }
            if let Some(more) = line.strip_prefix(' ') {
                let last = sections.last_mut().and_then(|section| section.last_mut());
                if let Some((_, value)) = last.filter(|_| !begins) {
                    value.push_str(more.trim());
                }
                continue;
            }
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            count += 1;
            if count > MOST_ATTRIBUTES {
                break;
            }
            if begins {
                sections.push(Vec::new());
                begins = false;
            }
            if let Some(section) = sections.last_mut() {
                section.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self { sections }
    }

    /// An attribute of the main section.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.sections
            .first()
            .and_then(|section| attribute(section, key))
    }

    fn anywhere(&self, key: &str) -> Option<&str> {
        self.sections
            .iter()
            .find_map(|section| attribute(section, key))
    }

    /// The name of the artifact.
    pub(super) fn name(&self, file: &FileName) -> String {
        if let Some(name) = self.name_of_bundle() {
            return name;
        }
        let of_file = match file.name.rsplit_once('.') {
            // What Eclipse publishes has dots in its names.
            Some((_, last)) if !file.name.starts_with("org.eclipse.") && is_group(&file.name) => {
                last
            }
            _ => &file.name,
        };
        if !of_file.is_empty() {
            return of_file.to_owned();
        }
        let keys = [
            "Name",
            "Bundle-Name",
            "Short-Name",
            "Extension-Name",
            "Implementation-Title",
        ];
        let found = keys.iter().find_map(|key| self.get(key));
        found.unwrap_or_default().to_owned()
    }

    /// Maven's plug-in for bundles writes group and artifact as one name.
    fn name_of_bundle(&self) -> Option<String> {
        if !self
            .get("Created-By")?
            .contains("Apache Maven Bundle Plugin")
        {
            return None;
        }
        let symbolic = self.get("Bundle-SymbolicName")?;
        if self.get("Implementation-Vendor-Id") == Some(symbolic) {
            return None;
        }
        symbolic.rsplit('.').next().map(str::to_owned)
    }

    /// The version: what the name of the file says goes first.
    pub(super) fn version(&self, file: &FileName) -> String {
        if !file.version.is_empty() {
            return file.version.clone();
        }
        let keys = [
            "Implementation-Version",
            "Specification-Version",
            "Plugin-Version",
            "Bundle-Version",
        ];
        let found = keys.iter().find_map(|key| self.anywhere(key));
        found.unwrap_or_default().to_owned()
    }

    /// The group, where an attribute looks like one.
    pub(super) fn group(&self) -> Option<String> {
        let first = [
            "Group-Id",
            "Bundle-SymbolicName",
            "Extension-Name",
            "Specification-Vendor",
            "Implementation-Vendor",
            "Implementation-Vendor-Id",
            "Implementation-Title",
            "Bundle-Activator",
        ];
        let then = ["Automatic-Module-Name", "Main-Class", "Package"];
        let of = |keys: &[&str]| {
            let mut groups: Vec<String> = keys
                .iter()
                .flat_map(|key| {
                    self.sections
                        .iter()
                        .filter_map(|section| attribute(section, key))
                })
                .filter(|value| {
                    ["com", "org", "net", "io", "be"]
                        .iter()
                        .any(|start| value.starts_with(start))
                })
                .map(|value| {
                    value
                        .split([';', '#'])
                        .next()
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                })
                .collect();
            groups.sort();
            groups.into_iter().next()
        };
        of(&first).or_else(|| of(&then))
    }

    pub(super) fn licences(&self) -> Vec<String> {
        let keys = ["Bundle-License", "Plugin-License-Name"];
        let found = keys.iter().filter_map(|key| self.anywhere(key));
        found
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

fn attribute<'s>(section: &'s [(String, String)], key: &str) -> Option<&'s str> {
    let found = section
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    Some(found.1.as_str()).filter(|value| !value.is_empty())
}

/// Whether each part begins as a name of Java does.
fn is_group(name: &str) -> bool {
    name.split('.')
        .all(|part| part.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$'))
}
