//! One file as a target: an executable, an archive of Java, a lockfile.

use std::io::Seek;
use std::path::Path;

use super::spool::Digests;
use super::{Files, Harvest, Options, Subject, SubjectKind, open};
use crate::catalogue::file::NOTHING;
use crate::catalogue::{self, Candidate, Tree};
use crate::error::SbomError;

/// Looks into a file; none where no cataloguer wants it.
pub(crate) fn read(
    path: &Path,
    options: &Options,
) -> Result<Option<(Subject, Harvest)>, SbomError> {
    let failed = || SbomError::file(path);
    let mut file = open::regular(path).map_err(failed())?;
    let size = file.metadata().map_err(failed())?.len();
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let candidate = Candidate {
        path: &name,
        size,
        tree: Tree::Source,
    };
    let wanted = catalogue::interest(candidate);
    let mut head = [0; crate::executable::HEAD];
    let read = catalogue::file::up_to(&mut file, &mut head).map_err(failed())?;
    let is_executable = crate::executable::begins(head.get(..read).unwrap_or_default());
    if wanted != catalogue::Interest::Yes && !is_executable {
        return Ok(None);
    }
    file.rewind().map_err(failed())?;
    let digests = Digests::of(&mut file).map_err(failed())?;
    file.rewind().map_err(failed())?;
    let mut found =
        catalogue::look(candidate, &mut file, NOTHING, &options.limits).map_err(failed())?;
    if let Some(found) = &mut found {
        found.digests = (options.files != Files::None).then(|| digests.clone());
    }
    let mut harvest = Harvest {
        found: found.into_iter().collect(),
        ..Harvest::default()
    };
    if options.files == Files::All {
        harvest.listed.push((name.clone(), digests.clone()));
    }
    let subject = Subject {
        kind: SubjectKind::File,
        name,
        version: None,
        digest: Some(digests.sha256),
        platform: None,
        created: None,
    };
    Ok(Some((subject, harvest)))
}
