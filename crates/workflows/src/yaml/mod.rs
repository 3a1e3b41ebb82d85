//! YAML with a byte span on every scalar, comments kept, and an editor that splices.
