//! The words of claims: who, what, and what makes a way acceptable.

use std::collections::BTreeSet;

use cofferdam_config::glob::matches_text;
use cofferdam_facts::registry::{RegistryDeclaration, RegistryKind};
use cofferdam_facts::{Location, Spanned};

use crate::Exposure;
use crate::asset::{Asset, Class};
use crate::declared;
use crate::graph::Node;
use crate::position::Position;
use crate::verdict::Wait;

/// A word of a claim that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{location}: `{word}` {why}{}", nearest(near))]
pub struct Meaningless {
    /// Where it stands.
    pub location: Box<Location>,
    /// The word.
    pub word: String,
    /// Why, as a half sentence.
    pub why: &'static str,
    /// The word that is most like it.
    pub near: Option<String>,
}

fn nearest(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// A class of positions.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its word.
    pub word: &'static str,
    /// Who belongs to it.
    pub about: &'static str,
    has: fn(&Position) -> bool,
}

/// Every class of positions.
pub const GROUPS: &[Group] = &[
    Group {
        word: "any",
        about: "every position",
        has: |_| true,
    },
    Group {
        word: "outsider",
        about: "`newcomer` and `contributor`: whoever has no role in the repository",
        has: |p| matches!(p, Position::Newcomer | Position::Contributor),
    },
    Group {
        word: "fork",
        about: "the same as `outsider`; everything that they can cause counts, comments as well as pull requests",
        has: |p| matches!(p, Position::Newcomer | Position::Contributor),
    },
    Group {
        word: "branch",
        about: "whoever pushes branches without deciding on the default branch: `writer` and every `app:`",
        has: |p| matches!(p, Position::Writer | Position::App(_)),
    },
    Group {
        word: "insider",
        about: "`triager`, `writer`, `maintainer`, `admin` and every `app:`",
        has: |p| {
            matches!(
                p,
                Position::Triager
                    | Position::Writer
                    | Position::Maintainer
                    | Position::Admin
                    | Position::App(_)
            )
        },
    },
    Group {
        word: "dependency",
        about: "every `action:`, `image:`, `tool:` and `url:`",
        has: is_dependency,
    },
    Group {
        word: "ci",
        about: "whatever runs in a build without being somebody with a role: every dependency, `cache`, `artifact` and `runner-neighbour`",
        has: |p| {
            is_dependency(p)
                || matches!(
                    p,
                    Position::Cache | Position::Artifact | Position::RunnerNeighbour
                )
        },
    },
    Group {
        word: "app",
        about: "every `app:`",
        has: |p| matches!(p, Position::App(_)),
    },
    Group {
        word: "action",
        about: "every `action:`",
        has: |p| matches!(p, Position::Action(_)),
    },
    Group {
        word: "image",
        about: "every `image:`",
        has: |p| matches!(p, Position::Image(_)),
    },
    Group {
        word: "tool",
        about: "every `tool:`",
        has: |p| matches!(p, Position::Tool(_)),
    },
    Group {
        word: "url",
        about: "every `url:`",
        has: |p| matches!(p, Position::Url(_)),
    },
];

fn is_dependency(position: &Position) -> bool {
    matches!(
        position,
        Position::Action(_) | Position::Image(_) | Position::Tool(_) | Position::Url(_)
    )
}

/// Who is meant by a word.
#[derive(Clone, Debug)]
pub enum Who {
    /// All of a class.
    Group(Group),
    /// All that a pattern matches.
    Pattern(String),
    /// One.
    One(Position),
}

/// What is meant by a word.
#[derive(Clone, Debug)]
pub enum What {
    /// Everything.
    Any,
    /// All of a class.
    Class(Class),
    /// What registries hold, of this kind; `None` for both.
    Registry(Option<RegistryKind>),
    /// All that a pattern matches.
    Pattern(String),
    /// One.
    One(Asset),
}

/// The names that something has here: those of the checkout, and on a change
/// those of its base besides.
#[derive(Clone, Debug, Default)]
pub struct Names {
    positions: BTreeSet<Position>,
    assets: BTreeSet<Asset>,
    environments: BTreeSet<String>,
    /// Whether it is known which Apps there are.
    apps: bool,
}

impl Names {
    /// The names of an exposure; `apps` says whether the settings told which
    /// Apps there are.
    #[must_use]
    pub fn of(exposure: &Exposure, apps: bool) -> Self {
        let mut names = Self {
            apps,
            ..Self::default()
        };
        for node in exposure.graph.nodes() {
            match node {
                Node::Position(position) => {
                    names.positions.insert(position.clone());
                }
                Node::Asset(asset) => {
                    if let Asset::Environment(name) = asset {
                        names.environments.insert(name.clone());
                    }
                    names.assets.insert(asset.clone());
                }
                Node::Inside(name) => {
                    names.environments.insert(name.clone());
                }
                _ => {}
            }
        }
        names
    }

    /// Those that every checkout has.
    #[must_use]
    pub fn everywhere() -> Self {
        let mut names = Self::default();
        names.positions.extend(Position::PEOPLE);
        let others = [
            Position::Cache,
            Position::Artifact,
            Position::RunnerNeighbour,
        ];
        names.positions.extend(others);
        names
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.positions.extend(other.positions);
        self.assets.extend(other.assets);
        self.environments.extend(other.environments);
        self
    }

    /// The positions.
    pub(crate) fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.iter()
    }

    /// The assets.
    pub(crate) fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.assets.iter()
    }

    /// The environments.
    pub(crate) fn environments(&self) -> impl Iterator<Item = &String> {
        self.environments.iter()
    }
}

/// A word at its place.
pub(crate) struct Reading<'r> {
    pub(crate) names: &'r Names,
    pub(crate) declared: &'r [RegistryDeclaration],
    /// Whether a name that nothing has is a mistake.
    pub(crate) must_exist: bool,
    pub(crate) place: &'r dyn Fn(cofferdam_facts::Span) -> Location,
}

impl Reading<'_> {
    fn wrong(
        &self,
        text: &Spanned<String>,
        why: &'static str,
        all: impl Iterator<Item = String>,
    ) -> Meaningless {
        Meaningless {
            location: Box::new((self.place)(text.span)),
            word: text.value.clone(),
            why,
            near: near(&text.value, all),
        }
    }

    /// Reads who is meant.
    pub(crate) fn who(&self, text: &Spanned<String>) -> Result<Who, Meaningless> {
        let word = text.value.strip_prefix("any ").unwrap_or(&text.value);
        let word = if word == "*" { "any" } else { word };
        if let Some(group) = GROUPS.iter().find(|group| group.word == word) {
            return Ok(Who::Group(*group));
        }
        let all = || {
            let groups = GROUPS.iter().map(|group| group.word.to_owned());
            groups.chain(self.names.positions().map(ToString::to_string))
        };
        if word.contains('*') {
            let kind = word.split_once(':').map(|(kind, _)| kind);
            return if matches!(kind, Some("app" | "action" | "image" | "tool" | "url")) {
                Ok(Who::Pattern(word.to_owned()))
            } else {
                Err(self.wrong(text, "is a pattern of no kind of position", all()))
            };
        }
        let Ok(position) = word.parse::<Position>() else {
            return Err(self.wrong(text, "names no position and no class of them", all()));
        };
        let there = match &position {
            Position::App(_) if !self.names.apps => true,
            Position::App(_)
            | Position::Action(_)
            | Position::Image(_)
            | Position::Tool(_)
            | Position::Url(_) => self.names.positions.contains(&position),
            _ => true,
        };
        if self.must_exist && !there {
            return Err(self.wrong(text, "names no position here", all()));
        }
        Ok(Who::One(position))
    }

    /// Reads what is meant.
    pub(crate) fn what(&self, text: &Spanned<String>) -> Result<What, Meaningless> {
        let word = text.value.strip_prefix("any ").unwrap_or(&text.value);
        if matches!(word, "any" | "*") {
            return Ok(What::Any);
        }
        let class = word.strip_suffix(":*").unwrap_or(word);
        if class == "registry" {
            return Ok(What::Registry(None));
        }
        if let Some(class) = Class::from_word(class) {
            return Ok(What::Class(class));
        }
        if let Some(kind) = word
            .strip_prefix("registry:")
            .and_then(RegistryKind::from_word)
        {
            return Ok(What::Registry(Some(kind)));
        }
        let all = || {
            let classes = Class::ALL.iter().map(|class| class.word().to_owned());
            let kinds = RegistryKind::ALL.map(|kind| format!("registry:{}", kind.word()));
            let assets = self.names.assets().map(ToString::to_string);
            classes.chain(kinds).chain(assets)
        };
        if word.contains('*') {
            let kind = word
                .split_once(':')
                .and_then(|(kind, _)| Class::from_word(kind));
            return match kind {
                Some(_) => Ok(What::Pattern(word.to_owned())),
                None => Err(self.wrong(text, "is a pattern of no class of assets", all())),
            };
        }
        let Ok(asset) = word.parse::<Asset>() else {
            return Err(self.wrong(text, "names no asset and no class of them", all()));
        };
        if self.must_exist && !self.is_there(&asset) {
            return Err(self.wrong(text, "names no asset here", all()));
        }
        Ok(What::One(asset))
    }

    fn is_there(&self, asset: &Asset) -> bool {
        match asset {
            Asset::Token(_)
            | Asset::ContentsRead
            | Asset::DefaultBranch
            | Asset::Branch
            | Asset::Tag
            | Asset::Cache => true,
            Asset::Publish(what) => {
                self.names.assets.contains(asset)
                    || declared::kind_of(self.declared, what).is_some()
            }
            Asset::Environment(name) => self.names.environments.contains(name),
            _ => self.names.assets.iter().any(|one| same(asset, one)),
        }
    }

    /// Reads what makes a way acceptable, as a pattern of the words of waits.
    pub(crate) fn excuse(&self, text: &Spanned<String>) -> Result<String, Meaningless> {
        let word = &text.value;
        let all = || {
            let fixed = ["approval:fork", "approval:merge", "approval:update"];
            let environments = self.names.environments();
            let of = environments.flat_map(|name| {
                [
                    format!("approval:environment:{name}"),
                    format!("wait:{name}"),
                ]
            });
            fixed.into_iter().map(str::to_owned).chain(of)
        };
        if word.starts_with("settings:") || word.starts_with("callee:") {
            let why = "is nothing that somebody agrees to: a setting that stops a way needs no \
                       `unless`, and one that is not known is no excuse";
            return Err(self.wrong(text, why, std::iter::empty()));
        }
        let known = match word.parse::<Wait>() {
            Ok(Wait::Environment(name) | Wait::Timer(name)) if !name.contains('*') => {
                !self.must_exist || self.names.environments.contains(&name)
            }
            Ok(_) => true,
            Err(_) => {
                word.contains('*') && (word.starts_with("approval:") || word.starts_with("wait:"))
            }
        };
        if known {
            Ok(word.clone())
        } else {
            Err(self.wrong(text, "names no approval and no wait here", all()))
        }
    }
}

impl Who {
    /// Whether a position is meant.
    #[must_use]
    pub fn means(&self, position: &Position) -> bool {
        match self {
            Self::Group(group) => (group.has)(position),
            Self::Pattern(pattern) => matches_text(pattern, &position.to_string()),
            Self::One(one) => one == position,
        }
    }

    /// Whether it is about Apps, of which only the settings tell.
    pub(crate) fn is_about_apps(&self) -> bool {
        match self {
            Self::Group(group) => group.word == "app",
            Self::Pattern(pattern) => pattern.starts_with("app:"),
            Self::One(one) => matches!(one, Position::App(_)),
        }
    }
}

impl What {
    /// Whether an asset is meant. Of a registry everything counts as production
    /// that is not declared to be for development.
    #[must_use]
    pub fn means(&self, asset: &Asset, declarations: &[RegistryDeclaration]) -> bool {
        match self {
            Self::Any => true,
            Self::Class(class) => asset.class() == *class,
            Self::Registry(wanted) => declared::in_registry(asset).is_some_and(|what| {
                let kind = declared::kind_of(declarations, what);
                let kind = kind.unwrap_or(RegistryKind::Production);
                wanted.is_none_or(|wanted| wanted == kind)
            }),
            Self::Pattern(pattern) => matches_text(pattern, &asset.to_string()),
            Self::One(one) => same(one, asset),
        }
    }
}

/// Whether an asset is the one that is named. A secret without an environment is
/// meant wherever it is kept; one of an environment also where its home is not
/// known.
fn same(named: &Asset, asset: &Asset) -> bool {
    match (named, asset) {
        (
            Asset::Secret {
                name: Some(named),
                environment: home,
            },
            Asset::Secret {
                name: Some(name),
                environment,
            },
        ) => named == name && (home.is_none() || environment.is_none() || home == environment),
        _ => named == asset,
    }
}

/// The word that is written most alike, if one is at all.
#[must_use]
pub fn near(name: &str, all: impl Iterator<Item = String>) -> Option<String> {
    let scored = all.map(|other| (strsim::jaro_winkler(name, &other), other));
    let mut scored: Vec<(f64, String)> = scored.filter(|(score, _)| *score > 0.75).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().next().map(|(_, other)| other)
}
