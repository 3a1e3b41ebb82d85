//! What if this is taken over, or that layer falls?
//!
//! A [`Study`] is a checkout with its graph, to which such questions are put:
//! [`catalogue`] finds what a name means, [`answer`] says what the thing runs in
//! and what it would get, [`ranking`] orders all dependencies by that, and
//! [`breach`] takes layers of the defence away.

pub mod answer;
pub mod breach;
pub mod catalogue;
pub mod controls;
pub mod cover;
pub mod fallen;
pub mod homes;
pub mod organisation;
pub mod places;
pub mod purpose;
pub mod ranking;
pub mod rotation;
pub mod schema;
pub mod start;
pub mod thing;
pub mod weight;

use cofferdam_rules::Context;

use crate::scene::Scene;
use crate::universe::Universe;
use crate::{Exposure, Without, drawn, settled};

pub use answer::{Answer, Gain, Hit, Nearness};
pub use breach::Layer;
pub use catalogue::{Catalogue, Unresolved};
pub use controls::UnknownControl;
pub use cover::Saving;
pub use fallen::{Fall, Held};
pub use organisation::Everywhere;
pub use ranking::Ranked;
pub use rotation::{Check, Rotation};
pub use thing::Thing;

/// A checkout to which questions are put.
#[derive(Debug)]
pub struct Study<'c> {
    /// The runs and settings.
    pub scene: Scene<'c>,
    /// Who reaches what.
    pub exposure: Exposure,
    /// How many questions were put.
    asked: usize,
}

impl<'c> Study<'c> {
    /// Works out who reaches what, and keeps what it follows from.
    #[must_use]
    pub fn of(cx: &'c Context<'c>) -> Self {
        let scene = Scene::of(cx);
        let graph = drawn(&scene, &Universe::of(&scene), &Without::default());
        let exposure = settled(&scene, graph);
        Self {
            scene,
            exposure,
            asked: 0,
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a broken example should stop the test at once"
)]
mod tests;
