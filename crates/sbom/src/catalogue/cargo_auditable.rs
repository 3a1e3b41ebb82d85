//! Executables that `cargo auditable` built: the crates that they are made of.
//!
//! Source: rust-secure-code/cargo-auditable, "PARSING.md": zlib-compressed JSON
//! in a section `.dep-v0`.

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::file::whole;
use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::executable;
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "cargo-auditable",
    interest,
    read,
};

const LEAST_BYTES: u64 = 16 * 1024;
/// What its own reader takes, compressed and not.
const MOST_PACKED: u64 = 1 << 20;
const MOST_BYTES: u64 = 8 << 20;

fn interest(candidate: Candidate<'_>) -> Interest {
    if candidate.size < LEAST_BYTES {
        return Interest::No;
    }
    Interest::Executable
}

#[derive(Deserialize)]
struct Listing {
    packages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    version: String,
    source: String,
    /// `runtime` where it is not said.
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    dependencies: Vec<usize>,
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    for image in executable::images(file)? {
        let Some(section) = image.section(".dep-v0") else {
            continue;
        };
        let packed = file.at(section.offset, section.size.min(MOST_PACKED))?;
        let mut decoder = ZlibDecoder::new(packed.as_slice()).take(MOST_BYTES);
        let text = whole(&mut decoder, MOST_BYTES, MOST_BYTES)?;
        list(serde_json::from_slice(&text)?, found);
    }
    Ok(())
}

fn list(listing: Listing, found: &mut Found) {
    let is_built_in = |one: &Listed| one.kind.as_deref().is_none_or(|kind| kind == "runtime");
    let mut places = Vec::with_capacity(listing.packages.len());
    let mut next = found.items.len();
    for one in &listing.packages {
        places.push(is_built_in(one).then_some(next));
        next += usize::from(is_built_in(one));
    }
    for (one, place) in listing.packages.into_iter().zip(&places) {
        let Some(place) = *place else {
            continue;
        };
        let mut package = Package::new(Kind::Cargo, one.name, one.version);
        // The other sources are folders and registries that it does not name.
        if one.source == "git" || one.source == "local" {
            package = package.qualified("source", one.source);
        }
        found.items.push(Item::new(package));
        let on = one.dependencies.iter().filter_map(|at| *places.get(*at)?);
        found
            .edges
            .extend(on.filter(|on| *on != place).map(|on| (place, on)));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{edges, purls};
    use super::*;

    #[test]
    fn what_runs_is_listed_and_what_only_built_is_not() {
        let text = r#"{"packages":[
            {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"app","version":"0.1.0","source":"local","dependencies":[0,2,2,9],"root":true},
            {"name":"libc","version":"0.2.0","source":"crates.io"}]}"#;
        let mut found = Found::default();
        list(serde_json::from_str(text).unwrap(), &mut found);
        assert_eq!(
            purls(&found),
            ["pkg:cargo/app@0.1.0?source=local", "pkg:cargo/libc@0.2.0"]
        );
        assert_eq!(edges(&found), [("app", "libc"), ("app", "libc")]);
    }
}
