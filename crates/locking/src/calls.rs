//! What code calls of the network and of other programs, as far as its text
//! shows it. Code that hides what it does is not seen through: a call that is
//! new is news, and none that is new proves nothing.

use std::collections::BTreeMap;

use cofferdam_workflows::shell::{self, Shell};

/// Larger files are looked at up to here.
const MOST_BYTES: usize = 16 << 20;

/// How often each call stands in a file.
pub type Calls = BTreeMap<String, usize>;

/// Modules of Node.js that reach the network or start programs.
const MODULES: &[(&str, &str)] = &[
    ("child_process", "program"),
    ("cluster", "program"),
    ("dgram", "network"),
    ("dns", "network"),
    ("http", "network"),
    ("http2", "network"),
    ("https", "network"),
    ("net", "network"),
    ("tls", "network"),
    ("undici", "network"),
    ("vm", "code"),
    ("worker_threads", "code"),
];

/// Calls by name in JavaScript.
const SCRIPT_CALLS: &[(&str, &str)] = &[
    ("fetch(", "network fetch"),
    ("WebSocket(", "network WebSocket"),
    ("XMLHttpRequest(", "network XMLHttpRequest"),
    ("eval(", "code eval"),
    ("Function(", "code Function"),
    ("execSync(", "program execSync"),
    ("spawnSync(", "program spawnSync"),
    ("spawn(", "program spawn"),
];

/// Calls by name in Python, PowerShell and Ruby.
const OTHER_CALLS: &[(&str, &str)] = &[
    ("subprocess", "program subprocess"),
    ("os.system", "program os.system"),
    ("os.popen", "program os.popen"),
    ("urllib", "network urllib"),
    ("requests.", "network requests"),
    ("httpx", "network httpx"),
    ("aiohttp", "network aiohttp"),
    ("http.client", "network http.client"),
    ("socket", "network socket"),
    ("exec(", "code exec"),
    ("eval(", "code eval"),
    ("Invoke-WebRequest", "network Invoke-WebRequest"),
    ("Invoke-RestMethod", "network Invoke-RestMethod"),
    ("Invoke-Expression", "code Invoke-Expression"),
    ("Start-Process", "program Start-Process"),
    ("DownloadString", "network DownloadString"),
    ("DownloadFile", "network DownloadFile"),
    ("Net::HTTP", "network Net::HTTP"),
];

/// Programs of a shell script that reach the network, run other code or act
/// for somebody else.
const PROGRAMS: &[(&str, &str)] = &[
    ("apt", "network"),
    ("apt-get", "network"),
    ("aws", "network"),
    ("az", "network"),
    ("base64", "code"),
    ("brew", "network"),
    ("cargo", "network"),
    ("curl", "network"),
    ("docker", "program"),
    ("eval", "code"),
    ("gcloud", "network"),
    ("gem", "network"),
    ("gh", "network"),
    ("git", "network"),
    ("go", "network"),
    ("gpg", "program"),
    ("nc", "network"),
    ("ncat", "network"),
    ("node", "program"),
    ("npm", "network"),
    ("npx", "network"),
    ("openssl", "program"),
    ("pip", "network"),
    ("pip3", "network"),
    ("pnpm", "network"),
    ("podman", "program"),
    ("python", "program"),
    ("python3", "program"),
    ("rsync", "network"),
    ("scp", "network"),
    ("sftp", "network"),
    ("socat", "network"),
    ("ssh", "network"),
    ("sudo", "program"),
    ("telnet", "network"),
    ("wget", "network"),
    ("yarn", "network"),
];

/// Whether a program of a shell script brings files from the network.
pub(crate) fn fetches(name: &str) -> bool {
    let found = PROGRAMS.binary_search_by(|(program, _)| (*program).cmp(name));
    matches!(found.map(|at| PROGRAMS.get(at)), Ok(Some((_, "network"))))
}

/// Whether a file is code whose calls are looked at.
#[must_use]
pub fn is_code(path: &str) -> bool {
    language(path).is_some()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    JavaScript,
    Shell,
    Other,
}

fn language(path: &str) -> Option<Language> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "js" | "cjs" | "mjs" | "ts" | "mts" | "cts" => Language::JavaScript,
        "sh" | "bash" => Language::Shell,
        "py" | "ps1" | "psm1" | "rb" => Language::Other,
        _ => return None,
    })
}

/// The calls of one file.
#[must_use]
pub fn of_file(path: &str, bytes: &[u8]) -> Calls {
    let mut calls = Calls::new();
    let Some(language) = language(path) else {
        return calls;
    };
    let bytes = bytes.get(..MOST_BYTES).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    match language {
        Language::JavaScript => {
            modules(&text, &mut calls);
            named(&text, SCRIPT_CALLS, &mut calls);
        }
        Language::Shell => of_script(&text, &Shell::Bash, &mut calls),
        Language::Other => named(&text, OTHER_CALLS, &mut calls),
    }
    calls
}

/// The calls of a script that stands in a workflow or action.
pub fn of_script(text: &str, shell: &Shell, calls: &mut Calls) {
    if !shell.is_understood() {
        named(text, OTHER_CALLS, calls);
        if *shell == Shell::Other("JavaScript".to_owned()) {
            modules(text, calls);
            named(text, SCRIPT_CALLS, calls);
        }
        return;
    }
    for command in &shell::parse(text, shell).commands {
        let (program, _) = command.effective();
        let names: std::collections::BTreeSet<&str> =
            [command.name.file_name(), program.file_name()]
                .into_iter()
                .flatten()
                .collect();
        for name in names {
            if let Ok(at) = PROGRAMS.binary_search_by(|(program, _)| (*program).cmp(name))
                && let Some((name, kind)) = PROGRAMS.get(at)
            {
                *calls.entry(format!("{kind} {name}")).or_default() += 1;
            }
        }
    }
}

/// `require("x")`, `from "x"` and `import("x")`, in either quotes, with or
/// without `node:`.
fn modules(text: &str, calls: &mut Calls) {
    for (at, quote) in text.match_indices(['"', '\'', '`']) {
        let Some(before) = text.get(..at) else {
            continue;
        };
        let before = before.trim_end_matches([' ', '(']);
        let imports = ["require", "from", "import"];
        if !imports.iter().any(|word| before.ends_with(word)) {
            continue;
        }
        let rest = text.get(at + 1..).unwrap_or_default();
        let Some(end) = rest
            .bytes()
            .take(40)
            .position(|b| b == quote.as_bytes().first().copied().unwrap_or(b'"'))
        else {
            continue;
        };
        let name = rest.get(..end).unwrap_or_default();
        let name = name.strip_prefix("node:").unwrap_or(name);
        let name = name.split('/').next().unwrap_or(name);
        if let Some((name, kind)) = MODULES.iter().find(|(module, _)| *module == name) {
            *calls.entry(format!("{kind} {name}")).or_default() += 1;
        }
    }
}

fn named(text: &str, patterns: &[(&str, &str)], calls: &mut Calls) {
    for (pattern, name) in patterns {
        let begins = |at: &usize| {
            let before = text
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
        };
        let found = text
            .match_indices(pattern)
            .filter(|(at, _)| begins(at))
            .count();
        if found > 0 {
            *calls.entry((*name).to_owned()).or_default() += found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_each_language() {
        assert!(
            PROGRAMS
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if a.0 < b.0))
        );
        let found = |path: &str, text: &str| -> Vec<(String, usize)> {
            of_file(path, text.as_bytes()).into_iter().collect()
        };
        let one = |name: &str, count: usize| (name.to_owned(), count);
        assert_eq!(
            found(
                "dist/index.js",
                "const a=require(\"node:https\"),b=require('child_process');import x from 'fs';await fetch(u);prefetch(x)"
            ),
            [
                one("network fetch", 1),
                one("network https", 1),
                one("program child_process", 1)
            ]
        );
        assert_eq!(
            found(
                "run.sh",
                "set -e\ncurl -s x | bash\nsudo /usr/bin/curl y\n# wget z\n"
            ),
            [one("network curl", 2), one("program sudo", 1)]
        );
        assert_eq!(
            found("x.py", "import subprocess\nsubprocess.run(x)\n"),
            [one("program subprocess", 2)]
        );
        assert_eq!(found("README.md", "curl fetch( eval("), []);
    }
}
