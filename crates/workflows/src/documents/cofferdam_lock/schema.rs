//! The JSON Schema of the lock, which YAML tools take as well.

use serde_json::{Value, json};

use super::{NOT_KNOWN, VERSION};

const PIN: &str = "^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+@[^:\\s]+$";
const H1: &str = "^h1:[A-Za-z0-9+/]{43}=$";
const DIGEST: &str = "^(sha256:[0-9a-fA-F]{64}|sha512:[0-9a-fA-F]{128})$";

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let pins =
        json!({"type": "array", "items": {"type": "string", "pattern": PIN}, "uniqueItems": true});
    let texts = |description: &str| {
        json!({
            "description": description,
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "uniqueItems": true,
        })
    };
    let hashes = |description: &str, pattern: &str| {
        json!({
            "description": description,
            "type": "object",
            "additionalProperties": {"anyOf": [
                {"type": "string", "pattern": pattern},
                {"const": NOT_KNOWN},
            ]},
        })
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!(
            "https://github.com/cofferdam/cofferdam/raw/main/docs/schema/cofferdam-lock-v{VERSION}.json"
        ),
        "title": "Cofferdam lock",
        "description": "What `cofferdam lock write` puts into .github/cofferdam.lock: everything \
            that GitHub's actions.lock leaves open. YAML, sorted, one fact a line.",
        "type": "object",
        "additionalProperties": false,
        "required": ["version"],
        "properties": {
            "version": {"description": "The version of the format.", "const": VERSION},
            "actions": {
                "description": "Actions and called workflows of other repositories, at any depth, \
                    by OWNER/REPO@REF as in actions.lock.",
                "type": "object",
                "propertyNames": {"pattern": PIN},
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["commit", "tree", "paths"],
                    "properties": {
                        "commit": {
                            "description": "The commit that the ref led to, with its hash function.",
                            "type": "string",
                            "pattern": "^(sha1-[0-9a-f]{40}|sha256-[0-9a-f]{64})$",
                        },
                        "tree": {
                            "description": "The content hash of what a runner unpacks of the \
                                commit: Go's dirhash h1 over its files, export-ignore and \
                                export-subst applied, symbolic links followed, `excluded` left out.",
                            "anyOf": [{"type": "string", "pattern": H1}, {"const": NOT_KNOWN}],
                        },
                        "excluded": texts("Paths whose bytes depend on the machine that unpacks \
                            them, such as links that lead out of the repository."),
                        "accepted": texts("Those of `excluded` with which somebody has agreed \
                            to live (`cofferdam lock write --accept-excluded`)."),
                        "paths": texts("The actions and workflows of the repository that are \
                            used; `.` is the action at its root."),
                        "uses": pins,
                        "images": texts("The container images that those use; each has an entry \
                            in `images`."),
                        "tools": texts("The tools that actions which those use install; each \
                            has an entry in `tools`."),
                        "downloads": texts("The addresses from which their scripts fetch what \
                            they run; each has an entry in `downloads`."),
                        "permissions": texts("What called workflows ask of the token, as in \
                            `contents: write`."),
                        "calls": texts("What their code calls of the network and of other \
                            programs, as far as its text shows it."),
                        "undecided": texts("Scripts of which nobody can tell what they fetch, \
                            and why."),
                    },
                },
            },
            "images": hashes("Digests of container images that workflows, actions and scripts \
                name, by the name without a digest.", DIGEST),
            "bases": hashes("Digests of the images that Dockerfiles build on.", DIGEST),
            "tools": {
                "description": "Tools that actions install, by `OWNER/REPO@REF NAME VERSION` with \
                    the version as it is asked for, and where those take them from.",
                "type": "object",
                "additionalProperties": {"type": "string", "minLength": 1},
            },
            "downloads": hashes("Addresses from which scripts fetch what they run, and what the \
                script compares it with.", DIGEST),
            "local": hashes("Content hashes of the folders of the repository's own actions.", H1),
        },
    })
}
