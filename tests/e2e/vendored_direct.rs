//! `cofferdam deps vendor` where `GOPROXY` leads to `direct`: modules from git's
//! own server, whose sums and vendor directory the `go` command has made.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::git_backend::{GitServer, Made};
use crate::sandbox::Sandbox;

struct World {
    sandbox: Sandbox,
    server: GitServer,
    _served: tempfile::TempDir,
}

impl World {
    /// A repository with a module at its root and one in a folder, with all
    /// that Go leaves out or takes from elsewhere, and a checkout whose vendor
    /// directory has both.
    fn new() -> Self {
        let served = tempfile::tempdir().unwrap();
        let server = GitServer::start(served.path());
        let made = Made::new(served.path(), "acme/Lib");
        made.write("LICENSE", "free\n")
            .write("go.mod", "module github.com/acme/Lib\n\ngo 1.20\n")
            .write(
                "lib.go",
                "package lib\n\nfunc Valid() bool { return false }\n",
            )
            .write("gen.go", "//go:build ignore\n\npackage main\n")
            .write(
                ".gitattributes",
                "/doc export-ignore\nversion.txt export-subst\n",
            )
            .write("version.txt", "$Format:%H$\n")
            .write("doc/a.txt", "said\n")
            .write("vendor/modules.txt", "# x v1.0.0\n")
            .write("vendor/x/x.go", "package x\n")
            .write("deep/vendor/y.go", "package y\n")
            .write(
                "sub/go.mod",
                "module github.com/acme/Lib/sub/v2\n\ngo 1.24\n",
            )
            .write("sub/sub.go", "package sub\n")
            .write("sub/vendor/modules.txt", "# x v1.0.0\n")
            .write("sub/deep/vendor/y.go", "package y\n");
        std::os::unix::fs::symlink("lib.go", made.folder.join("link.go")).unwrap();
        made.commit("one");
        made.git(&["tag", "-a", "-m", "x", "v1.0.0"]);
        made.git(&["tag", "sub/v2.1.0"]);
        let world = Self {
            sandbox: Sandbox::new(),
            server,
            _served: served,
        };
        world.sandbox.write(
            "go.mod",
            "module example.org/main\n\ngo 1.24\n\nrequire (\n\tgithub.com/acme/Lib v1.0.0\n\t\
             github.com/acme/Lib/sub/v2 v2.1.0\n)\n",
        );
        world.sandbox.write(
            "main.go",
            "package main\n\nimport (\n\t_ \"github.com/acme/Lib\"\n\t\
             _ \"github.com/acme/Lib/sub/v2\"\n)\n\nfunc main() {}\n",
        );
        world.go(&["mod", "tidy"]);
        world.go(&["mod", "vendor"]);
        world.sandbox.commit();
        world
    }

    /// The `go` command, for which the server stands at the public address.
    fn go(&self, args: &[&str]) {
        let home = self.sandbox.outside().join("go");
        let output = Command::new("go")
            .args(args)
            .current_dir(self.sandbox.root())
            .env("HOME", &home)
            .env("GOPATH", home.join("path"))
            .env("GOCACHE", home.join("build"))
            .env("GOFLAGS", "-modcacherw")
            .env("GOPROXY", "direct")
            .env("GOSUMDB", "off")
            .env("GOTOOLCHAIN", "local")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_COUNT", "1")
            .env(
                "GIT_CONFIG_KEY_0",
                format!("url.{}/.insteadOf", self.server.root),
            )
            .env("GIT_CONFIG_VALUE_0", "https://github.com/")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "go {args:?}: {said}");
    }

    fn check(&self, args: &[&str]) -> (i32, Value) {
        let root = self.server.root.as_str();
        let mut all = vec![
            "deps",
            "vendor",
            "check",
            "--format",
            "json",
            "--git-url",
            root,
        ];
        all.extend(args);
        let ran = self.sandbox.run_with(&all, &[("GOPROXY", "direct")], b"");
        (ran.code, serde_json::from_str(&ran.out).unwrap())
    }
}

#[test]
fn modules_are_compared_with_the_tags_of_their_repositories() {
    let world = World::new();
    world.server.take_asked();
    let (code, value) = world.check(&["--offline"]);
    assert_eq!((code, world.server.take_asked().len()), (3, 0), "{value:#}");
    let (code, value) = world.check(&[]);
    assert_eq!(code, 0, "{value:#}");
    let modules = value["trees"][0]["modules"].as_array().unwrap();
    assert_eq!(modules.len(), 2, "{value:#}");
    for module in modules {
        assert_eq!(module["source"], "repository", "{value:#}");
        assert_eq!(module["state"], "lock-only", "{value:#}");
    }
    // The cache has what hashed to the sums.
    world.server.take_asked();
    let (code, value) = world.check(&["--offline"]);
    assert_eq!((code, world.server.take_asked().len()), (0, 0), "{value:#}");
}

#[test]
fn a_changed_file_is_named_with_the_line_that_the_tag_has() {
    let world = World::new();
    let path = "vendor/github.com/acme/Lib/lib.go";
    let text = "package lib\n\nfunc Valid() bool { return true }\n";
    world.sandbox.write(path, text);
    let (code, value) = world.check(&[]);
    assert_eq!(code, 1, "{value:#}");
    let problem = &value["trees"][0]["problems"][0];
    assert_eq!(problem["code"], "vendor-changed", "{value:#}");
    assert_eq!(
        (&problem["path"], &problem["line"]),
        (&path.into(), &3.into())
    );
}

#[test]
fn a_tag_that_moved_proves_nothing() {
    let world = World::new();
    let folder = world.server.folder.join("acme/Lib.git");
    fs::write(
        folder.join("lib.go"),
        "package lib\n\nfunc Valid() bool { return true }\n",
    )
    .unwrap();
    let made = Made { folder };
    made.commit("two");
    made.git(&["tag", "-f", "v1.0.0"]);
    let (code, value) = world.check(&[]);
    assert_eq!(code, 3, "{value:#}");
    assert!(
        value.to_string().contains("does not hash to the sum"),
        "{value:#}"
    );
}
