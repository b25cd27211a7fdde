//! Azure Resource Manager, as much of it as the scripts ask, and a function behind its host.

use serde_json::{Value, json};

use crate::world::World;
use crate::{Request, Response};

/// `/subscriptions/{subscriptionId}/resourceGroups/GROUP/providers/…`
pub(crate) fn manage(world: &mut World, request: &Request) -> Response {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let [
        "subscriptions",
        "{subscriptionId}",
        "resourceGroups",
        "rg-dev",
        "providers",
        rest @ ..,
    ] = &path[..]
    else {
        return Response::error(404, "The resource group could not be found.");
    };
    match (request.method.as_str(), rest) {
        ("GET", ["Microsoft.Devices", "provisioningServices", name])
            if world.services.contains_key(*name) =>
        {
            let host = format!("{name}.azure-devices-provisioning.net");
            Response::new(
                200,
                json!({"name": name, "properties": {"serviceOperationsHostName": host}}),
            )
        }
        ("GET", ["Microsoft.Web", "sites", name]) if world.apps.contains_key(*name) => {
            let host = format!("{name}.azurewebsites.net");
            Response::new(
                200,
                json!({"name": name, "properties": {"defaultHostName": host}}),
            )
        }
        (
            method,
            [
                "Microsoft.Web",
                "sites",
                name,
                "functions",
                function,
                rest @ ..,
            ],
        ) => {
            let functions = world.apps.get_mut(*name);
            // A host without code does not start, and its admin API answers so.
            let Some(keys) = functions.and_then(|functions| functions.get_mut(*function)) else {
                let mut response = Response::error(
                    400,
                    "Encountered an error (ServiceUnavailable) from host runtime.",
                );
                response.headers.push(("Retry-After", "0".to_owned()));
                return response;
            };
            match (method, rest) {
                ("POST", ["listkeys"]) => Response::new(200, json!(keys)),
                ("PUT", ["keys", key]) => {
                    let Some(value) = request
                        .body
                        .as_ref()
                        .and_then(|body| body["properties"]["value"].as_str())
                    else {
                        return Response::error(400, "The key has no value.");
                    };
                    keys.insert((*key).to_owned(), value.to_owned());
                    Response::new(201, json!({"properties": {"name": key, "value": value}}))
                }
                ("DELETE", ["keys", key]) => match keys.remove(*key) {
                    Some(_) => Response::new(204, Value::Null),
                    None => Response::error(404, "There is no such key."),
                },
                _ => Response::error(404, "There is no such resource."),
            }
        }
        _ => Response::error(404, "The resource was not found."),
    }
}

/// A call of a function: 401 without a key that the host knows, else the refusal of an empty
/// request.
pub(crate) fn call(world: &mut World, request: &Request) -> Response {
    let app = request
        .host
        .trim_end_matches(".azurewebsites.net")
        .to_owned();
    let function = request.path.get(1).cloned().unwrap_or_default();
    let keys = world
        .apps
        .get(&app)
        .and_then(|functions| functions.get(&function));
    let Some(keys) = keys else {
        return Response::new(404, json!(""));
    };
    let is_known = keys
        .values()
        .any(|key| request.header("x-functions-key") == Some(key));
    if !is_known || request.signed {
        return Response::new(401, json!(""));
    }
    if world.unknown_for > 0 {
        world.unknown_for -= 1;
        let mut response = Response::new(401, json!(""));
        response.headers.push(("Retry-After", "0".to_owned()));
        return response;
    }
    Response::new(400, json!("Registration ID not provided for the device."))
}
