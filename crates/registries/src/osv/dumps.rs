//! Archives of all advisories of an ecosystem, `ECOSYSTEM/all.zip` below an address.

use std::io::{self, Read as _, Write};

use cofferdam_facts::Timestamp;

use crate::http::{Connection, HttpClient, HttpError};

/// Where OSV keeps them.
pub const DUMPS: &str = "https://osv-vulnerabilities.storage.googleapis.com";

/// A place that gives out archives.
#[derive(Clone, Debug)]
pub struct Dumps {
    address: String,
    client: HttpClient,
}

/// An archive that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its address.
    pub address: String,
    /// When it was last changed, as the server says.
    pub last_modified: Option<Timestamp>,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The server answers with another status.
    #[error("{address} answers with status {status}")]
    Status {
        /// The address.
        address: String,
        /// The status.
        status: u16,
    },
    /// The server does not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The archive broke off, or could not be kept.
    #[error("the archive broke off: {0}")]
    Broken(#[from] io::Error),
}

impl Dumps {
    /// The archives below an address.
    ///
    /// # Errors
    /// [`HttpError`] if no client can be set up.
    pub fn new(address: &str, agent: &str, connection: &Connection) -> Result<Self, HttpError> {
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            client: HttpClient::new(agent, connection)?,
        })
    }

    /// Writes the archive of an ecosystem to `out`.
    ///
    /// # Errors
    /// [`DumpError`]; what was written until then is no archive.
    pub fn archive(&self, ecosystem: &str, out: &mut dyn Write) -> Result<Fetched, DumpError> {
        let name = ecosystem.replace(' ', "%20");
        let address = format!("{}/{name}/all.zip", self.address);
        let mut answer = self.client.open(&address, &[])?;
        if answer.status != 200 {
            let status = answer.status;
            return Err(DumpError::Status { address, status });
        }
        let length: Option<u64> = answer.header("content-length").and_then(|n| n.parse().ok());
        let mut count = 0_u64;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = answer.body.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            count += read as u64;
            out.write_all(buffer.get(..read).unwrap_or_default())?;
        }
        if length.is_some_and(|length| length != count) {
            let error = format!("{count} bytes came of {}", length.unwrap_or_default());
            return Err(DumpError::Broken(io::Error::other(error)));
        }
        Ok(Fetched {
            last_modified: answer.header("last-modified").and_then(http_date),
            address,
        })
    }
}

/// A time as HTTP writes it. Source: RFC 9110, section 5.6.7, `IMF-fixdate`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, text) = text.split_once(", ")?;
    let mut words = text.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (time, zone) = (words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    (zone == "GMT").then_some(())?;
    Timestamp::parse_time(&format!("{year}-{month:02}-{day}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::http_date;

    #[test]
    fn dates_of_http_are_read() {
        let seconds = |text| http_date(text).map(|time| time.to_string());
        let read = seconds("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read.as_deref(), Some("1994-11-06T08:49:37Z"));
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "06 Nov 1994",
            "x, 6 Nov 1994 1:1:1 GMT",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
