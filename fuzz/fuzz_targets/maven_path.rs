//! See `formats::fuzzing::maven_path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::maven_path(data));
