//! One file a rule.

