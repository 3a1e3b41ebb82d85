//! What a registry asks for before it answers, and whom its answer may go to.
//!
//! Source: the token protocol of the distribution project; RFC 9110, section
//! 11.6.1.

use std::collections::HashMap;

use reqwest::Url;

use crate::http::{allowed, is_this_machine};

/// Registries whose tokens come from a name of its own, and that name. All of
/// them belong to one operator each.
const KNOWN: [(&str, &str); 3] = [
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
    ("docker.elastic.co", "docker-auth.elastic.co"),
];

/// Whom a token is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Realm {
    /// The registry itself, or a name that is known to belong to it: credentials
    /// may go there.
    Own(Url),
    /// Another name: it is asked as by a stranger. The registry chose it, and
    /// could choose any.
    Foreign(Url),
    /// Nothing is asked there.
    Refused,
}

/// Security invariant: the registry names the realm, so that the realm gets a
/// credential only if it is the registry's own host, one of a known pair, or one
/// that the user allowed; and a registry elsewhere never leads to a service of
/// this machine or to a bare address, such as those of a cloud's metadata.
pub(super) fn realm(base: &Url, named: &str, allowed_host: Option<&str>) -> Realm {
    let Ok(url) = allowed(named) else {
        return Realm::Refused;
    };
    if url.origin() == base.origin() {
        return Realm::Own(url);
    }
    let bare_address = is_address(&url) && url.host_str() != base.host_str();
    if url.scheme() != "https" || is_this_machine(&url) || bare_address {
        return Realm::Refused;
    }
    let host = url.host_str().unwrap_or_default();
    let pair = KNOWN.contains(&(base.host_str().unwrap_or_default(), host));
    let default_ports = url.port().is_none() && base.port().is_none() && base.scheme() == "https";
    if (pair && default_ports) || allowed_host.is_some_and(|name| name == authority(&url)) {
        return Realm::Own(url);
    }
    Realm::Foreign(url)
}

/// Whether a host is written as a number and not as a name, in any of the forms
/// that the standard for addresses takes.
pub(super) fn is_address(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<std::net::IpAddr>().is_ok()
}

/// Host and port, the port where it is not the usual one.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// `name="value"` and `name=value`, parted by commas.
pub(super) fn fields(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
        fields.insert(name, value.to_owned());
        rest = next;
    }
    fields
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_with_and_without_quotes() {
        let fields = fields(
            r#"realm="https://a/token?x=1",service=r.example, scope="repository:a:pull,push""#,
        );
        let field = |name: &str| fields.get(name).map(String::as_str);
        assert_eq!(field("realm"), Some("https://a/token?x=1"));
        assert_eq!(field("service"), Some("r.example"));
        assert_eq!(field("scope"), Some("repository:a:pull,push"));
    }

    fn kind(base: &str, named: &str, user: Option<&str>) -> &'static str {
        match realm(&Url::parse(base).unwrap(), named, user) {
            Realm::Own(_) => "own",
            Realm::Foreign(_) => "foreign",
            Realm::Refused => "refused",
        }
    }

    #[test]
    fn credentials_go_to_the_registry_and_to_known_pairs() {
        let hub = "https://registry-1.docker.io";
        for (base, named, user, due) in [
            (hub, "https://auth.docker.io/token", None, "own"),
            (hub, "https://registry-1.docker.io/token", None, "own"),
            (hub, "https://auth.docker.io:444/token", None, "foreign"),
            (
                hub,
                "https://auth.docker.io.evil.example/token",
                None,
                "foreign",
            ),
            // The pair is that of the hub and of nobody else.
            (
                "https://evil.example",
                "https://auth.docker.io/token",
                None,
                "foreign",
            ),
            (
                "https://r.example:5000",
                "https://r.example/token",
                None,
                "foreign",
            ),
            (
                "https://r.example",
                "https://git.example/jwt",
                None,
                "foreign",
            ),
            (
                "https://r.example",
                "https://git.example/jwt",
                Some("git.example"),
                "own",
            ),
            (
                "https://r.example",
                "https://git.example:8443/jwt",
                Some("git.example"),
                "foreign",
            ),
            (
                "http://127.0.0.1:5000",
                "http://127.0.0.1:5000/token",
                None,
                "own",
            ),
        ] {
            assert_eq!(kind(base, named, user), due, "{base} {named}");
        }
    }

    #[test]
    fn a_registry_leads_to_no_inner_service() {
        for named in [
            "http://auth.example/token",
            "http://127.0.0.1:8080/admin",
            "https://127.0.0.1/admin",
            "https://localhost/admin",
            "https://[::1]/admin",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/",
            "https://2852039166/",
            "https://0x7f.1/",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert_eq!(kind("https://r.example", named, None), "refused", "{named}");
            assert_eq!(
                kind("https://r.example", named, Some("127.0.0.1")),
                "refused"
            );
        }
        // Another port of this machine is another service.
        assert_eq!(
            kind("http://127.0.0.1:5000", "http://127.0.0.1:8080/x", None),
            "refused"
        );
    }
}
