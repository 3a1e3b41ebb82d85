//! The configuration file of `actions/dependency-review-action`.
//!
//! Source: the action's README, "Configuration options", and its schema of
//! options. A list may be written as a text with commas, and a key with `_`.

use cofferdam_facts::SourceFile;
use cofferdam_findings::Severity;
use cofferdam_lockfiles::Scope;
use cofferdam_workflows::yaml::{Document, Kind, Node};

use super::{MAX_BYTES, Mistake, mistake};
use crate::licence::LicenceRules;
use crate::policy::{Comment, Ignored, Named, Policy};

/// One input of the action.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Its name.
    pub name: &'static str,
    /// What becomes of it.
    pub standing: Standing,
}

/// What becomes of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It means here what it means there.
    Honoured,
    /// It means nothing here, and why.
    NotApplicable(&'static str),
}

use Standing::{Honoured, NotApplicable};

macro_rules! inputs {
    ($($name:literal => $standing:expr;)*) => {
        /// Every input of the action.
        pub const INPUTS: &[Input] = &[$(Input { name: $name, standing: $standing },)*];
    };
}

const NO_API: &str = "nothing is asked of GitHub";
const NO_SNAPSHOTS: &str = "the change is read from git, so that no snapshot is awaited";
const ARGUMENT: &str = "it is an argument of the command";
const NO_SCORECARD: &str = "scores of OpenSSF Scorecard are no fact of the change";

inputs! {
    "repo-token" => NotApplicable(NO_API);
    "external-repo-token" => NotApplicable(NO_API);
    "config-file" => NotApplicable(ARGUMENT);
    "base-ref" => NotApplicable(ARGUMENT);
    "head-ref" => NotApplicable(ARGUMENT);
    "fail-on-severity" => Honoured;
    "fail-on-scopes" => Honoured;
    "allow-licenses" => Honoured;
    "deny-licenses" => Honoured;
    "allow-dependencies-licenses" => Honoured;
    "allow-ghsas" => Honoured;
    "license-check" => Honoured;
    "vulnerability-check" => Honoured;
    "deny-packages" => Honoured;
    "deny-groups" => Honoured;
    "comment-summary-in-pr" => Honoured;
    "retry-on-snapshot-warnings" => NotApplicable(NO_SNAPSHOTS);
    "retry-on-snapshot-warnings-timeout" => NotApplicable(NO_SNAPSHOTS);
    "warn-only" => Honoured;
    "show-openssf-scorecard" => NotApplicable(NO_SCORECARD);
    "warn-on-openssf-scorecard-level" => NotApplicable(NO_SCORECARD);
    "show-patched-versions" => Honoured;
}

/// The most entries of a list.
const MOST: usize = 2_000;

/// Reads a file over the defaults. Gives the policy, and the inputs of the file
/// that mean nothing here.
///
/// # Errors
/// The first thing that is wrong: a file that is half understood would let in what
/// it keeps out.
pub fn read(file: &SourceFile) -> Result<(Policy, Vec<&'static Input>), Mistake> {
    if file.text().len() as u64 > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        return Err(mistake(file, Default::default(), message));
    }
    let document = Document::parse(file.clone());
    if let Some(problem) = document.problems().first() {
        return Err(mistake(file, problem.span, problem.message.clone()));
    }
    let mut policy = Policy::default();
    let mut idle = Vec::new();
    let Some(root) = document.root().filter(|root| !root.is_null()) else {
        return Ok((policy, idle));
    };
    if root.kind() != Kind::Mapping {
        return Err(mistake(file, root.span(), "the file has no keys"));
    }
    let mut lists = Licences::default();
    for (key, value) in root.entries() {
        let written = key.as_str().unwrap_or_default();
        let name = written.replace('_', "-");
        let Some(input) = INPUTS.iter().find(|input| input.name == name) else {
            let message = format!("`{written}` is no input of dependency-review-action");
            return Err(mistake(file, key.span(), message));
        };
        if matches!(input.standing, NotApplicable(_)) {
            idle.push(input);
            continue;
        }
        let reader = Reader {
            file,
            name: input.name,
            value,
        };
        reader.take(&mut policy, &mut lists)?;
    }
    if let (Some(allowed), Some(_)) = (&lists.allowed, &lists.denied) {
        let message = "`allow-licenses` and `deny-licenses` exclude each other";
        return Err(mistake(file, allowed.1, message));
    }
    if !policy.licences && !policy.vulnerabilities {
        let message = "`license-check` and `vulnerability-check` cannot both be off";
        return Err(mistake(file, root.span(), message));
    }
    policy.licence_rules = lists.rules(file)?;
    Ok((policy, idle))
}

type List = (Vec<String>, cofferdam_facts::Span);

#[derive(Default)]
struct Licences {
    allowed: Option<List>,
    denied: Option<List>,
}

impl Licences {
    fn rules(self, file: &SourceFile) -> Result<LicenceRules, Mistake> {
        let span = (self.allowed.as_ref().or(self.denied.as_ref())).map(|(_, span)| *span);
        if let Some((list, span)) = &self.allowed
            && list.is_empty()
        {
            return Err(mistake(file, *span, "`allow-licenses` is empty"));
        }
        let list = |list: Option<List>| list.map(|(list, _)| list).unwrap_or_default();
        LicenceRules::new(&list(self.allowed), &list(self.denied))
            .map_err(|error| mistake(file, span.unwrap_or_default(), error.to_string()))
    }
}

struct Reader<'r> {
    file: &'r SourceFile,
    name: &'static str,
    value: Node<'r>,
}

impl Reader<'_> {
    fn take(&self, policy: &mut Policy, lists: &mut Licences) -> Result<(), Mistake> {
        match self.name {
            "fail-on-severity" => policy.severity = self.severity()?,
            "fail-on-scopes" => policy.scopes = self.scopes()?,
            "allow-licenses" => lists.allowed = Some((self.list()?, self.value.span())),
            "deny-licenses" => lists.denied = Some((self.list()?, self.value.span())),
            "allow-dependencies-licenses" => policy.any_licence = self.packages(false)?,
            "allow-ghsas" => {
                policy.ignored = (self.list()?.into_iter())
                    .map(|id| Ignored {
                        id,
                        until: None,
                        reason: format!("`allow-ghsas` of {}", self.file.path()),
                    })
                    .collect();
            }
            "license-check" => policy.licences = self.flag()?,
            "vulnerability-check" => policy.vulnerabilities = self.flag()?,
            "deny-packages" => policy.denied = self.packages(false)?,
            "deny-groups" => policy.denied_groups = self.packages(true)?,
            "comment-summary-in-pr" => policy.comment = self.comment()?,
            "warn-only" => policy.warn_only = self.flag()?,
            "show-patched-versions" => policy.shows_fixed = self.flag()?,
            _ => {}
        }
        Ok(())
    }

    fn wrong(&self, expected: &str) -> Mistake {
        let message = format!("`{}` is {expected}", self.name);
        mistake(self.file, self.value.span(), message)
    }

    fn flag(&self) -> Result<bool, Mistake> {
        let word = self.value.as_str().map(str::to_ascii_lowercase);
        match word.as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(self.wrong("`true` or `false`")),
        }
    }

    fn severity(&self) -> Result<Severity, Mistake> {
        match self.value.as_str().unwrap_or_default() {
            "low" => Ok(Severity::Low),
            "moderate" => Ok(Severity::Medium),
            "high" => Ok(Severity::High),
            "critical" => Ok(Severity::Critical),
            _ => Err(self.wrong("`low`, `moderate`, `high` or `critical`")),
        }
    }

    fn comment(&self) -> Result<Comment, Mistake> {
        match self.value.as_str().unwrap_or_default() {
            "always" | "true" => Ok(Comment::Always),
            "never" | "false" => Ok(Comment::Never),
            "on-failure" => Ok(Comment::OnFailure),
            _ => Err(self.wrong("`always`, `never` or `on-failure`")),
        }
    }

    fn scopes(&self) -> Result<Vec<Scope>, Mistake> {
        let all = [Scope::Runtime, Scope::Development, Scope::Unknown];
        let of = |word: String| {
            let found = all.iter().find(|scope| scope.word() == word);
            found.copied()
        };
        let list = self.list()?.into_iter().map(of);
        let found: Option<Vec<Scope>> = list.collect();
        found.ok_or_else(|| self.wrong("a list of `runtime`, `development` and `unknown`"))
    }

    /// A list, or a text with commas.
    fn list(&self) -> Result<Vec<String>, Mistake> {
        let wrong = || self.wrong("a list of texts");
        let words: Vec<String> = match self.value.kind() {
            Kind::Sequence => {
                let items: Vec<Node<'_>> = self.value.items().collect();
                if items.len() > MOST {
                    return Err(self.wrong("a list of at most 2000 texts"));
                }
                let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
                texts.collect::<Option<_>>().ok_or_else(wrong)?
            }
            _ if self.value.is_null() => Vec::new(),
            _ => {
                let text = self.value.as_str().ok_or_else(wrong)?;
                text.split(',').map(str::to_owned).collect()
            }
        };
        let words = words.into_iter().map(|word| word.trim().to_owned());
        let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        if words.len() > MOST {
            return Err(self.wrong("a list of at most 2000 texts"));
        }
        Ok(words)
    }

    fn packages(&self, group: bool) -> Result<Vec<Named>, Mistake> {
        let list = self.list()?;
        let read = list.iter().map(|text| {
            Named::read(text, group).ok_or_else(|| {
                let what =
                    format!("a list of package URLs, as `pkg:npm/left-pad`; `{text}` is none");
                self.wrong(&what)
            })
        });
        read.collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::licence::{Licence, LicenceVerdict};

    fn of(text: &str) -> Result<(Policy, Vec<&'static Input>), Mistake> {
        read(&SourceFile::new(
            ".github/dependency-review-config.yml",
            text,
        ))
    }

    #[test]
    fn every_input_is_honoured_or_named() {
        assert_eq!(INPUTS.len(), 22);
        let all: String = INPUTS
            .iter()
            .filter(|input| matches!(input.standing, NotApplicable(_)))
            .map(|input| format!("{}: 1\n", input.name))
            .collect();
        assert_eq!(of(&all).unwrap().1.len(), 9);
    }

    #[test]
    fn a_file_is_read_as_the_action_reads_it() {
        let text = "\
fail-on-severity: moderate
fail_on_scopes: 'runtime, development'
allow-licenses:
  - MIT
  - Apache-2.0
allow-dependencies-licenses: pkg:npm/@scope/x, pkg:pypi/y@1
allow-ghsas: [GHSA-1234-5678-9abc]
deny-packages: 'pkg:npm/left-pad@1.0.0'
deny-groups: ['pkg:npm/%40evil/', 'pkg:golang/example.com/bad']
comment-summary-in-pr: on-failure
vulnerability-check: true
warn-only: false
show-patched-versions: true
retry-on-snapshot-warnings: true
";
        let (policy, idle) = of(text).unwrap();
        assert_eq!(policy.severity, Severity::Medium);
        assert_eq!(policy.scopes, [Scope::Runtime, Scope::Development]);
        assert_eq!(policy.comment, Comment::OnFailure);
        assert!(policy.shows_fixed && !policy.warn_only);
        assert_eq!((policy.denied.len(), policy.denied_groups.len()), (1, 2));
        assert_eq!(idle.len(), 1);
        let mit = Licence::read(Some("MIT"));
        assert_eq!(policy.licence_rules.verdict(&mit), LicenceVerdict::Allowed);
        let gpl = Licence::read(Some("GPL-3.0-only"));
        assert_eq!(policy.licence_rules.verdict(&gpl), LicenceVerdict::Denied);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            (
                "fail-on-severity: huge\n",
                "config.yml:1:19: `fail-on-severity` is `low`",
            ),
            ("a: 1\n", "`a` is no input"),
            ("allow-licenses: [Mine]\n", "`Mine` is no licence"),
            ("allow-licenses: []\n", "is empty"),
            (
                "allow-licenses: [MIT]\ndeny-licenses: [ISC]\n",
                "exclude each other",
            ),
            ("license-check: no\n", "`true` or `false`"),
            (
                "license-check: false\nvulnerability-check: false\n",
                "cannot both",
            ),
            ("deny-packages: [left-pad]\n", "`left-pad` is none"),
            ("fail-on-scopes: [production]\n", "a list of `runtime`"),
            ("- a\n", "has no keys"),
            ("a: [\n", "config.yml:"),
            ("warn-only: true\nwarn-only: false\n", "config.yml:2"),
        ] {
            let error = of(text).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(of("").is_ok() && of("# nothing\n").is_ok());
    }
}
