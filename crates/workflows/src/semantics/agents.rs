//! Language models that act by themselves in a job: what they are told by,
//! what they may do, and whom they obey.
//!
//! Facts about actions and programs, each from its own documentation, which
//! the row names.

use cofferdam_facts::Span;

use crate::documents::Step;
use crate::documents::text::Text;
use crate::shell::{Command, Word};

/// What an agent may do in its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// It answers with text and has no tools.
    Answers,
    /// It runs commands in a sandbox without network and without rights to
    /// leave it.
    Confined,
    /// It edits files and uses what tools it is given, and the token.
    Limited,
    /// It runs any command of its own choice.
    Unbound,
}

/// An action that runs an agent.
#[derive(Debug)]
pub struct Agent {
    /// `owner/name` in lower case.
    pub slug: &'static str,
    /// Inputs that it is told.
    pub prompts: &'static [&'static str],
    /// Inputs that name a file with what it is told.
    pub files: &'static [&'static str],
    /// Outputs that hold its answer.
    pub answers: &'static [&'static str],
    /// Whether it reads the event's text by itself where no prompt is given.
    pub reads_event: bool,
    /// Whether it refuses runs that somebody without write access has caused.
    pub asks_for_write: bool,
    /// The input that opens it to others.
    opened_by: &'static [&'static str],
    bounds: Bounds,
    /// The documentation.
    pub page: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum Bounds {
    Claude,
    Codex,
    Gemini,
    Inference,
    Always(Power),
}

const AGENT: Agent = Agent {
    slug: "",
    prompts: &["prompt"],
    files: &[],
    answers: &[],
    reads_event: false,
    asks_for_write: false,
    opened_by: &[],
    bounds: Bounds::Always(Power::Unbound),
    page: "",
};

/// The actions.
pub const AGENTS: &[Agent] = &[
    Agent {
        slug: "anthropics/claude-code-action",
        prompts: &[
            "prompt",
            "direct_prompt",
            "override_prompt",
            "custom_instructions",
            "claude_args",
        ],
        answers: &["structured_output"],
        reads_event: true,
        asks_for_write: true,
        opened_by: &["allowed_non_write_users", "allowed_bots"],
        bounds: Bounds::Claude,
        page: "https://github.com/anthropics/claude-code-action/blob/main/docs/security.md",
        ..AGENT
    },
    Agent {
        slug: "anthropics/claude-code-base-action",
        prompts: &[
            "prompt",
            "system_prompt",
            "append_system_prompt",
            "claude_args",
        ],
        files: &["prompt_file"],
        answers: &["structured_output"],
        bounds: Bounds::Claude,
        page: "https://github.com/anthropics/claude-code-base-action",
        ..AGENT
    },
    Agent {
        slug: "openai/codex-action",
        files: &["prompt-file"],
        answers: &["final-message"],
        asks_for_write: true,
        opened_by: &["allow-users", "allow-bots", "allow-bot-users"],
        bounds: Bounds::Codex,
        page: "https://github.com/openai/codex-action/blob/main/docs/security.md",
        ..AGENT
    },
    Agent {
        slug: "google-github-actions/run-gemini-cli",
        answers: &["summary"],
        bounds: Bounds::Gemini,
        page: "https://github.com/google-github-actions/run-gemini-cli",
        ..AGENT
    },
    Agent {
        slug: "qwenlm/qwen-code-action",
        answers: &["summary"],
        bounds: Bounds::Gemini,
        page: "https://github.com/QwenLM/qwen-code-action",
        ..AGENT
    },
    Agent {
        slug: "actions/ai-inference",
        prompts: &["prompt", "system-prompt", "input"],
        files: &["prompt-file", "system-prompt-file", "file_input"],
        answers: &["response"],
        bounds: Bounds::Inference,
        page: "https://github.com/actions/ai-inference",
        ..AGENT
    },
    Agent {
        slug: "sst/opencode/github",
        reads_event: true,
        asks_for_write: true,
        page: "https://opencode.ai/docs/github/",
        ..AGENT
    },
    Agent {
        slug: "anomalyco/opencode/github",
        reads_event: true,
        asks_for_write: true,
        page: "https://opencode.ai/docs/github/",
        ..AGENT
    },
    Agent {
        slug: "warpdotdev/warp-agent-action",
        page: "https://github.com/warpdotdev/warp-agent-action",
        ..AGENT
    },
    Agent {
        slug: "warpdotdev/oz-agent-action",
        page: "https://github.com/warpdotdev/oz-agent-action",
        ..AGENT
    },
    Agent {
        slug: "augmentcode/augment-agent",
        prompts: &["instruction"],
        files: &["instruction_file"],
        page: "https://github.com/augmentcode/augment-agent",
        ..AGENT
    },
    Agent {
        slug: "qodo-ai/pr-agent",
        prompts: &[],
        reads_event: true,
        bounds: Bounds::Always(Power::Answers),
        page: "https://github.com/qodo-ai/pr-agent",
        ..AGENT
    },
    Agent {
        slug: "coderabbitai/ai-pr-reviewer",
        prompts: &["system_message"],
        reads_event: true,
        bounds: Bounds::Always(Power::Answers),
        page: "https://github.com/coderabbitai/ai-pr-reviewer",
        ..AGENT
    },
];

/// What makes an agent's power what it is: where it is said, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The place in the document.
    pub span: Span,
    /// In code style.
    pub text: String,
}

/// The agent that a step's action runs.
#[must_use]
pub fn of_step(step: &Step) -> Option<&'static Agent> {
    let action = step.action()?;
    AGENTS.iter().find(|agent| agent.slug == action)
}

/// Programs with which `Bash(NAME:*)` runs whatever the agent likes.
const RUNNERS: &[&str] = &[
    "*", "awk", "bash", "bun", "cargo", "deno", "docker", "env", "find", "go", "gradle", "make",
    "mvn", "node", "npm", "npx", "perl", "pip", "pnpm", "python", "python3", "ruby", "sh", "sudo",
    "uv", "uvx", "xargs", "yarn",
];

impl Agent {
    /// What it may do, and what says so where it is more than usual.
    #[must_use]
    pub fn power(&self, step: &Step) -> (Power, Option<Said>) {
        match self.bounds {
            Bounds::Always(power) => (power, None),
            Bounds::Claude => claude(step),
            Bounds::Codex => codex(step),
            Bounds::Gemini => gemini(step),
            Bounds::Inference => {
                let tools = step
                    .input("enable-github-mcp")
                    .filter(|t| t.value.trim() == "true");
                match tools {
                    Some(text) => (Power::Limited, Some(said("enable-github-mcp: true", text))),
                    None => (Power::Answers, None),
                }
            }
        }
    }

    /// What opens it to people without write access.
    #[must_use]
    pub fn opened(&self, step: &Step) -> Option<Said> {
        self.opened_by.iter().find_map(|name| {
            let text = step.input(name)?;
            let value = text.value.trim();
            // Bots that are listed are somebody's choice; everybody is not.
            let everybody = value.split(',').any(|part| part.trim() == "*");
            let users = !name.contains("bot") && !value.is_empty();
            (everybody || users && !text.is_static())
                .then(|| said(&format!("{name}: {value}"), text))
        })
    }

    /// Whether it is told by the event alone.
    #[must_use]
    pub fn is_told_by_event(&self, step: &Step) -> bool {
        let given =
            |name: &&'static str| step.input(name).is_some_and(|t| !t.value.trim().is_empty());
        let told = self
            .prompts
            .iter()
            .chain(self.files)
            .filter(|name| !matches!(**name, "claude_args" | "custom_instructions"))
            .any(given);
        self.reads_event && !told
    }

    /// The file that it is told by.
    #[must_use]
    pub fn file<'s>(&self, step: &'s Step) -> Option<&'s Text> {
        self.files
            .iter()
            .filter_map(|name| step.input(name))
            .find(|text| !text.value.trim().is_empty())
    }
}

fn said(text: &str, place: &Text) -> Said {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Said {
        span: place.span,
        text: text.chars().take(60).collect(),
    }
}

fn claude(step: &Step) -> (Power, Option<Said>) {
    for name in ["claude_args", "allowed_tools", "settings"] {
        let Some(text) = step.input(name) else {
            continue;
        };
        if let Some(found) = claude_runs(&text.value, name == "allowed_tools") {
            return (Power::Unbound, Some(said(&found, text)));
        }
    }
    (Power::Limited, None)
}

/// What lets Claude run any command.
fn claude_runs(text: &str, list: bool) -> Option<String> {
    for word in ["--dangerously-skip-permissions", "bypassPermissions"] {
        if text.contains(word) {
            return Some(word.to_owned());
        }
    }
    if list {
        return bash(text);
    }
    let mut lists = text
        .split("--")
        .filter(|part| {
            let part = part.to_ascii_lowercase();
            part.starts_with("allowedtools") || part.starts_with("allowed-tools")
        })
        .chain(
            text.split("\"allow\"")
                .skip(1)
                .filter_map(|part| part.split(']').next()),
        );
    lists.find_map(bash)
}

// `Bash`, `Bash(*)`, `Bash(npm:*)`
fn bash(list: &str) -> Option<String> {
    list.match_indices("Bash").find_map(|(at, name)| {
        let rest = list.get(at + name.len()..).unwrap_or("");
        let Some(inner) = rest.strip_prefix('(') else {
            let whole = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
            return whole.then(|| name.to_owned());
        };
        let inner = inner.split(')').next().unwrap_or("");
        let program = inner.split([':', ' ']).next().unwrap_or("");
        let any = RUNNERS.contains(&program) || program.is_empty();
        // `Bash(npm test)` is that one command.
        (any && (inner.ends_with('*') || inner.is_empty())).then(|| format!("{name}({inner})"))
    })
}

fn codex(step: &Step) -> (Power, Option<Said>) {
    let unsafe_strategy = step
        .input("safety-strategy")
        .filter(|text| text.value.trim() == "unsafe");
    if let Some(text) = unsafe_strategy {
        return (Power::Unbound, Some(said("safety-strategy: unsafe", text)));
    }
    let full = step
        .input("sandbox")
        .filter(|text| text.value.trim() == "danger-full-access");
    if let Some(text) = full {
        return (
            Power::Unbound,
            Some(said("sandbox: danger-full-access", text)),
        );
    }
    let profile = step
        .input("permission-profile")
        .filter(|text| text.value.contains("danger"));
    if let Some(text) = profile {
        return (Power::Unbound, Some(said(&text.value, text)));
    }
    let args = step.input("codex-args");
    let loose = args.and_then(|text| codex_runs(&text.value).map(|word| said(word, text)));
    match loose {
        Some(said) => (Power::Unbound, Some(said)),
        None => (Power::Confined, None),
    }
}

fn codex_runs(text: &str) -> Option<&'static str> {
    [
        "--dangerously-bypass-approvals-and-sandbox",
        "--yolo",
        "danger-full-access",
    ]
    .into_iter()
    .find(|word| text.contains(word))
}

// The action itself says `--yolo`; only a list of tools holds the agent.
fn gemini(step: &Step) -> (Power, Option<Said>) {
    let Some(text) = step.input("settings") else {
        return (Power::Unbound, None);
    };
    let listed = ["\"coreTools\"", "\"core\""]
        .iter()
        .find_map(|key| text.value.split(key).nth(1)?.split(']').next());
    match listed {
        None => (Power::Unbound, None),
        Some(list) => {
            let any = list.match_indices("run_shell_command").any(|(at, name)| {
                !list
                    .get(at + name.len()..)
                    .is_some_and(|rest| rest.starts_with('('))
            });
            if any {
                (Power::Unbound, Some(said("run_shell_command", text)))
            } else {
                (Power::Limited, None)
            }
        }
    }
}

/// A program that runs an agent.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    /// Words of which one must stand there for it to work by itself.
    alone: &'static [&'static str],
    /// What it may do without more words.
    usual: Power,
    /// Words with which it may do anything.
    loose: &'static [&'static str],
    /// The documentation.
    pub page: &'static str,
}

/// The programs.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "claude",
        alone: &["-p", "--print"],
        usual: Power::Limited,
        loose: &["--dangerously-skip-permissions", "bypassPermissions"],
        page: "https://code.claude.com/docs/en/cli-reference",
    },
    Program {
        name: "codex",
        alone: &["exec", "e"],
        usual: Power::Confined,
        loose: &[
            "--dangerously-bypass-approvals-and-sandbox",
            "--yolo",
            "danger-full-access",
        ],
        page: "https://developers.openai.com/codex/cli/reference",
    },
    Program {
        name: "gemini",
        alone: &["-p", "--prompt", "-y", "--yolo"],
        usual: Power::Limited,
        loose: &["-y", "--yolo", "yolo", "--approval-mode=yolo"],
        page: "https://github.com/google-gemini/gemini-cli",
    },
    Program {
        name: "qwen",
        alone: &["-p", "--prompt", "-y", "--yolo"],
        usual: Power::Limited,
        loose: &["-y", "--yolo", "yolo", "--approval-mode=yolo"],
        page: "https://github.com/QwenLM/qwen-code",
    },
    Program {
        name: "copilot",
        alone: &["-p", "--prompt"],
        usual: Power::Limited,
        loose: &["--allow-all-tools", "--allow-all", "--yolo", "shell"],
        page: "https://docs.github.com/en/copilot/concepts/agents/about-copilot-cli",
    },
    Program {
        name: "cursor-agent",
        alone: &["-p", "--print"],
        usual: Power::Limited,
        loose: &["-f", "--force", "--yolo"],
        page: "https://cursor.com/docs/cli/headless",
    },
    Program {
        name: "aider",
        alone: &["-m", "--message", "--msg", "--message-file"],
        usual: Power::Limited,
        loose: &["--yes", "--yes-always"],
        page: "https://aider.chat/docs/scripting.html",
    },
    Program {
        name: "goose",
        alone: &["run"],
        usual: Power::Unbound,
        loose: &[],
        page: "https://block.github.io/goose/docs/guides/goose-cli-commands",
    },
    Program {
        name: "opencode",
        alone: &["run"],
        usual: Power::Unbound,
        loose: &[],
        page: "https://opencode.ai/docs/cli/",
    },
    Program {
        name: "amp",
        alone: &["-x", "--execute"],
        usual: Power::Limited,
        loose: &["--dangerously-allow-all"],
        page: "https://ampcode.com/manual",
    },
];

/// The agent that a command runs.
#[must_use]
pub fn of_command(command: &Command) -> Option<&'static Program> {
    let (name, args) = command.effective();
    let (name, args) = packaged(name, args)?;
    let program = PROGRAMS.iter().find(|program| program.name == name)?;
    args.iter()
        .any(|word| program.alone.contains(&word.text.as_str()))
        .then_some(program)
}

// `npx -y @anthropic-ai/claude-code -p`
fn packaged<'w>(name: &'w Word, args: &'w [Word]) -> Option<(&'w str, &'w [Word])> {
    let own = name.file_name()?;
    if !matches!(own, "npx" | "bunx" | "uvx") {
        return Some((own, args));
    }
    let at = args.iter().position(|word| !word.text.starts_with('-'))?;
    let package = args.get(at)?.file_name()?;
    let package = package.split('@').next().unwrap_or(package);
    let known = match package {
        "claude-code" => "claude",
        "gemini-cli" => "gemini",
        "qwen-code" => "qwen",
        "opencode-ai" => "opencode",
        other => other,
    };
    Some((known, args.get(at + 1..)?))
}

impl Program {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it may do, and the word that says so where it is more than usual.
    #[must_use]
    pub fn power(&self, command: &Command) -> (Power, Option<String>) {
        let (_, args) = command.effective();
        self.power_of_words(&mut args.iter().map(|word| word.text.as_str()))
    }

    /// The same for words as they are written.
    #[must_use]
    pub fn power_of_words(&self, words: &mut dyn Iterator<Item = &str>) -> (Power, Option<String>) {
        let words: Vec<&str> = words.collect();
        if let Some(word) = words.iter().find(|word| self.loose.contains(word)) {
            return (Power::Unbound, Some((*word).to_owned()));
        }
        let runs = (self.name == "claude").then(|| claude_runs(&words.join(" "), false));
        match runs.flatten() {
            Some(found) => (Power::Unbound, Some(found)),
            None => (self.usual, None),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::documents::Workflow;
    use crate::shell::{Shell, parse};

    fn power(uses: &str, with: &str) -> Power {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {uses}\n        with:\n          x: y\n{with}"
        );
        let workflow = Workflow::parse(SourceFile::new(".github/workflows/a.yml", text));
        let step = workflow.jobs.first().unwrap().steps().first().unwrap();
        of_step(step).unwrap().power(step).0
    }

    #[test]
    fn tools_decide_what_claude_may_do() {
        let claude = "anthropics/claude-code-action@v1";
        let with = |value: &str| format!("          claude_args: '{value}'\n");
        for loose in [
            "--allowedTools Bash",
            "--allowedTools \"Edit,Bash(*)\"",
            "--allowed-tools \"Bash(npm:*)\"",
            "--dangerously-skip-permissions",
            "--permission-mode bypassPermissions",
        ] {
            assert_eq!(power(claude, &with(loose)), Power::Unbound, "{loose}");
        }
        for tight in [
            "--allowedTools \"Bash(gh issue view:*)\"",
            "--allowedTools \"Bash(npm test)\"",
            "--allowedTools Edit,BashOutput",
            "--disallowedTools Bash",
            "--model x",
        ] {
            assert_eq!(power(claude, &with(tight)), Power::Limited, "{tight}");
        }
    }

    #[test]
    fn sandboxes_decide_what_the_others_may_do() {
        let codex = "openai/codex-action@v1";
        assert_eq!(power(codex, ""), Power::Confined);
        let with = "          safety-strategy: unsafe\n";
        assert_eq!(power(codex, with), Power::Unbound);
        let gemini = "google-github-actions/run-gemini-cli@v0";
        assert_eq!(power(gemini, ""), Power::Unbound);
        let with = "          settings: '{\"tools\": {\"core\": [\"run_shell_command(gh)\"]}}'\n";
        assert_eq!(power(gemini, with), Power::Limited);
        assert_eq!(power("actions/ai-inference@v2", ""), Power::Answers);
        assert_eq!(power("sst/opencode/github@latest", ""), Power::Unbound);
    }

    #[test]
    fn programs_are_found_behind_package_runners() {
        let of = |text: &str| {
            let script = parse(text, &Shell::Bash);
            let command = script.commands.first().unwrap();
            of_command(command).map(|p| (p.name(), p.power(command).0))
        };
        assert_eq!(of("claude -p \"$X\""), Some(("claude", Power::Limited)));
        assert_eq!(
            of("npx -y @anthropic-ai/claude-code@1 -p x --dangerously-skip-permissions"),
            Some(("claude", Power::Unbound))
        );
        assert_eq!(of("codex exec x"), Some(("codex", Power::Confined)));
        assert_eq!(of("codex --version"), None);
        assert_eq!(of("goose run -t x"), Some(("goose", Power::Unbound)));
    }

    #[test]
    fn every_agent_names_its_documentation() {
        assert!(AGENTS.iter().all(|a| a.page.starts_with("https://")));
        assert!(PROGRAMS.iter().all(|p| p.page.starts_with("https://")));
    }
}
