//! What city headquarters decides: org units and headcounts, campaigns, scoring schemes.

pub mod campaign;
mod fields;
pub mod org_unit;
pub mod scheme;
