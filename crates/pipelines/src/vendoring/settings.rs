//! Cargo's configuration, as far as it names folders of vendored crates.
//!
//! Source: The Cargo Book, "Source Replacement": `[source.NAME] directory`.

use toml::de::{DeTable, DeValue};

/// Where it stands, relative to the folder that it is for. Cargo takes the old
/// name as well.
pub(super) const CONFIGURATIONS: [&str; 2] = [".cargo/config.toml", ".cargo/config"];

/// The folders that it names, as written: relative to the folder that it is
/// for.
pub(super) fn directories(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let file = DeTable::parse(text).map_err(|error| error.to_string())?;
    let file = file.into_inner();
    let mut named = Vec::new();
    let Some(DeValue::Table(sources)) = file.get("source").map(toml::Spanned::as_ref) else {
        return Ok(named);
    };
    for source in sources.values() {
        if let DeValue::Table(source) = source.as_ref()
            && let Some(DeValue::String(folder)) =
                source.get("directory").map(toml::Spanned::as_ref)
        {
            named.push(folder.to_string());
        }
    }
    Ok(named)
}
