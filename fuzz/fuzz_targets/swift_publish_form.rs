//! See `formats::fuzzing::swift_publish_form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::swift_publish_form(data));
