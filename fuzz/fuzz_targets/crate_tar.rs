//! See `formats::fuzzing::crate_tar`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::crate_tar(data));
