//! The JSON schema of what `cofferdam what-if --format json` writes.

use serde_json::{Value, json};

use crate::asset::Class;
use crate::verdict::Level;

/// The version of the JSON.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON schema (draft 2020-12) of what `cofferdam what-if --format json`
/// writes.
#[must_use]
pub fn schema() -> Value {
    let head = json!({
        "schema_version": { "const": SCHEMA_VERSION },
        "repository": optional("`owner/name`, where it is known."),
        "revision": optional("The commit that was read, where a revision was named."),
        "settings_known": flag("Whether settings were given for the repository."),
        "without": texts("The controls that were taken away."),
        "unread": list("What was not understood as a whole, and may be hit too.", "unread"),
        "not_checked": list("What could not be read.", "not_checked"),
    });
    let mut defs = forms(&head);
    if let (Some(defs), Value::Object(parts)) = (defs.as_object_mut(), parts()) {
        defs.extend(parts);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://github.com/cofferdam/cofferdam/raw/main/docs/schema/what-if-v{SCHEMA_VERSION}.json"),
        "title": "Cofferdam what-if",
        "description": "What `cofferdam what-if --format json` writes. `question` says which of the \
            forms it is. Fields may be added within a version; a reader ignores fields that it does \
            not know. Text comes from the checkout and must be made safe for wherever it is shown.",
        "type": "object",
        "oneOf": [
            { "$ref": "#/$defs/thing" },
            { "$ref": "#/$defs/things" },
            { "$ref": "#/$defs/all" },
            { "$ref": "#/$defs/everywhere" },
            { "$ref": "#/$defs/layers" },
            { "$ref": "#/$defs/falls" },
        ],
        "$defs": defs,
    })
}

/// The forms that a document has.
fn forms(head: &Value) -> Value {
    json!({
            "thing": with(object("One thing is taken over.", &thing()), head),
            "things": object("The same in every repository below a folder that has it.", &json!({
                "schema_version": { "const": SCHEMA_VERSION },
                "question": { "const": "thing" },
                "recursive": { "const": true },
                "asked": text("What was asked for, as it was written."),
                "repositories": list("One entry for each thing that the name means in a \
                    repository, in order of path.", "thing"),
                "summary": object("All of them together.", &json!({
                    "repositories": number("How many were asked."),
                    "hit": number("How many have it."),
                    "reachable": number("How many lose something at once."),
                    "jobs": number("How many jobs it comes into."),
                    "rotate": list("The secrets that must be replaced.", "rotated"),
                    "doubtful": texts("Repositories that were not read as a whole, each with why."),
                })),
            })),
            "all": with(object("Every dependency, the one that gets most first.", &json!({
                "question": { "const": "all" },
                "dependencies": list("In order of points.", "dependency"),
                "weights": { "$ref": "#/$defs/weights" },
            })), head),
            "everywhere": object("The same over every repository below a folder.", &json!({
                "schema_version": { "const": SCHEMA_VERSION },
                "question": { "const": "all" },
                "recursive": { "const": true },
                "repositories": number("How many were asked."),
                "dependencies": list("In order of points.", "shared"),
                "weights": { "$ref": "#/$defs/weights" },
                "doubtful": texts("Repositories that were not read as a whole, each with why."),
            })),
            "layers": with(object("What each layer alone holds.", &json!({
                "question": { "const": "layers" },
                "layers": list("The one that holds most first.", "layer"),
            })), &without_controls(head)),
            "falls": with(object("What falls without some layers.", &json!({
                "question": { "const": "without" },
                "falls": list("Pairs that are worse than before.", "fall"),
            })), head),
    })
}

/// What the forms are made of.
fn parts() -> Value {
    json!({
            "dependency": dependency(),
            "shared": shared(),
            "weights": object("What was counted.", &json!({
                "assets": { "type": "array", "items": object("A weight.", &json!({
                    "of": text("The assets."),
                    "weight": number("Their weight."),
                })) },
                "levels": counts("How many times an asset counts at each level."),
            })),
            "layer": object("A layer.", &json!({
                "layer": text("Its name, as `--without` takes it."),
                "what": text("What it is."),
                "seen": flag("Whether it was seen to stand."),
                "assets": texts("What falls without it."),
                "positions": texts("To whom."),
                "pairs": number("How many pairs fall."),
            })),
            "fall": object("A pair.", &json!({
                "position": text("To whom it falls."),
                "asset": text("What."),
                "was": { "anyOf": [{ "$ref": "#/$defs/verdict" }, { "type": "null" }] },
                "is": { "$ref": "#/$defs/verdict" },
                "path": list("The way, step by step.", "step"),
            })),
            "rotated": object("A secret of a repository.", &json!({
                "repository": text("Which repository."),
                "asset": text("Which secret."),
            })),
            "enters": enters(),
            "gain": gain(),
            "step": object("One step of a way.", &json!({
                "rule": text("The id of the rule that says so."),
                "to": optional("Where it leads."),
                "verdict": { "$ref": "#/$defs/verdict" },
                "places": list("What it rests on.", "place"),
            })),
            "place": object("A place.", &json!({
                "path": optional("The file; null for a setting or a role."),
                "line": line(),
                "what": text("What stands there."),
            })),
            "job": object("A job.", &json!({
                "path": text("The file."),
                "job": text("The job."),
            })),
            "verdict": object("What stands in the way.", &json!({
                "text": text("All of it, in the words of scenarios and claims."),
                "level": level(),
                "facts": texts("Facts that were not seen and decide."),
                "after": texts("Agreements and times that have to come first."),
                "blocked_by": texts("Controls that stop it."),
            })),
            "unread": object("Something that was not understood as a whole.", &json!({
                "path": text("The file."),
                "line": line(),
                "why": text("Why."),
            })),
            "not_checked": object("Something that could not be read.", &json!({
                "code": text("Stable id of the reason."),
                "message": text("What it is."),
                "settle": text("What settles it."),
            })),
    })
}

fn thing() -> Value {
    json!({
        "question": { "const": "thing" },
        "thing": text("What is taken over, in one word."),
        "happens": text("What happens to it."),
        "notes": texts("What is to be known besides."),
        "enters": list("Where it comes in.", "enters"),
        "further": { "type": "array", "items": object("Jobs that it gets into from there.", &json!({
            "rule": text("By which rule of the graph."),
            "jobs": list("Which.", "job"),
        })) },
        "gains": list("What it would get, worst first.", "gain"),
        "reached_by": { "type": "array", "items": object("Who reaches it already.", &json!({
            "position": text("Who."),
            "verdict": { "$ref": "#/$defs/verdict" },
        })) },
        "uses": { "type": "array", "items": object("What a secret is given to.", &json!({
            "by": text("The step or variable."),
            "opens": opens(),
            "guessed": flag("Whether only its name says so."),
            "path": text("The file."),
            "line": number("The line."),
            "job": text("The job."),
        })) },
        "rotate": { "type": "array", "items": object("A secret that must be replaced.", &json!({
            "asset": text("Which."),
            "verdict": { "$ref": "#/$defs/verdict" },
            "home": text("Where it is kept, as far as is known."),
            "opens": { "anyOf": [opens(), { "type": "null" }] },
            "guessed": flag("Whether only its name says so."),
            "command": text("What puts the new value there."),
        })) },
        "checks": { "type": "array", "items": object("What must be looked at.", &json!({
            "level": level(),
            "what": text("What to do."),
        })) },
        "cuts": { "type": "array", "items": object("A change, cheapest for what it saves first.", &json!({
            "changes": { "type": "array", "items": object("One of them; all are needed.", &json!({
                "what": text("What to do."),
                "cost": text("What it costs."),
            })) },
            "places": number("In how many places of the files."),
            "saves": texts("What is saved that those before do not save."),
            "instead": flag("Whether it is an alternative to those before, which save everything."),
        })) },
        "to_save": number("Out of how many."),
    })
}

fn enters() -> Value {
    object(
        "A place where it comes in.",
        &json!({
            "role": {
                "description": "`runs`: its code runs in the job. `container`: in a container of \
                    the job. `holds`: the job holds it. `starts`: it starts the workflow. `acts`: \
                    it acts otherwise.",
                "enum": ["runs", "container", "holds", "starts", "acts"],
            },
            "path": optional("The file; null for what stands in no file."),
            "line": line(),
            "also": {
                "description": "Further lines of the same job.",
                "type": "array",
                "items": { "type": "integer", "minimum": 1 },
            },
            "job": optional("The job."),
            "events": texts("The events that lead there."),
            "environment": optional("The environment of the job."),
            "what": text("What stands there, or what is done."),
            "verdict": { "$ref": "#/$defs/verdict" },
            "direct": texts("What is given to it."),
            "co_resident": texts("What the job holds besides."),
        }),
    )
}

fn gain() -> Value {
    let mut value = object(
        "An asset that it would get.",
        &json!({
            "asset": text("Which."),
            "class": { "enum": Class::ALL.map(Class::word) },
            "weight": number("What it is worth in a ranking."),
            "verdict": { "$ref": "#/$defs/verdict" },
            "nearness": {
                "description": "`direct`: it is given to it. `co-resident`: it is in the same \
                    job. `further`: it takes another step.",
                "enum": ["direct", "co-resident", "further"],
            },
            "home": optional("Where a secret is kept."),
        }),
    );
    if let Some(properties) = value.get_mut("properties").and_then(Value::as_object_mut) {
        let way = list("The way, step by step; only of one repository.", "step");
        properties.insert("path".to_owned(), way);
    }
    value
}

fn dependency() -> Value {
    object(
        "A dependency.",
        &json!({
            "position": text("Who."),
            "points": number("The weights of what it gets, each times its level."),
            "counts": counts("How many assets at each level."),
            "classes": {
                "type": "object",
                "additionalProperties": counts("The same of a class."),
            },
            "jobs": list("The jobs that it comes into.", "job"),
            "worst": { "anyOf": [{ "type": "null" }, object("What is worst.", &json!({
                "asset": text("Which asset."),
                "verdict": { "$ref": "#/$defs/verdict" },
                "path": optional("Where it comes in."),
                "line": line(),
            }))] },
        }),
    )
}

fn shared() -> Value {
    object(
        "A dependency of several repositories.",
        &json!({
            "position": text("Who."),
            "points": number("The points of all repositories."),
            "counts": counts("How many assets at each level."),
            "repositories": number("In how many it comes in."),
            "jobs": number("Into how many jobs."),
            "worst": { "anyOf": [{ "type": "null" }, object("Where it gets most.", &json!({
                "name": text("The repository."),
                "points": number("The points there."),
                "asset": optional("What is worst there."),
                "verdict": { "anyOf": [{ "$ref": "#/$defs/verdict" }, { "type": "null" }] },
                "path": optional("Where it comes in."),
                "line": line(),
            }))] },
        }),
    )
}

/// An object of which every property is required.
fn object(description: &str, properties: &Value) -> Value {
    let names: Vec<&String> = (properties.as_object().into_iter())
        .flat_map(|all| all.keys())
        .collect();
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": names,
    })
}

/// An object with more properties, required too.
fn with(mut object: Value, more: &Value) -> Value {
    let Some(more) = more.as_object() else {
        return object;
    };
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.extend(more.clone());
    }
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.extend(more.keys().map(|key| json!(key)));
    }
    object
}

fn without_controls(head: &Value) -> Value {
    let mut head = head.clone();
    if let Some(head) = head.as_object_mut() {
        head.shift_remove("without");
    }
    head
}

fn opens() -> Value {
    json!({
        "description": "What a secret opens.",
        "enum": ["registry", "app-key", "github-token", "ssh-key", "signing", "cloud", "other"],
    })
}

fn level() -> Value {
    json!({ "description": "How bad.", "enum": Level::ALL.map(Level::word) })
}

fn counts(description: &str) -> Value {
    let levels = Level::ALL.map(|level| (level.word().to_owned(), json!({ "type": "integer" })));
    object(description, &Value::Object(levels.into_iter().collect()))
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn optional(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "null"] })
}

fn flag(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

fn number(description: &str) -> Value {
    json!({ "description": description, "type": "integer", "minimum": 0 })
}

fn line() -> Value {
    json!({ "description": "Counted from 1.", "type": ["integer", "null"], "minimum": 1 })
}

fn texts(description: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string" } })
}

fn list(description: &str, of: &str) -> Value {
    json!({
        "description": description,
        "type": "array",
        "items": { "$ref": format!("#/$defs/{of}") },
    })
}
