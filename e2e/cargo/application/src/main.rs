//! What is compiled of it is in `test_application.py`.

fn main() {}
