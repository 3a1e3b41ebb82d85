//! Where the folder of a checkout goes until a step uploads it in an archive:
//! moved and copied by scripts, then packed with its `.git`.

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::shell::{Command, Word};

use crate::context::{Context, JobView};

/// The step that uploads an archive with the `.git` of a checkout in it.
#[must_use]
pub fn upload_of<'c>(cx: &Context<'_>, job: &'c JobView<'_>, checkout: &Step) -> Option<&'c Step> {
    let folder = checkout
        .input("path")
        .map_or("", |text| text.value.as_str());
    let mut packing = Packing {
        folders: vec![inside(&Folder::workspace(), folder)?],
        archives: Vec::new(),
    };
    for step in job.job.steps().iter().skip(checkout.index + 1) {
        if let Some(script) = cx.script(job.workflow.path(), step) {
            let mut base = start(job, step);
            for command in script.commands.iter().filter(|c| !c.dead) {
                packing.command(&mut base, command);
            }
        }
        if !packing.archives.is_empty() && packing.is_uploaded(step) {
            return Some(step);
        }
    }
    None
}

/// A path below the workspace; an expression in it is a word like any other, as
/// it has one value in a job.
fn inside(base: &Folder, written: &str) -> Option<String> {
    match base.join(&named(written)) {
        Folder::Inside(path) => Some(path),
        Folder::Elsewhere => None,
    }
}

fn named(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written.trim_matches(['"', '\'']);
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, behind) = after.split_once("}}").unwrap_or((after, ""));
        text.push_str(before);
        match expression.trim() {
            "github.workspace" => text.push_str("$GITHUB_WORKSPACE"),
            other => text.extend(["<", other, ">"]),
        }
        rest = behind;
    }
    text + rest
}

fn start(job: &JobView<'_>, step: &Step) -> Folder {
    let own = match &step.kind {
        StepKind::Run {
            working_directory, ..
        } => working_directory.as_ref(),
        _ => None,
    };
    let written = own.or(job.job.defaults.working_directory.as_ref()).or(job
        .workflow
        .defaults
        .working_directory
        .as_ref());
    let base = Folder::workspace();
    written.map_or_else(|| base.clone(), |text| base.join(&named(&text.value)))
}

struct Packing {
    /// Where the checkout lies by now.
    folders: Vec<String>,
    /// Files into which it was packed.
    archives: Vec<String>,
}

impl Packing {
    fn command(&mut self, base: &mut Folder, command: &Command) {
        let (program, args) = command.effective();
        match program.file_name() {
            Some("cd") if !command.in_substitution => {
                let target = args.first().map_or("", |word| word.text.as_str());
                *base = base.join(&named(target));
            }
            Some("mv") => self.moved(base, args, true),
            Some("cp" | "rsync") => self.moved(base, args, false),
            Some("rm") => self.removed(base, args),
            Some("find") => self.found(base, args),
            _ => {
                let packed = archive(program, args);
                let Some((output, inputs, below)) = packed.filter(|_| !leaves_git_out(args)) else {
                    return;
                };
                let from = below.map_or_else(|| base.clone(), |below| base.join(&named(below)));
                let taken = |input: &&str| {
                    let input = inside(&from, input.trim_end_matches("/*"));
                    input.is_some_and(|input| {
                        (self.folders.iter().chain(&self.archives)).any(|path| is_in(path, &input))
                    })
                };
                if inputs.iter().any(taken) {
                    self.archives.extend(inside(base, output));
                }
            }
        }
    }

    fn moved(&mut self, base: &Folder, args: &[Word], away: bool) {
        let words: Vec<&str> = plain(args).collect();
        let Some((target, sources)) = words.split_last() else {
            return;
        };
        let Some(target) = inside(base, target) else {
            return;
        };
        for source in sources {
            // `*` does not match `.git`, but it does match the folder around it.
            let (written, contents) = match source.strip_suffix("/*") {
                Some(folder) => (folder, true),
                None => (*source, false),
            };
            let Some(source) = inside(base, written) else {
                continue;
            };
            for paths in [&mut self.folders, &mut self.archives] {
                carry(paths, &source, &target, contents, away);
            }
        }
    }

    // `rm -rf FOLDER/.git`, `rm -rf FOLDER`
    fn removed(&mut self, base: &Folder, args: &[Word]) {
        for written in plain(args) {
            let of_git = match written {
                ".git" => Some("."),
                _ => written.strip_suffix("/.git"),
            };
            let Some(path) = inside(base, of_git.unwrap_or(written)) else {
                continue;
            };
            self.folders.retain(|folder| match of_git {
                Some(_) => *folder != path,
                None => !is_in(folder, &path),
            });
        }
    }

    // `find FOLDER -name .git -exec rm …`
    fn found(&mut self, base: &Folder, args: &[Word]) {
        let has = |text: &str| args.iter().any(|word| word.text == text);
        let removes = has(".git") && (has("rm") || has("-delete"));
        for written in args.iter().take_while(|word| !word.text.starts_with('-')) {
            let path = inside(base, &written.text).filter(|_| removes);
            (self.folders).retain(|folder| !path.as_ref().is_some_and(|path| is_in(folder, path)));
        }
    }

    fn is_uploaded(&self, step: &Step) -> bool {
        let input = match step.action() {
            Some("actions/upload-artifact") => "path",
            Some("softprops/action-gh-release") => "files",
            Some("ncipollo/release-action") => "artifacts",
            _ => return false,
        };
        let Some(text) = step.input(input) else {
            return false;
        };
        let mut lines = text.value.split(['\n', ',']).map(str::trim);
        lines.any(|line| {
            let fixed = line.split('*').next().unwrap_or(line);
            let whole = fixed.len() == line.len();
            let path = inside(&Folder::workspace(), fixed);
            let taken = |path: String| {
                let mut archives = self.archives.iter();
                archives.any(|archive| {
                    is_in(archive, &path) || !whole && archive.starts_with(path.as_str())
                })
            };
            !line.is_empty() && path.is_some_and(taken)
        })
    }
}

/// Adds where paths go when their source becomes the target, or goes into it.
fn carry(paths: &mut Vec<String>, source: &str, target: &str, contents: bool, away: bool) {
    let mut new = Vec::new();
    paths.retain(|path| {
        let below = path
            .strip_prefix(source)
            .map(|rest| rest.trim_start_matches('/'));
        let Some(below) = below.filter(|_| is_in(path, source)) else {
            return true;
        };
        if contents && below.is_empty() {
            return true;
        }
        new.push(joined(target, below));
        if !contents {
            let name = source.rsplit('/').next().unwrap_or(source);
            new.push(joined(&joined(target, name), below));
        }
        !away
    });
    paths.extend(new);
}

fn joined(folder: &str, rest: &str) -> String {
    match (folder.is_empty(), rest.is_empty()) {
        (true, _) => rest.to_owned(),
        (_, true) => folder.to_owned(),
        _ => format!("{folder}/{rest}"),
    }
}

fn is_in(path: &str, folder: &str) -> bool {
    Folder::Inside(path.to_owned()).is_in(folder)
}

fn plain(args: &[Word]) -> impl Iterator<Item = &str> {
    let texts = args.iter().map(|word| word.text.as_str());
    texts.filter(|text| !text.starts_with('-'))
}

fn leaves_git_out(args: &[Word]) -> bool {
    args.iter().any(|word| {
        let text = word.text.replace(".github", "").replace(".gitignore", "");
        text.contains(".git") || text == "--exclude-vcs"
    })
}

/// What a command packs: the file, what goes into it, and the folder where that
/// is looked for if it is another.
fn archive<'c>(
    program: &Word,
    args: &'c [Word],
) -> Option<(&'c str, Vec<&'c str>, Option<&'c str>)> {
    let mut words = plain(args);
    match program.file_name()? {
        "zip" => {
            let flags = args.iter().map(|word| word.text.as_str());
            let deep = |flag: &str| flag == "--recurse-paths" || is_short(flag, 'r');
            flags.into_iter().any(deep).then_some(())?;
            Some((words.next()?, words.collect(), None))
        }
        "7z" | "7za" | "7zz" => {
            (words.next()? == "a").then_some(())?;
            Some((words.next()?, words.collect(), None))
        }
        "tar" | "gtar" | "bsdtar" => {
            let texts: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
            let first = texts.first()?;
            let creates = |flag: &&str| *flag == "--create" || is_short(flag, 'c');
            (texts.iter().any(creates) || !first.starts_with('-') && first.contains('c'))
                .then_some(())?;
            let behind = |letter: char, long: &str| {
                let at = texts.iter().position(|text| {
                    *text == long
                        || is_short(text, letter) && text.ends_with(letter)
                        || std::ptr::eq(*text, *first)
                            && !text.starts_with('-')
                            && text.contains(letter)
                })?;
                texts.get(at + 1).copied()
            };
            let output = behind('f', "--file")?;
            let below = behind('C', "--directory");
            let others = texts.iter().skip(1).copied();
            let inputs = others
                .filter(|text| !text.starts_with('-') && *text != output && Some(*text) != below);
            Some((output, inputs.collect(), below))
        }
        _ => None,
    }
}

fn is_short(flag: &str, letter: char) -> bool {
    flag.starts_with('-') && !flag.starts_with("--") && flag.contains(letter)
}

#[cfg(test)]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    fn archives(text: &str) -> Vec<String> {
        let mut packing = Packing {
            folders: vec!["import".to_owned()],
            archives: Vec::new(),
        };
        let mut base = Folder::workspace();
        for command in &parse(text, &Shell::Bash).commands {
            packing.command(&mut base, command);
        }
        packing.archives
    }

    #[test]
    fn a_folder_is_followed_into_an_archive() {
        for packed in [
            "zip -r out.zip import",
            "zip -qr out.zip .",
            "mv import stage/import\nzip -r out.zip stage",
            "mv import stage\nzip -r out.zip stage/import",
            "mkdir s && cp -r ./* s/\ntar czf out.zip s",
            "mv import a-${{ env.V }}\ntar -czf out.zip a-${{env.V}}/",
            "cd tools\nmv ../import x\ncd ..\ntar --create --file out.zip tools/",
            "tar -C import -cf out.zip .",
            "7z a out.zip ./import/",
            "zip -r out.zip import -x '*.DS_Store'",
            "find . -name '*.o' -delete\nzip -r out.zip import",
        ] {
            assert_eq!(archives(packed), ["out.zip"], "{packed}");
        }
    }

    #[test]
    fn what_is_removed_or_left_out_is_not_packed() {
        for other in [
            "zip -r out.zip build",
            "zip out.zip import",
            "rm -rf import/.git\nzip -r out.zip import",
            "find . -type d -name \".git\" -exec rm -rf {} +\nzip -r out.zip .",
            "zip -r out.zip import -x '*/.git/*'",
            "tar czf out.zip --exclude-vcs import",
            "tar xzf out.zip import",
            "mv import/* stage/\nzip -r out.zip stage",
            "rm -r import && zip -r out.zip .",
            "cd import\nrm -rf .git\ncd ..\nzip -r out.zip .",
        ] {
            assert_eq!(archives(other), Vec::<String>::new(), "{other}");
        }
    }
}
