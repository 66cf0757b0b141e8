use std::io::Cursor;

use proptest::prelude::*;

use super::writer::{Member, archive};
use super::*;

fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive = Cursor::new(bytes);
    let entries = read_directory(&mut archive)?;
    entries
        .iter()
        .filter(|entry| !entry.is_directory())
        .map(|entry| Ok((entry.name.clone(), entry.read(&mut archive, 1 << 20)?)))
        .collect()
}

fn two() -> Vec<Member> {
    let mut stored = Member::new("b/c", "stored");
    stored.deflated = false;
    vec![
        Member::new("a", "x".repeat(5000)),
        stored,
        Member::new("d/", ""),
    ]
}

#[test]
fn archives_are_read() {
    let found = read(&archive(&two())).unwrap();
    assert_eq!(
        found,
        [
            ("a".to_owned(), vec![b'x'; 5000]),
            ("b/c".to_owned(), b"stored".to_vec())
        ]
    );
    assert_eq!(read(&archive(&[])).unwrap(), []);
    let streamed = [
        Member::new("a", "text").with_sizes_behind(),
        Member::new("b", ""),
    ];
    assert_eq!(read(&archive(&streamed)).unwrap().len(), 2);
}

#[test]
fn u03_archives_that_two_readers_could_read_differently_are_refused() {
    let good = archive(&two());
    let end = good.len() - 22;
    let changed = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= value;
        bytes
    };
    let mut members = Vec::new();
    let mut bad = |change: fn(&mut Vec<Member>)| {
        let mut all = two();
        change(&mut all);
        members.push(archive(&all));
    };
    bad(|all| all[1].name = b"a".to_vec());
    bad(|all| all[0].header_name = Some(b"z".to_vec()));
    bad(|all| all[0].behind = b"hidden".to_vec());
    bad(|all| all[0].flags = 1);
    bad(|all| all[0].flags = 8);
    bad(|all| all[1].said_bytes = Some(3));
    bad(|all| {
        all[0] = all[0].clone().with_sizes_behind();
        all[0].behind[4] ^= 1;
    });
    bad(|all| all[0].extra = vec![0x75, 0x70, 1, 0, 1]);
    bad(|all| all[0].extra = vec![1, 0, 200, 0, 1]);
    for bytes in members.iter().chain(&[
        [b"#!/bin/sh\n", &good[..]].concat(),
        [&good[..], b"x"].concat(),
        [&good[..], &good[..]].concat(),
        good[..good.len() - 1].to_vec(),
        good[1..].to_vec(),
        Vec::new(),
        changed(end + 4, 1),
        changed(end + 8, 1),
        changed(end + 10, 1),
        changed(end + 12, 1),
        changed(end + 16, 1),
        changed(end + 20, 1),
        changed(0, 1),
        changed(14, 1),
    ]) {
        assert!(read(bytes).is_err());
    }
}

#[test]
fn u03_the_one_comment_that_is_taken_is_the_name_of_a_commit() {
    let commented = |comment: &[u8]| {
        let mut bytes = archive(&two());
        let at = bytes.len() - 2;
        bytes[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
        bytes.extend_from_slice(comment);
        bytes
    };
    for good in [&[b'a'; 40][..], &[b'0'; 64]] {
        assert_eq!(read(&commented(good)).unwrap().len(), 2);
    }
    let mut second_end = commented(&[b'a'; 40]);
    let at = second_end.len() - 22;
    second_end[at..at + 4].copy_from_slice(b"PK\x05\x06");
    for bad in [
        commented(b"a"),
        commented(&[b'a'; 39]),
        commented(&[b'g'; 40]),
        commented(&[b'A'; 40]),
        commented(&[b'a'; 40])[..archive(&two()).len() + 39].to_vec(),
        [archive(&two()), vec![b'a'; 40]].concat(),
        second_end,
    ] {
        assert!(read(&bad).is_err());
    }
}

#[test]
fn links_are_told_from_files() {
    let members = [Member::new("a", "x"), Member::link("b", "a")];
    let entries = read_directory(&mut Cursor::new(archive(&members))).unwrap();
    let links: Vec<bool> = entries.iter().map(Entry::is_link).collect();
    assert_eq!(links, [false, true]);
}

#[test]
fn u01_names_that_lead_elsewhere_are_refused() {
    for name in [
        "/a",
        "../a",
        "a/../../b",
        "a\\b",
        "C:/a",
        "a//b",
        "./a",
        "a\0b",
        "a\nb",
        "",
    ] {
        assert!(
            read(&archive(&[Member::new(name, "x")])).is_err(),
            "{name:?}"
        );
    }
    let mut odd = Member::new("x", "");
    odd.name = vec![0xff];
    assert!(read(&archive(&[odd])).is_err());
}

#[test]
fn u02_a_member_that_unpacks_to_more_than_it_says_or_too_much_is_refused() {
    let mut lying = Member::new("a", vec![0; 100_000]);
    lying.said_bytes = Some(10);
    assert!(read(&archive(&[lying])).is_err());
    let mut cursor = Cursor::new(archive(&[Member::new("a", vec![0; 100_000])]));
    let entries = read_directory(&mut cursor).unwrap();
    assert!(entries[0].read(&mut cursor, 99_999).is_err());
    assert_eq!(
        entries[0].read(&mut cursor, 100_000).unwrap().len(),
        100_000
    );
}

proptest! {
    #[test]
    fn u03_no_bytes_make_the_reader_fall_over(at in 0_usize..400, value in any::<u8>(), cut in 0_usize..400) {
        let mut bytes = archive(&two());
        let length = bytes.len();
        bytes[at % length] = value;
        bytes.truncate(length - (cut % 3));
        read(&bytes).ok();
    }
}
