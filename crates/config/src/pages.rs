//! The rules about silencers themselves. They look at no workflow, and nothing
//! silences them.

use cofferdam_findings::{RuleInfo, Severity};

const fn rule(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    docs: &'static str,
) -> RuleInfo {
    RuleInfo {
        id,
        title,
        severity,
        controls: &[],
        peers: &[],
        standards: &[],
        docs,
    }
}

/// A change edits what silences findings.
pub static CHANGED: RuleInfo = rule(
    "silencer-changed",
    "A change edits what silences findings",
    Severity::Medium,
    CHANGED_PAGE,
);

/// An exemption is past its last day.
pub static EXPIRED: RuleInfo = rule(
    "silencer-expired",
    "An exemption is past its last day",
    Severity::Medium,
    EXPIRED_PAGE,
);

/// An ignore comment is wrong.
pub static INVALID: RuleInfo = rule(
    "silencer-invalid",
    "An ignore comment silences nothing because it is wrong",
    Severity::Low,
    INVALID_PAGE,
);

/// A repository is looser than its organisation allows.
pub static LOOSENED: RuleInfo = rule(
    "silencer-loosened",
    "A repository silences what its organisation does not let it",
    Severity::Medium,
    LOOSENED_PAGE,
);

/// A silencer silences nothing.
pub static UNUSED: RuleInfo = rule(
    "silencer-unused",
    "A silencer silences nothing",
    Severity::Low,
    UNUSED_PAGE,
);

/// Every one of them, in order of id.
pub static RULES: &[&RuleInfo] = &[&CHANGED, &EXPIRED, &INVALID, &LOOSENED, &UNUSED];

/// Whether a finding is about a silencer.
#[must_use]
pub fn is_about_silencers(rule: &str) -> bool {
    RULES.iter().any(|info| info.id == rule)
}

const CHANGED_PAGE: &str = "\
# What
A change adds, edits or removes something that silences findings: a setting in `cofferdam.toml`, an exemption, an ignore comment, or an entry of the baseline.

# Why
Whoever may write a weakness could write its excuse beside it. Therefore a change is judged by the silencers of its base. The reviewer sees here what will hold after the merge.

# Vulnerable
```toml
# A pull request that adds this together with the weakness:
[[exempt]]
rules = [\"untrusted-checkout\"]
paths = [\".github/workflows/new.yml\"]
owner = \"@stranger\"
reason = \"safe\"
expires = 2099-12-31
```

# Fixed
```toml
# The same lines in a pull request of their own, reviewed and merged first.
```

# How it is decided
With `--base REV`, and on pull requests in GitHub Actions, both sides are read: the base from git's objects, and the change. Settings are compared by key and value, exemptions as wholes, comments with the line that they speak about, and the baseline entry by entry. Each edit is one informational finding; a file that could no longer be read after the merge is a medium one. No other scanner reads its configuration from the base.

# References
- <https://docs.github.com/en/actions/reference/security/secure-use>
";

const EXPIRED_PAGE: &str = "\
# What
An exemption in `cofferdam.toml` is past its last day. It silences nothing any more.

# Why
An exemption is a promise to mend something by a date. What it covered counts again, and whoever answers for it should know why.

# Vulnerable
```toml
[[exempt]]
rules = [\"unpinned-action\"]
paths = [\".github/workflows/nightly.yml\"]
owner = \"@owner/team\"
reason = \"Replaced in spring\"
expires = 2020-03-31
```

# Fixed
```toml
# Mend the weakness and remove the exemption, or decide anew and say until when.
```

# How it is decided
The day of the run, or that of `--date`, is later than `expires`. The last day itself still holds, in UTC.

# References
- <https://baseline.openssf.org/>
";

const INVALID_PAGE: &str = "\
# What
A comment starts with `cofferdam:` and is no ignore comment, or names a rule that there is not, or gives no reason.

# Why
It silences nothing, but whoever reads it believes that somebody looked at the place and decided.

# Vulnerable
```yaml
- uses: owner/action@v1 # cofferdam: ignore[unpinned-action]
```

# Fixed
```yaml
- uses: owner/action@v1 # cofferdam: ignore[unpinned-action] the vendor publishes no commits
```

# How it is decided
Comments are those that the YAML parser found; text in scripts and quotes is none. Comments for zizmor are never invalid here: what is not about a rule of ours is none of our business.

# References
- <https://docs.zizmor.sh/usage/#with-comments>
";

const LOOSENED_PAGE: &str = "\
# What
A repository's `cofferdam.toml`, baseline or comment silences more than the floor in the organisation's file allows. The floor holds.

# Why
The setting does nothing and should not stand there: it tells a reader that something is accepted which is not.

# Vulnerable
```toml
fail-on = \"none\" # the organisation says \"high\"
```

# Fixed
```toml
fail-on = \"medium\"
```

# How it is decided
Compared with `[floor]` and the rule settings of the organisation's file: a higher threshold, a lower severity, a rule of the floor that is off, exempted or ignored, an exemption that lasts too long, comments or a baseline where there may be none.

# References
- <https://baseline.openssf.org/>
";

const UNUSED_PAGE: &str = "\
# What
An exemption, an ignore comment or an entry of the baseline matches no finding.

# Why
What it excused is gone. Left in place it would excuse the same weakness, should it come back, without anybody deciding so.

# Vulnerable
```yaml
- uses: owner/action@0123456789abcdef0123456789abcdef01234567 # cofferdam: ignore[unpinned-action] no commits
```

# Fixed
```yaml
- uses: owner/action@0123456789abcdef0123456789abcdef01234567
```

# How it is decided
Nothing that the silencer is about was found in this run. Where a fact is missing that a control of its rules needs, or its file could not be read in full, nothing is said: not found is then not gone. Entries of the baseline are one informational finding together; `--update-baseline` removes them.

# References
- <https://baseline.openssf.org/>
";
