//! What the gates in front of a run ask of people with different rights.

use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::graph::Rank;
use crate::verdict::{Fact, Verdict, Wait};

/// What it takes somebody of a rank to get past; `None` where nothing helps.
///
/// Where the files do not fix what is asked, nothing keeps them out for certain.
#[must_use]
pub fn passing(way: &Way, rank: Rank) -> Option<Verdict> {
    match way {
        Way::Open | Way::Unknown => Some(Verdict::reachable()),
        Way::Closed => None,
        Way::Gated(gates) => {
            let mut verdict = Verdict::reachable();
            for gate in gates {
                verdict = verdict.and(&of_gate(gate, rank)?);
            }
            Some(verdict)
        }
    }
}

/// The same for words that arrive by the event itself. Whoever comments takes any
/// pull request that was merged before, or that somebody else has opened, so that
/// nothing of theirs has to be.
///
/// Source: docs.github.com, "Events that trigger workflows", `issue_comment`;
/// "Locking conversations": anybody may comment until somebody locks it.
#[must_use]
pub fn passing_words(way: &Way, rank: Rank, event: &str) -> Option<Verdict> {
    match way {
        Way::Gated(gates) if is_comment(event) => {
            let others = gates.iter();
            let others = others.filter(|gate| !matches!(gate, Gate::Merge | Gate::AnotherAuthor));
            passing(&Way::Gated(others.cloned().collect()), rank)
        }
        way => passing(way, rank),
    }
}

/// Whether the event is somebody's comment, which may stand anywhere.
#[must_use]
pub fn is_comment(event: &str) -> bool {
    matches!(event, "discussion_comment" | "issue_comment")
}

fn of_gate(gate: &Gate, rank: Rank) -> Option<Verdict> {
    // The least rank that passes by itself; for those below, somebody of it has
    // to act for them.
    let needed = match gate {
        Gate::ForkGone => return Some(Verdict::reachable()),
        // Nothing proves that the check keeps anybody out.
        Gate::Check(_) if rank >= Rank::Writer => return Some(Verdict::reachable()),
        Gate::Check(place) => return Some(Verdict::when(Fact::Check(place.clone()))),
        // What somebody with a role has opened is theirs.
        Gate::AnotherAuthor if rank >= Rank::Writer => return Some(Verdict::reachable()),
        Gate::AnotherAuthor => return None,
        Gate::Contributor if rank == Rank::Newcomer => return None,
        Gate::Contributor => return Some(Verdict::reachable()),
        Gate::Merge => return Some(Verdict::after(Wait::Merge)),
        Gate::Environment(name) => {
            return Some(Verdict::after(Wait::Environment(name.clone())));
        }
        Gate::Label(_) | Gate::Triage | Gate::Comment => Rank::Triager,
        Gate::Person | Gate::PermissionCheck | Gate::Dispatch | Gate::Team(_) => Rank::Writer,
        Gate::RunApproval => return Some(Verdict::after(Wait::Fork)),
    };
    Some(if rank >= needed {
        Verdict::reachable()
    } else {
        Verdict::after(Wait::Fork)
    })
}
