//! The recipes of docs/POLICY.md: every block of JSON is a policy, or a list of cases for the
//! policy before it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::iter;

use allocation::policy::{Case, File, Problem};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/POLICY.md");
const TUTORIAL: &str = include_str!("../../../allocation.json");
const SCHEMA: &str = include_str!("../../../allocation.schema.json");

/// What stands on the page in the place of a certificate.
const CERTIFICATE: &str = "FABRIKAM'S CERTIFICATE, IN BASE64";

/// The page's blocks of JSON.
fn blocks() -> impl Iterator<Item = &'static str> {
    let mut rest = PAGE;
    iter::from_fn(move || {
        let (_, behind) = rest.split_once("\n```json\n")?;
        let (block, behind) = behind.split_once("\n```\n")?;
        rest = behind;
        Some(block)
    })
}

/// A certificate of Fabrikam's line 4.
fn certificate() -> String {
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut ca = params("Fabrikam Device CA 1");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(ca, KeyPair::generate().unwrap());
    let mut leaf = params("f-1");
    for (kind, name) in [
        (DnType::OrganizationName, "Fabrikam"),
        (DnType::OrganizationalUnitName, "Line 4"),
    ] {
        leaf.distinguished_name.push(kind, name);
    }
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer);
    BASE64_STANDARD.encode(leaf.unwrap().der())
}

#[test]
fn every_recipe_decides_as_the_page_says() {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let certificate = certificate();
    let mut policy = None;
    let (mut policies, mut cases) = (0, 0);
    for block in blocks() {
        if block.starts_with('[') {
            let file = policy.as_ref().expect("a policy stands before its cases");
            let text = block.replace(CERTIFICATE, &certificate);
            for case in Case::parse_all(text.as_bytes()).expect(block) {
                assert_eq!(case.failures(file), [""; 0], "{}", case.name());
                cases += 1;
            }
        } else {
            policy = Some(File::parse(block.as_bytes()).expect(block));
            assert!(schema.is_valid(&serde_json::from_str(block).unwrap()));
            policies += 1;
        }
    }
    assert_eq!((policies, cases), (8, 25));
}

#[test]
fn the_first_recipe_is_the_tutorial_s_file() {
    let read = |json: &str| -> Value { serde_json::from_str(json).unwrap() };
    let (page, mut file) = (read(blocks().next().unwrap()), read(TUTORIAL));
    for name in ["$schema", "description"] {
        file.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(page, file);
}

#[test]
fn the_page_has_the_notes_of_check() {
    let (_, notes) = File::parse_with_notes(
        br#"{
            "version": 1,
            "rows": { "device": { "key": "{registrationId}", "table": {} } },
            "rules": [
                { "name": "a", "when": { "registrationId": { "contains": "-a" } }, "hub": {} },
                { "name": "b", "when": { "registrationId": { "contains": "-ab" } }, "hub": {} },
                { "name": "c", "when": { "payload.c": 1 }, "hub": "{payload.hub}" },
                { "name": "d", "when": { "enrollment.d": 1, "certificate.subject.cn": "d" },
                  "hub": { "weights": { "d": 1 } } }
            ],
            "otherwise": { "refuse": "No." }
        }"#,
    )
    .unwrap();
    let (_, table) = PAGE.split_once("## What `check` notes").unwrap();
    let (table, _) = table.split_once("\n\nOf ").unwrap();
    let sentences: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(sentence, _)| sentence)
        .collect();
    let is = |note: &Problem, sentence: &str| {
        let (start, end) = sentence.split_once('…').unwrap_or((sentence, ""));
        note.message.starts_with(start) && note.message.ends_with(end)
    };
    for note in &notes {
        assert!(sentences.iter().any(|one| is(note, one)), "{note}");
    }
    for sentence in sentences {
        assert!(notes.iter().any(|note| is(note, sentence)), "{sentence}");
    }
}
