//! The files that decide what CI does, as spanned documents. One file a kind.
