//! What the checkout says that it lives with.

use std::collections::BTreeMap;

use cofferdam_advisories::Ignores;
use cofferdam_facts::Timestamp;

use super::Query;
use super::grouping::Group;
use super::report::IgnoredBy;

/// The files of ignores, by the folder for whose lockfiles they count.
#[derive(Debug, Default)]
pub(super) struct AllIgnores {
    by_folder: BTreeMap<String, Ignores>,
}

/// The folder of a path; empty for the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl AllIgnores {
    pub(super) fn add(&mut self, ignores: Ignores) {
        self.by_folder
            .insert(folder(&ignores.path).to_owned(), ignores);
    }

    pub(super) fn of_file(&self, path: &str) -> Option<&Ignores> {
        self.by_folder.get(folder(path))
    }

    /// What ignores a weakness of a package, if something does and has not expired.
    pub(super) fn of(
        &self,
        query: &Query<'_>,
        group: &Group<'_>,
        now: Timestamp,
    ) -> Option<IgnoredBy> {
        let ignores = self.of_file(&query.document.path)?;
        let by = |line, reason: &Option<String>, until| IgnoredBy {
            path: ignores.path.clone(),
            line,
            reason: reason.clone(),
            until,
        };
        let is_meant = |id: &str| group.ids().any(|one| one.eq_ignore_ascii_case(id));
        let advisories = ignores.advisories.iter().filter(|one| one.holds(now));
        let mut advisories = advisories.filter(|one| is_meant(&one.id));
        if let Some(one) = advisories.next() {
            return Some(by(one.line, &one.reason, one.until));
        }
        let package = query.package;
        let ecosystem = package.osv_ecosystem().unwrap_or_default();
        let mut packages = ignores.packages.iter().filter(|one| {
            one.holds(now) && one.is_of(&ecosystem, &package.name, &query.version, &package.groups)
        });
        packages
            .next()
            .map(|one| by(one.line, &one.reason, one.until))
    }

    /// What has expired: the file, the line, what it names and since when.
    pub(super) fn expired(&self, now: Timestamp) -> Vec<(String, usize, String, Timestamp)> {
        let mut all = Vec::new();
        for ignores in self.by_folder.values() {
            for one in ignores.advisories.iter().filter(|one| !one.holds(now)) {
                let until = one.until.unwrap_or(now);
                all.push((ignores.path.clone(), one.line, one.id.clone(), until));
            }
            for one in ignores.packages.iter().filter(|one| !one.holds(now)) {
                let name = one
                    .name
                    .clone()
                    .unwrap_or_else(|| "every package".to_owned());
                let until = one.until.unwrap_or(now);
                all.push((ignores.path.clone(), one.line, name, until));
            }
        }
        all
    }
}
