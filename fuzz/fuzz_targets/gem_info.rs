//! See `formats::fuzzing::gem_info`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::gem_info(data));
