//! Where the token comes from.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    ClientSecretCredential, ClientSecretCredentialOptions, DeveloperToolsCredential,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use secrecy::{ExposeSecret as _, SecretString};

/// How the app signs in to Digital Twins.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// Not at all: a local instance on loopback.
    None,
    /// As the Function App's managed identity.
    ManagedIdentity {
        /// The client id of a user-assigned identity; `None` is the system-assigned one.
        client_id: Option<String>,
    },
    /// As an app registration.
    ClientSecret {
        /// Its tenant.
        tenant_id: String,
        /// Its id.
        client_id: String,
        /// Its secret.
        secret: SecretString,
    },
    /// As whoever is signed in to the Azure CLI or the Azure Developer CLI.
    DeveloperTools,
}

impl SignIn {
    /// The credential, which keeps its token until shortly before that expires. Its calls go over
    /// `http`.
    pub(super) fn credential(
        &self,
        http: &reqwest::Client,
    ) -> azure_core::Result<Option<Arc<dyn TokenCredential>>> {
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::new(http.clone()))),
            ..ClientOptions::default()
        };
        Ok(match self {
            Self::None => None,
            Self::ManagedIdentity { client_id } => Some(ManagedIdentityCredential::new(Some(
                ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    client_options,
                },
            ))?),
            Self::ClientSecret {
                tenant_id,
                client_id,
                secret,
            } => Some(ClientSecretCredential::new(
                tenant_id,
                client_id.clone(),
                secret.expose_secret().to_owned().into(),
                Some(ClientSecretCredentialOptions { client_options }),
            )?),
            Self::DeveloperTools => Some(DeveloperToolsCredential::new(None)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let text = |text: &str| text.to_owned();
        let sign_in = SignIn::ClientSecret {
            tenant_id: text("t"),
            client_id: text("c"),
            secret: text("s3cr3t").into(),
        };
        assert_eq!(
            format!("{sign_in:?}"),
            r#"ClientSecret { tenant_id: "t", client_id: "c", secret: SecretBox<str>([REDACTED]) }"#
        );
    }
}
