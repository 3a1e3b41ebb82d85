//! What the project's own maintainers run.

fn main() {}
