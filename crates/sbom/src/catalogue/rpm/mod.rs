//! The database of RPM.
//!
//! Read in the two forms that distributions use since 2020: SQLite and, on
//! SUSE, `ndb`. The Berkeley DB of older ones is named and not read.

mod header;
mod ndb;
mod sqlite;

use std::collections::HashMap;

use self::header::Header;
use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "rpm",
    interest,
    read,
};

/// Folders in which the database lies.
const FOLDERS: [&str; 3] = ["lib/rpm", "lib/sysimage/rpm", "share/rpm"];

fn interest(candidate: Candidate<'_>) -> Interest {
    let Some((folder, name)) = candidate.path.rsplit_once('/') else {
        return Interest::No;
    };
    let folder = Candidate {
        path: folder,
        ..candidate
    };
    let named = matches!(
        name,
        "rpmdb.sqlite" | "rpmdb.sqlite-wal" | "Packages" | "Packages.db"
    );
    Interest::when(named && FOLDERS.iter().any(|path| folder.is_at(path)))
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let mut headers = Vec::new();
    match file.path.rsplit('/').next() {
        // An empty one is what a database leaves that was closed well.
        Some("rpmdb.sqlite-wal") if file.size == 0 => return Ok(()),
        Some("rpmdb.sqlite-wal") => {
            let what = "an RPM database that was not closed, with packages in its write-ahead log,";
            return Err(Unread::Format { what });
        }
        Some("rpmdb.sqlite") => sqlite::blobs(file, "Packages", &mut |blob| {
            headers.push(Header::read(blob)?);
            Ok(())
        })?,
        Some("Packages.db") => ndb::blobs(file, &mut |blob| {
            headers.push(Header::read(blob)?);
            Ok(())
        })?,
        _ => {
            let what = "the RPM database in Berkeley DB's format";
            return Err(Unread::Format { what });
        }
    }
    list(&headers, found);
    Ok(())
}

fn list(headers: &[Header], found: &mut Found) {
    // Keys that signatures are checked with lie in the same database.
    let packages: Vec<&Header> = headers
        .iter()
        .filter(|one| !one.name.is_empty() && one.name != "gpg-pubkey")
        .collect();
    let mut provided: HashMap<&str, usize> = HashMap::new();
    for (index, one) in packages.iter().enumerate() {
        provided.entry(&one.name).or_insert(index);
        for name in &one.provides {
            provided.entry(name).or_insert(index);
        }
        let version = format!("{}-{}", one.version, one.release);
        let epoch = one.epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
        let package = Package {
            supplier: Some(one.vendor.clone()).filter(|text| !text.is_empty()),
            ..Package::new(Kind::Rpm, one.name.as_str(), version)
                .qualified("arch", one.arch.as_str())
                .qualified("epoch", epoch)
                .qualified("upstream", one.source.as_str())
                .licensed(one.licence.as_str())
        };
        found.items.push(Item::new(package));
    }
    for (index, one) in packages.iter().enumerate() {
        for name in &one.requires {
            let on = provided.get(name.as_str()).filter(|on| **on != index);
            found.edges.extend(on.map(|&on| (index, on)));
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
