//! The proof of a vendor directory beside Go's own ways to look at it:
//! `go mod vendor` into another folder with `diff -r`, and `go mod verify`; on
//! the tree as it is, and on copies in which something was changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Ground, code, copy, cost, git};
use crate::error::Error;
use crate::measure::{self, Run};

/// One way to look at a vendor directory.
struct Way {
    name: &'static str,
    run: fn(&Ground<'_>, &Path) -> Result<Run, Error>,
}

const WAYS: [Way; 3] = [
    Way {
        name: "`cofferdam deps vendor check --base HEAD`",
        run: |ground, folder| {
            measure::once(ground.cofferdam(folder).args([
                "deps",
                "vendor",
                "check",
                "--offline",
                "--base",
                "HEAD",
            ]))
        },
    },
    Way {
        name: "`go mod vendor` and `diff -r`",
        run: |ground, folder| {
            let out = ground.fresh("revendored")?;
            measure::once(go(folder).env("OUT", out).args([
                "-c",
                "if test -f go.work; then go work vendor -o \"$OUT/vendor\"; \
                 else go mod vendor -o \"$OUT/vendor\"; fi && diff -r vendor \"$OUT/vendor\"",
            ]))
        },
    },
    Way {
        name: "`go mod verify`",
        run: |_, folder| measure::once(go(folder).args(["-c", "go mod verify"])),
    },
];

/// What is done to a copy.
struct Change {
    name: &'static str,
    make: fn(&Path, &Target) -> Result<(), Error>,
}

/// The file that is changed, and its module.
struct Target {
    file: PathBuf,
    module: String,
}

const CHANGES: &[Change] = &[
    Change {
        name: "one byte of a Go file",
        make: |_, target| {
            let mut bytes = read(&target.file)?;
            if let Some(byte) = bytes.last_mut() {
                *byte = b' ';
            }
            write(&target.file, &bytes)
        },
    },
    Change {
        name: "a Go file deleted",
        make: |_, target| std::fs::remove_file(&target.file).map_err(Error::file(&target.file)),
    },
    Change {
        name: "a Go file added",
        make: |_, target| {
            write(
                &target.file.with_file_name("zz_added.go"),
                b"package added\n",
            )
        },
    },
    Change {
        name: "a Go file renamed",
        make: |_, target| {
            let to = target.file.with_file_name("zz_renamed.go");
            std::fs::rename(&target.file, to).map_err(Error::file(&target.file))
        },
    },
    Change {
        name: "a Go file changed, and its module's line in go.sum with it",
        make: |root, target| {
            write(&target.file, b"package changed\n")?;
            let path = root.join("go.sum");
            let text = String::from_utf8_lossy(&read(&path)?).into_owned();
            let mut forged = String::new();
            for line in text.lines() {
                let mut words = line.split(' ');
                let (module, version) = (words.next(), words.next().unwrap_or_default());
                if module == Some(&target.module) && !version.ends_with("/go.mod") {
                    let sum = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
                    forged += &format!("{} {version} {sum}\n", target.module);
                } else {
                    forged += line;
                    forged.push('\n');
                }
            }
            write(&path, forged.as_bytes())
        },
    },
];

pub(super) fn run(ground: &Ground<'_>) -> Result<String, Error> {
    let mut text = "\n## Vendored Go modules\n\n\
        Each way on the committed tree, after one run that fills the caches (ours of manifests, Go's \
        of modules), then on copies with one change each. Exit 0 means that the way saw nothing.\n"
        .to_owned();
    let mut read = 0;
    for (label, folder) in ground.holding("vendor/modules.txt") {
        read += 1;
        println!("  {label}");
        let checkout = ground.fresh("vendored")?.join("checkout");
        copy(folder, &checkout)?;
        commit(&checkout)?;
        text += &one(ground, label, &checkout)?;
    }
    if read == 0 {
        text += "\nNo corpus with a vendor directory was given.\n";
    }
    Ok(text)
}

fn one(ground: &Ground<'_>, label: &str, checkout: &Path) -> Result<String, Error> {
    let files = files(&checkout.join("vendor"));
    let target = target(checkout, &files)?;
    let mut text = format!(
        "\n### {label}: {} vendored files\n\n| way | as committed | {} |\n|---|---|{}\n",
        files.len(),
        CHANGES
            .iter()
            .map(|change| change.name)
            .collect::<Vec<_>>()
            .join(" | "),
        "---|".repeat(CHANGES.len()),
    );
    // Fills our cache from Go's, and Go's from the proxy.
    for way in WAYS.iter().skip(1) {
        (way.run)(ground, checkout)?;
    }
    measure::once(ground.cofferdam(checkout).args(["deps", "vendor", "check"]))?;
    let mut rows: Vec<String> = Vec::new();
    for way in &WAYS {
        let run = (way.run)(ground, checkout)?;
        rows.push(format!(
            "| {} | exit {}, {} |",
            way.name,
            code(&run),
            cost(&run)
        ));
    }
    for change in CHANGES {
        (change.make)(checkout, &target)?;
        for (way, row) in WAYS.iter().zip(&mut rows) {
            let run = (way.run)(ground, checkout)?;
            row.push_str(&format!(" exit {} |", code(&run)));
        }
        git(checkout, &["reset", "-q", "--hard"])?;
        git(checkout, &["clean", "-q", "-f", "-d", "-x"])?;
    }
    text += &rows.join("\n");
    text.push('\n');
    Ok(text)
}

/// Makes what lies there the base, whatever it was before.
fn commit(checkout: &Path) -> Result<(), Error> {
    let git_folder = checkout.join(".git");
    if git_folder.is_dir() {
        std::fs::remove_dir_all(&git_folder).map_err(Error::file(&git_folder))?;
    } else if git_folder.exists() {
        std::fs::remove_file(&git_folder).map_err(Error::file(&git_folder))?;
    }
    git(checkout, &["init", "-q"])?;
    git(checkout, &["add", "-A", "-f"])?;
    git(checkout, &["commit", "-q", "-m", "base"])?;
    Ok(())
}

/// The Go file in the middle of the tree, which no test or build rule leaves out.
fn target(checkout: &Path, files: &[PathBuf]) -> Result<Target, Error> {
    let go: Vec<&PathBuf> = (files.iter())
        .filter(|path| path.extension().is_some_and(|kind| kind == "go"))
        .collect();
    let none = || Error::output("no vendored Go file belongs to a listed module");
    let file = *go.get(go.len() / 2).ok_or_else(none)?;
    let list = read(&checkout.join("vendor/modules.txt"))?;
    let vendor = checkout.join("vendor");
    let module = String::from_utf8_lossy(&list)
        .lines()
        .filter_map(|line| {
            line.strip_prefix("# ")?
                .split(' ')
                .next()
                .map(str::to_owned)
        })
        .filter(|module| file.starts_with(vendor.join(module)))
        .max_by_key(String::len)
        .ok_or_else(none)?;
    Ok(Target {
        file: file.clone(),
        module,
    })
}

/// A shell in the folder, with Go as it is installed.
fn go(folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .current_dir(folder)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-mod=mod");
    command
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(Error::file(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(Error::file(path))
}
