//! Turns one endpoint into one fact: pages, rate limits, refusals.
//!
//! Source: GitHub REST API, "Rate limits", "Using pagination", "Troubleshooting".

use std::cell::{Cell, RefCell};
use std::time::Duration;

use cofferdam_facts::settings::{
    Fact, NotChecked, PermissionSet, Reason, TokenAccess, TokenPermission,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Budget, GitHubApi};
use crate::http::{HttpError, Response};

/// The version of the API whose answers are understood here.
const API_VERSION: &str = "2022-11-28";
/// How often one request is sent at most.
const ATTEMPTS: u32 = 4;
/// What GitHub asks to wait when a secondary limit names no time.
const SECONDARY_WAIT_SECONDS: u64 = 60;

/// One question.
pub(super) struct Endpoint {
    path: String,
    query: String,
    needs: &'static [(&'static str, TokenAccess)],
    version: &'static str,
    paged: bool,
}

impl Endpoint {
    /// An endpoint below the root, and the permissions which a token needs
    /// together, for answers that do not name them.
    pub(super) fn new(path: String, needs: &'static [(&'static str, TokenAccess)]) -> Self {
        Self {
            path,
            query: String::new(),
            needs,
            version: API_VERSION,
            paged: true,
        }
    }

    /// The same with a query, which must be encoded already.
    pub(super) fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// The same for a list that GitHub does not cut into pages.
    pub(super) fn unpaged(mut self) -> Self {
        self.paged = false;
        self
    }

    /// The same in another version of the API.
    pub(super) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    fn url(&self, root: &str, paged: bool) -> String {
        let page = if paged { "per_page=100" } else { "" };
        let parts: Vec<&str> = [self.query.as_str(), page]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() {
            format!("{root}{}", self.path)
        } else {
            format!("{root}{}?{}", self.path, parts.join("&"))
        }
    }

    /// "Not checked" for this endpoint, with the permissions that it needs.
    pub(super) fn refused(&self, reason: Reason) -> NotChecked {
        NotChecked {
            reason,
            needs: needs(self.needs),
        }
    }
}

/// One set of permissions.
pub(super) fn needs(all: &[(&str, TokenAccess)]) -> Vec<PermissionSet> {
    if all.is_empty() {
        return Vec::new();
    }
    let all = all.iter().map(|(name, access)| TokenPermission {
        name: (*name).to_owned(),
        access: *access,
    });
    vec![PermissionSet(all.collect())]
}

/// Why an endpoint gave nothing.
#[derive(Debug)]
pub(super) struct Failure {
    /// What is written down.
    pub(super) why: NotChecked,
    /// The API's own message, which some endpoints need to tell "none" from
    /// "hidden". It is compared, never shown.
    pub(super) message: String,
}

impl<T> From<Failure> for Fact<T> {
    fn from(failure: Failure) -> Self {
        Self::NotChecked(failure.why)
    }
}

/// Asks within a budget.
pub(super) struct Asker<'a> {
    api: &'a dyn GitHubApi,
    budget: &'a Budget,
    requests: Cell<u32>,
    waited: Cell<Duration>,
    /// How many requests in a row got no answer.
    silent: Cell<u32>,
    /// Set when asking on would be of no use or do harm: GitHub bans those who
    /// go on beyond a rate limit or with wrong credentials.
    closed: RefCell<Option<Reason>>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(api: &'a dyn GitHubApi, budget: &'a Budget) -> Self {
        Self {
            api,
            budget,
            requests: Cell::new(0),
            waited: Cell::new(Duration::ZERO),
            silent: Cell::new(0),
            closed: RefCell::new(None),
        }
    }

    /// One object.
    pub(super) fn one<T: DeserializeOwned>(&self, endpoint: &Endpoint) -> Fact<T> {
        self.fetch(endpoint).map_or_else(Fact::from, Fact::Known)
    }

    /// One object, with the failure kept apart.
    pub(super) fn fetch<T: DeserializeOwned>(&self, endpoint: &Endpoint) -> Result<T, Failure> {
        let answer = self.answer(endpoint, &endpoint.url(self.api.root(), false))?;
        read(&answer.body)
    }

    /// Whether an endpoint answers with success, whatever the body.
    pub(super) fn succeeds(&self, endpoint: &Endpoint) -> Result<(), Failure> {
        self.answer(endpoint, &endpoint.url(self.api.root(), false))
            .map(|_| ())
    }

    /// All pages of a bare list.
    pub(super) fn list<T: DeserializeOwned>(&self, endpoint: &Endpoint) -> Fact<Vec<T>> {
        let mut all = Vec::new();
        let read_page = |body: &[u8]| read::<Vec<T>>(body).map(|page| all.extend(page));
        match self.pages(endpoint, read_page) {
            Ok(()) => Fact::Known(all),
            Err(failure) => failure.into(),
        }
    }

    /// All pages of a list which stands under `key` beside `total_count`.
    pub(super) fn counted<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        key: &str,
    ) -> Fact<Vec<T>> {
        let mut all: Vec<T> = Vec::new();
        let mut total = 0;
        let read_page = |body: &[u8]| {
            let mut page: serde_json::Map<String, Value> = read(body)?;
            total = page
                .get("total_count")
                .and_then(Value::as_u64)
                .ok_or_else(malformed)?;
            let items = page.remove(key).ok_or_else(malformed)?;
            let items: Vec<T> = serde_json::from_value(items).map_err(|_| malformed())?;
            all.extend(items);
            Ok(())
        };
        match self.pages(endpoint, read_page) {
            Err(failure) => failure.into(),
            Ok(()) if u64::try_from(all.len()).unwrap_or(u64::MAX) < total => {
                Fact::not_read(Reason::Incomplete)
            }
            Ok(()) => Fact::Known(all),
        }
    }

    fn pages(
        &self,
        endpoint: &Endpoint,
        mut read_page: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut url = endpoint.url(self.api.root(), endpoint.paged);
        for _ in 0..self.budget.pages {
            let answer = self.answer(endpoint, &url)?;
            read_page(&answer.body)?;
            match answer.header("link").and_then(next_page) {
                None => return Ok(()),
                // The token goes along: a list must not lead it elsewhere.
                Some(next) if is_below(self.api.root(), next) => next.clone_into(&mut url),
                Some(_) => return Err(malformed()),
            }
        }
        Err(plain(Reason::TooLarge))
    }

    /// One successful answer, after waiting where the API asks for it.
    fn answer(&self, endpoint: &Endpoint, url: &str) -> Result<Response, Failure> {
        for attempt in 1..=ATTEMPTS {
            if let Some(reason) = self.closed.borrow().clone() {
                return Err(plain(reason));
            }
            if self.requests.get() >= self.budget.requests {
                return Err(plain(Reason::TooLarge));
            }
            self.requests.set(self.requests.get() + 1);
            let answer = match self.api.get(url, endpoint.version) {
                Ok(answer) => answer,
                Err(HttpError::TooLarge { .. }) => return Err(plain(Reason::TooLarge)),
                Err(_) => return Err(self.no_answer()),
            };
            self.silent.set(0);
            if (200..300).contains(&answer.status) {
                return Ok(answer);
            }
            let message = message(&answer.body);
            if let Some(limit) = rate_limit(&answer, &message, self.api.now()) {
                if attempt == ATTEMPTS || !self.may_wait(limit) {
                    return Err(self.close(Reason::RateLimited {
                        retry_after_seconds: Some(limit),
                    }));
                }
                continue;
            }
            if answer.status == 401 && message == "Bad credentials" {
                return Err(self.close(Reason::Unauthenticated));
            }
            // The servers behind the API fail for a moment now and then.
            let passing = matches!(answer.status, 502..=504);
            if passing && attempt == 1 && self.may_wait(1) {
                continue;
            }
            return Err(refusal(endpoint, &answer, message));
        }
        Err(plain(Reason::RateLimited {
            retry_after_seconds: None,
        }))
    }

    /// Ends all asking.
    fn close(&self, reason: Reason) -> Failure {
        *self.closed.borrow_mut() = Some(reason.clone());
        plain(reason)
    }

    /// One more request without an answer. The second in a row is the last:
    /// each may have taken as long as the limit of time allows.
    fn no_answer(&self) -> Failure {
        self.silent.set(self.silent.get() + 1);
        if self.silent.get() > 1 {
            return self.close(Reason::Unreachable);
        }
        plain(Reason::Unreachable)
    }

    /// Waits if the budget allows it.
    fn may_wait(&self, seconds: u64) -> bool {
        let time = Duration::from_secs(seconds);
        let together = self.waited.get().saturating_add(time);
        if together > self.budget.waiting {
            return false;
        }
        self.waited.set(together);
        self.api.wait(time);
        true
    }
}

/// Reads an answer of the shape that GitHub describes.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| malformed())
}

fn malformed() -> Failure {
    plain(Reason::Malformed)
}

fn plain(reason: Reason) -> Failure {
    Failure {
        why: NotChecked {
            reason,
            needs: Vec::new(),
        },
        message: String::new(),
    }
}

/// The `message` that GitHub puts into a refusal.
fn message(body: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let text = value
        .as_ref()
        .and_then(|value| value.get("message"))
        .and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// How many seconds to wait, if the answer says that a limit was reached.
fn rate_limit(answer: &Response, message: &str, now: u64) -> Option<u64> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    let number = |name| {
        answer
            .header(name)
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    if let Some(seconds) = number("retry-after") {
        return Some(seconds);
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let reset = number("x-ratelimit-reset").unwrap_or(now + SECONDARY_WAIT_SECONDS);
        // One more second, for clocks that differ a little.
        return Some(reset.saturating_sub(now).saturating_add(1));
    }
    let limited = answer.status == 429 || message.to_lowercase().contains("rate limit");
    limited.then_some(SECONDARY_WAIT_SECONDS)
}

/// What an answer without success means.
fn refusal(endpoint: &Endpoint, answer: &Response, message: String) -> Failure {
    let reason = match answer.status {
        401 => Reason::Unauthenticated,
        402 => Reason::Plan,
        403 if message.starts_with("Upgrade to GitHub") => Reason::Plan,
        403 => Reason::Forbidden,
        404 => Reason::NotFound,
        code => Reason::Status { code },
    };
    let permission_helps = matches!(reason, Reason::Forbidden | Reason::NotFound);
    let mut why = NotChecked {
        reason,
        needs: Vec::new(),
    };
    if permission_helps {
        let named = answer.header("x-accepted-github-permissions").map(accepted);
        why.needs = named
            .filter(|sets| !sets.is_empty())
            .unwrap_or_else(|| needs(endpoint.needs));
    }
    Failure { why, message }
}

/// Reads `a=read,b=write; c=read`: permissions that go together, and sets of
/// which one is enough. What is not of this form is left out.
fn accepted(header: &str) -> Vec<PermissionSet> {
    let permission = |text: &str| {
        let (name, access) = text.trim().split_once('=')?;
        let access = match access {
            "read" => TokenAccess::Read,
            "write" => TokenAccess::Write,
            "admin" => TokenAccess::Admin,
            _ => return None,
        };
        let good = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        good.then(|| TokenPermission {
            name: name.to_owned(),
            access,
        })
    };
    let set = |text: &str| text.split(',').map(permission).collect::<Option<Vec<_>>>();
    header
        .split(';')
        .take(16)
        .filter_map(set)
        .map(PermissionSet)
        .collect()
}

/// The address of the next page in a `Link` header.
fn next_page(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (address, attributes) = link.split_once('>')?;
        let address = address.trim().strip_prefix('<')?;
        let is_next = attributes
            .split(';')
            .any(|one| matches!(one.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then_some(address)
    })
}

/// Whether an address is on the same host and below the same root.
fn is_below(root: &str, url: &str) -> bool {
    url.strip_prefix(root)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Makes one segment of a path out of any text. `None` for `.` and `..`, which
/// walk through the path however they are encoded.
pub(super) fn segment(text: &str) -> Option<String> {
    if matches!(text, "" | "." | "..") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        Response {
            status,
            headers: headers.iter().map(own).collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn limits_are_read_from_what_the_api_sends() {
        let reset = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "130")];
        assert_eq!(rate_limit(&answer(403, &reset), "", 100), Some(31));
        assert_eq!(rate_limit(&answer(403, &reset), "", 200), Some(1));
        assert_eq!(
            rate_limit(&answer(429, &[("retry-after", "7")]), "", 100),
            Some(7)
        );
        assert_eq!(rate_limit(&answer(429, &[]), "", 100), Some(60));
        let secondary = "You have exceeded a secondary rate limit.";
        assert_eq!(rate_limit(&answer(403, &[]), secondary, 100), Some(60));
        let left = [
            ("x-ratelimit-remaining", "10"),
            ("x-ratelimit-reset", "130"),
        ];
        assert_eq!(
            rate_limit(&answer(403, &left), "Resource not accessible", 100),
            None
        );
        assert_eq!(rate_limit(&answer(404, &reset), "", 100), None);
    }

    #[test]
    fn the_next_page_is_found_among_the_links() {
        let header = r#"<https://a/x?page=1>; rel="prev", <https://a/x?page=3>; rel="next""#;
        assert_eq!(next_page(header), Some("https://a/x?page=3"));
        assert_eq!(next_page(r#"<https://a/x?page=1>; rel="last""#), None);
        assert_eq!(next_page("nonsense"), None);
    }

    #[test]
    fn a_page_elsewhere_is_not_below_the_root() {
        assert!(is_below(
            "https://a/api/v3",
            "https://a/api/v3/repos?page=2"
        ));
        for url in [
            "https://a.evil/repos",
            "https://a@evil/repos",
            "https://b/repos",
            "/repos",
        ] {
            assert!(!is_below("https://a", url), "{url}");
        }
    }

    #[test]
    fn accepted_permissions_are_sets_of_which_one_is_enough() {
        let sets = accepted("pull_requests=read,contents=read; issues=write");
        let shown: Vec<String> = sets.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "`pull_requests: read` and `contents: read`",
                "`issues: write`"
            ]
        );
        assert!(accepted("\u{1b}[31m=read;A B=write;x=everything;").is_empty());
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(
            segment("../a b/ä%").as_deref(),
            Some("..%2Fa%20b%2F%C3%A4%25")
        );
        assert_eq!(segment("release-1.x_~").as_deref(), Some("release-1.x_~"));
        assert_eq!(
            (segment(".."), segment("."), segment("")),
            (None, None, None)
        );
    }
}
