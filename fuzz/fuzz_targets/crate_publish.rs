//! See `formats::fuzzing::crate_publish`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::crate_publish(data));
