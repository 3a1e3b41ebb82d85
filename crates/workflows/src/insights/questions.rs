//! What only a person can say of a description: questions, never answers.

use cofferdam_facts::{Span, Spanned};

use super::TO_ANSWER;
use super::keys::{self, Key};
use crate::documents::Insights;
use crate::yaml::Node;

/// One question about a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question, one line.
    pub text: String,
    /// What it is about, if that stands in the file.
    pub span: Option<Span>,
    /// The key that holds the answer, if it is about one.
    pub key: Option<&'static Key>,
}

impl Question {
    /// A question about something in the file.
    pub fn at(span: Span, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            span: Some(span),
            key: None,
        }
    }

    /// A question about something that the file does not say.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            span: None,
            key: None,
        }
    }

    /// Says which key it is about.
    #[must_use]
    pub fn key(mut self, path: &str) -> Self {
        self.key = keys::at(path);
        self
    }
}

/// What has to be asked of a description at every review.
#[must_use]
pub fn of(insights: &Insights) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for contact in &insights.contacts {
        if known.contains(&contact.value.as_str()) {
            continue;
        }
        known.push(&contact.value);
        let text = format!(
            "Does {} still reach whoever handles vulnerabilities?",
            contact.value
        );
        let question = Question::at(contact.span, text);
        questions.push(question.key("project.vulnerability-reporting.contact"));
    }
    let administrators = administrators(insights);
    people(
        &administrators,
        "administrators",
        "project.administrators",
        &mut questions,
    );
    people(
        &insights.core_team,
        "core team",
        "repository.core-team",
        &mut questions,
    );
    if let Some(status) = &insights.status {
        let text = format!("Is the project still {}?", status.value);
        questions.push(Question::at(status.span, text).key("repository.status"));
    }
    if let Some(accepted) = &insights.reports_accepted {
        let what = if accepted.value {
            "accepted"
        } else {
            "refused"
        };
        let text = format!("Are reports of vulnerabilities still {what}?");
        let question = Question::at(accepted.span, text);
        questions.push(question.key("project.vulnerability-reporting.reports-accepted"));
    }
    let named = |tool: &Spanned<String>| tool.value.clone();
    let tools: Vec<String> = insights
        .tools
        .iter()
        .filter_map(|t| t.name.as_ref().map(named))
        .collect();
    if let (Some(first), false) = (insights.tools.first(), tools.is_empty()) {
        let text = format!("Are these still the security tools: {}?", tools.join(", "));
        questions.push(Question::at(first.span, text).key("repository.security.tools"));
    }
    if let Some(version) = insights.version.as_ref().filter(|v| v.value.major == 1) {
        let text = "Version 1 of the specification has been replaced; will you move to version 2?";
        questions.push(Question::at(version.span, text).key("header.schema-version"));
    }
    questions
}

fn people(names: &[Spanned<String>], what: &str, key: &str, questions: &mut Vec<Question>) {
    // What is marked in a draft is asked anyway.
    let answered = |name: &&Spanned<String>| !name.value.contains(TO_ANSWER);
    let names: Vec<&Spanned<String>> = names.iter().filter(answered).collect();
    if let Some(first) = names.first() {
        let all: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        let text = format!("Are these still the {what}: {}?", all.join(", "));
        questions.push(Question::at(first.span, text).key(key));
    }
}

fn administrators(insights: &Insights) -> Vec<Spanned<String>> {
    let list = insights
        .document()
        .root()
        .and_then(|root| root.get("project")?.get("administrators"));
    let name = |item: Node<'_>| {
        let name = item.get("name")?;
        Some(Spanned::new(name.as_str()?.to_owned(), name.span()))
    };
    list.map_or_else(Vec::new, |list| list.items().filter_map(name).collect())
}
