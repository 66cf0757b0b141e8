//! See `formats::fuzzing::gemspec`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::gemspec(data));
