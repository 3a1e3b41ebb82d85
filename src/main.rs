//! `cofferdam`: supply-chain defence for CI/CD. Arguments to a command.

fn main() {}
