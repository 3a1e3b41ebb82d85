//! What is wrong with a configuration, each at its place.

use std::fmt;

use cofferdam_facts::Location;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub location: Location,
    /// What, without a full stop.
    pub message: String,
    /// What is probably meant.
    pub hint: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with one file; never empty. A file that is half
/// understood would silence or show by accident, so that none of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else {
            return f.write_str("the configuration is wrong");
        };
        write!(f, "{first}")?;
        match self.0.len() - 1 {
            0 => Ok(()),
            more => write!(f, " (and {more} more: `cofferdam config check`)"),
        }
    }
}

impl std::error::Error for Mistakes {}

/// The word of a list that is most like `word`, if one is like it.
pub(crate) fn nearest<'w>(word: &str, of: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // A very long word is like nothing, and comparing it would take long.
    if word.len() > 100 {
        return None;
    }
    let lower = word.to_ascii_lowercase().replace('_', "-");
    of.into_iter()
        .map(|known| (strsim::damerau_levenshtein(&lower, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
