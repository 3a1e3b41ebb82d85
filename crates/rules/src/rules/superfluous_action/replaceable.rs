//! Actions that do what a program does that GitHub's runners carry already.
//!
//! Sources: the README of each action; the lists of preinstalled software of
//! actions/runner-images, where `gh`, `git`, `jq`, `yq`, `docker` and `rustup`
//! stand for every hosted image.

/// The action, and what does the same. Sorted by action.
#[rustfmt::skip]
pub(super) const REPLACEABLE: &[(&str, &str)] = &[
    ("actions-ecosystem/action-add-labels", "gh issue edit --add-label"),
    ("actions-ecosystem/action-create-comment", "gh issue comment"),
    ("actions-ecosystem/action-remove-labels", "gh issue edit --remove-label"),
    ("actions-rs/cargo", "cargo"),
    ("actions-rs/toolchain", "rustup toolchain install"),
    ("actions/create-release", "gh release create"),
    ("actions/upload-release-asset", "gh release upload"),
    ("ad-m/github-push-action", "git push"),
    ("addnab/docker-run-action", "docker run"),
    ("andymckay/labeler", "gh issue edit --add-label"),
    ("benc-uk/workflow-dispatch", "gh workflow run"),
    ("bruceadams/get-release", "gh release view"),
    ("buildsville/add-remove-label", "gh issue edit --add-label"),
    ("dacbd/create-issue-action", "gh issue create"),
    ("dsaltares/fetch-gh-release-asset", "gh release download"),
    ("dtolnay/rust-toolchain", "rustup toolchain install"),
    ("endbug/add-and-commit", "git commit"),
    ("geekyeggo/delete-artifact", "gh api --method DELETE"),
    ("hmarr/auto-approve-action", "gh pr review --approve"),
    ("jasonetco/create-an-issue", "gh issue create"),
    ("jwalton/gh-find-current-pr", "gh pr view"),
    ("marocchino/sticky-pull-request-comment", "gh pr comment --edit-last --create-if-none"),
    ("marvinpinto/action-automatic-releases", "gh release create"),
    ("mikefarah/yq", "yq"),
    ("mshick/add-pr-comment", "gh pr comment --edit-last --create-if-none"),
    ("ncipollo/release-action", "gh release create"),
    ("pascalgn/automerge-action", "gh pr merge --auto"),
    ("peter-evans/create-issue-from-file", "gh issue create --body-file"),
    ("peter-evans/create-or-update-comment", "gh pr comment --edit-last --create-if-none"),
    ("peter-evans/enable-pull-request-automerge", "gh pr merge --auto"),
    ("peter-evans/repository-dispatch", "gh api repos/{owner}/{repo}/dispatches"),
    ("rickstaa/action-create-tag", "git tag"),
    ("robinraju/release-downloader", "gh release download"),
    ("softprops/action-gh-release", "gh release create"),
    ("stefanzweifel/git-auto-commit-action", "git commit"),
    ("svenstaro/upload-release-action", "gh release upload"),
    ("thollander/actions-comment-pull-request", "gh pr comment --edit-last --create-if-none"),
    ("tj-actions/changed-files", "git diff --name-only"),
    ("vsoch/pull-request-action", "gh pr create"),
];

/// What does the same as an action.
pub(super) fn instead_of(action: &str) -> Option<&'static str> {
    let at = REPLACEABLE
        .binary_search_by(|(name, _)| (*name).cmp(action))
        .ok()?;
    REPLACEABLE.get(at).map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_found() {
        for pair in REPLACEABLE.windows(2) {
            assert!(matches!(pair, [a, b] if a.0 < b.0), "{pair:?}");
        }
        assert_eq!(instead_of("mikefarah/yq"), Some("yq"));
        assert_eq!(instead_of("mikefarah"), None);
    }
}
