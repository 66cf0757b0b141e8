//! See `formats::fuzzing::wheel_metadata`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::wheel_metadata(data));
