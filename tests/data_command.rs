//! Compiles the `data` command and its tests until the binary names it.
#![expect(dead_code, reason = "the binary calls what nothing here does")]

#[path = "../src/commands/data.rs"]
mod data;
