//! Pure: documents and already fetched facts to findings. One file a rule.
