//! See `formats::fuzzing::upload_form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::upload_form(data));
