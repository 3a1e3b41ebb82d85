//! What a file says that cannot be taken as it stands.

use cofferdam_facts::Span;

/// One thing that keeps the tree from being the whole truth about a file.
///
/// A problem is evidence, never an abort: everything that was understood is in
/// the tree nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The bytes it is about; empty at the place where reading stopped.
    pub span: Span,
    /// One sentence for a reader, without a final full stop. It may quote the
    /// file and is not sanitised.
    pub message: String,
}

/// The kinds of [`Problem`].
///
/// GitHub's behaviour is that of its published workflow parser (the
/// `YamlObjectReader` and `TemplateReader` of actions/runner, on YamlDotNet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Not YAML from here on.
    Syntax,
    /// A tab where YAML allows none; nothing behind it is understood.
    Tab,
    /// Nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH) levels, by itself or
    /// through an alias.
    TooDeep,
    /// Larger than [`MAX_BYTES`](super::MAX_BYTES); nothing was read.
    TooLarge,
    /// Not UTF-8 from here on; only what stands before was read.
    NotUtf8,
    /// A character that YAML 1.1 takes as a line break and YAML 1.2 does not
    /// (U+0085, U+2028, U+2029). GitHub's scanner breaks the line there, so what
    /// it runs may differ from this tree.
    LineBreak,
    /// A key that the same mapping already has. GitHub refuses the file.
    DuplicateKey,
    /// A key that the same mapping already has in other upper and lower case.
    /// GitHub refuses this in workflows and actions, as it compares keys
    /// without regard to case.
    DuplicateKeyCase,
    /// A mapping or sequence as a key. GitHub refuses the file.
    ComplexKey,
    /// A merge key `<<`. GitHub takes it as an ordinary key and so refuses it.
    MergeKey,
    /// More than one document in the file. GitHub refuses the file.
    SeveralDocuments,
    /// A tag on a scalar that GitHub refuses, or one that its value does not fit.
    UnknownTag,
    /// A number outside the range that GitHub reads; it refuses the file.
    NumberRange,
    /// An alias without an anchor before it.
    UndefinedAlias,
    /// An alias inside the node that it stands for.
    AliasCycle,
    /// Aliases that expand to more than
    /// [`ALIAS_BUDGET`](super::ALIAS_BUDGET) nodes.
    AliasBudget,
    /// An alias to a collection that itself holds an alias whose anchor has been
    /// defined anew in between. YAML takes the older definition, GitHub the newer.
    AnchorRedefined,
}

impl ProblemKind {
    /// Whether what stands behind the problem, or all of the file, is missing
    /// in the tree. (Nesting too deep through an alias hides that alias alone.)
    #[must_use]
    pub fn hides_rest(self) -> bool {
        matches!(
            self,
            Self::Syntax | Self::Tab | Self::TooLarge | Self::NotUtf8
        )
    }

    /// Whether the tree may differ from what GitHub reads although GitHub may
    /// accept the file: a part is missing, or is read in another way.
    #[must_use]
    pub fn hides_something(self) -> bool {
        self.hides_rest()
            || matches!(
                self,
                Self::LineBreak | Self::AliasBudget | Self::AnchorRedefined
            )
    }

    /// A short stable name, in kebab case.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Tab => "tab",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
            Self::NotUtf8 => "not-utf8",
            Self::LineBreak => "line-break",
            Self::DuplicateKey => "duplicate-key",
            Self::DuplicateKeyCase => "duplicate-key-case",
            Self::ComplexKey => "complex-key",
            Self::MergeKey => "merge-key",
            Self::SeveralDocuments => "several-documents",
            Self::UnknownTag => "unknown-tag",
            Self::NumberRange => "number-range",
            Self::UndefinedAlias => "undefined-alias",
            Self::AliasCycle => "alias-cycle",
            Self::AliasBudget => "alias-budget",
            Self::AnchorRedefined => "anchor-redefined",
        }
    }
}
