//! Records of the checksum database: those that are kept, checked offline, and
//! new ones, fetched.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cofferdam_registries::go_modules::ChecksumDatabase;
use cofferdam_trees::H1;
use cofferdam_trees::bundle::{Subject, UnverifiedRecord};
use cofferdam_trees::go::patterns::names_module;
use cofferdam_trees::sumdb::tiles::{Tile, path_from, tiles_for};
use cofferdam_trees::sumdb::{Lookup, Proof, SignedRoot};

use super::VendorOptions;
use super::sources::Sources;

/// The records that the committed file has.
pub(super) struct Records<'s> {
    sources: &'s Sources<'s>,
    root: OnceLock<Option<Result<SignedRoot, String>>>,
}

impl<'s> Records<'s> {
    pub(super) fn new(sources: &'s Sources<'s>) -> Self {
        let root = OnceLock::new();
        Self { sources, root }
    }

    fn root(&self) -> Option<&Result<SignedRoot, String>> {
        let open = |note| {
            let key = &self.sources.options.database_key;
            SignedRoot::open(note, key).map_err(|error| error.to_string())
        };
        let root = self.root.get_or_init(|| self.sources.note().map(open));
        root.as_ref()
    }

    /// The sum of a module in the checksum database, if a record is kept; an
    /// error says why it proves nothing.
    pub(super) fn sum(&self, module: &str, version: &str) -> Option<Result<H1, String>> {
        let subject = Subject::Go {
            module: module.to_owned(),
            version: version.to_owned(),
        };
        let record = self.sources.kept(&subject)?.record.as_ref()?;
        Some(match self.root() {
            None => Err("there is a record, and no signed root".to_owned()),
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(root)) => {
                let proof = Proof {
                    number: record.number,
                    text: record.text.clone(),
                    path: record.path.clone(),
                    root: root.clone(),
                };
                proof
                    .sum_of(module, version)
                    .map_err(|error| error.to_string())
            }
        })
    }
}

/// Records that were fetched, all of one signed root.
#[derive(Default)]
pub(super) struct Fetched {
    pub(super) note: Option<String>,
    pub(super) records: BTreeMap<(String, String), UnverifiedRecord>,
    /// Modules that have none, and why.
    pub(super) without: Vec<(String, String)>,
}

/// Fetches the records of modules, and proves each before it is kept.
pub(super) fn fetch(
    options: &VendorOptions,
    database: &ChecksumDatabase,
    modules: &[(String, String)],
) -> Fetched {
    let mut fetched = Fetched::default();
    let mut lookups = Vec::new();
    let mut best: Option<SignedRoot> = None;
    let key = &options.database_key;
    for (module, version) in modules {
        let name = format!("{module}@{version}");
        if names_module(&options.no_database, module) {
            let why = "GONOSUMDB or GOPRIVATE forbids to ask for it".to_owned();
            fetched.without.push((name, why));
            continue;
        }
        let answer = database.lookup(module, version);
        let lookup = match answer.map(|text| Lookup::parse(&text)) {
            Ok(Some(lookup)) => lookup,
            Ok(None) => {
                fetched
                    .without
                    .push((name, "the answer has another form".to_owned()));
                continue;
            }
            Err(error) => {
                fetched.without.push((name, error.to_string()));
                continue;
            }
        };
        match SignedRoot::open(&lookup.note, key) {
            Ok(root) if best.as_ref().is_none_or(|best| best.size() < root.size()) => {
                best = Some(root);
            }
            Ok(_) => {}
            Err(error) => {
                fetched.without.push((name, error.to_string()));
                continue;
            }
        }
        lookups.push((module, version, lookup));
    }
    let Some(root) = best else {
        return fetched;
    };
    let mut tiles: BTreeMap<Tile, Vec<u8>> = BTreeMap::new();
    for (module, version, lookup) in lookups {
        match proven(database, &root, &mut tiles, module, version, &lookup) {
            Ok(record) => {
                let key = (module.clone(), version.clone());
                fetched.records.insert(key, record);
            }
            Err(why) => fetched.without.push((format!("{module}@{version}"), why)),
        }
    }
    fetched.note = Some(root.note().to_owned());
    fetched
}

fn proven(
    database: &ChecksumDatabase,
    root: &SignedRoot,
    tiles: &mut BTreeMap<Tile, Vec<u8>>,
    module: &str,
    version: &str,
    lookup: &Lookup,
) -> Result<UnverifiedRecord, String> {
    for tile in tiles_for(lookup.number, root.size()) {
        if tiles.contains_key(&tile) {
            continue;
        }
        let mut bytes = database.tile(&tile.path()).map_err(|e| e.to_string())?;
        bytes.truncate(tile.bytes());
        tiles.insert(tile, bytes);
    }
    let path = path_from(tiles, lookup.number, root.size()).map_err(|e| e.to_string())?;
    let proof = Proof {
        number: lookup.number,
        text: lookup.text.clone(),
        path,
        root: root.clone(),
    };
    proof
        .sum_of(module, version)
        .map_err(|error| error.to_string())?;
    Ok(UnverifiedRecord {
        number: proof.number,
        text: proof.text,
        path: proof.path,
    })
}
