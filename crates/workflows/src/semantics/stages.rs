//! Whether what is published is for users, for development, or for the run
//! alone, as far as its name tells.
//!
//! There is no rule of the platform for this: it is the custom of naming
//! development registries and tags `…-ci`, `…-dev`, `pr-…`. A name that says
//! nothing counts as production.

use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::Pair;
use crate::documents::workflow::Workflow;
use crate::expressions::Expr;
use crate::semantics::publishing::Publication;

/// Whom a publication is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The run itself: a registry on the runner, thrown away with it.
    Local,
    /// The project's own tests, or the users of one pull request.
    Development,
    /// Users, as far as anybody can tell.
    Production,
}

const DEVELOPMENT: &[&str] = &[
    "ci",
    "dev",
    "devel",
    "develop",
    "development",
    "e2e",
    "pr",
    "preview",
    "previews",
    "prs",
    "sandbox",
    "scratch",
    "stage",
    "staging",
    "temp",
    "test",
    "testing",
    "tests",
    "tmp",
];

const HOSTS_OF_THE_RUNNER: &[&str] = &[
    "0.0.0.0",
    "127.0.0.1",
    "[::1]",
    "host.docker.internal",
    "kind-registry",
    "kind.local",
    "ko.local",
    "localhost",
    "registry.local",
    "registry.localhost",
];

/// Whom a publication is for, by where it goes.
#[must_use]
pub fn of_publication(workflow: &Workflow, job: &Job, publication: &Publication) -> Stage {
    let Some(target) = &publication.target else {
        return Stage::Production;
    };
    let Some(step) = job.steps().get(publication.step) else {
        return of_names(target);
    };
    let metadata = step
        .input("tags")
        .and_then(|tags| tags.sole_expression())
        .and_then(|expr| metadata_step(job, expr));
    match metadata {
        Some(metadata) => of_metadata(workflow, job, metadata),
        None => of_names(&with_env(workflow, job, target)),
    }
}

// `tags: ${{ steps.meta.outputs.tags }}`
fn metadata_step<'j>(job: &'j Job, expr: &Expr) -> Option<&'j Step> {
    let path = expr.as_context()?;
    let id = path.name(1).filter(|_| path.head() == "steps")?;
    job.steps().iter().find(|step| {
        step.action() == Some("docker/metadata-action")
            && step
                .id
                .as_ref()
                .is_some_and(|i| i.value.eq_ignore_ascii_case(id))
    })
}

fn of_metadata(workflow: &Workflow, job: &Job, step: &Step) -> Stage {
    let input = |name: &str| {
        let text = step.input(name)?;
        Some(with_env(workflow, job, &text.value))
    };
    let images = input("images").map_or(Stage::Production, |images| {
        let named = images.replace("name=", "");
        of_names(&named)
    });
    // Only tags of pull requests, or tags with a word of development.
    let tags = input("tags").map_or(Stage::Production, |tags| {
        let of_line = |line: &str| {
            let development = line.contains("event=pr")
                || line
                    .split(',')
                    .filter_map(|part| part.split_once('='))
                    .any(|(key, value)| {
                        matches!(key, "prefix" | "value" | "suffix")
                            && of_name(&format!("x:{}", value.trim_matches('-')))
                                == Stage::Development
                    });
            if development {
                Stage::Development
            } else {
                Stage::Production
            }
        };
        lines(&tags).map(of_line).max().unwrap_or(Stage::Production)
    });
    images.min(tags)
}

// `${{ env.X }}` as it is written at the job or workflow.
fn with_env(workflow: &Workflow, job: &Job, text: &str) -> String {
    let mut text = text.to_owned();
    let pairs = |pairs: &[Pair], text: &mut String| {
        for pair in pairs {
            for form in ["${{ env.", "${{env."] {
                for end in [" }}", "}}"] {
                    let place = format!("{form}{}{end}", pair.key.value);
                    *text = text.replace(&place, &pair.value.value);
                }
            }
        }
    };
    if text.contains("env.") {
        pairs(&job.env, &mut text);
        pairs(&workflow.env, &mut text);
    }
    text
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.trim().trim_matches('"'))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The latest stage among names, one on a line or between commas.
#[must_use]
pub fn of_names(text: &str) -> Stage {
    lines(text)
        .flat_map(|line| line.split(','))
        .map(|name| of_name(name.trim()))
        .max()
        .unwrap_or(Stage::Production)
}

// What an expression gives is not known; a word in it means nothing.
fn masked(name: &str) -> String {
    let mut masked = String::new();
    let mut rest = name;
    while let Some((before, inside)) = rest.split_once("${{") {
        masked.push_str(before);
        masked.push('*');
        rest = inside.split_once("}}").map_or("", |(_, after)| after);
    }
    masked.push_str(rest);
    masked
}

/// The stage that one name of an image, chart or registry tells.
#[must_use]
pub fn of_name(name: &str) -> Stage {
    let name = masked(name.trim()).to_ascii_lowercase();
    let name = ["https://", "http://", "oci://", "docker://"]
        .iter()
        .find_map(|scheme| name.strip_prefix(scheme))
        .unwrap_or(&name);
    let name = name.split('@').next().unwrap_or(name);
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, ""),
    };
    let host = name.split(['/', ':']).next().unwrap_or("");
    if HOSTS_OF_THE_RUNNER.contains(&host) || host.ends_with(".svc") {
        return Stage::Local;
    }
    if matches!(host, "ttl.sh" | "test.pypi.org") {
        return Stage::Development;
    }
    let first = |text: &str| text.split(['-', '_', '.']).next().map(str::to_owned);
    let last = |text: &str| text.rsplit(['-', '_']).next().map(str::to_owned);
    let is_development =
        |word: Option<String>| word.is_some_and(|word| DEVELOPMENT.contains(&word.as_str()));
    let mut parts = path.split('/');
    let repository = parts.next_back().unwrap_or("");
    let development = is_development(last(repository))
        || parts.skip(1).any(|part| is_development(last(part)))
        || is_development(first(tag))
        || is_development(last(tag));
    if development {
        Stage::Development
    } else {
        Stage::Production
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::semantics::publishing;
    use crate::semantics::surroundings::Surroundings;
    use cofferdam_facts::SourceFile;

    #[test]
    fn names_tell_development_by_whole_words() {
        for name in [
            "quay.io/cilium/cilium-ci",
            "ghcr.io/org/app:pr-12",
            "ghcr.io/org/dev/app:latest",
            "ttl.sh/abc:1h",
            "https://test.pypi.org/legacy/",
            "$IMAGE-dev:$TAG",
            "org/app:${{ github.sha }}-dev",
            "quay.io/${{ github.repository_owner }}/${{ matrix.name }}-ci:${{ steps.tag.outputs.tag }}",
        ] {
            assert_eq!(of_name(name), Stage::Development, "{name}");
        }
        for name in [
            "quay.io/cilium/cilium:latest",
            "ghcr.io/org/device:1",
            "ghcr.io/developers/app",
            "org/app:nightly",
            "org/test-runner:1",
            "org/app:${{ inputs.dev }}",
            "",
        ] {
            assert_eq!(of_name(name), Stage::Production, "{name}");
        }
        for name in [
            "localhost:5000/app:pr-1",
            "http://localhost:4873",
            "127.0.0.1:5000/a",
        ] {
            assert_eq!(of_name(name), Stage::Local, "{name}");
        }
        assert_eq!(of_names("org/app:pr-1\norg/app:latest"), Stage::Production);
        assert_eq!(of_names("org/app-ci:a, org/app-dev:b"), Stage::Development);
    }

    fn stage(text: &str) -> Stage {
        let file = SourceFile::new(".github/workflows/w.yml", text.to_owned());
        let workflow = Workflow::parse(file);
        let job = workflow.jobs.first().unwrap();
        let step = job.steps().last().unwrap();
        let around = Surroundings {
            document: &workflow.document,
            steps: job.steps(),
            env: vec![&job.env, &workflow.env],
            id_token: None,
            shell: None,
        };
        let publication = publishing::by_action(&around, step).unwrap();
        of_publication(&workflow, job, &publication)
    }

    #[test]
    fn the_metadata_action_and_env_are_followed() {
        let with = |images: &str, tags: &str| {
            format!(
                "on: push\nenv:\n  IMAGE: org/app-ci\njobs:\n  a:\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: {images}\n          tags: {tags}\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: ${{{{ steps.meta.outputs.tags }}}}\n"
            )
        };
        assert_eq!(
            stage(&with("org/app", "type=ref,event=pr")),
            Stage::Development
        );
        assert_eq!(stage(&with("org/app", "type=semver")), Stage::Production);
        assert_eq!(
            stage(&with("${{ env.IMAGE }}", "type=sha")),
            Stage::Development
        );
    }
}
