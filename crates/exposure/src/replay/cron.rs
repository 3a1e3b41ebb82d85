//! Whether a schedule starts something between two times.
//!
//! Source: docs.github.com, "Events that trigger workflows", `schedule`: POSIX
//! cron syntax, in UTC; runs may be late when many are asked for.

use cofferdam_facts::Timestamp;
use cofferdam_facts::time::DAY;

/// How late, in seconds, a run is taken to start at most.
const LATE: i64 = 3600;
/// A longer time than this is not walked: something starts in it.
const MOST_DAYS: i64 = 400;

/// Whether the schedule starts a run between two times; `None` where it is not
/// understood.
#[must_use]
pub fn fires(cron: &str, from: Timestamp, until: Timestamp) -> Option<bool> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return None;
    };
    let minutes = field(minute, 0, 59, &[])?;
    let hours = field(hour, 0, 23, &[])?;
    let days = field(day, 1, 31, &[])?;
    let months = field(month, 1, 12, &MONTHS)?;
    // Sunday is 0; 7 is understood as well.
    let mut weekdays = field(weekday, 0, 7, &WEEKDAYS)?;
    weekdays |= weekdays >> 7 & 1;
    let begin = from.unix().saturating_sub(LATE);
    if until.unix().saturating_sub(begin) > MOST_DAYS * DAY {
        return Some(true);
    }
    let mut midnight = Timestamp::from_unix(begin).midnight();
    while midnight <= until {
        // Where both a day and a weekday are asked for, one of them is enough.
        let by_day = has(days, day_of(midnight)?);
        let number = (midnight.unix().div_euclid(DAY) + 4).rem_euclid(7);
        let by_weekday = has(weekdays, u32::try_from(number).ok()?);
        let today = match (day.starts_with('*'), weekday.starts_with('*')) {
            (true, _) | (_, true) => by_day && by_weekday,
            _ => by_day || by_weekday,
        };
        if today && has(months, month_of(midnight)?) {
            for at in (0_u32..24 * 60).filter(|m| has(hours, m / 60) && has(minutes, m % 60)) {
                let second = midnight.unix() + i64::from(at) * 60;
                if (begin..=until.unix()).contains(&second) {
                    return Some(true);
                }
            }
        }
        midnight = midnight.plus_days(1);
    }
    Some(false)
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

fn has(set: u64, number: u32) -> bool {
    set >> number & 1 == 1
}

fn month_of(day: Timestamp) -> Option<u32> {
    day.date().get(5..7)?.parse().ok()
}

fn day_of(day: Timestamp) -> Option<u32> {
    day.date().get(8..10)?.parse().ok()
}

/// The numbers that a field names, as bits.
fn field(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let mut set = 0_u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (part, 1_u32),
        };
        let number = |text: &str| -> Option<u32> {
            let upper = text.to_ascii_uppercase();
            let named = names.iter().position(|name| *name == upper);
            let found = match named {
                Some(at) => u32::try_from(at).ok()? + low,
                None => text.parse().ok()?,
            };
            (low..=high).contains(&found).then_some(found)
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (number(first)?, number(last)?),
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if first > last {
            return None;
        }
        let mut at = first;
        while at <= last {
            set |= 1 << at;
            at += step;
        }
    }
    Some(set)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]
mod tests {
    use super::*;

    #[test]
    fn schedules_start_when_they_say() {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        // 2026-03-19 was a Thursday.
        let (from, until) = (time("2026-03-19T17:43:00Z"), time("2026-03-20T05:40:59Z"));
        for (cron, expected) in [
            ("0 0 * * *", Some(true)),
            ("0 12 * * *", Some(false)),
            ("40 5 * * *", Some(true)),
            ("41 5 * * *", Some(false)),
            // An hour before, which a late run may reach.
            ("0 17 * * *", Some(true)),
            ("30 16 * * *", Some(false)),
            ("*/15 * * * *", Some(true)),
            ("0 0 * * 5", Some(true)),
            ("0 0 * * FRI", Some(true)),
            ("0 0 * * SUN", Some(false)),
            ("0 0 * * 7", Some(false)),
            ("0 0 20 * *", Some(true)),
            ("0 0 1 * *", Some(false)),
            ("0 0 1 * 5", Some(true)),
            ("0 0 * 4-6 *", Some(false)),
            ("0 0 * MAR *", Some(true)),
            ("0 22-23/1,3 * * *", Some(true)),
            ("0 0 * *", None),
            ("61 0 * * *", None),
            ("0 5-1 * * *", None),
            ("@daily", None),
        ] {
            assert_eq!(fires(cron, from, until), expected, "{cron}");
        }
        let year = (time("2021-01-01"), time("2026-01-01"));
        assert_eq!(fires("0 0 1 1 *", year.0, year.1), Some(true));
    }
}
