//! What of a snapshot was read, and what was not.

use super::fact::{Fact, NotChecked};
use super::{
    Actions, ActionsPermissions, DeploymentRefs, Environment, Organization, SecretHome, Snapshot,
};

/// One fact of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<'s> {
    /// The dotted path in the file, such as `actions.permissions`. Inside
    /// lists, the name or number of the element stands in brackets.
    pub path: String,
    /// Why it was not read; `None` if it was.
    pub not_checked: Option<&'s NotChecked>,
}

struct Walk<'s> {
    facts: Vec<Checked<'s>>,
}

impl<'s> Walk<'s> {
    fn note<T>(&mut self, path: impl Into<String>, fact: &'s Fact<T>) -> Option<&'s T> {
        self.facts.push(Checked {
            path: path.into(),
            not_checked: fact.not_checked(),
        });
        fact.known()
    }

    /// Notes a fact inside a list, only if it was not read: a line for each
    /// that was would bury the others.
    fn inner<T>(&mut self, path: impl FnOnce() -> String, fact: &'s Fact<T>) -> Option<&'s T> {
        if let Some(why) = fact.not_checked() {
            self.facts.push(Checked {
                path: path(),
                not_checked: Some(why),
            });
        }
        fact.known()
    }

    fn homes(&mut self, path: &str, homes: impl Iterator<Item = (&'s str, &'s SecretHome)>) {
        for (name, home) in homes {
            if let SecretHome::Organization { visibility } = home {
                self.inner(|| format!("{path}[{name}].visibility"), visibility);
            }
        }
    }
}

impl Snapshot {
    /// Every fact of the snapshot that stands alone, read or not, and every
    /// fact inside a list that was not read, in the order of the file.
    #[must_use]
    pub fn inventory(&self) -> Vec<Checked<'_>> {
        let mut walk = Walk { facts: Vec::new() };
        if let Some(repository) = walk.note("repository", &self.repository) {
            walk.inner(
                || "repository.created_at".to_owned(),
                &repository.created_at,
            );
        }
        walk.actions(&self.actions);
        if let Some(environments) = walk.note("environments", &self.environments) {
            environments.iter().for_each(|one| walk.environment(one));
        }
        walk.rules(self);
        walk.note("immutable_releases", &self.immutable_releases);
        walk.secrets(self);
        walk.runners(self);
        walk.access(self);
        walk.security(self);
        if let Some(Some(organization)) = walk.note("organization", &self.organization) {
            walk.organization(organization);
        }
        walk.facts
    }

    /// The facts that were not read, with their paths.
    #[must_use]
    pub fn not_checked(&self) -> Vec<(String, &NotChecked)> {
        let all = self.inventory().into_iter();
        all.filter_map(|fact| Some((fact.path, fact.not_checked?)))
            .collect()
    }
}

impl<'s> Walk<'s> {
    fn permissions(&mut self, path: &str, fact: &'s Fact<ActionsPermissions>) {
        let Some(permissions) = self.note(path, fact) else {
            return;
        };
        self.inner(
            || format!("{path}.allowed_actions"),
            &permissions.allowed_actions,
        );
        self.inner(|| format!("{path}.selected"), &permissions.selected);
        self.inner(
            || format!("{path}.sha_pinning_required"),
            &permissions.sha_pinning_required,
        );
    }

    fn actions(&mut self, actions: &'s Actions) {
        self.permissions("actions.permissions", &actions.permissions);
        self.note("actions.workflow_token", &actions.workflow_token);
        self.note("actions.fork_approval", &actions.fork_approval);
        self.note("actions.private_forks", &actions.private_forks);
        self.note("actions.outside_access", &actions.outside_access);
        for policy in self
            .note("actions.policies", &actions.policies)
            .into_iter()
            .flatten()
        {
            let path = |field| format!("actions.policies[{}].{field}", policy.id);
            self.inner(|| path("source_type"), &policy.source_type);
            self.inner(|| path("enforcement"), &policy.enforcement);
            self.inner(|| path("rules"), &policy.rules);
        }
        if let Some(subject) = self.note("actions.oidc_subject", &actions.oidc_subject) {
            self.inner(
                || "actions.oidc_subject.immutable".to_owned(),
                &subject.immutable,
            );
        }
    }

    fn environment(&mut self, one: &'s Environment) {
        let path = |field: &str| format!("environments[{}].{field}", one.name);
        if let Some(protection) = self.inner(|| path("protection"), &one.protection)
            && let Some(required) = &protection.required_reviewers
        {
            self.inner(
                || path("protection.required_reviewers.prevent_self_review"),
                &required.prevent_self_review,
            );
        }
        self.inner(|| path("can_admins_bypass"), &one.can_admins_bypass);
        let refs = self.inner(|| path("deployment_refs"), &one.deployment_refs);
        if let Some(DeploymentRefs::Named(names)) = refs {
            for name in self
                .inner(|| path("deployment_refs.named"), names)
                .into_iter()
                .flatten()
            {
                let kind = || path(&format!("deployment_refs.named[{}].kind", name.pattern));
                self.inner(kind, &name.kind);
            }
        }
        self.inner(|| path("custom_rules"), &one.custom_rules);
        if let Some(secrets) = self.inner(|| path("secrets"), &one.secrets) {
            let homes = secrets.iter().map(|one| (one.name.as_str(), &one.home));
            self.homes(&path("secrets"), homes);
        }
        if let Some(variables) = self.inner(|| path("variables"), &one.variables) {
            let homes = variables.iter().map(|one| (one.name.as_str(), &one.home));
            self.homes(&path("variables"), homes);
        }
    }

    fn rules(&mut self, snapshot: &'s Snapshot) {
        for ruleset in self
            .note("rulesets", &snapshot.rulesets)
            .into_iter()
            .flatten()
        {
            let path = |field| format!("rulesets[{}].{field}", ruleset.id);
            self.inner(|| path("target"), &ruleset.target);
            self.inner(|| path("source_type"), &ruleset.source_type);
            self.inner(|| path("refs"), &ruleset.refs);
            self.inner(|| path("rules"), &ruleset.rules);
            self.inner(|| path("bypass_actors"), &ruleset.bypass_actors);
        }
        self.note("default_branch_rules", &snapshot.default_branch_rules);
        let path = "default_branch_protection";
        let protection = self.note(path, &snapshot.default_branch_protection);
        if let Some(Some(protection)) = protection {
            let path = |field| format!("default_branch_protection.{field}");
            self.inner(|| path("enforce_admins"), &protection.enforce_admins);
            self.inner(
                || path("required_signatures"),
                &protection.required_signatures,
            );
            self.inner(
                || path("allow_force_pushes"),
                &protection.allow_force_pushes,
            );
            self.inner(|| path("allow_deletions"), &protection.allow_deletions);
        }
    }

    fn secrets(&mut self, snapshot: &'s Snapshot) {
        let secrets = &snapshot.secrets;
        for (path, list) in [
            ("secrets.repository", &secrets.repository),
            ("secrets.organization", &secrets.organization),
            ("secrets.dependabot", &secrets.dependabot),
        ] {
            if let Some(list) = self.note(path, list) {
                self.homes(path, list.iter().map(|one| (one.name.as_str(), &one.home)));
            }
        }
        for (path, list) in [
            (
                "secrets.repository_variables",
                &secrets.repository_variables,
            ),
            (
                "secrets.organization_variables",
                &secrets.organization_variables,
            ),
        ] {
            if let Some(list) = self.note(path, list) {
                self.homes(path, list.iter().map(|one| (one.name.as_str(), &one.home)));
            }
        }
    }

    fn runners(&mut self, snapshot: &'s Snapshot) {
        let runners = &snapshot.runners;
        for runner in self
            .note("runners.repository", &runners.repository)
            .into_iter()
            .flatten()
        {
            let path = || format!("runners.repository[{}].ephemeral", runner.name);
            self.inner(path, &runner.ephemeral);
        }
        self.note("runners.groups", &runners.groups);
    }

    fn webhooks(&mut self, path: &str, fact: &'s Fact<Vec<super::Webhook>>) {
        for hook in self.note(path, fact).into_iter().flatten() {
            self.inner(|| format!("{path}[{}].https", hook.id), &hook.https);
            self.inner(
                || format!("{path}[{}].insecure_tls", hook.id),
                &hook.insecure_tls,
            );
        }
    }

    fn access(&mut self, snapshot: &'s Snapshot) {
        let access = &snapshot.access;
        self.note("access.collaborators", &access.collaborators);
        self.note(
            "access.outside_collaborators",
            &access.outside_collaborators,
        );
        self.note("access.teams", &access.teams);
        self.note("access.deploy_keys", &access.deploy_keys);
        self.webhooks("access.webhooks", &access.webhooks);
    }

    fn security(&mut self, snapshot: &'s Snapshot) {
        let security = &snapshot.security;
        for (path, fact) in [
            ("security.secret_scanning", &security.secret_scanning),
            ("security.push_protection", &security.push_protection),
            (
                "security.code_scanning_default_setup",
                &security.code_scanning_default_setup,
            ),
            (
                "security.vulnerability_alerts",
                &security.vulnerability_alerts,
            ),
            (
                "security.dependabot_security_updates",
                &security.dependabot_security_updates,
            ),
            (
                "security.private_vulnerability_reporting",
                &security.private_vulnerability_reporting,
            ),
        ] {
            self.note(path, fact);
        }
    }

    fn organization(&mut self, one: &'s Organization) {
        self.note("organization.id", &one.id);
        self.note("organization.two_factor_required", &one.two_factor_required);
        self.note("organization.default_role", &one.default_role);
        self.note("organization.owners", &one.owners);
        self.note("organization.members", &one.members);
        self.permissions("organization.actions_permissions", &one.actions_permissions);
        self.note("organization.workflow_token", &one.workflow_token);
        if let Some(subject) = self.note("organization.oidc_subject", &one.oidc_subject) {
            self.inner(
                || "organization.oidc_subject.immutable".to_owned(),
                &subject.immutable,
            );
        }
        self.note("organization.immutable_releases", &one.immutable_releases);
        self.note("organization.installations", &one.installations);
        self.webhooks("organization.webhooks", &one.webhooks);
    }
}
