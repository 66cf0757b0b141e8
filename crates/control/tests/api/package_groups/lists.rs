//! Lists of groups.

use super::*;

#[tokio::test]
async fn groups_are_listed_by_literal_prefix() {
    let service = stocked(&["/npm/*", "/npm//a~", "/npm//a$", "/generic/*", "/npm/a_b/*"]).await;
    for (prefix, expected) in [
        (
            "",
            &[
                "/*",
                "/generic/*",
                "/npm/*",
                "/npm//a$",
                "/npm//a~",
                "/npm/a_b/*",
            ][..],
        ),
        ("/npm//", &["/npm//a$", "/npm//a~"]),
        ("/npm/a_", &["/npm/a_b/*"]),
        ("/npm/a%", &[]),
        ("/*", &["/*"]),
        ("npm", &[]),
        ("/NPM", &[]),
    ] {
        let listed = service.ask(groups().query("prefix", prefix)).await.ok();
        assert_eq!(patterns(&listed), expected, "p16: {prefix}");
    }
    let all = service.ask(groups()).await.ok();
    for group in all["packageGroups"].as_array().unwrap() {
        let described = service
            .ask(describe(group["pattern"].as_str().unwrap()))
            .await
            .ok();
        assert_eq!(*group, described["packageGroup"]);
    }
    for bad in ["a b".to_owned(), "x".repeat(521)] {
        let refused = service.ask(groups().query("prefix", &bad)).await;
        refused.invalid("FIELD_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn only_direct_sub_groups_are_listed() {
    let service = stocked(&["/npm/*", "/npm/a/*", "/npm/a/x$", "/npm/b/*", "/generic/*"]).await;
    for (pattern, expected) in [
        ("/*", &["/generic/*", "/npm/*"][..]),
        ("/npm/*", &["/npm/a/*", "/npm/b/*"]),
        ("/npm/a/*", &["/npm/a/x$"]),
        ("/npm/a/x$", &[]),
    ] {
        assert_eq!(
            patterns(&service.ask(sub_groups(pattern)).await.ok()),
            expected
        );
        let asked = sub_groups(pattern).query("max-results", "1");
        assert_eq!(
            walk(&service, &asked, "packageGroups", async |_| {}).await,
            expected
        );
    }
}

#[tokio::test]
async fn s14_lists_of_groups_miss_and_repeat_nothing_while_groups_come_and_go() {
    let service = stocked(&["/npm/*"]).await;
    let mut standing: Vec<String> = (0..120).map(|n| format!("/npm/s{n:03}/*")).collect();
    for pattern in &standing {
        service.ask(create(pattern)).await.ok();
    }
    for n in (0..120).step_by(3) {
        service.ask(create(&format!("/npm/s{n:03}x/*"))).await.ok();
    }
    for (ask, others) in [
        (sub_groups("/npm/*"), 0),
        (groups().query("prefix", "/npm/"), 1),
    ] {
        let come_and_go = async |page: usize| {
            // Before the place reached, at it, and after it.
            for at in [page / 2, page, page + 7] {
                let at = at % 120;
                service.ask(remove(&format!("/npm/s{at:03}x/*"))).await;
                service
                    .ask(create(&format!("/npm/s{at:03}y{others}/*")))
                    .await;
            }
        };
        let walked = walk(
            &service,
            &ask.query("max-results", "1"),
            "packageGroups",
            come_and_go,
        )
        .await;
        let mut once = walked.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once, walked, "in order, and none twice");
        standing.sort_unstable();
        let missed: Vec<_> = standing
            .iter()
            .filter(|one| !walked.contains(one))
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
        for n in (0..120).step_by(3) {
            service.ask(create(&format!("/npm/s{n:03}x/*"))).await;
        }
    }
}
