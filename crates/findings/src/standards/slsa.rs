//! SLSA v1.2: the requirements of the Build and the Source track.
//!
//! Source: <https://slsa.dev/spec/v1.2/build-requirements> and
//! <https://slsa.dev/spec/v1.2/source-requirements>. The ids are the anchors of
//! those pages behind the name of the track.

use cofferdam_facts::Control::{S3, S5, T3, X3};

use super::Decided::{NotYet, Outside, Part, Whole};
use super::{Entry, requirements};

requirements! {
    /// A requirement of SLSA.
    pub enum Slsa {
        ChooseBuildPlatform = "build/choose-an-appropriate-build-platform", "Build L1", "A platform that can reach the level",
            Outside("which level is wanted is the organisation's choice; GitHub Actions can reach every level");
        ConsistentBuildProcess = "build/follow-a-consistent-build-process", "Build L1", "Builds are made in a consistent way",
            Outside("what others may expect of a build is documentation that the project writes");
        DistributeProvenance = "build/distribute-provenance", "Build L1", "Consumers get the provenance",
            Part(&[S3], "whether an artifact's provenance can be fetched has to be asked of the registry");
        ProvenanceExists = "build/provenance-exists", "Build L1", "Provenance exists",
            Whole(&[S3]), note "S3 asks for signed provenance, which is Build L2. Where only unsigned provenance exists, as BuildKit's, its evidence says so, and this requirement may be met all the same.";
        ProvenanceAuthentic = "build/provenance-authentic", "Build L2", "Provenance is signed by the platform",
            Whole(&[S3]);
        Hosted = "build/hosted", "Build L2", "Builds run on hosted machines",
            Part(&[S3], "only the machines of jobs that sign are looked at, and those of builds that pull requests start");
        ProvenanceUnforgeable = "build/provenance-unforgeable", "Build L3", "Build steps cannot forge provenance",
            Part(&[], "the evidence of S3 names the level of each publication, and the reason where it is less than Build L3");
        Isolated = "build/isolated", "Build L3", "Runs cannot influence one another",
            Part(&[X3], "isolation of the machines themselves is the platform's");
        ChooseScs = "source/choose-scs", "Source L1", "A source control system that can reach the level",
            Outside("which level is wanted is the organisation's choice");
        RepositoryIds = "source/repository-ids", "Source L1", "Repositories have stable, unique names",
            Outside("GitHub gives it to every repository, so that there is nothing to audit");
        RevisionIds = "source/revision-ids", "Source L1", "Revisions are immutable and unique",
            Outside("git gives it to every commit, so that there is nothing to audit");
        HumanReadableDiff = "source/human-readable-diff", "Source L1", "Changes are shown in readable form",
            Outside("GitHub gives it to every change, so that there is nothing to audit");
        SourceSummary = "source/source-summary", "Source L1", "Every revision has a verification summary",
            Outside("GitHub issues none; whoever does publishes it outside of the checkout");
        AccessAndHistory = "source/access-and-history", "Source L2", "Access is restricted, history and tags cannot be rewritten",
            Part(&[S5], "S5 speaks for the tags of releases; rules of branches stand in the settings and no rule judges them yet");
        SafeExpunging = "source/safe-expunging-process", "Source L2", "Removing history follows a written process",
            Outside("the process is documentation of the organisation");
        History = "source/history", "Source L2", "Branches only move forward",
            NotYet("rules against force pushes stand in the settings");
        Continuity = "source/continuity", "Source L2", "Technical controls hold without a gap",
            Outside("it takes the history of the settings, and a snapshot is one moment");
        IdentityManagement = "source/identity-management", "Source L2", "Actors are identified and their roles are set",
            Outside("GitHub gives it to every repository, so that there is nothing to audit");
        SourceProvenance = "source/source-provenance", "Source L2", "Every revision has source provenance",
            Outside("GitHub issues none; whoever does publishes it outside of the checkout");
        TechnicalControls = "source/technical-controls", "Source L3", "Claims are enforced by technical controls all the time",
            Outside("what is claimed, and since when, stands in source attestations");
        ProtectedRefs = "source/protected-refs", "Source L3", "Branches and tags are protected by name",
            Part(&[S5], "S5 speaks for the tags of releases; rules of branches stand in the settings and no rule judges them yet");
        TwoPartyReview = "source/two-party-review", "Source L4", "Two trusted people agree to every change",
            Part(&[T3], "T3 speaks for changes to `.github/` alone; approvals for the rest stand in the settings and no rule judges them yet");
    }
}
