//! `os-release`: which distribution a tree is.
//!
//! Source: freedesktop.org, `os-release(5)`.

use super::{Candidate, Cataloguer, Found, Interest, Opened, Unread};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "os-release",
    interest,
    read,
};

/// What a distribution says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `ID`: `debian`, `alpine`, `rhel`.
    pub id: String,
    /// `VERSION_ID`, or `BUILD_ID` where that is all there is.
    pub version: String,
    /// `PRETTY_NAME`.
    pub name: String,
}

impl OsRelease {
    /// The value of the qualifier `distro` of package URLs.
    #[must_use]
    pub fn qualifier(&self) -> String {
        match self.version.as_str() {
            "" => self.id.clone(),
            version => format!("{}-{version}", self.id),
        }
    }
}

fn interest(candidate: Candidate<'_>) -> Interest {
    Interest::when(candidate.is_at("etc/os-release") || candidate.is_at("lib/os-release"))
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let text = file.text()?;
    let value = |key: &str| {
        let line = text.lines().rev().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then_some(value.trim())
        })?;
        Some(line.trim_matches(['"', '\'']).to_owned()).filter(|text| !text.is_empty())
    };
    let Some(id) = value("ID") else {
        return Ok(());
    };
    found.os = Some(OsRelease {
        id: id.to_ascii_lowercase(),
        version: value("VERSION_ID")
            .or_else(|| value("BUILD_ID"))
            .unwrap_or_default(),
        name: value("PRETTY_NAME").unwrap_or_default(),
    });
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::run;
    use super::*;

    #[test]
    fn names_and_versions_are_read_with_and_without_quotes() {
        let text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n";
        let os = run(&CATALOGUER, "usr/lib/os-release", text.as_bytes())
            .unwrap()
            .os
            .unwrap();
        assert_eq!(os.qualifier(), "debian-12");
        let rolling = run(&CATALOGUER, "etc/os-release", b"ID='Arch'\n")
            .unwrap()
            .os
            .unwrap();
        assert_eq!(rolling.qualifier(), "arch");
    }
}
