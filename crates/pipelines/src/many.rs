//! The audit of many repositories, in bounded memory and a fixed order.

use std::ops::ControlFlow;

use cofferdam_findings::Report;
use rayon::prelude::*;

use crate::audit::{AuditError, Options, Target, audit};

/// How many repositories are in memory for each thread. More keep the threads
/// busy while one large repository is read; each costs memory.
const IN_FLIGHT: usize = 4;

/// Audits every target and hands each result to `each`, in the order of the
/// targets whatever the number of threads. `each` may end the run.
pub fn audit_all<B>(
    targets: &[Target],
    options: &Options,
    mut each: impl FnMut(&Target, Result<Report, AuditError>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let size = rayon::current_num_threads()
        .saturating_mul(IN_FLIGHT)
        .max(1);
    for chunk in targets.chunks(size) {
        let results: Vec<_> = chunk
            .par_iter()
            .map(|target| audit(target, options))
            .collect();
        for (target, result) in chunk.iter().zip(results) {
            each(target, result)?;
        }
    }
    ControlFlow::Continue(())
}
