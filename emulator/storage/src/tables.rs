//! The table service: one query as the host makes it, and writing what tests and examples need.
//!
//! Source: <https://learn.microsoft.com/rest/api/storageservices/query-entities>.

use indexmap::IndexMap;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::account::Account;
use crate::client::{ServiceAnswer, ServiceClient, ServiceRequest};
use crate::error::StorageError;
use crate::retry::Retry;
use crate::shared_key;

const JSON: &str = "application/json";

/// An entity as the service sends it, with its annotations (`NAME@odata.type`), in the service's
/// order.
pub type Entity = IndexMap<String, Value>;

/// The tables of an account.
#[derive(Clone, Debug)]
pub struct Tables {
    client: ServiceClient,
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Entity>,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(rename = "odata.error")]
    error: OdataError,
}

#[derive(Deserialize)]
struct OdataError {
    message: OdataMessage,
}

#[derive(Deserialize)]
struct OdataMessage {
    value: String,
}

impl Tables {
    /// A client for the tables of an account.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(account: Account, retry: Retry) -> Result<Self, StorageError> {
        let client = ServiceClient::new(account, shared_key::for_tables, retry)?;
        Ok(Self { client })
    }

    /// The entities that a filter selects, all of them or the first `top`. An empty filter selects
    /// every entity.
    ///
    /// # Errors
    /// The store refuses (also when there is no such table), or doesn't answer.
    pub async fn query(
        &self,
        table: &str,
        filter: &str,
        top: Option<usize>,
    ) -> Result<Vec<Entity>, StorageError> {
        let mut entities = Vec::new();
        let mut next: Option<(String, String)> = None;
        loop {
            let mut request = self
                .request(Method::GET, &format!("{table}()"))?
                .header("dataserviceversion", "3.0");
            if !filter.is_empty() {
                request = request.query("$filter", filter);
            }
            if let Some(top) = top {
                request = request.query("$top", &top.to_string());
            }
            if let Some((partition, row)) = &next {
                request = request
                    .query("NextPartitionKey", partition)
                    .query("NextRowKey", row);
            }
            let answer = self.client.send(&request).await?;
            if !answer.is_success() {
                return Err(refusal(&answer));
            }
            let page: Page = serde_json::from_slice(&answer.body)
                .map_err(|error| StorageError::Unreadable(error.to_string()))?;
            entities.extend(page.value);
            let continuation = |name: &str| {
                let header = answer.header(&format!("x-ms-continuation-{name}"));
                header.map(str::to_owned)
            };
            next = continuation("NextPartitionKey")
                .map(|key| (key, continuation("NextRowKey").unwrap_or_default()));
            if let Some(top) = top
                && entities.len() >= top
            {
                entities.truncate(top);
                return Ok(entities);
            }
            if next.is_none() {
                return Ok(entities);
            }
        }
    }

    /// Makes a table, unless it is there.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn create_table(&self, table: &str) -> Result<(), StorageError> {
        let body = serde_json::json!({ "TableName": table }).to_string();
        let request = self
            .request(Method::POST, "Tables")?
            .header("prefer", "return-no-content")
            .body(JSON, body.into_bytes());
        let answer = self.client.send(&request).await?;
        if answer.is_success() || answer.status == 409 {
            return Ok(());
        }
        Err(refusal(&answer))
    }

    /// Writes an entity, the text of a JSON object, over one with the same keys.
    ///
    /// # Errors
    /// The store refuses, or doesn't answer.
    pub async fn write(
        &self,
        table: &str,
        partition_key: &str,
        row_key: &str,
        entity: &str,
    ) -> Result<(), StorageError> {
        let quoted = |key: &str| {
            let doubled = key.replace('\'', "''");
            percent_encoding::utf8_percent_encode(&doubled, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let resource = format!(
            "{table}(PartitionKey='{}',RowKey='{}')",
            quoted(partition_key),
            quoted(row_key)
        );
        let request = self
            .request(Method::PUT, &resource)?
            .body(JSON, entity.as_bytes().to_vec());
        let answer = self.client.send(&request).await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(refusal(&answer))
    }

    fn request(&self, method: Method, resource: &str) -> Result<ServiceRequest, StorageError> {
        let endpoint = &self.client.account().table_endpoint;
        let request = ServiceRequest::new(method, &format!("{endpoint}/{resource}"))?;
        Ok(request.header("accept", "application/json;odata=minimalmetadata"))
    }
}

/// The service's own sentence; what follows it are ids of the request.
fn refusal(answer: &ServiceAnswer) -> StorageError {
    let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
    let message = body.map(|body| body.error.message.value);
    let first_line = message
        .as_deref()
        .and_then(|message| message.lines().next());
    answer.refusal(first_line.map(str::to_owned))
}
