#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn environment(name: &str) -> Environment {
    Environment {
        id: 1,
        name: name.to_owned(),
        created_at: Timestamp::from_unix(0),
        updated_at: Timestamp::from_unix(0),
        protection: Fact::Known(Protection::default()),
        can_admins_bypass: Fact::Known(true),
        deployment_refs: Fact::Known(DeploymentRefs::Any),
        custom_rules: Fact::Known(Vec::new()),
        secrets: Fact::not_read(Reason::Forbidden),
        variables: Fact::Known(Vec::new()),
    }
}

#[test]
fn a_snapshot_reads_back_as_it_was_written() {
    let mut snapshot = Snapshot::unasked("octo", "hello");
    snapshot.environments = Fact::Known(vec![environment("release")]);
    snapshot.actions.fork_approval = Fact::Known(ForkApproval::Other("new_word".to_owned()));
    let text = snapshot.to_json().unwrap();
    assert_eq!(Snapshot::from_json(text.as_bytes()).unwrap(), snapshot);
}

#[test]
fn an_unknown_field_is_refused_by_its_name() {
    let text = Snapshot::unasked("octo", "hello").to_json().unwrap();
    let misspelt = text.replace("\"workflow_token\"", "\"workflow_tokens\"");
    let error = Snapshot::from_json(misspelt.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("workflow_tokens") && error.contains("line"),
        "{error}"
    );
}

#[test]
fn a_missing_fact_is_refused_and_not_taken_for_a_default() {
    let mut value: serde_json::Value =
        serde_json::from_str(&Snapshot::unasked("octo", "hello").to_json().unwrap()).unwrap();
    value.as_object_mut().unwrap().remove("environments");
    let error = Snapshot::from_json(value.to_string().as_bytes())
        .unwrap_err()
        .to_string();
    assert!(error.contains("missing field `environments`"), "{error}");
}

#[test]
fn another_version_is_named_before_any_field() {
    let error = Snapshot::from_json(br#"{"schema_version": 7, "news": 1}"#).unwrap_err();
    assert!(
        matches!(error, SnapshotError::Version { found: 7 }),
        "{error}"
    );
}

#[test]
fn hostile_bytes_are_errors() {
    let deep = format!("{}{}", r#"{"schema_version":1,"x":"#, "[".repeat(100_000));
    for bytes in [deep.as_bytes(), b"", b"\xff\xfe", b"[]", b"null"] {
        assert!(matches!(
            Snapshot::from_json(bytes),
            Err(SnapshotError::Form(_))
        ));
    }
}

#[test]
fn an_environment_is_found_whatever_its_case_and_only_if_the_list_is_known() {
    let mut snapshot = Snapshot::unasked("octo", "hello");
    assert!(snapshot.environment("release").not_checked().is_some());
    snapshot.environments = Fact::Known(vec![environment("Release")]);
    assert_eq!(
        snapshot
            .environment("release")
            .known()
            .unwrap()
            .unwrap()
            .name,
        "Release"
    );
    assert_eq!(snapshot.environment("other"), Fact::Known(None));
}

#[test]
fn unknown_protection_is_neither_protected_nor_unprotected() {
    let mut one = environment("release");
    assert_eq!(one.is_unprotected(), Fact::Known(true));
    one.custom_rules = Fact::not_read(Reason::Forbidden);
    assert!(!one.is_unprotected().is_known());
    one.deployment_refs = Fact::Known(DeploymentRefs::Named(Fact::not_read(Reason::Forbidden)));
    assert_eq!(one.is_unprotected(), Fact::Known(false));
    one.custom_rules = Fact::Known(Vec::new());
    one.deployment_refs = Fact::Known(DeploymentRefs::ProtectedBranches);
    assert!(!one.is_unprotected().is_known());
}

#[test]
fn a_secret_lookup_tells_where_it_could_not_look() {
    let mut snapshot = Snapshot::unasked("octo", "hello");
    snapshot.secrets.repository = Fact::Known(vec![Secret {
        name: "NPM_TOKEN".to_owned(),
        home: SecretHome::Repository,
        created_at: Timestamp::from_unix(0),
        updated_at: Timestamp::from_unix(0),
    }]);
    snapshot.environments = Fact::Known(vec![environment("release")]);
    let lookup = snapshot.secret("npm_token");
    assert_eq!(lookup.found.len(), 1);
    assert_eq!(
        lookup.not_checked.len(),
        2,
        "the organisation and the environment"
    );
}

#[test]
fn the_inventory_names_every_fact_that_was_not_read() {
    let mut snapshot = Snapshot::unasked("octo", "hello");
    snapshot.environments = Fact::Known(vec![environment("release")]);
    let in_file = snapshot
        .to_json()
        .unwrap()
        .matches("\"not_checked\"")
        .count();
    let named = snapshot.not_checked();
    assert_eq!(named.len(), in_file);
    assert!(
        named
            .iter()
            .any(|(path, _)| path == "environments[release].secrets")
    );
}

#[test]
fn a_reason_reads_as_a_sentence_with_the_permissions() {
    let permission = |name: &str| TokenPermission {
        name: name.to_owned(),
        access: TokenAccess::Read,
    };
    let why = NotChecked {
        reason: Reason::Forbidden,
        needs: vec![
            PermissionSet(vec![permission("actions"), permission("environments")]),
            PermissionSet(vec![permission("administration")]),
        ],
    };
    assert_eq!(
        why.to_string(),
        "the token may not read it; needs `actions: read` and `environments: read` \
         or `administration: read`"
    );
}
