//! The published language of Xiaoan: requests, responses **and events**, one package per context.
//!
//! Everything here is generated at build time from `proto/xiaoan/**`; this crate holds no logic. The request
//! message is the command and the event message is the event: there are no mirror structs anywhere.
#![allow(missing_docs, clippy::all, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/xiaoan.rs"));
pub use xiaoan::*;

/// All packages as an encoded `FileDescriptorSet`, for reflection and ProtoJSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// All packages as a descriptor pool, decoded once.
pub fn descriptor_pool() -> &'static prost_reflect::DescriptorPool {
    static POOL: std::sync::OnceLock<prost_reflect::DescriptorPool> = std::sync::OnceLock::new();
    POOL.get_or_init(|| {
        prost_reflect::DescriptorPool::decode(DESCRIPTORS)
            .expect("descriptors are made by this crate's own build")
    })
}

mod civil;
mod closing;
mod measures;
mod person;
pub use civil::{NotADay, day, instant, timestamp};
pub use closing::closing_text;
pub use measures::{INTEGRITY_MEASURES, MEASURES, MONEY_MEASURES, OFFICERS, SQUADRON_MEASURES};
