//! The example's app with one of its `function.json` files, and a store with rows behind it.

use std::path::{Path, PathBuf};

use functions_host::{FunctionsHost, HostOptions, HttpRequest, Invocation};
use provisioning::AllocationRequest;
use serde_json::{Map, Value, json};
use storage::azurite::{Azurite, Installation};
use storage::{Blobs, Retry, Tables};
use tempfile::TempDir;

/// The setting in which the connection of tables and blobs is.
pub(crate) const CONNECTION: &str = "AllocationStore";

/// The example's folder.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rows-from-a-database")
}

/// Azurite, unless this machine has no npm to install it with.
pub(crate) async fn azurite() -> Option<Azurite> {
    let installation = Installation::for_tests(env!("CARGO_TARGET_TMPDIR")).await?;
    Some(
        installation
            .start(storage::Ports::default(), None)
            .await
            .unwrap(),
    )
}

/// What the example has a `function.json` for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Table,
    Blob,
    CosmosDb,
    Sql,
}

impl Store {
    pub(crate) const ALL: [Self; 4] = [Self::Table, Self::Blob, Self::CosmosDb, Self::Sql];

    fn function_json(self) -> &'static str {
        match self {
            Self::Table => "function.json",
            Self::Blob => "others/blob.json",
            Self::CosmosDb => "others/cosmos-db.json",
            Self::Sql => "others/sql.json",
        }
    }

    /// The member of a row that holds the device's id.
    fn id_member(self) -> &'static str {
        match self {
            Self::Table => "PartitionKey",
            Self::Blob | Self::CosmosDb => "id",
            Self::Sql => "DeviceId",
        }
    }

    pub(crate) fn needs_azurite(self) -> bool {
        matches!(self, Self::Table | Self::Blob)
    }

    /// The example's app as its README says that it is set up for this store.
    pub(crate) fn app(self) -> TempDir {
        let (example, app) = (example(), tempfile::tempdir().unwrap());
        for file in ["host.json", "local.settings.json"] {
            std::fs::copy(example.join(file), app.path().join(file)).unwrap();
        }
        let function = app.path().join("HttpTrigger1");
        std::fs::create_dir(&function).unwrap();
        let chosen = example.join("HttpTrigger1").join(self.function_json());
        std::fs::copy(chosen, function.join("function.json")).unwrap();
        let policy = std::fs::read_to_string(example.join("allocation.json")).unwrap();
        let policy = policy.replace("PartitionKey", self.id_member());
        std::fs::write(app.path().join("allocation.json"), policy).unwrap();
        app
    }

    /// Writes the rows of these devices, and says how the host finds them.
    pub(crate) async fn fill(
        self,
        app: &TempDir,
        azurite: Option<&Azurite>,
        devices: &[(&str, Value)],
    ) -> HostOptions {
        let options = options(app.path());
        let row = |(id, members): &(&str, Value)| {
            let mut row: Map<String, Value> = members.as_object().unwrap().clone();
            let member = self.id_member().to_owned();
            // A row may claim to be another device's.
            row.entry(member).or_insert_with(|| (*id).into());
            row
        };
        let rows: Vec<_> = devices.iter().map(row).collect();
        match (self, azurite) {
            (Self::Table, Some(azurite)) => {
                let tables = Tables::new(azurite.account(), Retry::TABLES).unwrap();
                tables.create_table("Devices").await.unwrap();
                for ((id, _), mut row) in devices.iter().zip(rows) {
                    row.insert("RowKey".to_owned(), "allocation".into());
                    let text = Value::Object(row).to_string();
                    let written = tables.write("Devices", id, "allocation", &text).await;
                    written.unwrap();
                }
            }
            (Self::Blob, Some(azurite)) => {
                let blobs = Blobs::new(azurite.account(), Retry::BLOBS).unwrap();
                blobs.create_container("devices").await.unwrap();
                for ((id, _), row) in devices.iter().zip(rows) {
                    let text = Value::Object(row).to_string();
                    let name = format!("{id}.json");
                    let written = blobs.write("devices", &name, text.into()).await;
                    written.unwrap();
                }
            }
            _ => {
                let file = app.path().join("rows.json");
                let stores = json!({
                    "cosmosDB": {"fleet/devices": rows}, "sql": {"dbo.Devices": rows}
                });
                std::fs::write(&file, stores.to_string()).unwrap();
                return options.rows_file(file);
            }
        }
        options.env(CONNECTION, azurite.unwrap().connection_string())
    }
}

/// The options for the handler in this app.
pub(crate) fn options(app: &Path) -> HostOptions {
    HostOptions::new(app)
        .handler(env!("CARGO_BIN_EXE_handler"))
        .env("RUST_LOG", "debug")
}

/// Asks the app about a device, as the Device Provisioning Service does.
pub(crate) async fn ask(host: &FunctionsHost, registration_id: &str) -> Invocation {
    let request = AllocationRequest::tutorial(registration_id);
    let request = HttpRequest::post("/api/HttpTrigger1")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(request.to_json().unwrap());
    host.invoke(request).await
}

/// Status and text of the answer.
pub(crate) fn answer(invocation: &Invocation) -> (i32, String) {
    let response = &invocation.response;
    (response.status, response.text())
}
