//! What OSV's service says, asked for all packages at once.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_advisories::{Advisory, lookup_name};
use cofferdam_lockfiles::Package;
use cofferdam_registries::osv::{self, Service, ServiceError};
use rayon::prelude::*;

use super::Query;
use crate::advisories::{Known, Unavailable, Why};

/// The answers of the service.
#[derive(Debug, Default)]
pub(super) struct Answers {
    advisories: BTreeMap<String, Advisory>,
    /// Ids by ecosystem and name.
    by_name: BTreeMap<(String, String), BTreeSet<String>>,
    /// What was not asked, because its name is nobody's business.
    private: BTreeSet<(String, String)>,
}

impl Answers {
    /// Asks for every package, but for those that come from a registry which is not the
    /// public one: their names may be secret.
    pub(super) fn ask(service: &Service, queries: &[Query<'_>]) -> Result<Self, Unavailable> {
        let mut answers = Self::default();
        let mut asked = BTreeSet::new();
        for query in queries {
            let (package, ecosystem) = (query.package, query.package.osv_ecosystem());
            let ecosystem = ecosystem.unwrap_or_default();
            if package.source.is_public_registry(package.ecosystem) == Some(false) {
                answers.private.insert((ecosystem, package.lookup_name()));
                continue;
            }
            asked.insert(osv::Query {
                ecosystem,
                name: package.name.clone(),
                version: query.version.trim_start_matches('v').to_owned(),
            });
        }
        let asked: Vec<osv::Query> = asked.into_iter().collect();
        let failed = |error: &ServiceError| Unavailable {
            ecosystem: "OSV".to_owned(),
            why: Why::NoAnswer {
                what: error.to_string(),
            },
        };
        let ids = service.ids(&asked).map_err(|error| failed(&error))?;
        for (query, ids) in asked.iter().zip(&ids) {
            let name = lookup_name(&query.ecosystem, &query.name);
            let found = answers
                .by_name
                .entry((query.ecosystem.clone(), name))
                .or_default();
            found.extend(ids.iter().cloned());
        }
        let wanted: BTreeSet<&String> = ids.iter().flatten().collect();
        let read: Result<Vec<(String, Advisory)>, Unavailable> = wanted
            .into_par_iter()
            .map(|id| {
                let bytes = service.advisory(id).map_err(|error| failed(&error))?;
                let advisory = Advisory::parse(&bytes).map_err(|error| Unavailable {
                    ecosystem: "OSV".to_owned(),
                    why: Why::NoAnswer {
                        what: format!("{id}: {error}"),
                    },
                })?;
                Ok((id.clone(), advisory))
            })
            .collect();
        answers.advisories = read?.into_iter().collect();
        Ok(answers)
    }
}

impl Known for Answers {
    fn said(&self, package: &Package) -> Result<Vec<Advisory>, Unavailable> {
        let ecosystem = package.osv_ecosystem().unwrap_or_default();
        let key = (ecosystem, package.lookup_name());
        let Some(ids) = self.by_name.get(&key) else {
            if self.private.contains(&key) {
                return Err(Unavailable {
                    ecosystem: key.0,
                    why: Why::NotAsked,
                });
            }
            return Ok(Vec::new());
        };
        let found = ids.iter().filter_map(|id| self.advisories.get(id));
        Ok(found.cloned().collect())
    }
}
