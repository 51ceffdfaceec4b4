//! A new migration is compiled in, although no source of this crate changes.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/volunteers");
}
