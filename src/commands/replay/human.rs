//! The answers for a terminal.

use cofferdam_datapack::DataPack;
use cofferdam_exposure::replay::{Answer, Taken, Use};
use cofferdam_findings::sanitise;
use cofferdam_pipelines::replay::Answered;

use super::{Told, by_time, held_and_further, looked_at, outcomes, reason, window, words};

/// So many characters of a reason are shown beside an incident.
const REASON: usize = 160;

pub(super) fn list(pack: &DataPack) -> String {
    let mut text = format!(
        "{} known incidents, as of {}\n\n",
        pack.incidents.len(),
        pack.created_at.date()
    );
    let wide = pack
        .incidents
        .iter()
        .map(|one| one.id.len())
        .max()
        .unwrap_or(0);
    for one in by_time(pack) {
        text.push_str(&format!(
            "{}  {:wide$}  {}\n",
            one.from.date(),
            one.id,
            sanitise::line(&one.name)
        ));
    }
    text
}

pub(super) fn render(told: &Told<'_>, colour: bool) -> String {
    let mut page = Page {
        text: String::new(),
        colour,
    };
    match told.one {
        true => page.one(told),
        false => page.all(told),
    }
    page.foot(told);
    page.text
}

struct Page {
    text: String,
    colour: bool,
}

impl Page {
    fn styled(&self, text: &str, code: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    fn answer(&self, answer: Answer, wide: usize) -> String {
        let code = match answer {
            Answer::Hit => "1;31",
            Answer::Unknown => "33",
            Answer::Possible => "36",
            Answer::NotHit => "32",
        };
        self.styled(&format!("{:wide$}", answer.word()), code)
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    // Text that comes from the checkout or the data.
    fn said(&mut self, indent: &str, text: &str) {
        let line = format!("{indent}{}", sanitise::line(text));
        self.line(&line);
    }

    fn all(&mut self, told: &Told<'_>) {
        let of = told.found.repository.as_deref();
        let of = of.map_or_else(|| "this checkout".to_owned(), ToOwned::to_owned);
        let head = format!("What incidents of the past would have done to {of}");
        let head = self.styled(&sanitise::line(&head), "1");
        self.line(&head);
        // Where all are asked of one commit, it is said once.
        let mut commits: Vec<String> = told.found.answers.iter().map(looked_at).collect();
        commits.dedup();
        let one = commits.len() == 1;
        if let (true, Some(only)) = (one, commits.first()) {
            self.said("", &format!("Looked at: {only}"));
        }
        self.line("");
        let wide = told
            .incidents
            .iter()
            .map(|one| one.id.len())
            .max()
            .unwrap_or(0);
        for answered in &told.found.answers {
            let Some(incident) = told.incident(answered) else {
                continue;
            };
            let (answer, mut text) = reason(answered);
            if !one && answered.commit.is_some() {
                text = format!("[{}] {text}", looked_at(answered));
            }
            let answer = self.answer(answer, 8);
            let line = format!(
                "{answer}  {}  {:wide$}  {}",
                incident.from.date(),
                incident.id,
                sanitise::clipped(&text, REASON)
            );
            self.line(&line);
        }
        let count = |answer: Answer| outcomes(&told.found).filter(|o| o.answer == answer).count();
        self.line("");
        self.line(&format!(
            "{} hit, {} unknown, {} possible, {} not hit; `cofferdam replay INCIDENT` says by which job and what would have leaked",
            count(Answer::Hit),
            count(Answer::Unknown),
            count(Answer::Possible),
            told.found.answers.len()
                - count(Answer::Hit)
                - count(Answer::Unknown)
                - count(Answer::Possible),
        ));
        if count(Answer::Possible) > 0 {
            self.line("possible: nothing of it is used, but the way is open to whoever takes over an account with a role");
        }
    }

    fn one(&mut self, told: &Told<'_>) {
        let Some(incident) = told.incidents.first() else {
            return;
        };
        let head = self.styled(&sanitise::line(&incident.name), "1");
        self.line(&format!("{head}  {}", incident.ids.join(", ")));
        self.line(&window(incident));
        self.line("");
        for (word, text) in [
            ("What", &incident.what),
            ("How", &incident.acted),
            ("Took", &incident.stole),
        ] {
            self.said(&format!("{word}: "), text);
        }
        for answered in &told.found.answers {
            self.line("");
            self.answered(answered);
        }
        self.line("");
        self.line("What would have stopped it:");
        for control in &incident.controls {
            self.said("  - ", control);
        }
        if !incident.unknown.is_empty() {
            self.line("What no source says:");
            for one in &incident.unknown {
                self.said("  - ", one);
            }
        }
        self.line("Sources:");
        for one in &incident.sources {
            self.said("  ", one);
        }
    }

    fn answered(&mut self, answered: &Answered) {
        let (answer, text) = reason(answered);
        let word = self.answer(answer, 0);
        let line = format!("With {}: {word}", sanitise::line(&looked_at(answered)));
        self.line(&line);
        let Some(outcome) = &answered.outcome else {
            self.said("  ", &text);
            return;
        };
        for one in &outcome.uses {
            self.used(one);
        }
        for (way, places) in outcome.ways.iter().zip(&answered.ways) {
            self.way(way, places);
        }
        for one in &outcome.unread {
            let mark = self.styled("not decided", "33");
            let line = format!("  {mark}  {}", sanitise::line(one));
            self.line(&line);
        }
        if outcome.uses.is_empty() && outcome.ways.is_empty() && outcome.unread.is_empty() {
            self.line("  nothing of it is used, and none of its ways is there");
        }
    }

    fn used(&mut self, one: &Use) {
        let word = self.answer(one.answer, 8);
        let place = format!("{}:{}  {}", one.location.path, one.location.line, one.what);
        let line = format!("  {word}  {}", sanitise::line(&place));
        self.line(&line);
        self.said("           ", &one.why);
        for job in &one.jobs {
            let events: Vec<&str> = (job.events.iter())
                .filter(|(_, could)| *could)
                .map(|(event, _)| event.as_str())
                .collect();
            let started = match events.is_empty() {
                true => "nothing started it in those days".to_owned(),
                false => format!("started by {}", events.join(", ")),
            };
            let head = format!("job {} ({}:{}), {started}", job.name, job.path, job.line);
            self.said("           ", &head);
            if one.answer == Answer::NotHit {
                continue;
            }
            let (held, further) = held_and_further(job);
            let held = match held.is_empty() {
                true => "nothing that is worth having".to_owned(),
                false => held.join(", "),
            };
            self.said("             would have leaked: ", &held);
            if !further.is_empty() {
                self.said("             and from there: ", &further.join(", "));
            }
            for cut in &job.cuts {
                let text = format!("{} ({})", cut.what, cut.cost.word());
                self.said("             stopped by: ", &text);
            }
        }
    }

    fn way(&mut self, way: &Taken, places: &[cofferdam_exposure::Place]) {
        let word = self.answer(way.answer, 8);
        let head = format!("{} by the same way: {}", way.position, way.verdict);
        let line = format!("  {word}  {}", sanitise::line(&head));
        self.line(&line);
        for place in places {
            let text = match &place.location {
                Some(at) => format!("{}:{}  {}", at.path, at.line, place.what),
                None => place.what.clone(),
            };
            self.said("           ", &text);
        }
        let leaks: Vec<_> = way.leaks.iter().collect();
        self.said("           leads to: ", &words(&leaks).join(", "));
        for cut in &way.cuts {
            let text = format!("{} ({})", cut.what, cut.cost.word());
            self.said("           stopped by: ", &text);
        }
    }

    /// What is not known whatever the answers.
    fn foot(&mut self, told: &Told<'_>) {
        let opaque = told.found.answers.iter().map(|one| one.opaque).max();
        if let Some(count) = opaque.filter(|count| *count > 0) {
            self.line("");
            self.line(&format!(
                "What {count} actions of others run themselves is not known; `cofferdam lock write` reads it"
            ));
        }
        if !told.found.settings {
            self.line("Settings are not known: `cofferdam settings snapshot OWNER/NAME`, then --settings cofferdam-settings.json");
        }
        for one in &told.found.not_checked {
            let line = match one.required {
                true => format!(
                    "{} {}",
                    self.styled("Not read:", "1;31"),
                    sanitise::line(&one.message)
                ),
                false => format!("note: {}; {}", sanitise::line(&one.message), one.settle),
            };
            self.line(&line);
        }
        self.line(&format!(
            "Incidents as known on {}",
            told.pack.created_at.date()
        ));
    }
}
