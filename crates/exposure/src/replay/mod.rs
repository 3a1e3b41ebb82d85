//! What an incident of the past would have done to a checkout.
//!
//! Two questions. Was something that the checkout runs bad in those days: then a
//! job that could have started would have run it, and the graph says what that
//! job gives away. And has the checkout the way that the attackers took: then
//! the graph has a path over the rules that the way names. What the data does
//! not decide is unknown, never "not hit".

pub mod cron;
mod judge;
mod leaks;
mod manifests;
pub mod schema;
mod uses;
mod ways;

use cofferdam_datapack::{DataPack, Incident};
use cofferdam_facts::{Location, Timestamp};
use cofferdam_rules::Context;

use crate::asset::Asset;
use crate::graph::Cut;
use crate::position::Position;
use crate::scene::Scene;
use crate::unread::{NOT_FOLLOWED, Unread};
use crate::verdict::Verdict;
use crate::{Exposure, RunName};

pub use manifests::Manifest;

/// The version of the JSON in which answers are written.
pub const SCHEMA_VERSION: u32 = 1;

/// The days on which the platform changed what the graph rests on: policies about
/// events, restoring only, the checkout's guard, the default policy. Between two
/// of them the graph of a checkout is the same.
const CHANGES: [&str; 4] = ["2026-06-18", "2026-06-26", "2026-07-20", "2026-11-02"];

/// Which of the times between changes of the platform a day lies in.
#[must_use]
pub fn era(day: Timestamp) -> usize {
    let past = |change: &&&str| Timestamp::parse(change).is_some_and(|change| day >= change);
    CHANGES.iter().filter(past).count()
}

/// The words of an incident's ways that this version does not know; where there
/// is one the incident is undecided.
#[must_use]
pub fn unknown_words(incident: &Incident) -> Vec<&str> {
    ways::strange(incident)
}

/// What is answered, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It would have been hit.
    Hit,
    /// What is known does not decide.
    Unknown,
    /// The way is open to somebody who has to be taken over first: an account with
    /// a role, the owner of a dependency. That it happened is not said.
    Possible,
    /// It would not have been.
    NotHit,
}

impl Answer {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Unknown => "unknown",
            Self::Possible => "possible",
            Self::NotHit => "not hit",
        }
    }
}

/// What an incident would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The worst of all that follows.
    pub answer: Answer,
    /// Everything that the checkout uses and the incident touched.
    pub uses: Vec<Use>,
    /// The ways of the attackers that are there.
    pub ways: Vec<Taken>,
    /// What was not looked at, each as a sentence. Where it could hide a hit, the
    /// answer is not "not hit".
    pub unread: Vec<String>,
}

/// One use of something that was bad in those days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Whether it would have run the bad code.
    pub answer: Answer,
    /// What is used, as it is written.
    pub what: String,
    /// Where.
    pub location: Location,
    /// What decides, as a sentence.
    pub why: String,
    /// The jobs in which it runs.
    pub jobs: Vec<Job>,
}

/// A job that uses something bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The file of its workflow.
    pub path: String,
    /// The line at which it begins.
    pub line: usize,
    /// Its id.
    pub name: String,
    /// The events that start it, and whether they could have in those days.
    pub events: Vec<(String, bool)>,
    /// What its run would have given away, the worst first.
    pub leaks: Vec<Leak>,
    /// The cheapest changes that would have kept that from the bad code.
    pub cuts: Vec<Cut>,
}

impl Job {
    /// Whether any of its events could have started it.
    #[must_use]
    pub fn could_start(&self) -> bool {
        self.events.iter().any(|(_, could)| *could)
    }
}

/// Something that would have been given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// What.
    pub asset: Asset,
    /// What stands in the way.
    pub verdict: Verdict,
    /// How many steps lie between the bad code and it: what one step away is
    /// held by the job itself.
    pub steps: usize,
}

/// A way of the attackers that the checkout has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Hit where nothing stands in it and it begins at anybody, possible where
    /// whoever it begins at has to be taken over first, unknown where a fact decides
    /// that was not seen, not hit where somebody has to agree or a control stops it.
    pub answer: Answer,
    /// From where.
    pub position: Position,
    /// What stands in it.
    pub verdict: Verdict,
    /// Its edges, to the first of what it leads to.
    pub path: Vec<usize>,
    /// What it leads to.
    pub leaks: Vec<Leak>,
    /// What would take it away, the cheapest first.
    pub cuts: Vec<Cut>,
}

/// A checkout on a day, ready to be asked about incidents.
#[derive(Debug)]
pub struct Replay<'c> {
    scene: Scene<'c>,
    exposure: Exposure,
    /// The day since which the checkout has been as it is, where that is known:
    /// what it named by commit before an incident was not the attackers'.
    since: Option<Timestamp>,
    /// The project's own dependency files.
    manifests: &'c [Manifest],
}

impl<'c> Replay<'c> {
    /// The checkout of a context, on the day of its facts. `since` is the date of
    /// the commit that was read, where it is one.
    #[must_use]
    pub fn new(cx: &'c Context<'c>, since: Option<Timestamp>, manifests: &'c [Manifest]) -> Self {
        let scene = Scene::of(cx);
        Self {
            exposure: crate::of(cx),
            scene,
            since,
            manifests,
        }
    }

    /// Who can reach what on that day.
    #[must_use]
    pub fn exposure(&self) -> &Exposure {
        &self.exposure
    }

    /// What the incident would have done.
    #[must_use]
    pub fn incident(&self, incident: &Incident, pack: &DataPack) -> Outcome {
        let uses = uses::of(self, incident, pack);
        let (ways, strange) = ways::of(self, incident);
        let mut unread: Vec<String> = strange;
        unread.extend(manifests::of(self, incident));
        for one in self
            .exposure
            .unread
            .iter()
            .filter(|one| self.matters(one, incident))
        {
            unread.push(match &one.location {
                Some(at) => format!("{}:{}: {}", at.path, at.line, one.why),
                None => format!("{}: {}", one.path, one.why),
            });
        }
        let answers = (uses.iter().map(|u| u.answer)).chain(ways.iter().map(|w| w.answer));
        let answer = answers.min().unwrap_or(Answer::NotHit);
        Outcome {
            answer: match unread.is_empty() {
                true => answer,
                false => answer.min(Answer::Unknown),
            },
            uses,
            ways,
            unread,
        }
    }

    /// Actions of others of which no lock says what they run themselves: an
    /// incident that came by one of those is not seen.
    #[must_use]
    pub fn opaque_actions(&self) -> usize {
        uses::opaque(self)
    }

    /// Whether what was not read could hide something of an incident: an action
    /// that no job uses does not, and values do not where none begins a way.
    fn matters(&self, unread: &Unread, incident: &Incident) -> bool {
        if unread.why == NOT_FOLLOWED && incident.ways.is_empty() {
            return false;
        }
        let mut actions = self.scene.cx.repository.actions.iter();
        let action = actions.find(|action| action.path() == unread.path);
        action.is_none_or(|action| !self.scene.users(action).is_empty())
    }

    fn run(&self, id: usize) -> Option<&RunName> {
        self.exposure.runs.get(id)
    }
}
