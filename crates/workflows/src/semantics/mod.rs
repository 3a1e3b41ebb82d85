//! What GitHub does with the documents: who can start what, with which token,
//! which secrets are in reach, and what known actions do.

pub mod agents;
pub mod artifacts;
pub mod bots;
pub mod built;
pub mod caching;
pub mod checkouts;
pub mod concurrency;
pub mod conditions;
pub mod constants;
pub mod environments;
pub mod events;
pub mod executing_actions;
pub mod execution;
pub mod filters;
pub mod folders;
pub mod gates;
pub mod heads;
pub mod images;
pub mod inert;
pub mod logins;
pub mod lookups;
pub mod merging;
pub mod needs;
pub mod permissions;
pub mod proving;
pub mod publishing;
pub mod reach;
pub mod secrets;
pub mod shells;
pub mod stages;
pub mod starts;
pub mod surroundings;
pub mod tolerance;
pub mod versions;
pub mod wrappers;
