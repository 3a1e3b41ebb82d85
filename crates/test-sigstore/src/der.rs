//! The little of DER that certificates and timestamps need.

/// A value with its tag and length.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap()),
        long => {
            let bytes: Vec<u8> = long
                .to_be_bytes()
                .into_iter()
                .skip_while(|byte| *byte == 0)
                .collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap());
            out.extend(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A set, in the order that DER wants.
pub(crate) fn set(parts: &[&[u8]]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    tlv(0x31, &parts.concat())
}

pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

pub(crate) fn bits(content: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], content].concat())
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

/// A number that is not negative.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes;
    while bytes.len() > 1 && bytes[0] == 0 {
        bytes = &bytes[1..];
    }
    let high = bytes.first().is_none_or(|byte| *byte >= 0x80);
    tlv(0x02, &[if high { &[0][..] } else { &[] }, bytes].concat())
}

pub(crate) const TRUE: [u8; 3] = [0x01, 0x01, 0xff];

/// An identifier in dots.
pub(crate) fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = vec![u8::try_from(arcs[0] * 40 + arcs[1]).unwrap()];
    for &arc in &arcs[2..] {
        let mut groups = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    tlv(0x06, &content)
}

/// A second of UTC as `GeneralizedTime`, without a fraction.
pub(crate) fn time(seconds: i64) -> Vec<u8> {
    let [year, month, day, hour, minute, second] = civil(seconds);
    let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(0x18, text.as_bytes())
}

/// A second of UTC as certificates write it until 2049.
pub(crate) fn utc_time(seconds: i64) -> Vec<u8> {
    let [year, month, day, hour, minute, second] = civil(seconds);
    let year = year % 100;
    let text = format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(0x17, text.as_bytes())
}

/// A second of UTC after RFC 3339.
pub(crate) fn rfc3339(seconds: i64) -> String {
    let [year, month, day, hour, minute, second] = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month, day, hour, minute and second.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(seconds: i64) -> [i64; 6] {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    [
        year,
        month,
        doy - (153 * mp + 2) / 5 + 1,
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
    ]
}

/// The tag and content of the first value, and what comes after it.
pub(crate) fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        let (digits, after) = rest.split_at_checked(count)?;
        rest = after;
        digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit))
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_standard_has_them() {
        assert_eq!(
            oid("1.2.840.10045.2.1"),
            [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]
        );
        assert_eq!(integer(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(tlv(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(rfc3339(1_692_374_735), "2023-08-18T16:05:35Z");
        assert_eq!(read(&[4, 1, 7, 9]), Some((4, &[7][..], &[9][..])));
        assert_eq!(read(&[4, 5, 7]), None);
    }
}
