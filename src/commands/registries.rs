//! Registries of images: what a command line names, and who is asked with what.

use std::fs::File;
use std::time::Duration;

use cofferdam_pipelines::collect::bounded;
use cofferdam_registries::oci::Credentials;

use crate::environment;

/// The most bytes of Docker's configuration.
const MOST_CONFIGURATION: u64 = 1024 * 1024;
/// The most time of a credential helper, which may ask its own server.
const HELPER_TIME: Duration = Duration::from_secs(20);

/// `NAME=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (host, url) = text
        .split_once('=')
        .ok_or("write both with `=` between them")?;
    Ok((host.to_owned(), url.to_owned()))
}

/// The credentials of Docker's configuration. A file that cannot be read leaves
/// everybody a stranger, which registries say where it matters.
pub(super) fn credentials() -> Credentials {
    let Some(path) = environment::docker_configuration() else {
        return Credentials::default();
    };
    let text = File::open(path)
        .and_then(|mut file| bounded(&mut file, MOST_CONFIGURATION))
        .ok()
        .and_then(Result::ok)
        .unwrap_or_default();
    Credentials::of_docker(&text, environment::program_folders(), HELPER_TIME)
}

#[cfg(feature = "images")]
pub(super) use images::{RegistryArgs, RegistryError, digest_of, image};

#[cfg(feature = "images")]
mod images {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use cofferdam_facts::ImageRef;
    use cofferdam_registries::git::Mode;
    use cofferdam_registries::http::{Authority, HttpError};
    use cofferdam_registries::oci::{DOCKER_HUB, OciClient, OciError, Patience, Registries};

    use super::{Duration, File, bounded, credentials, environment, pair};

    /// The most time of one answer of a registry.
    const REGISTRY_TIME: Duration = Duration::from_secs(60);
    /// The most bytes of certificates.
    const MOST_CERTIFICATES: u64 = 1024 * 1024;
    /// What may stand before an image to tell it from a file.
    const SCHEMES: [&str; 2] = ["docker://", "oci://"];

    /// How registries are asked.
    #[derive(Debug, clap::Args)]
    #[command(next_help_heading = "Registries")]
    pub(crate) struct RegistryArgs {
        /// Where a registry is asked in place of its own host: a mirror; may be
        /// given several times.
        #[arg(long, value_name = "HOST=URL", value_parser = pair)]
        registry_url: Vec<(String, String)>,
        /// The other host that gives tokens for a registry and may see its
        /// credentials; may be given several times.
        #[arg(long, value_name = "HOST=HOST", value_parser = pair)]
        token_host: Vec<(String, String)>,
        /// Certificates in PEM of an authority that a registry's own is from,
        /// beside those that the system trusts.
        #[arg(long, value_name = "FILE")]
        registry_ca: Option<PathBuf>,
    }

    /// Why no registry is asked.
    #[derive(Debug, thiserror::Error)]
    pub(crate) enum RegistryError {
        /// A file or an image may be meant.
        #[error("`{0}` is a file and may be an image")]
        Ambiguous(String),
        /// An address, a proxy or certificates cannot be used.
        #[error(transparent)]
        Http(#[from] HttpError),
        /// Certificates cannot be read.
        #[error("{}: {problem}", path.display())]
        File {
            /// The file.
            path: PathBuf,
            /// What is wrong.
            problem: String,
        },
        /// The tag cannot be resolved.
        #[error(transparent)]
        Registry(#[from] OciError),
    }

    impl RegistryError {
        /// Whether the command line is wrong.
        pub(crate) const fn is_usage(&self) -> bool {
            matches!(
                self,
                Self::Ambiguous(_) | Self::Http(_) | Self::Registry(OciError::Name { .. })
            )
        }

        pub(crate) const fn hint(&self) -> Option<&'static str> {
            match self {
                Self::Ambiguous(_) => {
                    Some("write `./` before a file, or `docker://` before an image")
                }
                Self::Registry(OciError::Denied { .. }) => {
                    Some("`docker login HOST` keeps a name and a secret that are used here")
                }
                _ => None,
            }
        }
    }

    /// The image that a target names, if it is none of a file: by a scheme, or
    /// by a host before the first slash.
    pub(crate) fn image(target: &str) -> Result<Option<ImageRef>, RegistryError> {
        if let Some(rest) = SCHEMES.iter().find_map(|one| target.strip_prefix(one)) {
            return Ok(Some(ImageRef::parse(rest)));
        }
        let image = ImageRef::parse(target);
        let Some(host) = image.registry.as_deref() else {
            return Ok(None);
        };
        if !host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[') {
            return Ok(None);
        }
        let named = image.tag.is_some() || image.digest.is_some();
        let is_there = Path::new(target).symlink_metadata().is_ok();
        match (is_there, named) {
            (true, true) => Err(RegistryError::Ambiguous(target.to_owned())),
            (true, false) => Ok(None),
            (false, true) => Ok(Some(image)),
            // A file in a folder that is there was meant.
            (false, false) => Ok((!Path::new(host).exists()).then_some(image)),
        }
    }

    impl RegistryArgs {
        /// A client for the registries that the command line names. Those it may
        /// ask wherever they are, this machine included, which alone is asked
        /// without TLS.
        pub(crate) fn open(&self, images: &[ImageRef]) -> Result<Arc<OciClient>, RegistryError> {
            let mut addresses: BTreeMap<String, String> =
                self.registry_url.iter().cloned().collect();
            for host in images.iter().filter_map(|image| image.registry.as_deref()) {
                if host == DOCKER_HUB || host.ends_with(".docker.io") {
                    continue;
                }
                let scheme = if is_loopback(host) { "http" } else { "https" };
                addresses
                    .entry(host.to_owned())
                    .or_insert_with(|| format!("{scheme}://{host}"));
            }
            let authorities = match &self.registry_ca {
                Some(path) => authorities(path)?,
                None => Vec::new(),
            };
            let registries = Registries {
                addresses,
                credentials: credentials(),
                token_hosts: self.token_host.iter().cloned().collect(),
                authorities,
            };
            let proxy = environment::proxy();
            let client = OciClient::new(
                "cofferdam",
                registries,
                proxy.as_deref(),
                None,
                Mode::Online,
                REGISTRY_TIME,
            )?;
            Ok(Arc::new(client.with_patience(Patience::SOME)))
        }
    }

    /// The digest of an image: its own, or what its tag stands for now.
    pub(crate) fn digest_of(client: &OciClient, image: &ImageRef) -> Result<String, RegistryError> {
        match &image.digest {
            Some(digest) => Ok(digest.to_ascii_lowercase()),
            None => Ok(client.resolve(image)?),
        }
    }

    fn authorities(path: &Path) -> Result<Vec<Authority>, RegistryError> {
        let problem = |problem: String| RegistryError::File {
            path: path.to_owned(),
            problem,
        };
        let mut file = File::open(path).map_err(|error| problem(error.to_string()))?;
        let read = bounded(&mut file, MOST_CERTIFICATES);
        let bytes = read.map_err(|error| problem(error.to_string()))?;
        let bytes = bytes.map_err(|_| problem("it is too large".to_owned()))?;
        Authority::from_pem(&bytes).map_err(|error| problem(error.to_string()))
    }

    /// Whether a host, with or without a port, is this machine.
    fn is_loopback(host: &str) -> bool {
        let bare = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let address: Result<std::net::IpAddr, _> = bare.parse();
        bare == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}
