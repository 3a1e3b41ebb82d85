//! Memory over many repositories, as Linux counts it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

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

/// Audits the first of the repositories and gives the peak while the last report
/// waits to be read. The reader takes a rest at the start, so that whatever may
/// pile up behind it does.
fn peak_over(sandbox: &Sandbox, count: usize) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
        .args(["audit", "--format=json", "--threads=4", "--date", &day()])
        .args((0..count).map(name))
        .current_dir(sandbox.root())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let mut watched = Watched { child, lines };
    watched.read_until(&name(0));
    std::thread::sleep(Duration::from_secs(2));
    // A pipe holds less than the last two reports, so the process still writes.
    watched.read_until(&name(count - 3));
    let peak = watched.peak();
    watched.read_until(&name(count - 1));
    drop(watched.lines);
    assert_eq!(watched.child.wait().unwrap().code(), Some(1));
    peak
}

fn name(number: usize) -> String {
    format!("r{number:03}")
}

#[test]
fn memory_does_not_grow_with_the_number_of_repositories() {
    let sandbox = Sandbox::new();
    let mut text = BAD.to_owned();
    for step in 0..60 {
        let _ = writeln!(text, "      - uses: somebody/action-{step}@main");
    }
    for number in 0..300 {
        let text = text.replace("publish", &format!("p{number}"));
        sandbox.write(&format!("{}/.github/workflows/ci.yml", name(number)), text);
    }
    let (few, many) = (peak_over(&sandbox, 30), peak_over(&sandbox, 300));
    // What the allocator rounds up is not growth.
    assert!(many < few + few / 4, "{few} kB became {many} kB");
    assert!(many < 80_000, "{many} kB");
}
