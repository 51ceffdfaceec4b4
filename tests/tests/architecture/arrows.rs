//! Arrows: services → crates → kernel, everything → proto, never sideways between services.

use crate::{no_breach, root};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Proto,
    Kernel,
    Crate,
    Service,
    Tests,
}

/// The packages of the workspace with their rooms.
fn packages() -> Vec<(Room, Package)> {
    let root = root();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata");
    let room_of = |package: &Package| {
        let path = package.manifest_path.strip_prefix(&root).expect("a member lies in the repository");
        match path.components().next().map(|c| c.as_str()) {
            Some("proto") => Room::Proto,
            Some("crates") if package.name.as_str() == "xiaoan-kernel" => Room::Kernel,
            Some("crates") => Room::Crate,
            Some("services") => Room::Service,
            Some("tests") => Room::Tests,
            other => panic!("{} lies in no room: {other:?}", package.name),
        }
    };
    metadata.workspace_packages().into_iter().map(|package| (room_of(package), package.clone())).collect()
}

#[test]
fn dependencies_point_only_from_services_to_crates_to_the_kernel_and_to_the_published_language() {
    let packages = packages();
    let room = |name: &str| packages.iter().find(|(_, p)| p.name.as_str() == name).map(|(room, _)| *room);
    let mut breaches = Vec::new();
    for (from, package) in &packages {
        for dependency in &package.dependencies {
            let Some(to) = room(&dependency.name) else { continue };
            let allowed = match (from, to) {
                (Room::Tests, _) | (_, Room::Proto) => true,
                (Room::Proto | Room::Kernel, _) | (_, Room::Service | Room::Tests) => false,
                (Room::Crate | Room::Service, Room::Kernel | Room::Crate) => true,
            };
            if !allowed {
                breaches.push(format!("{} → {} ({from:?} → {to:?})", package.name, dependency.name));
            }
        }
    }
    no_breach("an arrow points the wrong way", &breaches);
}

#[test]
fn the_kernel_does_no_input_or_output() {
    const IO: [&str; 8] = ["tokio", "sqlx", "tonic", "async-nats", "axum", "futures", "tower", "reqwest"];
    let packages = packages();
    let (_, kernel) = packages.iter().find(|(room, _)| *room == Room::Kernel).expect("the kernel");
    let breaches: Vec<_> = kernel
        .dependencies
        .iter()
        .filter(|d| IO.iter().any(|io| d.name == *io || d.name.starts_with(&format!("{io}-"))))
        .map(|d| d.name.clone())
        .collect();
    no_breach("the kernel depends on something that does I/O", &breaches);
}

#[test]
fn the_test_kit_is_in_no_program() {
    let mut breaches = Vec::new();
    for (_, package) in packages() {
        for dependency in &package.dependencies {
            if dependency.name == "xiaoan-testkit" && dependency.kind != DependencyKind::Development {
                breaches.push(package.name.to_string());
            }
        }
    }
    no_breach("xiaoan-testkit is more than a dev-dependency", &breaches);
}

#[test]
fn every_member_takes_versions_and_lints_from_the_workspace() {
    let mut breaches = Vec::new();
    for (_, package) in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a readable manifest");
        if !manifest.contains("[lints]\nworkspace = true") {
            breaches.push(format!("{}: [lints] workspace = true is missing", package.name));
        }
        let mut in_dependencies = false;
        for line in manifest.lines().map(str::trim) {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
            } else if in_dependencies
                && !line.is_empty()
                && !line.starts_with('#')
                && !line.contains("workspace = true")
            {
                breaches.push(format!("{}: {line}", package.name));
            }
        }
    }
    no_breach("a member names a version or lints of its own", &breaches);
}
