//! The queue service: sending a message as the host does, and reading what tests look at.
//!
//! Source: <https://learn.microsoft.com/rest/api/storageservices/put-message>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use crate::account::Account;
use crate::client::{ServiceClient, ServiceRequest};
use crate::error::StorageError;
use crate::retry::Retry;
use crate::shared_key;

/// The most that one request takes out of a queue.
const BATCH: &str = "32";

/// The queues of an account.
#[derive(Clone, Debug)]
pub struct Queues {
    client: ServiceClient,
}

impl Queues {
    /// A client for the queues of an account.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(account: Account, retry: Retry) -> Result<Self, StorageError> {
        let client = ServiceClient::new(account, shared_key::for_blobs, retry)?;
        Ok(Self { client })
    }

    /// Makes a queue, unless it is there.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn create(&self, queue: &str) -> Result<(), StorageError> {
        let answer = self.client.send(&self.request(Method::PUT, queue)?).await?;
        if answer.is_success() || answer.status == 409 {
            return Ok(());
        }
        Err(answer.refusal_in_xml())
    }

    /// Sends a message, which travels as base64.
    ///
    /// # Errors
    /// The store refuses (also when there is no such queue), or doesn't answer.
    pub async fn send(&self, queue: &str, message: &[u8]) -> Result<(), StorageError> {
        let text = STANDARD.encode(message);
        let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let request = self
            .request(Method::POST, &format!("{queue}/messages"))?
            .body("application/xml", body.into_bytes());
        let answer = self.client.send(&request).await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(answer.refusal_in_xml())
    }

    /// Takes the first messages out of a queue, each as the base64 that it travels as.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn receive(&self, queue: &str) -> Result<Vec<String>, StorageError> {
        let request = self
            .request(Method::GET, &format!("{queue}/messages"))?
            .query("numofmessages", BATCH);
        let answer = self.client.send(&request).await?;
        if !answer.is_success() {
            return Err(answer.refusal_in_xml());
        }
        Ok(message_texts(&String::from_utf8_lossy(&answer.body)))
    }

    fn request(&self, method: Method, resource: &str) -> Result<ServiceRequest, StorageError> {
        let endpoint = &self.client.account().queue_endpoint;
        ServiceRequest::new(method, &format!("{endpoint}/{resource}"))
    }
}

/// The texts of a list of messages. Base64 needs no escapes, so the elements are found by their
/// tags.
fn message_texts(list: &str) -> Vec<String> {
    let messages = list.split("<QueueMessage>").skip(1);
    let texts = messages.map(|message| {
        let text = message.split_once("<MessageText>");
        let text = text.and_then(|(_, rest)| rest.split_once("</MessageText>"));
        text.map(|(text, _)| text.to_owned()).unwrap_or_default()
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_the_services_list() {
        let list = "<QueueMessagesList><QueueMessage><MessageId>1</MessageId><MessageText>eA==</MessageText></QueueMessage>\
                    <QueueMessage><MessageText/></QueueMessage></QueueMessagesList>";
        assert_eq!(message_texts(list), ["eA==", ""]);
        assert!(message_texts("<QueueMessagesList />").is_empty());
    }
}
