//! Claims held against an exposure: each holds, is refuted, or is not provable.
//!
//! A way counts unless a control that is known stops it, or it passes something
//! that the claim names as an excuse. Not the best way alone is looked at: the
//! excused edges are left out of the graph, and whatever can still be reached
//! refutes the claim. Where that takes a fact which was not seen, nothing is
//! proven, and neither where a file was not read that the claim could be about.

mod evaluate;
pub mod propose;
pub mod schema;
pub mod words;

use cofferdam_config::{Claim, Config, Form};
use cofferdam_facts::registry::RegistryDeclaration;
use cofferdam_facts::{SourceFile, Spanned};

use crate::Exposure;
use crate::graph::Cut;
use crate::matrix::Row;

pub use words::{Meaningless, Names, What, Who};

use words::Reading;

/// So many ways that refute a claim get their cuts worked out.
pub const EXPLAINED: usize = 5;

/// What claims are held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// Who reaches what.
    pub exposure: &'a Exposure,
    /// The names that a claim may use.
    pub names: &'a Names,
    /// What is declared of registries.
    pub registries: &'a [RegistryDeclaration],
    /// Whether the settings were seen.
    pub settings: bool,
    /// What else was not read, each as a sentence without full stop.
    pub unread: &'a [String],
    /// Whether a name that nothing has is a mistake.
    pub must_exist: bool,
}

/// What became of one claim.
#[derive(Clone, Debug)]
pub struct Ruling<'c> {
    /// The claim.
    pub claim: &'c Claim,
    /// What was looked at.
    pub examined: Examined,
    /// What came out.
    pub standing: Standing,
}

/// What was looked at for a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Positions.
    pub positions: usize,
    /// Assets.
    pub assets: usize,
    /// Pairs between which there is a way at all, be it blocked or excused.
    pub ways: usize,
}

impl Examined {
    /// Pairs of a position and an asset.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.positions * self.assets
    }
}

/// What came out of a claim.
#[derive(Clone, Debug)]
pub enum Standing {
    /// No way contradicts it.
    Holds,
    /// These ways do, the worst first.
    Refuted(Vec<Refutation>),
    /// It depends on what is missing.
    NotProvable(Vec<Missing>),
}

/// A way that contradicts a claim.
#[derive(Clone, Debug)]
pub struct Refutation {
    /// The pair, with the shortest way that the claim does not excuse.
    pub row: Row,
    /// The cheapest changes that close such ways; worked out for the first few.
    pub cuts: Vec<Vec<Cut>>,
}

/// Something that is missing for a proof.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// What.
    pub what: String,
    /// How many pairs wait for it; none where it is a file.
    pub pairs: usize,
    /// What settles it.
    pub settle: String,
    /// One way that depends on it.
    pub example: Option<Example>,
}

/// A pair that depends on a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// From where.
    pub from: String,
    /// To what.
    pub to: String,
}

/// A claim with its words understood.
pub(crate) struct Meant {
    pub(crate) form: Form,
    pub(crate) from: Vec<Who>,
    pub(crate) to: Vec<What>,
    pub(crate) after: Vec<String>,
    pub(crate) unless: Vec<String>,
}

fn each<T>(
    words: &[Spanned<String>],
    mistakes: &mut Vec<Meaningless>,
    read: impl Fn(&Spanned<String>) -> Result<T, Meaningless>,
) -> Vec<T> {
    let mut all = Vec::new();
    for word in words {
        match read(word) {
            Ok(found) => all.push(found),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    all
}

/// Understands the words of a claim that stands in a file.
///
/// # Errors
/// Every word that means nothing.
pub(crate) fn meant(
    claim: &Claim,
    file: &SourceFile,
    against: &Against<'_>,
) -> Result<Meant, Vec<Meaningless>> {
    let reading = Reading {
        names: against.names,
        declared: against.registries,
        must_exist: against.must_exist,
        place: &|span| file.locate(span),
    };
    let mut mistakes = Vec::new();
    let meant = Meant {
        form: claim.form,
        from: each(&claim.from, &mut mistakes, |text| reading.who(text)),
        to: each(&claim.to, &mut mistakes, |text| reading.what(text)),
        after: each(&claim.after, &mut mistakes, |text| reading.excuse(text)),
        unless: each(&claim.unless, &mut mistakes, |text| reading.excuse(text)),
    };
    if mistakes.is_empty() {
        Ok(meant)
    } else {
        Err(mistakes)
    }
}

/// Holds claims of a file against an exposure.
///
/// # Errors
/// Every word of them that means nothing.
pub fn check<'c>(
    claims: &'c [Claim],
    file: &SourceFile,
    against: &Against<'_>,
) -> Result<Vec<Ruling<'c>>, Vec<Meaningless>> {
    let mut rulings = Vec::new();
    let mut mistakes = Vec::new();
    for claim in claims {
        match meant(claim, file, against) {
            Ok(meant) => rulings.push(evaluate::rule(claim, &meant, against)),
            Err(more) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() {
        Ok(rulings)
    } else {
        Err(mistakes)
    }
}

/// The words of claims and allowances that mean nothing in any checkout. Whether a
/// name is one that something here has, only [`check`] tells.
#[must_use]
pub fn misspelt(config: &Config) -> Vec<Meaningless> {
    let place = |span| config.file.locate(span);
    let reading = Reading {
        names: &Names::everywhere(),
        declared: &config.registries,
        must_exist: false,
        place: &place,
    };
    let claims = config.claims.iter();
    let mut said: Vec<_> = claims
        .map(|one| (&one.from, &one.to, [&one.after, &one.unless]))
        .collect();
    let none = &Vec::new();
    let allowed = config.allowed.iter();
    said.extend(allowed.map(|one| (&one.from, &one.to, [&one.after, none])));
    let mut wrong = Vec::new();
    for (from, to, excuses) in said {
        wrong.extend(from.iter().filter_map(|text| reading.who(text).err()));
        wrong.extend(to.iter().filter_map(|text| reading.what(text).err()));
        let excuses = excuses.into_iter().flatten();
        wrong.extend(excuses.filter_map(|text| reading.excuse(text).err()));
    }
    wrong
}

#[cfg(test)]
mod tests;
