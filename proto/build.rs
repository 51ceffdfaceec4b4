//! Compiles the published language with protox: no protoc, nothing generated in git.
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    let mut folders = vec![root.join("xiaoan")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "proto") {
                files.push(path);
            }
        }
    }
    files.sort();
    println!("cargo:rerun-if-changed={}", root.join("xiaoan").display());

    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // What runs carries the language without its comments: they were half of it, and each service keeps it several times.
    let mut spoken = descriptors.clone();
    for file in &mut spoken.file {
        file.source_code_info = None;
    }
    std::fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&spoken))?;

    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    // A leading dot matches every field below the message: payload and hashes are shared, not copied.
    config.bytes([".xiaoan.eventlog.v1.RecordedEvent"]);
    // A person as stated never prints itself: whoever logs a request logs no personal value (src/person.rs).
    config.skip_debug([
        "xiaoan.core.v1.PersonInput",
        "xiaoan.volunteers.v1.VolunteerRow",
        "xiaoan.volunteers.v1.ReceiveApplicationRequest",
    ]);
    tonic_prost_build::configure()
        .compile_well_known_types(false)
        .include_file("xiaoan.rs")
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}
