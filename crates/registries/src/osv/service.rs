//! The service that knows which advisories are about a package at a version.

use std::io::Read as _;

use serde::{Deserialize, Serialize};

use crate::http::{Connection, HttpClient, HttpError};

/// Where OSV answers.
pub const SERVICE: &str = "https://api.osv.dev";
/// The most questions of one request. Source: documentation, `POST /v1/querybatch`.
const MOST_QUERIES: usize = 1000;
/// The most requests for one list of questions: a server that always has another page
/// would be asked for ever.
const MOST_REQUESTS: usize = 10_000;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    /// The ecosystem, in OSV's word.
    pub ecosystem: String,
    /// The name of the package.
    pub name: String,
    /// The version.
    pub version: String,
}

/// The service.
#[derive(Clone, Debug)]
pub struct Service {
    address: String,
    client: HttpClient,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The service answers with another status.
    #[error("{address} answers with status {status}")]
    Status {
        /// The address.
        address: String,
        /// The status.
        status: u16,
    },
    /// The answer is not what the documentation describes.
    #[error("{address} answers with something else than described: {what}")]
    Form {
        /// The address.
        address: String,
        /// What is wrong.
        what: String,
    },
    /// It does not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
}

#[derive(Serialize)]
struct Batch<'q> {
    queries: Vec<Asked<'q>>,
}

#[derive(Serialize)]
struct Asked<'q> {
    package: PackageAsked<'q>,
    version: &'q str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<String>,
}

#[derive(Serialize)]
struct PackageAsked<'q> {
    ecosystem: &'q str,
    name: &'q str,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Option<Found>>,
}

#[derive(Default, Deserialize)]
struct Found {
    #[serde(default)]
    vulns: Vec<Id>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

impl Service {
    /// The service at an address.
    ///
    /// # Errors
    /// [`HttpError`] if no client can be set up.
    pub fn new(address: &str, agent: &str, connection: &Connection) -> Result<Self, HttpError> {
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            client: HttpClient::new(agent, connection)?,
        })
    }

    /// The ids of the advisories that are about each of the packages, in their order.
    ///
    /// # Errors
    /// [`ServiceError`]; half an answer is none.
    pub fn ids(&self, queries: &[Query]) -> Result<Vec<Vec<String>>, ServiceError> {
        let address = format!("{}/v1/querybatch", self.address);
        let mut all: Vec<Vec<String>> = vec![Vec::new(); queries.len()];
        // What is still to be asked: the place of the question, and of which page.
        let mut open: Vec<(usize, Option<String>)> =
            (0..queries.len()).map(|at| (at, None)).collect();
        for _ in 0..MOST_REQUESTS {
            if open.is_empty() {
                return Ok(all);
            }
            let rest = open.split_off(open.len().min(MOST_QUERIES));
            let asked = std::mem::replace(&mut open, rest);
            let batch = Batch {
                queries: asked
                    .iter()
                    .filter_map(|(at, page)| one(queries, *at, page))
                    .collect(),
            };
            let answer: Answer = self.post(&address, &batch)?;
            if answer.results.len() != asked.len() {
                return Err(ServiceError::Form {
                    address,
                    what: format!(
                        "{} results for {} queries",
                        answer.results.len(),
                        asked.len()
                    ),
                });
            }
            for ((at, _), found) in asked.into_iter().zip(answer.results) {
                let found = found.unwrap_or_default();
                let ids = found.vulns.into_iter().map(|one| one.id);
                if let Some(place) = all.get_mut(at) {
                    place.extend(ids);
                }
                let page = found.next_page_token.filter(|page| !page.is_empty());
                open.extend(page.map(|page| (at, Some(page))));
            }
        }
        Err(ServiceError::Form {
            address,
            what: format!("more than {MOST_REQUESTS} pages"),
        })
    }

    /// The document of an advisory.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn advisory(&self, id: &str) -> Result<Vec<u8>, ServiceError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let address = format!("{}/v1/vulns/{id}", self.address);
        if id.is_empty() || id.starts_with('.') || !id.bytes().all(allowed) {
            let what = "an id that cannot be one".to_owned();
            return Err(ServiceError::Form { address, what });
        }
        let answer = self.client.get(&address, &[])?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(ServiceError::Status { address, status }),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the body ends at the limit of its request"
    )]
    fn post(&self, address: &str, batch: &Batch<'_>) -> Result<Answer, ServiceError> {
        let form = |what: String| ServiceError::Form {
            address: address.to_owned(),
            what,
        };
        let body = serde_json::to_vec(batch).map_err(|error| form(error.to_string()))?;
        let headers = [("content-type", "application/json")];
        let mut answer = self.client.post(address, &headers, body)?;
        if answer.status != 200 {
            let (address, status) = (address.to_owned(), answer.status);
            return Err(ServiceError::Status { address, status });
        }
        let mut body = Vec::new();
        answer
            .body
            .read_to_end(&mut body)
            .map_err(|error| form(error.to_string()))?;
        serde_json::from_slice(&body).map_err(|error| form(error.to_string()))
    }
}

fn one<'q>(queries: &'q [Query], at: usize, page: &Option<String>) -> Option<Asked<'q>> {
    let query = queries.get(at)?;
    Some(Asked {
        package: PackageAsked {
            ecosystem: &query.ecosystem,
            name: &query.name,
        },
        version: &query.version,
        page_token: page.clone(),
    })
}
