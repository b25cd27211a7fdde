//! The deployment with one thing spoiled at a time: each trap must be noticed, and said in its
//! sentence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use serde::Deserialize;

/// One mistake of `fixtures/spoiled.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    /// What kind of trap it is, for the reader.
    group: String,
    file: String,
    /// The first place that has this text gets `to` instead.
    from: String,
    to: String,
    /// What must be in one of the complaints.
    complaint: String,
}

/// Lines whose member can be called anything.
const FREE: [&str; 3] = ["tags: ", "ADT_", "'azd-"];

#[test]
fn every_trap_is_noticed() {
    let mistakes: Vec<Mistake> =
        serde_json::from_str(include_str!("../fixtures/spoiled.json")).unwrap();
    let (texts, facts) = (common::texts(), common::facts());
    for mistake in &mistakes {
        let mut texts = texts.clone();
        let text = texts
            .get_mut(&mistake.file)
            .unwrap_or_else(|| panic!("{mistake:?}"));
        assert!(
            text.contains(&mistake.from),
            "nothing to spoil: {mistake:?}"
        );
        *text = text.replacen(&mistake.from, &mistake.to, 1);
        let found = common::complaints(&texts, &facts);
        assert!(
            found
                .iter()
                .any(|complaint| complaint.contains(&mistake.complaint)),
            "{}: {mistake:#?}\nfound: {found:#?}",
            mistake.group
        );
    }
    assert!(mistakes.len() > 80, "{}", mistakes.len());
}

#[test]
fn a_configuration_of_the_compiler() {
    let mut facts = common::facts();
    facts.bicep_config = true;
    let found = common::complaints(&common::texts(), &facts);
    assert_eq!(
        found,
        ["bicepconfig.json:1: a bicepconfig.json can silence the compiler: remove it"]
    );
}

/// Every member of every resource and module, spelt wrongly.
#[test]
fn no_misspelt_member_goes_unnoticed() {
    let (texts, facts) = (common::texts(), common::facts());
    let mut tried = 0;
    for (path, text) in &texts {
        let lines: Vec<_> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            let Some((key, _)) = trimmed.split_once(": ") else {
                continue;
            };
            let is_word = key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !line.starts_with("  ")
                || !is_word
                || FREE.iter().any(|free| trimmed.starts_with(free))
            {
                continue;
            }
            let mut spoiled = lines.clone();
            let wrong = line.replacen(&format!("{key}: "), &format!("{key}x: "), 1);
            spoiled[index] = &wrong;
            let mut texts = texts.clone();
            texts.insert(path.clone(), spoiled.join("\n") + "\n");
            assert!(
                !common::complaints(&texts, &facts).is_empty(),
                "{path}:{}: {wrong}",
                index + 1
            );
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}
