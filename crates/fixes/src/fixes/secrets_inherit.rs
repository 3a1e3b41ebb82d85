//! The secrets that a called workflow takes, in the place of all.
//!
//! A name that is handed over must be declared by the called workflow, so that
//! both files change.

use cofferdam_facts::UsesRef;
use cofferdam_findings::Finding;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::secrets::calls;
use cofferdam_workflows::yaml::edit::{Change, Position, Value};
use cofferdam_workflows::yaml::{Kind, Node};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "secrets-inherit",
    offer: Offer::Either,
    summary: "Names the secrets that the called workflow takes, and declares them there; safe \
              for a workflow of the same commit that names all it takes.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let view = place.job().ok_or(NoFix::NoPlace)?;
    let call = view.job.call().ok_or(NoFix::NoPlace)?;
    let called = (cx.repository.own_workflow(&call.uses.value)).ok_or_else(|| {
        NoFix::not_here("the called workflow is not in the checkout: its page names its secrets")
    })?;
    let taken = calls::taken(cx.repository, called);
    if taken.open {
        return Err(NoFix::not_here(
            "the called workflow takes secrets without naming them",
        ));
    }
    let same_commit = matches!(
        call.uses.value,
        UsesRef::Local(_) | UsesRef::SelfRepository(_)
    );
    let safety = if same_commit {
        Safety::Safe
    } else {
        Safety::check(format!(
            "`{}` takes the same secrets as the file in this checkout",
            call.uses.value
        ))
    };
    let names: Vec<String> = taken.names.iter().cloned().collect();
    let explanation = match names.as_slice() {
        [] => format!("`{}` takes no secret", called.path()),
        _ => format!(
            "`{}` takes {} and no other",
            called.path(),
            names.join(", ")
        ),
    };
    let mut fix = Fix::new(safety, explanation).with(place.path(), handed(&place, view, &names)?);
    if !names.is_empty() {
        let declared = declared(called, &names)?;
        for change in declared {
            fix = fix.with(called.path(), change);
        }
    }
    Ok(fix)
}

fn handed(place: &Place<'_>, view: &JobView<'_>, names: &[String]) -> Result<Change, NoFix> {
    let job = place.job_node(view)?;
    let value = job.get("secrets").ok_or(NoFix::NoPlace)?;
    if names.is_empty() {
        return Ok(Change::Remove {
            mapping: job.id(),
            key: "secrets".to_owned(),
        });
    }
    let entry = |name: &String| {
        let value = format!("${{{{ secrets.{name} }}}}");
        (name.clone(), Value::String(value))
    };
    Ok(Change::Replace {
        node: value.id(),
        value: Value::Mapping(names.iter().map(entry).collect()),
    })
}

/// What makes the called workflow declare the names that it does not yet.
fn declared(called: &Workflow, names: &[String]) -> Result<Vec<Change>, NoFix> {
    let known = (called.triggers.iter())
        .filter(|trigger| trigger.name() == "workflow_call")
        .flat_map(|trigger| &trigger.secrets)
        .map(|(name, _)| name.value.to_ascii_uppercase())
        .collect::<Vec<_>>();
    let missing: Vec<&String> = names.iter().filter(|name| !known.contains(name)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let root = called.document.root().ok_or(NoFix::NoPlace)?;
    let on = root.get("on").ok_or(NoFix::NoPlace)?;
    let required = || Value::Mapping(vec![("required".to_owned(), Value::Bool(false))]);
    let entries = missing.iter().map(|name| ((*name).clone(), required()));
    let all = Value::Mapping(entries.collect());
    let secrets = || Value::Mapping(vec![("secrets".to_owned(), all.clone())]);
    let Some(event) = on.get("workflow_call") else {
        return listed(on, &secrets()).map(|change| vec![change]);
    };
    Ok(match event.get("secrets") {
        Some(declared) if declared.kind() == Kind::Mapping => missing
            .iter()
            .map(|name| Change::Insert {
                mapping: declared.id(),
                key: (*name).clone(),
                value: required(),
                position: Position::Last,
            })
            .collect(),
        _ => vec![Change::Insert {
            mapping: event.id(),
            key: "secrets".to_owned(),
            value: all,
            position: Position::Last,
        }],
    })
}

/// `on: workflow_call` and `on: [push, workflow_call]` as a mapping.
fn listed(on: Node<'_>, secrets: &Value) -> Result<Change, NoFix> {
    let names: Vec<&str> = match on.kind() {
        Kind::Scalar => on.as_str().into_iter().collect(),
        Kind::Sequence => on.items().filter_map(|item| item.as_str()).collect(),
        Kind::Mapping => Vec::new(),
    };
    if !names.contains(&"workflow_call") {
        return Err(NoFix::NoPlace);
    }
    let entry = |name: &&str| match *name {
        "workflow_call" => (name.to_string(), secrets.clone()),
        _ => (name.to_string(), Value::Null),
    };
    Ok(Change::Replace {
        node: on.id(),
        value: Value::Mapping(names.iter().map(entry).collect()),
    })
}
