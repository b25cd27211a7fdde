//! What a function.json had better not say: it is allowed, and fails each request, leaks another
//! device's row, or waits for minutes.
//!
//! A [`Trap`] that fails every request is a violation; the others are warnings, told once when the
//! host starts.

use std::time::Duration;

use super::declaration::{CosmosDbSource, DataType, InputBinding, Source, SqlSource};
use super::settings::AppSettings;
use crate::app::extension_bundle::ExtensionBundle;

/// The shortest `functionTimeout` that leaves a store the time to answer.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A trap, told in one sentence that names the binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trap {
    pub(crate) sentence: String,
    /// It fails every request.
    pub(crate) is_fatal: bool,
}

/// What the rest of the app says that bears on bindings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) settings: &'a AppSettings,
    pub(crate) function_timeout: Option<Duration>,
    pub(crate) extension_bundle: Option<ExtensionBundle>,
    /// The output bindings other than the HTTP one.
    pub(crate) other_outputs: &'a [&'a str],
}

/// The traps of one function.
pub(crate) fn find(inputs: &[InputBinding], app: Surroundings<'_>) -> Vec<Trap> {
    let mut traps = Vec::new();
    let mut tell = |is_fatal: bool, sentence: String| traps.push(Trap { sentence, is_fatal });
    let is_old = app.extension_bundle == Some(ExtensionBundle::Before3);
    for binding in inputs {
        let name = &binding.name;
        for (is_fatal, sentence) in of_binding(binding, is_old) {
            tell(is_fatal, format!("binding {name}: {sentence}"));
        }
        if let Source::Blob { connection, .. } | Source::Table { connection, .. } = &binding.source
            && let Some(section) = app.settings.connection_section(connection)
            && app
                .settings
                .get(&format!("{section}:retry:networkTimeout"))
                .is_none()
        {
            tell(
                false,
                format!(
                    "binding {name}: the connection {connection} has no retry settings, so a silent store makes the caller wait for 406 seconds \
                     (table) or 626 (blob); set {section}__retry__maxRetries, {section}__retry__delay and {section}__retry__networkTimeout"
                ),
            );
        }
    }
    for output in app.other_outputs {
        tell(
            false,
            format!(
                "output {output}: when it can't be written, the caller gets 500 instead of the handler's answer"
            ),
        );
    }
    if inputs.is_empty() {
        return traps;
    }
    if app.extension_bundle.is_none() {
        tell(
            true,
            "host.json names no extensionBundle, so the real host knows no binding but HTTP and the function answers 404".to_owned(),
        );
    }
    if let Some(timeout) = app
        .function_timeout
        .filter(|timeout| *timeout < SHORTEST_TIMEOUT)
    {
        tell(
            false,
            format!(
                "functionTimeout is {timeout:?}; it runs while bindings are read, and when it strikes, the handler is restarted"
            ),
        );
    }
    traps
}

fn of_binding(binding: &InputBinding, is_old: bool) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let texts: Vec<&str> = match &binding.source {
        Source::Blob { path, .. } => vec![path],
        Source::Table {
            table_name,
            partition_key,
            row_key,
            filter,
            take,
            ..
        } => {
            // The extension of bundles before 3 honours rowKey.
            if row_key.is_some() && !is_old {
                found.push((false, "rowKey is ignored, and the binding brings all rows of the partition; write filter \"RowKey eq '…'\"".to_owned()));
            }
            if *take != 1 && !(is_old && row_key.is_some()) {
                found.push((false, "take is not 1, so several rows can come".to_owned()));
            }
            if let Some(filter) = filter {
                of_filter(filter, is_old, &mut found);
            }
            if binding.data_type != DataType::Undefined {
                found.push((
                    true,
                    "a table has no dataType; every request fails with 500".to_owned(),
                ));
            }
            let optional = [partition_key, row_key, filter].into_iter().flatten();
            std::iter::once(table_name)
                .chain(optional)
                .map(String::as_str)
                .collect()
        }
        Source::CosmosDb(CosmosDbSource {
            id,
            partition_key,
            sql_query,
            ..
        }) => {
            if sql_query.as_deref().is_some_and(has_dotted_name) {
                found.push((
                    true,
                    "a dotted name in sqlQuery fails every request with 500; read by id".to_owned(),
                ));
            }
            if id.is_some() && partition_key.is_none() {
                found.push((false, "partitionKey is missing beside id".to_owned()));
            }
            let optional = [id, partition_key, sql_query].into_iter().flatten();
            optional.map(String::as_str).collect()
        }
        Source::Sql(SqlSource {
            command_text,
            parameters,
            ..
        }) => {
            if command_text.contains('{') {
                found.push((
                    false,
                    "an expression in commandText lets the caller write SQL; use parameters"
                        .to_owned(),
                ));
            }
            if parameters
                .as_deref()
                .is_some_and(|text| text.to_lowercase().contains(".payload."))
            {
                found.push((false, "a member of the payload in parameters lets the device add parameters by a comma".to_owned()));
            }
            let optional = parameters.iter().map(String::as_str);
            std::iter::once(command_text.as_str())
                .chain(optional)
                .collect()
        }
    };
    if texts
        .iter()
        .flat_map(|text| expressions(text))
        .any(|name| name.eq_ignore_ascii_case("query.code"))
    {
        found.push((
            false,
            "{Query.code} is the function key, which then stands in the store's log".to_owned(),
        ));
    }
    let is_table = matches!(binding.source, Source::Table { .. });
    if binding.data_type != DataType::Undefined && !is_table {
        found.push((
            false,
            "leave dataType out: with binary the row comes as base64, with stream never".to_owned(),
        ));
    }
    found
}

fn of_filter(filter: &str, is_old: bool, found: &mut Vec<(bool, String)>) {
    if has_dotted_name(filter) {
        found.push((
            true,
            "a dotted name in filter fails every request with 500; use partitionKey".to_owned(),
        ));
    }
    if is_one_expression(filter) {
        found.push((
            false,
            "a filter that is one expression goes to the store as the caller wrote it".to_owned(),
        ));
    }
    if !is_old && has_or_outside_parentheses(filter) {
        found.push((
            false,
            "an or outside of parentheses binds looser than the key and brings rows of other devices; write (… or …)".to_owned(),
        ));
    }
}

fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('{').skip(1);
    let names = parts.filter_map(|part| part.split_once('}').map(|(name, _)| name));
    names.map(|name| name.split_once(':').map_or(name, |(name, _)| name))
}

fn has_dotted_name(text: &str) -> bool {
    expressions(text).any(|name| name.contains('.'))
}

fn is_one_expression(filter: &str) -> bool {
    let filter = filter.trim();
    filter.starts_with('{') && filter.find('}') == Some(filter.len() - 1)
}

/// Looks for the word `or` where no quote and no parenthesis is open.
fn has_or_outside_parentheses(filter: &str) -> bool {
    let mut depth = 0_i32;
    let mut is_quoted = false;
    let mut words = String::new();
    for character in filter.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        let counts = !is_quoted && depth == 0 && character.is_alphanumeric();
        words.push(if counts { character } else { ' ' });
    }
    words.split(' ').any(|word| word.eq_ignore_ascii_case("or"))
}

#[cfg(test)]
mod tests {
    use super::super::declaration::input_bindings;
    use super::*;

    const WELL_SET: [(&str, &str); 2] = [("S", "x=y"), ("S__retry__networkTimeout", "00:00:02")];

    fn traps(binding: &str, settings: &[(&str, &str)]) -> Vec<Trap> {
        let inputs = input_bindings(&format!(r#"{{"bindings":[{binding}]}}"#)).unwrap();
        let settings = settings.iter();
        let settings = AppSettings::new(
            settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let app = Surroundings {
            settings: &settings,
            function_timeout: Some(SHORTEST_TIMEOUT),
            extension_bundle: Some(ExtensionBundle::Current),
            other_outputs: &[],
        };
        find(&inputs, app)
    }

    #[test]
    fn a_binding_as_it_should_be_has_no_trap() {
        for binding in [
            r#"{"type":"table","name":"d","tableName":"Fleet","partitionKey":"{a.b}","filter":"(RowKey eq 'or' or x eq 1)","take":1,"connection":"S"}"#,
            r#"{"type":"blob","name":"d","path":"rows/{a.b}.json","connection":"S"}"#,
            r#"{"type":"cosmosDB","name":"d","databaseName":"f","containerName":"d","id":"{a.b}","partitionKey":"{a.b}","connection":"C"}"#,
            r#"{"type":"sql","name":"d","commandText":"select 1","parameters":"@id={deviceRuntimeContext.registrationId}","connectionStringSetting":"Q"}"#,
        ] {
            assert_eq!(traps(binding, &WELL_SET), [], "{binding}");
        }
    }

    #[test]
    fn each_trap_is_told_in_a_sentence_that_names_the_binding() {
        let table = |more: &str| {
            format!(r#"{{"type":"table","name":"d","tableName":"Fleet","connection":"S",{more}}}"#)
        };
        let blob = |path: &str, more: &str| {
            format!(r#"{{"type":"blob","name":"d","path":"{path}","connection":"S"{more}}}"#)
        };
        let sql = |command: &str, parameters: &str| {
            format!(
                r#"{{"type":"sql","name":"d","commandText":"{command}","parameters":"{parameters}","connectionStringSetting":"Q"}}"#
            )
        };
        let cosmos =
            |more: &str| format!(r#"{{"type":"cosmosDB","name":"d","connection":"C",{more}}}"#);
        for (binding, is_fatal, sentence) in [
            (
                table(r#""rowKey":"x","take":1"#),
                false,
                "rowKey is ignored",
            ),
            (table(r#""partitionKey":"x""#), false, "take is not 1"),
            (
                table(r#""filter":"a eq '{b.c}'","take":1"#),
                true,
                "a dotted name in filter",
            ),
            (
                table(r#""filter":"{x}","take":1"#),
                false,
                "a filter that is one expression",
            ),
            (
                table(r#""filter":"(a eq 1) or b eq 2","take":1"#),
                false,
                "an or outside of parentheses",
            ),
            (
                table(r#""take":1,"dataType":"string""#),
                true,
                "a table has no dataType",
            ),
            (
                blob("rows/x", r#","dataType":"stream""#),
                false,
                "leave dataType out",
            ),
            (
                blob("rows/{Query.code}", ""),
                false,
                "{Query.code} is the function key",
            ),
            (
                blob("rows/{query.code:x}", ""),
                false,
                "{Query.code} is the function key",
            ),
            (
                cosmos(r#""sqlQuery":"select {a.b}""#),
                true,
                "a dotted name in sqlQuery",
            ),
            (cosmos(r#""id":"x""#), false, "partitionKey is missing"),
            (
                sql("select {x}", "@a=1"),
                false,
                "an expression in commandText",
            ),
            (
                sql("select 1", "@a={deviceRuntimeContext.payload.x}"),
                false,
                "a member of the payload",
            ),
        ] {
            let found = traps(&binding, &WELL_SET);
            let [trap] = found.as_slice() else {
                panic!("{binding}: {found:?}")
            };
            assert!(
                trap.sentence.starts_with(&format!("binding d: {sentence}")),
                "{}",
                trap.sentence
            );
            assert_eq!(trap.is_fatal, is_fatal, "{binding}");
        }
        let found = traps(&blob("rows/x", ""), &[("AzureWebJobsS", "x=y")]);
        assert!(
            found[0]
                .sentence
                .contains("set AzureWebJobsS__retry__maxRetries"),
            "{found:?}"
        );
    }

    #[test]
    fn an_older_extension_has_fewer_traps() {
        let inputs = input_bindings(
            r#"{"bindings":[{"type":"table","name":"d","tableName":"Fleet","partitionKey":"x","rowKey":"y","connection":"S"},
            {"type":"table","name":"e","tableName":"Fleet","filter":"a eq 1 or b eq 2","take":1,"connection":"S"}]}"#,
        )
        .unwrap();
        let settings = WELL_SET.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = AppSettings::new(settings);
        let traps_of = |bundle| {
            let app = Surroundings {
                settings: &settings,
                function_timeout: Some(SHORTEST_TIMEOUT),
                extension_bundle: Some(bundle),
                other_outputs: &[],
            };
            find(&inputs, app).len()
        };
        assert_eq!(traps_of(ExtensionBundle::Current), 3);
        assert_eq!(traps_of(ExtensionBundle::Before3), 0);
    }

    #[test]
    fn the_apps_own_traps_are_told_where_there_are_bindings() {
        let inputs = input_bindings(
            r#"{"bindings":[{"type":"blob","name":"d","path":"rows/x","connection":"S"}]}"#,
        )
        .unwrap();
        let settings = AppSettings::default();
        let app = Surroundings {
            settings: &settings,
            function_timeout: Some(Duration::from_secs(5)),
            extension_bundle: None,
            other_outputs: &["log"],
        };
        let sentences: Vec<String> = find(&inputs, app)
            .into_iter()
            .map(|trap| trap.sentence)
            .collect();
        assert!(sentences[0].starts_with("output log: when it can't be written"));
        assert!(sentences[1].starts_with("host.json names no extensionBundle"));
        assert!(sentences[2].starts_with("functionTimeout is 5s"));
        assert_eq!(find(&[], app).len(), 1);
    }
}
