//! Several files in one, in the form of Go's txtar: `-- name --` on a line
//! opens a member. No scanner takes such a file for a checkout.

use std::path::{Component, Path};

use crate::error::Error;

/// The members of an archive, in order; text before the first is a comment.
pub(crate) fn members(text: &str) -> Vec<(&str, String)> {
    let mut members: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let name = line
            .trim_end()
            .strip_prefix("-- ")
            .and_then(|rest| rest.strip_suffix(" --"));
        match (name, members.last_mut()) {
            (Some(name), _) => members.push((name, String::new())),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => {}
        }
    }
    members
}

/// Writes members below a folder, which is made; those named in `without` are
/// left out.
pub(crate) fn lay_out(text: &str, folder: &Path, without: &[&str]) -> Result<(), Error> {
    for (name, body) in members(text) {
        if without.contains(&name) {
            continue;
        }
        let inside = |part| matches!(part, Component::Normal(_));
        if !Path::new(name).components().all(inside) {
            return Err(Error::output(format!("member `{name}` leaves the archive")));
        }
        let file = folder.join(name);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
        }
        std::fs::write(&file, body).map_err(Error::file(&file))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_split_and_the_comment_before_them_is_left_out() {
        let text = "a comment\n-- a/b.yml --\non: push\n-- c --\n";
        assert_eq!(
            members(text),
            [("a/b.yml", "on: push\n".to_owned()), ("c", String::new())]
        );
    }
}
