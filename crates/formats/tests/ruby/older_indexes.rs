//! What came before the compact index: lists of all versions, specifications one by one, and the dependency API.

use catalog::Rates;
use testkit::house::Plan;
use testkit::packages::GemBuild;

use crate::house::{House, gunzipped, holds, inflated, widget};

#[tokio::test]
async fn f_rb_2_lists_of_versions_are_marshalled_and_packed() {
    let house = House::private().await;
    for version in ["1.0", "1.10", "2.0.rc1"] {
        house.publish(&widget(version).build()).await;
    }
    let list = |path: &'static str| {
        let house = &house;
        async move { gunzipped(house.main().get(path).await.bytes()) }
    };
    let all = list("specs.4.8.gz").await;
    assert!(all.starts_with(b"\x04\x08[\x07[\x08I\"\x0bwidget\x06:\x06ETU:\x11Gem::Version"));
    assert!(holds(&all, "1.0") && holds(&all, "1.10") && !holds(&all, "rc1"));
    let latest = list("latest_specs.4.8.gz").await;
    assert!(holds(&latest, "1.10") && latest.starts_with(b"\x04\x08[\x06"));
    let prerelease = list("prerelease_specs.4.8.gz").await;
    assert!(holds(&prerelease, "2.0.rc1") && !holds(&prerelease, "1.10"));
}

#[tokio::test]
async fn a_specification_is_beside_its_gem() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    house.publish(&widget("1.0").platform("java").build()).await;
    let path = "quick/Marshal.4.8/widget-1.0.gemspec.rz";
    let answer = house.main().get(path).await;
    let spec = inflated(answer.bytes());
    assert!(spec.starts_with(b"\x04\x08u:\x17Gem::Specification"));
    for text in ["widget", "rack", "rake", "The gem widget", "MIT"] {
        assert!(holds(&spec, text), "{text}");
    }
    let java = house
        .main()
        .get("quick/Marshal.4.8/widget-1.0-java.gemspec.rz")
        .await;
    assert!(holds(&inflated(java.bytes()), "Gem::Platform"));
    for absent in ["widget-2.0", "widget-1.0-x86-linux", "gadget-1.0"] {
        let path = format!("quick/Marshal.4.8/{absent}.gemspec.rz");
        assert_eq!(house.main().get(&path).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn f_rb_2_the_dependency_api_answers_for_every_gem_that_is_named() {
    let house = House::private().await;
    let bare = house.main().get("api/v1/dependencies").await;
    assert_eq!((bare.status, bare.bytes().len()), (200, 0));
    house.publish(&widget("1.0").build()).await;
    house.publish(&GemBuild::new("gadget", "2").build()).await;
    let path = "api/v1/dependencies?gems=widget,gadget,never-seen,a%2Fb,widget";
    let answer = house.main().get(path).await;
    let expected = [
        &b"\x04\x08[\x07{\x09:\x09nameI\"\x0bwidget\x06:\x06ET:\x0bnumberI\"\x081.0\x06;\x06T:\x0dplatformI\"\x09ruby\x06;\x06T"[..],
        b":\x11dependencies[\x06[\x07I\"\x09rack\x06;\x06TI\"\x0b>= 2.0\x06;\x06T",
        b"{\x09;\x00I\"\x0bgadget\x06;\x06T;\x07I\"\x062\x06;\x06T;\x08I\"\x09ruby\x06;\x06T;\x09[\x00",
    ]
    .concat();
    assert_eq!(&answer.bytes()[..], expected);
    let none = house
        .main()
        .get("api/v1/dependencies?gems=never-seen")
        .await;
    assert_eq!(&none.bytes()[..], b"\x04\x08[\x00");
}

#[tokio::test]
async fn d07_each_gem_of_a_request_counts_as_one() {
    let mut plan = Plan::default();
    plan.quotas.rates = Rates {
        reads_per_account: Some(10),
        ..Rates::default()
    };
    let house = House::with(plan).await;
    house.add_repository("main", &[]).await;
    let path = "api/v1/dependencies?gems=a,b,c,d,e,f";
    assert_eq!(house.main().get(path).await.status, 200);
    assert_eq!(house.main().get(path).await.status, 429);
    house.clock.advance(2_000);
    assert_eq!(house.main().get(path).await.status, 200);
}
