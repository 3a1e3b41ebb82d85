use super::*;
use crate::shell::{Shell, parse};

fn ways(script: &str) -> Vec<(Way, bool)> {
    of_script(&parse(script, &Shell::Bash))
        .into_iter()
        .map(|found| (found.way, found.checked.is_some()))
        .collect()
}

#[test]
fn what_is_fetched_and_run_is_found() {
    let cases = [
        ("curl -fsSL https://x.example/i.sh | bash", Way::Piped),
        ("curl https://x.example/i.sh | sudo -E bash -", Way::Piped),
        (
            "curl -sL https://x.example/i.sh | sh -s -- -b /usr/local/bin",
            Way::Piped,
        ),
        ("wget -qO- https://x.example/i.sh | sh", Way::Piped),
        ("curl -sSL https://x.example/i.py | python3 -", Way::Piped),
        (
            "curl --proto '=https' -sSf https://x.example | tee log | sh",
            Way::Piped,
        ),
        ("bash <(curl -s https://x.example/i.sh)", Way::Evaluated),
        (
            "bash -c \"$(curl -fsSL https://x.example/i.sh)\"",
            Way::Evaluated,
        ),
        ("source <(curl -s https://x.example/i.sh)", Way::Evaluated),
        (
            "eval \"$(wget -qO- https://x.example/i.sh)\"",
            Way::Evaluated,
        ),
        ("curl -o i.sh https://x.example/i.sh\nbash i.sh", Way::Saved),
        (
            "curl -LO https://x.example/tool\nchmod +x tool\n",
            Way::Saved,
        ),
        (
            "curl https://x.example/i.sh > i.sh && chmod 755 ./i.sh",
            Way::Saved,
        ),
        (
            "wget https://x.example/a.deb && sudo dpkg -i a.deb",
            Way::Saved,
        ),
        (
            "wget -q https://x.example/tool -O /usr/local/bin/tool; chmod a+x /usr/local/bin/tool",
            Way::Saved,
        ),
        (
            "curl -L https://x.example/a.tgz | sudo tar -xz -C /usr/local/bin",
            Way::Unpacked,
        ),
        (
            "curl -LO https://x.example/a.tgz\ntar xf a.tgz\nsudo mv a/tool /usr/local/bin/",
            Way::Unpacked,
        ),
    ];
    for (script, way) in cases {
        assert_eq!(ways(script), [(way, false)], "{script}");
    }
}

#[test]
fn what_is_only_read_is_not() {
    for script in [
        "curl https://x.example/data.json | jq .",
        "curl https://x.example/data.json | python3 -m json.tool",
        "curl https://x.example/data.json | python3 -c 'import sys'",
        "curl https://x.example/a | bash script.sh",
        "curl -o data.json https://x.example/d.json\nbash build.sh data.json",
        "curl -LO https://x.example/data.tgz\ntar xf data.tgz",
        "echo \"$(curl https://x.example)\"",
        "curl -o /dev/null https://x.example | bash",
        "# curl https://x.example | bash",
        "echo 'curl https://x.example | bash'",
        "if false; then curl https://x.example | bash; fi",
    ] {
        assert_eq!(ways(script), [], "{script}");
    }
}

#[test]
fn a_comparison_between_is_seen() {
    for script in [
        "curl -LO https://x.example/t\necho \"$SUM  t\" | sha256sum -c\nchmod +x t",
        "curl -LO https://x.example/t\ntest \"$(sha256sum t | cut -d' ' -f1)\" = \"$SUM\"\nchmod +x t",
        "curl -LO https://x.example/t\ngpg --verify t.asc t\nchmod +x t",
        "curl -LO https://x.example/t\ncosign verify-blob --bundle b t\nchmod +x t",
    ] {
        assert_eq!(ways(script), [(Way::Saved, true)], "{script}");
    }
    let printed = "curl -LO https://x.example/t\nsha256sum t\nchmod +x t";
    assert_eq!(ways(printed), [(Way::Saved, false)]);
    let after = "curl -LO https://x.example/t\nchmod +x t && ./t\nsha256sum -c sums";
    assert_eq!(ways(after), [(Way::Saved, false)]);
}

#[test]
fn addresses_say_what_is_there() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let cases = [
        (
            format!("https://raw.githubusercontent.com/a/b/{commit}/i.sh"),
            Fixed::Commit,
        ),
        (
            format!("https://github.com/a/b/raw/{commit}/i.sh"),
            Fixed::Commit,
        ),
        (format!("https://x.example/{commit}/i.sh"), Fixed::Version),
        (
            "https://raw.githubusercontent.com/a/b/main/i.sh".to_owned(),
            Fixed::No,
        ),
        (
            "https://raw.githubusercontent.com/a/b/v1.2.3/i.sh".to_owned(),
            Fixed::Version,
        ),
        (
            "https://raw.githubusercontent.com/a/b/refs/heads/v1.2/i.sh".to_owned(),
            Fixed::No,
        ),
        (
            "https://github.com/a/b/releases/latest/download/b_1.2".to_owned(),
            Fixed::No,
        ),
        (
            "https://github.com/a/b/releases/download/${VERSION}/b".to_owned(),
            Fixed::Version,
        ),
        ("https://x.example/tool-x86_64-linux".to_owned(), Fixed::No),
        ("https://sh.rustup.rs".to_owned(), Fixed::No),
    ];
    for (address, expected) in cases {
        assert_eq!(fixed(&address), expected, "{address}");
    }
    assert_eq!(host("https://user@x.example:8080/a"), Some("x.example"));
    assert_eq!(host("https://$HOST/a"), None);
    assert_eq!(
        repository("https://api.github.com/repos/a/b/releases"),
        Some(("a", "b"))
    );
    assert_eq!(repository("https://notgithub.com/a/b"), None);
}

#[test]
fn powershell_is_seen_by_its_words() {
    let found = of_powershell(
        "# iwr https://x.example | iex\niwr -useb https://x.example/i.ps1 | iex\n\
         iex ((New-Object System.Net.WebClient).DownloadString('https://y.example/i.ps1'))\n\
         iwr https://x.example/i.ps1 -OutFile i.ps1\n",
    );
    let addresses: Vec<&str> = found.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(
        addresses,
        ["https://x.example/i.ps1", "https://y.example/i.ps1"]
    );
}
