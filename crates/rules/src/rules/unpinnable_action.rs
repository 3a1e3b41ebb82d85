//! Actions of the checkout that a pin does not fix.

use cofferdam_facts::{Location, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Action;
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::semantics::downloads::{self, Fixed};
use cofferdam_workflows::semantics::installs::{self, Loose};

use crate::context::Context;
use crate::image_sites;
use crate::rule::{Rule, Sink};
use crate::script_steps::{self, Home};
use crate::sites::{self, Holder};

crate::rule! {
    /// # What
    /// An action that this repository offers to others runs parts that its own
    /// commit does not fix: other actions by a tag, an image by a tag, scripts
    /// from an address, packages in their newest version.
    ///
    /// # Why
    /// Users pin the action to a commit so that nobody can change what runs in
    /// their jobs. With such a part inside, somebody still can, and nothing in
    /// the users' workflows shows it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// runs:
    ///   using: docker
    ///   image: docker://ghcr.io/org/tool:v1
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// runs:
    ///   using: docker
    ///   image: docker://ghcr.io/org/tool@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    /// ```
    ///
    /// # How it is decided
    /// Actions in folders of tests and below `.github/`, which serve this
    /// repository alone, are left out. The parts are those that
    /// `unpinned-action`, `unpinned-image`, `unverified-script` and
    /// `adhoc-install` find one by one; here they are put together for those
    /// who use the action. A Dockerfile beside the action is built in the
    /// user's job: its base images count too. Low, because what is lost is lost
    /// in jobs of others, which are not seen. poutine's `unpinnable_action`
    /// knows nested actions and images, not scripts and packages.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions>
    /// - <https://www.paloaltonetworks.com/blog/prisma-cloud/unpinnable-actions-github-security/>
    pub struct UnpinnableAction {
        id: "unpinnable-action",
        title: "An action offered to others runs parts that a pin does not fix",
        severity: Low,
        controls: [],
        peers: ["poutine/unpinnable_action"],
        standards: [Cwe::Cwe1357],
    }
}

impl Rule for UnpinnableAction {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let offered = |action: &Action| !is_aside(action.path()) && !action.path().starts_with('.');
        let mut found: Vec<(&Action, Vec<(Location, String)>)> = cx
            .repository
            .actions
            .iter()
            .filter(|action| offered(action))
            .map(|action| (action, Vec::new()))
            .collect();
        if found.is_empty() {
            return;
        }
        let mut add = |path: &str, place: Location, what: String| {
            if let Some((_, parts)) = found.iter_mut().find(|(action, _)| action.path() == path) {
                parts.push((place, what));
            }
        };
        nested(cx, &mut add);
        images(cx, &mut add);
        scripts(cx, &mut add);
        for (action, mut parts) in found {
            parts.sort_by_key(|part| part.0.span.start);
            report(action, &parts, out);
        }
    }
}

fn nested(cx: &Context<'_>, add: &mut impl FnMut(&str, Location, String)) {
    for site in sites::of(cx) {
        if let (Holder::Action(action, _), Some(uses)) = (site.holder, site.uses.repository())
            && uses.commit().is_none()
        {
            let git_ref = uses.git_ref.as_deref().unwrap_or("no ref");
            let what = format!("uses `{}` at `{git_ref}`", uses.name());
            add(action.path(), site.location(), what);
        }
    }
}

fn images(cx: &Context<'_>, add: &mut impl FnMut(&str, Location, String)) {
    for site in image_sites::of(cx).iter().filter(|site| site.job.is_none()) {
        let named = &site.named;
        let open = (named.images.iter()).find(|candidate| !candidate.image.is_pinned());
        if let Some(open) = open {
            let what = format!("runs the image `{}`", open.image);
            add(site.file.path(), site.file.locate(named.span), what);
        }
    }
    for action in &cx.repository.actions {
        let Runs::Docker {
            image: Some(image), ..
        } = &action.runs
        else {
            continue;
        };
        let path = image.value.trim_start_matches("./");
        let path = cofferdam_workflows::repository::inside(action.folder(), path);
        let dockerfile = cx
            .repository
            .dockerfiles
            .iter()
            .find(|d| d.file().path() == path);
        for place in dockerfile.iter().flat_map(|dockerfile| dockerfile.images()) {
            if let (false, Some(base)) = (place.is_some_stage(), place.image())
                && !base.is_pinned()
            {
                let what = format!("is built on `{}`", place.written);
                add(action.path(), action.file().locate(image.span), what);
            }
        }
    }
}

fn scripts(cx: &Context<'_>, add: &mut impl FnMut(&str, Location, String)) {
    for site in script_steps::of(cx) {
        let Home::Action(action) = site.home else {
            continue;
        };
        for download in downloads::of_script(site.script) {
            let address = &download.address.text;
            let known = downloads::host(address).is_some();
            if known && download.checked.is_none() && downloads::fixed(address) == Fixed::No {
                let what = format!("runs what `{address}` returns");
                add(action.path(), site.at(download.range), what);
            }
        }
        for command in site.script.commands.iter().filter(|c| !c.dead && c.certain) {
            for install in installs::of_command(command) {
                if install.loose > Loose::Dependencies {
                    let what = format!("installs the newest `{}`", install.package);
                    add(action.path(), site.at(command.range.clone()), what);
                }
            }
        }
    }
}

fn report(action: &Action, parts: &[(Location, String)], out: &mut Sink) {
    let Some((_, first)) = parts.first() else {
        return;
    };
    let name = if action.folder().is_empty() {
        "the action of this repository".to_owned()
    } else {
        format!("action `{}`", action.folder())
    };
    let more = match parts.len() {
        1 => String::new(),
        many => format!(" and {} more", many - 1),
    };
    let span = action
        .name
        .as_ref()
        .map_or(Span::default(), |name| name.span);
    let finding = Finding::new(
        UnpinnableAction::INFO.id,
        Severity::Low,
        action.file().locate(span),
        format!("{name} is not fixed by a pin: it {first}{more}"),
    )
    .why("Who pins the action to a commit still runs what others can change")
    .fix("Pin every part of it by commit, digest or exact version")
    .group("actions offered to others that a pin does not fix")
    .subject(format!("runs {}", action.folder()));
    let parts = parts.iter().take(8).cloned();
    out.report(parts.fold(finding, |f, (place, what)| f.related(place, what)));
}
