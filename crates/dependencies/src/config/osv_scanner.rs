//! The ignored advisories of `osv-scanner.toml`.
//!
//! Source: osv-scanner's documentation, "Configure OSV-Scanner": `IgnoredVulns`
//! with `id`, `ignoreUntil` and `reason`. Overrides of packages change what is
//! scanned, and are named as not honoured.

use cofferdam_facts::{SourceFile, Span, Timestamp};
use toml::de::{DeTable, DeValue};

use super::{MAX_BYTES, Mistake, mistake};
use crate::policy::Ignored;

/// Reads a file: what it leaves out, and the keys of it that mean nothing here.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(file: &SourceFile) -> Result<(Vec<Ignored>, Vec<String>), Mistake> {
    if file.text().len() as u64 > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        return Err(mistake(file, Span::default(), message));
    }
    let root = DeTable::parse(file.text()).map_err(|error| {
        let span = error.span().map(Span::from).unwrap_or_default();
        mistake(file, span, format!("this is not TOML: {}", error.message()))
    })?;
    let mut ignored = Vec::new();
    let mut idle = Vec::new();
    for (key, value) in root.get_ref() {
        if key.get_ref() != "IgnoredVulns" {
            idle.push(key.get_ref().to_string());
            continue;
        }
        let span = value.span().into();
        let wrong = || mistake(file, span, "`IgnoredVulns` is a list of tables");
        let DeValue::Array(list) = value.get_ref() else {
            return Err(wrong());
        };
        for one in list.iter() {
            let DeValue::Table(table) = one.get_ref() else {
                return Err(wrong());
            };
            ignored.push(entry(file, table, one.span().into())?);
        }
    }
    Ok((ignored, idle))
}

fn entry(file: &SourceFile, table: &DeTable<'_>, span: Span) -> Result<Ignored, Mistake> {
    let mut ignored = Ignored {
        id: String::new(),
        until: None,
        reason: String::new(),
    };
    for (key, value) in table {
        let at = value.span().into();
        match (&**key.get_ref(), value.get_ref()) {
            ("id", DeValue::String(id)) => ignored.id = id.to_string(),
            ("reason", DeValue::String(reason)) => ignored.reason = reason.to_string(),
            ("ignoreUntil", DeValue::Datetime(day)) => {
                let text = day.to_string();
                let date = text.get(..10).unwrap_or(&text);
                let until = Timestamp::parse_date(date);
                let wrong = || mistake(file, at, format!("`{text}` is no day"));
                ignored.until = Some(until.ok_or_else(wrong)?);
            }
            (name @ ("id" | "reason" | "ignoreUntil"), _) => {
                let message = format!("`{name}` is of another kind than osv-scanner reads");
                return Err(mistake(file, at, message));
            }
            (other, _) => {
                let message = format!("`{other}` is no key of `IgnoredVulns`");
                return Err(mistake(file, key.span().into(), message));
            }
        }
    }
    if ignored.id.is_empty() {
        return Err(mistake(
            file,
            span,
            "an entry of `IgnoredVulns` needs an `id`",
        ));
    }
    Ok(ignored)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<(Vec<Ignored>, Vec<String>), Mistake> {
        read(&SourceFile::new("osv-scanner.toml", text))
    }

    #[test]
    fn entries_hold_until_their_day() {
        let text = "\
[[IgnoredVulns]]
id = \"GO-2022-0968\"
ignoreUntil = 2026-11-09
reason = \"No ssh servers are connected to or hosted\"
[[IgnoredVulns]]
id = \"GHSA-1\"
[[PackageOverrides]]
name = \"lib\"
";
        let (ignored, idle) = of(text).unwrap();
        let day = |text| Timestamp::parse_date(text).unwrap();
        let holds: Vec<bool> = ignored
            .iter()
            .map(|one| one.holds(day("2026-11-09")))
            .collect();
        assert_eq!(holds, [false, true]);
        assert!(ignored.first().unwrap().holds(day("2026-11-08")));
        assert_eq!(idle, ["PackageOverrides"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "IgnoredVulns = 1\n",
                "osv-scanner.toml:1:16: `IgnoredVulns` is a list",
            ),
            ("[[IgnoredVulns]]\nreason = \"x\"\n", "needs an `id`"),
            ("[[IgnoredVulns]]\nid = 1\n", "of another kind"),
            ("[[IgnoredVulns]]\nids = \"x\"\n", "no key"),
            ("[[\n", "not TOML"),
        ] {
            let error = of(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
