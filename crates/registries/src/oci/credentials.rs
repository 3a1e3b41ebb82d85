//! Names and secrets for registries: those of Docker's configuration, and those
//! that a credential helper keeps.
//!
//! Source: Docker's documentation, `docker login`, "Credential stores" and
//! "Credential helpers"; the protocol of docker/docker-credential-helpers.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::DOCKER_HUB;

/// The name under which Docker keeps the credentials of its own registry.
const HUB_KEY: &str = "https://index.docker.io/v1/";
/// The most bytes that a helper may say.
const MOST_ANSWER: u64 = 64 * 1024;

/// A name and secret for one registry, which no output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    user: String,
    secret: String,
}

impl Credential {
    /// As they stand in Docker's configuration.
    #[must_use]
    pub fn new(user: &str, secret: &str) -> Self {
        Self {
            user: user.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// The `auth` of an entry of Docker's configuration: both in base64.
    #[must_use]
    pub fn from_auth(auth: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
        let (user, secret) = text.split_once(':')?;
        // Older programs end the secret with a zero byte.
        Some(Self::new(user, secret.trim_end_matches('\0')))
    }

    pub(super) fn header(&self) -> String {
        format!(
            "Basic {}",
            BASE64.encode(format!("{}:{}", self.user, self.secret))
        )
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential([redacted])")
    }
}

/// Whom to ask for credentials, by the host that is really asked.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    own: BTreeMap<String, Credential>,
    helpers: BTreeMap<String, String>,
    store: Option<String>,
    /// The folders in which programs are looked for.
    folders: Vec<PathBuf>,
    /// How long a helper may take.
    patience: Duration,
}

/// Why a helper gave nothing. It never holds what the helper said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HelperError {
    #[error("`{name}` cannot be the name of a credential helper")]
    Name { name: String },
    #[error("there is no program {program}")]
    Missing { program: String },
    #[error("{program} could not be run: {kind}")]
    Broken {
        program: String,
        kind: std::io::ErrorKind,
    },
    #[error("{program} did not answer within {seconds} s")]
    Late { program: String, seconds: u64 },
    #[error("{program} has no name and secret for it")]
    Nothing { program: String },
    #[error("{program} has a token of a kind that is not used here")]
    Kind { program: String },
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username")]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

impl Credentials {
    /// Those alone that are given.
    #[must_use]
    pub fn of(own: BTreeMap<String, Credential>) -> Self {
        Self {
            own: own
                .into_iter()
                .map(|(key, one)| (host_of(&key), one))
                .collect(),
            ..Self::default()
        }
    }

    /// Those of Docker's configuration. Helpers are looked for in `folders`, of
    /// which those that are not absolute are left out, and may take so long.
    /// What is no such configuration gives none.
    #[must_use]
    pub fn of_docker(configuration: &[u8], folders: Vec<PathBuf>, patience: Duration) -> Self {
        let Ok(read) = serde_json::from_slice::<Configuration>(configuration) else {
            return Self::default();
        };
        let own = (read.auths.iter())
            .filter_map(|(key, entry)| {
                let one = Credential::from_auth(entry.auth.as_deref()?)?;
                Some((host_of(key), one))
            })
            .collect();
        let helpers = (read.helpers.into_iter())
            .map(|(key, name)| (host_of(&key), name))
            .collect();
        Self {
            own,
            helpers,
            store: read.store.filter(|name| !name.is_empty()),
            folders: (folders.into_iter())
                .filter(|folder| folder.is_absolute())
                .collect(),
            patience,
        }
    }

    /// The credential for a host, as Docker looks for it: the helper of the
    /// host, the store for all, the configuration itself.
    pub(super) fn get(&self, host: &str) -> Result<Option<Credential>, HelperError> {
        let helper = self.helpers.get(host).or(self.store.as_ref());
        let kept = self.own.get(host).cloned();
        match helper.map(|name| self.ask(name, host)) {
            None => Ok(kept),
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(_)) if kept.is_some() => Ok(kept),
            Some(Err(error)) => Err(error),
        }
    }

    /// Runs `docker-credential-NAME get`, without a shell, with the one host on
    /// its standard input.
    fn ask(&self, name: &str, host: &str) -> Result<Credential, HelperError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            let name = name.chars().take(64).collect();
            return Err(HelperError::Name { name });
        }
        let program = format!("docker-credential-{name}");
        let suffix = std::env::consts::EXE_SUFFIX;
        let path = (self.folders.iter())
            .map(|folder| folder.join(format!("{program}{suffix}")))
            .find(|path| path.is_file())
            .ok_or_else(|| HelperError::Missing {
                program: program.clone(),
            })?;
        let server = if host == DOCKER_HUB { HUB_KEY } else { host };
        let broken = |error: std::io::Error| HelperError::Broken {
            program: program.clone(),
            kind: error.kind(),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the user's own configuration names the program; nothing of a checkout does"
        )]
        let mut command = Command::new(&path);
        command
            .arg("get")
            // Not the checkout, which may hold what the program would read.
            .current_dir(path.parent().unwrap_or(&path))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(broken)?;
        if let Some(mut input) = child.stdin.take() {
            // One that knows the answer without the question is right too.
            let _ = input.write_all(server.as_bytes());
        }
        let output = self.output(&mut child);
        let ended = child.try_wait();
        // Whatever still runs has had its time.
        let _ = child.kill();
        let _ = child.wait();
        let output = output.ok_or_else(|| HelperError::Late {
            program: program.clone(),
            seconds: self.patience.as_secs(),
        })?;
        let nothing = || HelperError::Nothing {
            program: program.clone(),
        };
        if !matches!(ended, Ok(Some(status)) if status.success()) {
            return Err(nothing());
        }
        let found: Answer = serde_json::from_slice(&output).map_err(|_| nothing())?;
        if found.user == "<token>" {
            return Err(HelperError::Kind { program });
        }
        if found.secret.is_empty() {
            return Err(nothing());
        }
        Ok(Credential::new(&found.user, &found.secret))
    }

    /// What a program says until it ends, within its time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    fn output(&self, child: &mut Child) -> Option<Vec<u8>> {
        let until = Instant::now() + self.patience;
        let stdout = child.stdout.take()?;
        let (say, heard) = mpsc::channel();
        // A program that the helper leaves behind may hold the pipe open for
        // ever: then this thread ends with the process.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(MOST_ANSWER).read_to_end(&mut bytes);
            let _ = say.send(read.ok().map(|_| bytes));
        });
        let bytes = heard.recv_timeout(self.patience).ok()??;
        while matches!(child.try_wait(), Ok(None)) {
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(bytes)
    }
}

/// The host of a key of Docker's configuration, which may be an address.
fn host_of(key: &str) -> String {
    let host = key.split_once("://").map_or(key, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host).to_ascii_lowercase();
    match host.strip_suffix(":443").unwrap_or(&host) {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB.to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let one = Credential::from_auth("dXNlcjpzZWNyZXQ=");
        assert!(one.is_some());
        assert!(!format!("{one:?}").contains("secret"));
        assert!(Credential::from_auth("dXNlcg==").is_none());
    }

    #[cfg(unix)]
    fn helper(folder: &std::path::Path, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(format!("docker-credential-{name}"));
        let part = folder.join("part");
        std::fs::write(&part, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(part, path).unwrap();
    }

    #[cfg(unix)]
    fn docker(folder: &std::path::Path, text: &str) -> Credentials {
        let folders = vec![PathBuf::from("relative"), folder.to_owned()];
        Credentials::of_docker(text.as_bytes(), folders, Duration::from_secs(2))
    }

    #[test]
    #[cfg(unix)]
    fn a_helper_is_asked_for_the_one_host() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path();
        let said = folder.join("said");
        helper(
            folder,
            "one",
            &format!(
                "echo \"$1 $(cat)\" >> {}; echo '{{\"Username\":\"u\",\"Secret\":\"s\"}}'",
                said.display()
            ),
        );
        let found = docker(
            folder,
            r#"{"credHelpers": {"r.example": "one"}, "auths": {"q.example": {"auth": "dTpw"}}}"#,
        );
        assert_eq!(found.get("r.example"), Ok(Some(Credential::new("u", "s"))));
        assert_eq!(found.get("q.example"), Ok(Some(Credential::new("u", "p"))));
        assert_eq!(found.get("other.example"), Ok(None));
        assert_eq!(std::fs::read_to_string(&said).unwrap(), "get r.example\n");
        // The store is asked for every other host; Docker's own has an old name.
        let found = docker(folder, r#"{"credsStore": "one"}"#);
        assert!(found.get(DOCKER_HUB).unwrap().is_some());
        let said = std::fs::read_to_string(&said).unwrap();
        assert!(
            said.ends_with("get https://index.docker.io/v1/\n"),
            "{said}"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_helper_that_fails_hangs_or_floods_gives_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path();
        helper(folder, "none", "echo credentials not found; exit 1");
        helper(folder, "hang", "sleep 9");
        helper(folder, "left", "sleep 9 & exit 0");
        helper(
            folder,
            "flood",
            "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done",
        );
        helper(
            folder,
            "token",
            "echo '{\"Username\":\"<token>\",\"Secret\":\"s\"}'",
        );
        let begun = Instant::now();
        for (name, due) in [
            ("none", "has no name"),
            ("hang", "did not answer within 2 s"),
            ("left", "did not answer within 2 s"),
            ("flood", "has no name"),
            ("token", "of a kind"),
            ("gone", "no program docker-credential-gone"),
            ("../none", "cannot be the name"),
            ("none;x", "cannot be the name"),
        ] {
            let text = format!("{{\"credHelpers\": {{\"r.example\": {name:?}}}}}");
            let error = docker(folder, &text).get("r.example").unwrap_err();
            assert!(error.to_string().contains(due), "{name}: {error}");
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
