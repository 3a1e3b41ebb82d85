//! Whether a step uses a variable of its environment.
//!
//! A variable of a job or workflow is handed to every step, whether it uses it
//! or not. What a program reads from its environment is not written anywhere;
//! so there are three answers.

use crate::documents::action::{Action, Runs};
use crate::documents::step::Step;
use crate::documents::text::{Text, lookup};
use crate::semantics::secrets::mentions;
use crate::shell::Script;

/// Whether a step uses a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It does not.
    No,
    /// It runs something that could read it.
    Maybe,
    /// It names it.
    Yes,
}

/// Actions that read no credential from the environment. Sorted by name.
const INDIFFERENT: &[&str] = &[
    "actions/cache",
    "actions/cache/restore",
    "actions/cache/save",
    "actions/checkout",
    "actions/configure-pages",
    "actions/dependency-review-action",
    "actions/download-artifact",
    "actions/labeler",
    "actions/setup-dotnet",
    "actions/setup-go",
    "actions/setup-java",
    "actions/setup-python",
    "actions/stale",
    "actions/upload-artifact",
    "actions/upload-artifact/merge",
    "actions/upload-pages-artifact",
    "actions-rs/toolchain",
    "actions-rust-lang/setup-rust-toolchain",
    "anchore/sbom-action/download-syft",
    "arduino/setup-protoc",
    "astral-sh/setup-uv",
    "azure/setup-helm",
    "azure/setup-kubectl",
    "bufbuild/buf-setup-action",
    "docker/login-action",
    "docker/metadata-action",
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
    "dorny/paths-filter",
    "dtolnay/rust-toolchain",
    "extractions/setup-just",
    "github/codeql-action/init",
    "github/codeql-action/upload-sarif",
    "helm/kind-action",
    "ilammy/msvc-dev-cmd",
    "jlumbroso/free-disk-space",
    "mxschmitt/action-tmate",
    "ossf/scorecard-action",
    "pnpm/action-setup",
    "ruby/setup-ruby",
    "shivammathur/setup-php",
    "sigstore/cosign-installer",
    "step-security/harden-runner",
    "styfle/cancel-workflow-action",
    "swatinem/rust-cache",
    "taiki-e/install-action",
    "tj-actions/changed-files",
    "webfactory/ssh-agent",
];

/// Programs that do nothing with their environment but expand what the script
/// names.
const INERT: &[&str] = &[
    ":",
    "[",
    "[[",
    "apt",
    "apt-get",
    "awk",
    "base64",
    "basename",
    "break",
    "cat",
    "cd",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "dpkg",
    "du",
    "echo",
    "exit",
    "export",
    "false",
    "find",
    "free",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "hostname",
    "id",
    "jq",
    "ldd",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "nproc",
    "popd",
    "printf",
    "ps",
    "pushd",
    "pwd",
    "read",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "set",
    "sha256sum",
    "shift",
    "sleep",
    "sort",
    "stat",
    "sync",
    "tail",
    "tar",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "uname",
    "uniq",
    "unzip",
    "wc",
    "which",
    "whoami",
    "xz",
    "yq",
    "zip",
];

/// Whether a step uses the variable `name`. `action` is the action of the
/// checkout that the step uses, if it is one.
#[must_use]
pub fn of_step(step: &Step, script: Option<&Script>, action: Option<&Action>, name: &str) -> Need {
    // A variable of the step's own hides the wider one.
    if lookup(&step.env, name).is_some() {
        let own = step.env.iter().any(|pair| names(&pair.value, name));
        return if own { Need::Yes } else { Need::No };
    }
    let named = step.texts().any(|(place, text)| match place {
        "run" => mentions(&text.value, name),
        // `secret-envs: NAME` of the build action hands a variable on by name.
        "with" => mentions(&text.value, name),
        _ => names(text, name),
    });
    if named {
        return Need::Yes;
    }
    if let Some(action) = action {
        return of_own_action(action, name);
    }
    match (step.script(), step.action()) {
        (Some(_), _) => of_script(script),
        (None, Some(action)) if is_indifferent(action) => Need::No,
        (None, Some(action)) if is_named_after(name, action) => Need::Yes,
        (None, Some(_)) => Need::Maybe,
        // A container runs who knows what; `wait` and `cancel` run nothing.
        (None, None) if step.uses().is_some() => Need::Maybe,
        (None, None) => Need::No,
    }
}

fn of_own_action(action: &Action, name: &str) -> Need {
    match &action.runs {
        Runs::Composite { steps } => steps
            .iter()
            .map(|inner| {
                let named = inner.texts().any(|(_, text)| mentions(&text.value, name));
                if named {
                    Need::Yes
                } else if inner.action().is_some_and(is_indifferent) {
                    Need::No
                } else {
                    Need::Maybe
                }
            })
            .max()
            .unwrap_or(Need::No),
        _ => Need::Maybe,
    }
}

fn of_script(script: Option<&Script>) -> Need {
    let inert = script.is_some_and(|script| {
        script.understood
            && script.commands.iter().all(|command| {
                let program = command.effective().0.file_name().unwrap_or("");
                INERT.contains(&program) || script.functions.iter().any(|f| f == program)
            })
    });
    if inert { Need::No } else { Need::Maybe }
}

fn names(text: &Text, name: &str) -> bool {
    text.parsed()
        .flat_map(|(_, expr)| expr.contexts())
        .any(|path| {
            path.head() == "env" && path.name(1).is_none_or(|n| n.eq_ignore_ascii_case(name))
        })
}

fn is_indifferent(action: &str) -> bool {
    INDIFFERENT.contains(&action)
}

// `SONAR_TOKEN` is for `sonarsource/…`, `CODECOV_TOKEN` for `codecov/…`.
fn is_named_after(variable: &str, action: &str) -> bool {
    let variable = variable.to_ascii_lowercase();
    variable
        .split('_')
        .filter(|word| word.len() > 2)
        .filter(|word| {
            !matches!(
                *word,
                "token" | "key" | "secret" | "password" | "github" | "api"
            )
        })
        .any(|word| action.contains(word))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use crate::shell::{self, Shell};
    use cofferdam_facts::SourceFile;

    fn need(step: &str) -> Need {
        let text = format!("on: push\njobs:\n  a:\n    steps:\n      - {step}\n");
        let workflow = Workflow::parse(SourceFile::new("w.yml", text));
        let step = workflow.jobs.first().unwrap().steps().first().unwrap();
        let script = step.script().map(|s| shell::parse(&s.value, &Shell::Bash));
        of_step(step, script.as_ref(), None, "NPM_TOKEN")
    }

    #[test]
    fn a_step_that_names_the_variable_needs_it() {
        for step in [
            "{run: 'echo //r/:_authToken=$NPM_TOKEN > .npmrc'}",
            "{run: 'echo ${{ env.NPM_TOKEN }}'}",
            "{uses: 'a/b@v1', with: {token: '${{ env.NPM_TOKEN }}'}}",
            "{uses: 'a/b@v1', env: {NPM_TOKEN: '${{ env.npm_token }}'}}",
            "{uses: 'js-devtools/npm-publish@v3'}",
        ] {
            assert_eq!(need(step), Need::Yes, "{step}");
        }
    }

    #[test]
    fn a_program_may_read_its_environment() {
        for step in [
            "{run: make}",
            "{uses: 'a/b@v1'}",
            "{uses: 'docker://alpine'}",
        ] {
            assert_eq!(need(step), Need::Maybe, "{step}");
        }
    }

    #[test]
    fn what_is_known_not_to_read_it_does_not_need_it() {
        for step in [
            "{uses: 'actions/checkout@v4'}",
            "{run: 'mkdir x && echo $OTHER > x/y'}",
            "{run: make, env: {NPM_TOKEN: none}}",
        ] {
            assert_eq!(need(step), Need::No, "{step}");
        }
    }
}
