use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::{FormatId, Namespace, PackageCoordinates, PackageName};

fn pattern(text: &str) -> PackageGroupPattern {
    PackageGroupPattern::parse(text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn package(format: &'static str, namespace: &str, name: &str) -> PackageCoordinates {
    PackageCoordinates {
        format: FormatId::new(format),
        namespace: (!namespace.is_empty()).then(|| Namespace::parse(namespace).unwrap()),
        name: PackageName::parse(name).unwrap(),
    }
}

fn table(patterns: &[&str]) -> PackageGroupTable<()> {
    let groups = patterns
        .iter()
        .map(|text| (pattern(text), GroupModes::NEW, ()));
    PackageGroupTable::new(groups.collect()).unwrap()
}

#[test]
fn every_documented_shape_is_read() {
    use PatternShape::*;
    for (text, shape, parts) in [
        ("/*", Root, ["", "", ""]),
        ("/npm/*", Format, ["npm", "", ""]),
        (
            "/maven/com.anycompany~",
            NamespacePrefix,
            ["maven", "com.anycompany", ""],
        ),
        ("/npm/space/*", Namespace, ["npm", "space", ""]),
        ("/npm//*", Namespace, ["npm", "", ""]),
        (
            "/npm/space/anycompany-ui~",
            NamePrefix,
            ["npm", "space", "anycompany-ui"],
        ),
        ("/npm//my~", NamePrefix, ["npm", "", "my"]),
        (
            "/maven/org.apache.logging.log4j/log4j-core$",
            Package,
            ["maven", "org.apache.logging.log4j", "log4j-core"],
        ),
        ("/npm//react$", Package, ["npm", "", "react"]),
        ("/npm//a~b$$", Package, ["npm", "", "a~b$"]),
        ("/npm//*$", Package, ["npm", "", "*"]),
    ] {
        let read = pattern(text);
        assert_eq!(read.shape(), shape, "{text}");
        assert_eq!(
            [read.format(), read.namespace(), read.name()],
            parts,
            "{text}"
        );
        assert_eq!(read.to_string(), text);
    }
    assert_eq!(PackageGroupPattern::root(), pattern("/*"));
}

#[test]
fn p15_texts_that_are_no_patterns_are_refused_with_a_reason() {
    for (text, reason) in [
        ("npm/*", "must begin with '/'"),
        ("/npm", "must end in"),
        ("/npm/", "must end in"),
        ("/npm/space/react", "must end in"),
        ("/npm//my-~", "must follow a letter or a number"),
        ("/npm//~", "must follow a letter or a number"),
        ("/npm/~", "must follow a letter or a number"),
        ("/~", "must follow a letter or a number"),
        ("/npm~", "but not a format"),
        ("/npm/foo*", "directly after a '/'"),
        ("/npm//foo-*", "directly after a '/'"),
        ("/npm/space/name/*", "but not a package name"),
        ("//*", "not a package format"),
        ("/NPM/*", "not a package format"),
        ("/n-m/*", "not a package format"),
        ("//x/y$", "not a package format"),
        ("/npm/react$", "two slashes"),
        ("/npm$", "two slashes"),
        ("/npm/space/$", "must follow a package name"),
        ("/npm/a/b/c$", "more parts"),
        ("/npm/a/b/c~", "more parts"),
        ("/npm/../x$", "the namespace '..'"),
        ("/npm/a/..$", "the package name '..'"),
        ("/npm/a#b/c$", "the namespace 'a#b'"),
    ] {
        match PackageGroupPattern::parse(text) {
            Err(PatternFault::Grammar(message)) => {
                assert!(message.contains(reason), "{text}: {message}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let long_name = format!("/npm//{}$", "x".repeat(256));
    assert!(matches!(
        PackageGroupPattern::parse(&long_name),
        Err(PatternFault::Grammar(_))
    ));
    let long = format!("/npm/{}/*", "x".repeat(514));
    assert_eq!(long.len(), 521);
    for text in [
        "",
        "/",
        &long,
        "/npm//a b$",
        "/npm//a\tb$",
        "/npm//a\0$",
        "/npm//a\u{202e}$",
    ] {
        let fault = PackageGroupPattern::parse(text);
        assert!(
            matches!(fault, Err(PatternFault::Constraint(_))),
            "{text:?}: {fault:?}"
        );
    }
    assert!(PatternPrefix::parse("").is_ok());
    assert!(PatternPrefix::parse("not a pattern").is_err());
    assert!(PatternPrefix::parse(&"/".repeat(521)).is_err());
}

#[test]
fn prefixes_end_at_the_end_of_a_word() {
    let foo = pattern("/npm/space/foo~");
    for (name, taken) in [
        ("foo", true),
        ("foo-bar", true),
        ("foo.bar", true),
        ("foo@1", true),
        ("food", false),
        ("foot", false),
        ("fooBar", false),
        ("foo1", false),
        ("foo\u{301}", false),
        ("fooé", false),
        ("foo\u{661}", false),
        ("fo", false),
        ("Foo", false),
    ] {
        assert_eq!(foo.matches(&package("npm", "space", name)), taken, "{name}");
    }
    assert!(!foo.matches(&package("npm", "", "foo")));
    assert!(!foo.matches(&package("maven", "space", "foo")));
    let acme = pattern("/maven/com.acme~");
    assert!(acme.matches(&package("maven", "com.acme", "x")));
    assert!(acme.matches(&package("maven", "com.acme.ui", "x")));
    assert!(!acme.matches(&package("maven", "com.acmeevil", "x")), "p15");
}

#[test]
fn variations_of_a_name_have_one_form() {
    let one = variation("foo-bar");
    for same in [
        "foo.bar",
        "foo..bar",
        "foo_bar",
        "FOO-BAR",
        "fоо-bаr",
        "f00-bar",
        "foo‐bar",
        "ｆoo-bar",
    ] {
        assert_eq!(variation(same), one, "{same}");
    }
    for other in ["foobar", "foo-baz", "foo+bar", "foo bar"] {
        assert_ne!(variation(other), one, "{other}");
    }
    assert_eq!(variation("straße"), variation("STRASSE"));
    assert_eq!(variation("é"), variation("e\u{301}"));
    assert_eq!(variation("modern"), variation("rnodern"));
    assert_eq!(variation("ΣΑΣ"), variation("σας"));
    assert_eq!(variation("-._x"), ".x");
}

#[test]
fn the_documented_chain_of_groups_is_one() {
    let chain = [
        "/*",
        "/npm/*",
        "/npm/space/*",
        "/npm/space/anycompany~",
        "/npm/space/anycompany-ui~",
        "/npm/space/anycompany-ui$",
    ];
    let groups = table(&chain);
    for pair in chain.windows(2) {
        let [above, below] = pair else { unreachable!() };
        let parent = groups
            .parent(groups.find(&pattern(below)).unwrap())
            .unwrap();
        assert_eq!(groups.pattern(parent).as_str(), *above);
        assert_eq!(groups.children(parent).len(), 1);
    }
    assert_eq!(groups.parent(groups.root()), None);
}

#[test]
fn y07_the_most_specific_group_wins_and_variations_do_not_fall_through() {
    let groups = table(&[
        "/*",
        "/npm/*",
        "/npm//anycompany-spicy-client$",
        "/npm//AsyncStorage$",
        "/npm//asyncstorage$",
        "/npm/acme~",
        "/npm/acme/*",
        "/npm/acme/ui~",
        "/npm/acme/ui$",
    ]);
    use AssociationType::{Strong, Weak};
    for (namespace, name, expected, kind) in [
        ("", "react", "/npm/*", Strong),
        (
            "",
            "anycompany-spicy-client",
            "/npm//anycompany-spicy-client$",
            Strong,
        ),
        (
            "",
            "AnyCompany-spicy-client",
            "/npm//anycompany-spicy-client$",
            Weak,
        ),
        (
            "",
            "anycompany.spicy.client",
            "/npm//anycompany-spicy-client$",
            Weak,
        ),
        ("", "anycompanyspicy-client", "/npm/*", Strong),
        ("", "AsyncStorage", "/npm//AsyncStorage$", Strong),
        ("", "asyncstorage", "/npm//asyncstorage$", Strong),
        ("", "asyncStorage", "/npm//AsyncStorage$", Weak),
        ("acme", "x", "/npm/acme/*", Strong),
        ("Acme", "x", "/npm/acme/*", Weak),
        ("acme-labs", "x", "/npm/acme~", Strong),
        ("acmex", "x", "/npm/*", Strong),
        ("acme", "ui", "/npm/acme/ui$", Strong),
        ("acme", "ui-kit", "/npm/acme/ui~", Strong),
        ("acme", "UI-kit", "/npm/acme/ui~", Weak),
        ("acme", "uikit", "/npm/acme/*", Strong),
        ("acme", "Uikit", "/npm/acme/*", Strong),
    ] {
        let found = groups.associate(&package("npm", namespace, name));
        let found = (groups.pattern(found.group).as_str(), found.kind);
        assert_eq!(found, (expected, kind), "{namespace}/{name}");
    }
    let other = groups.associate(&package("pypi", "", "react"));
    assert_eq!(groups.pattern(other.group).as_str(), "/*");
}

#[test]
fn a_group_that_is_not_there_yet_holds_what_it_would() {
    let groups = table(&["/*", "/npm/*", "/npm//foo$"]);
    let prefix = pattern("/npm//foo~");
    let extra = Extra::new(&prefix);
    let would = |name| extra.associate(&groups, &package("npm", "", name));
    assert_eq!(would("foo-bar"), Some(AssociationType::Strong));
    assert_eq!(would("Foo.bar"), Some(AssociationType::Weak));
    assert_eq!(would("foo"), None, "it belongs to the exact group");
    assert_eq!(would("food"), None);
}

#[test]
fn prefixes_of_patterns_are_literal_and_in_order() {
    let groups = table(&["/*", "/npm/*", "/npm//a$", "/npm//b$", "/pypi/*"]);
    let listed = |prefix, after| -> Vec<&str> {
        let found = groups.starting_with(prefix, after);
        found.map(|index| groups.pattern(index).as_str()).collect()
    };
    assert_eq!(
        listed("", ""),
        ["/*", "/npm/*", "/npm//a$", "/npm//b$", "/pypi/*"]
    );
    assert_eq!(listed("/npm/", ""), ["/npm/*", "/npm//a$", "/npm//b$"]);
    assert_eq!(listed("/npm/", "/npm//a$"), ["/npm//b$"]);
    assert_eq!(listed("/npm/", "/pypi/*"), [""; 0]);
    assert_eq!(listed("npm", ""), [""; 0]);
}

/// Names whose words, separators and look-alikes meet in every way.
fn a_name() -> impl Strategy<Value = String> {
    let word = select(vec![
        "a", "A", "foo", "Foo", "food", "f0o", "m", "rn", "1", "l", "а", "é",
    ]);
    let separator = select(vec!["-", ".", "_", "--", "+", ""]);
    (
        word.clone(),
        proptest::collection::vec((separator, word), 0..3),
    )
        .prop_map(|(first, rest)| {
            rest.iter()
                .fold(first.to_owned(), |text, (separator, word)| {
                    text + separator + word
                })
        })
}

fn a_namespace() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 3 => a_name()]
}

fn a_format() -> impl Strategy<Value = &'static str> {
    select(vec!["npm", "maven"])
}

fn a_package() -> impl Strategy<Value = PackageCoordinates> {
    (a_format(), a_namespace(), a_name())
        .prop_map(|(f, namespace, name)| package(f, &namespace, &name))
}

fn a_pattern() -> impl Strategy<Value = PackageGroupPattern> {
    (0..5, a_format(), a_namespace(), a_name()).prop_filter_map(
        "a prefix has a word",
        |(shape, format, namespace, name)| {
            let text = match shape {
                0 => format!("/{format}/*"),
                1 => format!("/{format}/{namespace}~"),
                2 => format!("/{format}/{namespace}/*"),
                3 => format!("/{format}/{namespace}/{name}~"),
                _ => format!("/{format}/{namespace}/{name}$"),
            };
            PackageGroupPattern::parse(&text).ok()
        },
    )
}

fn a_mode() -> impl Strategy<Value = GroupRestrictionMode> {
    use GroupRestrictionMode::*;
    select(vec![
        Inherit,
        Inherit,
        Allow,
        Block,
        AllowSpecificRepositories,
    ])
}

fn some_groups() -> impl Strategy<Value = Vec<(PackageGroupPattern, GroupModes, ())>> {
    let group =
        (a_pattern(), a_mode(), a_mode(), a_mode()).prop_map(|(pattern, one, two, three)| {
            let mut modes = GroupModes::NEW;
            for (restriction, mode) in GroupRestrictionType::ALL.into_iter().zip([one, two, three])
            {
                modes.set(restriction, mode);
            }
            (pattern, modes, ())
        });
    proptest::collection::vec(group, 0..24).prop_map(|mut groups| {
        groups.push((PackageGroupPattern::root(), GroupModes::ROOT, ()));
        groups
    })
}

/// The common form, for the characters of [`a_name`] alone.
fn naive_variation(text: &str) -> String {
    let mut form = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            '-' | '.' | '_' if form.ends_with('.') => {}
            '-' | '.' | '_' => form.push('.'),
            '0' => form.push('o'),
            '1' => form.push('l'),
            'm' => form.push_str("rn"),
            'а' => form.push('a'),
            'é' => form.push_str("e\u{301}"),
            c => form.push(c),
        }
    }
    form
}

fn naive_takes(prefix: &str, value: &str) -> bool {
    let (prefix, value): (Vec<char>, Vec<char>) =
        (prefix.chars().collect(), value.chars().collect());
    value.starts_with(&prefix)
        && value
            .get(prefix.len())
            .is_none_or(|c| !c.is_alphanumeric() && *c != '\u{301}')
}

/// Matching as the documentation words it, over whichever form of names.
fn naive_match(
    pattern: &PackageGroupPattern,
    package: &PackageCoordinates,
    form: fn(&str) -> String,
) -> bool {
    let (namespace, name) = (form(package.namespace_str()), form(package.name.as_str()));
    let (own_namespace, own_name) = (form(pattern.namespace()), form(pattern.name()));
    let format = pattern.format() == package.format.as_str();
    match pattern.shape() {
        PatternShape::Root => true,
        PatternShape::Format => format,
        PatternShape::NamespacePrefix => format && naive_takes(&own_namespace, &namespace),
        PatternShape::Namespace => format && own_namespace == namespace,
        PatternShape::NamePrefix => {
            format && own_namespace == namespace && naive_takes(&own_name, &name)
        }
        PatternShape::Package => format && own_namespace == namespace && own_name == name,
    }
}

/// Looks at every group.
fn naive_association<'t>(
    groups: &'t [(PackageGroupPattern, GroupModes, ())],
    package: &PackageCoordinates,
) -> (&'t PackageGroupPattern, AssociationType) {
    let length = |pattern: &PackageGroupPattern| {
        (
            pattern.shape(),
            naive_variation(pattern.namespace()).len(),
            naive_variation(pattern.name()).len(),
        )
    };
    let best = groups
        .iter()
        .map(|(pattern, ..)| pattern)
        .filter(|pattern| naive_match(pattern, package, naive_variation))
        .max_by(|one, other| {
            length(one).cmp(&length(other)).then_with(|| {
                one.matches(package)
                    .cmp(&other.matches(package))
                    .then_with(|| other.cmp(one))
            })
        })
        .unwrap();
    let kind = if best.matches(package) {
        AssociationType::Strong
    } else {
        AssociationType::Weak
    };
    (best, kind)
}

/// A package that a pattern takes and that no narrower pattern of these tests is about.
fn any_of(pattern: &PackageGroupPattern) -> PackageCoordinates {
    let format = match pattern.format() {
        "npm" => "npm",
        "maven" => "maven",
        _ => "other",
    };
    let (namespace, name) = (pattern.namespace(), pattern.name());
    match pattern.shape() {
        PatternShape::Root | PatternShape::Format => package(format, "zz", "zz"),
        PatternShape::NamespacePrefix => package(format, &format!("{namespace}-zz"), "zz"),
        PatternShape::Namespace => package(format, namespace, "zz"),
        PatternShape::NamePrefix => package(format, namespace, &format!("{name}-zz")),
        PatternShape::Package => package(format, namespace, name),
    }
}

proptest! {
    #[test]
    fn patterns_are_written_as_they_were_read(pattern in a_pattern()) {
        prop_assert_eq!(&PackageGroupPattern::parse(pattern.as_str()).unwrap(), &pattern);
        let scope = crate::ArnScope { partition: "aws".into(), region: "eu-west-1".into() };
        let domain = DomainRef {
            owner: crate::AccountId::parse("111122223333").unwrap(),
            name: crate::DomainName::parse("acme").unwrap(),
        };
        let arn = scope.package_group(&domain.owner, &domain.name, &pattern);
        prop_assert!(arn.as_str().is_ascii());
        prop_assert_eq!(scope.parse_package_group(arn.as_str()), Some((domain, pattern)));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,40}") {
        PackageGroupPattern::parse(&text).ok();
        PackageGroupPattern::parse(&format!("/npm/{text}~")).ok();
    }

    #[test]
    fn a_variation_is_its_own_variation_and_never_empty(text in "\\PC{1,12}") {
        let form = variation(&text);
        prop_assert!(!form.is_empty());
        prop_assert_eq!(&variation(&form), &form);
        prop_assert_eq!(variation(&text.to_uppercase()), variation(&text.to_uppercase().to_lowercase()));
    }

    #[test]
    fn the_short_way_for_ascii_gives_what_the_long_way_does(text in "[ -~]{0,16}") {
        prop_assert_eq!(variation(&text), variation::slow_variation(&text));
    }

    #[test]
    fn matching_agrees_with_a_naive_reference(pattern in a_pattern(), package in a_package()) {
        let literal = naive_match(&pattern, &package, str::to_owned);
        prop_assert_eq!(pattern.matches(&package), literal);
        prop_assert!(!literal || naive_match(&pattern, &package, naive_variation));
    }

    #[test]
    fn association_agrees_with_looking_at_every_group(groups in some_groups(), package in a_package()) {
        let table = PackageGroupTable::new(groups.clone()).unwrap();
        let found = table.associate(&package);
        let expected = naive_association(&groups, &package);
        prop_assert_eq!((table.pattern(found.group), found.kind), expected);
    }

    #[test]
    fn a_group_that_is_tried_out_gets_what_it_gets_when_it_is_made(
        groups in some_groups(), pattern in a_pattern(), package in a_package(),
    ) {
        let without: Vec<_> = groups.into_iter().filter(|group| group.0 != pattern).collect();
        let mut with = without.clone();
        with.push((pattern.clone(), GroupModes::NEW, ()));
        let (without, with) =
            (PackageGroupTable::new(without).unwrap(), PackageGroupTable::new(with).unwrap());
        let found = with.associate(&package);
        let expected = (*with.pattern(found.group) == pattern).then_some(found.kind);
        prop_assert_eq!(Extra::new(&pattern).associate(&without, &package), expected);
        prop_assert_eq!(Extra::new(&pattern).associate(&with, &package), expected);
    }

    #[test]
    fn above_means_to_take_all_of_the_other_and_more(one in a_pattern(), other in a_pattern()) {
        let expected = one != other && one.matches(&any_of(&other));
        prop_assert_eq!(one.is_above(&other), expected);
        prop_assert!(!(one.is_above(&other) && other.is_above(&one)));
    }

    #[test]
    fn a_parent_is_the_least_of_all_that_are_above(groups in some_groups()) {
        let table = PackageGroupTable::new(groups).unwrap();
        for index in 0..table.len() {
            let above: Vec<usize> = (0..table.len())
                .filter(|other| table.pattern(*other).is_above(table.pattern(index)))
                .collect();
            let least = above.iter().copied().find(|candidate| {
                above.iter().all(|other| {
                    other == candidate || table.pattern(*other).is_above(table.pattern(*candidate))
                })
            });
            prop_assert_eq!(table.parent(index), least, "{:?}", table.pattern(index));
            if let Some(parent) = least {
                prop_assert!(table.children(parent).contains(&index));
            }
        }
    }

    #[test]
    fn what_works_is_what_a_walk_to_the_root_finds(groups in some_groups()) {
        let table = PackageGroupTable::new(groups).unwrap();
        for index in 0..table.len() {
            for restriction in GroupRestrictionType::ALL {
                let mut at = index;
                while table.modes(at).of(restriction) == GroupRestrictionMode::Inherit {
                    at = table.parent(at).unwrap();
                }
                let expected = EffectiveRestriction { mode: table.modes(at).of(restriction), set_by: at };
                prop_assert_eq!(table.effective(index, restriction), expected);
            }
        }
    }

    #[test]
    fn a_walk_through_a_range_finds_all_packages_of_a_group_and_steps_over_the_rest(
        groups in some_groups(), packages in proptest::collection::vec(a_package(), 0..40),
    ) {
        let table = PackageGroupTable::new(groups).unwrap();
        let mut list: Vec<(Position, &PackageCoordinates)> = packages
            .iter()
            .map(|of| (Position::of(of.format.as_str(), of.namespace_str(), of.name.as_str()), of))
            .collect();
        list.sort_by(|one, other| one.0.cmp(&other.0));
        list.dedup_by(|one, other| one.0 == other.0);
        for group in 0..table.len() {
            let range = PackageRange::of(table.pattern(group));
            let (mut at, end) = (range.start(), range.end());
            let mut found = Vec::new();
            while let Some((place, package)) = list.iter().find(|(place, _)| *place > at && *place < end) {
                let owner = table.associate(package).group;
                if owner == group {
                    found.push(place);
                    at = place.clone();
                } else {
                    at = range.past(place, table.pattern(owner)).unwrap_or_else(|| place.clone());
                    prop_assert!(at >= *place, "a walk does not go back");
                }
            }
            let expected: Vec<&Position> = list
                .iter()
                .filter(|(_, package)| table.associate(package).group == group)
                .map(|(place, _)| place)
                .collect();
            prop_assert_eq!(found, expected, "{:?}", table.pattern(group));
        }
    }
}
