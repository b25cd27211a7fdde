//! The service API of a Device Provisioning Service: etags, keys that are answered only to those
//! who ask for them, pages.

use serde_json::{Value, json};

use crate::world::World;
use crate::{Request, Response};

/// Small, so that there are several pages.
const PAGE: usize = 2;

pub(crate) fn serve(world: &mut World, request: &Request) -> Response {
    let name = request
        .host
        .trim_end_matches(".azure-devices-provisioning.net")
        .to_owned();
    let path: Vec<String> = request.path.iter().map(|part| decode(part)).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if !world.services.contains_key(&name) {
        return Response::error(404, "Resource not found.");
    }
    match (request.method.as_str(), &path[..]) {
        ("POST", [collection, "query"]) => query(
            world,
            &name,
            collection,
            request.header("x-ms-continuation"),
        ),
        ("GET", [collection, id]) => match find(world, &name, collection, id) {
            Some(record) => Response::new(200, shown(world, record)),
            None => Response::error(404, "Enrollment not found."),
        },
        ("POST", [collection, id, "attestationmechanism"]) => {
            match find(world, &name, collection, id) {
                Some(record) => Response::new(200, record["attestation"].clone()),
                None => Response::error(404, "Enrollment not found."),
            }
        }
        ("PUT", [collection, id]) => put(world, &name, collection, id, request),
        _ => Response::error(404, "Resource not found."),
    }
}

fn find<'a>(world: &'a World, service: &str, collection: &str, id: &str) -> Option<&'a Value> {
    world
        .services
        .get(service)?
        .records
        .get(collection)?
        .get(id)
}

/// A record as it is answered: without the keys of its attestation, and perhaps without that of its
/// webhook.
fn shown(world: &World, record: &Value) -> Value {
    let mut record = record.clone();
    if record["attestation"]["type"] == "symmetricKey" {
        record["attestation"] = json!({"type": "symmetricKey"});
    }
    let url = &mut record["customAllocationDefinition"]["webhookUrl"];
    if world.hides_keys
        && let Some(text) = url.as_str()
    {
        *url = json!(format!(
            "{}?****",
            text.split('?').next().unwrap_or_default()
        ));
    }
    if record["customAllocationDefinition"] == json!({"webhookUrl": null}) {
        record
            .as_object_mut()
            .map(|record| record.remove("customAllocationDefinition"));
    }
    record
}

fn query(world: &World, service: &str, collection: &str, continuation: Option<&str>) -> Response {
    let none = std::collections::BTreeMap::new();
    let records = world.services[service]
        .records
        .get(collection)
        .unwrap_or(&none);
    let start = continuation.and_then(|text| text.parse().ok()).unwrap_or(0);
    let page: Vec<_> = records
        .values()
        .skip(start)
        .take(PAGE)
        .map(|record| shown(world, record))
        .collect();
    let mut response = Response::new(200, json!(page));
    response
        .headers
        .push(("x-ms-item-type", "enrollment".to_owned()));
    if start + PAGE < records.len() {
        response
            .headers
            .push(("x-ms-continuation", (start + PAGE).to_string()));
    }
    response
}

fn put(
    world: &mut World,
    service: &str,
    collection: &str,
    id: &str,
    request: &Request,
) -> Response {
    let Some(mut record) = request.body.clone() else {
        return Response::error(400, "The body is missing.");
    };
    if record["allocationPolicy"] == "custom"
        && record["customAllocationDefinition"]["webhookUrl"].is_null()
    {
        return Response::error(
            400,
            "A CustomAllocationDefinition is required when the allocation policy is set to 'Custom'",
        );
    }
    let found = find(world, service, collection, id).cloned();
    match (&found, request.header("if-match")) {
        (Some(_), None) => return Response::error(409, "Enrollment already exists."),
        (None, Some(_)) => return Response::error(404, "Enrollment not found."),
        (Some(found), Some(etag)) if etag != "*" && etag.trim_matches('"') != found["etag"] => {
            return Response::error(412, "ETag is invalid.");
        }
        _ => {}
    }
    let version = world.next_version();
    // Whoever writes without keys gets new ones: the devices of the group are then locked out.
    if record["attestation"]["type"] == "symmetricKey"
        && record["attestation"]["symmetricKey"]["primaryKey"].is_null()
    {
        record["attestation"]["symmetricKey"] = json!({
            "primaryKey": format!("s3cr3t-primary-{version}"),
            "secondaryKey": format!("s3cr3t-secondary-{version}"),
        });
    }
    record["etag"] = json!(format!("e{version}"));
    let service = world.services.entry(service.to_owned()).or_default();
    let records = service.records.entry(collection.to_owned()).or_default();
    records.insert(id.to_owned(), record.clone());
    Response::new(200, shown(world, &record))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| text_of(tail)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(tail: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}
