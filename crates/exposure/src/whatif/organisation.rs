//! Every dependency of many repositories by what it would get in all of them
//! together.

use std::collections::BTreeMap;

use super::ranking::Ranked;
use crate::asset::Asset;
use crate::position::Position;
use crate::verdict::Verdict;

/// More dependencies than this are not kept apart.
const MAX_DEPENDENCIES: usize = 100_000;

/// What a dependency would get in all repositories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// The points of all repositories.
    pub points: u64,
    /// How many assets at each level, worst level first.
    pub counts: [usize; 4],
    /// In how many repositories it comes in.
    pub repositories: usize,
    /// Into how many jobs.
    pub jobs: usize,
    /// The repository where it gets most, its points there, and what is worst.
    pub worst: Option<Worst>,
}

/// Where a dependency gets most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worst {
    /// What the repository is called.
    pub repository: String,
    /// The points there.
    pub points: u64,
    /// What is worst there, and what stands in the way of it.
    pub asset: Option<(Asset, Verdict)>,
    /// Where it comes in: file and line.
    pub at: Option<(String, usize)>,
}

/// The dependencies of many repositories.
#[derive(Clone, Debug, Default)]
pub struct Everywhere {
    all: BTreeMap<Position, Total>,
    cut: bool,
}

impl Everywhere {
    /// One more repository.
    pub fn add(&mut self, repository: &str, ranked: Vec<Ranked>) {
        for one in ranked {
            if self.all.len() >= MAX_DEPENDENCIES && !self.all.contains_key(&one.position) {
                self.cut = true;
                continue;
            }
            let total = self.all.entry(one.position).or_default();
            total.repositories += 1;
            total.points += one.points;
            total.jobs += one.jobs.len();
            for (sum, count) in total.counts.iter_mut().zip(one.counts) {
                *sum += count;
            }
            let most = total.worst.as_ref().map(|worst| worst.points);
            if most.is_none_or(|most| one.points > most) {
                total.worst = Some(Worst {
                    repository: repository.to_owned(),
                    points: one.points,
                    asset: one.worst.map(|row| (row.asset, row.verdict)),
                    at: one.at,
                });
            }
        }
    }

    /// Whether dependencies were left out because there are too many.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// All of them, the one that gets most first.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&Position, &Total)> {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by(|a, b| (b.1.points, a.0).cmp(&(a.1.points, b.0)));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ranked(name: &str, points: u64, jobs: usize) -> Ranked {
        let jobs = (0..jobs).map(|n| ("ci.yml".to_owned(), n.to_string()));
        Ranked {
            position: Position::Action(name.to_owned()),
            points,
            counts: [1, 0, 2, 0],
            classes: BTreeMap::new(),
            jobs: jobs.collect::<BTreeSet<_>>(),
            worst: None,
            at: None,
        }
    }

    #[test]
    fn what_is_used_in_many_places_adds_up() {
        let mut all = Everywhere::default();
        all.add("one", vec![ranked("o/a", 50, 1), ranked("o/b", 40, 2)]);
        all.add("two", vec![ranked("o/b", 30, 3)]);
        let found = all.ranked();
        let [(first, total), (_, other)] = found.as_slice() else {
            unreachable!("two dependencies")
        };
        assert_eq!(first.to_string(), "action:o/b");
        assert_eq!((total.points, total.repositories, total.jobs), (70, 2, 5));
        assert_eq!(total.counts, [2, 0, 4, 0]);
        let worst = total
            .worst
            .as_ref()
            .map(|w| (w.repository.as_str(), w.points));
        assert_eq!(worst, Some(("one", 40)));
        assert_eq!(other.points, 50);
        assert!(!all.is_cut());
    }
}
