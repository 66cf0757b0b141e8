//! What the fuzz targets in `fuzz/` call: parsers of what comes from outside, each as a function of bytes.
//!
//! None of them may panic, hang or grow without bounds, whatever the bytes are. Not part of the product.

use crate::{cargo, maven, nuget, pypi, ruby, swift};

/// A function, by the name of its target and of the folder with its seeds.
pub type Target = (&'static str, fn(&[u8]));

/// Every function here.
pub const TARGETS: &[Target] = &[
    ("crate_publish", crate_publish),
    ("crate_tar", crate_tar),
    ("gem", gem),
    ("gem_info", gem_info),
    ("gemspec", gemspec),
    ("index_line", index_line),
    ("maven_metadata", maven_metadata),
    ("maven_path", maven_path),
    ("nuget_registration", nuget_registration),
    ("nuget_version", nuget_version),
    ("nupkg", nupkg),
    ("nuspec", nuspec),
    ("pom", pom),
    ("sdist_tar", sdist_tar),
    ("swift_archive", swift_archive),
    ("swift_manifest", swift_manifest),
    ("swift_publish_form", swift_publish_form),
    ("swift_repository_url", swift_repository_url),
    ("upload_form", upload_form),
    ("wheel_metadata", wheel_metadata),
];

/// The body of a publish of a crate. The first byte says in how large pieces it comes.
pub fn crate_publish(data: &[u8]) {
    cargo::fuzzing::publish(data);
}

/// The unpacked tar of a crate, its file as it is, and a manifest alone.
pub fn crate_tar(data: &[u8]) {
    cargo::fuzzing::tar(data);
}

/// A line of Cargo's index, of a public source or as it is kept.
pub fn index_line(data: &[u8]) {
    cargo::fuzzing::index_line(data);
}

/// A Ruby gem.
pub fn gem(data: &[u8]) {
    ruby::fuzzing::gem(data);
}

/// A document of the compact index of a public source of gems.
pub fn gem_info(data: &[u8]) {
    ruby::fuzzing::gem_info(data);
}

/// The specification of a gem, or its checksums.
pub fn gemspec(data: &[u8]) {
    ruby::fuzzing::gemspec(data);
}

/// A `maven-metadata.xml`, of a client or a public source.
pub fn maven_metadata(data: &[u8]) {
    maven::fuzzing::metadata(data);
}

/// The path of a request to a Maven repository, and the order of the versions in it.
pub fn maven_path(data: &[u8]) {
    maven::fuzzing::path(data);
}

/// A registration of a public NuGet source, or its service index.
pub fn nuget_registration(data: &[u8]) {
    nuget::fuzzing::registration(data);
}

/// Two versions of NuGet packages, or ranges of them, in two lines.
pub fn nuget_version(data: &[u8]) {
    nuget::fuzzing::version(data);
}

/// A NuGet package.
pub fn nupkg(data: &[u8]) {
    nuget::fuzzing::package(data);
}

/// The manifest of a NuGet package.
pub fn nuspec(data: &[u8]) {
    nuget::fuzzing::manifest(data);
}

/// A POM, and the jar of a plugin.
pub fn pom(data: &[u8]) {
    maven::fuzzing::pom(data);
}

/// The unpacked tar of a Python source distribution.
pub fn sdist_tar(data: &[u8]) {
    pypi::fuzzing::sdist_tar(data);
}

/// A source archive of a Swift package.
pub fn swift_archive(data: &[u8]) {
    swift::fuzzing::swift_archive(data);
}

/// A manifest of a Swift package, and the name of its file as its first line.
pub fn swift_manifest(data: &[u8]) {
    swift::fuzzing::swift_manifest(data);
}

/// The form that a Swift release is published with. The first byte says in how large pieces it comes.
pub fn swift_publish_form(data: &[u8]) {
    swift::fuzzing::swift_publish_form(data);
}

/// The address of a source repository that a Swift package is looked for by.
pub fn swift_repository_url(data: &[u8]) {
    swift::fuzzing::swift_repository_url(data);
}

/// The form of an upload of a Python distribution. The first byte says in how large pieces it comes.
pub fn upload_form(data: &[u8]) {
    pypi::fuzzing::upload_form(data);
}

/// A wheel, or its metadata alone.
pub fn wheel_metadata(data: &[u8]) {
    pypi::fuzzing::wheel_metadata(data);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// How many changed inputs each function is given; `cargo xtask fuzz` does more.
    const CHANGED_INPUTS: usize = 4_000;

    /// Numbers in a row that is the same in every run (xorshift64, G. Marsaglia, 2003).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % limit.max(1) as u64).unwrap()
        }
    }

    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../fuzz/seeds")
            .join(target);
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
            .into_iter()
            .map(|path| fs::read(path).unwrap())
            .collect()
    }

    /// Changes an input in one place: a byte, a bit, a piece taken out, doubled, or put in from another input.
    fn change(input: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
        let at = numbers.below(input.len() + 1);
        let end = (at + 1 + numbers.below(16)).min(input.len());
        match numbers.below(6) {
            0 if at < input.len() => input[at] = u8::try_from(numbers.below(256)).unwrap(),
            1 if at < input.len() => input[at] ^= 1 << numbers.below(8),
            2 if at < end => drop(input.drain(at..end)),
            3 if at < end => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece.repeat(1 + numbers.below(40)));
            }
            4 => input.truncate(at),
            _ => {
                let from = numbers.below(other.len() + 1);
                let to = (from + numbers.below(64)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
        }
    }

    #[test]
    fn u12_f_mvn_2_changed_inputs_make_no_parser_fail() {
        for (target, function) in TARGETS {
            let seeds = seeds(target);
            assert!(!seeds.is_empty(), "{target} has no seeds");
            let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
            for seed in &seeds {
                function(seed);
            }
            for _ in 0..CHANGED_INPUTS {
                let mut input = seeds[numbers.below(seeds.len())].clone();
                let other = &seeds[numbers.below(seeds.len())];
                for _ in 0..=numbers.below(6) {
                    change(&mut input, other, &mut numbers);
                }
                function(&input);
            }
        }
    }

    #[test]
    fn every_target_is_a_file_that_cargo_fuzz_finds() {
        let fuzz = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for (target, _) in TARGETS {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}"
            );
            let file = fuzz.join(format!("fuzz_targets/{target}.rs"));
            let text = fs::read_to_string(file).unwrap();
            assert!(
                text.contains(&format!("formats::fuzzing::{target}")),
                "{target}"
            );
        }
        let files = fs::read_dir(fuzz.join("fuzz_targets")).unwrap().count();
        assert_eq!(files, TARGETS.len());
    }
}
