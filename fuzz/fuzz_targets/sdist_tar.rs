//! See `formats::fuzzing::sdist_tar`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::sdist_tar(data));
