//! The sentences around the figures of the comparison.

/// What the page is and how its figures came about.
pub(super) const INTRODUCTION: &str = "\
Every figure here is written by `cargo xtask peers audit`; nothing is added by hand. All
scanners work offline, on the same folders, and write to a pipe. Counts of findings are not a
score: the scanners look for different things, and one of them may show one cause as many
findings. Memory is the highest resident set of the process.

";

/// What the table of rules shows.
pub(super) const COVERAGE: &str = "
## Rules

For each of our rules: the rules of each scanner that report something in its positive
fixtures and nothing in its negative ones. A star says that the rule reports the near miss too,
which ours must not. An empty cell means that no rule of the scanner tells them apart in its
default mode. The fixtures are ours, so this says what of ours the others see, not what of theirs
we see, and a rule may speak about a fixture for a reason of its own. Fixtures that hold settings
are left out, since no other scanner is told any. Each scanner has ids of its own: ours lead to
pages in [rules](rules/README.md), and [standards](standards.md) says which of theirs look for the
same as which of ours.

";

/// Said when poutine was not measured.
pub(super) const WITHOUT_POUTINE: &str = "
## Not measured

poutine is not here: where this was written the Go module proxy refused every version of its module
that was asked for, so it is neither pinned nor built by this command. `--tool poutine=PROGRAM` measures one that is
already there.
";
