//! See `formats::fuzzing::pom`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::pom(data));
