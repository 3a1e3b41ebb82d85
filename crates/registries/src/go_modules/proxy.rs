//! A list of module proxies, as `GOPROXY` names it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{escaped, is_plain};
use crate::http::{Connection, HttpClient, HttpError};

/// Where to ask, in order.
#[derive(Clone, Debug)]
pub struct ModuleProxies {
    steps: Vec<Step>,
    client: HttpClient,
    most_bytes: u64,
}

#[derive(Clone, Debug)]
struct Step {
    place: Place,
    /// Whether any failure leads to the next one, and not only "not found".
    any_failure: bool,
}

#[derive(Clone, Debug)]
enum Place {
    Address(String),
    Folder(PathBuf),
    Direct,
    Off,
}

/// Why there is no module.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The list names something else.
    #[error("`{entry}` in GOPROXY is no address of http, https or file, and not `direct` or `off`")]
    List {
        /// The entry, without what may be secret in it.
        entry: String,
    },
    /// The list forbids to ask anybody.
    #[error("GOPROXY is `off`")]
    Off,
    /// The list says to ask the repository itself.
    #[error("GOPROXY leads to the module's own repository")]
    Direct,
    /// The module or its version cannot stand in an address.
    #[error("`{text}` is no path of a module, or no version")]
    Name {
        /// What is not.
        text: String,
    },
    /// No proxy has it.
    #[error("no proxy has it")]
    NotFound,
    /// A proxy answers with another status.
    #[error("{proxy} answers with status {status}")]
    Status {
        /// The proxy, without what may be secret in its address.
        proxy: String,
        /// The status.
        status: u16,
    },
    /// A proxy would be asked without TLS.
    #[error("{proxy} is not https, and plain http is used to this machine only")]
    Plaintext {
        /// The proxy, without what may be secret in its address.
        proxy: String,
    },
    /// A proxy does not answer.
    #[error("{proxy}: {source}")]
    Http {
        /// The proxy, without what may be secret in its address.
        proxy: String,
        /// What is wrong.
        source: HttpError,
    },
    /// A folder that serves as a proxy cannot be read.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
}

impl ModuleProxies {
    /// Reads a list: entries with `,` behind them are left for the next one
    /// where they have no such module, those with `|` for any failure.
    ///
    /// # Errors
    /// [`ProxyError::List`], or [`ProxyError::Http`] if no client can be set up.
    pub fn new(list: &str, agent: &str, connection: &Connection) -> Result<Self, ProxyError> {
        let mut steps = Vec::new();
        let mut rest = list.trim();
        while !rest.is_empty() {
            let end = rest.find([',', '|']).unwrap_or(rest.len());
            let (entry, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let any_failure = after.starts_with('|');
            rest = after.get(1..).unwrap_or_default();
            let entry = entry.trim();
            if entry.is_empty() {
                continue;
            }
            let place = place(entry)?;
            steps.push(Step { place, any_failure });
        }
        let client = HttpClient::new(agent, connection).map_err(|source| ProxyError::Http {
            proxy: "the client".to_owned(),
            source,
        })?;
        Ok(Self {
            steps,
            client,
            most_bytes: connection.limits.body_bytes,
        })
    }

    /// Where the checksum database of a name is asked: through the first proxy
    /// that offers it, as Go does, or else at its own address.
    #[must_use]
    pub fn database_address(&self, name: &str) -> String {
        for step in &self.steps {
            if let Place::Address(address) = &step.place {
                let through = format!("{address}/sumdb/{name}");
                let answer = self.client.get(&format!("{through}/supported"), &[]);
                if answer.is_ok_and(|answer| answer.status == 200) {
                    return through;
                }
            }
        }
        format!("https://{name}")
    }

    /// The zip archive of a module at a version.
    ///
    /// # Errors
    /// [`ProxyError`] of the last proxy that was asked.
    pub fn zip(&self, module: &str, version: &str) -> Result<Vec<u8>, ProxyError> {
        let (path, file) = (escaped(module), escaped(version));
        for text in [&path, &file] {
            if !is_plain(text) {
                let text = text.clone();
                return Err(ProxyError::Name { text });
            }
        }
        let mut last = ProxyError::NotFound;
        for step in &self.steps {
            match self.ask(&step.place, &format!("{path}/@v/{file}.zip")) {
                Ok(bytes) => return Ok(bytes),
                // Whatever the proxies before it said: nothing comes behind it.
                Err(ProxyError::Direct) => return Err(ProxyError::Direct),
                Err(error) => {
                    let not_found = matches!(error, ProxyError::NotFound);
                    // The first failure says more than "not found" behind it.
                    if !not_found || matches!(last, ProxyError::NotFound) {
                        last = error;
                    }
                    if !not_found && !step.any_failure {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    fn ask(&self, place: &Place, below: &str) -> Result<Vec<u8>, ProxyError> {
        match place {
            Place::Off => Err(ProxyError::Off),
            Place::Direct => Err(ProxyError::Direct),
            Place::Folder(folder) => self.read(&folder.join(below)),
            Place::Address(address) => {
                let answer = self.client.get(&format!("{address}/{below}"), &[]);
                let proxy = without_secrets(address);
                match answer {
                    Ok(answer) if answer.status == 200 => Ok(answer.body),
                    Ok(answer) if matches!(answer.status, 404 | 410) => Err(ProxyError::NotFound),
                    Ok(answer) => Err(ProxyError::Status {
                        proxy,
                        status: answer.status,
                    }),
                    Err(HttpError::Plaintext { .. }) => Err(ProxyError::Plaintext { proxy }),
                    Err(source) => Err(ProxyError::Http { proxy, source }),
                }
            }
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    fn read(&self, path: &Path) -> Result<Vec<u8>, ProxyError> {
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => ProxyError::NotFound,
            _ => ProxyError::Folder {
                path: path.to_owned(),
                source,
            },
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        let limit = self.most_bytes;
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > limit {
            return Err(ProxyError::Http {
                proxy: path.display().to_string(),
                source: HttpError::TooLarge { limit },
            });
        }
        Ok(bytes)
    }
}

fn place(entry: &str) -> Result<Place, ProxyError> {
    Ok(match entry {
        "off" => Place::Off,
        "direct" => Place::Direct,
        _ => match entry.split_once("://") {
            Some(("file", path)) => Place::Folder(PathBuf::from(path)),
            Some(("http" | "https", _)) => Place::Address(entry.trim_end_matches('/').to_owned()),
            _ => {
                return Err(ProxyError::List {
                    entry: without_secrets(entry),
                });
            }
        },
    })
}

/// An address without user and password.
fn without_secrets(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..host_end).and_then(|host| host.rfind('@')) {
        Some(at) => format!("{scheme}://{}", rest.get(at + 1..).unwrap_or_default()),
        None => address.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<ModuleProxies, ProxyError> {
        ModuleProxies::new(text, "test", &Connection::default())
    }

    #[test]
    fn the_list_is_followed_as_go_does() {
        let zip = |text: &str| list(text).unwrap().zip("example.org/M", "v1.0.0");
        assert!(matches!(zip("off"), Err(ProxyError::Off)));
        assert!(matches!(zip("direct"), Err(ProxyError::Direct)));
        assert!(matches!(zip(""), Err(ProxyError::NotFound)));
        // Nothing is at this place, so that the next one is asked.
        assert!(matches!(
            zip("file:///nowhere,direct"),
            Err(ProxyError::Direct)
        ));
        // A refusal ends the list, unless it says otherwise.
        let refused = "http://u:secret@10.0.0.1/x";
        let error = zip(&format!("{refused},off")).unwrap_err();
        assert!(matches!(error, ProxyError::Plaintext { .. }));
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(matches!(
            zip(&format!("file:///nowhere|{refused}|off")),
            Err(ProxyError::Off)
        ));
        assert!(matches!(list("ftp://x"), Err(ProxyError::List { .. })));
    }

    #[test]
    fn names_are_escaped_or_refused() {
        assert_eq!(
            escaped("github.com/BurntSushi/toml"),
            "github.com/!burnt!sushi/toml"
        );
        let proxies = list("file:///nowhere").unwrap();
        for wrong in ["", "../x", "a//b", "a?b", "a%2fb", "a b", "a#b"] {
            assert!(
                matches!(proxies.zip(wrong, "v1"), Err(ProxyError::Name { .. })),
                "{wrong}"
            );
        }
    }
}
