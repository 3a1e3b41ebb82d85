//! How freely a value can be shaped, and by whom.

/// How freely somebody shapes a value, the tightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// GitHub or the repository decides: a commit, an event's name, a date.
    Fixed,
    /// Digits.
    Number,
    /// Letters, digits, `.`, `_`, `-`, `/` and `[bot]`: logins, repositories.
    Word,
    /// A branch or tag. Git forbids white space, `~^:?*[\` and control
    /// characters, and lets `$(){};|&'"<>` and the backtick through
    /// (git-check-ref-format).
    Ref,
    /// Free text without line breaks: titles, names, file names.
    Line,
    /// Free text with line breaks: bodies, commit messages.
    Text,
}

impl Class {
    /// Whether such a value can end the string or command that it is spliced
    /// into and begin another one.
    #[must_use]
    pub fn breaks_out(self) -> bool {
        self >= Self::Ref
    }

    /// Whether it can hold a line break, and so end a comment, a quoted
    /// here-document or a line of an environment file.
    #[must_use]
    pub fn has_lines(self) -> bool {
        self == Self::Text
    }

    /// A few words for messages.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Fixed => "a fixed value",
            Self::Number => "a number",
            Self::Word => "a name of letters and digits",
            Self::Ref => "a ref name, in which git allows `$(…)`, quotes and `;`",
            Self::Line => "one line of free text",
            Self::Text => "free text",
        }
    }
}

/// The least privileged person who can shape a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Anybody with an account, by an issue, a comment, a review, a discussion.
    Anyone,
    /// Whoever opens a pull request, from a fork too.
    PullRequestAuthor,
    /// Whoever wrote a commit that somebody with write access has merged.
    CommitAuthor,
    /// Whoever calls the reusable workflow or uses the action; nobody in this
    /// repository does.
    Caller,
    /// Somebody with the triage role, by a label or milestone.
    Triage,
    /// Somebody who may start the workflow by hand or by the API.
    Dispatcher,
    /// Somebody who can push a branch or tag, or make a release.
    Pusher,
}

impl Who {
    /// The subject of a sentence.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Anyone => "anybody with an account",
            Self::PullRequestAuthor => "whoever opens a pull request",
            Self::CommitAuthor => "whoever writes a commit that gets merged",
            Self::Caller => "whoever calls it",
            Self::Triage => "somebody with the triage role",
            Self::Dispatcher => "whoever may start the workflow",
            Self::Pusher => "somebody who can push",
        }
    }

    /// Whether it takes no role in the repository.
    #[must_use]
    pub fn is_outsider(self) -> bool {
        matches!(self, Self::Anyone | Self::PullRequestAuthor)
    }
}

/// How freely, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// How freely.
    pub class: Class,
    /// By whom.
    pub who: Who,
}

impl Shape {
    /// Both together.
    #[must_use]
    pub const fn new(class: Class, who: Who) -> Self {
        Self { class, who }
    }
}
