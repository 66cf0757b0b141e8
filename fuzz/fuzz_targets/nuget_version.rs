//! See `formats::fuzzing::nuget_version`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzzing::nuget_version(data));
