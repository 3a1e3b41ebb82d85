//! A real registry of images on this machine: the distribution project's own,
//! with images that the tests push.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// What `cargo xtask test` has built, or what is installed.
fn program() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = folder.ancestors();
    let built = above.find_map(|folder| {
        let program = folder.join("target/peers/registry/registry");
        program.is_file().then_some(program)
    });
    built.unwrap_or_else(|| PathBuf::from("docker-registry"))
}

/// A registry that runs until the test ends.
pub(crate) struct ImageRegistry {
    /// As it stands in names of images.
    pub(crate) host: String,
    child: Child,
}

impl Drop for ImageRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl ImageRegistry {
    /// Keeps its images below a folder. `auth` is its `auth:` section.
    pub(crate) fn start(folder: &Path, auth: &str) -> Self {
        // A port that was free a moment ago.
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let host = format!("127.0.0.1:{port}");
        let configuration = folder.join("registry.yml");
        let data = folder.join("registry");
        std::fs::write(
            &configuration,
            format!(
                "version: 0.1\nlog: {{level: error}}\n\
                 storage: {{filesystem: {{rootdirectory: {}}}}}\n\
                 http: {{addr: \"{host}\"}}\n{auth}",
                data.display()
            ),
        )
        .unwrap();
        let child = Command::new(program())
            .arg("serve")
            .arg(&configuration)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            panic!("`cargo xtask test` builds the registry; or install Debian's docker-registry");
        };
        let begun = Instant::now();
        while TcpStream::connect(&host).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "it does not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { host, child }
    }

    /// Pushes an image with one empty configuration and no layers, and gives its
    /// digest. `words` makes it another one.
    pub(crate) fn push(&self, repository: &str, tag: &str, words: &str) -> String {
        let config =
            format!("{{\"architecture\":\"amd64\",\"os\":\"linux\",\"author\":{words:?}}}");
        let digest = self.blob(repository, config.as_bytes());
        let kind = "application/vnd.docker.distribution.manifest.v2+json";
        let manifest = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"{kind}\",\"config\":{{\"mediaType\":\
             \"application/vnd.docker.container.image.v1+json\",\"size\":{},\"digest\":\"{digest}\"}},\
             \"layers\":[]}}",
            config.len()
        );
        self.manifest(repository, tag, kind, manifest.as_bytes())
    }

    /// Pushes a blob, and gives its digest.
    pub(crate) fn blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = format!("sha256:{}", hex(&Sha256::digest(bytes)));
        let (_, head) = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), "", b"");
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("Location: "))
            .unwrap();
        let target = location
            .split_once(&self.host)
            .map_or(location, |(_, path)| path);
        let join = if target.contains('?') { '&' } else { '?' };
        let target = format!("{target}{join}digest={digest}");
        let (status, head) = self.send("PUT", &target, "application/octet-stream", bytes);
        assert_eq!(status, 201, "{head}");
        digest
    }

    /// Pushes a manifest, and gives its digest.
    pub(crate) fn manifest(
        &self,
        repository: &str,
        reference: &str,
        kind: &str,
        bytes: &[u8],
    ) -> String {
        let target = format!("/v2/{repository}/manifests/{reference}");
        let (status, head) = self.send("PUT", &target, kind, bytes);
        assert_eq!(status, 201, "{head}");
        format!("sha256:{}", hex(&Sha256::digest(bytes)))
    }

    fn send(&self, method: &str, target: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut reader = BufReader::new(stream);
        let mut status = String::new();
        reader.read_line(&mut status).unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        (status, rest.replace("\r\n", "\n"))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
