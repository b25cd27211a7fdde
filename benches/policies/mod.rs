//! Large policies, and requests of devices for them.

use allocation::policy::File;
use serde_json::{Value, json};

/// A policy, and requests with the rule that is to decide on each.
pub(crate) struct Large {
    pub(crate) name: &'static str,
    pub(crate) file: File,
    pub(crate) requests: Vec<(&'static str, String)>,
}

/// Makes each of them.
pub(crate) const LARGE: [fn() -> Large; 3] = [mixed, models, rows];

fn mixed() -> Large {
    let when = |place: usize| match place % 3 {
        0 => json!({"registrationId": {"equals": format!("dev-{place}"), "ignoreCase": true}}),
        1 => json!({"payload.modelId": {"startsWith": format!("dtmi:contoso:model-{place};")}}),
        _ => json!({"enrollmentGroup.enrollmentGroupId": format!("tenant-{place}"),
                    "payload.firmware": {"version": {"greaterOrEquals": "2.1"}}}),
    };
    Large {
        name: "1,000 rules over ids, models and tenants",
        file: rules(when),
        requests: vec![
            ("rule 0", request("DEV-0", "x", "x")),
            ("rule 997", request("dev-x", "997", "x")),
            ("rule 998", request("dev-x", "x", "tenant-998")),
            ("otherwise", request("dev-x", "x", "x")),
        ],
    }
}

fn models() -> Large {
    let model = |place: usize| format!("dtmi:contoso:model-{place};");
    Large {
        name: "1,000 rules over models by their beginning",
        file: rules(|place| json!({"payload.modelId": {"startsWith": model(place)}})),
        requests: vec![
            ("rule 999", request("dev-x", "999", "x")),
            ("otherwise", request("dev-x", "x", "x")),
        ],
    }
}

fn rows() -> Large {
    let table: Value = (0..10_000).map(row).collect();
    let desired = json!({"interval": "{rows.device.interval}"});
    Large {
        name: "10,000 rows",
        file: policy(&json!({
            "version": 1,
            "rows": {"device": {"key": "{registrationId}", "ignoreCase": true, "table": table}},
            "rules": [{
                "name": "known",
                "when": {"rows.device": {"exists": true}},
                "hub": "{rows.device.hub}",
                "initialTwin": {"tags": {"site": "{rows.device.site}"},
                                "properties": {"desired": desired}},
            }],
            "otherwise": {"refuse": "It is not for us."},
        })),
        requests: vec![
            ("known", request("DEV-9999", "x", "x")),
            ("otherwise", request("dev-x", "x", "x")),
        ],
    }
}

fn row(place: usize) -> (String, Value) {
    let row =
        json!({"hub": HUBS[place % 2], "site": format!("site-{}", place % 50), "interval": 60});
    (format!("dev-{place}"), row)
}

const HUBS: [&str; 2] = [
    "contoso-weu-1.azure-devices.net",
    "contoso-weu-2.azure-devices.net",
];

fn rules(when: impl Fn(usize) -> Value) -> File {
    let rule = |place: usize| {
        json!({
            "name": format!("rule {place}"),
            "when": when(place),
            "hub": HUBS[place % 2],
            "initialTwin": {"tags": {"model": "{payload.modelId}", "group": place}},
        })
    };
    let rules: Vec<Value> = (0..1_000).map(rule).collect();
    let otherwise = json!({"refuse": "It is not for us."});
    policy(&json!({"version": 1, "rules": rules, "otherwise": otherwise}))
}

fn policy(json: &Value) -> File {
    File::parse(json.to_string().as_bytes()).expect("the policy is right")
}

fn request(id: &str, model: &str, group: &str) -> String {
    let payload = json!({"modelId": format!("dtmi:contoso:model-{model};1"), "firmware": "2.10.3"});
    json!({
        "deviceRuntimeContext": {"registrationId": id, "symmetricKey": {}, "payload": payload},
        "enrollmentGroup": {"enrollmentGroupId": group, "attestation": {"type": "symmetricKey"}},
        "linkedHubs": HUBS,
    })
    .to_string()
}
