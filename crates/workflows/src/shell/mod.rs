//! Shell scripts of `run:` steps, parsed with a grammar under a budget.
