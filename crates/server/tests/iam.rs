//! `reliquary iam`: what it prints, what it refuses, and that a running server takes note.

#![expect(
    clippy::unwrap_used,
    reason = "a failure of the stage itself may end the test"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const READ_ONLY: &str = "arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"Reads","Effect":"Allow","Action":"codeartifact:Describe*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;

/// A data folder, and the command line over it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::create_dir(desk.data()).unwrap();
        desk
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reliquary"));
        command
            .env_clear()
            .env("HOME", self.0.path())
            .env("RELIQUARY_ACCOUNT", "111122223333")
            .current_dir(self.0.path())
            .arg("--data")
            .arg(self.data())
            .args(arguments);
        command.output().unwrap()
    }

    /// What a verb prints.
    #[track_caller]
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["iam"], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A verb that answers nothing.
    #[track_caller]
    fn does(&self, arguments: &[&str]) {
        assert_eq!(self.text(arguments), "");
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.text(arguments)).unwrap()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["iam"], arguments].concat());
        assert!(!output.status.success(), "{arguments:?} was done");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_user_is_made_shown_tagged_and_deleted() {
    let desk = Desk::new();
    let tags = ["--tags", "Key=team,Value=a", "Key=stage,Value=test"];
    let made = desk.json(
        &[
            &["create-user", "--user-name", "jane", "--path", "/team/"][..],
            &tags,
        ]
        .concat(),
    );
    let user = &made["User"];
    assert_eq!(user["Arn"], "arn:aws:iam::111122223333:user/team/jane");
    assert_eq!(
        (&user["Path"], &user["UserName"]),
        (&json!("/team/"), &json!("jane"))
    );
    assert!(user["UserId"].as_str().unwrap().starts_with("AIDA"));
    assert!(user["CreateDate"].as_str().unwrap().ends_with("+00:00"));
    assert_eq!(user["Tags"].as_array().unwrap().len(), 2);
    assert_eq!(
        desk.json(&["get-user", "--user-name", "jane"])["User"],
        *user
    );
    let error = desk.refused(&["create-user", "--user-name", "jane"]);
    assert!(
        error.contains("User with name jane already exists."),
        "{error}"
    );

    desk.does(&[
        "tag-user",
        "--user-name",
        "jane",
        "--tags",
        "Key=team,Value=b",
    ]);
    desk.does(&[
        "untag-user",
        "--user-name",
        "jane",
        "--tag-keys",
        "stage",
        "absent",
    ]);
    assert_eq!(
        desk.json(&["list-user-tags", "--user-name", "jane"]),
        json!({ "Tags": [{ "Key": "team", "Value": "b" }] })
    );

    desk.json(&["create-user", "--user-name", "joe"]);
    let users = desk.json(&["list-users"]);
    let names: Vec<_> = users["Users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| &u["UserName"])
        .collect();
    assert_eq!(names, ["jane", "joe"]);
    let text = desk.text(&["list-users", "--output", "text"]);
    assert!(
        text.starts_with("USERS\tarn:aws:iam::111122223333:user/team/jane\t"),
        "{text}"
    );

    desk.does(&["delete-user", "--user-name", "jane"]);
    let error = desk.refused(&["get-user", "--user-name", "jane"]);
    assert!(
        error.contains("The user with name jane cannot be found."),
        "{error}"
    );
    assert_eq!(
        desk.json(&["list-users"])["Users"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn accounts_stand_apart_in_one_installation() {
    let desk = Desk::new();
    desk.json(&[
        "create-user",
        "--user-name",
        "jane",
        "--account",
        "222233334444",
    ]);
    assert_eq!(desk.json(&["list-users"]), json!({ "Users": [] }));
    let users = desk.json(&["list-users", "--account", "222233334444"]);
    assert_eq!(
        users["Users"][0]["Arn"],
        "arn:aws:iam::222233334444:user/jane"
    );
}

#[test]
fn policies_are_put_attached_shown_and_taken_away() {
    let desk = Desk::new();
    let jane = ["--user-name", "jane"];
    let with = |verb: &str, more: &[&str]| {
        let all = [&[verb][..], &jane, more].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let call = |verb: &str, more: &[&str]| {
        let all = with(verb, more);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        desk.text(&all)
    };
    call("create-user", &[]);
    let file = desk.0.path().join("policy.json");
    fs::write(&file, POLICY).unwrap();
    let from_file = format!("file://{}", file.display());
    call(
        "put-user-policy",
        &["--policy-name", "reads", "--policy-document", &from_file],
    );
    let shown: Value =
        serde_json::from_str(&call("get-user-policy", &["--policy-name", "reads"])).unwrap();
    assert_eq!(shown["PolicyDocument"]["Statement"]["Sid"], "Reads");
    assert_eq!(
        (&shown["UserName"], &shown["PolicyName"]),
        (&json!("jane"), &json!("reads"))
    );
    assert!(call("list-user-policies", &[]).contains("\"reads\""));

    let made = desk.json(&[
        "create-policy",
        "--policy-name",
        "own",
        "--policy-document",
        POLICY,
        "--path",
        "/team/",
    ]);
    let arn = made["Policy"]["Arn"].as_str().unwrap();
    assert_eq!(arn, "arn:aws:iam::111122223333:policy/team/own");
    assert_eq!(made["Policy"]["Path"], "/team/");
    for policy in [arn, READ_ONLY] {
        call("attach-user-policy", &["--policy-arn", policy]);
    }
    let attached = call("list-attached-user-policies", &[]);
    let attached: Value = serde_json::from_str(&attached).unwrap();
    assert_eq!(attached["AttachedPolicies"][0]["PolicyName"], "own");
    assert_eq!(attached["AttachedPolicies"][1]["PolicyArn"], READ_ONLY);
    assert_eq!(
        desk.json(&["get-policy", "--policy-arn", arn])["Policy"]["AttachmentCount"],
        1
    );
    let version = desk.json(&["get-policy-version", "--policy-arn", READ_ONLY]);
    assert_eq!(
        version["PolicyVersion"]["Document"]["Version"],
        "2012-10-17"
    );
    let listed = |scope: &str| {
        let all = desk.json(&["list-policies", "--scope", scope]);
        all["Policies"].as_array().unwrap().len()
    };
    assert_eq!((listed("Local"), listed("AWS"), listed("All")), (1, 3, 4));

    let error = desk.refused(&["delete-policy", "--policy-arn", arn]);
    assert!(error.contains("attached to entities"), "{error}");
    let error = desk.refused(&["delete-user", "--user-name", "jane"]);
    assert!(error.contains("must delete policies first"), "{error}");
    for policy in [arn, READ_ONLY] {
        call("detach-user-policy", &["--policy-arn", policy]);
    }
    call("delete-user-policy", &["--policy-name", "reads"]);
    desk.does(&["delete-policy", "--policy-arn", arn]);
    desk.does(&["delete-user", "--user-name", "jane"]);
}

#[test]
fn s09_what_is_no_policy_is_not_written_down() {
    let desk = Desk::new();
    desk.json(&["create-user", "--user-name", "jane"]);
    let put = |document: &str| {
        desk.refused(&[
            "put-user-policy",
            "--user-name",
            "jane",
            "--policy-name",
            "p",
            "--policy-document",
            document,
        ])
    };
    for bad in [
        "{",
        "{}",
        TRUST,
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}"#,
    ] {
        let error = put(bad);
        assert!(error.contains("policy document is malformed"), "{error}");
    }
    let long = POLICY.replace("Describe*", &"A".repeat(2100));
    assert!(
        put(&long).contains("2048"),
        "the quota of inline policies of a user"
    );
    assert!(put("file://absent.json").contains("absent.json"));
    let error = desk.refused(&[
        "attach-user-policy",
        "--user-name",
        "jane",
        "--policy-arn",
        "arn:aws:iam::aws:policy/None",
    ]);
    assert!(
        error.contains("does not exist or is not attachable"),
        "{error}"
    );
    let foreign = desk.json(&[
        "create-policy",
        "--policy-name",
        "own",
        "--policy-document",
        POLICY,
        "--account",
        "222233334444",
    ]);
    let foreign = foreign["Policy"]["Arn"].as_str().unwrap();
    let error = desk.refused(&[
        "attach-user-policy",
        "--user-name",
        "jane",
        "--policy-arn",
        foreign,
    ]);
    assert!(error.contains("not attachable"), "{error}");
    assert_eq!(
        desk.json(&["list-user-policies", "--user-name", "jane"]),
        json!({ "PolicyNames": [] })
    );
}

#[test]
fn a_role_is_made_changed_and_deleted() {
    let desk = Desk::new();
    let made = desk.json(&[
        "create-role",
        "--role-name",
        "ci",
        "--assume-role-policy-document",
        TRUST,
        "--max-session-duration",
        "7200",
        "--description",
        "builds",
    ]);
    let role = &made["Role"];
    assert_eq!(role["Arn"], "arn:aws:iam::111122223333:role/ci");
    assert_eq!(
        (&role["MaxSessionDuration"], &role["Description"]),
        (&json!(7200), &json!("builds"))
    );
    assert_eq!(
        role["AssumeRolePolicyDocument"]["Statement"]["Action"],
        "sts:AssumeRole"
    );
    let changed = TRUST.replace("111122223333", "222233334444");
    desk.does(&[
        "update-assume-role-policy",
        "--role-name",
        "ci",
        "--policy-document",
        &changed,
    ]);
    let role = desk.json(&["list-roles"])["Roles"][0].clone();
    assert_eq!(
        role["AssumeRolePolicyDocument"]["Statement"]["Principal"]["AWS"],
        "222233334444"
    );
    for (flag, value) in [
        ("--assume-role-policy-document", POLICY),
        ("--max-session-duration", "60"),
        ("--max-session-duration", "43201"),
        ("--path", "team"),
        ("--role-name", "a b"),
    ] {
        let mut arguments = vec!["create-role", flag, value];
        for (other, default) in [
            ("--role-name", "other"),
            ("--assume-role-policy-document", TRUST),
        ] {
            if flag != other {
                arguments.extend([other, default]);
            }
        }
        desk.refused(&arguments);
    }
    desk.does(&[
        "put-role-policy",
        "--role-name",
        "ci",
        "--policy-name",
        "p",
        "--policy-document",
        POLICY,
    ]);
    desk.does(&[
        "attach-role-policy",
        "--role-name",
        "ci",
        "--policy-arn",
        READ_ONLY,
    ]);
    assert!(
        desk.refused(&["delete-role", "--role-name", "ci"])
            .contains("policies first")
    );
    desk.does(&[
        "detach-role-policy",
        "--role-name",
        "ci",
        "--policy-arn",
        READ_ONLY,
    ]);
    desk.does(&[
        "delete-role-policy",
        "--role-name",
        "ci",
        "--policy-name",
        "p",
    ]);
    desk.does(&["delete-role", "--role-name", "ci"]);
    assert_eq!(desk.json(&["list-roles"]), json!({ "Roles": [] }));
}

#[test]
fn a_user_has_two_access_keys_at_most_and_others_keys_are_not_touched() {
    let desk = Desk::new();
    for name in ["jane", "joe"] {
        desk.json(&["create-user", "--user-name", name]);
    }
    let create =
        |name: &str| desk.json(&["create-access-key", "--user-name", name])["AccessKey"].clone();
    let (first, second) = (create("jane"), create("jane"));
    assert_eq!(first["UserName"], "jane");
    assert_eq!(first["SecretAccessKey"].as_str().unwrap().len(), 40);
    let error = desk.refused(&["create-access-key", "--user-name", "jane"]);
    assert!(error.contains("AccessKeysPerUser: 2"), "{error}");
    let error = desk.refused(&["create-access-key", "--user-name", "absent"]);
    assert!(error.contains("cannot be found"), "{error}");
    let id = first["AccessKeyId"].as_str().unwrap();
    let error = desk.refused(&[
        "delete-access-key",
        "--access-key-id",
        id,
        "--user-name",
        "joe",
    ]);
    assert!(error.contains("cannot be found"), "{error}");
    let update = [
        "update-access-key",
        "--user-name",
        "jane",
        "--access-key-id",
        id,
        "--status",
    ];
    desk.does(&[&update[..], &["Inactive"]].concat());
    let listed = desk.json(&["list-access-keys", "--user-name", "jane"]);
    let listed = listed["AccessKeyMetadata"].as_array().unwrap();
    let status =
        |id: &Value| listed.iter().find(|key| key["AccessKeyId"] == *id).unwrap()["Status"].clone();
    assert_eq!(status(&first["AccessKeyId"]), "Inactive");
    assert_eq!(status(&second["AccessKeyId"]), "Active");
    assert!(
        listed
            .iter()
            .all(|key| key.get("SecretAccessKey").is_none())
    );
    desk.does(&[&update[..], &["Active"]].concat());
    assert!(
        desk.refused(&["delete-user", "--user-name", "jane"])
            .contains("access keys first")
    );
    desk.does(&[
        "delete-access-key",
        "--access-key-id",
        id,
        "--user-name",
        "jane",
    ]);
    create("jane");
    let root = desk.json(&["create-access-key"])["AccessKey"].clone();
    assert!(root.get("UserName").is_none(), "the account's root");
}

#[test]
fn keys_create_says_how_to_give_rights_to_whoever_has_none() {
    let desk = Desk::new();
    let create = || {
        let output = desk.run(&["keys", "create", "--user", "jane"]);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = create();
    assert!(text.contains("aws_secret_access_key = "), "{text}");
    assert!(
        text.contains("jane has no policies")
            && text.contains("attach-user-policy --user-name jane"),
        "{text}"
    );
    desk.does(&[
        "attach-user-policy",
        "--user-name",
        "jane",
        "--policy-arn",
        READ_ONLY,
    ]);
    assert!(!create().contains("policies"));
    let root = desk.run(&["keys", "create"]);
    assert!(!String::from_utf8(root.stdout).unwrap().contains("policies"));
}

#[test]
fn identity_providers_are_registered_by_the_issuers_exact_name() {
    let desk = Desk::new();
    let create = [
        "create-open-id-connect-provider",
        "--client-id-list",
        "sts.example",
        "other",
        "--url",
    ];
    let made = desk.json(&[&create[..], &["https://id.example/realm"]].concat());
    let arn = made["OpenIDConnectProviderArn"].as_str().unwrap();
    assert_eq!(
        arn,
        "arn:aws:iam::111122223333:oidc-provider/id.example/realm"
    );
    let shown = desk.json(&[
        "get-open-id-connect-provider",
        "--open-id-connect-provider-arn",
        arn,
    ]);
    assert_eq!(shown["Url"], "https://id.example/realm");
    assert_eq!(shown["ClientIDList"], json!(["sts.example", "other"]));
    for bad in [
        "https://id.example/realm",
        "http://id.example/realm",
        "http://id.example/other",
        "id.example",
        "https://id.example/?a=b",
        "https://user@id.example/",
        "https://ID.example/x",
        "https://id.example/a/../b",
        "ftp://id.example/",
    ] {
        desk.refused(&[&create[..], &[bad]].concat());
    }
    let private = [
        &create[..],
        &["http://10.0.0.1/realm", "--allow-private-network"],
    ]
    .concat();
    desk.json(&private);
    let listed = desk.json(&["list-open-id-connect-providers"]);
    assert_eq!(
        listed["OpenIDConnectProviderList"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let delete = [
        "delete-open-id-connect-provider",
        "--open-id-connect-provider-arn",
        arn,
    ];
    desk.does(&delete);
    assert!(desk.refused(&delete).contains("not found"));
}

#[test]
fn explain_names_the_statements_that_decide() {
    let desk = Desk::new();
    desk.json(&["create-user", "--user-name", "jane"]);
    let question = |action: &'static str| {
        let arn = "arn:aws:iam::111122223333:user/jane";
        let resource = "arn:aws:codeartifact:us-east-1:111122223333:domain/acme";
        desk.json(&[
            "explain",
            "--principal",
            arn,
            "--action",
            action,
            "--resource",
            resource,
        ])
    };
    let answer = question("codeartifact:DescribeDomain");
    let decision = answer["Decision"].as_str().unwrap();
    assert!(
        decision.starts_with("denied because no identity-based policy allows"),
        "{answer}"
    );
    desk.does(&[
        "put-user-policy",
        "--user-name",
        "jane",
        "--policy-name",
        "p",
        "--policy-document",
        POLICY,
    ]);
    let answer = question("codeartifact:DescribeDomain");
    assert_eq!(answer["Decision"], "allowed", "{answer}");
    let policy = &answer["Policies"][0];
    assert_eq!(policy["Policy"], "inline policy p");
    assert_eq!(policy["MatchedStatements"][0]["Sid"], "Reads");
    let answer = question("codeartifact:DeleteDomain");
    assert!(
        answer["Decision"].as_str().unwrap().starts_with("denied"),
        "{answer}"
    );
    for (principal, action) in [
        ("jane", "codeartifact:DescribeDomain"),
        (
            "arn:aws:iam::111122223333:user/absent",
            "codeartifact:DescribeDomain",
        ),
        ("arn:aws:iam::111122223333:user/jane", "DescribeDomain"),
    ] {
        desk.refused(&["explain", "--principal", principal, "--action", action]);
    }
}

#[test]
fn without_a_data_folder_nothing_is_made() {
    let desk = Desk(TempDir::new().unwrap());
    let error = desk.refused(&["list-users"]);
    assert!(error.contains("there is no data folder"), "{error}");
    assert!(!desk.data().exists());
}
