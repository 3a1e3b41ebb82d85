//! Folders of the workspace that a script mounts into a container.
//!
//! Source: Docker's command line reference, `docker container run`, `--volume`,
//! `--mount`, `--workdir`.

use crate::semantics::folders::Folder;

/// One mounted folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The folder.
    pub folder: Folder,
    /// Where the container sees it.
    pub target: String,
}

/// Ways of writing the folder in which the shell is.
const HERE: &[&str] = &["$(pwd)", "`pwd`", "${PWD}", "$PWD"];

/// What the arguments of `docker run` mount of the workspace.
#[must_use]
pub fn of_arguments(args: &[String], cwd: &Folder) -> Vec<Mount> {
    let mut found = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let value = match word.as_str() {
            "-v" | "--volume" | "--mount" => words.next().map(String::as_str),
            other => ["--volume=", "--mount=", "-v"]
                .iter()
                .find_map(|option| other.strip_prefix(option))
                .filter(|_| !other.starts_with("--v") || other.starts_with("--volume=")),
        };
        found.extend(value.and_then(|value| mount(value, cwd)));
    }
    found
}

fn mount(value: &str, cwd: &Folder) -> Option<Mount> {
    let field = |names: &[&str]| {
        value.split(',').find_map(|part| {
            let (key, value) = part.split_once('=')?;
            names.contains(&key).then_some(value)
        })
    };
    let by_fields = field(&["source", "src"]).zip(field(&["target", "destination", "dst"]));
    let (host, target) = match by_fields {
        Some(pair) => pair,
        None => {
            let (host, rest) = value.split_once(':')?;
            (host, rest.split(':').next()?)
        }
    };
    let here = HERE.iter().find_map(|word| host.strip_prefix(word));
    let folder = match here {
        Some(rest) => cwd.join(rest.trim_start_matches('/')),
        // A plain word is the name of a volume.
        None if !host.contains(['/', '$', '.']) => return None,
        None => cwd.join(host),
    };
    (folder != Folder::Elsewhere && target.starts_with('/')).then(|| Mount {
        folder,
        target: target.trim_end_matches('/').to_owned(),
    })
}

/// Whether the arguments of `docker run` or `docker build` hand the machine over: by
/// the daemon's socket, by privileges, or by a process and file system of its own.
#[must_use]
pub fn take_the_machine(args: &[String]) -> bool {
    args.iter().any(|text| {
        text == "--privileged"
            || text == "--privileged=true"
            || text.contains("docker.sock")
            || text == "--pid=host"
            || text.starts_with("/:")
            || text.starts_with("-v/:")
            || text.contains("source=/,")
            || text.contains("src=/,")
    })
}

/// What the arguments of `docker run` run of the folders that they mount: a file
/// that they name there, or what lies where the container works.
#[must_use]
pub fn run(args: &[String], cwd: &Folder) -> Option<Folder> {
    if !args.iter().take(3).any(|word| word == "run") {
        return None;
    }
    let mounts = of_arguments(args, cwd);
    let below = |path: &str| {
        mounts.iter().find_map(|mount| {
            let rest = path.strip_prefix(mount.target.as_str())?;
            let whole = rest.is_empty() || rest.starts_with('/');
            whole.then(|| mount.folder.join(rest.trim_start_matches('/')))
        })
    };
    let mut workdir = None;
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-v" | "--volume" | "--mount" => {
                words.next();
            }
            "-w" | "--workdir" => workdir = words.next().and_then(|path| below(path)),
            text => {
                if let Some(path) = text.strip_prefix("--workdir=") {
                    workdir = below(path);
                } else if !text.starts_with('-')
                    && let Some(folder) = below(text)
                {
                    return Some(folder);
                }
            }
        }
    }
    workdir
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Folder> {
        let args: Vec<String> = text.split(' ').map(str::to_owned).collect();
        run(&args, &Folder::workspace())
    }

    #[test]
    fn a_path_in_the_container_is_one_of_the_workspace() {
        let inside = |path: &str| Some(Folder::Inside(path.to_owned()));
        for (text, expected) in [
            (
                "run -v $PWD:/src:ro alpine sh /src/head/lint.sh",
                inside("head/lint.sh"),
            ),
            (
                "run --volume=$(pwd)/head:/x alpine /x/run",
                inside("head/run"),
            ),
            ("run -v ./head:/x -w /x alpine make", inside("head")),
            (
                "run --mount type=bind,source=$GITHUB_WORKSPACE,target=/w -w /w/a alpine make",
                inside("a"),
            ),
            ("run -v cache:/x -w /x alpine make", None),
            ("run -v $PWD:/src alpine echo hello", None),
            ("build -v $PWD:/src /src/x", None),
            ("run -v /etc:/etc alpine cat /etc/passwd", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
