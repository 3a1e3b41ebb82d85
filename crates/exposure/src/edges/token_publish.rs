//! A token with the right scope publishes what the repository publishes by it.

use cofferdam_facts::Scope;
use cofferdam_workflows::semantics::publishing::Artifact;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Drawn, Graph, Node, Place};
use crate::published;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "token-publish",
    says: "`packages: write` uploads to GitHub's registry, `contents: write` changes releases, and `pages: write` the site.",
    source: "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        for publication in &run.view.publications {
            let scope = match publication.artifact {
                Artifact::Release => Scope::Contents,
                Artifact::Site => Scope::Pages,
                Artifact::Image | Artifact::Chart | Artifact::Package(_) => Scope::Packages,
                _ => continue,
            };
            for word in published::words(ground.scene.cx, run, publication) {
                let github = !matches!(scope, Scope::Packages) || is_of_github(&word);
                // Of images without a name it is not known where they go.
                if !github || !ground.universe.scopes.contains(&scope) {
                    continue;
                }
                let place = Place::new(run.view.at(publication.span), format!("publishes {word}"));
                let to = Node::Asset(Asset::Publish(word));
                let from = Node::Asset(Asset::Token(scope));
                graph.draw(Drawn::new(RULE.id, from, to).at(place));
            }
        }
    }
}

fn is_of_github(word: &str) -> bool {
    word.contains("ghcr.io/") || word.contains("pkg.github.com")
}
