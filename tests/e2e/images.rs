//! Images of a real registry that a publisher signs, and whoever verifies them.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cofferdam_test_sigstore::{Sigstore, github_job};
use serde_json::{Value, json};

use crate::git_backend::{Answer, GitServer, response};
use crate::image_registry::ImageRegistry;
use crate::sandbox::{Ran, Sandbox};

const REPOSITORY: &str = "owner/project";
const WORKFLOW: &str = ".github/workflows/release.yml";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

struct Images {
    sigstore: Sigstore,
    sandbox: Sandbox,
    registry: ImageRegistry,
}

impl Images {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.outside().join("registry-of-images");
        std::fs::create_dir(&folder).unwrap();
        let images = Self {
            sigstore: Sigstore::start(),
            registry: ImageRegistry::start(&folder, ""),
            sandbox,
        };
        let root = images.sigstore.trusted_root().to_string();
        images.sandbox.write("root.json", root);
        let config = images.sigstore.signing_config(false).to_string();
        images.sandbox.write("services.json", config);
        images.as_job("refs/tags/v1.0.0");
        images
    }

    /// From now on, a job of this ref signs.
    fn as_job(&self, git_ref: &str) {
        let job = github_job(REPOSITORY, WORKFLOW, git_ref, &"a".repeat(40));
        self.sandbox.write("token", self.sigstore.token(&job));
    }

    fn release(&self, what: &[&str]) -> Ran {
        let services = [
            "--identity-token-file",
            "token",
            "--signing-config",
            "services.json",
            "--trusted-root",
            "root.json",
        ];
        self.sandbox.run(&[&["release"], what, &services].concat())
    }

    fn verify(&self, image: &str, more: &[&str]) -> Ran {
        let url = self.sigstore.url();
        let identity = [
            "verify",
            image,
            "--trusted-root",
            "root.json",
            "--repo",
            REPOSITORY,
            "--workflow",
            WORKFLOW,
            "--issuer",
            &url,
        ];
        self.sandbox.run(&[&identity, more].concat())
    }

    /// `HOST/app` with a tag or a digest.
    fn name(&self, rest: &str) -> String {
        format!("{}/app{rest}", self.registry.host)
    }

    /// An image of one layer, for one machine: its descriptor.
    fn image(&self, architecture: &str) -> Value {
        let mut tar = tar(&[("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x\n\n")]);
        tar.extend_from_slice(&[0; 1024]);
        let layer = self.registry.blob("app", &tar);
        let config = json!({
            "architecture": architecture, "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": [layer] },
        })
        .to_string();
        let bytes = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {
                "mediaType": CONFIG, "size": config.len(),
                "digest": self.registry.blob("app", config.as_bytes()),
            },
            "layers": [{ "mediaType": LAYER, "size": tar.len(), "digest": layer }],
        })
        .to_string();
        let digest = self
            .registry
            .manifest("app", architecture, MANIFEST, bytes.as_bytes());
        json!({
            "mediaType": MANIFEST, "size": bytes.len(), "digest": digest,
            "platform": { "os": "linux", "architecture": architecture },
        })
    }

    /// An index under a tag: its digest.
    fn index(&self, tag: &str, manifests: &[Value]) -> String {
        let bytes = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let bytes = bytes.to_string();
        self.registry.manifest("app", tag, INDEX, bytes.as_bytes())
    }
}

/// An archive of small files, without its end.
fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mut head = [0_u8; 512];
        let mut put = |at: usize, text: &str| {
            (&mut head[at..]).write_all(text.as_bytes()).unwrap();
        };
        put(0, name);
        put(100, "0000644\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{:011o}\0", content.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\u{0}00");
        let sum: u32 = head.iter().map(|&byte| u32::from(byte)).sum();
        (&mut head[148..])
            .write_all(format!("{sum:06o}\0 ").as_bytes())
            .unwrap();
        out.extend_from_slice(&head);
        out.extend_from_slice(content.as_bytes());
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out
}

#[test]
fn an_image_is_signed_by_digest_and_verified_by_its_tag() {
    let images = Images::new();
    images.image("amd64");
    let tag = images.name(":amd64");
    // Nobody has signed it yet.
    let ran = images.verify(&tag, &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("no signature"), "{}", ran.out);
    let ran = images.release(&["sign", &tag]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("app@sha256:"), "{}", ran.out);
    let ran = images.verify(&tag, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let bundle = &value["artifacts"][0]["bundles"][0];
    assert_eq!(
        bundle["predicate_type"],
        "https://sigstore.dev/cosign/sign/v1"
    );
    // A second one, by a branch, is of somebody else.
    images.as_job("refs/heads/main");
    assert_eq!(images.release(&["sign", &tag]).code, 0);
    let ran = images.verify(&tag, &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("refs/heads/main"), "{}", ran.out);
    // The tag moves to what nobody has signed.
    images.registry.push("app", "amd64", "evil");
    assert_eq!(images.verify(&tag, &[]).code, 1);
}

#[test]
fn an_index_covers_what_it_names_and_each_is_signed_with_it() {
    let images = Images::new();
    let both = [images.image("amd64"), images.image("arm64")];
    let digest = images.index("1", &both);
    let ran = images.release(&["sign", &images.name(":1")]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
    let image = images.name(&format!("@{digest}"));
    let ran = images.verify(&image, &["--platforms", "signed"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for words in ["(linux/amd64): passed", "(linux/arm64): passed"] {
        assert!(ran.out.contains(words), "{}", ran.out);
    }
    // An index that is signed names one that is not signed itself.
    let third = images.image("s390x");
    images.index("2", std::slice::from_ref(&third));
    let tag = images.name(":2");
    assert_eq!(images.verify(&tag, &[]).code, 1);
    // A statement of the index alone: signed as a file by its digest, pushed by nobody else.
    let ran = images.release(&["sign", &tag]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let fourth = images.index("3", &[third, images.image("riscv64")]);
    assert_ne!(fourth, digest);
    // One of the two it names is signed by what was signed before, and the index is not.
    let ran = images.verify(&images.name(":3"), &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
}

#[test]
fn an_index_that_lies_about_what_it_names_fails() {
    let images = Images::new();
    let mut one = images.image("amd64");
    one["size"] = 1.into();
    images.index("lies", &[one.clone()]);
    let tag = images.name(":lies");
    // It is not signed unseen, and fails when verified.
    let ran = images.release(&["sign", &tag]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let ran = images.verify(&tag, &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("the index says 1 bytes"), "{}", ran.out);
    one["size"] = 2.into();
    one["mediaType"] = INDEX.into();
    images.index("lies", &[one]);
    assert_eq!(images.verify(&tag, &[]).code, 1);
}

#[test]
fn a_statement_is_demanded_of_every_image() {
    let images = Images::new();
    images.index("1", &[images.image("amd64"), images.image("arm64")]);
    let tag = images.name(":1");
    assert_eq!(images.release(&["sign", &tag]).code, 0);
    let demanded = ["--type", "https://cyclonedx.org/bom"];
    let ran = images.verify(&tag, &demanded);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    images
        .sandbox
        .write("sbom.json", r#"{"bomFormat":"CycloneDX"}"#);
    // One of two platforms is not every image.
    let attest = |image: &str| {
        let attest = [
            "attest",
            "--type",
            "cyclonedx",
            "--predicate",
            "sbom.json",
            image,
        ];
        let ran = images.release(&attest);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    };
    attest(&images.name(":amd64"));
    assert_eq!(images.verify(&tag, &demanded).code, 1);
    attest(&images.name(":arm64"));
    let ran = images.verify(&tag, &demanded);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn what_cosign_2_has_signed_is_verified() {
    let images = Images::new();
    let digest = images.image("amd64")["digest"].as_str().unwrap().to_owned();
    let tag = images.name(":amd64");
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": "" },
            "image": { "docker-manifest-digest": digest },
            "type": "cosign container image signature",
        },
        "optional": null,
    })
    .to_string();
    images.sandbox.write("payload", &payload);
    let ran = images.release(&["sign", "payload"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let bundle = std::fs::read_to_string(images.sandbox.path("payload.sigstore.json")).unwrap();
    let bundle: Value = serde_json::from_str(&bundle).unwrap();
    let material = &bundle["verificationMaterial"];
    let entry = &material["tlogEntries"][0];
    let number = |value: &Value| value.as_str().unwrap().parse::<i64>().unwrap();
    let key = BASE64
        .decode(entry["logId"]["keyId"].as_str().unwrap())
        .unwrap();
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let log = json!({
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": number(&entry["integratedTime"]),
            "logIndex": number(&entry["logIndex"]),
            "logID": key,
        },
    });
    let certificate = material["certificate"]["rawBytes"].as_str().unwrap();
    let push = |payload: &str| {
        let config = "{}";
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {
                "mediaType": CONFIG, "size": config.len(),
                "digest": images.registry.blob("app", config.as_bytes()),
            },
            "layers": [{
                "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
                "size": payload.len(),
                "digest": images.registry.blob("app", payload.as_bytes()),
                "annotations": {
                    "dev.cosignproject.cosign/signature": bundle["messageSignature"]["signature"],
                    "dev.sigstore.cosign/certificate": format!(
                        "-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"
                    ),
                    "dev.sigstore.cosign/bundle": log.to_string(),
                },
            }],
        });
        let name = format!("{}.sig", digest.replace(':', "-"));
        let bytes = manifest.to_string();
        images
            .registry
            .manifest("app", &name, MANIFEST, bytes.as_bytes());
    };
    push(&payload);
    let ran = images.verify(&tag, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(".sig, payload sha256:"), "{}", ran.out);
    // The same signature over words about another image, and over other words about this one.
    for other in [
        payload.replace(&digest[..20], "sha256:0000000000000"),
        payload.replace("null", "{}"),
    ] {
        push(&other);
        let ran = images.verify(&tag, &[]);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    }
}

#[test]
fn every_tag_is_looked_at_and_one_that_moves_is_seen() {
    let images = Images::new();
    images.image("amd64");
    images.image("arm64");
    let repository = images.name("");
    for tag in [":amd64", ":arm64"] {
        assert_eq!(images.release(&["sign", &images.name(tag)]).code, 0);
    }
    let all = ["--all-tags", "--since", "tags.json"];
    // Nothing is known of the last time, and that is no result.
    assert_eq!(images.verify(&repository, &all).code, 3);
    let write = [&all[..], &["--write"]].concat();
    let ran = images.verify(&repository, &write);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let known = std::fs::read_to_string(images.sandbox.path("tags.json")).unwrap();
    let known: Value = serde_json::from_str(&known).unwrap();
    // The tags of signatures are none of the project's.
    assert_eq!(known["tags"].as_object().unwrap().len(), 2, "{known}");
    // Their names are said, since anybody could give one to an image.
    let aside = ran
        .err
        .lines()
        .find(|line| line.contains("hold signatures"));
    assert!(aside.unwrap().contains("sha256-"), "{}", ran.err);
    assert_eq!(images.verify(&repository, &all).code, 0);
    // It moves to what the same signer has signed.
    let other = images.index("amd64", &[images.image("arm64")]);
    let ran = images.release(&["sign", &images.name(&format!("@{other}"))]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(images.verify(&images.name(":amd64"), &[]).code, 0);
    let ran = images.verify(&repository, &all);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("the tag has moved"), "{}", ran.out);
    // One more that nobody has signed.
    images.image("s390x");
    let ran = images.verify(&repository, &["--all-tags", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let failed = value["artifacts"].as_array().unwrap().iter();
    let failed = failed.filter(|one| one["outcome"] == "failed");
    assert_eq!(failed.count(), 1, "{}", ran.out);
    let ran = images.verify(&images.name(":amd64"), &["--all-tags"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    images.sandbox.write(
        "tags.json",
        r#"{"version":1,"repository":"other","tags":{}}"#,
    );
    assert_eq!(images.verify(&repository, &all).code, 3);
}

#[test]
fn a_registry_that_does_not_answer_leaves_the_image_not_checked() {
    let images = Images::new();
    images.image("amd64");
    assert_eq!(images.release(&["sign", &images.name(":amd64")]).code, 0);
    let behind = images.registry.host.clone();
    let server = GitServer::start(&images.sandbox.outside());
    // Everything as it is, but for who refers to the image.
    server.decide(move |asked| {
        if asked.path.contains("/referrers/") {
            return Answer::Raw(response("500 Broken", &[], b""));
        }
        let mut stream = std::net::TcpStream::connect(&behind).unwrap();
        let accept = asked.headers.iter().find(|(name, _)| name == "accept");
        let accept = accept.map_or("*/*", |(_, value)| value);
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: {behind}\r\naccept: {accept}\r\nconnection: close\r\n\r\n",
            asked.method, asked.path
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
        Answer::Raw(answer)
    });
    let host = server.root.strip_prefix("http://").unwrap();
    let ran = images.verify(&format!("{host}/app:amd64"), &[]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("status 500"), "{}", ran.out);
    // Nobody is there at all, or no such image.
    let ran = images.verify("127.0.0.1:9/app:1", &[]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let ran = images.verify(&images.name(":none"), &[]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    // A file that is there and may be an image.
    images.sandbox.write("r.example/app:1", "a file");
    let ran = images.verify("r.example/app:1", &[]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
}

#[test]
fn an_image_of_a_registry_is_looked_into_as_its_layers_come() {
    let images = Images::new();
    images.index("1", &[images.image("amd64"), images.image("arm64")]);
    let tag = images.name(":1");
    // Which platform is not guessed.
    let ran = images.sandbox.run(&["release", "sbom", &tag]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    let sbom = |format: &str| {
        let args = [
            "release",
            "sbom",
            &tag,
            "--platform",
            "linux/arm64",
            "--format",
            format,
        ];
        let ran = images.sandbox.run(&args);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.out
    };
    assert!(sbom("spdx-json").contains("pkg:apk/"));
    assert_eq!(sbom("cyclonedx-json"), sbom("cyclonedx-json"));
}
