//! Actions and reusable workflows: what is wrong with how they are named, and
//! how they are pinned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_registries::git::{
    GitClient, GitError, Membership, Mode, ObjectId, RefListing, Repository, RepositoryIds,
    Resolved,
};

use super::places::{Place, Subject};
use super::{Code, Judged, Options, Pin, Recorded, Verdict, versions};

/// What the hosts say about all repositories that are named.
pub(super) struct Answers {
    refs: BTreeMap<Repository, Result<Arc<RefListing>, GitError>>,
    members: BTreeMap<(Repository, ObjectId), Membership>,
    /// Whether a branch that a comment names leads to the commit.
    branches: BTreeMap<(Repository, ObjectId, String), Membership>,
    ids: BTreeMap<Repository, Result<RepositoryIds, GitError>>,
}

/// The repository on the host that actions are taken from.
pub(super) fn repository(uses: &RepositoryUses, host: &str) -> Option<Repository> {
    Repository::new(host, &uses.owner, &uses.repo).ok()
}

fn commit(uses: &RepositoryUses) -> Option<ObjectId> {
    uses.git_ref.as_deref()?.parse().ok()
}

impl Answers {
    /// Asks for every repository once, and for every commit whose membership a
    /// listing alone does not tell.
    pub(super) fn ask(places: &[Place], options: &Options<'_>) -> Self {
        let git = options.git;
        let named: Vec<(Repository, Option<ObjectId>)> = (places.iter())
            .filter_map(|place| match &place.subject {
                Subject::Uses(uses) => Some((repository(uses, options.host)?, commit(uses))),
                _ => None,
            })
            .collect();
        let repositories: BTreeSet<&Repository> = named.iter().map(|(one, _)| one).collect();
        let repositories: Vec<&Repository> = repositories.into_iter().collect();
        let listed = git.each(&repositories, |one| git.list_refs(one));
        let refs: BTreeMap<Repository, Result<Arc<RefListing>, GitError>> = (repositories.iter())
            .map(|one| (*one).clone())
            .zip(listed)
            .collect();
        let commits: BTreeSet<(Repository, ObjectId)> = (named.iter())
            .filter_map(|(one, commit)| Some((one.clone(), (*commit)?)))
            .filter(|(one, _)| matches!(refs.get(one), Some(Ok(_))))
            .collect();
        let commits: Vec<(Repository, ObjectId)> = commits.into_iter().collect();
        let found = git.each(&commits, |(one, commit)| {
            let listing = refs.get(one).and_then(|listing| listing.as_ref().ok());
            listing.map(|listing| git.membership(*commit, listing))
        });
        let members = (commits.into_iter().zip(found))
            .filter_map(|(commit, found)| Some((commit, found?)))
            .collect();
        let branches = branches(places, &refs, &members, options);
        Self {
            refs,
            members,
            branches,
            ids: ids(git, &repositories, &options.recorded),
        }
    }

    /// What is to be said of one place.
    pub(super) fn judge(
        &self,
        place: &Place,
        uses: &RepositoryUses,
        options: &Options<'_>,
    ) -> Judged {
        let Some(repository) = repository(uses, options.host) else {
            return Judged::problem(
                Code::NotARepository,
                format!("`{}` names no repository", place.written),
            );
        };
        let listing = match self.refs.get(&repository) {
            Some(Ok(listing)) => listing,
            Some(Err(error)) => return no_listing(error, place, uses),
            None => return Judged::unknown("no answer was asked for"),
        };
        let mut judged = match commit(uses) {
            Some(commit) => self.pinned(place, &repository, commit, listing),
            None => named(place, uses, listing),
        };
        judged
            .verdicts
            .extend(self.identity(&repository, &options.recorded));
        if options.git.mode() == Mode::Offline {
            judged.kept = Some(listing.listed_at);
        }
        judged
    }

    fn pinned(
        &self,
        place: &Place,
        repository: &Repository,
        commit: ObjectId,
        refs: &RefListing,
    ) -> Judged {
        let mut judged = Judged::default();
        match self.members.get(&(repository.clone(), commit)) {
            Some(Membership::Member { .. }) => judged.is_pinned = true,
            Some(Membership::Impostor) => {
                return Judged::problem(
                    Code::Impostor,
                    format!(
                        "no branch and no tag of {repository} leads to {commit}: it may come from \
                         anybody's fork, or from a branch that is gone"
                    ),
                );
            }
            Some(Membership::Unknown { reason }) => {
                return Judged::unknown(&format!(
                    "whether {commit} belongs to {repository} is not known: {reason}"
                ));
            }
            None => return Judged::unknown("no answer was asked for"),
        }
        self.comment(place, commit, refs, &mut judged);
        let name = commit.to_string();
        if refs.tags.contains_key(&name) || refs.branches.contains_key(&name) {
            judged.is_pinned = false;
            judged.verdicts.push(Verdict::Problem(
                Code::AmbiguousRef,
                format!("{repository} has a tag or branch of the name {name}, which may be taken for the commit"),
            ));
        }
        judged
    }

    /// Whether the comment says which version it is.
    fn comment(&self, place: &Place, commit: ObjectId, refs: &RefListing, judged: &mut Judged) {
        let pin = |version: &str, said: Option<&str>| Pin {
            text: commit.to_string(),
            comment: Some(version.to_owned()),
            says: said.map(str::to_owned),
        };
        let (said, truth) = match claim(place, commit, refs) {
            Claim::True => return,
            Claim::Nothing => {
                // Nothing is said, and so nothing wrong; writing adds the version.
                judged.pin = versions::of_commit(refs, commit, None).map(|one| pin(one, None));
                return;
            }
            Claim::Branch(said) => {
                let key = (refs.repository.clone(), commit, said.to_owned());
                match self.branches.get(&key) {
                    Some(Membership::Member { .. }) => return,
                    Some(Membership::Impostor) => {
                        (said, "that branch does not lead to it".to_owned())
                    }
                    Some(Membership::Unknown { reason }) => {
                        return doubt(judged, commit, said, &reason.to_string());
                    }
                    None => return doubt(judged, commit, said, "no answer was asked for"),
                }
            }
            Claim::Other(said) => {
                let truth = match refs.tags.get(said) {
                    Some(target) => format!("that is {}", target.commit()),
                    None => "no such tag exists".to_owned(),
                };
                (said, truth)
            }
        };
        let version = versions::of_commit(refs, commit, Some(said));
        let truth = version.map_or(truth, |version| format!("it is {version}"));
        judged.is_pinned = false;
        judged.verdicts.push(Verdict::Problem(
            Code::LyingComment,
            format!("the comment says `{said}` of {commit}, and {truth}"),
        ));
        judged.pin = version.map(|one| pin(one, Some(said)));
    }

    /// Whether the name still stands for what it stood for when it was locked.
    fn identity(&self, repository: &Repository, recorded: &Recorded) -> Option<Verdict> {
        let before = recorded.get(repository)?;
        match self.ids.get(repository)? {
            Ok(now) if now == before => None,
            Ok(now) => {
                let what = if now.owner == before.owner {
                    "the repository"
                } else {
                    "the owner"
                };
                Some(Verdict::Problem(
                    Code::Recreated,
                    format!(
                        "{what} of the name {repository} is another than when it was locked: \
                         owner {} and repository {} then, {} and {} now",
                        before.owner, before.repository, now.owner, now.repository
                    ),
                ))
            }
            Err(GitError::Moved { to, .. }) => Some(Verdict::Problem(
                Code::Renamed,
                format!("{repository} has moved to {to}; whoever takes the old name is run here"),
            )),
            Err(error) => Some(Verdict::Unknown(format!(
                "whether {repository} still belongs to the same owner is not known: {error}"
            ))),
        }
    }
}

/// What a comment claims of a commit.
enum Claim<'p> {
    /// Nothing, or what a tag at the commit says too.
    True,
    /// That it is in this branch.
    Branch(&'p str),
    /// That it is another version.
    Other(&'p str),
    /// There is no comment that names one.
    Nothing,
}

fn claim<'p>(place: &'p Place, commit: ObjectId, refs: &RefListing) -> Claim<'p> {
    let said = place
        .comment
        .as_ref()
        .and_then(|(words, _)| versions::in_comment(words, refs));
    let Some(said) = said else {
        return Claim::Nothing;
    };
    let tags = refs.tags_at(commit);
    if tags.iter().any(|tag| versions::refines(tag, said)) {
        Claim::True
    } else if refs.branches.contains_key(said) && !refs.tags.contains_key(said) {
        Claim::Branch(said)
    } else {
        Claim::Other(said)
    }
}

/// Asks, for comments that name a branch, whether it leads to the commit.
fn branches(
    places: &[Place],
    refs: &BTreeMap<Repository, Result<Arc<RefListing>, GitError>>,
    members: &BTreeMap<(Repository, ObjectId), Membership>,
    options: &Options<'_>,
) -> BTreeMap<(Repository, ObjectId, String), Membership> {
    let claimed: BTreeSet<(Repository, ObjectId, String)> = (places.iter())
        .filter_map(|place| {
            let Subject::Uses(uses) = &place.subject else {
                return None;
            };
            let one = (repository(uses, options.host)?, commit(uses)?);
            let Ok(listing) = refs.get(&one.0)? else {
                return None;
            };
            match claim(place, one.1, listing) {
                Claim::Branch(name) if members.get(&one)?.is_member() => {
                    Some((one.0, one.1, name.to_owned()))
                }
                _ => None,
            }
        })
        .collect();
    let claimed: Vec<(Repository, ObjectId, String)> = claimed.into_iter().collect();
    let found = options.git.each(&claimed, |(one, commit, name)| {
        let listing = refs.get(one).and_then(|listing| listing.as_ref().ok());
        listing.map(|listing| options.git.in_branch(*commit, listing, name))
    });
    (claimed.into_iter().zip(found))
        .filter_map(|(claim, found)| Some((claim, found?)))
        .collect()
}

/// The numbers of the repositories for which a lock records some.
fn ids(
    git: &GitClient,
    repositories: &[&Repository],
    recorded: &Recorded,
) -> BTreeMap<Repository, Result<RepositoryIds, GitError>> {
    let asked: Vec<&Repository> = (repositories.iter())
        .copied()
        .filter(|one| recorded.contains_key(*one))
        .collect();
    let found = git.each(&asked, |one| git.ask_repository_ids(one));
    asked.into_iter().cloned().zip(found).collect()
}

fn no_listing(error: &GitError, place: &Place, uses: &RepositoryUses) -> Judged {
    let mut judged = match error {
        GitError::Moved { repository, to } => Judged::problem(
            Code::Renamed,
            format!("{repository} has moved to {to}; whoever takes the old name is run here"),
        ),
        other => Judged::unknown(&other.to_string()),
    };
    // That a name is no commit needs no answer.
    if commit(uses).is_none() {
        judged.verdicts.push(Verdict::Problem(
            Code::NotPinned,
            format!("`{}` is not pinned to a commit", place.written),
        ));
    }
    judged
}

/// A tag or branch in place of a commit.
fn named(place: &Place, uses: &RepositoryUses, refs: &RefListing) -> Judged {
    let name = uses.git_ref.as_deref().unwrap_or_default();
    let commit = match refs.resolve(name) {
        Resolved::Tag(commit) | Resolved::Branch(commit) => commit,
        Resolved::Both { tag, branch } => {
            return Judged::problem(
                Code::AmbiguousRef,
                format!(
                    "`{name}` is both a tag ({tag}) and a branch ({branch}) of {}",
                    refs.repository
                ),
            );
        }
        Resolved::Nothing => {
            return Judged::problem(
                Code::VanishedRef,
                format!(
                    "{} has neither a tag nor a branch `{name}`",
                    refs.repository
                ),
            );
        }
    };
    let version = versions::of_commit(refs, commit, Some(name)).unwrap_or(name);
    let mut judged = Judged::problem(
        Code::NotPinned,
        format!(
            "`{}` is not pinned to a commit; `{name}` is {commit} now",
            place.written
        ),
    );
    judged.pin = Some(Pin {
        text: commit.to_string(),
        comment: Some(version.to_owned()),
        says: place
            .comment
            .as_ref()
            .and_then(|(words, _)| versions::in_comment(words, refs).map(str::to_owned)),
    });
    judged
}

/// A claim that nobody could tell from a lie.
fn doubt(judged: &mut Judged, commit: ObjectId, said: &str, reason: &str) {
    judged.is_pinned = false;
    judged.verdicts.push(Verdict::Unknown(format!(
        "whether the branch `{said}` of the comment leads to {commit} is not known: {reason}"
    )));
}
