//! The time of the run.

use std::time::{SystemTime, UNIX_EPOCH};

use cofferdam_facts::Timestamp;

/// The present second. A clock before 1970 is taken for the first second, in
/// which no data can be believed.
pub(crate) fn now() -> Timestamp {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}
