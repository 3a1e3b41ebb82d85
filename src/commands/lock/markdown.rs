//! A difference between locks, for people and for programs.

use std::collections::BTreeSet;
use std::fmt::Display;

use cofferdam_findings::sanitise::markdown_code;
use cofferdam_locking::difference::{ActionChange, CodeChange, CodeDifference, Difference};
use serde_json::{Value, json};

/// So many names of one kind are told; the rest is counted.
const MOST_TOLD: usize = 20;

pub(super) fn render(found: &Difference) -> String {
    if found.is_empty() {
        return "Nothing that is locked has changed.\n".to_owned();
    }
    let mut text = String::from("## What changed behind the pins\n");
    if !found.released.is_empty() {
        text.push_str(&format!(
            "\n**GitHub no longer holds these workflows to their locked commits, as actions.lock \
             does not list them: {}**\n",
            listed(&found.released)
        ));
    }
    for change in &found.actions {
        action(change, &mut text);
    }
    if !found.entries.is_empty() {
        text.push_str("\n### Images, tools, downloads and local actions\n\n");
    }
    for entry in &found.entries {
        let (section, name) = entry.key.parts();
        let what = match (&entry.old, &entry.new) {
            (None, Some(new)) => format!("new: {}", markdown_code(new)),
            (Some(_), None) => "no longer used".to_owned(),
            (old, new) => format!(
                "{} -> {}",
                markdown_code(old.as_deref().unwrap_or_default()),
                markdown_code(new.as_deref().unwrap_or_default())
            ),
        };
        text.push_str(&format!("- {section}: {} {what}\n", markdown_code(&name)));
    }
    text
}

fn action(change: &ActionChange, text: &mut String) {
    let title = match (&change.old, &change.new) {
        (Some((old, _)), Some((new, _))) if old == new => markdown_code(&old.to_string()),
        (Some((old, _)), Some((new, _))) => format!(
            "{}: {} -> {}",
            markdown_code(&old.slug()),
            markdown_code(&old.git_ref),
            markdown_code(&new.git_ref)
        ),
        (None, Some((new, _))) => format!("New: {}", markdown_code(&new.to_string())),
        (Some((old, _)), None) => format!("No longer used: {}", markdown_code(&old.to_string())),
        (None, None) => return,
    };
    text.push_str(&format!("\n### {title}\n\n"));
    if change.content_forged() {
        text.push_str("- **The commit is the same and its content hash is another. One of the two locks is forged.**\n");
    }
    if change.hash_lost() {
        text.push_str("- **The content hash was taken away: nothing is compared with it.**\n");
    }
    if let (Some((_, old)), Some((_, new))) = (&change.old, &change.new)
        && old.commit != new.commit
    {
        let moved = if change.ref_moved() {
            " (the ref is the same and was moved)"
        } else {
            ""
        };
        text.push_str(&format!(
            "- commit {} -> {}{moved}\n",
            old.commit.id, new.commit.id
        ));
    }
    if let (None, Some((_, new))) = (&change.old, &change.new) {
        text.push_str(&format!("- commit {}\n", new.commit.id));
    }
    if change.new.is_some() {
        sides("actions that it uses", change.uses(), text);
        sides("images that it uses", change.images(), text);
        sides("tools that come with it", change.tools(), text);
        sides("downloads of its scripts", change.downloads(), text);
        sides("scripts that nobody can judge", change.undecided(), text);
        sides("paths that are accepted unseen", change.accepted(), text);
        sides("rights that it asks for", change.permissions(), text);
        sides("calls in its code", change.calls(), text);
        code(&change.code, text);
    }
}

fn sides<T: Ord + Display>(what: &str, (new, gone): (BTreeSet<T>, BTreeSet<T>), text: &mut String) {
    for (word, items) in [("new", &new), ("gone", &gone)] {
        if !items.is_empty() {
            let names: Vec<String> = items.iter().map(ToString::to_string).collect();
            text.push_str(&format!("- {word} {what}: {}\n", listed(&names)));
        }
    }
}

fn code(code: &CodeChange, text: &mut String) {
    let found = match code {
        CodeChange::NotLooked => return,
        CodeChange::NotAtHand(reason) => {
            text.push_str(&format!(
                "- its files were not compared: {}\n",
                markdown_code(reason)
            ));
            return;
        }
        CodeChange::Compared(found) => found,
    };
    for (word, files) in [
        ("changed", &found.changed),
        ("new", &found.added),
        ("gone", &found.removed),
    ] {
        if !files.is_empty() {
            text.push_str(&format!(
                "- {word} files ({}): {}\n",
                files.len(),
                listed(files)
            ));
        }
    }
    if found.calls.is_empty() {
        text.push_str("- no call of the network or of another program is new in its files\n");
    }
    for call in found.calls.iter().take(MOST_TOLD) {
        text.push_str(&format!(
            "- **new call** {} in {} ({} -> {})\n",
            markdown_code(&call.name),
            markdown_code(&call.path),
            call.before,
            call.after
        ));
    }
    if let Some(rest) = found
        .calls
        .len()
        .checked_sub(MOST_TOLD)
        .filter(|rest| *rest > 0)
    {
        text.push_str(&format!("- and {rest} more new calls\n"));
    }
}

fn listed(names: &[String]) -> String {
    let told: Vec<String> = names
        .iter()
        .take(MOST_TOLD)
        .map(|name| markdown_code(name))
        .collect();
    match names.len().checked_sub(MOST_TOLD).filter(|rest| *rest > 0) {
        Some(rest) => format!("{} and {rest} more", told.join(", ")),
        None => told.join(", "),
    }
}

pub(super) fn value(found: &Difference) -> Value {
    let actions: Vec<Value> = found.actions.iter().map(action_value).collect();
    let entries: Vec<Value> = (found.entries.iter())
        .map(|entry| {
            let (section, name) = entry.key.parts();
            json!({"section": section, "name": name, "old": entry.old, "new": entry.new})
        })
        .collect();
    json!({"version": 1, "actions": actions, "entries": entries, "released": found.released})
}

fn action_value(change: &ActionChange) -> Value {
    let side = |side: &Option<(
        cofferdam_facts::Pin,
        cofferdam_workflows::documents::cofferdam_lock::Entry,
    )>| {
        side.as_ref().map(|(pin, entry)| {
            json!({"pin": pin.to_string(), "commit": entry.commit.to_string(), "tree": entry.tree.to_string()})
        })
    };
    let names = |items: BTreeSet<cofferdam_facts::Pin>| -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    };
    let (new_uses, gone_uses) = change.uses();
    let (new_images, gone_images) = change.images();
    let (new_rights, gone_rights) = change.permissions();
    let (new_calls, gone_calls) = change.calls();
    let pair =
        |(new, gone): (BTreeSet<String>, BTreeSet<String>)| json!({"new": new, "gone": gone});
    json!({
        "old": side(&change.old),
        "new": side(&change.new),
        "ref_moved": change.ref_moved(),
        "content_forged": change.content_forged(),
        "hash_lost": change.hash_lost(),
        "uses": {"new": names(new_uses), "gone": names(gone_uses)},
        "images": {"new": new_images, "gone": gone_images},
        "tools": pair(change.tools()),
        "downloads": pair(change.downloads()),
        "undecided": pair(change.undecided()),
        "accepted": pair(change.accepted()),
        "permissions": {"new": new_rights, "gone": gone_rights},
        "calls": {"new": new_calls, "gone": gone_calls},
        "code": match &change.code {
            CodeChange::NotLooked => Value::Null,
            CodeChange::NotAtHand(reason) => json!({"not_checked": reason}),
            CodeChange::Compared(found) => code_value(found),
        },
    })
}

fn code_value(found: &CodeDifference) -> Value {
    let calls: Vec<Value> = (found.calls.iter())
        .map(|call| json!({"path": call.path, "name": call.name, "before": call.before, "after": call.after}))
        .collect();
    json!({"added": found.added, "removed": found.removed, "changed": found.changed, "calls": calls})
}
