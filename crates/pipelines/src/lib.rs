//! The recipes: collect, fetch, decide, return. No parsing, no deciding.
