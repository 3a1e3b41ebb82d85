//! The same question to every repository below a folder. Each answer is written
//! as it comes, so that memory does not grow with their number.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use cofferdam_exposure::whatif::answer::Role;
use cofferdam_exposure::whatif::organisation::Everywhere;
use cofferdam_exposure::whatif::schema::SCHEMA_VERSION;
use cofferdam_exposure::whatif::{
    Answer, Catalogue, Layer, Ranked, Study, UnknownControl, answer as answers, ranking, weight,
};
use cofferdam_exposure::{Asset, Level};
use cofferdam_findings::{Exit, formats, sanitise};
use cofferdam_pipelines::{
    Input, Limits, Options, Session, Studied, Target, discover, what_if_all,
};
use serde_json::{Value, json};

use super::page::{Page, bare, colour, count, when};
use super::{Form, Question, WhatIfArgs, WhatIfError, json as documents, print, ranked};
use crate::clock;
use crate::commands::audit::AuditCommandError;
use crate::commands::exposure::ways;
use crate::output::ColourChoice;
use crate::progress::Progress;

/// How many doubtful repositories are named.
const DOUBTFUL: usize = 10;
/// How many secrets the last line names.
const SECRETS: usize = 2_000;

/// What one repository answers.
struct Reply {
    /// One for each thing that the name means there.
    answers: Vec<Said>,
    ranked: Vec<Ranked>,
}

/// An answer in the form in which it is written.
struct Said {
    text: String,
    json: Value,
    worst: Option<Level>,
    jobs: usize,
    secrets: BTreeSet<String>,
}

/// What has come together.
#[derive(Default)]
struct Sum {
    asked: usize,
    hit: usize,
    now: usize,
    jobs: usize,
    /// Secrets to be replaced, with their repository.
    secrets: BTreeSet<(String, String)>,
    doubtful: Vec<String>,
    broken: bool,
}

pub(super) fn run(
    args: &WhatIfArgs,
    question: &Question,
    path: &Path,
    without: &[String],
    colour: ColourChoice,
) -> Result<Exit, WhatIfError> {
    let limits = Limits::default();
    let below = discover(path, &limits);
    if below.repositories.is_empty() && below.gaps.is_empty() {
        return Err(AuditCommandError::NoRepository {
            path: path.to_owned(),
        }
        .into());
    }
    let targets: Vec<Target> = (below.repositories.into_iter())
        .map(|path| Target {
            name: path.display().to_string(),
            input: Input::Path(path),
        })
        .collect();
    let settings = args.settings.as_slice();
    let options = Options {
        only: targets.len() == 1,
        ..ways::unjudged(settings, args.repository.as_ref(), clock::now())?
    };
    known(without, &targets, &options)?;
    let ask = |session: &mut Session<'_>| reply(args, session, question, without, colour);
    let mut sum = Sum {
        asked: targets.len(),
        broken: !below.gaps.is_empty(),
        ..Sum::default()
    };
    let mut everywhere = Everywhere::default();
    let mut writing = Writing {
        json: args.format == Form::Json,
        begun: false,
    };
    if let Question::Thing(name) = question {
        writing.begin(name)?;
    }
    let progress = Progress::begin(targets.len(), !args.no_progress);
    let flow = what_if_all(&targets, &options, ask, |target, result| {
        progress.step();
        let found = match result {
            Ok(found) => found,
            Err(error) => {
                sum.broken = true;
                sum.doubtful.push(format!("{}: {error}", target.name));
                return ControlFlow::Continue(());
            }
        };
        let written = one(&mut sum, &mut everywhere, &mut writing, target, &found);
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    });
    progress.end();
    if let ControlFlow::Break(error) = flow {
        return Err(error);
    }
    let whole = !sum.broken && sum.doubtful.is_empty() && !everywhere.is_cut();
    match question {
        Question::Thing(name) => writing.end(args, name, &sum, colour)?,
        _ => ranking_of(args, &everywhere, &sum, colour)?,
    }
    Ok(if whole { Exit::Clean } else { Exit::NotChecked })
}

/// Every name of a layer has to be that of one in some repository, before anything
/// is written: a misspelt one would answer another question.
fn known(without: &[String], targets: &[Target], options: &Options) -> Result<(), WhatIfError> {
    let mut open: BTreeSet<&String> = without.iter().collect();
    let mut last = None;
    if open.is_empty() {
        return Ok(());
    }
    let ask = |session: &mut Session<'_>| -> Vec<Result<(), UnknownControl>> {
        let names = without.iter();
        names
            .map(|name| session.layers(std::slice::from_ref(name)).map(drop))
            .collect()
    };
    let mut all: BTreeSet<String> = BTreeSet::new();
    let flow = what_if_all(targets, options, ask, |_, result| {
        // What cannot be read is told where it is asked.
        let answers = result.map(|found| found.answer).unwrap_or_default();
        for (name, answer) in without.iter().zip(answers) {
            match answer {
                Ok(()) => {
                    open.remove(name);
                }
                Err(error) => {
                    all.extend(error.all.iter().cloned());
                    last.get_or_insert(error);
                }
            }
        }
        match open.is_empty() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    match (flow, open.first()) {
        (ControlFlow::Continue(()), Some(name)) => Err(WhatIfError::Control(UnknownControl {
            name: (*name).clone(),
            near: last
                .filter(|error| error.name == **name)
                .and_then(|e| e.near),
            all: all.into_iter().collect(),
        })),
        _ => Ok(()),
    }
}

/// Puts the question to one repository.
fn reply(
    args: &WhatIfArgs,
    session: &mut Session<'_>,
    question: &Question,
    without: &[String],
    colour: ColourChoice,
) -> Reply {
    let mut layers: BTreeSet<Layer> = BTreeSet::new();
    for name in without {
        // What one repository does not have, another does.
        if let Ok(found) = session.layers(std::slice::from_ref(name)) {
            layers.extend(found);
        }
    }
    let mut reply = Reply {
        answers: Vec::new(),
        ranked: Vec::new(),
    };
    session.without(&layers, |study| match question {
        Question::Thing(name) => {
            for thing in Catalogue::of(study).all(name) {
                let found = answers::of(study, &thing);
                if found.hits.is_empty() && found.gains.is_empty() {
                    continue;
                }
                reply
                    .answers
                    .push(said(args, study, &found, without, colour));
            }
        }
        _ => reply.ranked = ranking::of(study),
    });
    reply
}

fn said(
    args: &WhatIfArgs,
    study: &Study<'_>,
    found: &Answer,
    without: &[String],
    colour: ColourChoice,
) -> Said {
    let jobs: BTreeSet<_> = (found.hits.iter())
        .filter(|hit| matches!(hit.role, Role::Runs | Role::Container | Role::Holds))
        .map(|hit| (hit.at.as_ref().map(|at| &at.0), &hit.job))
        .collect();
    let secrets = found.rotations.iter().map(|one| one.asset.to_string());
    let json = match args.format {
        Form::Json => documents::thing(study, found, without, false),
        Form::Human => Value::Null,
    };
    Said {
        text: block(Page::new(colour.on_stdout(), args.full), found),
        json,
        worst: found.worst(),
        jobs: jobs.len(),
        secrets: secrets.collect(),
    }
}

/// The answer of one repository among many, in a few lines.
fn block(mut page: Page, found: &Answer) -> String {
    let most = page.most(3);
    let hits = found.hits.iter();
    let hits: Vec<_> = hits.filter(|hit| hit.role != Role::Acts).collect();
    for hit in hits.iter().take(most) {
        let at = hit
            .at
            .as_ref()
            .map_or_else(String::new, |(path, line)| format!("{path}:{line}"));
        let job = hit
            .job
            .as_ref()
            .map_or_else(String::new, |job| format!(" job {job}"));
        let rest = sanitise::clipped(&format!("{at}{job}"), 80);
        let state = page.styled(
            &sanitise::line(&when(&hit.verdict)),
            colour(hit.verdict.level()),
        );
        page.line(&format!("    {rest}  {state}"));
    }
    if hits.len() > most {
        page.line(&format!("    … {} more", hits.len() - most));
    }
    for level in Level::ALL {
        let mut assets: Vec<&Asset> = (found.gains.iter())
            .filter(|gain| gain.verdict.level() == level)
            .map(|gain| &gain.asset)
            .collect();
        if assets.is_empty() {
            continue;
        }
        assets.sort_by_key(|asset| std::cmp::Reverse(weight::of_asset(asset)));
        let words: Vec<String> = assets.into_iter().map(word).collect();
        let name = match level {
            Level::Reachable => "gets now",
            Level::ReachableIf => "if so",
            Level::After => "after",
            Level::Blocked => "stopped",
        };
        page.list(4, name, &words, 1);
    }
    if !found.rotations.is_empty() {
        let words: Vec<String> = found.rotations.iter().map(|one| word(&one.asset)).collect();
        page.list(4, "replace", &words, 2);
    }
    page.text()
}

fn word(asset: &Asset) -> String {
    match asset {
        Asset::Secret { .. } => bare(asset),
        _ => asset.to_string(),
    }
}

/// Takes in what one repository has answered.
fn one(
    sum: &mut Sum,
    everywhere: &mut Everywhere,
    writing: &mut Writing,
    target: &Target,
    found: &Studied<Reply>,
) -> Result<(), WhatIfError> {
    let name = found
        .repository
        .clone()
        .unwrap_or_else(|| target.name.clone());
    if !found.is_whole() {
        let why = super::not_read(found)
            .into_iter()
            .next()
            .unwrap_or_default();
        sum.doubtful.push(format!("{}: {why}", target.name));
    }
    let ranked = found.answer.ranked.clone();
    everywhere.add(&name, ranked);
    if !found.answer.answers.is_empty() {
        sum.hit += 1;
    }
    let now = |said: &Said| said.worst == Some(Level::Reachable);
    sum.now += usize::from(found.answer.answers.iter().any(now));
    for said in &found.answer.answers {
        sum.jobs += said.jobs;
        for secret in &said.secrets {
            if sum.secrets.len() < SECRETS {
                sum.secrets.insert((name.clone(), secret.clone()));
            }
        }
        writing.one(target, &name, said, found)?;
    }
    Ok(())
}

/// Answers on their way out.
struct Writing {
    json: bool,
    begun: bool,
}

impl Writing {
    fn begin(&mut self, name: &str) -> Result<(), WhatIfError> {
        if self.json {
            // The rest of the document follows as it is found.
            let name = compact(&json!(name))?;
            print(&format!(
                "{{\"schema_version\":{SCHEMA_VERSION},\"question\":\"thing\",\"recursive\":true,\"asked\":{name},\"repositories\":["
            ))?;
        }
        Ok(())
    }

    fn one<R>(
        &mut self,
        target: &Target,
        name: &str,
        said: &Said,
        found: &Studied<R>,
    ) -> Result<(), WhatIfError> {
        let comma = if std::mem::replace(&mut self.begun, true) {
            ","
        } else {
            ""
        };
        if self.json {
            let value = documents::of_repository(said.json.clone(), found, Some(&target.name));
            return print(&format!("{comma}\n{}", compact(&value)?));
        }
        let head = match name == target.name {
            true => name.to_owned(),
            false => format!("{name}  ({})", target.name),
        };
        print(&format!("{}\n{}", sanitise::line(&head), said.text))
    }

    fn end(
        &self,
        args: &WhatIfArgs,
        name: &str,
        sum: &Sum,
        colour: ColourChoice,
    ) -> Result<(), WhatIfError> {
        let secrets: BTreeSet<&(String, String)> = sum.secrets.iter().collect();
        if self.json {
            let summary = json!({
                "repositories": sum.asked,
                "hit": sum.hit,
                "reachable": sum.now,
                "jobs": sum.jobs,
                "rotate": secrets.iter().map(|(repository, secret)| json!({
                    "repository": repository,
                    "asset": secret,
                })).collect::<Vec<_>>(),
                "doubtful": sum.doubtful,
            });
            return print(&format!("],\"summary\":{}}}\n", compact(&summary)?));
        }
        let mut page = Page::new(colour.on_stdout(), args.full);
        if sum.hit == 0 {
            page.head(&format!(
                "{name} comes into none of {}.",
                count(sum.asked, "repository", "repositories")
            ));
        } else {
            page.head(&format!(
                "{name} comes into {} of {}, {}; {} lose something now",
                sum.hit,
                count(sum.asked, "repository", "repositories"),
                count(sum.jobs, "job", "jobs"),
                sum.now
            ));
            let holders: BTreeSet<&String> = secrets.iter().map(|(of, _)| of).collect();
            if !secrets.is_empty() {
                page.line(&format!(
                    "Replace {} of {}.",
                    count(secrets.len(), "secret", "secrets"),
                    count(holders.len(), "repository", "repositories")
                ));
            }
        }
        doubtful(&mut page, sum);
        print(&page.text())
    }
}

fn doubtful(page: &mut Page, sum: &Sum) {
    if sum.doubtful.is_empty() {
        return;
    }
    page.head(&format!(
        "{} not read as a whole, and may be hit too:",
        count(sum.doubtful.len(), "repository was", "repositories were")
    ));
    let most = page.most(DOUBTFUL);
    for line in sum.doubtful.iter().take(most) {
        page.plain(&format!("  {line}"));
    }
    if sum.doubtful.len() > most {
        page.line(&format!(
            "  … and {} more; `--full` shows them",
            sum.doubtful.len() - most
        ));
    }
}

fn ranking_of(
    args: &WhatIfArgs,
    everywhere: &Everywhere,
    sum: &Sum,
    colour: ColourChoice,
) -> Result<(), WhatIfError> {
    let all = everywhere.ranked();
    if args.format == Form::Json {
        let value = json!({
            "schema_version": SCHEMA_VERSION,
            "question": "all",
            "recursive": true,
            "repositories": sum.asked,
            "dependencies": documents::everywhere(&all),
            "weights": documents::weights(),
            "doubtful": sum.doubtful,
        });
        let text = formats::inert_json::pretty(&value).map_err(|_| super::unwritten())?;
        return print(&format!("{text}\n"));
    }
    let page = Page::new(colour.on_stdout(), args.full);
    let mut page = ranked::everywhere(page, &all, sum.asked);
    doubtful(&mut page, sum);
    print(&page.text())
}

fn compact(value: &Value) -> Result<String, WhatIfError> {
    let mut bytes = Vec::new();
    formats::inert_json::write(value, &mut bytes).map_err(|_| super::unwritten())?;
    String::from_utf8(bytes).map_err(|_| super::unwritten())
}
