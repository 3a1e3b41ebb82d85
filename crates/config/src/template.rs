//! The file that a project starts with.

/// A repository's file. Everything in it is a comment, so that it changes
/// nothing until somebody decides.
pub const REPOSITORY: &str = "\
# What Cofferdam is told about this repository. On a pull request the file of the
# base counts, never that of the change. `cofferdam config check` checks it.

# The lowest severity that fails a run.
# fail-on = \"high\"

# Facts without which a run ends with exit code 3.
# require = [\"settings\"]

# Known findings, written by `cofferdam audit --update-baseline --allow-growth`.
# baseline = \".github/cofferdam-baseline.json\"

# Who sees the repository, where no settings snapshot says it.
# [exposure]
# visibility = \"public\"

# The organisation's file, which holds here too.
# [extends]
# url = \"https://example.org/cofferdam/organisation.toml\"
# sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"

# Files that are weak on purpose.
# [[exclude]]
# paths = [\"testdata/**\"]
# reason = \"Examples of what the project warns of\"

# What is accepted for now, by whom, and for how long.
# [[exempt]]
# rules = [\"unpinned-action\"]
# paths = [\".github/workflows/nightly.yml\"]
# owner = \"@owner/team\"
# reason = \"Replaced when the new runner is there\"
# expires = 2027-01-31
";

/// An organisation's file.
pub const ORGANISATION: &str = "\
# What Cofferdam is told about every repository of this organisation. Each names
# this file by its SHA-256 under `[extends]`.

# What no repository can loosen.
# [floor]
# fail-on = \"high\"
# rules = [\"untrusted-checkout\"]
# longest-exemption = 180

# What holds for a repository that says nothing else.
# [rules.unpinned-action]
# severity = \"critical\"
# reason = \"Our actions run in other people's releases\"

# [[exempt]]
# rules = [\"unpinned-action\"]
# repositories = [\"owner/sandbox-*\"]
# owner = \"@owner/security\"
# reason = \"Nothing is published from there\"
# expires = 2027-01-31
";

/// The file with its settings in force: each comment that is TOML without its
/// sign.
#[must_use]
pub fn uncommented(template: &str) -> String {
    let setting = |line: &&str| {
        let text = line.trim_start_matches("# ");
        text.starts_with('[')
            || text.split_once(" = ").is_some_and(|(key, _)| {
                key.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    };
    let lines: Vec<&str> = (template.lines())
        .filter(setting)
        .map(|line| line.trim_start_matches("# "))
        .collect();
    lines.join("\n") + "\n"
}
