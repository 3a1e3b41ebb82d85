//! Images and other targets, as a caller reads them: what is found, and what is
//! refused.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cofferdam_sbom::{
    ArchiveProblem, Document, Files, ImageProblem, Limits, Options, SbomError, read,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const STATUS: &str = "Package: tzdata\nStatus: install ok installed\nVersion: 2024a-0\n\
    Architecture: all\nMaintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>\n\n";
const RELEASE: &str = "ID=debian\nVERSION_ID=\"12\"\n";

fn options() -> Options {
    Options {
        limits: Limits::default(),
        scratch: std::env::temp_dir(),
        files: Files::None,
        platform: None,
        image: None,
        exclude: Vec::new(),
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// An OCI layout in the making.
struct Layout {
    folder: TempDir,
}

impl Layout {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        fs::write(
            folder.path().join("oci-layout"),
            "{\"imageLayoutVersion\":\"1.0.0\"}",
        )
        .unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn blob(&self, hex: &str) -> PathBuf {
        self.path().join("blobs/sha256").join(hex)
    }

    fn put(&self, media_type: &str, bytes: &[u8]) -> Value {
        let hex = digest(bytes);
        fs::write(self.blob(&hex), bytes).unwrap();
        json!({"mediaType": media_type, "digest": format!("sha256:{hex}"), "size": bytes.len()})
    }

    fn layer(&self, bytes: &[u8]) -> Value {
        self.put("application/vnd.oci.image.layer.v1.tar+gzip", &gzip(bytes))
    }

    fn image(&self, layers: &[Value]) -> Value {
        let ids: Vec<String> = layers
            .iter()
            .map(|_| format!("sha256:{}", "0".repeat(64)))
            .collect();
        let configuration = json!({"os": "linux", "architecture": "amd64",
            "created": "2026-01-02T03:04:05.678Z", "rootfs": {"type": "layers", "diff_ids": ids}});
        let configuration = self.put(
            "application/vnd.oci.image.config.v1+json",
            configuration.to_string().as_bytes(),
        );
        let manifest = json!({"schemaVersion": 2, "config": configuration, "layers": layers});
        self.put(
            "application/vnd.oci.image.manifest.v1+json",
            manifest.to_string().as_bytes(),
        )
    }

    fn index(&self, manifests: &[Value]) {
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        fs::write(self.path().join("index.json"), index.to_string()).unwrap();
    }

    fn of_layers(layers: &[Vec<u8>]) -> Self {
        let layout = Self::new();
        let layers: Vec<Value> = layers.iter().map(|bytes| layout.layer(bytes)).collect();
        let image = layout.image(&layers);
        layout.index(&[image]);
        layout
    }

    fn tar(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_dir_all("", self.path()).unwrap();
        builder.into_inner().unwrap()
    }
}

fn purls(document: &Document) -> Vec<&str> {
    document
        .packages
        .iter()
        .map(|entry| entry.purl.as_str())
        .collect()
}

fn base() -> Vec<u8> {
    archive(&[
        ("./etc/os-release", RELEASE.as_bytes()),
        ("./var/lib/dpkg/status", STATUS.as_bytes()),
        (
            "app/node_modules/a/package.json",
            br#"{"name":"a","version":"1.0.0","dependencies":{"b":"*"}}"#,
        ),
        (
            "app/node_modules/b/package.json",
            br#"{"name":"b","version":"2.0.0"}"#,
        ),
        ("app/node_modules/b/yarn.lock", b"# yarn lockfile v1\n"),
    ])
}

const FOUND: [&str; 3] = [
    "pkg:deb/debian/tzdata@2024a-0?arch=all&distro=debian-12",
    "pkg:npm/a@1.0.0",
    "pkg:npm/b@2.0.0",
];

#[test]
fn a_layout_is_read_as_a_folder_as_an_archive_and_as_a_packed_archive() {
    let layout = Layout::of_layers(&[base()]);
    let document = read(layout.path(), &options()).unwrap();
    assert_eq!(purls(&document), FOUND);
    assert!(document.gaps.is_empty());
    assert_eq!(document.edges.iter().copied().collect::<Vec<_>>(), [(1, 2)]);
    assert_eq!(
        document.created.unwrap().to_string(),
        "2026-01-02T03:04:05Z"
    );
    assert_eq!(document.subject.platform.as_deref(), Some("linux/amd64"));
    let file = TempDir::new().unwrap();
    let path = file.path().join("image.tar");
    for bytes in [layout.tar(), gzip(&layout.tar())] {
        fs::write(&path, bytes).unwrap();
        let again = read(&path, &options()).unwrap();
        assert_eq!(purls(&again), FOUND);
        assert_eq!(again.subject.digest, document.subject.digest);
    }
}

#[test]
fn layers_of_every_packing_are_laid_on_top_of_each_other() {
    let layout = Layout::new();
    let gone = archive(&[("app/node_modules/.wh.b", b"")]);
    let newer = archive(&[(
        "app/node_modules/a/package.json",
        br#"{"name":"a","version":"1.1.0"}"#,
    )]);
    let layers = [
        layout.layer(&base()),
        layout.put("application/vnd.oci.image.layer.v1.tar", &gone),
        layout.put("application/vnd.oci.image.layer.v1.tar+zstd", &zstd(&newer)),
    ];
    let image = layout.image(&layers);
    layout.index(&[image]);
    let document = read(layout.path(), &options()).unwrap();
    assert_eq!(purls(&document), [FOUND[0], "pkg:npm/a@1.1.0"]);
}

#[test]
fn several_gzip_members_and_zstd_frames_are_one_layer() {
    let layout = Layout::new();
    let bytes = base();
    let (one, two) = bytes.split_at(700);
    let mut members = gzip(one);
    members.extend(gzip(two));
    let mut frames = zstd(one);
    // A frame that holds no data, as those who seek in layers write it.
    frames.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    frames.extend(zstd(two));
    let layers = [
        layout.put("application/vnd.oci.image.layer.v1.tar+gzip", &members),
        layout.put("application/vnd.oci.image.layer.v1.tar+zstd", &frames),
    ];
    for layer in layers {
        let image = layout.image(&[layer]);
        layout.index(&[image]);
        assert_eq!(purls(&read(layout.path(), &options()).unwrap()), FOUND);
    }
}

#[test]
fn a_blob_that_is_not_what_its_manifest_names_is_refused() {
    let layout = Layout::of_layers(&[base()]);
    let blobs: Vec<PathBuf> = fs::read_dir(layout.path().join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(blobs.len(), 3);
    for path in blobs {
        let whole = fs::read(&path).unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            *bytes.get_mut(at).unwrap() ^= 1;
            fs::write(&path, &bytes).unwrap();
            let error = read(layout.path(), &options()).unwrap_err();
            let digest_differs = matches!(
                &error,
                SbomError::Image { problem: ImageProblem::Digest { .. } | ImageProblem::Content { .. }, blob }
                    if path.ends_with(blob.trim_start_matches("sha256:"))
            );
            assert!(digest_differs, "{at}: {error}");
        }
        for bytes in [
            whole.get(..whole.len() - 3).unwrap().to_vec(),
            [whole.as_slice(), b"x"].concat(),
        ] {
            fs::write(&path, &bytes).unwrap();
            let error = read(layout.path(), &options()).unwrap_err();
            let size = matches!(
                error,
                SbomError::Image {
                    problem: ImageProblem::Size { .. },
                    ..
                }
            );
            assert!(size, "{error}");
        }
        fs::remove_file(&path).unwrap();
        let error = read(layout.path(), &options()).unwrap_err();
        let missing = matches!(
            error,
            SbomError::Image {
                problem: ImageProblem::Missing,
                ..
            }
        );
        assert!(missing, "{error}");
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(purls(&read(layout.path(), &options()).unwrap()), FOUND);
}

#[test]
fn a_truncated_layer_whose_digest_fits_is_refused() {
    let bytes = base();
    let layout = Layout::of_layers(&[bytes.get(..bytes.len() / 3 + 100).unwrap().to_vec()]);
    let error = read(layout.path(), &options()).unwrap_err();
    let truncated = matches!(
        error,
        SbomError::Archive {
            problem: ArchiveProblem::Truncated { .. },
            ..
        }
    );
    assert!(truncated, "{error}");
    let layout = Layout::new();
    let packed = gzip(&bytes);
    let layer = layout.put(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        packed.get(..packed.len() - 20).unwrap(),
    );
    let image = layout.image(&[layer]);
    layout.index(&[image]);
    assert!(matches!(
        read(layout.path(), &options()),
        Err(SbomError::Archive { .. })
    ));
}

#[test]
fn a_gzip_bomb_is_refused() {
    let layout = Layout::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").unwrap();
    header.set_size(64 << 20);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    for _ in 0..64 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100 << 10);
    let layer = layout.put("application/vnd.oci.image.layer.v1.tar+gzip", &bomb);
    let image = layout.image(&[layer]);
    layout.index(&[image]);
    let with = |limits| {
        read(
            layout.path(),
            &Options {
                limits,
                ..options()
            },
        )
    };
    let ratio = with(Limits {
        ratio: 100,
        ratio_from: 1 << 20,
        ..Limits::default()
    })
    .unwrap_err();
    let is_ratio = matches!(
        ratio,
        SbomError::Archive {
            problem: ArchiveProblem::Ratio { .. },
            ..
        }
    );
    assert!(is_ratio, "{ratio}");
    let size = with(Limits {
        unpacked_bytes: 10 << 20,
        ..Limits::default()
    })
    .unwrap_err();
    let is_size = matches!(
        size,
        SbomError::Archive {
            problem: ArchiveProblem::Unpacked { .. },
            ..
        }
    );
    assert!(is_size, "{size}");
    assert!(with(Limits::default()).unwrap().packages.is_empty());
}

#[test]
fn what_is_no_image_is_refused() {
    let layout = Layout::new();
    let layer = layout.put("application/vnd.in-toto+json", b"{}");
    let image = layout.image(&[layer]);
    layout.index(&[image]);
    let error = read(layout.path(), &options()).unwrap_err();
    let media_type = matches!(
        &error,
        SbomError::Image { problem: ImageProblem::MediaType(found), .. } if found == "application/vnd.in-toto+json"
    );
    assert!(media_type, "{error}");
    // It says gzip and is none.
    let plain = layout.put("application/vnd.oci.image.layer.v1.tar+gzip", &base());
    let image = layout.image(&[plain]);
    layout.index(&[image]);
    let error = read(layout.path(), &options()).unwrap_err();
    let content = matches!(
        error,
        SbomError::Image {
            problem: ImageProblem::Content { .. },
            ..
        }
    );
    assert!(content, "{error}");
    // A digest that leads out of the layout.
    layout.index(&[
        json!({"mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": "sha256:../../../etc/passwd", "size": 1}),
    ]);
    let error = read(layout.path(), &options()).unwrap_err();
    let form = matches!(
        error,
        SbomError::Image {
            problem: ImageProblem::DigestForm(_),
            ..
        }
    );
    assert!(form, "{error}");
}

#[test]
fn an_index_in_itself_ends() {
    // A blob cannot hold its own digest, so that a long chain stands for a circle.
    let layout = Layout::new();
    let mut inner = layout.image(&[]);
    for _ in 0..6 {
        let index = json!({"schemaVersion": 2, "manifests": [inner]});
        inner = layout.put(
            "application/vnd.oci.image.index.v1+json",
            index.to_string().as_bytes(),
        );
    }
    layout.index(&[inner]);
    let error = read(layout.path(), &options()).unwrap_err();
    assert!(
        matches!(
            error,
            SbomError::Image {
                problem: ImageProblem::Depth,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn one_of_several_platforms_is_chosen_by_name_alone() {
    let layout = Layout::new();
    let with = |platform: &str, layers: &[Value]| {
        let (os, architecture) = platform.split_once('/').unwrap();
        let mut image = layout.image(layers);
        image["platform"] = json!({"os": os, "architecture": architecture});
        image
    };
    let layer = layout.layer(&base());
    let mut attestation = with("unknown/unknown", &[]);
    attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    layout.index(&[
        with("linux/amd64", &[layer]),
        with("linux/arm64", &[]),
        attestation,
    ]);
    let error = read(layout.path(), &options()).unwrap_err();
    let SbomError::SeveralPlatforms { have } = &error else {
        unreachable!("{error}")
    };
    assert_eq!(have, &["linux/amd64", "linux/arm64"]);
    assert!(error.is_usage());
    let of = |platform: &str| {
        let platform = Some(platform.to_owned());
        read(
            layout.path(),
            &Options {
                platform,
                ..options()
            },
        )
    };
    assert_eq!(purls(&of("linux/amd64").unwrap()), FOUND);
    assert!(of("linux/arm64").unwrap().packages.is_empty());
    assert!(matches!(of("linux/arm"), Err(SbomError::NoPlatform { .. })));
}

/// An archive of `docker save`, in which layers are named after an id of old.
fn saved(layers: &[Vec<u8>], configuration_name: Option<&str>) -> Vec<u8> {
    let ids: Vec<String> = layers
        .iter()
        .map(|bytes| format!("sha256:{}", digest(bytes)))
        .collect();
    let configuration =
        json!({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": ids}}).to_string();
    let name = format!("{}.json", digest(configuration.as_bytes()));
    let name = configuration_name.unwrap_or(&name);
    let paths: Vec<String> = (0..layers.len())
        .map(|at| format!("{at}/layer.tar"))
        .collect();
    let manifest = json!([{"Config": name, "RepoTags": ["o/app:1"], "Layers": paths}]).to_string();
    let mut files: Vec<(&str, &[u8])> = paths
        .iter()
        .zip(layers)
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    files.push((name, configuration.as_bytes()));
    files.push(("manifest.json", manifest.as_bytes()));
    archive(&files)
}

#[test]
fn an_archive_of_docker_save_is_read_and_its_layers_checked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("saved.tar");
    fs::write(
        &path,
        saved(&[base(), archive(&[("app/node_modules/.wh.a", b"")])], None),
    )
    .unwrap();
    let document = read(&path, &options()).unwrap();
    assert_eq!(purls(&document), [FOUND[0], FOUND[2]]);
    assert_eq!(document.subject.name, "o/app:1");
    let other = format!("{}.json", "0".repeat(64));
    fs::write(&path, saved(&[base()], Some(&other))).unwrap();
    let error = read(&path, &options()).unwrap_err();
    assert!(
        matches!(
            error,
            SbomError::Image {
                problem: ImageProblem::Digest { .. },
                ..
            }
        ),
        "{error}"
    );
    // One byte of a layer's content, which no tar header covers.
    let mut bytes = saved(&[base()], None);
    let at = memchr::memmem::find(&bytes, b"Maintainer").unwrap();
    *bytes.get_mut(at).unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = read(&path, &options()).unwrap_err();
    assert!(
        matches!(
            error,
            SbomError::Image {
                problem: ImageProblem::DiffId { .. },
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_packed_chart_is_read_with_the_charts_in_it() {
    let chart = archive(&[
        ("web/Chart.yaml", b"name: web\nversion: 1.2.3\n"),
        (
            "web/Chart.lock",
            b"dependencies:\n- name: redis\n  version: 17.0.0\n  repository: https://c\n",
        ),
        (
            "web/charts/redis/Chart.yaml",
            b"name: redis\nversion: 17.0.0\n",
        ),
        ("web/templates/x.yaml", b"{{ nothing }}\n"),
    ]);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("web-1.2.3.tgz");
    fs::write(&path, gzip(&chart)).unwrap();
    let document = read(&path, &options()).unwrap();
    assert_eq!(
        (
            document.subject.name.as_str(),
            document.subject.version.as_deref()
        ),
        ("web", Some("1.2.3"))
    );
    assert_eq!(
        purls(&document),
        [
            "pkg:helm/redis@17.0.0",
            "pkg:helm/redis@17.0.0?repository_url=https:%2F%2Fc",
            "pkg:helm/web@1.2.3"
        ]
    );
    assert_eq!(document.edges.iter().copied().collect::<Vec<_>>(), [(2, 1)]);
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_a_folder_and_what_cannot_be_read_is_named() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    let outside = folder.path().join("outside/node_modules/x");
    fs::create_dir_all(&outside).unwrap();
    fs::write(
        outside.join("package.json"),
        r#"{"name":"x","version":"1"}"#,
    )
    .unwrap();
    fs::create_dir_all(root.join("node_modules/y")).unwrap();
    fs::write(root.join("node_modules/y/package.json"), "{").unwrap();
    symlink(folder.path().join("outside"), root.join("out")).unwrap();
    symlink(outside.join("package.json"), root.join("package.json")).unwrap();
    symlink(".", root.join("loop")).unwrap();
    fs::write(
        root.join("requirements.txt"),
        "-r out/node_modules/x/package.json\n-r ../outside/r.txt\na==1\n",
    )
    .unwrap();
    let document = read(&root, &options()).unwrap();
    assert_eq!(purls(&document), ["pkg:pypi/a@1"]);
    let gaps: Vec<String> = document
        .gaps
        .iter()
        .map(|gap| format!("{}: {}", gap.path, gap.why))
        .collect();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    assert!(
        gaps.iter()
            .any(|gap| gap.starts_with("node_modules/y/package.json")),
        "{gaps:?}"
    );
    let exclude = vec!["node_modules".to_owned()];
    let document = read(
        &root,
        &Options {
            exclude,
            ..options()
        },
    )
    .unwrap();
    assert_eq!(document.gaps.len(), 2);
    // A blob that is a link.
    let layout = Layout::of_layers(&[base()]);
    let index = layout.path().join("index.json");
    let moved = folder.path().join("index.json");
    fs::rename(&index, &moved).unwrap();
    symlink(&moved, &index).unwrap();
    let error = read(layout.path(), &options()).unwrap_err();
    assert!(matches!(error, SbomError::File { .. }), "{error}");
}

#[test]
fn the_same_target_gives_the_same_bytes_whatever_the_number_of_threads() {
    let layout = Layout::of_layers(&[
        base(),
        archive(&[("x/lib/apk/db/installed", b"P:a\nV:1\n\n")]),
    ]);
    let written = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let document = read(
                layout.path(),
                &Options {
                    files: Files::All,
                    ..options()
                },
            )
            .unwrap();
            [
                cofferdam_sbom::formats::Format::SpdxJson,
                cofferdam_sbom::formats::Format::CyclonedxJson,
            ]
            .map(|format| {
                let mut out = Vec::new();
                cofferdam_sbom::formats::write(&document, format, None, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            })
        })
    };
    let first = written(1);
    assert!(
        first
            .iter()
            .all(|text| text.contains("var/lib/dpkg/status"))
    );
    for threads in [1, 2, 8] {
        assert_eq!(written(threads), first);
    }
}
