//! See `formats::fuzzing::maven_metadata`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::maven_metadata(data));
