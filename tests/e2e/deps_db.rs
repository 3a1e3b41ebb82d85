//! `cofferdam deps db`: databases from mirrors and files, and what is wrong with them.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::osv::{Server, advisory, archive, cache, deps, now, package_lock, put, vulns};
use crate::sandbox::Sandbox;

const LONG_AGO: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn mirror(ecosystem: &str, bytes: Vec<u8>) -> Server {
    Server::mirror(
        BTreeMap::from([(ecosystem.to_owned(), bytes)]),
        LONG_AGO.to_owned(),
    )
}

fn status(sandbox: &Sandbox, args: &[&str]) -> (i32, Value) {
    let ran = deps(
        sandbox,
        &[&["db", "status", "--format", "json"][..], args].concat(),
    );
    (ran.code, serde_json::from_str(&ran.out).unwrap())
}

#[test]
fn a_mirror_is_asked_and_its_word_is_shown() {
    let sandbox = Sandbox::new();
    assert_eq!(status(&sandbox, &[]).0, 3);
    let server = mirror(
        "GitHub Actions",
        archive(&[advisory("GHSA-1", "GitHub Actions", "a/b")]),
    );
    let update = [
        "db",
        "update",
        "GitHub Actions",
        "--mirror",
        &server.address,
    ];
    let ran = deps(&sandbox, &update);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("(newer)"), "{}", ran.out);
    let again = deps(&sandbox, &update);
    assert!(again.out.contains("(as before)"), "{}", again.out);
    let (code, value) = status(&sandbox, &[]);
    let database = &value["databases"][0];
    assert_eq!((code, &database["advisories"]), (0, &json!(1)), "{value}");
    // The advisory is newer than what the server says of its file.
    assert_eq!(database["days"], json!(0));
    let source = database["source"].as_str().unwrap();
    assert!(source.ends_with("/GitHub%20Actions/all.zip"), "{source}");
    assert!(deps(&sandbox, &["db", "status"]).out.contains("not signed"));
    assert!(server.asked().iter().all(|one| one.starts_with("GET ")));
}

#[test]
fn what_is_no_database_does_not_take_the_place_of_one() {
    let sandbox = Sandbox::new();
    let good = archive(&[advisory("GHSA-1", "npm", "x")]);
    let path = put(&sandbox, "npm", &good);
    let half = good[..good.len() / 2].to_vec();
    let elsewhere = archive(&[advisory("GO-1", "Go", "x")]);
    let nothing = archive(&[]);
    for bytes in [
        half.clone(),
        elsewhere,
        nothing,
        b"<html>not found</html>".to_vec(),
    ] {
        let server = mirror("npm", bytes);
        let ran = deps(
            &sandbox,
            &["db", "update", "npm", "--mirror", &server.address],
        );
        assert_eq!(ran.code, 3, "{}", ran.out);
        assert!(ran.out.contains("the old one stays"), "{}", ran.out);
        assert_eq!(fs::read(&path).unwrap(), good);
    }
    // A connection that breaks off, and a server that has none.
    let server = Server::start(Box::new(move |_, _| {
        let headers = vec![("content-length".to_owned(), "100000".to_owned())];
        ("200 OK", headers, half.clone())
    }));
    for (mirror, name) in [
        (&server.address, "npm"),
        (&mirror("Go", Vec::new()).address, "npm"),
    ] {
        let ran = deps(&sandbox, &["db", "update", name, "--mirror", mirror]);
        assert_eq!(ran.code, 3, "{}", ran.out);
        assert_eq!(fs::read(&path).unwrap(), good);
    }
    // Nothing is left behind but the archive and its index.
    let left: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert_eq!(left, [""; 0]);
    for name in ["../x", "a/b", "", "Debian:12"] {
        let ran = deps(
            &sandbox,
            &["db", "update", name, "--mirror", "http://127.0.0.1:1"],
        );
        assert_eq!(ran.code, 2, "{name}: {}", ran.err);
    }
    let ran = deps(
        &sandbox,
        &["db", "update", "npm", "--mirror", "http://example.org"],
    );
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("is not https"), "{}", ran.out);
}

#[test]
fn a_mirror_that_is_behind_is_refused() {
    let sandbox = Sandbox::new();
    put(&sandbox, "npm", &archive(&[advisory("GHSA-1", "npm", "x")]));
    let mut old = advisory("GHSA-2", "npm", "x");
    old["modified"] = json!("2020-01-01T00:00:00Z");
    let server = mirror("npm", archive(&[old]));
    let update = ["db", "update", "npm", "--mirror", &server.address];
    let ran = deps(&sandbox, &update);
    assert_eq!(ran.code, 3);
    assert!(
        ran.out.contains("of 2020-01-01T00:00:00Z, older"),
        "{}",
        ran.out
    );
    let forced = deps(&sandbox, &[&update[..], &["--force"]].concat());
    assert_eq!(forced.code, 0, "{}", forced.out);
    assert_eq!(status(&sandbox, &[]).0, 3);
    assert_eq!(status(&sandbox, &["--max-age", "any"]).0, 0);
}

#[test]
fn a_damaged_index_is_made_anew_and_a_damaged_archive_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write("package-lock.json", package_lock(&[("x", "1.0.0")]));
    let good = archive(&[advisory("GHSA-1", "npm", "x")]);
    let path = put(&sandbox, "npm", &good);
    assert_eq!(vulns(&sandbox, &[]).0, 1);
    let index = path.with_file_name("all.zip.cofferdam-index");
    let written = fs::read(&index).unwrap();
    for at in [0, 30, written.len() / 2, written.len() - 1] {
        let mut broken = written.clone();
        broken[at] ^= 0xff;
        fs::write(&index, &broken).unwrap();
        assert_eq!(vulns(&sandbox, &[]).0, 1, "{at}");
        assert_eq!(fs::read(&index).unwrap(), written, "{at}");
    }
    // Another archive has another index, even of the same length.
    put(&sandbox, "npm", &archive(&[advisory("GHSA-2", "npm", "x")]));
    assert_eq!(crate::osv::ids(&vulns(&sandbox, &[]).1), ["GHSA-2"]);
    put(&sandbox, "npm", &good[..good.len() - 7]);
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 3, "{value}");
    assert!(
        crate::osv::not_checked(&value).contains("damaged or not whole"),
        "{value}"
    );
    // What a download has left is no database.
    fs::rename(&path, path.with_file_name("all.zip.part")).unwrap();
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 3);
    assert!(
        crate::osv::not_checked(&value).contains("there is no database"),
        "{value}"
    );
}

#[test]
fn one_advisory_that_cannot_be_read_leaves_the_rest_in_doubt() {
    let sandbox = Sandbox::new();
    sandbox.write("package-lock.json", package_lock(&[("y", "1.0.0")]));
    let odd = json!({ "id": "GHSA-2", "affected": "everything" });
    put(
        &sandbox,
        "npm",
        &archive(&[advisory("GHSA-1", "npm", "x"), odd]),
    );
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 3);
    assert!(
        crate::osv::not_checked(&value).contains("GHSA-2.json"),
        "{value}"
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.write("package-lock.json", package_lock(&[("x", "1.0.0")]));
    let path = put(&sandbox, "npm", &archive(&[advisory("GHSA-1", "npm", "x")]));
    let folder = path.parent().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let (code, _) = vulns(&sandbox, &[]);
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(code, 1);
}

#[test]
fn files_and_folders_are_imported() {
    let sandbox = Sandbox::new();
    let import = |args: &[&str]| deps(&sandbox, &[&["db", "import"][..], args].concat());
    let zip = sandbox.outside().join("go.zip");
    let both = [advisory("GO-1", "Go", "x"), advisory("GHSA-1", "npm", "y")];
    fs::write(&zip, archive(&both)).unwrap();
    let zip = zip.to_str().unwrap();
    let which = import(&[zip]);
    assert_eq!(which.code, 2);
    assert!(which.err.contains("Go (1), npm (1)"), "{}", which.err);
    assert_eq!(import(&[zip, "--ecosystem", "PyPI"]).code, 2);
    assert_eq!(import(&[zip, "--ecosystem", "Go"]).code, 0);
    let folder = sandbox.outside().join("folder");
    fs::create_dir_all(folder.join("deep")).unwrap();
    let of_pypi = "id: PYSEC-1\naffected:\n- package: {name: Flask, ecosystem: PyPI}\n  versions: \
                   ['1.0']\nmodified: '2020-01-01T00:00:00Z'\n";
    fs::write(folder.join("deep/PYSEC-1.yaml"), of_pypi).unwrap();
    fs::write(folder.join("README.md"), "# a\n").unwrap();
    let from = folder.to_str().unwrap();
    let day = now().date();
    let ran = import(&[from, "--as-of", &day]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let (code, value) = status(&sandbox, &[]);
    assert_eq!(code, 0, "{value}");
    sandbox.write("requirements.txt", "flask==1.0\n");
    assert_eq!(crate::osv::ids(&vulns(&sandbox, &[]).1), ["PYSEC-1"]);
    // One file that cannot be read, and nothing is taken.
    let archive = cache(&sandbox).join("osv-scanner/PyPI/all.zip");
    let before = fs::read(&archive).unwrap();
    fs::write(folder.join("PYSEC-2.yaml"), "id: [\n").unwrap();
    let ran = import(&[from]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("PYSEC-2.yaml"), "{}", ran.err);
    assert_eq!(fs::read(&archive).unwrap(), before);
    assert_eq!(import(&["none"]).code, 3);
    let text = sandbox.write("text", "hello");
    assert_eq!(import(&[text.to_str().unwrap()]).code, 2);
}

#[test]
#[expect(clippy::print_stdout, reason = "a test says what it has not checked")]
fn the_databases_of_others_are_imported_whole() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let missing = ["osv", "rustsec", "pypa"]
        .iter()
        .find(|name| !data.join(name).is_dir());
    if let Some(name) = missing {
        println!("not checked: there is no folder ../shared/data/{name}");
        return;
    }
    let sandbox = Sandbox::new();
    for (path, ecosystem, least) in [
        ("osv/osv-scanner/Go/all.zip", "Go", 4291),
        ("rustsec/advisory-db.tar.gz", "crates.io", 1000),
        ("pypa/vulns.tar.gz", "PyPI", 2000),
    ] {
        let from = data.join(path);
        let ran = deps(&sandbox, &["db", "import", from.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{path}: {}{}", ran.out, ran.err);
        let (_, value) = status(&sandbox, &["--max-age", "any"]);
        let all = value["databases"].as_array().unwrap();
        let found = all
            .iter()
            .find(|one| one["ecosystem"] == ecosystem)
            .unwrap();
        assert!(found["advisories"].as_u64().unwrap() >= least, "{found}");
        assert_eq!(found["unreadable"], json!(0));
    }
    sandbox.write(
        "go.mod",
        "module example.org/app\n\ngo 1.25.0\n\nrequire golang.org/x/text v0.3.5\n",
    );
    sandbox.write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"time\"\nversion = \"0.1.43\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
    );
    sandbox.write("requirements.txt", "django==3.2.4\n");
    let (code, value) = vulns(&sandbox, &["--max-age", "any"]);
    let found = crate::osv::ids(&value);
    assert_eq!(code, 1);
    for id in ["GO-2021-0113", "RUSTSEC-2020-0071", "PYSEC-2021-109"] {
        assert!(found.contains(&id), "{id}: {found:?}");
    }
}
