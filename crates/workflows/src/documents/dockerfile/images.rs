//! Stages, and every place where an image can stand.
//!
//! Source: Dockerfile reference, "FROM", "ARG" ("Understand how ARG and FROM
//! interact"), "COPY --from", "RUN --mount" and "syntax".

use std::collections::BTreeMap;
use std::ops::Range;

use cofferdam_facts::{ImageRef, Span, Spanned};

use super::Instruction;
use super::lines::{Directive, Text};
use super::words::{self, Arguments, Resolved, Value};
use crate::documents::problem::{Problem, ProblemKind, keep};

/// Arguments that the builder sets by itself before the first FROM.
const PLATFORM_ARGUMENTS: [&str; 8] = [
    "BUILDARCH",
    "BUILDOS",
    "BUILDPLATFORM",
    "BUILDVARIANT",
    "TARGETARCH",
    "TARGETOS",
    "TARGETPLATFORM",
    "TARGETVARIANT",
];

/// One build stage: a FROM and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The name after AS, as written; stages are compared without case.
    pub name: Option<Spanned<String>>,
    /// The value of `--platform`, as written.
    pub platform: Option<Spanned<String>>,
    /// The index of its base in [`super::Dockerfile::images`].
    pub base: usize,
    /// The bytes of the FROM instruction.
    pub span: Span,
}

/// Where an image stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The base of a stage.
    From,
    /// `COPY --from=…`.
    CopyFrom,
    /// `RUN --mount=…,from=…`.
    MountFrom,
    /// `# syntax=…`: the frontend image, which the builder runs to read the file.
    Syntax,
}

/// What the text in an image place means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageName {
    /// An image that is fetched.
    Image(ImageRef),
    /// `scratch`: nothing is fetched.
    Scratch,
    /// An earlier stage of the same file, by its index.
    Stage(usize),
    /// The name holds a variable whose value the file does not say.
    Unknown {
        /// The variables without a known value; empty if the name is only too
        /// long or too deep to put together.
        missing: Vec<String>,
        /// Earlier stages whose name fits. If all unknown variables are set by
        /// the builder (`TARGETARCH`), one of these is meant.
        stages: Vec<usize>,
    },
}

/// One place that names an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePlace {
    /// Where it stands.
    pub place: Place,
    /// The bytes of the name in the file.
    pub span: Span,
    /// The name as written, variables included.
    pub written: String,
    /// What it means with the defaults of its variables.
    pub name: ImageName,
    /// The build arguments in the name. Whoever builds may replace each.
    pub arguments: Vec<String>,
    /// Where the default stands, if the whole name is one argument.
    pub default_span: Option<Span>,
    /// The stage in which it stands; `None` for the frontend image.
    pub stage: Option<usize>,
    /// Whether it is used by builds that start from this image, not by this one.
    pub on_build: bool,
}

impl ImagePlace {
    /// The image that is fetched here, if it is known to be one.
    #[must_use]
    pub fn image(&self) -> Option<&ImageRef> {
        match &self.name {
            ImageName::Image(image) => Some(image),
            _ => None,
        }
    }

    /// Whether the name can only be one of the stages of this file, although
    /// the file does not say which: every unknown part is set by the builder.
    #[must_use]
    pub fn is_some_stage(&self) -> bool {
        match &self.name {
            ImageName::Stage(_) => true,
            ImageName::Unknown { missing, stages } => {
                !stages.is_empty()
                    && !missing.is_empty()
                    && missing
                        .iter()
                        .all(|name| PLATFORM_ARGUMENTS.contains(&name.as_str()))
            }
            ImageName::Image(_) | ImageName::Scratch => false,
        }
    }
}

/// Collects stages and image places while instructions go by.
pub(super) struct Collector {
    escape: char,
    globals: Arguments,
    /// What whoever builds sets in place of the defaults.
    given: BTreeMap<String, String>,
    /// Where the default of each argument before the first FROM stands.
    defaults: Vec<(String, Span)>,
    pub(super) stages: Vec<Stage>,
    pub(super) images: Vec<ImagePlace>,
    pub(super) problems: Vec<Problem>,
}

impl Collector {
    pub(super) fn new(
        escape: char,
        directives: &[Directive],
        given: &BTreeMap<String, String>,
    ) -> Self {
        let images = directives
            .iter()
            .filter(|directive| directive.name == "syntax")
            .map(|directive| ImagePlace {
                place: Place::Syntax,
                span: directive.span,
                written: directive.value.clone(),
                // The frontend may be followed by its own arguments.
                name: ImageName::Image(ImageRef::parse(
                    directive
                        .value
                        .split_whitespace()
                        .next()
                        .unwrap_or_default(),
                )),
                arguments: Vec::new(),
                default_span: None,
                stage: None,
                on_build: false,
            })
            .collect();
        let globals = PLATFORM_ARGUMENTS
            .map(|name| (name.to_owned(), Value::Unset))
            .into();
        Self {
            escape,
            globals,
            given: given.clone(),
            defaults: Vec::new(),
            stages: Vec::new(),
            images,
            problems: Vec::new(),
        }
    }

    /// Looks at one instruction and says in which stage it stands.
    pub(super) fn see(&mut self, instruction: &Instruction) -> Option<usize> {
        match instruction.keyword.as_str() {
            "FROM" if !instruction.on_build => self.from(instruction),
            "ARG" if self.stages.is_empty() => self.global_argument(instruction),
            "COPY" => self.copy_from(instruction),
            "RUN" => self.mount_from(instruction),
            _ => {}
        }
        let stage = self.stages.len().checked_sub(1);
        if stage.is_none() && instruction.keyword != "ARG" {
            keep(
                &mut self.problems,
                Problem::new(
                    ProblemKind::Syntax,
                    instruction.span,
                    format!("{} stands before the first FROM", instruction.keyword),
                ),
            );
        }
        stage
    }

    fn global_argument(&mut self, instruction: &Instruction) {
        let text = &instruction.arguments;
        for range in text.words(self.escape) {
            let word = text.as_str().get(range.clone()).unwrap_or_default();
            let name = word.split_once('=').map_or(word, |(name, _)| name);
            if let Some(value) = self.given.get(name) {
                self.globals
                    .insert(name.to_owned(), Value::Default(value.clone()));
                continue;
            }
            let Some((name, default)) = word.split_once('=') else {
                // Declared again without a default, an argument keeps the one it has.
                self.globals.entry(word.to_owned()).or_insert(Value::Unset);
                continue;
            };
            let resolved = words::resolve(default, self.escape, &self.globals);
            let value = resolved.text().map_or(Value::Unset, Value::Default);
            self.globals.insert(name.to_owned(), value);
            let span = text.raw_span(range.end - default.len()..range.end);
            self.defaults.retain(|(known, _)| known != name);
            self.defaults.push((name.to_owned(), span));
        }
    }

    fn from(&mut self, instruction: &Instruction) {
        let text = &instruction.arguments;
        let words = text.words(self.escape);
        let word = |index: usize| -> Option<(Range<usize>, &str)> {
            let range: Range<usize> = words.get(index)?.clone();
            Some((range.clone(), text.as_str().get(range)?))
        };
        let name = match (words.len(), word(1), word(2)) {
            (3, Some((_, keyword)), Some((range, name))) if keyword.eq_ignore_ascii_case("as") => {
                Some(Spanned::new(name.to_owned(), text.raw_span(range)))
            }
            (1, ..) => None,
            _ => {
                keep(
                    &mut self.problems,
                    Problem::new(
                        ProblemKind::Syntax,
                        instruction.span,
                        "FROM takes an image, or an image, AS and a name",
                    ),
                );
                None
            }
        };
        // Without an image the stage still counts: what follows stands in it.
        let range = word(0).map_or(0..0, |(range, _)| range);
        let base = self.images.len();
        let stage = self.stages.len();
        let resolved = self.resolve(text, range.clone());
        let default_span = self.default_of(text.as_str().get(range.clone()).unwrap_or_default());
        self.place(
            Place::From,
            instruction,
            text.raw_span(range.clone()),
            resolved,
            text,
            range,
        );
        if let Some(image) = self.images.get_mut(base) {
            image.stage = Some(stage);
            image.default_span = default_span;
        }
        let platform = instruction.flag("platform").cloned();
        self.stages.push(Stage {
            name,
            platform,
            base,
            span: instruction.span,
        });
    }

    fn resolve(&self, text: &Text, range: Range<usize>) -> Resolved {
        words::resolve(
            text.as_str().get(range).unwrap_or_default(),
            self.escape,
            &self.globals,
        )
    }

    fn default_of(&self, word: &str) -> Option<Span> {
        let name = word.trim_matches('"').strip_prefix('$')?;
        let name = name
            .strip_prefix('{')
            .and_then(|n| n.strip_suffix('}'))
            .unwrap_or(name);
        self.defaults
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, span)| *span)
    }

    fn place(
        &mut self,
        place: Place,
        instruction: &Instruction,
        span: Span,
        resolved: Resolved,
        text: &Text,
        range: Range<usize>,
    ) {
        let written = text.as_str().get(range).unwrap_or_default().to_owned();
        let name = self.meaning(place, &resolved);
        self.images.push(ImagePlace {
            place,
            span,
            written,
            name,
            arguments: resolved.used,
            default_span: None,
            stage: self.stages.len().checked_sub(1),
            on_build: instruction.on_build,
        });
    }

    fn meaning(&self, place: Place, resolved: &Resolved) -> ImageName {
        let Some(text) = resolved.text().filter(|text| !text.is_empty()) else {
            let named = |stage: &Stage| stage.name.as_ref().map(|name| name.value.clone());
            let stages = self.stages.iter().enumerate().filter_map(|(index, stage)| {
                named(stage)
                    .filter(|name| resolved.can_become(name))
                    .map(|_| index)
            });
            let missing = resolved.missing.clone();
            return ImageName::Unknown {
                missing,
                stages: stages.collect(),
            };
        };
        let named = |stage: &Stage| {
            stage
                .name
                .as_ref()
                .is_some_and(|name| name.value.eq_ignore_ascii_case(&text))
        };
        // The stage that is being built cannot be its own source.
        let earlier = match place {
            Place::From | Place::Syntax => self.stages.len(),
            Place::CopyFrom | Place::MountFrom => self.stages.len().saturating_sub(1),
        };
        if let Some(index) = self.stages.iter().take(earlier).rposition(named) {
            return ImageName::Stage(index);
        }
        if place != Place::From
            && let Some(index) = text.parse::<usize>().ok().filter(|index| *index < earlier)
        {
            return ImageName::Stage(index);
        }
        if text == "scratch" {
            return ImageName::Scratch;
        }
        ImageName::Image(ImageRef::parse(&text))
    }

    fn copy_from(&mut self, instruction: &Instruction) {
        if let Some(from) = instruction.flag("from").cloned() {
            self.source(Place::CopyFrom, instruction, &from);
        }
    }

    fn mount_from(&mut self, instruction: &Instruction) {
        let mounts = instruction.flags.iter().filter(|flag| flag.name == "mount");
        let sources: Vec<_> = mounts
            .flat_map(|flag| mount_options(&flag.value))
            .filter(|option| option.value.0 == "from")
            .map(|option| Spanned::new(option.value.1, option.span))
            .collect();
        for from in sources {
            self.source(Place::MountFrom, instruction, &from);
        }
    }

    /// Sources of COPY and RUN are not expanded by BuildKit ("define alias
    /// stage instead"); other builders expand them with values of the stage.
    fn source(&mut self, place: Place, instruction: &Instruction, from: &Spanned<String>) {
        let resolved = words::resolve(&from.value, self.escape, &Arguments::new());
        let text = Text::default();
        self.place(place, instruction, from.span, resolved, &text, 0..0);
        if let Some(image) = self.images.last_mut() {
            image.written.clone_from(&from.value);
        }
    }
}

/// The options of `--mount`, `KEY=VALUE` between commas, where a quoted part
/// may hold commas.
fn mount_options(mount: &Spanned<String>) -> Vec<Spanned<(String, String)>> {
    let mut options = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    let ends = mount.value.char_indices().filter_map(|(at, character)| {
        quoted ^= character == '"';
        (character == ',' && !quoted).then_some(at)
    });
    for end in ends.chain([mount.value.len()]) {
        let option = mount.value.get(start..end).unwrap_or_default();
        if let Some((key, value)) = option.split_once('=') {
            let at = mount.span.start + end - value.len();
            let pair = (
                key.trim_matches('"').to_ascii_lowercase(),
                value.trim_matches('"').to_owned(),
            );
            options.push(Spanned::new(pair, Span::new(at, at + value.len())));
        }
        start = end + 1;
    }
    options
}
