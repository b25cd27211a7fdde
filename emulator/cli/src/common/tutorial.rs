//! The hubs and devices of Microsoft's tutorial.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/tutorial-custom-allocation-policies>.

/// The tutorial's hubs.
pub(crate) const HUBS: [&str; 2] = [
    "contoso-toasters-hub-1098.azure-devices.net",
    "contoso-heatpumps-hub-1098.azure-devices.net",
];
/// The registration id of its toaster.
pub(crate) const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
/// The registration id of its heat pump.
pub(crate) const HEAT_PUMP: &str = "mainbuilding167-contoso-hpsd-088";
/// Both, and a device that no rule knows.
pub(crate) const DEVICES: [&str; 3] = [TOASTER, HEAT_PUMP, "contoso-unknown-001"];
