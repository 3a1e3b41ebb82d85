//! A checkout in one file: `-- path --` opens a member, as in Go's txtar.

use std::fs;
use std::path::Path;

use cofferdam_facts::SourceFile;
use cofferdam_facts::settings::Snapshot;
use cofferdam_facts::uses_policy::{UsesPattern, UsesPolicy};

/// A fixture.
pub(crate) struct Checkout {
    pub(crate) files: Vec<SourceFile>,
    pub(crate) settings: Option<Snapshot>,
    pub(crate) slug: Option<String>,
    // A member `no-pack` stands for a pack that is too old to be believed.
    pub(crate) pack: bool,
    // A member `part` stands for a run over single files.
    pub(crate) part: bool,
    // A member `uses-policy` has lines `allow PATTERN` and `deny PATTERN`.
    pub(crate) policies: Vec<UsesPolicy>,
}

/// Reads a fixture.
pub(crate) fn read(path: &Path) -> Checkout {
    let members = members(&fs::read_to_string(path).unwrap());
    assert!(!members.is_empty(), "{} has no member", path.display());
    of_members(members)
}

/// The members of a fixture, in order.
pub(crate) fn members(text: &str) -> Vec<(String, String)> {
    let mut members: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let name = line
            .trim_end()
            .strip_prefix("-- ")
            .and_then(|l| l.strip_suffix(" --"));
        match (name, members.last_mut()) {
            (Some(name), _) => members.push((name.to_owned(), String::new())),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => {}
        }
    }
    members
}

/// The checkout that members make.
pub(crate) fn of_members(members: Vec<(String, String)>) -> Checkout {
    let mut checkout = Checkout {
        files: Vec::new(),
        settings: None,
        slug: None,
        pack: true,
        part: false,
        policies: Vec::new(),
    };
    for (name, body) in members {
        match name.as_str() {
            "settings.json" => checkout.settings = Some(settings(&body)),
            "no-pack" => checkout.pack = false,
            "part" => checkout.part = true,
            "uses-policy" => checkout.policies.push(uses_policy(&body)),
            "slug" => checkout.slug = Some(body.trim().to_owned()),
            _ => checkout.files.push(SourceFile::new(name.as_str(), body)),
        }
    }
    checkout
}

fn uses_policy(body: &str) -> UsesPolicy {
    let of = |word: &str| {
        let patterns = body.lines().filter_map(|line| line.strip_prefix(word));
        patterns
            .map(|text| UsesPattern::parse(text).unwrap())
            .collect()
    };
    UsesPolicy {
        of: "cofferdam.toml".to_owned(),
        allow: of("allow "),
        deny: of("deny "),
    }
}

// The member holds only what the fixture is about; everything else is "not asked".
fn settings(patch: &str) -> Snapshot {
    fn merge(base: &mut serde_json::Value, patch: serde_json::Value) {
        match (base, patch) {
            (serde_json::Value::Object(base), serde_json::Value::Object(patch))
                if !patch.contains_key("known") =>
            {
                for (key, value) in patch {
                    merge(base.entry(key).or_insert(serde_json::Value::Null), value);
                }
            }
            (base, patch) => *base = patch,
        }
    }
    let unasked = Snapshot::unasked("org", "app").to_json().unwrap();
    let mut json = serde_json::from_str(&unasked).unwrap();
    merge(&mut json, serde_json::from_str(patch).unwrap());
    Snapshot::from_json(json.to_string().as_bytes()).unwrap()
}
