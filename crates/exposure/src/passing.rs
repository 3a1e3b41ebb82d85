//! What the gates in front of a run ask of people with different rights.

use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::graph::Rank;
use crate::verdict::{Verdict, Wait};

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

fn of_gate(gate: &Gate, rank: Rank) -> Option<Verdict> {
    // The least rank that passes by itself; for those below, somebody of it has
    // to act for them.
    let needed = match gate {
        Gate::ForkGone => return Some(Verdict::reachable()),
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
