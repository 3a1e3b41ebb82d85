//! What the project's own maintainers run: tests, generated files, layers,
//! peers, build times. Arguments to a command; each command is one file.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the maintainers' tool speaks on the terminal"
)]

use std::process::ExitCode;

mod build_times;
mod error;
mod fixes;
mod fuzz;
mod generate;
mod layers;
mod measure;
mod pack;
mod peers;
mod picture;
mod process;
mod shape;
mod test;
mod tools;
mod transcript;
mod txtar;
mod workspace;

use error::Error;

/// A command: its name, what it takes and does, and the code.
struct Command {
    name: &'static str,
    usage: &'static str,
    run: fn(&[String]) -> Result<(), Error>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        usage: "                       everything that must pass, prepared and run",
        run: test::run,
    },
    Command {
        name: "layers",
        usage: "                     compare the manifests with the layers of the plan",
        run: layers::run,
    },
    Command {
        name: "shape",
        usage: "                      compare sizes and names of files with the house rules",
        run: shape::run,
    },
    Command {
        name: "generate",
        usage: "[--check]          write every file that derives from code, or show the difference",
        run: generate::run,
    },
    Command {
        name: "fuzz",
        usage: "[TARGET] [--seconds N] [--seed S] fuzz one target or all of them, on the kept corpus",
        run: fuzz::run,
    },
    Command {
        name: "fixes",
        usage: "FOLDER                mend every checkout in a folder in memory, and check each fix",
        run: fixes::run,
    },
    Command {
        name: "peers",
        usage: "[NAME] [--check] [OPTIONS] run a peer's recipe and write its transcript",
        run: peers::run,
    },
    Command {
        name: measure::COMMAND,
        usage: "PROGRAM [ARGUMENTS]    run a program and write its time and memory to standard error",
        run: measure::run,
    },
    Command {
        name: "pack",
        usage: "                       make and sign the data pack",
        run: |arguments| {
            let root = workspace::root();
            std::env::set_current_dir(&root).map_err(Error::file(root))?;
            Ok(pack::run(arguments)?)
        },
    },
    Command {
        name: "build-times",
        usage: "                time clean release builds and record them",
        run: build_times::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        usage();
        return ExitCode::from(2);
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("error: there is no command `{name}`");
        usage();
        return ExitCode::from(2);
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            if let Some(advice) = error.advice() {
                eprintln!("  what to do: {advice}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn usage() {
    eprintln!("usage: cargo xtask COMMAND\n");
    for command in COMMANDS {
        eprintln!("  {} {}", command.name, command.usage);
    }
}
