//! The answers for a document or a comment.

use cofferdam_datapack::DataPack;
use cofferdam_exposure::replay::Answer;
use cofferdam_findings::sanitise::{markdown, markdown_code, markdown_prose};
use cofferdam_pipelines::replay::Answered;

use super::{Told, by_time, held_and_further, looked_at, reason, window, words};

pub(super) fn list(pack: &DataPack) -> String {
    let mut text = "# Known incidents\n\n| since | incident | what |\n|---|---|---|\n".to_owned();
    for one in by_time(pack) {
        text.push_str(&format!(
            "| {} | {} | {} |\n",
            one.from.date(),
            markdown_code(&one.id),
            markdown(&one.what)
        ));
    }
    text
}

pub(super) fn render(told: &Told<'_>) -> String {
    let mut text = match told.one {
        true => one(told),
        false => all(told),
    };
    text.push('\n');
    let opaque = told.found.answers.iter().map(|one| one.opaque).max();
    if let Some(count) = opaque.filter(|count| *count > 0) {
        text.push_str(&format!(
            "What {count} actions of others run themselves is not known. "
        ));
    }
    if !told.found.settings {
        text.push_str("Settings are not known. ");
    }
    for one in &told.found.not_checked {
        text.push_str(&format!("Not read: {}. ", markdown(&one.message)));
    }
    text.push_str(&format!(
        "Incidents as known on {}.\n",
        told.pack.created_at.date()
    ));
    text
}

fn all(told: &Told<'_>) -> String {
    let mut text = "# Incidents of the past\n\n| | incident | since | looked at | why |\n|---|---|---|---|---|\n"
        .to_owned();
    for answered in &told.found.answers {
        let Some(incident) = told.incident(answered) else {
            continue;
        };
        let (answer, why) = reason(answered);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            word(answer),
            markdown_code(&incident.id),
            incident.from.date(),
            markdown(&looked_at(answered)),
            markdown(&why)
        ));
    }
    text
}

fn word(answer: Answer) -> String {
    match answer {
        Answer::NotHit => answer.word().to_owned(),
        _ => format!("**{}**", answer.word()),
    }
}

fn one(told: &Told<'_>) -> String {
    let Some(incident) = told.incidents.first() else {
        return String::new();
    };
    let mut text = format!(
        "# {}\n\n{}{}\n\n{} {} {}\n",
        markdown_prose(&incident.name),
        window(incident),
        incident
            .ids
            .iter()
            .map(|id| format!(", {id}"))
            .collect::<String>(),
        markdown_prose(&incident.what),
        markdown_prose(&incident.acted),
        markdown_prose(&incident.stole),
    );
    for answered in &told.found.answers {
        text.push_str(&of_answer(answered));
    }
    text.push_str("\n## What would have stopped it\n\n");
    for control in &incident.controls {
        text.push_str(&format!("- {}\n", markdown_prose(control)));
    }
    if !incident.unknown.is_empty() {
        text.push_str("\n## What no source says\n\n");
        for one in &incident.unknown {
            text.push_str(&format!("- {}\n", markdown_prose(one)));
        }
    }
    text.push_str("\n## Sources\n\n");
    for one in &incident.sources {
        text.push_str(&format!("- <{one}>\n"));
    }
    text
}

fn of_answer(answered: &Answered) -> String {
    let (answer, why) = reason(answered);
    let mut text = format!(
        "\n## With {}: {}\n\n",
        markdown(&looked_at(answered)),
        answer.word()
    );
    let Some(outcome) = &answered.outcome else {
        return format!("{text}{}\n", markdown(&why));
    };
    for used in &outcome.uses {
        text.push_str(&format!(
            "- **{}** {} {}: {}\n",
            used.answer.word(),
            markdown_code(&format!("{}:{}", used.location.path, used.location.line)),
            markdown_code(&used.what),
            markdown(&used.why)
        ));
        for job in used.jobs.iter().filter(|_| used.answer != Answer::NotHit) {
            let (held, further) = held_and_further(job);
            let held = match held.is_empty() {
                true => "nothing that is worth having".to_owned(),
                false => codes(&held),
            };
            text.push_str(&format!(
                "  - job {} would have leaked {held}\n",
                markdown_code(&job.name)
            ));
            if !further.is_empty() {
                text.push_str(&format!("    - and from there {}\n", codes(&further)));
            }
            for cut in &job.cuts {
                text.push_str(&format!("    - stopped by: {}\n", markdown(&cut.what)));
            }
        }
    }
    for (way, places) in outcome.ways.iter().zip(&answered.ways) {
        let leaks: Vec<_> = way.leaks.iter().collect();
        text.push_str(&format!(
            "- **{}** {} by the same way, {}: {}\n",
            way.answer.word(),
            markdown_code(&way.position.to_string()),
            markdown(&way.verdict.to_string()),
            codes(&words(&leaks))
        ));
        for place in places {
            let line = match &place.location {
                Some(at) => format!("{}:{} {}", at.path, at.line, place.what),
                None => place.what.clone(),
            };
            text.push_str(&format!("  - {}\n", markdown_code(&line)));
        }
        for cut in &way.cuts {
            text.push_str(&format!("  - stopped by: {}\n", markdown(&cut.what)));
        }
    }
    for one in &outcome.unread {
        text.push_str(&format!("- **not decided** {}\n", markdown(one)));
    }
    if outcome.uses.is_empty() && outcome.ways.is_empty() && outcome.unread.is_empty() {
        text.push_str("Nothing of it is used, and none of its ways is there.\n");
    }
    text
}

fn codes(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| markdown_code(word)).collect();
    words.join(", ")
}
