//! Who called the function, as the envelope's `Identities` tell.
//!
//! App Service authentication is not emulated, so there is always exactly one identity. Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#request-payload>
//! for the shape.

use crate::newtonsoft::{JObject, JToken};

const CLAIMS: &str = "http://schemas.microsoft.com/2017/07/functions/claims/";

/// How a request was authorized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// An anonymous function, called without a key.
    Anonymous,
    /// Core Tools authorizes everything, as an administrator.
    CoreTools,
    /// A function key; the host knows keys by their names.
    FunctionKey {
        /// Usually `default`.
        name: String,
    },
    /// The master key.
    MasterKey,
}

impl Identity {
    /// A `ClaimsIdentity`, as Newtonsoft writes it.
    pub(crate) fn to_token(&self) -> JToken {
        let claims = match self {
            Self::Anonymous => vec![],
            Self::CoreTools => vec![claim("authlevel", "Admin")],
            Self::FunctionKey { name } => vec![
                claim("authlevel", "Function"),
                claim("invoke", "true"),
                claim("keyid", name),
            ],
            Self::MasterKey => vec![
                claim("authlevel", "Admin"),
                claim("invoke", "true"),
                claim("keyid", "master"),
            ],
        };
        let authenticated = *self != Self::Anonymous;
        JObject::default()
            .with(
                "AuthenticationType",
                if authenticated {
                    JToken::from("WebJobsAuthLevel")
                } else {
                    JToken::Null
                },
            )
            .with("IsAuthenticated", JToken::Boolean(authenticated))
            .with("Actor", JToken::Null)
            .with("BootstrapContext", JToken::Null)
            .with("Claims", JToken::Array(claims))
            .with("Label", JToken::Null)
            .with("Name", JToken::Null)
            .with(
                "NameClaimType",
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            )
            .with(
                "RoleClaimType",
                "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
            )
            .into()
    }
}

fn claim(kind: &str, value: &str) -> JToken {
    JObject::default()
        .with("Issuer", "LOCAL AUTHORITY")
        .with("OriginalIssuer", "LOCAL AUTHORITY")
        .with("Properties", JObject::default())
        .with("Type", format!("{CLAIMS}{kind}"))
        .with("Value", value)
        .with("ValueType", "http://www.w3.org/2001/XMLSchema#string")
        .into()
}
