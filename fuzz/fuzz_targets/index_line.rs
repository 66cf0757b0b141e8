//! See `formats::fuzzing::index_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::index_line(data));
