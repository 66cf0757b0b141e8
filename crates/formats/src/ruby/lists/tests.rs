use model::PackageName;

use super::*;

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

struct World {
    gems: BTreeMap<String, String>,
    source: Option<Bytes>,
    before: Option<RenderedList>,
}

impl World {
    fn new(source: Option<&str>) -> Self {
        Self {
            gems: BTreeMap::new(),
            source: source.map(|text| Bytes::from(text.to_owned())),
            before: None,
        }
    }

    fn has(&mut self, gem: &str, versions: &[&str]) -> String {
        let mut info = String::from("---\n");
        for version in versions {
            info.push_str(&format!("{version} a:>= 1|checksum:00\n"));
        }
        let digest = md5(&info);
        self.gems.insert(gem.to_owned(), info);
        digest
    }

    fn versions(&mut self) -> String {
        let gems: Vec<(PackageName, String, String)> = self
            .gems
            .iter()
            .map(|(name, info)| (PackageName::parse(name).unwrap(), info.clone(), md5(info)))
            .collect();
        let gems: Vec<Gem<'_>> = gems
            .iter()
            .map(|(name, info, md5)| Gem {
                name: name.as_str(),
                lines: lines(info).unwrap().filter_map(Line::parse).collect(),
                md5,
            })
            .collect();
        let source = Source::of(self.source.as_ref(), &gems).unwrap();
        let made = versions(&gems, &source, self.before.as_ref());
        let text = String::from_utf8(made.bytes.to_vec()).unwrap();
        self.before = Some(made);
        text
    }
}

#[test]
fn f_rb_2_versions_grows_at_its_end_whatever_happens_to_gems() {
    let mut world = World::new(None);
    let a = world.has("a", &["1.0", "1.0-java"]);
    let first = world.versions();
    assert_eq!(first, format!("{HEADER}a 1.0,1.0-java {a}\n"));
    assert_eq!(world.versions(), first, "nothing has changed");

    let b = world.has("b", &["2"]);
    let second = world.versions();
    assert_eq!(second, format!("{first}b 2 {b}\n"));

    let a = world.has("a", &["1.0", "1.1"]);
    let third = world.versions();
    assert_eq!(third, format!("{second}a 1.1,-1.0-java {a}\n"));

    let a = world.has("a", &[]);
    let fourth = world.versions();
    assert_eq!(fourth, format!("{third}a -1.0,-1.1 {a}\n"));

    world.gems.remove("b");
    let fifth = world.versions();
    let line = fifth.strip_prefix(&fourth).unwrap();
    assert!(line.starts_with("b -2 ") && !line.contains(&b), "{line}");
    assert_eq!(world.versions(), fifth);

    world.before = None;
    assert_eq!(
        world.versions(),
        HEADER,
        "written anew, it has nothing hidden"
    );
}

#[test]
fn f_rb_2_a_sources_list_is_passed_on_with_lines_for_what_is_held_behind_it() {
    let mut world = World::new(None);
    let same = world.has("same", &["1"]);
    let ours = world.has("ours", &["3"]);
    let other = world.has("other", &["1"]);
    let list = format!(
        "created_at: x\n---\nsame 1 {same}\nother 1,2 {other}\nother 3 0123\nrest 1 4567\n"
    );
    world.source = Some(Bytes::from(list.clone()));
    let first = world.versions();
    let mixed = md5(&format!("{other} 0123"));
    assert_eq!(first, format!("{list}other 1 {mixed}\nours 3 {ours}\n"));

    // What the source adds stands behind what was there, and what is held behind that.
    let list = format!("{list}same 2 89ab\nmore 1 cdef\n");
    world.source = Some(Bytes::from(list.clone()));
    let second = world.versions();
    let news = second.strip_prefix(&first).unwrap();
    let mixed = md5(&format!("{same} 89ab"));
    assert_eq!(news, format!("same 2 89ab\nmore 1 cdef\nsame 1 {mixed}\n"));

    // What is held has caught up.
    let same = world.has("same", &["1", "2"]);
    let list = format!("{list}same 2 {same}\n");
    world.source = Some(Bytes::from(list));
    let third = world.versions();
    let news = third.strip_prefix(&second).unwrap();
    assert_eq!(news, format!("same 2 {same}\n"));

    // The source begins anew.
    world.source = Some(Bytes::from_static(b"---\nrest 1 4567\n"));
    assert!(world.versions().starts_with("---\nrest 1 4567\nother 1 "));
}

#[test]
fn f_rb_2_versions_is_written_anew_when_it_has_grown_much() {
    let mut world = World::new(None);
    world.has("a", &["1"]);
    let first = world.versions();
    let many: Vec<String> = (0..200_000).map(|n| format!("1.{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    world.has("b", &many);
    let second = world.versions();
    assert!(second.len() > GROWTH_BYTES && second.starts_with(HEADER));
    assert!(second.contains("a 1 ") && first.len() < second.len());
}

#[test]
fn older_lists_tell_prereleases_and_the_latest_of_each_platform() {
    let info = "---\n1.0 |\n1.10 |\n1.9 |\n1.2-java |\n2.0.rc1 |\n";
    let gem = Gem {
        name: "a",
        lines: lines(info).unwrap().filter_map(Line::parse).collect(),
        md5: "",
    };
    let gems = [gem];
    let numbers = |found: Vec<Release<'_>>| -> Vec<String> {
        found
            .iter()
            .map(|r| format!("{} {}", r.number, r.platform))
            .collect()
    };
    assert_eq!(numbers(latest(&gems)), ["1.2 java", "1.10 ruby"]);
    assert_eq!(numbers(releases(&gems, true)), ["2.0.rc1 ruby"]);
    assert_eq!(releases(&gems, false).len(), 4);
    let source = Source::of(None, &gems).unwrap();
    assert_eq!(names(&gems, &source), "---\na\n");
}
