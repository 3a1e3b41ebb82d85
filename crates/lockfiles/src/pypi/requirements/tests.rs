#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cofferdam_facts::SourceFile;

use super::*;
use crate::{NoFiles, Relation, parse};

fn read(text: &str, files: &dyn Files) -> Result<Document, crate::ParseError> {
    let file = SourceFile::new("a/requirements.txt", text);
    parse(Format::Requirements, &file, files)
}

#[test]
fn what_pip_compile_writes_is_read() {
    let text = include_str!("../../../tests/files/python/requirements.txt");
    let document = read(text, &NoFiles).unwrap();
    let shown: Vec<_> = (document.packages.iter())
        .map(|p| {
            (
                p.name.as_str(),
                p.version.as_deref(),
                p.relation,
                p.integrity.len(),
            )
        })
        .collect();
    use Relation::{Direct, Transitive};
    assert_eq!(
        shown,
        [
            ("colorama", Some("0.4.6"), Direct, 2),
            ("iniconfig", Some("2.0.0"), Direct, 2),
            ("python-dateutil", Some("2.9.0.post0"), Direct, 2),
            ("six", Some("1.17.0"), Transitive, 2),
        ]
    );
    assert_eq!(document.path_to(3), [2, 3]);
    assert!(
        document
            .packages
            .iter()
            .flat_map(|p| &p.integrity)
            .all(Integrity::is_well_formed)
    );
    assert_eq!(document.notes, []);
}

#[test]
fn every_shape_of_a_line_is_read() {
    let text = "--index-url https://pypi.example/simple\n# a comment\nA.b[x] >= 1, <2 # why\n\
                c==1.0 ; python_version < '3'\nd @ git+https://github.com/x/d@v1\n\
                -e ./lib\n-e git+ssh://git@github.com/x/e.git@0123456789012345678901234567890123456789#egg=e\n\
                https://x.example/f-2.0-py3-none-any.whl\n./wheels/g-1.0.tar.gz\n--no-binary :all:\nh \\\n  == 3\n\
                i==1.*\n~= nonsense\n";
    let document = read(text, &NoFiles).unwrap();
    let shown: Vec<_> = (document.packages.iter())
        .map(|p| {
            let version = p.version.as_deref().or(p.requirement.as_deref());
            (
                p.name.as_str(),
                version.unwrap_or(""),
                p.source.word(),
                p.location.line,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("A.b", ">= 1, <2", "registry", 3),
            ("c", "1.0", "registry", 4),
            ("d", "", "git", 5),
            ("./lib", "", "path", 6),
            ("e", "", "git", 7),
            ("f", "2.0", "url", 8),
            ("g", "1.0", "path", 9),
            ("h", "3", "registry", 11),
            ("i", "==1.*", "registry", 13),
        ]
    );
    let index = document.packages.first().unwrap().source.address();
    assert_eq!(index, Some("https://pypi.example/simple"));
    let e = &document.packages.get(4).unwrap().source;
    assert!(
        matches!(e, Source::Git { commit: Some(_), url, .. } if url == "ssh://git@github.com/x/e.git"),
        "{e:?}"
    );
    let gaps: Vec<_> = document.gaps().map(|note| note.location.line).collect();
    assert_eq!(gaps, [14]);
}

#[test]
fn files_are_included_and_none_outside() {
    let files = |path: &str| match path {
        "base.txt" => Ok(SourceFile::new(
            path,
            "x==1\n-r a/requirements.txt\n-c pins.txt\n",
        )),
        "pins.txt" => Ok(SourceFile::new(path, "y==2\nunused==1\n")),
        "broken.txt" => Ok(SourceFile::new(path, "<<<<<<< HEAD\n")),
        _ => Err(Unreadable::Missing),
    };
    let text = "-r ../base.txt\ny>=1\n-r ../../etc/passwd\n-r https://x/r.txt\n\
                --requirement=gone.txt\n-r../broken.txt\n-r ../base.txt\n";
    let document = read(text, &files).unwrap();
    let shown: Vec<_> = (document.packages.iter())
        .map(|p| {
            format!(
                "{} {} {}",
                p.name,
                p.version.as_deref().unwrap_or("?"),
                p.location
            )
        })
        .collect();
    assert_eq!(shown, ["y 2 a/requirements.txt:2:1", "x 1 base.txt:1:1"]);
    let gaps: Vec<_> = document
        .gaps()
        .map(|n| format!("{} {}", n.location, n.kind))
        .collect();
    assert_eq!(
        gaps,
        [
            "a/requirements.txt:3:1 `../../etc/passwd` is not read: it lies outside of the checkout",
            "a/requirements.txt:4:1 `https://x/r.txt` is not read: it lies outside of the checkout",
            "a/requirements.txt:5:1 `gone.txt` is not read: there is no such file",
            "a/requirements.txt:6:1 `../broken.txt` is not read: it cannot be read",
            "base.txt:2:1 `a/requirements.txt` is not read: the files include each other in a circle",
        ]
    );
}

#[test]
fn a_chain_without_end_ends() {
    let files = |path: &str| {
        let number: usize = path
            .trim_end_matches(".txt")
            .trim_start_matches("a/")
            .parse()
            .unwrap_or(0);
        let next = number + 1;
        Ok(SourceFile::new(
            path,
            format!("p{number}==1\n-r {next}.txt\n"),
        ))
    };
    let document = read("-r 1.txt\n", &files).unwrap();
    assert_eq!(document.packages.len(), DEEPEST - 1);
    assert_eq!(document.gaps().count(), 1);
}
