//! The database of Alpine's package manager.
//!
//! Source: Alpine Linux wiki, "Apk spec", "Installed database V2".

use std::collections::HashMap;

use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "apk",
    interest,
    read,
};

fn interest(candidate: Candidate<'_>) -> Interest {
    Interest::when(candidate.is_at("lib/apk/db/installed"))
}

#[derive(Default)]
struct Record<'t> {
    line: usize,
    fields: HashMap<u8, &'t str>,
}

impl<'t> Record<'t> {
    fn get(&self, key: u8) -> &'t str {
        self.fields.get(&key).copied().unwrap_or_default()
    }
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let text = file.text()?;
    let records = records(&text);
    let mut provided: HashMap<&str, usize> = HashMap::new();
    for (index, record) in records.iter().enumerate() {
        let name = record.get(b'P');
        let origin = Some(record.get(b'o')).filter(|origin| *origin != name);
        let package = Package {
            supplier: Some(record.get(b'm').to_owned()).filter(|text| !text.is_empty()),
            download: Some(record.get(b'U').to_owned()).filter(|text| !text.is_empty()),
            ..Package::new(Kind::Apk, name, record.get(b'V'))
                .qualified("arch", record.get(b'A'))
                .qualified("upstream", origin.unwrap_or_default())
                .licensed(record.get(b'L'))
        };
        found.items.push(Item {
            line: Some(record.line),
            ..Item::new(package)
        });
        provided.insert(name, index);
        for word in record.get(b'p').split_whitespace() {
            provided.entry(bare(word)).or_insert(index);
        }
    }
    for (index, record) in records.iter().enumerate() {
        let needed = record.get(b'D').split_whitespace();
        for word in needed.filter(|word| !word.starts_with('!')) {
            let on = provided.get(bare(word)).filter(|on| **on != index);
            found.edges.extend(on.map(|&on| (index, on)));
        }
    }
    Ok(())
}

/// Records with a name and a version.
fn records(text: &str) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    let mut record = Record::default();
    let end = [(usize::MAX, "")];
    for (number, line) in text.lines().enumerate().chain(end) {
        if line.is_empty() {
            let whole = std::mem::take(&mut record);
            if !whole.get(b'P').is_empty() && !whole.get(b'V').is_empty() {
                records.push(whole);
            }
            continue;
        }
        if record.fields.is_empty() {
            record.line = number + 1;
        }
        if let [key, b':', ..] = line.as_bytes()
            // Those of its files come again and again, and say nothing here.
            && !matches!(key, b'F' | b'R' | b'Z' | b'a' | b'M')
        {
            record
                .fields
                .entry(*key)
                .or_insert(line.get(2..).unwrap_or_default().trim());
        }
    }
    records
}

/// Without the version that is wanted or provided.
fn bare(word: &str) -> &str {
    word.split(['=', '<', '>', '~', '@']).next().unwrap_or(word)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{edges, purls, run};
    use super::*;

    #[test]
    fn records_are_listed_with_what_they_depend_on() {
        let text = "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\n\
            p:so:libc.musl-x86_64.so.1=1\nF:lib\nR:ld.so\n\n\
            P:ssl_client\nV:1.36.1-r5\nA:x86_64\nL:GPL-2.0-only\no:busybox\n\
            D:so:libc.musl-x86_64.so.1 !other ssl_client>1\n\nP:nothing\n";
        let found = run(&CATALOGUER, "lib/apk/db/installed", text.as_bytes()).unwrap();
        assert_eq!(
            purls(&found),
            [
                "pkg:apk/musl@1.2.4-r2?arch=x86_64",
                "pkg:apk/ssl_client@1.36.1-r5?arch=x86_64&upstream=busybox",
            ]
        );
        assert_eq!(edges(&found), [("ssl_client", "musl")]);
        assert_eq!(found.items.get(1).unwrap().line, Some(11));
        assert_eq!(found.items.first().unwrap().package.licences, ["MIT"]);
    }
}
