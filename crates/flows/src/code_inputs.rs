//! Inputs of known actions that are code.
//!
//! Each from the action's own documentation.

/// The language of such an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JavaScript.
    JavaScript,
    /// A POSIX shell or bash.
    Shell,
    /// PowerShell.
    PowerShell,
    /// A template or filter language that can run code.
    Template,
}

/// The action, the input, and its language.
const ROWS: &[(&str, &[&str], Language)] = &[
    ("actions/github-script", &["script"], Language::JavaScript),
    (
        "8398a7/action-slack",
        &["custom_payload"],
        Language::JavaScript,
    ),
    ("addnab/docker-run-action", &["run"], Language::Shell),
    ("amadevus/pwsh-script", &["script"], Language::PowerShell),
    ("appleboy/ssh-action", &["script"], Language::Shell),
    ("azure/cli", &["inlinescript"], Language::Shell),
    ("azure/powershell", &["inlinescript"], Language::PowerShell),
    ("cross-platform-actions/action", &["run"], Language::Shell),
    ("devorbitus/yq-action-output", &["cmd"], Language::Shell),
    (
        "gautamkrishnar/blog-post-workflow",
        &["item_exec"],
        Language::JavaScript,
    ),
    (
        "imjohnbo/issue-bot",
        &[
            "body",
            "linked-comments-previous-issue-text",
            "linked-comments-new-issue-text",
        ],
        Language::Template,
    ),
    (
        "jannekem/run-python-script-action",
        &["script"],
        Language::Template,
    ),
    (
        "lucasbento/auto-close-issues",
        &["issue-close-message"],
        Language::JavaScript,
    ),
    ("mikefarah/yq", &["cmd"], Language::Shell),
    (
        "nick-fields/retry",
        &["command", "new_command_on_retry", "on_retry_command"],
        Language::Shell,
    ),
    (
        "nick-invision/retry",
        &["command", "on_retry_command"],
        Language::Shell,
    ),
    (
        "nix-community/nix-shell-action",
        &["script"],
        Language::Shell,
    ),
    (
        "reactivecircus/android-emulator-runner",
        &["script", "pre-emulator-launch-script"],
        Language::Shell,
    ),
    (
        "roots/issue-closer-action",
        &["issue-close-message", "pr-close-message"],
        Language::JavaScript,
    ),
    (
        "satackey/action-js-inline",
        &["script"],
        Language::JavaScript,
    ),
    ("sergeysova/jq-action", &["cmd"], Language::Shell),
    (
        "skitionek/notify-microsoft-teams",
        &["overwrite"],
        Language::JavaScript,
    ),
    (
        "tibdex/backport",
        &[
            "body_template",
            "head_template",
            "labels_template",
            "title_template",
        ],
        Language::Template,
    ),
    (
        "uraimo/run-on-arch-action",
        &["run", "install"],
        Language::Shell,
    ),
    ("vmactions/freebsd-vm", &["run", "prepare"], Language::Shell),
    ("vmactions/netbsd-vm", &["run", "prepare"], Language::Shell),
    ("vmactions/openbsd-vm", &["run", "prepare"], Language::Shell),
    ("vmactions/solaris-vm", &["run", "prepare"], Language::Shell),
    ("workflow/nix-shell-action", &["script"], Language::Shell),
];

/// The language of an input, if it is code. The action is `owner/name` in
/// lower case.
#[must_use]
pub fn language(action: &str, input: &str) -> Option<Language> {
    ROWS.iter()
        .find(|(name, inputs, _)| {
            *name == action && inputs.iter().any(|i| i.eq_ignore_ascii_case(input))
        })
        .map(|(_, _, language)| *language)
}

/// Whether an action has any such input.
#[must_use]
pub fn has_any(action: &str) -> bool {
    ROWS.iter().any(|(name, _, _)| *name == action)
}
