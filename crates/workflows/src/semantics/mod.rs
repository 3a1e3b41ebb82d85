//! What GitHub does with the documents: who can start what, with which token,
//! which secrets are in reach, and what known actions do.

pub mod caching;
pub mod checkouts;
pub mod conditions;
pub mod environments;
pub mod events;
pub mod images;
pub mod logins;
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
pub mod versions;
