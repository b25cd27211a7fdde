//! What resources may be called, by Azure's rules for names, and that what is unique in all of
//! Azure has the hash in its name.

use super::Review;
use crate::bicep::Kind;
use crate::project::{HASH, type_of};

/// Type, pattern of its names, and whether a name is taken for all of Azure.
const RULES: [(&str, &str, bool); 15] = [
    (
        "Microsoft.Resources/resourceGroups",
        r"^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$",
        false,
    ),
    ("Microsoft.Web/serverfarms", r"^[A-Za-z0-9-]{1,40}$", false),
    // The host makes its id of the first 32 characters.
    (
        "Microsoft.Web/sites",
        r"^[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]$",
        true,
    ),
    (
        "Microsoft.Storage/storageAccounts",
        r"^[a-z0-9]{3,24}$",
        true,
    ),
    (
        "Microsoft.Storage/storageAccounts/blobServices",
        r"^default$",
        false,
    ),
    (
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        r"^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
        false,
    ),
    (
        "Microsoft.Storage/storageAccounts/tableServices",
        r"^default$",
        false,
    ),
    (
        "Microsoft.Storage/storageAccounts/tableServices/tables",
        r"^[A-Za-z][A-Za-z0-9]{2,62}$",
        false,
    ),
    (
        "Microsoft.Devices/IotHubs",
        r"^[A-Za-z0-9][A-Za-z0-9-]{1,48}[A-Za-z0-9]$",
        true,
    ),
    (
        "Microsoft.Devices/provisioningServices",
        r"^[A-Za-z0-9][A-Za-z0-9-]{1,62}[A-Za-z0-9]$",
        true,
    ),
    (
        "Microsoft.EventHub/namespaces",
        r"^[A-Za-z][A-Za-z0-9-]{6,48}[A-Za-z0-9]$",
        true,
    ),
    (
        "Microsoft.EventHub/namespaces/eventhubs",
        r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,48}[A-Za-z0-9])?$",
        false,
    ),
    (
        "Microsoft.DigitalTwins/digitalTwinsInstances",
        r"^(?!-)[A-Za-z0-9-]{3,63}(?<!-)$",
        true,
    ),
    (
        "Microsoft.OperationalInsights/workspaces",
        r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
        false,
    ),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        r"^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$",
        false,
    ),
];

pub(super) fn check(review: &mut Review<'_>) {
    let project = review.project;
    for (path, resource) in project.all(Kind::Resource) {
        let rule = RULES.iter().find(|(of, ..)| *of == type_of(resource));
        let name = resource.value.as_ref().and_then(|body| body.get("name"));
        let (Some((of, pattern, is_global)), Some(name)) = (rule, name) else {
            continue;
        };
        let loops = resource.each.iter().collect();
        for name in project.samples(path, name, &loops) {
            let is_right = fancy_regex::Regex::new(pattern)
                .is_ok_and(|pattern| pattern.is_match(&name).unwrap_or(false));
            if !is_right {
                review.complain(
                    path,
                    resource.line,
                    format!("{of} can't be called '{name}'"),
                );
            }
            if *is_global && !name.contains(HASH) {
                review.complain(
                    path,
                    resource.line,
                    format!("'{name}' may be taken: names of {of} need the hash"),
                );
            }
        }
    }
}
