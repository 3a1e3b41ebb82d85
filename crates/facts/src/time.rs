//! A second of UTC, and the ways in which it is written.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// A second of UTC since 1970-01-01, or before it. Leap seconds are not counted.
///
/// A day without a time of day is its first second. It is read in every form of
/// RFC 3339, section 5.6, and always written in one, so that the same input
/// gives the same bytes: `YYYY-MM-DDTHH:MM:SSZ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The second that lies `seconds` after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Reads a date or a time, see [`Self::parse_date`] and [`Self::parse_time`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_date(text).or_else(|| Self::parse_time(text))
    }

    /// Reads `YYYY-MM-DD`, from the year 1 on, as the first second of that day.
    #[must_use]
    pub fn parse_date(text: &str) -> Option<Self> {
        let [year, month, day] = fields(text, '-', [4, 2, 2])?;
        let valid = year > 0
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        valid.then(|| Self(days_from_civil(year, month, day) * DAY))
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS` with an optional fraction, which is dropped,
    /// and `Z` or an offset such as `+02:00`, which is applied.
    #[must_use]
    pub fn parse_time(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let date = Self::parse_date(date)?;
        let zone_at = time.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = (time.get(..zone_at)?, time.get(zone_at..)?);
        let clock = match clock.split_once('.') {
            Some((_, "")) => return None,
            Some((clock, fraction)) => {
                let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
                digits.then_some(clock)?
            }
            None => clock,
        };
        let [hour, minute, second] = fields(clock, ':', [2, 2, 2])?;
        // The last minute of a day may have a second 60, which is not counted.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let of_day = hour * 3600 + minute * 60 + second.min(59);
        Some(Self(date.0 + of_day - offset(zone)?))
    }

    /// The first second of this day.
    #[must_use]
    pub fn midnight(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(DAY)))
    }

    /// The second `days` days later.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(i64::from(days) * DAY))
    }

    /// The first second of the same day of the next year; of the last day of
    /// February for a leap day.
    #[must_use]
    pub fn a_year_later(self) -> Self {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let day = day.min(days_in_month(year + 1, month));
        Self(days_from_civil(year + 1, month, day).saturating_mul(DAY))
    }

    /// Whole days from here to `later`, negative if it lies before.
    #[must_use]
    pub fn days_until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0).div_euclid(DAY)
    }

    /// The date alone, `YYYY-MM-DD`.
    #[must_use]
    pub fn date(self) -> String {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(
            f,
            "{}T{hour:02}:{minute:02}:{:02}Z",
            self.date(),
            second % 60
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a date or time of RFC 3339"))
    }
}

/// Seconds by which a zone is ahead of UTC: `Z`, or `+` or `-` and `HH:MM`.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let [hours, minutes] = fields(rest, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn fields<const COUNT: usize>(
    text: &str,
    separator: char,
    widths: [usize; COUNT],
) -> Option<[i64; COUNT]> {
    let mut numbers = [0_i64; COUNT];
    let mut parts = text.split(separator);
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01; the year is counted from March, so that the leap day
/// is its last. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Timestamp::parse(text).map(Timestamp::unix)
    }

    fn day(text: &str) -> Timestamp {
        Timestamp::parse_date(text).unwrap()
    }

    #[test]
    fn known_seconds() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2025-03-14T16:00:00Z", 1_741_968_000),
            ("2038-01-19T03:14:07Z", 2_147_483_647),
            ("2017-05-16T08:47:09.000-07:00", 1_494_949_629),
            ("2000-02-29T23:59:59+00:00", 951_868_799),
            ("2024-05-06t10:10:60z", 1_714_990_259),
            ("2024-05-06 00:00:00+05:30", 1_714_933_800),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "0000-01-01",
            "1900-02-29",
            "2025-02-29",
            "2025-13-01",
            "2025-00-10",
            "2025-1-1",
            "24-01-01",
            "2024-01-01x",
            "+024-01-01",
            "2025-03-+4",
            "2025-03-14T16:00:00",
            "2025-03-14T16:00Z",
            "2025-03-14T24:00:00Z",
            "2025-03-14T16:60:00Z",
            "2025-03-14T16:00:00.Z",
            "2025-03-14T16:00:00+7",
            "2025-03-14T16:00:00+24:00",
            "2019-08-10T14:59:22.\u{e9}",
            "\u{e4}\u{f6}9-08-10T14:59:22Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_is_no_time_and_a_time_no_date() {
        assert_eq!(Timestamp::parse_time("2024-05-06"), None);
        assert_eq!(Timestamp::parse_date("2024-05-06T00:00:00Z"), None);
    }

    #[test]
    fn days_are_counted_across_years() {
        let days = |from: &str, to: &str| {
            let (from, to) = (Timestamp::parse(from), Timestamp::parse(to));
            from.unwrap().days_until(to.unwrap())
        };
        assert_eq!(days("1970-01-01", "2024-01-01"), 19_723);
        assert_eq!(days("2024-02-28", "2024-03-01"), 2);
        assert_eq!(days("2023-02-28", "2023-03-01"), 1);
        assert_eq!(days("2025-01-01", "2024-01-01"), -366);
        assert_eq!(days("2020-01-10T10:59:22Z", "2020-01-12T10:59:21Z"), 1);
        assert_eq!(days("2020-01-12T10:59:21Z", "2020-01-10T10:59:22Z"), -2);
    }

    #[test]
    fn a_year_later_is_the_same_day() {
        assert_eq!(day("2024-02-29").a_year_later(), day("2025-02-28"));
        assert_eq!(day("2023-02-28").a_year_later(), day("2024-02-28"));
        let noon = Timestamp::parse("2024-05-06T12:00:00Z").unwrap();
        assert_eq!(noon.a_year_later(), day("2025-05-06"));
        assert_eq!(noon.midnight(), day("2024-05-06"));
    }

    proptest! {
        #[test]
        fn every_second_is_read_back(seconds in -62_135_596_800_i64..253_402_300_799) {
            let stamp = Timestamp::from_unix(seconds);
            prop_assert_eq!(Timestamp::parse(&stamp.to_string()), Some(stamp));
            prop_assert_eq!(Timestamp::parse_date(&stamp.date()), Some(stamp.midnight()));
        }

        #[test]
        fn any_text_is_answered(text in "[0-9TZ:+. -]{0,30}|\\PC{0,40}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn no_second_overflows(seconds: i64, other: i64) {
            let stamp = Timestamp::from_unix(seconds);
            let _ = (stamp.to_string(), stamp.midnight(), stamp.a_year_later(), stamp.plus_days(9));
            let _ = stamp.days_until(Timestamp::from_unix(other));
        }
    }
}
