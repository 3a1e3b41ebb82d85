//! How much an asset is worth to an attacker, in points, so that dependencies can
//! be ranked. The numbers are a judgement, printed with every ranking: what
//! reaches users weighs most, then what leads there, then what stays inside.

use cofferdam_facts::Scope;

use crate::asset::Asset;
use crate::verdict::Level;

/// What an asset weighs.
#[must_use]
pub fn of_asset(asset: &Asset) -> u64 {
    match asset {
        Asset::Publish(_) | Asset::DefaultBranch => 10,
        Asset::Tag
        | Asset::Oidc(_)
        | Asset::Secret {
            environment: Some(_),
            ..
        }
        | Asset::Secret { name: None, .. } => 8,
        Asset::Secret { .. } | Asset::Environment(_) | Asset::Runner(_) => 6,
        Asset::Cache => 5,
        Asset::Token(scope) => of_scope(*scope),
        Asset::Branch => 3,
        Asset::ContentsRead | Asset::Start(_) => 2,
    }
}

fn of_scope(scope: Scope) -> u64 {
    match scope {
        Scope::Contents | Scope::Packages => 5,
        Scope::Actions | Scope::Attestations | Scope::Deployments | Scope::Pages => 4,
        _ => 1,
    }
}

/// How many times an asset counts: at once, if a fact is so, after an agreement.
/// What a control stops counts nothing.
#[must_use]
pub fn of_level(level: Level) -> u64 {
    match level {
        Level::Reachable => 10,
        Level::ReachableIf => 5,
        Level::After => 1,
        Level::Blocked => 0,
    }
}

/// The weights, one line each, for whoever asks how a ranking came about.
pub const LEGEND: &[(&str, u64)] = &[
    ("publish, branch:default", 10),
    (
        "tag, oidc, a secret of an environment, secrets without a name",
        8,
    ),
    ("any other secret, environment, runner", 6),
    ("cache:default, token:contents, token:packages", 5),
    (
        "token:actions, token:attestations, token:deployments, token:pages",
        4,
    ),
    ("branch:*", 3),
    ("start, token:contents-read", 2),
    ("every other token", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_install_weighs_more_than_a_comment() {
        let publish = Asset::Publish("npm:x".to_owned());
        let comment = Asset::Token(Scope::PullRequests);
        assert!(of_asset(&publish) > 5 * of_asset(&comment));
        let kept = Asset::Secret {
            name: Some("X".to_owned()),
            environment: Some("release".to_owned()),
        };
        assert!(of_asset(&kept) > of_asset(&Asset::secret("X")));
        let factors = Level::ALL.map(of_level);
        assert!(factors.is_sorted_by(|a, b| a > b), "{factors:?}");
    }

    #[test]
    fn the_legend_says_what_is_counted() {
        let of = |words: &str| {
            let found = LEGEND
                .iter()
                .find(|(line, _)| line.split(", ").any(|w| w == words));
            found.map(|(_, weight)| *weight)
        };
        let words = [
            ("publish", "publish:npm:x"),
            ("branch:default", "branch:default"),
            ("tag", "tag:*"),
            ("oidc", "oidc:pull_request"),
            ("a secret of an environment", "secret:X@release"),
            ("any other secret", "secret:X"),
            ("environment", "environment:release"),
            ("runner", "runner:x"),
            ("cache:default", "cache:default"),
            ("token:contents", "token:contents"),
            ("token:pages", "token:pages"),
            ("branch:*", "branch:*"),
            ("start", "start:x.yml"),
            ("every other token", "token:issues"),
        ];
        for (line, word) in words {
            let asset = word.parse::<Asset>().map(|asset| of_asset(&asset));
            assert_eq!(asset.ok(), of(line), "{word}");
        }
    }
}
