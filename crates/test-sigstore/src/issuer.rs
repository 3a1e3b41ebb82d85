//! An issuer of tokens, as that of GitHub.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::keys::{self, Key};
use crate::now;

/// For whom tokens must be meant.
const AUDIENCE: &str = "sigstore";

/// Gives tokens, and says by which key.
pub struct Issuer {
    key: Key,
    url: String,
}

/// What GitHub says of a job of a workflow, all claims of its token.
#[must_use]
pub fn github_job(repository: &str, workflow: &str, git_ref: &str, commit: &str) -> Value {
    let owner = repository.split('/').next().unwrap_or_default();
    let workflow = format!("{repository}/{workflow}@{git_ref}");
    json!({
        "sub": format!("repo:{repository}:ref:{git_ref}"),
        "repository": repository,
        "repository_owner": owner,
        "repository_id": "1001",
        "repository_owner_id": "2002",
        "repository_visibility": "public",
        "ref": git_ref,
        "sha": commit,
        "workflow_ref": workflow,
        "workflow_sha": commit,
        "job_workflow_ref": workflow,
        "job_workflow_sha": commit,
        "event_name": "push",
        "runner_environment": "github-hosted",
        "run_id": "3003",
        "run_attempt": "1",
    })
}

impl Issuer {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            key: Key::new(),
            url: url.to_owned(),
        }
    }

    /// A token that says this, for five minutes. Claims in the place of `iss`,
    /// `aud`, `iat` and `exp` are kept.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        let mut all = json!({
            "iss": self.url,
            "aud": AUDIENCE,
            "iat": now() - 5,
            "exp": now() + 300,
        });
        let members = all.as_object_mut().unwrap();
        members.extend(claims.as_object().cloned().unwrap_or_default());
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let head = json!({ "alg": "ES256", "kid": "1", "typ": "JWT" });
        let signed = format!("{}.{}", part(&head), part(&all));
        let signature = BASE64URL.encode(self.key.sign_fixed(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// What a token says, if it is one of ours, meant for us, and of now.
    pub(crate) fn verified(&self, token: &str) -> Result<Value, &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("this is no token")?;
        let (_, payload) = signed.split_once('.').ok_or("this is no token")?;
        let signature = BASE64URL
            .decode(signature)
            .map_err(|_| "this is no token")?;
        let Some((r, s)) = signature.split_at_checked(32) else {
            return Err("this is no token");
        };
        let der = crate::der::sequence(&[&crate::der::integer(r), &crate::der::integer(s)]);
        if !keys::verifies(&self.key.public(), signed.as_bytes(), &der) {
            return Err("the token is not signed by the issuer");
        }
        let payload = BASE64URL.decode(payload).map_err(|_| "this is no token")?;
        let claims: Value = serde_json::from_slice(&payload).map_err(|_| "this is no token")?;
        if claims.get("aud").and_then(Value::as_str) != Some(AUDIENCE) {
            return Err("the token is meant for somebody else");
        }
        if claims
            .get("exp")
            .and_then(Value::as_i64)
            .is_none_or(|until| until < now())
        {
            return Err("the token has expired");
        }
        Ok(claims)
    }

    pub(crate) fn answer(&self, path: &str) -> Answer {
        match path {
            "/keys" => {
                let (x, y) = self.key.point()[1..].split_at(32);
                Answer::json(
                    200,
                    &json!({ "keys": [{
                        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
                        "x": BASE64URL.encode(x), "y": BASE64URL.encode(y),
                    }]}),
                )
            }
            // As the address in ACTIONS_ID_TOKEN_REQUEST_URL answers a job.
            "/token" => {
                let job = github_job(
                    "owner/project",
                    ".github/workflows/release.yml",
                    "refs/tags/v1.0.0",
                    &"a".repeat(40),
                );
                Answer::json(200, &json!({ "value": self.token(&job) }))
            }
            _ => Answer::json(
                200,
                &json!({
                    "issuer": self.url,
                    "jwks_uri": format!("{}/keys", self.url),
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["ES256"],
                }),
            ),
        }
    }
}
