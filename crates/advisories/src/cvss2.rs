//! The base score of CVSS 2.0, which old advisories still have.
//!
//! Source: FIRST, "A Complete Guide to the Common Vulnerability Scoring System
//! Version 2.0", section 3.2.1.

/// The base score of a vector such as `AV:N/AC:L/Au:N/C:P/I:P/A:P`. Metrics beyond the
/// six of the base are passed over; `None` where one of the six is missing, twice
/// there or of no known value.
pub(crate) fn score(vector: &str) -> Option<f64> {
    let vector = vector.trim_start_matches('(').trim_end_matches(')');
    let mut values: [Option<f64>; 6] = [None; 6];
    for metric in vector.split('/') {
        let (name, value) = metric.split_once(':')?;
        let Some((at, value)) = weight(name, value) else {
            continue;
        };
        let place = values.get_mut(at)?;
        if place.replace(value?).is_some() {
            return None;
        }
    }
    let [
        vector,
        complexity,
        authentication,
        secrecy,
        integrity,
        availability,
    ] = values;
    let impact = 10.41 * (1.0 - (1.0 - secrecy?) * (1.0 - integrity?) * (1.0 - availability?));
    let exploitability = 20.0 * vector? * complexity? * authentication?;
    let factor = if impact == 0.0 { 0.0 } else { 1.176 };
    let score = (0.6 * impact + 0.4 * exploitability - 1.5) * factor;
    Some((score * 10.0).round() / 10.0)
}

/// The place and the weight of a base metric; `None` for another metric.
fn weight(name: &str, value: &str) -> Option<(usize, Option<f64>)> {
    let (at, weights): (usize, [(&str, f64); 3]) = match name {
        "AV" => (0, [("L", 0.395), ("A", 0.646), ("N", 1.0)]),
        "AC" => (1, [("H", 0.35), ("M", 0.61), ("L", 0.71)]),
        "Au" => (2, [("M", 0.45), ("S", 0.56), ("N", 0.704)]),
        "C" => (3, [("N", 0.0), ("P", 0.275), ("C", 0.660)]),
        "I" => (4, [("N", 0.0), ("P", 0.275), ("C", 0.660)]),
        "A" => (5, [("N", 0.0), ("P", 0.275), ("C", 0.660)]),
        _ => return None,
    };
    let found = weights.iter().find(|(word, _)| *word == value);
    Some((at, found.map(|(_, weight)| *weight)))
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn what_is_no_vector_has_no_score() {
        for text in [
            "",
            "AV:N",
            "AV:N/AC:L/Au:N/C:N/I:N",
            "AV:X/AC:L/Au:N/C:N/I:N/A:C",
            "AV:N/AV:N/AC:L/Au:N/C:N/I:N/A:C",
            "AVN/AC:L/Au:N/C:N/I:N/A:C",
        ] {
            assert_eq!(score(text), None, "{text}");
        }
        assert_eq!(score("(AV:N/AC:L/Au:N/C:P/I:P/A:P/E:F/RL:OF)"), Some(7.5));
    }
}
