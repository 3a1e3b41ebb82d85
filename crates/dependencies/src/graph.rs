//! Who pulls a package in, in one file.

use std::collections::VecDeque;

use cofferdam_lockfiles::{Document, Relation};

/// The packages of a file with the ones that each asks for.
#[derive(Debug)]
pub struct Graph<'d> {
    document: &'d Document,
    /// By the place of a package, what it asks for, in order of places.
    children: Vec<Vec<usize>>,
}

/// One line of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The place of the package in [`Document::packages`].
    pub package: usize,
    /// How far below the start it stands.
    pub depth: usize,
    /// Why nothing stands below it, where something could.
    pub end: Option<End>,
    /// Whether it is the last below the same package.
    pub last: bool,
}

/// Why a tree goes no deeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It stands above itself: the packages ask for each other in a circle.
    Circle,
    /// What it asks for was shown further up.
    Shown,
    /// The depth that was asked for is reached.
    Depth,
}

impl<'d> Graph<'d> {
    /// The graph of a file.
    #[must_use]
    pub fn of(document: &'d Document) -> Self {
        let mut children = vec![Vec::new(); document.packages.len()];
        for (at, package) in document.packages.iter().enumerate() {
            for &requirer in &package.requirers {
                if let Some(list) = children.get_mut(requirer) {
                    list.push(at);
                }
            }
        }
        Self { document, children }
    }

    /// What a package asks for.
    #[must_use]
    pub fn children(&self, package: usize) -> &[usize] {
        self.children.get(package).map_or(&[], Vec::as_slice)
    }

    fn requirers(&self, package: usize) -> &'d [usize] {
        let package = self.document.packages.get(package);
        package.map_or(&[], |package| &package.requirers)
    }

    fn relation(&self, package: usize) -> Relation {
        let package = self.document.packages.get(package);
        package.map_or(Relation::Unknown, |package| package.relation)
    }

    /// Where trees begin: what the project asks for by itself, and what nobody is
    /// known to ask for; what stands in a circle that nobody enters begins with
    /// its first package, so that no package is left out.
    #[must_use]
    pub fn roots(&self) -> Vec<usize> {
        let count = self.document.packages.len();
        let is_root = |at: &usize| match self.relation(*at) {
            Relation::Project => false,
            Relation::Direct => true,
            Relation::Transitive | Relation::Unknown => self.requirers(*at).is_empty(),
        };
        let mut roots: Vec<usize> = (0..count).filter(is_root).collect();
        let mut seen = vec![false; count];
        let mut next = 0;
        let mut at = 0;
        loop {
            while let Some(&root) = roots.get(next) {
                self.mark(root, &mut seen);
                next += 1;
            }
            match (at..count).find(|&one| {
                self.relation(one) != Relation::Project && seen.get(one) == Some(&false)
            }) {
                Some(one) => {
                    roots.push(one);
                    at = one;
                }
                None => return roots,
            }
        }
    }

    fn mark(&self, start: usize, seen: &mut [bool]) {
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if let Some(mark) = seen.get_mut(at)
                && !std::mem::replace(mark, true)
            {
                open.extend(self.children(at));
            }
        }
    }

    /// The shortest ways to a package from what the project asks for by itself,
    /// one for each such start and shortest first; each begins with the start and
    /// ends with the package.
    ///
    /// A package that nobody is known to ask for begins a way as well, and where
    /// all ask for each other, the way is the package alone.
    #[must_use]
    pub fn ways(&self, package: usize) -> Vec<Vec<usize>> {
        let count = self.document.packages.len();
        let mut next = vec![None; count];
        let mut seen = vec![false; count];
        let mut queue = VecDeque::from([package]);
        let mut starts = Vec::new();
        if let Some(mark) = seen.get_mut(package) {
            *mark = true;
        }
        while let Some(at) = queue.pop_front() {
            let asked = self.requirers(at).iter().copied();
            let others: Vec<usize> = asked
                .filter(|one| self.relation(*one) != Relation::Project)
                .collect();
            if self.relation(at) == Relation::Direct || others.is_empty() {
                starts.push(at);
            }
            for one in others {
                if let Some(mark) = seen.get_mut(one)
                    && !std::mem::replace(mark, true)
                {
                    if let Some(place) = next.get_mut(one) {
                        *place = Some(at);
                    }
                    queue.push_back(one);
                }
            }
        }
        if starts.is_empty() {
            return vec![vec![package]];
        }
        starts.iter().map(|start| follow(&next, *start)).collect()
    }

    /// The tree below some packages, down to a depth. With `inverted`, whoever
    /// asks for a package stands below it. What asks for something is shown with
    /// it once, so that a tree is no longer than its file has edges.
    #[must_use]
    pub fn rows(&self, starts: &[usize], depth: Option<usize>, inverted: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut marks = Marks {
            shown: vec![false; self.document.packages.len()],
            is_above: vec![false; self.document.packages.len()],
        };
        for &start in starts {
            self.rows_below(start, depth, inverted, &mut marks, &mut rows);
        }
        rows
    }

    fn rows_below(
        &self,
        start: usize,
        most: Option<usize>,
        inverted: bool,
        marks: &mut Marks,
        rows: &mut Vec<Row>,
    ) {
        // What stands above the package at hand, start first.
        let mut above: Vec<usize> = Vec::new();
        let mut open = vec![(start, 0, true)];
        while let Some((package, depth, last)) = open.pop() {
            for left in above.drain(depth.min(above.len())..) {
                if let Some(mark) = marks.is_above.get_mut(left) {
                    *mark = false;
                }
            }
            let below: Vec<usize> = if inverted {
                let asked = self.requirers(package).iter().copied();
                asked
                    .filter(|one| self.relation(*one) != Relation::Project)
                    .collect()
            } else {
                self.children(package).to_vec()
            };
            let end = if below.is_empty() {
                None
            } else if marks.is_above.get(package) == Some(&true) {
                Some(End::Circle)
            } else if marks.shown.get(package) == Some(&true) {
                Some(End::Shown)
            } else if most.is_some_and(|most| depth >= most) {
                Some(End::Depth)
            } else {
                None
            };
            let row = Row {
                package,
                depth,
                end,
                last,
            };
            rows.push(row);
            if end.is_some() || below.is_empty() {
                continue;
            }
            for list in [&mut marks.shown, &mut marks.is_above] {
                if let Some(mark) = list.get_mut(package) {
                    *mark = true;
                }
            }
            above.push(package);
            let count = below.len();
            let deeper = below.into_iter().enumerate().rev();
            open.extend(deeper.map(|(nth, one)| (one, depth + 1, nth + 1 == count)));
        }
        for left in above {
            if let Some(mark) = marks.is_above.get_mut(left) {
                *mark = false;
            }
        }
    }
}

/// What is known of each package while trees are written.
struct Marks {
    /// What it asks for has been shown.
    shown: Vec<bool>,
    /// It stands above the package at hand.
    is_above: Vec<bool>,
}

fn follow(next: &[Option<usize>], start: usize) -> Vec<usize> {
    let mut way = vec![start];
    let mut at = start;
    while let Some(Some(then)) = next.get(at)
        && way.len() <= next.len()
    {
        way.push(*then);
        at = *then;
    }
    way
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::Location;
    use cofferdam_lockfiles::{Ecosystem, Format, Package};

    use super::*;

    /// Packages `a`, `b`, …; each pair says who asks for whom.
    fn document(direct: &[usize], count: usize, edges: &[(usize, usize)]) -> Document {
        let mut document = Document::new("Cargo.lock", Format::CargoLock);
        for at in 0..count {
            let name = char::from(b'a' + u8::try_from(at).unwrap_or_default()).to_string();
            let place = Location::whole_file("Cargo.lock");
            let mut package = Package::new(Ecosystem::Cargo, name, Some("1".to_owned()), place);
            package.relation = if direct.contains(&at) {
                Relation::Direct
            } else {
                Relation::Transitive
            };
            package.requirers = (edges.iter())
                .filter(|(_, to)| *to == at)
                .map(|(from, _)| *from)
                .collect();
            document.packages.push(package);
        }
        document
    }

    #[test]
    fn ways_are_shortest_and_one_a_start() {
        // a and b are direct; a → c → d, b → d, d → c is a circle.
        let document = document(&[0, 1], 4, &[(0, 2), (2, 3), (1, 3), (3, 2)]);
        let graph = Graph::of(&document);
        assert_eq!(graph.ways(3), [vec![1, 3], vec![0, 2, 3]]);
        assert_eq!(graph.ways(0), [vec![0]]);
    }

    #[test]
    fn a_direct_package_that_others_ask_for_too_has_all_its_ways() {
        let document = document(&[0, 1], 2, &[(0, 1)]);
        assert_eq!(Graph::of(&document).ways(1), [vec![1], vec![0, 1]]);
    }

    #[test]
    fn a_circle_ends_and_nothing_is_left_out() {
        // b and c ask for each other, and nobody else asks for them.
        let document = document(&[0], 3, &[(1, 2), (2, 1)]);
        let graph = Graph::of(&document);
        assert_eq!(graph.roots(), [0, 1]);
        let rows = graph.rows(&graph.roots(), None, false);
        let shown: Vec<_> = rows.iter().map(|r| (r.package, r.depth, r.end)).collect();
        let circle = Some(End::Circle);
        assert_eq!(
            shown,
            [(0, 0, None), (1, 0, None), (2, 1, None), (1, 2, circle)]
        );
        assert_eq!(graph.ways(1), [vec![1]]);
    }

    #[test]
    fn what_was_shown_is_not_shown_again_and_depth_ends() {
        let document = document(&[0, 1], 4, &[(0, 2), (1, 2), (2, 3)]);
        let graph = Graph::of(&document);
        let of = |depth| {
            let rows = graph.rows(&graph.roots(), depth, false);
            let shown = rows.iter().map(|r| (r.package, r.depth, r.end));
            shown.collect::<Vec<_>>()
        };
        assert_eq!(
            of(None),
            [
                (0, 0, None),
                (2, 1, None),
                (3, 2, None),
                (1, 0, None),
                (2, 1, Some(End::Shown))
            ]
        );
        assert_eq!(
            of(Some(0)),
            [(0, 0, Some(End::Depth)), (1, 0, Some(End::Depth))]
        );
        let inverted = graph.rows(&[3], None, true);
        let order: Vec<_> = inverted.iter().map(|r| r.package).collect();
        assert_eq!(order, [3, 2, 0, 1]);
    }
}
