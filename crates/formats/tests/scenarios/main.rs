//! The rules of the service as scenarios, each written once and run by every format.
//!
//! A scenario knows no format: it speaks through [`ecosystems::Ecosystem`], which each format implements with its own
//! protocol over a real catalog (on the storage that the run says) and a fake of its public source.
//! What only one format has is tested in that format's own folder. Nothing here reaches beyond the loopback.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conditional;
mod confusion;
mod controls;
mod copies;
mod ecosystems;
mod failures;
mod groups;
mod immutability;
mod pulling;
mod redirects;
mod statuses;
mod upstreams;

/// One test for each scenario.
macro_rules! run {
    ($ecosystem:ty; $($noun:ident: $($scenario:ident)*;)*) => {
        $($(
            #[tokio::test]
            async fn $scenario() {
                crate::$noun::$scenario::<$ecosystem>().await;
            }
        )*)*
    };
}

/// What every format does: hold packages.
macro_rules! held {
    ($ecosystem:ty) => {
        run! {
            $ecosystem;
            statuses:
                y01_y02_each_status_is_seen_at_once_at_every_door_and_can_be_taken_back
                y01_an_archived_or_disposed_version_keeps_its_number
                y02_a_package_of_which_everything_is_hidden_lists_nothing
                a_deleted_version_is_gone_and_its_number_is_free;
            immutability:
                the_same_bytes_again_succeed_and_change_nothing
                other_bytes_are_a_conflict_and_change_nothing
                of_many_who_publish_a_version_at_once_one_wins
                z07_z12_without_a_right_nothing_is_read_or_written;
            conditional:
                an_asset_answers_304_to_its_own_etag_and_tells_its_size_to_head
                parts_of_an_asset_can_be_asked_for;
            redirects:
                z07_an_asset_is_fetched_from_the_object_store_where_its_repository_asks_for_it
                nothing_is_redirected_where_the_operator_does_not_allow_it;
            copies:
                a_copied_version_is_read_at_its_destination_and_stands_alone
                a_copy_never_takes_the_place_of_other_bytes_unasked;
            controls:
                s18_a_package_that_was_published_first_takes_publishes_and_nothing_from_above;
            groups:
                a_publish_is_taken_where_the_group_says_so
                y06_y07_a_variation_of_a_groups_name_is_not_published;
        }
    };
}

/// What formats do whose package managers read an index of each package, again and again.
macro_rules! index {
    ($ecosystem:ty) => {
        run! {
            $ecosystem;
            conditional:
                i09_an_index_answers_304_to_its_own_etag_until_it_changes;
        }
    };
}

/// What formats do whose packages are looked for in upstream repositories.
macro_rules! graph {
    ($ecosystem:ty) => {
        run! {
            $ecosystem;
            controls:
                s18_a_package_that_came_from_above_takes_no_publishes
                s18_a_version_that_can_be_reached_above_is_not_published_again;
            groups:
                what_is_above_is_hidden_where_the_group_lets_nothing_be_retained;
            upstreams:
                a_version_is_taken_from_the_nearest_repository_in_search_order
                a_repository_reached_twice_counts_where_it_is_reached_first
                versions_of_all_repositories_are_listed_and_a_nearer_one_hides_a_farther
                y01_a_version_blocked_above_is_blocked_here_and_not_looked_for_farther_up
                what_is_fetched_is_retained_where_it_was_asked_for_and_not_between
                what_upstreams_hold_is_copied_on_request;
        }
    };
}

/// What formats do whose packages can come from a public source.
macro_rules! source {
    ($ecosystem:ty) => {
        run! {
            $ecosystem;
            confusion:
                x17_y06_a_public_version_of_an_internal_name_is_neither_listed_nor_served
                x17_y06_a_name_is_internal_from_the_moment_that_the_controls_say_so
                x17_y06_a_name_stays_internal_when_no_version_is_left
                y06_an_archived_version_hides_the_public_one_of_its_number;
            controls:
                s18_a_public_package_takes_no_publishes_and_a_public_version_none_anywhere;
            groups:
                x17_a_group_is_ingested_through_one_path_only
                i09_a_change_of_a_group_is_seen_at_once_and_leaves_what_is_here
                y06_y07_x17_a_public_variation_of_a_groups_name_is_never_asked_for;
            upstreams:
                what_is_pulled_is_retained_at_both_ends_and_not_between
                what_was_pulled_outlives_its_connection;
            pulling:
                a_second_read_asks_the_source_for_nothing
                x14_fifty_clients_make_one_fetch
                x14_a_failure_reaches_all_fifty_and_the_next_may_try_again
                x14_a_client_that_goes_away_harms_no_other_and_loses_no_bytes
                an_old_index_is_revalidated_and_a_new_public_version_appears
                a_package_that_the_source_removed_lives_on_where_it_is_held
                i08_a_look_stores_nothing_and_a_part_brings_the_whole
                x05_nothing_of_the_caller_travels_to_the_source;
            failures:
                what_is_held_is_served_while_the_source_is_down_and_nothing_else
                x10_x20_statuses_of_a_source_are_told_apart_and_no_failure_is_an_absence
                x10_what_the_source_has_not_is_not_here_and_is_asked_for_once
                x06_x07_bytes_that_are_wrong_or_cut_are_never_a_whole_answer_and_never_kept_by_any_format
                x06_x09_an_index_that_is_none_is_refused
                x08_bytes_that_change_at_the_source_do_not_change_here_in_any_format;
        }
    };
}

/// The formats and the parts of the table that each can run. A test is named after its format, its part and its scenario.
macro_rules! table {
    ($($format:ident: $ecosystem:ty => $($part:ident)*;)*) => {
        $(mod $format {
            $(mod $part {
                $part!($ecosystem);
            })*
        })*

        const TABLE: &[(&str, &[&str])] = &[$((stringify!($format), &[$(stringify!($part)),*])),*];
    };
}

table! {
    npm: crate::ecosystems::Npm => held index graph source;
    pypi: crate::ecosystems::Pypi => held index graph source;
    maven: crate::ecosystems::Maven => held index graph source;
    nuget: crate::ecosystems::Nuget => held index graph source;
    generic: crate::ecosystems::Generic => held;
    swift: crate::ecosystems::Swift => held index graph;
    ruby: crate::ecosystems::Ruby => held index graph source;
    cargo: crate::ecosystems::Cargo => held index graph source;
}

#[test]
fn every_format_is_in_the_table() {
    for format in formats::FORMATS {
        let id = format.id();
        let row = TABLE.iter().find(|(name, _)| *name == id.as_str());
        let (_, parts) = row.unwrap_or_else(|| panic!("{id} has no row"));
        assert!(parts.contains(&"held"), "{id}");
        let is_pulled = format.source().is_some();
        assert_eq!(parts.contains(&"source"), is_pulled, "{id}");
        // Without a package manager nothing is looked for elsewhere.
        let has_manager = !format.is_published_through_api();
        assert_eq!(parts.contains(&"index"), has_manager, "{id}");
        assert_eq!(parts.contains(&"graph"), has_manager, "{id}");
    }
}

/// The table of formats in the README says what this one runs, and leads to pages and stories that are there.
#[test]
fn the_readme_says_of_every_format_what_is_shown_of_it() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut formats = Vec::new();
    for line in readme.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", format, does, rules, graph, source, clients, ""] = cells[..] else {
            continue;
        };
        let Some((id, page)) = linked(format).pop() else {
            continue;
        };
        let (_, parts) = TABLE.iter().find(|(name, _)| *name == id).unwrap();
        for (cell, part) in [(rules, "held"), (graph, "graph"), (source, "source")] {
            let expected = match parts.contains(&part) {
                true => "yes",
                false => "no",
            };
            assert_eq!(cell, expected, "{id}: {part}");
        }
        assert!(!does.is_empty(), "{id}");
        assert!(root.join(page).is_file(), "{id}: {page}");
        let stories = linked(clients);
        assert!(!stories.is_empty(), "{id}: no real client");
        for (_, folder) in stories {
            let mut files = std::fs::read_dir(root.join(folder)).unwrap();
            let is_story = |name: &str| name.starts_with("test_") && name.ends_with(".py");
            assert!(
                files.any(|file| is_story(&file.unwrap().file_name().to_string_lossy())),
                "{id}: {folder}"
            );
        }
        formats.push(id);
    }
    let served = formats::FORMATS.map(|format| format.id().as_str());
    assert_eq!(formats, served);
}

/// The links of a cell: their texts, and where they lead.
fn linked(cell: &str) -> Vec<(&str, &str)> {
    cell.split('[')
        .skip(1)
        .filter_map(|link| {
            let (text, rest) = link.split_once("](")?;
            Some((text, rest.split_once(')')?.0))
        })
        .collect()
}
