//! Memory over many repositories, as Linux counts it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::sandbox::{BAD, Sandbox, day};

/// A process whose output is read no faster than is wanted, so that it cannot
/// end while it is looked at.
struct Watched {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Watched {
    /// Reads until the report of a repository begins.
    fn read_until(&mut self, name: &str) {
        let start = format!("{{\"name\":\"{name}\"");
        let mut line = Vec::new();
        while !line.starts_with(start.as_bytes()) {
            line.clear();
            let read = self.lines.read_until(b'\n', &mut line).unwrap();
            assert!(read > 0, "{name} never came");
        }
    }

    /// The most memory that the process ever held, in kB.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.unwrap().trim().trim_end_matches(" kB");
        number.parse().unwrap()
    }
}

/// The reader takes its time, so whatever may pile up behind it does.
#[test]
fn memory_does_not_grow_with_the_number_of_repositories() {
    const COUNT: usize = 400;
    let sandbox = Sandbox::new();
    let mut text = BAD.to_owned();
    for step in 0..40 {
        let _ = writeln!(text, "      - uses: somebody/action-{step}@main");
    }
    for number in 0..COUNT {
        let text = text.replace("publish", &format!("p{number}"));
        sandbox.write(&format!("r{number:03}/.github/workflows/ci.yml"), text);
    }
    let args = ["audit", "--recursive", ".", "--format=json", "--threads=4"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args(args)
        .args(["--date", &day()])
        .current_dir(sandbox.root())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let mut watched = Watched { child, lines };
    watched.read_until("./r040");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let early = watched.peak();
    watched.read_until("./r390");
    let late = watched.peak();
    watched.read_until("./r399");
    drop(watched.lines);
    assert_eq!(watched.child.wait().unwrap().code(), Some(1));
    // Ten times the repositories; what the allocator rounds up is not growth.
    assert!(late < early + early / 4, "{early} kB became {late} kB");
    assert!(early < 80_000, "{early} kB for forty repositories");
}
