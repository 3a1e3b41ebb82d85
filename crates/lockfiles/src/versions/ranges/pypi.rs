//! Specifiers of Python.
//!
//! Source: PEP 440, "Version specifiers". Early versions count, as the version that
//! is judged is one that somebody has.

use super::super::pypi::{compare, is_early, is_post, is_version, release};
use super::{MOST, Sign};

pub(super) fn satisfies(range: &str, version: &str) -> Option<bool> {
    let mut fits = true;
    for part in range.split(',').take(MOST) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        fits &= one(part, version)?;
    }
    Some(fits)
}

fn one(part: &str, version: &str) -> Option<bool> {
    if let Some(exact) = part.strip_prefix("===") {
        return Some(exact.trim().eq_ignore_ascii_case(version));
    }
    if let Some(wanted) = part.strip_prefix("~=") {
        let wanted = wanted.trim();
        // All but the last number stays.
        let (kept, _) = release(wanted)?.rsplit_once('.')?;
        return Some(compare(version, wanted).is_ge() && begins(version, kept));
    }
    let (sign, wanted) = Sign::split(part);
    let (sign, wanted) = (sign?, wanted.trim());
    if let Some(kept) = wanted.strip_suffix(".*") {
        release(kept)?;
        return match sign {
            Sign::Equal => Some(begins(version, kept)),
            Sign::NotEqual => Some(!begins(version, kept)),
            _ => None,
        };
    }
    if !is_version(wanted) {
        return None;
    }
    // A local version counts where one is asked for.
    let public = version.split('+').next().unwrap_or(version);
    let judged = if wanted.contains('+') {
        version
    } else {
        public
    };
    let order = compare(judged, wanted);
    Some(match sign {
        Sign::Equal => order.is_eq(),
        Sign::NotEqual => order.is_ne(),
        Sign::AtMost => order.is_le(),
        Sign::AtLeast => order.is_ge(),
        // Neither what is early of it nor what is behind it is above or below it.
        Sign::Less => {
            let is_early_of = is_early(version) && !is_early(wanted) && is_of(version, wanted);
            order.is_lt() && !is_early_of
        }
        Sign::More => {
            let is_post_of = is_post(version) && !is_post(wanted) && is_of(version, wanted);
            order.is_gt() && !is_post_of
        }
    })
}

/// Whether the numbers of a version begin with others, noughts added.
fn begins(version: &str, kept: &str) -> bool {
    let epoch = |text: &str| match text.split_once('!') {
        Some((epoch, _)) => epoch.trim_start_matches('0').to_owned(),
        None => String::new(),
    };
    let (Some(own), Some(wanted)) = (release(version), release(kept)) else {
        return false;
    };
    let mut own = own.split('.');
    epoch(version) == epoch(kept)
        && wanted.split('.').all(|number| {
            let mine = own.next().unwrap_or("0");
            super::super::number::compare(mine, number).is_eq()
        })
}

/// Whether two versions have the same numbers.
fn is_of(version: &str, wanted: &str) -> bool {
    begins(version, wanted) && begins(wanted, version)
}
