//! What a signing certificate says of whom it was given to.
//!
//! Read more strictly than the signature needs it: an extension that stands
//! twice or is malformed is refused, since another reader might take the other
//! one, and a certificate names one holder.
//!
//! Source: Fulcio, `docs/oid-info.md`; RFC 5280, section 4.2.

use x509_cert::der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::{Extension, pkix};

use cofferdam_facts::Timestamp;

/// The arc of Fulcio's extensions, `1.3.6.1.4.1.57264.1`.
const FULCIO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
/// The names of the holder, `subjectAltName`.
const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// What is said in a signing certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// To whom it was given.
    pub subject: Subject,
    /// Who vouched for the holder: the address of an OIDC issuer.
    pub issuer: Option<String>,
    /// What is said about the job that holds it.
    pub claims: Claims,
    /// The first second at which it is valid.
    pub not_before: Timestamp,
    /// The last second at which it is valid.
    pub not_after: Timestamp,
}

/// The holder of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An address of mail.
    Email(String),
    /// The address of a workload, such as a workflow at a ref.
    Uri(String),
    /// A name in another form, which nothing here compares.
    Other,
}

impl Subject {
    /// The name, where it is a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Email(text) | Self::Uri(text) => Some(text),
            Self::Other => None,
        }
    }
}

/// Why a certificate is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It is no certificate.
    #[error("the certificate is malformed: {0}")]
    Malformed(#[from] x509_cert::der::Error),
    /// An extension stands in it twice.
    #[error("the certificate has the extension {oid} twice")]
    Repeated {
        /// The extension.
        oid: ObjectIdentifier,
    },
    /// A claim is no text.
    #[error("the claim {oid} of the certificate is no text")]
    Claim {
        /// The extension.
        oid: ObjectIdentifier,
    },
    /// It names nobody, or several.
    #[error("the certificate names {count} holders instead of one")]
    Holders {
        /// How many.
        count: usize,
    },
}

macro_rules! claims {
    ($($number:literal $name:ident $shown:literal $meaning:literal)*) => {
        /// What a certificate says about the job that it was given to. Every
        /// claim may be missing: which are there depends on the issuer and on
        /// the age of the certificate.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Claims {
            $(#[doc = $meaning] pub $name: Option<String>,)*
        }

        impl Claims {
            /// The claims that are there, by name.
            pub fn present(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$(($shown, self.$name.as_deref()),)*]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
            }

            fn of_number(&mut self, number: u32) -> Option<&mut Option<String>> {
                match number {
                    $($number => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

claims! {
    9 build_signer_uri "build-signer-uri" "The workflow whose job signed, with its ref: the called one where one workflow calls another."
    10 build_signer_digest "build-signer-digest" "The commit of the workflow whose job signed."
    11 runner_environment "runner-environment" "`github-hosted` or `self-hosted`."
    12 source_repository_uri "source-repository-uri" "The address of the repository that was built."
    13 source_repository_digest "source-repository-digest" "The commit that was built."
    14 source_repository_ref "source-repository-ref" "The ref that was built."
    15 source_repository_identifier "source-repository-id" "The number of the repository, which outlives its name."
    16 source_repository_owner_uri "source-repository-owner-uri" "The address of the owner."
    17 source_repository_owner_identifier "source-repository-owner-id" "The number of the owner, which outlives its name."
    18 build_config_uri "build-config-uri" "The workflow that was started, with its ref."
    19 build_config_digest "build-config-digest" "The commit of the workflow that was started."
    20 build_trigger "build-trigger" "The event that started it."
    21 run_invocation_uri "run-invocation-uri" "The address of the run."
    22 source_repository_visibility "source-repository-visibility" "`public`, `private` or `internal`, at the time of signing."
    23 deployment_environment "deployment-environment" "The deployment environment of the job."
    24 token_subject "token-subject" "The subject of the token for which the certificate was given."
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`CertificateError`] if it is none, or says something twice.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let fields = &certificate.tbs_certificate;
        let extensions = fields.extensions.as_deref().unwrap_or_default();
        for (index, extension) in extensions.iter().enumerate() {
            let oid = extension.extn_id;
            if extensions
                .iter()
                .skip(index + 1)
                .any(|later| later.extn_id == oid)
            {
                return Err(CertificateError::Repeated { oid });
            }
        }
        let second = |time: &x509_cert::time::Time| {
            let seconds = time.to_unix_duration().as_secs();
            Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
        };
        Ok(Self {
            subject: subject(extensions)?,
            issuer: issuer(extensions)?,
            claims: claims(extensions)?,
            not_before: second(&fields.validity.not_before),
            not_after: second(&fields.validity.not_after),
        })
    }
}

fn subject(extensions: &[Extension]) -> Result<Subject, CertificateError> {
    let Some(names) = extensions
        .iter()
        .find(|extension| extension.extn_id == ALTERNATIVE_NAMES)
    else {
        return Err(CertificateError::Holders { count: 0 });
    };
    let names = pkix::SubjectAltName::from_der(names.extn_value.as_bytes())?;
    match names.0.as_slice() {
        [GeneralName::Rfc822Name(name)] => Ok(Subject::Email(name.to_string())),
        [GeneralName::UniformResourceIdentifier(name)] => Ok(Subject::Uri(name.to_string())),
        [_] => Ok(Subject::Other),
        names => Err(CertificateError::Holders { count: names.len() }),
    }
}

/// The number behind Fulcio's arc.
fn number(oid: &ObjectIdentifier) -> Option<u32> {
    let parent = oid.parent()?;
    let last = oid.arcs().last()?;
    (parent == FULCIO).then_some(last)
}

/// The address of the issuer: extension 8, or extension 1 in certificates of
/// 2022 and before, where it is a bare text.
fn issuer(extensions: &[Extension]) -> Result<Option<String>, CertificateError> {
    let of = |wanted| {
        let is = |extension: &&Extension| number(&extension.extn_id) == Some(wanted);
        extensions.iter().find(is)
    };
    if let Some(extension) = of(8) {
        return text(extension).map(Some);
    }
    let Some(extension) = of(1) else {
        return Ok(None);
    };
    let bytes = extension.extn_value.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(_) => Err(CertificateError::Claim {
            oid: extension.extn_id,
        }),
    }
}

fn claims(extensions: &[Extension]) -> Result<Claims, CertificateError> {
    let mut claims = Claims::default();
    for extension in extensions {
        let claim = number(&extension.extn_id).and_then(|number| claims.of_number(number));
        if let Some(claim) = claim {
            *claim = Some(text(extension)?);
        }
    }
    Ok(claims)
}

/// The text of an extension from the eighth on, a `UTF8String`.
fn text(extension: &Extension) -> Result<String, CertificateError> {
    let bytes = extension.extn_value.as_bytes();
    let oid = extension.extn_id;
    let text = Utf8StringRef::from_der(bytes).map_err(|_| CertificateError::Claim { oid })?;
    // Another way of writing the same text is none that DER allows.
    let again = text.to_der()?;
    if again != bytes {
        return Err(CertificateError::Claim { oid });
    }
    Ok(text.as_str().to_owned())
}
