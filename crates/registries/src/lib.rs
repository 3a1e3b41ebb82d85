//! Asks the outside world one question at a time, bounded.
