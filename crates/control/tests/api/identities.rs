//! Users, roles and their policies: limits, names, and what the log says of them.

use catalog::{NewManagedPolicy, NewRole, Quotas, Tag};
use futures_util::future::join_all;
use model::{AccountId, PageLimit, PrincipalKind};

use crate::support::{ACCOUNT, STRANGER, Service, Setup, allows, get, post, principal, trusts};

fn tag(key: &str, value: &str) -> Tag {
    (key.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_path_is_part_of_the_name_that_policies_and_clients_see() {
    let service = Service::with_repository().await;
    let (root, catalog) = (service.root(), &service.catalog);
    let jane = principal(ACCOUNT, PrincipalKind::User, "team/jane");
    catalog
        .create_user(&root, jane.clone(), Vec::new())
        .await
        .unwrap();
    let policy = allows(&["codeartifact:DescribeDomain"]).to_string();
    catalog
        .put_inline_policy(&root, &jane, "own", &policy)
        .await
        .unwrap();
    let key = catalog
        .create_access_key(&root, jane.clone())
        .await
        .unwrap();
    let answer = service.sts(&key, "GetCallerIdentity", &[]).await;
    assert_eq!(
        answer.xml("Arn"),
        format!("arn:aws:iam::{ACCOUNT}:user/team/jane")
    );
    let describe = get("/v1/domain").query("domain", "acme");
    service
        .send(describe.signed_by(&key, catalog.now()))
        .await
        .ok();
    // The name alone is unique, and finds it; another path does not.
    let short = principal(ACCOUNT, PrincipalKind::User, "jane");
    assert_eq!(catalog.get_user(&short).await.unwrap().principal, jane);
    assert!(catalog.create_user(&root, short, Vec::new()).await.is_err());
    let elsewhere = principal(ACCOUNT, PrincipalKind::User, "other/jane");
    assert!(catalog.get_user(&elsewhere).await.is_err());
    // A role with a path is trusted by its whole name, and its session has none.
    let trust = trusts(&[&jane.to_string()]);
    service
        .make_role("team/ci", &trust, &allows(&["codeartifact:*"]))
        .await;
    let answer = service.assume(&key, "team/ci", &[]).await;
    assert_eq!(
        answer.xml("Arn"),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/run-7")
    );
    service
        .assume(&key, "ci", &[])
        .await
        .sts_refused(403, "AccessDenied");
}

#[tokio::test]
async fn limits_are_those_of_iam() {
    let service = Service::start().await;
    let (root, catalog) = (service.root(), &service.catalog);
    let account = AccountId::parse(ACCOUNT).unwrap();
    let jane = principal(ACCOUNT, PrincipalKind::User, "jane");
    let many: Vec<Tag> = (0..51).map(|n| tag(&format!("key{n}"), "")).collect();
    assert!(
        catalog
            .create_user(&root, jane.clone(), many.clone())
            .await
            .is_err()
    );
    catalog
        .create_user(&root, jane.clone(), many[..50].to_vec())
        .await
        .unwrap();
    assert!(
        catalog
            .tag_principal(&root, &jane, vec![tag("more", "")])
            .await
            .is_err()
    );
    // Another spelling of a key is the same tag.
    catalog
        .tag_principal(&root, &jane, vec![tag("KEY0", "x")])
        .await
        .unwrap();
    let tags = catalog.list_principal_tags(&jane).await.unwrap();
    assert_eq!(tags.len(), 50);
    assert!(tags.contains(&tag("KEY0", "x")) && !tags.contains(&tag("key0", "")));

    let policy = allows(&[&format!("codeartifact:{}", "A".repeat(900))]).to_string();
    let put = async |name: &str| catalog.put_inline_policy(&root, &jane, name, &policy).await;
    put("one").await.unwrap();
    put("two").await.unwrap();
    put("two").await.unwrap();
    let message = put("three").await.unwrap_err().message;
    assert!(message.contains("2048"), "{message}");

    for n in 0..11 {
        let new = NewManagedPolicy {
            account: account.clone(),
            path: "/".into(),
            name: format!("policy{n}"),
            document: allows(&["codeartifact:*"]).to_string(),
            description: String::new(),
        };
        let arn = catalog
            .create_managed_policy(&root, new.clone())
            .await
            .unwrap()
            .arn;
        let again = catalog.create_managed_policy(&root, new).await.unwrap_err();
        assert!(again.message.contains("already exists"), "{again}");
        let attached = catalog.attach_policy(&root, &jane, &arn).await;
        assert_eq!(attached.is_ok(), n < 10, "{n}");
    }
    let limit = PageLimit::new(4);
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = catalog
            .list_managed_policies(&account, after.as_deref(), limit)
            .await
            .unwrap();
        seen += page.items.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 11);
}

#[tokio::test]
async fn the_root_takes_no_policies_and_no_tags() {
    let service = Service::start().await;
    let root = service.root();
    let own = root.principal().clone();
    let policy = allows(&["codeartifact:*"]).to_string();
    let catalog = &service.catalog;
    assert!(
        catalog
            .put_inline_policy(&root, &own, "p", &policy)
            .await
            .is_err()
    );
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    assert!(catalog.attach_policy(&root, &own, admin).await.is_err());
    assert!(
        catalog
            .tag_principal(&root, &own, vec![tag("a", "b")])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn every_change_of_an_identity_is_in_the_log_of_the_installation() {
    let service = Service::start().await;
    let (root, catalog) = (service.root(), &service.catalog);
    let logged = async || {
        let mut reader = service.store.read().await.unwrap();
        reader.list_changes(0, 0, 1000).await.unwrap()
    };
    let before = logged().await.len();
    let ci = principal(ACCOUNT, PrincipalKind::Role, "ci");
    let new = NewRole {
        principal: ci.clone(),
        trust_policy: trusts(&[ACCOUNT]).to_string(),
        max_session_seconds: 3600,
        description: String::new(),
        tags: Vec::new(),
    };
    catalog.create_role(&root, new).await.unwrap();
    let policy = allows(&["codeartifact:*"]).to_string();
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    catalog
        .put_inline_policy(&root, &ci, "p", &policy)
        .await
        .unwrap();
    catalog.attach_policy(&root, &ci, admin).await.unwrap();
    catalog
        .tag_principal(&root, &ci, vec![tag("team", "a")])
        .await
        .unwrap();
    catalog
        .untag_principal(&root, &ci, vec!["team".into()])
        .await
        .unwrap();
    let trust = trusts(&[STRANGER]).to_string();
    catalog
        .update_assume_role_policy(&root, &ci, &trust)
        .await
        .unwrap();
    catalog.detach_policy(&root, &ci, admin).await.unwrap();
    catalog.delete_inline_policy(&root, &ci, "p").await.unwrap();
    catalog.delete_role(&root, &ci).await.unwrap();
    // What is refused is not logged.
    assert!(catalog.delete_role(&root, &ci).await.is_err());
    assert!(catalog.detach_policy(&root, &ci, admin).await.is_err());
    let changes = logged().await;
    let kinds: Vec<&str> = changes[before..]
        .iter()
        .map(|change| change.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "role-created",
            "inline-policy-put",
            "policy-attached",
            "principal-tagged",
            "principal-untagged",
            "role-updated",
            "policy-detached",
            "inline-policy-deleted",
            "role-deleted",
        ]
    );
    let last = changes.last().unwrap();
    assert_eq!(last.actor, format!("arn:aws:iam::{ACCOUNT}:root"));
    assert!(last.detail.contains(&ci.to_string()), "{}", last.detail);
}

#[tokio::test]
async fn a12_no_secret_is_in_the_log_or_in_debug_output() {
    let service = Service::start().await;
    let jane = service.make_user(ACCOUNT, "jane", None).await;
    let changes = service
        .store
        .read()
        .await
        .unwrap()
        .list_changes(0, 0, 1000)
        .await
        .unwrap();
    let text = format!("{changes:?} {jane:?}");
    assert!(text.contains(&jane.id) && !text.contains(jane.secret.expose()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d08_limits_of_an_account_and_of_a_user_hold_when_many_ask_at_once() {
    let setup = Setup {
        quotas: Quotas {
            domains_per_account: 3,
            ..Quotas::default()
        },
        ..Setup::default()
    };
    let service = Service::start_with(setup).await;
    let (root, catalog) = (service.root(), &service.catalog);
    let jane = principal(ACCOUNT, PrincipalKind::User, "jane");
    let made = catalog.create_user(&root, jane.clone(), Vec::new()).await;
    made.unwrap();
    let keys = (0..12).map(|_| catalog.create_access_key(&root, jane.clone()));
    let keys = join_all(keys).await;
    assert_eq!(keys.iter().filter(|key| key.is_ok()).count(), 2);
    let held = catalog.list_access_keys_of(&jane).await.unwrap();
    assert_eq!(held.len(), 2);
    let names: Vec<String> = (0..12).map(|number| format!("domain-{number}")).collect();
    let domains = names
        .iter()
        .map(|name| service.ask(post("/v1/domain").query("domain", name)));
    let made = join_all(domains).await;
    assert_eq!(made.iter().filter(|answer| answer.status == 200).count(), 3);
}
