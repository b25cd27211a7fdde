//! The policy of the tutorial, as data: Contoso's toasters and heat pumps.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies>. A new device family is a new row.

use super::Rule;
use allocation::dps::{InitialTwin, TwinCollection, TwinProperties, TwinValue::Text};

/// The tutorial's rules: toasters first, then heat pumps.
pub const RULES: &[Rule] = &[
    Rule {
        family: "toaster",
        registration_id_contains: "-contoso-tstrsd-007",
        hub_contains: "-toasters-",
        no_hub: "No toasters hub found for the enrollment.",
        initial_twin: InitialTwin {
            properties: TwinProperties {
                desired: TwinCollection(&[
                    ("state", Text("ready")),
                    ("darknessSetting", Text("medium")),
                ]),
            },
            tags: TwinCollection(&[("deviceType", Text("toaster"))]),
        },
    },
    Rule {
        family: "heat pump",
        registration_id_contains: "-contoso-hpsd-088",
        hub_contains: "-heatpumps-",
        no_hub: "No heat pumps hub found for the enrollment.",
        initial_twin: InitialTwin {
            properties: TwinProperties {
                desired: TwinCollection(&[
                    ("state", Text("on")),
                    ("temperatureSetting", Text("65")),
                ]),
            },
            tags: TwinCollection(&[("deviceType", Text("heatpump"))]),
        },
    },
];
