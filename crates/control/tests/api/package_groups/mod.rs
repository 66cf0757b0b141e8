//! Package groups: what they are, what they restrict, and the tree they make.

mod groups;
mod lists;
mod restrictions;

use catalog::Quotas;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, Ask, NOW_SECONDS, Service, Setup, delete, get, post, put};

fn arn(encoded: &str) -> String {
    format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:package-group/acme{encoded}")
}

fn named(ask: Ask, pattern: &str) -> Ask {
    ask.query("domain", "acme").query("package-group", pattern)
}

fn create(pattern: &str) -> Ask {
    create_with(&json!({ "packageGroup": pattern }))
}

fn create_with(body: &Value) -> Ask {
    post("/v1/package-group").query("domain", "acme").json(body)
}

fn describe(pattern: &str) -> Ask {
    named(get("/v1/package-group"), pattern)
}

fn restrict(pattern: &str, body: &Value) -> Ask {
    named(put("/v1/package-group-origin-configuration"), pattern).json(body)
}

fn remove(pattern: &str) -> Ask {
    named(delete("/v1/package-group"), pattern)
}

fn groups() -> Ask {
    post("/v1/package-groups").query("domain", "acme")
}

fn sub_groups(pattern: &str) -> Ask {
    named(post("/v1/package-groups/sub-groups"), pattern)
}

fn allowed(pattern: &str, restriction: &str) -> Ask {
    named(get("/v1/package-group-allowed-repositories"), pattern)
        .query("originRestrictionType", restriction)
}

async fn stocked(patterns: &[&str]) -> Service {
    let service = Service::with_repository().await;
    for pattern in patterns {
        service.ask(create(pattern)).await.ok();
    }
    service
}

fn patterns(page: &Value) -> Vec<String> {
    let list = page["packageGroups"].as_array().unwrap();
    list.iter()
        .map(|group| group["pattern"].as_str().unwrap().to_owned())
        .collect()
}

/// What a group restricts, by type: mode, effective mode, and where it is inherited from.
fn restrictions(group: &Value) -> Vec<(String, String, Option<String>)> {
    let all = &group["originConfiguration"]["restrictions"];
    assert_eq!(all.as_object().unwrap().len(), 3, "{all}");
    ["PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM"]
        .map(|kind| {
            let text = |name: &str| all[kind][name].as_str().unwrap().to_owned();
            let from = all[kind]["inheritedFrom"]["pattern"].as_str();
            (text("mode"), text("effectiveMode"), from.map(str::to_owned))
        })
        .into()
}

async fn parent_of(service: &Service, pattern: &str) -> Option<String> {
    let described = service.ask(describe(pattern)).await.ok();
    let parent = &described["packageGroup"]["parent"]["pattern"];
    parent.as_str().map(str::to_owned)
}

/// Follows the pages of a list to its end, doing something before each page; returns the names or patterns.
async fn walk(
    service: &Service,
    ask: &Ask,
    list: &str,
    mut before_page: impl AsyncFnMut(usize),
) -> Vec<String> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    for page in 0.. {
        before_page(page).await;
        let asked = match &token {
            None => ask.clone(),
            Some(token) => ask.clone().query("next-token", token),
        };
        let answer = service.ask(asked).await.ok();
        found.extend(answer[list].as_array().unwrap().iter().map(|item| {
            let text = item.as_str().or(item["pattern"].as_str());
            text.unwrap().to_owned()
        }));
        match answer.get("nextToken") {
            None => break,
            Some(next) => token = Some(next.as_str().unwrap().to_owned()),
        }
    }
    found
}
