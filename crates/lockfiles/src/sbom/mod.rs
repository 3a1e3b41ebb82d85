//! Bills of materials, read as the lockfiles of whatever they describe.

mod component;
pub(crate) mod cyclonedx_json;
pub(crate) mod cyclonedx_xml;
pub(crate) mod spdx_json;
pub(crate) mod spdx_tags;
