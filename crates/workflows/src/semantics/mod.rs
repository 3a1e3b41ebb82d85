//! What GitHub does with the documents: tokens, events, secrets.
