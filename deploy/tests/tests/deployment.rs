//! The deployment as it is: nothing to complain of.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use deploy_tests::bicep::Kind;

#[test]
fn nothing_is_wrong_with_the_deployment() {
    let found = common::complaints(&common::texts(), &common::facts());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_module_and_every_type_is_read() {
    let project = common::project(&common::texts());
    let modules: Vec<_> = project
        .all(Kind::Module)
        .map(|(_, module)| module.name.as_str())
        .collect();
    assert!(modules.len() >= 10, "{modules:?}");
    let types: std::collections::BTreeSet<_> = project
        .all(Kind::Resource)
        .map(|(_, resource)| resource.of.as_str())
        .collect();
    for of in [
        "Microsoft.Web/sites@2025-03-01",
        "Microsoft.Devices/IotHubs@2023-06-30",
        "Microsoft.Devices/provisioningServices@2022-12-12",
        "Microsoft.Devices/provisioningServices@2026-08-31",
        "Microsoft.EventHub/namespaces/eventhubs@2026-01-01",
        "Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31",
    ] {
        assert!(types.contains(of), "{of} is not in {types:?}");
    }
}

#[test]
fn every_file_is_part_of_the_deployment() {
    let project = common::project(&common::texts());
    let used: Vec<_> = project
        .all(Kind::Module)
        .filter_map(|(path, module)| project.target(path, module))
        .collect();
    for path in project
        .files
        .keys()
        .filter(|path| path.starts_with("modules/"))
    {
        assert!(used.contains(&path.as_str()), "{path} is used by nothing");
    }
}
