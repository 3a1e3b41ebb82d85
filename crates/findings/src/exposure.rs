//! What the place of a finding exposes, in words, for whoever shows it.

/// One pair of somebody and something that they reach over the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposedPair {
    /// From where an attacker starts, as in `newcomer` or `action:acme/build`.
    pub position: String,
    /// What they get, as in `secret:NPM_TOKEN` or `publish:npm:app`.
    pub asset: String,
    /// What stands in the way: `reachable`, `reachable-if`, `after`.
    pub verdict: &'static str,
}

/// What the place of a finding exposes to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingExposure {
    /// The pairs, the gravest first; of many only the first.
    pub pairs: Vec<ExposedPair>,
    /// How many there are.
    pub total: usize,
    /// The same in one line, to stand under a finding.
    pub phrase: String,
}
