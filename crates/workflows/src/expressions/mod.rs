//! GitHub Actions expressions: `${{ … }}` and the bare form of `if:`.
