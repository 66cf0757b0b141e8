//! Where the public Maven repositories are.
//!
//! The central one is a mirror in Maven's settings, else what the super POM of the installed Maven says. The others have
//! published addresses. See "Guide to Mirror Settings" and "Super POM" in the documentation of Maven.

use catalog::{Base, Discovery, Place, PublicConnection, is_address};

pub(super) const PUBLIC: &[PublicConnection] = &[
    PublicConnection {
        name: "public:maven-central",
        store_repository: "maven-central-store",
        discovery: &[
            Discovery::File {
                places: &[
                    Place {
                        base: Base::Home,
                        path: ".m2/settings.xml",
                    },
                    Place {
                        base: Base::Variable("MAVEN_HOME"),
                        path: "conf/settings.xml",
                    },
                    Place {
                        base: Base::Installation("mvn"),
                        path: "conf/settings.xml",
                    },
                    Place {
                        base: Base::Root,
                        path: "etc/maven/settings.xml",
                    },
                ],
                read: mirror_of_central,
            },
            Discovery::ArchiveMember {
                places: &[
                    Place {
                        base: Base::Variable("MAVEN_HOME"),
                        path: "lib/maven-model-builder",
                    },
                    Place {
                        base: Base::Installation("mvn"),
                        path: "lib/maven-model-builder",
                    },
                    Place {
                        base: Base::Root,
                        path: "usr/share/maven/lib/maven-model-builder",
                    },
                ],
                member: "org/apache/maven/model/pom-4.0.0.xml",
                read: central_of_super_pom,
            },
        ],
        remedy: "install Maven",
    },
    published(
        "public:maven-googleandroid",
        "google-android-store",
        ANDROID,
    ),
    published("public:maven-gradleplugins", "gradle-plugins-store", GRADLE),
    published("public:maven-commonsware", "commonsware-store", COMMONSWARE),
    published("public:maven-clojars", "clojars-store", CLOJARS),
];

const ANDROID: &[Discovery] = &[Discovery::Constant {
    url: "https://dl.google.com/android/maven2/",
    carried_by: "the documentation of Android's build tools",
}];
const GRADLE: &[Discovery] = &[Discovery::Constant {
    url: "https://plugins.gradle.org/m2/",
    carried_by: "the documentation of Gradle",
}];
const COMMONSWARE: &[Discovery] = &[Discovery::Constant {
    url: "https://s3.amazonaws.com/repo.commonsware.com/",
    carried_by: "the documentation of CommonsWare",
}];
const CLOJARS: &[Discovery] = &[Discovery::Constant {
    url: "https://repo.clojars.org/",
    carried_by: "the documentation of Clojars",
}];

const fn published(
    name: &'static str,
    store_repository: &'static str,
    discovery: &'static [Discovery],
) -> PublicConnection {
    PublicConnection {
        name,
        store_repository,
        discovery,
        remedy: "set its url",
    }
}

/// The address of the first mirror in a settings file that stands for `central`.
fn mirror_of_central(text: &str) -> Option<String> {
    let text = without_comments(text);
    elements(&text, "mirror").find_map(|mirror| {
        let is_blocked = element(mirror, "blocked").is_some_and(|text| text.trim() == "true");
        let url = element(mirror, "url")?.trim().replace("&amp;", "&");
        (!is_blocked && stands_for_central(element(mirror, "mirrorOf")?) && is_address(&url))
            .then_some(url)
    })
}

/// `central`, `*`, `external:*`, lists of these, and exclusions with `!`.
fn stands_for_central(pattern: &str) -> bool {
    let parts = || pattern.split(',').map(str::trim);
    parts().any(|part| matches!(part, "central" | "*" | "external:*"))
        && !parts().any(|part| part == "!central")
}

/// The repository with the id `central` of a super POM.
fn central_of_super_pom(text: &str) -> Option<String> {
    let text = without_comments(text);
    elements(&text, "repository").find_map(|repository| {
        let url = element(repository, "url")?.trim();
        (element(repository, "id")?.trim() == "central" && is_address(url)).then(|| url.to_owned())
    })
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let close = format!("</{name}>");
    text.split(&format!("<{name}>"))
        .skip(1)
        .filter_map(move |part| part.split_once(&close).map(|(inside, _)| inside))
        .collect::<Vec<_>>()
        .into_iter()
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(mirrors: &str) -> String {
        format!(
            "<settings><!-- <mirror><mirrorOf>*</mirrorOf><url>https://no.example</url></mirror> --><mirrors>{mirrors}</mirrors></settings>"
        )
    }

    fn mirror(of: &str, url: &str, more: &str) -> String {
        format!("<mirror><id>m</id><mirrorOf>{of}</mirrorOf><url>{url}</url>{more}</mirror>")
    }

    #[test]
    fn a_mirror_of_central_is_found_among_others() {
        let blocker = mirror(
            "external:http:*",
            "http://0.0.0.0/",
            "<blocked>true</blocked>",
        );
        let good = "https://m.example/maven?a=1&amp;b=2";
        for of in ["central", "*", " external:* ", "foo,central", "*,!foo"] {
            let text = settings(&format!("{blocker}{}", mirror(of, good, "")));
            assert_eq!(
                mirror_of_central(&text).as_deref(),
                Some("https://m.example/maven?a=1&b=2"),
                "{of}"
            );
        }
        for of in ["foo", "*,!central", "external:http:*"] {
            assert_eq!(
                mirror_of_central(&settings(&mirror(of, good, ""))),
                None,
                "{of}"
            );
        }
        assert_eq!(
            mirror_of_central(&settings(&mirror("*", "file:///repo", ""))),
            None
        );
        assert_eq!(mirror_of_central(&settings(&blocker)), None);
        assert_eq!(mirror_of_central("<settings><!-- unfinished"), None);
    }

    #[test]
    fn the_super_pom_names_central() {
        let pom = "<project><!-- x --><repositories><repository><id>other</id><url>https://o.example</url></repository>\
                   <repository>\n<id>central</id>\n<url>https://c.example/maven2</url></repository></repositories></project>";
        assert_eq!(
            central_of_super_pom(pom).as_deref(),
            Some("https://c.example/maven2")
        );
    }
}
