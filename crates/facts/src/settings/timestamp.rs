//! Points in time, as the API writes them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time in the form of RFC 3339, kept as the API wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub String);

impl Timestamp {
    /// The time in UTC of so many seconds since 1970-01-01, which may lie
    /// before it.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let of_day = seconds.rem_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        Self(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        ))
    }

    /// Seconds since 1970-01-01 in UTC, fractions dropped. `None` if the text
    /// is no RFC 3339 time.
    #[must_use]
    pub fn unix_seconds(&self) -> Option<i64> {
        let text = self.0.as_str();
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = text.get(from..to)?;
            if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                digits.parse().ok()
            } else {
                None
            }
        };
        let is = |at: usize, byte: u8| text.as_bytes().get(at) == Some(&byte);
        if !(is(4, b'-') && is(7, b'-') && is(13, b':') && is(16, b':')) {
            return None;
        }
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let rest = text.get(19..)?;
        let zone = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest,
        };
        let seconds =
            days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(seconds - offset_seconds(zone)?)
    }

    /// Whole days from this point in time to `later`, negative if it lies
    /// after `later`. `None` if either text is no time.
    #[must_use]
    pub fn days_until(&self, later: &Self) -> Option<i64> {
        Some((later.unix_seconds()? - self.unix_seconds()?).div_euclid(86_400))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads `Z` or `+hh:mm`.
fn offset_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let (sign, rest) = match (zone.strip_prefix('+'), zone.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2
        || minutes.len() != 2
        || !rest.bytes().all(|b| b.is_ascii_digit() || b == b':')
    {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Days since 1970-01-01 of a date in the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // The year starts in March here, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date in the Gregorian calendar of so many days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(text: &str) -> Option<i64> {
        Timestamp(text.to_owned()).unix_seconds()
    }

    #[test]
    fn reads_the_forms_that_github_writes() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2019-08-10T14:59:22Z"), Some(1_565_449_162));
        assert_eq!(
            seconds("2017-05-16T08:47:09.000-07:00"),
            Some(1_494_949_629)
        );
        assert_eq!(seconds("2000-02-29T23:59:59+00:00"), Some(951_868_799));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2019-08-10",
            "2019-13-10T14:59:22Z",
            "2019-08-10T14:59:22",
            "2019-08-10T14:59:22+7",
            "+019-08-10T14:59:22Z",
            "2019-08-10T24:59:22Z",
            "2019-08-10T14:59:22.é",
            "äöü9-08-10T14:59:22Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn counts_whole_days() {
        let old = Timestamp("2020-01-10T10:59:22Z".to_owned());
        let new = Timestamp("2020-01-12T10:59:21Z".to_owned());
        assert_eq!(old.days_until(&new), Some(1));
        assert_eq!(new.days_until(&old), Some(-2));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in -60_000_000_000_i64..200_000_000_000) {
            prop_assert_eq!(Timestamp::from_unix_seconds(value).unix_seconds(), Some(value));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Timestamp(text).unix_seconds();
        }
    }
}
