//! What can be wrong between a repository and its locks. Where GitHub's tool
//! has a category for the same thing, its name is used.

use cofferdam_facts::Location;

/// One thing that is wrong, or was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The sort.
    pub code: Code,
    /// Where.
    pub location: Location,
    /// One line, without a final stop. It may quote the files and is not sanitised.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $fix:literal;)*) => {
        /// The sorts of problems; each id is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, in the order in which problems are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable id.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What to do about it.
            #[must_use]
            pub fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }
        }
    };
}

codes! {
    /// A lock breaks its format.
    Malformed = "malformed-lock", "correct the place, or take the file from an earlier commit and run `cofferdam lock write`";
    /// A lock is of a version that is not known. Nothing is concluded from it.
    Version = "unknown-lock-version", "use a newer version of this program";
    /// Two entries or two files name different things for one pin.
    Disagree = "locks-disagree", "find out which one is right, correct the other, and run `cofferdam lock write`";
    /// A locked workflow or action needs something that the lock has no entry
    /// for. GitHub refuses to run such a workflow.
    Incomplete = "incomplete-lockfile", "run `cofferdam lock write`, or `gh actions-lock`, and commit both files";
    /// There is no `cofferdam.lock`, and there is something to lock.
    NoLock = "no-lock", "run `cofferdam lock write` and commit what it writes";
    /// Workflows use actions, and there is no `actions.lock` beside ours.
    NoActionsLock = "no-actions-lock", "run `cofferdam lock write` and commit both files; for a host that knows no actions.lock, `cofferdam lock write --no-actions-lock`";
    /// A workflow uses actions and is not in an `actions.lock` that lists others.
    Onboarding = "onboarding-required", "run `cofferdam lock write`, or `gh actions-lock`, and commit both files";
    /// Something is referred to and not locked.
    NotPinned = "not-pinned", "look at what it is, run `cofferdam lock write` and commit what it writes";
    /// A `uses:` without a ref, which GitHub refuses and nothing can lock.
    RefMissing = "ref-missing", "name a commit, a tag or a branch behind `@`, or a folder of the repository";
    /// The folder of a local action is not as it was locked.
    LocalChanged = "local-action-changed", "if the change is meant, run `cofferdam lock write` and commit what it writes";
    /// What a reference itself says differs from what the lock holds for it.
    ReferenceDiffers = "reference-differs", "find out which one is right, and run `cofferdam lock write`";
    /// The lock lists a workflow that does not exist.
    StaleWorkflow = "stale-workflow", "run `cofferdam lock write`, which leaves it out";
    /// An entry of a lock that nothing reaches.
    Stale = "stale", "run `cofferdam lock write`, which leaves it out";
    /// `cofferdam.lock` is not in the one form in which it is written.
    Form = "lock-form", "run `cofferdam lock write`; an edit by hand is not reviewed by the form alone";
    /// The folder of a local action is reached through a link, which is not
    /// followed.
    Linked = "linked-local-action", "name the real folder behind `uses:`, run `cofferdam lock write` and commit what it writes";
    /// A local action stands nowhere in the checkout, and nothing says what puts
    /// it there.
    LocalAbsent = "absent-local-action", "name a folder of the repository, or let an earlier step of the same job make it";
    /// A document could not be read as a whole, so that references may be missing.
    NotRead = "not-read", "correct the file and run again";
}

impl Code {
    /// Whether nothing was found and something could not be looked at.
    #[must_use]
    pub fn is_not_checked(self) -> bool {
        matches!(
            self,
            Self::Version | Self::Linked | Self::LocalAbsent | Self::NotRead
        )
    }

    pub(crate) fn at(self, location: Location, message: impl Into<String>) -> Problem {
        Problem {
            code: self,
            location,
            message: message.into(),
            fix: self.fix().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_once_and_every_fix_says_what_to_do() {
        let mut ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Code::ALL.len());
        assert!(
            Code::ALL
                .iter()
                .any(|code| code.fix().contains("cofferdam lock write"))
        );
    }
}
