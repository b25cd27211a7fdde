//! The blob service: reading one blob as the host does, and writing what tests and examples need.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use crate::account::Account;
use crate::client::{ServiceClient, ServiceRequest};
use crate::error::StorageError;
use crate::retry::Retry;
use crate::shared_key;

/// What stands for itself in a blob's path.
const PATH: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The blobs of an account.
#[derive(Clone, Debug)]
pub struct Blobs {
    client: ServiceClient,
}

impl Blobs {
    /// A client for the blobs of an account.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(account: Account, retry: Retry) -> Result<Self, StorageError> {
        let client = ServiceClient::new(account, shared_key::for_blobs, retry)?;
        Ok(Self { client })
    }

    /// The content of a blob; `None` when there is no such blob or no such container.
    ///
    /// The host looks twice before it reads, so a blob costs three requests, and one that isn't
    /// there costs one.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn read(&self, container: &str, blob: &str) -> Result<Option<Vec<u8>>, StorageError> {
        for method in [Method::HEAD, Method::HEAD] {
            let answer = self
                .client
                .send(&self.request(method, container, blob)?)
                .await?;
            if answer.status == 404 {
                return Ok(None);
            }
            if !answer.is_success() {
                return Err(answer.refusal_in_xml());
            }
        }
        let answer = self
            .client
            .send(&self.request(Method::GET, container, blob)?)
            .await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(answer.body)),
            _ => Err(answer.refusal_in_xml()),
        }
    }

    /// Makes a container, unless it is there.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn create_container(&self, container: &str) -> Result<(), StorageError> {
        let request = self
            .request(Method::PUT, container, "")?
            .query("restype", "container");
        let answer = self.client.send(&request).await?;
        if answer.is_success() || answer.status == 409 {
            return Ok(());
        }
        Err(answer.refusal_in_xml())
    }

    /// Writes a blob, over one that is there.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn write(
        &self,
        container: &str,
        blob: &str,
        content: Vec<u8>,
    ) -> Result<(), StorageError> {
        let request = self
            .request(Method::PUT, container, blob)?
            .header("x-ms-blob-type", "BlockBlob")
            .body("application/octet-stream", content);
        let answer = self.client.send(&request).await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(answer.refusal_in_xml())
    }

    fn request(
        &self,
        method: Method,
        container: &str,
        blob: &str,
    ) -> Result<ServiceRequest, StorageError> {
        let endpoint = &self.client.account().blob_endpoint;
        let separator = if blob.is_empty() { "" } else { "/" };
        let path = format!("{container}{separator}{blob}");
        let path = utf8_percent_encode(&path, &PATH);
        ServiceRequest::new(method, &format!("{endpoint}/{path}"))
    }
}
