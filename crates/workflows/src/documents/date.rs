//! Days of the calendar, without a clock.

use std::fmt;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day, if the calendar has it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        ((1..=days).contains(&day) && year > 0).then_some(Self { year, month, day })
    }

    /// Reads `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut number = |length: usize| -> Option<u16> {
            let part = parts.next()?;
            let digits = part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// Reads the day of an RFC 3339 time stamp: `YYYY-MM-DDTHH:MM:SS` with an
    /// optional fraction, and `Z` or an offset. The offset is not applied.
    #[must_use]
    pub fn parse_time(text: &str) -> Option<Self> {
        let (day, time) = text.split_once(['T', 't', ' '])?;
        let day = Self::parse(day)?;
        let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
            Some(at) => (time.get(..at)?, time.get(at..)?),
            None => return None,
        };
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let limits = [24, 60, 61];
        let fits = |text: &str, limits: &[u8]| {
            text.split(':').count() == limits.len()
                && text.split(':').zip(limits).all(|(part, limit)| {
                    part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < *limit)
                })
        };
        let zone = zone.trim_start_matches(['+', '-']);
        let zone_fits = zone.eq_ignore_ascii_case("z") || fits(zone, &[24, 60]);
        let fraction_fits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
        (fits(clock, &limits) && fraction_fits && zone_fits).then_some(day)
    }

    /// How many days `later` lies behind this day; negative if it lies before.
    #[must_use]
    pub fn days_until(self, later: Self) -> i64 {
        later.number() - self.number()
    }

    /// The same day of the next year; the last day of February for a leap day.
    #[must_use]
    pub fn a_year_later(self) -> Self {
        let year = self.year.saturating_add(1);
        Self::new(year, self.month, self.day).unwrap_or(Self {
            year,
            day: 28,
            ..self
        })
    }

    /// Days since the first of March of the year 0. The year is counted from
    /// March, so that the leap day is its last.
    fn number(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let from_march = (month + 9) % 12;
        let days = 365 * year + year / 4 - year / 100 + year / 400;
        days + (153 * from_march + 2) / 5 + i64::from(self.day) - 1
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for text in ["2024-02-29", "2000-02-29", "1999-12-31"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-1-01",
            "24-01-01",
            "2024-01-00",
            "0000-01-01",
            "2024-01-01x",
            "+024-01-01",
            "",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn time_stamps_are_those_of_rfc_3339() {
        for text in [
            "2024-05-06T10:10:09.000Z",
            "2024-05-06t10:10:60z",
            "2024-05-06 00:00:00+05:30",
        ] {
            assert_eq!(Date::parse_time(text), Date::new(2024, 5, 6), "{text}");
        }
        for text in [
            "2024-05-06",
            "2024-05-06T10:10Z",
            "2024-05-06T25:00:00Z",
            "2024-05-06T10:10:10",
            "2024-05-06T10:10:10.Z",
            "2024-05-06T10:10:10+5",
        ] {
            assert_eq!(Date::parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_counted_across_years() {
        let days = |from: &str, to: &str| {
            Date::parse(from)
                .unwrap()
                .days_until(Date::parse(to).unwrap())
        };
        assert_eq!(days("1970-01-01", "2024-01-01"), 19_723);
        assert_eq!(days("2024-02-28", "2024-03-01"), 2);
        assert_eq!(days("2023-02-28", "2023-03-01"), 1);
        assert_eq!(days("2025-01-01", "2024-01-01"), -366);
        let leap = Date::parse("2024-02-29").unwrap();
        assert_eq!(leap.a_year_later().to_string(), "2025-02-28");
    }

    proptest! {
        #[test]
        fn the_next_day_is_one_day_later(year in 1_u16..9999, month in 1_u8..=12, day in 1_u8..=31) {
            if let Some(date) = Date::new(year, month, day) {
                let next = Date::new(year, month, day + 1)
                    .or_else(|| Date::new(year, month + 1, 1))
                    .or_else(|| Date::new(year + 1, 1, 1));
                prop_assert_eq!(date.days_until(next.unwrap()), 1);
            }
        }

        #[test]
        fn any_text_is_answered(text in "[0-9TZ:+. -]{0,30}") {
            let _ = (Date::parse(&text), Date::parse_time(&text));
        }
    }
}
