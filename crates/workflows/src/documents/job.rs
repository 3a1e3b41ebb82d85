//! One job of a workflow.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>`.

use cofferdam_facts::{Access, Scope, Span, Spanned, UsesRef};

use super::reader::{self, NO_EXPRESSION, Reader, is_expression};
use super::step::{self, Step};
use super::text::{Condition, Pair, Text};
use crate::yaml::{Kind, Node};

/// One job.
#[derive(Clone, Debug)]
pub struct Job {
    /// The key under `jobs:`.
    pub id: Spanned<String>,
    /// The whole job, key included.
    pub span: Span,
    /// `name:`.
    pub name: Option<Text>,
    /// `needs:`.
    pub needs: Vec<Spanned<String>>,
    /// `if:`.
    pub condition: Option<Condition>,
    /// `permissions:`.
    pub permissions: Option<Permissions>,
    /// `environment:`.
    pub environment: Option<Environment>,
    /// `cache-mode:`.
    pub cache_mode: Option<Spanned<CacheMode>>,
    /// `runs-on:`.
    pub runs_on: RunsOn,
    /// `container:`.
    pub container: Option<Container>,
    /// `services:`, by name.
    pub services: Vec<(Spanned<String>, Container)>,
    /// `env:`.
    pub env: Vec<Pair>,
    /// `defaults.run`.
    pub defaults: Defaults,
    /// `strategy.matrix`.
    pub matrix: Option<Matrix>,
    /// `outputs:`.
    pub outputs: Vec<Pair>,
    /// `continue-on-error:`.
    pub continue_on_error: Option<Text>,
    /// `timeout-minutes:`.
    pub timeout_minutes: Option<Text>,
    /// Whether `concurrency:` is set.
    pub concurrency: bool,
    /// What it runs.
    pub kind: JobKind,
}

/// What a job runs.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// Steps on a runner.
    Steps(Vec<Step>),
    /// A reusable workflow.
    Call(Call),
}

/// A call of a reusable workflow.
#[derive(Clone, Debug)]
pub struct Call {
    /// The workflow called.
    pub uses: Spanned<UsesRef>,
    /// `with:`.
    pub with: Vec<Pair>,
    /// `secrets:`.
    pub secrets: CallSecrets,
}

/// What a caller hands over.
#[derive(Clone, Debug)]
pub enum CallSecrets {
    /// Nothing.
    None,
    /// `secrets: inherit`: everything the caller's repository and organisation have.
    Inherit(Span),
    /// Named ones.
    Named(Vec<Pair>),
}

/// `permissions:`.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// The value.
    pub span: Span,
    /// What it says.
    pub kind: PermissionsKind,
}

/// What `permissions:` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionsKind {
    /// `read-all`.
    ReadAll,
    /// `write-all`.
    WriteAll,
    /// Named scopes; every scope not named is `none`. `{}` is the empty list.
    Scopes(Vec<ScopeEntry>),
    /// Neither: GitHub refuses the workflow.
    Invalid,
}

/// One line of `permissions:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeEntry {
    /// The scope; `None` where this version does not know the word.
    pub scope: Option<Scope>,
    /// The word as written.
    pub word: String,
    /// The level.
    pub access: Access,
    /// Key and value.
    pub span: Span,
}

/// `environment:`.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The name; may be an expression.
    pub name: Text,
    /// The whole value.
    pub span: Span,
}

/// `cache-mode:` (2026-09): what a job may do with the Actions cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    /// Restore only; the default of low-trust events.
    Read,
    /// Restore and save; the default of trusted events.
    Write,
    /// Save only.
    WriteOnly,
    /// Nothing.
    None,
    /// A value that this version does not know.
    Unknown,
}

/// `runs-on:`.
#[derive(Clone, Debug, Default)]
pub struct RunsOn {
    /// The whole value.
    pub span: Span,
    /// Labels.
    pub labels: Vec<Text>,
    /// `group:`.
    pub group: Option<Text>,
}

/// A container of a job or service.
#[derive(Clone, Debug)]
pub struct Container {
    /// The image; `None` where the value is missing.
    pub image: Option<Text>,
    /// `credentials:`.
    pub credentials: Vec<Pair>,
    /// `env:`.
    pub env: Vec<Pair>,
    /// `volumes:`.
    pub volumes: Vec<Text>,
    /// `options:`.
    pub options: Option<Text>,
    /// The whole value.
    pub span: Span,
}

/// `defaults.run`.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// `shell:`.
    pub shell: Option<Text>,
    /// `working-directory:`.
    pub working_directory: Option<Text>,
}

/// `strategy.matrix`.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The whole value.
    pub span: Span,
    /// Every value of every axis, with `include` flattened in: axis and value.
    /// Values that are mappings are flattened to `axis.key`.
    pub values: Vec<(String, Text)>,
    /// Whether an axis, or the whole, is known at run time only.
    pub dynamic: bool,
    /// Whether what is known at run time only may bring a value to every axis: the
    /// whole, a name, or `include`, which adds combinations of its own. An axis that
    /// is one expression leaves the others as they are written.
    ///
    /// Source: docs.github.com, "Running variations of jobs in a workflow",
    /// expanding or adding matrix configurations.
    pub open: bool,
    /// The whole value, where it is one expression.
    pub whole: Option<Text>,
}

impl Job {
    /// The steps; empty for a call.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match &self.kind {
            JobKind::Steps(steps) => steps,
            JobKind::Call(_) => &[],
        }
    }

    /// The call, if the job is one.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match &self.kind {
            JobKind::Call(call) => Some(call),
            JobKind::Steps(_) => None,
        }
    }

    /// Job id for messages and fingerprints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.id.value
    }
}

const KEYS: &[&str] = &[
    "name",
    "needs",
    "if",
    "permissions",
    "environment",
    "cache-mode",
    "runs-on",
    "container",
    "services",
    "env",
    "defaults",
    "strategy",
    "outputs",
    "continue-on-error",
    "timeout-minutes",
    "cancel-timeout-minutes",
    "concurrency",
    "steps",
    "uses",
    "with",
    "secrets",
    "snapshot",
];

/// Reads one entry of `jobs:`.
pub(crate) fn read(reader: &mut Reader, key: Node<'_>, node: Node<'_>) -> Job {
    let id = Spanned::new(key.as_str().unwrap_or("").to_owned(), key.span());
    if reader.mapping(node, &format!("job `{}`", id.value), KEYS) {
        check_shape(reader, &id, node);
    } else {
        reader.problem(key.span(), format!("job `{}` has no content", id.value));
    }
    Job {
        span: Span::new(key.span().start, node.span().end.max(key.span().end)),
        id,
        name: reader.text_at(node, "name"),
        needs: node
            .get("needs")
            .map_or_else(Vec::new, |n| reader.strings(n, "`needs`")),
        condition: node.get("if").and_then(Condition::read),
        permissions: node.get("permissions").map(|n| permissions(reader, n)),
        environment: node.get("environment").and_then(|n| environment(reader, n)),
        cache_mode: node.get("cache-mode").map(|n| cache_mode(reader, n)),
        runs_on: node
            .get("runs-on")
            .map_or_else(RunsOn::default, |n| runs_on(reader, n)),
        container: node.get("container").and_then(|n| container(reader, n)),
        services: node
            .get("services")
            .map_or_else(Vec::new, |n| services(reader, n)),
        env: reader.pairs_at(node, "env"),
        defaults: defaults(reader, node),
        matrix: node.get("strategy").and_then(strategy),
        outputs: reader.pairs_at(node, "outputs"),
        continue_on_error: reader.text_at(node, "continue-on-error"),
        timeout_minutes: reader.text_at(node, "timeout-minutes"),
        concurrency: node.get("concurrency").is_some(),
        kind: kind(reader, node),
    }
}

fn check_shape(reader: &mut Reader, id: &Spanned<String>, node: Node<'_>) {
    match (node.get("uses"), node.get("steps")) {
        (Some(_), Some(steps)) => {
            reader.problem(
                steps.span(),
                format!("job `{}` has both `uses` and `steps`", id.value),
            );
        }
        (None, None) => {
            reader.problem(
                id.span,
                format!("job `{}` has neither `steps` nor `uses`", id.value),
            );
        }
        (None, Some(_)) if node.get("runs-on").is_none() => {
            reader.problem(id.span, format!("job `{}` has no `runs-on`", id.value));
        }
        _ => {}
    }
}

fn kind(reader: &mut Reader, node: Node<'_>) -> JobKind {
    let Some(uses) = node.get("uses") else {
        let steps = node
            .get("steps")
            .map_or_else(Vec::new, |n| step::read_all(reader, n));
        return JobKind::Steps(steps);
    };
    let text = reader.text(uses, "`uses`");
    if is_expression(uses) {
        reader.problem(uses.span(), format!("`uses` of a job {NO_EXPRESSION}"));
    }
    let value = text.as_ref().map_or("", |t| t.value.as_str());
    JobKind::Call(Call {
        uses: Spanned::new(UsesRef::parse(value), uses.span()),
        with: reader.pairs_at(node, "with"),
        secrets: match node.get("secrets") {
            None => CallSecrets::None,
            Some(n) if n.as_str() == Some("inherit") => CallSecrets::Inherit(n.span()),
            Some(n) => CallSecrets::Named(reader.pairs(n, "`secrets`")),
        },
    })
}

/// Reads the value of `permissions:`.
pub(crate) fn permissions(reader: &mut Reader, node: Node<'_>) -> Permissions {
    let kind = match node.kind() {
        Kind::Scalar => match node.as_str() {
            Some("read-all") => PermissionsKind::ReadAll,
            Some("write-all") => PermissionsKind::WriteAll,
            // GitHub takes an empty value for an empty mapping.
            _ if node.is_null() => PermissionsKind::Scopes(Vec::new()),
            _ => {
                reader.problem(
                    node.span(),
                    "`permissions` must be `read-all`, `write-all` or a mapping",
                );
                PermissionsKind::Invalid
            }
        },
        Kind::Mapping => PermissionsKind::Scopes(
            node.entries()
                .map(|(key, value)| scope(reader, key, value))
                .collect(),
        ),
        Kind::Sequence => {
            reader.problem(node.span(), "`permissions` must be a mapping, not a list");
            PermissionsKind::Invalid
        }
    };
    Permissions {
        span: node.span(),
        kind,
    }
}

fn scope(reader: &mut Reader, key: Node<'_>, value: Node<'_>) -> ScopeEntry {
    let word = key.as_str().unwrap_or("").to_owned();
    let scope = Scope::from_word(&word);
    if scope.is_none() {
        reader.problem(
            key.span(),
            format!("`{word}` is not a permission scope that is known"),
        );
    }
    let access = value.as_str().and_then(Access::from_word);
    if access.is_none() {
        reader.problem(
            value.span(),
            format!("`{word}` must be `read`, `write` or `none`"),
        );
    }
    ScopeEntry {
        scope,
        word,
        // What cannot be read is taken for the most it could be.
        access: access.unwrap_or(Access::Write),
        span: Span::new(key.span().start, value.span().end),
    }
}

fn environment(reader: &mut Reader, node: Node<'_>) -> Option<Environment> {
    let name = if node.kind() == Kind::Mapping {
        reader.mapping(node, "`environment`", &["name", "url", "deployment"]);
        reader.text_at(node, "name")
    } else {
        reader.text(node, "`environment`")
    };
    name.filter(|n| !n.value.is_empty())
        .map(|name| Environment {
            name,
            span: node.span(),
        })
}

/// Reads the value of `cache-mode:`.
pub(crate) fn cache_mode(reader: &mut Reader, node: Node<'_>) -> Spanned<CacheMode> {
    let mode = match node.as_str() {
        Some("read") => CacheMode::Read,
        Some("write") => CacheMode::Write,
        Some("write-only") => CacheMode::WriteOnly,
        Some("none") => CacheMode::None,
        _ => {
            reader.problem(
                node.span(),
                "`cache-mode` must be `read`, `write`, `write-only` or `none`",
            );
            CacheMode::Unknown
        }
    };
    Spanned::new(mode, node.span())
}

fn runs_on(reader: &mut Reader, node: Node<'_>) -> RunsOn {
    if node.kind() != Kind::Mapping {
        return RunsOn {
            span: node.span(),
            labels: reader.texts(node, "`runs-on`"),
            group: None,
        };
    }
    reader.mapping(node, "`runs-on`", &["group", "labels"]);
    RunsOn {
        span: node.span(),
        labels: node
            .get("labels")
            .map_or_else(Vec::new, |n| reader.texts(n, "`labels`")),
        group: reader.text_at(node, "group"),
    }
}

fn container(reader: &mut Reader, node: Node<'_>) -> Option<Container> {
    if node.is_null() {
        return None;
    }
    if node.kind() == Kind::Scalar {
        return Some(Container {
            image: Text::read(node).filter(|t| !t.value.is_empty()),
            credentials: Vec::new(),
            env: Vec::new(),
            volumes: Vec::new(),
            options: None,
            span: node.span(),
        });
    }
    let known = [
        "image",
        "credentials",
        "env",
        "ports",
        "volumes",
        "options",
        "command",
        "entrypoint",
    ];
    reader.mapping(node, "a container", &known);
    Some(Container {
        image: reader
            .text_at(node, "image")
            .filter(|t| !t.value.is_empty()),
        credentials: reader.pairs_at(node, "credentials"),
        env: reader.pairs_at(node, "env"),
        volumes: node
            .get("volumes")
            .map_or_else(Vec::new, |n| reader.texts(n, "`volumes`")),
        options: reader.text_at(node, "options"),
        span: node.span(),
    })
}

fn services(reader: &mut Reader, node: Node<'_>) -> Vec<(Spanned<String>, Container)> {
    if is_expression(node) {
        reader.names_unknown(node, "`services`");
        // One that is not known stands for all of them.
        let all = container(reader, node);
        return all
            .map(|c| (Spanned::new(String::new(), node.span()), c))
            .into_iter()
            .collect();
    } else if node.kind() != Kind::Mapping && !node.is_null() {
        reader.problem(node.span(), "`services` must be a mapping");
    }
    node.entries()
        .filter_map(|(key, value)| {
            // The name decides nothing; the content does.
            let name = reader::name(key);
            if name.is_none() && value.kind() != Kind::Mapping {
                reader.names_unknown(key, "`services`");
            }
            let name = Spanned::new(name.unwrap_or_default(), key.span());
            container(reader, value).map(|c| (name, c))
        })
        .collect()
}

/// Reads `defaults.run` of a job or workflow.
pub(crate) fn defaults(reader: &mut Reader, node: Node<'_>) -> Defaults {
    let Some(run) = node.get("defaults").and_then(|d| d.get("run")) else {
        return Defaults::default();
    };
    let mut found = Defaults::default();
    // What is known at run time only stands for the shell, since it may set it.
    if is_expression(run) {
        reader.names_unknown(run, "`defaults.run`");
        found.shell = Text::read(run);
    }
    let mut hidden = None;
    for (key, value) in run.entries() {
        match reader::name(key).as_deref() {
            Some("shell") => found.shell = reader.text(value, "`shell`"),
            Some("working-directory") => {
                found.working_directory = reader.text(value, "`working-directory`");
            }
            Some(_) => {}
            None => {
                reader.names_unknown(key, "`defaults.run`");
                hidden = Text::read(key);
            }
        }
    }
    found.shell = hidden.or(found.shell);
    found
}

// A whole strategy, or the word `matrix`, can be an expression too.
fn strategy(node: Node<'_>) -> Option<Matrix> {
    let unknown = |span| Matrix {
        span,
        values: Vec::new(),
        dynamic: true,
        open: true,
        whole: None,
    };
    if is_expression(node) {
        return Some(unknown(node.span()));
    }
    let mut found = None;
    for (key, value) in node.entries() {
        match reader::name(key).as_deref() {
            Some("matrix") => found = Some(matrix(value)),
            Some(_) => {}
            None => return Some(unknown(key.span())),
        }
    }
    found
}

fn matrix(node: Node<'_>) -> Matrix {
    let mut values = Vec::new();
    let mut open = is_expression(node);
    let mut an_axis = false;
    for (key, axis) in node.entries() {
        let name = reader::name(key);
        open |= name.is_none();
        let name = name.as_deref().unwrap_or_default();
        if axis.kind() != Kind::Sequence {
            an_axis = true;
            let text = Text::read(axis);
            open |= name == "include" || text.is_none();
            values.extend(text.map(|text| (name.to_owned(), text)));
            continue;
        }
        if name == "exclude" {
            continue;
        }
        for item in axis.items() {
            flatten(
                if name == "include" { "" } else { name },
                item,
                &mut values,
                &mut open,
                0,
            );
        }
    }
    Matrix {
        span: node.span(),
        values,
        dynamic: open || an_axis,
        open,
        whole: is_expression(node).then(|| Text::read(node)).flatten(),
    }
}

// Depth is bounded because a matrix deeper than a few levels has no use that
// a rule could follow, while a hostile file could nest to the parser's limit.
// What is left out there could be anything.
fn flatten(
    prefix: &str,
    node: Node<'_>,
    values: &mut Vec<(String, Text)>,
    open: &mut bool,
    depth: usize,
) {
    if let Some(text) = Text::read(node) {
        // In place of a whole combination an expression may bring any axis.
        *open |= prefix.is_empty() && !text.is_static();
        values.push((prefix.to_owned(), text));
        return;
    }
    if depth == 4 {
        *open = true;
        return;
    }
    for (key, value) in node.entries() {
        *open |= is_expression(key);
        let name = key.as_str().unwrap_or("");
        let path = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        };
        flatten(&path, value, values, open, depth + 1);
    }
    for item in node.items() {
        flatten(prefix, item, values, open, depth + 1);
    }
}
