//! YAML for readers of other crates.

use cofferdam_facts::SourceFile;
use serde_json::Value as Json;

use super::{Node, Value, yaml};
use crate::document::ParseError;
use crate::mistake::{Mistake, Problem};

/// The one document of a YAML file. Plain scalars stay texts as they are written, so
/// that a version such as `1.10` is no number; of the others, `null`, `true` and
/// `false` alone are not texts.
///
/// # Errors
/// [`ParseError`]: no YAML, several documents, an anchor, or the same key twice.
pub fn yaml_as_json(file: &SourceFile) -> Result<Json, ParseError> {
    let failed = |mistake| ParseError {
        path: file.shared_path(),
        mistake,
    };
    let roots = yaml(file).map_err(failed)?;
    let [root] = roots.as_slice() else {
        let problem = Problem::expected("one document", "several or none");
        return Err(failed(Mistake::at(1, problem)));
    };
    Ok(json(root))
}

/// The tree is of a bounded depth already.
fn json(node: &Node<'_>) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(is) => Json::Bool(*is),
        Value::Number(text) | Value::Text(text) => Json::String(text.to_string()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Table(entries) => {
            let pairs = entries.iter();
            let pairs = pairs.map(|entry| (entry.key.to_string(), json(&entry.node)));
            Json::Object(pairs.collect())
        }
    }
}
